"""The generated code of rule sets: what it supports, and what takes the general path."""

from __future__ import annotations

import json
import random
import sys
import threading
from decimal import Decimal
from time import monotonic
from typing import Any

import pytest

import filterpatterns
from filterpatterns import RecordError, RuleSet
from filterpatterns.engine.rulesets import version
from tests.support.paths import base64_of
from tests.support.rulesets import is_served, settle
from tests.support.seeds import each_seed

PATTERNS: dict[str, Any] = {
    "exact": {"status": ["paid"], "total": [{"numeric": [">", 100]}]},
    "range": {"total": [{"numeric": [">=", 50, "<", 200]}]},
    "prefix": {"customer": {"email": [{"prefix": "ada"}]}},
    "suffix": {"customer": {"email": [{"suffix": "@example.com"}]}},
    "but": {"status": [{"anything-but": ["paid", "failed"]}], "customer": {"id": [7]}},
    "absent": {"refund": [{"exists": False}], "status": ["paid"]},
    "flag": {"gift": [True, None]},
    "wild": {"customer": {"email": [{"wildcard": "*exam*com"}]}},
    "address": {"ip": [{"cidr": "10.0.0.0/8"}]},
    "either": {"$or": [{"status": ["failed"]}, {"total": [5]}]},
}
BODIES: list[Any] = [
    {"status": "paid", "total": 150, "customer": {"email": "ada@example.com", "id": 7}},
    {"status": "new", "total": 1e2, "customer": {"id": 7.0}, "gift": True},
    {"status": None, "total": 5, "gift": None, "ip": "10.1.2.3", "refund": {}},
    {"total": "150", "customer": "ada", "status": False, "refund": 1},
    {},
]


def _rules(source: str, key: str | None) -> tuple[RuleSet, dict[str, Any]]:
    named = {
        f"{name}.{copy}": pattern if key is None else {key: pattern}
        for copy in range(4)  # more than are filed under one key
        for name, pattern in PATTERNS.items()
    }
    compiled = {
        name: filterpatterns.compile(pattern, source=source)  # type: ignore[arg-type]
        for name, pattern in named.items()
    }
    return RuleSet(named, source=source), compiled  # type: ignore[arg-type]


_RECORDS: dict[str, Any] = {
    "event": (None, lambda body: body),
    "sqs": ("body", lambda body: {"messageId": "1", "body": json.dumps(body)}),
    "kinesis": ("data", lambda body: {"kinesis": {"data": base64_of(json.dumps(body))}}),
    "mq": ("data", lambda body: {"messageID": "1", "data": base64_of(json.dumps(body))}),
    "dynamodb": ("dynamodb", lambda body: {"eventName": "INSERT", "dynamodb": body}),
}


@pytest.mark.parametrize("source", _RECORDS)
def test_plain_objects_are_supported_and_agree_with_filters(source: str) -> None:
    key, record_of = _RECORDS[source]
    rules, filters = _rules(source, key)
    for body in BODIES:
        record = record_of(body)
        expected = [name for name, one in filters.items() if one.matches(record)]
        for given in (record, json.dumps(record), json.dumps(record).encode()):
            assert is_served(rules, given)
            settle(rules)
            assert rules.matching(given) == expected


def test_arrays_of_plain_values_are_supported() -> None:
    rules, filters = _rules("sqs", "body")
    for values in ([], ["new", "paid"], [["paid"], {"a": 1}], [150, None], [True]):
        body = {"status": values, "total": values, "gift": values, "customer": {"email": values}}
        record = {"body": json.dumps(body)}
        assert is_served(rules, record)
        settle(rules)
        found = rules.matching(record)
        assert found == [name for name, one in filters.items() if one.matches(record)]


@pytest.mark.parametrize(
    "body",
    [
        {"customer": [{"id": 7}, {"email": "ada@example.com"}]},
        {"customer": [], "status": "new"},
        {"customer.id": 7, "status": "new"},
        {"customer": {"id": 7}, "customer.email": "ada@example.com", "status": "new"},
        "Error",
        7,
    ],
    ids=["objects in an array", "an empty array", "a dotted name", "both", "a string", "a number"],
)
def test_unsupported_records_take_the_general_path(body: Any) -> None:
    rules, filters = _rules("sqs", "body")
    record = {"body": json.dumps(body)}
    assert not is_served(rules, record)
    settle(rules)
    found = rules.matching(record)
    assert found == [name for name, one in filters.items() if one.matches(record)]


@pytest.mark.parametrize(
    "patterns",
    [
        {"deep": {"a": {"b": {"c": [1]}}}, "leaf": {"a": [{"exists": True}]}},
        {"quoted": {'na"me': ["x"]}, "other": {"a": [1]}},
        {"nested": {"a": {str(n): {"b": ["x"]} for n in range(200)}}, "other": {"a.b": [1]}},
        {"levels": json.loads('{"a":' * 20 + "[1]" + "}" * 20), "other": {"b": [1]}},
    ],
    ids=["a leaf and an object", "a name with quotes", "very many names", "deep paths"],
)
def test_sets_without_generated_code_take_the_general_path(patterns: dict[str, Any]) -> None:
    rules = RuleSet(patterns, source="event")
    filters = {n: filterpatterns.compile(p, source="event") for n, p in patterns.items()}
    for event in (
        {"a": {"b": {"c": 1}}, 'na"me': "x", "b": 1},
        {"a": 1},
        {"a": {"7": {"b": "x"}, "b": 1}},
        json.loads('{"a":' * 20 + "1" + "}" * 20),
    ):
        assert not is_served(rules, event)
        assert rules.matching(event) == [n for n, f in filters.items() if f.matches(event)]


def test_two_payloads_and_plain_strings_take_the_general_path() -> None:
    both = {"value": {"a": [1]}, "key": {"b": [2]}}
    rules = RuleSet({"both": both, "value": {"value": {"a": [1]}}}, source="kafka")
    record = {"value": base64_of('{"a": 1}'), "key": base64_of('{"b": 2}')}
    assert not is_served(rules, record)
    assert rules.matching(record) == ["both", "value"]
    strings = RuleSet({"s": {"body": [{"prefix": "Err"}]}, "j": {"body": {"a": [1]}}})
    assert not is_served(strings, {"body": "Error"})
    assert strings.matching({"body": "Error"}) == ["s"]
    assert is_served(strings, {"body": '{"a": 1}'})
    assert strings.matching({"body": '{"a": 1}'}) == ["j"]


def test_values_of_python_and_names_that_look_like_code() -> None:
    name = "import os; \\u0041\n#{}"
    rules = RuleSet({"a": {"x": [5]}, "b": {"é": ["paid"]}, "c": {"y": [2**53]}}, source="event")
    for event, expected in (
        ({"x": Decimal(5)}, ["a"]),
        ({"x": 5.0, "é": "paid"}, ["a", "b"]),
        ({"y": 2**53}, ["c"]),
        ({"y": float("nan")}, []),
        ({"x": True, "y": 2**53 + 1}, []),
    ):
        settle(rules)
        assert rules.matching(event) == expected
    odd = RuleSet({"odd": {name: ["x"]}}, source="event")
    settle(odd)
    assert odd.matching({name: "x"}) == ["odd"]
    settle(rules)
    with pytest.raises(RecordError):
        rules.matching("[1]")


def test_generated_code_is_not_tried_each_time_if_many_records_fall_back() -> None:
    rules = RuleSet({"a": {"x": {"y": [5]}}}, source="event")
    arrays = {"x": [{"y": 5}]}
    settle(rules)
    assert rules.matching_many([arrays] * 1000) == [["a"]] * 1000
    (held,) = rules._state.versions.values()
    assert held._straight.streak == 255
    assert rules.matching_many([{"x": {"y": 5}}] * 300) == [["a"]] * 300
    assert held._straight.streak == 0


_NEW = [
    {"body": {"status": ["paid"], "customer": {"id": [7]}}},  # goes to a block of masks
    {"body": {"total": [100]}},  # is filed under its value
]


@pytest.mark.parametrize("way", ["one by one", "in batches", "routed"])
def test_generated_code_while_others_add_and_remove(
    monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    """A rule that comes and goes changes no other verdict, and within a batch it is there for all
    records or for none."""
    monkeypatch.setattr(version, "_SETTLED", 1)
    rules, filters = _rules("sqs", "body")
    records = [{"body": json.dumps(body)} for body in BODIES] * 3
    without = [[n for n, one in filters.items() if one.matches(r)] for r in records]
    new = filterpatterns.compile(_NEW)
    both = [
        [*names, *(["new"] if new.matches(record) else [])]
        for record, names in zip(records, without, strict=True)
    ]
    assert both != without
    stop = threading.Event()
    seen: set[bool] = set()
    failures: list[Any] = []

    def change() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            rules.add("new", _NEW)
            rules.add(f"other {number}", {"body": {f"f{number % 7}": ["x"], "status": ["paid"]}})
            rules.remove("new")
            rules.remove(f"other {number}")

    def ask_one_by_one() -> None:
        for record, names, more in zip(records, without, both, strict=True):
            if rules.matching(record) not in (names, more):
                failures.append(record)
        seen.update((False, True))

    def ask_in_batches() -> None:
        found = rules.matching_many(records)
        seen.add(found == both)
        if found not in (without, both):
            failures.append(found)

    def ask_routed() -> None:
        found = rules.route(records)
        seen.add("new" in found)
        names = both if "new" in found else without
        expected = {
            name: [r for r, of_record in zip(records, names, strict=True) if name in of_record]
            for name in (*filters, "new")
        }
        if found != {name: routed for name, routed in expected.items() if routed}:
            failures.append(found)

    ask = {"one by one": ask_one_by_one, "in batches": ask_in_batches, "routed": ask_routed}[way]

    def ask_often() -> None:
        end, times = monotonic() + 30, 0
        while times < 100 or (len(seen) < 2 and monotonic() < end):
            ask()
            times += 1

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        changing = threading.Thread(target=change)
        asking = [threading.Thread(target=ask_often) for _ in range(2)]
        for thread in (changing, *asking):
            thread.start()
        for thread in asking:
            thread.join()
        stop.set()
        changing.join()
    finally:
        sys.setswitchinterval(before)
    assert not failures
    assert seen == {False, True}


_ODD: dict[str, list[Any]] = {
    "sqs": [
        {"messageId": "1", "body": "Error"},
        {"messageId": "1"},
        {"MessageId": "1", "Body": '{"status": "paid", "total": 150}'},
        {"body": '{"customer": [{"id": 7}], "status": "new"}'},
        {"body": '{"status": "paid", "gift": "\\ud800"}'},
        {"body": '{"status": "p\u00e4id", "gift": null}'},
        {"body": '{"total": 1e400}'},
        {"body": 5, "status": "paid"},
    ],
    "event": [
        {"customer": [{"id": 7}], "status": "new"},
        {"customer.id": 7, "status": "new"},
        {"status": {"paid"}},
        {"total": Decimal(150), "status": "paid"},
    ],
    "kinesis": [
        {"kinesis": {"data": "****"}},
        {"kinesis": {"data": base64_of("Error")}},
        {"data": base64_of('{"status": "paid"}')},
    ],
    "mq": [{"messageID": "1", "data": "****"}, {"messageID": "1"}],
    "dynamodb": [{"dynamodb": "Error"}, {"eventName": "INSERT"}, {"dynamodb": {"status": [{}]}}],
}
_BAD: list[Any] = [5, None, "[1]", "{", b"\xff"]


@pytest.mark.parametrize("source", _RECORDS)
@each_seed(2, thorough=12)
def test_batches_agree_with_filters_wherever_generated_code_gives_up(
    source: str, seed: int
) -> None:
    key, record_of = _RECORDS[source]
    rules, filters = _rules(source, key)
    rng = random.Random(seed)
    plain: list[Any] = [record_of(body) for body in BODIES]
    plain += [json.dumps(record) for record in plain]
    plain += [record.encode() for record in plain[len(BODIES) :]]
    for _ in range(30):
        batch: list[Any] = []
        for _ in range(rng.randrange(8)):
            batch += rng.choices(plain, k=rng.randrange(6))
            batch += rng.choices([*_ODD[source], *_BAD], k=rng.randrange(3))
        expected = [
            [name for name, one in filters.items() if one.filter([record], on_error="drop")]
            for record in batch
        ]
        settle(rules)
        assert rules.matching_many(batch, on_error="drop") == expected
        settle(rules)
        assert rules.route(iter(batch), on_error="drop") == {
            name: routed
            for name in filters
            if (routed := [r for r, n in zip(batch, expected, strict=True) if name in n])
        }
        first_bad = next((n for n, record in enumerate(batch) if record in _BAD), None)
        for ask in (rules.matching_many, rules.route):
            settle(rules)
            if first_bad is None:
                ask(batch)
            else:
                with pytest.raises(RecordError) as caught:
                    ask(batch)
                assert caught.value.index == first_bad
                assert caught.value.__suppress_context__


def test_a_batch_is_evaluated_by_the_loops(monkeypatch: pytest.MonkeyPatch) -> None:
    """Plain records need no call, neither of the general path nor of the function for one
    record."""
    rules, filters = _rules("sqs", "body")
    records = [{"body": json.dumps(body)} for body in BODIES]
    expected = [[name for name, one in filters.items() if one.matches(r)] for r in records]

    def refuse(*_: Any) -> Any:
        raise AssertionError("called for a record of its own")

    monkeypatch.setattr(version.Version, "matching_plainly", refuse)
    monkeypatch.setattr(version.Version, "matching", refuse)
    settle(rules)
    assert rules.matching_many(records) == expected
    assert set(rules.route(records)) == {name for names in expected for name in names}


def test_minus_zero_differs_from_zero_for_rules_about_addresses() -> None:
    zero = {"zero": {"a": [0]}, "low": {"a": [{"numeric": ["<", 1]}]}}
    addresses = {"but": {"a": [{"anything-but": {"prefix": "x"}}]}, "ip": {"a": [{"cidr": "::/0"}]}}
    for patterns in (zero, {**zero, **addresses}):
        rules = RuleSet({name: {"body": pattern} for name, pattern in patterns.items()})
        for number in ("0", "-0", "0.0", "-0.0", "-0e1", "5"):
            record = {"body": f'{{"a": {number}, "at": "2026-01-02"}}'}
            expected = [
                name
                for name, pattern in patterns.items()
                if filterpatterns.compile({"body": pattern}).matches(record)
            ]
            settle(rules)
            assert rules.matching(record) == expected, number
            text = json.dumps(record)
            settle(rules)
            assert rules.matching(text) == expected, number
