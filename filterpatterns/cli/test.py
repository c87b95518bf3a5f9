"""`fp test`: which records would be kept, and why not the others?"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import click

from filterpatterns.cli import inputs, output, patterns
from filterpatterns.cli.messages import located
from filterpatterns.cli.options import color_option, pattern_options, wants_color
from filterpatterns.cli.output import DROP, ERROR, MATCH, NOT_A_RECORD, Row
from filterpatterns.delivery import contradicts
from filterpatterns.errors import RecordError
from filterpatterns.evaluation import Reason, as_record
from filterpatterns.events import Item
from filterpatterns.filter import Filter


@dataclass
class Tally:
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
        lines = [f"{_records(self.total)}: {', '.join(parts)}" if self.total else "0 records"]
        if len(self.dropped) > 1:
            width = len(f"{max(self.dropped.values()):,}")
            lines += [f"  {count:{width},} {why}" for why, count in self.dropped.most_common()]
        return "\n".join(lines)

    def unmet(self, expected: str | int) -> str | None:
        """What `--expect` asked for and what was found, if the two differ."""
        if expected == "all":
            # Nothing at all is no success: a test that lost its events must not pass.
            met, wanted = 0 < self.matched == self.total, "every record"
        elif expected == "none":
            met, wanted = self.matched == 0, "no record"
        elif expected == "any":
            met, wanted = self.matched > 0, "at least one record"
        else:
            met, wanted = self.matched == expected, f"{_records(int(expected))}"
        if met:
            return None
        return f"expected {wanted} to match, found {self.matched:,} of {self.total:,}"


def _records(count: int) -> str:
    return f"{count:,} record{'' if count == 1 else 's'}"


def _expectation(
    _ctx: click.Context, _param: click.Parameter, value: str | None
) -> str | int | None:
    if value is None or value in ("all", "none", "any"):
        return value
    if not re.fullmatch("[0-9]{1,18}", value):
        raise click.BadParameter(f"{value!r} is not all, none, any or a number of records")
    return int(value)


@click.command(
    epilog="""\b
Examples:
  fp test pattern.json events.jsonl
  fp test '{"body": {"total": [{"numeric": [">", 100]}]}}' events.jsonl
  fp test --source event rule.json event.json
  aws sqs receive-message --queue-url "$QUEUE" | fp test pattern.json -
  fp test --json pattern.json events.jsonl.gz | jq 'select(.result == "drop")'
  fp test --quiet --expect all pattern.json must-pass/*.json

\b
Exit status: 0; 1 if --expect did not come true; 2 if the pattern is refused,
or a file or line could not be read (the others are tested all the same)."""
)
@pattern_options
@click.option("--json", "as_json", is_flag=True, help="Write a JSON object for each record.")
@click.option("-q", "--quiet", is_flag=True, help="Only the summary; with --json, no summary.")
@click.option(
    "--expect",
    metavar="all|none|any|N",
    callback=_expectation,
    help="How many records have to match; if others do, the exit status is 1.",
)
@color_option
@click.argument("pattern", metavar="PATTERN")
@click.argument("files", metavar="EVENTS...", nargs=-1, required=True)
@click.pass_context
def command(
    ctx: click.Context,
    pattern: str,
    files: tuple[str, ...],
    source: str | None,
    max_filters: int,
    as_json: bool,
    quiet: bool,
    expect: str | int | None,
    color: str,
) -> None:
    """Say of each record whether the pattern keeps it, and if not, why.

    PATTERN is a file, `-` for standard input, or the pattern itself: a pattern or a FilterCriteria.

    EVENTS are files, or `-` for standard input, plain or gzip: JSON Lines, an array, a single
    record or a whole Lambda event ({"Records": [...]}), told apart by what is in them.
    """
    patterns.refuse_stdin_twice((pattern, *files))
    compiled = patterns.load(pattern, source=source, max_filters=max_filters)[1]
    out = output.stdout()
    writer: output.Writer
    if as_json:
        writer = output.JsonLines(out)
    elif quiet:
        writer = output.Silence()
    else:
        writer = output.Columns(out, color=wants_color(color), file_names=len(files) > 1)
    tally = Tally()
    for file in files:
        _test_file(file, compiled, writer, tally)
    writer.flush()
    if not as_json:
        out.write(f"{tally}\n" if quiet or not tally.total else f"\n{tally}\n")
        out.flush()
    elif not quiet:
        click.echo(str(tally), err=True)
    other = None
    if not tally.matched and tally.first is not None:
        other = contradicts(as_record(tally.first), compiled.source)
    if other is not None:
        hint = f"--source {other}, or --source auto"
        click.echo(f"fp: hint: these look like records of {other}: {hint}", err=True)
    unmet = None if expect is None else tally.unmet(expect)
    if unmet is not None:
        click.echo(f"fp: {unmet}", err=True)
    if tally.invalid or tally.unreadable:
        ctx.exit(2)
    ctx.exit(0 if unmet is None else 1)


def _test_file(file: str, compiled: Filter, writer: output.Writer, tally: Tally) -> None:
    number = 0
    unreadable = tally.unreadable
    for item in inputs.read(file, before_read=writer.flush):
        if item.line is None:
            tally.unreadable += 1
            _complain(writer, located(item.file, f"error: {item.error}"))
            continue
        number += 1
        result, reason, detail = _judge(item, compiled, writer, tally)
        writer.row(Row(item.file, item.line, number, item.id, result, reason, detail))
    if not number and tally.unreadable == unreadable:
        _complain(writer, located(inputs.STDIN if file == "-" else file, "warning: no records"))


def _judge(
    item: Item, compiled: Filter, writer: output.Writer, tally: Tally
) -> tuple[str, str, str]:
    """The result, the reason for machines, and the reason in words."""
    error, column = item.error, item.column
    if error is None:
        try:
            reason, key = compiled.verdict(item.record)
        except RecordError as refusal:
            error = refusal.message
        else:
            if reason is Reason.MATCH:
                tally.matched += 1
                return MATCH, "match", ""
            if tally.first is None:
                tally.first = item.record
            words = reason.words(key)
            tally.dropped[words] += 1
            return DROP, reason.name.lower().replace("_", "-"), words
    tally.invalid += 1
    _complain(writer, located(item.file, f"error: {error}", item.line, column))
    return ERROR, "not-a-record", error


def _complain(writer: output.Writer, message: str) -> None:
    """Say on standard error what comes after the rows so far: both may be the same terminal."""
    writer.flush()
    click.echo(message, err=True)
