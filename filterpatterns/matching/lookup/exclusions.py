"""Tests with several `anything-but`: each of these excludes what it says, and a value satisfies the
test unless all of them exclude it.

Every `anything-but` has a bit; one look-up tells which of them exclude a value.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from filterpatterns.jsontext.python_values import safe_key
from filterpatterns.language.operators import AnythingBut, Exactly, Operator
from filterpatterns.language.operators.equality import EqualsNumber
from filterpatterns.matching.budget import Budget
from filterpatterns.matching.lookup.finder import Finder
from filterpatterns.matching.lookup.payloads import MASKS
from filterpatterns.matching.match_tree import FieldTest

_MOST_TOGETHER = 1 << 12
"""The anything-buts of a group of tests: masks have a bit for each."""

_Group = tuple[Finder[int], list[tuple[int, int]]]
"""What finds the anything-buts that exclude a value; and those of each test, with its clauses."""


def excluded_by(rule: AnythingBut) -> Iterator[Operator]:
    """Yield the rules that match what an anything-but excludes."""
    yield from map(Exactly, rule.strings)
    for number in rule.numbers:
        yield EqualsNumber(number)
    yield from rule.rules


class Exclusions:
    """Such tests, with the masks of the clauses that have them. What a look-up needs is made when
    it is first needed."""

    __slots__ = ("_made", "_masks")

    def __init__(self) -> None:
        self._masks: dict[FieldTest, int] = {}
        self._made: list[_Group] | None = None

    def copy(self) -> Exclusions:
        """Return a copy that can be changed independently."""
        other = Exclusions()
        other._masks = self._masks.copy()
        return other

    def __len__(self) -> int:
        return len(self._masks)

    def __contains__(self, test: FieldTest) -> bool:
        return test in self._masks

    def add(self, test: FieldTest, bit: int) -> None:
        """Add a clause's test."""
        self._masks[test] = self._masks.get(test, 0) | bit
        self._made = None

    def discard(self, test: FieldTest, bit: int) -> None:
        """Remove a clause's test."""
        left = self._masks.pop(test) & ~bit
        if left:
            self._masks[test] = left
        self._made = None

    def passing(self, values: Sequence[Any], budget: Budget | None) -> int:
        """Return the clauses for whose test not all of its anything-buts exclude one of the values.

        Raises:
            RecordError: that takes more than is left of the record's budget, if one is given.
        """
        made = self._made
        if made is None:
            made = self._made = list(self._make())
        passed = 0
        for finder, tests in made:
            if budget is not None:
                budget.spend_for_values(len(values))
            passed |= _passing(finder, tests, values, budget)
        return passed

    def _make(self) -> Iterator[_Group]:
        """Yield groups of tests, of not too many anything-buts: each has a bit in masks."""
        group: _Group = Finder(MASKS), []
        numbers: dict[AnythingBut, int] = {}
        for test, mask in self._masks.items():
            if len(numbers) > _MOST_TOGETHER:
                yield group
                group, numbers = (Finder(MASKS), []), {}
            finder, tests = group
            rules = 0
            for rule in test.rules:
                if not isinstance(rule, AnythingBut):
                    continue
                if rule not in numbers:
                    numbers[rule] = len(numbers)
                    for excluded in excluded_by(rule):
                        finder.add(excluded, 1 << numbers[rule])
                rules |= 1 << numbers[rule]
            tests.append((rules, mask))
        yield group


def _passing(
    finder: Finder[int],
    pending: list[tuple[int, int]],
    values: Sequence[Any],
    budget: Budget | None,
) -> int:
    passed = 0
    known: set[int | bytes] = set()
    for value in values:
        excluding = 0
        for mask in finder.find(value, budget):
            excluding |= mask
        key = safe_key(excluding)
        if key in known:
            continue
        known.add(key)
        if budget is not None:
            budget.spend_for_values(1 + (len(pending) >> 2))
        left = []
        for rules, mask in pending:
            if rules & ~excluding:
                passed |= mask
            else:
                left.append((rules, mask))
        if not left:
            break
        pending = left
    return passed
