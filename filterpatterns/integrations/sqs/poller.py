"""The poller: threads that receive messages, have batches handled, delete, and extend visibility
timeouts.

Only messages that were filtered out or handled are deleted. Whatever else happens, a message comes
back by itself after its visibility timeout.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any, Final

from msgspec.structs import replace

import filterpatterns
from filterpatterns.engine.filter import Filter
from filterpatterns.integrations.sqs.counts import Counters, Counts
from filterpatterns.integrations.sqs.handlers import Handler, PythonFunction, PythonModule
from filterpatterns.integrations.sqs.mapping import (
    DEFAULT_CONCURRENCY,
    MAX_CONCURRENCY,
    MAX_TIMEOUT,
    EventSourceMapping,
    MappingError,
)
from filterpatterns.integrations.sqs.queue import Queue, QueueInfo, connect
from filterpatterns.integrations.sqs.settings import BatchResult, OnDropped, WorkSettings
from filterpatterns.integrations.sqs.work import CONNECTIONS, Worker
from filterpatterns.language.inputs import PatternInput

_TICK: Final = 1.0
"""In seconds; on some systems Ctrl-C only takes effect between waits."""

_log = logging.getLogger("filterpatterns.sqs")


class Poller:
    """An event source mapping for SQS that runs here.

    As a context manager it runs in the background; `run` runs in the calling thread. A Poller can
    only be used once.

    Args:
        queue_url: the URL of the queue.
        handler: a function of event and context, which is called once at a time; `module:function`;
            or a Handler (Command, InvokeUrl). None only with `dry_run`.
        pattern: a Filter for SQS records, or anything that `filterpatterns.compile` accepts; None
            keeps every message.
        mapping: batch size, window, partial batch responses, maximum concurrency.
        client: a boto3 client for "sqs", whose connections and timeouts are then up to you; by
            default one is created.
        endpoint_url: the server's URL, if it is not AWS itself; for the client that is created.
        region_name: the region, for the client that is created.
        concurrency: concurrent batches, 1 to 1,000. By default 5, like Lambda at the start, or
            fewer if the mapping or the handler requires it.
        timeout: the function's timeout in seconds; by default the queue's visibility timeout, the
            most that AWS allows.
        keep_dropped: leave messages that are filtered out in the queue, invisible until the poller
            ends, and then visible again. Not for FIFO queues.
        dry_run: call no function and delete nothing; all messages are visible again at the end.
        wait_seconds: how long a call waits for messages (long polling), 0 to 20; the poller takes
            about as long to stop.
        function_name: the name in the function's context.
        on_dropped: called with each record that is filtered out, with the Reason and the payload
            key, before it is deleted. If it raises, the poller ends, and the message stays.
        on_batch: called with the BatchResult of each batch.
        report: called with each line that a user should know; by default these are logged.

    Raises:
        PatternError: AWS would refuse the pattern.
        ValueError: an argument is out of range, or the filter is for another source.
        QueueError: boto3 is not installed, or not set up.
    """

    def __init__(
        self,
        queue_url: str,
        handler: Handler | Callable[[Any, Any], Any] | str | None,
        *,
        pattern: Filter | PatternInput | None = None,
        mapping: EventSourceMapping | None = None,
        client: Any = None,
        endpoint_url: str | None = None,
        region_name: str | None = None,
        concurrency: int | None = None,
        timeout: float | None = None,
        keep_dropped: bool = False,
        dry_run: bool = False,
        wait_seconds: int = 1,
        function_name: str = "local",
        on_dropped: OnDropped | None = None,
        on_batch: Callable[[BatchResult], None] | None = None,
        report: Callable[[str], None] | None = None,
    ) -> None:
        if handler is None and not dry_run:
            raise ValueError("a handler is required unless dry_run=True")
        if not 0 <= wait_seconds <= 20:
            raise ValueError(f"wait_seconds must be between 0 and 20, found {wait_seconds}")
        if concurrency is not None and not 1 <= concurrency <= MAX_CONCURRENCY:
            raise ValueError(f"concurrency must be between 1 and 1,000, found {concurrency}")
        compiled = _filter(pattern)
        called = _handler(handler)
        mapping = mapping or EventSourceMapping()
        self._timeout = timeout
        self._settings = WorkSettings(
            handler=called,
            verdict=None if compiled is None else compiled.verdict,
            mapping=mapping,
            concurrency=concurrency or _concurrency(mapping, called),
            keep_dropped=keep_dropped,
            dry_run=dry_run,
            wait_seconds=wait_seconds,
            function_name=function_name,
            on_dropped=on_dropped,
            on_batch=on_batch or _log_batch,
            report=report or _log.warning,
        )
        if client is None:
            client = connect(
                queue_url,
                endpoint_url=endpoint_url,
                region_name=region_name,
                wait_seconds=wait_seconds,
                connections=CONNECTIONS,
            )
        self._queue = Queue(client, queue_url, self._settings.report)
        self._counters = Counters()
        self._stopping = threading.Event()
        self._started = threading.Event()
        self._work: Worker | None = None
        self._error: BaseException | None = None
        self._thread: threading.Thread | None = None

    @property
    def counts(self) -> Counts:
        """What has happened to the messages so far."""
        return self._counters.snapshot()

    def check(self) -> QueueInfo:
        """Check the queue, and whether AWS would create this mapping.

        Raises:
            MappingError: it would not.
            QueueError: the queue does not respond.
        """
        return self._checked()[0]

    def run(self, *, until_empty: bool = False) -> Counts:
        """Run until `stop` is called, or a KeyboardInterrupt.

        Then batches in flight are finished, and all other messages made visible again. A second
        KeyboardInterrupt ends it immediately.

        Args:
            until_empty: also stop when the queue has no message that can be received. Messages that
                failed, and are still invisible, remain.

        Returns:
            The counts at the end.

        Raises:
            MappingError: AWS would not make this mapping.
            QueueError: the queue does not respond at the start, or cannot be used.
        """
        info, timeout = self._checked()
        settings = replace(self._settings, timeout=timeout, until_empty=until_empty)
        work = Worker(settings, self._queue, info, self._counters, self._stopping, self._fail)
        self._work = work
        try:
            work.start()
            self._started.set()
            while not self._stopping.wait(_TICK):
                pass
        finally:
            self._stopping.set()
            try:
                work.finish()
            except BaseException:
                work.abandon()
                raise
        if self._error is not None:
            raise self._error
        return self.counts

    def stop(self) -> None:
        """Make `run` end, after it has finished the batches in flight."""
        self._stopping.set()

    def wait_until_empty(self, timeout: float = 30) -> Counts:
        """Wait until no message can be received and none is being handled.

        It does not wait for messages that failed and are still invisible.

        Raises:
            TimeoutError: it takes longer than `timeout` seconds.
        """
        if self._work is None:
            raise ValueError("the poller is not running")
        is_empty = self._work.wait_until_empty(timeout)
        if self._error is not None:
            raise self._error
        if not is_empty:
            raise TimeoutError(f"the queue is not empty after {timeout:g} s: {self.counts}")
        return self.counts

    def _checked(self) -> tuple[QueueInfo, float]:
        """Like `check`, but also return the function's timeout."""
        info = self._queue.info()
        timeout = self._timeout
        if timeout is None:
            timeout = max(1, min(info.visibility_timeout, MAX_TIMEOUT))
        if not self._settings.dry_run:
            self._settings.mapping.check(info, timeout)
        if self._settings.keep_dropped and info.is_fifo:
            raise MappingError(
                "keep_dropped",
                "a FIFO queue delivers no more messages of a group while an earlier one is kept: "
                "the group would be blocked",
            )
        return info, timeout

    def __enter__(self) -> Poller:
        self._thread = threading.Thread(target=self._run_in_thread, name="fp poller", daemon=True)
        self._thread.start()
        while not self._started.wait(0.01) and self._thread.is_alive():
            pass
        if self._error is not None:
            raise self._error
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
        if self._thread is not None:
            self._thread.join()
        if self._error is not None and error is None:
            raise self._error

    def _run_in_thread(self) -> None:
        try:
            self.run()
        except BaseException as error:  # noqa: BLE001 - for those who wait for the thread
            self._fail(error)

    def _fail(self, error: BaseException) -> None:
        """Record an error that ends all work; the first one counts."""
        if self._error is None:
            self._error = error
        self._stopping.set()
        if self._work is not None:
            self._work.wake()


class _NoHandler:
    """The handler of a dry run, which is never called."""

    concurrency: int | None = None

    def invoke(self, event: dict[str, Any], context: object) -> Any:
        raise AssertionError("a dry run does not call a function")

    def close(self) -> None:
        """Do nothing: nothing runs here."""


def _filter(pattern: Filter | PatternInput | None) -> Filter | None:
    if pattern is None:
        return None
    found = pattern if isinstance(pattern, Filter) else filterpatterns.compile(pattern)
    if found.source not in ("sqs", "auto"):
        raise ValueError(f"the filter is for records of {found.source}, not of sqs")
    return found


def _handler(handler: Handler | Callable[[Any, Any], Any] | str | None) -> Handler:
    if handler is None:
        return _NoHandler()
    if isinstance(handler, str):
        return PythonModule(handler)
    if isinstance(handler, Handler):
        return handler
    return PythonFunction(handler)


def _concurrency(mapping: EventSourceMapping, handler: Handler) -> int:
    limits = (DEFAULT_CONCURRENCY, mapping.maximum_concurrency, handler.concurrency)
    return min(limit for limit in limits if limit is not None)


def _log_batch(result: BatchResult) -> None:
    if result.error is not None:
        _log.error("batch %d failed: %s\n%s", result.number, result.error, result.details)
