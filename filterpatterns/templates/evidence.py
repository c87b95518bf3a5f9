"""Decides whether a bare JSON object found by a search is a pattern.

Since it was only found by a search, there has to be evidence: an operator, or a field that only
records and events have. A false alarm for a tsconfig.json is worse than a pattern that is missed.
"""

from __future__ import annotations

import re
from typing import Final

from msgspec import Struct

from filterpatterns.delivery.sources import PAYLOAD_KEYS
from filterpatterns.language.operators import OPERATORS
from filterpatterns.limits import MAX_PATTERN_LENGTH
from filterpatterns.templates.documents.values import List, Literal, Object, TemplateValue, Text

_PAYLOADS: Final = tuple({key: None for keys in PAYLOAD_KEYS.values() for key in keys})
_STRONG: Final = ("body", "dynamodb", "detail", "detail-type", "messageAttributes")
"""Top-level fields of patterns that hardly any other document has with arrays below."""

_ENVELOPE: Final = frozenset(
    (
        *_PAYLOADS,
        *_STRONG,
        *("attributes", "messageId", "eventName", "eventSource", "userIdentity", "basicProperties"),
        *("source", "account", "region", "resources", "time", "id", "version", "replay-name"),
        *("partitionKey", "topic", "partition", "offset", "headers", "$or"),
    )
)
"""Fields that patterns may have at the top level."""

LARGEST: Final = 1 << 16
"""Size in bytes of a file that may be a bare pattern: MAX_PATTERN_LENGTH with generous
indentation."""

_WORDS: Final = re.compile(
    rb'"(?:'
    + b"|".join(name.encode() for name in (*OPERATORS, *_PAYLOADS, *_STRONG, "source"))
    + rb')(?:\\.[^"]*)?"\s*:'
)


def might_be_pattern(data: bytes) -> bool:
    """Whether a text can be a bare pattern: a quick test without parsing it as JSON."""
    return len(data) <= LARGEST and data.lstrip()[:1] == b"{" and bool(_WORDS.search(data))


class _Shape(Struct):
    """The kinds of leaves that an object has."""

    arrays: int = 0
    operators: int = 0
    others: int = 0
    characters: int = 0


def is_pattern(root: Object) -> bool:
    """Whether an object is a pattern, judging by its contents."""
    shape = _shape(root)
    tops = {name for name, _ in _tops(root)}
    if _is_event_pattern(root):
        return True
    if not shape.arrays or (shape.characters > MAX_PATTERN_LENGTH and not shape.operators):
        return False
    if shape.others:  # a mistake in a pattern, if the rest can only be a pattern
        return bool(shape.operators) and tops <= _ENVELOPE and shape.others <= shape.arrays
    if shape.operators or tops & {*_STRONG}:
        return True
    return any(name in _PAYLOADS and isinstance(value, Object) for name, value in _tops(root))


def _is_event_pattern(root: Object) -> bool:
    """Whether the envelope is that of an EventBridge pattern: arrays where events have strings."""
    tops = dict(_tops(root))
    source, kind = tops.get("source"), tops.get("detail-type")
    if not tops.keys() <= _ENVELOPE:
        return False
    if isinstance(source, List) and isinstance(kind, List):
        return True
    if isinstance(source, List) and isinstance(tops.get("detail"), Object):
        return True
    return isinstance(source, List) and any(
        isinstance(item, Text) and item.value.startswith("aws.") for item in source.items
    )


def _tops(root: Object) -> list[tuple[str, TemplateValue]]:
    """The top-level fields, including those in `$or` alternatives; of dotted names, the first
    part."""
    found: list[tuple[str, TemplateValue]] = []
    for key, value in root.members:
        if key.value == "$or" and isinstance(value, List):
            for item in value.items:
                found += _tops(item) if isinstance(item, Object) else []
        else:
            found.append((key.value.partition(".")[0], value))
    return found


def _shape(root: Object) -> _Shape:
    shape = _Shape()
    pending: list[TemplateValue] = [root]
    while pending:
        node = pending.pop()
        if isinstance(node, List):
            shape.arrays += 1
            shape.others += not node.items
            for item in node.items:
                _count(item, shape)
        elif not isinstance(node, Object) or not node.members:
            shape.others += 1
        else:
            for key, value in node.members:
                shape.characters += len(key.value)
                if key.value == "$or" and isinstance(value, List):
                    pending += value.items
                else:
                    pending.append(value)
    return shape


def _count(item: TemplateValue, shape: _Shape) -> None:
    """Count a member of an array: a value, an operator, or something that patterns do not have
    there."""
    if isinstance(item, Object) and item.members:
        known = all(key.value in OPERATORS for key, _ in item.members)
        shape.operators += known
        shape.others += not known
    elif isinstance(item, Text):
        shape.characters += len(item.value)
    elif not isinstance(item, Literal):
        shape.others += 1
