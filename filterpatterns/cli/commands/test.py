"""`fp test`: which records the pattern keeps, and why the others are dropped."""

from __future__ import annotations

import re
from typing import Any

import click

from filterpatterns.cli.arguments import patterns
from filterpatterns.cli.arguments.options import (
    color_option,
    complete_files,
    jobs_option,
    pattern_options,
    payload_option,
    wants_color,
)
from filterpatterns.cli.checking import searching
from filterpatterns.cli.evaluation.counting import count_verdicts
from filterpatterns.cli.evaluation.record_loop import (
    Tally,
    give_advice,
    hint_at_stats,
    match_files,
)
from filterpatterns.cli.io import output_files, payloads
from filterpatterns.cli.messages import counted
from filterpatterns.cli.output import writers


def _unmet(tally: Tally, expected: str | int) -> str | None:
    """Return what `--expect` requires and what was found, if they differ."""
    if expected == "all":
        # No records is a failure: a test that lost its events must not pass.
        met, wanted = 0 < tally.matched == tally.total, "every record"
    elif expected == "none":
        met, wanted = tally.matched == 0, "no record"
    elif expected == "any":
        met, wanted = tally.matched > 0, "at least one record"
    else:
        met, wanted = tally.matched == expected, counted(int(expected))
    if met:
        return None
    return f"expected {wanted} to match, found {tally.matched:,} of {tally.total:,}"


def _expectation(
    _ctx: click.Context, _param: click.Parameter, value: str | None
) -> str | int | None:
    if value is None or value in ("all", "none", "any"):
        return value
    if not re.fullmatch("[0-9]{1,18}", value):
        raise click.BadParameter(f"{value!r} is not all, none, any or a number of records")
    return int(value)


def _check_usage(
    ctx: click.Context,
    given: tuple[str, ...],
    *,
    cases: bool,
    payload: bool,
    junit: bool,
    expect: bool,
    explain: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Reject arguments and options that conflict.

    Raises:
        click.UsageError: they conflict.
    """
    if junit and not cases and not expect:
        raise click.UsageError("--junit requires --cases or --expect")
    if cases and expect:
        raise click.UsageError("--expect is for EVENTS; each case has its own expectation")
    if cases and payload:
        raise click.UsageError("--payload is for EVENTS; cases contain records")
    if explain and quiet:
        raise click.UsageError("--explain and --quiet exclude each other")
    if explain and as_json:
        raise click.UsageError("--explain and --json exclude each other; see also: fp explain")
    wanted = [param for param in ctx.command.params if isinstance(param, click.Argument)]
    if not cases and len(given) < len(wanted):
        raise click.MissingParameter(ctx=ctx, param=wanted[len(given)])


@click.command(
    epilog="""\b
Examples:
  fp test pattern.json events.jsonl
  fp test '{"body": {"total": [{"numeric": [">", 100]}]}}' events.jsonl
  fp test --source event rule.json event.json
  aws sqs receive-message --queue-url "$QUEUE" | fp test pattern.json -
  fp test --json pattern.json events.jsonl.gz | jq 'select(.kept == false)'
  fp test --quiet --expect all pattern.json must-pass/*.json
  fp test --expect none --explain pattern.json must-drop/*.json
  fp test --cases cases.jsonl --explain
  fp test --cases orders.cases.yaml
  fp test --cases cases.jsonl --junit report.xml

\b
Exit status: 0; 1 if the expectation of --expect is not met or a case fails;
2 if the pattern is refused, or a file, line or case cannot be read (the
remaining ones are still tested)."""
)
@pattern_options
@payload_option
@click.option(
    "--json", "as_json", is_flag=True, help="Write a JSON object for each record or case."
)
@click.option("-q", "--quiet", is_flag=True, help="Only the summary; with --json, no summary.")
@click.option(
    "--expect",
    metavar="all|none|any|N",
    callback=_expectation,
    help="How many records must match; otherwise the exit status is 1.",
)
@click.option(
    "--explain",
    is_flag=True,
    help="Print an explanation below each record or case that misses its expectation; without an "
    "expectation for each record, below those that are dropped.",
)
@jobs_option("With --quiet: the number of processes.")
@click.option(
    "--cases",
    metavar="FILE",
    multiple=True,
    shell_complete=complete_files,
    help="Run a case file, which has patterns, records and expected verdicts. The arguments are "
    "then further case files, and there is no PATTERN.",
)
@click.option(
    "--junit",
    metavar="FILE",
    shell_complete=complete_files,
    help="With --cases or --expect: also write the results as JUnit XML.",
)
@color_option
@click.argument("pattern", metavar="PATTERN", required=False, shell_complete=complete_files)
@click.argument("files", metavar="EVENTS...", nargs=-1, shell_complete=complete_files)
@click.pass_context
def command(
    ctx: click.Context,
    /,
    pattern: str | None,
    files: tuple[str, ...],
    payload: bool,
    as_json: bool,
    quiet: bool,
    expect: str | int | None,
    explain: bool,
    jobs: int | None,
    cases: tuple[str, ...],
    junit: str | None,
    color: str,
    **how: Any,
) -> None:
    """Print for each record whether the pattern keeps it, and if not, why.

    PATTERN is a file, `-` for standard input, or the pattern itself: a pattern or a FilterCriteria.

    EVENTS are files, or `-` for standard input, plain or compressed: JSON Lines, an array, a single
    record or a whole Lambda event ({"Records": [...]}). The format is detected from the content.

    Case files are JSON Lines (or an array) of objects with a `pattern`, a `record`, and the
    expected verdict in `matches`, true or false. Instead of a `record` there may be a `body`, which
    is wrapped in a record; a whole Lambda `event`, where `matches` may also be the ids of the
    records that are kept; or several records in `events`, with as many verdicts in `matches`. A
    case with `valid`, true or false, is about a pattern that must be accepted or refused. `source`
    is the event source (by default --source, or else sqs), `name` or `id` the name of the case, and
    `comment` is ignored. Patterns and records may be JSON, or strings that contain it; {"file":
    "template.yaml#Orders"} is the pattern in a file.

    In YAML (FILE.yaml), `cases` is a list of the cases for one `pattern`. The pattern may be a file
    name, and `body`, `record` and `event` may be `file: NAME`. File names are relative to the case
    file's directory. pytest also runs FILE.cases.yaml and FILE.cases.jsonl.
    """
    given = (*cases, *(() if pattern is None else (pattern,)), *files)
    patterns.refuse_stdin_twice(given)
    _check_usage(
        ctx,
        given,
        cases=bool(cases),
        payload=payload,
        junit=junit is not None,
        expect=expect is not None,
        explain=explain,
        as_json=as_json,
        quiet=quiet,
    )
    files, read = _files(given, files, are_cases=bool(cases))
    written = [("--junit", junit)]
    output_files.refuse_overlap(written, read)
    report = None
    if junit is not None:
        from filterpatterns.cli.output.junit import Report  # XML: only on request

        report = ctx.with_resource(Report(junit))
    out = writers.stdout()
    if cases:
        from filterpatterns.cli.evaluation import suite

        status = suite.run(
            given,
            out,
            source=how["source"],
            max_filters=how["max_filters"],
            as_json=as_json,
            quiet=quiet,
            explain=explain,
            color=wants_color(color),
            report=report,
            before_read=lambda path: output_files.refuse_overlap(written, patterns.files_of(path)),
        )
        ctx.exit(status)
    compiled = patterns.load(given[0], payload=payload, **how)[1]
    writer: writers.Writer
    if as_json:
        writer = writers.JsonLines(out)
    elif quiet:
        writer = writers.Silence()
    else:
        writer = writers.Columns(out, color=wants_color(color), file_names=len(files) > 1)
    verdict = compiled.verdict
    if explain:
        from filterpatterns.cli.evaluation.misses import Explaining

        explaining = Explaining(writer, compiled, out, expect, color=wants_color(color))
        writer, verdict = explaining, explaining.verdict
    reporting = None
    if report is not None and expect is not None:
        from filterpatterns.cli.evaluation.misses import Reporting

        writer = reporting = Reporting(writer, report, expect, compiled, verdict)
        verdict = reporting.verdict
    tally = Tally()
    if isinstance(writer, writers.Silence):  # records are not printed
        count_verdicts(files, compiled, tally, payload=payload, jobs=jobs)
    else:
        wrap = payloads.wrapper(compiled.source) if payload else None
        match_files(files, verdict, writer, tally, wrap=wrap)
    writer.flush()
    if not as_json:
        out.write(f"{tally}\n" if quiet or not tally.total else f"\n{tally}\n")
        out.flush()
    elif not quiet:
        click.echo(str(tally), err=True)
    unmet = None if expect is None else _unmet(tally, expect)
    is_explained = give_advice(tally, compiled)
    is_as_expected = expect is not None and unmet is None
    if not (is_explained or is_as_expected or as_json or quiet or explain):
        hint_at_stats(tally)
    if unmet is not None:
        click.echo(f"fp: {unmet}", err=True)
    if reporting is not None:
        reporting.finish(tally, unmet)
    if tally.invalid or tally.unreadable:
        ctx.exit(2)
    ctx.exit(0 if unmet is None else 1)


def _files(
    given: tuple[str, ...], files: tuple[str, ...], *, are_cases: bool
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the files of records, and all files that will be read."""
    if are_cases:
        return files, given
    files = searching.event_files(files)
    return files, (*patterns.files_of(given[0]), *files)
