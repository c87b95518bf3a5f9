"""Blocks of clauses, each a bit in masks: a column for each path says which clauses fail there.

A column costs one look-up and two operations on masks, however many clauses there are.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from filterpatterns.engine.rulesets.clauses import Clause
from filterpatterns.engine.rulesets.finder import Finder
from filterpatterns.engine.rulesets.paths import Values
from filterpatterns.engine.rulesets.payloads import MASKS
from filterpatterns.engine.rulesets.probes import Probe, probe
from filterpatterns.language.operators import AnythingBut, Exactly, Exists, Operator
from filterpatterns.language.operators.equality import EqualsNumber
from filterpatterns.matching.match_tree import FieldTest

_MOST_COLUMNS = 64
"""Paths in a block, unless a single clause has more: each costs every record something."""

_MOST_CLAUSES = 1 << 14
_MOST_BITS = 1 << 28
"""All masks of a block together: 32 MiB. Each key has one, so that many keys make small blocks."""

_FEW = 12
"""Up to so many bits are taken from a mask one by one, each with three operations on it; beyond, it
is cheaper to write the mask out in digits and look for them."""


class Column:
    """What one path must satisfy in the clauses of a block, as masks."""

    __slots__ = (
        "_anything",
        "_excluded",
        "_excluding",
        "_found",
        "_optional",
        "_several",
        "fails_without",
        "tested",
    )

    def __init__(self) -> None:
        self.tested = 0
        self.fails_without = 0  # tested, and absence will not do
        self._optional = 0
        self._anything = 0  # any value will do
        self._found = Finder(MASKS)
        self._excluding = 0  # an anything-but, which excludes what `_excluded` finds
        self._excluded = Finder(MASKS)
        # Tests of several anything-buts; the clauses of a rule's alternatives may share one.
        self._several: dict[FieldTest, tuple[Probe, int]] = {}

    def copy(self) -> Column:
        """One with the same content that can be changed by itself."""
        other = Column()
        other.tested, other.fails_without = self.tested, self.fails_without
        other._optional, other._anything = self._optional, self._anything
        other._found, other._excluded = self._found.copy(), self._excluded.copy()
        other._excluding, other._several = self._excluding, self._several.copy()
        return other

    def keys(self) -> int:
        """How many masks there are."""
        return len(self._found) + len(self._excluded) + len(self._several) + 5

    def add(self, test: FieldTest, bit: int) -> None:
        """Add a clause's test."""
        self.tested |= bit
        if test.optional:
            self._optional |= bit
        else:
            self.fails_without |= bit
        excluding = [rule for rule in test.rules if isinstance(rule, AnythingBut)]
        if len(excluding) > 1:
            holds, mask = self._several.get(test) or (probe(test), 0)
            self._several[test] = holds, mask | bit
            return
        for rule in test.rules:
            if isinstance(rule, Exists):
                self._anything |= bit
            elif isinstance(rule, AnythingBut):
                self._excluding |= bit
                for excluded in _excluded(rule):
                    self._excluded.add(excluded, bit)
            else:
                self._found.add(rule, bit)

    def discard(self, test: FieldTest, bit: int) -> None:
        """Take a clause's test away."""
        self.tested &= ~bit
        self.fails_without &= ~bit
        self._optional &= ~bit
        self._anything &= ~bit
        self._excluding &= ~bit
        if test in self._several:
            holds, mask = self._several.pop(test)
            if mask & ~bit:
                self._several[test] = holds, mask & ~bit
            return
        for rule in test.rules:
            if isinstance(rule, AnythingBut):
                for excluded in _excluded(rule):
                    self._excluded.discard(excluded, bit)
            else:
                self._found.discard(rule, bit)

    def passing(self, values: list[Any], bound: bool) -> int:
        """The clauses whose test here holds for any of the values, or (`bound`) may hold."""
        passed = self._anything
        for value in values:
            for mask in self._found.find(value):
                passed |= mask
            if self._excluding:
                excluded = 0
                for mask in self._excluded.find(value):
                    excluded |= mask
                passed |= self._excluding & ~excluded
        for holds, mask in self._several.values():
            if holds(values):
                passed |= mask
        return passed | self._optional if bound else passed


def _excluded(rule: AnythingBut) -> Iterator[Operator]:
    """The rules that hold for what an anything-but excludes."""
    yield from map(Exactly, rule.strings)
    for number in rule.numbers:
        yield EqualsNumber(number, None)
    yield from rule.rules


class Block:
    """Clauses, each with a bit. Changed only by whose `owner` token it has."""

    __slots__ = ("_clauses", "_columns", "_free", "_keys", "_owned", "alive", "owner")

    def __init__(self, owner: object) -> None:
        self.owner = owner
        self.alive = 0
        self._clauses: list[Clause | None] = []
        self._free: list[int] = []
        self._columns: dict[str, Column] = {}
        self._keys = 0
        self._owned: set[str] = set()  # the columns that are no other version's as well

    def copy(self, owner: object) -> Block:
        """One with the same content that the owner can change."""
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
        """Whether it has so many paths that others should go elsewhere."""
        return len(self._columns) >= _MOST_COLUMNS // 2

    def __contains__(self, path: str) -> bool:
        return path in self._columns

    def add(self, clause: Clause) -> int:
        """Add a clause; gives its position."""
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
        """Take the clause at a position away."""
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
        """The clauses whose tests hold, or may hold where arrays bind."""
        fails = 0
        leaves, bound = found.leaves, found.bound
        for path, column in self._columns.items():
            values = leaves.get(path)
            if values is None:
                fails |= column.fails_without
            else:
                fails |= column.tested ^ column.passing(values, path in bound)
        hits = self.alive & ~fails
        return _at(hits, self._clauses) if hits else []


def _at(bits: int, clauses: list[Clause | None]) -> list[Any]:
    if bits.bit_count() > _FEW:
        digits = bin(bits)
        last = end = len(digits)
        found = []
        while (end := digits.rfind("1", 2, end)) > 0:
            found.append(clauses[last - 1 - end])
        return found
    found = []
    while bits:
        lowest = bits & -bits
        found.append(clauses[lowest.bit_length() - 1])
        bits ^= lowest
    return found
