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
from collections.abc import Callable
from typing import Any, Final

from filterpatterns.delivery.envelopes import HOLDERS
from filterpatterns.jsontext.decoding import is_too_deep

_TABLE: Final = bytes(
    ord("x") if chr(byte).isalnum() or chr(byte) in "!#$%&'()*+-./;<=>?@^_`|~" else byte
    for byte in range(128)
) + bytes(range(128, 256))
"""The table for `translate`: the layout of a text."""

_STRING: Final = re.compile(rb'"([^"]*)"')
_STRUCTURE: Final = re.compile(rb"[{}\[\]:, \t\r]*\n")
_TOKENS: Final = re.compile(rb'"([^"]*)"[ \t]*:|"[^"]*"|[{}\[\]]')

_LINE_FEED: Final = ord("\n")

_LONGEST_WAIT: Final = 256
"""Blocks from one layout that did not help to the next that is tried, at most."""


class RecordLayouts:
    """Finds the lines that are records, with a mark in place of their payload."""

    def __init__(
        self,
        key: str,
        mark: bytes,
        split: Callable[[bytes, bytes], Any],
        translate: Callable[[bytes, bytes], bytes],
    ) -> None:
        """
        Args:
            key: the member that is the payload.
            mark: the JSON string in place of a payload; not in UTF-8.
            split: divides a text at another.
            translate: replaces each byte by its entry in a table.
        """
        self._mark = mark
        self._split, self._translate = split, translate
        self._key = key.encode()
        # A name of another length in the layout cannot be one of these.
        self._lengths = {len(self._key), *map(len, HOLDERS)}
        self._layout = b""  # of one line
        self._wait = 1  # blocks until another layout is tried
        self._waited = 0

    def others(self, lines: bytes, count: int) -> bytes:
        """Return those of so many lines that have to be decoded, as one text. All others are
        records in ASCII with the mark as payload, and not nested too deeply.

        There must be as many marks as lines, each after the key and a colon.
        """
        layout = self._layout
        if not layout:
            return lines
        layouts = self._translate(lines, _TABLE)
        if layouts == layout * count:
            return b""
        found: list[bytes] = []
        start = 0
        for number, length in enumerate(map(len, self._split(layouts, layout))):
            if length:
                begin = start + number * len(layout)
                end = begin + length
                if layouts[end - 1] != _LINE_FEED:  # a line that only ends like the others
                    return lines
                found.append(lines[begin:end])
                start += length
        return b"".join(found)

    def learn(self, lines: bytes, others: bytes) -> None:
        """Told which of some lines had to be decoded: these are records with the mark as payload.
        If there are many, the layout of the first is looked for from now on.

        The layouts of a file may all be different. The less it helps, the less often is another
        tried.
        """
        if 2 * len(others) <= len(lines):
            self._wait, self._waited = 1, 0
            return
        self._layout = b""
        self._waited += 1
        if self._waited < self._wait:
            return
        self._wait, self._waited = min(2 * self._wait, _LONGEST_WAIT), 0
        line = others[: others.index(b"\n") + 1]
        if self._is_plain(line):
            self._layout = self._translate(line, _TABLE)

    def _is_plain(self, line: bytes) -> bool:
        """Whether all lines with the layout of this record are such records."""
        rest = line.replace(self._mark, b'""')
        if not rest.isascii() or b"\\" in rest or is_too_deep(rest):
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
