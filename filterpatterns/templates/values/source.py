"""Infers the event source of a mapping from names and patterns, if it is not defined."""

from __future__ import annotations

import re
from collections.abc import Iterable

from filterpatterns.jsontext import decoding

_BY_NAME = (
    (re.compile(r"dynamo|table|ddb", re.IGNORECASE), "dynamodb"),
    (re.compile(r"kinesis", re.IGNORECASE), "kinesis"),
    (re.compile(r"sqs|queue|dlq", re.IGNORECASE), "sqs"),
    (re.compile(r"kafka|msk", re.IGNORECASE), "kafka"),
    (re.compile(r"rabbit|activemq|broker|(?<![a-z])mq(?![a-z])", re.IGNORECASE), "mq"),
)
_STREAM = re.compile(r"stream", re.IGNORECASE)
_TABLE_STREAM = re.compile(r"\.(?:Latest)?StreamArn\b|stream_arn\b")
"""An attribute of tables; that of a Kinesis stream is `Arn`."""

_BY_PAYLOAD = {"body": "sqs", "dynamodb": "dynamodb", "data": "kinesis", "value": "kafka"}
"""The payload key of a record; `data` means Kinesis, since mappings of MQ brokers name their
queues."""


def infer(reference: str, patterns: Iterable[str]) -> tuple[str, str] | None:
    """The likely source, and the reason for it in words.

    Args:
        reference: the template's reference to the source (`OrdersTable.StreamArn`); may be empty.
        patterns: the texts of the patterns.
    """
    by_payload = _by_payload(patterns)
    named = {source for pattern, source in _BY_NAME if pattern.search(reference)}
    if _TABLE_STREAM.search(reference) and not named - {"dynamodb"}:
        named = {"dynamodb"}
    if len(named) == 1:
        return named.pop(), f'"{reference}"'
    if by_payload is None:
        return None
    key, source = by_payload
    if named and source not in named:
        return None
    if not named and _STREAM.search(reference) and source not in ("kinesis", "dynamodb"):
        return None
    return source, f'the patterns\' "{key}"'


def _by_payload(patterns: Iterable[str]) -> tuple[str, str] | None:
    """The payload key that all patterns have, and its source."""
    several = set()
    for text in patterns:
        value = decoding.parse(text)
        keys = [key.partition(".")[0] for key in value] if isinstance(value, dict) else []
        several.add(tuple(sorted({key for key in keys if key in _BY_PAYLOAD})))
    if len(several) != 1:
        return None
    (common,) = several
    return (common[0], _BY_PAYLOAD[common[0]]) if len(common) == 1 else None
