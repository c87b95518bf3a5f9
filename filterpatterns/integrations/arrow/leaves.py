"""Evaluates the rules for one path on an Arrow column of strings, numbers or Booleans.

The values are compared in the column's buffers, whose layout is that of the Arrow specification,
"Arrow Columnar Format".
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import reduce
from operator import or_
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import types

from filterpatterns.integrations.arrow.columns import Mask, to_bytes
from filterpatterns.integrations.arrow.equality import (
    Ask,
    Rows,
    chosen,
    equal_text,
    never,
    plain_texts,
    utf8,
)
from filterpatterns.jsontext.numbers import SAFE
from filterpatterns.language.operators.anything_but import AnythingBut
from filterpatterns.language.operators.base import Operator
from filterpatterns.language.operators.equality import Equals, EqualsNumber, Exactly
from filterpatterns.language.operators.numeric import Numeric
from filterpatterns.language.operators.presence import Exists
from filterpatterns.language.operators.text import EqualsIgnoreCase, Prefix, Suffix

_COMPARABLE_DIGITS: Final = 15


class LeafRules(NamedTuple):
    """Rules compiled for a column of one type.

    `ask` finds all rows that satisfy a rule. It may find others only if `is_doubtful` is set and
    returns True for the rows that were found.
    """

    ask: Ask
    is_doubtful: Callable[[pa.Array], bool] | None
    is_text: bool


def leaf_rules(rules: Sequence[Operator], kind: pa.DataType) -> LeafRules | None:
    """Return what finds the rows that satisfy one of the rules; None if a rule cannot be evaluated
    on such a column."""
    if types.is_dictionary(kind):
        return _in_dictionary(leaf_rules(rules, kind.value_type))
    if types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind):
        asks = [_of_texts(rule) for rule in rules]
        only_equality = all(isinstance(r, (Equals, Exactly, EqualsIgnoreCase)) for r in rules)
        return _either(asks, None if only_equality else _is_not_utf8, is_text=True)
    if types.is_boolean(kind):
        return _either([_of_booleans(rule) for rule in rules], None)
    if types.is_floating(kind):
        return _either([_of_floats(rule) for rule in rules], None)
    whole = _whole_numbers(kind)
    if whole is None:
        return None
    return _either([_of_whole_numbers(rule, whole) for rule in rules], whole.is_doubtful(rules))


def split_range(rules: Sequence[Operator], kind: pa.DataType) -> Sequence[Sequence[Operator]]:
    """Return rules of which all have to hold in place of a range with two bounds: the second one is
    compared only in the rows that are left by the first. Each of the two includes infinity."""
    match rules:
        case [Numeric(lower=low, upper=high, lower_open=low_open, upper_open=high_open)]:
            if types.is_floating(kind) and math.isfinite(low) and math.isfinite(high):
                return [
                    [Numeric(low, math.inf, low_open, False)],
                    [Numeric(-math.inf, high, False, high_open)],
                ]
    return [rules]


def _either(
    asks: Sequence[Ask | None],
    is_doubtful: Callable[[pa.Array], bool] | None,
    *,
    is_text: bool = False,
) -> LeafRules | None:
    wanted = [ask for ask in asks if ask is not None]
    if len(wanted) < len(asks):
        return None
    if len(wanted) == 1:
        return LeafRules(wanted[0], is_doubtful, is_text)
    return LeafRules(
        lambda array, rows: reduce(or_, [ask(array, rows) for ask in wanted], never(array, rows)),
        is_doubtful,
        is_text,
    )


def _always(array: pa.Array, rows: Rows) -> Mask:
    return ~never(array, rows)


def _none_of(asks: Sequence[Ask]) -> Ask:
    return lambda array, rows: ~reduce(or_, [ask(array, rows) for ask in asks])


def _in_dictionary(values: LeafRules | None) -> LeafRules | None:
    if values is None:
        return None
    ask, is_doubtful, _ = values

    def by_index(array: pa.DictionaryArray, rows: Rows) -> Mask:
        if not len(array.dictionary):
            return never(array, rows)
        return ask(array.dictionary, None)[_indices(array, rows)]

    def is_one_doubtful(array: pa.DictionaryArray) -> bool:
        return is_doubtful is not None and is_doubtful(array.dictionary)

    return LeafRules(by_index, is_doubtful and is_one_doubtful, False)


def _indices(array: pa.DictionaryArray, rows: Rows) -> Any:
    indices = array.indices.fill_null(0) if array.null_count else array.indices
    return chosen(_values(indices), rows)


def valid(array: pa.Array, rows: Rows) -> Mask | None:
    """Return which rows are not null; None if there are no nulls."""
    found = chosen(to_bytes(array.is_valid()), rows) if array.null_count else None
    if not types.is_dictionary(array.type) or not array.dictionary.null_count:
        return found
    by_index = to_bytes(array.dictionary.is_valid())[_indices(array, rows)]
    return by_index if found is None else found & by_index


def _of_others(rule: Operator) -> Ask | None:
    """Compile a rule for a column whose type the rule does not name."""
    match rule:
        case Exists() | AnythingBut():
            return _always
        case Equals() | Exactly() | EqualsNumber() | Numeric():
            return never
        case Prefix() | Suffix() | EqualsIgnoreCase():
            return never
    return None


def _of_booleans(rule: Operator) -> Ask | None:
    match rule:
        case Equals(value=bool(value)):
            return lambda array, rows: chosen(to_bytes(array), rows) == value
    return _of_others(rule)


def _of_texts(rule: Operator) -> Ask | None:
    match rule:
        case Equals(value=str(text)) | Exactly(text=text):
            return equal_text(text)
        case EqualsIgnoreCase(text=text) if text.isascii():
            return equal_text(text, ignore_case=True)
        case Prefix(text=text, spelling=None, whole=None) if utf8(text) is not None:
            return lambda array, rows: to_bytes(pc.starts_with(plain_texts(array, rows), text))
        case Suffix(text=text, spelling=None, whole=None) if utf8(text) is not None:
            return lambda array, rows: to_bytes(pc.ends_with(plain_texts(array, rows), text))
        case AnythingBut(strings=(_, *_) as texts, rules=()):
            return _none_of([equal_text(text) for text in texts])
        case AnythingBut(rules=(_, *_)) | Prefix() | Suffix() | EqualsIgnoreCase():
            return None
    return _of_others(rule)


def _is_not_utf8(array: pa.Array) -> bool:
    """Whether a text of a column is not UTF-8 (writers need not validate strings)."""
    array = plain_texts(array)
    is_large = types.is_large_string(array.type)
    try:
        array.view(pa.large_binary() if is_large else pa.binary()).cast(array.type)
    except pa.ArrowInvalid:
        return True
    return False


def _values(array: pa.Array) -> Any:
    """Return the numbers of a column; those of nulls are arbitrary."""
    kind = array.type
    code = np.dtype(kind.to_pandas_dtype())
    return np.frombuffer(array.buffers()[1], code)[array.offset : array.offset + len(array)]


def _of_floats(rule: Operator) -> Ask | None:
    """Compile a rule for floats, which compare as doubles. NaN and infinity are in no range: one
    without a bound has an open bound at infinity."""
    match rule:
        case Numeric(lower=low, upper=high, lower_open=low_open, upper_open=high_open):
            lower, upper = np.float64(low), np.float64(high)
            # Infinity as a closed bound excludes nothing.
            has_lower = low_open or math.isfinite(low)
            has_upper = high_open or math.isfinite(high)

            def is_within(array: pa.Array, rows: Rows) -> Mask:
                values = _doubles(array, rows)
                if has_upper:
                    found = values < upper if high_open else values <= upper
                    if not has_lower:
                        return found
                    found &= values > lower if low_open else values >= lower
                    return found
                return values > lower if low_open else values >= lower

            return is_within
        case EqualsNumber(double=int() | float() as number):
            return lambda array, rows: _doubles(array, rows) == np.float64(number)
        case EqualsNumber():
            return None
        case AnythingBut(numbers=(_, *_) as numbers):
            others = [np.float64(number) for number in numbers]
            return lambda array, rows: ~np.isin(_doubles(array, rows), others)
    return _of_others(rule)


def _doubles(array: pa.Array, rows: Rows) -> Any:
    return chosen(_values(array), rows).astype(np.float64, copy=False)


class _WholeNumbers(NamedTuple):
    """How a column stores integers, or decimals as integers, which `values` reads.

    Up to `safe`, every number is comparable.
    """

    values: Callable[[pa.Array], Any]
    least: int
    most: int
    safe: int
    scale: int

    def bounds(self, rule: Numeric) -> tuple[int, int]:
        """Return the first and the last integer of a range."""
        low, high = self.least, self.most
        if math.isfinite(rule.lower):
            lower = _decimal(rule.lower).scaleb(self.scale)
            low = math.floor(lower) + 1 if rule.lower_open else math.ceil(lower)
        if math.isfinite(rule.upper):
            upper = _decimal(rule.upper).scaleb(self.scale)
            high = math.ceil(upper) - 1 if rule.upper_open else math.floor(upper)
        return max(low, self.least), min(high, self.most)

    def is_doubtful(self, rules: Sequence[Operator]) -> Callable[[pa.Array], bool] | None:
        """Return what tells whether found numbers may not be comparable; None if all are."""
        ranges = [_range(rule) for rule in rules]
        bounds = [self.bounds(each) for each in ranges if each is not None]
        if all(-self.safe <= low and high <= self.safe for low, high in bounds):
            return None

        def is_one_beyond(array: pa.Array) -> bool:
            array = array.drop_null()
            if not len(array):
                return False
            values = self.values(array)
            return bool(((values > self.safe) | (values < -self.safe)).any())

        return is_one_beyond


def _decimal(number: float) -> Decimal:
    """Return a bound as a decimal. Comparable numbers have the same order as their doubles."""
    return Decimal(repr(number))


def _range(rule: Operator) -> Numeric | None:
    match rule:
        case Numeric():
            return rule
        case EqualsNumber(double=int() | float() as number):
            return Numeric(number, number, False, False)
    return None


def _whole_numbers(kind: pa.DataType) -> _WholeNumbers | None:
    if types.is_integer(kind):
        info = np.iinfo(kind.to_pandas_dtype())
        return _WholeNumbers(_values, int(info.min), int(info.max), SAFE, 0)
    if types.is_decimal(kind) and kind.bit_width == 128:
        digits, scale = kind.precision, kind.scale
        if digits <= 18 and 0 <= scale <= digits:
            most = 10**digits - 1
            return _WholeNumbers(_unscaled, -most, most, 10**_COMPARABLE_DIGITS - 1, scale)
    return None


def _unscaled(array: pa.Array) -> Any:
    """Return the integers of decimals of at most 18 digits, which fit into the lower halves."""
    halves = np.frombuffer(array.buffers()[1], np.dtype("<i8"))
    return halves[2 * array.offset : 2 * (array.offset + len(array)) : 2]


def _of_whole_numbers(rule: Operator, whole: _WholeNumbers) -> Ask | None:
    match rule:
        case EqualsNumber(double=None):
            return None
        case AnythingBut(numbers=(_, *_) as numbers):
            return _none_of([_within(Numeric(n, n, False, False), whole) for n in numbers])
    wanted = _range(rule)
    return _of_others(rule) if wanted is None else _within(wanted, whole)


def _within(wanted: Numeric, whole: _WholeNumbers) -> Ask:
    low, high = whole.bounds(wanted)
    if low > high:
        return never

    def is_within(array: pa.Array, rows: Rows) -> Mask:
        values = chosen(whole.values(array), rows)
        number = values.dtype.type
        if low == high:
            return values == number(low)
        if low == whole.least:
            return values <= number(high)
        if high == whole.most:
            return values >= number(low)
        found = values >= number(low)
        found &= values <= number(high)
        return found

    return is_within
