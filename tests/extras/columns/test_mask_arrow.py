"""`Filter.mask_arrow`, `Filter.filter_arrow` and `RuleSet.matching_arrow`: types, nulls, errors."""

from __future__ import annotations

import base64
import datetime
import subprocess
import sys
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

import filterpatterns
from filterpatterns import RecordError, RuleSet
from filterpatterns.integrations.arrow.payloads import TextMatcher

PATTERN = {"body": {"status": ["refunded"]}}
ORDERS = filterpatterns.compile(PATTERN)
REFUNDED = '{"status": "refunded"}'
PAID = '{"status": "paid"}'


def event(pattern: dict[str, Any]) -> filterpatterns.Filter:
    return filterpatterns.compile(pattern, source="event")


# --- what comes out -------------------------------------------------------------------------------


def test_an_array_gives_an_array_and_chunks_give_the_same_chunks() -> None:
    assert isinstance(ORDERS.mask_arrow(pa.array([REFUNDED])), pa.BooleanArray)
    chunks = pa.chunked_array([[REFUNDED, PAID], [], [PAID]])
    mask = ORDERS.mask_arrow(chunks)
    assert [len(chunk) for chunk in mask.chunks] == [2, 0, 1]
    assert mask.to_pylist() == [True, False, False]
    empty = ORDERS.mask_arrow(pa.chunked_array([], pa.string()))
    assert isinstance(empty, pa.ChunkedArray)
    assert empty.type == pa.bool_()


def test_a_null_is_false() -> None:
    keeps_all = filterpatterns.compile({"Filters": []})
    rows = pa.array([REFUNDED, None])
    assert ORDERS.mask_arrow(rows).to_pylist() == [True, False]
    assert keeps_all.mask_arrow(rows).to_pylist() == [True, False]
    assert keeps_all.mask_arrow(pa.nulls(2)).to_pylist() == [False, False]
    plain = filterpatterns.compile({"messageId": [{"exists": False}]})
    assert plain.mask_arrow(rows).to_pylist() == [True, False]


def test_values_under_a_null_are_ignored() -> None:
    text = pa.array([REFUNDED, REFUNDED])
    nulled = pa.Array.from_buffers(
        pa.string(), 2, [pa.py_buffer(b"\x01"), *text.buffers()[1:]], null_count=1
    )
    assert ORDERS.mask_arrow(nulled).to_pylist() == [True, False]
    struct = pa.StructArray.from_arrays(
        [pa.array(["refunded", "refunded"])], names=["status"], mask=pa.array([False, True])
    )
    assert ORDERS.mask_arrow(struct).to_pylist() == [True, False]


def test_filter_arrow_returns_the_type_that_it_was_given() -> None:
    table = pa.table({"n": [1, 2, 3], "body": [PAID, REFUNDED, None]}).replace_schema_metadata(
        {"made": "by us"}
    )
    kept = ORDERS.filter_arrow(table, column="body")
    assert kept.to_pylist() == [{"n": 2, "body": REFUNDED}]
    assert kept.schema.equals(table.schema, check_metadata=True)
    (batch,) = table.to_batches()
    assert isinstance(ORDERS.filter_arrow(batch, column="body"), pa.RecordBatch)
    assert ORDERS.filter_arrow(table["body"]).to_pylist() == [REFUNDED]
    views = table.set_column(1, "body", table["body"].cast(pa.string_view()))
    assert ORDERS.filter_arrow(views, column="body").schema == views.schema
    reader = pa.RecordBatchReader.from_batches(table.schema, [batch])
    assert ORDERS.filter_arrow(reader, of="record").num_rows == 1


@pytest.mark.parametrize(
    ("kind", "paid"),
    [
        (pa.struct([("status", pa.string_view())]), {"status": "paid"}),
        (pa.map_(pa.string_view(), pa.string_view()), [("status", "paid")]),
        (pa.struct([("status", pa.list_(pa.string_view()))]), {"status": ["paid"]}),
        (pa.struct([("status", pa.list_(pa.string_view(), 1))]), {"status": ["paid"]}),
        (pa.map_(pa.string(), pa.large_list(pa.string_view())), [("status", ["paid"])]),
    ],
    ids=str,
)
def test_filter_arrow_with_string_views_in_nested_types(kind: Any, paid: Any) -> None:
    """pyarrow cannot filter string views by itself."""
    compiled = filterpatterns.compile({"body": {"status": ["paid"]}})
    column = pa.array([None, paid], kind)
    kept = compiled.filter_arrow(column)
    assert kept.to_pylist() == [paid]
    assert kept.type == kind
    assert compiled.filter_arrow(pa.table({"body": column}), column="body").num_rows == 1


def test_large_batches_with_and_without_a_search() -> None:
    """With and without the search, and with whole blocks or single rows decoded."""
    rows = [REFUNDED, PAID, '{"a": "\\n"}', None, "x", '{"s":"refunded"}', "é", '{"status": []}']
    expected = [row is not None and ORDERS.matches({"body": row}) for row in rows]
    mask = ORDERS.mask_arrow(pa.array(rows * 2000))
    assert mask.to_pylist() == expected * 2000
    plain = [PAID, REFUNDED, PAID] * 5000
    assert ORDERS.mask_arrow(pa.array(plain)).to_pylist() == [row is REFUNDED for row in plain]


def test_rows_that_are_json_or_contain_a_needle_only_when_joined() -> None:
    halves = ['{"status": "refu', 'nded"}', '{"status":"}', '{"}', "{}{}", '{"status": "refunded"}']
    for rows in (halves, [row.encode() for row in halves]):
        assert ORDERS.mask_arrow(pa.array(rows * 700)).to_pylist() == [*[False] * 5, True] * 700
    numbers = filterpatterns.compile({"body": {"a": [{"numeric": [">", 1]}]}})
    rows = ['{"a": 2}', '{"a":"}', '{"}', '{"a": 2}{"a": 2}', '{\n"a": 2\n}']
    expected = [numbers.matches({"body": row}) for row in rows]
    assert expected == [True, False, False, False, True]
    assert numbers.mask_arrow(pa.array(rows * 700)).to_pylist() == expected * 700


# --- types ----------------------------------------------------------------------------------------


def test_native_types_become_json_values() -> None:
    columns = {
        "text": pa.array(["x", "y", None]),
        "small": pa.array([5, 6, None], pa.int8()),
        "large": pa.array([5, 2**64 - 1, None], pa.uint64()),
        "half": pa.array([5.0, 0.5, None]).cast(pa.float16()),
        "float": pa.array([5.0, 0.1, None], pa.float32()),
        "flag": pa.array([True, False, None]),
        "decimal": pa.array([Decimal("5.00"), Decimal("1.5"), None], pa.decimal128(10, 2)),
        "list": pa.array([["x"], ["y", "x"], None]),
        "fixed": pa.array([["x"], ["y"], None], pa.list_(pa.string(), 1)),
        "view": pa.array([["x"], ["y"], None], pa.list_view(pa.string())),
        "map": pa.array([[("a", "x")], [("b", "x")], None], pa.map_(pa.string(), pa.string())),
        "struct": pa.array([{"a": "x"}, {"a": None}, None]),
        "word": pa.array(["x", "y", None]).dictionary_encode(),
        "runs": pa.RunEndEncodedArray.from_arrays([1, 2, 3], pa.array(["x", "y", None])),
        "nothing": pa.nulls(3),
    }
    table = pa.table(columns)
    dicts = table.drop_columns("map").to_pylist()
    maps = [{"a": "x"}, {"b": "x"}, None]
    rules: list[Any] = ["x", 5, 5.5, True, None, {"anything-but": "x"}, {"exists": False}]
    for rule in rules:
        for name in columns:
            path = {"a": [rule]} if name in ("map", "struct") else [rule]
            compiled = event({name: path})
            equivalent = [
                {**each, "map": each_map} for each, each_map in zip(dicts, maps, strict=True)
            ]
            expected = compiled.mask(equivalent)
            assert compiled.mask_arrow(table).to_pylist() == expected, (name, rule)
            sliced = compiled.mask_arrow(table.slice(1))
            assert sliced.to_pylist() == expected[1:], (name, rule)


def test_nulls_of_tables_may_mean_absent_members() -> None:
    table = pa.table({"error": ["x", None]})
    absent = event({"error": [{"exists": False}]})
    assert absent.mask_arrow(table).to_pylist() == [False, False]
    assert absent.mask_arrow(table, nulls="absent").to_pylist() == [False, True]
    assert event({"error": [None]}).mask_arrow(table).to_pylist() == [False, True]


def test_only_needed_members_are_converted() -> None:
    at = pa.array([datetime.datetime(2026, 1, 1)])  # noqa: DTZ001
    table = pa.table({"detail": pa.StructArray.from_arrays([pa.array([5]), at], ["total", "at"])})
    assert event({"detail": {"total": [5]}}).mask_arrow(table).to_pylist() == [True]
    with pytest.raises(TypeError, match=r"'detail.at' is timestamp\[us\].*cast it to a string"):
        event({"detail": {"at": ["2026"]}}).mask_arrow(table)
    with pytest.raises(TypeError, match="'headers' is binary: only a payload may be bytes"):
        event({"headers": ["x"]}).mask_arrow(pa.table({"headers": [b"x"]}))
    odd = pa.array([[(1, "x")]], pa.map_(pa.int32(), pa.string()))
    with pytest.raises(TypeError, match="the members of a JSON object are strings"):
        event({"odd": {"1": ["x"]}}).mask_arrow(pa.table({"odd": odd}))


def test_payloads_that_are_parsed_already() -> None:
    for values in ([5, 6], [True], [["a"], []], [{"status": "refunded"}], [Decimal(5)]):
        array = pa.array(values)
        for pattern in (PATTERN, {"body": ["refunded"]}, {"body": {"a": [{"exists": False}]}}):
            compiled = filterpatterns.compile(pattern)
            expected = compiled.mask([{"body": value} for value in values])
            assert compiled.mask_arrow(array).to_pylist() == expected


# --- encodings ------------------------------------------------------------------------------------

NOT_UTF8 = b'{"status": "refunded", "x": "\xff"}'


def test_bytes_that_are_not_utf8_are_a_plain_string() -> None:
    rows = [NOT_UTF8, REFUNDED.encode(), b"\xffx"]
    assert ORDERS.mask_arrow(pa.array(rows)).to_pylist() == [False, True, False]
    assert ORDERS.mask_arrow(pa.array(rows * 2000)).to_pylist() == [False, True, False] * 2000
    strings = filterpatterns.compile({"body": [{"suffix": "x"}]})
    assert strings.mask_arrow(pa.array(rows)).to_pylist() == [False, False, True]
    broken = pa.array(rows).view(pa.string())  # nothing has validated it
    assert ORDERS.mask_arrow(broken).to_pylist() == [False, True, False]
    assert ORDERS.mask_arrow(pa.table({"body": broken}), of="record").to_pylist() == [
        *(False, True, False)
    ]


@pytest.mark.parametrize(
    ("source", "key"), [("kafka", "value"), ("mq", "data"), ("kinesis", "data")]
)
def test_base64_and_raw(source: str, key: str) -> None:
    rows = [REFUNDED.encode(), PAID.encode(), NOT_UTF8, b"x", b"", None]
    held = [None if row is None else base64.b64encode(row) for row in rows]
    compiled = filterpatterns.compile({key: {"status": ["refunded"]}}, source=source)
    expected = compiled.mask([{key: row} for row in held])
    assert compiled.mask_arrow(pa.array(held)).to_pylist() == expected
    assert compiled.mask_arrow(pa.array(held).cast(pa.string())).to_pylist() == expected
    assert compiled.mask_arrow(pa.array(rows), encoding="raw").to_pylist() == expected
    table = pa.table({key: rows, "topic": ["t"] * len(rows)})
    assert compiled.mask_arrow(table, of="record", encoding="raw").to_pylist() == expected
    table = pa.table({key: held})
    assert compiled.mask_arrow(table, of="record").to_pylist() == expected
    wrong = pa.array([REFUNDED, "bm8gSlNPTg"])  # no base64 at all, no padding
    expected = compiled.mask([{key: row} for row in wrong.to_pylist()])
    assert compiled.mask_arrow(wrong).to_pylist() == expected


def test_kafka_keys() -> None:
    keyed = filterpatterns.compile({"key": ["k1"]}, source="kafka")
    keys = [base64.b64encode(key).decode() for key in (b"k1", b"k2")]
    assert keyed.mask_arrow(pa.array(keys)).to_pylist() == [True, False]
    both = filterpatterns.compile({"key": ["k1"], "value": {"a": [1]}}, source="kafka")
    with pytest.raises(ValueError, match=r"looks at value and key: .* of='record'"):
        both.mask_arrow(pa.array(keys))
    table = pa.table({"key": [b"k1", b"k2", b"k1"], "value": [b'{"a": 1}', b'{"a": 1}', b"{}"]})
    mask = both.mask_arrow(table, of="record", encoding="raw")
    assert mask.to_pylist() == [True, False, False]


def test_records_in_the_other_shapes() -> None:
    boto = pa.table({"MessageId": ["1", "2"], "Body": [REFUNDED, PAID]})
    assert ORDERS.mask_arrow(boto, of="record").to_pylist() == [True, False]
    inside = [{"partitionKey": "p", "data": base64.b64encode(REFUNDED.encode()).decode()}]
    kinesis = filterpatterns.compile(
        {"data": {"status": ["refunded"]}, "partitionKey": ["p"]}, source="kinesis"
    )
    assert kinesis.mask_arrow(pa.table({"kinesis": inside}), of="record").to_pylist() == [True]
    flat = pa.Table.from_pylist(inside)
    assert kinesis.mask_arrow(flat, of="record").to_pylist() == [True]
    dynamodb = filterpatterns.compile(
        {"eventName": ["INSERT"], "dynamodb": {"NewImage": {"Id": {"N": ["1"]}}}}, source="dynamodb"
    )
    image = {"NewImage": {"Id": {"N": "1"}}}
    for payload in (image, '{"NewImage": {"Id": {"N": "1"}}}'):
        table = pa.Table.from_pylist([{"eventName": "INSERT", "dynamodb": payload}])
        assert dynamodb.mask_arrow(table, of="record").to_pylist() == [True]


def test_records_of_any_source() -> None:
    auto = filterpatterns.compile({"body": {"status": ["refunded"]}}, source="auto")
    table = pa.table({"messageId": ["1", "2"], "body": [REFUNDED, PAID]})
    assert auto.mask_arrow(table, of="record").to_pylist() == [True, False]
    text = pa.array(['{"body": "{\\"status\\": \\"refunded\\"}"}', None])
    assert auto.mask_arrow(text, of="record").to_pylist() == [True, False]
    with pytest.raises(ValueError, match="does not show its source"):
        auto.mask_arrow(text)


# --- errors ---------------------------------------------------------------------------------------


def test_invalid_records_have_their_row_in_the_error() -> None:
    rows = [f'{{"body": "{n}"}}' for n in range(5000)]
    rows[4321] = "oops"
    for column in (pa.array(rows), pa.chunked_array([rows[:1000], rows[1000:]])):
        with pytest.raises(RecordError) as caught:
            ORDERS.mask_arrow(column, of="record")
        assert caught.value.index == 4321
        assert ORDERS.mask_arrow(column, of="record", on_error="drop").to_pylist() == [False] * 5000
    mixed = pa.array([b"{}", b"oops", b"\xff", b"{}"])
    with pytest.raises(RecordError, match="not JSON") as caught:
        ORDERS.mask_arrow(mixed, of="record")
    assert caught.value.index == 1
    coded = pa.array(["{}", "oops", "{}"] * 3).dictionary_encode()
    with pytest.raises(RecordError) as caught:
        ORDERS.mask_arrow(coded, of="record")
    assert caught.value.index == 1
    assert (
        ORDERS.mask_arrow(coded.take(pa.array([0, 2, 3])), of="record").to_pylist() == [False] * 3
    )


@pytest.mark.parametrize(
    ("data", "options", "error", "words"),
    [
        ([REFUNDED], {}, TypeError, "expected Arrow data.*found list"),
        (
            pa.table({"body": [REFUNDED], "n": [1]}),
            {},
            ValueError,
            "a table requires column=.*'body', 'n'",
        ),
        (
            pa.table({"a": [1]}),
            {"column": "body"},
            ValueError,
            "no column 'body'; the table has 'a'",
        ),
        (
            pa.array([REFUNDED]),
            {"column": "body"},
            ValueError,
            "is one column .string., not a table",
        ),
        (
            pa.array([5]),
            {"of": "record"},
            TypeError,
            "int64: records must be JSON texts",
        ),
        (pa.array([REFUNDED]), {"of": "body"}, ValueError, 'must be "payload" or "record"'),
        (
            pa.array([REFUNDED]),
            {"encoding": "gzip"},
            ValueError,
            'must be "raw" or "base64"',
        ),
        (pa.array([REFUNDED]), {"nulls": "x"}, ValueError, 'nulls must be "null" or "absent"'),
        (pa.array([REFUNDED]), {"on_error": "x"}, ValueError, 'on_error must be "raise" or "drop"'),
    ],
)
def test_mistakes_are_reported(
    data: Any, options: dict[str, Any], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        ORDERS.mask_arrow(data, **options)


def test_the_engine_does_not_need_pyarrow() -> None:
    script = (
        "import sys; sys.modules['pyarrow'] = None\n"
        "import filterpatterns\n"
        "compiled = filterpatterns.compile({'body': ['x']})\n"
        "assert compiled.matches({'body': 'x'})\n"
        "try:\n"
        "    compiled.mask_arrow([])\n"
        "except ImportError as error:\n"
        "    assert \"pip install 'filterpatterns[arrow]'\" in str(error), error\n"
        "else:\n"
        "    raise AssertionError\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
    loaded = "import filterpatterns, sys; filterpatterns.compile; print('pyarrow' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", loaded], check=True, capture_output=True, text=True)
    assert ran.stdout == "False\n"


# --- rule sets ------------------------------------------------------------------------------------


def test_rule_sets_give_lists() -> None:
    rules = RuleSet({"refunds": PATTERN, "all": {"body": {"status": [{"exists": True}]}}})
    rows = [REFUNDED, None, PAID, "x"]
    expected = [["refunds", "all"], [], ["all"], []]
    for column in (
        pa.array(rows),
        pa.array(rows).dictionary_encode(),
        pa.array(rows).cast(pa.binary()),
        pa.array([{"status": "refunded"}, None, {"status": "paid"}, {"status": None}][:3]),
    ):
        found = rules.matching_arrow(column)
        assert found.type == pa.list_(pa.string())
        assert found.to_pylist() == expected[: len(column)]
    table = pa.table({"body": rows, "at": pa.array([0] * 4, pa.timestamp("s"))})
    found = rules.matching_arrow(table, of="record")
    assert isinstance(found, pa.ChunkedArray)
    assert found.to_pylist() == expected
    assert rules.matching_arrow(table, column="body").to_pylist() == expected
    texts = pa.array(['{"body": {"status": "refunded"}}', "oops"])
    with pytest.raises(RecordError) as caught:
        rules.matching_arrow(texts, of="record")
    assert caught.value.index == 1
    assert rules.matching_arrow(texts, of="record", on_error="drop").to_pylist() == [
        ["refunds", "all"],
        [],
    ]
    assert RuleSet().matching_arrow(pa.array(rows)).to_pylist() == [[], [], [], []]


def test_rule_sets_of_raw_payloads() -> None:
    rules = RuleSet({"refunds": {"value": {"status": ["refunded"]}}}, source="kafka")
    rows = pa.array([REFUNDED.encode(), NOT_UTF8, None])
    held = [None if row is None else base64.b64encode(row) for row in rows.to_pylist()]
    expected = [["refunds"], ["refunds"], []]
    assert rules.matching_arrow(pa.array(held)).to_pylist() == expected
    assert rules.matching_arrow(rows, encoding="raw").to_pylist() == expected


def test_a_member_with_an_empty_name_is_not_the_record() -> None:
    rows = [
        {"a": {"a": 1}, "": {"a": 1, "": 1}},
        {"a": {"a": 1}, "": {"a": 2, "": 1}},
        {"a": {"a": 1}, "": {"a": 1, "": 2}},
    ]
    pattern = '{"a": {"a": [1]}, "": {"a": [1], "": [1]}}'
    maps = pa.map_(pa.string(), pa.map_(pa.string(), pa.int64()))
    as_maps = [[(name, list(value.items())) for name, value in row.items()] for row in rows]
    for column in (pa.array(rows), pa.array(as_maps, maps)):
        for text, source in ((pattern, "event"), (f'{{"body": {pattern}}}', "sqs")):
            compiled = filterpatterns.compile(text, source=source)
            assert compiled.mask_arrow(column).to_pylist() == [True, False, False]


def test_a_dictionary_that_chunks_share_is_evaluated_once(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled = filterpatterns.compile({"body": {"status": ["refunded"]}})
    values = pa.array(['{"status": "refunded"}', '{"status": "paid"}', None, "refunded"])
    other = pa.array(['{"status": "paid"}', '{"status": "refunded"}', '{"status": "paid"}', "x"])
    indices = pa.array([0, 1, 2, 3, None, 0])
    evaluated: list[int] = []
    original = TextMatcher.__call__

    def counted(self: TextMatcher, array: pa.Array, *rest: Any) -> pa.BooleanArray:
        evaluated.append(len(array))
        return original(self, array, *rest)

    monkeypatch.setattr(TextMatcher, "__call__", counted)
    dictionaries = [values, values, other, values.slice(1), values]
    chunks = [
        pa.DictionaryArray.from_arrays(indices if len(each) == 4 else pa.array([2, 0, 1]), each)
        for each in dictionaries
    ]
    column = pa.chunked_array(chunks)
    expected = compiled.mask([{"body": body} for body in column.to_pylist() if body is not None])
    found = compiled.mask_arrow(column).to_pylist()
    assert [kept for kept, body in zip(found, column.to_pylist(), strict=True) if body] == expected
    assert evaluated == [4, 4, 3]
