"""Tests as functions over all values of a path, called once for each candidate of a record."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from filterpatterns.jsontext.numbers import SAFE
from filterpatterns.language.operators import (
    AnythingBut,
    Equals,
    Exactly,
    Exists,
    Numeric,
    Operator,
)
from filterpatterns.matching.budget import Budget
from filterpatterns.matching.lookup.column import Column
from filterpatterns.matching.match_tree import FieldTest

Probe = Callable[[list[Any]], bool]
"""Whether any of the values, which are JSON values (or Decimals), satisfies a test."""

_FEW_RULES = 6
"""Rules up to which each is asked."""


class LookUp:
    """A probe for many rules, which looks values up: within a budget, if one is given."""

    __slots__ = ("_column", "_test")

    def __init__(self, test: FieldTest) -> None:
        self._test = test
        self._column: Column | None = None

    def __call__(self, values: list[Any], budget: Budget | None = None) -> bool:
        column = self._column
        if column is None:
            column = Column()
            column.add(self._test, 1)
            self._column = column
        return column.passing(values, False, budget) != 0


def probe(test: FieldTest) -> Probe:
    """Return the function for a test: a fast function for the most common rules."""
    if all(_text(rule) is not None for rule in test.rules):
        return _probe(test.rules)
    if test.weight() > _FEW_RULES:
        return LookUp(test)
    return _probe(test.rules) if len(test.rules) > 1 else _probe_of_one(test.rules)


@lru_cache(maxsize=1024)
def _probe_of_one(rules: tuple[Operator, ...]) -> Probe:
    """Return the function for a rule, which many tests may have."""
    return _probe(rules)


def _probe(rules: tuple[Operator, ...]) -> Probe:
    texts = [_text(rule) for rule in rules]
    if all(text is not None for text in texts):
        return _one_of(texts)
    if len(rules) == 1:
        (rule,) = rules
        if isinstance(rule, Exists):
            return bool
        if isinstance(rule, AnythingBut) and not (rule.numbers or rule.rules):
            return _none_of(frozenset(rule.strings))
        if isinstance(rule, Numeric) and all(
            abs(bound) <= SAFE for bound in (rule.lower, rule.upper) if math.isfinite(bound)
        ):
            return _within(rule)
    return _any(rules)


def _text(rule: Operator) -> str | None:
    if isinstance(rule, Exactly):
        return rule.text
    return rule.value if isinstance(rule, Equals) and isinstance(rule.value, str) else None


def _one_of(texts: list[str | None]) -> Probe:
    if len(texts) == 1:
        return lambda values: texts[0] in values
    wanted = frozenset(texts)
    return lambda values: any(value.__class__ is str and value in wanted for value in values)


def _none_of(excluded: frozenset[str]) -> Probe:
    return lambda values: any(
        value.__class__ is not str or value not in excluded for value in values
    )


def _within(rule: Numeric) -> Probe:
    lower, upper, slow = rule.lower, rule.upper, rule.holds

    def holds(values: list[Any]) -> bool:
        for value in values:
            kind = value.__class__
            if (kind is int or kind is float) and -SAFE <= value <= SAFE:
                # on a bound the rule is evaluated
                if lower < value < upper or (value in (lower, upper) and slow(value)):
                    return True
            elif slow(value):
                return True
        return False

    return holds


def _any(rules: tuple[Operator, ...]) -> Probe:
    tests = [rule.holds for rule in rules]

    def holds(values: list[Any]) -> bool:
        for value in values:
            for test in tests:
                if test(value):
                    return True
        return False

    return holds
