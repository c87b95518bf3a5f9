"""Many rules for the values of one field are looked up together, within the budget of a record,
with the same result as each by itself."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Iterable
from typing import Any

import pytest

import filterpatterns
from filterpatterns import RecordError, RuleSet
from filterpatterns.jsontext.python_values import hashes_safely
from filterpatterns.language.operators import (
    AnythingBut,
    Equals,
    EqualsIgnoreCase,
    Numeric,
    Operator,
    Prefix,
    Suffix,
    Wildcard,
)
from filterpatterns.matching import mask_tree
from filterpatterns.matching.budget import Budget
from filterpatterns.matching.lookup import automaton, crowds, finder
from filterpatterns.matching.lookup.answers import Answers
from filterpatterns.matching.lookup.column import Column
from filterpatterns.matching.lookup.payloads import MASKS
from filterpatterns.matching.lookup.ranges import Ranges
from filterpatterns.matching.match_tree import FieldTest
from tests.support.seeds import each_seed
from tests.unit.matching.test_costs import assert_linear, lines_run


def _rule(chance: random.Random) -> Operator:
    text = "".join(chance.choice("aabB*") for _ in range(chance.randint(1, 7)))
    plain = text.replace("*", "") or "a"
    kind = chance.randrange(9)
    if kind < 5:
        while "**" in text:
            text = text.replace("**", "*")
        return Wildcard(text, tuple(text.split("*")))
    if kind < 6:
        return Prefix(plain)
    if kind < 7:
        return Suffix(plain)
    return EqualsIgnoreCase.of(plain) if kind < 8 else Equals(plain)


def _tests(chance: random.Random, count: int) -> list[FieldTest]:
    tests = []
    for _ in range(count):
        rules = tuple(_rule(chance) for _ in range(chance.randint(1, 3)))
        kind = chance.randrange(4)
        if kind == 0:
            rules = (AnythingBut(rules=rules),)
        elif kind == 1:
            rules = tuple(AnythingBut(rules=(rule,)) for rule in rules)
        tests.append(FieldTest(("a",), "a", rules, False))
    return tests


@pytest.mark.parametrize("room", [16_000_000, 5_000, 0])
@each_seed(4, thorough=36)
def test_a_crowd_of_rules_agrees_with_each(
    seed: int, room: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crowds, "_CALL", 100_000)  # the automaton always pays
    monkeypatch.setattr(finder, "FEW", 0)
    monkeypatch.setattr("filterpatterns.matching.budget._MOST_LEFT", 2_000_000)
    monkeypatch.setattr("filterpatterns.matching.budget._MOST_REMEMBERED", room)
    chance = random.Random(seed)
    tests = _tests(chance, 60)
    column = Column()
    for number, test in enumerate(tests):
        column.add(test, 1 << number)
    for number in range(0, 60, 7):
        column.discard(tests[number], 1 << number)
    left = [(number, test) for number, test in enumerate(tests) if number % 7]
    values: list[Any] = [
        "".join(chance.choice("abBc") for _ in range(chance.randrange(9))) for _ in range(300)
    ]
    values += [None, True, 5, "a" * 300]
    budget = Budget()
    for value in values:
        wanted = sum(
            1 << number for number, test in left if any(r.holds(value) for r in test.rules)
        )
        assert column.passing([value], False, budget) == wanted, value
        assert column.passing([value], False) == wanted, value
    assert any(
        isinstance(known, crowds.Crowd) and known._automaton for known in budget.known.values()
    )
    together = column.passing(values, False, Budget())
    assert together == sum(
        1 << number
        for number, test in left
        if any(rule.holds(value) for rule in test.rules for value in values)
    )


def test_a_crowd_is_not_taken_for_another_s(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is known by identity stays alive: an explanation makes tables and drops them."""
    monkeypatch.setattr(crowds, "_CALL", 100_000)
    budget = Budget()
    budget.is_used = True
    values = ["a1z", "a2z", "a3z"] * 100
    for number in (1, 2, 3):
        column = Column()
        for other in range(10, 20):
            rules = (Wildcard(f"a*{number}z*{other}", ("a", f"{number}z", str(other))),)
            column.add(FieldTest(("a",), "a", rules, False), 1 << other)
        rules = (Wildcard(f"a*{number}z", ("a", f"{number}z")),)
        column.add(FieldTest(("a",), "a", rules, False), 1)
        found = [column.passing([value], False, budget) for value in values]
        assert found == [int(value == f"a{number}z") for value in values]
        del column


def test_many_short_values_are_not_looked_up_by_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_up: list[str] = []
    grams = finder._grams

    def counted(text: str, size: int, wanted: Any) -> Iterable[str]:
        looked_up.append(text)
        return grams(text, size, wanted)

    monkeypatch.setattr(finder, "_grams", counted)
    rules = [{"anything-but": {"wildcard": ["*a*", f"*a*{n}*z*"]}} for n in range(70)]
    compiled = filterpatterns.compile({"body": {"i": rules}})
    values = [f"a{number}y" for number in range(5000)]
    assert compiled._engine.evaluate(_record(values)) is False
    assert len(looked_up) < 2500
    assert compiled._engine.evaluate(_record([*values, "b"])) is True


@pytest.mark.parametrize("seed", range(12))
def test_an_explanation_knows_from_the_verdict_what_the_rules_say(seed: int) -> None:
    chance = random.Random(seed)
    tests = [(test, 1 << number) for number, test in enumerate(_tests(chance, 40))]
    texts = ["".join(chance.choice("abBc") for _ in range(size % 9)) for size in range(200)]
    leaves: list[Any] = [*texts, *range(20), 0.5, 1.0, 2**70, None, True]
    chance.shuffle(leaves)
    budget = Budget()
    budget.answers = Answers()
    holding = mask_tree._holding(tests)
    for leaf in leaves[:100]:
        holding((leaf,), budget)
    for start in range(100, len(leaves), 7):
        holding(leaves[start : start + 7], budget)
    known = 0
    for test, _ in tests:
        # Another pattern's test that says the same.
        answers = budget.answers.about(FieldTest(test.names, test.path, test.rules, False, 3))
        assert answers is not None
        for leaf in leaves:
            if hashes_safely(leaf):
                held = answers.holds(leaf)
                assert held in (None, any(rule.holds(leaf) for rule in test.rules)), leaf
                known += held is not None
    assert known > len(tests) * 100
    assert budget.answers.about(FieldTest(("a",), "a", (), False)) is None


def test_an_automaton_that_would_be_too_large_is_not_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(automaton, "_MOST_BITS", 10)
    compiled = filterpatterns.compile(_shared(100))
    values = [f"aaaaaaaa{number}" for number in range(2000)]
    assert compiled._engine.evaluate(_record(values)) is False
    assert compiled._engine.evaluate(_record([*values, "aaaaaaaa99z"])) is True


def _shared(count: int) -> str:
    rules = [{"wildcard": f"*aaaaaaaa*{number}*z*"} for number in range(count)]
    return json.dumps({"body": {"i": rules}})


def _record(values: list[Any]) -> dict[str, str]:
    return {"body": json.dumps({"i": values})}


def _each(rules: Iterable[str]) -> str:
    return '{"body":{"i":[' + ",".join(rules) + "]}}"


# For each number of values, and of rules: patterns, or one of them for each rule; and the values.
_CROWDS: dict[str, tuple[Any, Any]] = {
    "wildcards": (lambda n: f'{{"wildcard":"*aaaaaaaa*{n}*z*"}}', lambda k: f"aaaaaaaa{k}y"),
    "wildcards after a prefix": (
        lambda n: f'{{"wildcard":"aaaaaaaa*{n}*z"}}',
        lambda k: f"aaaaaaaa{k}",
    ),
    "excluded wildcards": (
        lambda n: (
            f'{{"anything-but":{{"wildcard":["*a*","*{n}*z"]}}}},{{"anything-but":{{"prefix":"a"}}}}'
        ),
        lambda k: f"a{k}",
    ),
    "excluded numbers": (
        lambda n: f'{{"anything-but":[1,2,3,7{n}]}},{{"anything-but":[1,2,3,8{n}]}}',
        lambda k: k % 3 + 1,
    ),
    "blocks of addresses": (
        lambda n: f'{{"cidr":"10.0.0.{n}/9"}}',
        lambda k: f"10.200.{k // 250}.{k % 250}",
    ),
    "prefixes of many sizes": (lambda n: f'{{"prefix":"{"b" * (n + 1)}"}}', lambda k: f"a{k}"),
}


@pytest.mark.parametrize("name", _CROWDS)
def test_values_cost_the_same_however_many_rules_there_are(name: str) -> None:
    rule, value = _CROWDS[name]
    record = _record([value(number) for number in range(1500)])
    counts, sets = [], []
    for count in (20, 80):
        compiled = filterpatterns.compile(_each(map(rule, range(count // 2))))
        rules = RuleSet({str(n): _each([rule(n)]) for n in range(count)})
        assert compiled._engine.evaluate(record) is False
        assert rules.matching(record) == []
        counts.append(lines_run(lambda: compiled._engine.evaluate(record)))  # noqa: B023
        sets.append(lines_run(lambda: rules.matching(record)))  # noqa: B023
    assert counts[1] <= 2 * counts[0] + 10_000
    assert sets[1] <= 2 * sets[0] + 10_000


def test_rules_that_nothing_shares_end_the_record_s_budget() -> None:
    spelt = ["".join("ß" if n >> b & 1 else "ss" for b in range(9)) for n in range(500)]
    rules = RuleSet({text: {"body": {"i": [{"equals-ignore-case": text}]}} for text in spelt})
    chance = random.Random(1)
    values = ["".join(chance.choice("sS") for _ in range(18)) for _ in range(4000)]
    with pytest.raises(RecordError, match="too many values for so many rules"):
        rules.matching(_record(values))
    assert rules.matching(_record([spelt[3]])) == [spelt[3]]  # and only that record's


@pytest.mark.parametrize("name", ["wildcards", "excluded wildcards", "prefixes of many sizes"])
def test_an_explanation_costs_the_same_however_many_rules_there_are(name: str) -> None:
    rule, value = _CROWDS[name]
    record = _record([value(number) for number in range(1500)])
    counts = []
    for count in (12, 48):
        compiled = filterpatterns.compile(_each(map(rule, range(count))))
        compiled.explain(record)
        counts.append(lines_run(lambda: compiled.explain(record)))  # noqa: B023
    assert counts[1] <= 2 * counts[0] + 10_000


def test_many_rules_under_one_key_are_added_in_linear_time() -> None:
    def build(size: int) -> Any:
        patterns = {str(n): _shared(20).replace("*z", f"*{n}z") for n in range(size)}
        return lambda: RuleSet(patterns)

    assert_linear(build, 10)


@each_seed(4, thorough=36)
def test_ranges_that_are_added_together_agree_with_each(seed: int) -> None:
    chance = random.Random(seed)
    ranges: Ranges[int] = Ranges(MASKS)
    rules: list[Numeric] = []

    def add(count: int) -> None:
        for _ in range(count):
            lower, upper = sorted(chance.sample([*range(20), -math.inf, math.inf], 2))
            opens = chance.choice([True, False]), chance.choice([True, False])
            rules.append(Numeric(lower, upper, *opens))
            ranges.add(rules[-1], 1 << len(rules) - 1)

    for count in (40, 3, 40):
        add(count)
        ranges.discard(rules[-1], 1 << len(rules) - 1)
        rules[-1] = Numeric(100, 101, True, True)  # none of the numbers
        for number in (value / 2 for value in range(-2, 44)):
            wanted = sum(1 << place for place, rule in enumerate(rules) if rule.holds(number))
            assert ranges.find(number) == wanted
            assert ranges.copy().find(number) == wanted


def test_many_overlapping_ranges_are_added_in_linear_time() -> None:
    def build(size: int) -> Any:
        rules = (f'{{"numeric":[">",-{1000 + n},"<",{1000 + n}]}}' for n in range(20 * size))
        patterns = {str(n): _each(next(rules) for _ in range(20)) for n in range(size)}
        return lambda: RuleSet(patterns).matching(_record([0]))

    assert_linear(build, 10)
