"""A column of masks: which of many tests of one path match its values.

It costs one lookup and two operations on masks, for any number of tests.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from filterpatterns.language.operators import AnythingBut, Exists
from filterpatterns.matching.budget import Budget
from filterpatterns.matching.lookup.exclusions import Exclusions, excluded_by
from filterpatterns.matching.lookup.finder import Finder, Tables
from filterpatterns.matching.lookup.payloads import MASKS
from filterpatterns.matching.match_tree import FieldTest

_FEW = 16
"""Values that need not be counted."""


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
        self._several = Exclusions()

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
            self._several.add(test, bit)
        for rule in test.rules:
            if isinstance(rule, Exists):
                self._anything |= bit
            elif not isinstance(rule, AnythingBut):
                self._found.add(rule, bit)
            elif len(excluding) == 1:
                self._excluding |= bit
                for excluded in excluded_by(rule):
                    self._excluded.add(excluded, bit)

    def discard(self, test: FieldTest, bit: int) -> None:
        """Remove a clause's test."""
        self.tested &= ~bit
        self.fails_without &= ~bit
        self._optional &= ~bit
        self._anything &= ~bit
        self._excluding &= ~bit
        is_several = test in self._several
        if is_several:
            self._several.discard(test, bit)
        for rule in test.rules:
            if not isinstance(rule, AnythingBut):
                self._found.discard(rule, bit)
            elif not is_several:
                for excluded in excluded_by(rule):
                    self._excluded.discard(excluded, bit)

    def passing(self, values: Sequence[Any], bound: bool, budget: Budget | None = None) -> int:
        """Return the clauses whose test here matches any of the values, or (`bound`) may match.

        Raises:
            RecordError: that takes more than is left of the record's budget, if one is given.
        """
        passed = self._anything
        if budget is not None and len(values) > _FEW:
            budget.spend_for_values(len(values))
        has_found = bool(self._found)
        for value in values:
            if has_found:
                for mask in self._found.find(value, budget):
                    passed |= mask
            if self._excluding:
                excluded = 0
                for mask in self._excluded.find(value, budget):
                    excluded |= mask
                passed |= self._excluding & ~excluded
        if self._several:
            passed |= self._several.passing(values, budget)
        return passed | self._optional if bound else passed
