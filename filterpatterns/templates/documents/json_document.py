"""JSON text -> nodes that know their places (RFC 8259, nothing else)."""

from __future__ import annotations

import json
import re
from typing import NoReturn

from filterpatterns.errors import printable
from filterpatterns.language.nodes import Span
from filterpatterns.limits import MAX_PAYLOAD_DEPTH
from filterpatterns.templates.documents.values import List, Literal, Object, TemplateValue, Text
from filterpatterns.templates.errors import fail

_SPACE = re.compile(r"[ \t\n\r]*")
_TOKEN = re.compile(
    r'("[^"\\\x00-\x1f]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*)*")'
    r"|(-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|true|false|null)"
    r"|[\[\]{},:]"
)
_SHOWN = 20
"""Characters of the text that an error shows."""


def read(text: str) -> TemplateValue:
    """The value of a JSON text.

    Raises:
        TemplateError: it is none, or nested too deep.
    """
    return _Reader(text).read()


class _Open:
    """An array or object that is being read."""

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


class _Reader:
    """A parser with a stack of its own: a template may nest deeper than Python's."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._position = 0
        self._open: list[_Open] = []

    def read(self) -> TemplateValue:
        while True:
            node = self._value()
            while True:
                if node is None:  # an array or object was opened
                    end = self._end()
                    if end is None:
                        break
                    node = end
                if not self._open:
                    if self._peek():
                        self._unexpected("the end")
                    return node
                self._open[-1].add(node)
                if self._take(","):
                    self._name()
                    node = None
                    break
                node = self._end()
                if node is None:
                    closing = "]" if self._open[-1].members is None else "}"
                    self._unexpected(f'"," or "{closing}"')

    def _value(self) -> TemplateValue | None:
        """A scalar; or None after an array or an object has been opened."""
        self._peek()
        start = self._position
        match = _TOKEN.match(self._text, start)
        if match is None or match[0] in "]},:":
            self._unexpected("a value")
        self._position = match.end()
        if match[1]:
            return Text(json.loads(match[1]), Span(*match.span()), "json")
        if match[2]:
            return Literal(match[2], Span(*match.span()))
        if len(self._open) >= MAX_PAYLOAD_DEPTH:
            fail(f"nested deeper than {MAX_PAYLOAD_DEPTH:,} levels", self._text, start)
        self._open.append(_Open(start, match[0] == "{"))
        if self._peek() not in ("}", "]"):
            self._name()
        return None

    def _name(self) -> None:
        """The name of the next member, if an object is open."""
        if self._open[-1].members is None:
            return
        self._peek()
        match = _TOKEN.match(self._text, self._position)
        if match is None or not match[1]:
            self._unexpected("a name in double quotes")
        self._position = match.end()
        self._open[-1].name = Text(json.loads(match[1]), Span(*match.span()), "json")
        if not self._take(":"):
            self._unexpected('":"')

    def _end(self) -> TemplateValue | None:
        """The innermost array or object, if it ends here."""
        if not self._take("]" if self._open[-1].members is None else "}"):
            return None
        return self._open.pop().closed(self._position)

    def _peek(self) -> str:
        space = _SPACE.match(self._text, self._position)
        if space is not None:
            self._position = space.end()
        return self._text[self._position : self._position + 1]

    def _take(self, char: str) -> bool:
        if self._peek() != char:
            return False
        self._position += 1
        return True

    def _unexpected(self, wanted: str) -> NoReturn:
        rest = self._text[self._position : self._position + _SHOWN].split("\n")[0].rstrip()
        found = printable(rest) if rest else "the end of the text"
        fail(f"not JSON: expected {wanted}, found {found}", self._text, self._position)
