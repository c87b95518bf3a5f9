"""Terraform's repetitions: `dynamic` blocks, and resources with `for_each`.

Terraform language, "dynamic Blocks" and "The for_each Meta-Argument".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from filterpatterns.templates.documents.values import (
    Object,
    Reference,
    TemplateValue,
    Text,
    child,
    mapped,
    members,
    text_of,
)
from filterpatterns.templates.values.hcl_values import Expressions

_MOST_REPEATED = 100
"""How often one block may be repeated."""

Scope = Mapping[str, TemplateValue]
"""Names that exist only in the block (`each.value`, `filter.value`), and their values."""


def instances(address: str, body: Object, evaluate: Expressions) -> Iterator[tuple[str, Object]]:
    """The resources that a resource block creates, with their addresses."""
    for_each = body.get("for_each")
    values = None if for_each is None else evaluate.values(for_each)
    if not values:
        yield address, body
        return
    for key, value in values[:_MOST_REPEATED]:
        if not evaluate.repetitions.spend():
            return
        found = substituted(body, {"each.key": key, "each.value": value}, evaluate)
        if isinstance(found, Object):
            yield f'{address}["{evaluate.known_text(key) or ""}"]', found


def expanded(body: Object, evaluate: Expressions) -> Object:
    """A body with its `dynamic` blocks replaced by the blocks that they create."""
    if body.get("dynamic") is None:
        return body
    found: list[tuple[Text, TemplateValue]] = []
    for name, value in body.members:
        if name.value != "dynamic":
            found.append((name, value))
            continue
        for label, dynamic in members(value):
            found += ((label, each) for each in _repeated(label.value, dynamic, evaluate))
    return Object(tuple(found), body.span)


def _repeated(label: str, dynamic: TemplateValue, evaluate: Expressions) -> Iterator[TemplateValue]:
    content = child(dynamic, "content")
    if content is None:
        return
    iterator = child(dynamic, "iterator")
    name = iterator.source if isinstance(iterator, Reference) else text_of(iterator) or label
    values = evaluate.values(child(dynamic, "for_each"))
    if values is None:
        yield content  # at least once: references to the items are unknown
        return
    for key, value in values[:_MOST_REPEATED]:
        if not evaluate.repetitions.spend():
            return
        yield substituted(content, {f"{name}.key": key, f"{name}.value": value}, evaluate)


def substituted(node: TemplateValue, scope: Scope, evaluate: Expressions) -> TemplateValue:
    """A node with the names of a scope replaced by their values."""

    def each(given: TemplateValue) -> TemplateValue:
        if isinstance(given, Reference):
            start = scope.get(".".join(given.path[:2]))
            return given if start is None else evaluate.inside(start, given.path[2:], given)
        return mapped(given, each)

    return each(node)
