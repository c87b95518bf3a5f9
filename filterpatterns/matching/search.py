"""Matching by search, for events that spell one path in several ways.

`{"a": {"b": 1}, "a.b": 2}` has two values of the path a.b, and where arrays stand on the way, each
of them may be the one to choose from. The interpreter's walk sees one place for each path; here the
places are gathered first, and a depth-first search chooses, test by test in the order of the paths,
one value for each so that no two choices disagree on an array's element.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from typing import Any

from filterpatterns.errors import RecordError
from filterpatterns.matching.match_tree import FieldTest, MatchNode

_MOST_STEPS = 2_000_000
"""The problem is as hard as set cover; only an event made for it needs this many steps."""


_DEEPEST_ARRAY = 200_000
"""Arrays directly in arrays. No JSON text comes near; a Python list that holds itself does."""


class _Place:
    """Leaves that lie in the same array elements, and the arrays that open up from there.

    `leaves` says for each test with a leaf here whether one of them satisfies it.
    """

    __slots__ = ("arrays", "leaves")

    def __init__(self) -> None:
        self.leaves: dict[FieldTest, bool] = {}
        self.arrays: list[list[_Place]] = []

    def add_leaf(self, test: FieldTest, satisfied: bool) -> None:
        self.leaves[test] = satisfied or self.leaves.get(test, False)


_Chosen = dict[int, _Place]
"""Arrays, by the identity of their list of places, and the element that was chosen of each."""


def search(root: MatchNode, value: Any) -> FieldTest | None:
    """The tests at and below a node, for a value, however it spells its paths: None if they are
    satisfied, else the first that cannot be satisfied together with those before it.

    Raises:
        RecordError: the value combines so many spellings and arrays that the search was given up.
    """
    top = _gather(root, value)
    _simplify(top)
    return _Search(top, sorted(root.tests(), key=lambda test: test.rank)).first_unsatisfied()


class _Search:
    def __init__(self, top: _Place, tests: list[FieldTest]) -> None:
        self._top = top
        self._tests = tests
        self._steps = 0

    def first_unsatisfied(self) -> FieldTest | None:
        if not self._tests:
            return None
        choices = [self._choices(self._tests[0], {})]
        furthest = 1
        while choices:
            chosen = next(choices[-1], None)
            if chosen is None:
                choices.pop()
            elif len(choices) == len(self._tests):
                return None
            else:
                choices.append(self._choices(self._tests[len(choices)], chosen))
                furthest = max(furthest, len(choices))
        return self._tests[furthest - 1]

    def _choices(self, test: FieldTest, chosen: _Chosen) -> Iterator[_Chosen]:
        """What may be chosen on top of `chosen` so that the test is satisfied."""
        pending = [(self._top, chosen)]
        found = False
        while pending:
            self._steps += 1
            if self._steps > _MOST_STEPS:
                raise RecordError(
                    "the record spells paths with dots in too many ways, in arrays, to search them"
                )
            place, so_far = pending.pop()
            if test in place.leaves:
                found = True
                if place.leaves[test]:
                    yield so_far
            for array in place.arrays:
                if id(array) in so_far:
                    pending.append((so_far[id(array)], so_far))
                else:
                    pending.extend((element, {**so_far, id(array): element}) for element in array)
        if test.optional and not found:
            yield chosen


def _gather(root: MatchNode, whole: Any) -> _Place:
    """The leaves that the tree's tests are about, by the array elements they lie in.

    An event may cut a dotted name anywhere, so that a place in the tree is a node and how much of
    an edge from there has been spelt so far (None: nothing; names may be empty).
    """
    top = _Place()
    pending: list[tuple[MatchNode, str | None, Any, _Place, int]] = [(root, None, whole, top, 0)]
    while pending:
        node, spelt, value, place, depth = pending.pop()
        if isinstance(value, Mapping):
            for name, member in value.items():
                if isinstance(name, str):  # anything else in a dict is nobody's name
                    reached = walk(node, name if spelt is None else f"{spelt}.{name}")
                    if reached is not None:
                        pending.append((*reached, member, place, 0))
        elif isinstance(value, (list, tuple)):
            if depth > _DEEPEST_ARRAY:
                raise RecordError("the record holds an array in itself")
            array: list[_Place] = []
            for element in value:
                # A scalar that stands directly in an array leaves it unbound.
                inside = place
                if isinstance(element, (Mapping, list, tuple)):
                    inside = _Place()
                    array.append(inside)
                pending.append((node, spelt, element, inside, depth + 1))
            place.arrays.append(array)
        elif node.test is not None and spelt is None:
            place.add_leaf(node.test, any(rule.holds(value) for rule in node.test.rules))
    return top


def walk(node: MatchNode, name: str) -> tuple[MatchNode, str | None] | None:
    """Where a name with dots leads from a node: to a node, part of the way to one, or nowhere."""
    while True:
        for child in node.children:
            if child.name == name:
                return child, None
            if child.name.startswith(name + "."):
                return node, name
            if name.startswith(child.name + "."):
                node, name = child, name[len(child.name) + 1 :]
                break  # no two edges begin with the same part
        else:
            return None


def _simplify(top: _Place) -> None:
    """Leave out what cannot change the outcome, so that the search is short.

    Of the elements of an array that offer the same, one is kept; empty ones go; and where one is
    left there is nothing to choose: it is as if the array were not there. So an array of thousands
    of like objects costs the search no more than one.
    """
    places = [top]
    for place in places:
        places.extend(element for array in place.arrays for element in array)
    numbers: dict[Hashable, int] = {}
    offers: dict[int, int] = {}
    for place in reversed(places):  # inner places first
        arrays = []
        offered = []
        for array in place.arrays:
            different = {
                offers[id(element)]: element
                for element in array
                if element.leaves or element.arrays
            }
            if len(different) == 1:
                (only,) = different.values()
                for test, satisfied in only.leaves.items():
                    place.add_leaf(test, satisfied)
                arrays += only.arrays
            elif different:
                arrays.append(list(different.values()))
        place.arrays = arrays
        for array in arrays:
            signature = frozenset(offers[id(element)] for element in array)
            offered.append(numbers.setdefault(signature, len(numbers)))
        offer = (frozenset(place.leaves.items()), tuple(sorted(offered)))
        offers[id(place)] = numbers.setdefault(offer, len(numbers))
