"""The record that Lambda makes of a message."""

from __future__ import annotations

import json

from filterpatterns.integrations.sqs import lambda_record
from filterpatterns.integrations.sqs.records import encoded, received

ARN = "arn:aws:sqs:eu-west-1:123456789012:orders"
MESSAGE = {
    "MessageId": "059f36b4",
    "ReceiptHandle": "AQEB",
    "Body": '{"total": 250}',
    "MD5OfBody": "e4e6",
    "MD5OfMessageAttributes": "f1f1",
    "Attributes": {"ApproximateReceiveCount": "1", "SentTimestamp": "1545082649183"},
    "MessageAttributes": {
        "n": {"DataType": "Number", "StringValue": "1"},
        "b": {"DataType": "Binary", "BinaryValue": b"\x00\xff"},
    },
}


def test_a_record_has_lambda_s_shape() -> None:
    assert lambda_record(MESSAGE, ARN, "eu-west-1") == {
        "messageId": "059f36b4",
        "receiptHandle": "AQEB",
        "body": '{"total": 250}',
        "attributes": {"ApproximateReceiveCount": "1", "SentTimestamp": "1545082649183"},
        "messageAttributes": {
            "n": {
                "stringValue": "1",
                "stringListValues": [],
                "binaryListValues": [],
                "dataType": "Number",
            },
            "b": {
                "binaryValue": "AP8=",
                "stringListValues": [],
                "binaryListValues": [],
                "dataType": "Binary",
            },
        },
        "md5OfBody": "e4e6",
        "md5OfMessageAttributes": "f1f1",
        "eventSource": "aws:sqs",
        "eventSourceARN": ARN,
        "awsRegion": "eu-west-1",
    }


def test_a_message_without_attributes_has_empty_ones() -> None:
    record = lambda_record({"MessageId": "1", "ReceiptHandle": "r", "Body": "x"}, ARN, "eu-west-1")
    assert (record["attributes"], record["messageAttributes"]) == ({}, {})
    assert "md5OfMessageAttributes" not in record


def test_a_message_knows_its_size_and_its_group() -> None:
    fifo = {"MessageGroupId": "a", "SequenceNumber": "18849496460467696128"}
    found = received({**MESSAGE, "Attributes": fifo}, ARN, "eu-west-1")
    assert found.group == "a"
    assert found.size == len(json.dumps(found.record, separators=(",", ":")))
    assert received(MESSAGE, ARN, "eu-west-1").group is None


def test_half_a_surrogate_pair_is_accepted() -> None:
    found = received({**MESSAGE, "Body": "\ud800"}, ARN, "eu-west-1")
    assert json.loads(encoded(found.record))["body"] == "\ud800"
