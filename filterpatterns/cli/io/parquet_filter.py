"""`fp filter` on Parquet and Arrow files: matches parts of them, and writes rows to files."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from filterpatterns.cli.io import output_files, parquet
from filterpatterns.cli.io.lines import Counts, ReadError
from filterpatterns.cli.io.output_files import Write
from filterpatterns.cli.io.parquet import Columns, MatchedBatch, Part
from filterpatterns.cli.io.slices import Chunk, ScanOptions, SliceResult
from filterpatterns.cli.messages import Failure, located
from filterpatterns.errors import printable

if TYPE_CHECKING:
    import pyarrow

    from filterpatterns.engine.filter import Filter

_SUFFIXES: Final = {".parquet": "parquet", ".arrow": "arrow", ".feather": "arrow"}

_ROW_GROUP_BYTES: Final = 1 << 25
"""Bytes of rows in a row group: rows are held until then."""


def writes_rows(path: str | None) -> bool:
    """Whether a file of that name contains columns."""
    return path is not None and os.path.splitext(path)[1].lower() in _SUFFIXES


def run(
    part: Part,
    compiled: Filter,
    work: ScanOptions,
    emit: Callable[[Chunk], None],
    tick: Callable[[int], None] | None,
    most: int | None,
) -> SliceResult:
    """Match a part's rows; otherwise like `Scan.run`."""
    words = parquet.missing(part.kind)
    if words is not None:
        return SliceResult(problem=words)
    import pyarrow as pa

    counts = Counts()
    try:
        for batch in parquet.batches(part):
            found = parquet.match_batch(compiled, work.columns, batch)
            if most is not None:
                found = _first(found, work, most)
            chunk = _chunk(found, work, counts.lines)
            emit(chunk)
            counts.lines += found.batch.num_rows
            counts.errors += len(found.errors)
            counts.records += found.batch.num_rows - len(found.errors)
            if tick is not None:
                tick(0)
            if most is not None:
                most -= chunk.selected
                if not most:
                    break
    except (OSError, pa.ArrowException, ValueError, TypeError) as error:
        where = f" (after row {counts.lines:,})" if counts.lines else ""
        return SliceResult(counts, f"{parquet.words_of(error, part.kind)}{where}")
    return SliceResult(counts)


def _split(found: MatchedBatch, work: ScanOptions) -> tuple[Any, Any]:
    """Return which rows are selected and which rejected; rows that are not records are neither."""
    import pyarrow as pa
    import pyarrow.compute as pc

    others = pc.invert(found.mask)
    if found.errors:
        rows = range(found.batch.num_rows)
        others = pc.and_(others, pa.array([row not in found.errors for row in rows]))
    return (others, found.mask) if work.invert else (found.mask, others)


def _first(found: MatchedBatch, work: ScanOptions, most: int) -> MatchedBatch:
    """Return the rows up to the last that may be selected; all if there are fewer."""
    import pyarrow.compute as pc

    places = pc.indices_nonzero(_split(found, work)[0])
    if len(places) < most:
        return found
    end = places[most - 1].as_py() + 1
    errors = {row: message for row, message in found.errors.items() if row < end}
    return MatchedBatch(found.batch.slice(0, end), found.mask.slice(0, end), errors)


def _chunk(found: MatchedBatch, work: ScanOptions, rows_before: int) -> Chunk:
    import pyarrow as pa
    import pyarrow.compute as pc

    batch, errors = found.batch, found.errors
    selected, rejected = _split(found, work)
    output = rejects = invalid = b""
    if work.text:
        kept = batch.filter(selected)
        output = _ids(kept) if work.ids else _written(kept, work.packs)
    if work.rejects:
        rejects = _written(batch.filter(rejected), work.packs_rejects)
    if work.errors and errors:
        wrong = batch.take(pa.array(sorted(errors), pa.int64()))
        invalid = b"".join(_texts(wrong, work.columns))
    problems = tuple(
        ReadError(rows_before + row + 1, None, message) for row, message in errors.items()
    )
    count: int = pc.sum(selected).as_py() or 0
    matched: int = pc.sum(found.mask).as_py() or 0
    return Chunk(output, rejects, invalid, count, matched, problems)


def _ids(batch: pyarrow.RecordBatch) -> bytes:
    found = ("-" if each is None else printable(each) for each in parquet.ids(batch))
    return b"".join(each.encode(errors="backslashreplace") + b"\n" for each in found)


def _texts(batch: pyarrow.RecordBatch, columns: Columns) -> Iterator[bytes]:
    if columns.column is None:
        yield from parquet.rows_as_lines(batch)
        return
    for value in batch.column(columns.column).to_pylist():
        text = value if isinstance(value, bytes) else str(value).encode()
        yield text + b"\n"


def _written(batch: pyarrow.RecordBatch, packs: bool) -> bytes:
    """Rows as lines, or packed for `rows_to_file`."""
    if not batch.num_rows:
        return b""
    if not packs:
        return b"".join(parquet.rows_as_lines(batch))
    import pyarrow as pa

    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    packed: bytes = sink.getvalue().to_pybytes()
    return packed


def _unpacked(data: bytes) -> pyarrow.Table:
    import pyarrow as pa

    return pa.ipc.open_stream(data).read_all()


@contextmanager
def rows_to_file(path: str, like: str) -> Iterator[Write]:
    """Return a writer of packed rows to a file of columns, which appears when it is complete.

    Args:
        path: the file; its name determines its kind.
        like: a file with the same columns, whose schema metadata is copied.

    Raises:
        Failure: it cannot be written, or rows have other columns.
    """
    kind = parquet.kind_of(like)
    if kind is None:
        raise Failure(located(like, f"error: not a Parquet or Arrow file like {path}"))
    parquet.require(path, kind)
    schema = parquet.schema_of(like, kind)
    with (
        output_files.to_file(path) as write,
        _writer(_Sink(write), path, schema, like, kind) as writer,
    ):
        held: list[pyarrow.Table] = []
        size = 0

        def flush() -> None:
            nonlocal size
            import pyarrow as pa

            if held:
                writer.write_table(pa.concat_tables(held))
            held.clear()
            size = 0

        def written(data: bytes) -> None:
            nonlocal size
            table = _unpacked(data)
            if not table.schema.equals(schema):
                raise Failure(
                    located(path, f"error: the columns of these rows differ from those of {like}")
                )
            held.append(table.replace_schema_metadata(schema.metadata))
            size += table.nbytes
            if size >= _ROW_GROUP_BYTES:
                flush()

        yield written
        flush()


@contextmanager
def _writer(
    sink: _Sink, path: str, schema: pyarrow.Schema, like: str, kind: parquet.Kind
) -> Iterator[Any]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    if _SUFFIXES[os.path.splitext(path)[1].lower()] == "arrow":
        with pa.ipc.new_file(pa.PythonFile(sink, "w"), schema) as writer:
            yield writer
        return
    compression = "snappy"
    if kind == "parquet":
        with pq.ParquetFile(like) as file:
            if file.num_row_groups and file.metadata.num_columns:
                compression = file.metadata.row_group(0).column(0).compression.lower()
    compression = {"uncompressed": "none"}.get(compression, compression)
    with pq.ParquetWriter(sink, schema, compression=compression) as writer:
        yield writer


class _Sink(io.RawIOBase):
    """A file that can only be written, from start to end."""

    def __init__(self, write: Write) -> None:
        self._write = write
        self._position = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        data = bytes(data)
        self._write(data)
        self._position += len(data)
        return len(data)

    def tell(self) -> int:
        return self._position
