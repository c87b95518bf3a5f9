"""The syntax tree: what the text says, with the position of everything in it (offsets from 0).

The tree is as wide as the grammar: a `Field` may have a bare `Scalar`, which AWS rejects.
`conditions.py` reports such things; later stages see only trees without errors.

`gc=False`, here and wherever immutable things of a pattern are many: they cannot form cycles, and
a set of thousands of rules has millions of them, which the collector need not look at.
"""

from __future__ import annotations

from msgspec import Struct

JsonScalar = str | int | float | bool | None


class Span(Struct, frozen=True, gc=False):
    """A stretch of the pattern's text: from `start` up to, not including, `end`."""

    start: int
    end: int


class Scalar(Struct, frozen=True, gc=False):
    """A string, number, true, false or null. `text` is the token as written."""

    value: JsonScalar
    text: str
    span: Span


class Unknown(Scalar, frozen=True, gc=False):
    """A scalar, or any value at all, that only a deployment knows.

    `pieces` is what is known of a string, before, between and after the parts that are not; None if
    not even the type is known. `value` is a placeholder, for messages.
    """

    pieces: tuple[str, ...] | None


class Array(Struct, frozen=True, gc=False):
    """An array in an operand."""

    items: tuple[Value, ...]
    span: Span


class Object(Struct, frozen=True, gc=False):
    """An object in an operand."""

    members: tuple[tuple[Scalar, Value], ...]
    span: Span


Value = Scalar | Array | Object


class OperatorNode(Struct, frozen=True, gc=False):
    """One `"name": operand` of an operation."""

    name: str
    name_span: Span
    operand: Value


class Operation(Struct, frozen=True, gc=False):
    """A rule written as an object: `{"prefix": "x"}`."""

    operators: tuple[OperatorNode, ...]
    span: Span


class Rules(Struct, frozen=True, gc=False):
    """The alternatives for a field: any may match."""

    items: tuple[Scalar | Operation | Rules, ...]
    span: Span


class Field(Struct, frozen=True, gc=False):
    """A name, and what it leads to. `is_known`: the name is what it will be when deployed."""

    name: str
    name_span: Span
    value: Fields | Rules | Scalar
    is_known: bool = True


class Alternatives(Struct, frozen=True, gc=False):
    """The value of `$or`: any alternative may match."""

    items: tuple[Fields | Rules | Scalar, ...]
    span: Span


class Or(Struct, frozen=True, gc=False):
    """A `$or` member."""

    name_span: Span
    value: Alternatives | Fields | Scalar


class Fields(Struct, frozen=True, gc=False):
    """The members of an object: all must match."""

    members: tuple[Field | Or, ...]
    span: Span


Pattern = Fields | Rules | Scalar
