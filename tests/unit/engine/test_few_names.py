"""Patterns and events with so few names that paths meet: a leaf for one alternative is an object
for another, one name has the dots of two, arrays are in arrays."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

import filterpatterns
from filterpatterns import PatternError, RuleSet
from filterpatterns.engine import engine
from tests.support.oracle import oracle_matches
from tests.support.rulesets import settle
from tests.support.seeds import each_seed

_NAMES = ("a", "b", "a.b", "b.a", "a.b.a")
_RULES: tuple[list[Any], ...] = (
    ["x"],
    ["x", "y"],
    [1],
    [1.5],
    [None],
    [True],
    ["10.0.0.1"],
    [{"exists": True}],
    [{"exists": False}],
    ["x", {"exists": False}],
    [{"exists": True}, "x"],
    [{"anything-but": "x"}],
    [{"anything-but": [1, 2]}],
    [{"anything-but": {"prefix": "x"}}],
    [{"numeric": [">", 0]}],
    [{"numeric": ["=", 1.0]}, {"exists": False}],
    [{"prefix": "x"}],
    [{"suffix": "y"}],
    [{"equals-ignore-case": "X"}],
    [{"wildcard": "*x*"}],
)
_SCALARS = ("x", "y", "xy", "X", "", "10.0.0.1", 0, 1, 1.0, 1.5, 2, None, True, False)
_PATTERNS = 50
_EVENTS = 40


def _fields(rng: random.Random, levels: int) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for _ in range(rng.choice((1, 1, 2, 2, 3))):
        is_leaf = not levels or rng.random() < 0.55
        fields[rng.choice(_NAMES)] = rng.choice(_RULES) if is_leaf else _fields(rng, levels - 1)
    if rng.random() < 0.25:
        fields["$or"] = _alternatives(rng, max(0, levels - 1))
    return fields


def _alternatives(rng: random.Random, levels: int) -> list[dict[str, Any]]:
    return [_fields(rng, levels) for _ in range(rng.choice((2, 2, 3)))]


def _object(rng: random.Random, levels: int) -> dict[str, Any]:
    names = _NAMES if rng.random() < 0.3 else ("a", "b")
    count = rng.choice((0, 1, 1, 2, 2, 3))
    return {rng.choice(names): _value(rng, levels) for _ in range(count)}


def _value(rng: random.Random, levels: int) -> Any:
    kind = rng.random()
    if not levels or kind < 0.25:
        return rng.choice(_SCALARS)
    if kind < 0.7:
        return [_value(rng, levels - 1) for _ in range(rng.choice((0, 1, 1, 2, 2, 3)))]
    return _object(rng, levels - 1)


@pytest.mark.parametrize("source", ["event", "sqs"])
@each_seed(2, thorough=40)
def test_every_engine_gives_the_verdict(
    source: str, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "EVALUATED_FIRST", 0)
    rng = random.Random(seed)
    for _ in range(_PATTERNS):
        wanted = {"$or": _alternatives(rng, 2)} if rng.random() < 0.5 else _fields(rng, 2)
        pattern = json.dumps(wanted if source == "event" else {"body": wanted})
        try:
            compiled = filterpatterns.compile(pattern, source=source)
        except PatternError:
            continue
        rules = RuleSet(source=source)
        rules.add("rule", pattern)
        rules.add("other", {"b": ["x"]} if source == "event" else {"body": {"b": ["x"]}})
        events = [_object(rng, 4) for _ in range(_EVENTS)]
        records = events if source == "event" else [{"body": json.dumps(each)} for each in events]
        texts = [json.dumps(each) for each in records]
        settle(rules)
        found = {
            "dict": compiled.mask(records),
            "text": compiled.mask(texts),
            "one text": [compiled.matches(text) for text in texts],
            "explain": [bool(compiled.explain(records[0]))],
            "rule set": ["rule" in names for names in rules.matching_many(texts)],
        }
        expected = [oracle_matches(wanted, event) for event in events]
        wrong = {way: got for way, got in found.items() if got != expected[: len(got)]}
        assert not wrong, (pattern, texts, expected)
