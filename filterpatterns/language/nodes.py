"""The syntax tree, with the position of everything in the text (offsets from 0).

The tree accepts everything that the grammar does: a `Field` may have a bare `Scalar`, which AWS
rejects. `conditions.py` reports such things; later stages see only trees without errors.

`gc=False` is used here, and wherever a pattern has many immutable objects: they cannot form cycles,
and a set of thousands of rules has millions of them, which the collector need not visit.
"""

from __future__ import annotations

from msgspec import Struct

JsonScalar = str | int | float | bool | None


class Span(Struct, frozen=True, gc=False):
    """A range of the pattern's text: from `start` up to, but not including, `end`."""

    start: int
    end: int


class Scalar(Struct, frozen=True, gc=False):
    """A string, number, true, false or null. `text` is the token as written."""

    value: JsonScalar
    text: str
    span: Span


class Unknown(Scalar, frozen=True, gc=False):
    """A scalar, or any value at all, that is only known at deployment.

    `pieces` are the known parts of a string, before, between and after the unknown ones; None if
    not even the type is known. `value` is a placeholder for messages.
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
    """A name, and its value. `is_known`: the name will be the same when deployed."""

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
