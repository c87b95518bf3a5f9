"""Reading files of records and judging each: what several commands do, and count alike."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol

import click
from msgspec import Struct, field

from filterpatterns.cli.io import record_files, streams
from filterpatterns.cli.io.parquet import Columns
from filterpatterns.cli.io.payloads import Wrap
from filterpatterns.cli.messages import counted, located
from filterpatterns.cli.output import advice, writers
from filterpatterns.cli.output.writers import DROP, ERROR, MATCH, NOT_A_RECORD, Row
from filterpatterns.delivery import reader
from filterpatterns.delivery.reader import Item
from filterpatterns.engine.filter import Filter
from filterpatterns.errors import RecordError
from filterpatterns.matching.verdict import Reason, Verdict

_ROWS = Columns()

GetVerdict = Callable[[Any], Verdict]
"""`Filter.verdict`, or what does more and says the same."""


class Tally(Struct):
    """What became of the records."""

    matched: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    invalid: int = 0
    unreadable: int = 0
    first: Any = None
    """The first record that was dropped: if nothing matches, it may tell why."""

    @property
    def total(self) -> int:
        """How many records there were, with the lines that are none."""
        return self.matched + self.dropped.total() + self.invalid

    def __str__(self) -> str:
        parts = [f"{self.matched:,} match", f"{self.dropped.total():,} drop"]
        if self.invalid:
            parts.append(f"{self.invalid:,} {NOT_A_RECORD}")
        lines = [f"{counted(self.total)}: {', '.join(parts)}" if self.total else "0 records"]
        if self.dropped.keys() - {Reason.NO_MATCH.value}:
            width = len(f"{max(self.dropped.values()):,}")
            lines += [f"  {count:{width},} {why}" for why, count in self.dropped.most_common()]
        return "\n".join(lines)


class Output(Protocol):
    """What may hold back what standard output is to get."""

    def flush(self) -> None:
        """Bring it out."""
        ...


class CountsUnreadable(Protocol):
    """What counts the files that cannot be read, or not to their end."""

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
) -> Iterator[tuple[int, Item]]:
    """The records of a file, and what is none, each with its number; that a file
    cannot be read, or has no records, is said on standard error.

    Args:
        file: the file's name, or `-` for standard input.
        out: is flushed before more input is waited for.
        tally: where files that cannot be read are counted.
        on_invalid: called with each line, or part of one, that is in no record.
        wrap: makes a record of each line, which is a payload; None for files of records.
        columns: as for `record_files.read_records`.
        compiled: as for `record_files.read_records`.
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
    ):
        if item.line is None:
            tally.unreadable += 1
            complain(out, located(item.file, f"error: {item.error}"))
            continue
        number += 1
        yield number, item
    if not number and tally.unreadable == unreadable:
        complain(out, located(streams.STDIN if file == "-" else file, "warning: no records"))


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
    """Judge the records of a file; what cannot be read or judged is said on standard error.

    Args:
        file: the file's name, or `-` for standard input.
        get_verdict: says of a record what becomes of it.
        writer: takes a row for each.
        tally: counts them.
        wrap: makes a record of each line, which is a payload; None for files of records.
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
    """Judge the records of files, one after the other."""
    for file in files:
        match_file(file, get_verdict, writer, tally, wrap=wrap)


def _match_item(
    item: Item, get_verdict: GetVerdict, writer: writers.Writer, tally: Tally
) -> tuple[str, str, str]:
    """The result, the reason for machines, and the reason in words."""
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
    complain(writer, located(item.file, f"error: {error}", item.line, column))
    return ERROR, "not-a-record", error


def complain(out: Output, message: str) -> None:
    """Say on standard error what comes after the output so far: both may be the same terminal."""
    out.flush()
    click.echo(message, err=True)


def give_advice(tally: Tally, compiled: Filter) -> bool:
    """If nothing matches, say what is likely the reason, as far as the first record tells; gives
    whether there was something to say."""
    if tally.matched or tally.first is None:
        return False
    found = list(advice.hints(tally.first, compiled))
    for words in found:
        click.echo(f"fp: hint: {words}", err=True)
    return bool(found)


def hint_at_stats(tally: Tally) -> None:
    """Of several records that simply do not match, say what tells them apart."""
    if tally.dropped[Reason.NO_MATCH.value] > 1:
        click.echo("fp: hint: fp stats shows which condition drops them", err=True)
