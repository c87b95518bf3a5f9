"""Reads files of records, evaluates each record and counts the verdicts, for several commands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol

import click
from msgspec import Struct, field

from filterpatterns.cli.io import record_files, streams
from filterpatterns.cli.io.parquet import Columns
from filterpatterns.cli.io.payloads import Wrap
from filterpatterns.cli.messages import NOT_A_RECORD, counted, located
from filterpatterns.cli.output import advice, writers
from filterpatterns.cli.output.writers import DROP, ERROR, MATCH, Row
from filterpatterns.delivery import reader
from filterpatterns.delivery.reader import Item
from filterpatterns.engine.filter import Filter
from filterpatterns.errors import RecordError
from filterpatterns.matching.verdict import Reason, Verdict

_ROWS = Columns()

GetVerdict = Callable[[Any], Verdict]
"""`Filter.verdict`, or a function that also does something else."""


class Tally(Struct):
    """The counts of the records."""

    matched: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    invalid: int = 0
    unreadable: int = 0
    first: Any = None
    """The first record that was dropped: if nothing matches, it may show why."""

    @property
    def total(self) -> int:
        """The number of records, including lines that are not records."""
        return self.matched + self.dropped.total() + self.invalid

    def summary(self, kept: str, dropped: str) -> str:
        """The counts in one line; `kept` and `dropped` are words for those that match or do not."""
        parts = [f"{self.matched:,} {kept}", f"{self.dropped.total():,} {dropped}"]
        if self.invalid:
            parts.append(f"{self.invalid:,} {NOT_A_RECORD}")
        return f"{counted(self.total)}: {', '.join(parts)}" if self.total else "0 records"

    def __str__(self) -> str:
        lines = [self.summary("match", "drop")]
        if self.dropped.keys() - {Reason.NO_MATCH.value}:
            width = len(f"{max(self.dropped.values()):,}")
            lines += [f"  {count:{width},} {why}" for why, count in self.dropped.most_common()]
        return "\n".join(lines)


class Output(Protocol):
    """A buffered writer to standard output."""

    def flush(self) -> None:
        """Flush the buffer."""
        ...


class CountsUnreadable(Protocol):
    """Counts the files that cannot be read completely."""

    unreadable: int


def numbered(
    file: str,
    out: Output,
    tally: CountsUnreadable,
    *,
    on_invalid: Callable[[bytes], None] = reader.forget,
    wrap: Wrap | None = None,
    columns: Columns = _ROWS,
    compiled: Filter | None = None,
    after_read: Callable[[int], None] | None = None,
) -> Iterator[tuple[int, Item]]:
    """Yield the items of a file (records, and lines that are not records) with their numbers.

    A file that cannot be read, or has no records, is reported on standard error.

    Args:
        file: the file's name, or `-` for standard input.
        out: flushed before waiting for more input.
        tally: where files that cannot be read are counted.
        on_invalid: called with each line, or part of one, that is in no record.
        wrap: makes a record from each line, which is a payload; None for files of records.
        columns: as for `record_files.read_records`.
        compiled: as for `record_files.read_records`.
        after_read: as for `record_files.read_records`.
    """
    number = 0
    unreadable = tally.unreadable
    for item in record_files.read_records(
        file,
        before_read=out.flush,
        on_invalid=on_invalid,
        wrap=wrap,
        columns=columns,
        compiled=compiled,
        after_read=after_read,
    ):
        if item.line is None:
            tally.unreadable += 1
            report(out, located(item.file, f"error: {item.error}"))
            continue
        number += 1
        yield number, item
    if not number and tally.unreadable == unreadable:
        report(out, located(streams.STDIN if file == "-" else file, "warning: no records"))


def match_file(
    file: str,
    get_verdict: GetVerdict,
    writer: writers.Writer,
    tally: Tally,
    *,
    wrap: Wrap | None = None,
    columns: Columns = _ROWS,
    compiled: Filter | None = None,
) -> None:
    """Evaluate the records of a file; records that cannot be read or evaluated are reported on
    standard error.

    Args:
        file: the file's name, or `-` for standard input.
        get_verdict: returns the verdict on a record.
        writer: gets one row per record.
        tally: counts them.
        wrap: makes a record from each line, which is a payload; None for files of records.
        columns: as for `record_files.read_records`.
        compiled: as for `record_files.read_records`.
    """
    for number, item in numbered(
        file, writer, tally, wrap=wrap, columns=columns, compiled=compiled
    ):
        result, reason, detail = _match_item(item, get_verdict, writer, tally)
        writer.row(Row(item.file, item.line or 0, number, item.id, result, reason, detail))


def match_files(
    files: Iterable[str],
    get_verdict: GetVerdict,
    writer: writers.Writer,
    tally: Tally,
    *,
    wrap: Wrap | None = None,
) -> None:
    """Evaluate the records of files one by one."""
    for file in files:
        match_file(file, get_verdict, writer, tally, wrap=wrap)


def _match_item(
    item: Item, get_verdict: GetVerdict, writer: writers.Writer, tally: Tally
) -> tuple[str, str, str]:
    """Return the result, the reason for machines, and the reason in words."""
    error, column = item.error, item.column
    if error is None:
        try:
            reason, key = get_verdict(item.record)
        except RecordError as refusal:
            error = refusal.message
        else:
            if reason is Reason.MATCH:
                tally.matched += 1
                return MATCH, reason.slug, ""
            if tally.first is None:
                tally.first = item.record
            words = reason.words(key)
            tally.dropped[words] += 1
            return DROP, reason.slug, words
    tally.invalid += 1
    report(writer, located(item.file, f"error: {error}", item.line, column))
    return ERROR, "not-a-record", error


def report(out: Output, message: str) -> None:
    """Write to standard error, after flushing the output: both may be the same terminal."""
    out.flush()
    click.echo(message, err=True)


def give_advice(tally: Tally, compiled: Filter) -> bool:
    """If nothing matches, print the likely reason, as far as the first record shows it. Return
    whether there was one."""
    if tally.matched or tally.first is None:
        return False
    found = list(advice.hints(tally.first, compiled))
    for words in found:
        click.echo(f"fp: hint: {words}", err=True)
    return bool(found)


def hint_at_stats(tally: Tally) -> None:
    """If several records simply do not match, name the command that shows why."""
    if tally.dropped[Reason.NO_MATCH.value] > 1:
        click.echo("fp: hint: fp stats shows which condition drops them", err=True)
