"""Reads records from plain or compressed files and standard input, each as soon as possible."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from filterpatterns.cli.io import parquet
from filterpatterns.cli.io.parquet import Columns
from filterpatterns.cli.io.payloads import PayloadReader, Wrap
from filterpatterns.cli.io.streams import STDIN, Stream
from filterpatterns.cli.messages import reason
from filterpatterns.delivery.reader import Item, Reader, forget

if TYPE_CHECKING:
    from filterpatterns.engine.filter import Filter

_ROWS = Columns()


def read_records(
    path: str,
    *,
    before_read: Callable[[], None] | None = None,
    on_invalid: Callable[[bytes], None] = forget,
    wrap: Wrap | None = None,
    columns: Columns = _ROWS,
    compiled: Filter | None = None,
    after_read: Callable[[int], None] | None = None,
) -> Iterator[Item]:
    """Yield the records of a file while it is being read.

    Args:
        path: the file's name, or `-` for `stdin`.
        before_read: called each time before waiting for more input: the moment to flush output.
        on_invalid: called with each line, or part of one, that is not in a record.
        wrap: makes a record of each line, which is a payload of any content. None for files of
            records.
        columns: the content of the columns of Parquet and Arrow files.
        compiled: the filter, which knows the payload's key, if a column has payloads.
        after_read: called from time to time with how many bytes of the file have been read; not
            for columns.

    Errors in the file, or a missing file, do not raise: they are items.
    """
    name = STDIN if path == "-" else path
    kind = parquet.kind_of(path)
    if kind is not None:
        yield from parquet.items(path, kind, columns, compiled)
        return
    try:
        stream = Stream.open(path, before_read=before_read)
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
            if after_read is not None:
                after_read(stream.position)
            for line in lines:
                number += not reader.is_inside
                yield from reader.line(number, line)
        yield from reader.end()
    if stream.problem is not None:
        where = f" (after line {number:,})" if number else ""
        yield Item(name, None, None, error=f"{stream.problem}{where}")
