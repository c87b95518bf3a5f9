"""Choices read from a fuzzer's bytes: the meaning of the other bytes is unchanged if a few
change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class Draw:
    """Reads choices from bytes. After their end, every choice is the first, so that everything
    ends."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def below(self, count: int) -> int:
        """A number from 0, less than count (65,536 at most)."""
        size = 1 if count <= 256 else 2
        taken = self._data[self._at : self._at + size]
        self._at += size
        return int.from_bytes(taken, "big") % count

    def once_in(self, times: int) -> bool:
        """True about once in that many times."""
        return self.below(times) == times - 1

    def pick(self, items: Sequence[T]) -> T:
        """One of the items."""
        return items[self.below(len(items))]

    def rest(self) -> bytes:
        """All remaining bytes."""
        rest = self._data[self._at :]
        self._at = len(self._data)
        return rest
