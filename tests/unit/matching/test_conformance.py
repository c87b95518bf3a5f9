"""The case files, through every engine path. A test's id is the case's line in its file and its
operators: `pytest -k "event_patterns and 0017"`, `pytest -k "engine_edges and cidr"`."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

import filterpatterns
from filterpatterns import RuleSet
from filterpatterns.delivery.sources import PAYLOAD_KEYS
from tests.support.helpers import all_everywhere, disagreeing
from tests.support.oracle import loads, oracle_matches
from tests.support.paths import (
    THOROUGH,
    batch_verdicts,
    case_lines,
    in_body,
    sqs_record,
    text_of,
    turn_of,
    verdicts,
)

pytestmark = pytest.mark.usefixtures("same_source_compiled_once")

_OPERATOR = re.compile(
    r'"(anything-but|cidr|equals-ignore-case|exactly|exists|numeric|prefix|suffix|wildcard|\$or)":'
)


def _each_line(name: str) -> pytest.MarkDecorator:
    """A test for each case of a file."""
    cases = list(case_lines(name))
    ids = []
    for number, case in enumerate(cases, 1):
        operators = dict.fromkeys(_OPERATOR.findall(case["pattern"].replace(" ", "")))
        ids.append("-".join([f"{number:04}", *operators]))
    return pytest.mark.parametrize("case", cases, ids=ids)


@pytest.mark.properties
@_each_line("event_patterns.jsonl")
def test_event_patterns(case: dict[str, Any]) -> None:
    compiled = filterpatterns.compile(case["pattern"], source="event")
    found = batch_verdicts(compiled, [json.loads(text) for text in case["events"]], case["events"])
    assert disagreeing(found, case["matches"]) == {}, (case["events"], case["matches"])


@pytest.mark.properties
@_each_line("event_patterns.jsonl")
def test_event_patterns_in_an_sqs_body(case: dict[str, Any]) -> None:
    compiled = filterpatterns.compile(in_body(case["pattern"]))
    records = [sqs_record(text) for text in case["events"]]
    texts = [text_of(record) for record in records]
    found = batch_verdicts(compiled, records, texts)
    assert disagreeing(found, case["matches"]) == {}, (case["events"], case["matches"])
    # Batches long enough for the engine to try all ways to decode; of some of the patterns.
    turn = turn_of(compiled)
    for number, given in enumerate((records, texts)):
        if THOROUGH or turn % 12 == number:
            assert compiled.mask(given * 30) == case["matches"] * 30


@pytest.mark.properties
@_each_line("engine_edges.jsonl")
def test_engine_edges(case: dict[str, Any]) -> None:
    """On every path that has the texts of numbers; the others take them for what they were
    parsed as, which the oracle does as well."""
    pattern = case["pattern"]
    if not case.get("valid", True):
        with pytest.raises(filterpatterns.PatternError):
            filterpatterns.compile(pattern, source="event")
        return
    verdict_of = dict(zip(case["events"], case["matches"], strict=True))
    events, expected = list(verdict_of), list(verdict_of.values())
    assert all_everywhere(pattern, events) == expected, events
    rules = RuleSet({"x": pattern}, source="event")
    in_bodies = RuleSet({"x": in_body(pattern)})
    compiled = filterpatterns.compile(pattern, source="event")
    assert [rules.any(text) for text in events] == expected, events
    assert [rules.any(text.encode()) for text in events] == expected, events
    assert [in_bodies.any(sqs_record(text)) for text in events] == expected, events
    for number, text in enumerate(events):
        event = json.loads(text)
        found = {compiled.matches(event), rules.any(event)}
        if THOROUGH or number % 6 == 0:
            found.add(bool(compiled.explain(event)))
        assert found == {oracle_matches(loads(pattern), event)}, text


@pytest.mark.parametrize("name", ["event_patterns.jsonl", "engine_edges.jsonl"])
def test_the_oracle_agrees_with_the_cases(name: str) -> None:
    for case in case_lines(name):
        for text, expected in zip(case.get("events", ()), case.get("matches", ()), strict=True):
            assert oracle_matches(loads(case["pattern"]), loads(text)) == expected, (case, text)


@pytest.mark.parametrize(
    "case", list(case_lines("pattern_syntax.jsonl")), ids=lambda case: case["pattern"]
)
def test_pattern_syntax(case: dict[str, Any]) -> None:
    if case["valid"]:
        filterpatterns.compile(case["pattern"])
    else:
        with pytest.raises(filterpatterns.PatternError):
            filterpatterns.compile(case["pattern"])


_payload_formats = pytest.mark.parametrize(
    "case",
    [
        pytest.param(case, id=f"{number:02}-{case['source']}")
        for number, case in enumerate(case_lines("payload_formats.jsonl"), 1)
    ],
)


def test_each_source_has_cases_of_payload_formats() -> None:
    missing = PAYLOAD_KEYS.keys() - {case["source"] for case in case_lines("payload_formats.jsonl")}
    assert not missing, f"add cases for {missing} to tests/cases/payload_formats.jsonl"


@_payload_formats
def test_payload_formats(case: dict[str, Any]) -> None:
    compiled = filterpatterns.compile(case["pattern"], source=case["source"])
    assert set(verdicts(compiled, case["record"]).values()) == {case["matches"]}


@_payload_formats
def test_payload_formats_with_the_source_recognized(case: dict[str, Any]) -> None:
    compiled = filterpatterns.compile(case["pattern"], source="auto")
    assert compiled.matches(case["record"]) == case["matches"]
    assert compiled.mask([json.dumps(case["record"])] * 3) == [case["matches"]] * 3
