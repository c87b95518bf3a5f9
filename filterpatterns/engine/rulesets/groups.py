"""Which patterns are evaluated together, and their trees, made when a record needs them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from filterpatterns.engine.rulesets.clauses import Clause
from filterpatterns.matching.budget import Budget
from filterpatterns.matching.match_tree import Conjunctions
from filterpatterns.matching.verdict import Payloads
from filterpatterns.matching.verdicts import Group, partitioned

_MOST_CONJUNCTIONS = 1 << 11
"""Conjunctions of many rules that are evaluated together."""

_FEW_PATTERNS = 2
"""Up to so many patterns are evaluated each by itself."""

_MOST_TESTS = 64
"""Tests up to which a pattern is evaluated together with others."""

_FREE_TESTS = 16
_STEPS_PER_TEST = 10
"""The cost of each further test of a pattern, in steps of a search: its place in a tree may have to
be made."""

_MOST_KEPT = 1 << 16
"""Tests of all patterns whose trees are kept, of those that are evaluated by themselves."""


class TreeCache:
    """The trees of patterns that are evaluated by themselves; of any versions of a rule set."""

    __slots__ = ("_groups", "_tests")

    def __init__(self) -> None:
        self._groups: dict[Conjunctions, Group] = {}
        self._tests = 0

    def __getitem__(self, conjunctions: Conjunctions) -> Group:
        group = self._groups.get(conjunctions)
        if group is None:
            self._tests += len(conjunctions.tests)
            if self._tests > _MOST_KEPT:
                self._groups.clear()
                self._tests = len(conjunctions.tests)
            group = self._groups[conjunctions] = Group((conjunctions,))
        return group


class Groups:
    """The patterns of a version, by the groups in which they are evaluated.

    Threads may make a tree at the same time: then it is made twice.
    """

    __slots__ = ("_filed", "_made", "_together", "cache")

    def __init__(self, filed: Mapping[Any, Iterable[tuple[Any, Clause]]], cache: TreeCache) -> None:
        self._filed = filed
        self.cache = cache
        self._together: dict[Conjunctions, tuple[Conjunctions, ...]] = {}
        self._made: dict[tuple[Conjunctions, ...], Group] = {}

    def holding(self, asked: Mapping[Conjunctions, int], payloads: Payloads) -> dict[Any, int]:
        """Return which of the conjunctions asked for hold for a record with these payloads.

        Raises:
            RecordError: that takes more than is left of the record's budget.
        """
        held: dict[Conjunctions, int] = {}
        _spend_for_tests(asked, payloads.budget)
        for number, (group, members) in enumerate(self._groups(list(asked))):
            if number:
                payloads.budget.spend_for_walks()
            mask = 0
            for conjunctions in members:
                mask |= asked[conjunctions] << group.starts[conjunctions]
            holding = group.holding(payloads, mask)
            for conjunctions in members:
                held[conjunctions] = holding >> group.starts[conjunctions]
        return held

    def _groups(self, asked: list[Conjunctions]) -> Iterator[tuple[Group, list[Conjunctions]]]:
        """Yield the groups of some patterns, each with those of them that it has."""
        together: dict[tuple[Conjunctions, ...], list[Conjunctions]] = {}
        for conjunctions in asked:
            if len(asked) <= _FEW_PATTERNS or len(conjunctions.tests) > _MOST_TESTS:
                yield self.cache[conjunctions], [conjunctions]
            else:
                together.setdefault(self._members(conjunctions), []).append(conjunctions)
        for members, chosen in together.items():
            group = self._made.get(members)
            if group is None:
                group = self._made[members] = Group(members)
            yield group, chosen

    def _members(self, conjunctions: Conjunctions) -> tuple[Conjunctions, ...]:
        """Return the patterns that are evaluated together with one, itself among them."""
        if conjunctions not in self._together:
            clauses = (clause for filed in self._filed.values() for _, clause in filed)
            patterns = {
                clause.conjunctions: None
                for clause in clauses
                if len(clause.conjunctions.tests) <= _MOST_TESTS
            }
            for members in partitioned(patterns, _MOST_CONJUNCTIONS):
                self._together.update(dict.fromkeys(members, members))
        return self._together[conjunctions]


def _spend_for_tests(asked: Iterable[Conjunctions], budget: Budget) -> None:
    """Count the tests of large patterns.

    Raises:
        RecordError: there are too many.
    """
    tests = sum(max(0, len(conjunctions.tests) - _FREE_TESTS) for conjunctions in asked)
    budget.spend_for_tests(_STEPS_PER_TEST * tests)
