"""Reads files and standard input as lines of bytes, decompressed if they are gzip or zstd."""

from __future__ import annotations

import contextlib
import io
import os
import stat
import sys
import zlib
from collections.abc import Callable
from importlib import import_module
from types import TracebackType
from typing import Any, BinaryIO, Final, cast

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

_GZIP_MAGIC = b"\x1f\x8b"
# Frames with the later numbers are skipped, and may come first (RFC 8878, section 3.1.2).
_ZSTD_MAGICS = tuple(n.to_bytes(4, "little") for n in (0xFD2FB528, *range(0x184D2A50, 0x184D2A60)))
ZSTD_HINT: Final = "pip install zstandard"
_LONGEST_MAGIC = 16
_ZSTD_STEP = 1024
"""Compressed bytes at a time: they may become 30,000 times as many."""


def reason(error: Exception) -> str:
    """Return the operating system's reason for an error, as part of a sentence."""
    words = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return words[:1].lower() + words[1:]


def stdin_bytes() -> BinaryIO:
    """Standard input.

    Raises:
        ValueError: it is closed.
    """
    if sys.stdin is None:  # closed by the parent process
        raise ValueError("standard input is closed")
    return sys.stdin.buffer


def is_packed(head: bytes) -> bool:
    """Whether a file with these first bytes is compressed."""
    return head.startswith((_GZIP_MAGIC, *_ZSTD_MAGICS))


def _may_be_packed(head: bytes) -> bool:
    """Whether more bytes could show that a file is compressed."""
    magics = (_GZIP_MAGIC, *_ZSTD_MAGICS)
    return detection.may_be_packed(head) or any(
        len(head) < len(magic) and magic.startswith(head) for magic in magics
    )


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
        head = b"" if isinstance(raw, Section) else self._source.peek(_may_be_packed)
        layer: _Layer | _Source = self._source
        if head.startswith(_GZIP_MAGIC):
            layer = _Layer(_gzip_reader(self._source))
        elif head.startswith(_ZSTD_MAGICS):
            layer = _Layer(_zstd_reader(self._source))
        self._layer = layer
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
        """
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


class _Layer:
    """Decompresses; an error ends the data, so that the line before it is not lost."""

    def __init__(self, read: Callable[[int], bytes]) -> None:
        self.problem: str | None = None
        self._get = read

    def take(self, size: int) -> bytes:
        """The next bytes, at most so many; none at the end."""
        if self.problem is not None:
            return b""
        try:
            return self._get(size)
        except _UnpackError as error:
            self.problem = str(error)
            return b""


class _UnpackError(Exception):
    """The compressed data is broken, or no library decompresses it."""


def _gzip_reader(source: _Source) -> Callable[[int], bytes]:
    import gzip

    unpacked = gzip.open(cast(BinaryIO, source))  # noqa: SIM115 - closed with its source

    def read(size: int) -> bytes:
        try:
            return unpacked.read1(size)
        except EOFError:
            raise _UnpackError("the gzip data ends early") from None
        except (gzip.BadGzipFile, zlib.error) as error:
            raise _UnpackError(f"broken gzip data: {reason(error)}") from None

    return read


class _Zstd:
    """Decompresses frame after frame."""

    def __init__(self, source: _Source, new: Callable[[], Any]) -> None:
        self._source = source
        self._new = new
        self._frame: Any = None
        self._unpacked = b""

    def read(self, size: int) -> bytes:
        """The next bytes, at most so many."""
        while not self._unpacked:
            packed = b""
            if self._frame is not None and self._frame.eof:
                packed, self._frame = self._frame.unused_data, None
            packed = packed or self._source.read(_ZSTD_STEP) or b""
            if not packed:
                if self._frame is not None:
                    raise _UnpackError("the zstd data ends early")
                return b""
            self._frame = self._frame or self._new()
            try:
                self._unpacked = self._frame.decompress(packed)
            except Exception as error:  # noqa: BLE001 - whatever the library calls it
                raise _UnpackError(f"broken zstd data: {reason(error)}") from None
        data, self._unpacked = self._unpacked[:size], self._unpacked[size:]
        return data


def zstd(side: str) -> Any:
    """Return a function that makes a zstd compressor or decompressor; None without a library."""
    with contextlib.suppress(ImportError):
        return getattr(import_module("compression.zstd"), f"Zstd{side}")  # from Python 3.14 on
    with contextlib.suppress(ImportError):
        made = getattr(import_module("zstandard"), f"Zstd{side}")()
        return made.decompressobj if side == "Decompressor" else made.compressobj
    return None


def _zstd_reader(source: _Source) -> Callable[[int], bytes]:
    new = zstd("Decompressor")
    return _no_zstd if new is None else _Zstd(source, new).read


def _no_zstd(_size: int) -> bytes:
    raise _UnpackError(f"zstd support requires the extra `zstd`: {ZSTD_HINT}")
