"""Converts lines and columns to offsets in UTF-16 code units, as in JavaScript."""

from __future__ import annotations

import re
from bisect import bisect_right

from filterpatterns.errors import Diagnostic

_ASTRAL = re.compile("[\U00010000-\U0010ffff]")


class Places:
    """The positions in a text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._starts: list[int] | None = None
        self._astral: list[int] | None = None

    def span(self, diagnostic: Diagnostic) -> tuple[int, int]:
        """Return where a diagnostic begins and ends; the first line if that is not known."""
        if diagnostic.line is None:
            return self.at(1, None)
        start = self._offset(diagnostic.line, diagnostic.column or 1)
        if diagnostic.end_line is None or diagnostic.end_column is None:
            return self._units(start), self._units(min(start + 1, len(self._text)))
        end = self._offset(diagnostic.end_line, diagnostic.end_column)
        return self._units(start), self._units(max(start, end))

    def at(self, line: int | None, column: int | None) -> tuple[int, int]:
        """Return a line from a column (None: its first) to its end."""
        start = self._offset(line or 1, column or 1)
        end = self._text.find("\n", start)
        return self._units(start), self._units(len(self._text) if end < 0 else end)

    def _offset(self, line: int, column: int) -> int:
        if self._starts is None:
            self._starts = [0, *(match.end() for match in re.finditer("\n", self._text))]
        start = self._starts[min(line, len(self._starts)) - 1]
        return min(start + column - 1, len(self._text))

    def _units(self, offset: int) -> int:
        if self._astral is None:
            self._astral = [match.start() for match in _ASTRAL.finditer(self._text)]
        return offset + bisect_right(self._astral, offset - 1)
