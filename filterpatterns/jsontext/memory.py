"""Whether there is memory to decode a text."""

from __future__ import annotations

import mmap
from typing import Any, Final

_MOST_FOR_A_CHARACTER: Final = 322


def reserve(text: str | bytes) -> None:
    """Make sure that there is memory to decode a JSON text, or lines of them: without it msgspec
    0.22 crashes instead of raising.

    Raises:
        MemoryError: there is not enough memory.
    """
    if _is_available(_MOST_FOR_A_CHARACTER * len(text)):  # which costs far less than counting
        return
    signs: Any = "{[,:" if isinstance(text, str) else b"{[,:"
    objects, arrays, values, names = (text.count(sign) for sign in signs)
    # The most that CPython needs for each of these.
    if not _is_available(2 * len(text) + 320 * objects + 96 * arrays + 64 * values + 72 * names):
        raise MemoryError


def _is_available(size: int) -> bool:
    """Whether there are so many bytes of memory."""
    try:
        mmap.mmap(-1, size).close()  # mapped, but never touched
    except (OSError, ValueError):
        return False
    return True
