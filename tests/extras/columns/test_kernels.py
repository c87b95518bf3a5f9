"""Native columns that Arrow compares first: the verdicts are those of the equivalent dicts."""

from __future__ import annotations

import random
from decimal import Decimal
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
        "v": pa.string_view(),
        "k": pa.dictionary(pa.int8(), pa.string()),
        "c": pa.decimal128(17, 2),
        "t": pa.int8(),
        "u": pa.uint64(),
        "h": pa.float16(),
    }
)
WORDS = [
    *("open", "paid", "refunded", "re", "", "é/", None, "10.0.0.1", "Open", "\u212a", "\u017fopen"),
    *("a text of more than twelve bytes", "a text of more than twelve BYTES", "refunded more"),
]
DECIMALS = ["0.10", "0.11", "100.00", "99999999999.99", "100000000000000.01", "-0.10", None]
DOUBLES = [0.0, -0.0, 99.5, 100.0, 37.807807921694092, 0.1, float("nan"), float("inf"), None]
INTEGERS = [0, 1, 100, 2**53, 2**53 + 1, -(2**62), None]
RULES: dict[str, list[Any]] = {
    "s": [
        *("refunded", {"prefix": "re"}, {"suffix": "é/"}, None, "", 100, "10.0.0.1", "\ud800"),
        *({"anything-but": ["open"]}, {"anything-but": ["open", ""]}, {"anything-but": 100}),
        *({"equals-ignore-case": "OPEN"}, {"exists": True}, {"exists": False}, {"wildcard": "r*d"}),
        *({"prefix": 'open"'}, {"numeric": ["<", 5]}, "a text of more than twelve bytes"),
        *({"anything-but": {"prefix": "re"}}, {"prefix": {"equals-ignore-case": "RE"}}),
    ],
    "l": ["paid", {"prefix": ""}, {"equals-ignore-case": "PAID"}],
    "f": [
        *(100, 0, 37.807807921694092, {"numeric": [">", 0.05, "<=", 100]}, {"exists": False}),
        *({"anything-but": [100, 0.1]}, {"anything-but": "x"}, {"numeric": ["<", 1]}, "100", True),
        *({"numeric": [">=", 0.1]}, {"exists": True}),
    ],
    "g": [{"numeric": [">=", 99.5]}, {"numeric": ["=", 0.1]}],
    "i": [
        *(2**53, 100, 100.5, {"numeric": ["<", 1]}, {"numeric": [">", 9007199254740992]}),
        *({"numeric": [">", 0.5, "<", 1.5]}, {"anything-but": [100, 9007199254740994]}),
        *({"numeric": ["=", -4611686018427388000]}, {"numeric": ["<=", 1e300]}, "100"),
    ],
    "c": [
        *(0.1, 100, 0.105, {"numeric": [">", 0.1]}, {"numeric": [">=", 0.095, "<", 100]}),
        *({"numeric": ["<=", 99999999999.99]}, {"anything-but": [0.1, 5]}, 100000000000000.01),
        *({"numeric": [">", 0.1, "<", 0.105]}, {"numeric": ["<", 1e20]}),
    ],
    "t": [1, 100, 300, {"numeric": [">", -200]}, {"numeric": ["<", -200]}, {"numeric": ["<", 0.5]}],
    "u": [1, -1, {"numeric": [">", 100]}, {"numeric": [">=", -1, "<=", 100]}],
    "h": [{"numeric": [">=", 99.5]}, 0.5],
    "b": [True, False, None, "true", {"anything-but": "x"}, {"exists": False}],
    "many": ["paid", {"prefix": "re"}],
}
RULES["o.s"] = RULES["v"] = RULES["k"] = RULES["s"]
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
            "v": rng.choice(WORDS),
            "k": rng.choice(WORDS),
            "c": None if (number := rng.choice(DECIMALS)) is None else Decimal(number),
            "t": rng.choice([-128, 0, 1, 100, 127, None]),
            "u": rng.choice([0, 1, 100, 2**53, 2**53 + 1, 2**64 - 1, None]),
            "h": rng.choice([0.5, 99.5, None]),
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
    as_events = filterpatterns.compile(pattern, source="event")
    events = [row if row is not None else {} for row in array.to_pylist()]
    kept = as_events.mask(events)
    expected = [
        holds and row is not None for holds, row in zip(kept, array.to_pylist(), strict=True)
    ]
    assert as_events.mask_arrow(array).to_pylist() == expected


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


@pytest.fixture
def compared(monkeypatch: pytest.MonkeyPatch) -> list[tuple[list[int], bool]]:
    """Records the rows found by each comparison of columns, and whether they are known to match."""
    asked: list[tuple[list[int], bool]] = []
    ask = kernels.compared

    def asking(*given: Any) -> Any:
        found, is_sure = ask(*given)
        asked.append(([row for row, holds in enumerate(found) if holds], is_sure))
        return found, is_sure

    monkeypatch.setattr("filterpatterns.integrations.arrow.records.compared", asking)
    return asked


def test_columns_are_compared_without_converting_rows(
    compared: list[tuple[list[int], bool]],
) -> None:
    pattern = {"s": ["refunded"], "f": [{"numeric": [">", 100]}]}
    compiled = filterpatterns.compile({"body": pattern | {"many": [{"exists": True}]}})
    rows = [{"s": "open", "f": 500.0, "many": []}] * 99 + [{"s": "refunded", "f": 101.0}]
    array = pa.array(rows, KIND)
    assert compiled.mask_arrow(array, nulls="absent").to_pylist() == [False] * 100
    assert compared == [([99], False)]
    plain = filterpatterns.compile({"body": pattern})
    assert plain.mask_arrow(array).to_pylist() == [False] * 99 + [True]
    assert compared[1:] == [([99], True)]
