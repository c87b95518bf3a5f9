"""`fp check`: everything there is to say about the patterns in files, before they are deployed."""

from __future__ import annotations

import codecs
import os
from collections.abc import Iterator
from typing import Final

import click
from msgspec import Struct, field
from msgspec.structs import replace

from filterpatterns.cli.arguments.options import color_option, complete_files, wants_color
from filterpatterns.cli.arguments.patterns import refuse_stdin_twice
from filterpatterns.cli.io import output_files, streams
from filterpatterns.cli.messages import located
from filterpatterns.cli.output import findings, writers
from filterpatterns.cli.output.findings import Finding
from filterpatterns.delivery.sources import SOURCES
from filterpatterns.errors import Diagnostic, Excerpt, printable
from filterpatterns.limits import MAX_FILTERS
from filterpatterns.lint.linter import DIALECTS
from filterpatterns.templates import finding
from filterpatterns.templates.finding import Mapping, Skipped, TemplateError

_LARGEST_FILE: Final = 1 << 26
"""Bytes; CloudFormation takes templates of 1 MB, but Terraform's plans may be larger."""

_SUFFIXES: Final = (".json", ".yaml", ".yml", ".template", ".tf")
_PASSED_OVER: Final = frozenset(("node_modules", "__pycache__", "venv"))
_UTF16_MARKS: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class _Tally(Struct):
    """What has been done so far."""

    files: int = 0
    patterns: int = 0
    unreadable: int = 0
    findings: list[Finding] = field(default_factory=list)

    def count(self, severity: str) -> int:
        return sum(finding.severity == severity for finding in self.findings)

    def __str__(self) -> str:
        parts = [
            _counted(number, word)
            for number, word in (
                (self.count("error"), "error"),
                (self.count("warning"), "warning"),
            )
            if number
        ]
        if skipped := self.count("skipped"):
            parts.append(f"{skipped:,} skipped")
        if self.unreadable:
            parts.append(f"{_counted(self.unreadable, 'file')} not read")
        return (
            f"{_counted(self.patterns, 'pattern')} in {_counted(self.files, 'file')}: "
            f"{', '.join(parts) or 'nothing to complain of'}"
        )


def _counted(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"


@click.command(
    epilog="""\b
Examples:
  fp check template.yaml
  fp check --strict .
  terraform show -json plan.out | fp check -
  aws lambda list-event-source-mappings | fp check -
  fp check --format sarif . > findings.sarif

\b
Exit status: 0; 1 if there are errors, with --strict also for warnings;
2 if a file could not be read (the others are checked all the same)."""
)
@click.option(
    "--source",
    type=click.Choice([*SOURCES, "auto"]),
    help="The event source, where the file does not say.  [default: auto]",
)
@click.option(
    "--dialect",
    type=click.Choice(list(DIALECTS)),
    help="The service whose documentation the warnings go by, where the file does not say.",
)
@click.option(
    "--max-filters",
    metavar="N",
    type=click.IntRange(min=1),
    default=MAX_FILTERS,
    show_default=True,
    help="How many filters AWS allows; 10 with a raised quota.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(list(findings.FORMATS)),
    default="text",
    show_default=True,
    help="How findings are written; `github`: as annotations of a workflow.",
)
@click.option("--strict", is_flag=True, help="Warnings count as errors do.")
@click.option(
    "--search",
    is_flag=True,
    help="Take FILES as a search of a directory does: pass over those without patterns.",
)
@color_option
@click.argument("files", metavar="FILES...", nargs=-1, required=True, shell_complete=complete_files)
@click.pass_context
def command(
    ctx: click.Context,
    files: tuple[str, ...],
    source: str | None,
    dialect: str | None,
    max_filters: int,
    form: str,
    strict: bool,
    search: bool,
    color: str,
) -> None:
    """Check the patterns in files: what AWS would refuse, and what is likely a mistake.

    FILES are patterns, FilterCriteria, and the templates they live in: CloudFormation, SAM, what
    CDK synthesizes, serverless.yml, Terraform (.tf, and what `terraform show -json` prints), and
    the output of `aws lambda get-event-source-mapping`; `-` is standard input. Content tells them
    apart. Directories are searched.
    """
    refuse_stdin_twice(files)
    tally = _Tally()
    for path, searched in _files(files, search, tally):
        if not searched:  # a report in the directory that is searched is no mistake
            output_files.refuse_overlap((), (path,))
        _check_file(path, searched, tally, source, dialect, max_filters)
    out = writers.stdout()
    drawn = out.isatty()
    out.write(findings.FORMATS[form](tally.findings, color=wants_color(color), drawn=drawn))
    out.flush()
    click.echo(str(tally), err=True)
    if tally.unreadable:
        ctx.exit(2)
    ctx.exit(1 if tally.count("error") or (strict and tally.count("warning")) else 0)


def _files(given: tuple[str, ...], search: bool, tally: _Tally) -> Iterator[tuple[str, bool]]:
    """The files to check, each once, and whether it was searched for rather than named."""
    seen: set[str] = set()
    for path in given:
        if path != "-" and os.path.isdir(path):
            found = [(one, True) for one in _search(path, tally)]
        else:
            found = [(path, search)]
        for one, searched in found:
            if os.path.normpath(one) not in seen:
                seen.add(os.path.normpath(one))
                yield one, searched


def _search(directory: str, tally: _Tally) -> Iterator[str]:
    """The files of a directory that may be templates, in the order of their names."""

    def complain(error: OSError) -> None:
        tally.unreadable += 1
        name = str(error.filename or directory)
        click.echo(located(name, f"error: {streams.reason(error)}"), err=True)

    for path, directories, files in os.walk(directory, onerror=complain):
        directories[:] = sorted(
            name for name in directories if not name.startswith(".") and name not in _PASSED_OVER
        )
        for name in sorted(files):
            file = os.path.join(path, name)
            if name.endswith(_SUFFIXES) and not name.startswith(".") and os.path.isfile(file):
                yield file


class _UnreadableError(Exception):
    """A file that is no text."""


def _check_file(
    path: str,
    searched: bool,
    tally: _Tally,
    source: str | None,
    dialect: str | None,
    max_filters: int,
) -> None:
    name = streams.STDIN if path == "-" else path
    try:
        text = _text(path, searched)
        mappings = [] if text is None else finding.patterns_in(text, path, searched=searched)
    except _UnreadableError as error:
        tally.unreadable += 1
        click.echo(located(name, f"error: {error}"), err=True)
        return
    except TemplateError as error:
        tally.unreadable += 1
        words = f"error: {printable(error.message)}"
        click.echo(located(name, words, error.line, error.column), err=True)
        return
    if not mappings:
        if not searched:
            click.echo(located(name, "warning: no patterns found"), err=True)
            tally.files += 1
        return
    tally.files += 1
    for mapping in mappings:
        tally.patterns += len(mapping.texts)
        diagnostics = mapping.check(source=source, dialect=dialect, max_filters=max_filters)
        found = [_finding(name, mapping, one) for one in diagnostics]
        found += (_note(name, mapping, one, text or "") for one in mapping.skipped)
        tally.findings += sorted(found, key=lambda one: (one.line, one.column))


def _text(path: str, searched: bool) -> str | None:
    """A file's text; None for a file that is no text, and that nobody has named.

    Raises:
        _UnreadableError: it cannot be read.
    """
    try:
        if path == "-":
            data = streams.stdin_bytes().read(_LARGEST_FILE + 1)
        else:
            with open(path, "rb") as file:
                data = file.read(_LARGEST_FILE + 1)
    except (OSError, ValueError) as error:
        raise _UnreadableError(streams.reason(error)) from None
    if len(data) > _LARGEST_FILE:
        raise _UnreadableError(f"larger than {_LARGEST_FILE >> 20} MB")
    try:
        if data.startswith(_UTF16_MARKS):
            raise _UnreadableError("UTF-16 text: save it as UTF-8")
        text = data.removeprefix(codecs.BOM_UTF8).decode()
        if "\0" in text:
            raise _UnreadableError("a binary file, not text")
    except UnicodeDecodeError as error:
        if searched:
            return None
        if b"\0" in data:
            raise _UnreadableError("a binary file, not text") from None
        raise _UnreadableError(f"not UTF-8: {error.reason} at byte {error.start}") from None
    except _UnreadableError:
        if searched:
            return None
        raise
    return text


def _finding(file: str, mapping: Mapping, diagnostic: Diagnostic) -> Finding:
    """A diagnostic; one that has no place of its own gets that of its pattern."""
    if diagnostic.line is None:
        line, column = _place(mapping, diagnostic.filter_index)
        diagnostic = replace(diagnostic, line=line, column=column, end_line=line, end_column=column)
    return Finding(file, mapping.logical_id, diagnostic.severity, diagnostic)


def _place(mapping: Mapping, index: int | None) -> tuple[int, int]:
    for text in mapping.texts:
        if (index is None or text.filter_index == index) and text.outer and text.starts:
            return finding.line_and_column(text.outer, text.starts[0])
    return mapping.line, 1


def _note(file: str, mapping: Mapping, skipped: Skipped, text: str) -> Finding:
    """What was skipped, as a finding that counts for nothing."""
    line = text.split("\n")[skipped.line - 1].rstrip("\r")
    end = len(line.rstrip())
    diagnostic = Diagnostic(
        code=skipped.code,
        severity="warning",
        message=f"skipped: {skipped.reason}",
        filter_index=skipped.filter_index,
        line=skipped.line,
        column=skipped.column,
        end_line=skipped.line,
        end_column=max(end + 1, skipped.column),
        excerpt=Excerpt(line, skipped.column - 1, max(end, skipped.column)),
    )
    return Finding(file, mapping.logical_id, "skipped", diagnostic)
