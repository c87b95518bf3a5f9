"""Resolves nodes to values: by the template's own rules, by the user's values, by a choice."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from filterpatterns.errors import printable
from filterpatterns.language.nodes import Span
from filterpatterns.language.wording import shorten
from filterpatterns.templates.documents.values import (
    Choice,
    List,
    Literal,
    Object,
    TemplateValue,
    Text,
    Unknown,
)

MAX_STEPS = 100
"""The number of steps from a node to its value: references may be circular."""

Known = Mapping[str, str]
"""Values set by the user, by the names that the template uses."""

Evaluate = Callable[[TemplateValue], TemplateValue]
"""Evaluates a node by one step, by the rules of one kind of template; other nodes are returned
unchanged."""


def steps_for(text: str) -> int:
    """The number of steps that references in a file may take, by its size."""
    return 20_000 + len(text) // 5


class Budget:
    """Bounds the work for references to references, or nested loops, in a file.

    When it is used up, nothing more is looked up, and the remaining values are unknown.
    """

    def __init__(self, steps: int) -> None:
        self._left = steps

    @property
    def is_used_up(self) -> bool:
        """Whether no steps are left."""
        return self._left <= 0

    def spend(self, steps: int = 1) -> bool:
        """Take steps; False if there are none left."""
        self._left -= steps
        return self._left > 0


class Resolver:
    """Resolves nodes, and records which of the user's values and which branches were used.

    `known` has values by the names that the user gave them. `branches` says which branch of a
    condition to take (True: the first); conditions that are not in it are recorded in `open`.
    """

    def __init__(
        self,
        evaluate: Evaluate,
        known: Mapping[str, str],
        branches: Mapping[str, bool] | None = None,
    ) -> None:
        self._evaluate = evaluate
        self._known = known
        self.branches = dict(branches or {})
        self.open: dict[str, Choice] = {}

    def __call__(self, node: TemplateValue) -> TemplateValue:
        for _ in range(MAX_STEPS):
            found = self._evaluate(node)
            if isinstance(found, Unknown):
                found = self._given(found)
            elif isinstance(found, Choice):
                found = self._chosen(found)
            if found is node:
                return node
            node = found
        return Unknown("a circular reference", node.span)

    def _given(self, unknown: Unknown) -> TemplateValue:
        for name in unknown.names:
            if name in self._known:
                return value_node(self._known[name], unknown.span, as_text=unknown.is_string)
        return unknown if unknown.default is None else unknown.default

    def _chosen(self, choice: Choice) -> TemplateValue:
        given = self._known.get(choice.condition)
        if given is not None:
            return choice.options[0 if given.lower() in ("true", "1", "yes") else 1]
        if choice.condition not in self.branches:
            self.branches[choice.condition] = True
            self.open[choice.condition] = choice
        return choice.options[0 if self.branches[choice.condition] else 1]


def value_node(text: str, span: Span, *, as_text: bool) -> TemplateValue:
    """A value that the user gave as text, parsed as JSON unless it has to be a string."""
    if not as_text and text[:1] in tuple('[{"-0123456789tfn'):
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            value = text
        return node_of(value, span)
    return placed_text(text, span)


def placed_text(text: str, span: Span) -> Text:
    """A text that is not in the template: each character has the position of the span."""
    return Text(text, span, "plain", (*(span.start for _ in text), span.end))


def node_of(value: Any, span: Span) -> TemplateValue:
    """A Python value as a node, all of it at one position."""
    if isinstance(value, str):
        return placed_text(value, span)
    if isinstance(value, list):
        return List(tuple(node_of(item, span) for item in value), span)
    if isinstance(value, dict):
        members = ((placed_text(name, span), node_of(item, span)) for name, item in value.items())
        return Object(tuple(members), span)
    return Literal(json.dumps(value), span)


def one_line(source: str) -> str:
    """The template's text for an unknown part, on one line, short enough for a message."""
    return shorten(printable(" ".join(source.split())), 60)
