"""The threads of a poller, which receive messages, form batches, delete, and extend visibility
timeouts."""

from __future__ import annotations

import threading
from collections.abc import Callable
from time import monotonic
from typing import Any, Final

from filterpatterns.integrations.sqs.batching import Batching
from filterpatterns.integrations.sqs.counts import Counters
from filterpatterns.integrations.sqs.deleting import Deleter
from filterpatterns.integrations.sqs.invoking import Invoker
from filterpatterns.integrations.sqs.mapping import DEFAULT_BATCH_SIZE, MAX_EVENT_BYTES
from filterpatterns.integrations.sqs.queue import Queue, QueueError, QueueInfo
from filterpatterns.integrations.sqs.receiving import Receiver
from filterpatterns.integrations.sqs.settings import Shared, WorkSettings
from filterpatterns.integrations.sqs.visibility import HeldMessages

_RECEIVERS: Final = 4
_DELETERS: Final = 4
CONNECTIONS: Final = _RECEIVERS + _DELETERS + 4
"""The number of concurrent calls."""

_MOST_UNDELETED: Final = 1_000
_LAST_CALLS: Final = 10.0
"""Seconds to wait at the end for a server that does not respond."""

_TICK: Final = 0.5
_JOIN: Final = 3.0


class Worker:
    """The threads of a running poller.

    Args:
        settings: its settings.
        queue: where the messages come from.
        info: the queue's attributes.
        counters: the counters.
        stopping: set to end the work; it is also set when the queue is empty.
        fail: called with errors that end all work.
    """

    def __init__(
        self,
        settings: WorkSettings,
        queue: Queue,
        info: QueueInfo,
        counters: Counters,
        stopping: threading.Event,
        fail: Callable[[BaseException], None],
    ) -> None:
        self._settings = settings
        self._stopping = stopping
        self._fail = fail
        self._is_finished = threading.Event()
        self._has_traffic = threading.Event()
        self._changed = threading.Condition()
        self._receiving = 0
        self._empty_since = 0.0
        mapping = settings.mapping
        self._most_waiting = max(mapping.batch_size, DEFAULT_BATCH_SIZE)
        batching = Batching(
            mapping.batch_size,
            mapping.maximum_batching_window,
            is_fifo=info.is_fifo,
            max_receive_count=info.max_receive_count,
        )
        self._shared = Shared(settings, queue, info, counters, Deleter(queue), HeldMessages())
        self._invoker = Invoker(self._shared, batching)
        self._receiver = Receiver(self._shared, self._invoker)
        # The messages of a group are only in order if they are received by consecutive calls.
        self._receivers = [
            self._thread(self._receive, index) for index in range(1 if info.is_fifo else _RECEIVERS)
        ]
        self._others = [
            self._thread(self._invoker.run, fail),
            self._thread(self._keep_invisible),
            *(self._thread(self._shared.deleter.run) for _ in range(_DELETERS)),
        ]

    def start(self) -> None:
        """Start all threads."""
        for thread in (*self._others, *self._receivers):
            thread.start()

    def finish(self) -> None:
        """Stop receiving, finish the work in progress, and return all other messages."""
        self._has_traffic.set()  # so that waiting threads notice the end
        self._invoker.close()
        self._invoker.wait(self._settings.concurrency)
        for thread in self._receivers:
            thread.join(self._settings.wait_seconds + _JOIN)
        self._invoker.close()
        last = threading.Timer(_LAST_CALLS, self._shared.queue.given_up.set)
        last.daemon = True
        last.start()
        self._shared.deleter.close(_LAST_CALLS + _JOIN)
        rest = list(self._shared.held.drop_all())
        parked = set(self._receiver.parked())
        try:
            refused = self._shared.queue.set_visibility(rest, 0)
        except QueueError as error:
            self._settings.report(
                f"messages come back when their visibility timeout is over: {error}"
            )
            refused = {}
        returned = [one for one in rest if one not in parked and one not in refused]
        self._shared.counters.add(returned=len(returned))
        last.cancel()
        self.abandon()

    def abandon(self) -> None:
        """Abandon everything: messages come back by themselves."""
        self._is_finished.set()
        self._shared.queue.given_up.set()
        self._settings.handler.close()

    def wait_until_empty(self, timeout: float) -> bool:
        """Wait until a call that begins from now on finds the queue empty and nothing is in
        progress; return whether that happened."""
        start = monotonic()
        with self._changed:
            return self._changed.wait_for(
                lambda: self._empty_since > start or self._stopping.is_set(), timeout
            )

    def wake(self) -> None:
        """Wake up the waiting threads."""
        with self._changed:
            self._changed.notify_all()

    def _thread(self, work: Callable[..., None], *arguments: Any) -> threading.Thread:
        def run() -> None:
            try:
                work(*arguments)
            except BaseException as error:  # noqa: BLE001 - `run` raises it
                self._fail(error)

        return threading.Thread(target=run, daemon=True)

    def _receive(self, index: int) -> None:
        """Receive messages until the end; all threads except the first only while there are
        many."""
        while not self._stopping.is_set():
            if index and not self._has_traffic.wait(_TICK):
                continue
            if not self._invoker.wait_for_room(self._most_waiting, MAX_EVENT_BYTES, _TICK):
                continue
            if not self._shared.deleter.wait_for_room(_MOST_UNDELETED, _TICK):
                continue
            if index:
                self._receive_once(self._settings.wait_seconds)
            else:
                self._watch()

    def _watch(self) -> None:
        """As the first receiver: receive, and check whether the queue is empty."""
        start = monotonic()
        polled = self._shared.counters.snapshot().polled
        was_idle = self._is_idle()
        wait = (
            min(self._settings.wait_seconds, 1)
            if self._settings.until_empty
            else self._settings.wait_seconds
        )
        if self._receive_once(wait):
            return
        if not was_idle or polled != self._shared.counters.snapshot().polled or not self._is_idle():
            if self._settings.until_empty:
                self._invoker.flush()
            return
        with self._changed:
            self._empty_since = start
            self._changed.notify_all()
        if self._settings.until_empty:
            self._stopping.set()

    def _receive_once(self, wait_seconds: int) -> int:
        with self._changed:
            self._receiving += 1
        try:
            count = self._receiver.receive(wait_seconds, self._stopping)
        finally:
            with self._changed:
                self._receiving -= 1
        if count:
            self._has_traffic.set()
        elif not self._stopping.is_set():
            self._has_traffic.clear()
        return count

    def _is_idle(self) -> bool:
        """Whether no message is in progress."""
        return (
            self._receiving == 0
            and self._shared.deleter.backlog == 0
            and len(self._shared.held) == len(self._receiver.parked())
        )

    def _keep_invisible(self) -> None:
        """Extend the visibility timeout of messages that we hold before it is over."""
        while not self._is_finished.wait(
            min(5.0, max(0.1, self._shared.info.visibility_timeout / 8))
        ):
            for seconds, messages in self._shared.held.due(monotonic()).items():
                since = monotonic()
                self._shared.queue.set_visibility(messages, seconds)
                self._shared.held.extended(messages, since, seconds)
