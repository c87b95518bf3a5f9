"""Realistic patterns without findings.

A case may allow `advice`: FP107, a field beside the payload, and FP105, an operator that works and
is not documented. It must then be given, too.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

import filterpatterns
from filterpatterns import Diagnostic
from tests.support.paths import case_lines

CASES = list(case_lines("good_patterns.jsonl"))
each_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])


def _criteria(case: dict[str, Any]) -> dict[str, Any]:
    return {"Filters": [{"Pattern": json.dumps(pattern)} for pattern in case["patterns"]]}


def _check(given: Any, case: dict[str, Any]) -> list[Diagnostic]:
    return filterpatterns.check(given, source=case["source"], dialect=case["dialect"])


@each_case
def test_a_good_pattern_has_no_findings(case: dict[str, Any]) -> None:
    advice = sorted(case.get("advice", []))
    assert set(advice) <= {"FP105", "FP107"}
    criteria = _criteria(case)
    for given in (
        criteria,
        json.dumps(criteria),
        json.dumps({"FilterCriteria": criteria}, indent=2),
        case["patterns"],
        [json.dumps(pattern, indent=4) for pattern in case["patterns"]],
    ):
        found = _check(given, case)
        assert sorted({each.code for each in found}) == advice, list(map(str, found))


@each_case
def test_each_pattern_of_a_case_is_good_by_itself(case: dict[str, Any]) -> None:
    for pattern in case["patterns"]:
        found = {each.code for each in _check(json.dumps(pattern), case)}
        assert found <= set(case.get("advice", []))


@each_case
def test_a_good_pattern_compiles_for_its_source_and_for_any(case: dict[str, Any]) -> None:
    strict = "FP105" not in case.get("advice", [])
    options = {"dialect": case["dialect"], "strict": strict}
    compiled = filterpatterns.compile(_criteria(case), source=case["source"], **options)
    assert {each.code for each in compiled.warnings} == (set() if strict else {"FP105"})
    filterpatterns.compile(_criteria(case), source="auto", **options)


def test_all_sources_and_dialects_have_cases() -> None:
    counts = Counter((case["source"], case["dialect"]) for case in CASES)
    assert set(counts) == {
        (source, dialect)
        for source in ("sqs", "kinesis", "dynamodb", "kafka", "mq")
        for dialect in ("lambda", "pipes")
    } | {("event", "eventbridge")}
    assert counts.total() >= 40
    assert len({case["name"] for case in CASES}) == len(CASES)
