"""Records into files, one for each rule: which file is a rule's, and writing to many of them.

A file is named like its rule, percent-encoded as in URLs, with `.jsonl` behind it: everything but
ASCII letters, digits, `_`, `-`, `~` and `.` is `%XX` for each byte of its UTF-8, and so is a dot or
a letter where it would make the name one that a system hides or reserves, or that differs from
another rule's in nothing but case. The empty name is `%`. A name too long for a file is `%~` and
its SHA-256, and `%names.jsonl` says which it is.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote

from filterpatterns.cli.io.output_files import overlap
from filterpatterns.cli.io.streams import STDIN, reason
from filterpatterns.cli.messages import Failure, located

_LONGEST = 200
_LEGEND = "%names.jsonl"
_HELD_BYTES = 1 << 22
_RESERVED = re.compile(r"(?i)(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\.|\Z)")
"""Names that Windows keeps for devices, whatever comes behind a dot."""


def file_names(names: Iterable[str]) -> dict[str, str]:
    """The file of each rule: no two are the same, on any system."""
    names = list(names)
    plain = {name: quote(name, safe="", errors="surrogatepass") for name in names}
    alike = Counter(file.lower() for file in plain.values())
    return {name: _safe(name, file, alike[file.lower()] > 1) for name, file in plain.items()}


def _safe(name: str, file: str, is_ambiguous: bool) -> str:
    if is_ambiguous:
        # What is escaped already has capitals too: they are the same for all.
        file = re.sub(r"%..|[A-Z]", lambda found: _escaped(found[0]), file)
    if file.startswith(".") or _RESERVED.match(file):
        file = _escaped(file[0]) + file[1:]
    if len(file) > _LONGEST:
        file = "%~" + hashlib.sha256(name.encode(errors="surrogatepass")).hexdigest()
    return f"{file or '%'}.jsonl"


def _escaped(text: str) -> str:
    return text if text.startswith("%") else f"%{ord(text):02X}"


class Files:
    """Appends lines to files, holding some back: there may be more files than can be open."""

    def __init__(self) -> None:
        self._held: dict[Path, list[bytes]] = {}
        self._size = 0

    def write(self, path: Path, line: bytes) -> None:
        """Append a line, which has its line feed."""
        self._held.setdefault(path, []).append(line)
        self._size += len(line)
        if self._size > _HELD_BYTES:
            self.flush()

    def flush(self) -> None:
        """Bring everything out.

        Raises:
            Failure: a file cannot be written.
        """
        held, self._held, self._size = self._held, {}, 0
        for path, lines in held.items():
            try:
                with path.open("ab") as file:
                    file.write(b"".join(lines))
            except OSError as error:
                raise Failure(located(str(path), f"error: {reason(error)}")) from None


class Split:
    """A folder with a file for each rule that takes a record."""

    def __init__(self, folder: Path, names: Iterable[str], files: Files) -> None:
        self._folder = folder
        self._files = files
        self._names = file_names(names)
        self._explained: set[str] = set()

    @property
    def paths(self) -> list[Path]:
        """All files that may be written."""
        return [self._folder / file for file in (*self._names.values(), _LEGEND)]

    def make_folder(self) -> None:
        """Make the folder, if there is none.

        Raises:
            Failure: it cannot be made.
        """
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Failure(located(str(self._folder), f"error: {reason(error)}")) from None

    def write(self, names: list[str], line: bytes) -> None:
        """Append a line to the file of each of the rules."""
        for name in names:
            file = self._names[name]
            if file.startswith("%~") and name not in self._explained:
                self._explained.add(name)
                known = json.dumps({"file": file, "name": name}).encode() + b"\n"
                self._files.write(self._folder / _LEGEND, known)
            self._files.write(self._folder / file, line)


def refuse_overlap(
    inputs: Iterable[str], split: Iterable[Path], rest: Path | None, errors: str | None
) -> None:
    """No file that is written may be one that is read, or another that is written.

    Args:
        inputs: all that is read, `-` for standard input.
        split: the files of the rules.
        rest: the file of the records that no rule takes.
        errors: the file of the lines that are no records.

    Raises:
        Failure: two are the same file.
    """
    written = [("--split", str(one)) for one in split]
    written += [("--rest", str(rest))] if rest is not None else []
    found = overlap([*written, ("--errors", errors)], inputs)
    if found is None:
        return
    if found.other:
        words = f"error: {found.other} and {found.option} would write to the same file"
        raise Failure(located(found.path, words))
    words = f"error: {found.option} would write to this file, which is read"
    raise Failure(located(STDIN if found.read == "-" else found.read, words))
