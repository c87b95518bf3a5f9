"""Searches the texts of a whole block for the strings that a pattern needs, before decoding.

A text without a backslash contains every string literally. So a row that has neither a backslash
nor any of the texts that every match contains does not match, whatever its format. One search over
all rows costs a call for each hit instead of a call for each row.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from typing import Final, Protocol

from filterpatterns.engine.tuning import Schedule
from filterpatterns.integrations.arrow.columns import Texts

Find = Callable[[bytes, int, int], int]
"""Called with a needle, start and end; returns its position, or -1."""

BACKSLASH: Final = b"\\"

BLOCK: Final = 2048
"""Rows at a time: their texts and the decoded values fit into a core's cache."""

SCHEDULE: Final = Schedule((64, 256), 64 * BLOCK, BLOCK, warm_up=1)
"""How many rows are matched with the search, and without, to measure which is faster."""


class _Finder(Protocol):
    def find(self, what: bytes, start: int, end: int) -> int:
        """The position of something; -1 if it does not occur."""
        ...


try:
    import stringzilla
except ImportError:
    stringzilla = None


def _finder(data: memoryview) -> _Finder:
    """The function that searches a block. stringzilla takes a twentieth of the time of CPython, and
    needs no copy."""
    finder: _Finder = bytes(data) if stringzilla is None else stringzilla.Str(data)
    return finder


def candidates(found: Texts, needles: Iterable[bytes]) -> Sequence[int]:
    """The rows that have a needle or a backslash, in order; all others cannot match."""
    offsets = found.offsets
    first, last = offsets[0], offsets[-1]
    find = _finder(found.view[first:last]).find
    rows: set[int] = set()
    for needle in (*needles, BACKSLASH):
        position = find(needle, 0, last - first)
        while position >= 0:
            start = position + first
            row = bisect_right(offsets, start) - 1
            end = offsets[row + 1]
            if start + len(needle) <= end:
                rows.add(row)
                position = end - first
            else:  # it begins in one row and ends in another
                position += 1
            position = find(needle, position, last - first)
    if isinstance(found.rows, range):
        return sorted(rows)
    return sorted(rows.intersection(found.rows))
