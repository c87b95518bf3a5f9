"""Statistics for lines of JSON Lines: the same counts as record by record, many times as fast.

Records with the same signature are counted in the same way, and there are few such kinds. The first
record of each kind is counted individually, and what it adds to the counts is noted. The others are
only counted, and added at the end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Any, Final, Protocol

from msgspec import Struct

from filterpatterns.codegen.functions import DecodeRows, SlowLine, TakeLine
from filterpatterns.codegen.rows import decode_each, decode_rows, split_lines
from filterpatterns.codegen.types import UNSET, Unsupported
from filterpatterns.delivery.envelopes import HOLDERS
from filterpatterns.delivery.sources import Encoding, PayloadFormat, Source, decode_base64
from filterpatterns.engine.rulesets.reading import decoded, decoder_of
from filterpatterns.jsontext.decoders import make_decoder
from filterpatterns.jsontext.decoding import (
    NOT_JSON,
    decoders_overflow,
    has_minus_zero,
    is_too_deep,
)
from filterpatterns.jsontext.numbers import read_number
from filterpatterns.matching.verdict import Reason, Verdict, mismatch
from filterpatterns.stats.counts import Funnel
from filterpatterns.stats.partial import FieldMatcher
from filterpatterns.stats.places import Located, ObjectType, Place, object_type, places
from filterpatterns.stats.signatures import (
    ReadSignature,
    Signature,
    UnreadableRecord,
    Values,
    reader,
)
from filterpatterns.stats.survey import Survey
from filterpatterns.stats.tallies import Added, Tallies
from filterpatterns.stats.views import Views

_MOST_KINDS: Final = 5_000
"""The number of kinds of records that are remembered."""


class Counted(Protocol):
    """Counts the records of one filter."""

    @property
    def funnel(self) -> Funnel:
        """Its counts."""
        ...

    @property
    def views(self) -> Views:
        """What it looks at."""
        ...

    def fields(self) -> Iterator[FieldMatcher]:
        """Its conditions on fields, also those in a `$or`."""
        ...


class _Kind(Struct):
    """Records that are counted in the same way: their verdict, what each adds to the counts, and
    how many there are, not including the first."""

    verdict: Verdict
    added: Added
    count: int = 0


class _Payload(Struct, frozen=True, eq=False):
    """A payload that is text: the attribute of the record that has it, how it is decoded and read,
    and the class of its value if it is an object."""

    attribute: str
    is_base64: bool
    decode: Callable[[str | bytes], Any]
    struct: type
    read: ReadSignature

    def signature(self, record: Any) -> Signature:
        """Return the payload's signature.

        Raises:
            UnreadableRecord: it has none.
        """
        text = getattr(record, self.attribute)
        if text is None or text is UNSET:
            return Reason.NO_PAYLOAD
        if text.__class__ is not str:
            raise UnreadableRecord
        if self.is_base64:
            try:
                text = str(decode_base64(text), "utf-8")
            except ValueError:
                return Reason.UNREADABLE
        value = decoded(text, self.decode)
        if value.__class__ is self.struct:
            return self.read(value)
        if value is NOT_JSON:
            return mismatch(PayloadFormat.STRING, text)
        if value.__class__ is dict or value.__class__ is list:
            raise UnreadableRecord
        return PayloadFormat.JSON


class _Ways(Struct, frozen=True, eq=False):
    """How lines are decoded and read, given the names that have been noted so far.

    `inner` is the class of the object inside records that patterns apply to, if it is not the
    record itself. `wanted` has attributes, each with the class of the value that it must have.
    """

    decode_lines: DecodeRows
    decode_line: Callable[[bytes], Any]
    inner: type | None
    wanted: tuple[tuple[str, type], ...]
    read: ReadSignature | None
    payloads: tuple[_Payload, ...]

    def signature(self, line: bytes, row: Any) -> Signature:
        """Return the signature of a record, given its line.

        Raises:
            UnreadableRecord: it has none.
        """
        if is_too_deep(line) or (self.read is not None and has_minus_zero(line.decode())):
            raise UnreadableRecord
        record = row
        if self.inner is not None:
            record = row.m0
            if record.__class__ is not self.inner:
                raise UnreadableRecord
        for attribute, kind in self.wanted:
            if getattr(record, attribute).__class__ is not kind:
                raise UnreadableRecord
        parts = [payload.signature(record) for payload in self.payloads]
        if self.read is not None:
            parts.append(self.read(record))
        return tuple(parts)


class QuickLines:
    """Counts lines for filters of one source."""

    def __init__(self, counters: Sequence[Counted], source: Source) -> None:
        """
        Raises:
            Unsupported: the filters have a different structure.
        """
        views = [counter.views for counter in counters]
        if source.scopes or decoders_overflow() or any(view.has_strings for view in views):
            raise Unsupported
        self._verdicts: list[Verdict] = []
        self._source = source
        self._surveys = [survey for view in views for survey in view.surveys]
        tops: list[Located] = [((), view.metadata) for view in views]
        inside: dict[str, list[Survey]] = {}
        for view in views:
            for key, survey in view.payloads.items():
                inside.setdefault(key, []).append(survey)
        self._objects: tuple[str, ...] = ()
        self._payloads: dict[str, Place] = {}
        if source.encoding is Encoding.OBJECT:
            self._objects = tuple(inside)
            tops += [((key,), survey) for key in inside for survey in inside[key]]
        else:
            self._payloads = {
                key: places(((), survey) for survey in found) for key, found in inside.items()
            }
        self._top = places(tops)
        matchers: dict[str, list[FieldMatcher]] = {}
        for counter in counters:
            for matcher in counter.fields():
                matchers.setdefault(matcher.path, []).append(matcher)
        self._fields = {path: Values(found) for path, found in matchers.items()}
        self._tallies = Tallies(counter.funnel for counter in counters)
        self._kinds: dict[Signature, _Kind] = {}
        self._known: _Kind | None = None
        self._noted: list[tuple[int, int]] | None = None
        self._ways: _Ways | None = None

    def count(
        self,
        block: bytes,
        number: int,
        keep: TakeLine,
        drop: TakeLine,
        slow: SlowLine,
    ) -> int:
        """Count lines, like a `MatchLines`; `slow` counts those that are not plain records."""
        lines = split_lines(block)
        ways = self._ways_now()
        for line, row in zip(lines, _rows(block, lines, ways)):  # noqa: B905 - one for each
            number += 1
            signature = None
            if row is not None:
                assert ways is not None, "it has decoded the row"
                with suppress(UnreadableRecord):
                    signature = ways.signature(line, row)
            if signature is None:
                slow(line, number)
                continue
            kind = self._kinds.get(signature)
            if kind is None:
                before = self._tallies.row()
                self._verdicts.clear()
                slow(line, number)
                if self._verdicts:
                    self._add_kind(signature, self._verdicts.pop(), before)
            elif kind.verdict[0] is Reason.MATCH:
                kind.count += 1
                keep(line)
            elif kind.verdict[0] is Reason.NO_MATCH:
                kind.count += 1
                drop(line)
            else:
                self._known = kind
                slow(line, number)
        return len(lines)

    def counted(self, verdict: Verdict) -> None:
        """Note the verdict on a record that has been counted individually."""
        self._verdicts = [verdict]

    def known(self) -> Verdict | None:
        """Count the current record like others, and return its verdict; None if it has to be
        counted individually."""
        kind, self._known = self._known, None
        if kind is None:
            return None
        kind.count += 1
        return kind.verdict

    def finish(self) -> None:
        """Add the counts so far to the funnels."""
        for kind in self._kinds.values():
            if kind.count:
                self._tallies.add(kind.added, kind.count)
                kind.count = 0

    def _add_kind(self, signature: Signature, verdict: Verdict, before: list[int]) -> None:
        kind = _Kind(verdict, self._tallies.added(before))
        if len(self._kinds) >= _MOST_KINDS:
            self.finish()
            self._kinds.clear()
        self._kinds[signature] = kind

    def _ways_now(self) -> _Ways | None:
        """Return the ways for the names noted so far; None if no types can be made for them."""
        noted = [survey.progress() for survey in self._surveys]
        if noted != self._noted:
            self._noted = noted
            self._ways = None
            with suppress(Unsupported):
                self._ways = self._new_ways()
        return self._ways

    def _new_ways(self) -> _Ways:
        """Return the ways for the names noted so far.

        Raises:
            Unsupported: no types can be made for them.
        """
        source = self._source
        # Without its payload, a record may be spelt as another API does.
        keys = source.payload_keys if source.payload_alias is not None else tuple(self._payloads)
        line = object_type(self._top, others=keys, never=HOLDERS, inside=source.inside)
        record = line
        if source.inside is not None:
            (inner,) = line.members
            assert isinstance(inner, ObjectType)
            record = inner
        wanted: list[tuple[str, type]] = []
        if source.payload_alias is not None:
            wanted += ((f"x{number}", str) for number in range(len(keys)))
        for number, (child, member) in enumerate(
            zip(self._top.children, record.members, strict=True)
        ):
            if child.name in self._objects and isinstance(member, ObjectType):
                wanted.append((f"m{number}", member.struct))
        payloads = []
        for key, place in self._payloads.items():
            kind = object_type(place)
            payloads.append(
                _Payload(
                    f"x{keys.index(key)}",
                    source.encoding is Encoding.BASE64,
                    decoder_of(kind.struct),
                    kind.struct,
                    reader(kind, self._fields),
                )
            )
        decoder = make_decoder(line.struct, float_hook=read_number)
        return _Ways(
            decoder.decode_lines,
            decoder.decode,
            None if source.inside is None else record.struct,
            tuple(wanted),
            reader(record, self._fields) if record.members else None,
            tuple(payloads),
        )


def _rows(block: bytes, lines: list[bytes], ways: _Ways | None) -> Iterable[Any]:
    """Return a row for each line; None for a line that is not plainly one record."""
    if ways is None:
        return [None] * len(lines)
    rows = decode_rows(block, lines, ways.decode_lines)
    return decode_each(lines, ways.decode_line) if rows is None else rows
