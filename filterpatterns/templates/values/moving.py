"""Moves the nodes of one text to its place in another text."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from msgspec.structs import replace

from filterpatterns.language.nodes import Span
from filterpatterns.templates.documents.positions import starts
from filterpatterns.templates.documents.values import (
    TemplateValue,
    Text,
    mapped,
)


def moved(node: TemplateValue, inner: str, offsets: Sequence[int]) -> TemplateValue:
    """Move a node of a text whose characters begin at these offsets of another text.

    Raises:
        RecursionError: it is nested too deeply for the caller's stack.
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
        return replace(mapped(given, each), span=place(given.span))

    return each(node)


def placed(node: TemplateValue, span: Span) -> TemplateValue:
    """Move a node of another file to the position of the reference to it.

    Raises:
        RecursionError: it is nested too deeply for the caller's stack.
    """
    if isinstance(node, Text):
        return Text(node.value, span, "plain", (*(span.start for _ in node.value), span.end))
    return replace(mapped(node, partial(placed, span=span)), span=span)
