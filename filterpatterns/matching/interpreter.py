"""Evaluates a match tree on a parsed value: slow, plain, and the reference for every faster path.

Every function here returns a pair (first, failing) for a value and the tests at and below a node:
`first` is the lowest rank of a test whose path has a leaf there (UNRANKED if none has), `failing`
how many of the tests fail at the best choice of array elements: zero if they can all be satisfied,
which is all that a verdict needs. The rank is what `exists: false` needs. An array is
bound by the first test, in the order of the paths, that takes a value from it; a test that comes
before any of these may be satisfied by absence only if no element has its path. So in an array the
lowest rank found in any element must be satisfied by a value, and only the elements that have it
can be chosen.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from filterpatterns.jsontext.python_values import SCALARS, flatten, is_object
from filterpatterns.matching.budget import Budget
from filterpatterns.matching.mask_tree import leaf_test
from filterpatterns.matching.match_tree import UNRANKED, FieldTest, MatchNode
from filterpatterns.matching.search import satisfied, walk

Outcome = tuple[int, int]


class OtherSpelling(Exception):
    """The event spells a path with dots differently from the pattern."""


def holds(root: MatchNode, value: Any) -> bool:
    """Whether the tests at and below a node are satisfied by a value. Linear in the value.

    Raises:
        OtherSpelling, RecursionError: as for `evaluate`.
    """
    return evaluate(root, value, Budget())[1] == 0


def failing(root: MatchNode, value: Any, budget: Budget) -> int:
    """Return how many of the tests at and below a node fail for a value.

    If an object has a name with dots that leads to a path that the pattern spells differently
    (`{"a.b": 1}` for `a` -> `b`), one path can have values in several places at once, and the
    search decides; all tests that fail count as one.

    Raises:
        RecordError: that takes more than is left of the budget.
    """
    try:
        return evaluate(root, value, budget)[1]
    except (OtherSpelling, RecursionError):  # or the caller's stack has no room for the walk
        return int(not satisfied(root, value, budget))


def evaluate(node: MatchNode, value: Any, budget: Budget) -> Outcome:
    """Evaluate the tests at and below a node, for the value at its path.

    Raises:
        OtherSpelling: the search has to decide.
        RecursionError: the caller's stack has no room for the walk.
        RecordError: that takes more than is left of the budget.
    """
    return Interpreter(budget).evaluate(node, value)


class Interpreter:
    """The walk; explanations note how it chooses elements."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget

    def evaluate(self, node: MatchNode, value: Any) -> Outcome:
        """Evaluate the tests at and below a node, for the value at its path.

        Raises:
            OtherSpelling, RecursionError: as for `evaluate`.
        """
        if is_object(value):
            below = self._fields(node, value)
            if node.test is not None and not node.test.optional:
                return below[0], below[1] + 1
            return below
        if isinstance(value, (list, tuple)):
            if node.test is None:
                return self.elements(node, value)
            if not node.children:
                return self._any_leaf(node.test, _leaves(value))
            return self._leaves_and_elements(node, node.test, value)
        if node.test is None:
            return UNRANKED, node.required
        fails = not leaf_test(node.test, self._budget)(value)
        return node.test.rank, node.required + fails

    def _fields(self, node: MatchNode, members: Mapping[Any, Any]) -> Outcome:
        """Evaluate the tests below a node, for an object at its path."""
        known = []
        for name, member in members.items():
            child = node.by_part.get(name)
            if child is None or child.name != name:
                child = _child_with_dots(node, name)  # all names first: members may be large
                if child is None:
                    continue
            known.append((child, member))
        first, fails = UNRANKED, node.required
        for child, member in known:
            rank, child_fails = self.evaluate(child, member)
            first = min(first, rank)
            fails += child_fails - _needed(child)
        return first, fails

    def elements(self, node: MatchNode, array: Any) -> Outcome:
        """Evaluate the tests below a node, for an array at its path: one element must satisfy them
        all.

        Nested arrays are flattened: choosing an element in each means choosing one of all elements.
        """
        outcome = UNRANKED, node.required
        for element in flatten(array):
            if is_object(element):
                outcome = _better(outcome, self._fields(node, element))
        return outcome

    def _leaves_and_elements(self, node: MatchNode, test: FieldTest, array: Any) -> Outcome:
        """Evaluate a node with a test of its own and tests below, for an array.

        A scalar directly in an array leaves the array unbound; a scalar in a nested array binds the
        outer array to the inner one. So the test is satisfied either by a direct scalar, and the
        tests below by any element of this array; or wholly inside one of the arrays in it.
        """
        arrays, outers = nested_arrays(array)
        found = False
        below: list[Outcome] = [(UNRANKED, node.required)] * len(arrays)
        taken = [node.required + 1] * len(arrays)
        for index in reversed(range(len(arrays))):  # inner arrays first
            inner, outer = arrays[index], outers[index]
            for element in inner:
                if is_object(element):
                    below[index] = _better(below[index], self._fields(node, element))
            direct, fails = self._any_leaf(test, _scalars(inner))
            if direct != UNRANKED:
                found = True
                taken[index] = min(taken[index], fails + below[index][1])
            if index:
                below[outer] = _better(below[outer], below[index])
                taken[outer] = min(taken[outer], taken[index])
        if found:
            return test.rank, taken[0]
        return below[0][0], below[0][1] + (not test.optional)

    def _any_leaf(self, test: FieldTest, leaves: Iterable[Any]) -> Outcome:
        """Evaluate a test, for the leaves of its path: any of them may satisfy any rule."""
        found = False
        holds = leaf_test(test, self._budget)
        for leaf in leaves:
            found = True
            if holds(leaf):
                return test.rank, 0
        return (test.rank, 1) if found else (UNRANKED, int(not test.optional))


def _child_with_dots(node: MatchNode, name: Any) -> MatchNode | None:
    """Return the child for a name with dots.

    Raises:
        OtherSpelling: no child has the name, but it leads to, or towards, a path below the node.
    """
    child = node.by_part.get(name.partition(".")[0]) if isinstance(name, str) else None
    if child is None or child.name == name:
        return child
    if walk(node, name) is not None:
        raise OtherSpelling
    return None


def _needed(node: MatchNode) -> int:
    """Return how many of the tests at and below a node absence does not satisfy."""
    return node.required + (node.test is not None and not node.test.optional)


def _better(outcome: Outcome, other: Outcome) -> Outcome:
    """Merge the outcomes of two sets of elements: only those with the lowest rank can be chosen."""
    if other[0] < outcome[0]:
        return other
    if other[0] == outcome[0] != UNRANKED:
        return outcome[0], min(outcome[1], other[1])
    return outcome


def nested_arrays(array: Any) -> tuple[list[Any], list[int]]:
    """Return the array and all nested arrays, outer arrays first; and for each the index of the
    array around it."""
    arrays = [array]
    outers = [0]
    seen = {id(array)}
    for index, outer in enumerate(arrays):
        for item in outer:
            if item.__class__ in SCALARS:
                continue
            if isinstance(item, (list, tuple)) and id(item) not in seen:
                seen.add(id(item))
                arrays.append(item)
                outers.append(index)
    return arrays, outers


def _leaves(array: Any) -> Iterator[Any]:
    return (item for item in flatten(array) if not is_object(item))


def _scalars(array: Any) -> Iterator[Any]:
    return (item for item in array if not (isinstance(item, (list, tuple)) or is_object(item)))
