"""Moves the nodes of one text to its place in another text."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from filterpatterns.language.nodes import Span
from filterpatterns.templates.documents.positions import starts
from filterpatterns.templates.documents.values import (
    Call,
    Choice,
    Encoded,
    Joined,
    List,
    Object,
    TemplateValue,
    Text,
)


def moved(node: TemplateValue, inner: str, offsets: Sequence[int]) -> TemplateValue:
    """Move a node of a text whose characters begin at these offsets of another text.

    Raises:
        RecursionError: it is nested too deep for the caller's stack.
    """

    def place(span: Span) -> Span:
        last = len(offsets) - 1
        return Span(offsets[min(span.start, last)], offsets[min(span.end, last)])

    def text(given: Text) -> Text:
        last = len(offsets) - 1
        found = tuple(offsets[min(start, last)] for start in starts(given, inner))
        return Text(given.value, place(given.span), given.style, found)

    def each(given: TemplateValue) -> TemplateValue:
        if isinstance(given, Text):
            return text(given)
        if isinstance(given, List):
            return List(tuple(each(item) for item in given.items), place(given.span))
        if isinstance(given, Object):
            members = tuple((text(name), each(value)) for name, value in given.members)
            return Object(members, place(given.span))
        if isinstance(given, Encoded):
            return Encoded(each(given.value), place(given.span))
        return replace(given, span=place(given.span))

    return each(node)


def placed(node: TemplateValue, span: Span) -> TemplateValue:
    """Move a node of another file to the position of the reference to it.

    Raises:
        RecursionError: it is nested too deep for the caller's stack.
    """
    if isinstance(node, Text):
        return Text(node.value, span, "plain", (*(span.start for _ in node.value), span.end))
    if isinstance(node, List):
        return List(tuple(placed(item, span) for item in node.items), span)
    if isinstance(node, Joined):
        return Joined(tuple(placed(part, span) for part in node.parts), span)
    if isinstance(node, Call):
        arguments = tuple(placed(one, span) for one in node.arguments)
        return Call(node.function, arguments, node.spread, node.source, span)
    if isinstance(node, Choice):
        first, second = (placed(one, span) for one in node.options)
        return Choice(node.condition, (first, second), span)
    if isinstance(node, Object):
        found = []
        for name, value in node.members:
            key = Text(name.value, span, "plain", (*(span.start for _ in name.value), span.end))
            found.append((key, placed(value, span)))
        return Object(tuple(found), span)
    if isinstance(node, Encoded):
        return Encoded(placed(node.value, span), span)
    return replace(node, span=span)
