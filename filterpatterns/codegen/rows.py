"""Decodes many lines of JSON Lines into rows in one call, in three quarters of the time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from io import BytesIO
from operator import itemgetter
from typing import Any

_FIRST, _BEFORE_LAST, _BEFORE_TWO = itemgetter(0), itemgetter(-2), itemgetter(-3)
_OPENING, _CLOSING, _RETURN = set(b"{"), set(b"}"), set(b"\r")


def split_lines(block: bytes) -> list[bytes]:
    """The lines of a text, each with its line feed if it has one."""
    return BytesIO(block).readlines()  # ends at line feeds only, and faster than split


def decode_each(lines: Iterable[bytes], decode: Callable[[bytes], Any]) -> Iterator[Any]:
    """Yield a row for each line, decoded by itself; None for a line that is not plainly one
    record."""
    for line in lines:
        try:
            if not line.isascii():
                str(line, "utf-8")  # msgspec does not validate what it skips
            yield decode(line)
        except Exception:  # noqa: BLE001 - the line will be evaluated separately
            yield None


def decode_rows(
    block: bytes, lines: Sequence[bytes], decode: Callable[[bytes], list[Any]]
) -> list[Any] | None:
    """Return a row for each line of a block; None if a line is not plainly one record, so that each
    line must be evaluated separately.

    `decode` accepts JSON values with any space between them: a line may have two, and a value may
    continue on the next line. But strings contain no line feed, and if a value continues after "}",
    no "{" can follow. So if all lines begin with "{" and end with "}", each has at least one value;
    and if there are as many values as lines, each has exactly one.
    """
    try:
        if not block.isascii():
            str(block, "utf-8")  # msgspec does not validate what it skips
        rows = decode(block)
    except Exception:  # noqa: BLE001 - each line will be evaluated separately
        return None
    if len(rows) != len(lines) or set(map(_FIRST, lines)) != _OPENING:
        return None
    before_end = set(map(_BEFORE_LAST, lines))
    if before_end == _RETURN:
        before_end = set(map(_BEFORE_TWO, lines))
    return rows if before_end == _CLOSING else None
