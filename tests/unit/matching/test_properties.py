"""Every engine path agrees with the oracle, on generated patterns and events."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, note
from hypothesis import strategies as st

import filterpatterns
from filterpatterns.delivery.sources import SOURCES
from tests.support.oracle import oracle_matches
from tests.support.paths import base64_of, kinesis_record, sqs_record, under, verdicts
from tests.support.strategies import pattern_event_pairs, tangled_pairs

pytestmark = pytest.mark.usefixtures("same_source_compiled_once")


def _agree(pattern: dict[str, Any], event: dict[str, Any]) -> None:
    expected = oracle_matches(pattern, event)
    text = json.dumps(pattern)
    compiled = filterpatterns.compile(text, source="event")
    found = verdicts(compiled, event)
    note(repr(found))
    assert set(found.values()) == {expected}
    for source, record in (
        ("sqs", sqs_record(json.dumps(event))),
        ("kinesis", kinesis_record(json.dumps(event))),
        ("dynamodb", {"eventName": "INSERT", "dynamodb": event}),
        ("mq", {"messageID": "ID:1", "data": base64_of(json.dumps(event))}),
    ):
        (key,) = SOURCES[source].payload_keys
        compiled = filterpatterns.compile(under(key, text), source=source)
        found = verdicts(compiled, record)
        note(f"{source}: {found}")
        assert set(found.values()) == {expected}


@given(pattern_event_pairs())
def test_every_path_agrees_with_the_oracle(
    pair: tuple[dict[str, Any], dict[str, Any]],
) -> None:
    _agree(*pair)


@given(tangled_pairs())
def test_arrays_and_absence_agree_with_the_oracle(
    pair: tuple[dict[str, Any], dict[str, Any]],
) -> None:
    _agree(*pair)


PAYLOADS = st.sampled_from(
    (
        *(
            "",
            "x",
            "hello",
            '{"a": 1}',
            '{"a": "x"}',
            '{"a": [1, {"b": 2}], "b": null}',
            "[1]",
            "5",
        ),
        *('"x"', "null", '{"a"', '{"a": 1} x', '{"a": 1e400}', '{"a.b": 1}', '{"a": "\\\\"}', "\\"),
        *(
            '{"a": "\\ud800"}',
            '{"b": {"a": "é"}}',
            "é",
            " {} ",
            "\ufeff{}",
            "[" * 1030 + "]" * 1030,
        ),
    )
)
LEAVES = st.sampled_from(
    ('["x"]', "[1, null]", '[{"exists": false}]', '[{"anything-but": "x"}]', '[{"prefix": "h"}]')
)
WISHES = st.one_of(
    LEAVES,
    st.builds('{{"a": {0}}}'.format, LEAVES),
    st.builds('{{"a": {0}, "b": {{"a": {1}}}}}'.format, LEAVES, LEAVES),
    st.builds('{{"a.b": {0}}}'.format, LEAVES),
)


def _wanted(key: str, wishes: list[str], metadata: str) -> str:
    """A pattern that requires any of several things of a payload, and perhaps something else."""
    if len(wishes) == 1:
        return f'{{"{key}": {wishes[0]}{metadata}}}'
    alternatives = ", ".join(f'{{"{key}": {wish}}}' for wish in wishes)
    return f'{{"$or": [{alternatives}]{metadata}}}'


@given(
    st.sampled_from(("sqs", "kinesis", "dynamodb", "kafka", "mq")),
    st.lists(WISHES, min_size=1, max_size=3),
    st.sampled_from(("", ', "m": ["x"]', ', "m": [{"exists": false}]')),
    PAYLOADS,
    st.sampled_from(("x", 5, None)),
)
def test_every_path_agrees_on_formats(
    source: str, wishes: list[str], metadata: str, payload: str, other: Any
) -> None:
    key = SOURCES[source].payload_keys[0]
    pattern = _wanted(key, wishes, metadata)
    if any(each.severity == "error" for each in filterpatterns.check(pattern, source=source)):
        assert source in ("kinesis", "dynamodb")  # they refuse patterns for plain strings
        return
    compiled = filterpatterns.compile(pattern, source=source)
    try:
        encoded = payload if source in ("sqs", "dynamodb") else base64_of(payload)
    except UnicodeEncodeError:
        encoded = "%%%"
    record: dict[str, Any] = {key: encoded, "m": other}
    if source == "kinesis":
        record = {"kinesis": record}
    found = verdicts(compiled, record)
    note(repr(found))
    assert len(set(found.values())) == 1
    if source == "sqs":
        text = found["evaluator"]
        assert compiled.matches({"Body": payload, "MessageId": "1", "m": other}) == text
