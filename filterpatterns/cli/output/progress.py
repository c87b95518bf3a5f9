"""Progress of long work, on standard error, for people at a terminal."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Any, Final, Protocol, TextIO

_PATIENCE: Final = 0.5
"""Seconds of work before anything is shown."""


class Progress(Protocol):
    """A function that takes the progress so far, in total."""

    def __call__(self, done: int, matched: int) -> None:
        """Show how many bytes have been read, and how many records selected."""

    def clear(self) -> None:
        """Make room for output on the same terminal; it is shown again when work takes long."""


@contextmanager
def show_progress(total: int, *, wanted: bool) -> Iterator[Progress]:
    """A context manager that shows the progress.

    Args:
        total: bytes to be read; 0 if that is not known.
        wanted: whether to show anything.
    """
    if not wanted:
        yield _Nothing()
        return
    bar = _Bar(total)
    try:
        yield bar
    finally:
        bar.clear()


def wants_progress(*, writes_lines: bool) -> bool:
    """Whether standard error is a terminal that no output shares."""
    if sys.stderr is None or not sys.stderr.isatty():
        return False
    return not (writes_lines and sys.stdout is not None and sys.stdout.isatty())


def size_of(file: str) -> int:
    """A file's size in bytes (`-` is standard input); 0 if it is not known."""
    try:
        status = os.fstat(0) if file == "-" else os.stat(file)
    except OSError:
        return 0
    return status.st_size if stat.S_ISREG(status.st_mode) else 0


def is_pipe(out: TextIO | None) -> bool:
    """Whether another program reads what is written."""
    try:
        return out is not None and stat.S_ISFIFO(os.fstat(out.fileno()).st_mode)
    except (OSError, ValueError):
        return False


class _Nothing:
    def __call__(self, done: int, matched: int) -> None:
        """Show nothing."""

    def clear(self) -> None:
        """Nothing is shown."""


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

    def clear(self) -> None:
        """Remove it from the screen."""
        self._start = monotonic()
        if self._progress is not None:
            self._progress.stop()
            self._progress = None

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
