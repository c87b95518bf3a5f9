"""Converts messages from SQS's ReceiveMessage to the records that Lambda would create.

Lambda developer guide, "Using Lambda with Amazon SQS": the example events.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct


class Message(Struct, frozen=True, eq=False):
    """One delivery of a message; two deliveries of the same message are different.

    `size` is the size of the record as JSON, in bytes. `group` is None outside FIFO queues;
    `receive_count` counts this delivery.
    """

    id: str
    receipt: str
    record: dict[str, Any]
    size: int
    group: str | None = None
    receive_count: int = 1


def lambda_record(message: Mapping[str, Any], queue_arn: str, region: str) -> dict[str, Any]:
    """Return the record that Lambda would create from a message.

    Args:
        message: as boto3's `receive_message` returns it, with all attributes.
        queue_arn: the ARN of its queue.
        region: the region of the queue.
    """
    record = {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message.get("Body", ""),
        "attributes": {name: str(value) for name, value in _members(message, "Attributes")},
        "messageAttributes": {
            name: _attribute(value) for name, value in _members(message, "MessageAttributes")
        },
        "md5OfBody": message.get("MD5OfBody", ""),
        "eventSource": "aws:sqs",
        "eventSourceARN": queue_arn,
        "awsRegion": region,
    }
    if "MD5OfMessageAttributes" in message:
        record["md5OfMessageAttributes"] = message["MD5OfMessageAttributes"]
    return record


def received(message: Mapping[str, Any], queue_arn: str, region: str) -> Message:
    """Convert a boto3 message to a Message with its record; the arguments are those of
    `lambda_record`."""
    record = lambda_record(message, queue_arn, region)
    attributes = record["attributes"]
    count = attributes.get("ApproximateReceiveCount", "")
    return Message(
        id=record["messageId"],
        receipt=record["receiptHandle"],
        record=record,
        size=len(encoded(record)),
        group=attributes.get("MessageGroupId"),
        receive_count=int(count) if count.isdecimal() else 1,
    )


def encoded(record: dict[str, Any]) -> bytes:
    """A record as JSON."""
    try:
        return msgspec.json.encode(record)
    except UnicodeEncodeError:  # half a surrogate pair, which UTF-8 cannot encode
        return json.dumps(record, separators=(",", ":")).encode("ascii")


def _members(message: Mapping[str, Any], name: str) -> list[tuple[str, Any]]:
    return list((message.get(name) or {}).items())


def _attribute(value: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if "StringValue" in value:
        found["stringValue"] = value["StringValue"]
    if "BinaryValue" in value:
        found["binaryValue"] = _base64(value["BinaryValue"])
    found["stringListValues"] = list(value.get("StringListValues") or ())
    found["binaryListValues"] = [_base64(one) for one in value.get("BinaryListValues") or ()]
    found["dataType"] = value.get("DataType", "String")
    return found


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode("ascii")
