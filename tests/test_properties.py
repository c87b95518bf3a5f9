"""Every engine path agrees with the slow definition, on generated patterns and events."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, note
from oracle import oracle_matches
from paths import in_body, sqs_record, verdicts
from strategies import pattern_event_pairs, tangled_pairs

import filterpatterns


def _agree(pattern: dict[str, Any], event: dict[str, Any]) -> None:
    expected = oracle_matches(pattern, event)
    text = json.dumps(pattern)
    compiled = filterpatterns.compile(text, source="event")
    found = verdicts(compiled, event)
    note(repr(found))
    assert set(found.values()) == {expected}
    in_sqs = verdicts(filterpatterns.compile(in_body(text)), sqs_record(json.dumps(event)))
    note(repr(in_sqs))
    assert set(in_sqs.values()) == {expected}


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
