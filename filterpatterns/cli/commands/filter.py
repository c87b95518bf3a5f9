"""`fp filter`: the records that the pattern keeps, unchanged."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import click

from filterpatterns.cli.arguments import patterns
from filterpatterns.cli.arguments.options import (
    complete_files,
    jobs_option,
    pattern_options,
    payload_option,
)
from filterpatterns.cli.checking import searching
from filterpatterns.cli.io import (
    output_files,
    parquet,
    parquet_filter,
    payloads,
    record_files,
    workers,
)
from filterpatterns.cli.io.lines import Counts
from filterpatterns.cli.io.output_files import Write
from filterpatterns.cli.io.payloads import Wrap
from filterpatterns.cli.io.scan import Scan
from filterpatterns.cli.io.slices import Chunk, FileSlice, ScanOptions, SliceResult
from filterpatterns.cli.messages import NOT_A_RECORD, counted, located
from filterpatterns.cli.output.progress import Progress, show_progress, wants_progress
from filterpatterns.engine.filter import Filter
from filterpatterns.errors import printable

if TYPE_CHECKING:
    from filterpatterns.engine.columns import Of, PayloadEncoding

_MOST_REPORTED: Final = 10
"""How many messages about single lines are printed; the rest are only counted."""


@click.command(
    epilog="""\b
Examples:
  fp filter pattern.json events.jsonl > kept.jsonl
  fp filter '{"body": {"status": ["refunded"]}}' archive/*.jsonl.gz
  fp filter -v --source kinesis pattern.json stream.jsonl
  fp filter -c pattern.json archive/*.jsonl
  fp filter --rejects dropped.jsonl --errors bad.jsonl pattern.json events.gz
  tail -f events.jsonl | fp filter pattern.json
  aws sqs receive-message --queue-url "$QUEUE" | fp filter --ids pattern.json
  fp filter --column body -o kept.parquet pattern.json archive/*.parquet

\b
Exit status: 0 if a record was selected, 1 if none was; 2 if the pattern is
refused, or a file or line cannot be read (the remaining ones are still
filtered)."""
)
@pattern_options
@payload_option
@click.option(
    "-v", "--invert-match", "invert", is_flag=True, help="Select the records that do not match."
)
@click.option(
    "-c", "--count", is_flag=True, help="Write only the number of selected records per file."
)
@click.option(
    "-l",
    "--files-with-matches",
    "names",
    is_flag=True,
    help="Write only the names of files with selected records.",
)
@click.option("--ids", is_flag=True, help="Write only the ids (`-` for a record without one).")
@click.option(
    "-m",
    "--max-count",
    "most",
    metavar="N",
    type=click.IntRange(min=1),
    help="Stop after N records in total.",
)
@click.option(
    "-o", "--output", metavar="FILE", help="Write to a file, compressed if it ends in .gz or .zst."
)
@click.option(
    "--rejects", metavar="FILE", help="Write the records that are not selected to a file."
)
@click.option("--errors", metavar="FILE", help="Write the lines that are not records to a file.")
@click.option(
    "--compress",
    type=click.Choice(["none", "gzip", "zstd"]),
    default="none",
    show_default=True,
    help="Compression of standard output.",
)
@jobs_option("The number of processes.")
@click.option("--stats", is_flag=True, help="Print a summary on standard error at the end.")
@parquet.column_options
@click.argument("pattern", metavar="PATTERN", shell_complete=complete_files)
@click.argument("files", metavar="[FILES]...", nargs=-1, shell_complete=complete_files)
@click.pass_context
def command(
    ctx: click.Context,
    /,
    pattern: str,
    files: tuple[str, ...],
    payload: bool,
    invert: bool,
    count: bool,
    names: bool,
    ids: bool,
    most: int | None,
    output: str | None,
    rejects: str | None,
    errors: str | None,
    compress: output_files.Packing,
    jobs: int | None,
    stats: bool,
    column: str | None,
    of: Of | None,
    encoding: PayloadEncoding | None,
    **how: Any,
) -> None:
    """Write the records that the pattern keeps: their own lines, byte for byte, in order.

    PATTERN is a file or the pattern itself: a pattern or a FilterCriteria.

    FILES contain JSON Lines, plain, gzip or zstd; `-`, or no file, is standard input, which is
    filtered line by line as it arrives. Arrays and whole Lambda events ({"Records": [...]}) are
    split, and their records written as JSON Lines. So are the rows of Parquet and Arrow files
    (extra `arrow`), unless -o or --rejects names a .parquet or .arrow file, which gets rows.

    Output files (-o, --rejects, --errors) get their names once they are complete. While standard
    input is read, they are written directly.
    """
    files = files or ("-",)
    patterns.refuse_stdin_twice((pattern, *files))
    if count + names + ids > 1:
        raise click.UsageError("--count, --files-with-matches and --ids exclude each other")
    if most is not None and rejects is not None:
        raise click.UsageError("--max-count stops early, so --rejects would be incomplete")
    files = searching.event_files(files)
    written = {"--output": output, "--rejects": rejects, "--errors": errors}
    output_files.refuse_overlap(written.items(), (*patterns.files_of(pattern), *files))
    compiled = patterns.load(pattern, payload=payload, **how)[1]
    work = ScanOptions(
        compiled,
        invert=invert,
        ids=ids,
        text=not (count or names),
        rejects=rejects is not None,
        errors=errors is not None,
        as_payloads=payload,
        columns=parquet.Columns.given(column, of, encoding),
        packs=parquet_filter.writes_rows(output),
        packs_rejects=parquet_filter.writes_rows(rejects),
    )
    _check_rows(files, work, errors, lines=not (count or names or ids))
    with ExitStack() as stack:
        to_file = partial(output_files.to_file, as_it_comes="-" in files)
        target = output_files.to_stdout(compress) if output is None else to_file(output)
        if work.packs and output is not None:
            target = parquet_filter.rows_to_file(output, files[0])
        reject = to_file(rejects)
        if work.packs_rejects and rejects is not None:
            reject = parquet_filter.rows_to_file(rejects, files[0])
        taker = _Taker(
            write=stack.enter_context(target),
            reject=stack.enter_context(reject),
            on_invalid=stack.enter_context(to_file(errors)),
            most=most,
            form="count" if count else "name" if names else "lines",
            named=len(files) > 1,
            for_terminal=output is None and sys.stdout is not None and sys.stdout.isatty(),
        )
        # For the first few records, or for names, stopping early is enough.
        jobs = 1 if most is not None or names or "-" in files else jobs
        writes_lines = output is None and not (count or names)
        _filter(files, work, jobs, taker, writes_lines=writes_lines)
    taker.say_rest(errors)
    if stats:
        click.echo(str(taker), err=True)
    if not taker.matched:
        _hint(files, compiled, None if not payload else payloads.wrapper(compiled.source))
    if taker.counts.errors or taker.unreadable:
        ctx.exit(2)
    ctx.exit(0 if taker.selected else 1)


def _check_rows(
    files: tuple[str, ...], work: ScanOptions, errors: str | None, *, lines: bool
) -> None:
    """Reject combinations of output options that do not fit rows of columns."""
    others = [file for file in files if parquet.kind_of(file) is None]
    if (work.packs or work.packs_rejects) and (others or not lines):
        what = f"{printable(others[0])} contains none" if others else "not counts, names or ids"
        raise click.UsageError(
            f"a .parquet or .arrow file can hold only rows of such files: {what}"
        )
    if parquet_filter.writes_rows(errors):
        raise click.UsageError("--errors writes lines of text: name a text file")
    if work.columns != parquet.Columns() and len(others) == len(files):
        raise click.UsageError(
            "--column, --of and --encoding are for Parquet and Arrow files: "
            f"{printable(others[0])} is not one"
        )


def _filter(
    files: tuple[str, ...],
    work: ScanOptions,
    jobs: int | None,
    taker: _Taker,
    *,
    writes_lines: bool,
) -> None:
    found, jobs = workers.plan(files, jobs)
    all_units = [unit for unit, _ in found]
    total = sum(size for _, size in found)
    with show_progress(total, wanted=wants_progress(writes_lines=writes_lines)) as progress:
        ends = (
            _one_by_one(found, work, taker, progress)
            if jobs == 1
            else workers.run_all(all_units, partial(Scan, work), jobs, taker.take)
        )
        done = 0
        taker.begin(all_units[0])
        for index, end in enumerate(ends, 1):
            taker.end(end)
            done += found[index - 1][1]
            progress(done, taker.selected)
            if taker.left == 0:
                break
            if index < len(all_units):
                taker.begin(all_units[index])
        taker.end_file()


def _one_by_one(
    found: list[tuple[FileSlice, int]], work: ScanOptions, taker: _Taker, progress: Progress
) -> Iterator[SliceResult]:
    before = 0
    scan = Scan(work)
    for unit, size in found:
        start = before

        def tick(position: int, start: int = start) -> None:
            progress(start + position, taker.selected)

        yield scan.run(unit, taker.take, tick, most=taker.left)
        before += size


class _Taker:
    """Writes and counts the output, and reports what cannot be read."""

    def __init__(
        self,
        *,
        write: Write,
        reject: Write,
        on_invalid: Write,
        most: int | None,
        form: str,
        named: bool,
        for_terminal: bool,
    ) -> None:
        """
        Args:
            write: called with the selected records.
            reject: called with the others.
            on_invalid: called with lines that are not records.
            most: how many records to select.
            form: what is written for each file: its "lines", their "count", or its "name".
            named: whether counts are printed with the file's name.
            for_terminal: whether a terminal shows them: names have no control characters then.
        """
        self.selected = self.matched = self.unreadable = 0
        self.counts = Counts()
        self._write, self._reject, self._on_invalid = write, reject, on_invalid
        self._most = most
        self._form = form
        self._named = named
        self._for_terminal = for_terminal
        self._file: str | None = None
        self._file_selected = 0
        self._file_lines = 0  # in the sections of the file that have ended
        self._reported = 0

    def __str__(self) -> str:
        if self._most is not None and self.selected >= self._most:
            return f"stopped after {counted(self.selected)}"
        parts = [f"{self.matched:,} match", f"{self.counts.records - self.matched:,} drop"]
        if self.counts.errors:
            parts.append(f"{self.counts.errors:,} {NOT_A_RECORD}")
        total = self.counts.records + self.counts.errors
        return f"{counted(total)}: {', '.join(parts)}"

    @property
    def left(self) -> int | None:
        """How many more records to select; None for all."""
        return None if self._most is None else self._most - self.selected

    def begin(self, unit: FileSlice) -> None:
        """Begin a unit: a file, or a later section of one."""
        if unit.start == 0:
            self.end_file()
            self._file = unit.name

    def take(self, piece: Chunk) -> None:
        """Write a piece of the unit."""
        self.selected += piece.selected
        self.matched += piece.matched
        self._file_selected += piece.selected
        for problem in piece.problems:
            line = None if problem.line is None else problem.line + self._file_lines
            self._report(f"error: {problem.message}", line, problem.column)
        for write, data in (
            (self._write, piece.output),
            (self._reject, piece.rejects),
            (self._on_invalid, piece.invalid_lines),
        ):
            if data:
                write(data)

    def end(self, end: SliceResult) -> None:
        """Count the unit, which has ended."""
        self.counts.add(end.counts)
        self._file_lines += end.counts.lines
        if end.problem is not None:
            self.unreadable += 1
            click.echo(located(str(self._file), f"error: {end.problem}"), err=True)

    def end_file(self) -> None:
        """Finish the file: no unit of it is left."""
        if self._file is None:
            return
        name = (printable(self._file) if self._for_terminal else self._file).encode(
            errors="surrogateescape"
        )
        if self._form == "count":
            prefix = name + b":" if self._named else b""
            self._write(prefix + b"%d\n" % self._file_selected)
        elif self._form == "name" and self._file_selected:
            self._write(name + b"\n")
        self._file, self._file_selected, self._file_lines = None, 0, 0

    def say_rest(self, errors: str | None) -> None:
        """Report how many more lines are not records than were listed."""
        if self._reported > _MOST_REPORTED:
            where = f"see {printable(errors)}" if errors is not None else "--errors FILE keeps them"
            click.echo(f"fp: {self._reported:,} lines are not records: {where}", err=True)

    def _report(self, words: str, line: int | None, column: int | None) -> None:
        self._reported += 1
        if self._reported <= _MOST_REPORTED:
            click.echo(located(str(self._file), words, line, column), err=True)


def _hint(files: tuple[str, ...], compiled: Filter, wrap: Wrap | None) -> None:
    """Give a hint if nothing matched: another source, or an envelope in the payload."""
    from filterpatterns.cli.output import advice  # not for those who find something

    for file in files:
        if not os.path.isfile(file) or parquet.kind_of(file) is not None:
            continue  # a pipe cannot be read again; the content of columns is known
        for item in record_files.read_records(file, wrap=wrap):
            if item.error is None:
                for words in advice.hints(item.record, compiled):
                    click.echo(f"fp: hint: {words}", err=True)
            return
