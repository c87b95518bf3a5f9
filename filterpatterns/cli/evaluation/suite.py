"""Runs case files as a test suite: prints a line for each failing case, and the counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import TextIO

import click

from filterpatterns.cli.evaluation.misses import explained
from filterpatterns.cli.io import record_files, streams
from filterpatterns.cli.io.json_output import write_json
from filterpatterns.cli.messages import counted, located
from filterpatterns.cli.output.junit import Report
from filterpatterns.errors import printable
from filterpatterns.language.wording import shorten
from filterpatterns.testing import case_files
from filterpatterns.testing.case_files import Case
from filterpatterns.testing.case_results import Result, Runner, format_result

_PASS, _FAIL, _ERROR = "pass", "fail", "error"
_RED, _PLAIN = "\x1b[31m", "\x1b[0m"
_LONGEST = 160


def run(
    files: Sequence[str],
    out: TextIO,
    *,
    source: str | None,
    max_filters: int,
    as_json: bool,
    quiet: bool,
    explain: bool,
    color: bool,
    report: Report | None,
    before_read: Callable[[str], None],
) -> int:
    """Run the cases of files and return the exit status. `before_read` is called with the name of
    each file that a case names.

    Raises:
        Failure: the report cannot be written.
    """
    counts: Counter[str] = Counter()
    runner = Runner(source=source, max_filters=max_filters, before_read=before_read)
    for file in files:
        for result in (result for case in _cases(file) for result in runner.results(case)):
            outcome = _ERROR if result.error else _PASS if result.passed else _FAIL
            counts[outcome] += 1
            if report is not None:
                _report(report, result, outcome)
            if as_json:
                _write_json(out, result, outcome)
            elif outcome == _FAIL and not quiet:
                out.write(_failure(result, color))
                if explain and result.compiled is not None:
                    out.write(f"  {shorten(printable(format_result(result.record)), _LONGEST)}\n")
                    out.write(explained(result.compiled, result.record, out, color=color))
            if outcome == _ERROR:
                out.flush()
                words = f"error: {_named(result)}{result.error}"
                click.echo(located(result.file, words, result.line), err=True)
    if as_json:
        out.flush()
        if not quiet:
            click.echo(_summary(counts), err=True)
    else:
        out.write(f"{_summary(counts)}\n")
        out.flush()
    if report is not None:
        report.write()
    return 2 if counts[_ERROR] else 1 if counts[_FAIL] else 0


def _cases(file: str) -> Iterator[Case]:
    """The cases of a file, plain or compressed, or of standard input."""
    if case_files.is_yaml(file):
        return case_files.read(file)
    name = streams.STDIN if file == "-" else file
    return case_files.from_items(record_files.read_records(file), name)


def _summary(counts: Counter[str]) -> str:
    passed, failed, errors = counts[_PASS], counts[_FAIL], counts[_ERROR]
    parts = [
        f"{passed:,} pass{'es' if passed == 1 else ''}",
        f"{failed:,} fail{'s' if failed == 1 else ''}",
    ]
    if errors:
        parts.append(counted(errors, "error"))
    return f"{counted(counts.total(), 'case')}: {', '.join(parts)}"


def _failure(result: Result, color: bool) -> str:
    words = f"expected {result.expected}, found {result.found}"
    why = result.difference.removeprefix(words)
    if color:
        words = f"{_RED}{words}{_PLAIN}"
    line = located(result.file, f"{_named(result)}{words}{why}", result.line)
    return f"{line}\n  {shorten(printable(result.pattern), _LONGEST)}\n"


def _named(result: Result) -> str:
    return f"{printable(result.name)}: " if result.name else ""


def _report(report: Report, result: Result, outcome: str) -> None:
    place = "the file" if result.line is None else f"line {result.line}"
    name = f"{place}: {result.name}" if result.name else place
    if outcome == _PASS:
        report.case(result.file, name)
    elif outcome == _FAIL:
        report.case(result.file, name, "failure", result.difference, result.explanation)
    else:
        report.case(result.file, name, "error", result.error)


def _write_json(out: TextIO, result: Result, outcome: str) -> None:
    row = {
        "file": result.file,
        "line": result.line,
        "name": result.name,
        "result": outcome,
        "expected": result.expected,
        "found": result.found,
        "reason": result.reason,
        "detail": result.error or result.why,
        "pattern": result.pattern,
    }
    write_json(out, row)
