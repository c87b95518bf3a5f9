"""Lines counted together have the statistics of records counted one by one."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

import filterpatterns
from filterpatterns.cli.commands.stats import _document
from filterpatterns.cli.evaluation.record_loop import Tally
from filterpatterns.cli.io.lines import LineFilter, ReasonMatcher
from filterpatterns.stats.statistics import Statistics

PATTERNS: list[Any] = [
    {"body": {"status": ["paid", "sent"], "total": [{"numeric": [">", 100]}]}},
    {"body": {"status": ["paid", None, True, 1], "note": [{"exists": False}]}},
    {"body": {"a": {"b": ["x"], "c": [{"anything-but": ["x", "y"]}]}, "total": [5]}},
    {"messageId": ["1", {"prefix": "2"}], "body": {"status": [{"exists": True}]}},
    {"messageId": ["1"], "attributes": {"n": [{"exists": False}]}},
    {"body": {"a.b": ["x"], "status": ["paid"]}},
    {"body": {"a": [{"exists": False}], "a.b": ["x"]}},
]
_VALUES: list[Any] = [
    *("paid", "sent", "lost", "x", "y", 5, 5.0, 101, 1, True, None, [], ["paid", 5], {}, {"q": 1}),
    *("x" * 150, 1e300, 2**70, [{"b": "x"}]),
]


def _body(rng: random.Random) -> Any:
    names = rng.sample(["status", "total", "note", "a.b"], rng.randrange(4))
    body = {name: rng.choice(_VALUES) for name in names}
    if rng.random() < 0.7:
        inner = {name: rng.choice(_VALUES) for name in rng.sample("bc", rng.randrange(3))}
        body["a"] = rng.choice([inner, inner, inner, [inner], "x", 5])
    return body


def _line(rng: random.Random) -> str:
    body = rng.choice([json.dumps(_body(rng))] * 12 + ["hello", "[1", "5", '"x"'])
    record: dict[str, Any] = {"messageId": rng.choice(["1", "2", "23", 5]), "body": body}
    if rng.random() < 0.1:
        record["attributes"] = rng.choice([{"n": "1"}, {}, "x", [{"n": 1}]])
    if rng.random() < 0.03:
        return rng.choice(["", "{", "[]", "5", '{"body": {}}', '{"messageId": "1"}', "[{}, {}]"])
    return json.dumps({"Records": [record]} if rng.random() < 0.01 else record)


@pytest.mark.parametrize("pattern", PATTERNS, ids=map(str, range(len(PATTERNS))))
@pytest.mark.parametrize("seed", range(4))
def test_quick_counts_equal_those_of_single_records(pattern: Any, seed: int) -> None:
    rng = random.Random(seed)
    clean = [
        json.dumps({"messageId": rng.choice("123"), "body": json.dumps(_body(rng))})
        for _ in range(600)
    ]
    lines = [line.encode() + b"\n" for line in [*clean, *(_line(rng) for _ in range(600)), *clean]]
    documents = []
    quickly = 0
    for is_quick in (False, True):
        statistics = Statistics(filterpatterns.compile(pattern))
        slow: list[Any] = []
        quick = statistics.quick_lines() if is_quick else None
        matcher = ReasonMatcher(
            statistics.add,
            None if quick is None else quick.count,
            lambda record, verdict: slow.append(verdict),  # noqa: B023 - called at once
        )
        counted = LineFilter(matcher, "file")
        chunks = [b"".join(lines[start : start + 50]) for start in range(0, len(lines), 50)]
        chunks.append(b"")
        counted.run(lambda _longest: chunks.pop(0))  # noqa: B023 - called at once
        kept = len(counted.outcome.kept), len(counted.outcome.dropped)
        quickly = sum(kept) - len(slow)
        documents.append((kept, _document(Tally(), statistics.funnels())))
    assert documents[0] == documents[1]
    assert (quickly > 300) is (pattern.get("body", {}).get("a") != [{"exists": False}])
