"""Decompresses gzip and zstd data."""

from __future__ import annotations

import contextlib
import io
import zlib
from collections.abc import Callable
from importlib import import_module
from typing import Any, BinaryIO, Final, cast

from filterpatterns.cli.messages import reason
from filterpatterns.delivery import detection

_GZIP_MAGIC = b"\x1f\x8b"
# Frames with the later numbers are skipped, and may come first (RFC 8878, section 3.1.2).
_ZSTD_MAGICS = tuple(n.to_bytes(4, "little") for n in (0xFD2FB528, *range(0x184D2A50, 0x184D2A60)))
ZSTD_HINT: Final = "pip install zstandard"
_ZSTD_STEP = 1024
"""Compressed bytes at a time: they may become 30,000 times as many."""


def is_packed(head: bytes) -> bool:
    """Whether a file with these first bytes is compressed."""
    return head.startswith((_GZIP_MAGIC, *_ZSTD_MAGICS))


def may_be_packed(head: bytes) -> bool:
    """Whether more bytes could show that a file is compressed."""
    magics = (_GZIP_MAGIC, *_ZSTD_MAGICS)
    return detection.may_be_packed(head) or any(
        len(head) < len(magic) and magic.startswith(head) for magic in magics
    )


def unpacked(source: io.RawIOBase, head: bytes) -> Layer | None:
    """Return what decompresses a file with these first bytes; None if it is not compressed."""
    if head.startswith(_GZIP_MAGIC):
        return Layer(_gzip_reader(source))
    return Layer(_zstd_reader(source)) if head.startswith(_ZSTD_MAGICS) else None


class Layer:
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


def _gzip_reader(source: io.RawIOBase) -> Callable[[int], bytes]:
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

    def __init__(self, source: io.RawIOBase, new: Callable[[], Any]) -> None:
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


def _zstd_reader(source: io.RawIOBase) -> Callable[[int], bytes]:
    new = zstd("Decompressor")
    return _no_zstd if new is None else _Zstd(source, new).read


def _no_zstd(_size: int) -> bytes:
    raise _UnpackError(f"zstd support requires the extra `zstd`: {ZSTD_HINT}")
