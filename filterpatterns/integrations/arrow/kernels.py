"""Finds the rows of native columns that may match with Arrow's own comparisons, before converting
any.

Arrow evaluates comparisons that every match satisfies, in a nanosecond or two per row. The
remaining rows are matched as usual, so nulls, digits of numbers and errors keep their meaning.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import types

from filterpatterns.integrations.arrow.columns import integers
from filterpatterns.language.operators.base import Operator
from filterpatterns.language.operators.equality import Equals, EqualsNumber
from filterpatterns.language.operators.numeric import Numeric
from filterpatterns.language.operators.text import Prefix, Suffix
from filterpatterns.matching.match_tree import Conjunctions, FieldTest, Matcher

_MOST_COMBINATIONS: Final = 16
"""The number of `$or` combinations that are evaluated one by one."""

Condition = Callable[[pa.Array], Any]
"""A function from an array of structs to Booleans, with null for false."""


def candidates(array: pa.StructArray, condition: Condition | None) -> Sequence[int] | None:
    """The rows that satisfy a condition, in order; None if Arrow cannot evaluate it."""
    if condition is None:
        return None
    try:
        return integers(pc.indices_nonzero(pc.fill_null(condition(array), False)))
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):  # e.g. integers that no double holds
        return None


def necessary(matcher: Matcher, kind: pa.DataType) -> Condition | None:
    """Return a condition that every matching struct of a type satisfies; None if Arrow has no
    comparison for it. The tests' paths are those of members of the struct.
    """
    if matcher.keep_all or not types.is_struct(kind):
        return None
    found: list[Condition] = []
    for pattern in matcher.patterns:
        if len(pattern) + len(found) > _MOST_COMBINATIONS:
            return None
        for index in range(pattern.count):
            if pattern.alive >> index & 1:
                condition = _combination(pattern, index, kind)
                if condition is None:
                    return None
                found.append(condition)
    return _folded(pc.or_kleene, found) if found else None


def _combination(pattern: Conjunctions, index: int, kind: pa.StructType) -> Condition | None:
    tests = [placed.test for placed in pattern.tests if placed.mask >> index & 1]
    found = [condition for test in tests if (condition := _test(test, kind)) is not None]
    return _folded(pc.and_kleene, found) if found else None


def _test(test: FieldTest, kind: pa.StructType) -> Condition | None:
    place = None if test.optional else _place(test.path.split("."), kind)
    if place is None:
        return None
    indices, leaf = place
    rules = [_rule(rule, leaf) for rule in test.rules]
    wanted = [rule for rule in rules if rule is not None]
    if len(wanted) < len(rules):
        return None
    holds = _folded(pc.or_kleene, wanted)
    return lambda array: holds(pc.struct_field(array, indices))


def _place(names: list[str], kind: pa.DataType) -> tuple[list[int], pa.DataType] | None:
    """The position and type of the only member that a path may refer to; None if there may be
    others."""
    indices = []
    for name in names:
        if not types.is_struct(kind) or any("." in field.name for field in kind):
            return None
        index = kind.get_field_index(name)  # negative if there are two
        if index < 0:
            return None
        indices.append(index)
        kind = kind.field(index).type
    return indices, kind


def _rule(rule: Operator, kind: pa.DataType) -> Condition | None:
    if types.is_string(kind) or types.is_large_string(kind):
        return _text_rule(rule, kind)
    if types.is_integer(kind) or types.is_float32(kind) or types.is_float64(kind):
        return _number_rule(rule)
    return None


def _text_rule(rule: Operator, kind: pa.DataType) -> Condition | None:
    match rule:
        case Equals(value=str(text)) if _is_utf8(text):
            value = pa.scalar(text, kind)
            return lambda array: pc.equal(array, value)
        case Prefix(text=text, spelling=None, whole=None) if _is_utf8(text):
            return lambda array: pc.starts_with(array, text)
        case Suffix(text=text, spelling=None, whole=None) if _is_utf8(text):
            return lambda array: pc.ends_with(array, text)
    return None


def _number_rule(rule: Operator) -> Condition | None:
    """Rounding preserves the order: doubles compare like the numbers if bounds are inclusive."""
    match rule:
        case Numeric(lower=low, upper=high):
            least, most = pa.scalar(float(low)), pa.scalar(float(high))
            return lambda array: pc.and_kleene(
                pc.greater_equal(array, least), pc.less_equal(array, most)
            )
        case EqualsNumber(double=int() | float() as number):
            value = pa.scalar(float(number))
            return lambda array: pc.equal(array, value)
    return None


def _folded(combine: Any, conditions: Sequence[Condition]) -> Condition:
    if len(conditions) == 1:
        return conditions[0]
    return lambda array: reduce(combine, [condition(array) for condition in conditions])


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
