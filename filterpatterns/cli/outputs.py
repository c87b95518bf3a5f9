"""Bytes -> standard output or files, packed if so named; a file is there when it is complete."""

from __future__ import annotations

import contextlib
import os
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO, Final, Literal, cast

import click

from filterpatterns.cli.messages import Failure, located
from filterpatterns.cli.streams import ZSTD_HINT, reason, zstd

Packing = Literal["none", "gzip", "zstd"]

_SUFFIXES: Final[dict[str, Packing]] = {".gz": "gzip", ".zst": "zstd", ".zstd": "zstd"}
_GZIP_LEVEL = 6

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
def to_file(path: str | None) -> Iterator[Write]:
    """What writes to a file, packed if its name says so. None stands for no file.

    The file has its name only when everything is in it: until then, and for good if the work fails,
    what was there before stays there.

    Raises:
        Failure: it cannot be written.
    """
    if path is None:
        yield _nowhere
        return
    packing = _SUFFIXES.get(os.path.splitext(path)[1], "none")
    target = os.path.realpath(path)
    part = f"{target}.part" if _is_file(target) else target
    file: BinaryIO | None = None
    try:
        with _failing(path):
            file = open(part, "wb")  # noqa: SIM115 - closed below
            write, finish = _packer(file, packing)

        def checked(data: bytes) -> None:
            with _failing(path):
                write(data)

        yield checked  # what fails there is not about this file
        with _failing(path):
            finish()
            file.close()
            if part != target:
                os.replace(part, target)
    except BaseException:
        with contextlib.suppress(OSError):
            if file is not None:
                file.close()
        with contextlib.suppress(OSError):
            if part != target:
                os.unlink(part)
        raise


def refuse_same(*paths: str | None) -> None:
    """Two outputs in one file would spoil each other.

    Raises:
        click.UsageError: two of the paths are one file.
    """
    given = [os.path.realpath(path) for path in paths if path is not None and _is_file(path)]
    if len(set(given)) < len(given):
        raise click.UsageError("the output, the rejects and the errors want a file each")


def is_output(path: str) -> bool:
    """Whether a file that is to be read is the one that standard output is appended to."""
    try:
        out = os.fstat(sys.stdout.fileno())
        return stat.S_ISREG(out.st_mode) and os.path.samestat(out, os.stat(path))
    except (OSError, ValueError, AttributeError):
        return False


def _is_file(path: str) -> bool:
    """Whether a path is a file, or will be: a device or a named pipe is written as it is."""
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
