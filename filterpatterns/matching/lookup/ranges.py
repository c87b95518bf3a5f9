"""Numeric ranges: which of them contain a number, by its place among the sorted bounds.

The bounds cut the numbers into elementary intervals: each bound itself, and the gaps before,
between and after them. What is filed for an interval is complete: a lookup is one bisection.
"""

from __future__ import annotations

import math
import threading
from bisect import bisect_left, bisect_right
from typing import Generic

from filterpatterns.language.operators import Numeric
from filterpatterns.matching.lookup.payloads import Filed, Kind

Number = int | float

_SETTLING = threading.Lock()

_FEW = 16
"""The number of things up to which they are filed one by one."""


class Ranges(Generic[Filed]):
    """Things filed under ranges. Changed only by the code that made or copied it."""

    __slots__ = ("_added", "_bounds", "_intervals", "_kind")

    def __init__(self, kind: Kind[Filed]) -> None:
        self._kind = kind
        self._bounds: list[Number] = []
        # The gap before bound i is at 2i, the bound itself at 2i + 1; the last gap is at the end.
        self._intervals: list[Filed] = [kind.nothing]
        self._added: list[tuple[Numeric, Filed]] = []  # not yet part of the intervals

    def copy(self) -> Ranges[Filed]:
        """Return a copy that can be changed independently."""
        self._settle()
        other = Ranges(self._kind)
        other._bounds = self._bounds.copy()
        other._intervals = self._intervals.copy()
        return other

    def __len__(self) -> int:
        """Return how many elementary intervals there are, at most; the first, which always exists,
        counts if anything is filed there: ranges can cover all numbers, without any bound."""
        return len(self._intervals) - (not self._intervals[0]) + 4 * len(self._added)

    def find(self, number: Number) -> Filed:
        """Return what is filed under ranges that contain the number."""
        if self._added:
            self._settle()
        bounds = self._bounds
        return self._intervals[bisect_left(bounds, number) + bisect_right(bounds, number)]

    @property
    def table(self) -> tuple[list[Number], list[Filed]]:
        """The sorted bounds, and the intervals: that of a number is at the number of bounds below
        it plus the number of bounds up to it."""
        self._settle()
        return self._bounds, self._intervals

    def add(self, rule: Numeric, filed: Filed) -> None:
        """File something under a range."""
        self._added.append((rule, filed))

    def _settle(self) -> None:
        """Make what has been added part of the intervals."""
        if not self._added:
            return
        with _SETTLING:
            if len(self._added) > _FEW:
                self._file_all(self._added)
            else:
                for rule, filed in self._added:
                    self._file(rule, filed)
            self._added = []  # last: threads that see this see the intervals

    def _file_all(self, added: list[tuple[Numeric, Filed]]) -> None:
        """File many things by a segment tree: one by one would take quadratic time if the ranges
        overlap."""
        join, nothing = self._kind.join, self._kind.nothing
        old, before = self._bounds, self._intervals
        edges = {edge for rule, _ in added for edge in (rule.lower, rule.upper)}
        self._bounds = sorted({*old, *filter(math.isfinite, edges)})
        leaves: list[Filed] = []
        for bound in self._bounds:
            place = bisect_left(old, bound)
            known = place < len(old) and old[place] == bound
            leaves += [before[2 * place], before[2 * place + known]]
        self._intervals = [*leaves, before[-1]]
        size = len(self._intervals)
        tree = [*([nothing] * size), *self._intervals]
        for rule, filed in added:
            span = self._span(rule)
            first, end = span.start + size, span.stop + size
            while first < end:
                if first & 1:
                    tree[first] = join(tree[first], filed)
                    first += 1
                if end & 1:
                    end -= 1
                    tree[end] = join(tree[end], filed)
                first >>= 1
                end >>= 1
        for node in range(1, size):
            if tree[node]:
                for below in (2 * node, 2 * node + 1):
                    tree[below] = join(tree[below], tree[node])
        self._intervals = tree[size:]

    def _file(self, rule: Numeric, filed: Filed) -> None:
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
        self._settle()
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
