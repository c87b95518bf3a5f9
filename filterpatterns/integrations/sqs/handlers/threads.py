"""Reusable threads: a new thread for each call of a function would cost more than the call."""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import SimpleQueue

Job = Callable[[], bool]
"""Returns whether its thread may be reused."""


class Threads:
    """As many daemon threads as there are concurrent tasks."""

    def __init__(self) -> None:
        self._idle: list[SimpleQueue[Job]] = []

    def start(self, work: Job) -> None:
        """Run a task in a separate thread."""
        try:
            inbox = self._idle.pop()
        except IndexError:
            inbox = SimpleQueue()
            threading.Thread(target=self._serve, args=(inbox,), daemon=True).start()
        inbox.put(work)

    def _serve(self, inbox: SimpleQueue[Job]) -> None:
        while inbox.get()():
            self._idle.append(inbox)


THREADS = Threads()
"""The threads of this process."""
