"""The patterns of .gitignore files, and which paths they ignore (Git documentation,
"gitignore")."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import count
from typing import Final

from msgspec import Struct

_CLASSES = {
    "alnum": "a-zA-Z0-9",
    "alpha": "a-zA-Z",
    "digit": "0-9",
    "lower": "a-z",
    "space": r"\s",
    "upper": "A-Z",
    "xdigit": "0-9a-fA-F",
}


class IgnoreRule(Struct, frozen=True):
    """One pattern. If `negated`, it includes paths that earlier patterns ignore."""

    regex: re.Pattern[str]
    negated: bool
    directories_only: bool


class IgnoreRules:
    """The patterns of one file, for paths below its folder."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._rules = [rule for line in lines if (rule := parse_rule(line)) is not None]
        self._rules.reverse()  # the last one that matches decides

    def __bool__(self) -> bool:
        return bool(self._rules)

    def verdict(self, path: str, *, is_directory: bool) -> bool | None:
        """Whether a path is ignored; None if no pattern matches it.

        Args:
            path: relative to the folder of the file, with slashes.
            is_directory: whether it is a folder.
        """
        for rule in self._rules:
            if (is_directory or not rule.directories_only) and rule.regex.fullmatch(path):
                return not rule.negated
        return None

    def excludes(self, path: str) -> bool:
        """Whether a file is ignored, either itself or because of one of its parent folders."""
        parts = path.split("/")
        return any(
            self.verdict("/".join(parts[:length]), is_directory=length < len(parts))
            for length in range(1, len(parts) + 1)
        )


def parse_rule(line: str) -> IgnoreRule | None:
    """Parse a line; None if it is empty, a comment, or a pattern that matches nothing."""
    line = line.rstrip("\r\n")
    if line.startswith("#"):
        return None
    line = _without_trailing_spaces(line)
    negated = line.startswith("!")
    line = line[negated:]
    directories_only = line.endswith("/")
    line = line.removesuffix("/")
    if not line:
        return None
    anchored = "/" in line
    line = line.removeprefix("/")
    try:
        regex = re.compile(_translated(line, anchored=anchored), re.DOTALL)
    except re.error:
        return None
    return IgnoreRule(regex, negated, directories_only)


def _without_trailing_spaces(line: str) -> str:
    """Remove trailing spaces, unless a backslash precedes them."""
    stripped = line.rstrip(" ")
    backslashes = len(stripped) - len(stripped.rstrip("\\"))
    return stripped + " " if len(stripped) < len(line) and backslashes % 2 else stripped


_STAR: Final = "*"
_STARS: Final = ("**",)
"""A segment that any number of folders match."""

Segment = Sequence[str]
"""A part of a glob between slashes: stars, and regular expressions for single characters."""


def _translated(glob: str, *, anchored: bool) -> str:
    """The regular expression for a glob: `*` and `?` match within a name, `**` also matches
    slashes.

    Each star takes as little as it can, and never more (an emulated atomic group): what follows it
    up to the next star has a fixed length, so that nothing is missed, and trying takes linear time.
    """
    segments = _segments(glob)
    if not anchored:
        segments.insert(0, _STARS)
    ends_open = segments[-1] == _STARS
    units: list[list[str]] = [[]]  # between `**`
    groups = count()
    for segment in segments:
        if segment == _STARS:
            units.append([])
        else:
            units[-1].append(_segment(segment, groups))
    first, *others = units
    found = ["".join(f"{name}/" for name in first)] if others else ["/".join(first)]
    found += (
        _atomic("(?:[^/]*/)*?" + "".join(f"{name}/" for name in unit), groups)
        for unit in filter(None, others[:-1])
    )
    if others and not ends_open:
        found.append("(?:[^/]*/)*" + "/".join(others[-1]))
    elif others:
        found.append(".*" if segments == [_STARS] else ".+")
    return "".join(found)


def _segments(glob: str) -> list[Segment]:
    found: list[Segment] = []
    parts: list[str] = []
    index = 0
    while index < len(glob):
        if not parts and re.match(r"\*\*(?:/|\Z)", glob[index : index + 3]):
            if glob[index:] == "**":
                return [*found, _STARS]
            found.append(_STARS)
            index += 3
            continue
        char = glob[index]
        part, index = _part(glob, index)
        if char != "[" and part == "/":
            found.append(parts)
            parts = []
        elif part != _STAR or parts[-1:] != [_STAR]:
            parts.append(part)
    return [*found, parts]


def _part(glob: str, index: int) -> tuple[str, int]:
    """Parse what is at an index: return a star or a regular expression, and the index after it."""
    char = glob[index]
    if char == "*":
        return _STAR, index + 1
    if char == "?":
        return "[^/]", index + 1
    if char == "[":
        return _bracket(glob, index)
    if char == "\\":
        index += 1
    return re.escape(glob[index]) if index < len(glob) else _NOTHING, index + 1


def _segment(parts: Segment, groups: Iterator[int]) -> str:
    """The regular expression for the parts of a segment."""
    pieces = [""]
    for part in parts:
        if part == _STAR:
            pieces.append("")
        else:
            pieces[-1] += part
    if len(pieces) == 1:
        return pieces[0]
    middle = (_atomic(f"[^/]*?{piece}", groups) for piece in pieces[1:-1])
    return "".join((pieces[0], *middle, "[^/]*", pieces[-1]))


def _atomic(regex: str, groups: Iterator[int]) -> str:
    """A group that is not tried again (Python has them only from 3.11 on)."""
    name = f"g{next(groups)}"
    return f"(?=(?P<{name}>{regex}))(?P={name})"


_NOTHING: Final = "(?!)"
"""Matches nothing."""

_BRACKET = re.compile(r"\[([!^]?)(\]?(?:\[:[a-z]+:\]|\\.|[^\]\\])*)\]", re.DOTALL)
_MEMBER = re.compile(r"\[:(?P<name>[a-z]+):\]|\\(?P<escaped>.)|(?P<plain>.)", re.DOTALL)


def _bracket(glob: str, index: int) -> tuple[str, int]:
    """Parse the character set that begins at an index; return it and its end."""
    match = _BRACKET.match(glob, index)
    if match is None:
        return _NOTHING, len(glob)  # unclosed: for Git this matches nothing
    members = []
    for member in _MEMBER.finditer(match[2]):
        if member["name"]:
            members.append(_CLASSES.get(member["name"], ""))
        elif member["escaped"]:
            members.append(re.escape(member["escaped"]))
        else:
            members.append("-" if member["plain"] == "-" else re.escape(member["plain"]))
    inside = "".join(members)
    return (f"(?!/)[{'^' if match[1] else ''}{inside}]" if inside else _NOTHING), match.end()
