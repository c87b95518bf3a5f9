"""Receives and filters messages; each is handled, deleted, or kept in the queue."""

from __future__ import annotations

import threading
from collections.abc import Callable
from time import monotonic
from typing import Any, Final, Protocol

from filterpatterns.integrations.sqs.counts import Counters
from filterpatterns.integrations.sqs.deleting import Deleter
from filterpatterns.integrations.sqs.queue import Queue, QueueInfo
from filterpatterns.integrations.sqs.records import Message, received
from filterpatterns.integrations.sqs.visibility import HeldMessages
from filterpatterns.matching.verdict import Reason, Verdict

_PARKED_SECONDS: Final = 300
"""The minimum number of seconds for which a kept message is invisible, so that a few calls can hold
many. After a crash, messages are back after this time."""

OnDropped = Callable[[dict[str, Any], Reason, str], None]
"""Called with a record that is filtered out, the reason, and the payload key that it refers to."""


class Sink(Protocol):
    """Accepts the messages for the function."""

    def add(self, messages: list[Message]) -> None:
        """Add messages."""


class Receiver:
    """Receives and filters. Threads may share it.

    Args:
        queue: where messages come from.
        info: the queue's attributes.
        verdict: the filter's verdict.
        sink: accepts messages that match.
        deleter: deletes messages that are filtered out.
        held: tracks the messages that we hold.
        counters: the counters.
        keep_dropped: whether messages that are filtered out stay in the queue.
        keep_all: whether all messages do, and the function receives nothing.
        on_dropped: see OnDropped; it is called before the message is deleted.
    """

    def __init__(
        self,
        queue: Queue,
        info: QueueInfo,
        verdict: Callable[[Any], Verdict] | None,
        sink: Sink,
        deleter: Deleter,
        held: HeldMessages,
        counters: Counters,
        *,
        keep_dropped: bool,
        keep_all: bool,
        on_dropped: OnDropped | None,
    ) -> None:
        self._queue = queue
        self._info = info
        self._verdict = verdict
        self._sink = sink
        self._deleter = deleter
        self._held = held
        self._counters = counters
        self._keep_dropped = keep_dropped
        self._keep_all = keep_all
        self._on_dropped = on_dropped
        self._lock = threading.Lock()
        self._parked: dict[str, Message] = {}

    def receive(self, wait_seconds: int, until: threading.Event) -> int:
        """Receive and process up to ten messages; return how many there were.

        Raises:
            QueueError: the server refuses.
        """
        given = self._queue.receive(wait_seconds, until)
        if not given:
            return 0
        now = monotonic()
        info = self._info
        messages = [received(one, info.arn, info.region) for one in given]
        self._held.hold(messages, now, info.visibility_timeout)
        kept, dropped = self._filtered(messages)
        filtered_out = [message for message, _ in dropped]
        staying: list[Message] = []
        if self._keep_dropped or self._keep_all:
            staying = [*filtered_out, *(kept if self._keep_all else ())]
        known = self._claim(staying)
        new = [(message, verdict) for message, verdict in dropped if message not in known]
        reasons = [verdict[0].slug for _, verdict in new]
        self._counters.add_received(len(messages) - len(known), reasons)
        if self._on_dropped is not None and new:
            with self._lock:
                for message, (reason, key) in new:
                    self._on_dropped(message.record, reason, key)
        self._park(staying)
        if not (self._keep_dropped or self._keep_all):
            self._deleter.put(filtered_out, self._deleted)
        if kept and not self._keep_all:
            self._sink.add(kept)
        return len(given)

    def parked(self) -> list[Message]:
        """The messages that stay in the queue, and are only held so that they are not received
        again."""
        with self._lock:
            return list(self._parked.values())

    def _filtered(
        self, messages: list[Message]
    ) -> tuple[list[Message], list[tuple[Message, Verdict]]]:
        if self._verdict is None:
            return messages, []
        kept: list[Message] = []
        dropped: list[tuple[Message, Verdict]] = []
        for message in messages:
            found = self._verdict(message.record)
            if found[0] is Reason.MATCH:
                kept.append(message)
            else:
                dropped.append((message, found))
        return kept, dropped

    def _claim(self, messages: list[Message]) -> set[Message]:
        """Track messages that stay in the queue. Return those that were already tracked, but came
        back anyway or were delivered twice; they replace the previous ones."""
        known = {}
        with self._lock:
            for message in messages:
                before = self._parked.get(message.id)
                if before is not None:
                    known[message] = before
                self._parked[message.id] = message
        self._held.drop(known.values())
        return set(known)

    def _park(self, messages: list[Message]) -> None:
        """Keep messages invisible for longer than usual."""
        seconds = max(_PARKED_SECONDS, self._info.visibility_timeout)
        since = monotonic()
        refused = self._queue.set_visibility(messages, seconds)
        self._held.extended([one for one in messages if one not in refused], since, seconds)

    def _deleted(self, message: Message, refused: str | None) -> None:
        self._held.drop([message])
        if refused is None:
            self._counters.add(filtered_out_deleted=1)
        else:
            self._counters.add(undeleted=1)
