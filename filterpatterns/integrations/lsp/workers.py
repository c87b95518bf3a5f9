"""Threads that check documents, so that the server stays responsive."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable
from typing import Any, TypeVar

_Result = TypeVar("_Result")
_Job = tuple[asyncio.AbstractEventLoop, "asyncio.Future[Any]", Callable[[], Any]]


class Workers:
    """A few threads. The program does not wait for them when it ends, whatever they are doing."""

    def __init__(self) -> None:
        self._jobs: queue.SimpleQueue[_Job] = queue.SimpleQueue()
        for _ in range(2):
            threading.Thread(target=self._work, daemon=True).start()

    async def run(self, function: Callable[[], _Result]) -> _Result:
        """Call a function in a thread. If it is cancelled before it starts, it is not called."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[_Result] = loop.create_future()
        self._jobs.put((loop, future, function))
        return await future

    def _work(self) -> None:
        while True:
            loop, future, function = self._jobs.get()
            if future.cancelled():
                continue
            try:
                result, error = function(), None
            except Exception as raised:  # noqa: BLE001 - raised again, where it was asked for
                result, error = None, raised
            try:
                loop.call_soon_threadsafe(_finish, future, result, error)
            except RuntimeError:  # the loop has ended
                return


def _finish(future: asyncio.Future[Any], result: Any, error: Exception | None) -> None:
    if future.cancelled():
        return
    if error is None:
        future.set_result(result)
    else:
        future.set_exception(error)
