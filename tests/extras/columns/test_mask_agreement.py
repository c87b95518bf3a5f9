"""`mask_arrow` agrees with `mask` for the equivalent dicts, however the column is stored."""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import filterpatterns
from tests.support.paths import case_lines, under
from tests.support.strategies import events, patterns

Stored = Callable[[list[Any]], Any]

TEXTS: dict[str, Stored] = {
    "string": lambda rows: pa.array(rows, pa.string()),
    "large_string": lambda rows: pa.array(rows, pa.large_string()),
    "string_view": lambda rows: pa.array(rows, pa.string()).cast(pa.string_view()),
    "binary": lambda rows: pa.array(rows, pa.string()).cast(pa.binary()),
    "large_binary": lambda rows: pa.array(rows, pa.string()).cast(pa.large_binary()),
    "binary_view": lambda rows: (
        pa.array(rows, pa.string()).cast(pa.binary()).cast(pa.binary_view())
    ),
    "dictionary": lambda rows: pa.array(rows, pa.string()).dictionary_encode(),
    "dictionary of bytes": lambda rows: (
        pa.array(rows, pa.string()).cast(pa.binary()).dictionary_encode()
    ),
}

PAYLOADS = [
    *(None, "", "x", "hello", "5", "null", '{"a": 1', '{"a": "\\u0061"}', '{"a": "\\ud800"}'),
    *('  {"a": 1} ', "\ufeff{}", "[" * 2000 + "]" * 2000, '{"a": 1}', '{"a.b": 1}', "é"),
]


def layouts(rows: list[Any], seed: int) -> dict[str, tuple[Any, list[int]]]:
    """Columns of such rows, in every encoding, sliced and chunked at random; and the rows."""
    rng = random.Random(seed)
    found: dict[str, tuple[Any, list[int]]] = {}
    for name, stored in TEXTS.items():
        array = stored(rows)
        start = rng.randint(0, len(rows))
        end = rng.randint(start, len(rows))
        found[name] = array, list(range(len(rows)))
        found[f"{name}, sliced"] = array.slice(start, end - start), list(range(start, end))
        chunks = [array.slice(0, start), array.slice(start, end - start), array.slice(end)]
        found[f"{name}, in chunks"] = pa.chunked_array(chunks), list(range(len(rows)))
    return found


def masks(
    compiled: filterpatterns.Filter, columns: dict[str, tuple[Any, list[int]]], **options: Any
) -> dict[str, dict[int, bool]]:
    found = {}
    for name, (column, rows) in columns.items():
        mask = compiled.mask_arrow(column, **options)
        assert isinstance(mask, pa.ChunkedArray) == isinstance(column, pa.ChunkedArray)
        assert mask.type == pa.bool_()
        assert mask.null_count == 0
        found[name] = dict(zip(rows, mask.to_pylist(), strict=True))
    return found


def agree(found: dict[str, dict[int, bool]], expected: list[bool]) -> None:
    for name, mask in found.items():
        wrong = {row: kept for row, kept in mask.items() if kept != expected[row]}
        assert not wrong, name


@st.composite
def batches(draw: st.DrawFn) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """A pattern, and events of which some match it."""
    pattern = draw(patterns())
    return pattern, draw(st.lists(events(pattern), min_size=1, max_size=5))


@given(batches(), st.lists(st.sampled_from(PAYLOADS), max_size=4), st.integers(0, 1000))
def test_columns_of_payload_texts(
    batch: tuple[dict[str, Any], list[dict[str, Any]]], others: list[str | None], seed: int
) -> None:
    pattern, found = batch
    rows = [*map(json.dumps, found), *others, *(json.dumps(x, ensure_ascii=False) for x in found)]
    for source, key, is_base64 in (
        ("sqs", "body", False),
        ("kinesis", "data", True),
        ("kafka", "value", True),
        ("mq", "data", True),
        ("dynamodb", "dynamodb", False),
    ):
        compiled = filterpatterns.compile(under(key, json.dumps(pattern)), source=source)
        held = [
            base64.b64encode(row.encode()).decode() if is_base64 and row is not None else row
            for row in rows
        ]
        expected = compiled.mask([{key: row} for row in held])
        agree(masks(compiled, layouts(held, seed)), expected)
        agree(masks(compiled, layouts(rows, seed), encoding="raw"), expected)


NUMBERS = [
    # not comparable, next to what they become as floats
    *("37.807807921694092", "37.80780792169409", "9007199254740993", "9007199254740992", "1e400"),
    *("9007199254740993.0", "1e-400", "0.1000000000000000055", "0.1", "1e308", "-1e400"),
    *("300", "300.0", "3e2", "3.00e2", "-0.0", "0", "123456789012345", "1234567890123456789012"),
]


RULES = (
    "%(one)s",
    '{"numeric": ["=", %(one)s]}',
    '{"numeric": [">", %(one)s]}',
    '{"numeric": ["<=", %(one)s]}',
    '{"numeric": [">=", %(one)s, "<=", %(other)s]}',
    '{"anything-but": [%(one)s]}',
    '{"anything-but": [%(one)s, %(other)s]}',
)


@st.composite
def number_patterns(draw: st.DrawFn) -> str:
    """The text of a pattern about numbers."""
    number = st.sampled_from(NUMBERS).filter(lambda text: "e400" not in text)
    one, other = sorted([draw(number), draw(number)], key=float)
    rule = draw(st.sampled_from(RULES)) % {"one": one, "other": other}
    second = draw(st.sampled_from(["", ', "b": [1, "x"]', f', "b": [{other}]']))
    return f'{{"a": [{rule}]{second}}}'


@given(
    number_patterns(),
    st.lists(st.tuples(*[st.sampled_from(NUMBERS)] * 2), min_size=1, max_size=6),
    st.sampled_from(
        ['{"a": %s}', '{"a": [%s, "x"]}', '{"a": {"c": %s}, "b": 1}', '{"a": %s, "b": %s}']
    ),
    st.sampled_from(["", "x" * 500]),
    st.integers(0, 1000),
)
def test_columns_of_texts_with_numbers_of_any_precision(
    pattern: str, numbers: list[tuple[str, str]], form: str, padding: str, seed: int
) -> None:
    events = [form % pair[: form.count("%s")] for pair in numbers]
    rows: list[Any] = [f'{each[:-1]}, "padding": "{padding}"}}' for each in events]
    for others in ([], ["no JSON"]):  # with these a block is not decoded in one call
        rows += others
        for source, key in (("sqs", "body"), ("kinesis", "data"), ("event", "")):
            text = under(key, pattern) if key else pattern
            try:
                compiled = filterpatterns.compile(text, source=source)
            except filterpatterns.PatternError:
                return  # AWS refuses the number
            if not key:
                mine = rows[: len(events)]
                expected = [compiled._engine.evaluate(row) for row in mine]
                assert compiled.mask(mine) == expected
                agree(masks(compiled, layouts(mine, seed)), expected)
                continue
            held = [
                base64.b64encode(row.encode()).decode() if key == "data" else row for row in rows
            ]
            expected = [compiled._engine.evaluate({key: row}) for row in held]
            assert compiled.mask([{key: row} for row in held]) == expected
            agree(masks(compiled, layouts(held, seed)), expected)
            agree(masks(compiled, layouts(rows, seed), encoding="raw"), expected)
            records = [json.dumps({key: row}) for row in held]
            agree(masks(compiled, layouts(records, seed), of="record"), expected)
            table = pa.table({key: held})
            assert compiled.mask_arrow(table, of="record").to_pylist() == expected


def test_numbers_of_native_columns_are_parsed_and_can_be_compared() -> None:
    text = '{"a": 37.807807921694092}'
    above = filterpatterns.compile('{"body": {"a": [{"numeric": [">", 37.5]}]}}')
    native = pa.array([json.loads(text)])
    assert pa.types.is_float64(native.type.field("a").type)
    assert above.mask_arrow(pa.array([text])).to_pylist() == [False]
    assert above.mask_arrow(native).to_pylist() == [True]
    assert above.mask([{"body": text}, {"body": native[0].as_py()}]) == [False, True]


FORMS = ('{"a": %s}', '{"a": [%s, "x"]}', '{"a": {"c": %s}, "b": 1}')


@pytest.mark.parametrize("block", ["all doubles", "some too large", "some no JSON"])
@pytest.mark.parametrize("source", ["sqs", "kinesis", "event"])
def test_every_number_with_every_rule(source: str, block: str) -> None:
    key = {"sqs": "body", "kinesis": "data", "event": ""}[source]
    rows = [form % number for form in FORMS for number in NUMBERS]
    if block == "all doubles":  # decoded in one call
        rows = [row for row in rows if "1e400" not in row]
    elif block == "some no JSON" and key:
        rows.append("no JSON")
    held: list[Any] = rows
    if source == "kinesis":
        held = [base64.b64encode(row.encode()).decode() for row in rows]
    compared = 0
    for one in NUMBERS:
        for rule in RULES:
            pattern = f'{{"a": [{rule % {"one": one, "other": one}}]}}'
            try:
                compiled = filterpatterns.compile(
                    under(key, pattern) if key else pattern, source=source
                )
            except filterpatterns.PatternError:
                continue  # AWS refuses the number
            compared += 1
            records = [{key: row} if key else row for row in held]
            expected = [compiled._engine.evaluate(record) for record in records]
            assert compiled.mask_arrow(pa.array(held)).to_pylist() == expected, pattern
            if key:
                column = pa.array(rows)
                raw = compiled.mask_arrow(column, encoding="raw")
                assert raw.to_pylist() == expected, pattern
                texts = pa.array(list(map(json.dumps, records)))
                assert compiled.mask_arrow(texts, of="record").to_pylist() == expected, pattern
    assert compared > 30


@given(batches(), st.integers(0, 1000))
def test_columns_of_records(batch: tuple[dict[str, Any], list[dict[str, Any]]], seed: int) -> None:
    pattern, found = batch
    compiled = filterpatterns.compile(json.dumps(pattern), source="event")
    expected = [*compiled.mask(found), False]
    rows = [*map(json.dumps, found), None]
    agree(masks(compiled, layouts(rows, seed), of="record"), expected)
    agree(masks(compiled, layouts(rows, seed)), expected)


def as_array(rows: list[Any]) -> pa.Array | None:
    """The rows as structs, lists and so on; None if they have no one type."""
    try:
        array = pa.array(rows)
    except (pa.ArrowException, OverflowError):
        return None
    return None if pa.types.is_null(array.type) else array


@given(batches(), st.integers(0, 1000))
def test_columns_of_structs(batch: tuple[dict[str, Any], list[dict[str, Any]]], seed: int) -> None:
    pattern, found = batch
    array = as_array([*found, None])
    if array is None:
        return
    start = seed % len(array)
    chunked = pa.chunked_array([array.slice(0, start), array.slice(start)])
    sources = {"event": "", "sqs": "body", "dynamodb": "dynamodb", "mq": "data", "kinesis": "data"}
    for source, key in sources.items():
        text = json.dumps(pattern)
        compiled = filterpatterns.compile(under(key, text) if key else text, source=source)
        dicts = array.to_pylist()
        expected = [
            row is not None and compiled.matches({key: row} if key else row) for row in dicts
        ]
        assert compiled.mask_arrow(array).to_pylist() == expected
        assert compiled.mask_arrow(array.slice(start)).to_pylist() == expected[start:]
        assert compiled.mask_arrow(chunked).to_pylist() == expected
        without = [row is not None and compiled.matches(_as_record(key, row)) for row in dicts]
        assert compiled.mask_arrow(array, nulls="absent").to_pylist() == without
        if key:
            table = pa.table({key: array, "messageId": ["1"] * len(array)})
            expected = compiled.mask(table.to_pylist())
            assert compiled.mask_arrow(table, of="record").to_pylist() == expected
            mask = compiled.mask_arrow(table.slice(start), of="record")
            assert mask.to_pylist() == expected[start:]


def _as_record(key: str, row: Any) -> Any:
    row = _without_nulls(row)
    return {key: row} if key else row


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _without_nulls(v) for k, v in value.items() if v is not None}
    return [_without_nulls(each) for each in value] if isinstance(value, list) else value


@given(batches(), st.sampled_from(PAYLOADS), st.integers(0, 1000))
def test_tables_of_members(
    batch: tuple[dict[str, Any], list[dict[str, Any]]], other: str | None, seed: int
) -> None:
    pattern, found = batch
    bodies = [*map(json.dumps, found), other]
    metadata = {"a": [{"x": ["1", {"exists": False}]}], "b": ["p"]}
    rng = random.Random(seed)
    table = pa.table(
        {
            "a": [{"x": rng.choice(["1", "2", None])} for _ in bodies],
            "b": pa.array([rng.choice(["p", "q"]) for _ in bodies]).dictionary_encode(),
            "body": bodies,
            "at": pa.array([0 for _ in bodies], pa.timestamp("s")),
        }
    )
    for extra in ({}, {"b": metadata["b"]}, {"b": ["p"], "a": {"x": ["1"]}}):
        compiled = filterpatterns.compile(json.dumps({"body": pattern, **extra}))
        expected = compiled.mask(table.to_pylist())
        assert compiled.mask_arrow(table, of="record").to_pylist() == expected
        batch_mask = compiled.mask_arrow(table.to_batches()[0], of="record")
        assert isinstance(batch_mask, pa.BooleanArray)
        assert batch_mask.to_pylist() == expected
        kept = compiled.filter_arrow(table, of="record")
        assert kept.schema == table.schema
        assert kept.num_rows == sum(expected)
        alone = compiled.mask([{"body": body} for body in bodies])
        assert compiled.mask_arrow(table, column="body").to_pylist() == alone


@pytest.mark.parametrize("name", ["event_patterns.jsonl"])
def test_event_cases(name: str) -> None:
    for case in case_lines(name):
        compiled = filterpatterns.compile(case["pattern"], source="event")
        column = pa.array(case["events"])
        assert compiled.mask_arrow(column).to_pylist() == case["matches"], case["pattern"]
        array = as_array([json.loads(event) for event in case["events"]])
        if array is not None:
            expected = compiled.mask(array.to_pylist())
            assert compiled.mask_arrow(array).to_pylist() == expected, case["pattern"]
        in_body = filterpatterns.compile(under("body", case["pattern"]))
        assert in_body.mask_arrow(column).to_pylist() == case["matches"], case["pattern"]


def test_payload_cases() -> None:
    for case in case_lines("payload_formats.jsonl"):
        compiled = filterpatterns.compile(case["pattern"], source=case["source"])
        column = pa.array([json.dumps(case["record"])])
        assert compiled.mask_arrow(column, of="record").to_pylist() == [case["matches"]], case
        try:
            table = pa.Table.from_pylist([case["record"]])
        except pa.ArrowException:
            continue  # no table holds it
        expected = compiled.mask(table.to_pylist())
        assert compiled.mask_arrow(table, of="record").to_pylist() == expected, case
