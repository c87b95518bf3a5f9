"""`fp schema`: JSON Schemas, for editors and validators."""

from __future__ import annotations

import click

from filterpatterns.cli.io.json_output import write_json
from filterpatterns.cli.output import writers
from filterpatterns.delivery.fields import FIELDS
from filterpatterns.language.schema import filter_configuration, filter_criteria, pattern
from filterpatterns.lint.linter import DIALECTS

_WHAT = ("pattern", "filter-criteria", "filter-configuration")


@click.command(
    epilog="""\b
Examples:
  fp schema > pattern.schema.json
  fp schema filter-criteria --dialect lambda --source sqs > schema.json
  check-jsonschema --schemafile pattern.schema.json patterns/*.json

\b
Exit status: 0."""
)
@click.option(
    "--dialect",
    type=click.Choice(list(DIALECTS)),
    help="Accept only what the documentation of this service lists.  [default: everything "
    "that AWS's engine accepts]",
)
@click.option(
    "--source",
    type=click.Choice(list(FIELDS)),
    help="The event source, whose fields are described so that editors can complete them.",
)
@click.argument("what", metavar=f"[{'|'.join(_WHAT)}]", type=click.Choice(_WHAT), default="pattern")
def command(what: str, dialect: str | None, source: str | None) -> None:
    """Print the JSON Schema (draft 2020-12) of a pattern, a FilterCriteria, or the
    FilterConfiguration of a subscriber of a Custom Event Bus.

    It accepts everything that compiles, and rejects structural mistakes: values without an array,
    empty arrays, unknown operators, operands of the wrong type. `fp check` finds more. A Pattern is
    JSON in a string; its schema is in `contentSchema`, which not every validator supports.
    """
    if what == "filter-configuration":
        if dialect is not None or source is not None:
            raise click.UsageError("a FilterConfiguration has no --dialect and no --source")
        schema = filter_configuration()
    else:
        schema = (pattern if what == "pattern" else filter_criteria)(dialect, source)
    write_json(writers.stdout(), schema, indent=True)
