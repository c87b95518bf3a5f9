"""Removes the parts of a large JSON text that are unrelated to patterns.

Parsing JSON into nodes with positions takes about 100 bytes for each byte of numbers. In a plan of
30 MB, or any other text that contains one of the words, hardly anything is about filters.
"""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec

from filterpatterns.templates.mentions import mentions_patterns

WORTHWHILE: Final = 1 << 20
"""Characters of a text from which pruning costs less than parsing."""

_SMALLEST: Final = 1 << 12
"""Bytes of a value in an object that is worth removing."""

_LONG_ARRAY: Final = 1 << 16
"""Bytes of an array whose single members are removed."""

_BETWEEN: Final = re.compile(rb"[\s,]*")
_SOURCES: Final = re.compile(
    rb"AWS::(?:SQS|Kinesis|DynamoDB|Serverless|MSK|AmazonMQ|DocDB|EventsV2)"
    rb"|awsc?c?_(?:sqs|kinesis|dynamodb|msk|mq|docdb|eventsv2)"
    rb"|SchemaRegistryConfig|schema_registry_config"
)
"""Types of resources that events come from, and what identifies a mapping's Kafka records: its
source, and the attributes that a schema registry validates."""

_ANY: Final = msgspec.json.Decoder(dict[str, msgspec.Raw] | list[msgspec.Raw]).decode


def pruned(text: str) -> str:
    """Return the text with `null` and blanks in place of objects and arrays that mention neither
    patterns nor sources, so that the remaining characters keep their positions. A text that is not
    JSON is returned unchanged.
    """
    data = text.encode()
    view = memoryview(data)
    cuts: list[tuple[int, int]] = []
    pending = [(0, len(data))]
    try:
        while pending:
            start, end = pending.pop()
            children = _ANY(view[start:end])
            if isinstance(children, dict):
                _cut_members(data, children, start, end, cuts, pending)
            elif end - start >= _LONG_ARRAY:
                _cut_items(data, children, start, cuts, pending)
    except (msgspec.DecodeError, RecursionError):
        return text
    return _without(data, sorted(cuts))


def _is_relevant(part: bytes) -> bool:
    return mentions_patterns(part) or _SOURCES.search(part) is not None


def _cut_members(
    data: bytes,
    members: dict[str, msgspec.Raw],
    start: int,
    end: int,
    cuts: list[tuple[int, int]],
    pending: list[tuple[int, int]],
) -> None:
    """Remove the large values of an object that are irrelevant."""
    position = start
    for value in members.values():
        part = bytes(value)
        if len(part) < _SMALLEST:
            continue
        found = data.find(part, position, end)
        if found < 0:  # a repeated name: the value is before the one that was found
            continue
        position = found + len(part)
        if part[:1] not in (b"{", b"["):
            continue
        if _is_relevant(part):
            pending.append((found, position))
        else:
            cuts.append((found, position))


def _cut_items(
    data: bytes,
    items: list[Any],
    start: int,
    cuts: list[tuple[int, int]],
    pending: list[tuple[int, int]],
) -> None:
    """Remove runs of irrelevant items of an array."""
    position = data.index(b"[", start) + 1
    run: tuple[int, int] | None = None
    for item in items:
        part = bytes(item)
        between = _BETWEEN.match(data, position)
        begin = position if between is None else between.end()
        position = begin + len(part)
        if not _is_relevant(part):
            run = (begin if run is None else run[0], position)
            continue
        if run is not None:
            cuts.append(run)
            run = None
        if part[:1] in (b"{", b"["):
            pending.append((begin, position))
    if run is not None:
        cuts.append(run)


def _without(data: bytes, cuts: list[tuple[int, int]]) -> str:
    parts: list[str] = []
    position = 0
    for start, end in cuts:
        length = len(data[start:end].decode())
        if length < len("null"):
            continue
        parts.append(data[position:start].decode())
        parts.append("null".ljust(length))
        position = end
    parts.append(data[position:].decode())
    return "".join(parts)
