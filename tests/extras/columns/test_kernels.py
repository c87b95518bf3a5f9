"""Native columns that Arrow compares first: the verdicts are those of the equivalent dicts."""

from __future__ import annotations

import random
from typing import Any

import pyarrow as pa
import pytest

import filterpatterns
from filterpatterns.integrations.arrow import kernels

KIND = pa.struct(
    {
        "s": pa.string(),
        "l": pa.large_string(),
        "f": pa.float64(),
        "g": pa.float32(),
        "i": pa.int64(),
        "b": pa.bool_(),
        "o": pa.struct({"s": pa.string(), "n": pa.int32()}),
        "many": pa.list_(pa.string()),
    }
)
WORDS = ["open", "paid", "refunded", "re", "", "é/", None]
DOUBLES = [0.0, -0.0, 99.5, 100.0, 37.807807921694092, 0.1, float("nan"), float("inf"), None]
INTEGERS = [0, 1, 100, 2**53, 2**53 + 1, -(2**62), None]
RULES: dict[str, list[Any]] = {
    "s": ["refunded", {"prefix": "re"}, {"suffix": "é/"}, {"anything-but": ["open"]}, None, ""],
    "l": ["paid", {"prefix": ""}, {"equals-ignore-case": "PAID"}],
    "f": [100, 0, 37.807807921694092, {"numeric": [">", 0.05, "<=", 100]}, {"exists": False}],
    "g": [{"numeric": [">=", 99.5]}, {"numeric": ["=", 0.1]}],
    "i": [2**53, 100, {"numeric": ["<", 1]}, {"numeric": [">", 9007199254740992]}],
    "b": [True, None],
    "many": ["paid", {"prefix": "re"}],
}
RULES["o.s"] = RULES["s"]
RULES["o.n"] = [100, {"numeric": [">", 1]}]


def _rows(rng: random.Random, count: int, *, small: bool) -> list[Any]:
    def row() -> Any:
        if rng.random() < 0.05:
            return None
        inner = {"s": rng.choice(WORDS), "n": rng.choice([0, 1, 100, None])}
        return {
            "s": rng.choice(WORDS),
            "l": rng.choice(WORDS),
            "f": rng.choice(DOUBLES),
            "g": rng.choice([99.5, 100.0, 0.5, None]),
            "i": rng.choice(INTEGERS[:3] if small else INTEGERS),
            "b": rng.choice([True, False, None]),
            "o": None if rng.random() < 0.2 else inner,
            "many": rng.choice([None, [], ["paid"], ["open", "refunded"]]),
        }

    return [row() for _ in range(count)]


def _pattern(rng: random.Random) -> dict[str, Any]:
    pattern: dict[str, Any] = {}
    for path in rng.sample(sorted(RULES), rng.choice([1, 2, 2, 3])):
        rules = rng.sample(RULES[path], rng.choice([1, 1, 2]))
        if rng.random() < 0.3 and "$or" not in pattern:
            pattern["$or"] = [{path: rules}, {"l": ["paid"]}]
        else:
            pattern[path] = rules
    return pattern


@pytest.mark.parametrize("seed", range(300))
def test_rows_that_arrow_excludes_do_not_match(seed: int) -> None:
    rng = random.Random(seed)
    rows = _rows(rng, 120, small=rng.random() < 0.7)
    array = pa.array(rows, KIND)
    if rng.random() < 0.3:
        array, rows = array.slice(7, 90), rows[7:97]
    pattern = _pattern(rng)
    compiled = filterpatterns.compile({"body": pattern})
    records = [{"body": row} for row in array.to_pylist()]
    assert compiled.mask_arrow(array).to_pylist() == compiled.mask(records)
    absent = [{"body": _without_nulls(row)} for row in array.to_pylist()]
    assert compiled.mask_arrow(array, nulls="absent").to_pylist() == compiled.mask(absent)


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_nulls(each) for name, each in value.items() if each is not None}
    return value


def test_other_spellings_of_a_path_are_not_excluded() -> None:
    kind = pa.struct({"o": pa.struct({"s": pa.string()}), "o.s": pa.string()})
    array = pa.array([{"o": {"s": "x"}, "o.s": "refunded"}] + [{"o": {"s": "x"}}] * 50, kind)
    compiled = filterpatterns.compile({"body": {"o": {"s": ["refunded"]}}})
    records = [{"body": row} for row in array.to_pylist()]
    assert compiled.mask_arrow(array).to_pylist() == compiled.mask(records)
    assert compiled.mask_arrow(array).to_pylist()[0]


def test_a_column_of_no_json_type_is_refused_even_if_no_row_is_left() -> None:
    kind = pa.struct({"s": pa.string(), "t": pa.timestamp("s")})
    array = pa.array([{"s": "open", "t": 5}] * 50, kind)
    compiled = filterpatterns.compile({"body": {"s": ["refunded"], "t": ["x"]}})
    with pytest.raises(TypeError, match=r"body\.t"):
        compiled.mask_arrow(array)


def test_arrow_compares_the_supported_types(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few rows remain for a rare value."""
    compiled = filterpatterns.compile(
        {"body": {"s": ["refunded"], "f": [{"numeric": [">", 100]}], "many": [{"exists": True}]}}
    )
    left = []
    ask = kernels.candidates

    def asked(*given: Any) -> Any:
        left.append(ask(*given))
        return left[-1]

    monkeypatch.setattr("filterpatterns.integrations.arrow.records.candidates_by_kernels", asked)
    rows = [{"s": "open", "f": 500.0, "many": []}] * 99 + [{"s": "refunded", "f": 101.0}]
    array = pa.array(rows, KIND)
    assert compiled.mask_arrow(array, nulls="absent").to_pylist() == [False] * 100
    assert left == [[99]]
