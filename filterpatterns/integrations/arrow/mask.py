"""Evaluates a filter on Arrow data: which rows are kept."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
from msgspec import Struct
from pyarrow import types

from filterpatterns.delivery.sources import Encoding
from filterpatterns.engine.columns import Nulls, Of, PayloadEncoding
from filterpatterns.engine.engine import Engine, MatchEngine, OnError, check_on_error
from filterpatterns.errors import RecordError
from filterpatterns.integrations.arrow.columns import (
    Column,
    as_pyarrow,
    is_text,
    read,
    stored,
    stored_type,
    to_mask,
)
from filterpatterns.integrations.arrow.matchers import for_payload, payload_key
from filterpatterns.integrations.arrow.payloads import (
    ColumnMatcher,
    TextMatcher,
    column_encoding,
)
from filterpatterns.integrations.arrow.records import (
    ObjectMatcher,
    ParsedMatcher,
    refuse_scalars,
)

_WORDS: Final = {
    "of": ("payload", "record"),
    "encoding": (None, "raw", "base64"),
    "nulls": ("null", "absent"),
}


class ColumnOptions(Struct, frozen=True):
    """The options of `Filter.mask_arrow` that say what the rows of a column are.

    Raises:
        ValueError: an option has an unknown value.
    """

    of: Of = "payload"
    encoding: PayloadEncoding | None = None
    nulls: Nulls = "null"
    on_error: OnError = "raise"

    def __post_init__(self) -> None:
        check_on_error(self.on_error)
        for name, words in _WORDS.items():
            found = getattr(self, name)
            if found not in words:
                wanted = " or ".join(f'"{word}"' for word in words if word is not None)
                raise ValueError(f"{name} must be {wanted}, found {found!r}")


def mask_arrow(
    engine: MatchEngine, data: Any, column: str | None, options: ColumnOptions
) -> pa.BooleanArray | pa.ChunkedArray:
    """Return whether each row is kept; see `Filter.mask_arrow`."""
    given = read(data, column)
    match_array = _column_matcher(engine, given, options)
    masks: list[pa.BooleanArray] = []
    first = 0
    known: _Known = {}
    for chunk in given.chunks:
        masks.append(_mask(chunk, match_array, first, options.on_error, known))
        first += len(chunk)
    return pa.chunked_array(masks, pa.bool_()) if given.is_chunked else masks[0]


def filter_arrow(engine: MatchEngine, data: Any, column: str | None, options: ColumnOptions) -> Any:
    """Return the rows that are kept; see `Filter.filter_arrow`."""
    table = as_pyarrow(data)
    return _filtered(table, mask_arrow(engine, table, column, options))


def _filtered(data: Any, mask: pa.BooleanArray | pa.ChunkedArray) -> Any:
    try:
        return data.filter(mask)
    except pa.ArrowNotImplementedError:  # not supported for string views
        if isinstance(data, (pa.Table, pa.RecordBatch)):
            kept = data.cast(pa.schema(list(map(_without_views, data.schema)))).filter(mask)
            return kept.cast(data.schema)
        return data.cast(_plain_type(data.type)).filter(mask).cast(data.type)


def _without_views(field: pa.Field) -> pa.Field:
    return field.with_type(_plain_type(field.type))


def _plain_type(kind: pa.DataType) -> pa.DataType:
    """Return a type with large strings in place of string views."""
    if types.is_string_view(kind):
        return pa.large_string()
    if types.is_binary_view(kind):
        return pa.large_binary()
    if types.is_struct(kind):
        return pa.struct(list(map(_without_views, kind)))
    if types.is_list(kind):
        return pa.list_(_without_views(kind.value_field))
    if types.is_large_list(kind):
        return pa.large_list(_without_views(kind.value_field))
    if types.is_fixed_size_list(kind):
        return pa.list_(_without_views(kind.value_field), kind.list_size)
    if types.is_map(kind):
        return pa.map_(_without_views(kind.key_field), _without_views(kind.item_field))
    return kind


def _column_matcher(engine: MatchEngine, given: Column, options: ColumnOptions) -> ColumnMatcher:
    """Return the function that matches a column, by engine and type."""
    if is_of_records(engine, options):
        refuse_scalars(given.type, given.name)
    elif given.is_table:
        names = ", ".join(repr(field.name) for field in given.type) or "none"
        raise ValueError(
            "a table requires column=, the name of the column of payloads; or of='record' if its "
            f"columns are the members of records; it has {names}"
        )
    kind = stored_type(given.type)
    return _kept_matcher(engine, _TypeKey(kind), options.of, options.encoding, options.nulls)


def is_of_records(engine: MatchEngine, options: ColumnOptions) -> bool:
    """Whether rows are whole records: an event of the source `event` is its own payload."""
    if options.of == "record":
        return True
    if not isinstance(engine, Engine):
        raise ValueError(
            'source "auto": a payload alone does not show its source; compile the '
            "pattern for a source, or use of='record'"
        )
    return not engine.matcher.source.payload_keys


class _TypeKey:
    """A type as a key: the hash of a type is that of its description, which takes long for structs
    of many members."""

    __slots__ = ("kind",)

    def __init__(self, kind: pa.DataType) -> None:
        self.kind = kind

    def __hash__(self) -> int:
        return int(self.kind.id)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _TypeKey) and bool(self.kind.equals(other.kind))


@lru_cache(maxsize=64)
def _kept_matcher(
    engine: MatchEngine,
    key: _TypeKey,
    of: Of,
    encoding: PayloadEncoding | None,
    nulls: Nulls,
) -> ColumnMatcher:
    """Return the same matcher for all batches: it remembers which way was faster."""
    kind = key.kind
    held = None if encoding is None else Encoding[encoding.upper()]
    options = ColumnOptions(of, encoding, nulls)
    if is_of_records(engine, options):
        if is_text(kind):
            return TextMatcher(engine, "record")
        return ObjectMatcher(engine, kind, held, nulls)
    assert isinstance(engine, Engine)
    matcher = engine.matcher
    payload = payload_key(matcher)
    if not is_text(kind):
        return ParsedMatcher(matcher, payload, kind, nulls)
    held = column_encoding(matcher.source, encoding)
    return TextMatcher(Engine(for_payload(matcher, payload, held)), "payload", payload)


_Known = dict[tuple[int, ...], tuple[pa.Array, pa.BooleanArray]]
"""Dictionaries by where they are in memory, and which of their values are kept: the chunks of a
column often share one."""


def _mask(
    array: pa.Array, match_array: ColumnMatcher, first: int, on_error: OnError, known: _Known
) -> pa.BooleanArray:
    """Whether each row of a chunk is kept."""
    array = stored(array)
    if types.is_null(array.type):
        return to_mask(bytearray(len(array)))
    if not types.is_dictionary(array.type):
        return match_array(array, first, on_error)
    if len(array.dictionary) <= len(array):
        try:
            values = _mask_of_values(array.dictionary, match_array, known)
        except RecordError:
            pass  # it may be about a value that no row has, and its index is not a row's
        else:
            return pc.fill_null(values.take(array.indices), False)
    return _mask(array.dictionary_decode(), match_array, first, on_error, known)


def _mask_of_values(values: pa.Array, match_array: ColumnMatcher, known: _Known) -> pa.BooleanArray:
    """Whether each value of a dictionary is kept.

    Raises:
        RecordError: a value cannot be evaluated.
    """
    if not is_text(values.type):
        return _mask(values, match_array, 0, "raise", known)
    places = [0 if buffer is None else buffer.address for buffer in values.buffers()]
    key = (values.offset, len(values), *places)
    if key not in known:
        # With the array, so that nothing else is at its place in memory.
        known[key] = (values, _mask(values, match_array, 0, "raise", known))
    return known[key][1]
