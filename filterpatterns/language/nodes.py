"""The syntax tree: what the text says, with the position of everything in it (offsets from 0).

The tree is as wide as the grammar: a `Field` may have a bare `Scalar`, which AWS rejects.
`conditions.py` reports such things; later stages see only trees without errors.
"""

from __future__ import annotations

from msgspec import Struct

JsonScalar = str | int | float | bool | None


class Span(Struct, frozen=True):
    """A stretch of the pattern's text: from `start` up to, not including, `end`."""

    start: int
    end: int


class Scalar(Struct, frozen=True):
    """A string, number, true, false or null. `text` is the token as written."""

    value: JsonScalar
    text: str
    span: Span


class Unknown(Scalar, frozen=True):
    """A scalar, or any value at all, that only a deployment knows.

    `pieces` is what is known of a string, before, between and after the parts that are not; None if
    not even the type is known. `value` is a placeholder, for messages.
    """

    pieces: tuple[str, ...] | None


class Array(Struct, frozen=True):
    """An array in an operand."""

    items: tuple[Value, ...]
    span: Span


class Object(Struct, frozen=True):
    """An object in an operand."""

    members: tuple[tuple[Scalar, Value], ...]
    span: Span


Value = Scalar | Array | Object


class OperatorNode(Struct, frozen=True):
    """One `"name": operand` of an operation."""

    name: str
    name_span: Span
    operand: Value


class Operation(Struct, frozen=True):
    """A rule written as an object: `{"prefix": "x"}`."""

    operators: tuple[OperatorNode, ...]
    span: Span


class Rules(Struct, frozen=True):
    """The alternatives for a field: any may match."""

    items: tuple[Scalar | Operation | Rules, ...]
    span: Span


class Field(Struct, frozen=True):
    """A name, and what it leads to. `is_known`: the name is what it will be when deployed."""

    name: str
    name_span: Span
    value: Fields | Rules | Scalar
    is_known: bool = True


class Alternatives(Struct, frozen=True):
    """The value of `$or`: any alternative may match."""

    items: tuple[Fields | Rules | Scalar, ...]
    span: Span


class Or(Struct, frozen=True):
    """A `$or` member."""

    name_span: Span
    value: Alternatives | Fields | Scalar


class Fields(Struct, frozen=True):
    """The members of an object: all must match."""

    members: tuple[Field | Or, ...]
    span: Span


Pattern = Fields | Rules | Scalar
