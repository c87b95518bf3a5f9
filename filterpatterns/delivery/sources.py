"""Event sources: where the payload is, and which format rules apply to it.

The facts come from the Lambda developer guide, "Control which events Lambda sends to your
function" and its pages for each service ("Properly filtering Amazon SQS messages", ...).
"""

from __future__ import annotations

import base64
import binascii
import sys
from collections.abc import Callable, Mapping
from enum import Enum
from functools import partial
from types import MappingProxyType
from typing import Any, Literal

from msgspec import Struct

from filterpatterns.delivery.fields import ANY_NAME, fields_at

SourceName = Literal["sqs", "kinesis", "dynamodb", "kafka", "mq", "event", "subscriber", "auto"]
"""The names of event sources, and "auto": each record by its own `eventSource` or shape."""


class PayloadFormat(Enum):
    """What a payload is, or what a pattern expects it to be."""

    JSON = "JSON"
    STRING = "a plain string"
    UNREADABLE = "not base64 of UTF-8 text"


class FormatAction(Enum):
    """What the format evaluation leads to."""

    FILTER = "filter on the payload"
    METADATA_ONLY = "the payload's part counts as satisfied"
    DROP = "the filter does not match"


FormatTable = Mapping[tuple[PayloadFormat, PayloadFormat], FormatAction]
"""(format of the message, format of the pattern) -> action. It does not apply to a pattern that
does not name the payload: only the metadata is filtered, and the payload is not even parsed."""


def _table(mismatch: FormatAction) -> FormatTable:
    formats = {
        (found, wanted): FormatAction.FILTER if found is wanted else mismatch
        for found in PayloadFormat
        for wanted in (PayloadFormat.STRING, PayloadFormat.JSON)
    }
    return MappingProxyType(formats)


# "Properly filtering Amazon SQS messages"; Kinesis and DynamoDB reject patterns for plain strings.
DROP_MISMATCHES: FormatTable = _table(FormatAction.DROP)

# "Properly filtering Amazon MSK and self-managed Apache Kafka messages", "... Amazon MQ messages".
IGNORE_MISMATCHES: FormatTable = _table(FormatAction.METADATA_ONLY)


class Encoding(Enum):
    """How a record contains its payload."""

    TEXT = "text"
    RAW = "bytes as the service has them, of any kind"
    BASE64 = "base64"
    OBJECT = "an object"


_ADDED = frozenset(("eventSource", "eventSourceARN", "awsRegion"))


def _as_is(record: Mapping[str, Any]) -> Mapping[str, Any]:
    return record


class Source(Struct, frozen=True):
    """An event source.

    `payload_keys` are the names that a pattern uses for the payload; `added_by_aws` the fields
    that records have only after filtering; `inside` the member of a record, as Lambda delivers
    it, that patterns apply to (None: all of it); `payload_alias` the payload's name in another
    shape of record (None: there is no other); `scopes` the members of a record that filters apply
    to, by the filters' Scope (empty: filters have none, and any of them may match; with scopes all
    must match); `view` returns the record as patterns see it, before its payload is decoded.
    """

    name: SourceName
    payload_keys: tuple[str, ...]
    encoding: Encoding
    formats: FormatTable
    takes_strings: bool = True
    added_by_aws: frozenset[str] = _ADDED
    inside: str | None = None
    payload_alias: str | None = None
    scopes: Mapping[str, str] = MappingProxyType({})
    view: Callable[[Mapping[str, Any]], Mapping[str, Any]] = _as_is


def _names_of_boto(*place: str) -> Mapping[str, str]:
    """Lambda's names of the fields at a place in SQS records, by those of boto3."""
    names = [field.name for field in fields_at("sqs", place)]
    return {(name[0].upper() + name[1:]).replace("Md5", "MD5"): name for name in names}


_SQS_NAMES = _names_of_boto()
_SQS_ATTRIBUTE_NAMES = _names_of_boto("messageAttributes", ANY_NAME)


def _sqs_view(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the record with Lambda's names, even if it came from SQS's ReceiveMessage (boto3)."""
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


def _kinesis_view(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the fields of the record's `kinesis` object; EventBridge Pipes delivers them flat."""
    inside = record.get("kinesis")
    return inside if isinstance(inside, Mapping) else record


_SOURCES = (
    Source(
        "sqs",
        ("body",),
        Encoding.TEXT,
        DROP_MISMATCHES,
        payload_alias="Body",
        view=_sqs_view,
    ),
    Source(
        "kinesis",
        ("data",),
        Encoding.BASE64,
        DROP_MISMATCHES,
        takes_strings=False,
        added_by_aws=_ADDED | {"eventID", "eventName", "eventVersion", "invokeIdentityArn"},
        inside="kinesis",
        view=_kinesis_view,
    ),
    Source("dynamodb", ("dynamodb",), Encoding.OBJECT, DROP_MISMATCHES, takes_strings=False),
    Source("kafka", ("value", "key"), Encoding.BASE64, IGNORE_MISMATCHES),
    Source("mq", ("data",), Encoding.BASE64, IGNORE_MISMATCHES),
    Source("event", (), Encoding.OBJECT, MappingProxyType({}), added_by_aws=frozenset()),
    # EventBridge user guide, "Custom Event Bus": subscribers. An event whose data is not
    # JSON never satisfies a DATA filter.
    Source(
        "subscriber",
        ("Data",),
        Encoding.OBJECT,
        DROP_MISMATCHES,
        takes_strings=False,
        added_by_aws=frozenset(),
        scopes=MappingProxyType(
            {"DATA": "Data", "METADATA": "Metadata", "SYSTEM_METADATA": "SystemMetadata"}
        ),
    ),
)

SOURCES: Mapping[str, Source] = MappingProxyType({source.name: source for source in _SOURCES})


PAYLOAD_KEYS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {one.name: one.payload_keys for one in _SOURCES if one.payload_keys and not one.scopes}
)
"""The names of the payload, by the sources that event source mappings and pipes read from."""


def source_named(name: str) -> Source:
    """Return the source of that name.

    Raises:
        ValueError: there is no such source; the message lists the sources.
    """
    source = SOURCES.get(name)
    if source is not None:
        return source
    if name == "documentdb":
        # Lambda developer guide, "Using AWS Lambda with Amazon DocumentDB"
        raise ValueError("Lambda has no event filtering for Amazon DocumentDB")
    raise ValueError(f"unknown source {name!r}: choose one of {', '.join(SOURCES)}, auto")


def decode_base64(text: str | bytes | memoryview) -> bytes:
    """Decode base64 as AWS delivers it: standard alphabet, padded, nothing else.

    Raises:
        ValueError: for any other text.
    """
    if len(text) % 4:
        raise binascii.Error("incorrect padding")
    return decode_padded_base64(text)


decode_padded_base64: Callable[[str | bytes | memoryview], bytes]
"""The same for a text whose length is a multiple of 4. Of others, some versions of Python decode
those with too much padding."""
if sys.version_info >= (3, 11):
    decode_padded_base64 = partial(binascii.a2b_base64, strict_mode=True)
else:
    decode_padded_base64 = partial(base64.b64decode, validate=True)
