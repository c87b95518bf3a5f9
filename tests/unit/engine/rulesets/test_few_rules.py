"""Many rules for few names and values, which share keys and bounds, come, go and come back."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from filterpatterns import RuleSet
from filterpatterns.engine.rulesets import blocks, clauses, index, paths, version
from filterpatterns.matching.lookup import column, ranges
from tests.support.oracle import oracle_matches
from tests.support.rulesets import settle
from tests.support.seeds import each_seed

_RULES: tuple[list[Any], ...] = (
    *(["x"], ["x", "y"], [1], [0], [1.5], [None], [True], ["10.0.0.1"], ["x", 1, None]),
    *([{"exists": True}], [{"exists": False}], ["x", {"exists": False}]),
    *([{"anything-but": "x"}], [{"anything-but": ["x", "y"]}], [{"anything-but": [1, 2]}]),
    *([{"anything-but": "x"}, {"anything-but": [1]}], [{"anything-but": {"prefix": "x"}}]),
    *([{"numeric": [">", 0]}], [{"numeric": [">", 0, "<", 2]}], [{"numeric": ["=", 1]}]),
    *([{"numeric": ["<=", 1]}, {"numeric": [">", 1]}], [{"numeric": [">=", 1, "<", 1.5]}, 1.5]),
    *([{"prefix": "x"}], [{"prefix": ""}], [{"suffix": "y"}], [{"prefix": "x"}, {"suffix": "x"}]),
    *([{"equals-ignore-case": "X"}], [{"wildcard": "*x*"}], [{"wildcard": "*"}]),
    *([{"cidr": "10.0.0.0/24"}], [{"cidr": "0.0.0.0/0"}], [{"exactly": "10.0.0.1"}]),
)
_VALUES = ("x", "xy", "yx", "X", "", "10.0.0.1", 0, 1, 1.0, 1.5, 2, None, True, False)
_LIMITS: tuple[tuple[Any, str, tuple[int, ...]], ...] = (
    *((blocks, "_MOST_COLUMNS", (1, 2)), (blocks, "_MOST_CLAUSES", (1, 2)), (blocks, "_FEW", (0,))),
    *((index, "_MOST_FILED", (0, 1)), (index, "_MOST_PRESENT", (0, 3)), (index, "FEW", (0, 1))),
    *((paths, "FEW", (0, 1)), (blocks, "FEW", (0, 1))),
    *((version, "_FEW_PATTERNS", (0,)), (version, "_MOST_CONJUNCTIONS", (1,))),
    *((clauses, "_MOST_TESTS", (1, 3)), (column, "_FEW", (0,)), (ranges, "_FEW", (0,))),
)
"""What decides how rules are stored and found, and values with which few rules are enough."""
_SETS = 8
_EVENTS = 8


def _fields(rng: random.Random, names: str, levels: int) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for _ in range(rng.choice((1, 1, 2))):
        is_leaf = not levels or rng.random() < 0.8
        rules = rng.choice(_RULES)
        made[rng.choice(names)] = rules if is_leaf else _fields(rng, names, levels - 1)
    if levels and rng.random() < 0.2:
        made["$or"] = [_fields(rng, names, 0) for _ in range(2)]
    return made


def _value(rng: random.Random, names: str, levels: int) -> Any:
    kind = rng.random()
    if not levels or kind < 0.6:
        return rng.choice(_VALUES)
    if kind < 0.8:
        return [_value(rng, names, levels - 1) for _ in range(rng.randrange(4))]
    return {rng.choice(names): _value(rng, names, levels - 1) for _ in range(rng.randrange(3))}


def _check(rules: RuleSet, wanted: dict[str, Any], events: list[dict[str, Any]]) -> None:
    expected = [
        [name for name in rules.names if oracle_matches(wanted[name], event)] for event in events
    ]
    texts = [json.dumps(event) for event in events]
    general = [rules.matching(event) for event in events]
    settle(rules)
    found = [general, rules.matching_many(events)]
    settle(rules)
    found += [rules.matching_many(texts), [rules.matching(text) for text in texts]]
    assert found == [expected] * len(found), (wanted, rules.names, texts)


@pytest.mark.parametrize("are_lowered", [False, True], ids=["as they are", "lowered limits"])
@each_seed(1, thorough=25)
def test_rules_that_come_and_go(
    are_lowered: bool, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = random.Random(seed)
    for _ in range(_SETS):
        for module, name, values in _LIMITS if are_lowered else ():
            monkeypatch.setattr(module, name, rng.choice(values))
        names = rng.choice(("a", "ab", "abc"))
        few = [_fields(rng, names, 1) for _ in range(rng.choice((1, 4, 30)))]
        wanted = {f"{number}": rng.choice(few) for number in range(rng.choice((2, 4, 16)))}
        events = [
            {name: _value(rng, names, 2) for name in names if rng.random() < 0.8}
            for _ in range(_EVENTS)
        ]
        rules = RuleSet(source="event")
        for name, pattern in wanted.items():
            rules.add(name, pattern)
        _check(rules, wanted, events)
        gone = rng.sample(sorted(wanted), (len(wanted) + 1) // 2)
        for name in gone:
            rules.remove(name)
        _check(rules, wanted, events)
        for name in gone:
            rules.add(name, wanted[name])
        _check(rules, wanted, events)
