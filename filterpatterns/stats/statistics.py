"""Evaluates records with patterns, and counts how many records each condition lets through, and
why.

A filter's conditions are applied in sequence: first the format evaluation, then the metadata
fields, then the payload fields, each in the order of the text. A record is dropped by the first
condition that, together with all before it, the record does not satisfy.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from typing import Any

from filterpatterns.codegen.record import MOST_TESTS
from filterpatterns.codegen.types import Unsupported
from filterpatterns.delivery.envelopes import source_of
from filterpatterns.delivery.sources import FormatAction, Source, source_named
from filterpatterns.engine.engine import MatchLines, Misfit
from filterpatterns.engine.filter import Filter
from filterpatterns.engine.source_lines import SourceLines
from filterpatterns.errors import RecordError
from filterpatterns.language.conditions import AllOf, AnyOf, Condition, check, iter_conditions
from filterpatterns.language.diagnostics import Reporter
from filterpatterns.language.fast_parser import parse_placed
from filterpatterns.language.inputs import PatternText
from filterpatterns.language.operators import Absent
from filterpatterns.lint.subscribers import scoped
from filterpatterns.matching.match_tree import Matcher
from filterpatterns.matching.verdict import Payloads, Reason, Verdict, as_record
from filterpatterns.matching.verdicts import Evaluator
from filterpatterns.stats.counts import (
    AlternativeCount,
    FieldCount,
    Funnel,
    OrCount,
    RuleCount,
    Stage,
)
from filterpatterns.stats.increments import Increment, Increments
from filterpatterns.stats.partial import FieldMatcher, Together, compile_part
from filterpatterns.stats.quick import QuickLines
from filterpatterns.stats.survey import OBJECT, Occurrence
from filterpatterns.stats.views import Views, built

__all__ = [
    "OBJECT",
    "AlternativeCount",
    "FieldCount",
    "Funnel",
    "Occurrence",
    "OrCount",
    "RuleCount",
    "Stage",
    "Statistics",
]


class Statistics:
    """Counts the records that a filter evaluates.

    Memory is bounded by the patterns, for any number of records.
    """

    def __init__(self, compiled: Filter) -> None:
        self._compiled = compiled
        self._counters: dict[str, list[_Counter]] = {}
        self._all_quick: dict[str, QuickLines | None] = {}
        self._quick: QuickLines | None = None
        self._increments: dict[str, Increments] = {}
        if compiled.source != "auto":
            self._counters_for(compiled.source)

    def add(self, record: Any) -> Verdict:
        """Count a record, given as a dict or as its text; the verdict is the filter's.

        Raises:
            RecordError: it cannot be evaluated, and is not counted.
        """
        record = as_record(record)
        verdict = self._compiled.verdict(record)
        source = self._compiled.source
        for counter in self._counters_for(source_of(record) if source == "auto" else source):
            counter.add(record)
        if self._quick is not None:
            self._quick.counted(verdict)
        return verdict

    def quick_lines(self, misfit: Misfit) -> MatchLines | None:
        """Return a function that counts lines of plain records for these statistics; None if the
        filters have a different structure. `drop` is called for no match only, never for a wrong
        format: for those, `misfit` is called, or `slow`."""
        source = self._compiled.source
        if source == "auto":
            return partial(SourceLines().match, partial(self._lines_of, misfit))
        return self._lines_of(misfit, source)

    def _lines_of(self, misfit: Misfit, source: str) -> MatchLines | None:
        """Return the function for lines of one source, which must be called next; None if there is
        none, or if no record of the source has been counted yet."""
        if source not in self._counters:
            return None
        if source not in self._all_quick:
            counters = self._counters[source]
            quick = None
            if sum(counter.size for counter in counters) <= MOST_TESTS:
                with suppress(Unsupported):
                    quick = QuickLines(counters, source_named(source), misfit)
            self._all_quick[source] = quick
        self._quick = self._all_quick[source]
        return None if self._quick is None else self._quick.count

    def take(self) -> tuple[Increment, ...]:
        """Return what has been added since the last call, for each source."""
        self._finish_quick()
        return tuple(self._increments_of(source).take() for source in self._counters)

    def add_increments(self, increments: Iterable[Increment]) -> None:
        """Add what has been taken out of the statistics of another process; in the order of the
        records."""
        for increment in increments:
            self._increments_of(increment.source).add(increment)

    def funnels(self) -> list[Funnel]:
        """Return a funnel for each source that had records, and for each filter."""
        self._finish_quick()
        counters = [counter for group in self._counters.values() for counter in group]
        return [counter.finished() for counter in counters]

    def _finish_quick(self) -> None:
        for quick in self._all_quick.values():
            if quick is not None:
                quick.finish()

    def _increments_of(self, source: str) -> Increments:
        if source not in self._increments:
            counters = self._counters_for(source)
            funnels = [counter.funnel for counter in counters]
            surveys = [survey for counter in counters for survey in counter.views.surveys]
            self._increments[source] = Increments(source, funnels, surveys)
        return self._increments[source]

    def _counters_for(self, name: str) -> list[_Counter]:
        if name not in self._counters:
            source = source_named(name)
            texts = self._compiled.texts
            # Filters that must all match are one funnel.
            groups = [texts] if source.scopes and texts else [(text,) for text in texts]
            self._counters[name] = [
                _Counter(group, index, source) for index, group in enumerate(groups)
            ]
        return self._counters[name]


class _Counter:
    """Evaluates records for one filter and one source, condition by condition."""

    def __init__(self, texts: tuple[PatternText, ...], index: int, source: Source) -> None:
        self._source = source
        given = [(member, text.text) for text in texts for member in _members(text, source)]
        self._members: AllOf = tuple(member for member, _ in given)
        conjunctions = built(self._members, source)
        self.size = conjunctions.size()
        self._evaluator = Evaluator(Matcher(source, (conjunctions,)))
        self.views = Views(iter_conditions(self._members), source)
        self._order = sorted(range(len(self._members)), key=self._is_about_payload)
        members = [self._members[place] for place in self._order]
        self._matchers = [compile_part(*given[place], self.views, source) for place in self._order]
        often = Counter(condition.path for condition in iter_conditions(self._members))
        self._is_needed = [_is_needed(member, often) for member in members]
        self._prefixes: dict[int, Together] = {}
        alive = conjunctions.alive
        named = {placed.payload for placed in conjunctions.tests if placed.mask & alive}
        keys = (key for key in source.payload_keys if key in named)
        stages = tuple(Stage(each.count) for each in self._matchers)
        self.funnel = Funnel(index, source.name, tuple(keys), stages)

    def add(self, record: Mapping[str, Any]) -> None:
        funnel = self.funnel
        funnel.records += 1
        payloads = Payloads(self._source, self._source.view(record))
        seen = self.views.look(payloads)
        try:
            alone = [each.holds(record, seen) for each in self._matchers]
            reason, key = self._evaluator.format_verdict(payloads)
            if reason is not Reason.MATCH:
                funnel.wrong_format[reason.words(key)] += 1
                return
            passed = self._passed(record, alone)
        except RecordError:
            funnel.undecided += 1
            return
        funnel.left += 1
        funnel.ignored += FormatAction.METADATA_ONLY in seen.steps.values()
        for stage in funnel.stages[:passed]:
            stage.left += 1

    def fields(self) -> Iterator[FieldMatcher]:
        """Yield the conditions on fields, also those in a `$or`."""
        for each in self._matchers:
            yield from each.fields()

    def finished(self) -> Funnel:
        """Return the funnel, including what is only known at the end."""
        for each in self._matchers:
            each.finish()
        return self.funnel

    def _passed(self, record: Mapping[str, Any], alone: list[bool]) -> int:
        """Return how many of the members, starting with the first, match together.

        Members that match together also match alone, so that usually one evaluation is enough.
        """
        outcomes = zip(self._is_needed, alone)  # noqa: B905 - equally long
        fails = (place for place, (needed, holds) in enumerate(outcomes) if needed and not holds)
        most = next(fails, len(alone))
        if not most or self._prefix(most).holds(record):
            return most
        # An `exists: false` in an array may match again with one more member: the first change
        # counts.
        return bisect_left(
            range(most), True, key=lambda count: not self._prefix(count + 1).holds(record)
        )

    def _prefix(self, count: int) -> Together:
        """Return the first members together, in the order of the text: if a path is reached
        twice, the last condition counts."""
        if count not in self._prefixes:
            members = tuple(self._members[place] for place in sorted(self._order[:count]))
            self._prefixes[count] = Together(members, self._source)
        return self._prefixes[count]

    def _is_about_payload(self, place: int) -> bool:
        conditions = iter_conditions((self._members[place],))
        return any(condition.path in self.views.wanted for condition in conditions)


def _members(text: PatternText, source: Source) -> AllOf:
    """Return the members of a pattern that has been compiled before, without those that are
    overruled."""
    reporter = Reporter(text.text)
    syntax_tree = parse_placed(text.text, reporter)
    found = () if syntax_tree is None else check(syntax_tree, reporter)
    if text.scope is not None:
        found = scoped(found, source.scopes[text.scope])
    last = {member.path: member for member in found if isinstance(member, Condition)}
    return tuple(
        member for member in found if isinstance(member, AnyOf) or last[member.path] is member
    )


def _is_needed(member: Condition | AnyOf, often: Mapping[str, int]) -> bool:
    """Whether everything that contains the member fails if the member fails alone: not if another
    member may overrule it, or if absence depends on how an array was bound."""
    return (
        isinstance(member, Condition)
        and often[member.path] == 1
        and not any(isinstance(rule, Absent) for rule in member.rules)
    )
