"""Counts the verdicts on files of records with generated code, if nothing is printed per record."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from filterpatterns.cli.evaluation.record_loop import (
    GetVerdict,
    Output,
    Tally,
    match_file,
    report,
)
from filterpatterns.cli.io import parquet
from filterpatterns.cli.io.lines import LineFilter, Outcome, ReasonMatcher
from filterpatterns.cli.io.parquet import Columns
from filterpatterns.cli.io.payloads import Wrap
from filterpatterns.cli.io.streams import STDIN, Stream, reason
from filterpatterns.cli.messages import located
from filterpatterns.cli.output import writers
from filterpatterns.cli.output.progress import Progress, show_progress, size_of, wants_progress
from filterpatterns.engine.engine import MatchLines
from filterpatterns.engine.filter import Filter
from filterpatterns.matching.verdict import Reason, Verdict

_ROWS = Columns()


def count_files(
    files: tuple[str, ...],
    get_verdict: GetVerdict,
    lines: MatchLines | None,
    out: Output,
    tally: Tally,
    *,
    wrap: Wrap | None = None,
    columns: Columns = _ROWS,
    compiled: Filter | None = None,
    collect: Callable[[Outcome], None] | None = None,
    writes_lines: bool = False,
) -> None:
    """Count the records of files like `match_file`; records that cannot be read or evaluated are
    reported on standard error.

    Args:
        files: the files; `-` is standard input.
        get_verdict: as for `match_file`.
        lines: matches lines of JSON Lines, and calls `drop` only for records that do not match;
            None if the filter has no such function.
        out: flushed before anything is reported.
        tally: where the records are counted.
        wrap: as for `match_file`.
        columns: as for `match_file`.
        compiled: as for `match_file`.
        collect: called with the results of some lines at a time; not for columns.
        writes_lines: whether `collect` may write to the terminal; then no progress is shown.
    """
    sizes = [size_of(file) for file in files]
    counter = _Counter(get_verdict, lines, out, tally, wrap, collect)
    wanted = wants_progress(writes_lines=writes_lines)
    with show_progress(sum(sizes), wanted=wanted) as progress:
        before = 0
        for file, size in zip(files, sizes, strict=True):
            if parquet.kind_of(file) is None:
                counter.file(file, progress, before)
            else:
                silence = writers.Silence()
                match_file(file, get_verdict, silence, tally, columns=columns, compiled=compiled)
            before += size


class _Counter:
    """Counts the records of files one by one."""

    def __init__(
        self,
        get_verdict: GetVerdict,
        lines: MatchLines | None,
        out: Output,
        tally: Tally,
        wrap: Wrap | None,
        collect: Callable[[Outcome], None] | None,
    ) -> None:
        self._wrap = wrap
        self._take_outcome = collect
        self._matcher = ReasonMatcher(get_verdict, lines, self._take_verdict)
        self._out = out
        self._tally = tally
        self._matched = self._dropped = 0  # the number of records whose verdict has been counted

    def file(self, file: str, progress: Progress, before: int) -> None:
        """Count a file's records; `before` is the total size of the files before it."""
        name = STDIN if file == "-" else file
        lines = LineFilter(self._matcher, name, wrap=self._wrap)
        opened: list[Stream] = []

        def before_read() -> None:
            if not (opened and opened[0].is_plain):  # reading a file does not wait
                self._out.flush()

        try:
            stream = Stream.open(file, before_read=before_read)
        except (OSError, ValueError) as error:
            self._cannot_read(name, reason(error))
            return
        opened.append(stream)
        with stream:

            def read_block(longest: Callable[[bytes], int]) -> bytes:
                self._collect(lines, name)
                progress(before + stream.position, self._tally.matched)
                return stream.read_block(longest)

            lines.run(read_block)
            self._collect(lines, name)
            if stream.problem is not None:
                count = lines.counts.lines
                self._cannot_read(
                    name, stream.problem + (f" (after line {count:,})" if count else "")
                )
            elif not (lines.counts.records or lines.counts.errors):
                report(self._out, located(name, "warning: no records"))

    def _take_verdict(self, record: Any, verdict: Verdict) -> None:
        why, key = verdict
        if why is Reason.MATCH:
            self._matched += 1
            self._tally.matched += 1
            return
        self._dropped += 1
        if self._tally.first is None:
            self._tally.first = record
        self._tally.dropped[why.words(key)] += 1

    def _collect(self, lines: LineFilter, name: str) -> None:
        """Count the outcome so far."""
        tally, outcome = self._tally, lines.outcome
        if self._take_outcome is not None:
            self._take_outcome(outcome)
        tally.matched += len(outcome.kept) - self._matched
        dropped = len(outcome.dropped) - self._dropped
        if dropped:
            tally.dropped[Reason.NO_MATCH.value] += dropped
            if tally.first is None:
                tally.first = outcome.dropped[0].decode()
        for problem in outcome.problems:
            if problem.line is None:
                self._cannot_read(name, problem.message)
                continue
            tally.invalid += 1
            message = f"error: {problem.message}"
            report(self._out, located(name, message, problem.line, problem.column))
        self._matched = self._dropped = 0
        for taken in (outcome.kept, outcome.dropped, outcome.invalid_lines, outcome.problems):
            taken.clear()

    def _cannot_read(self, name: str, why: str) -> None:
        self._tally.unreadable += 1
        report(self._out, located(name, f"error: {why}"))
