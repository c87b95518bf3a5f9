"""The poller against a queue in memory: where each message goes, and what happens to it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from time import monotonic, sleep
from typing import Any

import pytest

import filterpatterns
from filterpatterns.integrations.sqs import (
    BatchResult,
    Counts,
    EventSourceMapping,
    MappingError,
    Poller,
    QueueError,
)
from tests.unit.integrations.sqs.fake_sqs import FakeSqs

BIG = {"body": {"total": [{"numeric": [">=", 100]}]}}
REPORTS = EventSourceMapping(report_batch_item_failures=True)


def bodies(*totals: int) -> list[str]:
    return [json.dumps({"total": total}) for total in totals]


class Seen:
    """A handler that notes what it gets, and does as it is told."""

    def __init__(self, act: Callable[[list[dict[str, Any]]], Any] = lambda _records: None) -> None:
        self.batches: list[list[str]] = []
        self.context: Any = None
        self._act = act

    @property
    def bodies(self) -> list[str]:
        return [body for batch in self.batches for body in batch]

    def __call__(self, event: dict[str, Any], context: Any) -> Any:
        self.context = context
        self.batches.append([record["body"] for record in event["Records"]])
        return self._act(event["Records"])


def run(sqs: FakeSqs, handler: Any, **options: Any) -> Counts:
    """Work until the queue is empty."""
    return Poller(sqs.url, handler, client=sqs, **options).run(until_empty=True)


def expire_failed(sqs: FakeSqs) -> Callable[[BatchResult], None]:
    """For `on_batch`: what failed can be received again at once."""
    return lambda result: sqs.expire(result.failed)


def test_matching_messages_are_handled_and_all_are_deleted() -> None:
    sqs, seen = FakeSqs(), Seen()
    sqs.send(*bodies(1, 100, 2, 250), "no json")
    counts = run(sqs, seen, pattern=BIG)
    assert sorted(seen.bodies) == bodies(100, 250)
    assert sqs.messages == []
    assert counts.to_dict() == {
        "PolledEventCount": 5,
        "FilteredOutEventCount": 3,
        "InvokedEventCount": 2,
        "FailedInvokeEventCount": 0,
        "DeletedEventCount": 2,
        "reasons": {"no-match": 2, "wants-json": 1},
        "batches": 1,
        "batchesFailed": 0,
        "filteredOutDeleted": 3,
        "undeleted": 0,
        "returned": 0,
        "failedMessages": 0,
    }


def test_without_a_pattern_every_message_is_handled() -> None:
    sqs, seen = FakeSqs(), Seen()
    sqs.send("a", "b")
    run(sqs, seen)
    assert (sorted(seen.bodies), sqs.messages) == (["a", "b"], [])


def test_a_filter_is_taken_as_it_is_unless_it_is_for_another_source() -> None:
    sqs, seen = FakeSqs(), Seen()
    sqs.send(*bodies(1, 100))
    run(sqs, seen, pattern=filterpatterns.compile(BIG))
    assert seen.bodies == bodies(100)
    with pytest.raises(ValueError, match="records of kinesis, not of sqs"):
        Poller(
            sqs.url,
            seen,
            client=sqs,
            pattern=filterpatterns.compile({"partitionKey": ["a"]}, source="kinesis"),
        )


def test_a_function_error_leaves_the_whole_batch_in_the_queue() -> None:
    sqs = FakeSqs(visibility=30)
    seen = Seen(lambda _records: 1 / 0)
    results: list[BatchResult] = []
    sqs.send(*bodies(1, 100, 200))
    counts = run(sqs, seen, pattern=BIG, on_batch=results.append)
    assert sqs.bodies() == bodies(100, 200)
    assert sqs.visible() == [], "they come back when the visibility timeout is over"
    assert (counts.invoked, counts.failed_invoke, counts.deleted) == (2, 2, 0)
    assert len(counts.failed_ids) == 2
    assert [result.error for result in results] == ["ZeroDivisionError: division by zero"]
    assert results[0].to_dict()["result"] == "failure"


def test_a_message_that_fails_once_is_handled_again_and_then_gone() -> None:
    sqs = FakeSqs()
    times = []

    def flaky(event: Any, _context: Any) -> None:
        times.append(event["Records"][0]["attributes"]["ApproximateReceiveCount"])
        if len(times) == 1:
            raise ValueError

    sqs.send("a")
    with Poller(sqs.url, flaky, client=sqs, on_batch=expire_failed(sqs)) as poller:
        end = monotonic() + 10
        while sqs.messages and monotonic() < end:
            sleep(0.02)
    assert times == ["1", "2"]
    assert sqs.messages == []
    assert poller.counts.failed_ids == frozenset()


def test_only_the_failed_items_come_back() -> None:
    sqs = FakeSqs()
    failing = sqs.send("a", "b", "c")[1]
    seen = Seen(lambda _records: {"batchItemFailures": [{"itemIdentifier": failing}]})
    results: list[BatchResult] = []
    counts = run(sqs, seen, mapping=REPORTS, on_batch=results.append)
    assert sqs.bodies() == ["b"]
    assert (counts.failed_invoke, counts.deleted) == (1, 2)
    assert (results[0].failed, results[0].to_dict()["result"]) == ((failing,), "partial")


def test_an_invalid_response_returns_all_messages() -> None:
    sqs = FakeSqs()
    sqs.send("a", "b")
    seen = Seen(lambda _records: {"batchItemFailures": [{"itemIdentifier": "someone else"}]})
    assert run(sqs, seen, mapping=REPORTS).failed_invoke == 2
    assert sqs.bodies() == ["a", "b"]


def test_without_report_batch_item_failures_the_response_is_ignored() -> None:
    sqs = FakeSqs()
    failing = sqs.send("a")[0]
    run(sqs, Seen(lambda _records: {"batchItemFailures": [{"itemIdentifier": failing}]}))
    assert sqs.messages == []


def test_a_message_that_always_fails_ends_in_the_dead_letter_queue() -> None:
    sqs = FakeSqs(max_receive_count=2)
    sqs.send("a", "b")

    def handler(event: Any, _context: Any) -> Any:
        return {
            "batchItemFailures": [
                {"itemIdentifier": one["messageId"]}
                for one in event["Records"]
                if one["body"] == "a"
            ]
        }

    over = expire_failed(sqs)
    with Poller(sqs.url, handler, client=sqs, mapping=REPORTS, on_batch=over) as poller:
        end = monotonic() + 10
        while not sqs.dead and monotonic() < end:
            sleep(0.02)
    assert (sqs.dead, sqs.messages) == (["a"], [])
    assert poller.counts.failed_invoke == 2


def test_batches_have_at_most_batch_size_messages() -> None:
    sqs, seen = FakeSqs(), Seen()
    sqs.send(*"abcdefg")
    run(sqs, seen, mapping=EventSourceMapping(batch_size=3))
    assert sorted(seen.bodies) == list("abcdefg")
    assert max(map(len, seen.batches)) == 3


def test_a_window_collects_messages_of_several_calls() -> None:
    sqs, seen = FakeSqs(), Seen()
    sqs.send(*(f"{number}" for number in range(25)))
    mapping = EventSourceMapping(batch_size=100, maximum_batching_window=1)
    with Poller(sqs.url, seen, client=sqs, mapping=mapping) as poller:
        poller.wait_until_empty()
    assert [len(batch) for batch in seen.batches] == [25]


def test_the_context_has_the_function_and_the_time() -> None:
    sqs, seen = FakeSqs(visibility=30), Seen()
    sqs.send("a")
    run(sqs, seen, function_name="Orders")
    assert seen.context.function_name == "Orders"
    assert 25_000 < seen.context.get_remaining_time_in_millis() <= 30_000


def test_a_timeout_is_a_function_error() -> None:
    sqs = FakeSqs()
    sqs.send("a")
    results: list[BatchResult] = []

    def slow(_event: Any, _context: Any) -> None:
        while True:
            sleep(0.01)

    run(sqs, slow, timeout=0.3, on_batch=results.append)
    assert sqs.bodies() == ["a"]
    assert results[0].error == "Task timed out after 0.30 seconds"


def test_visibility_is_extended_while_a_function_runs_and_others_wait() -> None:
    sqs = FakeSqs(visibility=2)
    sqs.send("a", "b")
    seen = Seen(lambda _records: sleep(1.5))  # both together take longer than the visibility
    run(sqs, seen, mapping=EventSourceMapping(batch_size=1))
    assert sorted(seen.bodies) == ["a", "b"]
    assert all(len(times) == 1 for times in sqs.received_at.values()), "none came back meanwhile"


def test_dropped_records_are_handed_over_before_they_are_deleted() -> None:
    sqs, seen = FakeSqs(), Seen()
    sqs.send(*bodies(1, 100))
    dropped = []

    def note(record: dict[str, Any], reason: filterpatterns.Reason, _key: str) -> None:
        dropped.append((record["body"], reason.slug, record["body"] in sqs.bodies()))

    run(sqs, seen, pattern=BIG, on_dropped=note)
    assert dropped == [(*bodies(1), "no-match", True)]


def test_dropped_records_that_cannot_be_written_are_not_deleted() -> None:
    sqs, seen = FakeSqs(), Seen()
    sqs.send(*bodies(1, 2))

    def full(*_: object) -> None:
        raise OSError("no space left")

    with pytest.raises(OSError, match="no space left"):
        run(sqs, seen, pattern=BIG, on_dropped=full)
    assert (sqs.deleted, sqs.visible()) == ([], bodies(1, 2))


def test_keep_dropped_leaves_them_visible_in_the_queue() -> None:
    sqs, seen = FakeSqs(), Seen()
    sqs.send(*bodies(1, 100, 2))
    counts = run(sqs, seen, pattern=BIG, keep_dropped=True)
    assert seen.bodies == bodies(100)
    assert sqs.visible() == bodies(1, 2)
    assert (counts.filtered_out, counts.filtered_out_deleted, counts.polled) == (2, 0, 3)


def test_a_dry_run_calls_nothing_and_leaves_everything_visible() -> None:
    sqs = FakeSqs()
    sqs.send(*bodies(*range(90, 125)))
    counts = run(sqs, None, pattern=BIG, dry_run=True)
    assert (counts.polled, counts.filtered_out, counts.invoked) == (35, 10, 0)
    assert sqs.visible() == bodies(*range(90, 125))
    assert set(sqs.log) <= {
        "get_queue_attributes",
        "receive_message",
        "change_message_visibility_batch",
    }


@pytest.mark.parametrize("options", [{"dry_run": True}, {"keep_dropped": True}])
def test_a_message_that_is_delivered_twice_is_kept_and_counted_once(options: Any) -> None:
    sqs, seen = FakeSqs(delivers_twice=True), []
    sqs.send(*bodies(*range(40)))
    counts = run(sqs, Seen(), pattern=BIG, on_dropped=lambda *_: seen.append(1), **options)
    assert (counts.polled, counts.filtered_out, len(seen)) == (40, 40, 40)
    assert sqs.visible() == bodies(*range(40))


def test_a_message_that_is_delivered_twice_is_handled_at_least_once_and_gone() -> None:
    sqs, seen = FakeSqs(delivers_twice=True), Seen()
    sqs.send(*bodies(*range(90, 110)))
    run(sqs, seen, pattern=BIG)
    assert set(seen.bodies) == set(bodies(*range(100, 110)))
    assert sqs.messages == []


def test_a_server_that_disappears_is_asked_again() -> None:
    sqs, seen, reported = FakeSqs(), Seen(), []
    sqs.send(*bodies(1, 100))
    for name in ("receive_message", "delete_message_batch"):
        sqs.problems[name] = [ConnectionError("refused"), ConnectionError("refused")]
    run(sqs, seen, pattern=BIG, report=reported.append)
    assert (seen.bodies, sqs.messages) == (bodies(100), [])
    assert reported[0] == "the queue does not respond; trying again: refused"
    assert reported[1] == "the queue responds again"


def test_a_missing_server_at_the_start_is_an_error() -> None:
    sqs = FakeSqs()
    sqs.problems["get_queue_attributes"] = [ConnectionError("refused")]
    with pytest.raises(QueueError, match=r"http://localhost/orders: refused"):
        run(sqs, Seen())
    sqs.problems["get_queue_attributes"] = [ConnectionError("refused")]
    with pytest.raises(QueueError, match="refused"), Poller(sqs.url, Seen(), client=sqs):
        pass


class Refusal(OSError):
    """Looks like botocore's ClientError."""

    def __init__(self, code: str, status: int) -> None:
        super().__init__(code)
        self.response = {
            "Error": {"Code": code, "Message": "words"},
            "ResponseMetadata": {"HTTPStatusCode": status},
        }


@pytest.mark.parametrize(
    ("code", "status", "is_over"),
    [
        ("AccessDenied", 403, False),
        ("ExpiredToken", 403, False),
        ("AWS.SimpleQueueService.NonExistentQueue", 400, True),
        ("Throttling", 400, True),
        ("OverLimit", 403, True),
        ("ServiceUnavailable", 503, True),
        ("Anything", 500, True),
    ],
)
def test_temporary_errors_are_retried_and_others_end_the_run(
    code: str, status: int, is_over: bool
) -> None:
    sqs, seen = FakeSqs(), Seen()
    sqs.send("a")
    sqs.problems["receive_message"] = [Refusal(code, status)]
    if is_over:
        run(sqs, seen)
        assert sqs.messages == []
    else:
        with pytest.raises(QueueError, match=f"{code}: words"):
            run(sqs, seen)
        assert sqs.visible() == ["a"]


def test_a_failed_deletion_is_repeated() -> None:
    sqs, seen = FakeSqs(), Seen()
    sqs.send("a", "b")
    real = sqs.delete_message_batch
    answers = [
        {"Failed": [{"Id": "0", "SenderFault": False, "Code": "InternalError"}]},
        {},  # neither deleted nor refused
    ]

    def partly(**arguments: Any) -> dict[str, Any]:
        return answers.pop(0) if answers else real(**arguments)

    sqs.delete_message_batch = partly  # type: ignore[method-assign]
    assert run(sqs, seen).deleted == 2
    assert sqs.messages == []


def test_stopping_finishes_running_batches_and_returns_other_messages() -> None:
    sqs = FakeSqs()
    sqs.send(*"abc")
    begun, go_on = threading.Event(), threading.Event()

    def slow(event: Any, _context: Any) -> None:
        begun.set()
        assert go_on.wait(10)

    poller = Poller(sqs.url, slow, client=sqs, mapping=EventSourceMapping(batch_size=1))
    with poller:
        assert begun.wait(10)
        sleep(0.2)
        poller.stop()
        sleep(0.1)
        go_on.set()
    assert sqs.deleted == ["m1"]
    assert sqs.visible() == ["b", "c"]
    assert (poller.counts.deleted, poller.counts.returned) == (1, 2)


def test_a_poller_for_tests() -> None:
    sqs, seen = FakeSqs(), Seen()
    with Poller(sqs.url, seen, client=sqs, pattern=BIG) as poller:
        sqs.send(*bodies(1, 100))
        assert poller.wait_until_empty(10).polled == 2
        sqs.send(*bodies(200))
        poller.wait_until_empty(10)
        assert seen.bodies == bodies(100, 200)


def test_waiting_times_out() -> None:
    sqs = FakeSqs()
    sqs.send("a")
    with (
        Poller(sqs.url, lambda *_: sleep(1), client=sqs) as poller,
        pytest.raises(TimeoutError, match=r"not empty after 0\.3 s"),
    ):
        poller.wait_until_empty(0.3)


def test_batches_run_concurrently_up_to_the_limit() -> None:
    sqs = FakeSqs()
    sqs.send(*(f"{number}" for number in range(12)))
    lock, running, most = threading.Lock(), [0], [0]

    def handler(_event: Any, _context: Any) -> None:
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        sleep(0.1)
        with lock:
            running[0] -= 1

    run(sqs, handler, mapping=EventSourceMapping(batch_size=1), concurrency=3)
    assert most == [3]


def test_a_plain_function_gets_one_call_at_a_time() -> None:
    sqs = FakeSqs()
    sqs.send(*"abcdef")
    lock = threading.Lock()

    def handler(_event: Any, _context: Any) -> None:
        assert lock.acquire(blocking=False)
        sleep(0.02)
        lock.release()

    counts = run(sqs, handler, mapping=EventSourceMapping(batch_size=1))
    assert (counts.failed_invoke, counts.deleted) == (0, 6)


@pytest.mark.parametrize("keeps_groups", [True, False])
def test_groups_of_a_fifo_queue_are_handled_in_order_whatever_fails(keeps_groups: bool) -> None:
    """Also with a server that does not hold back what comes after a message in flight."""
    sqs = FakeSqs("orders.fifo", visibility=2, keeps_groups=keeps_groups)
    for number in range(1, 7):
        for group in "abc":
            sqs.send(f"{group}{number}", group=group)
    done: list[str] = []
    failures = {"a2", "b1", "c6"}

    def handler(event: Any, _context: Any) -> Any:
        records = event["Records"]
        for index, record in enumerate(records):
            if record["body"] in failures:
                failures.discard(record["body"])
                rest = [one["messageId"] for one in records[index:]]
                return {"batchItemFailures": [{"itemIdentifier": name} for name in rest]}
            done.append(record["body"])
        return None

    mapping = EventSourceMapping(batch_size=2, report_batch_item_failures=True)
    with Poller(sqs.url, handler, client=sqs, mapping=mapping, concurrency=3):
        end = monotonic() + 30
        while sqs.messages and monotonic() < end:
            sleep(0.02)
    for group in "abc":
        assert [body for body in done if body[0] == group] == [f"{group}{n}" for n in range(1, 7)]


def test_groups_run_concurrently() -> None:
    sqs = FakeSqs("orders.fifo")
    sqs.send("a1", group="a")
    sqs.send("b1", group="b")
    both = threading.Barrier(2, timeout=10)
    counts = run(
        sqs,
        lambda *_: str(both.wait()),
        mapping=EventSourceMapping(batch_size=1),
        concurrency=2,
    )
    assert counts.failed_invoke == 0


def test_a_warning_says_if_a_function_continues_a_group_after_a_failure() -> None:
    sqs, reported = FakeSqs("orders.fifo"), []
    failing = sqs.send("a1", "a2", group="a")[0]
    answer = {"batchItemFailures": [{"itemIdentifier": failing}]}
    run(sqs, lambda *_: answer, mapping=REPORTS, report=reported.append)
    assert sqs.bodies() == ["a1"], "Lambda deletes what is not named, and so do we"
    assert "a function for a FIFO queue should stop at the first failure" in reported[0]


def test_settings_that_aws_would_refuse_do_not_start() -> None:
    sqs = FakeSqs("orders.fifo")
    with pytest.raises(MappingError, match="must be 0 for FIFO queues"):
        run(sqs, Seen(), mapping=EventSourceMapping(maximum_batching_window=1))
    with pytest.raises(MappingError, match="visibility timeout"):
        run(FakeSqs(visibility=5), Seen(), timeout=6)
    with pytest.raises(MappingError, match="would be blocked"):
        run(sqs, Seen(), keep_dropped=True)
    for options in ({"concurrency": 0}, {"wait_seconds": 21}):
        with pytest.raises(ValueError, match="between"):
            run(sqs, Seen(), **options)
    with pytest.raises(ValueError, match="dry_run"):
        run(sqs, None)
    assert set(sqs.log) == {"get_queue_attributes"}
