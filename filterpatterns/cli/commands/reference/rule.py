"""`fp rule`: explains a diagnostic code."""

from __future__ import annotations

import difflib

import click
from click.shell_completion import CompletionItem

from filterpatterns.cli.io.json_output import write_json
from filterpatterns.cli.output import writers
from filterpatterns.lint.catalog import catalog


def _complete(
    _ctx: click.Context, _param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    return [
        CompletionItem(code, help=catalog.title(code))
        for code in catalog.CODES
        if code.startswith(incomplete.upper())
    ]


@click.command(
    epilog="""\b
Examples:
  fp rule FP112
  fp rule --all
  fp rule --json FP112 | jq -r .url

\b
Exit status: 0, or 2 for an unknown code."""
)
@click.option("--all", "every_code", is_flag=True, help="List all codes with their titles.")
@click.option("--json", "as_json", is_flag=True, help="Write a JSON object for each code.")
@click.argument("codes", metavar="CODE...", nargs=-1, shell_complete=_complete)
def command(codes: tuple[str, ...], every_code: bool, as_json: bool) -> None:
    """Explain a code, with an example, a fix, and the AWS page that it is based on.

    CODE is one of the codes of `fp check` and error messages.
    """
    if every_code and codes:
        raise click.UsageError("--all and CODE exclude each other")
    if not every_code and not codes:
        raise click.UsageError("Missing argument 'CODE...'; `fp rule --all` lists the codes")
    wanted = catalog.CODES if every_code else tuple(map(_known, codes))
    if as_json:
        out = writers.stdout()
        for code in wanted:
            write_json(out, catalog.as_dict(code))
    elif every_code:
        for code in wanted:
            click.echo(f"{code}  {catalog.severity(code):8} {catalog.title(code)}")
    else:
        click.echo("\n".join(map(catalog.page, wanted)), nl=False)


def _known(code: str) -> str:
    name = code.upper()
    if name in catalog.CODES:
        return name
    near = difflib.get_close_matches(name, catalog.CODES, n=1)
    hint = f"did you mean {near[0]}?" if near else "`fp rule --all` lists the codes"
    raise click.UsageError(f"unknown code {code!r}: {hint}")
