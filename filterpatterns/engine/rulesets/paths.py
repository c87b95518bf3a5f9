"""The paths that any rule tests, and the values of a record at these paths.

The tree of paths is split at every dot, so that it does not matter how patterns and records divide
a dotted name. Nodes are shared between versions of a rule set, and copied before they are changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from msgspec import Struct, field

from filterpatterns.jsontext.numbers import JsonNumber, number_text
from filterpatterns.jsontext.python_values import SCALARS, flatten, hashes_safely, plain_scalar


class UnsupportedRecord(Exception):
    """A record whose values cannot be collected: every rule is evaluated separately."""


class PathNode(Struct, eq=False):
    """A place in records: the path, if a test applies to it (`users` counts the tests), and the
    places below."""

    path: str | None = None
    users: int = 0
    children: dict[str, PathNode] = field(default_factory=dict)


def with_paths(
    root: PathNode, paths: Iterable[tuple[tuple[str, ...], str]], change: int
) -> tuple[PathNode, bool]:
    """Return the tree with tests added (change 1) or removed (-1).

    Args:
        root: the tree, which is not changed.
        paths: for each test, the parts of the way from the root, and its path.
        change: 1 or -1.

    Returns:
        The tree, and whether its steps have changed.
    """
    copies: dict[int, PathNode] = {}
    is_other = False
    top = _own(root, copies)
    for parts, path in paths:
        way = [top]
        for part in parts:
            child = way[-1].children.get(part)
            if child is None:
                child, is_other = PathNode(), True
                copies[id(child)] = child
            child = _own(child, copies)
            way[-1].children[part] = child
            way.append(child)
        way[-1].users += change
        way[-1].path = path if way[-1].users else None
        for parent, part, child in reversed(list(zip(way, parts, way[1:], strict=False))):
            if not (child.users or child.children):
                del parent.children[part]
                is_other = True
    return top, is_other


def _own(node: PathNode, copies: dict[int, PathNode]) -> PathNode:
    if id(node) in copies:
        return copies[id(node)]
    copy = PathNode(node.path, node.users, node.children.copy())
    copies[id(copy)] = copies[id(node)] = copy
    return copy


FEW = 16
"""The number of values of a path up to which comparing or counting them is not worthwhile."""


class Values:
    """The leaves of a record by their path, and the paths of those found in an array that may bind
    others; which element they belong to is not recorded here."""

    __slots__ = ("arrays", "bound", "leaves")

    def __init__(self) -> None:
        self.arrays = False  # only then can a path have several values
        self.leaves: dict[str, list[Any]] = {}
        self.bound: set[str] = set()

    def distinct(self) -> None:
        """Remove duplicate values of a path, if there are many."""
        if not self.arrays:
            return
        for path, values in self.leaves.items():
            if len(values) > FEW:
                self.leaves[path] = list({_identity(value): value for value in values}.values())


def _identity(value: Any) -> Any:
    kind = value.__class__
    if kind is Decimal or kind is JsonNumber:
        return kind, number_text(value)
    return kind, value if hashes_safely(value) else id(value)


_Objects = tuple[PathNode, Sequence[Any], bool]
"""Objects at a place, and whether they are in an array that may bind: those of an array together,
since the garbage collector would visit a tuple for each."""


def gather(root: PathNode, value: Any, found: Values) -> None:
    """Add the leaves below a place that any test applies to, given the value there.

    Raises:
        UnsupportedRecord: the value has no JSON equivalent.
    """
    pending: list[_Objects] = []
    _take(root, value, False, found, pending)
    while pending:
        node, objects, bound = pending.pop()
        for members in objects:
            _take_members(node, members, bound, found, pending)


def _take_members(
    node: PathNode, members: Any, bound: bool, found: Values, pending: list[_Objects]
) -> None:
    """Add the values in an object at a place."""
    children = node.children
    leaves = found.leaves
    for name, member in members.items():
        child = children.get(name)
        if child is None:
            child = _walk(node, name)
            if child is None:
                continue
        kind = member.__class__
        if kind is str or kind is int or kind is float:
            path = child.path
            if path is not None:
                if path in leaves:
                    leaves[path].append(member)
                else:
                    leaves[path] = [member]
                if bound:
                    found.bound.add(path)
        elif kind is dict:
            if child.children:
                pending.append((child, (member,), bound))
        else:
            _take(child, member, bound, found, pending)


def _walk(node: PathNode, name: Any) -> PathNode | None:
    """The place to which a dotted name leads, if any."""
    if not isinstance(name, str) or "." not in name:
        return None
    for part in name.split("."):
        following = node.children.get(part)
        if following is None:
            return None
        node = following
    return node


def _take(
    node: PathNode,
    value: Any,
    bound: bool,
    found: Values,
    pending: list[_Objects],
) -> None:
    """Add the value at a place: a leaf, an object to descend into, or an array of these."""
    if value.__class__ is dict:
        if node.children:
            pending.append((node, (value,), bound))
    elif value.__class__ is list:
        found.arrays = True
        bound = bound or bool(node.children)
        objects = []
        for element in flatten(value):
            if element.__class__ is not dict:
                _take_leaf(node, element, bound, found)
            elif node.children:
                objects.append(element)
        if objects:
            pending.append((node, objects, bound))
    else:
        _take_leaf(node, value, bound, found)


def _take_leaf(node: PathNode, value: Any, bound: bool, found: Values) -> None:
    if value.__class__ not in SCALARS:
        raise UnsupportedRecord
    if node.path is not None:
        found.leaves.setdefault(node.path, []).append(value)
        if bound:
            found.bound.add(node.path)


def plain(value: Any) -> Any:
    """Convert a record's value to what JSON decoders would return, if it has equivalent classes.

    Raises:
        UnsupportedRecord: it contains itself.
    """
    try:
        return _plain(value)
    except RecursionError:
        raise UnsupportedRecord from None


def _plain(value: Any) -> Any:
    if value.__class__ in SCALARS:
        return value
    if isinstance(value, Mapping):
        return {name: _plain(member) for name, member in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return plain_scalar(value)
