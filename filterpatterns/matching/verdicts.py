"""Evaluates records for a matcher: the format table and the tests, for all conjunctions at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from filterpatterns.delivery.sources import FormatAction, PayloadFormat, Source
from filterpatterns.matching.evaluator import holding
from filterpatterns.matching.mask_tree import MaskTree
from filterpatterns.matching.match_tree import (
    Conjunctions,
    Matcher,
    Payload,
    PlacedTest,
    build_tree,
)
from filterpatterns.matching.verdict import (
    MATCH,
    NO_MATCH,
    Payloads,
    ReadPayload,
    Reason,
    Verdict,
    as_record,
    format_action,
    mismatch,
)

_MOST_CONJUNCTIONS = 1 << 13
"""Conjunctions of one filter that are evaluated together: longer masks are no longer nearly
free."""

_ANYTHING = build_tree("", ())


class Evaluator:
    """Evaluates records for a matcher; its trees are built at the first evaluation."""

    def __init__(self, matcher: Matcher) -> None:
        self._matcher = matcher
        self._groups: tuple[Group, ...] | None = None

    def verdict(self, record: Any) -> Verdict:
        """Whether a record is kept, and why or why not.

        Raises:
            RecordError: the record cannot be evaluated.
        """
        view = self._matcher.source.view(as_record(record))
        return self.verdict_for(Payloads(self._matcher.source, view))

    def verdict_for(self, payloads: Payloads) -> Verdict:
        """Like `verdict`, for a record whose payloads may have been read.

        Raises:
            RecordError: the record cannot be evaluated.
        """
        if self._matcher.keep_all:
            return MATCH
        return self._verdict(payloads, formats_only=False)

    def format_verdict(self, payloads: Payloads) -> Verdict:
        """Return what the format evaluation of a record's payloads alone says, as if all tests
        held."""
        return self._verdict(payloads, formats_only=True)

    def _verdict(self, payloads: Payloads, *, formats_only: bool) -> Verdict:
        if self._groups is None:
            self._groups = tuple(
                map(Group, partitioned(self._matcher.patterns, _MOST_CONJUNCTIONS))
            )
        budget = payloads.budget
        budget.postpones = True  # a match without a search makes the search unnecessary
        verdict = self._first(self._groups, payloads, formats_only=formats_only)
        budget.postpones = False
        if budget.postponed and verdict[0] is not Reason.MATCH:
            return self._first(self._groups, payloads, formats_only=formats_only)
        return verdict

    def _first(
        self, groups: tuple[Group, ...], payloads: Payloads, *, formats_only: bool
    ) -> Verdict:
        outcome = MATCH if formats_only and not self._matcher.size() else None
        for group in groups:
            verdict = group.verdict(payloads, formats_only=formats_only)
            if verdict[0] is Reason.MATCH:
                return verdict
            # "no match" for one filter is more informative than a wrong format for another
            if outcome is None or verdict[0] is Reason.NO_MATCH:
                outcome = verdict
        return outcome or NO_MATCH


def partitioned(patterns: Iterable[Conjunctions], most: int) -> Iterator[tuple[Conjunctions, ...]]:
    """Yield patterns in groups to evaluate together, of at most a given number of conjunctions
    (or one pattern)."""
    chosen: list[Conjunctions] = []
    count = 0
    for pattern in patterns:
        if chosen and count + pattern.count > most:
            yield tuple(chosen)
            chosen, count = [], 0
        chosen.append(pattern)
        count += pattern.count
    if chosen:
        yield tuple(chosen)


class Group:
    """Patterns for one source, whose conjunctions have adjacent bits.

    `alive` are the conjunctions that can hold at all, `starts` says where those of each pattern
    begin. `metadata` has the tests of the records' own fields.
    """

    def __init__(self, patterns: Iterable[Conjunctions]) -> None:
        self.alive = 0
        self.starts: dict[Conjunctions, int] = {}
        placed: dict[str | None, list[tuple[PlacedTest, int]]] = {None: []}
        count = 0
        for pattern in patterns:
            self.source = pattern.source
            self.starts[pattern] = count
            self.alive |= pattern.alive << count
            for test in pattern.tests:
                mask = test.mask << count if count else test.mask
                placed.setdefault(test.payload, []).append((test, mask))
            count += pattern.count
        self.metadata = MaskTree(
            "", ((one.names, one.test, mask) for one, mask in placed.pop(None))
        )
        self.payloads = [
            MaskedPayload(self.source, key, placed[key])
            for key in self.source.payload_keys
            if key in placed
        ]

    def verdict(self, payloads: Payloads, *, formats_only: bool = False) -> Verdict:
        """Whether any conjunction matches a record with these payloads, and why or why not."""
        pending = self.alive
        failed: list[tuple[int, Verdict]] = []
        for payload in self.payloads:
            if pending & payload.named:
                pending = payload.filter(pending, payloads, failed, formats_only=formats_only)
        if pending and (
            formats_only or holding(self.metadata, payloads.view, pending, payloads.budget)
        ):
            return MATCH
        if pending or any(verdict is NO_MATCH for _, verdict in failed):
            return NO_MATCH
        first = self.alive & -self.alive
        return next((verdict for mask, verdict in failed if mask & first), NO_MATCH)

    def holding(self, payloads: Payloads, asked: int) -> int:
        """Return which of the conjunctions asked for hold for a record with these payloads."""
        asked &= self.alive
        for payload in self.payloads:
            if asked & payload.named:
                asked = payload.filter(asked, payloads, [], formats_only=False)
        return holding(self.metadata, payloads.view, asked, payloads.budget)


class MaskedPayload:
    """What conjunctions expect of one payload, the value at `key`.

    `named` are those that expect anything of it; `wanted` groups them by the formats that they
    expect; `json` has their tests of its fields.
    """

    def __init__(self, source: Source, key: str, placed: list[tuple[PlacedTest, int]]) -> None:
        self._source = source
        self.key = key
        below = [(one, mask) for one, mask in placed if one.test.path != key]
        self.json = MaskTree(key, ((one.names, one.test, mask) for one, mask in below))
        self._strings = [(one.test, mask) for one, mask in placed if one.test.path == key]
        wants_json = wants_string = 0
        for _, mask in below:
            wants_json |= mask
        for _, mask in self._strings:
            wants_string |= mask
        self.named = wants_json | wants_string
        anything = _ANYTHING
        string = self._strings[0][0] if self._strings else None
        # By what a conjunction expects of the payload, of which only the format matters here.
        self.wanted = [
            (mask, wanted)
            for mask, wanted in (
                (wants_json & ~wants_string, Payload(anything, None)),
                (wants_string & ~wants_json, Payload(None, string)),
                (wants_string & wants_json, Payload(anything, string)),
            )
            if mask
        ]

    def filter(
        self,
        asked: int,
        payloads: Payloads,
        failed: list[tuple[int, Verdict]],
        *,
        formats_only: bool,
    ) -> int:
        """Return which of the conjunctions still hold; the others are added to those that
        failed."""
        read = payloads[self.key]
        if read is None:
            failed.append((asked & self.named, (Reason.NO_PAYLOAD, self.key)))
            return asked & ~self.named
        to_test = 0
        for mask, wanted in self.wanted:
            follows = format_action(self._source, wanted, read[0])
            if follows is FormatAction.DROP and asked & mask:
                failed.append((asked & mask, (mismatch(*read), self.key)))
                asked &= ~mask
            elif follows is FormatAction.FILTER:
                to_test |= asked & mask
        if not to_test or formats_only:
            return asked
        held = self._tested(read, to_test, payloads)
        if to_test & ~held:
            failed.append((to_test & ~held, NO_MATCH))
        return asked & ~(to_test & ~held)

    def _tested(self, read: ReadPayload, asked: int, payloads: Payloads) -> int:
        assert read is not None, "there is a payload"
        found, value = read
        if found is PayloadFormat.JSON:
            return holding(self.json, value, asked, payloads.budget)
        return asked & self.holding_for_string(value)

    def holding_for_string(self, text: str) -> int:
        """Return the conjunctions whose test of the payload as a plain string holds."""
        held = 0
        for test, mask in self._strings:
            if mask & ~held and any(rule.holds(text) for rule in test.rules):
                held |= mask
        return held
