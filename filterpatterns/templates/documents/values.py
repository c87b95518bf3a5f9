"""The contents of a template as a tree with positions, independent of its language.

JSON, YAML and HCL are parsed into the same nodes, so that searching them is implemented once.
Offsets count characters of the template's text, from 0.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from types import NoneType
from typing import Literal as OneOf
from typing import Union

from msgspec import Struct
from msgspec.structs import replace

from filterpatterns.language.nodes import Span

Style = OneOf["json", "plain", "single", "double", "block", "heredoc", "hcl"]
"""How a text is quoted; `positions` can locate the characters of each kind."""


class Text(Struct, frozen=True, eq=False):
    """A string. `span` is that of the token, with its quotation marks.

    `starts` has the offset of each character, and of the end of the last one, if the parser knew
    them.
    """

    value: str
    span: Span
    style: Style
    starts: tuple[int, ...] | None = None


class Literal(Struct, frozen=True, eq=False):
    """A number, true, false or null; `text` is its JSON text."""

    text: str
    span: Span


class List(Struct, frozen=True, eq=False):
    """An array."""

    items: tuple[TemplateValue, ...]
    span: Span


class Object(Struct, frozen=True, eq=False):
    """An object. A repeated name is included as often as it is in the text."""

    members: tuple[tuple[Text, TemplateValue], ...]
    span: Span

    def get(self, name: str) -> TemplateValue | None:
        """The value of a name; if it is repeated, the last one."""
        return next((value for key, value in reversed(self.members) if key.value == name), None)

    def all(self, name: str) -> Iterator[TemplateValue]:
        """Every value of a name, with arrays as individual items: the form of Terraform's
        blocks."""
        for key, value in self.members:
            if key.value == name:
                yield from value.items if isinstance(value, List) else (value,)


class Encoded(Struct, frozen=True, eq=False):
    """The JSON text of a value: `jsonencode(...)`, `Fn::ToJsonString`."""

    value: TemplateValue
    span: Span


class Unknown(Struct, frozen=True, eq=False):
    """A value that the template alone does not determine. `source` is how it is written there.

    `names` are the names under which the user may set its value (`--set`). If `is_string`, it can
    only be a string. `reason` says why it is unknown, if not for the usual reason; `default` is its
    value unless the user sets another.
    """

    source: str
    span: Span
    names: tuple[str, ...] = ()
    is_string: bool = False
    reason: str = ""
    default: TemplateValue | None = None


class Joined(Struct, frozen=True, eq=False):
    """A concatenation of parts, some of which may be unknown."""

    parts: tuple[TemplateValue, ...]
    span: Span


class Choice(Struct, frozen=True, eq=False):
    """One of two values, chosen by a condition: the first if it is true."""

    condition: str
    options: tuple[TemplateValue, TemplateValue]
    span: Span


class Nothing(Struct, frozen=True, eq=False):
    """A value that is removed from the array or object that contains it: `AWS::NoValue`."""

    span: Span


class Reference(Struct, frozen=True, eq=False):
    """A Terraform reference: `local.kinds[0]` is `("local", "kinds", "0")`."""

    path: tuple[str, ...]
    source: str
    span: Span


class Call(Struct, frozen=True, eq=False):
    """A call of a Terraform function. `spread`: the last argument is a list of further
    arguments."""

    function: str
    arguments: tuple[TemplateValue, ...]
    spread: bool
    source: str
    span: Span


TemplateValue = Union[  # noqa: UP007 - it refers to itself
    Text, Literal, List, Object, Encoded, Unknown, Joined, Choice, Nothing, Reference, Call
]


def mapped(node: TemplateValue, change: Callable[[TemplateValue], TemplateValue]) -> TemplateValue:
    """The same with what is inside of it changed; names stay, unless they become other Texts."""
    if isinstance(node, List):
        return replace(node, items=tuple(map(change, node.items)))
    if isinstance(node, Object):
        found = []  # no generator: it would take the stack's room twice
        for name, value in node.members:
            new = change(name)
            found.append((new if isinstance(new, Text) else name, change(value)))
        return replace(node, members=tuple(found))
    if isinstance(node, Joined):
        return replace(node, parts=tuple(map(change, node.parts)))
    if isinstance(node, Encoded):
        return replace(node, value=change(node.value))
    if isinstance(node, Choice):
        first, second = map(change, node.options)
        return replace(node, options=(first, second))
    if isinstance(node, Call):
        return replace(node, arguments=tuple(map(change, node.arguments)))
    return node


def joined(parts: Iterable[TemplateValue], span: Span) -> Joined:
    """Several parts of one text; empty ones are left out."""
    return Joined(tuple(one for one in parts if not isinstance(one, Text) or one.value), span)


def known_text(
    node: TemplateValue | None, resolve: Callable[[TemplateValue], TemplateValue]
) -> str | None:
    """The text that a node evaluates to; None if not all of it is known."""
    found = None if node is None else resolve(node)
    if isinstance(found, Joined):
        parts = [known_text(part, resolve) for part in found.parts]
        return None if None in parts else "".join(part or "" for part in parts)
    return found.text if isinstance(found, Literal) else text_of(found)


def is_null(node: TemplateValue | None) -> bool:
    """Whether there is no node, or it is null."""
    return isinstance(node, (NoneType, Nothing)) or (
        isinstance(node, Literal) and node.text == "null"
    )


def text_of(node: TemplateValue | None) -> str | None:
    """The value of a text node."""
    return node.value if isinstance(node, Text) else None


def child(node: TemplateValue | None, *names: str) -> TemplateValue | None:
    """The value at a path of names."""
    for name in names:
        node = node.get(name) if isinstance(node, Object) else None
    return node


def members(node: TemplateValue | None) -> tuple[tuple[Text, TemplateValue], ...]:
    """The members of an object; empty for anything else."""
    return node.members if isinstance(node, Object) else ()


def items(node: TemplateValue | None) -> tuple[TemplateValue, ...]:
    """The items of an array; empty for anything else."""
    return node.items if isinstance(node, List) else ()


def first_null(node: TemplateValue) -> TemplateValue | None:
    """The first null in a node, in the order of the text."""
    pending = [node]
    while pending:
        one = pending.pop()
        if is_null(one):
            return one
        pending += reversed([*items(one), *(value for _, value in members(one))])
    return None
