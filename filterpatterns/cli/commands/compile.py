"""`fp compile`: whether AWS accepts the pattern."""

from __future__ import annotations

from typing import Any

import click

from filterpatterns.cli.arguments import patterns
from filterpatterns.cli.arguments.options import complete_files, pattern_options
from filterpatterns.cli.io import output_files
from filterpatterns.engine import inference
from filterpatterns.errors import printable


@click.command(
    epilog="""\b
Examples:
  fp compile pattern.json
  fp compile '{"body": {"total": [{"numeric": [">", 100]}]}}'
  fp compile --show-code pattern.json

\b
Exit status: 0, or 2 if AWS would refuse the pattern."""
)
@pattern_options
@click.option("--show-code", is_flag=True, help="Print the generated Python code.")
@click.argument("pattern", metavar="PATTERN", shell_complete=complete_files)
def command(pattern: str, show_code: bool, **how: Any) -> None:
    """Check that a pattern compiles.

    PATTERN is a file, `-` for standard input, or the pattern itself: a pattern or a FilterCriteria.
    Errors that AWS would refuse, and likely mistakes, are printed to standard error.
    """
    output_files.refuse_overlap((), patterns.files_of(pattern))
    given, compiled, _ = patterns.load(pattern, default=inference.source_of_fields, **how)
    count = len(compiled.texts)
    filters = (
        f"{count} filter{'' if count == 1 else 's'}" if count else "no filter, keeps everything"
    )
    warned = len(compiled.warnings)
    warnings = f", {warned} warning{'' if warned == 1 else 's'}" if warned else ""
    source = compiled.source if compiled.source != inference.AUTO else "any source"
    summary = f"{printable(given.name)}: OK ({filters} for {source}{warnings})"
    if show_code:
        # A comment, so that the whole output is Python.
        click.echo(f"# {summary}\n{compiled.source_code.rstrip()}")
    else:
        click.echo(summary)
