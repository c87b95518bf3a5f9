"""Files and standard input -> records, plain or gzip, each as soon as it has been read."""

from __future__ import annotations

import gzip
import io
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO, Final, cast

from filterpatterns import events
from filterpatterns.events import Item

STDIN: Final = "<stdin>"
"""The name of standard input in messages."""

_BUFFER_SIZE = 1 << 17
_GZIP_MAGIC = b"\x1f\x8b"
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")


def read(
    path: str, *, stdin: BinaryIO | None = None, before_read: Callable[[], None] | None = None
) -> Iterator[Item]:
    """The records of a file, one by one, while it is being read.

    Args:
        path: the file's name, or `-` for `stdin`.
        stdin: what `-` stands for; `sys.stdin` unless given.
        before_read: called each time before more input is waited for: the moment to flush output.

    Never raises for what is in the file, or because there is none: an item says so.
    """
    name = path
    try:
        if path == "-":
            name = STDIN
            raw = stdin if stdin is not None else stdin_bytes()
        else:
            # Unbuffered: _Source says when the operating system is asked for more.
            raw = open(path, "rb", buffering=0)  # noqa: SIM115 - closed by _Source
    except (OSError, ValueError) as error:
        yield Item(name, None, None, error=reason(error))
        return
    try:
        with _opened(raw, before_read, keep_open=path == "-") as lines:
            yield from events.items(_checked(lines), name)
    except _UnreadableError as error:
        yield Item(name, None, None, error=str(error))


def reason(error: Exception) -> str:
    """Why the operating system refused, in words that go on a sentence."""
    words = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return words[:1].lower() + words[1:]


class _UnreadableError(Exception):
    """The input cannot be read on."""


def stdin_bytes() -> BinaryIO:
    """Standard input.

    Raises:
        ValueError: there is none.
    """
    if sys.stdin is None:  # closed by whoever started the program
        raise ValueError("standard input is closed")
    return sys.stdin.buffer


class _Source(io.RawIOBase):
    """The raw bytes, some of which may have been looked at; says when it goes to get more."""

    def __init__(self, raw: Any, before_read: Callable[[], None] | None, keep_open: bool) -> None:
        super().__init__()
        self._get = getattr(raw, "read1", raw.read)  # what is there, without waiting for more
        self._raw = raw
        self._before_read = before_read
        self._keep_open = keep_open
        self._head = b""

    def readable(self) -> bool:
        return True

    def peek(self, size: int) -> bytes:
        """The first bytes, which will be read again."""
        while len(self._head) < size and (more := self._read(size - len(self._head))):
            self._head += more
        return self._head

    def readinto(self, buffer: Any) -> int:
        size = len(buffer)
        data, self._head = self._head[:size], self._head[size:]
        if not data:
            data = self._read(size)
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        if not self.closed and not self._keep_open:
            self._raw.close()
        super().close()

    def _read(self, size: int) -> bytes:
        if self._before_read is not None:
            self._before_read()
        try:
            return self._get(size) or b""
        except (OSError, ValueError) as error:  # not to be taken for an error of `before_read`
            raise _UnreadableError(reason(error)) from error


@contextmanager
def _opened(
    raw: Any, before_read: Callable[[], None] | None, *, keep_open: bool
) -> Iterator[Iterator[bytes]]:
    """The lines of a file, unpacked if it is gzip."""
    with _Source(raw, before_read, keep_open) as source:
        packed = source.peek(len(_GZIP_MAGIC)) == _GZIP_MAGIC
        with io.BufferedReader(source, _BUFFER_SIZE) as stream:
            yield _unpacked(cast(BinaryIO, stream)) if packed else iter(stream)


def _unpacked(stream: BinaryIO) -> Iterator[bytes]:
    try:
        with gzip.open(stream) as unpacked:
            yield from unpacked
    except EOFError:
        raise _UnreadableError("the gzip data ends early") from None
    except (gzip.BadGzipFile, zlib.error) as error:
        raise _UnreadableError(f"broken gzip data: {reason(error)}") from error


def _checked(lines: Iterator[bytes]) -> Iterator[bytes]:
    """The lines; where they end before the file does, the error says after which of them."""
    number = 0
    try:
        for line in lines:
            if not number:
                _refuse_binary(line)
            number += 1
            yield line
    except _UnreadableError as error:
        raise _UnreadableError(
            f"{error} (after line {number})" if number else str(error)
        ) from error


def _refuse_binary(line: bytes) -> None:
    """Say once, instead of for each line, that a file holds no UTF-8 text at all."""
    if line.startswith(_UTF16_MARKS):
        raise _UnreadableError("UTF-16 text: save it as UTF-8")
    if b"\0" in line:
        try:
            line.decode()
        except UnicodeDecodeError:
            raise _UnreadableError("a binary file, not JSON") from None
