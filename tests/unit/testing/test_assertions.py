"""The assertions of `filterpatterns.testing`."""

from __future__ import annotations

from typing import Any

import pytest

import filterpatterns
from filterpatterns import Reason, RecordError
from filterpatterns.testing import assert_delivered, assert_dropped, assert_event

ORDERS = filterpatterns.compile({"body": {"total": [{"numeric": [">", 100]}]}})
LARGE = {"messageId": "large", "body": '{"total": 250}'}
SMALL = {"messageId": "small", "body": '{"total": 64}'}
TEXT = {"messageId": "text", "body": "hello"}


def failure(check: Any, *args: Any, **named: Any) -> str:
    with pytest.raises(AssertionError) as caught:
        check(*args, **named)
    return str(caught.value)


def test_assert_delivered_accepts_kept_records() -> None:
    assert_delivered(ORDERS, LARGE)
    reported = failure(assert_delivered, ORDERS, SMALL)
    assert reported == f"the record was dropped\n{ORDERS.explain(SMALL)}"
    assert "total: 64 is not > 100" in reported


def test_assert_dropped_checks_the_reason() -> None:
    assert_dropped(ORDERS, SMALL)
    assert_dropped(ORDERS, SMALL, reason=Reason.NO_MATCH)
    assert_dropped(ORDERS, TEXT, reason="wants-json")
    assert failure(assert_dropped, ORDERS, LARGE).startswith("the record was delivered\n✓")
    reported = failure(assert_dropped, ORDERS, TEXT, reason="no-match")
    assert reported.startswith(
        "the record was dropped for another reason: expected no-match, found wan"
    )
    with pytest.raises(ValueError, match="unknown reason 'nope': choose one of no-match, wants-"):
        assert_dropped(ORDERS, SMALL, reason="nope")


def test_assert_event_checks_the_ids() -> None:
    event = {"Records": [LARGE, SMALL, TEXT]}
    assert_event(ORDERS, event, ids=["large"])
    assert_event(ORDERS, {"Records": [SMALL]}, ids=[])
    reported = failure(assert_event, ORDERS, event, ids=["small", "nope"])
    assert reported.splitlines()[:3] == [
        "expected small, nope to be delivered, found large",
        "the event has no nope",
        "large:",
    ]
    assert str(ORDERS.explain(LARGE)) in reported
    assert str(ORDERS.explain(SMALL)) in reported
    assert str(ORDERS.explain(TEXT)) not in reported
    assert "found large" in failure(assert_event, ORDERS, event)


def test_an_event_of_another_source_is_an_error() -> None:
    with pytest.raises(RecordError, match="has records of kinesis, not of sqs"):
        assert_event(ORDERS, {"Records": [{"kinesis": {"data": ""}}]}, ids=[])


@pytest.mark.parametrize(
    ("source", "pattern", "event", "name"),
    [
        (
            "dynamodb",
            {"eventName": ["INSERT"]},
            {"Records": [{"eventID": "7", "eventName": "INSERT", "dynamodb": {}}]},
            "7",
        ),
        (
            "kafka",
            {"topic": ["t"]},
            {"records": {"t-0": [{"topic": "t", "partition": 0, "offset": 9}]}},
            "t-0@9",
        ),
        ("mq", {"messageID": ["m"]}, {"messages": [{"messageID": "m", "data": ""}]}, "m"),
    ],
)
def test_ids_of_every_source(source: Any, pattern: Any, event: Any, name: str) -> None:
    assert_event(filterpatterns.compile(pattern, source=source), event, ids=[name])
