"""Promises that were once broken, from the perspective of the user who would notice."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from click.testing import CliRunner

import filterpatterns
from filterpatterns import RecordError
from filterpatterns.cli.program import main
from tests.support.paths import base64_of, kinesis_record, verdicts

PATTERN = '{"body": {"a": [1]}}'
RECORD = {"messageId": "1", "body": '{"a": 1}'}


@pytest.mark.parametrize(
    ("source", "pattern", "record"),
    [
        ("dynamodb", '{"dynamodb.NewImage": {"Id": {"S": ["x"]}}}', None),
        ("dynamodb", '{"dynamodb.NewImage.Id.S": ["x"]}', None),
        ("dynamodb", '{"dynamodb": {"NewImage.Id": {"S": ["x"]}}, "eventName": ["INSERT"]}', None),
        ("kinesis", '{"data.Id": ["x"]}', kinesis_record('{"Id": "x"}')),
        ("sqs", '{"body.Id": ["x"]}', {"body": '{"Id": "x"}'}),
        ("mq", '{"data.Id": ["x"]}', {"data": base64_of('{"Id": "x"}')}),
        ("kafka", '{"value.Id": ["x"]}', {"value": base64_of('{"Id": "x"}')}),
    ],
)
def test_a_payload_may_be_spelled_with_dots(
    source: str, pattern: str, record: dict[str, Any] | None
) -> None:
    if record is None:
        record = {"eventName": "INSERT", "dynamodb": {"NewImage": {"Id": {"S": "x"}}}}
    compiled = filterpatterns.compile(pattern, source=source)
    assert set(verdicts(compiled, record).values()) == {True}
    assert "matches" in compiled.source_code


@pytest.mark.parametrize("source", ["sqs", "kinesis", "kafka", "mq"])
def test_half_a_surrogate_pair_is_an_ordinary_text(source: str) -> None:
    keys = {"sqs": "body", "kinesis": "data", "kafka": "value", "mq": "data"}
    compiled = filterpatterns.compile(f'{{"{keys[source]}": {{"a": ["\\ud83d"]}}}}', source=source)
    for text, expected in (('{"a": "\\ud83d"}', True), ('{"a": "x"}', False)):
        payload = text if source == "sqs" else base64_of(text)
        record: dict[str, Any] = {keys[source]: payload}
        if source == "kinesis":
            record = {"kinesis": record}
        assert set(verdicts(compiled, record).values()) == {expected}


def test_a_filter_is_immutable() -> None:
    compiled = filterpatterns.compile(PATTERN)
    for change in (
        lambda: setattr(compiled, "matches", None),
        lambda: delattr(compiled, "matches"),
        lambda: setattr(compiled, "other", 1),
    ):
        with pytest.raises(AttributeError):
            change()
    assert filterpatterns.compile(PATTERN).matches(RECORD) is True


def _at_depth(frames: int, function: Callable[[], Any]) -> Any:
    return function() if frames <= 0 else _at_depth(frames - 1, function)


def test_the_verdict_does_not_depend_on_the_callers_stack() -> None:
    pattern = '{"body":' + '{"a":' * 150 + '["x"]' + "}" * 151
    compiled = filterpatterns.compile(pattern)
    record = {"body": '{"a":' * 150 + '"x"' + "}" * 150}
    deep = sys.getrecursionlimit() - 300
    assert _at_depth(deep, lambda: compiled.matches(record)) is True
    assert _at_depth(deep, lambda: compiled.mask([record])) == [True]
    assert _at_depth(0, lambda: compiled.matches(record)) is True


@pytest.mark.parametrize(
    ("pattern", "holds", "fails"),
    [
        ("[5]", ["5", "5.0", "5E0"], ["5.1", "-5", "NaN", "sNaN", "Infinity", "5E400"]),
        ('[{"numeric": [">", 1.5]}]', ["1.6", "2", "1E5"], ["1.5", "NaN", "-Infinity", "1E400"]),
        ("[9007199254740993]", ["9007199254740993"], ["9007199254740992", "sNaN"]),
        ('[{"anything-but": 5}]', ["6", "NaN", "1E400"], ["5", "5.00"]),
    ],
)
def test_decimals_are_numbers(pattern: str, holds: list[str], fails: list[str]) -> None:
    """boto3 reads DynamoDB's numbers so, and json.loads if asked to."""
    compiled = filterpatterns.compile(f'{{"a": {pattern}}}', source="event")
    for texts, expected in ((holds, True), (fails, False)):
        for text in texts:
            record = {"a": Decimal(text)}
            assert compiled.matches(record) is expected, text
            assert compiled.mask([record]) == [expected], text


def test_a_list_of_filters_is_accepted_without_filter_criteria() -> None:
    compiled = filterpatterns.compile([{"Pattern": PATTERN}, {"Pattern": '{"body": ["x"]}'}])
    assert compiled.mask([RECORD, {"body": "x"}, {"body": "y"}]) == [True, True, False]


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ('{"body": "{\\"a\\": [1]}"}', "without quotes"),
        ('{"filters": [{"pattern": "{}"}]}', '"Filters"'),
        ('{"Filters": null}', '{"Filters": []}'),
    ],
)
def test_following_a_hint_does_not_cause_another_error(pattern: str, words: str) -> None:
    with pytest.raises(filterpatterns.PatternError) as caught:
        filterpatterns.compile(pattern)
    assert words in (caught.value.hint or "")


STREAM = {"Records": [kinesis_record('{"a": 1}')]}


def test_an_event_of_another_source_is_refused() -> None:
    with pytest.raises(RecordError, match="records of kinesis, not of sqs"):
        filterpatterns.compile(PATTERN).filter_event(STREAM)
    assert filterpatterns.compile('{"data": {"a": [1]}}', source="auto").filter_event(STREAM)


def test_fp_reports_records_of_another_source() -> None:
    result = CliRunner().invoke(main, ["test", PATTERN, "-"], input=json.dumps(STREAM))
    assert "these look like records of kinesis: use --source kinesis" in result.stderr
    assert result.exit_code == 0


def test_fp_reports_a_field_that_no_record_has() -> None:
    result = CliRunner().invoke(main, ["compile", '{"Body": {"a": [1]}}'])
    assert 'FP118: an SQS record has no "Body"' in result.stderr


def test_a_batch_must_not_be_a_record_or_an_event() -> None:
    compiled = filterpatterns.compile(PATTERN)
    for given in (RECORD, json.dumps(RECORD), STREAM):
        with pytest.raises(TypeError, match="filter_event"):
            compiled.filter(given)  # type: ignore[arg-type]


@pytest.mark.parametrize("key", ["k", '{"k": 1}', '{"k": 2}', "z", "", None])
@pytest.mark.parametrize("value", ["x", '{"a": 1}', '{"a": 2}', "[1", None])
@pytest.mark.parametrize(
    "pattern",
    [
        '{"key": ["k"], "value": {"a": [1]}}',
        '{"key": {"k": [1]}, "value": {"a": [1]}, "topic": ["t"]}',
        '{"key": {"k": [1]}, "value": ["x"]}',
        '{"$or": [{"key": ["z"]}, {"value": {"a": [2]}}, {"key": ["k"], "value": ["x"]}]}',
    ],
)
def test_the_key_and_the_value_of_a_kafka_record_are_matched_on_every_path(
    pattern: str, key: str | None, value: str | None
) -> None:
    compiled = filterpatterns.compile(pattern, source="kafka")
    record: dict[str, Any] = {"topic": "t"}
    for name, text in (("key", key), ("value", value)):
        if text is not None:
            record[name] = base64_of(text)
    assert len(set(verdicts(compiled, record).values())) == 1
    nulls = {"key": None, "value": None, **record}
    assert set(verdicts(compiled, nulls).values()) == {compiled.matches(record)}
