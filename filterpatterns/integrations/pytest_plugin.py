"""A plugin for pytest: `NAME.cases.yaml` and `NAME.cases.jsonl` are tests, one for each case.

It does nothing where there are no such files, and imports nothing until there are.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from filterpatterns.testing.case_files import Case
    from filterpatterns.testing.case_results import Runner

_SUFFIXES = (".cases.yaml", ".cases.yml", ".cases.jsonl")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> CaseFile | None:
    """The tests of a case file; None of any other."""
    if not file_path.name.endswith(_SUFFIXES):
        return None
    return CaseFile.from_parent(parent, path=file_path)


class CaseFile(pytest.File):
    """A file of cases."""

    def collect(self) -> Iterator[CaseItem]:
        """A test for each case."""
        from filterpatterns.testing import case_files
        from filterpatterns.testing.case_results import Runner

        runner = Runner()
        for case in case_files.read(str(self.path)):
            name = case.name or ("file" if case.line is None else f"line {case.line}")
            yield CaseItem.from_parent(self, name=name, case=case, runner=runner)


class CaseItem(pytest.Item):
    """A case."""

    def __init__(self, *, case: Case, runner: Runner, **given: Any) -> None:
        super().__init__(**given)
        self._case = case
        self._runner = runner

    def runtest(self) -> None:
        """Run the case.

        Raises:
            CaseFailure: it does not come out as it should.
        """
        lines = []
        for result in self._runner.results(self._case):
            if result.passed:
                continue
            name = f"{result.name}: " if result.name != self._case.name else ""
            lines.append(f"{name}{result.error or result.difference}")
            if not result.error:
                lines += [f"pattern: {result.pattern}", result.explanation]
        if lines:
            raise CaseFailure("\n".join(line for line in lines if line))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """A failure as the explanation, without a traceback."""
        if isinstance(excinfo.value, CaseFailure):
            path, line, _ = self.reportinfo()
            place = str(path) if line is None else f"{path}:{line + 1}"
            return f"{place}: {excinfo.value}"
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Where the case is, lines from 0."""
        line = self._case.line
        return self.path, None if line is None else line - 1, self.name


class CaseFailure(AssertionError):
    """A case that did not come out as expected."""
