"""Lines of text -> records, in every layout and however broken."""

from __future__ import annotations

import io
import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filterpatterns.delivery.reader import Item, items, record_id

RECORDS = [
    {"messageId": "a", "body": '{"n": [1, {"x": "}"}]}'},
    {"messageId": "b", "body": 'plain ]}[{ " text'},
    {"messageId": "c", "attributes": {"é": ["\u2028"]}},
]


def read(content: str | bytes) -> list[Item]:
    data = content.encode() if isinstance(content, str) else content
    return list(items(io.BytesIO(data), "f"))


def values(found: list[Item]) -> list[Any]:
    assert [item.error for item in found if item.error] == []
    return [json.loads(i.record) if isinstance(i.record, str) else i.record for i in found]


def messages(found: list[Item]) -> list[Any]:
    """What is reported of a file: a record's id, or where an error is and what it is."""
    return [
        item.id if item.error is None else (item.line, item.column, item.error) for item in found
    ]


LAYOUTS = {
    "json lines": "\n".join(json.dumps(record) for record in RECORDS) + "\n",
    "no last newline": "\n".join(json.dumps(record) for record in RECORDS),
    "unescaped": "\n".join(json.dumps(record, ensure_ascii=False) for record in RECORDS),
    "blank lines": "\n\n \t\n" + "\n\n".join(json.dumps(record) for record in RECORDS) + "\n\n",
    "crlf": "\r\n".join(json.dumps(record) for record in RECORDS) + "\r\n",
    "carriage returns": "\r".join(json.dumps(record) for record in RECORDS),
    "on one line": " ".join(json.dumps(record) for record in RECORDS),
    "on one line without a space": "".join(json.dumps(record) for record in RECORDS),
    "byte order mark": "\ufeff" + "\n\ufeff".join(json.dumps(record) for record in RECORDS),
    "array": json.dumps(RECORDS),
    "pretty array": json.dumps(RECORDS, indent=2),
    "pretty array with crlf": json.dumps(RECORDS, indent=2).replace("\n", "\r\n"),
    "array with an item a line": "[\n" + ",\n".join(map(json.dumps, RECORDS)) + "\n]\n",
    "array with commas first": "[" + "\n,".join(map(json.dumps, RECORDS)) + "\n]",
    "pretty array without indent": json.dumps(RECORDS, indent=0),
    "lambda event": json.dumps({"Records": RECORDS}),
    "lambda event with escapes": json.dumps({"Records": RECORDS}).replace("Rec", "\\u0052ec"),
    "pretty lambda event": json.dumps({"a": ["Records"], "Records": RECORDS}, indent=4),
    "lambda events": "\n".join(json.dumps({"Records": [record]}) for record in RECORDS),
    "pretty lambda events": "\n".join(json.dumps({"Records": [r]}, indent=1) for r in RECORDS),
    "array of lambda events": json.dumps([{"Records": RECORDS[:2]}, {"Records": RECORDS[2:]}]),
    "pretty records": "\n".join(json.dumps(record, indent=2) for record in RECORDS),
    "pretty records, glued": "".join(json.dumps(record, indent=2) for record in RECORDS),
    "pretty records, blank lines": "\n\n".join(json.dumps(r, indent="\t") for r in RECORDS),
    "mixed": json.dumps(RECORDS[0], indent=2) + "\n" + json.dumps(RECORDS[1:]) + "\n",
    "an array a line": "\n".join(json.dumps([record]) for record in RECORDS),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_gives_the_same_records(layout: str) -> None:
    found = read(LAYOUTS[layout])
    assert values(found) == RECORDS
    assert [item.id for item in found] == ["a", "b", "c"]


def test_the_result_of_receive_message_is_split_into_records() -> None:
    received = [{"MessageId": "a", "Body": "x"}, {"MessageId": "b", "Body": "y"}]
    document = {"Messages": received, "ResponseMetadata": {"RetryAttempts": 0}}
    for text in (json.dumps(document), json.dumps(document, indent=4)):
        found = read(text)
        assert values(found) == received
        assert [item.id for item in found] == ["a", "b"]


@pytest.mark.parametrize(
    "record",
    [
        {"Records": "none", "id": "1"},
        {"Records": ["a", 5]},
        {"Messages": [{"text": "hello"}]},
        {"Messages": []},
        {"body": {"Records": []}},
        {"detail": {"Messages": [{"MessageId": "x"}]}},
    ],
)
def test_an_object_that_only_resembles_an_event_is_a_record(record: dict[str, Any]) -> None:
    assert values(read(json.dumps(record))) == [record]
    assert values(read(json.dumps(record, indent=2))) == [record]


def test_json_lines_are_returned_as_their_own_text() -> None:
    line = '{"messageId":  "a", "body": "1e400"}'
    assert read(f"{line}\r\n{line}") == [
        Item("f", 1, line, "a", own_line=f"{line}\r\n".encode()),
        Item("f", 2, line, "a", own_line=line.encode()),
    ]


@pytest.mark.parametrize(
    "content", ["", "\n", " \n\t\r\n\n", "[]", "[\n]\n", '{"Records": []}', "\ufeff"]
)
def test_there_may_be_no_records(content: str) -> None:
    assert read(content) == []


@pytest.mark.parametrize("indent", [0, 1, 4])
def test_records_of_a_pretty_document_have_their_own_lines(indent: int) -> None:
    for document in (RECORDS, {"x": [{}, "Records"], "Records": RECORDS, "y": [[{}]]}):
        text = "\n\n" + json.dumps(document, indent=indent)
        lines = text.split("\n")
        found = read(text)
        assert len(found) == len(RECORDS)
        for item in found:
            assert item.line is not None
            assert str(item.id) in lines[item.line], "the messageId is the first member"


def test_the_last_value_of_a_repeated_name_counts() -> None:
    text = '{\n"Records": [\n{"id": "1"}],\n"Records": [\n{"id": "2"}]}'
    assert [(item.id, item.line) for item in read(text)] == [("2", 5)]


def test_lines_that_are_not_records_are_reported_and_the_others_are_read() -> None:
    content = (
        b'{"id": "1"}\n'
        b'{"id": "2\n'
        b"\n"
        b"5\r\n"
        b'[1, {"id": "3"}, []]\n'
        b"{'id': 4}\n"
        b'{"id": "\xff"}\n'
        b"\0\n"
        b'{"id": "5"},\n'
        b'{"id": NaN}\n'
        b"null\n"
        b'{"id":\n'
        b'{"id": "6"}'
    )
    assert messages(read(content)) == [
        "1",
        (2, 8, "invalid JSON: unterminated string"),
        (4, None, "a record must be a JSON object, found a number"),
        (5, None, "a record must be a JSON object, found a number"),
        "3",
        (5, None, "a record must be a JSON object, found an array"),
        (6, 2, "invalid JSON: expecting property name enclosed in double quotes"),
        (7, None, "not UTF-8: invalid start byte at byte 9"),
        (8, 1, "invalid JSON: expecting value"),
        (9, 12, "invalid JSON: more text after the value"),
        (10, None, "invalid JSON: NaN is not a JSON number"),
        (11, None, "a record must be a JSON object, found null"),
        (12, 7, "invalid JSON: ends too early"),
        "6",
    ]


@pytest.mark.parametrize(
    "first", ['{"id": "0', '{"id": "0",', '{"id":', "{", "[", '{"a": [1', "x", "}"]
)
def test_a_broken_first_line_does_not_affect_others(first: str) -> None:
    found = read(f'{first}\n\n{{"id": "1"}}\n{{"id": "2"}}\nx\n{{"id": "3"}}\n')
    assert [(item.line, item.id) for item in found] == [
        (1, None),
        (3, "1"),
        (4, "2"),
        (5, None),
        (6, "3"),
    ]


def test_a_broken_document_does_not_affect_others() -> None:
    good = [json.dumps({"id": str(n), "a": {"b": [n]}}, indent=2) for n in range(3)]
    missing_colon = '{\n  "id" "x",\n  "a": {\n    "b": 1\n  }\n}'
    never_closed = '{\n  "id": "x",\n  "a": {\n    "b": 1\n}'
    not_utf8 = '{\n  "id": "\udcff"\n}'
    text = "\n".join([good[0], missing_colon, good[1], never_closed, good[2], not_utf8])
    assert messages(read(text.encode(errors="surrogateescape"))) == [
        "0",
        (10, 8, "invalid JSON: expecting ':' delimiter"),
        "1",
        (28, 1, "invalid JSON: expecting ',' delimiter"),
        "2",
        (37, None, "not UTF-8: invalid start byte at byte 10"),
    ]


def test_a_broken_document_does_not_affect_one_that_begins_on_its_last_line() -> None:
    documents = [json.dumps({"id": str(n)}, indent=2) for n in range(4)]
    documents[1] = documents[1].replace(":", "")
    assert messages(read("".join(documents))) == [
        "0",
        (4, 8, "invalid JSON: expecting ':' delimiter"),
        "2",
        "3",
    ]


def test_a_document_too_large_for_memory_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("filterpatterns.delivery.sizes.LONGEST_LINE", 1000)
    large = json.dumps([{"id": n} for n in range(100)], indent=2)
    small = json.dumps({"id": "x"}, indent=2)
    found = read(f"{small}\n{large}\n{small}\n")
    assert [item.line for item in found] == [1, 4, 306]
    assert [item.id for item in found] == ["x", None, "x"]
    assert str(found[1].error).startswith("a document of more than")


def test_a_document_that_never_ends_is_reported() -> None:
    text = json.dumps({"Records": RECORDS}, indent=2)[:-1]
    (item,) = read(text)
    assert item.error == "invalid JSON: ends too early"


def test_numbers_and_escapes_that_parsers_dispute() -> None:
    texts = ['{"id": "1", "n": 1e400}', '{"id": "2", "n": "\\ud800"}', f'{{"id": {10**400}}}']
    assert [item.error for item in read("\n".join(texts))] == [None, None, None]
    assert [item.error for item in read(",\n".join(texts).join("[]"))] == [None, None, None]


def test_nesting_is_bounded() -> None:
    depth = 100_000
    shapes = ["[" * depth + "]" * depth, '{"a":' * depth + "1" + "}" * depth, "[" * depth]
    for text in shapes:
        assert messages(read(text)) == [(1, None, "nested deeper than 1,024 levels")]
        (item,) = read(text.replace("[", "[\n").replace("{", "{\n"))
        assert item.error == "nested deeper than 1,024 levels"
    inside = '{"a":' + "[" * 1023 + "]" * 1023 + "}"
    assert [item.error for item in read(inside)] == [None]


@pytest.mark.parametrize(
    "content",
    [
        '"' + '\\"' * 50_000,
        '{"a": "' + '\\"' * 50_000 + "\n}",
        "{\n" + '"' + '\\"' * 50_000 + "{\n}",
        "{\n" * 50_000,
        "[\n],\n" * 50_000,
        '{"a":\n' * 50_000,
        "}\n{\n" * 50_000,
        "[\n{}\n" * 20_000,
    ],
    ids=range(8),
)
def test_hostile_text_costs_linear_time(content: str) -> None:
    started = time.process_time()
    assert any(item.error for item in read(content))
    assert time.process_time() - started < 5


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ({"id": "d", "eventID": "c", "MessageId": "b", "messageId": "a"}, "a"),
        ({"id": "d", "eventID": "c", "MessageId": "b"}, "b"),
        ({"id": "d", "eventID": "c"}, "c"),
        ({"id": "d", "messageId": ""}, "d"),
        ({"id": 17}, "17"),
        ({"id": "d", "messageID": "ID:1"}, "ID:1"),
        ({"topic": "orders", "partition": 0, "offset": 7, "id": "d"}, "orders-0@7"),
        ({"topic": "orders", "partition": 0, "offset": None, "id": "d"}, "d"),
        ({"basicProperties": {"messageId": "m"}}, "m"),
        ({"basicProperties": {"messageId": None}, "SystemMetadata": {"aws:EventId": "e"}}, "e"),
        ({"basicProperties": "m", "SystemMetadata": []}, None),
        ({"id": True}, None),
        ({"id": ["x"]}, None),
        ({}, None),
    ],
)
def test_a_record_has_an_id(record: dict[str, Any], expected: str | None) -> None:
    assert record_id(record) == expected
    assert read(json.dumps(record))[0].id == expected


# What a crashed writer, a full disk or a careless editor leaves behind.
_good = st.dictionaries(st.text(max_size=4), st.none() | st.integers() | st.text(max_size=4))
_good_lines = st.builds(json.dumps, _good, ensure_ascii=st.booleans()).map(str.encode)
_cut_lines = st.builds(lambda line, at: line[: at % len(line)], _good_lines, st.integers(0, 99))
_junk_lines = st.one_of(
    st.binary(max_size=12),
    st.sampled_from(
        [b"\0", b"\xff\xfe", b"{", b"}", b"]", b'"', b"5", b"nul", b"\r", b"\x0b", b""]
    ),
)
_lines_of_soup = st.lists(
    st.one_of(_good_lines, _cut_lines, _junk_lines).filter(
        # an array, and several records on a line, are so many items: not to be counted as lines
        lambda line: b"\n" not in line and b"[" not in line and line.count(b"{") < 2
    ),
    max_size=12,
)


@given(_lines_of_soup, st.sampled_from([b"\n", b"\r\n"]))
def test_every_line_with_content_is_accounted_for(soup: list[bytes], newline: bytes) -> None:
    lines = [b'{"id": "first"}', *soup]
    found = list(items((line + newline for line in lines), "f"))
    numbers = [
        number
        for number, line in enumerate(lines, 1)
        if line.removeprefix(b"\xef\xbb\xbf").strip(b" \t\r\n")
    ]
    assert [item.line for item in found] == numbers
    assert all((item.record is None) == (item.error is not None) for item in found)


_tokens = st.lists(
    st.sampled_from(
        [*'{}[]",:\\ \n\r1', '"a"', '"a":1', "{\n", "}\n", "},\n", '{"id":"1"}\n', "null", "\ufeff"]
    ),
    max_size=30,
).map("".join)


@given(_tokens)
def test_everything_read_without_an_error_is_json(text: str) -> None:
    found = read(text)
    if any(item.error and "JSON:" in item.error for item in found):
        return
    rest = text.replace("\ufeff", "")
    while rest := rest.lstrip(" \t\r\n"):
        rest = rest[json.JSONDecoder().raw_decode(rest)[1] :]


@given(st.lists(st.binary(max_size=8), max_size=8))
def test_no_input_makes_it_fail(lines: list[bytes]) -> None:
    for item in items((line + b"\n" for line in lines), "f"):
        assert (item.record is None) == (item.error is not None)


def test_an_element_that_is_not_an_object_has_a_position() -> None:
    array = '[\n {"id": "a"}, 5,\n "5",\n 5, [\n1],\n {"id": "b"},\n null\n]\n'
    found = read(array)
    assert [item.line for item in found] == [2, 2, 3, 4, 4, 6, 7]
    assert [item.id for item in found] == ["a", None, None, None, None, "b", None]
    found = read('{"Records": [{"messageId": "1", "body": "x"}, 7]}\n')
    assert [(item.id, item.error) for item in found] == [
        ("1", None),
        (None, "a record must be a JSON object, found a number"),
    ]
    assert read('[{"Records": [{"id": "1"}, 7]}, {"id": "2"}]')[1].error is not None
