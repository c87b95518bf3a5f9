"""The promises of rule sets, as ratios within one run; and their figures under pytest-benchmark."""

from __future__ import annotations

from typing import Any

import pytest

from benchmarks.measures.rulesets import MIXES, events, measure_loop, measure_rules, rules
from filterpatterns import RuleSet

pytest.importorskip("pytest_benchmark")

ROUNDS = 15
GROWTH = 2.0
"""The maximum ratio of the cost of an event with 10,000 rules to that with 100."""

DECODES = {100: 4.0, 10_000: 5.0}
"""The maximum cost of an event as a multiple of `orjson.loads` of its body, by the number of
rules."""

LOOPS = 100
"""The minimum ratio of the time of a loop over 10,000 Filters."""


def test_a_hundred_times_the_rules_cost_at_most_twice_as_much() -> None:
    few, many = (measure_rules("mixed", size, ROUNDS) for size in (100, 10_000))
    assert many.event / many.decode <= GROWTH * few.event / few.decode
    assert few.event <= DECODES[100] * few.decode
    assert many.event <= DECODES[10_000] * many.decode
    assert many.build < 3
    assert many.add < 5


def test_a_loop_over_filters_takes_a_hundred_times_as_long() -> None:
    assert measure_loop(10_000).ratio >= LOOPS


@pytest.mark.benchmark(disable_gc=True)
@pytest.mark.parametrize("size", [100, 10_000])
@pytest.mark.parametrize("mix", MIXES)
def test_events(benchmark: Any, mix: str, size: int) -> None:
    rule_set = RuleSet(rules(mix, size))
    records = events()
    benchmark.group = f"rule set, {mix}"
    benchmark.extra_info["records"] = len(records)
    benchmark.pedantic(rule_set.matching_many, (records,), rounds=10, warmup_rounds=1)


def test_building(benchmark: Any) -> None:
    benchmark.group = "rule set, built"
    benchmark.pedantic(RuleSet, (rules("mixed", 1_000),), rounds=3, warmup_rounds=1)
