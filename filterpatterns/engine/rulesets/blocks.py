"""Blocks of clauses, each a bit in masks: a column for each path says which clauses fail there.

A column costs one look-up and two operations on masks, however many clauses there are.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from filterpatterns.engine.rulesets.clauses import Clause
from filterpatterns.engine.rulesets.paths import Values
from filterpatterns.matching.lookup.column import Column

_MOST_COLUMNS = 64
"""The number of paths in a block, unless a single clause has more: each path has a cost for every
record."""

_MOST_CLAUSES = 1 << 14
_MOST_BITS = 1 << 28
"""The size of all masks of a block together: 32 MiB. Each key has a mask, so blocks with many keys
are small."""

_FEW = 12
"""Up to this many bits are taken from a mask one by one, with three operations on it each. Beyond
that, it is cheaper to convert the mask to digits and search these."""


class Block:
    """Clauses, each with a bit. Only the holder of its `owner` token may change it."""

    __slots__ = ("_clauses", "_columns", "_free", "_keys", "_owned", "alive", "owner")

    def __init__(self, owner: object) -> None:
        self.owner = owner
        self.alive = 0
        self._clauses: list[Clause | None] = []
        self._free: list[int] = []
        self._columns: dict[str, Column] = {}
        self._keys = 0
        self._owned: set[str] = set()  # the columns that are not shared with another version

    def copy(self, owner: object) -> Block:
        """Return a block with the same content that the owner can change."""
        other = Block(owner)
        other.alive, other._keys = self.alive, self._keys
        other._clauses, other._free = self._clauses.copy(), self._free.copy()
        other._columns = self._columns.copy()
        return other

    def takes(self, clause: Clause) -> bool:
        """Whether there is room for the clause."""
        if not self.alive:
            return True
        columns = len(self._columns.keys() | {test.path for test in clause.tests})
        keys = self._keys + sum(2 * len(test.rules) + 8 for test in clause.tests)
        room = bool(self._free) or len(self._clauses) < _MOST_CLAUSES
        fits = columns <= max(_MOST_COLUMNS, len(self._columns))
        return room and fits and keys * len(self._clauses) < _MOST_BITS

    def is_wide(self) -> bool:
        """Whether it has so many paths that other paths should go elsewhere."""
        return len(self._columns) >= _MOST_COLUMNS // 2

    def __contains__(self, path: str) -> bool:
        return path in self._columns

    def add(self, clause: Clause) -> int:
        """Add a clause; return its position."""
        if self._free:
            position = self._free.pop()
            self._clauses[position] = clause
        else:
            position = len(self._clauses)
            self._clauses.append(clause)
        bit = 1 << position
        for test in clause.tests:
            column = self._own(test.path)
            before = column.keys()
            column.add(test, bit)
            self._keys += column.keys() - before
        self.alive |= bit
        return position

    def discard(self, position: int) -> None:
        """Remove the clause at a position."""
        clause = self._clauses[position]
        assert clause is not None
        bit = 1 << position
        for test in clause.tests:
            column = self._own(test.path)
            before = column.keys()
            column.discard(test, bit)
            self._keys += column.keys() - before
            if not column.tested:
                del self._columns[test.path]
        self.alive &= ~bit
        self._clauses[position] = None
        self._free.append(position)

    def _own(self, path: str) -> Column:
        if path not in self._owned:
            column = self._columns.get(path)
            self._columns[path] = Column() if column is None else column.copy()
            self._owned.add(path)
        return self._columns[path]

    def matching(self, found: Values) -> list[Clause]:
        """The clauses whose tests match, or may match if arrays bind."""
        fails = 0
        leaves, bound = found.leaves, found.bound
        for path, column in self._columns.items():
            values = leaves.get(path)
            if values is None:
                fails |= column.fails_without
            else:
                fails |= column.tested ^ column.passing(values, path in bound)
        hits = self.alive & ~fails
        return clauses_at(hits, self._clauses) if hits else []

    @property
    def columns(self) -> Mapping[str, Column]:
        """The columns by path. A clause fails in a column, or matches."""
        return self._columns

    @property
    def clauses(self) -> list[Clause | None]:
        """The clauses by position."""
        return self._clauses


def clauses_at(bits: int, clauses: list[Clause | None]) -> list[Any]:
    """The clauses whose bits are set."""
    if bits.bit_count() > _FEW:
        digits = bin(bits)
        last = end = len(digits)
        found = []
        while (end := digits.rfind("1", 2, end)) > 0:
            found.append(clauses[last - 1 - end])
        return found
    found = []
    while bits:
        place = bits.bit_length() - 1  # the highest, so that a long mask need not be negated
        found.append(clauses[place])
        bits ^= 1 << place
    return found
