"""The patterns of .gitignore files, and which paths they ignore (Git documentation,
"gitignore")."""

from __future__ import annotations

import re
from collections.abc import Iterable

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
        translated = _translated(line)
        regex = re.compile(translated if anchored else f"(?:.*/)?{translated}", re.DOTALL)
    except re.error:
        return None
    return IgnoreRule(regex, negated, directories_only)


def _without_trailing_spaces(line: str) -> str:
    """Remove trailing spaces, unless a backslash precedes them."""
    stripped = line.rstrip(" ")
    backslashes = len(stripped) - len(stripped.rstrip("\\"))
    return stripped + " " if len(stripped) < len(line) and backslashes % 2 else stripped


def _translated(glob: str) -> str:
    """The regular expression for a glob: `*` and `?` match within a name, `**` also matches
    slashes."""
    found: list[str] = []
    index = 0
    while index < len(glob):
        at_start = index == 0 or glob[index - 1] == "/"
        if at_start and glob.startswith("**/", index):
            found.append("(?:.*/)?")
            index += 3
        elif at_start and glob[index:] == "**":
            found.append(".+" if index else ".*")
            index += 2
        elif glob[index] == "*":
            found.append("[^/]*")
            index += 1
            while glob.startswith("*", index):
                index += 1
        elif glob[index] == "?":
            found.append("[^/]")
            index += 1
        elif glob[index] == "[":
            part, index = _bracket(glob, index)
            found.append(part)
        else:
            if glob[index] == "\\":
                index += 1
            found.append(re.escape(glob[index]) if index < len(glob) else "(?!)")
            index += 1
    return "".join(found)


_BRACKET = re.compile(r"\[([!^]?)(\]?(?:\[:[a-z]+:\]|\\.|[^\]\\])*)\]", re.DOTALL)
_MEMBER = re.compile(r"\[:(?P<name>[a-z]+):\]|\\(?P<escaped>.)|(?P<plain>.)", re.DOTALL)


def _bracket(glob: str, index: int) -> tuple[str, int]:
    """Parse the character set that begins at an index; return it and its end."""
    match = _BRACKET.match(glob, index)
    if match is None:
        return "(?!)", len(glob)  # unclosed: for Git this matches nothing
    members = []
    for member in _MEMBER.finditer(match[2]):
        if member["name"]:
            members.append(_CLASSES.get(member["name"], ""))
        elif member["escaped"]:
            members.append(re.escape(member["escaped"]))
        else:
            members.append("-" if member["plain"] == "-" else re.escape(member["plain"]))
    inside = "".join(members)
    return (f"(?!/)[{'^' if match[1] else ''}{inside}]" if inside else "(?!)"), match.end()
