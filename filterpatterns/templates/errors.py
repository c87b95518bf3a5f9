"""Errors in a template as a whole, and reports about its parts."""

from __future__ import annotations

import re
from bisect import bisect_left
from typing import NoReturn

from msgspec import Struct

from filterpatterns.language.nodes import Span


class TemplateError(ValueError):
    """A text that cannot be parsed as the format that it appears to be. Lines and columns count
    from 1."""

    def __init__(self, message: str, line: int | None = None, column: int | None = None) -> None:
        self.message = message
        self.line = line
        self.column = column
        place = "" if line is None else f"line {line}, column {column}: "
        super().__init__(place + message)

    def __reduce__(self) -> tuple[type[TemplateError], tuple[str, int | None, int | None]]:
        return type(self), (self.message, self.line, self.column)


class Unresolved(Exception):
    """A part of a pattern that is only known at deployment. Never leaves this package."""

    def __init__(self, reason: str, span: Span) -> None:
        self.reason = reason
        self.span = span
        super().__init__(reason)


class Skipped(Struct, frozen=True):
    """A pattern, or all patterns of a mapping, that cannot be checked, or another note, with its
    position.

    `filter_index` is None if it is about all of them. Columns count from 1, in characters. `names`
    are the names under which the user may set the missing value (`--set`).
    """

    code: str
    reason: str
    line: int
    column: int
    filter_index: int | None = None
    names: tuple[str, ...] = ()


def line_and_column(text: str, offset: int) -> tuple[int, int]:
    """The line and the column, from 1, of an offset."""
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


class Lines:
    """The lines of a text, for many look-ups of positions."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._ends: list[int] | None = None

    def place(self, offset: int) -> tuple[int, int]:
        """The line and the column, from 1, of an offset."""
        if self._ends is None:
            self._ends = [match.start() for match in re.finditer("\n", self._text)]
        line = bisect_left(self._ends, offset)
        return line + 1, offset - (self._ends[line - 1] if line else -1)


def fail(message: str, text: str, offset: int) -> NoReturn:
    """Raise a TemplateError for a position in the text."""
    raise TemplateError(message, *line_and_column(text, min(offset, len(text))))
