"""Conjunctions -> clauses: plain lists of tests, for each situation of the format table."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from msgspec import Struct

from filterpatterns.delivery.sources import FormatAction, PayloadFormat, Source
from filterpatterns.language.operators import AnythingBut, Exists
from filterpatterns.matching.match_tree import Conjunction, FieldTest, Payload


class Rule(Struct, frozen=True, eq=False):
    """A name in a rule set; `order` says when it was added."""

    order: int
    name: str


class Clause(Struct, frozen=True, eq=False):
    """Tests that must all hold, in one situation, for the rule to match."""

    rule: Rule
    conjunction: Conjunction
    tests: tuple[FieldTest, ...]

    def is_ambiguous(self, bound: set[str]) -> bool:
        """Whether the values by path do not settle it: two of its tests, or one for absence, are
        about elements of arrays."""
        inside = [test for test in self.tests if test.path in bound]
        return len(inside) > 1 or any(test.optional for test in inside)


PayloadFormats = tuple[tuple[str, ...], tuple[PayloadFormat, ...]]
"""The payload keys that a conjunction names, and the format that each of these payloads has."""


def clauses_of(
    conjunction: Conjunction, rule: Rule, source: Source
) -> Iterator[tuple[PayloadFormats, Clause]]:
    """The clauses of a conjunction; there is none for a situation in which it cannot hold."""
    keys = tuple(conjunction.payloads)
    for formats in product(PayloadFormat, repeat=len(keys)):
        tests = list(conjunction.metadata.tests())
        for key, found in zip(keys, formats, strict=True):
            wanted = conjunction.payloads[key]
            steps = {form: source.formats[found, form] for form in wanted.formats}
            if FormatAction.DROP in steps.values():
                break
            if steps.get(found) is FormatAction.FILTER:
                tests += _tests(wanted, found)
        else:
            tests.sort(key=_holds_often)
            yield (keys, formats), Clause(rule, conjunction, tuple(tests))


def _tests(wanted: Payload, found: PayloadFormat) -> list[FieldTest]:
    if found is PayloadFormat.JSON and wanted.json is not None:
        return list(wanted.json.tests())
    return [] if wanted.string is None else [wanted.string]


def _holds_often(test: FieldTest) -> int:
    """Sorts first what is likely to fail."""
    if test.optional:
        return 2
    return int(any(isinstance(rule, (AnythingBut, Exists)) for rule in test.rules))
