"""Arrow's own comparisons for native columns: the rows that may match, before any is converted.

A comparison that every match satisfies is left to Arrow, which takes a nanosecond or two a row.
What it lets through is matched as always: so nulls, digits of numbers and errors have one meaning.
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
"""`$or` combinations that are asked for one by one."""

Condition = Callable[[pa.Array], Any]
"""An array of structs -> Booleans, null for what is not so."""


def candidates(array: pa.StructArray, condition: Condition | None) -> Sequence[int] | None:
    """The rows that satisfy a condition, in order; None if Arrow cannot say."""
    if condition is None:
        return None
    try:
        return integers(pc.indices_nonzero(pc.fill_null(condition(array), False)))
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):  # integers that no double holds, say
        return None


def necessary(matcher: Matcher, kind: pa.DataType) -> Condition | None:
    """What every struct of a type satisfies that matches; None if Arrow has no comparison for it.

    The tests' paths are those of members of the struct.
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
    """Where the only member is that a path may mean, and its type; None if there may be others."""
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
    """Rounding keeps the order: doubles compare as the numbers do, if bounds count as inside."""
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
