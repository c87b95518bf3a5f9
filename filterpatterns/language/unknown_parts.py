"""Patterns with parts that are only known at deployment; everything else in them is still checked.

A template's pattern is JSON text with a placeholder for each unknown part, whose position is in a
`Hole`. The parser reads the text as it is. Then `mark` replaces the placeholders with
`nodes.Unknown`, and `read_operand` finds out whether any value at all would make an operand valid.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from itertools import islice, product
from typing import Any

from msgspec.structs import replace

from filterpatterns.language import nodes, parser
from filterpatterns.language.diagnostics import Reporter
from filterpatterns.language.inputs import Hole, PatternText
from filterpatterns.language.operators.base import OperandError, Operator
from filterpatterns.language.operators.unknown import UnknownRule

_MOST_TRIED = 300
"""The number of combinations of values that are tried for one operand before giving up."""

_STRINGS = ("x", "1", "", "10.0.0.0/8", "10.0.0.0", "::", "0/8", ">", "=", "<")
"""Texts, one of which is valid wherever an operand accepts an unknown part of a string."""


_SCALARS: tuple[nodes.JsonScalar, ...] = (1, "x", "10.0.0.0/8", ">", "<", True, 1e300, -1e300)
"""The same for an unknown value."""


def parse(pattern: PatternText, report: Reporter) -> nodes.Pattern | None:
    """Like `parser.parse`, for a pattern with holes."""
    tree = parser.parse(pattern.text, report)
    return None if tree is None else mark(tree, pattern.text, pattern.holes)


def mark(tree: nodes.Pattern, text: str, holes: Sequence[Hole]) -> nodes.Pattern:
    """The syntax tree with `Unknown` for each scalar that a hole is a part of."""
    marked: nodes.Pattern = _Marker(text, holes).pattern(tree)
    return marked


class _Marker:
    def __init__(self, text: str, holes: Sequence[Hole]) -> None:
        self._text = text
        self._holes = holes

    def _inside(self, span: nodes.Span) -> list[Hole]:
        return [hole for hole in self._holes if hole.start < span.end and hole.end > span.start]

    def _scalar(self, scalar: nodes.Scalar) -> nodes.Scalar:
        inside = self._inside(scalar.span)
        if not inside:
            return scalar
        pieces: tuple[str, ...] | None = None
        if all(hole.is_string for hole in inside):
            pieces = self._pieces(scalar.span, inside)
        return nodes.Unknown(scalar.value, scalar.text, scalar.span, pieces)

    def _pieces(self, span: nodes.Span, holes: list[Hole]) -> tuple[str, ...]:
        """The known parts of a string: the text before, between and after the holes."""
        found = []
        start = span.start + 1
        for hole in holes:
            found.append(_unescaped(self._text[start : hole.start]))
            start = hole.end
        return (*found, _unescaped(self._text[start : span.end - 1]))

    def pattern(self, node: Any) -> Any:
        """Mark a pattern, or the value of a field."""
        if isinstance(node, nodes.Fields):
            return nodes.Fields(tuple(self._member(one) for one in node.members), node.span)
        if isinstance(node, nodes.Rules):
            return nodes.Rules(tuple(self._rule(one) for one in node.items), node.span)
        return self._scalar(node)

    def _member(self, member: nodes.Field | nodes.Or) -> nodes.Field | nodes.Or:
        if isinstance(member, nodes.Or):
            value: Any = member.value
            if isinstance(value, nodes.Alternatives):
                items = tuple(self.pattern(item) for item in value.items)
                return nodes.Or(member.name_span, nodes.Alternatives(items, value.span))
            return nodes.Or(member.name_span, self.pattern(value))
        is_known = not self._inside(member.name_span)
        return nodes.Field(member.name, member.name_span, self.pattern(member.value), is_known)

    def _rule(self, item: Any) -> Any:
        if isinstance(item, nodes.Operation):
            if any(self._inside(operator.name_span) for operator in item.operators):
                return nodes.Unknown("", "", item.span, None)
            return nodes.Operation(
                tuple(replace(one, operand=self._value(one.operand)) for one in item.operators),
                item.span,
            )
        return self.pattern(item)

    def _value(self, value: nodes.Value) -> nodes.Value:
        if isinstance(value, nodes.Array):
            return nodes.Array(tuple(self._value(item) for item in value.items), value.span)
        if isinstance(value, nodes.Object):
            if any(self._inside(name.span) for name, _ in value.members):
                return nodes.Unknown("", "", value.span, None)
            members = tuple((name, self._value(inner)) for name, inner in value.members)
            return nodes.Object(members, value.span)
        return self._scalar(value)


def _unescaped(text: str) -> str:
    try:
        return str(json.loads(f'"{text}"'))
    except ValueError:
        return text


def _unknowns(value: nodes.Value) -> Iterator[nodes.Unknown]:
    if isinstance(value, nodes.Unknown):
        yield value
    elif isinstance(value, nodes.Array):
        for item in value.items:
            yield from _unknowns(item)
    elif isinstance(value, nodes.Object):
        for _, inner in value.members:
            yield from _unknowns(inner)


def read_operand(parse: Callable[[nodes.Value], Operator], operand: nodes.Value) -> Operator:
    """Return the rule of an operand, which may have unknown parts.

    Raises:
        OperandError: the operand is invalid whatever the values of these parts.
    """
    unknowns = list(_unknowns(operand))
    if not unknowns:
        return parse(operand)
    choices = product(*(_candidates(unknown) for unknown in unknowns))
    mistake: OperandError | None = None
    for values in islice(choices, _MOST_TRIED):
        given = dict(zip(map(id, unknowns), values, strict=True))
        try:
            return UnknownRule(parse(_filled(operand, given)))
        except OperandError as error:
            mistake = mistake or error
    if mistake is None or next(choices, None) is not None:
        return UnknownRule()  # not every possibility was tried
    raise mistake


def _candidates(unknown: nodes.Unknown) -> list[nodes.Value]:
    span = unknown.span
    if unknown.pieces is not None:
        texts = [text.join(unknown.pieces) for text in _STRINGS]
        return [nodes.Scalar(text, unknown.text, span) for text in texts]

    def scalar(value: nodes.JsonScalar) -> nodes.Scalar:
        return nodes.Scalar(value, json.dumps(value), span)

    def rule(name: str) -> nodes.Object:
        return nodes.Object(((scalar(name), scalar("x")),), span)

    return [
        *(scalar(value) for value in _SCALARS),
        *(rule(name) for name in ("prefix", "equals-ignore-case")),
        nodes.Array((scalar(">"), scalar(1)), span),
        nodes.Array((scalar("x"),), span),
    ]


def _filled(value: nodes.Value, given: dict[int, nodes.Value]) -> nodes.Value:
    if isinstance(value, nodes.Unknown):
        return given[id(value)]
    if isinstance(value, nodes.Array):
        return nodes.Array(tuple(_filled(item, given) for item in value.items), value.span)
    if isinstance(value, nodes.Object):
        members = tuple((name, _filled(inner, given)) for name, inner in value.members)
        return nodes.Object(members, value.span)
    return value
