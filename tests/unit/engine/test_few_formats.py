"""Payloads of every format, and patterns that expect any of them, alone and in alternatives."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

import filterpatterns
from filterpatterns import Filter, PatternError, Reason, RuleSet
from filterpatterns.engine import engine
from tests.support.oracle import loads
from tests.support.record_oracle import ENCODED, PAYLOADS, encoded, record_matches
from tests.support.rulesets import settle
from tests.support.seeds import each_seed

_FIELDS: tuple[list[Any], ...] = (
    *(["x"], ["x", "y"], [1], [None], [True], ["10.0.0.1"], [{"exists": True}]),
    *([{"exists": False}], ["x", {"exists": False}], [{"anything-but": "x"}], [{"prefix": "x"}]),
    *([{"anything-but": [1]}], [{"numeric": [">", 0]}], [{"wildcard": "*x*"}]),
)
_STRINGS: tuple[list[Any], ...] = (
    *(["x"], ["1"], ["null"], [""], ["{}"], [1], [None], [{"exists": True}], [{"exists": False}]),
    *([{"prefix": "x"}], [{"prefix": "{"}], [{"anything-but": "x"}], [{"numeric": [">", 0]}]),
)
_SCALARS = ("x", "y", "xy", "", "10.0.0.1", 0, 1, 1.0, 1.5, None, True)
_TEXTS = (
    *("x", "xy", "", " ", "null", "true", "1", " 1 ", "-0", "1e999", "[]", "{}", "[[]]", '"x"'),
    *("{", "[", '"x', "nul", "01", "NaN", "\ufeff{}", '{"a":"x"}{}', '{"a":"x"},', "x\ny", "\x00"),
    *("\ud800", '{"a":"\ud800"}', '{"a":"\\ud800"}', '{"a":"y","a":"x"}', '{"\\u0061":"x"}'),
    *('{"a":1.10}', '{"a":-0}', '{"a":1e-999}', "\x0b{}", '{"a":"x\t"}', '[{"a":"x"}]'),
)
_NO_BASE64 = ("%", "eA", "eA=", "eA==", "eA===", "=", "eB==", "eA==eA==", "eA==\n", "e A=", "é")
_NO_BASE64 += ("/w==", "eyJhIjoieCJ9", "eyJhIjoieCJ9=", "eyJhIjoieCJ9==", "_-8=")
_PATTERNS = 25
_RECORDS = 16


def _fields(rng: random.Random) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for _ in range(rng.choice((1, 1, 2))):
        name = rng.choice("ab")
        made[name] = _fields(rng) if rng.random() < 0.15 else rng.choice(_FIELDS)
    return made


def _pattern(rng: random.Random, source: str, levels: int = 1) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for key in PAYLOADS[source]:
        if rng.random() < 0.6:
            is_text = source != "kinesis" and rng.random() < 0.35
            made[key] = rng.choice(_STRINGS) if is_text else _fields(rng)
    if not made or rng.random() < 0.4:
        made[rng.choice("mn")] = rng.choice(_FIELDS)
    if levels and rng.random() < 0.4:
        made["$or"] = [_pattern(rng, source, 0) for _ in range(rng.choice((2, 2, 3)))]
    return made


def _value(rng: random.Random, levels: int) -> Any:
    kind = rng.random()
    if not levels or kind < 0.5:
        return rng.choice(_SCALARS)
    if kind < 0.75:
        return [_value(rng, levels - 1) for _ in range(rng.randrange(3))]
    return _object(rng, levels - 1)


def _object(rng: random.Random, levels: int) -> dict[str, Any]:
    return {rng.choice("ab"): _value(rng, levels) for _ in range(rng.randrange(3))}


def _payload(rng: random.Random, source: str) -> Any:
    kind = rng.random()
    if kind < 0.1:
        return _value(rng, 2)
    text = json.dumps(_object(rng, 2)) if kind < 0.55 else rng.choice(_TEXTS)
    if source not in ENCODED:
        return text
    return rng.choice(_NO_BASE64) if kind > 0.9 else encoded(text)


def _record(rng: random.Random, source: str) -> dict[str, Any]:
    made = {key: _payload(rng, source) for key in PAYLOADS[source] if rng.random() < 0.93}
    return made | {name: _value(rng, 1) for name in "mn" if rng.random() < 0.5}


def _reasons(compiled: Filter, texts: list[str]) -> list[Reason]:
    """Why each line is dropped, as `fp test -q` counts it."""
    found: dict[bytes, Reason] = {}

    def take(line: bytes, reason: Reason) -> None:
        found[line] = reason

    match = compiled._engine.lines_with_reasons(lambda line, verdict: take(line, verdict[0]))
    lines = [text.encode() + b"\n" for text in texts]
    if match is not None:
        match(
            b"".join(lines),
            0,
            lambda line: take(line, Reason.MATCH),
            lambda line: take(line, Reason.NO_MATCH),
            lambda line, _number: take(line, compiled.verdict(line)[0]),
        )
    return [found.get(line, compiled.verdict(line)[0]) for line in lines]


@pytest.mark.parametrize("source", ["sqs", "kinesis", "kafka", "mq"])
@each_seed(1, thorough=25)
def test_every_engine_follows_the_format_table(
    source: str, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "EVALUATED_FIRST", 0)
    rng = random.Random(f"{source} {seed}")
    for _ in range(_PATTERNS):
        wanted = [_pattern(rng, source) for _ in range(rng.choice((1, 1, 2)))]
        given = {"Filters": [{"Pattern": json.dumps(each)} for each in wanted]}
        try:
            compiled = filterpatterns.compile(given, source=source)
        except PatternError:
            continue
        views = [_record(rng, source) for _ in range(_RECORDS)]
        records = [{"kinesis": view} for view in views] if source == "kinesis" else views
        texts = [json.dumps(record) for record in records]
        exact = [record_matches(source, wanted, loads(json.dumps(view))) for view in views]
        rules = RuleSet({"it": given, "other": json.dumps(_pattern(rng, source))}, source=source)
        settle(rules)
        found = {
            "evaluator": [compiled._engine.evaluate(record) for record in records],
            "dict": compiled.mask(records),
            "text": compiled.mask(texts),
            "one text": [compiled.matches(text) for text in texts],
            "explain": [bool(compiled.explain(record)) for record in records[:2]],
            "rule set": ["it" in names for names in rules.matching_many(texts)],
        }
        wrong = {way: got for way, got in found.items() if got != exact[: len(got)]}
        assert not wrong, (given, texts, exact)
        assert _reasons(compiled, texts) == [compiled.verdict(text)[0] for text in texts], given
