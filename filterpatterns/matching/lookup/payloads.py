"""What the index files under its keys: masks of positions, or lists of entries.

Both are immutable values with a sum and a difference, so that one index structure serves both.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from msgspec import Struct

Filed = TypeVar("Filed")


class Kind(Struct, Generic[Filed], frozen=True):
    """How values of a kind are combined and separated; `nothing` is the empty value."""

    nothing: Filed
    join: Callable[[Filed, Filed], Filed]
    without: Callable[[Filed, Filed], Filed]


def _mask_without(mask: int, other: int) -> int:
    return mask & ~other


def _entries_without(entries: tuple[Any, ...], others: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(entry for entry in entries if entry not in others)


MASKS: Kind[int] = Kind(0, operator.or_, _mask_without)
"""A Python integer with a bit for each position."""

ENTRIES: Kind[tuple[Any, ...]] = Kind((), operator.add, _entries_without)
"""A tuple of distinct entries."""
