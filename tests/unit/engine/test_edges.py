"""Edge cases found by mutation testing."""

from __future__ import annotations

import json

import pytest

import filterpatterns
from filterpatterns import Reason, RecordError
from filterpatterns.delivery.reader import items
from filterpatterns.delivery.sources import SOURCES
from tests.support.helpers import everywhere, refused
from tests.support.paths import verdicts

ADDED_TO_ALL = ("eventSource", "eventSourceARN", "awsRegion")
ADDED_TO_KINESIS = ("eventID", "eventName", "eventVersion", "invokeIdentityArn")


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        ('{"exists": "true"}', "FP009"),
        ('{"exists": 0}', "FP009"),
        ('{"exists": null}', "FP009"),
        ('{"exists": [true]}', "FP009"),
        ('{"exists": {"a": true}}', "FP009"),
        ('{"prefix": true}', "FP009"),
        ('{"suffix": null}', "FP009"),
        ('{"wildcard": {}}', "FP009"),
        ('{"equals-ignore-case": ["x"]}', "FP009"),
        ('{"cidr": [5]}', "FP009"),
        ('{"numeric": ["<", 5, ">", 1]}', "FP010"),
        ('{"numeric": []}', "FP010"),
        ('{"numeric": [[1]]}', "FP010"),
        ('{"numeric": [{"a": 1}, 1]}', "FP010"),
        ('{"numeric": [5, 1]}', "FP010"),
        ('{"numeric": [">", [1]]}', "FP010"),
        ('{"numeric": [">", {"a": 1}]}', "FP010"),
        ('{"numeric": [">", true]}', "FP010"),
        ('{"numeric": [">", 1, [], 2]}', "FP010"),
        ('{"anything-but": {"prefix": []}}', "FP009"),
        ('{"anything-but": {"wildcard": []}}', "FP009"),
        ('{"anything-but": {"prefix": [["x"]]}}', "FP009"),
        ('{"anything-but": {"suffix": {"a": "x"}}}', "FP009"),
        ('{"anything-but": {"prefix": ""}}', "FP009"),
        ('{"anything-but": {"suffix": ["x", ""]}}', "FP009"),
        ('{"anything-but": {"prefix": "x", "suffix": "y"}}', "FP008"),
        ('{"anything-but": {}}', "FP008"),
        ('{"cidr": "x/24"}', "FP013"),
        ('{"cidr": "/24"}', "FP013"),
        ('{"cidr": "10.0.0.0"}', "FP013"),
        ('{"cidr": "10.0.0.0/"}', "FP013"),
        ('{"cidr": "10.0.0.0/abc"}', "FP013"),
        ('{"cidr": "10.0.0.0/-1"}', "FP013"),
        ('{"cidr": "10.0.0.0/²"}', "FP013"),
        ('{"cidr": "10.0.0.0/0024"}', "FP013"),
    ],
)
def test_an_operand_of_the_wrong_type_is_refused_at_its_position(rule: str, code: str) -> None:
    error = refused(f'{{"a": [{rule}]}}')
    assert error.code == code
    assert error.path.startswith("a[0].")
    assert error.column is not None
    assert error.column > len('{"a": [')


@pytest.mark.parametrize(
    ("operand", "words"),
    [
        ("[]", "an empty array"),
        ("[1]", "an array"),
        ("{}", "an empty object"),
        ('{"a": 1}', "an object"),
        ('"x"', 'the string "x"'),
        ('"' + "x" * 38 + '"', 'the string "' + "x" * 38 + '"'),
        ('"' + "x" * 39 + '"', 'the string "' + "x" * 36 + "..."),
        ("null", "null"),
        ("5e0", "the number 5e0"),
    ],
)
def test_an_error_describes_what_was_found(operand: str, words: str) -> None:
    error = refused(f'{{"a": [{{"exists": {operand}}}]}}')
    assert error.message == f"exists must be true or false, found {words}"


@pytest.mark.parametrize("code", [0, 0x1F, 0x20, 0x22, 0x2F, 0x5C, 0xD7FF, 0xD800, 0xDFFF, 0xE000])
def test_a_string_is_found_however_json_has_to_write_it(code: int) -> None:
    """The look before decoding is for the text as it stands, or for a backslash."""
    text = chr(code)
    twice = "\\" * 4 if text == "\\" else text * 2
    events = {
        json.dumps({"a": found}, ensure_ascii=escaped): found
        for found in (text, text * 2)
        for escaped in (True, 0xD800 <= code <= 0xDFFF)
    }
    for event, found in events.items():
        assert everywhere(json.dumps({"a": [text]}), event) is (found == text)
        for rule in ({"prefix": text}, {"suffix": text}, {"anything-but": "x"}):
            assert everywhere(json.dumps({"a": [rule]}), event)
        rule = {"wildcard": f"*{twice}*"}
        assert everywhere(json.dumps({"a": [rule]}), event) is (found != text)


@pytest.mark.parametrize("operator", ["wildcard", "equals-ignore-case"])
def test_only_prefix_and_suffix_must_not_be_empty_in_anything_but(operator: str) -> None:
    pattern = f'{{"a": [{{"anything-but": {{"{operator}": ["", "b"]}}}}]}}'
    compiled = filterpatterns.compile(pattern, source="event")
    found = compiled.mask([{"a": value} for value in ("", "b", "c", 5, None)])
    assert found == [False, False, True, True, True]


@pytest.mark.parametrize(
    ("pattern", "record", "expected"),
    [
        ('{"body": {"a": [1]}}', {"Body": '{"a": 1}'}, True),
        ('{"body": {"a": [1]}}', {"MessageId": "1", "Body": '{"a": 1}'}, True),
        ('{"messageId": ["1"]}', {"MessageId": "1"}, True),
        ('{"messageId": ["1"]}', {"body": "x", "MessageId": "1"}, False),
        ('{"body": {"a": [1]}}', {"body": '{"a": 2}', "Body": '{"a": 1}'}, False),
        ('{"body": {"a": [1]}}', {"body": '{"a": 1}', "Body": '{"a": 2}', "MessageId": "1"}, True),
        ('{"Attributes": {"a": [1]}}', {"Attributes": {"a": 1}}, True),
        ('{"attributes": {"a": [1]}}', {"Attributes": {"a": 1}, "Body": "x"}, True),
        ('{"attributes": {"a": [1]}}', {"Attributes": {"a": 1}}, False),
    ],
)
def test_only_a_record_in_the_shape_of_boto3_is_seen_under_other_names(
    pattern: str, record: dict[str, object], expected: bool
) -> None:
    compiled = filterpatterns.compile(pattern)
    assert set(verdicts(compiled, record).values()) == {expected}


@pytest.mark.parametrize(
    ("source", "name"),
    [
        *((one, field) for one in SOURCES for field in ADDED_TO_ALL if SOURCES[one].added_by_aws),
        *(("kinesis", name) for name in ADDED_TO_KINESIS),
    ],
)
def test_fields_that_aws_adds_after_filtering_are_absent(source: str, name: str) -> None:
    wanted = filterpatterns.compile(f'{{"{name}": ["x"]}}', source=source)
    absent = filterpatterns.compile(f'{{"{name}": [{{"exists": false}}]}}', source=source)
    record = {name: "x", "kinesis": {name: "x"}} if source == "kinesis" else {name: "x"}
    assert set(verdicts(wanted, record).values()) == {False}
    assert set(verdicts(absent, record).values()) == {True}
    assert [warning.code for warning in wanted.warnings] == ["FP104"]


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("StringValue", "stringValue"),
        ("BinaryValue", "binaryValue"),
        ("StringListValues", "stringListValues"),
        ("BinaryListValues", "binaryListValues"),
        ("DataType", "dataType"),
    ],
)
def test_attributes_from_boto3_have_lambdas_names(theirs: str, ours: str) -> None:
    compiled = filterpatterns.compile(f'{{"messageAttributes": {{"k": {{"{ours}": ["x"]}}}}}}')
    record = {"MessageId": "1", "Body": "b", "MessageAttributes": {"k": {theirs: "x"}}}
    assert set(verdicts(compiled, record).values()) == {True}


JSON_OR_STRING = ['{"body": {"a": [1]}}', '{"body": ["x"]}']


@pytest.mark.parametrize(
    ("patterns", "source", "record", "reason", "key"),
    [
        (JSON_OR_STRING[:1], "sqs", {"body": '{"a": 1}'}, Reason.MATCH, ""),
        (JSON_OR_STRING[:1], "sqs", {"body": '{"a": 2}'}, Reason.NO_MATCH, ""),
        (JSON_OR_STRING[:1], "sqs", {"body": "text"}, Reason.WANTS_JSON, "body"),
        (JSON_OR_STRING[:1], "sqs", {"body": " \ufeff{"}, Reason.BROKEN_JSON, "body"),
        (JSON_OR_STRING[:1], "sqs", {"body": "\n[1, "}, Reason.BROKEN_JSON, "body"),
        (JSON_OR_STRING[:1], "sqs", {"messageId": "1"}, Reason.NO_PAYLOAD, "body"),
        (JSON_OR_STRING[1:], "sqs", {"body": "5"}, Reason.WANTS_STRING, "body"),
        # no match of one filter says more than the wrong format for another
        (JSON_OR_STRING, "sqs", {"body": '{"a": 2}'}, Reason.NO_MATCH, ""),
        (JSON_OR_STRING[::-1], "sqs", {"body": '{"a": 2}'}, Reason.NO_MATCH, ""),
        (JSON_OR_STRING, "sqs", {"body": "y"}, Reason.NO_MATCH, ""),
        (JSON_OR_STRING[::-1], "sqs", {"body": "y"}, Reason.NO_MATCH, ""),
        (['{"data": {"a": [1]}}'], "kinesis", {"data": "%%%"}, Reason.UNREADABLE, "data"),
        (['{"data": {"a": [1]}}'], "kinesis", {"data": "dGV4dA=="}, Reason.WANTS_JSON, "data"),
        (['{"data": {"a": [1]}}'], "kinesis", {"data": "eyI="}, Reason.BROKEN_JSON, "data"),
        ({"Filters": []}, "sqs", {}, Reason.MATCH, ""),
    ],
)
def test_the_reason_says_what_would_have_to_change(
    patterns: list[str], source: str, record: dict[str, object], reason: Reason, key: str
) -> None:
    assert filterpatterns.compile(patterns, source=source).verdict(record) == (reason, key)


def test_a_pattern_deeper_than_one_expression_is_generated_in_functions() -> None:
    names = "abcdefghijkl"
    pattern = "".join(f'{{"{name}":' for name in names) + '["x"]' + "}" * len(names)
    event = pattern.replace('["x"]', '"x"')
    in_arrays = "".join(f'{{"{name}":[' for name in names) + '"x"' + "]}" * len(names)
    assert everywhere(pattern, event)
    assert everywhere(pattern, in_arrays)
    assert not everywhere(pattern, event.replace('"x"', '"y"'))
    assert not everywhere(pattern, in_arrays.replace('{"l":["x"]}', '{"l":["y"]}, 5'))


def test_a_bad_record_has_its_index_also_with_source_auto() -> None:
    compiled = filterpatterns.compile('{"body": {"a": [1]}}', source="auto")
    good, other = {"body": '{"a": 1}'}, {"kinesis": {"data": "e30="}}
    for records, index in (([good, good, 5], 2), ([good, "[", other], 1), ([good, b"\xff"], 1)):
        with pytest.raises(RecordError) as caught:
            compiled.mask(records)
        assert caught.value.index == index
    assert compiled.mask([good, 5, good], on_error="drop") == [True, False, True]


@pytest.mark.parametrize("empty", [[], ()])
def test_an_empty_list_of_patterns_is_refused(empty: object) -> None:
    assert refused(empty).code == "FP002"


@pytest.mark.parametrize("criteria", [{"FilterCriteria": {}}, '{"FilterCriteria": {}, "x": 1}'])
def test_filter_criteria_without_filters(criteria: object) -> None:
    if isinstance(criteria, str):
        assert refused(criteria).code.startswith("FP")
    else:
        assert filterpatterns.compile(criteria).matches({"body": "x"})  # type: ignore[arg-type]


def test_a_pattern_may_be_a_view_of_memory() -> None:
    compiled = filterpatterns.compile(memoryview(b'{"body": ["x"]}'))  # type: ignore[arg-type]
    assert compiled.mask([{"body": "x"}, {"body": "y"}]) == [True, False]


def test_kafka_records_in_a_file_are_identified_by_their_position() -> None:
    record = {"topic": "t", "partition": 0, "offset": 7, "value": "e30="}
    event = {"eventSource": "aws:kafka", "records": {"t-0": [record], "t-1": [record]}}
    found = list(items([json.dumps(event).encode()], "file"))
    assert [item.id for item in found] == ["t-0@7", "t-0@7"]
