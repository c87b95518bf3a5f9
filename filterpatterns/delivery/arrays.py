"""Arrays of records, and events with `Records`, read one element at a time.

Brackets, strings and commas are searched for in the bytes as they arrive; only a complete
element is decoded. So memory holds at most one element and one chunk of input.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from filterpatterns.delivery import sizes
from filterpatterns.delivery.items import SPACE_BYTES, Item, Items
from filterpatterns.jsontext import decoding
from filterpatterns.jsontext.decoding import NOT_JSON
from filterpatterns.limits import MAX_PAYLOAD_DEPTH

_AT_TOP = re.compile(rb'["\[\]{},]')
_INSIDE = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{}]|"', re.DOTALL)
"""Strings and brackets; a lone quotation mark is a string that these bytes do not close."""

_IN_STRING = re.compile(rb'[^"\\]*(?:\\.[^"\\]*)*', re.DOTALL)
_QUOTE, _ARRAY, _OBJECT = b'"[{'
_CLOSED_BY = {ord("]"): _ARRAY, ord("}"): _OBJECT}

_MOST_OPEN = 64 * MAX_PAYLOAD_DEPTH
"""Nesting beyond which the end of an element is not searched for."""

_EVENT_HEAD = '{"Records":[]'


class _BrokenError(Exception):
    """This is not JSON, from `position` on."""

    def __init__(self, position: int) -> None:
        super().__init__()
        self.position = position


class ArrayReader:
    """Reads the items of an array as they arrive.

    After the end of the array, `rest` is what follows in the line. If the array is broken,
    `is_broken` is set, and `rest` is a line that does not belong to it, or empty.
    """

    def __init__(self, items: Items, first_line: int, *, is_event: bool) -> None:
        """
        Args:
            items: makes the items.
            first_line: the number of the line in which the array begins.
            is_event: whether the array is a member of an object, which ends after it.
        """
        self._items = items
        self._is_event = is_event
        self.first_line = first_line
        self.rest: bytes | None = None
        self.is_broken = False
        self.last_line = b""
        """If the array is broken: the last line that belongs to it, or the end of that line."""
        # the element that has begun
        self._held: list[bytes] = []
        self._size = 0
        self._open: list[int] = []  # the brackets
        self._in_string = False
        self._is_escaped = False  # a backslash came last
        self._has_begun = False
        self._is_complete = False  # an object, array or string that has ended
        self._is_too_long = False
        self._is_tail = False  # not an element, but what an event has after its records
        self._after_comma = False
        # where it is
        self._place = (first_line, 0, b"")  # line, columns before these bytes, bytes before it
        self._number = first_line
        self._raw = b""
        self._columns = 0  # in the line, before the current bytes
        self._begin = 0  # where in the current bytes the element begins or continues
        self._last = b"["  # the last non-space byte of the previous line

    def feed(self, number: int, raw: bytes, position: int = 0) -> Sequence[Item]:
        """Return the items that more bytes complete.

        Args:
            number: the number of their line.
            raw: a line with its line feed, or a part of one.
            position: where to begin; in the first bytes, after the bracket that opens the array.
        """
        before, is_new_line = self._raw, self._raw.endswith(b"\n")
        self._columns = 0 if is_new_line else self._columns + _columns(self._raw)
        self._number, self._raw, self._begin = number, raw, position
        found: list[Item] = []
        try:
            if is_new_line and self._last not in b"[,:":
                start = raw.lstrip(SPACE_BYTES)[:1]
                if start and start in b"{[":  # the previous line is truncated
                    self._finish_last(found)
                    self._break(found, 0, takes_rest=False)
                    self.rest, self.last_line = raw, before
                    return found
            end = self._read(raw, position, found)
        except _BrokenError as error:
            self._break(found, error.position)
            self.rest, self.last_line = b"", raw
        else:
            if end is not None:
                self.rest = raw[end:]
            else:
                self._hold(raw[self._begin :])
                self._last = raw.rstrip(SPACE_BYTES)[-1:] or self._last
        return found

    def end(self) -> Sequence[Item]:
        """Return the items of an array that has no end."""
        found: list[Item] = []
        self._finish_last(found)
        self._raw, self._begin = b"", 0
        self._break(found, 0)
        return found

    def _finish_last(self, found: list[Item]) -> None:
        """At the end of the input, add the items of an element that may be complete."""
        if self._has_begun and not (self._open or self._in_string):
            self._finish(found, b"")

    def _read(self, raw: bytes, position: int, found: list[Item]) -> int | None:
        """Read on; return where the array ends, if it does."""
        while position < len(raw):
            if self._in_string:
                position = self._string(raw, position)
            elif self._open:
                position = self._inside(raw, position)
                if self._is_tail and not self._open:
                    self._finish_tail(found, raw[self._begin : position])
                    return position
            else:
                token = _AT_TOP.search(raw, position)
                end = len(raw) if token is None else token.start()
                self._scalar(raw, position, end)
                position = min(end + 1, len(raw))
                if token is not None and self._at_top(raw, end, found):
                    return position
        return None

    def _at_top(self, raw: bytes, position: int, found: list[Item]) -> bool:
        """Handle a comma, a quotation mark or a bracket of the array; return whether everything
        ends there."""
        kind = raw[position]
        if kind in (_QUOTE, _ARRAY, _OBJECT):
            if self._has_begun:
                raise _BrokenError(position + 1)
            self._start(position)
            self._is_complete = True  # once it is closed, nothing may follow
            self._in_string = kind == _QUOTE
            if not self._in_string:
                self._open.append(kind)
            return False
        if kind not in b",]":
            raise _BrokenError(position + 1)
        if self._has_begun or self._after_comma or kind == ord(","):
            self._finish(found, raw[self._begin : position])
        self._held.clear()
        self._begin, self._after_comma = position + 1, True
        if kind == ord(",") or not self._is_event:
            return kind == ord("]")
        self._is_tail = True
        self._start(position + 1)
        self._open.append(_OBJECT)
        return False

    def _inside(self, raw: bytes, position: int) -> int:
        """Read on inside brackets, up to the end of the bytes, the closing bracket, or a string
        that these bytes do not close."""
        opened = self._open
        for token in _INSIDE.finditer(raw, position):
            kind = raw[token.start()]
            if kind == _QUOTE:
                if token.end() - token.start() == 1:
                    self._in_string = True
                    return token.end()
            elif kind in (_ARRAY, _OBJECT):
                opened.append(kind)
                if len(opened) > _MOST_OPEN:
                    raise _BrokenError(token.end())
            elif opened.pop() != _CLOSED_BY[kind]:
                raise _BrokenError(token.end())
            elif not opened:
                return token.end()
        return len(raw)

    def _string(self, raw: bytes, position: int) -> int:
        """Read on inside a string, up to its end or the end of the bytes."""
        if self._is_escaped and position < len(raw):
            position += 1
        found = _IN_STRING.match(raw, position)
        assert found is not None, "the pattern also matches the empty string"
        end = found.end()
        if raw[end : end + 1] == b'"':
            self._in_string = self._is_escaped = False
            return end + 1
        if raw.endswith(b"\n"):  # strings do not span lines
            raise _BrokenError(len(raw))
        self._is_escaped = end < len(raw)
        return len(raw)

    def _scalar(self, raw: bytes, start: int, end: int) -> None:
        """Handle what is between brackets, strings and commas: a scalar, or space."""
        text = raw[start:end].lstrip(SPACE_BYTES)
        if not text:
            return
        if self._is_complete:
            raise _BrokenError(end - len(text) + 1)
        if not self._has_begun:
            self._start(end - len(text))

    def _start(self, position: int) -> None:
        """An element begins."""
        self._has_begun = True
        self._place = (self._number, self._columns, self._raw[:position])

    def _hold(self, data: bytes) -> None:
        self._held.append(data)
        self._size += len(data)
        if self._size > sizes.LONGEST_LINE or self._is_too_long:
            self._is_too_long = True
            self._items.on_invalid(b"".join(self._held))
            self._held.clear()

    def _finish(self, found: list[Item], data: bytes) -> None:
        """Add the items of an element that ends with these bytes."""
        if not self._has_begun:
            self._start(self._begin + len(data))
        data = b"".join((*self._held, data)).strip(SPACE_BYTES)
        line, columns, before = self._place
        if self._is_too_long:
            self._items.on_invalid(data + b"\n")
            found.append(self._items.error(line, _too_long()))
        else:
            found += self._element(data, line, lambda: columns + _columns(before))
        self._held.clear()
        self._size = 0
        self._has_begun = self._is_complete = self._is_too_long = False

    def _element(self, data: bytes, line: int, columns: Callable[[], int]) -> Sequence[Item]:
        try:
            text = data.decode()
        except UnicodeDecodeError as error:
            self._items.on_invalid(data + b"\n")
            above, _, before = data[: error.start].rpartition(b"\n")
            below = above.count(b"\n") + (error.start > len(before))
            column = _columns(before) + 1 + (0 if below else columns())
            return (self._items.error(line + below, f"not UTF-8: {error.reason}", column),)
        found = self._items.of_element(text, line)
        if found is None:
            self._items.on_invalid(data + b"\n")
            return (self._items.invalid_item(text, line, columns()),)
        return found

    def _finish_tail(self, found: list[Item], data: bytes) -> None:
        """Check what an event has after its records."""
        data = b"".join((*self._held, data))
        line, columns, before = self._place
        text = _EVENT_HEAD + data.decode(errors="replace")
        value = decoding.parse(text)
        if value is NOT_JSON:
            place = columns + _columns(before) - len(_EVENT_HEAD)
            found.append(self._items.invalid_item(text, line, place))
        elif value["Records"]:
            words = "this event has Records twice: the first array is used"
            found.append(self._items.error(line, words))
        else:
            return
        self._items.on_invalid(data.strip(SPACE_BYTES) + b"\n")

    def _break(self, found: list[Item], position: int, *, takes_rest: bool = True) -> None:
        """Add the item that reports the error. The rest of the bytes belongs to the broken array
        unless `takes_rest` is False."""
        self.is_broken = True
        held = b"".join(self._held)
        data = (held + self._raw[self._begin : position]).lstrip(SPACE_BYTES)
        invalid_lines = held + (self._raw[self._begin :] if takes_rest else b"")
        if invalid_lines.strip(SPACE_BYTES):
            self._items.on_invalid(invalid_lines)
        if not data:
            found.append(self._items.error(self._number, "invalid JSON: ends too early"))
            return
        if not self._has_begun:
            self._start(position - len(data))
        line, columns, before = self._place
        text = data.decode(errors="replace")
        place = columns + _columns(before)
        if self._is_too_long:
            found.append(self._items.error(line, _too_long()))
        elif self._is_tail:
            text = _EVENT_HEAD + text
            found.append(self._items.invalid_item(text, line, place - len(_EVENT_HEAD)))
        else:
            found.append(self._items.invalid_item(text, line, place))


def _columns(data: bytes) -> int:
    """Count the characters in bytes."""
    return len(data.decode(errors="replace"))


def _too_long() -> str:
    return f"an element of more than {sizes.LONGEST_LINE >> 20} MB"
