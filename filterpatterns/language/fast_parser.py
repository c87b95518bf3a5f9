"""Parses pattern texts into syntax trees without positions, ten times as fast as with them.

It is for many patterns of which nearly all are valid. Patterns that turn out to be invalid are
parsed again with `parser.py`, which reports positions.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, TypeVar

from msgspec import structs

from filterpatterns.jsontext.decoding import events
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


def parse_placed(text: str, report: Reporter) -> nodes.Pattern | None:
    """Like `parse`, but with the positions of values; names and operators have none."""
    tree = parse(text, report)
    if tree is None or tree.span != _NOWHERE:  # the other parser's tree has all positions
        return tree
    return _placed(tree, _spans(text))


def _spans(text: str) -> Iterator[Span]:
    """Yield the span of each value, that of an array or object before those in it."""
    starts: list[int] = []
    ends: list[int] = []
    opened: list[int] = []
    for event, start, end in events(text):
        if event == "name":
            continue
        if event == "close":
            ends[opened.pop()] = end
            continue
        if event == "open":
            opened.append(len(starts))
        starts.append(start)
        ends.append(end)
    return map(Span, starts, ends)


_Node = TypeVar("_Node", bound=nodes.Pattern | nodes.Alternatives | nodes.Operation | nodes.Value)


def _placed(node: _Node, spans: Iterator[Span]) -> _Node:
    """Return a value with its span, and the values in it with theirs."""
    span = next(spans)
    inner: dict[str, Any] = {}
    if isinstance(node, nodes.Fields):
        inner["members"] = tuple(
            structs.replace(member, value=_placed(member.value, spans)) for member in node.members
        )
    elif isinstance(node, (nodes.Rules, nodes.Alternatives, nodes.Array)):
        inner["items"] = tuple(_placed(item, spans) for item in node.items)
    elif isinstance(node, nodes.Operation):
        inner["operators"] = tuple(
            structs.replace(each, operand=_placed(each.operand, spans)) for each in node.operators
        )
    elif isinstance(node, nodes.Object):
        inner["members"] = tuple((name, _placed(value, spans)) for name, value in node.members)
    return structs.replace(node, span=span, **inner)


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
