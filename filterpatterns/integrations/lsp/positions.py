"""Converts between offsets in a text and positions of the Language Server Protocol.

A line ends at a line feed, a carriage return, or both ("Text Documents" in the specification); a
position counts the code units of a line in the encoding that client and server agree on.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import Final

from lsprotocol import types

_LINE_ENDS: Final = re.compile("\r\n|\n|\r")
_BYTES: Final = {
    types.PositionEncodingKind.Utf8: ("utf-8", 1),
    types.PositionEncodingKind.Utf16: ("utf-16-le", 2),
    types.PositionEncodingKind.Utf32: ("utf-32-le", 4),
}


class Lines:
    """The lines of one text. Offsets count characters from 0."""

    def __init__(self, text: str, encoding: str = types.PositionEncodingKind.Utf16) -> None:
        self._text = text
        self._codec, self._size = _BYTES[types.PositionEncodingKind(encoding)]
        self._starts = [0, *(match.end() for match in _LINE_ENDS.finditer(text))]
        self._feeds = [0, *(match.end() for match in re.finditer("\n", text))]

    def position(self, offset: int) -> types.Position:
        """The position of an offset; beyond the text, that of its end."""
        offset = max(0, min(offset, len(self._text)))
        line = bisect_right(self._starts, offset) - 1
        return types.Position(line, self._units(self._text[self._starts[line] : offset]))

    def offset(self, position: types.Position) -> int:
        """The offset of a position; beyond a line, that of the line's end."""
        if position.line >= len(self._starts):
            return len(self._text)
        start = self._starts[position.line]
        end = len(self._text)
        if position.line + 1 < len(self._starts):
            end = self._starts[position.line + 1]
        line = self._text[start:end].rstrip("\r\n")
        data = line.encode(self._codec, "surrogatepass")[: position.character * self._size]
        return start + len(data.decode(self._codec, "ignore"))

    def range(self, start: int, end: int) -> types.Range:
        """The range between two offsets."""
        return types.Range(self.position(start), self.position(max(start, end)))

    def offset_of(self, line: int, column: int) -> int:
        """The offset of a diagnostic's position, which counts from 1, with lines separated by line
        feeds."""
        if line > len(self._feeds):
            return len(self._text)
        return min(self._feeds[line - 1] + column - 1, len(self._text))

    def end_of_line(self, offset: int) -> int:
        """Where the line of that offset ends, for templates."""
        feed = self._text.find("\n", offset)
        return len(self._text) if feed < 0 else feed

    def _units(self, text: str) -> int:
        if text.isascii():
            return len(text)
        return len(text.encode(self._codec, "surrogatepass")) // self._size
