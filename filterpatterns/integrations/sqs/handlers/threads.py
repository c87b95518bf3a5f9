"""Threads that are used again: one for each call of a function would cost more than the call."""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import SimpleQueue

Job = Callable[[], bool]
"""Gives whether its thread may be used again."""


class Threads:
    """As many daemon threads as there is work at a time."""

    def __init__(self) -> None:
        self._idle: list[SimpleQueue[Job]] = []

    def start(self, work: Job) -> None:
        """Do some work in a thread of its own."""
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
"""Those of this process."""
