"""A rule set gives exactly the verdicts of single Filters, on case files and generated patterns."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from hypothesis import given, note
from hypothesis import strategies as st

import filterpatterns
from filterpatterns import RuleSet
from filterpatterns.delivery.sources import SOURCES
from tests.support.oracle import oracle_matches
from tests.support.paths import (
    THOROUGH,
    base64_of,
    case_lines,
    kinesis_record,
    sqs_record,
    text_of,
    under,
)
from tests.support.rulesets import settle
from tests.support.seeds import each_seed
from tests.support.strategies import events, pattern_event_pairs, patterns, tangled_pairs


def _ways(rules: RuleSet, record: dict[str, Any], text: str | None = None) -> list[str]:
    """The names that match, however the record is handed in, by generated code and without it."""
    text = text_of(record) if text is None else text
    found = rules.matching(record)
    assert rules.matching(text) == found
    assert rules.matching(text.encode()) == found
    for way in (record, text, text.encode()):
        settle(rules)
        assert rules.matching(way) == found
    assert rules.any(record) is bool(found)
    batch = [record, text, text.encode()] * 2
    settle(rules)
    assert rules.matching_many(batch) == [found] * len(batch)
    settle(rules)
    assert rules.route(batch) == dict.fromkeys(found, batch)
    return found


def _parsed(event: str) -> Any:
    return json.loads(event, parse_int=lambda text: int(text) if len(text) < 4000 else float(text))


pytestmark = pytest.mark.properties


@pytest.fixture(scope="module")
def cases() -> list[dict[str, Any]]:
    return list(case_lines("event_patterns.jsonl"))


def test_the_event_cases_as_one_set(cases: list[dict[str, Any]]) -> None:
    rules = RuleSet({str(n): case["pattern"] for n, case in enumerate(cases)}, source="event")
    for number, case in enumerate(cases):
        for text, expected in zip(case["events"], case["matches"], strict=True):
            in_every_way = THOROUGH or number % 12 == 0
            found = _ways(rules, _parsed(text), text) if in_every_way else rules.matching(text)
            assert (str(number) in found) is expected, (case["pattern"], text)


def test_the_event_cases_as_one_set_against_every_filter(cases: list[dict[str, Any]]) -> None:
    """Also the rules that an event was not made for."""
    filters = {
        str(n): filterpatterns.compile(case["pattern"], source="event")
        for n, case in enumerate(cases)
        if THOROUGH or n % 3 == 0
    }
    rules = RuleSet({str(n): case["pattern"] for n, case in enumerate(cases)}, source="event")
    for case in cases[::9]:
        for text in case["events"][::3]:
            event = _parsed(text)
            settle(rules)
            expected = [name for name, one in filters.items() if one.matches(event)]
            found = [name for name in rules.matching(event) if name in filters]
            assert found == expected, text


def test_the_event_cases_in_the_payloads_of_every_source(cases: list[dict[str, Any]]) -> None:
    made: dict[str, Any] = {
        "sqs": sqs_record,
        "kinesis": kinesis_record,
        "dynamodb": lambda text: {"eventName": "INSERT", "dynamodb": _parsed(text)},
        "kafka": lambda text: {"topic": "t", "value": base64_of(text)},
        "mq": lambda text: {"messageID": "ID:1", "data": base64_of(text)},
    }
    step = 3 if THOROUGH else 20
    for first, (source, record) in enumerate(made.items()):
        key = SOURCES[source].payload_keys[0]
        named = {str(n): under(key, case["pattern"]) for n, case in enumerate(cases)}
        rules = RuleSet(named, source=source)
        for number in range(first, len(cases), step):
            case = cases[number]
            for text, expected in zip(case["events"], case["matches"], strict=True):
                settle(rules)
                found = rules.matching(record(text))
                assert (str(number) in found) is expected, (source, case["pattern"], text)


def test_the_format_cases_as_one_set_for_each_source() -> None:
    cases = list(case_lines("payload_formats.jsonl"))
    for source in SOURCES:
        mine = [case for case in cases if case["source"] == source]
        rules = RuleSet({str(n): case["pattern"] for n, case in enumerate(mine)}, source=source)
        filters = [filterpatterns.compile(case["pattern"], source=source) for case in mine]
        for number, case in enumerate(mine):
            found = _ways(rules, case["record"])
            assert (str(number) in found) is case["matches"], case
            expected = [str(n) for n, one in enumerate(filters) if one.matches(case["record"])]
            assert found == expected, case


def test_the_format_cases_as_one_set_with_the_source_recognized() -> None:
    cases = list(case_lines("payload_formats.jsonl"))
    rules = RuleSet({str(n): case["pattern"] for n, case in enumerate(cases)}, source="auto")
    for number, case in enumerate(cases):
        assert (str(number) in _ways(rules, case["record"])) is case["matches"], case


def _agree(named: list[dict[str, Any]], event: dict[str, Any]) -> None:
    expected = [str(n) for n, pattern in enumerate(named) if oracle_matches(pattern, event)]
    note(f"expected: {expected}")
    texts = [json.dumps(pattern) for pattern in named]
    rules = RuleSet({str(n): text for n, text in enumerate(texts)}, source="event")
    assert _ways(rules, event) == expected
    for source, record in (
        ("sqs", sqs_record(json.dumps(event))),
        ("kinesis", kinesis_record(json.dumps(event))),
        ("dynamodb", {"eventName": "INSERT", "dynamodb": event}),
        ("kafka", {"topic": "t", "value": base64_of(json.dumps(event))}),
    ):
        key = SOURCES[source].payload_keys[0]
        rules = RuleSet({str(n): under(key, text) for n, text in enumerate(texts)}, source=source)
        assert _ways(rules, record) == expected, source


@given(st.lists(patterns(), min_size=1, max_size=5), st.data())
def test_generated_patterns_agree_with_the_oracle(
    named: list[dict[str, Any]], data: st.DataObject
) -> None:
    event = data.draw(events(data.draw(st.sampled_from(named))))
    _agree(named, event)


@given(st.lists(tangled_pairs(), min_size=2, max_size=4))
def test_arrays_and_absence_agree_with_the_oracle(
    pairs: list[tuple[dict[str, Any], dict[str, Any]]],
) -> None:
    _agree([pattern for pattern, _ in pairs], pairs[0][1])


@given(
    st.lists(pattern_event_pairs(), min_size=3, max_size=5),
    st.lists(st.integers(0, 4), max_size=4, unique=True),
)
def test_removing_does_not_change_other_rules(
    pairs: list[tuple[dict[str, Any], dict[str, Any]]], removed: list[int]
) -> None:
    """Rules that are filed, overflow into blocks, and are taken out again, in any order."""
    copies = range(11)  # more than are filed under one key
    rules = RuleSet(source="event")
    for copy in copies:
        for number, (pattern, _) in enumerate(pairs):
            rules.add(f"{number}.{copy}", pattern)
    left = [number for number in range(len(pairs)) if number not in removed]
    for number in set(range(len(pairs))) - set(left):
        for copy in copies:
            rules.remove(f"{number}.{copy}")
    for _, event in pairs:
        hits = [number for number in left if oracle_matches(pairs[number][0], event)]
        expected = [f"{number}.{copy}" for copy in copies for number in hits]
        assert _ways(rules, event) == expected
    for name in rules.names:
        rules.remove(name)
    assert rules.names == ()
    assert rules.matching(pairs[0][1]) == []


_RULES: list[Any] = [
    *(1, 5, "x", "xy", None, True, "10.0.0.1"),
    *({"prefix": "x"}, {"prefix": ""}, {"suffix": "y"}, {"wildcard": "x*y*"}, {"wildcard": "*x*"}),
    *({"anything-but": ["x", "y"]}, {"anything-but": [5]}, {"anything-but": {"prefix": "xy"}}),
    *({"equals-ignore-case": "Xy"}, {"cidr": "10.0.0.0/31"}, {"exists": True}, {"exists": False}),
    *({"numeric": [sign, bound]} for sign in ("<", "<=", ">", ">=", "=") for bound in (1, 5, 9)),
    *({"numeric": [">", low, "<=", high]} for low, high in ((0, 5), (1, 9), (5, 6), (-2, 1))),
]
_VALUES: list[Any] = [
    *(-1, 0, 1, 2.5, 5, 6, 9, 10, "x", "xy", "XY", "zx", "y", None, True, "10.0.0.1"),
    *("::ffff:a00:1", [1, "x"], [], [5, 9, None]),
]


@each_seed(3, thorough=24)
def test_constantly_changing_sets_agree_with_filters(seed: int) -> None:
    """Places that rules leave are taken by others, and bounds that they share come and go."""
    rng = random.Random(seed)
    rules, filters = RuleSet(source="event"), {}

    def fields(names: str, some: list[Any], most: int) -> dict[str, Any]:
        chosen = rng.sample(names, rng.randrange(1, len(names) + 1))
        return {name: rng.sample(some, rng.randrange(1, most + 1)) for name in chosen}

    for number in range(150):
        if filters and rng.random() < 0.45:
            name = rng.choice(list(filters))
            rules.remove(name)
            del filters[name]
        else:
            pattern = fields("ab", _RULES, 3)
            if rng.random() < 0.6:
                pattern["c"] = fields("de", _RULES, 2)
            rules.add(str(number), pattern)
            filters[str(number)] = filterpatterns.compile(pattern, source="event")
        if number % 5 == 0:
            elements = [fields("de", _VALUES, 1) for _ in range(rng.randrange(1, 3))]
            event = {**fields("ab", _VALUES, 2), "c": rng.choice((elements, elements[0]))}
            expected = [name for name, one in filters.items() if one.matches(event)]
            assert _ways(rules, event) == expected, event
