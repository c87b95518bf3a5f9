"""Converts the tree of paths to msgspec types that decode only the needed members, and reject
unsupported values.

Leaves have the type `Any`, since tests use them as decoded. A path spelled with dots in a name, if
there is another spelling, fails to decode, so that the record takes the general path.
"""

from __future__ import annotations

from typing import Annotated, Any, Union

import msgspec
from msgspec import Struct

from filterpatterns.engine.rulesets.paths import PathNode

MOST_MEMBERS = 150
"""The number of names for which a text is decoded partially. Each unknown name is compared with all
of them: with 200, that costs as much as decoding everything (measured)."""

_MOST_LEVELS = 12
"""Levels of objects: generated code has a block for each."""

_Never = Annotated[int, msgspec.Meta(ge=1, le=0)]
"""No JSON value has this type."""


class Unsupported(Exception):
    """No code is generated for these paths."""


class ObjectType(Struct, frozen=True, eq=False):
    """An object on the way to paths: the path of each member that is a leaf, the types of members
    that are objects, and the names that spell a path below with dots.

    `struct` has an attribute `m0`, `m1`, ... for each member, in the order of `members`.
    """

    members: dict[str, str | ObjectType]
    spellings: frozenset[str]
    struct: type


def object_type(root: PathNode) -> ObjectType:
    """Return the type for the values below a root.

    Raises:
        Unsupported: no type can hold it, or it would be slower than decoding everything.
    """
    return _object_type(root, [MOST_MEMBERS], _MOST_LEVELS)


def _object_type(node: PathNode, left: list[int], levels: int) -> ObjectType:
    if not levels:
        raise Unsupported
    members: dict[str, str | ObjectType] = {}
    fields: list[tuple[str, Any, Any]] = []
    rename = {}
    for number, (name, child) in enumerate(node.children.items()):
        kind: Any = Any
        if child.children:
            if child.path is not None:
                raise Unsupported  # a leaf to some rules, an object to others
            members[name] = inner = _object_type(child, left, levels - 1)
            kind = Union[inner.struct, str, int, float, bool, list, None]  # noqa: UP007
        else:
            assert child.path is not None
            members[name] = child.path
        fields.append((f"m{number}", kind, msgspec.UNSET))
        rename[f"m{number}"] = name
    spellings = list(_spellings(node))
    for number, name in enumerate(spellings):
        fields.append((f"s{number}", _Never, msgspec.UNSET))
        rename[f"s{number}"] = name
    left[0] -= len(fields)
    if left[0] < 0:
        raise Unsupported
    try:
        struct = msgspec.defstruct("Object", fields, rename=rename, gc=False)
    except (ValueError, UnicodeEncodeError):
        # msgspec's names must not have quotes, backslashes or control characters, and must be UTF-8
        raise Unsupported from None
    return ObjectType(members, frozenset(spellings), struct)


def _spellings(node: PathNode) -> list[str]:
    """The names with dots that lead from a node to one below its children."""
    found = []
    pending = [(name, child) for name, child in node.children.items()]
    while pending:
        spelt, place = pending.pop()
        for part, following in place.children.items():
            name = f"{spelt}.{part}"
            found.append(name)
            pending.append((name, following))
        if len(found) > MOST_MEMBERS:
            raise Unsupported
    return found
