"""Texts of numbers in generated code: floats, texts only for the numbers that decided, and texts at
once, for a long body after one that needed them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import filterpatterns
from filterpatterns.engine.engine import Engine
from tests.support.paths import in_body

CASES = Path(__file__).parents[2] / "cases" / "engine_edges.jsonl"

PADDING = " " * 500
"""Makes any body a long one."""

ABOVE = '{"a": [{"numeric": [">", 1]}]}'
SEVERAL = '{"a": [{"numeric": [">=", 0]}], "b": {"c": [{"numeric": ["<", 5]}], "d": [2.5, "x"]}}'

# pattern, body, verdict; all of them without the evaluator
BODIES = [
    (ABOVE, '{"a": 91.5}', True),
    (ABOVE, '{"a": 91.50}', True),
    (ABOVE, '{"a": 91.500000000000000000000}', True),
    (ABOVE, '{"a": 91.5000000000000000000001}', False),
    (ABOVE, '{"a": 37.807807921694092}', False),
    (ABOVE, '{"a": 37.80780792169409}', True),
    (ABOVE, '{"a": 91500000000000000000000001e-24}', False),
    (ABOVE, '{"a": 37.807807921694092, "a": 2.5}', True),
    (ABOVE, '{"a": 2.5, "a": 37.807807921694092}', False),
    (ABOVE, '{"a": 2.5, "b": {"a": 37.807807921694092}}', True),
    (ABOVE, '{"a": [37.807807921694092]}', False),
    (ABOVE, '{"a": [37.807807921694092, 2.5]}', True),
    (ABOVE, '[{"a": 37.807807921694092}, {"a": 2.5}]', True),
    (ABOVE, '[{"a": 37.807807921694092}]', False),
    ('{"a": [{"numeric": ["<", 1]}]}', '{"a": 0.0}', True),
    ('{"a": [{"numeric": ["<", 1]}]}', '{"a": 1e-400}', False),
    ('{"a": [{"numeric": ["<", 1]}]}', '{"a": -1e-310}', True),
    ('{"a": [{"anything-but": [2.5]}]}', '{"a": 2.5}', False),
    ('{"a": [{"anything-but": [2.5]}]}', '{"a": 2.50000000000000000001}', True),
    ('{"a": [0, "x"]}', '{"a": -0.0}', True),
    ('{"a": [0, "x"]}', '{"a": 1e-400}', False),
    (SEVERAL, '{"a": 1.5, "b": {"c": 1.5, "d": 2.5}}', True),
    (SEVERAL, '{"a": 1.5, "b": {"c": 1.5, "d": "x"}}', True),
    (SEVERAL, '{"a": 1.5, "b": {"c": 1.50000000000000000001, "d": 2.5}}', False),
    (SEVERAL, '{"a": 1.5, "b": {"c": 1.5, "d": 2.50000000000000000001}}', False),
    (SEVERAL, '{"a": 1.5, "b": [{"c": 1, "d": 2.5}]}', True),
    ('{"a": [2.5], "b": [2.5]}', '{"a": 2.5, "b": [1, 2.5]}', True),
    ('{"a": [2.5], "b": [2.5]}', '{"a": 2.5, "b": [2.50000000000000000001]}', False),
    ('{"$or": [{"a": [2.5]}, {"b": [2.5]}]}', '{"a": 2.50000000000000000001}', False),
    ('{"$or": [{"a": [2.5]}, {"b": [2.5]}]}', '{"a": 2.50000000000000000001, "b": 2.5}', True),
]


@pytest.mark.parametrize("padding", ["", PADDING], ids=["short", "long"])
@pytest.mark.parametrize(("pattern", "body", "verdict"), BODIES)
def test_the_texts_of_numbers_decide(
    pattern: str, body: str, verdict: bool, padding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled = filterpatterns.compile(in_body(pattern))
    record = {"body": body + padding}
    assert Engine.evaluate(compiled._engine, record) is verdict  # type: ignore[arg-type]
    monkeypatch.setattr(Engine, "evaluate", None)
    assert [compiled.matches(record) for _ in range(3)] == [verdict] * 3
    assert compiled.mask([record] * 3) == [verdict] * 3
    text = json.dumps(record)
    assert [compiled.matches(text) for _ in range(3)] == [verdict] * 3


def test_the_texts_of_numbers_in_long_bodies_decide() -> None:
    checked = 0
    for line in CASES.read_text(encoding="utf-8").splitlines():
        case: dict[str, Any] = json.loads(line)
        if "events" not in case or not any(digit in case["pattern"] for digit in "0123456789"):
            continue
        compiled = filterpatterns.compile(in_body(case["pattern"]))
        # the second of two equal bodies is decoded as the first one suggests
        records = [{"body": event + PADDING} for event in case["events"] for _ in range(2)]
        expected = [verdict for verdict in case["matches"] for _ in range(2)]
        assert compiled.mask(records) == expected, case["pattern"]
        assert [compiled.matches(record) for record in records] == expected, case["pattern"]
        checked += len(records)
    assert checked > 1000
