"""A cache bounded by the size of its content."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from msgspec import Struct

Value = TypeVar("Value")


class CacheInfo(Struct, frozen=True):
    """The content of a cache: the number of results, and their total estimated bytes."""

    currsize: int
    bytes: int


class SizedCache(Generic[Value]):
    """Results by their keys; the least recently used results are evicted first.

    Threads may share it. A result that is larger than the cache is not kept.
    """

    def __init__(self, weigh: Callable[[Value], int], *, entries: int, size: int) -> None:
        """
        Args:
            weigh: estimates the bytes of a result.
            entries: the maximum number of results.
            size: the maximum total number of bytes.
        """
        self._weigh = weigh
        self._most_entries = entries
        self._most_bytes = size
        self._lock = threading.Lock()
        self._held: OrderedDict[Hashable, tuple[Value, int]] = OrderedDict()
        self._bytes = 0

    def get(self, key: Hashable, make: Callable[[], Value]) -> Value:
        """Return the result for a key, from the cache or newly created."""
        with self._lock:
            held = self._held.get(key)
            if held is not None:
                self._held.move_to_end(key)
                return held[0]
        value = make()
        weight = self._weigh(value)
        if weight > self._most_bytes:
            return value
        with self._lock:
            if key in self._held:  # another thread was faster
                return self._held[key][0]
            self._held[key] = value, weight
            self._bytes += weight
            while len(self._held) > self._most_entries or self._bytes > self._most_bytes:
                _, (_, dropped) = self._held.popitem(last=False)
                self._bytes -= dropped
        return value

    def clear(self) -> None:
        """Remove all results."""
        with self._lock:
            self._held.clear()
            self._bytes = 0

    def info(self) -> CacheInfo:
        """Return the content of the cache."""
        with self._lock:
            return CacheInfo(len(self._held), self._bytes)
