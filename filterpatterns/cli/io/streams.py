"""Reads files and standard input as lines of bytes, decompressed if they are gzip or zstd; or whole
files, up to a limit."""

from __future__ import annotations

import codecs
import io
import os
import stat
import sys
from collections.abc import Callable
from types import TracebackType
from typing import Any, BinaryIO, Final

from filterpatterns.cli import interrupts
from filterpatterns.cli.io.unpacking import may_be_packed, unpacked
from filterpatterns.cli.messages import Failure, located, reason
from filterpatterns.codegen.rows import split_lines
from filterpatterns.delivery import detection
from filterpatterns.jsontext.memory import reserve

STDIN: Final = "<stdin>"
"""The name of standard input in messages."""

_BUFFER_SIZE = 5 << 15
"""Bytes in a buffer that stays in a core's cache, with its lines: larger buffers are slower."""

_LONG: Final = 2 * _BUFFER_SIZE
"""From this many bytes on, a block may need more memory than there is."""

_LAST_LINES = 1 << 13
"""Bytes at the end of a buffer in which its last line is expected to end."""

_LONGEST_MAGIC = 16


def stdin_bytes() -> BinaryIO:
    """Standard input.

    Raises:
        ValueError: it is closed.
    """
    if sys.stdin is None:  # closed by the parent process
        raise ValueError("standard input is closed")
    return sys.stdin.buffer


def read_whole(name: str, most: int, what: str, *, hint: str = "") -> bytes:
    """Return the bytes of a file, or of standard input (`-`), without a byte order mark.

    Args:
        name: the file's name, for messages too.
        most: the maximum size in bytes.
        what: what the file is read as, for messages.
        hint: added to the message if it cannot be read; begins with a line feed.

    Raises:
        Failure: it cannot be read, or is too large.
    """
    try:
        if name == STDIN:
            data = stdin_bytes().read(most + 1)
        else:
            with open(name, "rb") as file:
                data = file.read(most + 1)
    except (OSError, ValueError) as error:
        raise Failure(located(name, f"error: {reason(error)}") + hint) from None
    if len(data) > most:
        raise Failure(located(name, f"error: too large for {what}"))
    return data.removeprefix(codecs.BOM_UTF8)


class Stream:
    """The lines of a file. If they end before the file does, `fault` has the reason."""

    def __init__(
        self, raw: Any, *, before_read: Callable[[], None] | None = None, keep_open: bool = False
    ) -> None:
        """
        Args:
            raw: a binary file, unbuffered or not.
            before_read: called each time before waiting for more input: the moment to flush output.
                Its exceptions reach the caller who asked for a line.
            keep_open: leave `raw` open.
        """
        self._source = _Source(raw, before_read, keep_open)
        # A section begins in the middle: it cannot be compressed data.
        head = b"" if isinstance(raw, Section) else self._source.peek(may_be_packed)
        self._layer = unpacked(self._source, head) or self._source
        self._begun: list[bytes] = []
        self._begun_size = 0
        self._is_inside = False  # whether the last line passed on has not ended
        self._is_fresh = not isinstance(raw, Section)  # nothing has been read yet
        self._unreadable: str | None = None
        self.buffer_size = _BUFFER_SIZE

    def read_lines(self, longest: Callable[[bytes], int]) -> list[bytes]:
        """Return the lines that `read_block` reads."""
        return split_lines(self.read_block(longest))

    def read_block(self, longest: Callable[[bytes], int]) -> bytes:
        """Return the next lines, as many as are available, as one text; empty at the end.

        Each ends with a line feed; the last line of a file gets one if it has none, so that output
        after it begins a new line. `longest` returns, for the beginning of a line, how many of its
        bytes to hold; a longer line comes in parts, each alone, but the last part may have other
        lines after it. Only the last ends with a line feed.

        Raises:
            MemoryError: there is not enough memory to decode a long line.
            KeyboardInterrupt: the command has been interrupted.
        """
        interrupts.check()
        while data := self._take():
            end = data.rfind(b"\n") + 1
            if end:
                self._is_inside = False
                if end == len(data) and not self._begun:
                    return data
                block = self._with_begun(data, end)
                if end < len(data):
                    self._begin(data[end:])
                return block
            self._begin(data)
            if self._begun_size >= longest(self._begun[0]):
                self._is_inside = True
                return self._with_begun()
        if self._begun or self._is_inside:
            self._is_inside = False
            return self._with_begun(b"\n", 1)
        return b""

    def _take(self) -> bytes:
        data = self._layer.take(self.buffer_size)
        if self._is_fresh and data:
            self._is_fresh = False
            while b"\n" not in data and len(data) < self.buffer_size:  # no complete line yet
                if not (more := self._layer.take(self.buffer_size)):
                    break
                data += more
            self._unreadable = detection.unreadable(data)
        return b"" if self._unreadable else data

    def _begin(self, data: bytes) -> None:
        self._begun.append(data)
        self._begun_size += len(data)

    def _with_begun(self, data: bytes = b"", end: int = 0) -> bytes:
        """Take out the data that was begun, followed by so many bytes of the new data."""
        block = b"".join((*self._begun, memoryview(data)[:end]))
        self._begun.clear()
        self._begun_size = 0
        if len(block) > _LONG:
            reserve(block)
        return block

    @classmethod
    def open(cls, path: str, *, before_read: Callable[[], None] | None = None) -> Stream:
        """Open the file of that name; `-` is standard input.

        Raises:
            OSError, ValueError: the file does not exist or is not readable.
        """
        if path == "-":
            return cls(stdin_bytes(), before_read=before_read, keep_open=True)
        # Unbuffered: _Source decides when to ask the operating system for more.
        return cls(open(path, "rb", buffering=0), before_read=before_read)

    @property
    def problem(self) -> str | None:
        """Why reading stopped before the end of the file; None if it did not."""
        return self._source.problem or self._layer.problem or self._unreadable

    @property
    def is_plain(self) -> bool:
        """Whether it is an uncompressed file on a disk: a read returns all there is."""
        return self._source.is_file and self._layer is self._source

    @property
    def position(self) -> int:
        """How many bytes of the file have been read, before decompression."""
        return self._source.position

    def __enter__(self) -> Stream:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._source.close()


class _Source(io.RawIOBase):
    """The raw bytes, some of which may have been peeked at; calls back before it reads more."""

    def __init__(self, raw: Any, before_read: Callable[[], None] | None, keep_open: bool) -> None:
        super().__init__()
        self.position = 0
        self.problem: str | None = None
        # What is available, without waiting for more.
        self._get = getattr(raw, "read1", None) or raw.read
        self._raw = raw
        self._before_read = before_read
        self._keep_open = keep_open
        self._head = b""
        self._size = _size(raw)
        self.is_file = self._size is not None
        # Standard input's buffer may be ahead of what it passed on: its place is not known.
        has_place = self.is_file and isinstance(raw, (io.FileIO, Section))
        self._places = _Places(raw) if has_place else None

    def readable(self) -> bool:
        return True

    def peek(self, wants_more: Callable[[bytes], bool]) -> bytes:
        """Return the first bytes, which will be read again."""
        while wants_more(self._head) and (more := self._read(_LONGEST_MAGIC)):
            self._head += more
        return self._head

    def take(self, size: int) -> bytes:
        """Return the next bytes, at most so many, without waiting for all; none at the end."""
        data, self._head = self._head[:size], self._head[size:]
        return data or self._read(size)

    def readinto(self, buffer: Any) -> int:
        data = self.take(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        if not self.closed and not self._keep_open:
            self._raw.close()
        super().close()

    def _read(self, size: int) -> bytes:
        if self.problem is not None:
            return b""
        if self._before_read is not None:
            self._before_read()
        try:
            if self._places is not None:
                size = self._places.whole_lines(self.position, size)
            data: bytes = self._get(size) or b""
        except (OSError, ValueError) as error:
            self.problem = reason(error)
            return b""
        self.position += len(data)
        if not data and self.position < (self._size or 0):
            self.problem = "the file became shorter while it was read"
        return data


class _Places:
    """Looks ahead for the ends of lines in a file: lines read without the beginning of the next one
    need not be copied."""

    def __init__(self, raw: io.FileIO | Section) -> None:
        self._file, self._start = raw.fileno(), raw.tell()

    def whole_lines(self, position: int, size: int) -> int:
        """Return how many bytes from a position on are whole lines, if that is easy to tell."""
        if size <= _LAST_LINES or not hasattr(os, "pread"):  # Windows has none
            return size
        before = size - _LAST_LINES
        end = os.pread(self._file, _LAST_LINES, self._start + position + before).rfind(b"\n")
        return size if end < 0 else before + end + 1


def _size(raw: Any) -> int | None:
    """Return how many bytes must still follow: the current size, if it is a file on a disk."""
    if isinstance(raw, Section):
        return raw.left
    try:
        status = os.fstat(raw.fileno())
        return status.st_size - raw.tell() if stat.S_ISREG(status.st_mode) else None
    except (OSError, ValueError, AttributeError):
        return None


class Section:
    """A part of a file, as a file that is read from start to end."""

    def __init__(self, path: str, start: int, end: int) -> None:
        """
        Raises:
            OSError: the file does not exist or is not readable.
        """
        self.left = end - start
        """Return how many bytes are left."""
        self._file = open(path, "rb", buffering=0)  # noqa: SIM115 - closed in `close`
        self._file.seek(start)

    def read1(self, size: int) -> bytes:
        """The next bytes, at most so many; none at the end."""
        data = self._file.read(min(size, self.left))
        self.left -= len(data)
        return data

    def fileno(self) -> int:
        """The descriptor of the whole file."""
        return self._file.fileno()

    def tell(self) -> int:
        """The place in the whole file."""
        return self._file.tell()

    def close(self) -> None:
        """Close the file."""
        self._file.close()
