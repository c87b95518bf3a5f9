"""Explains and reports the records that miss the expectation of `fp test --expect`."""

from __future__ import annotations

from typing import Any, TextIO

from filterpatterns.cli.evaluation.record_loop import GetVerdict, Tally
from filterpatterns.cli.messages import counted
from filterpatterns.cli.output import explanations, writers
from filterpatterns.cli.output.junit import Report
from filterpatterns.cli.output.writers import DROP, ERROR, MATCH, Row
from filterpatterns.engine.filter import Filter
from filterpatterns.errors import RecordError
from filterpatterns.matching.verdict import Verdict
from filterpatterns.testing import assertions

_MISSING = {"all": DROP, "none": MATCH}
"""The result of a record that misses the expectation, if there is one for each record."""

_INDENT = "     "


def explained(compiled: Filter, record: Any, out: TextIO, *, color: bool) -> str:
    """Return why a record is kept or dropped, in lines to print below its verdict."""
    try:
        explanation = compiled.explain(record)
    except RecordError as error:  # for a filter that the verdict did not need
        return f"{_INDENT}{error.message}\n"
    return explanations.rendered(out, explanation, color=color, indent=_INDENT)


class _Passing:
    """Passes rows on to a writer, with the record of the next row at hand."""

    def __init__(
        self, writer: writers.Writer, compiled: Filter, get_verdict: GetVerdict | None = None
    ) -> None:
        self._writer = writer
        self._compiled = compiled
        self._get_verdict = get_verdict or compiled.verdict
        self._record: Any = None
        self.flush = writer.flush

    def verdict(self, record: Any) -> Verdict:
        """Like `get_verdict`; the next row is the record's."""
        self._record = record
        return self._get_verdict(record)


class Explaining(_Passing):
    """Passes rows on, and explains those that miss; without an expectation for each record, those
    that are dropped."""

    def __init__(
        self,
        writer: writers.Writer,
        compiled: Filter,
        out: TextIO,
        expected: str | int | None,
        *,
        color: bool,
    ) -> None:
        super().__init__(writer, compiled)
        self._out = out
        self._missing = _MISSING.get(str(expected), DROP)
        self._color = color

    def row(self, row: Row) -> None:
        """Write a row, and why it misses the expectation."""
        self._writer.row(row)
        if row.result == self._missing:
            self._writer.flush()
            self._out.write(explained(self._compiled, self._record, self._out, color=self._color))


class Reporting(_Passing):
    """Passes rows on, and reports each as a test case if there is an expectation for each."""

    def __init__(
        self,
        writer: writers.Writer,
        report: Report,
        expected: str | int,
        compiled: Filter,
        get_verdict: GetVerdict,
    ) -> None:
        super().__init__(writer, compiled, get_verdict)
        self._expected = expected
        self._report = report

    def row(self, row: Row) -> None:
        """Write a row."""
        self._writer.row(row)
        name = f"record {row.number}" + ("" if row.id is None else f" {row.id}")
        if row.result == ERROR:
            self._report.case(row.file, name, "error", row.detail)
        elif row.result == _MISSING.get(str(self._expected)):
            self._report.case(
                row.file,
                name,
                "failure",
                row.detail or row.result,
                assertions.explained(self._compiled, self._record),
            )
        elif self._expected in _MISSING:
            self._report.case(row.file, name)

    def finish(self, tally: Tally, unmet: str | None) -> None:
        """Write the report, with the expectation of all records as one more case.

        Raises:
            Failure: it cannot be written.
        """
        if tally.unreadable:
            words = f"{counted(tally.unreadable, 'file')} not read"
            self._report.case("files", "reading", "error", words)
        name = f"--expect {self._expected}"
        if unmet is None:
            self._report.case("records", name)
        else:
            self._report.case("records", name, "failure", unmet)
        self._report.write()
