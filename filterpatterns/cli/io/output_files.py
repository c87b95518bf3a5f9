"""Bytes -> standard output or files, packed if so named; a file is there when it is complete."""

from __future__ import annotations

import contextlib
import os
import re
import stat
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO, Final, Literal, NamedTuple, cast

from filterpatterns.cli.io.streams import ZSTD_HINT, reason, zstd
from filterpatterns.cli.messages import Failure, located

Packing = Literal["none", "gzip", "zstd"]

_SUFFIXES: Final[dict[str, Packing]] = {".gz": "gzip", ".zst": "zstd", ".zstd": "zstd"}
_GZIP_LEVEL = 6

_STREAM = re.compile(r"/(?:dev|proc/self)/(stdout|stderr|fd/[0-9]{1,9})")
_STREAMS: Final = {"stdout": 1, "stderr": 2}
"""Names that stand for a stream which is open already, and what they stand for."""

Write = Callable[[bytes], None]


@contextmanager
def to_stdout(packing: Packing) -> Iterator[Write]:
    """What writes to standard output. Each write is out at once, unless it is packed."""
    if sys.stdout is None:  # closed by whoever started the program
        yield _nowhere
        return
    out = sys.stdout.buffer
    write, finish = _packer(out, packing)

    def written(data: bytes) -> None:
        write(data)
        out.flush()

    yield written
    finish()
    out.flush()


@contextmanager
def to_file(path: str | None, *, as_it_comes: bool = False) -> Iterator[Write]:
    """What writes to a file, packed if its name says so. None stands for no file.

    The file has its name only when everything is in it: until then, and for good if the work fails,
    what was there before stays there. Unless `as_it_comes`: then each write is out at once, since
    the work may have no end but Ctrl-C.

    Raises:
        Failure: it cannot be written.
    """
    if path is None:
        yield _nowhere
        return
    packing = _SUFFIXES.get(os.path.splitext(path)[1], "none")
    target = os.path.realpath(path)
    part = None
    if _is_file(path) and not as_it_comes:
        part = f"{target}.{os.getpid()}.part"  # others may write there too
    file: BinaryIO | None = None
    try:
        with _failing(path):
            file = _open(path, target, part)
            write, finish = _packer(file, packing)

        def checked(data: bytes) -> None:
            with _failing(path):
                write(data)
                if part is None and file is not None:
                    file.flush()

        yield checked  # what fails there is not about this file
        with _failing(path):
            finish()
            file.close()
            if part is not None:
                os.replace(part, target)
    except BaseException:
        with contextlib.suppress(OSError):
            if file is not None:
                file.close()
        with contextlib.suppress(OSError):
            if part is not None:
                os.unlink(part)
        raise


def _open(path: str, target: str, part: str | None) -> BinaryIO:
    """The file to write to: `part` of the target, if that is to be replaced."""
    if part is None:
        stream = _STREAM.fullmatch(os.path.abspath(path))
        if stream is not None:  # to go on where others have written, and will write
            name = stream[1]
            return os.fdopen(os.dup(_STREAMS.get(name) or int(name.rpartition("/")[2])), "wb")
        return open(path, "wb")
    file = open(part, "xb")  # noqa: SIM115 - the caller closes it
    with contextlib.suppress(OSError, AttributeError):  # Windows has no fchmod
        os.fchmod(file.fileno(), stat.S_IMODE(os.stat(target).st_mode))
    return file


class Overlap(NamedTuple):
    """A file that an option would write, and that is written or read elsewhere: `other` is the
    other option, or `read` the name that it is read by."""

    option: str
    path: str
    other: str = ""
    read: str = ""


def overlap(written: Iterable[tuple[str, str | None]], read: Iterable[str]) -> Overlap | None:
    """The first file that is written twice, which would spoil it, or that is read, which would
    have no end, or be lost; None if there is none.

    Args:
        written: options, and the files that they write.
        read: all that is read, `-` for standard input.
    """
    found: dict[object, tuple[str, str]] = {}
    for option, path in written:
        if path is None or not _is_file(path):
            continue
        other, _ = found.setdefault(_identity(path), (option, path))
        if other != option:
            return Overlap(option, path, other=other)
    for name in read:
        if (key := _identity(name)) in found:
            return Overlap(*found[key], read=name)
    return None


def _identity(path: str) -> object:
    """What two names of one file have in common; None for what is no file, like a terminal."""
    try:
        status = os.fstat(sys.stdin.fileno()) if path == "-" else os.stat(path)
    except (OSError, ValueError, AttributeError):
        if path == "-" or "\0" in path:
            return None
        return os.path.normcase(os.path.realpath(path))  # it may be made meanwhile
    return (status.st_dev, status.st_ino) if stat.S_ISREG(status.st_mode) else None


def is_output(path: str) -> bool:
    """Whether a file that is to be read is the one that standard output is appended to."""
    try:
        out = os.fstat(sys.stdout.fileno())
        return stat.S_ISREG(out.st_mode) and os.path.samestat(out, os.stat(path))
    except (OSError, ValueError, AttributeError):
        return False


def _is_file(path: str) -> bool:
    """Whether a path is a file, or will be: a device, a named pipe, or whatever a stream that is
    open already leads to, is written as it is."""
    if os.path.abspath(path).startswith(("/dev/", "/proc/")):
        return False
    try:
        return stat.S_ISREG(os.stat(path).st_mode)
    except OSError:
        return True


@contextmanager
def _failing(path: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Failure(located(path, f"error: cannot write: {reason(error)}")) from None


def _nowhere(_data: bytes) -> None:
    """Write to no file."""


def _nothing() -> None:
    """What is not packed has no end mark."""


def _packer(file: BinaryIO, packing: Packing) -> tuple[Write, Callable[[], None]]:
    """What writes to a file, packed, and what writes the end mark.

    Not gzip.GzipFile: where its last write fails, it tries again when it is collected. And what
    fails has no end mark, so nobody takes it for the whole.
    """
    if packing == "none":
        return cast(Write, file.write), _nothing
    compressor = _compressor(packing)

    def write(data: bytes) -> None:
        file.write(compressor.compress(data))

    def finish() -> None:
        file.write(compressor.flush())

    return write, finish


def _compressor(packing: Literal["gzip", "zstd"]) -> Any:
    if packing == "gzip":
        import zlib  # needed only here

        return zlib.compressobj(_GZIP_LEVEL, zlib.DEFLATED, 16 + zlib.MAX_WBITS)  # 16: gzip
    new = zstd("Compressor")
    if new is None:
        raise Failure(f"fp: error: zstd takes a library: {ZSTD_HINT}")
    return new()
