"""Columns of texts: payloads, or whole records, matched in place in the column's buffer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import perf_counter
from typing import Any, Final, Literal

import pyarrow as pa

from filterpatterns.codegen.functions import DecodeRows, ViewLoop
from filterpatterns.delivery.sources import Encoding, Source
from filterpatterns.engine.engine import Engine, MatchEngine, OnError
from filterpatterns.engine.tuning import Tuner
from filterpatterns.errors import RecordError
from filterpatterns.integrations.arrow.columns import Texts, not_utf8, texts, to_mask
from filterpatterns.integrations.arrow.matchers import for_payload, payload_key
from filterpatterns.integrations.arrow.rows import decode_block
from filterpatterns.integrations.arrow.search import BACKSLASH, SCHEDULE, candidates
from filterpatterns.matching.match_tree import Matcher

ColumnMatcher = Callable[[pa.Array, int, OnError], pa.BooleanArray]
"""Called with an array, the number of its first row in the data, and what to do with a record that
cannot be evaluated. Returns whether each row is kept.

Raises RecordError with the row's number in the data.
"""


_MOST_BYTES: Final = 1 << 25
"""Bytes of a block; some operations on a block take the same amount of memory again."""

_ONE_BY_ONE: Final = 16


class TextMatcher:
    """Matches arrays of texts."""

    def __init__(
        self,
        engine: MatchEngine,
        kind: Literal["record", "payload"],
        key: str | None = None,
    ) -> None:
        """
        Args:
            engine: for records of that kind; for "payload", an engine for a matcher returned by
                `for_payload`, without any other conditions.
            kind: what a text is.
            key: the payload's key, if texts are payloads.
        """
        self._engine = engine
        self._key = key
        self._kind: Literal["record", "payload"] = kind
        self._needles: tuple[bytes, ...] = ()
        self._checks_utf8 = True
        self._keeps_all = False
        can_search = False
        if isinstance(engine, Engine):
            is_base64 = kind == "payload" and engine.matcher.source.encoding is Encoding.BASE64
            self._checks_utf8 = not is_base64
            needles = None if kind == "record" or is_base64 else engine.needles()
            can_search = needles is not None
            self._keeps_all = kind == "payload" and engine.matcher.keep_all
            self._needles = tuple(needle.encode() for needle in needles or ())
        self._one_by_one = 0  # the number of blocks for which decoding as a whole is not tried
        self._tuner = Tuner(SCHEDULE, can_look=can_search)

    def __call__(self, array: pa.Array, first: int, on_error: OnError) -> pa.BooleanArray:
        """See `ColumnMatcher`."""
        verdicts = bytearray(len(array))
        done = 0
        while done < len(array):
            plan = self._tuner.plan
            began = perf_counter()
            block = _block(array, done, plan.size)
            rows = candidates(block, self._needles) if plan.look else block.rows
            for row in self._kept(block, rows, first + done, on_error):
                verdicts[done + row] = 1
            count = len(block.offsets) - 1
            self._tuner.took(plan, perf_counter() - began, count)
            done += count
        return to_mask(verdicts)

    def _kept(self, block: Texts, rows: Sequence[int], first: int, on_error: OnError) -> list[int]:
        if self._keeps_all:
            return list(rows)
        loop = self._engine.views(self._kind) if isinstance(self._engine, Engine) else None
        if loop is None:
            records = [self._record(block, row) for row in rows]
            return kept_rows(self._engine, records, rows, first, on_error)
        kept: list[int] = []
        refused: dict[int, str] = {}

        def slow(row: int) -> None:
            try:
                if self._engine.evaluate(self._record(block, row)):
                    kept.append(row)
            except RecordError as error:
                refused[row] = error.message

        self._run(block, rows, loop, kept.append, slow)
        if refused and on_error == "raise":
            row = min(refused)
            raise RecordError(refused[row], first + row)
        return kept

    def _run(
        self,
        block: Texts,
        rows: Sequence[int],
        loop: ViewLoop,
        keep: Callable[[int], None],
        slow: Callable[[int], None],
    ) -> None:
        """Match rows in the fastest way available for them."""
        assert isinstance(self._engine, Engine)
        if self._checks_utf8:
            unreadable = not_utf8(block, rows)
            if unreadable:
                others = set(unreadable)
                rows = [row for row in rows if row not in others]
                for row in unreadable:
                    slow(row)
            elif rows is block.rows:
                whole = self._engine.column_rows(self._kind)
                values = None if whole is None else self._decoded(block, whole[0])
                if whole is not None and values is not None:
                    pairs: Any = zip(rows, values, strict=True)
                    whole[1](block.view, block.offsets, pairs, keep, slow)
                    return
        loop(block.view, block.offsets, rows, keep, slow)

    def _record(self, block: Texts, row: int) -> Any:
        """A row as a record."""
        text = bytes(block.text(row))
        return text if self._key is None else {self._key: text}

    def _decoded(self, block: Texts, decode: DecodeRows) -> list[Any] | None:
        """The values of a block's rows that are not null; None if they have to be evaluated one by
        one, as are then those of the next blocks."""
        if self._one_by_one:
            self._one_by_one -= 1
            return None
        values = decode_block(block, decode)
        if values is None:
            self._one_by_one = _ONE_BY_ONE
        return values


def _block(array: pa.Array, start: int, size: int) -> Texts:
    """The texts of rows from `start` on, limited in number and in bytes."""
    block = texts(array.slice(start, size))
    span = block.offsets[-1] - block.offsets[0]
    if span > _MOST_BYTES and len(block.offsets) > 2:
        return _block(array, start, max(1, size * _MOST_BYTES // (2 * span)))
    return block


def kept_rows(
    engine: MatchEngine,
    records: Sequence[Any],
    rows: Sequence[int],
    first: int,
    on_error: OnError,
) -> list[int]:
    """Return the rows whose records are kept; there is one record for each row."""
    verdicts: list[bool] = []
    try:
        engine.run("mask", records, on_error, verdicts)
    except RecordError as error:
        index = error.index or 0
        raise RecordError(error.message, first + rows[index]) from None
    return [row for row, kept in zip(rows, verdicts, strict=True) if kept]


def wanted_texts(matcher: Matcher, *, of: str, encoding: str | None) -> list[bytes] | None:
    """Texts, including a backslash, of which every matching payload contains at least one; None if
    there are no such texts, or only names, which most payloads contain."""
    if of != "payload" or not matcher.source.payload_keys:
        return None
    held = column_encoding(matcher.source, encoding)
    if held is Encoding.BASE64:
        return None
    needles = Engine(for_payload(matcher, payload_key(matcher), held)).needles(only_values=True)
    return None if needles is None else [*map(str.encode, needles), BACKSLASH]


def column_encoding(source: Source, encoding: str | None) -> Encoding:
    """How a column of texts encodes payloads: as in records, unless `encoding` says otherwise."""
    if encoding is not None:
        return Encoding[encoding.upper()]
    # An object is JSON as text.
    return Encoding.TEXT if source.encoding is Encoding.OBJECT else source.encoding
