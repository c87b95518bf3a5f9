"""Findings as text, JSON, GitHub annotations, SARIF and JUnit."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import PurePath
from typing import Any, Final
from urllib.parse import quote

from msgspec import Struct
from msgspec.structs import replace

from filterpatterns import __version__
from filterpatterns.cli.io.json_output import json_text
from filterpatterns.cli.messages import located
from filterpatterns.errors import Diagnostic, format_diagnostic, printable

_COLORS = {"error": "\x1b[31m", "warning": "\x1b[33m", "skipped": "\x1b[36m", "note": "\x1b[36m"}
_PLAIN = "\x1b[0m"


class Finding(Struct, frozen=True):
    """A diagnostic with its file and mapping.

    `severity` is the diagnostic's, or `skipped` for what could not be checked,
    `note` for other facts about it.
    """

    file: str
    mapping: str
    severity: str
    diagnostic: Diagnostic

    @property
    def line(self) -> int:
        return self.diagnostic.line or 1

    @property
    def column(self) -> int:
        return self.diagnostic.column or 1


class Report(Struct, frozen=True):
    """The results of a run: the findings, the files that were checked, and those that could not be
    read, with the reason.

    `strict` counts warnings as errors; `drawn` adds the line and the hint to the text, and `color`
    adds colours.
    """

    findings: tuple[Finding, ...]
    files: tuple[str, ...] = ()
    unread: tuple[tuple[str, str], ...] = ()
    strict: bool = False
    color: bool = False
    drawn: bool = False


def full(report: Report) -> str:
    """Like `text`, but always with the line, carets and hint."""
    return text(replace(report, drawn=True))


def text(report: Report) -> str:
    """`file:line:column: CODE message`; `drawn` adds the line with carets, and the hint."""
    lines = []
    color = report.color
    for finding in report.findings:
        diagnostic = finding.diagnostic
        code = f"{_COLORS[finding.severity]}{diagnostic.code}{_PLAIN}" if color else diagnostic.code
        message = printable(diagnostic.message)
        lines.append(located(finding.file, f"{code} {message}", finding.line, finding.column))
        if report.drawn:
            # After the headline: the place in the pattern, the line, the carets, the hint.
            lines += format_diagnostic(diagnostic).split("\n")[1:]
    return "".join(f"{line}\n" for line in lines)


def as_json(report: Report) -> str:
    """An array of objects."""
    rows = [
        {
            "file": finding.file,
            "line": finding.line,
            "column": finding.column,
            "end_line": finding.diagnostic.end_line,
            "end_column": finding.diagnostic.end_column,
            "code": finding.diagnostic.code,
            "severity": finding.severity,
            "message": finding.diagnostic.message,
            "hint": finding.diagnostic.hint,
            "path": finding.diagnostic.path,
            "filter_index": finding.diagnostic.filter_index,
            "mapping": finding.mapping or None,
        }
        for finding in report.findings
    ]
    return json_text(rows, ascii_only=True, indent=True) + "\n"


_LEVELS = {"error": "error", "warning": "warning", "skipped": "notice", "note": "notice"}


def github(report: Report) -> str:
    """GitHub annotations (GitHub documentation, "Workflow commands for GitHub Actions")."""
    lines = []
    for finding in report.findings:
        diagnostic = finding.diagnostic
        properties: dict[str, Any] = {
            "file": printable(_slashes(finding.file)),
            "line": finding.line,
            "endLine": diagnostic.end_line,
            "col": finding.column,
            # columns are only allowed within one line
            "endColumn": diagnostic.end_column if diagnostic.end_line == finding.line else None,
            "title": printable(f"{diagnostic.code} {finding.mapping}".rstrip()),
        }
        given = ",".join(
            f"{name}={_escaped(str(value), ':,')}"
            for name, value in properties.items()
            if value is not None
        )
        words = [printable(diagnostic.message)]
        words += [f"hint: {printable(diagnostic.hint)}"] if diagnostic.hint else []
        message = _escaped("\n".join(words))
        lines.append(f"::{_LEVELS[finding.severity]} {given}::{message}\n")
    return "".join(lines)


def _escaped(value: str, more: str = "") -> str:
    for char in "%\r\n" + more:  # the percent sign first: it begins the escapes
        value = value.replace(char, f"%{ord(char):02X}")
    return value


_SARIF_LEVELS = {"error": "error", "warning": "warning", "skipped": "note", "note": "note"}


def sarif(report: Report) -> str:
    """A SARIF 2.1.0 log (OASIS, "Static Analysis Results Interchange Format")."""
    from filterpatterns.lint.catalog import catalog  # a long table, only needed here

    findings = report.findings
    codes = sorted({finding.diagnostic.code for finding in findings})
    levels = {one.diagnostic.code: _SARIF_LEVELS[one.severity] for one in findings}
    run = {
        "tool": {
            "driver": {
                "name": "filterpatterns",
                "semanticVersion": __version__,
                "rules": [
                    {
                        "id": code,
                        "shortDescription": {"text": catalog.title(code)},
                        "helpUri": catalog.url(code),
                        "help": {
                            "text": catalog.page(code),
                            "markdown": catalog.page(code),
                        },
                        "defaultConfiguration": {"level": levels[code]},
                    }
                    for code in codes
                ],
            }
        },
        "columnKind": "unicodeCodePoints",
        "results": [_result(finding, codes.index(finding.diagnostic.code)) for finding in findings],
    }
    log = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [run],
    }
    return json_text(log, ascii_only=True, indent=True) + "\n"


def _result(finding: Finding, rule: int) -> dict[str, Any]:
    diagnostic = finding.diagnostic
    hint = f"\nhint: {diagnostic.hint}" if diagnostic.hint else ""
    region = {"startLine": finding.line, "startColumn": finding.column}
    if diagnostic.end_line is not None and diagnostic.end_column is not None:
        region |= {"endLine": diagnostic.end_line, "endColumn": diagnostic.end_column}
    location: dict[str, Any] = {
        "physicalLocation": {
            "artifactLocation": {"uri": _uri(finding.file)},
            "region": region,
        }
    }
    if finding.mapping:
        location["logicalLocations"] = [{"name": finding.mapping, "kind": "resource"}]
    return {
        "ruleId": diagnostic.code,
        "ruleIndex": rule,
        "level": _SARIF_LEVELS[finding.severity],
        "message": {"text": diagnostic.message + hint},
        "locations": [location],
    }


def _uri(file: str) -> str:
    """An artifact's location in SARIF: a relative reference, or a file URI."""
    path = PurePath(file)
    if path.is_absolute():
        return path.as_uri()
    return quote(_slashes(os.path.normpath(file)), errors="surrogateescape")


def _slashes(file: str) -> str:
    return PurePath(file).as_posix()


def junit(report: Report) -> str:
    """A test suite: a case for each finding, and one for each file without any."""
    from filterpatterns.cli.output.junit import Suite  # XML: only on request

    suite = Suite("fp check")
    with_findings = {finding.file for finding in report.findings}
    for file in dict.fromkeys(report.files):
        if file not in with_findings:
            suite.case(file, "no findings")
    for finding in report.findings:
        diagnostic = finding.diagnostic
        name = f"{diagnostic.code} line {finding.line} column {finding.column}"
        hint = f"\nhint: {diagnostic.hint}" if diagnostic.hint else ""
        counts = finding.severity == "error" or (report.strict and finding.severity == "warning")
        place = located(finding.file, diagnostic.message + hint, finding.line, finding.column)
        suite.case(
            finding.file,
            f"{name} {finding.mapping}".rstrip(),
            "failure" if counts else "skipped",
            f"{'' if counts else 'warning: '}{diagnostic.message}"
            if finding.severity not in ("skipped", "note")
            else diagnostic.message,
            place,
        )
    for file, words in report.unread:
        suite.case(file, "reading", "error", words)
    return suite.xml()


Format = Callable[[Report], str]

FORMATS: Final[Mapping[str, Format]] = {
    "text": text,
    "full": full,
    "json": as_json,
    "github": github,
    "sarif": sarif,
    "junit": junit,
}
"""The formats by their command-line names."""
