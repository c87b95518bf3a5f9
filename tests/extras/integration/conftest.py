"""Real SQS servers for the tests, started separately for every test module.

A server that cannot be started must not go unnoticed: the summary says what is missing, and with
INTEGRATION=required (as in .ci/run) it is an error.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from typing import Any

import pytest

from tests.extras.integration import servers
from tests.extras.integration.servers import Server

_numbers = itertools.count(1)


@pytest.fixture(scope="module", params=["moto", "fauxqs"])
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """Each of the servers."""
    yield from _running(request.param)


@pytest.fixture(scope="module")
def fauxqs() -> Iterator[Server]:
    """The one that is fast enough for thousands of messages."""
    yield from _running("fauxqs")


def _running(name: str) -> Iterator[Server]:
    missing = servers.why_missing(name)
    if missing is not None:
        if os.environ.get("INTEGRATION") == "required":
            pytest.fail(f"{name}: {missing}")
        pytest.skip(f"{name}: {missing}")
    server = Server(name)
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """The settings that boto3 needs, without those of the user who runs the tests."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in servers.CREDENTIALS.items():
        monkeypatch.setenv(name.upper(), value)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


class Queue:
    """A queue of a server's, seen by its own client."""

    def __init__(self, server: Server, *, fifo: bool = False, **attributes: str) -> None:
        self.client = server.client
        self.name = f"queue-{next(_numbers)}" + (".fifo" if fifo else "")
        if fifo:
            attributes["FifoQueue"] = "true"
        self.url = self.client.create_queue(QueueName=self.name, Attributes=attributes)["QueueUrl"]
        self._fifo = fifo

    @property
    def arn(self) -> str:
        attributes = self.client.get_queue_attributes(QueueUrl=self.url, AttributeNames=["All"])
        return str(attributes["Attributes"]["QueueArn"])

    def send(self, *bodies: str, group: str = "") -> list[str]:
        """Send messages; return their ids."""
        ids = []
        for start in range(0, len(bodies), 10):
            entries: list[dict[str, Any]] = [
                {"Id": str(index), "MessageBody": body}
                for index, body in enumerate(bodies[start : start + 10])
            ]
            for entry in entries if self._fifo else ():
                entry["MessageGroupId"] = group
                entry["MessageDeduplicationId"] = f"{next(_numbers)}"
            answer = self.client.send_message_batch(QueueUrl=self.url, Entries=entries)
            assert not answer.get("Failed")
            found = {one["Id"]: one["MessageId"] for one in answer["Successful"]}
            ids += [found[entry["Id"]] for entry in entries]
        return ids

    def counts(self) -> tuple[int, int]:
        """How many messages are visible, and how many are in flight."""
        answer = self.client.get_queue_attributes(QueueUrl=self.url, AttributeNames=["All"])
        attributes = answer["Attributes"]
        return (
            int(attributes["ApproximateNumberOfMessages"]),
            int(attributes["ApproximateNumberOfMessagesNotVisible"]),
        )

    def drain(self) -> dict[str, str]:
        """The ids and the bodies of all messages that can be received; they are deleted."""
        found = {}
        while messages := self.client.receive_message(
            QueueUrl=self.url, MaxNumberOfMessages=10
        ).get("Messages"):
            for one in messages:
                found[one["MessageId"]] = one["Body"]
                self.client.delete_message(QueueUrl=self.url, ReceiptHandle=one["ReceiptHandle"])
        return found


@pytest.fixture(scope="session")
def new_queue() -> type[Queue]:
    """Makes queues."""
    return Queue
