"""The contents of a template as a tree with positions, independent of its language.

JSON, YAML and HCL are parsed into the same nodes, so that searching them is implemented once.
Offsets count characters of the template's text, from 0.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import NoneType
from typing import Literal as OneOf
from typing import Union

from msgspec import Struct

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
