"""What counts as a string, number, object or array: one definition for all engines.

JSON decoders return exact built-in classes. Records built by programs may contain subclasses:
members of an enumeration, boto3's decimals, a framework's own dicts.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

from filterpatterns.jsontext.numbers import JsonNumber


class _Other:
    """The type of OTHER."""

    __slots__ = ()


OTHER: Final = _Other()
"""Represents any leaf of a type that JSON does not have: all operators treat such values alike."""

SCALARS: Final = frozenset((str, int, float, JsonNumber, bool, type(None), Decimal))
"""The classes of values that `plain_scalar` leaves as they are."""


def plain_scalar(value: Any) -> Any:
    """Return a leaf as the engines compare it.

    An instance of a subclass of str, int, float or Decimal becomes its plain value, whatever
    its own methods do; so do the members of an `Enum` that derives from one of these. Everything
    else is unchanged: true, false and null, and objects that JSON does not have, which count as
    values of a type of their own (`exists` and `anything-but` match them).
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
    """Like `plain_scalar`, but a value of a type that JSON does not have becomes the hashable
    OTHER."""
    if value.__class__ in SCALARS:
        return value
    value = plain_scalar(value)
    return value if value.__class__ in SCALARS else OTHER


_PLAIN = frozenset((str, int, float, bool, type(None)))
_SMALL = sys.hash_info.modulus


def hashes_safely(leaf: Any) -> bool:
    """Whether a leaf may be a key in a table of a record's leaves.

    A large integer may not: its hash is what remains when it is divided by a known number, so that
    a record can have 40,000 of the same hash, each of which is compared with all others. There are
    at most two thousand such floating-point numbers, and the hashes of strings are secret.
    """
    kind = leaf.__class__
    return -_SMALL < leaf < _SMALL if kind is int else kind in _PLAIN


def safe_key(mask: int) -> int | bytes:
    """Return a mask's key in a table whose keys a record chooses: the bytes of a large mask, for
    the same reason."""
    return mask if mask < _SMALL else mask.to_bytes(mask.bit_length() + 7 >> 3, "little")


def is_object(value: Any) -> bool:
    """Whether a value is an object, as JSON has it."""
    kind = value.__class__
    return kind is dict or (kind not in SCALARS and isinstance(value, Mapping))


def flatten(array: Any) -> Iterator[Any]:
    """Yield the items of an array and of its nested arrays, but not these arrays.

    An array that is met again adds nothing; a Python list may even contain itself.
    """
    outer: list[Iterator[Any]] = []
    items = iter(array)
    seen = {id(array)}
    while True:
        for item in items:
            kind = item.__class__  # faster than isinstance, which remains for subclasses
            if kind is not list and (kind in SCALARS or not isinstance(item, (list, tuple))):
                yield item
            elif id(item) not in seen:
                seen.add(id(item))
                outer.append(items)
                items = iter(item)
                break
        else:
            if not outer:
                return
            items = outer.pop()
