"""Numeric ranges: which of them contain a number, by its place among the sorted bounds.

The bounds cut the numbers into elementary intervals: each bound itself, and the gaps before,
between and after them. What is filed for an interval is complete: a lookup is one bisection.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from typing import Generic

from filterpatterns.language.operators import Numeric
from filterpatterns.matching.lookup.payloads import Filed, Kind

Number = int | float


class Ranges(Generic[Filed]):
    """Things filed under ranges. Changed only by the code that made or copied it."""

    __slots__ = ("_bounds", "_intervals", "_kind")

    def __init__(self, kind: Kind[Filed]) -> None:
        self._kind = kind
        self._bounds: list[Number] = []
        # The gap before bound i is at 2i, the bound itself at 2i + 1; the last gap is at the end.
        self._intervals: list[Filed] = [kind.nothing]

    def copy(self) -> Ranges[Filed]:
        """Return a copy that can be changed independently."""
        other = Ranges(self._kind)
        other._bounds = self._bounds.copy()
        other._intervals = self._intervals.copy()
        return other

    def __len__(self) -> int:
        """Return how many elementary intervals there are besides the first, which always exists."""
        return len(self._intervals) - 1

    def find(self, number: Number) -> Filed:
        """Return what is filed under ranges that contain the number."""
        bounds = self._bounds
        return self._intervals[bisect_left(bounds, number) + bisect_right(bounds, number)]

    @property
    def table(self) -> tuple[list[Number], list[Filed]]:
        """The sorted bounds, and the intervals: that of a number is at the number of bounds below
        it plus the number of bounds up to it."""
        return self._bounds, self._intervals

    def add(self, rule: Numeric, filed: Filed) -> None:
        """File something under a range."""
        for bound in (rule.lower, rule.upper):
            self._split_at(bound)
        join, old = self._kind.join, None
        for index in self._span(rule):
            if old is not self._intervals[index]:  # neighbours that share a value still do
                old = self._intervals[index]
                new = join(old, filed)
            self._intervals[index] = new

    def discard(self, rule: Numeric, filed: Filed) -> None:
        """Remove something that was filed under that range."""
        without = self._kind.without
        for bound in (rule.lower, rule.upper):
            self._split_at(bound)  # another range of the same thing may have restored it
        for index in self._span(rule):
            self._intervals[index] = without(self._intervals[index], filed)
        for bound in (rule.lower, rule.upper):
            self._mend(bound)

    def _span(self, rule: Numeric) -> range:
        first, last = 0, len(self._intervals) - 1
        if math.isfinite(rule.lower):
            first = 2 * bisect_left(self._bounds, rule.lower) + (2 if rule.lower_open else 1)
        if math.isfinite(rule.upper):
            last = 2 * bisect_left(self._bounds, rule.upper) + (0 if rule.upper_open else 1)
        return range(first, last + 1)

    def _split_at(self, bound: Number) -> None:
        place = bisect_left(self._bounds, bound)
        known = place < len(self._bounds) and self._bounds[place] == bound
        if math.isfinite(bound) and not known:
            self._bounds.insert(place, bound)
            gap = self._intervals[2 * place]
            self._intervals[2 * place : 2 * place] = [gap, gap]

    def _mend(self, bound: Number) -> None:
        """Remove a bound at which nothing changes any more."""
        place = bisect_left(self._bounds, bound)
        if place == len(self._bounds) or self._bounds[place] != bound:
            return
        before, at, after = self._intervals[2 * place : 2 * place + 3]
        if before == at == after:
            del self._bounds[place]
            del self._intervals[2 * place : 2 * place + 2]
