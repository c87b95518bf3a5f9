"""Counts what happened to the messages, with the names of AWS's own metrics.

Lambda developer guide, "Event source mapping metrics".
"""

from __future__ import annotations

import threading
from collections import Counter
from typing import Any, Final

from msgspec import Struct

_NAMES: Final = {
    "polled": "PolledEventCount",
    "filtered_out": "FilteredOutEventCount",
    "invoked": "InvokedEventCount",
    "failed_invoke": "FailedInvokeEventCount",
    "deleted": "DeletedEventCount",
}


class Counts(Struct, frozen=True, kw_only=True):
    """A snapshot of the counters.

    The first five are AWS's PolledEventCount, FilteredOutEventCount, InvokedEventCount,
    FailedInvokeEventCount and DeletedEventCount. All count deliveries, and the last counts messages
    that were handled. `filtered_out_deleted` is how many of those filtered out are no longer in the
    queue. `undeleted` counts messages that the server refused to delete, and `returned` those that
    were made visible again unhandled. `failed_ids` are messages whose last handling failed, and
    `in_flight` is how many the function is working on.
    """

    polled: int = 0
    filtered_out: int = 0
    invoked: int = 0
    failed_invoke: int = 0
    deleted: int = 0
    filtered_out_deleted: int = 0
    undeleted: int = 0
    returned: int = 0
    batches: int = 0
    batches_failed: int = 0
    in_flight: int = 0
    reasons: dict[str, int] = {}
    failed_ids: frozenset[str] = frozenset()

    def to_dict(self) -> dict[str, Any]:
        """The counters for machines, with AWS's names for AWS's metrics."""
        return {
            **{name: getattr(self, field) for field, name in _NAMES.items()},
            "reasons": self.reasons,
            "batches": self.batches,
            "batchesFailed": self.batches_failed,
            "filteredOutDeleted": self.filtered_out_deleted,
            "undeleted": self.undeleted,
            "returned": self.returned,
            "failedMessages": len(self.failed_ids),
        }


class Counters:
    """The counters; threads may share them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._numbers: Counter[str] = Counter()
        self._reasons: Counter[str] = Counter()
        self._failed_ids: set[str] = set()

    def add(self, **numbers: int) -> None:
        """Add to counters, by their names in Counts."""
        with self._lock:
            self._numbers.update(numbers)

    def add_received(self, messages: int, reasons: list[str]) -> None:
        """Count received messages, and the reasons for filtering out some of them."""
        with self._lock:
            self._numbers.update(polled=messages, filtered_out=len(reasons))
            self._reasons.update(reasons)

    def settle(self, handled: set[str], failed: set[str]) -> None:
        """Note which messages of a batch were handled, and which failed."""
        with self._lock:
            self._failed_ids -= handled
            self._failed_ids |= failed

    def snapshot(self) -> Counts:
        """All counters at one moment."""
        with self._lock:
            return Counts(
                **self._numbers,
                reasons=dict(self._reasons),
                failed_ids=frozenset(self._failed_ids),
            )
