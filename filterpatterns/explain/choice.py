"""The interpreter's walk, recording the elements that it chooses in arrays."""

from __future__ import annotations

from typing import Any

from msgspec import Struct, field

from filterpatterns.explain.outcomes import Place, indexed
from filterpatterns.jsontext.python_values import is_object
from filterpatterns.matching.budget import Budget
from filterpatterns.matching.interpreter import Interpreter, Outcome
from filterpatterns.matching.match_tree import UNRANKED, MatchNode

_MOST_ELEMENTS = 3
"""The number of failing elements of an array that are reported, besides the closest element."""

_LARGE = 256
"""The number of items and arrays in and below an array from which its choice is kept; a smaller
array is evaluated again when it is explained."""

_Found = tuple[Place, Any]
"""An element, and its position in the array."""


class Choice(Struct):
    """How an element of an array is chosen: one that has the field of the lowest rank that any
    element has, and of these the closest.

    `objects` counts the elements, `head` is the first of them; `rank` and `fails` are the outcome;
    `best` is the element that is chosen, `others` are the first others of its rank. `passed` is
    the first element, of any rank, that satisfies all tests.
    """

    rank: int
    fails: int
    objects: int = 0
    head: _Found | None = None
    best: _Found | None = None
    others: list[_Found] = field(default_factory=list)
    passed: Place | None = None

    def add(self, found: _Found, rank: int, fails: int) -> None:
        """Add an element with the outcome of its tests."""
        self.objects += 1
        if self.head is None:
            self.head = found
        if not fails and self.passed is None:
            self.passed = found[0]
        if rank == UNRANKED or rank > self.rank:
            return
        if rank < self.rank:
            self.rank, self.fails, self.best = rank, fails, found
            self.others = []
            return
        if fails < self.fails and self.best is not None:
            self.others.append(self.best)
            self.others.sort(key=lambda other: _order(other[0]))
            del self.others[_MOST_ELEMENTS:]
            self.fails, self.best = fails, found
        elif len(self.others) < _MOST_ELEMENTS:
            self.others.append(found)


def _order(place: Place) -> tuple[Any, ...]:
    indexes: list[int | str] = []
    while not isinstance(place, str):
        place, index = place
        indexes.append(index)
    return tuple(reversed(indexes))


class Chooser(Interpreter):
    """Evaluates values, and records how it chose elements of large arrays. The values must stay
    alive as long as it does.
    """

    def __init__(self, budget: Budget) -> None:
        super().__init__(budget)
        self._choices: dict[tuple[int, int], Choice] = {}
        self._visits = 0

    def elements(self, node: MatchNode, array: Any) -> Outcome:
        """Evaluate the tests below a node, for an array at its path."""
        choice = self.choice(node, array)
        return choice.rank, choice.fails

    def choice(self, node: MatchNode, array: Any) -> Choice:
        """Return how an element of an array is chosen."""
        known = self._choices.get((id(node), id(array)))
        if known is not None:
            return known
        before = self._visits
        choice = Choice(UNRANKED, node.required)
        items = 0
        seen: set[int] = set()
        for place, item in indexed(array, "", seen):
            items += 1
            if is_object(item):
                choice.add((place, item), *self._fields(node, item))
        self._visits += items + len(seen)
        if self._visits - before > _LARGE:
            self._choices[id(node), id(array)] = choice
        return choice
