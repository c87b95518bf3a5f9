"""msgspec types that decode only the places at which filters look.

A value that a type does not support fails to decode, and its record is counted individually: other
spellings of dotted paths, arrays in arrays on the path to a field. While a field has not been seen
yet, the names that records have instead are of interest: then objects on the path to it decode only
if all their names have been noted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Annotated, Any, Union

import msgspec
from msgspec import Struct

from filterpatterns.codegen.types import Unsupported, other_spellings
from filterpatterns.matching.match_tree import MatchNode, build_tree
from filterpatterns.stats.survey import Survey

Located = tuple[tuple[str, ...], Survey]
"""A survey, and the names that lead to its root."""

_MOST_MEMBERS = 150
"""The number of names that a text is decoded for: each unknown name is compared with all."""

_MOST_LEVELS = 50

_UNUSUAL = re.compile(r'["\\\x00-\x1f\ud800-\udfff]')
"""Characters of names that msgspec's types cannot have."""

_Never = Annotated[int, msgspec.Meta(ge=1, le=0)]
"""A type that no JSON value has."""


class Place(Struct, frozen=True, eq=False):
    """A place in records: the path of the field there, or the places below it; and the nodes of
    surveys for it. `spellings` are other names that lead below it than those of its children."""

    name: str
    path: str | None
    children: tuple[Place, ...]
    spellings: tuple[str, ...]
    surveyed: tuple[tuple[Survey, MatchNode], ...]


class ObjectType(Struct, frozen=True, eq=False):
    """How the object at a place decodes: `struct` has an attribute `m0`, `m1`, ... for each of the
    `members`, which are paths of fields, or objects; and `x0`, `x1`, ... for other members that
    were requested."""

    struct: type
    members: tuple[str | ObjectType, ...]


def places(surveys: Iterable[Located]) -> Place:
    """Return the places at which surveys look.

    Raises:
        Unsupported: they cannot be distinguished.
    """
    surveys = list(surveys)
    tests = [
        ((*way, *names), test) for way, survey in surveys for names, test in survey.located_tests
    ]
    root = build_tree("", tests)
    return _place(root, [(way, survey, survey.root) for way, survey in surveys], _MOST_LEVELS)


def _place(
    node: MatchNode, surveys: list[tuple[tuple[str, ...], Survey, MatchNode]], levels: int
) -> Place:
    if not levels or (node.test is not None and node.children):
        raise Unsupported
    children = []
    for child in node.children:
        below = []
        for way, survey, surveyed in surveys:
            if way:
                if way[0] == child.name:
                    below.append((way[1:], survey, surveyed))
                continue
            same = surveyed.by_part.get(child.name.partition(".")[0])
            if same is not None:
                if same.name != child.name:
                    raise Unsupported
                below.append(((), survey, same))
        children.append(_place(child, below, levels - 1))
    return Place(
        node.name,
        None if node.test is None else node.test.path,
        tuple(children),
        tuple(other_spellings(node)),
        tuple((survey, surveyed) for way, survey, surveyed in surveys if not way),
    )


def object_type(
    place: Place, others: Iterable[str] = (), never: Iterable[str] = (), inside: str | None = None
) -> ObjectType:
    """Return the type of the object at a place.

    Args:
        place: the place.
        others: other members that are needed.
        never: members that the object must not have.
        inside: the member of records that is the place, if it is not the record itself: then
            the type is that of a record, and `m0` the object.

    Raises:
        Unsupported: no type can hold it, or it would be slower than decoding everything.
    """
    left = [_MOST_MEMBERS]
    if inside is None:
        return _object_type(place, tuple(others), tuple(never), left)
    inner = _object_type(place, tuple(others), (), left)
    fields = {"m0": (inside, inner.struct), **_refused(never)}
    return ObjectType(_struct(fields, is_strict=False), (inner,))


def _object_type(
    place: Place, others: tuple[str, ...], never: tuple[str, ...], left: list[int]
) -> ObjectType:
    watching = [
        (node, survey.names(node), survey.is_full(node))
        for survey, node in place.surveyed
        if survey.is_unseen(node)
    ]

    def is_noted(name: str) -> bool:
        return all(
            name in names or (is_full and all(name != child.name for child in node.children))
            for node, names, is_full in watching
        )

    members: list[str | ObjectType] = []
    fields: dict[str, tuple[str, Any]] = _refused((*place.spellings, *never))
    for number, child in enumerate(place.children):
        kind: Any = Any  # numbers keep their texts in leaves of this type only
        if child.path is None:
            inner = _object_type(child, (), (), left)
            members.append(inner)
            struct: Any = inner.struct
            one: Any = Union[struct, str, int, float, bool, None]  # noqa: UP007 - known at run
            kind = Union[one, list[one]]  # noqa: UP007 - time only
        else:
            members.append(child.path)
        fields[f"m{number}"] = child.name, kind if is_noted(child.name) else _Never
    for number, name in enumerate(others):
        fields[f"x{number}"] = name, Any if is_noted(name) else _Never
    left[0] -= len(fields)
    if left[0] < 0:
        raise Unsupported
    noted = [names for _, names, is_full in watching if not is_full]
    if noted:
        known = set(noted[0]).intersection(*noted[1:])
        known.difference_update(name for name, _ in fields.values())
        named = (name for name in known if not _UNUSUAL.search(name))
        fields.update((f"k{number}", (name, msgspec.Raw)) for number, name in enumerate(named))
    return ObjectType(_struct(fields, is_strict=bool(noted)), tuple(members))


def _refused(names: Iterable[str]) -> dict[str, tuple[str, Any]]:
    return {f"n{number}": (name, _Never) for number, name in enumerate(names)}


def _struct(fields: dict[str, tuple[str, Any]], *, is_strict: bool) -> type:
    try:
        return msgspec.defstruct(
            "Object",
            [(attribute, kind, msgspec.UNSET) for attribute, (_, kind) in fields.items()],
            rename={attribute: name for attribute, (name, _) in fields.items()},
            forbid_unknown_fields=is_strict,
            gc=False,
        )
    except (ValueError, UnicodeEncodeError):
        # msgspec's names have no quotes, backslashes or control characters, and are UTF-8; and no
        # two may be the same
        raise Unsupported from None
