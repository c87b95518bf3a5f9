"""Every path to a verdict, so that tests can compare them all."""

from __future__ import annotations

import base64
import itertools
import json
import os
import zlib
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import filterpatterns
from filterpatterns.cli.io.lines import LineFilter, LineMatcher
from filterpatterns.codegen.functions import Generated
from filterpatterns.delivery.envelopes import holds_records
from filterpatterns.engine.line_search import SCHEDULE, LineSearch
from filterpatterns.engine.tuning import Plan, Tuner
from filterpatterns.explain import ExplainedField
from filterpatterns.jsontext.structure import one_line

THOROUGH = os.environ.get("HYPOTHESIS_PROFILE") in ("thorough", "long")
"""Whether to try every combination, which takes longer."""

_RESULTS = ("filter", "partition", "mask")
_KINDS = ("dict", "text", "bytes")


def case_lines(name: str) -> Iterator[dict[str, Any]]:
    """The cases of a file in `tests/cases`."""
    from pathlib import Path

    path = Path(__file__).parents[1] / "cases" / name
    with path.open(encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


def text_of(record: Any) -> str:
    """A record as JSON text, lone surrogates as escapes."""
    return json.dumps(record, ensure_ascii=not _encodable(record))


def _encodable(record: Any) -> bool:
    try:
        json.dumps(record, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def verdicts(
    compiled: filterpatterns.Filter, record: Mapping[str, Any], text: str | None = None
) -> dict[str, bool]:
    """The verdict of each engine path on one record: given as a dict, as text and as bytes."""
    texts = [text_of(record) if text is None else text]
    return {path: found for path, (found,) in batch_verdicts(compiled, [record], texts).items()}


def batch_verdicts(
    compiled: filterpatterns.Filter, records: Sequence[Mapping[str, Any]], texts: Sequence[str]
) -> dict[str, list[bool]]:
    """The verdicts of each engine path on records, which are given as dicts, as text and as bytes.

    Compiling the generated loops and explaining takes most of the time. So the loops are tried
    with one kind of record and one result (filter, partition, mask); of several records one in six
    is explained, as a dict or as text, and every second pattern is matched with lines. Which ones
    depends on the pattern. The thorough profile tries all combinations.
    """
    engine = compiled._engine
    turn = turn_of(compiled)
    data = [text.encode() for text in texts]
    found = {
        "evaluator": [engine.evaluate(record) for record in records],
        "evaluator, text": [engine.evaluate(text) for text in texts],
        "matches": [compiled.matches(record) for record in records],
        "matches, text": [compiled.matches(text) for text in texts],
        "matches, bytes": [compiled.matches(each) for each in data],
    }
    given: dict[str, Sequence[Any]] = {"dict": records, "text": texts, "bytes": data}
    for kind, result in _batches(turn):
        if result == "mask":
            batch = compiled.mask(given[kind])
        elif result == "filter":
            batch = _kept(given[kind], compiled.filter(given[kind]))
        else:
            batch = _parted(given[kind], *compiled.partition(given[kind]))
        found[f"{result}, {kind}"] = batch
    if THOROUGH or len(records) == 1:
        found["explain"] = [explained(compiled, record) for record in records]
        found["explain, text"] = [bool(compiled.explain(text)) for text in texts]
    else:
        found["explain, some"] = [
            explained(compiled, (record, text)[n // 6 % 2]) if n % 6 == 0 else verdict
            for n, (record, text, verdict) in enumerate(
                zip(records, texts, found["evaluator"], strict=True), turn
            )
        ]
    generated = engine.generated()
    if generated is not None:
        for result, kind, look in _loops(generated, turn):
            loop = generated.loop(result, kind, look)
            kept: list[Any] = []
            dropped: list[Any] = []
            loop(given[kind], kept, dropped, engine.evaluate)
            path = f"{result} loop, {kind}, look={look}"
            if result == "mask":
                found[path] = kept
            elif result == "filter":
                found[path] = _kept(given[kind], kept)
            else:
                found[path] = _parted(given[kind], kept, dropped)
    is_turn_of_lines = THOROUGH or len(records) == 1 or turn % 2 == 0
    if is_turn_of_lines and all(holds_records(record) is None for record in records):
        found["lines"] = line_verdicts(compiled, texts)  # others are split: they have records
    return found


def _batches(turn: int) -> Iterator[tuple[str, str]]:
    """The kind of record and the result of the batches to try."""
    if THOROUGH:
        yield from itertools.product(_KINDS, _RESULTS)
    else:
        yield _KINDS[turn % 3], _RESULTS[turn // 3 % 3]


def _loops(generated: Generated, turn: int) -> Iterator[tuple[str, str, bool]]:
    """The result, the kind of record, and how to decode, of the loops to try."""
    if THOROUGH:
        looks = (False, True) if generated.can_look else (False,)
        yield from itertools.product(_RESULTS, _KINDS, looks)
    elif generated.can_look:  # short batches are decoded without a look already
        yield _RESULTS[turn // len(_KINDS) % len(_RESULTS)], _KINDS[turn % len(_KINDS)], True


def turn_of(compiled: filterpatterns.Filter) -> int:
    """A number that is always the same for a filter, and usually differs for another."""
    return sum(zlib.crc32(one.text.encode("utf-8", "surrogatepass")) for one in compiled.texts)


def _kept(given: Sequence[Any], kept: Sequence[Any]) -> list[bool]:
    """Which of the records were kept: these very objects, in their order."""
    left = deque(kept)
    found = []
    for record in given:
        found.append(bool(left) and left[0] is record)
        if found[-1]:
            left.popleft()
    assert not left, "records that were not given, or in another order"
    return found


def _parted(given: Sequence[Any], kept: Sequence[Any], dropped: Sequence[Any]) -> list[bool]:
    """Which of the records were kept, where all others were dropped."""
    found = _kept(given, kept)
    rest = [record for record, is_kept in zip(given, found, strict=True) if not is_kept]
    assert _kept(rest, dropped) == [True] * len(rest), "each record is kept or dropped"
    return found


def line_verdicts(compiled: filterpatterns.Filter, texts: Sequence[str]) -> list[bool]:
    """The verdicts on records' texts as lines of a file: the first lines are matched with a look
    before decoding, if there can be one, and the next without."""
    lines = [one_line(text).encode() + b"\n" for text in texts]
    filtered = LineFilter(LineMatcher(compiled, drops=True), "cases", json_lines=True)
    blocks = [lines * 2, lines * 2]
    filtered.run(lambda longest: b"".join(blocks.pop() if blocks else []))
    kept, dropped = filtered.outcome.kept, filtered.outcome.dropped
    found = [line in kept for line in lines]
    repeated = list(zip(lines, found, strict=True)) * 4
    assert kept == [line for line, is_kept in repeated if is_kept], filtered.outcome
    assert dropped == [line for line, is_kept in repeated if not is_kept], filtered.outcome
    matcher = searching(compiled)
    if matcher is not None:
        searched = LineFilter(matcher, "cases", json_lines=True)
        parts = [*lines, b"".join(lines)]
        searched.run(lambda longest: parts.pop() if parts else b"")
        assert searched.outcome.kept == [*filter(kept.__contains__, lines + lines[::-1])]
    return found


def searching(compiled: filterpatterns.Filter) -> LineMatcher | None:
    """A search of all blocks; None if there is nothing to search for."""
    search = compiled._engine.line_search()
    if search is None:
        return None
    matcher = LineMatcher(compiled, drops=False)
    matcher.search = LineSearch(*search, bytes)  # which has what a search needs, only slower
    matcher.search.tuner = AlwaysSearch(SCHEDULE)
    return matcher


class AlwaysSearch(Tuner):
    """Every block is searched."""

    def took(self, plan: Plan, seconds: float, count: int) -> None:
        self.plan = SCHEDULE.look


def explained(compiled: filterpatterns.Filter, record: Any) -> bool:
    """The verdict of an explanation, whose tree says the same."""
    explanation = compiled.explain(record)
    for each in explanation.filters:
        for one in each.combinations:
            failing = [form for form in one.formats if not form.satisfied]
            has_reason = bool(failing or fails(one.nodes) or gave_up(one.nodes))
            assert one.satisfied == (not has_reason), str(explanation)
        assert each.satisfied == any(one.satisfied for one in each.combinations)
    if explanation.filters:
        together = all if explanation.all_needed else any
        assert explanation.kept == together(each.satisfied for each in explanation.filters)
    tree = explanation.to_dict()
    assert json.loads(json.dumps(tree)) == tree
    assert all(line.isprintable() for line in str(explanation).split("\n"))
    return bool(explanation)


def fails(nodes: tuple[ExplainedField, ...]) -> bool:
    """Whether a field in the trees fails; an object or a `$or` fails if what is in it does."""
    for node in nodes:
        if node.children:
            assert (node.satisfied is False) == fails(node.children)
    return any(node.satisfied is False for node in nodes)


def gave_up(nodes: tuple[ExplainedField, ...]) -> bool:
    """Whether there are too many positions to say which of the fields in the trees fail."""
    return any(
        gave_up(node.children)
        or (node.satisfied is None and node.words == "not evaluated: too many positions to explain")
        for node in nodes
    )


def under(key: str, pattern: str) -> str:
    """The pattern as one for what stands under a key of records."""
    return f'{{"{key}": {pattern}}}'


def in_body(pattern: str) -> str:
    """The pattern as one for the body of SQS records."""
    return under("body", pattern)


def base64_of(text: str) -> str:
    """A text as Kinesis, Kafka and MQ deliver it."""
    return base64.b64encode(text.encode()).decode()


def kinesis_record(data: str) -> dict[str, Any]:
    """A Kinesis record as Lambda delivers it."""
    return {
        "kinesis": {"partitionKey": "1", "sequenceNumber": "49590338", "data": base64_of(data)},
        "eventSource": "aws:kinesis",
        "eventID": "shardId-000000000006:49590338",
    }


def sqs_record(body: Any) -> dict[str, Any]:
    """An SQS record as Lambda delivers it."""
    return {
        "messageId": "059f36b4-87a3-44ab-83d2-661975830a7d",
        "receiptHandle": "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a",
        "body": body,
        "attributes": {"ApproximateReceiveCount": "1", "SenderId": "AIDAIENQZJOLO23YVJ4VO"},
        "messageAttributes": {},
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:us-east-2:123456789012:my-queue",
        "awsRegion": "us-east-2",
    }
