"""The Poller against real SQS servers, through boto3 and HTTP."""

from __future__ import annotations

import hashlib
import json
from time import monotonic, sleep
from typing import Any

import boto3
import pytest
from moto import mock_aws

from filterpatterns.integrations.sqs import EventSourceMapping, Poller, QueueError
from tests.extras.integration.servers import REGION, Proxy, Server, client

BIG = {"body": {"total": [{"numeric": [">=", 100]}]}}
REPORTS = EventSourceMapping(report_batch_item_failures=True)


def bodies(*totals: int) -> list[str]:
    return [json.dumps({"total": total}) for total in totals]


def poller(server: Server, url: str, handler: Any, **options: Any) -> Poller:
    options.setdefault("endpoint_url", server.endpoint)
    return Poller(url, handler, region_name=REGION, **options)


def wait_until(condition: Any, seconds: float = 60) -> None:
    end = monotonic() + seconds
    while not condition():
        assert monotonic() < end, "in vain"
        sleep(0.05)


def test_matching_messages_are_handled_and_all_are_deleted(server: Server, new_queue: Any) -> None:
    queue, seen = new_queue(server), []
    queue.send(*bodies(*range(90, 115)), "no json")
    with poller(
        server, queue.url, lambda event, _: seen.extend(event["Records"]), pattern=BIG
    ) as p:
        counts = p.wait_until_empty(60)
    assert sorted(record["body"] for record in seen) == bodies(*range(100, 115))
    assert queue.counts() == (0, 0)
    assert (counts.polled, counts.filtered_out, counts.deleted) == (26, 11, 15)
    assert counts.reasons == {"no-match": 10, "wants-json": 1}


def test_records_have_lambda_s_shape(server: Server, new_queue: Any) -> None:
    queue, seen = new_queue(server), []
    attributes = {
        "kind": {"DataType": "String", "StringValue": "new"},
        "raw": {"DataType": "Binary", "BinaryValue": b"\x00\xff"},
    }
    sent = server.client.send_message(
        QueueUrl=queue.url, MessageBody="hé", MessageAttributes=attributes
    )
    with poller(server, queue.url, lambda event, _: seen.append(event)) as p:
        p.wait_until_empty(60)
    (event,) = seen
    (record,) = event["Records"]
    assert record["messageId"] == sent["MessageId"]
    assert record["body"] == "hé"
    assert record["md5OfBody"] == hashlib.md5("hé".encode()).hexdigest()
    assert record["messageAttributes"]["kind"]["stringValue"] == "new"
    assert record["messageAttributes"]["raw"]["binaryValue"] == "AP8="
    assert record["attributes"]["ApproximateReceiveCount"] == "1"
    assert {"SentTimestamp", "SenderId", "ApproximateFirstReceiveTimestamp"} <= set(
        record["attributes"]
    )
    assert all(isinstance(value, str) for value in record["attributes"].values())
    assert record["eventSourceARN"] == queue.arn
    assert (record["eventSource"], record["awsRegion"]) == ("aws:sqs", REGION)


def test_failed_items_come_back_and_end_in_the_dead_letter_queue(
    server: Server, new_queue: Any
) -> None:
    dead = new_queue(server)
    policy = json.dumps({"deadLetterTargetArn": dead.arn, "maxReceiveCount": 2})
    queue = new_queue(server, VisibilityTimeout="1", RedrivePolicy=policy)
    poison = queue.send("good", "bad", "also good")[1]
    seen: list[str] = []

    def handler(event: Any, _context: Any) -> Any:
        seen.extend(record["body"] for record in event["Records"])
        failed = [one["messageId"] for one in event["Records"] if one["body"] == "bad"]
        return {"batchItemFailures": [{"itemIdentifier": name} for name in failed]}

    with poller(server, queue.url, handler, mapping=REPORTS) as p:
        wait_until(lambda: sum(dead.counts()) == 1)
    assert sorted(seen) == ["also good", "bad", "bad", "good"]
    assert list(dead.drain().values()) == ["bad"]
    assert queue.counts() == (0, 0)
    assert (p.counts.deleted, p.counts.failed_ids) == (2, {poison})


def test_a_function_error_returns_the_whole_batch(server: Server, new_queue: Any) -> None:
    queue = new_queue(server, VisibilityTimeout="2")
    queue.send("a", "b")
    calls: list[list[str]] = []

    def handler(event: Any, _context: Any) -> None:
        calls.append(sorted(record["body"] for record in event["Records"]))
        if len(calls) == 1:
            raise ValueError("not yet")

    with poller(server, queue.url, handler) as p:
        wait_until(lambda: p.counts.deleted == 2)
    assert sorted(body for call in calls for body in call) in (
        ["a", "a", "b", "b"],
        ["a", "a", "b"],
    )
    assert queue.counts() == (0, 0)


def test_groups_of_a_fifo_queue_stay_in_order(server: Server, new_queue: Any) -> None:
    queue = new_queue(server, fifo=True, VisibilityTimeout="2")
    for number in range(6):
        for group in "ab":
            queue.send(
                json.dumps({"total": 100 * (number % 3), "n": number, "g": group}), group=group
            )
    done: dict[str, list[int]] = {"a": [], "b": []}
    failures = {("a", 1), ("b", 4)}

    def handler(event: Any, _context: Any) -> Any:
        ids = [record["messageId"] for record in event["Records"]]
        for index, record in enumerate(event["Records"]):
            body = json.loads(record["body"])
            key = body["g"], body["n"]
            if key in failures:
                failures.discard(key)
                return {"batchItemFailures": [{"itemIdentifier": name} for name in ids[index:]]}
            done[body["g"]].append(body["n"])
            assert record["attributes"]["MessageGroupId"] == body["g"]
            assert record["attributes"]["SequenceNumber"].isdigit()
        return None

    options = {"mapping": REPORTS, "pattern": BIG, "concurrency": 2}
    with poller(server, queue.url, handler, **options) as p:
        wait_until(lambda: p.counts.deleted == 8)
        p.wait_until_empty(60)
    assert done == {"a": [1, 2, 4, 5], "b": [1, 2, 4, 5]}
    assert queue.counts() == (0, 0)


def test_visibility_is_extended_while_the_function_runs(server: Server, new_queue: Any) -> None:
    queue, seen = new_queue(server, VisibilityTimeout="2"), []
    queue.send("a", "b")

    def slow(event: Any, _context: Any) -> None:
        seen.extend(record["body"] for record in event["Records"])
        sleep(1.6)

    mapping = EventSourceMapping(batch_size=1)
    with poller(server, queue.url, slow, mapping=mapping) as p:
        wait_until(lambda: p.counts.deleted == 2)
    assert sorted(seen) == ["a", "b"]
    assert p.counts.polled == 2


def test_a_dry_run_leaves_everything_as_it_was(server: Server, new_queue: Any) -> None:
    queue = new_queue(server)
    queue.send(*bodies(*range(95, 125)))
    counts = poller(server, queue.url, None, pattern=BIG, dry_run=True).run(until_empty=True)
    assert (counts.polled, counts.filtered_out) == (30, 5)
    assert queue.counts() == (30, 0)


def test_keep_dropped_leaves_messages_that_are_filtered_out(server: Server, new_queue: Any) -> None:
    queue, seen = new_queue(server), []
    queue.send(*bodies(*range(95, 105)))
    handler = lambda event, _: seen.extend(event["Records"])  # noqa: E731
    poller(server, queue.url, handler, pattern=BIG, keep_dropped=True).run(until_empty=True)
    assert sorted(record["body"] for record in seen) == bodies(*range(100, 105))
    assert queue.counts() == (5, 0)
    assert sorted(queue.drain().values()) == sorted(bodies(*range(95, 100)))


def test_an_unknown_queue_or_server_is_an_error(server: Server) -> None:
    url = f"{server.endpoint}/000000000000/nowhere"
    with pytest.raises(QueueError, match=r"(NonExistentQueue|QueueDoesNotExist)[^$]*hint: check"):
        poller(server, url, print).run()
    with pytest.raises(QueueError, match="hint: is the server running"):
        poller(server, url, print, endpoint_url="http://127.0.0.1:9").run()


def test_repeatedly_broken_connections_are_retried(server: Server, new_queue: Any) -> None:
    queue, seen, reported = new_queue(server, VisibilityTimeout="2"), [], []
    queue.send(*bodies(*range(90, 120)))
    proxy = Proxy(server.port)
    try:
        options = {"endpoint_url": proxy.endpoint, "pattern": BIG, "report": reported.append}
        handler = lambda event, _: seen.extend(event["Records"])  # noqa: E731
        with poller(server, queue.url, handler, **options):
            for _ in range(4):
                sleep(0.15)
                proxy.is_down = True
                proxy.disconnect()
                sleep(0.4)
                proxy.is_down = False
            wait_until(lambda: queue.counts() == (0, 0) and reported[-1].endswith("responds again"))
    finally:
        proxy.close()
    assert {record["body"] for record in seen} == set(bodies(*range(100, 120)))


def test_a_restarted_server_is_used_again(server: Server, new_queue: Any) -> None:
    """The queue disappears with the server; when both are back, the poller continues."""
    queue, seen, reported = new_queue(server), [], []
    queue.send(*bodies(100))
    handler = lambda event, _: seen.extend(record["body"] for record in event["Records"])  # noqa: E731
    with poller(server, queue.url, handler, pattern=BIG, report=reported.append):
        wait_until(lambda: seen == bodies(100))
        server.stop()
        wait_until(lambda: reported)
        server.start()
        again = client(server.endpoint).create_queue(QueueName=queue.name)["QueueUrl"]
        assert again == queue.url
        queue.send(*bodies(1, 101))
        wait_until(lambda: seen == bodies(100, 101))
    assert "the queue responds again" in reported


def test_moto_within_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    with mock_aws():
        sqs = boto3.client("sqs")
        url = sqs.create_queue(QueueName="orders")["QueueUrl"]
        seen: list[str] = []
        handler = lambda event, _: seen.extend(one["body"] for one in event["Records"])  # noqa: E731
        with Poller(url, handler, pattern=BIG, client=sqs) as p:
            for text in bodies(1, 100):
                sqs.send_message(QueueUrl=url, MessageBody=text)
            counts = p.wait_until_empty(30)
    assert seen == bodies(100)
    assert (counts.filtered_out_deleted, counts.deleted) == (1, 1)
