"""The objects that a poller's threads share: the settings, the queue, and the counters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec import Struct

from filterpatterns.integrations.sqs.counts import Counters
from filterpatterns.integrations.sqs.deleting import Deleter
from filterpatterns.integrations.sqs.handlers import Handler
from filterpatterns.integrations.sqs.mapping import EventSourceMapping
from filterpatterns.integrations.sqs.queue import Queue, QueueInfo
from filterpatterns.integrations.sqs.visibility import HeldMessages
from filterpatterns.matching.verdict import Reason, Verdict

OnDropped = Callable[[dict[str, Any], Reason, str], None]
"""Called with a record that is filtered out, the reason, and the payload key that it refers to."""


class BatchResult(Struct, frozen=True, kw_only=True):
    """The result of a batch: `ids` in the order of the event, those of them that `failed`, and the
    function error, if there was one. `size` is the size of the event in bytes, `seconds` the
    handler's time."""

    number: int
    request_id: str
    ids: tuple[str, ...]
    size: int
    seconds: float
    failed: tuple[str, ...] = ()
    error: str | None = None
    details: str = ""

    def to_dict(self) -> dict[str, Any]:
        """The result for machines."""
        return {
            "kind": "batch",
            "batch": self.number,
            "requestId": self.request_id,
            "result": "success" if not self.failed else "partial" if self.handled else "failure",
            "records": len(self.ids),
            "bytes": self.size,
            "seconds": round(self.seconds, 6),
            "ids": self.ids,
            "failed": self.failed,
            "error": self.error,
        }

    @property
    def handled(self) -> tuple[str, ...]:
        """The ids of those that did not fail."""
        failed = set(self.failed)
        return tuple(name for name in self.ids if name not in failed)


class WorkSettings(Struct, frozen=True, kw_only=True):
    """The complete settings of a Poller; see there. `verdict` is that of the filter, None without a
    filter."""

    handler: Handler
    verdict: Callable[[Any], Verdict] | None
    mapping: EventSourceMapping
    concurrency: int
    timeout: float = 0
    keep_dropped: bool
    dry_run: bool
    wait_seconds: int
    function_name: str
    until_empty: bool = False
    on_dropped: OnDropped | None
    on_batch: Callable[[BatchResult], None]
    report: Callable[[str], None]


class Shared(Struct, frozen=True):
    """The objects that all threads share: `deleter` deletes messages that were handled or filtered
    out, and `held` tracks the messages that we hold."""

    settings: WorkSettings
    queue: Queue
    info: QueueInfo
    counters: Counters
    deleter: Deleter
    held: HeldMessages
