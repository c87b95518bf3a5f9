"""`fp stats`: how many records each condition drops."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from filterpatterns.cli.arguments import patterns
from filterpatterns.cli.arguments.options import (
    color_option,
    complete_files,
    events_argument,
    jobs_option,
    pattern_options,
    payload_option,
    wants_color,
)
from filterpatterns.cli.checking import searching
from filterpatterns.cli.evaluation.funnels import count_statistics
from filterpatterns.cli.evaluation.record_loop import Tally, give_advice
from filterpatterns.cli.io import output_files, parquet
from filterpatterns.cli.io.json_output import write_json
from filterpatterns.cli.output import writers
from filterpatterns.stats.export import funnel_document, reasons
from filterpatterns.stats.statistics import Funnel

if TYPE_CHECKING:
    from filterpatterns.engine.columns import Of, PayloadEncoding


def _picture(_ctx: click.Context, _param: click.Parameter, values: tuple[str, ...]) -> str | None:
    """Return the single file; click would silently use the last one."""
    if len(values) > 1:
        raise click.BadParameter("may be given only once")
    value = values[0] if values else None
    if value is not None and not value.lower().endswith((".png", ".svg")):
        raise click.BadParameter(f"{value!r}: expected a name that ends in .png or .svg")
    return value


@click.command(
    epilog="""\b
Examples:
  fp stats pattern.json events.jsonl
  fp stats --plot funnel.svg pattern.json events.jsonl.gz
  fp stats --json pattern.json events.jsonl | jq '.filters[0].stages'
  aws sqs receive-message --queue-url "$QUEUE" | fp stats pattern.json -

\b
Exit status: 0; 2 if the pattern is refused, or a file or line cannot be read
(the remaining ones are still counted)."""
)
@pattern_options
@payload_option
@click.option("--json", "as_json", is_flag=True, help="Write one JSON document.")
@click.option(
    "--plot",
    "picture",
    metavar="FILE",
    multiple=True,
    callback=_picture,
    shell_complete=complete_files,
    help="Also draw the funnel as a picture: FILE ends in .png or .svg. Requires the extra `plot`.",
)
@parquet.column_options
@jobs_option("The number of processes; one for standard input and columns.")
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
    picture: str | None,
    jobs: int | None,
    color: str,
    column: str | None,
    of: Of | None,
    encoding: PayloadEncoding | None,
    **how: Any,
) -> None:
    """Count how many records each condition of the pattern lets through.

    Each filter is shown as a funnel: the records that are left after the format evaluation, after
    the first field, after the second, and so on, metadata before the payload. `present` is the
    number of records that have the field, `alone` the number that would be kept if the filter had
    only this condition; for a rule, the number it lets through. Then follows what the records have
    in each field: types, examples, and similar names if no record has the field.

    PATTERN and EVENTS are as for `fp test`, and records are counted in the same way. Rows of
    Parquet and Arrow files (extra `arrow`) are records too.
    """
    patterns.refuse_stdin_twice((pattern, *files))
    files = searching.event_files(files)
    output_files.refuse_overlap([("--plot", picture)], (*patterns.files_of(pattern), *files))
    columns = parquet.Columns.given(column, of, encoding)
    if picture is not None:
        from filterpatterns.cli.output import funnel_plot

        funnel_plot.require()
    compiled = patterns.load(pattern, payload=payload, **how)[1]
    tally = Tally()
    statistics = count_statistics(
        files, compiled, tally, payload=payload, columns=columns, jobs=jobs
    )
    funnels = statistics.funnels()
    out = writers.stdout()
    if as_json:
        write_json(out, _document(tally, funnels), indent=True)
    else:
        from filterpatterns.cli.output import funnel_tables  # rich: slow to import

        out.write(f"{tally}\n")
        out.write(funnel_tables.drawn(funnels, out, color=wants_color(color)))
    out.flush()
    if picture is not None:
        funnel_plot.save(picture, funnels)
    give_advice(tally, compiled)
    ctx.exit(2 if tally.invalid or tally.unreadable else 0)


def _document(tally: Tally, funnels: list[Funnel]) -> dict[str, Any]:
    return {
        "records": tally.total,
        "kept": tally.matched,
        "dropped": tally.dropped.total(),
        "error": tally.invalid,
        "unreadable_files": tally.unreadable,
        "reasons": reasons(tally.dropped),
        "filters": [funnel_document(funnel) for funnel in funnels],
    }
