"""Lets Ctrl-C end the process at once, while it has nothing to clean up.

Python's own handler raises an exception wherever the program is: in an import, it prints a
traceback, or is ignored. Later, while there are files to clean up, the exception is wanted; but C
code that calls Python code may ignore it (msgspec does while it creates a decoder). So it is raised
again when more input is read.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Any, Final, NoReturn

INTERRUPTED: Final = 128 + signal.SIGINT
"""The exit status after Ctrl-C, as shells report it."""

_raised: Final[list[KeyboardInterrupt]] = []
"""What has been raised since the command was started."""

unfinished: Final[set[str]] = set()
"""The names of new files that are not complete. Whoever creates one also removes it if the work
fails; but Ctrl-C may come just before that begins, or while it ends."""


def end(_number: int, _frame: object) -> None:
    """A handler that ends the process without a message."""
    os._exit(INTERRUPTED)


def interrupt(error: KeyboardInterrupt) -> NoReturn:
    """Raise an exception, in a handler; `check` raises it again.

    Raises:
        KeyboardInterrupt: always.
    """
    _raised.append(error)
    raise error


def check() -> None:
    """Raise what a handler has raised, in case it has been ignored.

    Raises:
        KeyboardInterrupt: the command has been interrupted.
    """
    if _raised:
        raise _raised[0]


def remove_unfinished() -> None:
    """Remove the files that are not complete, after an interruption."""
    while unfinished:
        with suppress(OSError):
            os.unlink(unfinished.pop())


def _raise(_number: int, _frame: object) -> None:
    interrupt(KeyboardInterrupt())


def swap(wanted: Any, *instead_of: Any) -> Any:
    """Set the handler of SIGINT if the current one is among these, and return that; otherwise
    None.

    Another handler belongs to whoever set it. Only the main thread can set one.
    """
    before = signal.getsignal(signal.SIGINT)
    if before not in instead_of:
        return None
    with suppress(ValueError):
        signal.signal(signal.SIGINT, wanted)
        return before
    return None


@contextmanager
def _swapped(wanted: Any, *instead_of: Any) -> Iterator[None]:
    before = swap(wanted, *instead_of)
    try:
        yield
    finally:
        if before is not None:
            swap(before, wanted)


def ending_at_once() -> AbstractContextManager[None]:
    """A context in which Ctrl-C ends the process without a message."""
    return _swapped(end, signal.default_int_handler, _raise)


@contextmanager
def raising() -> Iterator[None]:
    """A context in which Ctrl-C raises KeyboardInterrupt, inside `ending_at_once`."""
    _raised.clear()
    with _swapped(_raise, end):
        yield
