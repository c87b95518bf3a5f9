"""Files and standard input -> records, plain or packed, each as soon as it has been read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import chain
from typing import BinaryIO

from filterpatterns.cli.io.streams import STDIN, Stream, reason
from filterpatterns.delivery import reader
from filterpatterns.delivery.reader import LONGEST_LINE, Item

_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")


def read_records(
    path: str,
    *,
    stdin: BinaryIO | None = None,
    before_read: Callable[[], None] | None = None,
    as_text: bool = False,
    on_invalid: Callable[[bytes], None] = reader.forget,
) -> Iterator[Item]:
    """The records of a file, one by one, while it is being read.

    Args:
        path: the file's name, or `-` for `stdin`.
        stdin: what `-` stands for; `sys.stdin` unless given.
        before_read: called each time before more input is waited for: the moment to flush output.
        as_text: give each record as its own text.
        on_invalid: called with each line, or part of one, that is in no record.

    Never raises for what is in the file, or because there is none: an item says so.
    """
    name = STDIN if path == "-" else path
    try:
        stream = Stream.open(path, stdin=stdin, before_read=before_read)
    except (OSError, ValueError) as error:
        yield Item(name, None, None, error=reason(error))
        return
    with stream:
        try:
            yield from reader.items(_checked(stream), name, as_text=as_text, on_invalid=on_invalid)
        except UnreadableError as error:
            yield Item(name, None, None, error=str(error))


class UnreadableError(Exception):
    """The input cannot be read on."""


def _checked(stream: Stream) -> Iterator[bytes]:
    """The lines; where they end before the file does, the error says after which of them."""
    number = 0
    for line in chain.from_iterable(iter(partial(stream.read_lines, LONGEST_LINE), [])):
        if not number:
            refuse_binary(line)
        number += 1
        yield line
    if stream.problem is not None:
        where = f" (after line {number})" if number else ""
        raise UnreadableError(f"{stream.problem}{where}")


def refuse_binary(line: bytes) -> None:
    """Say once, instead of for each line, that a file holds no UTF-8 text at all.

    Raises:
        UnreadableError: it does not, as its first line shows.
    """
    if line.startswith(_UTF16_MARKS):
        raise UnreadableError("UTF-16 text: save it as UTF-8")
    if b"\0" in line:
        try:
            line.decode()
        except UnicodeDecodeError:
            raise UnreadableError("a binary file, not JSON") from None
