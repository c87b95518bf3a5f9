"""Matching by places, for records that spell one path in several ways.

`{"a": {"b": 1}, "a.b": 2}` has two values of the path a.b, and if there are arrays on the way, an
element may be chosen from each of them. Here the leaves are gathered by the array elements that
contain them, however their paths are spelled. If each path is found in one array only, the choices
in arrays do not depend on each other, and all conjunctions are evaluated at once. For the paths
that are found in several, a depth-first search chooses, test by test in the order of the paths, a
leaf for each so that no two choices disagree on an array's element.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from filterpatterns.jsontext.python_values import safe_key
from filterpatterns.matching.budget import Budget
from filterpatterns.matching.combinations import bits
from filterpatterns.matching.mask_tree import Absence, MaskTree
from filterpatterns.matching.match_tree import FieldTest
from filterpatterns.matching.outcomes import Outcomes
from filterpatterns.matching.places.choices import Search, simplified
from filterpatterns.matching.places.gathering import Place, anywhere, gather, pairs, places_in


class _Gathered(Struct, eq=False):
    """The places of a value, and the conjunctions that hold of those asked for; None if only a
    search can tell, and was put off."""

    tree: MaskTree
    value: Any
    asked: int
    top: Place
    several: int
    held: int | None = None

    def is_for(self, tree: MaskTree, value: Any) -> bool:
        """Whether another tree would gather the same places of a value."""
        return self.value is value and (self.tree is tree or self.tree.equals(tree))


def is_gathered(tree: MaskTree, value: Any, budget: Budget) -> bool:
    """Whether the places of a value for these tests are what was gathered last."""
    gathered: _Gathered | None = budget.gathered
    return gathered is not None and gathered.is_for(tree, value)


def holding_by_places(tree: MaskTree, value: Any, asked: int, budget: Budget) -> int:
    """Return which of the conjunctions `asked` for hold for a value, however it spells its paths.

    Raises:
        RecordError: the value combines so many spellings and arrays that the search was given up.
    """
    gathered = _gathered(tree, value, asked, budget)
    held = gathered.held
    if held is None:
        held, uncertain = _outcome(gathered.top, tree, asked, gathered.several)
        if uncertain and budget.postpones:
            budget.postponed = True
            budget.gathered = gathered
            return held
        if uncertain:
            held |= _searched(gathered.top, tree, uncertain, gathered.several, budget)
        gathered.held = held
    budget.gathered = gathered
    return held


def _gathered(tree: MaskTree, value: Any, asked: int, budget: Budget) -> _Gathered:
    """Return the evaluated places of a value: those that were gathered last, if they are for the
    same tests. The caller may change them, so that they are no longer the budget's.

    Raises:
        RecordError: that takes more than is left of the budget.
    """
    is_same = is_gathered(tree, value, budget) and budget.gathered.asked == asked
    gathered: _Gathered = budget.gathered
    budget.gathered = None
    if not is_same:
        del gathered  # it may be large
        top = gather(tree.root, value, budget)
        gathered = _Gathered(tree, value, asked, top, _evaluate(top, tree, asked))
    return gathered


def _outcome(top: Place, tree: MaskTree, asked: int, several: int) -> tuple[int, int]:
    """Return the conjunctions that hold, and those that only a search can decide."""
    found, held = top.outcome
    missing = 0
    for bit, mask in tree.required.items():
        if not found & bit:
            missing |= mask
    uncertain = 0
    for number in bits(several):
        uncertain |= tree.tested[1 << number]
    uncertain &= asked & ~missing
    return held & ~(missing | uncertain), uncertain


def failing_alone(tree: MaskTree, value: Any, budget: Budget) -> Iterator[int]:
    """For each test that no leaf satisfies, wherever it is, yield the conjunctions that have the
    test.

    Raises:
        RecordError: that takes more than is left of the budget.
    """
    found: dict[int, int] = {}
    if is_gathered(tree, value, budget):
        for place in places_in(budget.gathered.top):
            for bit, mask in pairs(place.leaves):
                found[bit] = found.get(bit, 0) | mask
    else:
        found = anywhere(tree.root, value, budget)
    budget.gathered = None
    for bit, tests in tree.tests.items():
        for test, mask in tests:
            if mask & ~found.get(bit, 0) and not (test.optional and bit not in found):
                yield mask


def first_unsatisfied(tree: MaskTree, value: Any, budget: Budget) -> FieldTest | None:
    """Return the first test in the tree of a conjunction that cannot be satisfied together with
    those before it; None if all hold.

    Raises:
        RecordError: as above.
    """
    if holding_by_places(tree, value, 1, budget):
        return None
    top = _gathered(tree, value, 1, budget).top
    paths = sorted(tree.tests)
    furthest = Search(simplified(top), budget).furthest(tree, paths, 1)
    return None if furthest == len(paths) else tree.tests[paths[furthest]][0][0]


def _evaluate(top: Place, tree: MaskTree, asked: int) -> int:
    """Set the outcome of each place, and remove what cannot change any.

    Returns:
        The bits of the paths that are found in several arrays of one place, or beside one. The
        outcomes are exact only for conjunctions without tests of these paths.
    """
    several = 0
    for place in reversed(places_in(top)):  # inner places first
        found, held = 0, asked
        for bit, mask in pairs(place.leaves):
            found |= bit
            held &= ~tree.tested[bit] | mask
        kept = []
        for array in place.arrays or ():
            found_there, held_there, elements = _array(array, tree, asked)
            if not found_there:
                continue
            several |= found & found_there
            found |= found_there
            held &= held_there
            array[:] = elements
            kept.append(array)
        place.arrays = kept or None
        place.outcome = found, held
    return several


def _array(array: list[Place], tree: MaskTree, asked: int) -> tuple[int, int, list[Place]]:
    """Return the outcome of an array whose elements have outcomes, and the elements that have
    anything."""
    found = 0
    for element in array:
        found |= element.outcome[0]
    if not found:
        return 0, asked, []
    paths = {number: place for place, number in enumerate(bits(found))}
    absence = Absence([tree.required[1 << number] for number in paths])
    failing: dict[int | bytes, int] = {}
    outcomes = Outcomes()
    elements = []
    for element in array:
        there, held = element.outcome
        if there:
            elements.append(element)
            key = safe_key(there)
            if key not in failing:
                failing[key] = absence.without([paths[number] for number in bits(there)])
            outcomes.add(there, held & ~failing[key])
    return *outcomes.best(tree.tested, asked, 0), elements


def _searched(top: Place, tree: MaskTree, asked: int, several: int, budget: Budget) -> int:
    """Return which conjunctions hold of those that have tests of paths found in several arrays.
    The places are simplified, but stay equivalent."""
    # Elements of all other arrays, and leaves outside arrays, are chosen independently.
    involved: list[list[Place]] = []
    others: list[list[Place]] = []
    paths = 0
    for bit, mask in pairs(top.leaves):
        if bit & several:
            paths |= bit
        else:
            asked &= ~tree.tested[bit] | mask
    for array in top.arrays or ():
        found, held, _ = _array(array, tree, asked)
        if found & several:
            involved.append(array)
            paths |= found
        else:
            asked &= held
            others.append(array)
    top.arrays = involved
    search = Search(simplified(top), budget)
    wanted = [1 << number for number in bits(paths)]
    holding = 0
    for alike in _groups(tree, wanted, asked & ~search.hopeless(tree, wanted)):
        one = alike & -alike
        if search.furthest(tree, wanted, one) == len(wanted):
            holding |= alike
    top.arrays += others
    return holding


def _groups(tree: MaskTree, paths: list[int], asked: int) -> list[int]:
    """Group the conjunctions that have the same tests of these paths."""
    tests: dict[int, list[int]] = {number: [] for number in bits(asked)}
    count = 0
    for bit in paths:
        for _, mask in tree.tests[bit]:
            count += 1
            if asked & ~mask:  # a test that all have tells none from the others
                for number in bits(asked & mask):
                    tests[number].append(count)
    groups: dict[tuple[int, ...], int] = {}
    for number, its_tests in tests.items():
        key = tuple(its_tests)
        groups[key] = groups.get(key, 0) | 1 << number
    return list(groups.values())
