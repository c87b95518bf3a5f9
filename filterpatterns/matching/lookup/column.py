"""A column of masks: which of many tests of one path match its values.

It costs one lookup and two operations on masks, for any number of tests.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from filterpatterns.language.operators import AnythingBut, Exactly, Exists, Operator
from filterpatterns.language.operators.equality import EqualsNumber
from filterpatterns.matching.lookup.finder import Finder, Tables
from filterpatterns.matching.lookup.payloads import MASKS
from filterpatterns.matching.lookup.probes import Probe, probe
from filterpatterns.matching.match_tree import FieldTest


class ColumnParts(NamedTuple):
    """The parts of a column, for generated code: the clauses that any value satisfies, and the
    tables of those that a certain value satisfies; the clauses that exclude values, and their
    tables."""

    anything: int
    found: Tables
    excluding: int
    excluded: Tables


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
        self.fails_without = 0  # tested, and absence does not suffice
        self._optional = 0
        self._anything = 0  # any value suffices
        self._found = Finder(MASKS)
        self._excluding = 0  # an anything-but, which excludes what `_excluded` finds
        self._excluded = Finder(MASKS)
        # Tests of several anything-buts; the clauses of a rule's alternatives may share one.
        self._several: dict[FieldTest, tuple[Probe, int]] = {}

    def copy(self) -> Column:
        """Return a copy that can be changed independently."""
        other = Column()
        other.tested, other.fails_without = self.tested, self.fails_without
        other._optional, other._anything = self._optional, self._anything
        other._found, other._excluded = self._found.copy(), self._excluded.copy()
        other._excluding, other._several = self._excluding, self._several.copy()
        return other

    def parts(self) -> ColumnParts | None:
        """The parts that `passing` uses for a value; None if it does more than that."""
        found, excluded = self._found.tables(), self._excluded.tables()
        if found is None or excluded is None or self._several:
            return None
        return ColumnParts(self._anything, found, self._excluding, excluded)

    def keys(self) -> int:
        """Return the number of masks."""
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
        """Remove a clause's test."""
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
        """Return the clauses whose test here matches any of the values, or (`bound`) may match."""
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
    """Return the rules that match what an anything-but excludes."""
    yield from map(Exactly, rule.strings)
    for number in rule.numbers:
        yield EqualsNumber(number)
    yield from rule.rules
