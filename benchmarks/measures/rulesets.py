"""Rule sets: one event against 1 to 100,000 rules, compared with a loop over single Filters.

The mixes resemble those of routers: most rules require values that few events have. In each mix,
every rule is drawn independently from a seed, over fields that all events have.
"""

from __future__ import annotations

import json
import math
import random
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter
from typing import Any
from unittest.mock import patch

import orjson

import filterpatterns
from benchmarks.measures.engines import DisagreementError
from benchmarks.measures.timing import gc_off
from benchmarks.workloads.cases import CASES, workload
from benchmarks.workloads.data import Record, fresh
from filterpatterns import RuleSet
from filterpatterns.engine.rulesets import index

Pattern = dict[str, Any]
Draw = Callable[[random.Random], Pattern]

SIZES = (1, 10, 100, 1_000, 10_000, 100_000)
EVENTS = 200
_CHECKED = 3
"""Events that every single Filter is asked about."""

_STATUSES = ("pending", "paid", "shipped", "delivered", "failed")


def _exact(rng: random.Random) -> Pattern:
    return {"customer": {"id": [rng.randrange(1_000_000)]}, "status": [rng.choice(_STATUSES)]}


def _few_values(rng: random.Random) -> Pattern:
    return {
        "status": [rng.choice(_STATUSES)],
        "customer": {"tier": [rng.choice(("gold", "silver", "basic"))]},
        "shipping": {"address": {"postcode": [{"prefix": f"{rng.randrange(1000):03}"}]}},
    }


def _ranges(rng: random.Random) -> Pattern:
    low, first = rng.uniform(0, 1000), rng.randrange(1_000_000)
    return {
        "total": [{"numeric": [">=", low, "<", low + 5]}],
        "customer": {"id": [{"numeric": [">=", first, "<", first + 50_000]}]},
    }


def _prefixes(rng: random.Random) -> Pattern:
    start = f"{rng.choice(('STD', 'EXP', 'KIT'))}-{rng.randrange(10_000):04}"
    return {"shipping": {"reference": [{"prefix": start}]}}


def _suffixes(rng: random.Random) -> Pattern:
    return {"customer": {"email": [{"suffix": f"{rng.randrange(100_000):05}@example.com"}]}}


def _anything_but(rng: random.Random) -> Pattern:
    return {
        "status": [{"anything-but": rng.sample(_STATUSES, 2)}],
        "shipping": {"address": {"country": [{"anything-but": rng.choice(("US", "DE", "JP"))}]}},
        "customer": {"id": [rng.randrange(1_000_000)]},
    }


def _exists(rng: random.Random) -> Pattern:
    return {
        rng.choice(("refund", "gift", "coupon", "note")): [{"exists": rng.random() < 0.9}],
        "total": [{"exists": True}],
        "customer": {"id": [rng.randrange(1_000_000)]},
    }


def _wildcards(rng: random.Random) -> Pattern:
    return {"shipping": {"reference": [{"wildcard": f"*{rng.randrange(100_000):05}*"}]}}


def _mixed(rng: random.Random) -> Pattern:
    return rng.choice((_exact, _ranges, _prefixes, _suffixes, _anything_but))(rng)


MIXES: dict[str, Draw] = {
    "mixed": _mixed,
    "exact values": _exact,
    "few values": _few_values,
    "ranges": _ranges,
    "prefixes": _prefixes,
    "anything-but": _anything_but,
    "exists": _exists,
    "wildcards": _wildcards,
}


def rules(mix: str, count: int) -> dict[str, Pattern]:
    """So many rules of a mix, for the bodies of SQS records."""
    rng = random.Random(count)
    return {f"rule-{number}": {"body": MIXES[mix](rng)} for number in range(count)}


def events() -> list[Record]:
    """SQS records with bodies of 700 bytes, which the rules are about."""
    (case,) = (case for case in CASES if case.name == "medium exact, 1%")
    return workload(case).records[:EVENTS]


@dataclass(frozen=True)
class RuleSetResult:
    """The costs of a set of one size: building it in seconds, a change in milliseconds, an event in
    microseconds; and `orjson.loads` of just the body, in the same round."""

    mix: str
    size: int
    matches: float
    build: float
    add: float
    remove: float
    event: float
    decode: float


def measure_rules(mix: str, size: int, rounds: int) -> RuleSetResult:
    """Times a set of rules. The event and the decoding are the best of the rounds, as everything
    else that runs on a machine only adds."""
    given = rules(mix, size)
    RuleSet({"warm": {"body": {"a": [1]}}})
    start = perf_counter()
    rule_set = RuleSet(given)
    build = perf_counter() - start
    records = events()
    event, decode, matched = _events(rule_set.matching, records, rounds)
    one_more = {"body": MIXES[mix](random.Random(-1))}
    adds, removes = [], []
    for _ in range(5):
        start = perf_counter()
        rule_set.add("one more", one_more)
        middle = perf_counter()
        rule_set.remove("one more")
        adds.append(middle - start)
        removes.append(perf_counter() - middle)
    return RuleSetResult(
        mix,
        size,
        matched / len(records),
        build,
        min(adds) * 1e3,
        min(removes) * 1e3,
        event * 1e6,
        decode * 1e6,
    )


def _events(
    matching: Callable[[Record], list[str]], records: list[Record], rounds: int
) -> tuple[float, float, int]:
    """Seconds per event, seconds to decode one, and the total number of names found."""
    best = decoding = math.inf
    matched = 0
    with gc_off():
        for _ in range(rounds + 1):
            given, others = fresh(records), fresh(records)
            matched = 0
            start = perf_counter()
            for record in given:
                matched += len(matching(record))
            middle = perf_counter()
            for record in others:
                orjson.loads(record["body"])
            end = perf_counter()
            best = min(best, (middle - start) / len(records))
            decoding = min(decoding, (end - middle) / len(records))
    return best, decoding, matched


def slope(results: list[RuleSetResult]) -> float:
    """The exponent with which the cost of an event grows from 100 rules to 10,000."""
    by_size = {result.size: result.event for result in results}
    return math.log(by_size[10_000] / by_size[100]) / math.log(100)


@dataclass(frozen=True)
class LoopResult:
    """An event against so many rules, in microseconds: by a loop over Filters, and by the set."""

    size: int
    loop: float
    rule_set: float

    @property
    def ratio(self) -> float:
        """How many times as fast the rule set is."""
        return self.loop / self.rule_set


def measure_loop(size: int, count: int = 5) -> LoopResult:
    """The same events through single Filters, whose code has been generated before.

    Raises:
        DisagreementError: the rule set disagrees with the Filters.
    """
    given = rules("mixed", size)
    filters = [(name, filterpatterns.compile(pattern).matches) for name, pattern in given.items()]
    rule_set = RuleSet(given)
    records = events()[:count]

    def loop(record: Record) -> list[str]:
        return [name for name, matches in filters if matches(record)]

    for record in records[:_CHECKED]:
        if loop(record) != rule_set.matching(record):
            raise DisagreementError(f"the rule set and the Filters differ on {record}")
    by_loop = _events(loop, records, 2)[0]
    by_set = _events(rule_set.matching, records * 20, 10)[0]
    return LoopResult(size, by_loop * 1e6, by_set * 1e6)


def memory_per_rule(mix: str, size: int) -> float:
    """Bytes per rule in a set, including the trees of its patterns."""
    given = {name: json.dumps(pattern) for name, pattern in rules(mix, size).items()}
    RuleSet(given)  # what is built but once is not counted
    tracemalloc.start()
    try:
        rule_set = RuleSet(given)
        return tracemalloc.get_traced_memory()[0] / len(rule_set)
    finally:
        tracemalloc.stop()


DESIGNS = {"masks only": 0, "as it is": 2, "by key wherever there is one": 1_000_000}
"""How many clauses may be filed under one key; the others go to blocks of masks."""


def measure_design(mix: str, size: int, design: str, rounds: int) -> float:
    """Microseconds per event with another design of the index."""
    with patch.object(index, "_MOST_FILED", DESIGNS[design]):
        rule_set = RuleSet(rules(mix, size))
    return _events(rule_set.matching, events(), rounds)[0] * 1e6
