"""`numeric`: a number, or a range of numbers."""

from __future__ import annotations

import math
import re
import sys
from typing import Any, ClassVar

from filterpatterns.jsontext.numbers import SAFE, as_double, is_comparable, is_comparable_text
from filterpatterns.language import nodes
from filterpatterns.language.operators.base import (
    IF_COMPARABLE,
    UNSURE,
    Bind,
    Instead,
    Kind,
    OperandError,
    OperatorBase,
    describe,
    double_of,
    is_number,
    not_a_number,
)
from filterpatterns.language.operators.reference import OperatorReference, for_all
from filterpatterns.language.wording import format_value, shorten

_LOWER = (">", ">=")
_UPPER = ("<", "<=")
_HINT = (
    'write ["=", 5], [">", 0], ["<=", 10], or both bounds, the lower one first: [">", 0, "<=", 10]'
)

NOT_COMPARABLE = "has more digits than a double holds, so it is not a number for AWS"
"""How a number that is not comparable is described."""

_NUMBER = {"type": "number"}
_RANGE = {
    "type": "array",
    "minItems": 2,
    "maxItems": 4,
    "anyOf": [
        {"prefixItems": [{"enum": ["=", *_UPPER, *_LOWER]}, _NUMBER], "maxItems": 2},
        {
            "prefixItems": [{"enum": list(_LOWER)}, _NUMBER, {"enum": list(_UPPER)}, _NUMBER],
            "minItems": 4,
        },
    ],
}

SHORT = 17
"""A shorter text with a point or an exponent has at most 15 significant digits."""

_NUMBER_TEXT = re.compile(r"\s*-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?\s*", re.ASCII)

_LARGEST = sys.float_info.max

_TINY = 1e-290
"""For a smaller double, a text of at most 15 digits may not be comparable."""


class Numeric(OperatorBase, frozen=True, gc=False):
    """Matches the numbers between two bounds; an infinite bound means no bound, and no number
    equals it."""

    reference: ClassVar = OperatorReference(
        "is a number in this range",
        "Matches a number: one of `=`, `<`, `<=`, `>`, `>=` and a number, or both bounds, the "
        "lower one first. A number in quotes is a string and never matches; the values "
        "of DynamoDB's `N` are strings. AWS compares numbers as IEEE doubles.",
        ([">", 0, "<=", 100], [">=", 100], ["=", 5]),
        _RANGE,
        for_all(_RANGE),
    )

    lower: int | float
    upper: int | float
    lower_open: bool
    upper_open: bool

    @classmethod
    def parse(cls, operand: nodes.Value) -> Numeric:
        if not isinstance(operand, nodes.Array) or not operand.items:
            raise _refused(operand, f"numeric must be an array, found {describe(operand)}")
        items = operand.items
        comparison, number = _comparison(items, 0), _number(operand, items, 1)
        if comparison == "=":
            _end(items, 2)
            return cls(number, number, False, False)
        if comparison in _UPPER:
            if len(items) > 2 and _text(items[2]) in _LOWER:
                terms = [one.text for one in items if isinstance(one, nodes.Scalar)]
                swapped = ", ".join((*terms[2:4], *terms[:2]))
                raise _refused(
                    operand,
                    "the lower bound of a range comes first",
                    _HINT,
                    Instead(f"[{swapped}]") if len(terms) == len(items) == 4 else None,
                )
            _end(items, 2)
            _refuse_end_of_range(items[1], number, -_LARGEST)
            return cls(-math.inf, number, True, comparison == "<")
        if len(items) == 2:
            _refuse_end_of_range(items[1], number, _LARGEST)
            return cls(number, math.inf, comparison == ">", True)
        upper_comparison, upper = _comparison(items, 2), _number(operand, items, 3)
        if upper_comparison not in _UPPER:
            raise _refused(
                items[2],
                f'a lower bound must be followed by "<" or "<=", found {describe(items[2])}',
            )
        _end(items, 4)
        if not number < upper:
            raise _refused(
                operand,
                f"the lower bound {_format_number(items[1])} is not below the upper bound "
                f"{_format_number(items[3])}",
                'for a single number, write {"numeric": ["=", 5]}',
            )
        return cls(number, upper, comparison == ">", upper_comparison == "<")

    def holds(self, value: Any) -> bool:
        if not is_number(value):
            return False
        number = as_double(value)
        if number is None:
            return False
        above = self.lower < number if self.lower_open else self.lower <= number
        below = number < self.upper if self.upper_open else number <= self.upper
        return above and below

    def code(self, value: str, kind: Kind, bind: Bind) -> str:
        if kind in ("string", "other"):
            return "False"
        if kind == "double":
            within = self._holds_for_double(value, bind, is_finite=True)
            return f"({within} and {decides_if_comparable(value, self.lower, self.upper, bind)})"
        if kind == "raw":
            within = self._holds_for_double(double_of(value), bind, is_finite=False)
            return if_not_tiny(value, within, self.lower, self.upper, bind)
        within = self._within(double_of(value) if kind == "text" else value, bind)
        if kind == "text":
            return f"({within} and {is_surely_comparable(value, self.lower, self.upper, bind)})"
        return within

    def _holds_for_double(self, value: str, bind: Bind, *, is_finite: bool) -> str:
        """The bounds are bound as doubles: comparing a float with an int costs 15 ns more."""
        if self.lower == self.upper:
            return f"{value} == {bind(float(self.lower))}"
        above = f"{bind(float(self.lower))} {'<' if self.lower_open else '<='} "
        below = f" {'<' if self.upper_open else '<='} {bind(float(self.upper))}"
        # A number too large for a double is not within a range without an upper bound either.
        above *= not is_finite or math.isfinite(self.lower)
        below *= not is_finite or math.isfinite(self.upper)
        return f"{above}{value}{below}"

    def _within(self, value: str, bind: Bind) -> str:
        bounds = [bound for bound in (self.lower, self.upper) if math.isfinite(bound)]
        if any(abs(bound) > SAFE for bound in bounds):
            return f"{bind(self.holds)}({value})"
        above = f"{bind(self.lower)} {'<' if self.lower_open else '<='} {value}"
        below = f"{value} {'<' if self.upper_open else '<='} {bind(self.upper)}"
        # Beyond SAFE not every integer is a double: only there is the slow predicate called.
        if math.isinf(self.upper):
            below = f"({value} <= {bind(SAFE)} or {bind(self.holds)}({value}))"
        elif math.isinf(self.lower):
            above = f"({value} >= {bind(-SAFE)} or {bind(self.holds)}({value}))"
            return f"({below} and {above})"
        return f"({above} and {below})"

    def words(self) -> str:
        if self.lower == self.upper:
            return f"numeric = {format_value(self.lower)}"
        return f"numeric {', '.join(self._bounds())}"

    def why_not(self, value: Any) -> str:
        if not is_number(value):
            return not_a_number("numeric", value)
        number = as_double(value)
        if number is None:
            return f"{format_value(value)} {NOT_COMPARABLE}"
        if self.lower == self.upper:
            return f"{format_value(value)} is not {format_value(self.lower)}"
        too_low = number < self.lower or (self.lower_open and number == self.lower)
        return f"{format_value(value)} is not {self._bounds()[0 if too_low else -1]}"

    def reads_number_text(self) -> bool:
        return True

    def reads_only_doubles(self) -> bool:
        return True

    def _bounds(self) -> list[str]:
        """Return the bounds in words, the lower one first."""
        lower = f"{'>' if self.lower_open else '>='} {format_value(self.lower)}"
        upper = f"{'<' if self.upper_open else '<='} {format_value(self.upper)}"
        return [lower] * math.isfinite(self.lower) + [upper] * math.isfinite(self.upper)


def is_surely_comparable(value: str, lower: float, upper: float, bind: Bind) -> str:
    """Return an expression: a number's text is comparable, given that its double is within the
    bounds."""
    ask = f"{bind(is_comparable_text)}({value})"
    short = f"len({value}) < {bind(SHORT)}"
    if _may_be_tiny(lower, upper):
        short += f" and not {_is_tiny(double_of(value), bind)}"
    return f"({short} or {ask})"


def if_not_tiny(value: str, within: str, lower: float, upper: float, bind: Bind) -> str:
    """Return an expression: a number's text of at most 15 digits is comparable, and its double is
    within the bounds."""
    if not _may_be_tiny(lower, upper):
        return f"({within})"
    tiny = _is_tiny(double_of(value), bind)
    return f"({within} and (not {tiny} or {bind(is_comparable_text)}(bytes({value}))))"


def decides_if_comparable(value: str, lower: float, upper: float, bind: Bind) -> str:
    """Return a true expression: the double, which is within the bounds, decides if a text shorter
    than `SHORT` is the number's."""
    if _may_be_tiny(lower, upper):
        return f"({UNSURE} if {_is_tiny(value, bind)} else {IF_COMPARABLE})"
    return IF_COMPARABLE


def _may_be_tiny(lower: float, upper: float) -> bool:
    return lower <= _TINY and upper >= -_TINY


def _is_tiny(double: str, bind: Bind) -> str:
    return f"{bind(-_TINY)} < {double} < {bind(_TINY)}"


def exact_double(node: nodes.Scalar) -> int | float:
    """Return the double of a number in an operand.

    Raises:
        OperandError: it is not comparable, so that AWS rejects it.
    """
    value = node.value
    double = None if isinstance(value, (str, bool)) or value is None else as_double(value)
    if double is None or not is_comparable(node.text):
        raise OperandError(
            "FP011",
            node,
            f"{_format_number(node)} has more digits than an IEEE double holds",
            "AWS compares numbers as doubles: use at most 15 digits, up to about 1.8e308",
        )
    return double


def _refused(
    node: nodes.Value, message: str, hint: str = _HINT, instead: Instead | None = None
) -> OperandError:
    return OperandError("FP010", node, message, hint, instead)


def _text(node: nodes.Value) -> str | None:
    return node.value if isinstance(node, nodes.Scalar) and isinstance(node.value, str) else None


def _format_number(node: nodes.Value) -> str:
    return shorten(node.text if isinstance(node, nodes.Scalar) else "", 40)


def _comparison(items: tuple[nodes.Value, ...], index: int) -> str:
    text = _text(items[index])
    if text in ("=", *_LOWER, *_UPPER):
        return text
    excludes = text in ("!=", "<>", "ne", "not")
    number = items[index + 1] if index + 1 < len(items) else None
    format_value = (
        _format_number(number) if number is not None and is_number(_value(number)) else "5"
    )
    raise _refused(
        items[index],
        f'expected "=", "<", "<=", ">" or ">=" in numeric, found {describe(items[index])}',
        f'for "not equal" write {{"anything-but": {format_value}}}' if excludes else _HINT,
        Instead(f'"anything-but": {format_value}', "operator")
        if excludes and index == 0 and len(items) == 2
        else None,
    )


def _value(node: nodes.Value) -> object:
    return node.value if isinstance(node, nodes.Scalar) else None


def _number(operand: nodes.Array, items: tuple[nodes.Value, ...], index: int) -> int | float:
    if index >= len(items):
        raise _refused(operand, f"a number is missing after {_format_number(items[-1])}")
    item = items[index]
    if not isinstance(item, nodes.Scalar) or not is_number(item.value):
        text = _text(item)
        raise _refused(
            item,
            f"{_format_number(items[index - 1])} must be followed by a number, "
            f"found {describe(item)}",
            "write the number without quotes" if text is not None else _HINT,
            Instead(text.strip(), "node") if text and _NUMBER_TEXT.fullmatch(text) else None,
        )
    return exact_double(item)


def _refuse_end_of_range(node: nodes.Value, bound: float, end: float) -> None:
    """For AWS, a single bound is a range that ends at the largest or the smallest double."""
    if bound == end:
        raise _refused(
            node,
            f"there is no range beyond {_format_number(node)}, the "
            f"{'largest' if end > 0 else 'smallest'} double",
            'for that single number, write {"numeric": ["=", ...]}',
        )


def _end(items: tuple[nodes.Value, ...], length: int) -> None:
    if len(items) > length:
        raise _refused(items[length], f"numeric has too many terms: {describe(items[length])}")
