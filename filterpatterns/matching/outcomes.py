"""The combined outcomes of the elements of an array."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from filterpatterns.jsontext.python_values import hashes_safely, safe_key

Outcome = tuple[int, int]
"""The bits of the paths that have a leaf, and the conjunctions that hold."""


class Outcomes:
    """The outcomes of an array's elements."""

    __slots__ = ("_by_found", "_found")

    def __init__(self) -> None:
        self._found = 0
        self._by_found: dict[int | bytes, int] = {}

    def add(self, found: int, held: int) -> None:
        """Add the outcome of an element."""
        # Which conjunctions may choose an element depends only on what it has.
        if found:
            self._found |= found
            key = safe_key(found)
            self._by_found[key] = self._by_found.get(key, 0) | held

    def best(self, tested: dict[int, int], asked: int, required: int) -> Outcome:
        """Return the outcome for the array, at the best choice of an element.

        Args:
            tested: the conjunctions that have a test, by the bit of its path.
            asked: the conjunctions in question.
            required: those that fail if none of the paths has a leaf.
        """
        unbound = asked
        bound: dict[int, int] = {}
        firsts = 0
        found = self._found
        while found and unbound:
            bit = found & -found
            found ^= bit
            binding = unbound & tested[bit]
            if binding:
                bound[bit] = binding
                firsts |= bit
                unbound ^= binding
        best = unbound & ~required
        for key, held in self._by_found.items():
            there = key if isinstance(key, int) else int.from_bytes(key, "little")
            first = there & firsts
            while first and held & ~best:
                bit = first & -first
                first ^= bit
                best |= held & bound[bit]
        return self._found, best


_FEW = 16
"""Fewer leaves are not worth deduplicating."""


def distinct(leaves: list[Any]) -> Sequence[Any]:
    """Return the distinct leaves if there are many."""
    if len(leaves) <= _FEW:
        return leaves
    found: dict[Any, Any] = {}
    for leaf in leaves:
        found[(leaf.__class__, leaf) if hashes_safely(leaf) else id(leaf)] = leaf
    return list(found.values())
