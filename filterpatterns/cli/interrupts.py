"""Lets Ctrl-C end the process at once, while it has nothing to clean up.

Python's own handler raises an exception wherever the program is: in an import, it prints a
traceback, or is ignored.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Any, Final

INTERRUPTED: Final = 128 + signal.SIGINT
"""The exit status after Ctrl-C, as shells report it."""


def end(_number: int, _frame: object) -> None:
    """A handler that ends the process without a message."""
    os._exit(INTERRUPTED)


def swap(wanted: Any, instead_of: Any) -> bool:
    """Set the handler of SIGINT if the current one is as expected; return whether it was.

    Another handler belongs to whoever set it. Only the main thread can set one.
    """
    if signal.getsignal(signal.SIGINT) is not instead_of:
        return False
    with suppress(ValueError):
        signal.signal(signal.SIGINT, wanted)
        return True
    return False


@contextmanager
def _swapped(wanted: Any, instead_of: Any) -> Iterator[None]:
    is_set = swap(wanted, instead_of)
    try:
        yield
    finally:
        if is_set:
            swap(instead_of, wanted)


def ending_at_once() -> AbstractContextManager[None]:
    """A context in which Ctrl-C ends the process without a message."""
    return _swapped(end, signal.default_int_handler)


def raising() -> AbstractContextManager[None]:
    """A context in which Ctrl-C raises KeyboardInterrupt, inside `ending_at_once`."""
    return _swapped(signal.default_int_handler, end)
