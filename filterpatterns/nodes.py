"""The syntax tree: what the text says, with the place of everything in it (offsets from 0).

The tree is as wide as the grammar: a `Field` may hold a bare `Scalar`, which AWS refuses.
`checks.py` reports such things; the stages behind it see only trees without errors.
"""

from __future__ import annotations

from dataclasses import dataclass

JsonScalar = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of the pattern's text: from `start` up to, not including, `end`."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Scalar:
    """A string, number, true, false or null. `text` is the token as written."""

    value: JsonScalar
    text: str
    span: Span


@dataclass(frozen=True, slots=True)
class Array:
    """An array in an operand."""

    items: tuple[Value, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Object:
    """An object in an operand."""

    members: tuple[tuple[Scalar, Value], ...]
    span: Span


Value = Scalar | Array | Object


@dataclass(frozen=True, slots=True)
class Operator:
    """One `"name": operand` of an operation."""

    name: str
    name_span: Span
    operand: Value


@dataclass(frozen=True, slots=True)
class Operation:
    """A rule written as an object: `{"prefix": "x"}`."""

    operators: tuple[Operator, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Rules:
    """The alternatives for a field: any may hold."""

    items: tuple[Scalar | Operation | Rules, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Field:
    """A name, and what it leads to."""

    name: str
    name_span: Span
    value: Fields | Rules | Scalar


@dataclass(frozen=True, slots=True)
class Alternatives:
    """What stands behind `$or`: any may hold."""

    items: tuple[Fields | Rules | Scalar, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Or:
    """A `$or` member."""

    name_span: Span
    value: Alternatives | Fields | Scalar


@dataclass(frozen=True, slots=True)
class Fields:
    """The members of an object: all must hold."""

    members: tuple[Field | Or, ...]
    span: Span


Pattern = Fields | Rules | Scalar
