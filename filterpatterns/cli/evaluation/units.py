"""Counts the records of units of work in parts, and adds these up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from filterpatterns.cli.evaluation.record_loop import GetVerdict, Output, Tally, report
from filterpatterns.cli.io.lines import Counts, LineFilter, Outcome, ReadError, ReasonMatcher
from filterpatterns.cli.io.payloads import Wrap
from filterpatterns.cli.io.scan import open_unit
from filterpatterns.cli.io.slices import BYTES_PER_PROBLEM, FileSlice, SliceResult
from filterpatterns.cli.io.streams import Stream
from filterpatterns.cli.messages import located, reason
from filterpatterns.engine.engine import MatchLines, Misfit
from filterpatterns.engine.line_search import Found
from filterpatterns.engine.payload_search import PayloadSearch
from filterpatterns.matching.verdict import Reason, Verdict

if TYPE_CHECKING:
    from filterpatterns.stats.increments import Increment

_BUFFERS = 4
"""So many times as much is read at once for a search, which does little for each line."""

GetLines = Callable[[Misfit], MatchLines | None]
"""Returns what matches lines of JSON Lines, and calls `drop` only for records that do not match,
and the argument for those with another reason; None if the filter has no such function."""


class Part(NamedTuple):
    """What has been counted of a unit since the last part."""

    matched: int
    dropped: dict[str, int]
    first: str | None
    """The first record that was dropped."""
    problems: tuple[ReadError, ...]
    increments: tuple[Increment, ...]
    """What has been added to statistics, if the unit has ended."""

    @property
    def size(self) -> int:
        """About how many bytes it takes."""
        increments = sum(increment.size for increment in self.increments)
        return len(self.first or "") + BYTES_PER_PROBLEM * len(self.problems) + increments


def ignore(_increments: tuple[Increment, ...]) -> None:
    """Nothing counts statistics."""


class UnitCounter:
    """Counts the records of units one by one."""

    def __init__(
        self,
        get_verdict: GetVerdict,
        get_lines: GetLines,
        out: Output,
        wrap: Wrap | None,
        collect: Callable[[Outcome], None] | None = None,
        search: PayloadSearch | None = None,
        take_increments: Callable[[], tuple[Increment, ...]] = tuple,
    ) -> None:
        """
        Args:
            get_verdict: as for `match_file`.
            get_lines: returns what matches lines.
            out: flushed before reading may wait.
            wrap: as for `match_file`.
            collect: called with the results of some lines at a time.
            search: what searches whole blocks, if something does.
            take_increments: returns, at the end of a unit, what has been added to statistics.
        """
        self._wrap = wrap
        self._take_increments = take_increments
        self._take_outcome = collect
        self._matcher = ReasonMatcher(
            get_verdict, get_lines(self._misfit), self._take_verdict, search, self._take_rest
        )
        self._out = out
        self._key = "" if search is None else search.decoders.key
        self._outcome = Outcome()
        self._matched = 0
        self._dropped: Counter[str] = Counter()
        self._verdict: Verdict | None = None  # the last one, and its reason in words
        self._words = ""
        self._seen: set[str] = set()  # the reasons in earlier parts of the unit
        self._first: str | None = None
        self._has_first = False
        self._counted = 0  # the number of lines in `dropped` whose verdict has been counted

    def run(
        self,
        unit: FileSlice,
        emit: Callable[[Part], None],
        tick: Callable[[int], None] | None = None,
    ) -> SliceResult:
        """Count a unit's records.

        Args:
            unit: what to read; it has no columns.
            emit: called with what has been counted, in order.
            tick: called from time to time with the number of bytes read of the unit.
        """
        json_lines = None if unit.end is None else True
        self._seen.clear()
        self._has_first = False
        lines = LineFilter(
            self._matcher,
            unit.name,
            wrap=self._wrap,
            json_lines=json_lines,
            is_start=unit.start == 0,
        )
        self._outcome = lines.outcome
        opened: list[Stream] = []

        def before_read() -> None:
            if not (opened and opened[0].is_plain):  # reading a file does not wait
                self._out.flush()

        try:
            stream = open_unit(unit, before_read)
        except (OSError, ValueError) as error:
            return SliceResult(problem=reason(error))
        opened.append(stream)
        search = self._matcher.search
        usual = stream.buffer_size
        with stream:

            def read_block(longest: Callable[[bytes], int]) -> bytes:
                self._collect()
                if tick is not None or self._outcome.problems:
                    emit(self._part())
                if tick is not None:
                    tick(stream.position)
                if search is not None:
                    stream.buffer_size = usual * (_BUFFERS if search.tuner.plan.look else 1)
                return stream.read_block(longest)

            lines.run(read_block)
            self._collect()
            emit(self._part()._replace(increments=self._take_increments()))
            return SliceResult(lines.counts, stream.problem)

    def _take_verdict(self, record: str, verdict: Verdict) -> None:
        """Take the verdict on a record whose line is put into the outcome next."""
        self._count_plain()
        if verdict[0] is not Reason.MATCH:
            self._drop(record, verdict)
            self._counted += 1

    def _misfit(self, line: bytes, verdict: Verdict) -> None:
        """Take the verdict on a line that is not put into the outcome."""
        self._count_plain()
        self._drop(line, verdict)

    def _drop(self, record: str | bytes, verdict: Verdict) -> None:
        self._see_first(record)
        if verdict is not self._verdict:
            self._verdict, self._words = verdict, verdict[0].words(verdict[1])
        self._dropped[self._words] += 1

    def _see_first(self, record: str | bytes) -> None:
        if not self._has_first:
            self._has_first = True
            self._first = record if isinstance(record, str) else record.decode()

    def _count_plain(self) -> None:
        """Count the lines that simply do not match, before the verdict on another is counted: the
        first record and the order of reasons are those of the file."""
        dropped = self._outcome.dropped
        if len(dropped) == self._counted:
            return
        self._see_first(dropped[self._counted])
        self._dropped[Reason.NO_MATCH.value] += len(dropped) - self._counted
        self._counted = len(dropped)

    def _take_rest(self, block: bytes, found: Found) -> bool:
        """Count the lines of a block that a search has not found, if that leaves the first record
        and the order of reasons those of the file."""
        self._count_plain()
        no_json = found.strings + found.broken
        counts = {
            Reason.NO_MATCH.value: found.total - len(found.places) - no_json,
            Reason.WANTS_JSON.words(self._key): found.strings,
            Reason.BROKEN_JSON.words(self._key): found.broken,
        }
        counts = {words: count for words, count in counts.items() if count}
        if counts.keys() - self._dropped.keys() - self._seen:
            if len(counts) > 1 or found.has_unknown:
                return False
            if no_json and found.places:
                return False
        if not self._has_first:
            if 0 in found.places:
                return False
            self._see_first(block[: block.index(b"\n") + 1])
        self._dropped.update(counts)
        return True

    def _collect(self) -> None:
        """Count the outcome so far."""
        outcome = self._outcome
        self._count_plain()
        self._matched += len(outcome.kept)
        if self._take_outcome is not None:
            self._take_outcome(outcome)
        for taken in (outcome.kept, outcome.dropped, outcome.invalid_lines):
            taken.clear()
        self._counted = 0

    def _part(self) -> Part:
        """Take out what has been counted so far."""
        problems = self._outcome.problems
        part = Part(self._matched, dict(self._dropped), self._first, tuple(problems), ())
        self._matched, self._first = 0, None
        self._seen |= self._dropped.keys()
        self._dropped.clear()
        problems.clear()
        return part


class PartTaker:
    """Adds up what is counted, and reports what cannot be read."""

    def __init__(
        self,
        out: Output,
        tally: Tally,
        add_increments: Callable[[tuple[Increment, ...]], None] = ignore,
    ) -> None:
        self._add_increments = add_increments
        self._out = out
        self._tally = tally
        self._file: str | None = None
        self._counts = Counts()  # of the units of the file that have ended
        self._is_unread = False

    def begin(self, unit: FileSlice) -> None:
        """Begin a unit: a file, or a later section of one."""
        if unit.start == 0:
            self.end_file()
            self._file = unit.name

    def take(self, part: Part) -> None:
        """Add a part of the unit."""
        tally = self._tally
        tally.matched += part.matched
        for why, count in part.dropped.items():
            tally.dropped[why] += count
        if tally.first is None:
            tally.first = part.first
        self._add_increments(part.increments)
        for problem in part.problems:
            if problem.line is None:
                self._cannot_read(problem.message)
                continue
            tally.invalid += 1
            line = problem.line + self._counts.lines
            self._report(f"error: {problem.message}", line, problem.column)

    def end(self, end: SliceResult) -> None:
        """Count the unit, which has ended."""
        self._counts.add(end.counts)
        if end.problem is not None:
            count = self._counts.lines
            self._cannot_read(end.problem + (f" (after line {count:,})" if count else ""))
            self._is_unread = True

    def end_file(self) -> None:
        """Finish the file: no unit of it is left."""
        if self._file is None:
            return
        if not (self._is_unread or self._counts.records or self._counts.errors):
            self._report("warning: no records")
        self._file, self._counts, self._is_unread = None, Counts(), False

    def _cannot_read(self, why: str) -> None:
        self._tally.unreadable += 1
        self._report(f"error: {why}")

    def _report(self, words: str, line: int | None = None, column: int | None = None) -> None:
        report(self._out, located(str(self._file), words, line, column))
