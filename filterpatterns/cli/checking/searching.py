"""Finds the relevant files in directories, without those that are excluded."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Final

import click
from msgspec import Struct

from filterpatterns.cli.checking.gitignore import IgnoreRules
from filterpatterns.cli.io.output_files import refuse_overlap
from filterpatterns.cli.messages import located, reason
from filterpatterns.language.wording import joined

DEFAULT_EXCLUDE: Final = ("node_modules", "__pycache__", "venv", "__pypackages__", "site-packages")
"""The default of `--exclude`. Hidden files and folders are never searched."""

_IGNORE_FILES: Final = (".ignore", ".gitignore")
"""In order of precedence (as in ripgrep)."""


class Exclusions(Struct, frozen=True):
    """What a search excludes: globs, as in a .gitignore in the folder `root`, and, if
    `respect_gitignore`, everything that .gitignore files ignore."""

    root: str = "."
    globs: tuple[str, ...] = DEFAULT_EXCLUDE
    respect_gitignore: bool = True

    def rules(self) -> IgnoreRules:
        """The globs, parsed."""
        return IgnoreRules(self.globs)


class _Layer(Struct, frozen=True):
    """Rules, and the folder that their paths are relative to."""

    folder: str
    rules: IgnoreRules


Complain = Callable[[str, str], None]
"""Called with a path and what is wrong with it."""


class Search:
    """A search of directories for files with certain suffixes."""

    def __init__(
        self,
        suffixes: tuple[str, ...],
        exclusions: Exclusions,
        *,
        on_error: Complain,
        on_link: Complain,
    ) -> None:
        """
        Args:
            suffixes: the suffixes of file names.
            exclusions: what to exclude.
            on_error: called with a folder that cannot be read, and why.
            on_link: called with a link that leads out of the directory, and a message about it.
        """
        self._suffixes = suffixes
        self._exclusions = exclusions
        self._excluded = _Layer(os.path.abspath(exclusions.root), exclusions.rules())
        self._on_error = on_error
        self._on_link = on_link

    def files(self, directory: str) -> Iterator[str]:
        """Yield the files of a directory in the order of their names, those of a folder before
        those of its subfolders. The directory itself is never excluded."""
        root = os.path.abspath(directory)
        layers: tuple[_Layer, ...] = ()
        if self._exclusions.respect_gitignore:
            layers = tuple(_layers_above(root))
        real_root = os.path.realpath(directory)
        pending = [(directory, root, layers)]  # not recursive: folders may be nested very deep
        while pending:
            as_given, folder, above = pending.pop()
            layers = above
            if self._exclusions.respect_gitignore:
                layers = (*_layers_in(folder), *above)
            folders = []
            for entry in self._entries(as_given, folder, layers):
                if entry.is_dir(follow_symlinks=False):
                    folders.append((entry.path, os.path.join(folder, entry.name), layers))
                elif self._is_inside(entry, real_root) and _is_file(entry):
                    yield entry.path
            pending += reversed(folders)

    def is_excluded(self, path: str) -> bool:
        """Whether the globs exclude a file that was named explicitly."""
        relative = _below(self._excluded.folder, os.path.abspath(path))
        return relative is not None and self._excluded.rules.excludes(relative)

    def _entries(
        self, as_given: str, folder: str, layers: tuple[_Layer, ...]
    ) -> Iterator[os.DirEntry[str]]:
        """The entries of a folder that are not excluded, in the order of their names."""
        try:
            with os.scandir(as_given) as entries:
                found = sorted(entries, key=lambda entry: os.fsencode(entry.name))
        except OSError as error:
            self._on_error(as_given, reason(error))
            return
        for entry in found:
            if entry.name.startswith("."):
                continue
            is_folder = entry.is_dir(follow_symlinks=False)
            if not is_folder and not self._may_be_wanted(entry):
                continue
            path = os.path.join(folder, entry.name)
            if not self._is_left_out(path, layers, is_directory=is_folder):
                yield entry

    def _is_left_out(self, path: str, layers: tuple[_Layer, ...], *, is_directory: bool) -> bool:
        relative = _below(self._excluded.folder, path)
        if relative is None:  # outside the project only the name can be compared
            relative = os.path.basename(path)
        if self._excluded.rules.verdict(relative, is_directory=is_directory):
            return True
        for layer in layers:
            below = _below(layer.folder, path)
            if below is not None:
                verdict = layer.rules.verdict(below, is_directory=is_directory)
                if verdict is not None:
                    return verdict
        return False

    def _may_be_wanted(self, entry: os.DirEntry[str]) -> bool:
        """Whether a file has one of the suffixes, or is a link to a folder, which is reported as
        not followed."""
        if entry.name.endswith(self._suffixes):
            return True
        return entry.is_symlink() and os.path.isdir(entry.path)

    def _is_inside(self, entry: os.DirEntry[str], real_root: str) -> bool:
        """Whether a file is not a link, or is a link that stays in the searched directory."""
        if not entry.is_symlink():
            return True
        target = os.path.realpath(entry.path)
        if _below(real_root, target) is not None:
            return True
        if os.path.exists(target):
            self._on_link(entry.path, "not followed: the link leads outside the directory")
        return False


_EVENTS: Final = (
    *(".json", ".jsonl", ".ndjson", ".gz", ".zst", ".zstd"),
    *(".parquet", ".arrow", ".feather"),
)
"""The suffixes of files of records, for searching a directory."""


def event_files(paths: tuple[str, ...]) -> tuple[str, ...]:
    """The files of EVENTS; a directory is replaced by the files of records in it. .gitignore files
    are not respected, since data is usually ignored. A directory without any is reported, and
    returned unchanged: it cannot be read.
    """
    if not any(path != "-" and os.path.isdir(path) for path in paths):
        return paths
    found: list[str] = []
    search = Search(
        _EVENTS,
        Exclusions(respect_gitignore=False),
        on_error=lambda path, _: found.append(path),  # reading it reports the same
        on_link=lambda path, words: click.echo(located(path, f"note: {words}"), err=True),
    )
    for path in paths:
        before = len(found)
        if path == "-" or not os.path.isdir(path):
            found.append(path)
            continue
        found += search.files(path)
        if len(found) == before:  # reading it reports that it is not a file
            kinds = joined([f"*{ending}" for ending in _EVENTS], len(_EVENTS))
            note = f"note: no files of records in this directory ({kinds})"
            click.echo(located(path, note), err=True)
            found.append(path)
    return tuple(dict.fromkeys(found))


def _is_file(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_file()
    except OSError:
        return False


def _below(folder: str, path: str) -> str | None:
    """The path relative to a folder, with slashes; None if it is not in the folder."""
    prefix = folder if folder.endswith(os.sep) else folder + os.sep
    if not path.startswith(prefix):
        return None
    return path[len(prefix) :].replace(os.sep, "/")


def _layers_in(folder: str) -> Iterator[_Layer]:
    """The ignore files of a folder."""
    for name in _IGNORE_FILES:
        rules = _read(os.path.join(folder, name))
        if rules:
            yield _Layer(folder, rules)


def _layers_above(root: str) -> Iterator[_Layer]:
    """The ignore files of the parent folders, up to the top of the Git repository, and those of the
    repository and its user. None if this is not a repository."""
    above: list[_Layer] = []
    folder = root
    while True:
        if folder != root:
            above += _layers_in(folder)
        if os.path.exists(os.path.join(folder, ".git")):
            break
        parent = os.path.dirname(folder)
        if parent == folder:
            return
        folder = parent
    yield from above
    config = os.environ.get("XDG_CONFIG_HOME") or os.path.expanduser("~/.config")
    for path in (
        os.path.join(folder, ".git", "info", "exclude"),
        os.path.join(config, "git", "ignore"),
    ):
        rules = _read(path)
        if rules:
            yield _Layer(folder, rules)


def _read(path: str) -> IgnoreRules | None:
    refuse_overlap((), (path,))
    try:
        with open(path, encoding="utf-8-sig", errors="surrogateescape") as file:
            return IgnoreRules(file)
    except (OSError, ValueError):
        return None
