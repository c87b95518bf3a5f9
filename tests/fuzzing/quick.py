"""A look at the case files that takes two seconds: for mutants, which are many."""

from __future__ import annotations

import json

import filterpatterns
from filterpatterns.delivery.sources import SOURCES
from tests.support.paths import case_lines, in_body, sqs_record, under, verdicts

_EVERY = 8


def agrees() -> bool:
    """Whether a part of the cases have their verdicts, as events and in payloads."""
    for number, case in enumerate(case_lines("event_patterns.jsonl")):
        if number % _EVERY:
            continue
        compiled = filterpatterns.compile(case["pattern"], source="event")
        body = filterpatterns.compile(in_body(case["pattern"]))
        for text, expected in zip(case["events"], case["matches"], strict=True):
            event = json.loads(text)
            ways = (
                compiled._engine.interpret(event),
                compiled.matches(event),
                compiled.matches(text),
                body.matches(sqs_record(text)),
                body._engine.interpret(sqs_record(text)),
            )
            if set(ways) != {expected}:
                return False
    for case in case_lines("payload_formats.jsonl"):
        compiled = filterpatterns.compile(case["pattern"], source=case["source"])
        if set(verdicts(compiled, case["record"]).values()) != {case["matches"]}:
            return False
    wish = '{"a": [1, "x"], "b": {"c": [{"exists": false}]}}'
    for source in SOURCES.values():
        for key in source.payload_keys:
            compiled = filterpatterns.compile(under(key, wish), source=source.name)
            if compiled.matches({"x": 1}):
                return False
    return True
