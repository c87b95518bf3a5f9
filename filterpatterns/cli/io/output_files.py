"""Writes to standard output or files, compressed by suffix; a file appears when it is complete."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import stat
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO, Final, Literal, cast

import click

from filterpatterns.cli import interrupts
from filterpatterns.cli.io.streams import STDIN
from filterpatterns.cli.io.unpacking import ZSTD_HINT, zstd
from filterpatterns.cli.messages import Failure, located, reason

Packing = Literal["none", "gzip", "zstd"]

_SUFFIXES: Final[dict[str, Packing]] = {".gz": "gzip", ".zst": "zstd", ".zstd": "zstd"}
_GZIP_LEVEL = 6

_STREAM = re.compile(r"/(?:dev|proc/self)/(stdout|stderr|fd/[0-9]{1,9})")
_STREAMS: Final = {"stdout": 1, "stderr": 2}
"""Names of streams that are already open, and the streams."""

Write = Callable[[bytes], None]


@contextmanager
def to_stdout(packing: Packing) -> Iterator[Write]:
    """Return a writer to standard output. Writes are not buffered, unless they are compressed."""
    if sys.stdout is None:  # closed by the parent process
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
def to_file(
    path: str | None, *, as_it_comes: bool = False, append: bool = False
) -> Iterator[Write]:
    """Return a writer to a file, compressed according to its name. None means no file.

    The file gets its name only when it is complete: until then, and if the work fails, an existing
    file stays as it is. With `as_it_comes`, writes go to the file directly, since the work may only
    end with Ctrl-C. `append` appends to an existing file, also directly.

    Raises:
        Failure: it cannot be written.
    """
    if path is None:
        yield _nowhere
        return
    packing = _SUFFIXES.get(os.path.splitext(path)[1], "none")
    target = os.path.realpath(path)
    part = None
    file: BinaryIO | None = None
    try:
        with failing(path):
            if append:
                file = open_to_append(path, is_text=packing == "none")
            elif as_it_comes or not _is_file(path):
                file = _open_now(path)
            else:
                part = part_of(target)
                file = open_part(part, target)
            write, finish = _packer(file, packing)

        def checked(data: bytes) -> None:
            with failing(path):
                write(data)
                if part is None and file is not None:
                    file.flush()

        yield checked  # errors there are not about this file
        with failing(path):
            finish()
            file.close()
            if part is not None:
                complete_part(part, target)
    except BaseException:
        with contextlib.suppress(OSError):
            if file is not None:
                file.close()
        if part is not None:
            remove_part(part)
        raise


def _open_now(path: str) -> BinaryIO:
    stream = _STREAM.fullmatch("/dev/stdout" if path == "-" else os.path.abspath(path))
    if stream is None:
        return open(path, "wb")
    name = stream[1]  # appends where others have written and will write
    return os.fdopen(os.dup(_STREAMS.get(name) or int(name.rpartition("/")[2])), "wb")


def part_of(target: str) -> str:
    """Return a unique name for the replacement of a file: others may write there at the same time,
    or may have been killed while they did."""
    part = f"{target}.{os.urandom(8).hex()}.part"
    interrupts.unfinished.add(part)
    return part


def complete_part(part: str, target: str) -> None:
    """Replace the target.

    Raises:
        OSError: it cannot be replaced.
    """
    os.replace(part, target)
    interrupts.unfinished.discard(part)


def remove_part(part: str) -> None:
    """Remove a replacement that is not complete, if it exists."""
    with contextlib.suppress(OSError):
        os.unlink(part)
    interrupts.unfinished.discard(part)


def open_part(part: str, target: str) -> BinaryIO:
    """Create a new file to replace the target, with the target's mode.

    Raises:
        OSError: it cannot be created.
    """
    if os.path.isdir(target):  # reported before the work, not after
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    file = open(part, "xb")  # noqa: SIM115 - the caller closes it
    with contextlib.suppress(OSError, AttributeError):  # Windows has no fchmod
        os.fchmod(file.fileno(), stat.S_IMODE(os.stat(target).st_mode))
    return file


def open_to_append(path: str, *, is_text: bool = True) -> BinaryIO:
    """Open a file to append to; the last line of text gets its line feed first.

    Raises:
        OSError: it cannot be opened.
    """
    if not _is_file(path):
        return _open_now(path)
    file = open(path, "a+b")  # noqa: SIM115 - the caller closes it
    if is_text and file.tell():
        file.seek(-1, os.SEEK_END)
        if file.read(1) != b"\n":
            file.write(b"\n")
    return file


def refuse_overlap(written: Iterable[tuple[str, str | None]], read: Iterable[str]) -> None:
    """Refuse to write a file that is read, which would never end or be lost, or that is already
    written, which would corrupt it. Standard output and standard error count as written.

    Args:
        written: options, and the files they write.
        read: the names of all files that are read, `-` for standard input.

    Raises:
        Failure: two are the same file.
    """
    writers = {
        _stream_identity(sys.stdout): "standard output",
        _stream_identity(sys.stderr): "standard error",
    }
    writers.pop(None, None)
    for option, path in written:
        if path is None or not _is_file(path):
            continue
        key = _identity(path)
        if key is not None and key in writers:
            words = f"error: {writers[key]} and {option} would write to the same file"
            raise Failure(located(path, words))
        writers[key] = option
    for name in read:
        key = _identity(name)
        if key is not None and key in writers:
            words = f"error: {writers[key]} would write to this file, which is read"
            is_stderr = key == _stream_identity(sys.stderr)
            failure = _Unsayable if is_stderr else Failure
            raise failure(located(STDIN if name == "-" else name, words))


def empty_streams() -> frozenset[object]:
    """Which files standard output and standard error are redirected to, if nothing has been written
    there yet: for `is_one_of`."""
    return frozenset(
        _stream_identity(stream)
        for stream in (sys.stdout, sys.stderr)
        if _stream_identity(stream) is not None and not os.fstat(stream.fileno()).st_size
    )


def is_one_of(path: str, identities: frozenset[object]) -> bool:
    """Whether a path names one of these files."""
    return bool(identities) and _identity(path) in identities


class _Unsayable(Failure):
    """Standard error is a file that is read: the message would be written to it."""

    def show(self, file: object = None) -> None:
        if sys.stdout is not None and sys.stdout.isatty():
            click.echo(self.message)


def _identity(path: str) -> object:
    """Return what two names of one file have in common; None for a terminal and the like."""
    if path == "-":
        return _stream_identity(sys.stdin)
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        if not path or "\0" in path:
            return None
        return os.path.normcase(os.path.realpath(path))  # it may be created meanwhile
    return (status.st_dev, status.st_ino) if stat.S_ISREG(status.st_mode) else None


def _stream_identity(stream: Any) -> object:
    try:
        status = os.fstat(stream.fileno())
    except (OSError, ValueError, AttributeError):
        return None
    return (status.st_dev, status.st_ino) if stat.S_ISREG(status.st_mode) else None


def _is_file(path: str) -> bool:
    """Whether a path is or will be a regular file: devices, named pipes, and open streams (`-` is
    standard output) are written directly."""
    if path == "-" or os.path.abspath(path).startswith(("/dev/", "/proc/")):
        return False
    try:
        return stat.S_ISREG(os.stat(path).st_mode)
    except OSError:
        return True


@contextmanager
def failing(path: str) -> Iterator[None]:
    """Turn errors into messages about a file that cannot be written.

    Raises:
        Failure: instead of an OSError.
    """
    try:
        yield
    except OSError as error:
        raise Failure(located(path, f"error: cannot write: {reason(error)}")) from None


def _nowhere(_data: bytes) -> None:
    """Write nothing."""


def _nothing() -> None:
    """Write no end mark: the data is not compressed."""


def _packer(file: BinaryIO, packing: Packing) -> tuple[Write, Callable[[], None]]:
    """Return functions that write compressed data to a file, and its end mark.

    Not gzip.GzipFile: where its last write fails, it tries again when it is collected. And a
    failed file gets no end mark, so that it does not look complete.
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
        raise Failure(f"fp: error: zstd support requires the extra `zstd`: {ZSTD_HINT}")
    return new()
