"""Searches the texts of a whole block for the strings that a pattern needs, before decoding.

A text without a backslash contains every string literally. So a row that has neither a backslash
nor any of the texts that every match contains does not match, whatever its format. One search over
all rows costs a call for each hit instead of a call for each row.
"""

from __future__ import annotations

import threading
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from typing import Final, NamedTuple, Protocol

from filterpatterns.integrations.arrow.columns import Texts

Find = Callable[[bytes, int, int], int]
"""Called with a needle, start and end; returns its position, or -1."""

BACKSLASH: Final = b"\\"

BLOCK: Final = 2048
"""Rows at a time: their texts and the decoded values fit into a core's cache."""

_SAMPLES: Final = (64, 64, 256, 256)
"""The number of rows that are matched with the search, without, with, and without, to measure which
is faster; the first two are for warming up."""

_ROWS_PER_SAMPLE: Final = 64 * BLOCK
"""The number of rows after which this is measured again."""


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


class Plan(NamedTuple):
    """How to match the next rows: how many, whether with the search, and as part of which
    sample."""

    size: int
    search: bool
    sample: int | None


class SearchTuner:
    """Decides whether to search first: whichever was faster in the last samples. Threads may share
    it."""

    def __init__(self, *, can_search: bool) -> None:
        self._can_search = can_search
        self._lock = threading.Lock()
        self._times: dict[int, float] = {}
        self._left = 0
        self._search = False

    def plan(self) -> Plan:
        """Return how to match the next rows."""
        if not self._can_search:
            return Plan(BLOCK, False, None)
        with self._lock:
            sample = next((n for n in range(len(_SAMPLES)) if n not in self._times), None)
            if sample is None:
                return Plan(BLOCK, self._search, None)
            return Plan(_SAMPLES[sample], sample % 2 == 0, sample)

    def took(self, plan: Plan, seconds: float, rows: int) -> None:
        """Record how long a number of rows took."""
        if not self._can_search or not rows:
            return
        with self._lock:
            if plan.sample is not None:
                self._times[plan.sample] = seconds / rows
                if len(self._times) == len(_SAMPLES):
                    self._search = self._times[2] < self._times[3]
                    self._left = _ROWS_PER_SAMPLE
                return
            self._left -= rows
            if self._left <= 0:  # sample again; the code is already warm
                self._times = {n: time for n, time in self._times.items() if n < 2}
