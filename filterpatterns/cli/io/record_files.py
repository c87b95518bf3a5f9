"""Files and standard input -> records, plain or packed, each as soon as it has been read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, BinaryIO

from filterpatterns.cli.io import parquet
from filterpatterns.cli.io.parquet import Columns
from filterpatterns.cli.io.payloads import PayloadReader, Wrap
from filterpatterns.cli.io.streams import STDIN, Stream, reason
from filterpatterns.delivery.reader import Item, Reader, forget

if TYPE_CHECKING:
    from filterpatterns.engine.filter import Filter

_ROWS = Columns()


def read_records(
    path: str,
    *,
    stdin: BinaryIO | None = None,
    before_read: Callable[[], None] | None = None,
    on_invalid: Callable[[bytes], None] = forget,
    wrap: Wrap | None = None,
    columns: Columns = _ROWS,
    compiled: Filter | None = None,
) -> Iterator[Item]:
    """The records of a file, one by one, while it is being read.

    Args:
        path: the file's name, or `-` for `stdin`.
        stdin: what `-` stands for; `sys.stdin` unless given.
        before_read: called each time before more input is waited for: the moment to flush output.
        on_invalid: called with each line, or part of one, that is in no record.
        wrap: makes a record of each line, whatever it holds: it is a payload. None for files of
            records.
        columns: what is in the columns of Parquet and Arrow files.
        compiled: the filter that says how a payload is called, if a column holds payloads.

    Never raises for what is in the file, or because there is none: an item says so.
    """
    name = STDIN if path == "-" else path
    kind = parquet.kind_of(path)
    if kind is not None:
        yield from parquet.items(path, kind, columns, compiled)
        return
    try:
        stream = Stream.open(path, stdin=stdin, before_read=before_read)
    except (OSError, ValueError) as error:
        yield Item(name, None, None, error=reason(error))
        return
    reader: Reader | PayloadReader
    if wrap is None:
        reader = Reader(name, on_invalid=on_invalid)
    else:
        reader = PayloadReader(name, wrap, on_invalid=on_invalid)
    number = 0
    with stream:
        while lines := stream.read_lines(reader.longest):
            for line in lines:
                number += not reader.is_inside
                yield from reader.line(number, line)
        yield from reader.end()
    if stream.problem is not None:
        where = f" (after line {number:,})" if number else ""
        yield Item(name, None, None, error=f"{stream.problem}{where}")
