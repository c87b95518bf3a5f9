"""Calls the function with batches; messages that it could not handle come back, the others are
deleted."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from time import monotonic

from filterpatterns.integrations.sqs.batching import Batch, Batching
from filterpatterns.integrations.sqs.handlers import HandlerError, LambdaContext
from filterpatterns.integrations.sqs.handlers.answers import failed_ids
from filterpatterns.integrations.sqs.handlers.threads import THREADS
from filterpatterns.integrations.sqs.queue import seconds_until
from filterpatterns.integrations.sqs.records import Message
from filterpatterns.integrations.sqs.settings import BatchResult, Shared


class Invoker:
    """Forms batches of messages and calls the function, in threads.

    Args:
        shared: the objects that all threads share.
        batching: forms the batches.
    """

    def __init__(self, shared: Shared, batching: Batching) -> None:
        self._shared = shared
        self._settings = shared.settings
        self._batching = batching
        self._changed = threading.Condition()
        self._free = shared.settings.concurrency
        self._number = 0
        self._flush = False
        self._is_closed = False
        self._has_warned = False

    def add(self, messages: list[Message]) -> None:
        """Add messages for the function."""
        with self._changed:
            held_back = self._batching.add(messages, monotonic())
            self._changed.notify_all()
        self._give_back(held_back)

    def wait_for_room(self, count: int, size: int, seconds: float) -> bool:
        """Wait until fewer messages and bytes than that are waiting; return whether that is the
        case."""
        with self._changed:
            return self._changed.wait_for(
                lambda: len(self._batching) < count and self._batching.waiting_bytes < size, seconds
            )

    def flush(self) -> None:
        """Do not wait for the end of windows any longer: no more messages will come."""
        with self._changed:
            self._flush = True
            self._changed.notify_all()

    def run(self, fail: Callable[[BaseException], None]) -> None:
        """Form batches and have them handled until `close`; `fail` is called with errors that end
        all work."""
        while (batch := self._next_batch()) is not None:
            self._number += 1
            THREADS.start(partial(self._work, batch, self._number, fail))

    def close(self) -> list[Message]:
        """Stop forming batches; return the messages that are in no batch."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
            return self._batching.take_all()

    def wait(self, concurrency: int) -> None:
        """Wait until all calls have ended."""
        with self._changed:
            self._changed.wait_for(lambda: self._free == concurrency)

    def _next_batch(self) -> Batch | None:
        with self._changed:
            while not self._is_closed:
                if self._free:
                    now = monotonic()
                    batch = self._batching.next_batch(now, flush=self._flush)
                    if batch is not None:
                        self._free -= 1
                        self._flush = False
                        self._shared.counters.add(in_flight=len(batch.messages))
                        self._changed.notify_all()
                        return batch
                    end = self._batching.wake_at(now)
                    self._changed.wait(None if end is None else end - now)
                else:
                    self._changed.wait()
            return None

    def _work(self, batch: Batch, number: int, fail: Callable[[BaseException], None]) -> bool:
        try:
            result = self._invoke(batch, number)
            self._settle(batch, result)
            self._settings.on_batch(result)
        except BaseException as error:  # noqa: BLE001 - it ends the poller, which raises it
            fail(error)
        finally:
            self._shared.counters.add(in_flight=-len(batch.messages))
            with self._changed:
                self._free += 1
                self._changed.notify_all()
        return True

    def _invoke(self, batch: Batch, number: int) -> BatchResult:
        account = self._shared.info.arn.split(":")[4]
        context = LambdaContext(
            self._settings.function_name, self._shared.info.region, account, self._settings.timeout
        )
        event = {"Records": [message.record for message in batch.messages]}
        ids = batch.ids
        error: HandlerError | None = None
        start = monotonic()
        try:
            answer = self._settings.handler.invoke(event, context)
            failed = (
                failed_ids(answer, set(ids))
                if self._settings.mapping.report_batch_item_failures
                else set()
            )
        except HandlerError as problem:
            error, failed = problem, set(ids)
        return BatchResult(
            number=number,
            request_id=context.aws_request_id,
            ids=ids,
            size=batch.size,
            seconds=monotonic() - start,
            failed=tuple(name for name in ids if name in failed),
            error=None if error is None else error.message,
            details="" if error is None else error.details,
        )

    def _settle(self, batch: Batch, result: BatchResult) -> None:
        failed_names = set(result.failed)
        failed = [message for message in batch.messages if message.id in failed_names]
        handled = [message for message in batch.messages if message.id not in failed_names]
        self._shared.counters.add(
            invoked=len(batch.messages),
            failed_invoke=len(failed),
            batches=1,
            batches_failed=1 if failed else 0,
        )
        self._shared.counters.settle(set(result.handled), failed_names)
        if failed:
            self._check_order(batch, failed_names)
            now = monotonic()
            back = self._shared.held.drop(failed)
            moments = {one: back.get(one, now) for one in failed}
            with self._changed:
                held_back = self._batching.failed(moments, now)
            self._give_back(held_back)
        if not handled:
            self._finish(batch)
            return
        left = set(handled)
        lock = threading.Lock()

        def deleted(message: Message, refused: str | None) -> None:
            self._shared.held.drop([message])
            self._shared.counters.add(**({"deleted": 1} if refused is None else {"undeleted": 1}))
            with lock:
                left.discard(message)
                is_last = not left
            if is_last:
                self._finish(batch)

        self._shared.deleter.put(handled, deleted)

    def _finish(self, batch: Batch) -> None:
        with self._changed:
            self._batching.finished(batch)
            self._changed.notify_all()

    def _give_back(self, messages: dict[Message, float]) -> None:
        """Make messages visible again, each at its own time."""
        by_seconds: dict[int, list[Message]] = {}
        for message, until in messages.items():
            by_seconds.setdefault(seconds_until(until), []).append(message)
        self._shared.held.drop(messages)
        for seconds, group in by_seconds.items():
            self._shared.queue.set_visibility(group, seconds)
            self._shared.counters.add(returned=len(group))

    def _check_order(self, batch: Batch, failed: set[str]) -> None:
        """Warn if a function continued with a FIFO group after a failure."""
        if not self._shared.info.is_fifo or self._has_warned:
            return
        groups: set[str | None] = set()
        for message in batch.messages:
            if message.id in failed:
                groups.add(message.group)
            elif message.group in groups:
                self._has_warned = True
                self._settings.report(
                    f"message {message.id} of the group {message.group!r} is deleted although an "
                    "earlier message of the group failed, which is then retried out of order; a "
                    "function for a FIFO queue should stop at the first failure, and return "
                    "that message and all later ones"
                )
                return
