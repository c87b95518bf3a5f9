"""Pattern text -> syntax tree without positions, ten times as fast as with them.

For many patterns of which nearly all are valid. Patterns that turn out to be invalid are read again
with `parser.py`, which reports positions.
"""

from __future__ import annotations

import json
from typing import Any

from filterpatterns.language import nodes, parser
from filterpatterns.language.diagnostics import Reporter
from filterpatterns.language.nodes import Span

_NOWHERE = Span(0, 0)


class _Number(str):
    """A number as written."""

    __slots__ = ()


class _Members(list[tuple[str, Any]]):
    """The members of an object, including repeated names."""


def parse(text: str, report: Reporter) -> nodes.Pattern | None:
    """Like `parser.parse`, but every position in the tree is the start of the text."""
    try:
        value = json.loads(
            text,
            object_pairs_hook=_Members,
            parse_int=_Number,
            parse_float=_Number,
            parse_constant=_refuse,
        )
        return _pattern(value)
    except (ValueError, RecursionError):
        return parser.parse(text, report)


def _refuse(name: str) -> None:
    raise ValueError(name)


def _pattern(value: Any) -> nodes.Fields | nodes.Rules | nodes.Scalar:
    """Return the value of a field, or the pattern itself."""
    if isinstance(value, _Members):
        return nodes.Fields(tuple(_member(name, inner) for name, inner in value), _NOWHERE)
    return _rules(value) if isinstance(value, list) else _scalar(value)


def _member(name: str, value: Any) -> nodes.Field | nodes.Or:
    if name != "$or":
        return nodes.Field(name, _NOWHERE, _pattern(value))
    if isinstance(value, list) and not isinstance(value, _Members):
        items = tuple(_pattern(item) for item in value)
        return nodes.Or(_NOWHERE, nodes.Alternatives(items, _NOWHERE))
    found = _pattern(value)
    assert not isinstance(found, nodes.Rules)
    return nodes.Or(_NOWHERE, found)


def _rules(items: list[Any]) -> nodes.Rules:
    return nodes.Rules(tuple(_rule(item) for item in items), _NOWHERE)


def _rule(item: Any) -> nodes.Scalar | nodes.Operation | nodes.Rules:
    if isinstance(item, _Members):
        operators = (nodes.OperatorNode(name, _NOWHERE, _value(operand)) for name, operand in item)
        return nodes.Operation(tuple(operators), _NOWHERE)
    return _rules(item) if isinstance(item, list) else _scalar(item)


def _value(value: Any) -> nodes.Value:
    if isinstance(value, _Members):
        members = ((_scalar(name), _value(inner)) for name, inner in value)
        return nodes.Object(tuple(members), _NOWHERE)
    if isinstance(value, list):
        return nodes.Array(tuple(_value(item) for item in value), _NOWHERE)
    return _scalar(value)


def _scalar(value: Any) -> nodes.Scalar:
    if isinstance(value, _Number):
        return nodes.Scalar(parser.number(value), str(value), _NOWHERE)
    # The text of anything else is only for messages, which come from the other parser.
    return nodes.Scalar(value, "", _NOWHERE)
