"""What tests cost: where arrays are long, some are better left to the evaluator."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from filterpatterns.codegen.expressions import plain_string
from filterpatterns.language.operators import AnythingBut, Operator, weight
from filterpatterns.matching.match_tree import Conjunction, FieldTest

COSTLY: Final = 16
"""Tests, each counted with its rules, beyond which the elements of long arrays are better looked at
for all tests together; that is what the evaluator does."""

COSTLY_IN_DICTS: Final = 6
"""The same for arrays in dicts, whose leaves the interpreter tests."""


def cost(test: FieldTest) -> int:
    """What a test costs for each element of an array: all plain strings together are one, and so
    are those that an `anything-but` excludes."""
    return 1 + sum(_cost(rule) for rule in test.rules if plain_string(rule) is None)


def _cost(rule: Operator) -> int:
    if isinstance(rule, AnythingBut):
        return max(1, sum(map(weight, rule.rules)))
    return weight(rule)


def is_costly(conjunctions: Iterable[Conjunction], key: str | None) -> bool:
    """Whether the tests below a payload key cost much together."""
    nodes = [one.payloads[key].json for one in conjunctions if key in one.payloads]
    return sum(cost(test) for node in nodes if node for test in node.tests()) > COSTLY
