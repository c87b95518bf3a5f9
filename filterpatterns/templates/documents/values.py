"""What a template's text says, whatever language it is written in: a tree that knows its places.

JSON, YAML and HCL are read into the same nodes, so that what is looked for in them is written once.
Offsets count characters of the template's text, from 0.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal as OneOf
from typing import Union

from msgspec import Struct

from filterpatterns.language.nodes import Span

Style = OneOf["json", "plain", "single", "double", "block", "heredoc", "hcl"]
"""How a text is written; `positions` has a way for each to find its characters."""


class Text(Struct, frozen=True, eq=False):
    """A string. `span` is that of the token, with its quotation marks."""

    value: str
    span: Span
    style: Style


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
    """What the template alone does not tell. `source` is how it is written there."""

    source: str
    span: Span


TemplateValue = Union[Text, Literal, List, Object, Encoded, Unknown]  # noqa: UP007 - it refers to itself


def is_null(node: TemplateValue | None) -> bool:
    """Whether there is nothing: no node, or null."""
    return node is None or (isinstance(node, Literal) and node.text == "null")


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
