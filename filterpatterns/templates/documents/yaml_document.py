"""Parses YAML text into nodes with positions.

The events of PyYAML's parser are read one by one, with our own stack and limits on the effect of
anchors and merges, so that memory is proportional to the size of the text. CloudFormation's short
tags are expanded (CloudFormation user guide, "Intrinsic function reference"): `!Sub x` is
`{"Fn::Sub": x}`, `!Ref x` is `{"Ref": x}`.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from typing import Any, NoReturn

import yaml

from filterpatterns.language.nodes import Span
from filterpatterns.limits import MAX_PAYLOAD_DEPTH
from filterpatterns.templates.documents.values import (
    List,
    Literal,
    Object,
    Style,
    TemplateValue,
    Text,
    Unknown,
)
from filterpatterns.templates.errors import TemplateError, fail

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml, if PyYAML was built with it
_MAX_VALUES = 200_000
"""The number of values that a file may have, with aliases expanded, unless it has more characters
than this."""

_STYLES: dict[str | None, Style] = {"'": "single", '"': "double", "|": "block", ">": "block"}
_PROPERTIES = re.compile(r"(?:[&!][^\s,\[\]{}]*|#[^\n]*|\s+)*")
_JSON_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_PLAIN = re.compile(r"[A-Za-z0-9_.$/][A-Za-z0-9_.$/-]*")
_CORE_TAGS = "tag:yaml.org,2002:"
_WITHOUT_PREFIX = ("Ref", "Condition")

_resolver: Any = yaml.resolver.Resolver()
_constructor: Any = yaml.constructor.SafeConstructor()


def read(text: str) -> list[TemplateValue]:
    """The documents of a YAML text.

    Raises:
        TemplateError: it is not YAML, or is nested too deeply.
    """
    try:
        return list(_Reader(text).documents())
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        words = f"not YAML: {error.problem or error.context}"
        if mark is None:
            raise TemplateError(words) from None
        raise TemplateError(words, mark.line + 1, mark.column + 1) from None
    except (yaml.YAMLError, UnicodeEncodeError) as error:
        raise TemplateError(f"not YAML: {_first_line(error)}") from None


def written(text: str) -> str:
    """A string as YAML writes it: in quotes if it would otherwise be another type."""
    is_plain = _PLAIN.fullmatch(text) is not None
    if is_plain and _resolver.resolve(yaml.ScalarNode, text, (True, False)) == f"{_CORE_TAGS}str":
        return text
    return json.dumps(text, ensure_ascii=False)


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]


class _Open:
    """A sequence or mapping that is being read."""

    __slots__ = ("event", "items", "size", "start")

    def __init__(self, event: Any, start: int) -> None:
        self.items: list[TemplateValue] = []
        self.event = event
        self.start = start
        self.size = 1


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._open: list[_Open] = []
        self._anchors: dict[str, tuple[TemplateValue, int]] = {}
        self._largest = max(_MAX_VALUES, len(text))
        self._values = 0

    def documents(self) -> Iterator[TemplateValue]:
        """The documents, one by one; an empty document is null."""
        for event in yaml.parse(self._text, Loader=_LOADER):
            size = 1
            if isinstance(event, yaml.DocumentStartEvent):
                self._anchors = {}
                continue
            if isinstance(event, yaml.ScalarEvent):
                node = self._scalar(event)
            elif isinstance(event, yaml.AliasEvent):
                node, size = self._alias(event)
                self._values += size
                if self._values > self._largest:
                    self._fail(f"aliases for more than {self._largest:,} values", event)
            elif isinstance(event, yaml.CollectionStartEvent):
                if len(self._open) >= MAX_PAYLOAD_DEPTH:
                    self._fail(f"nested deeper than {MAX_PAYLOAD_DEPTH:,} levels", event)
                self._open.append(_Open(event, self._content(event)))
                continue
            elif isinstance(event, yaml.CollectionEndEvent):
                opened = self._open.pop()
                size = opened.size
                node = self._closed(opened, event)
                event = opened.event
            else:
                continue
            if event.anchor is not None and not isinstance(event, yaml.AliasEvent):
                self._anchors[event.anchor] = node, size
            if self._open:
                self._open[-1].items.append(node)
                self._open[-1].size += size
            else:
                yield node

    def _fail(self, message: str, event: Any) -> NoReturn:
        fail(message, self._text, event.start_mark.index)

    def _content(self, event: Any) -> int:
        """Return where a node begins, after its anchor and tag."""
        start: int = event.start_mark.index
        if event.anchor is None and event.tag is None:
            return start
        match = _PROPERTIES.match(self._text, start)
        return start if match is None else min(match.end(), event.end_mark.index)

    def _alias(self, event: Any) -> tuple[TemplateValue, int]:
        """Return the value of an alias, and how many values it has."""
        found = self._anchors.get(event.anchor)
        if found is not None:
            return found
        if all(one.event.anchor != event.anchor for one in self._open):
            self._fail(f"not YAML: there is no anchor &{event.anchor}", event)
        # It would contain itself, which JSON cannot express.
        span = Span(event.start_mark.index, event.end_mark.index)
        return Unknown(f"*{event.anchor}", span), 1

    def _scalar(self, event: Any) -> TemplateValue:
        span = Span(self._content(event), event.end_mark.index)
        tag, value = event.tag, event.value
        if event.implicit[0]:
            tag = _resolver.resolve(yaml.ScalarNode, value, (True, False))
        elif tag is None or tag == "!":
            tag = f"{_CORE_TAGS}str"
        style = _STYLES.get(event.style, "plain")
        if not tag.startswith(_CORE_TAGS):
            return self._short(tag, event, Text(value, span, style))
        written = _literal(tag.removeprefix(_CORE_TAGS), value)
        return Text(value, span, style) if written is None else Literal(written, span)

    def _short(self, tag: str, event: Any, node: TemplateValue) -> TemplateValue:
        """The expansion of a short tag."""
        name = tag.removeprefix("!")
        if name not in _WITHOUT_PREFIX:
            name = f"Fn::{name}"
        start = event.start_mark.index
        key = Text(name, Span(start, start + len(tag)), "plain")
        return Object(((key, node),), Span(start, node.span.end))

    def _closed(self, opened: _Open, event: Any) -> TemplateValue:
        end: int = event.end_mark.index
        if not opened.event.flow_style and opened.items:
            end = opened.items[-1].span.end  # the mark is before the next token
        span = Span(opened.start, max(end, opened.start))
        node: TemplateValue
        if isinstance(opened.event, yaml.MappingStartEvent):
            node = Object(self._members(opened.items), span)
        else:
            node = List(tuple(opened.items), span)
        tag = opened.event.tag
        if tag is not None and tag.startswith("!") and len(tag) > 1:
            node = self._short(tag, opened.event, node)
        return node

    def _members(self, flat: list[TemplateValue]) -> tuple[tuple[Text, TemplateValue], ...]:
        """Names and values, with merges (https://yaml.org/type/merge.html) applied."""
        found: list[tuple[Text, TemplateValue]] = []
        merged: dict[str, tuple[Text, TemplateValue]] = {}
        for key, value in zip(flat[::2], flat[1::2], strict=True):
            if isinstance(key, Literal):
                key = Text(self._text[key.span.start : key.span.end], key.span, "plain")
            if not isinstance(key, Text):
                fail("a name that is not text", self._text, key.span.start)
            if key.value == "<<" and key.style == "plain":
                for one in value.items if isinstance(value, List) else (value,):
                    for member in one.members if isinstance(one, Object) else ():
                        merged.setdefault(member[0].value, member)
            else:
                found.append((key, value))
        own = {key.value for key, _ in found}
        return (*(merged[name] for name in merged if name not in own), *found)


def _literal(tag: str, value: str) -> str | None:
    """The JSON text of a plain YAML 1.1 scalar; None for a string, and for values that JSON
    lacks."""
    if tag == "null":
        return "null"
    if ":" in value:
        return None  # YAML 1.1 has numbers in base 60, but 12:30:00 is meant as text
    if tag in ("int", "float") and _JSON_NUMBER.fullmatch(value):
        return value
    try:
        if tag == "bool":
            return "true" if yaml.SafeLoader.bool_values[value.lower()] else "false"
        if tag == "int":
            return json.dumps(_constructor.construct_yaml_int(yaml.ScalarNode(tag, value)))
        if tag == "float":
            number = _constructor.construct_yaml_float(yaml.ScalarNode(tag, value))
            return json.dumps(number) if math.isfinite(number) else None
    except (ValueError, KeyError, ArithmeticError, IndexError):
        return None
    return None
