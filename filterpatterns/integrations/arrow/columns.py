"""Converts Arrow data of any library to chunks of one column, and reads texts in place.

The layouts are those of the Arrow specification, "Arrow Columnar Format"; data of other libraries
is imported through "The Arrow PyCapsule Interface".
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import types


class ColumnTypeError(TypeError):
    """A column has a type without a JSON equivalent; the message names both."""

    def __init__(self, name: str | None, found: pa.DataType, hint: str) -> None:
        super().__init__(f"{named(name)} is {found}: {hint}")


class Column(NamedTuple):
    """A column: its chunks, and whether the result must have the same chunks.

    `name` is empty if the data is itself a column. The rows of a table (`is_table`) are treated as
    a column of structs without nulls.
    """

    name: str
    type: pa.DataType
    chunks: Sequence[pa.Array]
    is_chunked: bool
    is_table: bool = False


def named(name: str | None) -> str:
    """The name of a column in messages."""
    return f"the column {name!r}" if name else "the column"


def read(data: Any, column: str | None) -> Column:
    """Return a column of Arrow data: an array, a table's rows, or the member named `column`.

    Raises:
        TypeError: it is not Arrow data.
        ValueError: there is no such column.
    """
    array = _arrow(data)
    is_chunked = isinstance(array, pa.ChunkedArray)
    chunks = array.chunks if is_chunked else [array]
    found = Column("", array.type, chunks, is_chunked, _is_table(data, array))
    return found if column is None else _member(found, column)


def as_pyarrow(data: Any) -> Any:
    """Convert Arrow data to the equivalent pyarrow object.

    Raises:
        TypeError: it is not Arrow data.
    """
    if isinstance(data, (pa.Array, pa.ChunkedArray, pa.Table, pa.RecordBatch)):
        return data
    array = _arrow(data)
    if not _is_table(data, array):
        return array
    chunks = array.chunks if isinstance(array, pa.ChunkedArray) else [array]
    batches = [pa.RecordBatch.from_struct_array(chunk) for chunk in chunks]
    return pa.Table.from_batches(batches, pa.schema(list(array.type)))


def _is_table(data: Any, array: pa.Array | pa.ChunkedArray) -> bool:
    is_one = isinstance(data, (pa.RecordBatch, pa.RecordBatchReader)) or hasattr(data, "columns")
    return is_one and bool(types.is_struct(array.type))


def _arrow(data: Any) -> pa.Array | pa.ChunkedArray:
    if isinstance(data, pa.RecordBatch):
        return data.to_struct_array()
    if isinstance(data, pa.RecordBatchReader):
        data = data.read_all()
    if isinstance(data, pa.Table):
        chunks = [batch.to_struct_array() for batch in data.to_batches()]
        return pa.chunked_array(chunks, pa.struct(list(data.schema)))
    if isinstance(data, (pa.Array, pa.ChunkedArray)):
        return data
    if hasattr(data, "__arrow_c_stream__"):
        return pa.chunked_array(data)
    if hasattr(data, "__arrow_c_array__") or hasattr(data, "__arrow_array__"):
        return pa.array(data)
    pandas: Any = sys.modules.get("pandas")
    if pandas is not None and isinstance(data, (pandas.Series, pandas.Index)):
        return pa.array(data, from_pandas=True)
    raise TypeError(
        "expected Arrow data: an array or table of pyarrow, Polars, DuckDB, pandas or any "
        f"object with __arrow_c_stream__; found {type(data).__name__}"
    )


def _member(table: Column, name: str) -> Column:
    if not types.is_struct(table.type):
        raise ValueError(f"column={name!r}: the data is one column ({table.type}), not a table")
    index = table.type.get_field_index(name)
    if index < 0:
        names = ", ".join(repr(field.name) for field in table.type) or "none"
        raise ValueError(f"no column {name!r}; the table has {names}")
    chunks = [pc.struct_field(chunk, [index]) for chunk in table.chunks]  # with the struct's nulls
    return Column(name, table.type.field(index).type, chunks, table.is_chunked)


def is_text(kind: pa.DataType) -> bool:
    """Whether a column holds texts, or bytes that may be text."""
    return bool(
        types.is_string(kind)
        or types.is_large_string(kind)
        or types.is_string_view(kind)
        or is_binary(kind)
    )


def is_binary(kind: pa.DataType) -> bool:
    """Whether a column holds bytes."""
    return bool(
        types.is_binary(kind)
        or types.is_large_binary(kind)
        or types.is_binary_view(kind)
        or types.is_fixed_size_binary(kind)
    )


def stored(array: pa.Array) -> pa.Array:
    """Return an array without extension types and run-end encoding."""
    while True:
        if isinstance(array, pa.ExtensionArray):
            array = array.storage
        elif types.is_run_end_encoded(array.type):
            array = pc.run_end_decode(array)
        else:
            return array


def stored_type(kind: pa.DataType) -> pa.DataType:
    """The type of the result of `stored`, with the values of a dictionary in place of the
    dictionary."""
    while True:
        if isinstance(kind, pa.BaseExtensionType):
            kind = kind.storage_type
        elif types.is_run_end_encoded(kind) or types.is_dictionary(kind):
            kind = kind.value_type
        else:
            return kind


def take(array: pa.Array, rows: Sequence[int]) -> pa.Array:
    """Rows of an array, in order."""
    if types.is_string_view(array.type):
        array = array.cast(pa.large_string())
    elif types.is_binary_view(array.type):
        array = array.cast(pa.large_binary())
    try:
        return array.take(pa.array(rows, pa.int64()))
    except pa.ArrowNotImplementedError:  # views in structs or lists
        parts = [array.slice(row, 1) for row in rows]
        return pa.concat_arrays(parts) if parts else array.slice(0, 0)


class Texts(NamedTuple):
    """Texts in place: row n is `view[offsets[n]:offsets[n + 1]]`. Nulls also have a slice; `rows`
    are the rows that are not null."""

    array: pa.Array
    view: memoryview
    offsets: list[int]
    rows: Sequence[int]

    def text(self, row: int) -> memoryview:
        """The bytes of a row."""
        return self.view[self.offsets[row] : self.offsets[row + 1]]


def texts(array: pa.Array) -> Texts:
    """The texts of an array for which `is_text` is true."""
    kind = array.type
    if types.is_string_view(kind):
        array = array.cast(pa.large_string())
    elif types.is_binary_view(kind) or types.is_fixed_size_binary(kind):
        array = array.cast(pa.large_binary())
    is_large = types.is_large_string(array.type) or types.is_large_binary(array.type)
    _, starts, data = array.buffers()
    size = 8 if is_large else 4
    first = array.offset * size
    offsets = [0] * (len(array) + 1)
    if starts is not None and len(array):
        raw: Any = memoryview(starts)[first : first + (len(array) + 1) * size]
        offsets = raw.cast("B").cast("q" if is_large else "i").tolist()
    view = memoryview(b"" if data is None else data).cast("B")
    return Texts(array, view, offsets, valid_rows(array))


def valid_rows(array: pa.Array) -> Sequence[int]:
    """The rows that are not null."""
    if not array.null_count:
        return range(len(array))
    rows: list[int] = integers(pc.indices_nonzero(array.is_valid()))
    return rows


def integers(array: pa.Array) -> list[Any]:
    """Convert offsets, or indices without nulls: eight times as fast as `to_pylist` of older
    pyarrow versions."""
    kind = array.type
    _, data = array.buffers()
    if data is None or not len(array):
        return []
    code = _CODES[kind]
    size = kind.bit_width // 8
    start = array.offset * size
    raw: Any = memoryview(data)[start : start + len(array) * size]
    values: list[Any] = raw.cast("B").cast(code).tolist()
    return values


_CODES = {pa.int32(): "i", pa.int64(): "q", pa.uint64(): "Q"}
"""Types of offsets and indices as `memoryview` formats."""


def not_utf8(found: Texts, rows: Sequence[int]) -> list[int]:
    """Return the rows whose bytes are not UTF-8. (Arrow does not guarantee that strings are
    valid.)"""
    if isinstance(rows, range):
        kind = found.array.type
        is_large = types.is_large_string(kind) or types.is_large_binary(kind)
        as_bytes = found.array.view(pa.large_binary() if is_large else pa.binary())
        try:
            as_bytes.cast(pa.large_string() if is_large else pa.string())
        except pa.ArrowInvalid:
            pass
        else:
            return []
    return [row for row in rows if not _is_utf8(found.text(row))]


def _is_utf8(data: memoryview) -> bool:
    try:
        str(data, "utf-8")
    except UnicodeDecodeError:
        return False
    return True


Mask = Any
"""A numpy array of bool, one for each row."""


def to_mask(found: Any) -> pa.BooleanArray:
    """Convert bytes that are 0 or 1, such as a numpy mask, to Arrow Booleans."""
    bits = np.packbits(np.frombuffer(found, np.uint8), bitorder="little")
    return pa.Array.from_buffers(pa.bool_(), len(found), [None, pa.py_buffer(bits)])


def to_bytes(mask: pa.BooleanArray) -> Mask:
    """Convert Arrow Booleans to a numpy mask; the values of nulls are arbitrary."""
    first, count = mask.offset, len(mask)
    data = np.frombuffer(mask.buffers()[1], np.uint8)[first // 8 : (first + count + 7) // 8]
    bits = np.unpackbits(data, bitorder="little")
    return bits[first % 8 : first % 8 + count].view(np.bool_)
