"""Converts patterns to clauses: plain lists of tests for each combination of payload formats."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

from msgspec import Struct

from filterpatterns.delivery.sources import FormatAction, PayloadFormat, Source
from filterpatterns.language.operators import AnythingBut, Exists
from filterpatterns.matching.budget import Budget
from filterpatterns.matching.combinations import bits
from filterpatterns.matching.match_tree import Conjunctions, FieldTest, PlacedTest


class Rule(Struct, frozen=True, eq=False):
    """A name in a rule set; `order` is its place in the order of addition."""

    order: int
    name: str


class Clause(Struct, frozen=True, eq=False, gc=False):
    """Tests that must all match, for one combination of payload formats, for some conjunctions of
    the rule to match.

    Usually this is a single conjunction (`mask` has its bit) with all its tests. If a pattern has
    very many, one clause represents all of them (`is_shared`): it has the tests that they share,
    and `others` has the tests of only some of them, with their masks.
    """

    rule: Rule
    conjunctions: Conjunctions
    mask: int
    tests: tuple[FieldTest, ...]
    others: tuple[tuple[FieldTest, int], ...]
    is_shared: bool

    def all_tests(self) -> Iterator[FieldTest]:
        """All tests of the conjunctions."""
        yield from self.tests
        for test, _ in self.others:
            yield test

    def is_ambiguous(self, bound: set[str]) -> bool:
        """Whether the values by path are not sufficient: two of the tests, or one for absence,
        apply to elements of arrays."""
        if not bound:
            return False
        inside = [test for test in self.all_tests() if test.path in bound]
        return len(inside) > 1 or any(test.optional for test in inside)

    def holding(self, leaves: Mapping[str, list[Any]], budget: Budget) -> int:
        """The conjunctions that match the values by path, given that the shared tests match and the
        clause is not ambiguous.

        Raises:
            RecordError: there are too many values and rules for the budget.
        """
        held = self.mask
        for test, mask in self.others:
            if not held & mask:
                continue
            values = leaves.get(test.path)
            if values is None:
                if not test.optional:
                    held &= ~mask
                continue
            if len(values) > _FEW:
                budget.spend_for_values(len(values) * test.weight())
            if not any(rule.holds(value) for rule in test.rules for value in values):
                held &= ~mask
        return held


PayloadFormats = tuple[tuple[str, ...], tuple[PayloadFormat, ...]]
"""The payload keys that a conjunction names, and the format that each of these payloads has."""

_FEW = 16
"""The number of values of a path up to which they need not be counted."""

_MOST_TESTS = 1_000
"""The number of tests, over all conjunctions of a pattern, up to which each conjunction has its own
clauses.
"""


def clauses_of(conjunctions: Conjunctions, rule: Rule) -> Iterator[tuple[PayloadFormats, Clause]]:
    """The clauses of a pattern; there is none for formats with which it cannot match."""
    is_shared = conjunctions.size() > _MOST_TESTS
    groups = _by_formats(conjunctions) if is_shared else _one_by_one(conjunctions)
    for mask, tests in groups:
        wanted = _wanted(conjunctions.source, {_kind(placed) for placed in tests})
        for formats in product(PayloadFormat, repeat=len(wanted)):
            filtered = _filtered(conjunctions.source, wanted, formats)
            if filtered is None:
                continue
            here = [placed for placed in tests if _kind(placed) in filtered]
            by_all = [placed.test for placed in here if placed.mask & mask == mask]
            by_all.sort(key=_holds_often)
            others = [(each.test, each.mask) for each in here if each.mask & mask != mask]
            clause = Clause(rule, conjunctions, mask, tuple(by_all), tuple(others), is_shared)
            yield (tuple(wanted), formats), clause


_Tests = list[PlacedTest]


def _one_by_one(conjunctions: Conjunctions) -> Iterator[tuple[int, _Tests]]:
    """Each conjunction, with its tests."""
    tests: dict[int, _Tests] = {place: [] for place in bits(conjunctions.alive)}
    for placed in conjunctions.tests:
        for place in bits(placed.mask & conjunctions.alive):
            tests[place].append(placed)
    return ((1 << place, its_tests) for place, its_tests in tests.items())


_Kind = tuple[str | None, PayloadFormat | None]


def _kind(placed: PlacedTest) -> _Kind:
    """What a test applies to: the record itself, or a payload in one format."""
    if placed.payload is None:
        return None, None
    is_string = placed.test.path == placed.payload
    return placed.payload, PayloadFormat.STRING if is_string else PayloadFormat.JSON


def _wanted(source: Source, kinds: set[_Kind]) -> dict[str, set[PayloadFormat]]:
    """The formats that conjunctions with tests of these kinds expect, by payload key."""
    wanted: dict[str, set[PayloadFormat]] = {}
    for key in source.payload_keys:
        formats = {form for payload, form in kinds if payload == key and form is not None}
        if formats:
            wanted[key] = formats
    return wanted


def _by_formats(conjunctions: Conjunctions) -> Iterator[tuple[int, _Tests]]:
    """All conjunctions, grouped by the formats that they expect, with their tests."""
    masks: dict[_Kind, int] = {}
    for placed in conjunctions.tests:
        kind = _kind(placed)
        masks[kind] = masks.get(kind, 0) | placed.mask
    masks.pop((None, None), None)
    groups = [conjunctions.alive]
    for mask in masks.values():
        groups = [part for group in groups for part in (group & mask, group & ~mask) if part]
    for group in groups:
        yield group, [placed for placed in conjunctions.tests if placed.mask & group]


def _filtered(
    source: Source, wanted: dict[str, set[PayloadFormat]], formats: tuple[PayloadFormat, ...]
) -> set[_Kind] | None:
    """What is tested if payloads have these formats; None if the record is dropped."""
    filtered: set[_Kind] = {(None, None)}
    for key, found in zip(wanted, formats, strict=True):
        steps = {form: source.formats[found, form] for form in wanted[key]}
        if FormatAction.DROP in steps.values():
            return None
        if steps.get(found) is FormatAction.FILTER:
            filtered.add((key, found))
    return filtered


def _holds_often(test: FieldTest) -> int:
    """A sort key that puts first what is likely to fail."""
    if test.optional:
        return 2
    return int(any(isinstance(rule, (AnythingBut, Exists)) for rule in test.rules))
