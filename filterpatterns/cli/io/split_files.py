"""Writes records to one file per rule: the names of the files, and writing to many of them.

A file is named after its rule, percent-encoded as in URLs, with the suffix `.jsonl`. All characters
except ASCII letters, digits, `_`, `-`, `~` and `.` become `%XX` for each byte of their UTF-8. So
does a dot or a letter if the name would otherwise be hidden or reserved by a system, or differ from
another rule's only in case. The empty name becomes `%`. A name that is too long becomes `%~`
followed by its SHA-256, and is listed in `%names.jsonl`.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote

from filterpatterns.cli.io import output_files
from filterpatterns.cli.io.json_output import json_line
from filterpatterns.cli.messages import Failure, located, reason

_LONGEST = 200
_LEGEND = "%names.jsonl"
_HELD_BYTES = 1 << 24
"""Lines are written when there are so many bytes of them: opening a file takes longer than writing
to it."""
_RESERVED = re.compile(r"(?i)(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\.|\Z)")
"""Names that Windows reserves for devices, with any suffix."""


def file_names(names: Iterable[str]) -> dict[str, str]:
    """Return the file of each rule: they all differ, on any system."""
    names = list(names)
    plain = {name: quote(name, safe="", errors="surrogatepass") for name in names}
    alike = Counter(file.lower() for file in plain.values())
    return {name: _safe(name, file, alike[file.lower()] > 1) for name, file in plain.items()}


def _safe(name: str, file: str, is_ambiguous: bool) -> str:
    if is_ambiguous:
        # Escapes contain capital letters too, but always the same ones.
        file = re.sub(r"%..|[A-Z]", lambda found: _escaped(found[0]), file)
    if file.startswith(".") or _RESERVED.match(file):
        file = _escaped(file[0]) + file[1:]
    if len(file) > _LONGEST:
        file = "%~" + hashlib.sha256(name.encode(errors="surrogatepass")).hexdigest()
    return f"{file or '%'}.jsonl"


def _escaped(text: str) -> str:
    return text if text.startswith("%") else f"%{ord(text):02X}"


class Files:
    """Writes lines to many files, buffered: there may be more files than can be open.

    Each replaces an existing file at the end, as with `outputs.to_file`. A context manager: the
    output is flushed at its end, and discarded if the work fails.
    """

    def __init__(self, *, append: bool = False, as_it_comes: bool = False) -> None:
        """
        Args:
            append: append to existing files instead.
            as_it_comes: write to the files directly: the work may only end with Ctrl-C.
        """
        self._append = append
        self._as_it_comes = as_it_comes
        self._held: dict[Path, list[bytes]] = {}
        self._size = 0
        self._written: dict[Path, str | Path] = {}  # where to write
        self._parts: dict[Path, str] = {}

    def __enter__(self) -> Files:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                self.flush()
                for path, part in self._parts.items():
                    with output_files.failing(str(path)):
                        output_files.complete_part(part, os.path.realpath(path))
            elif self._append or self._as_it_comes:
                self.flush()
        finally:
            for part in self._parts.values():
                output_files.remove_part(part)

    def write(self, path: Path, lines: Sequence[bytes]) -> None:
        """Write lines, each of which ends with a line feed."""
        self._held.setdefault(path, []).extend(lines)
        self._size += sum(map(len, lines))
        if self._size > _HELD_BYTES:
            self.flush()

    def replace(self, paths: Iterable[Path]) -> None:
        """Replace existing files even if nothing is written to them."""
        if not self._append:
            for path in filter(Path.exists, paths):
                self._held.setdefault(path, [])
            self.flush()

    def flush(self) -> None:
        """Flush everything.

        Raises:
            Failure: a file cannot be written.
        """
        held, self._held, self._size = self._held, {}, 0
        for path, lines in held.items():
            with output_files.failing(str(path)), self._open(path) as file:
                file.write(b"".join(lines))

    def _open(self, path: Path) -> BinaryIO:
        if path in self._written:
            return open(self._written[path], "ab")
        if self._append:
            file = output_files.open_to_append(str(path))
        elif self._as_it_comes:
            file = open(path, "wb")  # noqa: SIM115 - the caller closes it
        else:
            target = os.path.realpath(path)
            self._parts[path] = output_files.part_of(target)
            file = output_files.open_part(self._parts[path], target)
        self._written[path] = self._parts.get(path, path)
        return file


class Split:
    """A folder with a file for each rule that matches a record."""

    def __init__(self, folder: Path, names: Iterable[str], files: Files) -> None:
        self._folder = folder
        self._files = files
        self._paths = {name: folder / file for name, file in file_names(names).items()}
        self._unexplained = {
            name for name, path in self._paths.items() if path.name.startswith("%~")
        }

    @property
    def paths(self) -> list[Path]:
        """All files that may be written."""
        return [*self._paths.values(), self._folder / _LEGEND]

    def make_folder(self) -> None:
        """Create the folder if it does not exist.

        Raises:
            Failure: it cannot be created.
        """
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Failure(located(str(self._folder), f"error: {reason(error)}")) from None
        self._files.replace(self.paths)

    def write(self, lines: Iterable[bytes], names: Iterable[list[str]]) -> None:
        """Write lines, each to the files of the rules that are named for it."""
        by_name: dict[str, list[bytes]] = {}
        for line, rules in zip(lines, names, strict=True):
            for name in rules:
                by_name.setdefault(name, []).append(line)
        for name, taken in by_name.items():
            path = self._paths[name]
            if name in self._unexplained:
                self._unexplained.remove(name)
                known = json_line({"file": path.name, "name": name})
                self._files.write(self._folder / _LEGEND, [known])
            self._files.write(path, taken)
