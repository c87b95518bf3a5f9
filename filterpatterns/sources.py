"""Event sources: where the payload is, and which format rule applies to it.

The facts are those of the Lambda developer guide, "Control which events Lambda sends to your
function" and its pages for each service ("Properly filtering Amazon SQS messages", ...).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import Any


class PayloadFormat(Enum):
    """What a payload is, or what a pattern wants of it."""

    JSON = "JSON"
    STRING = "a plain string"


class Step(Enum):
    """What the format evaluation leads to."""

    FILTER = "filter on the payload"
    METADATA_ONLY = "the payload's part counts as satisfied"
    DROP = "the filter does not hold"


_JSON, _STRING = PayloadFormat.JSON, PayloadFormat.STRING

FormatTable = Mapping[tuple[PayloadFormat, PayloadFormat], Step]
"""(the message's format, the pattern's format) -> what follows. A pattern that does not name the
payload never gets here: only its metadata is filtered, and the payload is not even parsed."""

# Lambda developer guide, "Properly filtering ... messages": the table of each service's page.
DROP_MISMATCHES: FormatTable = MappingProxyType(
    {
        (_STRING, _STRING): Step.FILTER,
        (_STRING, _JSON): Step.DROP,
        (_JSON, _STRING): Step.DROP,
        (_JSON, _JSON): Step.FILTER,
    }
)


@dataclass(frozen=True, slots=True)
class Source:
    """An event source.

    `payload_keys` are the names under which a pattern speaks of the payload; `added_by_aws` the
    fields that records have only after filtering; `view` gives the record as patterns see it,
    before its payload is decoded.
    """

    name: str
    payload_keys: tuple[str, ...]
    formats: FormatTable
    added_by_aws: frozenset[str]
    view: Callable[[Mapping[str, Any]], Mapping[str, Any]]


def _as_is(record: Mapping[str, Any]) -> Mapping[str, Any]:
    return record


_SQS_NAMES = MappingProxyType(
    {
        "MessageId": "messageId",
        "ReceiptHandle": "receiptHandle",
        "Body": "body",
        "Attributes": "attributes",
        "MessageAttributes": "messageAttributes",
        "MD5OfBody": "md5OfBody",
        "MD5OfMessageAttributes": "md5OfMessageAttributes",
    }
)
_SQS_ATTRIBUTE_NAMES = MappingProxyType(
    {
        "StringValue": "stringValue",
        "BinaryValue": "binaryValue",
        "StringListValues": "stringListValues",
        "BinaryListValues": "binaryListValues",
        "DataType": "dataType",
    }
)


def _sqs_view(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """The record under Lambda's names, also if it came from SQS's ReceiveMessage (boto3)."""
    if "body" in record or ("Body" not in record and "MessageId" not in record):
        return record
    view = {_SQS_NAMES.get(name, name): value for name, value in record.items()}
    attributes = view.get("messageAttributes")
    if isinstance(attributes, Mapping):
        view["messageAttributes"] = {
            name: {_SQS_ATTRIBUTE_NAMES.get(key, key): item for key, item in attribute.items()}
            if isinstance(attribute, Mapping)
            else attribute
            for name, attribute in attributes.items()
        }
    return view


SOURCES: Mapping[str, Source] = MappingProxyType(
    {
        source.name: source
        for source in (
            Source(
                name="sqs",
                payload_keys=("body",),
                formats=DROP_MISMATCHES,
                added_by_aws=frozenset(("eventSource", "eventSourceARN", "awsRegion")),
                view=_sqs_view,
            ),
            Source(
                name="event",
                payload_keys=(),
                formats=MappingProxyType({}),
                added_by_aws=frozenset(),
                view=_as_is,
            ),
        )
    }
)


def source_named(name: str) -> Source:
    """The source of that name.

    Raises:
        ValueError: there is none; the message lists those that there are.
    """
    source = SOURCES.get(name)
    if source is None:
        raise ValueError(f"unknown source {name!r}: choose one of {', '.join(SOURCES)}")
    return source
