"""Records that miss what `fp test --expect` asks of each: explained, and reported."""

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
"""What becomes of a record that misses the expectation, where it is one of each record."""

_INDENT = "     "


def explained(compiled: Filter, record: Any, out: TextIO, *, color: bool) -> str:
    """Why a record is kept or dropped, in lines to stand below what says that it is."""
    try:
        explanation = compiled.explain(record)
    except RecordError as error:  # a filter that the verdict had no need of cannot judge it
        return f"{_INDENT}{error.message}\n"
    return explanations.rendered(out, explanation, color=color, indent=_INDENT)


class Explaining:
    """Passes rows on, and explains below each that misses: what is dropped, if nothing is expected
    of each record."""

    def __init__(
        self,
        writer: writers.Writer,
        compiled: Filter,
        out: TextIO,
        expected: str | int | None,
        *,
        color: bool,
    ) -> None:
        self._writer = writer
        self._compiled = compiled
        self._out = out
        self._missing = _MISSING.get(str(expected), DROP)
        self._color = color
        self._record: Any = None

    def verdict(self, record: Any) -> Verdict:
        """As `Filter.verdict`, and the row that comes next is the record's."""
        self._record = record
        return self._compiled.verdict(record)

    def row(self, row: Row) -> None:
        """Write a row, and why it misses."""
        self._writer.row(row)
        if row.result == self._missing:
            self._writer.flush()
            self._out.write(explained(self._compiled, self._record, self._out, color=self._color))

    def flush(self) -> None:
        """Bring all rows out."""
        self._writer.flush()


class Reporting:
    """Passes rows on, and reports each as a test case, if something is expected of each."""

    def __init__(
        self,
        writer: writers.Writer,
        report: Report,
        expected: str | int,
        compiled: Filter,
        get_verdict: GetVerdict,
    ) -> None:
        self._writer = writer
        self._expected = expected
        self._report = report
        self._compiled = compiled
        self._get_verdict = get_verdict
        self._record: Any = None

    def verdict(self, record: Any) -> Verdict:
        """As `get_verdict`, and the row that comes next is the record's."""
        self._record = record
        return self._get_verdict(record)

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

    def flush(self) -> None:
        """Bring all rows out; not yet the report."""
        self._writer.flush()

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
