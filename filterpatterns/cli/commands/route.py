"""`fp route`: which of many rules match a record."""

from __future__ import annotations

from collections import Counter
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any, TextIO

import click
from msgspec import field

from filterpatterns import RecordError, RuleSet
from filterpatterns.cli.arguments import patterns, rules
from filterpatterns.cli.arguments.options import (
    color_option,
    events_argument,
    payload_option,
    source_option,
    wants_color,
)
from filterpatterns.cli.checking import searching
from filterpatterns.cli.evaluation.counting import count_files
from filterpatterns.cli.evaluation.record_loop import Tally as RecordTally
from filterpatterns.cli.evaluation.record_loop import numbered, report
from filterpatterns.cli.io import output_files, parquet, payloads
from filterpatterns.cli.io.json_output import write_json
from filterpatterns.cli.io.lines import Outcome
from filterpatterns.cli.io.payloads import Wrap
from filterpatterns.cli.io.split_files import Files, Split
from filterpatterns.cli.messages import located
from filterpatterns.cli.output import writers
from filterpatterns.cli.output.writers import DROP, ERROR, MATCH, Row
from filterpatterns.delivery.reader import Item
from filterpatterns.errors import printable
from filterpatterns.matching.verdict import MATCH as MATCH_VERDICT
from filterpatterns.matching.verdict import NO_MATCH, Reason, Verdict


class Tally(RecordTally):
    """The counts of the records; those that match a rule also for each rule."""

    by_name: Counter[str] = field(default_factory=Counter)

    def __str__(self) -> str:
        return self.summary("routed", "unrouted")


class _JsonLines:
    """One JSON object per record."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def record(self, item: Item, number: int, names: list[str], error: str | None) -> None:
        """Write the result of a record."""
        row = {
            "file": item.file,
            "line": item.line,
            "number": number,
            "id": item.id,
            "names": names,
        }
        if error is not None:
            row["error"] = error
        write_json(self._out, row)

    def flush(self) -> None:
        """Flush all rows."""
        self._out.flush()


class _Lines:
    """One line per record, for people; or none."""

    def __init__(self, writer: writers.Writer) -> None:
        self._writer = writer
        self.flush = writer.flush

    def record(self, item: Item, number: int, names: list[str], error: str | None) -> None:
        """Write the result of a record."""
        result = ERROR if error is not None else MATCH if names else DROP
        detail = ", ".join(map(_format_name, names)) or "no rule"
        self._writer.row(Row(item.file, item.line or 0, number, item.id, result, "", detail))


@click.command(
    epilog="""\b
Examples:
  fp route rules/ events.jsonl
  fp route rules.json events.jsonl --summary
  fp route template.yaml events.jsonl
  aws events list-rules > rules.json; fp route rules.json events.jsonl
  fp route rules/ events.jsonl --split by-rule/ --rest unrouted.jsonl
  fp route rules/ *.jsonl --split by-rule/ --errors bad.jsonl --append
  fp route --json rules/ - < events.jsonl | jq -r '.names[]' | sort | uniq -c

\b
Exit status: 0; 1 if no record was routed; 2 if the rules are refused, or a
file or line cannot be read (the remaining ones are still routed)."""
)
@source_option(
    "The event source of the records, as for `fp test`.  "
    "[default: event for EventBridge rules, or from the patterns, else auto]"
)
@payload_option
@click.option("--json", "as_json", is_flag=True, help="Write a JSON object for each record.")
@click.option("--summary", is_flag=True, help="Only count, by rule.")
@click.option(
    "--split",
    metavar="DIR",
    type=click.Path(file_okay=False),
    help="Write each record to DIR/NAME.jsonl for every rule that matches it; names are "
    "percent-encoded where necessary.",
)
@click.option(
    "--rest",
    metavar="FILE",
    help="Write the records that no rule matches to a file.",
)
@click.option("--errors", metavar="FILE", help="Write the lines that are not records to a file.")
@click.option("--append", is_flag=True, help="Add to the files of --split, --rest and --errors.")
@color_option
@click.argument("rules_argument", metavar="RULES")
@events_argument
@click.pass_context
def command(
    ctx: click.Context,
    rules_argument: str,
    files: tuple[str, ...],
    source: str | None,
    payload: bool,
    as_json: bool,
    summary: bool,
    split: str | None,
    rest: str | None,
    errors: str | None,
    append: bool,
    color: str,
) -> None:
    """Print which rules match each record, or sort the records into files by rule.

    RULES is a directory of pattern files, each a rule named like the file without .json; a JSON
    object of names and patterns (a file, - for standard input, or the object itself); the output
    of `aws events list-rules`; or a template (CloudFormation, SAM, serverless.yml, Terraform),
    whose rules are used, or if it has none, its mappings and pipes.

    EVENTS are as for `fp test`.

    Output files (--split, --rest, --errors) replace existing files once they are complete. While
    standard input is read, they are written directly.
    """
    patterns.refuse_stdin_twice((rules_argument, *files))
    files = searching.event_files(files)
    output_files.refuse_overlap((), files)  # before messages about the rules
    given, rule_set = rules.load(rules_argument, source=source, payload=payload)
    wrap = payloads.wrapper(rule_set.source) if payload else None
    for note in given.notes:
        click.echo(located(given.name, f"note: {note}"), err=True)
    if given.hint:
        click.echo(located(given.name, given.hint), err=True)
    out = writers.stdout()
    writer: _JsonLines | _Lines
    silent = summary or (split is not None and not as_json)
    if as_json and not silent:
        writer = _JsonLines(out)
    elif silent:
        writer = _Lines(writers.Silence())
    else:
        columns = writers.Columns(out, color=wants_color(color), file_names=len(files) > 1)
        writer = _Lines(columns)
    as_it_comes = "-" in files
    to_file = partial(output_files.to_file, as_it_comes=as_it_comes, append=append)
    written = Files(append=append, as_it_comes=as_it_comes)
    by_rule = None if split is None else Split(Path(split), rule_set.names, written)
    paths = [] if by_rule is None else [("--split", str(path)) for path in by_rule.paths]
    read = dict.fromkeys((*given.places.values(), *files))  # many rules are in the same document
    output_files.refuse_overlap([*paths, ("--rest", rest), ("--errors", errors)], read)
    with to_file(rest) as leave, to_file(errors) as on_invalid, written:
        if by_rule is not None:
            by_rule.make_folder()
        router = _Router(rule_set, writer, written, by_rule, leave, on_invalid, wrap)
        if silent and not any(map(parquet.kind_of, files)):
            router.count(files, leaves=rest is not None, writes_lines=bool(rest or errors))
        else:
            for file in files:
                router.file(file)
    writer.flush()
    _conclude(router.tally, rule_set, out, as_json=as_json, summary=summary, silent=silent)
    if router.tally.invalid or router.tally.unreadable:
        ctx.exit(2)
    ctx.exit(0 if router.tally.matched else 1)


class _Router:
    """Routes the records of files, and counts them."""

    def __init__(
        self,
        rule_set: RuleSet,
        writer: _JsonLines | _Lines,
        files: Files,
        split: Split | None,
        leave: output_files.Write,
        on_invalid: output_files.Write,
        wrap: Wrap | None,
    ) -> None:
        self._wrap = wrap
        self.tally = Tally()
        self._rule_set = rule_set
        self._writer = writer
        self._files = files
        self._split = split
        self._leave = leave
        self._write_invalid = on_invalid

    def file(self, file: str) -> None:
        """Route the records of a file, or of standard input."""
        for number, item in numbered(
            file, self, self.tally, on_invalid=self._write_invalid, wrap=self._wrap
        ):
            self._route(item, number)

    def count(self, files: tuple[str, ...], *, leaves: bool, writes_lines: bool) -> None:
        """Route the records of files, if nothing is printed for each: lines are processed in
        batches.

        `leaves` says whether records that match no rule are kept, `writes_lines` whether lines may
        be written to the terminal.
        """
        routed: list[list[str]] = []  # the names for each line that is kept, in order

        def get_verdict(record: Any) -> Verdict:
            names = self._rule_set.matching(record)
            if names:
                routed.append(names)
            return MATCH_VERDICT if names else NO_MATCH

        def collect(outcome: Outcome) -> None:
            self.tally.by_name.update(chain.from_iterable(routed))
            if self._split is not None:
                self._split.write(outcome.kept, routed)
            routed.clear()
            if leaves and outcome.dropped:
                self._leave(b"".join(outcome.dropped))
            if outcome.invalid_lines:
                self._write_invalid(b"".join(outcome.invalid_lines))

        count_files(
            files,
            get_verdict,
            lambda _misfit: self._rule_set._lines(routed.append),  # noqa: SLF001 - within the package
            self,
            self.tally,
            wrap=self._wrap,
            collect=collect,
            writes_lines=writes_lines,
        )

    def _route(self, item: Item, number: int) -> None:
        names: list[str] = []
        error, column = item.error, item.column
        if error is None:
            try:
                names = self._rule_set.matching(item.record)
            except RecordError as refusal:
                error = refusal.message
                self._write_invalid(parquet.line_of(item))
        if error is not None:
            self.tally.invalid += 1
            report(self._writer, located(item.file, f"error: {error}", item.line, column))
        elif names:
            self.tally.matched += 1
            self.tally.by_name.update(names)
            if self._split is not None:
                self._split.write([parquet.line_of(item)], [names])
        else:
            self.tally.dropped[Reason.NO_MATCH.value] += 1
            self._leave(parquet.line_of(item))
        self._writer.record(item, number, names, error)

    def flush(self) -> None:
        """Flush the output so far."""
        self._writer.flush()
        self._files.flush()


def _conclude(
    tally: Tally, rule_set: RuleSet, out: TextIO, *, as_json: bool, summary: bool, silent: bool
) -> None:
    if as_json:
        if summary:
            _write_json_counts(tally.by_name, rule_set, out)
        click.echo(str(tally), err=True)
    else:
        out.write(f"{tally}\n" if silent or str(tally) == "0 records" else f"\n{tally}\n")
        if summary:
            _write_counts(tally.by_name, rule_set, out)
    out.flush()
    if summary:
        names: Any = rule_set.names
        unused = sum(not tally.by_name[name] for name in names)
        if unused:
            click.echo(f"{unused:,} of {len(names):,} rules matched no record", err=True)


def _write_json_counts(counts: Counter[str], rule_set: RuleSet, out: TextIO) -> None:
    for name in rule_set.names:
        write_json(out, {"name": name, "records": counts[name]})


def _write_counts(counts: Counter[str], rule_set: RuleSet, out: TextIO) -> None:
    """Print one line per rule, also for rules that matched nothing, since these are often the most
    interesting."""
    width = len(f"{max(counts.values(), default=0):,}")
    for name in rule_set.names:
        out.write(f"  {counts[name]:{width},} {_format_name(name)}\n")


def _format_name(name: str) -> str:
    """Return a rule's name for people; an empty name is made visible."""
    return printable(name) or '""'
