"""What the look-ups of a verdict found out about a record's leaves, for its explanation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from filterpatterns.jsontext.python_values import hashes_safely
from filterpatterns.matching.match_tree import FieldTest

Tests = list[tuple[FieldTest, int]]
"""The tests of one path, with the masks of their conjunctions."""

MOST_LEAVES = 250_000
"""The number of leaves of one path that are remembered."""


class _Path:
    """The tests of a path; and for each leaf, by its class, the conjunctions whose test it may
    satisfy. The mask is inverted if the leaf was looked up alone: it does satisfy these tests."""

    __slots__ = ("by_class", "tests")

    def __init__(self, tests: Tests, by_class: dict[type, dict[Any, int]]) -> None:
        self.tests = tests
        self.by_class = by_class or {str: {}, int: {}, float: {}}


class Known:
    """What is known about the leaves of one test."""

    __slots__ = ("_by_class", "_mask")

    def __init__(self, by_class: dict[type, dict[Any, int]], mask: int) -> None:
        self._by_class = by_class
        self._mask = mask

    def holds(self, leaf: Any) -> bool | None:
        """Whether a leaf, which hashes safely, satisfies the test; None if that is not known."""
        leaves = self._by_class.get(leaf.__class__)
        passed = None if leaves is None else leaves.get(leaf)
        if passed is None:
            return None
        if passed < 0:
            return ~passed & self._mask != 0
        return None if passed & self._mask else False


class Answers:
    """What is known about the leaves of a record."""

    __slots__ = ("_paths",)

    def __init__(self) -> None:
        self._paths: dict[int, _Path] = {}

    def add(self, tests: Tests, leaves: Sequence[Any], passed: int) -> None:
        """Note the conjunctions whose test any of some leaves satisfies."""
        by_class = (self._paths.get(id(tests)) or self._path(tests)).by_class
        noted = ~passed if len(leaves) == 1 else passed
        for leaf in leaves:
            kind = leaf.__class__
            known = by_class.get(kind)
            if known is None or len(known) >= MOST_LEAVES:
                continue
            if kind is str or hashes_safely(leaf):
                known[leaf] = noted

    def passing(self, tests: Tests, leaves: Sequence[Any]) -> tuple[int, Sequence[Any]]:
        """Return the conjunctions whose test a leaf satisfies, as far as that is known; and the
        leaves of which it is not."""
        by_class = (self._paths.get(id(tests)) or self._path(tests)).by_class
        passed = 0
        left = []
        for leaf in leaves:
            kind = leaf.__class__
            known = by_class.get(kind)
            if known and (kind is str or hashes_safely(leaf)):
                noted = known.get(leaf)
                if noted is not None and noted <= 0:
                    passed |= ~noted if noted else 0
                    continue
            left.append(leaf)
        return passed, left

    def _path(self, tests: Tests) -> _Path:
        """Return what is known of the leaves of a path that is new, or equal to another."""
        alike = (one for one in self._paths.values() if _are_equal(one.tests, tests))
        found = next(alike, None)
        # The lists stay alive, so that no other has the same identity.
        path = self._paths[id(tests)] = _Path(tests, {} if found is None else found.by_class)
        return path

    def about(self, test: FieldTest) -> Known | None:
        """Return what is known about the leaves of a test; None if none has been looked up."""
        wanted = _described(test)
        for path in self._paths.values():
            for other, mask in path.tests:
                if _described(other) == wanted:
                    return Known(path.by_class, mask)
        return None


def _are_equal(tests: Tests, others: Tests) -> bool:
    return len(tests) == len(others) and all(
        mask == other_mask and _described(test) == _described(other)
        for (test, mask), (other, other_mask) in zip(tests, others, strict=True)
    )


def _described(test: FieldTest) -> tuple[Any, ...]:
    return test.path, test.names, test.optional, test.rules
