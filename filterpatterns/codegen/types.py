"""Converts trees to msgspec types that decode only what the tree tests, and validate everything
else.

What a type cannot hold fails to decode (`msgspec.ValidationError`), and the record goes to the
evaluator: arrays of objects nested deeply, a number beyond every double, a path with dots that is
spelt in another way than the pattern's. Where a name cannot be in a type, all is decoded instead.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, NewType

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from filterpatterns.jsontext.decoders import make_decoder
from filterpatterns.jsontext.decoding import decode_exactly
from filterpatterns.language.operators import Exists
from filterpatterns.matching.match_tree import UNRANKED, FieldTest, MatchNode

_MOST_FIELDS = 2000
"""The number of members, including other spellings of dotted paths, for which types are created."""

_MOST_CHARACTERS = 100_000
"""The number of characters in the names of these members: a hostile pattern has long paths with
many spellings."""

_MOST_RANKS = 8
"""The number of ranks of an array's elements, and of levels below, for which code is generated."""

_MOST_NESTED = 2
"""The number of nested arrays in an array of objects for which types are created."""

_SCALAR = str | int | float | bool | None
"""Created directly, not as typing's Union, which takes twenty times as long."""

_Never = Annotated[int, msgspec.Meta(ge=1, le=0)]
"""No JSON value has this type: a member of this type sends the record to the evaluator."""


class _Empty(Struct, gc=False):
    """An object without any tested members."""


UNSET: Final = msgspec.UNSET
"""The value of an attribute if the record has no such member. (null is a value: None.)"""


class Unsupported(Exception):
    """The fast path does not support a tree of this shape."""


class _UnsupportedName(Exception):
    """msgspec's types cannot have members with this name."""


class Shape(Struct, frozen=True, eq=False):
    """How a node decodes.

    `attribute` is its name in the struct around it; `struct` the class of an object there, with an
    attribute for each child; `takes_list` whether an array of scalars and objects decodes as a
    list. `keeps_text` is set if numbers with a fraction or an exponent decode as bytes, their
    text, if the decoder was asked for it; objects are then dicts. Where `is_plain` is set there
    are no types: all is decoded, objects as dicts, numbers exactly.
    """

    attribute: str
    struct: type
    children: dict[str, Shape]
    takes_list: bool
    keeps_text: bool
    is_plain: bool = False

    def any_keeps_text(self) -> bool:
        """Whether the texts of numbers are kept anywhere in it."""
        return self.keeps_text or any(map(Shape.any_keeps_text, self.children.values()))


KEEP_TEXT: Final = str.encode
"""The `float_hook` of decoders that keep the texts of numbers. It is only called for members of
type `Any`, and as a C function costs little more than creating the float."""


def presences(node: MatchNode) -> list[MatchNode] | None:
    """Return, for each of the first tests below a node that absence may satisfy, up to the first
    that it does not satisfy, a node that is satisfied if there is a leaf for the test. None if code
    for that many tests or levels would be too slow.

    If there are any, the elements of an array have ranks: only those can be chosen that have the
    lowest of the paths that any of them has (`matching/interpreter.py` explains why).
    """
    tests = [test for child in node.children for test in child.tests()]
    last = min((test.rank for test in tests if not test.optional), default=UNRANKED)
    found = sorted((test for test in tests if test.rank < last), key=lambda test: test.rank)
    if len(found) > _MOST_RANKS:
        return None
    nodes = [_presence(node, test, _MOST_RANKS) for test in found]
    return None if None in nodes else [one for one in nodes if one is not None]


def _presence(node: MatchNode, test: FieldTest, levels: int) -> MatchNode | None:
    """Return a node that is satisfied if there is a leaf for a test below; None if that is too many
    levels below."""
    inner: MatchNode | None = None
    for child in node.children if levels else ():
        if child.test is test:
            exists = replace(test, rules=(Exists(),), optional=False)
            inner = MatchNode(child.name, exists, (), 0, {})
        elif any(each is test for each in child.tests()):
            inner = _presence(child, test, levels - 1)
    if inner is None:
        return None
    return MatchNode(node.name, None, (inner,), 1, {inner.name.partition(".")[0]: inner})


def shape(merged: MatchNode, nodes: tuple[MatchNode, ...], extra: tuple[str, ...] = ()) -> Shape:
    """Return the types for a merged tree; `nodes` are the aligned trees of its conjunctions.

    `extra` are names of members that must be strings; their attributes are named `text0` and so on.

    Raises:
        Unsupported: there are too many names.
    """
    try:
        return _shape("", merged, nodes, extra, _Budget())
    except _UnsupportedName:
        other_spellings(merged)  # not too many: generated code looks for these names in dicts
        return Shape("", dict, {}, takes_list=True, keeps_text=False, is_plain=True)


class _Budget:
    def __init__(self) -> None:
        self.fields = _MOST_FIELDS
        self.characters = _MOST_CHARACTERS

    def spend(self, name: str) -> None:
        self.fields -= 1
        self.characters -= len(name)
        if self.fields < 0 or self.characters < 0:
            raise Unsupported


def _shape(
    attribute: str,
    merged: MatchNode,
    nodes: tuple[MatchNode, ...],
    extra: tuple[str, ...],
    budget: _Budget,
) -> Shape:
    if _keeps_text(merged, nodes):
        return Shape(attribute, dict, {}, takes_list=True, keeps_text=True)
    children = {}
    fields: list[tuple[str, Any, Any]] = []
    rename = {}
    counterparts: dict[str, list[MatchNode]] = {}
    for node in nodes:
        for child in node.children:
            counterparts.setdefault(child.name, []).append(child)
    for index, child in enumerate(merged.children):
        budget.spend(child.name)
        inner = _shape(f"f{index}", child, tuple(counterparts[child.name]), (), budget)
        children[child.name] = inner
        # msgspec would walk through the type, once more for each struct around it.
        fields.append((inner.attribute, NewType("Member", _type(inner)), UNSET))
        rename[inner.attribute] = child.name
    for index, name in enumerate(extra):
        fields.append((f"text{index}", str, UNSET))
        rename[f"text{index}"] = name
    for index, name in enumerate(other_spellings(merged, budget)):
        fields.append((f"n{index}", _Never, UNSET))
        rename[f"n{index}"] = name
    struct: type = _Empty
    if fields:
        try:
            struct = msgspec.defstruct(f"Object_{merged.name}", fields, rename=rename, gc=False)
        except (ValueError, UnicodeEncodeError):
            # msgspec allows no quotes, backslashes or control characters in names, only UTF-8
            raise _UnsupportedName from None
    takes_list = not any(
        node.children and (node.test is not None or presences(node) is None) for node in nodes
    )
    return Shape(attribute, struct, children, takes_list, keeps_text=False)


def _keeps_text(merged: MatchNode, nodes: tuple[MatchNode, ...]) -> bool:
    """Whether a rule at a node needs the text of a number. The node must have no children."""
    rules = [rule for node in nodes if node.test is not None for rule in node.test.rules]
    return not merged.children and any(rule.reads_number_text() for rule in rules)


def without(struct: Any, names: tuple[str, ...]) -> type:
    """Return a struct like another, for objects that have no members of these names.

    Raises:
        Unsupported: the struct itself has such a member.
    """
    fields = [(f"no{index}", _Never, UNSET) for index in range(len(names))]
    rename = {f"no{index}": name for index, name in enumerate(names)}
    try:
        return msgspec.defstruct("Line", fields, bases=(struct,), rename=rename, gc=False)
    except ValueError:
        raise Unsupported from None


def _type(shape: Shape) -> Any:
    if shape.keeps_text:
        return Any
    leaf: Any = _SCALAR | shape.struct
    if not shape.takes_list:
        return leaf
    element: Any = leaf
    if shape.children:  # arrays of objects may themselves be in arrays
        for _ in range(_MOST_NESTED):
            element = leaf | list[element]
    return leaf | list[element]


def decoder(shape: Shape, *, keep_text: bool) -> Any:
    """Return the function that decodes a JSON text into the shape of a tree's root; numbers
    with a fraction or an exponent become floats or, if the shape keeps it, their text."""
    if shape.is_plain:
        return decode_exactly
    if not keep_text:
        return make_decoder(_type(shape)).decode
    return make_decoder(_type(shape), float_hook=KEEP_TEXT).decode


def kept_texts(shape: Shape) -> list[tuple[str, ...]]:
    """Return the attributes that lead to the members whose numbers may be kept as their texts."""
    if shape.keeps_text:
        return [()]
    return [
        (child.attribute, *attributes)
        for child in shape.children.values()
        for attributes in kept_texts(child)
    ]


def raw_decoder(shape: Shape) -> Any:
    """Return the function that decodes a JSON text in which objects lead to these members: into
    structs with just these, each as it is written."""
    return make_decoder(_raw_type(shape)).decode


def _raw_type(shape: Shape) -> Any:
    if shape.keeps_text:
        return msgspec.Raw
    children = [(name, child) for name, child in shape.children.items() if child.any_keeps_text()]
    return msgspec.defstruct(
        "Raw",
        [(child.attribute, _raw_type(child)) for _, child in children],
        rename={child.attribute: name for name, child in children},
        gc=False,
    )


def raw_shape(shape: Shape) -> Shape:
    """Return the shape in which those members are as they are written (`msgspec.Raw`). No array
    may lead to them."""
    if not shape.any_keeps_text():
        return shape
    if shape.keeps_text:
        return replace(shape, struct=msgspec.Raw, takes_list=False)
    children = {name: raw_shape(child) for name, child in shape.children.items()}
    raw = {name: child for name, child in children.items() if child.any_keeps_text()}
    struct = msgspec.defstruct(
        f"{shape.struct.__name__}_raw",
        [(child.attribute, child.struct, UNSET) for child in raw.values()],
        bases=(shape.struct,),
        rename={child.attribute: name for name, child in raw.items()},
        gc=False,
    )
    return replace(shape, struct=struct, children=children, takes_list=False)


def spaced_shape(shape: Shape) -> Shape:
    """Return the shape of a text with a space at the end of each name."""
    if not shape.children:
        return shape
    children = {name: spaced_shape(child) for name, child in shape.children.items()}
    kinds: dict[str, Any] = {child.attribute: _type(child) for child in children.values()}
    members = msgspec.structs.fields(shape.struct)
    struct = msgspec.defstruct(
        f"{shape.struct.__name__}_spaced",
        [(each.name, NewType("Member", kinds.get(each.name, _Never)), UNSET) for each in members],
        rename={each.name: f"{each.encode_name} " for each in members},
        gc=False,
    )
    return replace(shape, struct=struct, children=children)


def objects_decoder(shape: Shape | None) -> Any:
    """Return the function that decodes texts with line feeds between them, each of which is an
    object, into the shape; without a shape, they are only validated. Numbers with a fraction or an
    exponent become floats."""
    return make_decoder(_Empty if shape is None else shape.struct).decode_lines


def lines_decoder(shape: Shape) -> Any:
    """The same for texts with line feeds between them; numbers as their texts, where the shape
    keeps them."""
    if not shape.any_keeps_text():
        return make_decoder(_type(shape)).decode_lines
    return make_decoder(_type(shape), float_hook=KEEP_TEXT).decode_lines


def other_spellings(node: MatchNode, budget: _Budget | None = None) -> list[str]:
    """Return the member names that lead below a node, or towards there, but are not its edges.

    For `a` -> `b.c` these are, at the root, `a.b` and `a.b.c`, and at `a` it is `b`.

    Raises:
        Unsupported: there are too many of them.
    """
    budget = budget or _Budget()
    found: dict[str, None] = {}
    pending = [(node, "")]
    while pending:
        current, before = pending.pop()
        for child in current.children:
            parts = child.name.split(".")
            for count in range(1, len(parts) + 1):
                name = before + ".".join(parts[:count])
                budget.spend(name)
                if current is not node or count < len(parts):
                    found[name] = None
            pending.append((child, f"{before}{child.name}."))
    return list(found)
