"""Searches for choices of array elements that satisfy several tests together."""

from __future__ import annotations

from collections.abc import Hashable, Iterator

from filterpatterns.jsontext.python_values import safe_key
from filterpatterns.matching.budget import Budget
from filterpatterns.matching.mask_tree import MaskTree
from filterpatterns.matching.places.gathering import Place, flat, pairs, places_in


class Search:
    """Searches for choices among places."""

    def __init__(self, top: Place, budget: Budget) -> None:
        self._budget = budget
        self._holders: dict[int, list[tuple[Place, int]]] = {}
        for place in places_in(top):
            for bit, mask in pairs(place.leaves):
                self._holders.setdefault(bit, []).append((place, mask))

    def hopeless(self, tree: MaskTree, paths: list[int]) -> int:
        """Return the conjunctions with a test that neither a leaf nor absence satisfies."""
        hopeless = 0
        for bit in paths:
            satisfied = 0
            for _, mask in self._holders.get(bit, ()):
                satisfied |= mask
            hopeless |= tree.required[bit] & ~satisfied
        return hopeless

    def furthest(self, tree: MaskTree, paths: list[int], one: int) -> int:
        """Return how many of the paths, from the first on, can be satisfied together for one
        conjunction."""
        chosen: dict[int, Place] = {}
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
        self, tree: MaskTree, bit: int, one: int, chosen: dict[int, Place]
    ) -> Iterator[bool]:
        """Choose elements so that the test of a path is satisfied, in every possible way.

        `chosen` has the element of each array, by the array's identity, that has been chosen
        before, and during each step what is chosen here.
        """
        if not tree.tested[bit] & one:
            yield True
            return
        found = False
        for place, mask in self._holders.get(bit, ()):
            agrees, opened = self._open(place, chosen)
            if agrees:
                found = True
                if mask & one:
                    yield True
            for array in opened:
                del chosen[array]
        if not (found or tree.required[bit] & one):
            yield True

    def _open(self, place: Place, chosen: dict[int, Place]) -> tuple[bool, list[int]]:
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


def simplified(top: Place) -> Place:
    """Remove what cannot change the outcome, so that the search is short.

    Of equivalent elements of an array, one is kept; empty elements are removed; and if one is
    left, there is nothing to choose, as if there were no array. So an array of thousands of
    equivalent objects costs the search no more than a single object.
    """
    numbers: dict[Hashable, int] = {}
    offers: dict[int, int] = {}
    for place in reversed(places_in(top)):  # inner places first
        arrays: list[list[Place]] = []
        leaves = dict(pairs(place.leaves))
        for array in place.arrays or ():
            different = {
                offers[id(element)]: element
                for element in array
                if element.leaves or element.arrays
            }
            if len(different) == 1:
                (only,) = different.values()
                for bit, mask in pairs(only.leaves):
                    leaves[bit] = leaves.get(bit, 0) | mask
                arrays += only.arrays or ()
            elif different:
                arrays.append(list(different.values()))
        place.leaves = flat(leaves)
        place.arrays = arrays
        offered = []
        for array in arrays:
            signature = frozenset(offers[id(element)] for element in array)
            offered.append(numbers.setdefault(signature, len(numbers)))
        keys = frozenset((safe_key(bit), safe_key(mask)) for bit, mask in leaves.items())
        offer = (keys, tuple(sorted(offered)))
        offers[id(place)] = numbers.setdefault(offer, len(numbers))
    return _linked(top)


def _linked(top: Place) -> Place:
    """Update for each place which array it is an element of, after some were removed."""
    pending = [top]
    for place in pending:
        for array in place.arrays or ():
            for element in array:
                element.outer, element.array = place, array
                pending.append(element)
    return top
