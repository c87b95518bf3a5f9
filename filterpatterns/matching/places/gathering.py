"""The leaves of a record by the array elements that contain them, however their paths are spelled.

Most elements of a large array differ only in what no test is about. They are merged while they are
read: so a megabyte of elements becomes a few places, not a hundred thousand objects that the
garbage collector would visit again and again.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import Any

from filterpatterns.jsontext.python_values import SCALARS, comparable, flatten, is_object, safe_key
from filterpatterns.matching.budget import Budget
from filterpatterns.matching.mask_tree import MaskNode
from filterpatterns.matching.outcomes import Outcome, distinct

Leaves = tuple[int, ...]
"""The bits of some paths, each followed by a mask: a tuple of numbers, since the garbage collector
does not visit it again."""

_Array = tuple[MaskNode, "str | None", Any, "set[int] | None"]
"""An array in a record: its node, the part of a child's name spelled so far, the value, and the
identities of the arrays around it and in it that have been met."""

_Key = tuple["int | bytes", ...]
"""What equal places share."""

_LARGE = 64
"""The number of different elements from which two arrays are not compared."""

_ARRAYS = -1
"""Separates the leaves of a place from its arrays in the key for equal places."""


class Place:
    """Leaves that are in the same array elements, and the arrays below them.

    `leaves` has for the bit of each path with a leaf here the conjunctions whose test one of them
    satisfies. `array` is the array that contains the place as an element, `outer` the place around
    that array; both are set for a search.
    """

    __slots__ = ("array", "arrays", "leaves", "outcome", "outer")

    def __init__(self, leaves: Leaves, arrays: list[list[Place]] | None = None) -> None:
        self.outer: Place | None = None
        self.array: list[Place] | None = None
        self.leaves = leaves
        self.arrays = arrays
        self.outcome: Outcome = (0, 0)


def flat(leaves: Mapping[int, int]) -> Leaves:
    """Return the bits and masks of leaves."""
    return tuple([number for pair in leaves.items() for number in pair])


def _key(leaves: Leaves) -> _Key:
    return tuple([safe_key(number) for number in leaves])


def pairs(leaves: Leaves) -> Iterator[tuple[int, int]]:
    """Yield each bit with its mask."""
    numbers = iter(leaves)
    return zip(numbers, numbers, strict=True)


def places_in(top: Place) -> list[Place]:
    """Return all places, outer places first."""
    places = [top]
    for place in places:
        for array in place.arrays or ():
            places.extend(array)
    return places


def gather(root: MaskNode, whole: Any, budget: Budget) -> Place:
    """Return the leaves that any test is about, by the array elements that contain them.

    A record may split a dotted name anywhere, so that a position in the tree is a node and the part
    of a child's name spelled so far (None: nothing; names may be empty). Of equal elements of an
    array, one is kept: which of them is chosen makes no difference.
    """
    opened = [_Open(root, *_read(root, None, whole, None, budget))]
    numbers: dict[Hashable, int] = {}
    while True:
        here = opened[-1]
        inner = _next_with_arrays(here, budget)
        if inner is not None:
            opened.append(inner)
        elif not here.next_array(numbers):
            place, key = here.place()
            opened.pop()
            if not opened:
                return place
            if key:
                opened[-1].elements.setdefault(key, place)


def anywhere(root: MaskNode, whole: Any, budget: Budget) -> dict[int, int]:
    """Return for the bit of each path that has a leaf, in whatever array elements, the conjunctions
    whose test one of these leaves satisfies.

    All values of one position in the tree are read together, without places: no choice matters.

    Raises:
        RecordError: that takes more than is left of the budget.
    """
    found: dict[int, int] = {}
    pending: list[tuple[MaskNode, str | None, list[Any]]] = [(root, None, [whole])]
    while pending:
        node, spelt, values = pending.pop()
        below: dict[str, list[Any]] = {}
        leaves: list[Any] = []
        seen: set[int] = set()
        for value in values:
            kind = value.__class__
            if kind in SCALARS:
                leaves.append(value)
            elif kind is dict or isinstance(value, Mapping):
                for name, member in value.items() if node.children else ():
                    members = below.get(name)
                    if members is None:
                        child = node.children.get(name) if spelt is None else None
                        reached = _reached(node, spelt, name) if child is None else (child, None)
                        if reached is None:
                            continue
                        members = below[name] = []
                        pending.append((*reached, members))
                    members.append(member)
            elif not isinstance(value, (list, tuple)):
                leaves.append(comparable(value))
            elif id(value) not in seen:
                seen.add(id(value))
                values.extend(value)
        if leaves and node.bit and spelt is None:
            found[node.bit] = found.get(node.bit, 0) | node.holding(distinct(leaves), budget)
    return found


class _Open:
    """A place that is being gathered, and the array in it that is being read.

    `items` are the rest of the array, `elements` its different elements by their contents. Nested
    arrays are flattened, since choosing an element in each means choosing one of all elements; but
    not if the array itself has tests, since a scalar binds the arrays around its own.
    """

    __slots__ = (
        "_arrays",
        "_numbers",
        "_pending",
        "elements",
        "items",
        "leaves",
        "node",
        "seen",
        "spelt",
    )

    def __init__(self, node: MaskNode, leaves: dict[int, int], pending: list[_Array]) -> None:
        self.node = node
        self.spelt: str | None = None
        self.seen: set[int] = set()
        self.leaves = leaves
        self._pending = pending[::-1]
        self._arrays: list[list[Place]] = []
        self._numbers: list[int] = []
        self._begin()

    def _begin(self) -> bool:
        """Begin the next array; return whether there is one."""
        self.elements: dict[_Key, Place] = {}
        self.items: Iterator[Any] = iter(())
        if not self._pending:
            return False
        self.node, self.spelt, array, around = self._pending.pop()
        self.seen = set() if around is None else around
        # An array that is met again adds nothing; it may even contain itself.
        if id(array) not in self.seen:
            self.seen.add(id(array))
            is_leaf = self.node.bit and self.spelt is None
            self.items = iter(array) if is_leaf else flatten(array)
        return True

    def next_array(self, numbers: dict[Hashable, int]) -> bool:
        """Finish the array, and begin the next one; return whether there is one.

        `numbers` has the number of each array so far: equal ones have the same.
        """
        if self.elements:
            new = len(numbers)
            equal = frozenset(self.elements) if len(self.elements) < _LARGE else new
            self._numbers.append(numbers.setdefault(equal, new))
            self._arrays.append(list(self.elements.values()))
        return self._begin()

    def place(self) -> tuple[Place, _Key]:
        """Return the place, and a key that equal places share; it is empty if the place is."""
        leaves = flat(self.leaves)
        key = _key(leaves)
        if self._numbers:
            key = (*key, _ARRAYS, *self._numbers)
        return Place(leaves, self._arrays or None), key


def _next_with_arrays(here: _Open, budget: Budget) -> _Open | None:
    """Read the elements of an array, up to the next one that has arrays of its own."""
    node, spelt, elements = here.node, here.spelt, here.elements
    for item in here.items:
        kind = item.__class__
        if kind not in SCALARS and (kind is dict or isinstance(item, (Mapping, list, tuple))):
            leaves, arrays = _read(node, spelt, item, here.seen, budget)
            if arrays:
                return _Open(node, leaves, arrays)
            flattened = flat(leaves)
            if flattened:
                key = _key(flattened)
                if key not in elements:
                    elements[key] = Place(flattened)
        elif node.bit and spelt is None:  # a scalar directly in an array leaves it unbound
            held = node.holding((comparable(item),), budget)
            here.leaves[node.bit] = here.leaves.get(node.bit, 0) | held
    return None


def _read(
    node: MaskNode, spelt: str | None, value: Any, around: set[int] | None, budget: Budget
) -> tuple[dict[int, int], list[_Array]]:
    """Return the leaves in a value outside the elements of arrays, and the arrays with elements.

    `around` is for the value itself, if it is an array.
    """
    leaves: dict[int, int] = {}
    arrays: list[_Array] = []
    pending: list[tuple[MaskNode, str | None, Any]] = [(node, spelt, value)]
    while pending:
        node, spelt, value = pending.pop()
        kind = value.__class__
        found: Sequence[Any] = ()
        if kind in SCALARS:
            found = (value,)
        elif kind is dict or isinstance(value, Mapping):
            around = None
            for name, member in value.items():
                child = node.children.get(name) if spelt is None else None
                reached = _reached(node, spelt, name) if child is None else (child, None)
                if reached is not None:
                    pending.append((*reached, member))
        elif not isinstance(value, (list, tuple)):
            found = (comparable(value),)
        elif not node.children:
            found = _leaves(value) if node.bit else ()
        elif _has_elements(value):
            arrays.append((node, spelt, value, around))
        elif node.bit and spelt is None:  # scalars directly in an array leave it unbound
            found = _leaves(value)
        if found and node.bit and spelt is None:
            held = node.holding(found, budget)
            leaves[node.bit] = leaves.get(node.bit, 0) | held
    return leaves, arrays


def _leaves(array: Any) -> Sequence[Any]:
    """Return the leaves in an array and its nested arrays: if there are no tests below, any of them
    may be chosen."""
    return distinct([comparable(item) for item in flatten(array) if not is_object(item)])


def _reached(node: MaskNode, spelt: str | None, name: Any) -> tuple[MaskNode, str | None] | None:
    """Return where a name that no child has leads to, if anywhere."""
    if not isinstance(name, str):  # any other key of a dict is not a name
        return None
    if spelt is not None:
        return node.walk(f"{spelt}.{name}")
    return node.walk(name) if node.has_dots or "." in name else None


def _has_elements(array: Any) -> bool:
    """Whether an array contains objects or arrays."""
    for item in array:
        kind = item.__class__
        if kind not in SCALARS and (kind is dict or isinstance(item, (Mapping, list, tuple))):
            return True
    return False
