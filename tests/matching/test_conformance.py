"""The case files, through every engine path."""

from __future__ import annotations

import json
from typing import Any

import pytest

import filterpatterns
from filterpatterns import RuleSet
from tests.support.helpers import everywhere
from tests.support.oracle import loads, oracle_matches
from tests.support.paths import case_lines, in_body, sqs_record, verdicts


def test_event_patterns() -> None:
    for case in case_lines("event_patterns.jsonl"):
        compiled = filterpatterns.compile(case["pattern"], source="event")
        for text, expected in zip(case["events"], case["matches"], strict=True):
            found = verdicts(compiled, json.loads(text), text)
            assert set(found.values()) == {expected}, (case["pattern"], text, found)


def test_engine_edges() -> None:
    """On every path that has the texts of numbers; the others take them for what they were
    parsed as, which the slow definition does as well."""
    for case in case_lines("engine_edges.jsonl"):
        pattern = case["pattern"]
        if not case.get("valid", True):
            with pytest.raises(filterpatterns.PatternError):
                filterpatterns.compile(pattern, source="event")
            continue
        rules = RuleSet({"x": pattern}, source="event")
        in_bodies = RuleSet({"x": in_body(pattern)})
        compiled = filterpatterns.compile(pattern, source="event")
        for text, expected in dict(zip(case["events"], case["matches"], strict=True)).items():
            assert everywhere(pattern, text) == expected, (pattern, text)
            assert rules.any(text) == rules.any(text.encode()) == expected, (pattern, text)
            assert in_bodies.any(sqs_record(text)) == expected, (pattern, text)
            event = json.loads(text)
            found = {compiled.matches(event), rules.any(event), bool(compiled.explain(event))}
            assert found == {oracle_matches(loads(pattern), event)}, (pattern, text)


@pytest.mark.parametrize("name", ["event_patterns.jsonl", "engine_edges.jsonl", "edges.jsonl"])
def test_the_slow_definition_agrees_with_the_cases(name: str) -> None:
    for case in case_lines(name):
        for text, expected in zip(case.get("events", ()), case.get("matches", ()), strict=True):
            assert oracle_matches(loads(case["pattern"]), loads(text)) == expected, (case, text)


def test_edges() -> None:
    for case in case_lines("edges.jsonl"):
        for text, expected in zip(case["events"], case["matches"], strict=True):
            assert everywhere(case["pattern"], text) == expected, (case["pattern"], text)


def test_event_patterns_in_an_sqs_body() -> None:
    for case in case_lines("event_patterns.jsonl"):
        pattern = in_body(case["pattern"])
        compiled = filterpatterns.compile(pattern)
        for text, expected in zip(case["events"], case["matches"], strict=True):
            found = verdicts(compiled, sqs_record(text))
            assert set(found.values()) == {expected}, (pattern, text, found)


def test_event_patterns_in_batches() -> None:
    """A batch of many records: the loops go on after a record that only the interpreter judges."""
    for case in case_lines("event_patterns.jsonl"):
        compiled = filterpatterns.compile(in_body(case["pattern"]))
        records = [sqs_record(text) for text in case["events"]] * 30
        assert compiled.mask(records) == case["matches"] * 30
        assert compiled.mask(map(json.dumps, records)) == case["matches"] * 30


@pytest.mark.parametrize(
    "case", list(case_lines("pattern_syntax.jsonl")), ids=lambda case: case["pattern"]
)
def test_pattern_syntax(case: dict[str, Any]) -> None:
    if case["valid"]:
        filterpatterns.compile(case["pattern"])
    else:
        with pytest.raises(filterpatterns.PatternError):
            filterpatterns.compile(case["pattern"])


def test_payload_formats() -> None:
    for case in case_lines("payload_formats.jsonl"):
        compiled = filterpatterns.compile(case["pattern"], source=case["source"])
        found = verdicts(compiled, case["record"])
        assert set(found.values()) == {case["matches"]}, (case, found)


def test_payload_formats_with_the_source_told_by_the_record() -> None:
    for case in case_lines("payload_formats.jsonl"):
        compiled = filterpatterns.compile(case["pattern"], source="auto")
        assert compiled.matches(case["record"]) == case["matches"], case
        assert compiled.mask([json.dumps(case["record"])] * 3) == [case["matches"]] * 3, case
