r"""Tells which lines are records because they are written like one that has been decoded.

Records of a queue mostly differ in the letters and digits of their strings alone. If these are
replaced by an x, such lines are the same:

    {"messageId":"5d","body":"?"}
    {"messageId":"61","body":"?"}        {"xxxxxxxxx":"xx","xxxx":"?"}

So if all that a line has outside its strings are brackets, colons, commas and space, and there are
no escapes, any line with the same layout is JSON, too, with strings of the same lengths.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from itertools import compress
from operator import not_
from typing import Any, Final

from filterpatterns.delivery.envelopes import HOLDERS
from filterpatterns.jsontext.decoding import is_too_deep

_TABLE: Final = bytes(
    ord("x") if chr(byte).isalnum() or chr(byte) in "!#$%&'()*+-./;<=>?@^_`|~" else byte
    for byte in range(128)
) + bytes(range(128, 256))
"""The table for `translate`: the layout of a text. The marks in place of payloads keep their first
character, so that a layout has one where the line has its mark."""

_STRING: Final = re.compile(rb'"([^"]*)"')
_STRUCTURE: Final = re.compile(rb"[{}\[\]:, \t\r]*\n")
_TOKENS: Final = re.compile(rb'"([^"]*)"[ \t]*:|"[^"]*"|[{}\[\]]')

_LONGEST_WAIT: Final = 256
"""Blocks from layouts that did not help to the next that are tried, at most."""

_SAMPLE: Final = 128
"""The number of lines whose layouts are counted."""

_RARE: Final = 32
"""A layout is tried if at least one in so many lines has it."""

_SEVERAL: Final = 8
"""The number of lines that are compared at a time."""

_MOST_LAYOUTS: Final = 64
"""How many are known at a time, at most."""


class RecordLayouts:
    """Finds the lines that are records, with a mark in place of their payload."""

    def __init__(
        self,
        key: str,
        mark: bytes,
        split: Callable[[bytes, bytes], Iterable[Any]],
        translate: Callable[[bytes, bytes], bytes],
    ) -> None:
        """
        Args:
            key: the member that is the payload.
            mark: the JSON string in place of a payload; its first character keeps its place in a
                layout.
            split: divides a text at another, into hashable parts.
            translate: replaces each byte by its entry in a table.
        """
        self._mark, self._begin = mark, mark[1:2]
        self._split, self._translate = split, translate
        self._key = key.encode()
        # A name of another length in the layout cannot be one of these.
        self._lengths = {len(self._key), *map(len, HOLDERS)}
        self._usual = b""  # the layout of one line, with its line feed
        self._known: set[Any] = set()  # the layouts of lines, as parts
        self._wait = 1  # blocks until other layouts are tried
        self._waited = 0

    def others(self, lines: bytes, count: int) -> tuple[bytes, int]:
        """Return those of so many lines that have to be decoded, as one text, and their number. All
        others are records in ASCII with the mark as payload, and not nested too deeply.

        There must be as many marks as lines, each after the key and a colon.
        """
        if not self._known:
            return lines, count
        layouts = self._translate(lines, _TABLE)
        if layouts == self._usual * count:
            return b"", 0
        found = self._unusual if len(self._known) == 1 else self._unknown
        others, number = found(lines, layouts, count)
        # If each of these has one mark, each of the rest has one: where its layout has it.
        return (others, number) if others.count(self._begin) == number else (lines, count)

    def _unusual(self, lines: bytes, layouts: bytes, count: int) -> tuple[bytes, int]:
        """Return the lines whose layout is not the only one that is known."""
        usual, others = self._usual, []
        several, size = usual * _SEVERAL, len(usual)
        position = known = 0
        while True:
            while layouts.startswith(several, position):
                position += _SEVERAL * size
                known += _SEVERAL
            while layouts.startswith(usual, position):
                position += size
                known += 1
            end = layouts.find(b"\n", position) + 1
            if not end:
                break
            others.append(lines[position:end])
            position = end
        number = len(others)
        is_all = position == len(lines) and known + number == count
        return (b"".join(others), number) if is_all else (lines, count)

    def _unknown(self, lines: bytes, layouts: bytes, count: int) -> tuple[bytes, int]:
        """Return the lines whose layout is not known."""
        parts = list(self._split(layouts, b"\n"))
        if len(parts) != count + 1 or len(parts.pop()):
            return lines, count
        is_other = list(map(not_, map(self._known.__contains__, parts)))
        number = sum(is_other)
        if not number:
            return b"", 0
        return b"\n".join([*compress(self._split(lines, b"\n"), is_other), b""]), number

    def learn(self, others: bytes, number: int, count: int) -> None:
        """Told which lines, of so many, had to be decoded: these are records with the mark as
        payload. If there are many, their frequent layouts are looked for from now on.

        The layouts of a file may all be different. The less it helps, the less often are others
        tried.
        """
        if 8 * number <= count:
            self._wait, self._waited = 1, 0
            return
        if 2 * number > count:
            self._known.clear()
        self._waited += 1
        if self._waited < self._wait:
            return
        self._wait, self._waited = min(2 * self._wait, _LONGEST_WAIT), 0
        lines = others.split(b"\n", _SAMPLE)[:-1]
        layouts = self._translate(b"\n".join(lines), _TABLE)
        parts = list(self._split(layouts, b"\n"))
        examples = dict(zip(parts, lines, strict=True))
        for layout, times in Counter(parts).most_common(_RARE):
            if times * _RARE < len(lines) or len(self._known) >= _MOST_LAYOUTS:
                break
            if self._is_plain(examples[layout] + b"\n"):
                copy = bytes(memoryview(layout))  # without the rest of the block
                if not self._known:
                    self._usual = copy + b"\n"
                self._known.update(self._split(copy, b"\n"))

    def _is_plain(self, line: bytes) -> bool:
        """Whether all lines with the layout of this record are such records."""
        rest = line.replace(self._mark, b'""')
        if self._begin in rest or not rest.isascii() or b"\\" in rest or is_too_deep(rest):
            return False
        if _STRUCTURE.fullmatch(_STRING.sub(b"", rest)) is None:
            return False
        names: list[bytes] = []
        depth = 0
        for token in _TOKENS.finditer(rest):
            if token[0] in (b"{", b"["):
                depth += 1
            elif token[0] in (b"}", b"]"):
                depth -= 1
            elif depth == 1 and token[1] is not None:
                names.append(token[1])
        return [name for name in names if len(name) in self._lengths] == [self._key]
