"""Every way to a verdict, so that tests can ask all of them."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from typing import Any

import filterpatterns
from filterpatterns.cli.io.lines import LineFilter, LineMatcher
from filterpatterns.delivery.envelopes import holds_records
from filterpatterns.explain.explainer import ExplainedField
from filterpatterns.jsontext.structure import one_line


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
    text = text_of(record) if text is None else text
    engine = compiled._engine
    found = {
        "interpreter": engine.interpret(record),
        "interpreter, text": engine.interpret(text),
        "matches": compiled.matches(record),
        "matches, text": compiled.matches(text),
        "matches, bytes": compiled.matches(text.encode()),
        "filter": compiled.filter([record]) == [record],
        "filter, text": compiled.filter([text]) == [text],
        "partition": compiled.partition([record]) == ([record], []),
        "mask": compiled.mask([record]) == [True],
        "mask, text": compiled.mask([text]) == [True],
        "mask, bytes": compiled.mask([text.encode()]) == [True],
        "explain": explained(compiled, record),
        "explain, text": bool(compiled.explain(text)),
    }
    generated = engine.generated()
    if generated is not None:
        for kind, given in (("dict", record), ("text", text), ("bytes", text.encode())):
            for look in (False, True) if generated.can_look else (False,):
                for texts in (False, True, None) if generated.compares_numbers else (False,):
                    for result in ("filter", "partition", "mask"):
                        kept: list[Any] = []
                        loop = generated.loop(result, kind, look, texts)
                        loop([given], kept.append, lambda record: None, engine.interpret)
                        verdict = kept == [True] if result == "mask" else kept == [given]
                        way = f"look={look}, texts={texts}"
                        found[f"{result} loop, {kind}, {way}"] = verdict
    if holds_records(record) is None:  # or it is taken apart: those are the records
        found["lines"] = line_verdict(compiled, text)
    return found


def line_verdict(compiled: filterpatterns.Filter, text: str) -> bool:
    """The verdict on a record's text as a line of a file: the first lines are judged with a look
    before decoding, if there can be one, and the next without."""
    line = one_line(text).encode() + b"\n"
    lines = LineFilter(LineMatcher(compiled, drops=True), "cases", json_lines=True)
    blocks = [[line] * 2, [line] * 2]
    lines.run(lambda longest: blocks.pop() if blocks else [])
    outcome = lines.outcome
    assert (outcome.kept or outcome.dropped) == [line] * 4, outcome
    return bool(outcome.kept)


def explained(compiled: filterpatterns.Filter, record: Any) -> bool:
    """The verdict of an explanation, whose tree says the same."""
    explanation = compiled.explain(record)
    for each in explanation.filters:
        for one in each.combinations:
            failing = [form for form in one.formats if not form.satisfied]
            assert one.satisfied == (not failing and not fails(one.nodes)), str(explanation)
        assert each.satisfied == any(one.satisfied for one in each.combinations)
    if explanation.filters:
        together = all if explanation.all_needed else any
        assert explanation.kept == together(each.satisfied for each in explanation.filters)
    assert json.loads(json.dumps(explanation.to_dict())) == explanation.to_dict()
    assert all(line.isprintable() for line in str(explanation).split("\n"))
    return bool(explanation)


def fails(nodes: tuple[ExplainedField, ...]) -> bool:
    """Whether a field in the trees fails; an object or a `$or` fails if what is in it does."""
    for node in nodes:
        if node.children:
            assert (node.satisfied is False) == fails(node.children)
    return any(node.satisfied is False for node in nodes)


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
