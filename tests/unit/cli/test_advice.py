"""Hints if no record matched, `--payload`, and the inferred source."""

from __future__ import annotations

import base64
import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.cli.test_program import fp

KIND = '{"body": {"kind": ["order"]}}'


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def sqs(body: Any) -> dict[str, Any]:
    return {"messageId": "1", "body": body if isinstance(body, str) else json.dumps(body)}


def kinesis(data: bytes) -> dict[str, Any]:
    inside = {"data": base64.b64encode(data).decode(), "partitionKey": "1"}
    return {"eventSource": "aws:kinesis", "kinesis": inside}


KAFKA = {"topic": "t", "partition": 0, "offset": 1, "value": "eyJhIjogMX0="}
EVENT = {"source": "shop", "detail-type": "order", "detail": {"kind": "order"}}
SNS = {"Type": "Notification", "TopicArn": "x", "Message": '{"kind": "order"}'}
S3 = {"Records": [{"eventSource": "aws:s3", "s3": {"object": {"key": "a"}}}]}


@pytest.mark.parametrize("command", ["test", "explain", "stats", "filter"])
@pytest.mark.parametrize(
    ("pattern", "record", "words"),
    [
        (KIND, sqs(SNS), "its Message is a string that contains JSON with kind, and filters"),
        (KIND, sqs({**SNS, "Message": "hello"}), "its Message is a string, which filters cannot"),
        (KIND, sqs(EVENT), 'its fields are under detail: {"body": {"detail": {"kind": ...}}}'),
        (KIND, sqs(S3), "body is an S3 notification: its fields are under Records"),
        (KIND, sqs(json.dumps(json.dumps({"kind": "order"}))), "the sender encoded it twice"),
        ('{"data": {"kind": ["order"]}}', kinesis(gzip.compress(b"{}")), "data is gzip (as sent"),
        (KIND, {"kind": "order"}, "the records have no body: if they are payloads"),
        ('{"kind": ["order"]}', sqs({"kind": "order"}), 'is below "body"'),
        (KIND, kinesis(b"{}"), "these look like records of kinesis: use --source kinesis"),
        (KIND, EVENT, "these look like EventBridge events, not records of sqs: use --source event"),
    ],
)  # fmt: skip
def test_the_advice_is_that_of_a_known_source(
    here: Path, command: str, pattern: str, record: Any, words: str
) -> None:
    (here / "events.jsonl").write_text(json.dumps(record) + "\n")
    result = fp(command, pattern, "events.jsonl")
    assert words in result.stderr
    assert result.stderr.count("fp: hint:") == 1


@pytest.mark.parametrize(
    ("pattern", "record"),
    [
        ('{"body": {"Message": ["x"]}}', sqs(SNS)),
        ('{"body": {"detail": {"kind": ["other"]}}}', sqs(EVENT)),
        ('{"body": {"Records": {"s3": {"object": {"key": ["b"]}}}}}', sqs(S3)),
        (KIND, sqs({"kind": "refund"})),
        (KIND, {"messageId": "1"}),
        ('{"data": {"kind": ["order"]}}', kinesis(b"\x00\xff")),
        (KIND, sqs("hello")),
    ],
)
def test_without_evidence_there_is_no_advice(here: Path, pattern: str, record: Any) -> None:
    (here / "events.jsonl").write_text(json.dumps(record) + "\n")
    assert "fp: hint:" not in fp("test", pattern, "events.jsonl").stderr


def test_there_is_no_advice_if_a_record_matches(here: Path) -> None:
    lines = [json.dumps(one) for one in (sqs(SNS), sqs({"kind": "order"}))]
    (here / "events.jsonl").write_text("\n".join(lines))
    assert fp("test", KIND, "events.jsonl").stderr == ""


# --- the source


@pytest.mark.parametrize("command", ["test", "filter", "explain", "stats"])
@pytest.mark.parametrize(
    ("pattern", "record"),
    [
        ('{"data": {"a": [1]}}', kinesis(b'{"a": 1}')),
        ('{"data": {"a": [1]}}', {"data": "eyJhIjogMX0=", "messageID": "x"}),
        ('{"dynamodb": {"a": [1]}}', {"dynamodb": {"a": 1}, "eventSource": "aws:dynamodb"}),
        ('{"value": {"a": [1]}}', KAFKA),
        ('{"source": ["shop"]}', EVENT),
        ('{"detail": {"kind": ["order"]}}', EVENT),
        ('{"body": {"a": [1]}}', sqs({"a": 1})),
        ('{"messageId": ["1"]}', sqs({"a": 1})),
    ],
)  # fmt: skip
def test_the_source_is_inferred_from_records(
    here: Path, command: str, pattern: str, record: Any
) -> None:
    (here / "events.jsonl").write_text(json.dumps(record) + "\n")
    result = fp(command, pattern, "events.jsonl")
    assert result.exit_code == 0, result.stderr
    assert {"test": "1 match", "filter": json.dumps(record), "explain": "kept", "stats": "1 match"}[
        command
    ] in result.stdout


def test_the_source_of_rules_is_inferred_from_records(here: Path) -> None:
    (here / "events.jsonl").write_text(json.dumps(kinesis(b'{"a": 1}')) + "\n")
    result = fp("route", '{"one": {"data": {"a": [1]}}}', "events.jsonl")
    assert (result.exit_code, "match  one" in result.stdout) == (0, True)


# --- payloads


@pytest.mark.parametrize("key", ["body", "data", "dynamodb", "value"])
def test_lines_that_are_payloads(here: Path, key: str) -> None:
    (here / "p.jsonl").write_text('{"kind": "order"}\n\n{"kind": "refund"}\r\n{"kind": "order"}')
    pattern = json.dumps({key: {"kind": ["order"]}})
    assert "3 records: 2 match, 1 drop" in fp("test", "--payload", pattern, "p.jsonl").stdout
    assert "3 records: 2 match, 1 drop" in fp("stats", "--payload", pattern, "p.jsonl").stdout
    assert fp("explain", "--payload", pattern, "p.jsonl").stdout.count("kept") == 2
    kept = fp("filter", "--payload", pattern, "p.jsonl")
    assert kept.stdout == '{"kind": "order"}\n{"kind": "order"}\n'
    dropped = fp("filter", "-v", "--payload", pattern, "p.jsonl")
    assert dropped.stdout_bytes == b'{"kind": "refund"}\r\n'
    rules = json.dumps({"one": json.loads(pattern)})
    assert "3 records: 2 routed" in fp("route", "--payload", rules, "p.jsonl").stdout


def test_payloads_that_are_plain_strings(here: Path) -> None:
    (here / "p.txt").write_bytes(b"hello\nbye\n\xff\n")
    result = fp("filter", "--payload", "--errors", "bad", '{"body": ["hello"]}', "p.txt")
    assert (result.exit_code, result.stdout) == (2, "hello\n")
    assert "p.txt:3: error: not UTF-8" in result.stderr
    assert (here / "bad").read_bytes() == b"\xff\n"
    tested = fp("test", "--payload", '{"body": ["hello"]}', "p.txt")
    assert (tested.exit_code, "1 match, 1 drop, 1 not a record" in tested.stdout) == (2, True)


def test_routed_payloads_are_written_as_they_are(here: Path) -> None:
    (here / "p.jsonl").write_text('{"kind":  "order"}\n{"kind":  "refund"}\n')
    args = ("--payload", "--split", "by", "--rest", "rest.jsonl")
    assert fp("route", *args, f'{{"one": {KIND}}}', "p.jsonl").exit_code == 0
    assert (here / "by" / "one.jsonl").read_text() == '{"kind":  "order"}\n'
    assert (here / "rest.jsonl").read_text() == '{"kind":  "refund"}\n'


CUSTOM = {"id": "1", "source": "shop", "detail-type": "order", "detail": {"total": 5}}


@pytest.mark.parametrize(
    ("pattern", "record", "words"),
    [
        ({"Detail": {"total": [5]}}, CUSTOM, '"detail", not "Detail": names are case sensitive\n'),
        ({"detial": {"total": [5]}, "source": ["shop"]}, CUSTOM, '"detail", not "detial"\n'),
        ({"Source": ["shop"], "detail": {"total": [5]}}, CUSTOM, '"source", not "Source": names'),
        ({"order.totl": [5]}, {"order.totl": 4}, None),
        ({"ordr": {"total": [5]}}, {"order": {"total": 5}}, '"order", not "ordr"\n'),
        ({"id": ["2"]}, {"in": "2"}, None),
    ],
)
@pytest.mark.parametrize("command", ["test", "explain", "stats", "filter"])
def test_a_misspelled_field_is_named(
    here: Path, command: str, pattern: Any, record: Any, words: str | None
) -> None:
    (here / "event.json").write_text(json.dumps(record))
    result = fp(command, "--source", "event", json.dumps(pattern), "event.json")
    assert result.exit_code == (command == "filter")  # the verdict is the same
    if words is None:
        assert "fp: hint: the records have" not in result.stderr
    else:
        assert f"fp: hint: the records have {words}" in result.stderr


def test_a_misspelled_payload_is_reported_once(here: Path) -> None:
    (here / "event.json").write_text(json.dumps(kinesis(b'{"a": 1}')))
    result = fp("test", "--source", "kinesis", '{"Data": {"a": [1]}}', "event.json")
    assert 'FP118: a Kinesis record has no "Data"' in result.stderr
    assert 'write "data"' in result.stderr
    assert "fp: hint" not in result.stderr


def test_check_infers_the_source_of_a_misspelled_field() -> None:
    for pattern, words in (
        ({"Detail": {"a": [1]}}, 'FP122 an EventBridge event has no "Detail"'),
        ({"Body": {"a": [1]}}, 'FP118 an SQS record has no "Body"'),
    ):
        result = fp("check", json.dumps(pattern))
        assert (words in result.stdout, result.exit_code) == (True, 0)
    assert fp("check", '{"body": {"a": [1]}, "path": ["/"]}').stdout == ""


def test_a_payload_needs_a_source(here: Path) -> None:
    (here / "p.jsonl").write_text('{"kind": "order"}\n')
    result = fp("test", "--payload", '{"kind": ["order"]}', "p.jsonl")
    assert (result.exit_code, "--payload requires --source" in result.stderr) == (2, True)
    args = ("--payload", "--source", "event", '{"kind": ["order"]}', "p.jsonl")
    assert "1 match" in fp("test", *args).stdout
    assert fp("test", "--payload", "--cases", "p.jsonl").exit_code == 2


# --- directories and templates


def test_directories_of_records(here: Path) -> None:
    (here / "d" / "e").mkdir(parents=True)
    (here / "d" / ".gitignore").write_text("*.jsonl")
    (here / "d" / "a.jsonl").write_text(json.dumps(sqs({"kind": "order"})) + "\n")
    packed = gzip.compress(json.dumps(sqs({"kind": "refund"})).encode())
    (here / "d" / "e" / "b.jsonl.gz").write_bytes(packed)
    (here / "d" / "notes.txt").write_text("no record")
    assert "2 records: 1 match, 1 drop" in fp("test", "-q", KIND, "d").stdout
    assert "2 records: 1 match, 1 drop" in fp("stats", KIND, "d").stdout
    assert fp("filter", "-c", KIND, "d").stdout == "d/a.jsonl:1\nd/e/b.jsonl.gz:0\n"
    assert fp("explain", KIND, "d").stdout.count("kept") == 1
    assert "2 records: 1 routed, 1 unrouted" in fp("route", f'{{"x": {KIND}}}', "d").stdout


TEMPLATE = """
Resources:
  Orders:
    Type: AWS::Events::Rule
    Properties:
      EventPattern: {source: [shop]}
  Refunds:
    Type: AWS::Events::Rule
    Properties:
      EventPattern: {source: [shop], detail: {kind: [refund]}}
  Queue:
    Type: AWS::Lambda::EventSourceMapping
    Properties:
      EventSourceArn: arn:aws:sqs:eu-west-1:123456789012:orders
      FilterCriteria: {Filters: [{Pattern: '{"body": {"kind": ["order"]}}'}]}
"""


def test_the_rules_of_a_template(here: Path) -> None:
    (here / "template.yaml").write_text(TEMPLATE)
    (here / "events.jsonl").write_text(json.dumps(EVENT) + "\n")
    result = fp("route", "--summary", "template.yaml", "events.jsonl")
    assert result.exit_code == 0
    assert "  1 Orders\n  0 Refunds\n" in result.stdout
    assert "template.yaml: note: skipped 1 mapping or pipes" in result.stderr


def test_the_rules_of_terraform(here: Path) -> None:
    (here / "rules.tf").write_text(
        'resource "aws_cloudwatch_event_rule" "orders" {\n'
        '  event_pattern = jsonencode({ source = ["shop"] })\n}\n'
    )
    (here / "events.jsonl").write_text(json.dumps(EVENT) + "\n")
    result = fp("route", "rules.tf", "events.jsonl")
    assert (result.exit_code, "orders" in result.stdout) == (0, True)


def test_the_mappings_of_a_template_without_rules(here: Path) -> None:
    (here / "template.yaml").write_text(TEMPLATE.replace("AWS::Events::Rule", "AWS::SNS::Topic"))
    (here / "events.jsonl").write_text(json.dumps(sqs({"kind": "order"})) + "\n")
    result = fp("route", "template.yaml", "events.jsonl")
    assert (result.exit_code, "match  Queue" in result.stdout) == (0, True)


def test_mistakes_in_the_rules_of_a_template_have_their_position(here: Path) -> None:
    (here / "template.yaml").write_text(TEMPLATE.replace("{source: [shop]}", "{source: shop}"))
    (here / "events.jsonl").write_text(json.dumps(EVENT) + "\n")
    result = fp("route", "template.yaml", "events.jsonl")
    assert result.exit_code == 2
    assert result.stderr.startswith("template.yaml:6:30: error FP005: ")


def test_payloads_have_the_ids_that_they_say(here: Path) -> None:
    (here / "lines").write_text('{"id": 7}\n[1]\nplain\n')
    result = fp("filter", "--payload", "--ids", "-v", '{"body": {"kind": ["b"]}}', "lines")
    assert (result.exit_code, result.stdout) == (0, "7\n-\n-\n")
    first = fp("filter", "--payload", "-v", "-m", "1", '{"body": {"kind": ["b"]}}', "lines")
    assert first.stdout == '{"id": 7}\n'
