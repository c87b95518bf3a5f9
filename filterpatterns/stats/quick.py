"""Statistics for plain records in JSON Lines: the same counts, several times as fast.

Values at each field are only distinguished by their type and by the rules that they satisfy. So
there are few kinds of records. The records of each kind are counted, and each kind is analyzed
once, at the end.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from msgspec import Struct

from filterpatterns.codegen.functions import DecodeRows
from filterpatterns.codegen.rows import decode_rows, split_lines
from filterpatterns.codegen.types import Unsupported, without
from filterpatterns.delivery.envelopes import HOLDERS
from filterpatterns.delivery.sources import Encoding, Source
from filterpatterns.engine.rulesets import types
from filterpatterns.engine.rulesets.paths import PathNode, UnsupportedRecord, with_paths
from filterpatterns.engine.rulesets.reading import decoded, decoder_of
from filterpatterns.engine.rulesets.runtime import UNSET
from filterpatterns.engine.rulesets.types import ObjectType
from filterpatterns.engine.rulesets.writer import SetWriter
from filterpatterns.jsontext.decoders import make_decoder
from filterpatterns.jsontext.decoding import decoders_overflow, has_minus_zero, is_too_deep
from filterpatterns.jsontext.numbers import read_number
from filterpatterns.stats.counts import Funnel
from filterpatterns.stats.partial import FieldMatcher

ReadValues = Callable[[Any, Any], "tuple[Any, ...] | None"]

_MOST_VALUES: Final = 2_000
"""The number of values of a field, and of kinds of records, that are remembered."""

_LONGEST_VALUE: Final = 100

_KINDS: Final = (str, int, float, bool, type(None))
"""Classes of leaves that are remembered; numbers whose text matters are not."""


def _reader(line_type: ObjectType, body_type: ObjectType) -> tuple[ReadValues, tuple[str, ...]]:
    """A function that takes a decoded line and its decoded body, and returns a tuple of the values
    at the paths (UNSET if there is none), or None if there is an array on the way; and the
    paths."""
    writer = SetWriter(())
    emit = writer.emit
    with emit.block("def read(line, body):"):
        with emit.block("try:"):
            writer.read("line", line_type, is_struct=True)
            writer.read("body", body_type, is_struct=True)
            emit(f"return {writer.values}")
        emit(f"except {writer.bind(UnsupportedRecord)}: return None")
    return writer.function("read"), writer.paths


class _Outcome(Struct, frozen=True):
    """How a value is counted: whether it is a leaf, an object or missing, and which rules match."""

    example: Any
    kind: str | None
    is_object: bool
    holds: tuple[bool, ...]


class _Kind(Struct):
    """Records that are counted in the same way, and whether the filter keeps them."""

    outcomes: tuple[_Outcome, ...]
    is_kept: bool
    count: int = 0


class _Field:
    """How the values of a field are counted."""

    def __init__(self, matcher: FieldMatcher) -> None:
        self.matcher = matcher
        self.known: dict[Any, dict[Any, int]] = {kind: {} for kind in _KINDS}
        self.known[UNSET.__class__] = {}
        self.outcomes: list[_Outcome] = []
        self._numbers: dict[tuple[Any, ...], int] = {}

    def number(self, value: Any) -> int | None:
        """The number of a value's outcome; None if it has to be counted individually."""
        kind = value.__class__
        if kind is not dict and kind not in self.known:
            return None
        leaves = [value] if kind in self.known and value is not UNSET else []
        holds = self.matcher.lets_through(leaves)
        key = kind, holds
        number = self._numbers.get(key)
        if number is None:
            number = self._numbers[key] = len(self.outcomes)
            name = self.matcher.count.occurrence.kind_of(value) if leaves else None
            self.outcomes.append(_Outcome(value, name, kind is dict, holds))
        for leaf in leaves:
            self.matcher.count.occurrence.add_example(leaf)
        known = self.known.get(kind)
        is_short = kind is not str or len(value) <= _LONGEST_VALUE
        if known is not None and is_short and len(known) < _MOST_VALUES:
            known[value] = number
        return number


class QuickLines:
    """Counts lines for one filter with plain fields, on records whose payload is text."""

    def __init__(self, funnel: Funnel, source: Source, matchers: Sequence[FieldMatcher]) -> None:
        """
        Raises:
            Unsupported: the filter has a different structure.
        """
        if source.encoding is not Encoding.TEXT or source.inside is not None:
            raise Unsupported
        if decoders_overflow():
            raise Unsupported
        (key,) = source.payload_keys
        own = [(tuple(m.path.split(".")), m.path) for m in matchers if not m.is_about_payload]
        inner = [(tuple(m.path.split(".")[1:]), m.path) for m in matchers if m.is_about_payload]
        if any(not parts for parts, _ in inner):
            raise Unsupported  # a plain string
        self._has_own, self._has_payload = bool(own), bool(inner)
        try:
            # The payload is always read: without it, the record may have the spelling of another
            # API.
            top, _ = with_paths(PathNode(), [*own, ((key,), key)], 1)
            line_type = types.object_type(top)
            below, _ = with_paths(PathNode(), inner, 1)
            body_type = types.object_type(below)
            self._read, paths = _reader(line_type, body_type)
        except types.Unsupported:
            raise Unsupported from None
        self._decode_lines: DecodeRows = make_decoder(
            without(line_type.struct, HOLDERS), float_hook=read_number
        ).decode_lines
        self._decode_body, self._body = decoder_of(body_type.struct), body_type.struct
        self._empty = body_type.struct()
        self._payload = paths.index(key)
        self._places = [paths.index(matcher.path) for matcher in matchers]
        self._fields = [_Field(matcher) for matcher in matchers]
        self._kinds: dict[tuple[int, ...], _Kind] = {}
        self._funnel = funnel

    def count(
        self,
        block: bytes,
        number: int,
        keep: Callable[[bytes], None],
        drop: Callable[[bytes], None],
        slow: Callable[[bytes, int], None],
    ) -> int:
        """Count lines, like a `MatchLines`; `slow` counts those that are not plain records."""
        # While a field has not been seen, the names that records have instead are of interest.
        is_ready = all(field.matcher.count.occurrence.kinds for field in self._fields)
        lines = split_lines(block)
        rows = decode_rows(block, lines, self._decode_lines) if is_ready else None
        if rows is None:
            for place, line in enumerate(lines, number + 1):
                slow(line, place)
            return len(lines)
        for line, row in zip(lines, rows):  # noqa: B905 - one for each
            number += 1
            is_odd = is_too_deep(line) or (self._has_own and has_minus_zero(line.decode()))
            kind = None if is_odd else self._kind(row)
            if kind is None:
                slow(line, number)
                continue
            kind.count += 1
            (keep if kind.is_kept else drop)(line)
        return len(lines)

    def _kind(self, row: Any) -> _Kind | None:
        """How a record is counted; None if it has to be counted individually."""
        body = self._empty
        values = self._read(row, body)
        if values is None or values[self._payload].__class__ is not str:
            return None
        if self._has_payload:
            body = decoded(values[self._payload], self._decode_body)
            if body.__class__ is not self._body:
                return None
            values = self._read(row, body)
            if values is None:
                return None
        key = []
        for field, place in zip(self._fields, self._places):  # noqa: B905 - one for each
            value = values[place]
            known = field.known.get(value.__class__)
            number = None if known is None else known.get(value)
            if number is None:
                number = field.number(value)
                if number is None:
                    return None
            key.append(number)
        kinds = tuple(key)
        return self._kinds.get(kinds) or self._new_kind(kinds)

    def _new_kind(self, key: tuple[int, ...]) -> _Kind:
        if len(self._kinds) >= _MOST_VALUES:
            self.finish()
        outcomes = tuple(
            field.outcomes[number] for field, number in zip(self._fields, key, strict=True)
        )
        kind = _Kind(outcomes, all(any(outcome.holds) for outcome in outcomes))
        self._kinds[key] = kind
        return kind

    def finish(self) -> None:
        """Add the counts to the funnel."""
        for kind in self._kinds.values():
            self._funnel.records += kind.count
            self._funnel.left += kind.count
            passes = True
            for field, outcome, stage in zip(
                self._fields, kind.outcomes, self._funnel.stages, strict=True
            ):
                field.matcher.add(outcome.holds, kind.count)
                field.matcher.count.occurrence.add_many(
                    outcome.kind, kind.count, is_object=outcome.is_object
                )
                passes = passes and any(outcome.holds)
                stage.left += kind.count if passes else 0
        self._kinds.clear()
