"""Evaluating all conjunctions of patterns at once gives the same result as one by one."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

import filterpatterns
from filterpatterns import RuleSet
from filterpatterns.delivery.sources import SOURCES
from filterpatterns.engine.rulesets import clauses
from filterpatterns.errors import RecordError
from filterpatterns.language.conditions import check
from filterpatterns.language.diagnostics import Reporter
from filterpatterns.language.parser import parse
from filterpatterns.matching import mask_tree
from filterpatterns.matching.budget import Budget
from filterpatterns.matching.closeness import closest, first_holding
from filterpatterns.matching.combinations import bits, expand
from filterpatterns.matching.interpreter import failing
from filterpatterns.matching.mask_tree import Absence
from filterpatterns.matching.match_tree import build
from filterpatterns.matching.places.gathering import anywhere, gather, pairs, places_in
from filterpatterns.matching.verdict import Payloads
from filterpatterns.matching.verdicts import Group
from tests.support.oracle import conjunctions as listed
from tests.support.oracle import oracle_matches
from tests.support.strategies import pattern_event_pairs, tangled_pairs

_EVENT = SOURCES["event"]


def _conditions(text: str) -> Any:
    tree = parse(text, Reporter(text))
    assert tree is not None
    return check(tree, Reporter(text))


def _flat(text: str) -> list[dict[str, list[Any]]]:
    """Each combination as a pattern without `$or`: its rules by path."""
    found = expand(_conditions(text), Reporter(text))
    return [
        {
            path: [json.loads(text[span.start : span.end]) for span in condition.spans]
            for path, condition in found[index].conditions.items()
        }
        for index in range(found.count)
    ]


def _each_agrees(pattern: dict[str, Any], event: dict[str, Any]) -> None:
    text = json.dumps(pattern)
    flat = _flat(text)
    in_order = sorted(json.dumps(one, sort_keys=True) for one in flat)
    assert in_order == sorted(json.dumps(one, sort_keys=True) for one in listed(pattern))
    conjunctions = build(_conditions(text), _EVENT, Reporter(text))
    group = Group((conjunctions,))
    expected = [index for index, one in enumerate(flat) if oracle_matches(one, event)]
    payloads = Payloads(_EVENT, event)
    holding = group.holding(payloads, group.alive)
    note(f"{holding:b}, expected {expected}")
    assert list(bits(holding)) == expected
    for asked in expected[:2]:
        assert group.holding(payloads, 1 << asked) == 1 << asked
    one_by_one = [not failing(one.metadata, event, Budget()) for one in conjunctions]
    assert [index for index, holds in enumerate(one_by_one) if holds] == expected
    assert first_holding(conjunctions, payloads) == next(iter(expected), None)
    tree = group.metadata
    at_places: dict[int, int] = {}
    for place in places_in(gather(tree.root, event, Budget())):
        for bit, mask in pairs(place.leaves):
            at_places[bit] = at_places.get(bit, 0) | mask
    assert anywhere(tree.root, event, Budget()) == at_places
    if not expected:
        assert len(closest(conjunctions, payloads, 3)) == min(3, conjunctions.count)


@st.composite
def _many(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, Any]]:
    """Alternatives made of several patterns for like events, and an event of one of them."""
    drawn = draw(st.lists(tangled_pairs(), min_size=2, max_size=4))
    members = [pattern for pattern, _ in drawn]
    pattern: dict[str, Any] = {"$or": members}
    if draw(st.booleans()):
        pattern.update(members[0])
    return pattern, draw(st.sampled_from([event for _, event in drawn]))


@given(st.one_of(_many(), tangled_pairs(), pattern_event_pairs()))
def test_each_combination_is_evaluated_as_if_it_were_alone(
    pair: tuple[dict[str, Any], dict[str, Any]],
) -> None:
    _each_agrees(*pair)


@pytest.fixture
def without_short_cuts(monkeypatch: pytest.MonkeyPatch) -> None:
    """What many rules, many fields and many tests take, for few of them."""
    monkeypatch.setattr(mask_tree, "_FEW_RULES", 0)
    monkeypatch.setattr(mask_tree, "_FEW_CHILDREN", 1)
    monkeypatch.setattr(clauses, "_MOST_TESTS", 0)


@pytest.mark.usefixtures("without_short_cuts")
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.one_of(_many(), tangled_pairs(), pattern_event_pairs()))
def test_combinations_of_many_rules_fields_and_tests_are_independent(
    pair: tuple[dict[str, Any], dict[str, Any]],
) -> None:
    pattern, event = pair
    _each_agrees(pattern, event)
    others = {str(number): pattern for number in range(3)} | {"no": {"no such": ["x"]}}
    rules = RuleSet({"one": json.dumps(pattern), **others}, source="event")
    expected = oracle_matches(pattern, event)
    assert rules.matching(event) == (["one", "0", "1", "2"] if expected else [])
    assert rules.any(json.dumps(event)) is expected
    body = RuleSet({"one": {"body": pattern}}, source="sqs")
    assert body.any({"body": json.dumps(event)}) is expected


@given(st.lists(st.integers(0, 255), max_size=40), st.sets(st.integers(0, 39)))
def test_missing_and_present_are_distinguished(masks: list[int], there: set[int]) -> None:
    there = {number for number in there if number < len(masks)}
    expected = 0
    for number, mask in enumerate(masks):
        if number not in there:
            expected |= mask
    assert Absence(masks).without(there) == expected


_MANY = {
    "body": {
        **{f"f{number}": [1] for number in range(30)},
        **{name: {"$or": [{name: [number]} for number in range(10)]} for name in "xyz"},
    }
}
"""A thousand combinations, of 33 tests each."""


def _body(**changes: Any) -> dict[str, Any]:
    fields: dict[str, Any] = {f"f{number}": 1 for number in range(30)}
    return {**fields, **{name: {name: 9} for name in "xyz"}, **changes}


BODIES: list[tuple[dict[str, Any], bool]] = [
    (_body(), True),
    (_body(y={"y": 10}), False),
    (_body(f7=2), False),
    (_body(f7=[2, [1]]), True),
    (_body(x=[{"x": 10}, {"x": 3}]), True),
    (_body(x=[{"x": 10}, {"x": 11}]), False),
    ({**_body(), "x": 0, "x.x": 5}, True),
    ({**_body(), "x": [{"x": 77}], "x.x": [5, 78]}, True),
    ({**_body(), "x": [{"x": 77}], "x.x": [{"x": 5}, 78]}, False),
]


@pytest.mark.parametrize("number", range(len(BODIES)))
def test_a_thousand_combinations_have_one_verdict_on_every_path(number: int) -> None:
    body, expected = BODIES[number]
    record = {"body": json.dumps(body)}
    compiled = filterpatterns.compile(_MANY)
    assert compiled.source_code == ""  # too many tests for generated code
    explanation = compiled.explain(record)
    displayed = explanation.filters[0]
    assert len(displayed.combinations) + displayed.others == 1000
    rules = RuleSet({"one": _MANY, "other": {"body": {"f7": [2]}}})
    found = {
        "matches": compiled.matches(record),
        "text": compiled.matches(json.dumps(record)),
        "parsed": compiled.matches({"body": body}),
        "filter": bool(compiled.filter([record])),
        "partition": bool(compiled.partition([record])[0]),
        "mask": compiled.mask([record]) == [True],
        "verdict": compiled.verdict(record)[0].name == "MATCH",
        "explain": bool(explanation),
        "its tree": displayed.satisfied and displayed.combinations[0].satisfied,
        "rule set": "one" in rules.matching(record),
    }
    assert set(found.values()) == {expected}, found
    assert all(not one.satisfied for one in displayed.combinations) is not expected


def test_the_closest_of_a_thousand_combinations_are_explained() -> None:
    compiled = filterpatterns.compile(_MANY)
    explanation = compiled.explain({"body": json.dumps(_body(x={"x": 10}, z={"z": 4}))})
    chosen = {one.path: one.alternative for one in explanation.filters[0].combinations[0].choices}
    assert chosen["body.z"] == 5  # the only alternative for z that holds


def test_a_record_has_one_budget_for_any_number_of_rules() -> None:
    names = [f"p{number:02}" for number in range(20)]
    ways = ("a/b/c/d", "a.b/c/d", "a/b.c/d", "a/b/c.d", "a.b.c/d", "a/b.c.d", "a.b/c.d", "a.b.c.d")
    event: dict[str, Any] = {}
    for turn, way in enumerate(ways):
        array = [
            {name: 1 for at, name in enumerate(names[:-2]) if (at * 7 + turn + number * 5) % 9 < 4}
            for number in range(12)
        ]
        if not turn:  # the last two are never together
            for number, element in enumerate(array):
                element[names[-2 + number % 2]] = 1
        place = event
        *outer, last = way.split("/")
        for name in outer:
            place = place.setdefault(name, {})
        place[last] = array
    pattern = {"a": {"b": {"c": {"d": {name: [1] for name in names}}}}}
    easy = {"a": {"b": {"c": {"d": {"p00": [1], "p01": [1]}}}}}
    for count in (1, 60):
        hard = {f"hard {n}": {"$or": [pattern, {"n": [n]}]} for n in range(count)}
        rules = RuleSet({"easy": easy, **hard}, source="event")
        with pytest.raises(RecordError, match="too many ways"):
            rules.matching(event)
    assert RuleSet({"easy": easy}, source="event").matching(event) == ["easy"]
