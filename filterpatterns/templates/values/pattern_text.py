"""Converts a template's value to the text of a pattern, with the positions of its characters and
holes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from typing import Any

from msgspec import Struct

from filterpatterns.errors import printable
from filterpatterns.language.inputs import Hole
from filterpatterns.language.nodes import Span
from filterpatterns.templates.documents.positions import starts
from filterpatterns.templates.documents.values import (
    Encoded,
    Joined,
    List,
    Literal,
    Nothing,
    Object,
    TemplateValue,
    Text,
    Unknown,
)
from filterpatterns.templates.errors import Unresolved
from filterpatterns.templates.values.resolving import one_line

MAX_TEXT = 1 << 16
"""The number of characters of a pattern that are written, far more than AWS's 4,096. With YAML
aliases, an object of a few lines may be larger than any memory."""

Resolve = Callable[[TemplateValue], TemplateValue]
"""Returns the value of a node: anything but a function, a reference or a choice."""

_STRING_OR_NOT = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*("|\\?\Z)|[^"]+', re.DOTALL)
_VALUE_FOLLOWS = re.compile(r"[:\[,]\s*\Z")
_VALUE_ENDS = re.compile(r"\s*(?:[\],}]|\Z)")


_Pending = list[Any]
"""What remains to be written: nodes, texts, and closing brackets with their positions."""


class Written(Struct, frozen=True):
    """The text of a pattern, the origin of each character, and the unknown parts.

    `unknown` are the nodes of the holes, in the order of the text.
    """

    text: str
    starts: tuple[int, ...]
    holes: tuple[Hole, ...]
    unknown: tuple[Unknown, ...]


class _Writer:
    """Builds a text with the position that each character comes from."""

    def __init__(self, source: str, resolve: Resolve) -> None:
        self.source = source
        self.resolve = resolve
        self.parts: list[str] = []
        self.starts: list[int] = []
        self.holes: list[Hole] = []
        self.unknown: list[Unknown] = []
        self.end = 0

    def written(self) -> Written:
        return Written(
            "".join(self.parts),
            (*self.starts, self.end),
            tuple(self.holes),
            tuple(self.unknown),
        )

    def write(self, text: str, start: int, end: int) -> None:
        """Write text that comes from the source from start to end."""
        self.parts.append(text)
        self.starts += [start] * len(text)
        self.end = end

    def close(self, text: str) -> None:
        """Write text that ends, or follows, what was written last, so that this gets its own
        end."""
        self.write(text, self.end, self.end)

    def raw(self, text: Text) -> None:
        """Write a text as it is, without quotes."""
        offsets = text.starts or starts(text, self.source)
        self.parts.append(text.value)
        self.starts += offsets[:-1]
        self.end = offsets[-1]

    def escaped(self, text: Text) -> None:
        """Write a text, escaped as inside a JSON string."""
        offsets = text.starts or starts(text, self.source)
        for char, start, end in zip(text.value, offsets, offsets[1:], strict=False):
            self.write(json.dumps(char, ensure_ascii=False)[1:-1], start, end)
        self.end = offsets[-1]

    def text(self, text: Text) -> None:
        """Write a JSON string."""
        offsets = text.starts or starts(text, self.source)
        self.write('"', text.span.start, offsets[0])
        self.escaped(text)
        self.write('"', offsets[-1], text.span.end)

    def hole(self, unknown: Unknown, *, quoted: bool) -> None:
        """Write a placeholder: inside an open string, or (`quoted`) as a value."""
        placeholder = json.dumps(one_line(unknown.source), ensure_ascii=False)
        placeholder = placeholder if quoted else placeholder[1:-1]
        start = len(self.starts)
        self.write(placeholder, unknown.span.start, unknown.span.end)
        end = len(self.starts)
        if quoted and unknown.is_string:
            start, end = start + 1, end - 1
        is_string = unknown.is_string or not quoted
        self.holes.append(Hole(start, end, one_line(unknown.source), is_string))
        self.unknown.append(unknown)

    def string_part(self, part: TemplateValue) -> None:
        """Write a resolved part of a string into the open JSON string."""
        if isinstance(part, Text):
            self.escaped(part)
        elif isinstance(part, Literal):
            self.write(part.text, part.span.start, part.span.end)
        else:
            self.hole(as_unknown(part), quoted=False)

    def value(self, node: TemplateValue, longest: int = MAX_TEXT) -> None:
        """Write a value as JSON without white space. Without recursion, since YAML may nest to any
        depth."""
        pending: _Pending = [node]
        while pending and len(self.starts) <= longest:
            step = pending.pop()
            if isinstance(step, str):
                self.close(step)
                continue
            if isinstance(step, tuple):
                mark, span = step
                self.end = span.end
                self.close(mark)
                continue
            step = self.resolve(step)
            if isinstance(step, List):
                self.write("[", step.span.start, step.span.start + 1)
                items = [self.resolve(item) for item in step.items]
                items = [item for item in items if not isinstance(item, Nothing)]
                pending.append(_end("]", step, items))
                for index, item in reversed(list(enumerate(items))):
                    pending.append(item)
                    if index:
                        pending.append(",")
            elif isinstance(step, Object):
                self.write("{", step.span.start, step.span.start + 1)
                members = [(name, self.resolve(value)) for name, value in step.members]
                members = [one for one in members if not isinstance(one[1], Nothing)]
                pending.append(_end("}", step, members))
                for index, (name, value) in reversed(list(enumerate(members))):
                    pending += [value, ":", self.resolve(name)]
                    if index:
                        pending.append(",")
            else:
                self._leaf(step)

    def _leaf(self, node: TemplateValue) -> None:
        if isinstance(node, Text):
            self.text(node)
        elif isinstance(node, Literal):
            self.write(node.text, node.span.start, node.span.end)
        elif isinstance(node, Joined):
            self.write('"', node.span.start, node.span.start + 1)
            for part in _flat(node, self.resolve):
                self.string_part(part)
            self.write('"', max(node.span.end - 1, node.span.start), node.span.end)
        elif isinstance(node, Nothing):
            self.write("null", node.span.start, node.span.end)
        else:
            self.hole(as_unknown(node), quoted=True)


def as_unknown(node: TemplateValue) -> Unknown:
    """Return the unknown value to report for a node where only a scalar could be evaluated."""
    if isinstance(node, Unknown):
        return node
    what = "JSON text inside JSON text" if isinstance(node, Encoded) else "a value"
    return Unknown(what, node.span, is_string=isinstance(node, Encoded))


def written_out(
    node: TemplateValue, source: str, resolve: Resolve, *, longest: int = MAX_TEXT
) -> Written:
    """A value as JSON text without white space, and the positions of its characters. If it is
    longer than `longest` characters, the end is missing.

    Raises:
        Unresolved: it is longer, and not all of it is known.
    """
    out = _Writer(source, resolve)
    out.value(node, longest)
    if len(out.starts) > longest and out.holes:
        raise Unresolved("the pattern is too large", node.span)
    return out.written()


def text_of_parts(node: Text | Joined, source: str, resolve: Resolve) -> Written:
    """The text of a pattern that is a string in the template.

    Raises:
        Unresolved: nothing of it is known, or the unknown parts are not just values and parts of
            strings.
    """
    out = _Writer(source, resolve)
    parts = [node] if isinstance(node, Text) else _flat(node, resolve)
    unknown = [part for part in parts if not isinstance(part, (Text, Literal, Encoded))]
    if unknown and not any(_is_known(part) for part in parts):
        raise unresolved(as_unknown(unknown[0]))
    in_string = False
    before = ""  # the text right before it, if it is known
    outside: list[tuple[int, Unknown]] = []
    for part in parts:
        if isinstance(part, Text):
            out.raw(part)
            in_string, before = _is_in_string(part.value, in_string), part.value
        elif isinstance(part, Literal):
            out.write(part.text, part.span.start, part.span.end)
            before = part.text
        elif in_string:
            out.hole(as_unknown(part), quoted=False)
        elif isinstance(part, Encoded):
            out.value(part.value)
            before = ""
        else:
            hole = as_unknown(part)
            hole = Unknown(hole.source, hole.span, hole.names, False, hole.reason)
            if not _VALUE_FOLLOWS.search(before[-200:]):
                raise unresolved(hole)
            out.hole(hole, quoted=True)
            outside.append((out.holes[-1].end, hole))
            before = ""
    found = out.written()
    for end, hole in outside:
        if not _VALUE_ENDS.match(found.text, end):
            raise unresolved(hole)
    return found


def _flat(node: Joined, resolve: Resolve) -> list[TemplateValue]:
    """The parts of a string, including those of nested strings."""
    found: list[TemplateValue] = []
    pending: list[TemplateValue] = [node]
    while pending:
        part = resolve(pending.pop())
        if isinstance(part, Joined):
            pending += reversed(part.parts)
        elif not isinstance(part, Nothing):
            found.append(part)
    return found


def _is_known(part: TemplateValue) -> bool:
    return isinstance(part, (Literal, Encoded)) or (
        isinstance(part, Text) and bool(part.value.strip())
    )


def unresolved(unknown: Unknown) -> Unresolved:
    """Return the exception for an unknown part that everything depends on."""
    reason = unknown.reason or f"{printable(unknown.source)} is known only at deployment"
    return Unresolved(reason, unknown.span)


def _is_in_string(text: str, is_open: bool) -> bool:
    """Whether a JSON string is open at the end of a text; `is_open`: whether one was at its
    beginning."""
    last = None
    for match in _STRING_OR_NOT.finditer(f'"{text}' if is_open else text):
        last = match
    return last is not None and last[0].startswith('"') and last[1] != '"'


def _end(mark: str, node: List | Object, children: Sequence[object]) -> str | tuple[str, Span]:
    """The position of the closing bracket: after the last child, or at the end of an empty pair."""
    return mark if children else (mark, node.span)
