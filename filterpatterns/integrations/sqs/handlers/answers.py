"""Determines from a function's response which messages come back.

Lambda developer guide, "Handling errors for an SQS event source in Lambda": implementing partial
batch responses, success and failure conditions.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from filterpatterns.integrations.sqs.handlers.base import HandlerError
from filterpatterns.language.wording import shorten


def failed_ids(answer: Any, ids: Collection[str]) -> set[str]:
    """The ids of the messages that a function with ReportBatchItemFailures could not handle.

    Args:
        answer: the function's result, parsed from JSON.
        ids: the ids of all messages of the batch.

    Raises:
        HandlerError: Lambda does not accept the response, so the whole batch has failed.
    """
    if answer is None or answer in ("", {}):
        return set()
    if not isinstance(answer, dict):
        raise HandlerError(f"the response must be an object, found {_shown(answer)}")
    items = answer.get("batchItemFailures")
    if items is None:
        return set()
    if not isinstance(items, (list, tuple)):
        raise HandlerError(f"batchItemFailures must be an array, found {_shown(items)}")
    failed = set()
    for index, item in enumerate(items):
        place = f"batchItemFailures[{index}]"
        if not isinstance(item, dict) or "itemIdentifier" not in item:
            raise HandlerError(f"{place} has no itemIdentifier, found {_shown(item)}")
        name = item["itemIdentifier"]
        if not isinstance(name, str) or not name:
            raise HandlerError(f"{place}.itemIdentifier must be a message id, found {_shown(name)}")
        if name not in ids:
            raise HandlerError(f"{place}.itemIdentifier was not in the batch: {_shown(name)}")
        failed.add(name)
    return failed


def _shown(value: Any) -> str:
    return shorten(repr(value), 80)
