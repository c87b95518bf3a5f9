"""The fuzz targets: functions of bytes that raise if a promise is broken.

Each returns how many inputs it tried: a pattern is compiled once for several records.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import filterpatterns
from filterpatterns import Filter
from filterpatterns.delivery import reader as event_reader
from filterpatterns.delivery.envelopes import holds_records
from filterpatterns.delivery.sources import SOURCES
from filterpatterns.engine import engine
from filterpatterns.engine.filter import check_texts
from filterpatterns.jsontext import decoding
from filterpatterns.jsontext.structure import split
from filterpatterns.templates.errors import TemplateError
from filterpatterns.templates.finding import patterns_in
from tests.fuzzing import events, patterns, records, words
from tests.fuzzing.agreement import (
    check_bytes,
    check_record,
    compiled_or_refused,
    diagnostic_is_sane,
)
from tests.fuzzing.draw import Draw
from tests.fuzzing.findings import expect
from tests.fuzzing.peers import check_file
from tests.support.oracle import oracle_matches
from tests.support.paths import case_lines

engine.EVALUATED_FIRST = 0  # each filter is asked a few times only: generated code is to answer

RAW = b"\x00"
"""The first byte of an input whose rest is a text as it stands; others steer a generator."""

_SOURCES = (*SOURCES, "auto")
_UNSCOPED = tuple(name for name, source in SOURCES.items() if not source.scopes)
"""Sources whose patterns stand by themselves."""

_MOST_RECORDS = 40


@cache
def _pattern_texts() -> list[str]:
    texts = [case["pattern"] for case in case_lines("pattern_syntax.jsonl")]
    texts += [case["pattern"] for case in case_lines("payload_formats.jsonl")]
    for case in case_lines("good_patterns.jsonl"):
        texts += map(json.dumps, case["patterns"])
        filters = [{"Pattern": json.dumps(one)} for one in case["patterns"]]
        texts.append(json.dumps({"Filters": filters}))
    return texts


def _text(draw: Draw, corpus: list[str], tokens: list[str]) -> str:
    """A text from the corpus, or a pattern, with changes."""
    if draw.below(2):
        return records.changed(draw, draw.pick(corpus), tokens)
    return records.changed(draw, events.spelled(draw, patterns.pattern(draw)), tokens)


def pattern_text(data: bytes) -> int:
    """Any text, bytes or objects given as a pattern: a Filter or a PatternError comes of it."""
    draw = Draw(data)
    how, source = draw.below(8), draw.pick(_SOURCES)
    if how == 0:
        raw = draw.rest()
        compiled_or_refused(raw, source, None)
        text = raw.decode("utf-8", "surrogateescape" if len(raw) % 2 else "replace")
    elif how == 1:
        made: Any = patterns.pattern(draw)
        if draw.below(2):
            made = [made, {"Pattern": events.spelled(draw, patterns.pattern(draw))}]
        compiled_or_refused(made, source, None)
        return 1
    else:
        text = _text(draw, _pattern_texts(), words.TOKENS)
    compiled = compiled_or_refused(text, source, text)
    if compiled is not None and draw.below(2):
        expect(compiled.source_code.isascii(), compiled.source_code)
    return 1


@cache
def _filters() -> list[Filter]:
    """Filters for every source, and of every shape of generated code."""
    wishes = (
        '{"a": [1]}',
        '{"a": ["x", null], "b": {"c": [{"exists": false}]}}',
        '{"i": {"a": ["x"], "b": [{"prefix": "y"}]}}',
        '{"i": {"a": [{"exists": false}], "c": [{"numeric": [">", 1]}]}}',
        '{"i": [5], "i.a": [1, {"anything-but": "z"}]}',
        '{"a.b": ["10.0.0.1"], "k": [{"equals-ignore-case": "ß"}]}',
        '{"$or": [{"a": ["refund"]}, {"b": [{"wildcard": "*x*"}]}]}',
        '{"a": [9007199254740993, 1e400, {"numeric": ["<", 1e300]}]}',
    )
    made = [filterpatterns.compile('{"Filters": []}', source="sqs")]
    made += [
        filterpatterns.compile(
            {"Filters": [{"Scope": "DATA", "Pattern": wish}]}, source="subscriber"
        )
        for wish in wishes
        if "wildcard" not in wish
    ]
    for source in map(SOURCES.__getitem__, _UNSCOPED):
        for wish in wishes:
            wanted = [f'{{"{key}": {wish}}}' for key in source.payload_keys] or [wish]
            wanted += [f'{{"{key}": {wish}, "k": ["x"]}}' for key in source.payload_keys]
            made += [filterpatterns.compile(one, source=source.name) for one in wanted]
        if source.takes_strings:
            made += [
                filterpatterns.compile(f'{{"{key}": [{{"prefix": "x"}}, "y"]}}', source=source.name)
                for key in source.payload_keys
            ]
    made += [filterpatterns.compile(f'{{"body": {wish}}}', source="auto") for wish in wishes]
    return made


def record_bytes(data: bytes) -> int:
    """Any bytes given as a record: a verdict on which all paths agree, or a RecordError."""
    draw = Draw(data)
    how, compiled = draw.below(4), draw.pick(_filters())
    if how == 0:
        given = draw.rest()
    else:
        source = compiled.source if compiled.source != "auto" else draw.pick(tuple(SOURCES))
        keys = SOURCES[source].payload_keys or ("",)
        wish = {"a": [1, "x"], "i": {"a": ["x"], "b": ["y"], "c": [2]}, "k": ["x"]}
        held = {}
        for key in keys:
            value = events.event(draw, wish)
            held[key] = events.spelled(draw, value), value
        if source == "event":
            text = held[""][0]
        else:
            text = events.spelled(draw, records.record(draw, source, held))
        if how == 1:
            text = records.changed(draw, text, words.TOKENS)
        given = text.encode("utf-8", "surrogatepass")
    check_bytes(compiled, given)
    return 1


def agreement(data: bytes) -> int:
    """A pattern and records for it, of any source: all paths agree, and the oracle."""
    draw = Draw(data)
    source = draw.pick(_UNSCOPED)
    keys = SOURCES[source].payload_keys
    wished = {key: patterns.pattern(draw) for key in (keys or ("",))}
    pattern: dict[str, Any] = {}
    for key, wish in wished.items():
        if not keys:
            pattern = wish
        elif key == keys[0] or draw.below(2):
            pattern[key] = wish
    if keys and SOURCES[source].takes_strings and draw.once_in(5):
        pattern[keys[0]] = ["x", {"prefix": draw.pick(words.STRINGS)}]
    if keys and draw.once_in(3):
        pattern[draw.pick(records.METADATA)] = [draw.pick(words.SCALARS), {"exists": False}]
    if keys and draw.once_in(8):
        pattern = {"$or": [pattern, {**patterns.pattern(draw), keys[0]: wished[keys[0]]}]}
    given: Any = pattern
    if draw.below(2):
        given = {"Filters": [{"Pattern": events.spelled(draw, pattern, exact=True)}]}
    compiled = compiled_or_refused(given, source, None)
    if compiled is None:
        return 1
    rest = draw.rest()
    turns = min(_MOST_RECORDS, 1 + len(rest) // 4)
    for turn in range(turns):
        draw = Draw(rest[3 * turn :] + rest[: 3 * turn])
        values = {key: events.event(draw, wish) for key, wish in wished.items()}
        held = {key: (events.spelled(draw, value), value) for key, value in values.items()}
        record = records.record(draw, source, held)
        verdict = check_record(compiled, record, records.text_of(record))
        if not keys:
            expected = oracle_matches(pattern, record)
            expect(verdict in (expected, None), "the slow definition differs", pattern, record)
            text = held[""][0]
            check_bytes(compiled, text.encode())
    return turns


_CLOUDFORMATION = """
Resources:
  F:
    Type: AWS::Serverless::Function
    Properties:
      Events:
        E:
          Type: SQS
          Properties:
            Queue: !GetAtt Q.Arn
            FilterCriteria:
              Filters:
                - Pattern: '{"body": {"a": [1]}}'
                - Pattern: !Sub x
"""
_SERVERLESS = """
functions:
  f:
    events:
      - sqs:
          arn: arn:aws:sqs:eu-west-1:1:q
          filterPatterns:
            - body: {a: [1, {prefix: x}]}
"""
_TERRAFORM = """
resource "aws_lambda_event_source_mapping" "m" {
  event_source_arn = aws_sqs_queue.q.arn
  filter_criteria {
    filter {
      pattern = jsonencode({
        body = { a = ["x", { prefix = "y" }] }
      })
    }
  }
}
resource "aws_cloudwatch_event_rule" "r" {
  event_pattern = <<EOT
{"source": ["x"]}
EOT
}
"""
_ANCHORS = "a: &a [1]\nb: {<<: {c: *a}, FilterCriteria: {Filters: [{Pattern: *a}]}}\n"
_FOLDED = 'Rules:\n- Arn: x\n  EventPattern: >-\n    {"source":\n      ["aws.s3"]}\n'


@cache
def _templates() -> list[str]:
    criteria = {"Filters": [{"Pattern": '{"body": {"a": ["x"]}}'}]}
    properties = {"FilterCriteria": criteria}
    mapping = {"Type": "AWS::Lambda::EventSourceMapping", "Properties": properties}
    template = {"AWSTemplateFormatVersion": "2010-09-09", "Resources": {"M": mapping}}
    answer = {"EventSourceMappings": [{"UUID": "1", "FilterCriteria": criteria}]}
    texts = [json.dumps(template), json.dumps(template, indent=1), json.dumps(answer)]
    return [*texts, _CLOUDFORMATION, _SERVERLESS, _TERRAFORM, _ANCHORS, _FOLDED, *_pattern_texts()]


def template_text(data: bytes) -> int:
    """Any text given as a template: mappings or a TemplateError, and diagnostics with a
    position."""
    draw = Draw(data)
    how, name = draw.below(8), draw.pick(("", "x.yaml", "x.json", "x.tf", "pattern.json"))
    searched = bool(draw.below(2))
    if how == 0:
        text = draw.rest().decode("utf-8", "replace")
    else:
        corpus = _templates()
        text = _text(draw, corpus[:8] if draw.below(2) else corpus, words.TEMPLATE_TOKENS)
    try:
        found = patterns_in(text, name, searched=searched)
    except TemplateError as error:
        expect(bool(str(error)), error)
        return 1
    for mapping in found:
        source = mapping.source if mapping.source in SOURCES else "auto"
        expect(mapping.line is None or 1 <= mapping.line <= text.count("\n") + 1, mapping)
        for diagnostic in check_texts(mapping.texts, source, None):
            diagnostic_is_sane(diagnostic, text.removeprefix("\ufeff"))
    return 1


_PLAIN_LINES = (
    b"",
    b" ",
    b"null",
    b"5",
    b"[]",
    b"{}",
    b'{"a":',
    b"\xff",
    b"}",
    b'{"a": 1} {"b": 2}',
)


def event_lines(data: bytes) -> int:
    """Any lines given as a file of records: no line with content is lost silently."""
    draw = Draw(data)
    if draw.once_in(4):
        _read(_lines(draw.rest()))
        return 1
    values = [events.event(draw, {"a": [1], "messageId": ["1"]}) for _ in range(1 + draw.below(6))]
    how = draw.below(4)
    if how == 0:  # JSON Lines: as many items as lines, each a record
        texts = [events.spelled(draw, value).replace("\n", " ").encode() for value in values]
        lines = _lines(b"".join(text + draw.pick((b"\n", b"\r\n", b"\n\n")) for text in texts))
        whole = [value for value in values if holds_records(value) is None]
        items = _read(lines)
        if len(whole) == len(values):
            expect(len(items) == len(values), "records are lost or made up", lines, items)
            expect(all(item.error is None for item in items), lines, items)
        return 1
    document: Any = values if how == 1 else {"Records": values}
    text = json.dumps(document, indent=2) if draw.below(2) else events.spelled(draw, document)
    if how == 3:
        text = records.changed(draw, text, words.TOKENS)
        lines = _lines(text.encode("utf-8", "replace") + b"\n")
        lines.insert(draw.below(len(lines) + 1), draw.pick(_PLAIN_LINES) + b"\n")
        _read(lines)
        return 1
    items = _read(_lines(text.encode()))
    if all(holds_records(value) is None for value in values):
        expect(len(items) == len(values), "records are lost or made up", text, items)
    return 1


def _lines(data: bytes) -> list[bytes]:
    return io.BytesIO(data).readlines()


def _read(lines: list[bytes]) -> list[event_reader.Item]:
    items = list(event_reader.items(lines, "file"))
    for item in items:
        expect((item.record is None) == (item.error is not None), item)
        expect(item.line is not None and 1 <= item.line <= max(1, len(lines)), item, lines)
        expect(item.error is None or item.error.isprintable(), item, lines)
        if isinstance(item.record, str):
            expect(decoding.parse(item.record) is not decoding.NOT_JSON, item, lines)
    if not items:  # blank, or arrays and events without records
        whole = b"".join(lines).strip(b" \t\r\n\xef\xbb\xbf").decode("utf-8", "replace")
        documents, rest = split(whole)
        is_nothing = (
            not whole.strip("[] \t\r\n")
            or any(map(_is_json, (whole, *(line.decode("utf-8", "replace") for line in lines))))
            or (not rest and documents != [] and all(map(_is_json, documents)))
        )
        expect(is_nothing, "nothing is reported", lines)
    if sum(map(len, lines)) % 5 == 0:  # as expensive as everything else together
        check_file(_any_object(), lines, items)
    return items


def _is_json(text: str) -> bool:
    return decoding.parse(text) is not decoding.NOT_JSON


@cache
def _any_object() -> Filter:
    """For every object there is a verdict."""
    return filterpatterns.compile('{"a": [1, {"anything-but": "x"}]}', source="event")


TARGETS: Mapping[str, Callable[[bytes], int]] = {
    target.__name__.replace("_", "-"): target
    for target in (pattern_text, record_bytes, agreement, template_text, event_lines)
}


def corpus(name: str) -> list[bytes]:
    """Inputs to start from."""
    raw = [text.encode("utf-8", "surrogatepass") for text in _pattern_texts()]
    if name == "template-text":
        raw = [text.encode() for text in _templates()]
    if name == "record-bytes":
        raw = [json.dumps(case["record"]).encode() for case in case_lines("payload_formats.jsonl")]
    if name == "event-lines":
        raw = [b"\n".join(raw[:3]), b"[" + b",\n".join(raw[:3]) + b"]"]
    return [RAW + bytes([number % 256, 0]) + text for number, text in enumerate(raw)]
