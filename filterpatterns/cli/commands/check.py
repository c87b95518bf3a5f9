"""`fp check`: finds problems with the patterns in files before they are deployed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any, Final, get_args

import click

from filterpatterns.cli.arguments.options import (
    color_option,
    complete_files,
    set_option,
    source_option,
    wants_color,
)
from filterpatterns.cli.arguments.patterns import is_inline, refuse_stdin_twice
from filterpatterns.cli.checking import selection, settings
from filterpatterns.cli.checking.files import Checker, Tally
from filterpatterns.cli.checking.searching import DEFAULT_EXCLUDE, Exclusions, Search
from filterpatterns.cli.checking.settings import Configuration
from filterpatterns.cli.io import output_files
from filterpatterns.cli.messages import located
from filterpatterns.cli.output import findings, writers
from filterpatterns.limits import MAX_FILTERS
from filterpatterns.lint.linter import DIALECTS

SUFFIXES: Final = (".json", ".yaml", ".yml", ".template", ".tf")
"""The suffixes of the files that a search reads."""


def _per_file(
    _ctx: click.Context, _param: click.Parameter, values: tuple[str, ...]
) -> dict[str, tuple[str, ...]]:
    """Repeated `GLOB:CODE`, as globs and their codes."""
    found: dict[str, tuple[str, ...]] = {}
    for value in values:
        glob, mark, code = value.rpartition(":")
        if not mark or not glob or not code:
            raise click.BadParameter(f"{value!r}: expected GLOB:CODE")
        found[glob] = (*found.get(glob, ()), code)
    return found


def _several(text: str) -> dict[str, Any]:
    return {"metavar": "LIST", "multiple": True, "help": text}


@click.command(
    epilog="""\b
Examples:
  fp check template.yaml
  fp check '{"body": {"total": [{"numeric": [">", 100]}]}}'
  fp check --strict --fail-on-skipped .
  fp check --set Tenant=acme --set IsProd=true template.yaml
  fp check --ignore FP105 --extend-exclude 'examples/' .
  terraform show -json plan.out | fp check -
  aws lambda list-event-source-mappings | fp check -
  fp check --output-format sarif . > findings.sarif

\b
Exit status: 0; 1 if there are errors (with --strict: or warnings, with
--fail-on-skipped: or patterns that could not be checked); 2 if a file cannot
be read (the remaining files are still checked)."""
)
@source_option("The event source of patterns whose file does not define it.  [default: auto]")
@click.option(
    "--dialect",
    type=click.Choice(list(DIALECTS)),
    help="The service whose documentation the warnings follow, if the file does not define it.",
)
@click.option(
    "--max-filters",
    metavar="N",
    type=click.IntRange(min=1),
    help=f"How many filters AWS allows; 10 with a raised quota.  [default: {MAX_FILTERS}]",
)
@click.option(
    "--output-format",
    "--format",
    "form",
    type=click.Choice(get_args(settings.OutputFormat)),
    help="Format of the findings; `full`: with the line and a hint, as on a terminal; `github`: "
    "workflow annotations.  [default: text]",
)
@click.option("--strict", is_flag=True, help="Treat warnings as errors.")
@click.option(
    "--fail-on-skipped", is_flag=True, help="Treat patterns that could not be checked as errors."
)
@set_option
@click.option(
    "--select",
    **_several("Codes, or prefixes of codes, to report; `ALL`.  [default: ALL]"),
)
@click.option("--ignore", **_several("Codes, or prefixes of codes, to ignore."))
@click.option(
    "--per-file-ignores",
    metavar="GLOB:CODE",
    multiple=True,
    callback=_per_file,
    help="Codes to ignore in matching files; may be repeated.",
)
@click.option(
    "--exclude",
    **_several(
        "Globs, as in a .gitignore, that a search excludes.  "
        f"[default: {', '.join(DEFAULT_EXCLUDE)}]"
    ),
)
@click.option("--extend-exclude", **_several("Further globs that a search excludes."))
@click.option("--no-ignore", is_flag=True, help="Also search what .gitignore files exclude.")
@click.option(
    "--search",
    is_flag=True,
    help="Treat FILES like files found in a directory: skip those without patterns, and those that "
    "are excluded.",
)
@click.option(
    "--config",
    "config_file",
    metavar="FILE",
    shell_complete=complete_files,
    help="A filterpatterns.toml or pyproject.toml.  [default: the nearest one in the directory of "
    "FILES or above it]",
)
@click.option("--isolated", is_flag=True, help="Read no configuration file.")
@color_option
@click.argument("files", metavar="FILES...", nargs=-1, required=True, shell_complete=complete_files)
@click.pass_context
def command(
    ctx: click.Context,
    files: tuple[str, ...],
    source: str | None,
    dialect: str | None,
    max_filters: int | None,
    form: str | None,
    strict: bool,
    fail_on_skipped: bool,
    known: dict[str, str],
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    per_file_ignores: dict[str, tuple[str, ...]],
    exclude: tuple[str, ...],
    extend_exclude: tuple[str, ...],
    no_ignore: bool,
    search: bool,
    config_file: str | None,
    isolated: bool,
    color: str,
) -> None:
    """Check the patterns in files: what AWS would refuse, and what is likely a mistake.

    FILES are patterns, FilterCriteria, and templates: CloudFormation, SAM, CDK output,
    serverless.yml, Terraform (.tf, and the output of `terraform show -json`), and the output of
    `aws lambda get-event-source-mapping`; `-` is standard input. The kind is detected from the
    content. Directories are searched, except for files excluded by .gitignore or --exclude. An
    argument that begins with a brace is a pattern itself.

    A comment `# fp: ignore[FP105]` in YAML or HCL suppresses findings on its line, or on the line
    below. Options may be set in filterpatterns.toml, or in pyproject.toml under
    [tool.filterpatterns]; `fp rule CODE` explains a code.
    """
    refuse_stdin_twice(files)
    if isolated and config_file is not None:
        raise click.UsageError("--isolated and --config exclude each other")
    paths = [path for path in files if not is_inline(path)]
    reports = output_files.empty_streams()  # in a searched directory: not templates
    config = Configuration() if isolated else settings.load(config_file, paths)
    output_files.refuse_overlap((), () if config.path is None else (config.path,))
    given = config.settings
    tally = Tally()
    checker = Checker(
        selection.configured(config, select, ignore, per_file_ignores),
        source or given.source,
        dialect or given.dialect,
        max_filters or given.max_filters or MAX_FILTERS,
        known,
    )
    exclusions = Exclusions(
        config.folder,
        (
            *(_listed(exclude) or given.exclude or DEFAULT_EXCLUDE),
            *given.extend_exclude,
            *_listed(extend_exclude),
        ),
        given.respect_gitignore and not no_ignore,
    )
    for path, searched in _files(files, search, exclusions, tally):
        if searched and output_files.is_one_of(path, reports):
            continue
        output_files.refuse_overlap((), () if is_inline(path) else (path,))
        checker.check(path, tally, searched=searched)
    _warn_of_no_patterns(files, tally)
    out = writers.stdout()
    strict = strict or given.strict
    report = findings.Report(
        tuple(tally.findings),
        files=tuple(tally.files),
        unread=tuple(tally.unread),
        strict=strict,
        color=wants_color(color),
        drawn=out.isatty(),
    )
    out.write(findings.FORMATS[form or given.output_format or "text"](report))
    out.flush()
    click.echo(str(tally), err=True)
    if tally.unread:
        ctx.exit(2)
    counts = ["error", *(["warning"] if strict else []), *(["skipped"] if fail_on_skipped else [])]
    ctx.exit(1 if any(tally.count(severity) for severity in counts) else 0)


def _warn_of_no_patterns(files: tuple[str, ...], tally: Tally) -> None:
    """Warn if a search found nothing; for a named file, the checker does."""
    if not (tally.files or tally.findings or tally.unread):
        for path in files:
            if path != "-" and os.path.isdir(path):
                click.echo(located(path, "warning: no patterns found"), err=True)


def _listed(values: tuple[str, ...]) -> tuple[str, ...]:
    """Split lists, whether given with commas or one by one."""
    return tuple(part.strip() for value in values for part in value.split(",") if part.strip())


def _files(
    given: tuple[str, ...], searched: bool, exclusions: Exclusions, tally: Tally
) -> Iterator[tuple[str, bool]]:
    """Yield the files to check, each once, and whether a search found it."""
    search = Search(
        SUFFIXES,
        exclusions,
        on_error=tally.fail,
        on_link=lambda path, words: click.echo(located(path, f"note: {words}"), err=True),
    )
    seen: set[str] = set()
    for path in given:
        if is_inline(path):
            yield path, False
            continue
        found: Iterator[tuple[str, bool]]
        if path != "-" and os.path.isdir(path):
            found = ((one, True) for one in search.files(path))
        elif path != "-" and searched and search.is_excluded(path):
            continue
        else:
            found = iter([(path, searched)])
        for one, is_searched in found:
            if os.path.normpath(one) not in seen:
                seen.add(os.path.normpath(one))
                yield one, is_searched
