"""An SQS queue in memory with boto3's methods, and failures that tests can request."""

from __future__ import annotations

import itertools
import random
import threading
from collections.abc import Iterable
from time import monotonic, sleep, time
from typing import Any

ARN = "arn:aws:sqs:eu-west-1:123456789012:"


class FakeSqs:
    """A client of one queue. `log` has the name of each call; `faults` maps a call's name to a list
    of exceptions, of which each such call raises the next. `keeps_groups`: like SQS, no message of
    a FIFO group is delivered while an earlier one is invisible. `delivers_twice`: as a standard
    queue may, it delivers each message a second time at once. Like moto's, its SequenceNumbers
    are made up."""

    def __init__(
        self,
        name: str = "orders",
        *,
        visibility: int = 30,
        max_receive_count: int | None = None,
        keeps_groups: bool = True,
        delivers_twice: bool = False,
    ) -> None:
        self.url = f"http://localhost/{name}"
        self.visibility = visibility
        self.max_receive_count = max_receive_count
        self.keeps_groups = keeps_groups
        self.delivers_twice = delivers_twice
        self.messages: list[dict[str, Any]] = []
        self.dead: list[str] = []
        self.deleted: list[str] = []
        self.log: list[str] = []
        self.problems: dict[str, list[Exception]] = {}
        self.received_at: dict[str, list[float]] = {}
        self._numbers = itertools.count(1)
        self._lock = threading.RLock()
        self.is_fifo = name.endswith(".fifo")

    def send(self, *bodies: str, group: str | None = None) -> list[str]:
        ids = []
        with self._lock:
            for body in bodies:
                number = next(self._numbers)
                ids.append(f"m{number}")
                self.messages.append(
                    {"id": ids[-1], "number": number, "body": body, "group": group,
                     "visible": 0.0, "count": 0, "receipt": None}
                )  # fmt: skip
        return ids

    def bodies(self) -> list[str]:
        """What is in the queue, visible or not."""
        return [one["body"] for one in self.messages]

    def expire(self, ids: Iterable[str]) -> None:
        """End the visibility timeout of messages, which saves tests the wait."""
        with self._lock:
            for one in self.messages:
                if one["id"] in ids:
                    one["visible"] = 0.0

    def visible(self) -> list[str]:
        """What could be received now, groups aside."""
        return [one["body"] for one in self.messages if one["visible"] <= monotonic()]

    def get_queue_attributes(self, **_: Any) -> dict[str, Any]:
        self._begin("get_queue_attributes")
        attributes = {
            "QueueArn": ARN + self.url.rpartition("/")[2],
            "VisibilityTimeout": str(self.visibility),
        }
        if self.max_receive_count is not None:
            attributes["RedrivePolicy"] = f'{{"maxReceiveCount": {self.max_receive_count}}}'
        return {"Attributes": attributes}

    def receive_message(self, *, WaitTimeSeconds: int, **arguments: Any) -> dict[str, Any]:
        self._begin("receive_message")
        end = monotonic() + WaitTimeSeconds * 0.05  # a second of the server's is short
        while True:
            with self._lock:
                found = self._receive(arguments["MaxNumberOfMessages"])
            if found or monotonic() >= end:
                return {"Messages": found} if found else {}
            sleep(0.005)

    def delete_message_batch(self, *, Entries: list[dict[str, Any]], **_: Any) -> dict[str, Any]:
        self._begin("delete_message_batch")
        return self._each(Entries, self._delete)

    def change_message_visibility_batch(
        self,
        *,
        Entries: list[dict[str, Any]],
        **_: Any,
    ) -> dict[str, Any]:
        self._begin("change_message_visibility_batch")
        return self._each(Entries, self._change)

    def _begin(self, name: str) -> None:
        self.log.append(name)
        faults = self.problems.get(name)
        if faults:
            raise faults.pop(0)

    def _each(self, entries: list[dict[str, Any]], act: Any) -> dict[str, Any]:
        assert 1 <= len(entries) <= 10
        answer: dict[str, Any] = {"Successful": [], "Failed": []}
        with self._lock:
            for entry in entries:
                found = [m for m in self.messages if m["receipt"] == entry["ReceiptHandle"]]
                if found:
                    act(found[0], entry)
                    answer["Successful"].append({"Id": entry["Id"]})
                else:
                    failure = {"Id": entry["Id"], "SenderFault": True, "Message": "gone"}
                    answer["Failed"].append({**failure, "Code": "ReceiptHandleIsInvalid"})
        return answer

    def _delete(self, message: dict[str, Any], _entry: dict[str, Any]) -> None:
        self.messages.remove(message)
        self.deleted.append(message["id"])

    def _change(self, message: dict[str, Any], entry: dict[str, Any]) -> None:
        message["visible"] = monotonic() + entry["VisibilityTimeout"]

    def _receive(self, count: int) -> list[dict[str, Any]]:
        now = monotonic()
        found: list[dict[str, Any]] = []
        blocked = {
            one["group"] for one in self.messages if one["visible"] > now and self.keeps_groups
        } - {None}
        for one in list(self.messages):
            if len(found) == count:
                break
            if one["visible"] > now or one["group"] in blocked:
                continue
            if self.max_receive_count is not None and one["count"] >= self.max_receive_count:
                self.messages.remove(one)
                self.dead.append(one["body"])
                continue
            one["count"] += 1
            if not (self.delivers_twice and one["count"] == 1):
                one["visible"] = now + self.visibility
            one["receipt"] = f"{one['id']}-{one['count']}"
            self.received_at.setdefault(one["id"], []).append(now)
            found.append(self._delivered(one))
        return found

    def _delivered(self, one: dict[str, Any]) -> dict[str, Any]:
        attributes = {
            "ApproximateReceiveCount": str(one["count"]),
            "SentTimestamp": str(int(time() * 1000)),
        }
        if self.is_fifo:
            attributes |= {
                "MessageGroupId": one["group"],
                "SequenceNumber": str(random.randrange(10**18)),
            }
        return {
            "MessageId": one["id"],
            "ReceiptHandle": one["receipt"],
            "Body": one["body"],
            "MD5OfBody": "0",
            "Attributes": attributes,
        }
