"""What counts as a string, a number, an object, an array: one definition for all engines.

JSON decoders give exact built-in classes. Records that programs build may hold subclasses of them:
an enumeration's members, boto3's decimals, a framework's own dicts.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from filterpatterns.jsontext.numbers import JsonNumber


class _Other:
    """The type of OTHER."""

    __slots__ = ()


OTHER: Final = _Other()
"""Stands for any leaf that is nothing JSON has: such values are all alike to every operator."""

SCALARS: Final = frozenset((str, int, float, JsonNumber, bool, type(None), Decimal))
"""The classes of values that `plain_scalar` leaves as they are."""


def plain_scalar(value: Any) -> Any:
    """A leaf as the engines compare it.

    An instance of a subclass of str, int, float or Decimal becomes the plain value that it is,
    whatever its own methods say; so do the members of an `Enum` that derives from one of these.
    Everything else stays: true, false and null, and objects that are not JSON's, which are values
    of a type of their own (`exists` and `anything-but` hold for them).
    """
    if value.__class__ in SCALARS:
        return value
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, int):
        return int.__int__(value)
    if isinstance(value, float):
        return float.__float__(value)
    if isinstance(value, Decimal):
        return Decimal(value)
    return value


def comparable(value: Any) -> Any:
    """As `plain_scalar`; but what is nothing that JSON has becomes OTHER, which can be hashed."""
    if value.__class__ in SCALARS:
        return value
    value = plain_scalar(value)
    return value if value.__class__ in SCALARS else OTHER
