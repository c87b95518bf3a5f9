"""`fp explain`: why is a record kept or dropped?"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any, TextIO

import click
from msgspec import Struct, field

from filterpatterns.cli.arguments import patterns
from filterpatterns.cli.arguments.options import (
    color_option,
    complete_files,
    events_argument,
    pattern_options,
    payload_option,
    wants_color,
)
from filterpatterns.cli.checking import searching
from filterpatterns.cli.evaluation.record_loop import numbered, report
from filterpatterns.cli.io import output_files, payloads
from filterpatterns.cli.io.json_output import write_json
from filterpatterns.cli.io.output_files import Write
from filterpatterns.cli.io.payloads import Wrap
from filterpatterns.cli.messages import counted, located
from filterpatterns.cli.output import advice, explanation_pages, explanations, writers
from filterpatterns.cli.output.progress import is_pipe, show_progress, size_of, wants_progress
from filterpatterns.delivery.reader import Item
from filterpatterns.engine.filter import Filter
from filterpatterns.errors import RecordError, printable
from filterpatterns.explain import Explanation
from filterpatterns.language.wording import format_value, joined, truncate

_MOST_LISTED = 5
"""The number of missing numbers or ids that are listed."""


class _Wanted(Struct, frozen=True):
    """Which records to explain. `kept` is None for both kinds."""

    kept: bool | None
    numbers: tuple[int, ...]
    ids: tuple[str, ...]

    @property
    def named(self) -> bool:
        """Whether records were asked for by number or id."""
        return bool(self.numbers or self.ids)

    def names(self, number: int, item: Item) -> bool:
        """Whether a record is to be explained."""
        return not self.named or number in self.numbers or item.id in self.ids

    def end_at(self, number: int) -> bool:
        """Whether nothing after that record of a file is wanted."""
        return bool(self.numbers) and not self.ids and number >= max(self.numbers)


class _Tally(Struct):
    """The counts of the records. `numbers` and `ids` are those requested that were found."""

    numbers: set[int] = field(default_factory=set)
    ids: set[str] = field(default_factory=set)
    read: int = 0
    most: int = 0
    """The number of records in the longest file."""

    matched: int = 0
    unreadable: int = 0
    first: Any = None
    """The first record that was dropped: if nothing matches, it may show why."""

    def add(self, record: Any, *, is_match: bool) -> None:
        """Count a record with a verdict."""
        self.matched += is_match
        if not is_match and self.first is None:
            self.first = record


@click.command(
    epilog="""\b
Examples:
  fp explain pattern.json events.jsonl
  fp explain --dropped pattern.json events.jsonl | less
  fp explain -n 3 pattern.json events.jsonl
  fp explain --id 944782d7-3418-42c5-9b24-10a6f0ae1284 pattern.json events.gz
  fp explain --json pattern.json events.jsonl | jq '.filters[0]'
  fp explain --dropped --html why.html pattern.json events.jsonl

\b
Exit status: 0; 1 if a record requested by number or id does not exist; 2 if
the pattern is refused, or a file or line cannot be read (the remaining ones
are still explained)."""
)
@pattern_options
@payload_option
@click.option("--json", "as_json", is_flag=True, help="Write a JSON object for each record.")
@click.option(
    "--html",
    "page",
    metavar="FILE",
    shell_complete=complete_files,
    help="Write the trees to FILE instead, as one self-contained HTML page.",
)
@click.option("--matched", "kept", flag_value="matched", help="Only records that are kept.")
@click.option("--dropped", "kept", flag_value="dropped", help="Only records that are dropped.")
@click.option(
    "-n",
    "--number",
    "numbers",
    metavar="N",
    multiple=True,
    type=click.IntRange(min=1),
    help="Only the N-th record of each file; may be repeated.",
)
@click.option(
    "--id",
    "ids",
    metavar="ID",
    multiple=True,
    help="Only the record with this id; may be repeated.",
)
@click.option(
    "--all",
    "every_filter",
    is_flag=True,
    help="Show all filters in full, even if one matches.",
)
@color_option
@click.argument("pattern", metavar="PATTERN", shell_complete=complete_files)
@events_argument
@click.pass_context
def command(
    ctx: click.Context,
    /,
    pattern: str,
    files: tuple[str, ...],
    payload: bool,
    as_json: bool,
    page: str | None,
    kept: str | None,
    numbers: tuple[int, ...],
    ids: tuple[str, ...],
    every_filter: bool,
    color: str,
    **how: Any,
) -> None:
    """Explain why the pattern keeps or drops each record: the pattern as a tree, with the values
    found.

    PATTERN and EVENTS are as for `fp test`.
    """
    patterns.refuse_stdin_twice((pattern, *files))
    files = searching.event_files(files)
    if as_json and page is not None:
        raise click.UsageError("--json and --html exclude each other")
    output_files.refuse_overlap([("--html", page)], (*patterns.files_of(pattern), *files))
    given, compiled, _ = patterns.load(pattern, payload=payload, **how)
    wrap = payloads.wrapper(compiled.source) if payload else None
    out = writers.stdout()
    wanted = _Wanted(None if kept is None else kept == "matched", numbers, ids)
    tally = _Tally()
    with output_files.to_file(page) as write:
        writer: _JsonLines | _Trees | _Page
        if as_json:
            writer = _JsonLines(out)
        elif page is not None:
            writer = _Page(write, given.name, compiled, every_filter, file_names=len(files) > 1)
        else:
            writer = _Trees(out, wants_color(color), every_filter, file_names=len(files) > 1)
        sizes = [size_of(file) for file in files]
        shares_terminal = page is None and out.isatty()
        with show_progress(sum(sizes), wanted=_wants_progress(page)) as progress:
            for place, file in enumerate(files):

                def after_read(position: int, before: int = sum(sizes[:place])) -> None:
                    progress(before + position, tally.matched)

                explained = _explained(file, compiled, wanted, tally, out, wrap, after_read)
                for item, number, explanation in explained:
                    if shares_terminal:
                        progress.clear()
                    writer.record(item, number, explanation)
        writer.end()
    out.flush()
    if not tally.matched and tally.first is not None:
        for words in advice.hints(tally.first, compiled):
            click.echo(f"fp: hint: {words}", err=True)
    missing = _missing(wanted, tally, files=len(files)) if tally.read else []
    for words in missing:
        click.echo(f"fp: {words}", err=True)
    if tally.unreadable:
        ctx.exit(2)
    if wanted.named and (missing or not tally.read):
        ctx.exit(1)


def _wants_progress(page: str | None) -> bool:
    """Whether progress is shown: not where another program may use the terminal for the output."""
    return (page is not None or not is_pipe(sys.stdout)) and wants_progress(writes_lines=False)


def _missing(wanted: _Wanted, tally: _Tally, *, files: int) -> list[str]:
    """Return what to report about requested records that do not exist."""
    numbers = sorted({*wanted.numbers} - tally.numbers)
    ids = [each for each in dict.fromkeys(wanted.ids) if each not in tally.ids]
    words = []
    if numbers:
        most = counted(tally.most)
        has = f"the file has {most}" if files == 1 else f"no file has more than {most}"
        words.append(f"no record {joined([str(n) for n in numbers], _MOST_LISTED)}: {has}")
    if ids:
        listed = joined([format_value(each) for each in ids], _MOST_LISTED)
        words.append(f"no record with the id {listed} in {counted(tally.read)}")
    return words


def _explained(
    file: str,
    compiled: Filter,
    wanted: _Wanted,
    tally: _Tally,
    out: TextIO,
    wrap: Wrap | None,
    after_read: Callable[[int], None],
) -> Iterator[tuple[Item, int, Explanation]]:
    """Yield the wanted records of a file, each explained as soon as it has been read."""
    for number, item in numbered(file, out, tally, wrap=wrap, after_read=after_read):
        tally.read += 1
        tally.most = max(tally.most, number)
        if wanted.names(number, item):
            if number in wanted.numbers:
                tally.numbers.add(number)
            if item.id in wanted.ids:
                tally.ids.add(item.id)
            explanation = _explanation(item, compiled, wanted.kept, tally, out)
            if explanation is not None:
                yield item, number, explanation
        if wanted.end_at(number):
            return


def _explanation(
    item: Item, compiled: Filter, kept: bool | None, tally: _Tally, out: TextIO
) -> Explanation | None:
    """Return the explanation of a record; None if it is not wanted, or if the record cannot be
    evaluated, which is reported."""
    error, column = item.error, item.column
    if error is None:
        if kept is not None and _is_certainly(not kept, compiled, item.record):
            tally.add(item.record, is_match=not kept)
            return None
        try:
            explanation = compiled.explain(item.record)
        except RecordError as refusal:
            error = refusal.message
        else:
            tally.add(item.record, is_match=bool(explanation))
            return explanation if kept in (None, bool(explanation)) else None
    tally.unreadable += 1
    report(out, located(item.file, f"error: {error}", item.line, column))
    return None


def _is_certainly(kept: bool, compiled: Filter, record: Any) -> bool:
    """Whether a record is kept, or dropped, as the case may be: a verdict takes a fiftieth of the
    time of an explanation. A record without a verdict is left to the explanation."""
    try:
        return compiled.matches(record) is kept
    except RecordError:
        return False


class _Trees:
    """A line with the record's number and id, then its explanation."""

    def __init__(self, out: TextIO, color: bool, every_filter: bool, *, file_names: bool) -> None:
        self._out = out
        self._color = color
        self._every_filter = every_filter
        self._file_names = file_names
        self._separator = ""

    def record(self, item: Item, number: int, explanation: Explanation) -> None:
        """Write one record."""
        head = _head(item, number, file_name=self._file_names)
        if self._color:
            head = f"\x1b[1m{head}\x1b[0m"
        lines = explanations.rendered(
            self._out, explanation, color=self._color, every_filter=self._every_filter
        )
        self._out.write(f"{self._separator}{head}\n{lines}")
        self._separator = "\n"

    def end(self) -> None:
        """Nothing comes after the last record."""


class _Page:
    """An HTML page with a section for each record."""

    def __init__(
        self, write: Write, name: str, compiled: Filter, every_filter: bool, *, file_names: bool
    ) -> None:
        self._write = write
        self._every_filter = every_filter
        self._file_names = file_names
        write(explanation_pages.head(name, compiled).encode())

    def record(self, item: Item, number: int, explanation: Explanation) -> None:
        """Write one record."""
        title = f"Record {_head(item, number, file_name=self._file_names)}"
        section = explanation_pages.section(title, explanation, every_filter=self._every_filter)
        self._write(section.encode())

    def end(self) -> None:
        """Write the end of the page."""
        self._write(explanation_pages.foot().encode())


def _head(item: Item, number: int, *, file_name: bool) -> str:
    """Return a record's number and id, and where it was found."""
    parts = [str(number), printable(truncate(item.id)) if item.id is not None else "-"]
    if file_name:
        parts.append(f"{printable(item.file)}:{item.line}")
    return "  ".join(parts)


class _JsonLines:
    """One JSON object per record."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def record(self, item: Item, number: int, explanation: Explanation) -> None:
        """Write one record."""
        place = {"file": item.file, "line": item.line, "number": number, "id": item.id}
        write_json(self._out, {**place, **explanation.to_dict()})

    def end(self) -> None:
        """Nothing comes after the last record."""
