"""A pytest plugin that collects `NAME.cases.yaml` and `NAME.cases.jsonl`, with a test for each
case.

Without such files it does and imports nothing.
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
    """Return the tests of a case file; None for any other file."""
    if not file_path.name.endswith(_SUFFIXES):
        return None
    return CaseFile.from_parent(parent, path=file_path)


class CaseFile(pytest.File):
    """A case file."""

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
            CaseFailure: the result is not the expected one.
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
        """Show a failure as an explanation, without a traceback."""
        if isinstance(excinfo.value, CaseFailure):
            path, line, _ = self.reportinfo()
            place = str(path) if line is None else f"{path}:{line + 1}"
            return f"{place}: {excinfo.value}"
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """The position of the case, with lines from 0."""
        line = self._case.line
        return self.path, None if line is None else line - 1, self.name


class CaseFailure(AssertionError):
    """A case whose result is not the expected one."""
