"""Progress of long work, on standard error, for people at a terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Any, Final, Protocol

_PATIENCE: Final = 0.5
"""Seconds of work before anything is shown."""


class Progress(Protocol):
    """A function that takes the progress so far, in total."""

    def __call__(self, done: int, matched: int) -> None:
        """Show how many bytes have been read, and how many records selected."""


@contextmanager
def show_progress(total: int, *, wanted: bool) -> Iterator[Progress]:
    """A context manager that shows the progress.

    Args:
        total: bytes to be read; 0 if that is not known.
        wanted: whether to show anything.
    """
    bar = _Bar(total)
    if not wanted:
        yield _nothing
        return
    try:
        yield bar
    finally:
        bar.stop()


def wants_progress(*, writes_lines: bool) -> bool:
    """Whether standard error is a terminal that no output shares."""
    if sys.stderr is None or not sys.stderr.isatty():
        return False
    return not (writes_lines and sys.stdout is not None and sys.stdout.isatty())


def _nothing(done: int, matched: int) -> None:
    """Show nothing."""


class _Bar:
    def __init__(self, total: int) -> None:
        self._total = total
        self._start = monotonic()
        self._progress: Any = None
        self._task: Any = None

    def __call__(self, done: int, matched: int) -> None:
        if self._progress is None:
            if monotonic() - self._start < _PATIENCE:
                return
            self._show()
        self._progress.update(self._task, completed=done, matched=f"{matched:,}")

    def stop(self) -> None:
        """Remove it from the screen."""
        if self._progress is not None:
            self._progress.stop()

    def _show(self) -> None:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            DownloadColumn,
            TextColumn,
            TimeRemainingColumn,
            TransferSpeedColumn,
        )
        from rich.progress import (
            Progress as RichProgress,
        )

        self._progress = RichProgress(
            BarColumn(),
            DownloadColumn(),
            TransferSpeedColumn(),
            TextColumn("{task.fields[matched]} matched"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
        )
        self._progress.start()
        self._task = self._progress.add_task("", total=self._total or None, matched="0")
