"""Records in every shape of their source: metadata that decide early, and the payload."""

from __future__ import annotations

import json
from typing import Any

import pytest

import filterpatterns
from tests.support.paths import verdicts

SQS = {
    "messageId": "1",
    "body": '{"a": 1}',
    "messageAttributes": {"Kind": {"stringValue": "order", "dataType": "String"}},
    "attributes": {"SenderId": "s"},
}
BOTO3 = {
    "MessageId": "1",
    "Body": '{"a": 1}',
    "MessageAttributes": {"Kind": {"StringValue": "order", "DataType": "String"}},
    "Attributes": {"SenderId": "s"},
}
KINESIS = {"kinesis": {"partitionKey": "k", "data": "eyJhIjogMX0="}, "eventName": "x"}
PIPE = {"partitionKey": "k", "data": "eyJhIjogMX0=", "eventName": "x"}


@pytest.mark.parametrize("record", [SQS, BOTO3], ids=["lambda", "boto3"])
@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        ({"messageAttributes": {"Kind": {"stringValue": ["order"]}}}, True),
        ({"messageAttributes": {"Kind": {"stringValue": ["bill"]}}}, False),
        ({"attributes": {"SenderId": ["s"]}, "messageId": ["1"]}, True),
        ({"attributes": {"SenderId": ["t"]}}, False),
    ],
)
def test_metadata_and_payload_in_both_shapes_of_sqs(
    record: dict[str, Any], metadata: dict[str, Any], expected: bool
) -> None:
    compiled = filterpatterns.compile({"body": {"a": [1]}, **metadata})
    found = verdicts(compiled, record, json.dumps(record))
    assert set(found.values()) == {expected}, found


@pytest.mark.parametrize("record", [KINESIS, PIPE], ids=["lambda", "pipe"])
@pytest.mark.parametrize(("key", "expected"), [("k", True), ("l", False)])
def test_metadata_and_payload_in_both_shapes_of_kinesis(
    record: dict[str, Any], key: str, expected: bool
) -> None:
    compiled = filterpatterns.compile({"data": {"a": [1]}, "partitionKey": [key]}, source="kinesis")
    found = verdicts(compiled, record, json.dumps(record))
    assert set(found.values()) == {expected}, found
