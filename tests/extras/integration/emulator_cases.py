"""Cases that emulators get wrong: patterns with a matching payload and one that does not match."""

from __future__ import annotations

import io
import json
import time
import zipfile
from collections.abc import Callable
from typing import Any

import boto3
from botocore.config import Config

REGION = "eu-west-1"
ACCOUNT_SECRETS = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}

CASES: dict[str, tuple[dict[str, Any], Any, Any]] = {
    "numeric on a string": (
        {"total": [{"numeric": [">", 100]}]},
        {"total": 250},
        {"total": "250"},
    ),
    "anything-but on an absent field": (
        {"state": [{"anything-but": ["done"]}]},
        {"state": "open"},
        {"other": "open"},
    ),
    "$or": ({"$or": [{"a": [1]}, {"b": [2]}]}, {"b": 2}, {"a": 2, "b": 1}),
    "ignoring case": (
        {"name": [{"equals-ignore-case": "straße"}]},
        {"name": "STRASSE"},
        {"name": "strase"},
    ),
    "arrays": (
        {"items": {"a": [1], "b": [2]}},
        {"items": [{"a": 3}, {"a": 1, "b": 2}]},
        {"items": [{"a": 1}, {"b": 2}]},
    ),
}

HANDLER = """
import json, os

def handler(event, context):
    with open(os.environ["SEEN"], "a") as file:
        file.write(json.dumps(event) + "\\n")
    if os.environ.get("FAIL"):
        raise ValueError("on purpose")
"""


def client(service: str, endpoint: str) -> Any:
    config = Config(read_timeout=60, retries={"total_max_attempts": 3})
    return boto3.client(
        service, endpoint_url=endpoint, region_name=REGION, config=config, **ACCOUNT_SECRETS
    )


def criteria(pattern: Any) -> dict[str, Any]:
    return {"Filters": [{"Pattern": json.dumps(pattern)}]}


def code() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("app.py", HANDLER)
    return buffer.getvalue()


def create_function(endpoint: str, name: str, role: str, environment: dict[str, str]) -> str:
    answer = client("lambda", endpoint).create_function(
        FunctionName=name,
        Runtime="python3.12",
        Role=role,
        Handler="app.handler",
        Code={"ZipFile": code()},
        Environment={"Variables": environment},
    )
    return str(answer["FunctionArn"])


def create_queue(endpoint: str, name: str) -> tuple[str, str]:
    """The queue's URL and ARN."""
    sqs = client("sqs", endpoint)
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    return url, found["Attributes"]["QueueArn"]


def left_in(endpoint: str, url: str) -> int:
    """How many messages a queue has, visible or not."""
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    found = client("sqs", endpoint).get_queue_attributes(QueueUrl=url, AttributeNames=names)
    return sum(int(found["Attributes"][name]) for name in names)


def received(endpoint: str, url: str, wait: float = 0) -> list[Any]:
    """The bodies of the messages in a queue."""
    sqs, bodies = client("sqs", endpoint), []
    while found := sqs.receive_message(
        QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=int(wait)
    ).get("Messages"):
        for message in found:
            bodies.append(json.loads(message["Body"]))
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return bodies


def until(holds: Callable[[], object], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not come true"
        time.sleep(0.1)
