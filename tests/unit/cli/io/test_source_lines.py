"""Lines of records of several sources, with `--source auto`: as if each was matched by itself."""

from __future__ import annotations

import base64
import json
import random
from typing import Any

import pytest

import filterpatterns
from filterpatterns.cli.io.lines import LineFilter, LineMatcher, ReasonMatcher
from filterpatterns.delivery.envelopes import source_of
from filterpatterns.errors import RecordError
from filterpatterns.matching.verdict import Reason
from tests.support.seeds import each_seed

PATTERNS: list[Any] = [
    {"data": {"a": [1]}},
    {"body": {"a": [1, 2]}},
    {"eventName": ["INSERT"]},
    {"value": {"a": [{"exists": True}]}, "topic": ["t"]},
    {"a": [1]},
    {"$or": [{"data": {"a": [1]}}, {"body": {"a": [1]}}]},
    {"data": ["plain"]},
]


def _payload(rng: random.Random) -> str:
    return rng.choice(['{"a": 1}', '{"a": 2}', '{"a": [1, 3]}', "plain", "[1"])


def _base64(rng: random.Random) -> str:
    return base64.b64encode(_payload(rng).encode()).decode()


def _record(rng: random.Random) -> dict[str, Any]:
    data = {"data": _base64(rng)}
    made: dict[str, Any] = rng.choice(
        [
            {"messageId": "1", "body": _payload(rng)},
            {"MessageId": "1", "Body": _payload(rng)},
            {"kinesis": {"partitionKey": "k", **data}},
            {"partitionKey": "k", **data},
            {
                "eventName": rng.choice(["INSERT", "REMOVE"]),
                "dynamodb": {"Keys": {"a": {"N": "1"}}},
            },
            {"topic": "t", "partition": 0, "offset": 1, "value": _base64(rng)},
            {"messageID": "m", **data},
            {"basicProperties": {}, "redelivered": False, **data},
            {"Data": {"a": 1}, "Metadata": {}},
            {"Data": {"a": 1}, "a": 1},
            {"a": 1},
            {},
        ]
    )
    if rng.random() < 0.3:
        named = ["aws:sqs", "aws:kinesis", "aws:mq", "aws:s3", 5, None]
        made["eventSource"] = rng.choice(named)
    return made


def _lines(seed: int) -> list[bytes]:
    rng = random.Random(seed)
    lines = []
    for _ in range(150):
        record = _record(rng)
        lines += [json.dumps(record)] * rng.choice([1, 1, 3, 30])
    for odd in ("", "{", "[]", '{"Records": [{"body": "x"}]}', "[{}]", '{"\\u0062ody": "{}"}', "é"):
        lines.insert(rng.randrange(len(lines)), odd)
    return [line.encode() + b"\n" for line in lines]


def _run(matcher: LineMatcher, lines: list[bytes]) -> tuple[Any, ...]:
    found = LineFilter(matcher, "file")
    chunks = [b"".join(lines[start : start + 70]) for start in range(0, len(lines), 70)] + [b""]
    found.run(lambda _longest: chunks.pop(0))
    return found.outcome, found.counts


@pytest.mark.parametrize("pattern", PATTERNS, ids=map(str, range(len(PATTERNS))))
@each_seed(1, thorough=6)
def test_lines_of_several_sources(pattern: Any, seed: int) -> None:
    lines = _lines(seed)
    compiled = filterpatterns.compile(pattern, source="auto")
    expected_matcher = LineMatcher(compiled, drops=True)
    expected_matcher.lines = None
    expected = _run(expected_matcher, lines)
    assert _run(LineMatcher(compiled, drops=True), lines) == expected

    def run_with_reasons(*, is_quick: bool) -> Any:
        reasons: dict[str, int] = {}
        misfits: list[bytes] = []

        def take(_record: Any, verdict: Any) -> None:
            reasons[verdict[0].words(verdict[1])] = reasons.get(verdict[0].words(verdict[1]), 0) + 1

        def take_misfit(line: bytes, verdict: Any) -> None:
            take(line, verdict)
            misfits.append(line)

        quick = compiled._engine.lines_with_reasons(take_misfit) if is_quick else None
        outcome, counts = _run(ReasonMatcher(compiled.verdict, quick, take), lines)
        outcome.dropped.extend(misfits)
        outcome.dropped.sort()
        plain = len(outcome.dropped) - sum(
            count for words, count in reasons.items() if words != Reason.MATCH.value
        )
        if plain:
            name = Reason.NO_MATCH.value
            reasons[name] = reasons.get(name, 0) + plain
        reasons.pop(Reason.MATCH.value, None)
        return outcome, counts, reasons

    assert run_with_reasons(is_quick=True) == run_with_reasons(is_quick=False)


@each_seed(1, thorough=6)
def test_the_source_of_a_line_is_that_of_its_record(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[str, bytes]] = []
    compiled = filterpatterns.compile({"a": [1]}, source="auto")

    class Engine:
        def __init__(self, name: str) -> None:
            self.name = name

        def lines(self, *, drops: bool) -> Any:
            def match(block: bytes, _number: int, *_calls: Any) -> int:
                lines = block.splitlines()
                seen.extend((self.name, line) for line in lines)
                return len(lines)

            return match

    engine: Any = compiled._engine
    engines = {name: Engine(name) for name in engine._engines}
    monkeypatch.setattr(engine, "_engines", engines)  # `compile` gives it to others, too
    slow: list[bytes] = []
    lines = _lines(seed)
    match = engine.lines(drops=False)
    for start in range(0, len(lines), 70):
        block = b"".join(lines[start : start + 70])
        match(block, start, print, print, lambda line, _number: slow.append(line))
    assert len(seen) > len(slow)  # those with Data are left
    for name, line in seen:
        assert source_of(json.loads(line)) == name


def test_a_source_that_rejects_the_pattern_is_reported_for_each_line() -> None:
    compiled = filterpatterns.compile({"data": ["plain"]}, source="auto")
    record = json.dumps({"kinesis": {"partitionKey": "k", "data": "eA=="}})
    with pytest.raises(RecordError, match="its source, kinesis, rejects the pattern"):
        compiled.matches(record)
    outcome, counts = _run(LineMatcher(compiled, drops=True), [record.encode() + b"\n"] * 3)
    assert (counts.errors, len(outcome.problems)) == (3, 3)
