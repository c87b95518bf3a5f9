"""Matches native columns by comparing the values in their buffers, without converting any.

That takes about a nanosecond per row. If a pattern has tests that cannot be evaluated this way, the
rows that pass the others are matched as usual.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
from pyarrow import types

from filterpatterns.engine.columns import Nulls
from filterpatterns.integrations.arrow.columns import Mask, take, to_bytes
from filterpatterns.integrations.arrow.equality import Rows
from filterpatterns.integrations.arrow.leaves import LeafRules, leaf_rules, split_range, valid
from filterpatterns.matching.match_tree import Conjunctions, FieldTest, Matcher

_MOST_COMBINATIONS: Final = 16
"""The number of `$or` combinations that are evaluated one by one."""

_BLOCK: Final = 1 << 17
"""Rows at a time: what is read again and what is found stay in a core's cache."""

_SPARSE: Final = 8
"""When fewer than one row in this many is left, only those rows are tested further."""


class _LeafTest(NamedTuple):
    """A test of the column at `indices`, and whether it holds for a null there, or for a null in a
    struct that contains it."""

    indices: Sequence[int]
    rules: LeafRules
    null_holds: bool
    absent_holds: bool


class Condition(NamedTuple):
    """What every match satisfies: all tests of at least one combination. If `is_complete`, every
    row that satisfies it is a match."""

    combinations: Sequence[Sequence[_LeafTest]]
    is_complete: bool


class Compared(NamedTuple):
    """The rows that may match, and whether they are known to match."""

    found: Mask
    is_sure: bool


def compared(array: pa.StructArray, condition: Condition) -> Compared:
    """Return the rows that satisfy a condition."""
    if len(array) <= _BLOCK:
        found = _any(condition, array)
    else:
        found = np.empty(len(array), np.bool_)
        for start in range(0, len(array), _BLOCK):
            found[start : start + _BLOCK] = _any(condition, array.slice(start, _BLOCK))
    if array.null_count:
        found &= to_bytes(array.is_valid())
    return Compared(found, condition.is_complete and not _is_doubtful(array, condition, found))


def _any(condition: Condition, array: pa.StructArray) -> Mask:
    """Return the rows that satisfy all tests of a combination; nulls are ignored."""
    if not len(array):
        return np.zeros(0, np.bool_)
    found = _all(condition.combinations[0], array)
    for tests in condition.combinations[1:]:
        found |= _all(tests, array)
    return found


def necessary(matcher: Matcher, kind: pa.DataType, nulls: Nulls) -> Condition | None:
    """Return a condition that every matching struct of a type satisfies; None if no test can be
    evaluated on the columns. The tests' paths are those of members of the struct.
    """
    if matcher.keep_all or not types.is_struct(kind):
        return None
    combinations: list[list[_LeafTest]] = []
    is_complete = True
    for pattern in matcher.patterns:
        if len(pattern) + len(combinations) > _MOST_COMBINATIONS:
            return None
        for index in range(pattern.count):
            if pattern.alive >> index & 1:
                tests = _combination(pattern, index, kind, nulls)
                found = [test for test in tests if test is not None]
                if not found:
                    return None
                is_complete = is_complete and len(found) == len(tests)
                found.sort(key=lambda test: test.rules.is_text)  # the cheapest first
                combinations.append(found)
    return Condition(combinations, is_complete) if combinations else None


def _combination(
    pattern: Conjunctions, index: int, kind: pa.StructType, nulls: Nulls
) -> list[_LeafTest | None]:
    tests = [placed.test for placed in pattern.tests if placed.mask >> index & 1]
    return [each for test in tests for each in _tests(test, kind, nulls)]


def _tests(test: FieldTest, kind: pa.StructType, nulls: Nulls) -> list[_LeafTest | None]:
    place = _place(test.path.split("."), kind)
    if place is None:
        return [None]
    indices, leaf = place
    null_holds = test.optional
    if nulls == "null":
        null_holds = any(rule.holds(None) for rule in test.rules)
    return [
        rules and _LeafTest(indices, rules, null_holds, test.optional)
        for rules in (leaf_rules(part, leaf) for part in split_range(test.rules, leaf))
    ]


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


def _all(tests: Sequence[_LeafTest], array: pa.StructArray) -> Mask:
    """Return the rows that satisfy all tests."""
    found = _holds(tests[0], array)
    for number, test in enumerate(tests[1:], 1):
        if np.count_nonzero(found) * _SPARSE < len(found):
            rows = np.flatnonzero(found)
            for other in tests[number:]:
                rows = rows[_holds(other, array, rows)] if len(rows) else rows
            found[:] = False
            found[rows] = True
            return found
        found &= _holds(test, array)
    return found


def _holds(test: _LeafTest, array: pa.StructArray, rows: Rows = None) -> Mask:
    """Return whether each row satisfies a test, for all rows or for some."""
    above, leaf = _leaf(test, array)
    found = test.rules.ask(leaf, rows)
    for column in (leaf, *above):
        is_valid = valid(column, rows)
        if is_valid is not None:
            found &= is_valid
            if test.null_holds if column is leaf else test.absent_holds:
                found |= ~is_valid
    return found


def _leaf(test: _LeafTest, array: pa.StructArray) -> tuple[list[pa.StructArray], pa.Array]:
    """Return the structs that contain the column of a test, innermost first, and the column."""
    above: list[pa.StructArray] = []
    for index in test.indices[:-1]:
        array = array.field(index)
        above.insert(0, array)
    return above, array.field(test.indices[-1])


def _is_doubtful(array: pa.StructArray, condition: Condition, found: Mask) -> bool:
    tests = [test for tests in condition.combinations for test in tests]
    doubtful = [test for test in tests if test.rules.is_doubtful is not None]
    if not doubtful:
        return False
    rows: Rows = np.flatnonzero(found)
    if not len(rows):
        return False
    for test in doubtful:
        _, leaf = _leaf(test, array)
        if test.rules.is_doubtful is not None and test.rules.is_doubtful(take(leaf, rows)):
            return True
    return False
