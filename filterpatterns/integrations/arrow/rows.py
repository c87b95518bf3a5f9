"""Decodes a block of rows of text in one call, in four fifths of the time."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import types

from filterpatterns.codegen.functions import DecodeRows
from filterpatterns.integrations.arrow.columns import Texts


def decode_block(block: Texts, decode: DecodeRows) -> list[Any] | None:
    """Return a value for each row that is not null; None if a row is not plainly one JSON object,
    so that rows have to be evaluated one by one. Rows must be UTF-8.

    The reasoning is that of `codegen.rows.decode_rows`: a string cannot contain a line feed, and if
    a value continues after "}", "{" cannot follow. So if rows are separated by line feeds, and each
    begins with "{" and ends with "}", each has at least one value; and if there are as many values
    as rows, each has exactly one.
    """
    array = block.array.drop_null() if block.array.null_count else block.array
    kind = array.type
    is_large = types.is_large_string(kind) or types.is_large_binary(kind)
    array = array.view(pa.large_binary() if is_large else pa.binary())
    if not len(array):
        return []
    for test, bracket in ((pc.starts_with, b"{"), (pc.ends_with, b"}")):
        if not pc.all(test(array, bracket)).as_py():
            return None
    bounds = pa.array([0, len(array)], pa.int32())
    line_feed = pa.scalar(b"\n", array.type)
    joined = pc.binary_join(pa.ListArray.from_arrays(bounds, array), line_feed)
    text: Any = memoryview(joined.buffers()[2])
    try:
        values = decode(text)
    except Exception:  # noqa: BLE001 - whatever it is, each row will be asked
        return None
    return values if len(values) == len(array) else None
