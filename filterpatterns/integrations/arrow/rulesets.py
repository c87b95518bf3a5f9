"""Evaluates a rule set on Arrow data: the names of the rules that match each row."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pyarrow as pa

from filterpatterns.delivery.sources import Encoding
from filterpatterns.errors import RecordError
from filterpatterns.integrations.arrow.columns import (
    Column,
    is_text,
    read,
    stored,
    stored_type,
    texts,
    valid_rows,
)
from filterpatterns.integrations.arrow.mask import ColumnOptions
from filterpatterns.integrations.arrow.matchers import payload_key
from filterpatterns.integrations.arrow.records import paths_of, refuse_scalars
from filterpatterns.integrations.arrow.search import BLOCK
from filterpatterns.integrations.arrow.values import Paths, Reader
from filterpatterns.matching.match_tree import Matcher

Matching = Callable[[list[Any]], list[list[str]]]
"""Returns, for records, the names of the rules that match each. Raises RecordError with the
index."""

LISTS = pa.list_(pa.string())
"""The type of the result."""


def matching_arrow(
    matching: Matching,
    matcher: Matcher | None,
    data: Any,
    column: str | None,
    options: ColumnOptions,
) -> pa.ListArray | pa.ChunkedArray:
    """Return the names of the rules that match each row; see `RuleSet.matching_arrow`.

    Args:
        matching: evaluates the rule set.
        matcher: what the rules test; None for records of any source.
        data: as for `mask_arrow`.
        column: as for `mask_arrow`.
        options: as for `mask_arrow`.
    """
    given = read(data, column)
    records = _reader(matcher, given, options)
    found: list[pa.ListArray] = []
    first = 0
    for chunk in given.chunks:
        names: list[list[str]] = []
        for start in range(0, len(chunk), BLOCK):
            block = _decoded(chunk.slice(start, BLOCK))
            rows = valid_rows(block)
            each: list[list[str]] = [[] for _ in range(len(block))]
            try:
                found_names = matching(records(block, rows))
            except RecordError as error:
                row = first + start + rows[error.index or 0]
                raise RecordError(error.message, row) from None
            for row, matched in zip(rows, found_names, strict=True):
                each[row] = matched
            names += each
        found.append(pa.array(names, LISTS))
        first += len(chunk)
    return pa.chunked_array(found, LISTS) if given.is_chunked else found[0]


_Records = Callable[[pa.Array, Sequence[int]], list[Any]]
"""Called with an array and the rows of it that are not null; returns these rows as records."""


def _reader(matcher: Matcher | None, given: Column, options: ColumnOptions) -> _Records:
    omit_nulls = options.nulls == "absent"
    kind = stored_type(given.type)
    if options.of == "record" or (matcher is not None and not matcher.source.payload_keys):
        refuse_scalars(given.type, given.name)
        if is_text(kind):
            return _texts
        paths = Paths(None) if matcher is None else paths_of(matcher, kind)
        return _values_at(None, Reader(paths, omit_nulls=omit_nulls), None)
    if matcher is None:
        raise ValueError(
            "source \"auto\": a payload alone does not show its source; use of='record'"
        )
    if given.is_table:
        raise ValueError("a table requires column=, or of='record'")
    key = payload_key(matcher)
    reader = Reader(paths_of(matcher), omit_nulls=omit_nulls)
    if not matcher.patterns:
        reader = Reader(Paths.of((key,), (key,)), omit_nulls=omit_nulls)
    is_raw = options.encoding == "raw" and matcher.source.encoding is Encoding.BASE64
    return _values_at(key, reader, _to_base64 if is_raw else None)


def _values_at(path: str | None, reader: Reader, change: Callable[[Any], Any] | None) -> _Records:
    def records(array: pa.Array, rows: Sequence[int]) -> list[Any]:
        values = reader.values(array, path)
        chosen: Iterator[Any] = (values[row] for row in rows)
        if change is not None:
            chosen = map(change, chosen)
        return [{path: value} for value in chosen] if path is not None else list(chosen)

    return records


def _texts(array: pa.Array, rows: Sequence[int]) -> list[Any]:
    found = texts(array)
    return [bytes(found.text(row)) for row in rows]


def _to_base64(value: Any) -> Any:
    if isinstance(value, str):
        value = value.encode()
    return base64.b64encode(value) if isinstance(value, bytes) else value


def _decoded(array: pa.Array) -> pa.Array:
    array = stored(array)
    return array.dictionary_decode() if pa.types.is_dictionary(array.type) else array
