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
from filterpatterns.codegen.types import Unsupported
from filterpatterns.delivery.envelopes import HOLDERS
from filterpatterns.delivery.sources import Encoding, Source
from filterpatterns.engine.engine import Misfit
from filterpatterns.engine.line_search import is_any_too_deep
from filterpatterns.jsontext.decoders import make_decoder
from filterpatterns.jsontext.decoding import decoders_overflow, is_too_deep
from filterpatterns.jsontext.numbers import read_number
from filterpatterns.matching.verdict import Reason, Verdict
from filterpatterns.stats.counts import Funnel
from filterpatterns.stats.loops import CountRows, Layout, Payload, count_rows
from filterpatterns.stats.partial import FieldMatcher
from filterpatterns.stats.places import Located, ObjectType, Place, object_type, places
from filterpatterns.stats.signatures import Signature
from filterpatterns.stats.survey import Survey
from filterpatterns.stats.tallies import Added, Tallies
from filterpatterns.stats.values import Values
from filterpatterns.stats.views import Views

_MOST_KINDS: Final = 5_000
"""The number of kinds of records that are remembered."""


_LONGEST_WAIT: Final = 64
"""Blocks from one change of the code for a field's values to the next, at most."""


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
    is_kept: bool
    is_dropped: bool
    added: Added
    count: int = 0


class _Ways(Struct, frozen=True, eq=False):
    """How lines are decoded and counted, given what has been noted so far."""

    decode_lines: DecodeRows
    decode_line: Callable[[bytes], Any]
    count: CountRows


class QuickLines:
    """Counts lines for filters of one source."""

    def __init__(self, counters: Sequence[Counted], source: Source, misfit: Misfit) -> None:
        """
        Args:
            counters: they count the records.
            source: the records' source.
            misfit: called with each line that is dropped for another reason than that it does not
                match, unless it is counted individually, and its verdict.

        Raises:
            Unsupported: the filters have a different structure.
        """
        views = [counter.views for counter in counters]
        if source.scopes or decoders_overflow() or any(view.has_strings for view in views):
            raise Unsupported
        self._misfit = misfit
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
        self._names: list[tuple[int, int]] | None = None
        self._values: Sequence[tuple[bool, ...]] = ()
        self._wait, self._waited = 1, 0  # blocks
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
        if ways is None:
            for line in lines:
                number += 1
                slow(line, number)
        else:
            rows = zip(lines, _rows(block, lines, ways))  # noqa: B905 - one for each
            ways.count(rows, number, keep, drop, slow, self._count_first, self._misfit)
        return len(lines)

    def counted(self, verdict: Verdict) -> None:
        """Note the verdict on a record that has been counted individually."""
        self._verdicts = [verdict]

    def finish(self) -> None:
        """Add the counts so far to the funnels."""
        for kind in self._kinds.values():
            if kind.count:
                self._tallies.add(kind.added, kind.count)
                kind.count = 0

    def _count_first(self, line: bytes, number: int, signature: Signature, slow: SlowLine) -> None:
        """Count the first record of a kind."""
        before = self._tallies.row()
        self._verdicts.clear()
        slow(line, number)
        if not self._verdicts:
            return
        verdict = self._verdicts.pop()
        is_kept, is_dropped = verdict[0] is Reason.MATCH, verdict[0] is Reason.NO_MATCH
        kind = _Kind(verdict, is_kept, is_dropped, self._tallies.added(before))
        if len(self._kinds) >= _MOST_KINDS:
            self.finish()
            self._kinds.clear()
        self._kinds[signature] = kind

    def _ways_now(self) -> _Ways | None:
        """Return the ways for what has been noted so far; None if no types can be made for the
        names."""
        names = [survey.progress() for survey in self._surveys]
        values: Sequence[tuple[bool, ...]] = [each.progress() for each in self._fields.values()]
        self._waited += 1
        if names == self._names and (values == self._values or self._waited < self._wait):
            return self._ways
        if names == self._names:  # values only make it faster, and code takes time
            self._wait = min(2 * self._wait, _LONGEST_WAIT)
        self._names, self._values, self._waited = names, values, 0
        self._ways = None
        with suppress(Unsupported):
            self._ways = self._new_ways()
        return self._ways

    def _new_ways(self) -> _Ways:
        """Return the ways for what has been noted so far.

        Raises:
            Unsupported: no types can be made for the names.
        """
        source = self._source
        # Without its payload, a record may be spelt as another API does.
        has_alias = source.payload_alias is not None
        keys = source.payload_keys if has_alias else tuple(self._payloads)
        line = object_type(self._top, others=keys, never=HOLDERS, inside=source.inside)
        record = line
        if source.inside is not None:
            (inner,) = line.members
            assert isinstance(inner, ObjectType)
            record = inner
        attributes = {key: f"x{number}" for number, key in enumerate(keys)}
        wanted: list[tuple[str, type]] = [
            (attribute, str)
            for key, attribute in attributes.items()
            if has_alias and key not in self._payloads
        ]
        for number, (child, member) in enumerate(
            zip(self._top.children, record.members, strict=True)
        ):
            if child.name in self._objects and isinstance(member, ObjectType):
                wanted.append((f"m{number}", member.struct))
        is_base64 = source.encoding is Encoding.BASE64
        payloads = [
            Payload(attributes[key], is_base64, object_type(place), is_required=has_alias)
            for key, place in self._payloads.items()
        ]
        layout = Layout(
            None if source.inside is None else record.struct,
            tuple(wanted),
            record if record.members else None,
            tuple(payloads),
        )
        refusing = [values.must_refuse_minus_zero() for values in self._fields.values()]
        count = count_rows(layout, self._fields, self._kinds.get, minus_zero=any(refusing))
        decoder = make_decoder(line.struct, float_hook=read_number)
        return _Ways(decoder.decode_lines, decoder.decode, count)


def _rows(block: bytes, lines: list[bytes], ways: _Ways) -> Iterable[Any]:
    """Return a row for each line; None for a line that is not plainly one record."""
    rows: Iterable[Any] | None = decode_rows(block, lines, ways.decode_lines)
    if rows is None:
        rows = decode_each(lines, ways.decode_line)
    if not is_any_too_deep(block):
        return rows
    pairs = zip(lines, rows)  # noqa: B905 - one for each
    return (None if is_too_deep(line) else row for line, row in pairs)
