"""Deletes messages, ten at a time, from several threads."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable
from time import monotonic
from typing import Final

from filterpatterns.integrations.sqs.queue import RECEIVE_AT_ONCE, Queue
from filterpatterns.integrations.sqs.records import Message

_LINGER: Final = 0.02
"""Seconds that a message waits for others, to be deleted together."""

Done = Callable[[Message, "str | None"], None]
"""Called when a message has been deleted, or with the reason why not."""


class Deleter:
    """The messages to be deleted. `run` is the work of a thread; there may be several."""

    def __init__(self, queue: Queue) -> None:
        self._queue = queue
        lock = threading.Lock()
        self._is_work = threading.Condition(lock)
        self._is_done = threading.Condition(lock)
        self._waiting: deque[tuple[Message, Done]] = deque()
        self._unfinished = 0
        self._is_closing = False

    @property
    def backlog(self) -> int:
        """How many messages are still to be deleted."""
        return self._unfinished

    def wait_for_room(self, count: int, seconds: float) -> bool:
        """Wait until fewer messages than that remain to be deleted; return whether that is the
        case."""
        with self._is_done:
            return self._is_done.wait_for(lambda: self._unfinished < count, seconds)

    def put(self, messages: Iterable[Message], done: Done) -> None:
        """Delete messages, soon."""
        given = [(message, done) for message in messages]
        with self._is_work:
            self._waiting.extend(given)
            self._unfinished += len(given)
            self._is_work.notify(1 + len(given) // RECEIVE_AT_ONCE)

    def run(self) -> None:
        """Delete messages until there are no more and `close` was called.

        Raises:
            QueueError: the server refuses.
        """
        while chunk := self._take():
            try:
                refused = self._queue.delete([message for message, _ in chunk])
            except BaseException:
                with self._is_work:
                    self._waiting.extendleft(reversed(chunk))
                raise
            for message, done in chunk:
                done(message, refused.get(message))
            with self._is_done:
                self._unfinished -= len(chunk)
                self._is_done.notify_all()

    def close(self, seconds: float) -> bool:
        """Wait until everything is deleted, or the time is over; return whether everything is
        deleted."""
        with self._is_work:
            self._is_closing = True
            self._is_work.notify_all()
        with self._is_done:
            return self._is_done.wait_for(lambda: self._unfinished == 0, seconds)

    def _take(self) -> list[tuple[Message, Done]]:
        """Up to ten of them; none only at the end."""
        with self._is_work:
            while True:
                self._is_work.wait_for(lambda: self._waiting or self._is_closing)
                end = monotonic() + _LINGER
                while 0 < len(self._waiting) < RECEIVE_AT_ONCE and not self._is_closing:
                    if not self._is_work.wait(max(0.0, end - monotonic())):
                        break
                count = min(len(self._waiting), RECEIVE_AT_ONCE)
                if count or self._is_closing:
                    return [self._waiting.popleft() for _ in range(count)]
