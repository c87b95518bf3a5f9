"""Numbers as AWS compares them: as IEEE doubles, but only those that a double holds as written."""

from __future__ import annotations

import math
from decimal import Decimal

SAFE = 2**53
"""Up to here every integer is a double."""


def as_double(number: int | float | Decimal) -> int | float | None:
    """The number as it takes part in comparisons; None if no double holds it as it was written.

    An int is kept as an int where Python's exact comparison with floats gives the same answer.
    A float has lost its digits already: it stands for the nearest double, which is what it holds.
    """
    if isinstance(number, Decimal):
        number = _plain(number)
    if isinstance(number, float):
        return number if math.isfinite(number) else None
    if -SAFE <= number <= SAFE:
        return number
    try:
        double = float(number)
    except OverflowError:
        return None
    # 10**23 is no double, but 1e23 reads back as the same one: as written, the double holds it.
    return double if int(double) == number or int(Decimal(repr(double))) == number else None


def _plain(number: Decimal) -> int | float:
    """A decimal as JSON's decoders would give it: an int if it is one, of any size that counts."""
    if number.is_finite() and abs(number) < 10**310 and number == number.to_integral_value():
        return int(number)
    return float(number) if not number.is_snan() else math.nan


def is_exact(text: str) -> bool:
    """Whether a double holds the JSON number as it is written (0.1 yes, 9007199254740993 no)."""
    double = float(text)
    if not math.isfinite(double):
        return False
    try:
        written = Decimal(text)
    except ArithmeticError:  # an exponent beyond all bounds: only zero is what it seems
        return not any(digit in "123456789" for digit in text.lower().partition("e")[0])
    return written == Decimal(double) or written == Decimal(repr(double))
