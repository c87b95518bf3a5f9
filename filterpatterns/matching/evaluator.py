"""Evaluates a mask tree on a parsed value: which conjunctions match.

Like the reference interpreter, but for all conjunctions at once, and without visiting fields that
the record lacks: the cost is the size of the record times the cost of an operation on masks.

Every function returns a pair (found, holding) for a value and the tests at and below a node:
`found` has the bits of the paths that have a leaf there, `holding` the conjunctions whose tests
there can all be satisfied. In an array the lowest path of a conjunction that any element has must
be satisfied by a value, and only elements that have it can be chosen (`interpreter.py` explains
why).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from filterpatterns.jsontext.python_values import (
    SCALARS,
    comparable,
    flatten,
    hashes_safely,
    is_object,
)
from filterpatterns.matching.budget import Budget
from filterpatterns.matching.interpreter import nested_arrays
from filterpatterns.matching.mask_tree import MaskNode, MaskTree
from filterpatterns.matching.outcomes import Outcome, Outcomes, distinct
from filterpatterns.matching.places.holding import holding_by_places

_MOST_KNOWN = 1_000
"""The number of leaves for which it is known which conjunctions hold."""


class _OtherSpelling(Exception):
    """The record spells a path with dots differently from the patterns."""


def holding(tree: MaskTree, value: Any, asked: int, budget: Budget) -> int:
    """Return which of the conjunctions `asked` for hold for a value.

    Raises:
        RecordError: the search would take more than is left of the budget.
    """
    if not asked or not tree.tests:
        return asked
    walk = _Walk(tree, asked, budget)
    try:
        return walk.evaluate(tree.root, value, False)[1]
    except (_OtherSpelling, RecursionError):  # or the caller's stack has no room for the walk
        return holding_by_places(tree, value, asked, budget)
    finally:
        budget.walked += walk.visits


class _Walk:
    """One walk over one value."""

    __slots__ = ("_asked", "_budget", "_tested", "visits")

    def __init__(self, tree: MaskTree, asked: int, budget: Budget) -> None:
        self._budget = budget
        self._tested = tree.tested
        self._asked = asked
        self.visits = 0

    def evaluate(self, node: MaskNode, value: Any, in_array: bool) -> Outcome:
        """Evaluate the tests at and below a node, for the value there."""
        kind = value.__class__
        if kind is dict or (kind not in SCALARS and isinstance(value, Mapping)):
            found, held = self._fields(node, value, in_array)
            return found, held & ~node.required
        if kind is list or (kind not in SCALARS and isinstance(value, (list, tuple))):
            if not node.bit:
                return self._elements(node, value)
            if not node.children:
                return self._leaves(node, value)
            return self._leaves_and_elements(node, value)
        held = self._asked & ~node.required_below
        if held & node.tested:
            held &= ~node.tested | node.holding((comparable(value),), self._budget)
        return node.bit, held

    def _fields(self, node: MaskNode, members: Mapping[Any, Any], in_array: bool) -> Outcome:
        """Evaluate the tests below a node, for an object there."""
        self.visits += 1 + len(members)
        if not members:
            return 0, self._asked & ~node.required_below
        children = node.children
        present: list[MaskNode] = []
        values = []
        for name, member in members.items():
            child = children.get(name)
            if child is not None:
                present.append(child)
                values.append(member)
            elif isinstance(name, str) and node.is_other_spelling(name):
                raise _OtherSpelling
        if not present:
            return 0, self._asked & ~node.required_below
        held = self._asked & ~node.absent.without([child.number for child in present])
        found = 0
        for child, member in zip(present, values):  # noqa: B905 - equally long
            if not held and not in_array:
                return 0, 0  # other findings count only for elements of arrays
            found_there, held_there = self.evaluate(child, member, in_array)
            found |= found_there
            held &= held_there
        return found, held

    def _leaves(self, node: MaskNode, array: Any) -> Outcome:
        """Evaluate the tests at a node without children: any leaf of an array may satisfy any
        rule."""
        leaves = [comparable(item) for item in flatten(array) if not is_object(item)]
        self.visits += len(leaves)
        if not leaves:
            return 0, self._asked & ~node.required
        return node.bit, self._asked & (~node.tested | node.holding(distinct(leaves), self._budget))

    def _elements(self, node: MaskNode, array: Any) -> Outcome:
        """Evaluate the tests below a node, for an array there: one element must satisfy them all.

        Nested arrays are flattened: choosing an element in each means choosing one of all elements.
        """
        outcomes = Outcomes()
        for element in flatten(array):
            if is_object(element):
                outcomes.add(*self._fields(node, element, True))
        return outcomes.best(self._tested, self._asked, node.required_below)

    def _leaves_and_elements(self, node: MaskNode, array: Any) -> Outcome:
        """Evaluate a node with tests at and below it, for an array.

        A scalar directly in an array leaves the array unbound; a scalar in a nested array binds the
        outer array to the inner one. So a test here is satisfied either by a direct scalar, and the
        tests below by any element of this array; or wholly inside one of the arrays in it.
        """
        arrays, outers = nested_arrays(array)
        outcomes: dict[int, Outcome | Outcomes] = {}  # only for arrays that have some
        taken = [0] * len(arrays)
        any_leaf = False
        nothing = 0, self._asked & ~node.required_below
        below: Outcome = nothing
        known: dict[Any, int] = {}
        for index in reversed(range(len(arrays))):  # inner arrays first
            outer = outers[index]
            leaves = []
            for element in arrays[index]:
                kind = element.__class__
                if kind in SCALARS:
                    leaves.append(element)
                elif kind is dict or isinstance(element, Mapping):
                    _add(outcomes, index, self._fields(node, element, True))
                elif not isinstance(element, (list, tuple)):
                    leaves.append(comparable(element))
            own = outcomes.pop(index, nothing)
            if isinstance(own, Outcomes):
                own = own.best(self._tested, self._asked, node.required_below)
            below = own
            if leaves:
                any_leaf = True
                if below[1] & node.tested:
                    taken[index] |= self._held(node, leaves, known) & below[1]
            if index:
                _add(outcomes, outer, below)
                taken[outer] |= taken[index]
        found, held = below
        if not any_leaf:
            return found, held & ~node.required
        return found | node.bit, (held & ~node.tested) | (taken[0] & node.tested)

    def _held(self, node: MaskNode, leaves: list[Any], known: dict[Any, int]) -> int:
        """Return which conjunctions hold for the leaves of an array. `known` has the result for
        arrays of one leaf: there may be many with the same one."""
        leaf = leaves[0]
        if len(leaves) > 1 or not hashes_safely(leaf):
            return node.holding(distinct(leaves), self._budget)
        key = leaf.__class__, leaf
        held = known.get(key)
        if held is None:
            held = node.holding(leaves, self._budget)
            if len(known) < _MOST_KNOWN:
                known[key] = held
        return held


def _add(outcomes: dict[int, Outcome | Outcomes], index: int, outcome: Outcome) -> None:
    """Add the outcome of an element to those of its array. A single one is what `best` returns for
    it."""
    if outcome[0]:
        before = outcomes.get(index)
        if before is None:
            outcomes[index] = outcome
        elif isinstance(before, Outcomes):
            before.add(*outcome)
        elif before != outcome:
            outcomes[index] = together = Outcomes()
            together.add(*before)
            together.add(*outcome)
