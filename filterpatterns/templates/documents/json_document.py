"""Parses JSON text (strictly RFC 8259) into nodes with positions."""

from __future__ import annotations

import json

from filterpatterns.errors import printable
from filterpatterns.jsontext import decoding
from filterpatterns.language.nodes import Span
from filterpatterns.limits import MAX_PAYLOAD_DEPTH
from filterpatterns.templates.documents.values import List, Literal, Object, TemplateValue, Text
from filterpatterns.templates.errors import fail

_SHOWN = 20
"""Characters of the text that an error message shows."""


def read(text: str) -> TemplateValue:
    """The value of a JSON text.

    Raises:
        TemplateError: it is not JSON, or is nested too deeply.
    """
    try:
        return _built(text)
    except decoding.JsonSyntaxError as error:
        position = error.position
        if error.expected is None:
            fail(f"nested deeper than {MAX_PAYLOAD_DEPTH:,} levels", text, position)
        rest = text[position : position + _SHOWN].split("\n", maxsplit=1)[0].rstrip()
        found = printable(rest) if rest else "the end of the text"
        fail(f"not JSON: expected {error.expected}, found {found}", text, position)


class _Open:
    """An array or object that is being read; `name` is the name of the next member."""

    __slots__ = ("items", "members", "name", "start")

    def __init__(self, start: int, is_object: bool) -> None:
        self.start = start
        self.items: list[TemplateValue] = []
        self.members: list[tuple[Text, TemplateValue]] | None = [] if is_object else None
        self.name: Text | None = None

    def add(self, node: TemplateValue) -> None:
        if self.members is None or self.name is None:
            self.items.append(node)
        else:
            self.members.append((self.name, node))

    def closed(self, end: int) -> TemplateValue:
        span = Span(self.start, end)
        if self.members is None:
            return List(tuple(self.items), span)
        return Object(tuple(self.members), span)


def _built(text: str) -> TemplateValue:
    root = _Open(0, False)
    holders = [root]
    for event, start, end in decoding.events(text):
        if event == "open":
            holders.append(_Open(start, text[start] == "{"))
            continue
        if event == "close":
            node = holders.pop().closed(end)
        elif event == "scalar":
            node = Literal(text[start:end], Span(start, end))
        else:
            string = Text(json.loads(text[start:end]), Span(start, end), "json")
            if event == "name":
                holders[-1].name = string
                continue
            node = string
        holders[-1].add(node)
    return root.items[0]
