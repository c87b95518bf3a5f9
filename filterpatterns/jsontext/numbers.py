"""Numbers as AWS compares them: as IEEE doubles, if a double gives them back as written.

A number text is *comparable* if it equals, as a decimal, the shortest decimal that reads back as
its double. Any number of at most 15 significant digits is. For AWS's engine all others
are no numbers: `numeric` fails, `anything-but` of numbers holds, and only a rule of the same text
equals them.
"""

from __future__ import annotations

import math
from decimal import Decimal

SAFE = 2**53
"""Up to here every integer is a double."""

_SHORT = 17
"""A text that is shorter than this and has a point or an exponent has at most 15 digits."""

_FIXED = 1e-4
"""Python writes a double that is smaller with an exponent."""


class JsonNumber(float):
    """A number of a JSON text that is written otherwise than Python writes its double.

    `text` is how it is written. Numbers written as Python writes them are plain ints and floats.
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
    """The value of a JSON number with a fraction or an exponent (msgspec's `float_hook`)."""
    value = float(text)
    if (
        len(text) < _SHORT
        and (value >= _FIXED or value <= -_FIXED)
        and "e" not in text
        and "E" not in text
    ):
        return value  # but for zeros at its end it is written as Python writes it
    return value if float.__repr__(value) == text else JsonNumber(text)


def number_text(number: int | float | Decimal) -> str:
    """A number as its JSON text has it; for one that has no text, as Python writes it."""
    if isinstance(number, JsonNumber):
        return number.text
    if isinstance(number, float):
        return float.__repr__(number)
    if isinstance(number, int):
        try:
            return int.__repr__(number)
        except ValueError:  # Python refuses to write out very large ones
            number = Decimal(number)
    return Decimal.__str__(number)


def as_double(number: int | float | Decimal) -> int | float | None:
    """The number as it takes part in comparisons; None if it is not comparable.

    An int is kept as an int where Python's exact comparison with floats gives the same answer.
    A float that somebody else has parsed has lost its text: it counts as comparable.
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
    double = float(text)
    if not math.isfinite(double):
        return False
    try:
        written = Decimal(text)
    except ArithmeticError:  # an exponent beyond all bounds: only zero is what it seems
        return not any(digit in "123456789" for digit in text.lower().partition("e")[0])
    return written == Decimal(repr(double))


def is_comparable_text(text: bytes) -> bool:
    """The same for a text that a decoder has given as bytes."""
    return is_comparable(text.decode())
