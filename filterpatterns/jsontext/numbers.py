"""Numbers as AWS compares them: as IEEE doubles, if a double preserves them as written.

A number text is *comparable* if it equals, as a decimal, the shortest decimal that reads back as
its double. Any number of at most 15 significant digits is comparable. AWS's engine does
not treat others as numbers: `numeric` fails, `anything-but` of numbers matches, and only a rule
with the same text equals them.
"""

from __future__ import annotations

import math
from decimal import Decimal

SAFE = 2**53
"""Every integer up to this one is a double."""

_SHORT = 17
"""A shorter text with a point or an exponent has at most 15 digits."""

_FIXED = 1e-4
"""Python writes a smaller double with an exponent."""


class JsonNumber(float):
    """A number in a JSON text that is not written the way Python writes its double.

    `text` is the number as written. Numbers written the way Python does are plain ints and floats.
    """

    __slots__ = ("text",)

    text: str

    def __new__(cls, text: str) -> JsonNumber:
        self = super().__new__(cls, text)
        self.text = text
        return self

    def __reduce__(self) -> tuple[type[JsonNumber], tuple[str]]:
        return JsonNumber, (self.text,)


def read_number(text: str) -> float:
    """Return the value of a JSON number with a fraction or an exponent (msgspec's `float_hook`)."""
    value = float(text)
    if (
        len(text) < _SHORT
        and (value >= _FIXED or value <= -_FIXED)
        and "e" not in text
        and "E" not in text
    ):
        return value  # apart from trailing zeros, Python writes it the same way
    return value if float.__repr__(value) == text else JsonNumber(text)


def number_text(number: int | float | Decimal) -> str:
    """Return a number as its JSON text has it, or as Python writes it if it has no text."""
    if isinstance(number, JsonNumber):
        return number.text
    if isinstance(number, float):
        return float.__repr__(number)
    if isinstance(number, int):
        try:
            return int.__repr__(number)
        except ValueError:  # Python refuses to write out very large integers
            number = Decimal(number)
    return Decimal.__str__(number)


def as_double(number: int | float | Decimal) -> int | float | None:
    """Return the number that comparisons use, or None if it is not comparable.

    An int stays an int if Python's exact comparison with floats gives the same answer. A float
    that was parsed elsewhere has lost its text and counts as comparable.
    """
    if isinstance(number, JsonNumber):
        return float(number) if is_comparable(number.text) else None
    if isinstance(number, float):
        return number if math.isfinite(number) else None
    if isinstance(number, int) and -SAFE <= number <= SAFE:
        return number
    if isinstance(number, Decimal) and not number.is_finite():
        return None
    try:
        double = float(number)
    except OverflowError:
        return None
    is_same = math.isfinite(double) and Decimal(repr(double)) == number
    return double if is_same else None


def is_comparable(text: str) -> bool:
    """Whether a JSON number is comparable (0.10 yes, 9007199254740993 no)."""
    if len(text) < _SHORT - 1 and text.isdigit():
        return True
    double = float(text)
    if not math.isfinite(double):
        return False
    try:
        written = Decimal(text)
    except ArithmeticError:  # an exponent out of range: only zero keeps its value
        return not any(digit in "123456789" for digit in text.lower().partition("e")[0])
    return written == Decimal(repr(double))


def is_comparable_text(text: bytes) -> bool:
    """Like `is_comparable`, for a text that a decoder returned as bytes."""
    return is_comparable(text.decode())
