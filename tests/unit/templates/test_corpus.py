"""Realistic templates of all kinds, each with the findings that `fp check` must have, and no other.

A case is a file beside its `NAME.expected.json`, or a folder with an `expected.json`: the arguments
(further options, or files of the folder), the exit status, the findings by line and code, how many
patterns were checked and how many were not.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from filterpatterns.cli.program import main

CORPUS = Path(__file__).parent / "corpus"
CASES = sorted(
    path.relative_to(CORPUS).as_posix() for path in CORPUS.rglob("*expected.json") if path.is_file()
)
MOST_SKIPPED = 0.06
"""The share of patterns of the whole corpus that may be skipped."""


def expectation(case: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((CORPUS / case).read_text(encoding="utf-8"))
    return found


def check(case: str, *options: str) -> Result:
    """What `fp check` says about a case."""
    args = expectation(case)["args"]
    path = CORPUS / case
    if path.name == "expected.json":
        files = [str(path.parent / arg) for arg in args if not arg.startswith("-")]
        files, options = files or [str(path.parent)], (*options, "--extend-exclude", path.name)
    else:
        files, options = [str(path).removesuffix(".expected.json")], (*options, *args)
    return CliRunner().invoke(main, ["check", "--isolated", *options, *files])


def place(finding: dict[str, Any], case: str) -> tuple[str, int, str]:
    """A finding's file (in a folder), line and code."""
    folder = (CORPUS / case).parent
    is_folder = (CORPUS / case).name == "expected.json"
    name = Path(finding["file"]).relative_to(folder).as_posix() if is_folder else ""
    return name, finding["line"], finding["code"]


@pytest.mark.parametrize("case", CASES)
def test_a_template_has_the_findings_that_it_should_have(case: str) -> None:
    wanted = expectation(case)
    result = check(case, "--output-format", "json")
    assert result.exception is None or isinstance(result.exception, SystemExit)
    findings = json.loads(result.stdout)
    found = sorted(place(finding, case) for finding in findings)
    assert found == sorted(
        (finding.get("file", ""), finding["line"], finding["code"])
        for finding in wanted["findings"]
    )
    skipped = [finding for finding in findings if finding["severity"] == "skipped"]
    counted = re.match(r"(\d+) patterns?", result.stderr.splitlines()[-1])
    assert counted is not None
    assert int(counted[1]) == wanted["patterns"]
    assert len(skipped) == wanted["skipped"]
    assert result.exit_code == wanted["exit"]
    if skipped:
        assert check(case, "--fail-on-skipped").exit_code == 1


def test_little_of_the_corpus_is_skipped() -> None:
    cases = [expectation(case) for case in CASES]
    skipped = sum(case["skipped"] for case in cases)
    patterns = sum(case["patterns"] for case in cases)
    assert len(cases) >= 35
    assert skipped / (patterns + skipped) <= MOST_SKIPPED
