"""Matching by places, for records that spell one path in several ways.

`{"a": {"b": 1}, "a.b": 2}` has two values of the path a.b, and if there are arrays on the way, an
element may be chosen from each of them. Here the leaves are gathered by the array elements that
contain them, however their paths are spelled. If each path is found in one array only, the choices
in arrays do not depend on each other, and all conjunctions are evaluated at once. For the paths
that are found in several, a depth-first search chooses, test by test in the order of the paths, a
leaf for each so that no two choices disagree on an array's element.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from typing import Any

from filterpatterns.jsontext.python_values import SCALARS, comparable
from filterpatterns.matching.budget import Budget
from filterpatterns.matching.combinations import bits
from filterpatterns.matching.mask_tree import Absence, MaskNode, MaskTree
from filterpatterns.matching.match_tree import FieldTest
from filterpatterns.matching.outcomes import Outcome, Outcomes

_GATHERED = 0
"""The key, among what is remembered for a record, of the places for which a search was put off."""


class _Place:
    """Leaves that are in the same array elements, and the arrays below them.

    `leaves` has for the bit of each path with a leaf here the conjunctions whose test one of them
    satisfies. `array` is the array that contains the place as an element, `outer` the place around
    that array.
    """

    __slots__ = ("array", "arrays", "leaves", "outcome", "outer")

    def __init__(self, outer: _Place | None = None, array: list[_Place] | None = None) -> None:
        self.outer = outer
        self.array = array
        self.leaves: dict[int, int] | None = None
        self.arrays: list[list[_Place]] | None = None
        self.outcome: Outcome = (0, 0)


def holding_by_places(tree: MaskTree, value: Any, asked: int, budget: Budget) -> int:
    """Return which of the conjunctions `asked` for hold for a value, however it spells its paths.

    Raises:
        RecordError: the value combines so many spellings and arrays that the search was given up.
    """
    known = budget.known.pop(_GATHERED, None)
    if known is not None and known[0] is tree and known[1] is value and known[2] == asked:
        top, several = known[3:]
    else:
        top = _gather(tree.root, value, budget)
        several = _evaluate(top, tree, asked)
    held, uncertain = _outcome(top, tree, asked, several)
    if uncertain and budget.postpones:
        budget.postponed = True
        budget.known[_GATHERED] = tree, value, asked, top, several
        return held
    return held | _searched(top, tree, uncertain, several, budget) if uncertain else held


def _outcome(top: _Place, tree: MaskTree, asked: int, several: int) -> tuple[int, int]:
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
    for place in _places(_gather(tree.root, value, budget)):
        for bit, mask in (place.leaves or {}).items():
            found[bit] = found.get(bit, 0) | mask
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
    top = _gather(tree.root, value, budget)
    several = _evaluate(top, tree, 1)
    held, uncertain = _outcome(top, tree, 1, several)
    if held or (uncertain and _searched(top, tree, uncertain, several, budget)):
        return None
    paths = sorted(tree.tests)
    furthest = _Search(_simplified(top), budget).furthest(tree, paths, 1)
    return None if furthest == len(paths) else tree.tests[paths[furthest]][0][0]


def _gather(root: MaskNode, whole: Any, budget: Budget) -> _Place:
    """Return the leaves that any test is about, by the array elements that contain them.

    A record may split a dotted name anywhere, so that a position in the tree is a node and the part
    of a child's name spelled so far (None: nothing; names may be empty).
    """
    top = _Place()
    pending: list[tuple[MaskNode, str | None, Any, _Place, set[int] | None]]
    pending = [(root, None, whole, top, None)]
    while pending:
        node, spelt, value, place, seen = pending.pop()
        kind = value.__class__
        if kind is dict or (kind not in SCALARS and isinstance(value, Mapping)):
            for name, member in value.items():
                if isinstance(name, str):  # any other key of a dict is not a name
                    reached = node.walk(name if spelt is None else f"{spelt}.{name}")
                    if reached is not None:
                        pending.append((*reached, member, place, None))
        elif kind is list or (kind not in SCALARS and isinstance(value, (list, tuple))):
            # An array that is met again adds nothing; it may even contain itself.
            seen = set() if seen is None else seen
            if id(value) in seen:
                continue
            seen.add(id(value))
            array: list[_Place] = []
            is_leaf = node.bit and spelt is None
            for element in value:
                if element.__class__ not in SCALARS and isinstance(element, (Mapping, list, tuple)):
                    inside = _Place(place, array)
                    array.append(inside)
                    pending.append((node, spelt, element, inside, seen))
                elif is_leaf:  # a scalar directly in an array leaves it unbound
                    pending.append((node, None, element, place, None))
            if array:
                place.arrays = [array] if place.arrays is None else [*place.arrays, array]
        elif node.bit and spelt is None:
            if place.leaves is None:
                place.leaves = {}
            before = place.leaves.get(node.bit, 0)
            place.leaves[node.bit] = before | node.holding((comparable(value),), budget)
    return top


def _places(top: _Place) -> list[_Place]:
    """Return all places, outer places first."""
    places = [top]
    for place in places:
        for array in place.arrays or ():
            places.extend(array)
    return places


def _evaluate(top: _Place, tree: MaskTree, asked: int) -> int:
    """Set the outcome of each place, and remove what cannot change any.

    Returns:
        The bits of the paths that are found in several arrays of one place, or beside one. The
        outcomes are exact only for conjunctions without tests of these paths.
    """
    several = 0
    for place in reversed(_places(top)):  # inner places first
        found, held = 0, asked
        for bit, mask in (place.leaves or {}).items():
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


def _array(array: list[_Place], tree: MaskTree, asked: int) -> tuple[int, int, list[_Place]]:
    """Return the outcome of an array whose elements have outcomes, and the elements that have
    anything."""
    found = 0
    for element in array:
        found |= element.outcome[0]
    if not found:
        return 0, asked, []
    paths = {number: place for place, number in enumerate(bits(found))}
    absence = Absence([tree.required[1 << number] for number in paths])
    failing: dict[int, int] = {}
    outcomes = Outcomes()
    elements = []
    for element in array:
        there, held = element.outcome
        if there:
            elements.append(element)
            if there not in failing:
                failing[there] = absence.without([paths[number] for number in bits(there)])
            outcomes.add(there, held & ~failing[there])
    return *outcomes.best(tree.tested, asked, 0), elements


def _searched(top: _Place, tree: MaskTree, asked: int, several: int, budget: Budget) -> int:
    """Return which conjunctions hold of those that have tests of paths found in several arrays.
    The places are simplified, but stay equivalent."""
    # Elements of all other arrays, and leaves outside arrays, are chosen independently.
    involved: list[list[_Place]] = []
    others: list[list[_Place]] = []
    paths = 0
    for bit, mask in (top.leaves or {}).items():
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
    search = _Search(_simplified(top), budget)
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


class _Search:
    """Searches for choices among places."""

    def __init__(self, top: _Place, budget: Budget) -> None:
        self._budget = budget
        self._holders: dict[int, list[_Place]] = {}
        for place in _places(top):
            for bit in place.leaves or ():
                self._holders.setdefault(bit, []).append(place)

    def hopeless(self, tree: MaskTree, paths: list[int]) -> int:
        """Return the conjunctions with a test that neither a leaf nor absence satisfies."""
        hopeless = 0
        for bit in paths:
            satisfied = 0
            for place in self._holders.get(bit, ()):
                satisfied |= (place.leaves or {})[bit]
            hopeless |= tree.required[bit] & ~satisfied
        return hopeless

    def furthest(self, tree: MaskTree, paths: list[int], one: int) -> int:
        """Return how many of the paths, from the first on, can be satisfied together for one
        conjunction."""
        chosen: dict[int, _Place] = {}
        choices = [self._choices(tree, paths[0], one, chosen)] if paths else []
        furthest = 0
        while choices:
            if next(choices[-1], None) is None:
                choices.pop()
                continue
            furthest = max(furthest, len(choices))
            if furthest == len(paths):
                break
            choices.append(self._choices(tree, paths[len(choices)], one, chosen))
        return furthest

    def _choices(
        self, tree: MaskTree, bit: int, one: int, chosen: dict[int, _Place]
    ) -> Iterator[bool]:
        """Choose elements so that the test of a path is satisfied, in every possible way.

        `chosen` has the element of each array, by the array's identity, that has been chosen
        before, and during each step what is chosen here.
        """
        if not tree.tested[bit] & one:
            yield True
            return
        found = False
        for place in self._holders.get(bit, ()):
            agrees, opened = self._open(place, chosen)
            if agrees:
                found = True
                if (place.leaves or {})[bit] & one:
                    yield True
            for array in opened:
                del chosen[array]
        if not (found or tree.required[bit] & one):
            yield True

    def _open(self, place: _Place, chosen: dict[int, _Place]) -> tuple[bool, list[int]]:
        """Choose the elements that lead to a place: return whether they agree with what has been
        chosen before, and the arrays that had no choice before."""
        opened: list[int] = []
        step = place
        while step.array is not None and step.outer is not None:
            array = id(step.array)
            before = chosen.get(array)
            if before is not None:
                break  # and so have all arrays around it
            chosen[array] = step
            opened.append(array)
            step = step.outer
        self._budget.spend(1 + len(opened))
        return step.array is None or chosen[id(step.array)] is step, opened


def _simplified(top: _Place) -> _Place:
    """Remove what cannot change the outcome, so that the search is short.

    Of equivalent elements of an array, one is kept; empty elements are removed; and if one is
    left, there is nothing to choose, as if there were no array. So an array of thousands of
    equivalent objects costs the search no more than a single object.
    """
    numbers: dict[Hashable, int] = {}
    offers: dict[int, int] = {}
    for place in reversed(_places(top)):  # inner places first
        arrays: list[list[_Place]] = []
        leaves = dict(place.leaves or {})
        for array in place.arrays or ():
            different = {
                offers[id(element)]: element
                for element in array
                if element.leaves or element.arrays
            }
            if len(different) == 1:
                (only,) = different.values()
                for bit, mask in (only.leaves or {}).items():
                    leaves[bit] = leaves.get(bit, 0) | mask
                arrays += only.arrays or ()
            elif different:
                arrays.append(list(different.values()))
        place.leaves = leaves
        place.arrays = arrays
        offered = []
        for array in arrays:
            signature = frozenset(offers[id(element)] for element in array)
            offered.append(numbers.setdefault(signature, len(numbers)))
        offer = (frozenset(leaves.items()), tuple(sorted(offered)))
        offers[id(place)] = numbers.setdefault(offer, len(numbers))
    return _linked(top)


def _linked(top: _Place) -> _Place:
    """Update for each place which array it is an element of, after some were removed."""
    pending = [top]
    for place in pending:
        for array in place.arrays or ():
            for element in array:
                element.outer, element.array = place, array
                pending.append(element)
    return top
