"""Parquet and Arrow IPC files: their rows as records, matched as columns (extra `arrow`)."""

from __future__ import annotations

import base64
import os
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, TypeVar

import click
from msgspec import Struct

from filterpatterns.cli.messages import Failure, located, reason
from filterpatterns.delivery.reader import Item, record_id

if TYPE_CHECKING:
    import pyarrow

    from filterpatterns.engine.columns import Of, PayloadEncoding
    from filterpatterns.engine.filter import Filter

Kind = Literal["parquet", "arrow", "stream"]
"""The format of a columnar file: Parquet, an Arrow IPC file (Feather), or an Arrow IPC stream."""

_MAGIC: Final[tuple[tuple[bytes, Kind], ...]] = (
    (b"PAR1", "parquet"),
    (b"ARROW1", "arrow"),
    (b"\xff\xff\xff\xff", "stream"),
)

_ROWS: Final = 4096
"""Rows of Parquet in memory at a time."""

_BUFFER: Final = 1 << 20
"""Bytes to read at a time of each column of a row group."""

_MOST_ERRORS: Final = 1000
"""The number of rows in a batch that are not records and are looked for one by one; if there are
more, each row is evaluated separately."""

Command = TypeVar("Command", bound=Callable[..., Any])


class Columns(Struct, frozen=True):
    """The content of columns: each row a record, or one column of payloads or records."""

    column: str | None = None
    of: Of = "record"
    encoding: PayloadEncoding | None = None

    @classmethod
    def given(cls, column: str | None, of: Of | None, encoding: PayloadEncoding | None) -> Columns:
        """Create it from the options.

        Raises:
            click.UsageError: they conflict.
        """
        if of is not None and column is None:
            raise click.UsageError("--of requires --column")
        return cls(column, of or ("record" if column is None else "payload"), encoding)


def column_options(command: Command) -> Command:
    """The options for the content of Parquet and Arrow files: `column`, `of` and `encoding`."""
    for option in (
        click.option(
            "--encoding",
            type=click.Choice(["raw", "base64"]),
            help="How columns store payloads: the bytes themselves, or base64.  "
            "[default: as in the source's records]",
        ),
        click.option(
            "--of",
            type=click.Choice(["payload", "record"]),
            help="Content of --column: payloads, or whole records as JSON text.  "
            "[default: payload]",
        ),
        click.option(
            "--column",
            metavar="NAME",
            help="The column of Parquet and Arrow files that has the payloads; without it, the "
            "columns are the members of records.",
        ),
    ):
        command = option(command)
    return command


def kind_of(path: str) -> Kind | None:
    """Return the kind of a file of columns by its first bytes; None for other files."""
    if not os.path.isfile(path):  # a pipe can be read only once
        return None
    try:
        with open(path, "rb") as file:
            head = file.read(6)
    except (OSError, ValueError):
        return None  # reading it reports the error
    return next((kind for magic, kind in _MAGIC if head.startswith(magic)), None)


class Part(NamedTuple):
    """Row groups of a Parquet file, from `start` up to `end`; with `end` None, a whole file."""

    path: str
    kind: Kind
    start: int
    end: int | None


def parts(path: str, kind: Kind, *, divide: bool) -> Iterator[tuple[Part, int]]:
    """The parts of a file, each with its size in bytes (0: unknown)."""
    if not divide or kind != "parquet" or missing(kind) is not None:
        yield Part(path, kind, 0, None), 0
        return
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            metadata = file.metadata
            sizes = [
                metadata.row_group(number).total_byte_size
                for number in range(metadata.num_row_groups)
            ]
    except (OSError, pa.ArrowException):
        sizes = []  # reading it reports the error
    if not sizes:
        yield Part(path, kind, 0, None), 0
    for number, size in enumerate(sizes):
        yield Part(path, kind, number, number + 1), size


def words_of(error: Exception, kind: Kind) -> str:
    """Return why a file of columns cannot be read."""
    return f"{'a Parquet' if kind == 'parquet' else 'an Arrow'} file: {reason(error)}"


def missing(kind: Kind) -> str | None:
    """Return what must be installed to read such files; None if it is installed."""
    try:
        import pyarrow  # noqa: F401 - whether it is there
    except ImportError:
        name = "a Parquet" if kind == "parquet" else "an Arrow"
        return f"{name} file requires pyarrow: pip install 'filterpatterns[arrow]'"
    return None


def require(path: str, kind: Kind) -> None:
    """Check that columns can be written.

    Raises:
        Failure: pyarrow is not installed.
    """
    words = missing(kind)
    if words is not None:
        raise Failure(located(path, f"error: {words}"))


def schema_of(path: str, kind: Kind) -> pyarrow.Schema:
    """Return the schema of a file, including metadata.

    Raises:
        Failure: it cannot be read.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        if kind == "parquet":
            with pq.ParquetFile(path) as file:
                return file.schema_arrow
        with pa.memory_map(path) as source:
            opened = pa.ipc.open_file if kind == "arrow" else pa.ipc.open_stream
            return opened(source).schema
    except (OSError, pa.ArrowException) as error:
        raise Failure(located(path, f"error: {words_of(error, kind)}")) from None


def batches(part: Part) -> Iterator[pyarrow.RecordBatch]:
    """Yield the rows of a part in batches."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    if part.kind == "parquet":
        with pq.ParquetFile(part.path, pre_buffer=False, buffer_size=_BUFFER) as file:
            end = file.num_row_groups if part.end is None else part.end
            yield from file.iter_batches(
                _ROWS, row_groups=range(part.start, end), use_threads=False
            )
        return
    with pa.memory_map(part.path) as source:
        if part.kind == "stream":
            yield from pa.ipc.open_stream(source)
            return
        reader = pa.ipc.open_file(source)
        for number in range(reader.num_record_batches):
            yield reader.get_batch(number)


class MatchedBatch(NamedTuple):
    """A batch: whether each row is kept; and the rows that are not records, with the errors."""

    batch: pyarrow.RecordBatch
    mask: pyarrow.BooleanArray
    errors: dict[int, str]


def match_batch(compiled: Filter, columns: Columns, batch: pyarrow.RecordBatch) -> MatchedBatch:
    """Match a batch.

    Raises:
        TypeError: the pattern names a column of a type that JSON does not have.
        ValueError: there is no such column.
    """
    import pyarrow as pa

    from filterpatterns.errors import RecordError

    masks: list[pa.BooleanArray] = []
    errors: dict[int, str] = {}
    start = 0
    while start < batch.num_rows or not masks:
        rest = batch.slice(start)
        if len(errors) >= _MOST_ERRORS:
            rest = rest.slice(0, 1)
        try:
            masks.append(_mask(compiled, columns, rest, "raise"))
            start += rest.num_rows
        except RecordError as error:
            index = error.index or 0
            errors[start + index] = error.message
            masks.append(_mask(compiled, columns, rest.slice(0, index + 1), "drop"))
            start += index + 1
    return MatchedBatch(batch, pa.concat_arrays(masks), errors)


def _mask(
    compiled: Filter,
    columns: Columns,
    batch: pyarrow.RecordBatch,
    on_error: Literal["raise", "drop"],
) -> Any:
    return compiled.mask_arrow(
        batch, column=columns.column, of=columns.of, encoding=columns.encoding, on_error=on_error
    )


def rows_as_lines(batch: pyarrow.RecordBatch) -> list[bytes]:
    """Return each row as a line of JSON."""
    return [_row_line(row) for row in _dicts(batch)]


def line_of(item: Item) -> bytes:
    """The line of a record: its own, or that of its row."""
    record: Any = item.record
    is_row = item.own_line is None and isinstance(record, dict)
    return _row_line(record) if is_row else item.as_line()


def _row_line(row: dict[str, Any]) -> bytes:
    import orjson  # only for files of columns

    options = orjson.OPT_APPEND_NEWLINE | orjson.OPT_NON_STR_KEYS | orjson.OPT_NAIVE_UTC
    return orjson.dumps(row, default=_as_json, option=options)


def _as_json(value: Any) -> Any:
    """Return a JSON value for another value: numbers for decimals, base64 for bytes that are not
    text, strings for the rest."""
    if isinstance(value, Decimal):
        import orjson

        return orjson.Fragment(str(value)) if value.is_finite() else None
    if isinstance(value, bytes):
        try:
            return str(value, "utf-8")
        except UnicodeDecodeError:
            return base64.b64encode(value).decode()
    return str(value)


def ids(batch: pyarrow.RecordBatch) -> list[str | None]:
    """Return the id of each row's record."""
    return [record_id(row) for row in _dicts(batch)]


def _dicts(batch: pyarrow.RecordBatch) -> list[dict[str, Any]]:
    return _values(batch)


def _values(data: Any) -> list[Any]:
    """Return Python values; maps become dicts if pyarrow supports that."""
    found: list[Any]
    try:
        found = data.to_pylist(maps_as_pydicts="lossy")
    except TypeError:  # older versions of pyarrow: lists of pairs
        found = data.to_pylist()
    return found


def items(path: str, kind: Kind, columns: Columns, compiled: Filter | None) -> Iterator[Item]:
    """Yield the rows of a file as records with their numbers; otherwise like `read_records`."""
    words = missing(kind)
    if words is not None:
        yield Item(path, None, None, error=words)
        return
    import pyarrow as pa

    number = 0
    try:
        for batch in batches(Part(path, kind, 0, None)):
            for record in _records(batch, columns, compiled):
                number += 1
                yield _item(path, number, record)
    except (OSError, pa.ArrowException, ValueError) as error:
        where = f" (after row {number:,})" if number else ""
        yield Item(path, None, None, error=f"{words_of(error, kind)}{where}")


def _item(path: str, number: int, record: Any) -> Item:
    if record is None:
        return Item(path, number, None, error="a record must be a JSON object, found null")
    found = record_id(record) if isinstance(record, dict) else None
    return Item(path, number, record, found)


def _records(
    batch: pyarrow.RecordBatch, columns: Columns, compiled: Filter | None
) -> Iterator[Any]:
    if columns.column is None:
        yield from _dicts(batch)
        return
    from filterpatterns.integrations.arrow.columns import read

    (values,) = read(batch, columns.column).chunks
    found = _values(values)
    if columns.of == "record" or compiled is None:
        yield from found
        return
    key, is_raw = _payload(compiled, columns)
    for value in found:
        if is_raw and isinstance(value, (str, bytes)):
            value = base64.b64encode(value if isinstance(value, bytes) else value.encode())
        yield {key: value}


def _payload(compiled: Filter, columns: Columns) -> tuple[str, bool]:
    """Return the payload's key, and whether values must become base64."""
    from filterpatterns.delivery.sources import Encoding
    from filterpatterns.engine.engine import Engine
    from filterpatterns.integrations.arrow.matchers import payload_key

    engine = compiled._engine  # noqa: SLF001 - in one package
    if not isinstance(engine, Engine):
        raise ValueError("source auto: a column of payloads does not show their source")
    is_base64 = engine.matcher.source.encoding is Encoding.BASE64
    return payload_key(engine.matcher), is_base64 and columns.encoding == "raw"
