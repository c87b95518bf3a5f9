"""What a template's text says, whatever language it is written in: a tree that knows its places.

JSON, YAML and HCL are read into the same nodes, so that what is looked for in them is written once.
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
"""How a text is written; `positions` has a way for each to find its characters."""


class Text(Struct, frozen=True, eq=False):
    """A string. `span` is that of the token, with its quotation marks.

    `starts` says where each character begins, and where the last one ends, if the reader knew.
    """

    value: str
    span: Span
    style: Style
    starts: tuple[int, ...] | None = None


class Literal(Struct, frozen=True, eq=False):
    """A number, true, false or null; `text` is how JSON writes it."""

    text: str
    span: Span


class List(Struct, frozen=True, eq=False):
    """An array."""

    items: tuple[TemplateValue, ...]
    span: Span


class Object(Struct, frozen=True, eq=False):
    """An object. A name that is repeated is here as often as it is in the text."""

    members: tuple[tuple[Text, TemplateValue], ...]
    span: Span

    def get(self, name: str) -> TemplateValue | None:
        """The value of a name, of several the last."""
        return next((value for key, value in reversed(self.members) if key.value == name), None)

    def all(self, name: str) -> Iterator[TemplateValue]:
        """Every value of a name, the items of its arrays one by one: so Terraform has blocks."""
        for key, value in self.members:
            if key.value == name:
                yield from value.items if isinstance(value, List) else (value,)


class Encoded(Struct, frozen=True, eq=False):
    """The JSON text of a value: `jsonencode(...)`, `Fn::ToJsonString`."""

    value: TemplateValue
    span: Span


class Unknown(Struct, frozen=True, eq=False):
    """What the template alone does not tell. `source` is how it is written there.

    `names` are what the user may call it to give its value (`--set`); `is_string`: it can only be a
    string. `reason` says why it is not known, if not for the usual reason; `default` is what it is
    unless the user says otherwise.
    """

    source: str
    span: Span
    names: tuple[str, ...] = ()
    is_string: bool = False
    reason: str = ""
    default: TemplateValue | None = None


class Joined(Struct, frozen=True, eq=False):
    """A string made of its parts, one after the other; some of them may not be known."""

    parts: tuple[TemplateValue, ...]
    span: Span


class Choice(Struct, frozen=True, eq=False):
    """One of two values, as a condition wants it: the first if it holds."""

    condition: str
    options: tuple[TemplateValue, TemplateValue]
    span: Span


class Nothing(Struct, frozen=True, eq=False):
    """What is left out of the array or object that it is in: `AWS::NoValue`."""

    span: Span


class Reference(Struct, frozen=True, eq=False):
    """A reference of Terraform's: `local.kinds[0]` is `("local", "kinds", "0")`."""

    path: tuple[str, ...]
    source: str
    span: Span


class Call(Struct, frozen=True, eq=False):
    """A call of one of Terraform's functions. `spread`: the last argument is a list of more."""

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
    """Whether there is nothing: no node, or null."""
    return isinstance(node, (NoneType, Nothing)) or (
        isinstance(node, Literal) and node.text == "null"
    )


def text_of(node: TemplateValue | None) -> str | None:
    """The value of a text node."""
    return node.value if isinstance(node, Text) else None


def child(node: TemplateValue | None, *names: str) -> TemplateValue | None:
    """What stands under the names, one below the other."""
    for name in names:
        node = node.get(name) if isinstance(node, Object) else None
    return node


def members(node: TemplateValue | None) -> tuple[tuple[Text, TemplateValue], ...]:
    """The members of an object; none of anything else."""
    return node.members if isinstance(node, Object) else ()


def items(node: TemplateValue | None) -> tuple[TemplateValue, ...]:
    """The items of an array; none of anything else."""
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
