"""Values are counted together only if no rule distinguishes them, and no example is lost."""

from __future__ import annotations

import base64
import json
import math
import random
from collections.abc import Callable
from typing import Any

import pytest

import filterpatterns
from filterpatterns.stats.partial import FieldMatcher
from tests.support.counting import count_lines
from tests.support.seeds import each_seed

BOUNDS = [0, 1, -1, 5, 5.5, 100, 300, -2.25, 0.1, 2**53 - 1, -(2**53), 2**53, 1e18, 1e300, 5e-324]
UNUSUAL = [
    *("-0", "0.0", "-0.0", "0e0", "9007199254740993", "9007199254740992", "-9007199254740991"),
    *("1e400", "123456789012345678901234567890", "0.1000", "3.0e2", "300.0", "37.807807921694092"),
    *("true", "false", "null", "{}", "[]", "[[5]]", '"5"', '{"x": 1}', '"-0"'),
]
TEXTS = [
    "paid",
    "pa",
    "",
    "10.0.0.1",
    "10.0.0.01",
    "::1",
    'abc"',
    "abc",
    "PAID",
    "stra\u00dfe",
    "x*y",
]


def _bound(rng: random.Random) -> int | float:
    return rng.choice([*BOUNDS, rng.randrange(-20, 20), rng.randrange(2000) / 8])


def _number_rule(rng: random.Random) -> Any:
    low, high = sorted((_bound(rng), _bound(rng)))
    one = rng.choice([">", ">=", "<", "<=", "="])
    two = [rng.choice([">", ">="]), low, rng.choice(["<", "<="]), high]
    return rng.choice(
        [
            {"numeric": [one, _bound(rng)]},
            {"numeric": two if low < high else ["=", low]},
            {"anything-but": [_bound(rng) for _ in range(rng.randrange(1, 4))]},
            *(_bound(rng), 9007199254740993),
        ]
    )


def _text_rule(rng: random.Random) -> Any:
    text = rng.choice(TEXTS)
    but = rng.choice([text or "x", [text, "id-7"], {"prefix": "id-1"}, {"wildcard": "*9*"}])
    return rng.choice(
        [
            *(text, text, f"id-{rng.randrange(500)}", {"exactly": text}, {"prefix": text}),
            *({"suffix": text}, {"equals-ignore-case": text}, {"anything-but": but}),
            *({"wildcard": "id-*5*"}, {"cidr": "10.0.0.0/24"}, {"cidr": "::/1"}),
        ]
    )


def _rules(rng: random.Random) -> list[Any]:
    other = rng.choice([None, True, {"exists": True}])
    kinds: list[list[Callable[[], Any]]] = [
        [lambda: _number_rule(rng)],
        [lambda: _text_rule(rng)],
        [lambda: _number_rule(rng), lambda: _text_rule(rng), lambda: other],
    ]
    makers = rng.choice(kinds)
    return [rng.choice(makers)() for _ in range(rng.choice([1, 1, 2, 4, 12]))]


def _numbers(rng: random.Random) -> list[str]:
    """The texts of numbers, many of them next to the bounds of rules."""
    found = list(map(str, range(-25, 25))) + [str(rng.randrange(2000) / 8) for _ in range(40)]
    for bound in BOUNDS:
        value = float(bound)
        around = math.nextafter(value, math.inf), math.nextafter(value, -math.inf)
        found += [json.dumps(bound), repr(value), *map(repr, around)]
    return found


def _value(rng: random.Random, numbers: list[str]) -> str:
    def one() -> str:
        text = rng.choice(
            [*TEXTS, f"id-{rng.randrange(500)}", "arn:aws:" + "x" * 40 + rng.choice("ab")]
        )
        choices = [rng.choice(numbers), json.dumps(text), rng.choice(UNUSUAL)]
        return rng.choices(choices, [6, 6, 1])[0]

    if rng.random() < 0.8:
        return one()
    return f"[{', '.join(one() for _ in range(rng.randrange(4)))}]"


def _object(rng: random.Random, numbers: list[str]) -> str:
    names = [name for name in "abc" if rng.random() < 0.85]
    return f"{{{', '.join(f'{json.dumps(name)}: {_value(rng, numbers)}' for name in names)}}}"


def _sqs(text: str) -> str:
    return json.dumps({"messageId": text[-20:], "body": text})


def _kinesis(text: str) -> str:
    data = base64.b64encode(text.encode()).decode()
    return json.dumps({"kinesis": {"partitionKey": "1", "data": data}})


SOURCES: list[tuple[Any, str, Callable[[str], str]]] = [
    ("event", "", str),
    ("sqs", "body", _sqs),
    ("kinesis", "data", _kinesis),
]


@pytest.mark.parametrize(("source", "key", "wrap"), SOURCES, ids=["event", "sqs", "kinesis"])
@each_seed(6, thorough=150)
def test_any_values_and_rules(source: Any, key: str, wrap: Any, seed: int) -> None:
    rng = random.Random(seed)
    numbers = _numbers(rng)
    if seed % 2:  # few numbers: the examples are never complete
        numbers = rng.choice([["0", "1"], ["0", "-1.5"], ["0.0", "0"]])
    pattern: Any = {"a": _rules(rng), "b": _rules(rng)}
    if seed % 3:
        pattern = {"$or": [pattern, {"c": [*_rules(rng), {"exists": False}]}]}
    lines = [wrap(_object(rng, numbers)) for _ in range(700)]
    compiled = filterpatterns.compile({key: pattern} if key else pattern, source=source)
    expected, _ = count_lines(compiled, lines, is_quick=False)
    found, quickly = count_lines(compiled, lines, is_quick=True)
    assert found == expected
    assert quickly > 40


@pytest.mark.parametrize("bound", BOUNDS)
def test_numbers_next_to_a_bound(bound: float) -> None:
    numbers = [*_numbers(random.Random(0)), *UNUSUAL]
    lines = [f'{{"a": {number}}}' for number in numbers * 2]
    for rules in (
        [{"numeric": [">", bound]}, {"numeric": ["<=", bound]}],
        [{"numeric": ["<", bound]}, bound],
        [{"anything-but": [bound, 7]}],
    ):
        compiled = filterpatterns.compile({"a": rules}, source="event")
        expected, _ = count_lines(compiled, lines, is_quick=False)
        found, quickly = count_lines(compiled, lines, is_quick=True)
        assert found == expected
        assert quickly > 150


@pytest.mark.parametrize(
    "zeros", [("0", "-0"), ("0.0", "-0.0"), ("0", "0.0", "-0", "1"), ("0", "-0", "-0", "5", "6")]
)
@pytest.mark.parametrize("same", [2, 60, 120])
def test_examples_of_zeros(zeros: tuple[str, ...], same: int) -> None:
    """-0 decodes as 0, but is another example."""
    rng = random.Random(0)
    values = [zeros[0]] * same + [rng.choice(zeros) for _ in range(150)]
    lines = [_sqs(f'{{"a": {zero}}}') for zero in values]
    compiled = filterpatterns.compile({"body": {"a": [0]}}, source="sqs")
    expected, _ = count_lines(compiled, lines, is_quick=False)
    found, quickly = count_lines(compiled, lines, is_quick=True)
    assert found == expected
    assert quickly > 30


@pytest.mark.parametrize("rule", ["9007199254740993", "37.807807921694092"])
def test_a_number_that_is_compared_as_text(rule: str) -> None:
    near = ["9007199254740993", "9007199254740995", "37.807807921694092", "37.807807921694093"]
    lines = [f'{{"a": {number}}}' for number in [*near, "1", "2.5", "37.80780792169409"] * 40]
    compiled = filterpatterns.compile(f'{{"a": [{rule}, {{"numeric": [">", 2]}}]}}', source="event")
    expected, _ = count_lines(compiled, lines, is_quick=False)
    found, quickly = count_lines(compiled, lines, is_quick=True)
    assert found == expected
    assert quickly > 200


@pytest.mark.parametrize("levels", [900, 1100, 4000])
def test_deep_payloads_and_records(levels: int) -> None:
    """A payload that is nested too deeply is no JSON."""
    deep = "[" * levels + "]" * levels
    plain = _sqs('{"a": 1}')
    lines = [plain, _sqs(f'{{"a": 1, "b": {deep}}}'), f'{plain[:-1]}, "x": {deep}}}'] * 30
    compiled = filterpatterns.compile({"body": {"a": [1]}}, source="sqs")
    expected, _ = count_lines(compiled, lines, is_quick=False)
    assert count_lines(compiled, lines, is_quick=True)[0] == expected


def test_a_late_example(monkeypatch: pytest.MonkeyPatch) -> None:
    """Strings that begin alike are one example, even if there are many."""
    monkeypatch.setattr("filterpatterns.stats.values.MOST_VALUES", 60)
    alike = ["x" * 40 + str(number) for number in range(400)]
    texts = [*alike, "late", *alike, "x" * 39 + "y", *alike, "too late"]
    lines = [_sqs(json.dumps({"a": text})) for text in texts]
    compiled = filterpatterns.compile({"body": {"a": [{"suffix": "5"}]}}, source="sqs")
    expected, _ = count_lines(compiled, lines, is_quick=False)
    found, quickly = count_lines(compiled, lines, is_quick=True)
    assert found == expected
    assert quickly > 1100


ALL_DIFFERENT: list[list[Any]] = [
    [{"numeric": [">", 1000]}, 7],
    ["id-5", "id-7"],
    [{"prefix": "id-1"}, {"anything-but": ["id-3"]}, {"suffix": "9"}],
    [{"exists": True}],
    ["paid", {"numeric": ["<", 40.5]}, {"anything-but": {"wildcard": "*99*"}}],
    [{"prefix": f"id-{number}"} for number in range(12)],
]


@pytest.mark.parametrize("rules", ALL_DIFFERENT, ids=map(str, range(len(ALL_DIFFERENT))))
@pytest.mark.parametrize(
    "value",
    [
        *("{0}", "{0}.25", '"id-{0}"', '["id-{0}", {0}]', "{0}.12345678901234567", "9{0:018}"),
        *(f'"{"x" * 40}{{0}}"', f'"{"x" * 150}{{0}}"', f'["{"x" * 41}", "{"x" * 40}{{0}}"]'),
    ],
    ids=map(str, range(9)),
)
def test_different_values_are_not_looked_at_one_by_one(
    rules: list[Any], value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("filterpatterns.stats.values.MOST_VALUES", 60)
    calls = 0
    original = FieldMatcher.lets_through

    def lets_through(self: FieldMatcher, leaves: list[Any]) -> tuple[bool, ...]:
        nonlocal calls
        calls += 1
        return original(self, leaves)

    lines = [_sqs(f'{{"a": {value.format(number)}}}') for number in range(1000)]
    compiled = filterpatterns.compile({"body": {"a": rules}}, source="sqs")
    expected, _ = count_lines(compiled, lines, is_quick=False)
    monkeypatch.setattr(FieldMatcher, "lets_through", lets_through)
    found, quickly = count_lines(compiled, lines, is_quick=True)
    assert found == expected
    assert quickly > 900
    assert calls < 150
