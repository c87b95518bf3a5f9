"""Partial batch responses: which responses mean success or failure, and for which messages."""

from __future__ import annotations

from typing import Any

import pytest

from filterpatterns.integrations.sqs import HandlerError
from filterpatterns.integrations.sqs.handlers import NotJson
from filterpatterns.integrations.sqs.handlers.answers import failed_ids

IDS = ("1", "2", "3")


def failures(*names: Any) -> dict[str, Any]:
    return {"batchItemFailures": [{"itemIdentifier": name} for name in names]}


@pytest.mark.parametrize(
    "answer", [None, "", {}, {"batchItemFailures": []}, {"batchItemFailures": None}, {"a": 1}]
)
def test_complete_success(answer: Any) -> None:
    assert failed_ids(answer, IDS) == set()


@pytest.mark.parametrize("names", [("2",), ("1", "3"), ("1", "2", "3"), ("2", "2")])
def test_the_named_messages_come_back(names: tuple[str, ...]) -> None:
    assert failed_ids(failures(*names), IDS) == set(names)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (NotJson("oops"), "not JSON:  'oops'"),
        ("done", "must be an object"),
        ([], "must be an object"),
        (failures(""), r"batchItemFailures\[0\].itemIdentifier must be a message id, found ''"),
        (failures("1", None), r"batchItemFailures\[1\].itemIdentifier must be a message id"),
        (failures(2), "must be a message id, found 2"),
        (failures("1", "4"), "was not in the batch: '4'"),
        ({"batchItemFailures": [{"messageId": "1"}]}, "has no itemIdentifier"),
        ({"batchItemFailures": ["1"]}, "has no itemIdentifier"),
        ({"batchItemFailures": {"itemIdentifier": "1"}}, "must be an array"),
    ],
)
def test_complete_failure(answer: Any, words: str) -> None:
    with pytest.raises(HandlerError, match=words):
        failed_ids(answer, IDS)
