"""Python values that no JSON decoder returns are treated the same on every path."""

from __future__ import annotations

import collections
import enum
import functools
import itertools
import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

import pytest

import filterpatterns
from filterpatterns import RuleSet
from filterpatterns.jsontext.python_values import plain_scalar
from tests.support.paths import verdicts


class Text(str):
    """Says things that are not so."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return False

    def __hash__(self) -> int:
        return 1

    def startswith(self, *_: Any) -> bool:
        return False

    def __str__(self) -> str:
        return "something else"


class Whole(int):
    def __int__(self) -> int:
        return 99

    def __eq__(self, other: object) -> bool:
        return False

    def __hash__(self) -> int:
        return 1


class Real(float):
    def __float__(self) -> float:
        return 99.0

    def __eq__(self, other: object) -> bool:
        return False

    def __hash__(self) -> int:
        return 1


class Exact(Decimal):
    pass


class Fields(dict[str, Any]):
    pass


class Items(list[Any]):
    pass


class View(Mapping[str, Any]):
    def __init__(self, members: dict[str, Any]) -> None:
        self._members = members

    def __getitem__(self, name: str) -> Any:
        return self._members[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._members)

    def __len__(self) -> int:
        return len(self._members)


class Color(str, enum.Enum):
    RED = "red"


class Level(enum.IntEnum):
    LOW = 5


class Plain(enum.Enum):
    RED = "red"


STRINGS = [Text("red"), Color.RED]
NUMBERS = [Whole(5), Level.LOW, Real(5.0), Decimal(5), Exact("5.0"), 5.0]
OTHERS = [Plain.RED, b"red", {5}, object(), 5j]

RULES: list[tuple[Any, bool, bool, bool]] = [
    # a rule; whether it holds for "red", for 5, and for what is nothing that JSON has
    ("red", True, False, False),
    ({"exactly": "red"}, True, False, False),
    ({"prefix": "r"}, True, False, False),
    ({"suffix": "d"}, True, False, False),
    ({"wildcard": "r*d"}, True, False, False),
    ({"equals-ignore-case": "RED"}, True, False, False),
    ({"anything-but": "red"}, False, True, True),
    ({"anything-but": {"prefix": "r"}}, False, True, True),
    (5, False, True, False),
    ({"numeric": ["=", 5]}, False, True, False),
    ({"numeric": [">", 4, "<", 6]}, False, True, False),
    ({"anything-but": 5}, True, False, True),
    ({"exists": True}, True, True, True),
    ({"exists": False}, False, False, False),
    (None, False, False, False),
    (True, False, False, False),
]


@functools.lru_cache
def _rules(pattern: str, source: Any) -> RuleSet:
    return RuleSet({str(number): pattern for number in range(3)}, source=source)


def _ways(pattern: Any, record: Any, source: Any) -> dict[str, bool]:
    """The verdict on each path that takes Python values."""
    compiled = filterpatterns.compile(pattern, source=source)
    rules = _rules(json.dumps(pattern), source)
    return {
        "evaluator": compiled._engine.evaluate(record),
        "matches": compiled.matches(record),
        "filter": compiled.filter([record]) == [record],
        "partition": compiled.partition([record]) == ([record], []),
        "mask": compiled.mask([record, record])[1],
        "explain": bool(compiled.explain(record)),
        "explain, its tree": compiled.explain(record).filters[0].satisfied,
        "verdict": compiled.verdict(record)[0].name == "MATCH",
        "rule set": rules.matching(record) == ["0", "1", "2"],
        "any": rules.any(record),
    }


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: json.dumps(rule[0]))
def test_a_leaf_has_the_type_of_its_base_class(rule: tuple[Any, bool, bool, bool]) -> None:
    operator, *expected = rule
    for values, holds in zip((STRINGS, NUMBERS, OTHERS), expected, strict=True):
        for value in values:
            shapes = [{"a": value}, {"a": [value]}, {"a": Items([[value]])}, Fields(a=(value,))]
            for members in (*shapes, View({"a": value})):
                found = _ways({"body": {"a": [operator]}}, {"body": members}, "sqs")
                assert set(found.values()) == {holds}, (operator, value, members, found)
                found = _ways({"a": [operator]}, members, "event")
                assert set(found.values()) == {holds}, (operator, value, members, found)


@pytest.mark.parametrize("body", STRINGS, ids=["subclass", "enumeration"])
@pytest.mark.parametrize("source", ["sqs", "mq"])
def test_a_plain_string_payload_may_be_of_a_subclass(body: Any, source: Any) -> None:
    key = "body" if source == "sqs" else "data"
    if source == "mq":
        body = Text("cmVk")
    for rule in ("red", {"prefix": "r"}, {"suffix": "d"}, {"wildcard": "*e*"}):
        assert set(_ways({key: [rule]}, {key: body}, source).values()) == {True}, rule
    assert set(_ways({key: ["blue"]}, {key: body}, source).values()) == {False}
    assert set(_ways({key: {"a": [1]}}, {key: body}, source).values()) == {False or source == "mq"}


def test_json_may_be_of_a_subclass() -> None:
    body = {"body": Text('{"a": "red"}')}
    assert set(_ways({"body": {"a": ["red"]}}, body, "sqs").values()) == {True}
    record = Text('{"a": "red"}')
    found = _ways({"a": ["red"]}, record, "event")
    del found["filter"], found["partition"]  # which compare records, and this one equals none
    assert set(found.values()) == {True}


def test_objects_and_arrays_of_all_classes_bind_alike() -> None:
    pattern = {"i": {"a": [1], "b": [2]}}
    for make_object, make_array in itertools.product((dict, Fields, View), (list, tuple, Items)):
        both = make_object({"a": 1, "b": 2})
        halves = [make_object({"a": 1}), make_object({"b": 2})]
        assert set(_ways(pattern, {"i": make_array([*halves, both])}, "event").values()) == {True}
        assert set(_ways(pattern, {"i": make_array(halves)}, "event").values()) == {False}


def test_names_may_be_of_a_subclass() -> None:
    record = collections.OrderedDict({Color.RED: 1})
    assert set(_ways({"red": [1]}, record, "event").values()) == {True}


def test_bools_are_not_numbers() -> None:
    for value, rule, expected in ((True, 1, False), (1, True, False), (True, True, True)):
        assert set(_ways({"a": [rule]}, {"a": value}, "event").values()) == {expected}


def test_a_plain_scalar_is_of_json_s_own_class() -> None:
    for value in (*STRINGS, *NUMBERS):
        assert plain_scalar(value).__class__ in (str, int, float, Decimal)
        assert plain_scalar(value) in ("red", 5)
    assert verdicts(filterpatterns.compile({"a": ["x"]}, source="event"), {"a": "x"})


class _Odd(dict[str, Any]):
    def __getitem__(self, name: str) -> Any:
        return "odd"

    def get(self, name: str, default: Any = None) -> Any:
        return "odd"


class _NotAnObject:
    def get(self, _name: str, _default: Any = None) -> str:
        return "x"


@pytest.mark.parametrize(("value", "kept"), [(_Odd(a="x"), True), (_NotAnObject(), False)])
def test_elements_of_arrays_are_not_asked_with_methods_of_their_own(value: Any, kept: bool) -> None:
    pattern = {"body": {"a": ["x"]}}
    for body in ([value], [{"a": "y"}, value], [[value]]):
        assert set(_ways(pattern, {"body": body}, "event").values()) == {kept}


def test_a_list_may_be_in_many_others() -> None:
    shared: list[Any] = [{"b": 2}]
    for _ in range(30):
        shared = [shared] * 10
    pattern = {"body": {"a": {"b": [1]}}}
    assert set(_ways(pattern, {"body": {"a": shared}}, "event").values()) == {False}
    assert set(_ways(pattern, {"body": {"a": [shared, {"b": 1}]}}, "event").values()) == {True}
