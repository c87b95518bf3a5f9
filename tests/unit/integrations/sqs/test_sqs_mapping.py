"""The settings of an event source mapping that AWS accepts and refuses."""

from __future__ import annotations

from typing import Any

import pytest

from filterpatterns.integrations.sqs import EventSourceMapping, MappingError
from filterpatterns.integrations.sqs.mapping import from_settings
from filterpatterns.integrations.sqs.queue import QueueInfo, region_of

STANDARD = QueueInfo("http://localhost/q", "arn:aws:sqs:eu-west-1:1:q", "eu-west-1", False, 30)
FIFO = QueueInfo("http://localhost/q.fifo", "arn:aws:sqs:eu-west-1:1:q", "eu-west-1", True, 30)


def test_aws_s_defaults() -> None:
    mapping = from_settings([("BatchSize", None), ("FunctionResponseTypes", [])])
    assert mapping == EventSourceMapping()
    assert (mapping.batch_size, mapping.maximum_batching_window) == (10, 0)
    assert not mapping.report_batch_item_failures


def test_settings_from_templates() -> None:
    found = from_settings(
        [
            ("BatchSize", "100"),
            ("MaximumBatchingWindowInSeconds", 5.0),
            ("FunctionResponseTypes", ["ReportBatchItemFailures"]),
            ("MaximumConcurrency", 50),
            ("Enabled", False),
        ]
    )
    assert found == EventSourceMapping(
        batch_size=100,
        maximum_batching_window=5,
        report_batch_item_failures=True,
        maximum_concurrency=50,
    )


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("BatchSize", 0, "between 1 and 10,000, found 0"),
        ("BatchSize", 10_001, "between 1 and 10,000, found 10,001"),
        ("BatchSize", True, "an integer, found True"),
        ("BatchSize", "ten", "an integer, found 'ten'"),
        ("BatchSize", 1.5, "an integer, found 1.5"),
        ("MaximumBatchingWindowInSeconds", 301, "between 0 and 300, found 301"),
        ("MaximumConcurrency", 1, "between 2 and 1,000, found 1"),
        ("MaximumConcurrency", 1001, "between 2 and 1,000, found 1,001"),
        ("FunctionResponseTypes", ["ReportFailures"], "the only type is"),
        ("FunctionResponseTypes", {"a": 1}, "the only type is"),
        ("FunctionResponseTypes", ["ReportBatchItemFailures"] * 2, "at most one"),
    ],
)
def test_values_that_aws_refuses(name: str, value: Any, words: str) -> None:
    with pytest.raises(MappingError, match=words) as caught:
        from_settings([(name, value)])
    assert caught.value.setting == name


@pytest.mark.parametrize(
    ("mapping", "queue", "timeout", "words"),
    [
        (
            EventSourceMapping(batch_size=11),
            STANDARD,
            3,
            "must be at least 1 if BatchSize is over 10",
        ),
        (
            EventSourceMapping(batch_size=11, maximum_batching_window=1),
            FIFO,
            3,
            "must be at most 10 for FIFO queues, found 11",
        ),
        (EventSourceMapping(maximum_batching_window=1), FIFO, 3, "must be 0 for FIFO queues"),
        (EventSourceMapping(), STANDARD, 31, r"visibility timeout \(30 s\) is less than"),
        (EventSourceMapping(), STANDARD, 901, "between 1 and 900 seconds"),
        (EventSourceMapping(maximum_concurrency=1), STANDARD, 3, "between 2 and 1,000"),
    ],
)
def test_conflicting_settings_are_refused(
    mapping: EventSourceMapping, queue: QueueInfo, timeout: float, words: str
) -> None:
    with pytest.raises(MappingError, match=words):
        mapping.check(queue, timeout)


def test_compatible_settings_are_accepted() -> None:
    EventSourceMapping(batch_size=10_000, maximum_batching_window=300).check(STANDARD, 30)
    EventSourceMapping(batch_size=10, maximum_concurrency=2).check(FIFO, 30)


@pytest.mark.parametrize(
    ("url", "region"),
    [
        ("https://sqs.eu-west-1.amazonaws.com/123456789012/orders", "eu-west-1"),
        ("https://eu-west-1.queue.amazonaws.com/123456789012/orders", "eu-west-1"),
        ("https://sqs.cn-north-1.amazonaws.com.cn/123456789012/orders", "cn-north-1"),
        ("http://sqs.us-east-1.127.0.0.1:4566/000000000000/orders", "us-east-1"),
        ("http://localhost:4566/000000000000/orders", None),
        ("https://queue.amazonaws.com/123456789012/orders", None),
    ],
)
def test_the_region_that_a_queue_s_url_names(url: str, region: str | None) -> None:
    assert region_of(url) == region
