"""Lines counted together have the statistics of records counted one by one."""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

import filterpatterns
from tests.support.counting import count_lines
from tests.support.seeds import each_seed

PATTERNS: list[Any] = [
    {"body": {"status": ["paid", "sent"], "total": [{"numeric": [">", 100]}]}},
    {"body": {"status": ["paid", None, True, 1], "note": [{"exists": False}]}},
    {"body": {"a": {"b": ["x"], "c": [{"anything-but": ["x", "y"]}]}, "total": [5]}},
    {"messageId": ["1", {"prefix": "2"}], "body": {"status": [{"exists": True}]}},
    {"messageId": ["1"], "attributes": {"n": [{"exists": False}]}},
    {"body": {"a.b": ["x"], "status": ["paid"]}},
    {"body": {"$or": [{"status": ["paid"]}, {"total": [5], "note": ["x"]}], "a": {"c": ["x"]}}},
    {"$or": [{"messageId": ["1"]}, {"body": {"status": ["paid"], "a": {"b": ["x"]}}}]},
    {"body": {"status": ["paid"], "$or": [{"status": ["sent"]}, {"a": {"b": [5]}}]}},
    {"body": {"$or": [{"a": {"b": [{"exists": False}]}}, {"a": {"c": ["x"]}}], "note": ["x"]}},
    {"body": {"a": {"b": [{"exists": False}], "c": ["x", 5]}}},
    {"body": {"a": {"b": ["x"], "c": [{"exists": False}], "d": {"e": ["x"]}}}},
    {"body": {"state": ["paid"]}},
    {"body": {"status": ["paid"], "a": {"bb": ["x"]}, "notes": {"x": [1], "y": [2]}}},
    {"body": {"status": ["paid"], "total": {"q": ["x"]}, "a": {"b": {"q": [1]}}}},
    {"attributes": {"m": ["x"]}, "body": {"status": ["paid"]}},
    {"eventSource": ["aws:sqs"], "body": {"status": ["paid"]}},
    {"body": {"rare": ["x"], "a": {"rare": {"x": ["y"]}}}},
    [{"body": {"status": ["paid"]}}, {"body": {"a": {"b": ["x"]}, "state": [1]}}],
    [{"body": {"status": ["paid"]}}, {"messageId": ["1"]}],
]
SLOW: list[Any] = [
    {"body": {"a": [{"exists": False}], "a.b": ["x"]}},
    {"body": {"$or": [{"a": ["x"]}, {"a": {"b": ["x"]}}]}},
    {"body": ["hello"]},
]
_VALUES: list[Any] = [
    *("paid", "sent", "lost", "x", "y", 5, 5.0, 101, 1, True, None, [], ["paid", 5], {}, {"q": 1}),
    *("x" * 150, 1e300, 2**70, [{"b": "x"}], ["x", ["y"], {}], [[]], ["x"] * 300),
]


def _body(rng: random.Random) -> Any:
    names = rng.sample(["status", "total", "note", "a.b"], rng.randrange(4))
    body = {name: rng.choice(_VALUES) for name in names}
    if rng.random() < 0.7:
        inner = [
            {name: rng.choice(_VALUES) for name in rng.sample("bc", rng.randrange(3))}
            for _ in range(3)
        ]
        body["a"] = rng.choice([*inner, inner, inner[:1], [[inner[0]]], [*inner, 5], [], "x", 5])
    if rng.random() < 0.02:
        body[rng.choice(["rare", "State", "rare.x", 'q"', "x" * 200])] = "x"
    if rng.random() < 0.3:
        body = {f"extra{rng.randrange(3)}": 1.5, **body}
    return body


def _names(rng: random.Random) -> Any:
    """Records with more names than are noted."""
    return {**_body(rng), **{f"n{rng.randrange(2000)}": 1 for _ in range(40)}}


def _line(rng: random.Random) -> str:
    body = rng.choice([json.dumps(_body(rng))] * 12 + ["hello", "[1", "5", '"x"'])
    record: dict[str, Any] = {"messageId": rng.choice(["1", "2", "23", 5]), "body": body}
    if rng.random() < 0.1:
        record["attributes"] = rng.choice([{"n": "1"}, {}, "x", [{"n": 1}]])
    if rng.random() < 0.03:
        return rng.choice(["", "{", "[]", "5", '{"body": {}}', '{"messageId": "1"}', "[{}, {}]"])
    return json.dumps({"Records": [record]} if rng.random() < 0.01 else record)


@cache
def _sqs(seed: int) -> tuple[str, ...]:
    rng = random.Random(seed)
    clean = [
        json.dumps({"messageId": rng.choice("123"), "body": json.dumps(_body(rng))})
        for _ in range(300)
    ]
    many = [json.dumps({"messageId": "1", "body": json.dumps(_names(rng))}) for _ in range(100)]
    return (*clean, *(_line(rng) for _ in range(300)), *many, *clean)


@cache
def _random_lines(make: Callable[[random.Random], Any], seed: int, count: int) -> tuple[str, ...]:
    rng = random.Random(seed)
    return tuple(json.dumps(make(rng)) for _ in range(count))


@pytest.mark.parametrize("pattern", PATTERNS, ids=map(str, range(len(PATTERNS))))
@each_seed(1, thorough=10)
def test_quick_and_one_by_one(pattern: Any, seed: int) -> None:
    lines = _sqs(seed)
    compiled = filterpatterns.compile(pattern, source="sqs")
    expected, _ = count_lines(compiled, lines, is_quick=False)
    found, quickly = count_lines(compiled, lines, is_quick=True)
    assert found == expected
    assert quickly > 150


@pytest.mark.parametrize("pattern", SLOW, ids=map(str, range(len(SLOW))))
def test_other_shapes_are_counted_one_by_one(pattern: Any) -> None:
    lines = _sqs(0)
    compiled = filterpatterns.compile(pattern, source="sqs")
    expected, _ = count_lines(compiled, lines, is_quick=False)
    assert count_lines(compiled, lines, is_quick=True) == (expected, 0)


def _text(rng: random.Random) -> str:
    texts = [json.dumps(_body(rng))] * 12 + ["hello", "[1", "5"]
    return base64.b64encode(rng.choice(texts).encode()).decode() if rng.random() > 0.02 else "?"


def _kinesis(rng: random.Random) -> Any:
    inside = {"partitionKey": rng.choice("123"), "data": _text(rng)}
    return rng.choice([{"kinesis": inside}] * 12 + [inside, {"kinesis": 5}, {"kinesis": {}}])


def _dynamodb(rng: random.Random) -> Any:
    event = {"eventName": rng.choice(["INSERT", "MODIFY"]), "dynamodb": {"NewImage": _body(rng)}}
    return event if rng.random() < 0.9 else {"dynamodb": rng.choice([5, None, "{}", [], "x", {}])}


def _kafka(rng: random.Random) -> Any:
    record = {"topic": rng.choice("ab"), "partition": 0, "offset": 1, "value": _text(rng)}
    return record if rng.random() < 0.3 else {**record, "key": _text(rng)}


def _any(rng: random.Random) -> Any:
    sqs = {"messageId": "1", "body": json.dumps(_body(rng)), "eventSource": "aws:sqs"}
    return rng.choice([sqs, sqs, _kinesis(rng), _kinesis(rng), _dynamodb(rng), _kafka(rng), {}])


OTHERS: list[tuple[str, Any, Any]] = [
    ("auto", _any, {"data": {"status": ["paid"]}}),
    ("auto", _any, {"$or": [{"body": {"status": ["paid"]}}, {"data": {"a": {"b": ["x"]}}}]}),
    ("auto", _any, {"partitionKey": ["1"]}),
    ("kinesis", _kinesis, {"partitionKey": ["1"], "data": {"status": ["paid"], "a": {"b": ["x"]}}}),
    ("kinesis", _kinesis, {"data": {"state": ["paid"]}}),
    ("kinesis", _kinesis, {"partition": ["1"]}),
    ("dynamodb", _dynamodb, {"dynamodb": {"NewImage": {"status": ["paid"], "a": {"c": ["x"]}}}}),
    ("dynamodb", _dynamodb, {"eventname": ["INSERT"], "dynamodb": {"NewImage": {"s": ["x"]}}}),
    ("kafka", _kafka, {"topic": ["a"], "value": {"status": ["paid"]}}),
    ("kafka", _kafka, {"$or": [{"key": {"status": ["x"]}}, {"value": {"a": {"b": ["x"]}}}]}),
    ("event", _body, {"status": ["paid"], "a": {"b": ["x"], "c": [{"exists": False}]}}),
    ("event", _body, {"$or": [{"status": ["paid"]}, {"state": [1]}]}),
]


@pytest.mark.parametrize(("source", "record", "pattern"), OTHERS)
@each_seed(1, thorough=10)
def test_other_sources(source: Any, record: Any, pattern: Any, seed: int) -> None:
    lines = _random_lines(record, seed, 800)
    compiled = filterpatterns.compile(pattern, source=source)
    expected, _ = count_lines(compiled, lines, is_quick=False)
    found, quickly = count_lines(compiled, lines, is_quick=True)
    assert found == expected
    assert quickly > 50


def _items(rng: random.Random) -> Any:
    def item(depth: int) -> Any:
        made: dict[str, Any] = {}
        for name in rng.sample("bcd", rng.randrange(4)):
            made[name] = rng.choice(["x", "y", 5, None, ["x", 5], ["y"], [], {}])
        if depth and rng.random() < 0.5:
            made["d"] = rng.choice([item(depth - 1), [item(depth - 1), item(depth - 1)]])
        return made

    items = [rng.choice([item(2), item(2), item(1), "x"]) for _ in range(rng.randrange(5))]
    return {"a": rng.choice([items, items, items, item(2)]), "q": rng.choice([1, 2, [1, 2]])}


ARRAYS: list[Any] = [
    {"a": {"b": ["x"], "c": ["x", 5]}, "q": [1]},
    {"a": {"b": ["x"], "c": ["y"], "d": {"b": ["x"], "c": ["y"]}}},
    {"a": {"d": {"d": {"b": ["x"], "c": [5]}}}, "q": [2]},
    {"$or": [{"a": {"b": ["x"]}}, {"a": {"c": [5], "d": {"b": ["y"]}}}]},
    {"a": {"b": ["x"], "$or": [{"c": ["y"]}, {"c": [{"anything-but": [5]}], "d": {"b": [5]}}]}},
    {"a": {"b": ["x"], "c": [{"exists": False}]}},
    {"a": {"b": ["x"], "c": ["y"]}, "q": [{"exists": False}]},
    {"a": {"b": [{"exists": True}], "d": {"b": ["x", {"exists": False}], "c": ["y"]}}},
]


@pytest.mark.parametrize("pattern", ARRAYS, ids=map(str, range(len(ARRAYS))))
@each_seed(1, thorough=10)
def test_arrays_of_objects(pattern: Any, seed: int) -> None:
    lines = _random_lines(_items, seed, 1300)
    compiled = filterpatterns.compile(pattern, source="event")
    expected, _ = count_lines(compiled, lines, is_quick=False)
    found, quickly = count_lines(compiled, lines, is_quick=True)
    assert found == expected
    assert quickly > 250


def test_memory_is_bounded_by_the_patterns(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("values._MOST_NUMBERS", "values.MOST_VALUES", "signatures.MOST_VALUES"):
        monkeypatch.setattr(f"filterpatterns.stats.{name}", 20)
    monkeypatch.setattr("filterpatterns.stats.quick._MOST_KINDS", 20)
    rng = random.Random(0)
    letters = "abcdefgh"
    pattern = {"a": {"b": [{"wildcard": f"*{letter}*"} for letter in letters]}}
    lines = []
    for _ in range(1500):
        words = ["".join(rng.sample(letters, rng.randrange(1, 8))) for _ in range(3)]
        words += rng.choice([["a"], ["b"], ["c"]]) * 5
        lines.append(json.dumps({"a": [{"b": rng.choice(words)} for _ in range(rng.randrange(3))]}))
    compiled = filterpatterns.compile(pattern, source="event")
    expected, _ = count_lines(compiled, lines, is_quick=False)
    found, quickly = count_lines(compiled, lines, is_quick=True)
    assert found == expected
    assert quickly > 200
