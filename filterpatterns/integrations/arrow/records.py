"""Columns as the members of records: the rows of a table, or of a column of structs."""

from __future__ import annotations

from collections.abc import Sequence
from time import perf_counter
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import types

from filterpatterns.delivery.sources import Encoding
from filterpatterns.engine.columns import Nulls
from filterpatterns.engine.engine import Engine, MatchEngine, OnError
from filterpatterns.engine.tuning import Tuner
from filterpatterns.integrations.arrow.columns import (
    ColumnTypeError,
    is_text,
    stored_type,
    take,
    texts,
    to_mask,
    valid_rows,
)
from filterpatterns.integrations.arrow.kernels import Condition, compared, necessary
from filterpatterns.integrations.arrow.matchers import (
    for_object,
    for_payload,
    payload_keys,
    placed_tests,
    with_encoding,
)
from filterpatterns.integrations.arrow.payloads import kept_rows
from filterpatterns.integrations.arrow.search import BLOCK, SCHEDULE, candidates
from filterpatterns.integrations.arrow.values import Paths, Reader, is_nested
from filterpatterns.matching.match_tree import Matcher

_BOTO_NAMES = ("Body", "MessageId")


def paths_of(matcher: Matcher, kind: pa.DataType | None = None) -> Paths:
    """The paths that a pattern tests in records, limited to the type of a table if it is given."""
    source = matcher.source
    keys = payload_keys(matcher)
    found = keys | {placed.test.path for placed in placed_tests(matcher)}
    if source.payload_alias is not None and kind is not None and types.is_struct(kind):
        names = {field.name for field in kind}
        if "body" not in names and names.intersection(_BOTO_NAMES):
            # boto3's names: the pattern's paths differ from those of the columns
            return Paths(None, payloads=frozenset(("Body",)))
    if source.inside is not None:
        found |= {f"{source.inside}.{path}" for path in found}
        keys |= {f"{source.inside}.{key}" for key in keys}
    return Paths.of(found, keys)


class ObjectMatcher:
    """Matches arrays of structs, each of which is a record."""

    def __init__(
        self,
        engine: MatchEngine,
        kind: pa.DataType,
        encoding: Encoding | None,
        nulls: Nulls,
    ) -> None:
        """
        Args:
            engine: the filter's.
            kind: the type of the arrays.
            encoding: how a text or bytes encode the payload; None: as in records of the source.
            nulls: the meaning of a null member.
        """
        self._engine = engine
        paths = Paths(None)
        self._text_key: str | None = None
        self._needles: tuple[bytes, ...] = ()
        if isinstance(engine, Engine):
            paths = paths_of(engine.matcher, kind)
            self._engine = engine = _engine_for(engine, _members(engine.matcher, kind), encoding)
            if types.is_struct(kind):
                self._look_for_needles(engine, kind)
        self._condition: Condition | None = None
        if isinstance(engine, Engine) and not engine.matcher.source.payload_keys:
            self._condition = necessary(engine.matcher, kind, nulls)
        self._tuner = Tuner(SCHEDULE, can_look=self._text_key is not None)
        self._reader = Reader(paths, omit_nulls=nulls == "absent")

    def _look_for_needles(self, engine: Engine, kind: pa.DataType) -> None:
        source = engine.matcher.source
        needles = engine.needles()
        keys = [key for key in source.payload_keys if kind.get_field_index(key) >= 0]
        if needles is None or not keys or source.encoding is Encoding.BASE64:
            return
        if is_text(kind.field(keys[0]).type):
            self._text_key, self._needles = keys[0], tuple(map(str.encode, needles))

    def __call__(self, array: pa.Array, first: int, on_error: OnError) -> pa.BooleanArray:
        """See `ColumnMatcher`. A null is not a record, and is not kept."""
        if self._condition is not None:
            found, is_sure = compared(array, self._condition)
            if is_sure:
                return to_mask(found)
        verdicts = bytearray(len(array))
        done = 0
        while done < len(array):
            plan = self._tuner.plan
            began = perf_counter()
            block = array.slice(done, plan.size)
            rows = valid_rows(block)
            if plan.look:
                found = candidates(texts(block.field(self._text_key)), self._needles)
                rows = found if isinstance(rows, range) else sorted(set(rows).intersection(found))
            for row in self._kept(block, rows, first + done, on_error):
                verdicts[done + row] = 1
            self._tuner.took(plan, perf_counter() - began, len(block))
            done += len(block)
        return to_mask(verdicts)

    def _kept(
        self, block: pa.Array, rows: Sequence[int], first: int, on_error: OnError
    ) -> list[int]:
        if not types.is_struct(block.type):
            values = self._reader.values(block, None)
            return kept_rows(self._engine, [values[row] for row in rows], rows, first, on_error)
        columns = {field.name: block.field(index) for index, field in enumerate(block.type)}
        if len(rows) < len(block):
            columns = {
                name: take(column, rows)
                for name, column in columns.items()
                if self._reader.reads(name, column.type)
            }
        records = self._reader.objects(columns, len(rows))
        return kept_rows(self._engine, records, rows, first, on_error)


class ParsedMatcher:
    """Matches arrays of payloads that need no parsing."""

    def __init__(self, matcher: Matcher, key: str, kind: pa.DataType, nulls: Nulls) -> None:
        """
        Args:
            matcher: the filter's.
            key: the payload's key.
            kind: the type of the arrays.
            nulls: the meaning of a null member of an object in a payload.
        """
        self._key = key
        self._are_objects = types.is_struct(kind) or types.is_map(kind)
        self._condition: Condition | None = None
        if self._are_objects:
            objects = for_object(matcher, key)
            self._engine = Engine(objects)
            self._condition = necessary(objects, kind, nulls)
        else:
            self._engine = Engine(for_payload(matcher, key, Encoding.OBJECT))
        self._reader = Reader(paths_of(matcher), omit_nulls=nulls == "absent")

    def __call__(self, array: pa.Array, first: int, on_error: OnError) -> pa.BooleanArray:
        """See `ColumnMatcher`. A null is not a payload, and is not kept."""
        verdicts = bytearray(len(array))
        if self._condition is not None:
            found, is_sure = compared(array, self._condition)
            if is_sure:
                return to_mask(found)
            left = np.flatnonzero(found).tolist()
            if 2 * len(left) < len(array):
                for start in range(0, len(left) or 1, BLOCK):  # once, to report wrong types
                    rows = left[start : start + BLOCK]
                    records = self._taken(array, rows)
                    for row in kept_rows(self._engine, records, rows, first, on_error):
                        verdicts[row] = 1
                return to_mask(verdicts)
        for start in range(0, len(array), BLOCK):
            block = array.slice(start, BLOCK)
            rows = valid_rows(block)
            values = self._reader.values(block, self._key)
            if len(rows) < len(block):
                values = [values[row] for row in rows]
            if not self._are_objects:
                values = [{self._key: value} for value in values]
            for row in kept_rows(self._engine, values, rows, first + start, on_error):
                verdicts[start + row] = 1
        return to_mask(verdicts)

    def _taken(self, array: pa.StructArray, rows: Sequence[int]) -> list[Any]:
        """Rows that are not null, as objects."""
        columns = {
            field.name: take(array.field(index), rows)
            for index, field in enumerate(array.type)
            if self._reader.reads(f"{self._key}.{field.name}", field.type)
        }
        return self._reader.objects(columns, len(rows), self._key)


def _members(matcher: Matcher, kind: pa.DataType) -> dict[str, pa.DataType]:
    """The types of the members that a pattern names, as far as the type of a table has them."""
    inside = matcher.source.inside
    if types.is_struct(kind) and inside is not None and kind.get_field_index(inside) >= 0:
        kind = kind.field(inside).type
    return {field.name: field.type for field in kind} if types.is_struct(kind) else {}


def _engine_for(
    engine: Engine, members: dict[str, pa.DataType], encoding: Encoding | None
) -> Engine:
    """The engine for payloads in the form in which the columns contain them."""
    matcher = engine.matcher
    source = matcher.source
    keys = payload_keys(matcher)
    wanted = encoding or source.encoding
    if any(key in members and is_nested(members[key]) for key in keys):
        # Two payloads, or parsed payloads together with texts, are left to the evaluator.
        wanted = Encoding.OBJECT if len(keys) == 1 else wanted
    elif wanted is Encoding.OBJECT and keys.intersection(members):
        wanted = Encoding.TEXT
    if wanted is source.encoding:
        return engine
    return Engine(with_encoding(matcher, wanted))


def refuse_scalars(kind: pa.DataType, name: str) -> None:
    """Refuse a column that cannot hold records.

    Raises:
        ColumnTypeError: it has neither texts nor structs.
    """
    kind = stored_type(kind)
    if not (is_text(kind) or types.is_struct(kind) or types.is_map(kind) or types.is_null(kind)):
        raise ColumnTypeError(name, kind, "records must be JSON texts or structs")
