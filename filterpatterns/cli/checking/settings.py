"""The settings of `fp check` in `filterpatterns.toml` and `[tool.filterpatterns]` in
pyproject.toml."""

from __future__ import annotations

import difflib
import os
import re
import sys
from collections.abc import Iterable
from typing import Any, Final, Literal

import msgspec
from msgspec import Struct

from filterpatterns.cli.io.streams import read_whole
from filterpatterns.cli.messages import Failure, located
from filterpatterns.delivery.sources import SourceName
from filterpatterns.errors import printable
from filterpatterns.lint.linter import Dialect

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_FILES: Final = ("filterpatterns.toml", "pyproject.toml")
_TABLE: Final = "filterpatterns"
_LARGEST: Final = 1 << 20

OutputFormat = Literal["text", "full", "json", "github", "sarif", "junit"]


class Settings(Struct, frozen=True, rename="kebab", forbid_unknown_fields=True):
    """The settings in a configuration file; None or empty if not set.

    `folder` is the folder of the file, which its globs are relative to. It is not a setting.
    """

    select: tuple[str, ...] | None = None
    ignore: tuple[str, ...] = ()
    exclude: tuple[str, ...] | None = None
    extend_exclude: tuple[str, ...] = ()
    per_file_ignores: dict[str, tuple[str, ...]] = {}
    respect_gitignore: bool = True
    source: SourceName | None = None
    dialect: Dialect | None = None
    max_filters: int | None = None
    output_format: OutputFormat | None = None
    strict: bool = False


class Configuration(Struct, frozen=True):
    """Settings, their file, and the folder that its globs are relative to."""

    settings: Settings = Settings()
    path: str | None = None
    folder: str = "."


def load(given: str | None, paths: Iterable[str]) -> Configuration:
    """Return the configuration for a run.

    Args:
        given: the file, if one was named; otherwise a `filterpatterns.toml`, or a pyproject.toml
            with our table, is looked for in the common folder of all paths and its parents.
        paths: the paths to be checked.

    Raises:
        Failure: it cannot be read, or has something that is not a setting.
    """
    if given is not None:
        table = _table(given)
        return Configuration(_settings(table or {}, given), given, _folder_of(given))
    folder = _common_folder(paths)
    while True:
        for name in _FILES:
            path = os.path.join(folder, name)
            if os.path.isfile(path):
                table = _table(path)
                if table is not None:
                    relative = os.path.relpath(path)
                    return Configuration(_settings(table, relative), relative, folder)
        parent = os.path.dirname(folder)
        if parent == folder:
            return Configuration(folder=os.getcwd())
        folder = parent


def _folder_of(path: str) -> str:
    return os.path.dirname(os.path.abspath(path))


def _common_folder(paths: Iterable[str]) -> str:
    found = [os.path.abspath(path) for path in paths if path != "-"] or [os.getcwd()]
    try:
        folder = os.path.commonpath(found)
    except ValueError:  # on several drives
        folder = os.getcwd()
    return folder if os.path.isdir(folder) else os.path.dirname(folder)


def _table(path: str) -> dict[str, Any] | None:
    """The settings in a file; None if it is a pyproject.toml without our table."""
    data = read_whole(path, _LARGEST, "a configuration")
    try:
        document = tomllib.loads(data.decode())
    except UnicodeDecodeError as error:
        words = f"error: not UTF-8: {error.reason} at byte {error.start + 1}"
        raise Failure(located(path, words)) from None
    except tomllib.TOMLDecodeError as error:
        place = re.search(r" \(at line (\d+), column (\d+)\)", str(error))
        words = f"error: not TOML: {printable(str(error))}"
        if place is None:
            raise Failure(located(path, words)) from None
        words = words.replace(place[0], "")
        raise Failure(located(path, words, int(place[1]), int(place[2]))) from None
    if os.path.basename(path) != "pyproject.toml":
        return document
    table = document.get("tool", {}).get(_TABLE)
    return table if isinstance(table, dict) else None


def _settings(table: dict[str, Any], path: str) -> Settings:
    known = {field.encode_name for field in msgspec.structs.fields(Settings)}
    for name in table:
        if name not in known:
            near = difflib.get_close_matches(name.replace("_", "-"), sorted(known), n=1)
            names = ", ".join(sorted(known))
            hint = f"did you mean {near[0]}?" if near else f"the settings are {names}"
            words = f"error: unknown setting {printable(name)!r}"
            raise Failure(located(path, words) + f"\n  hint: {hint}")
    try:
        found = msgspec.convert(table, Settings)
    except msgspec.ValidationError as error:
        words, _, place = str(error).partition(" - at `$")
        name = place.strip("`").lstrip(".") or "the settings"
        raise Failure(located(path, f"error: {name}: {printable(words)}")) from None
    if found.max_filters is not None and found.max_filters < 1:
        raise Failure(located(path, "error: max-filters: must be at least 1"))
    return found
