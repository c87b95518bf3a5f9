"""Receives and filters messages; each is handled, deleted, or kept in the queue."""

from __future__ import annotations

import threading
from time import monotonic
from typing import Final, Protocol

from filterpatterns.integrations.sqs.records import Message, received
from filterpatterns.integrations.sqs.settings import Shared
from filterpatterns.matching.verdict import Reason, Verdict

_PARKED_SECONDS: Final = 300
"""The minimum number of seconds for which a kept message is invisible, so that a few calls can hold
many. After a crash, messages are back after this time."""


class Sink(Protocol):
    """Accepts the messages for the function."""

    def add(self, messages: list[Message]) -> None:
        """Add messages."""


class Receiver:
    """Receives and filters. Threads may share it.

    Args:
        shared: the objects that all threads share.
        sink: accepts messages that match.
    """

    def __init__(self, shared: Shared, sink: Sink) -> None:
        self._shared = shared
        self._sink = sink
        self._lock = threading.Lock()
        self._parked: dict[str, Message] = {}

    def receive(self, wait_seconds: int, until: threading.Event) -> int:
        """Receive and process up to ten messages; return how many there were.

        Raises:
            QueueError: the server refuses.
        """
        given = self._shared.queue.receive(wait_seconds, until)
        if not given:
            return 0
        now = monotonic()
        info = self._shared.info
        messages = [received(one, info.arn, info.region) for one in given]
        self._shared.held.hold(messages, now, info.visibility_timeout)
        kept, dropped = self._filtered(messages)
        filtered_out = [message for message, _ in dropped]
        staying: list[Message] = []
        if self._shared.settings.keep_dropped or self._shared.settings.dry_run:
            staying = [*filtered_out, *(kept if self._shared.settings.dry_run else ())]
        known = self._claim(staying)
        new = [(message, verdict) for message, verdict in dropped if message not in known]
        reasons = [verdict[0].slug for _, verdict in new]
        self._shared.counters.add_received(len(messages) - len(known), reasons)
        if self._shared.settings.on_dropped is not None and new:
            with self._lock:
                for message, (reason, key) in new:
                    self._shared.settings.on_dropped(message.record, reason, key)
        self._park(staying)
        if not (self._shared.settings.keep_dropped or self._shared.settings.dry_run):
            self._shared.deleter.put(filtered_out, self._deleted)
        if kept and not self._shared.settings.dry_run:
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
        if self._shared.settings.verdict is None:
            return messages, []
        kept: list[Message] = []
        dropped: list[tuple[Message, Verdict]] = []
        for message in messages:
            found = self._shared.settings.verdict(message.record)
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
        self._shared.held.drop(known.values())
        return set(known)

    def _park(self, messages: list[Message]) -> None:
        """Keep messages invisible for longer than usual."""
        seconds = max(_PARKED_SECONDS, self._shared.info.visibility_timeout)
        since = monotonic()
        refused = self._shared.queue.set_visibility(messages, seconds)
        self._shared.held.extended([one for one in messages if one not in refused], since, seconds)

    def _deleted(self, message: Message, refused: str | None) -> None:
        self._shared.held.drop([message])
        if refused is None:
            self._shared.counters.add(filtered_out_deleted=1)
        else:
            self._shared.counters.add(undeleted=1)
