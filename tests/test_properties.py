"""Every engine path agrees with the slow definition, on generated patterns and events."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, note
from oracle import oracle_matches
from paths import base64_of, kinesis_record, sqs_record, under, verdicts
from strategies import pattern_event_pairs, tangled_pairs

import filterpatterns
from filterpatterns.sources import SOURCES


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
def test_every_path_agrees_with_the_slow_definition(
    pair: tuple[dict[str, Any], dict[str, Any]],
) -> None:
    _agree(*pair)


@given(tangled_pairs())
def test_arrays_and_absence_agree_with_the_slow_definition(
    pair: tuple[dict[str, Any], dict[str, Any]],
) -> None:
    _agree(*pair)
