"""`fp test -q` counts with generated code what `fp test` reports for each record."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from tests.support.paths import base64_of, kinesis_record
from tests.unit.cli.test_program import fp, lines, record

JSON = '{"body": {"total": [{"numeric": [">", 100]}]}}'
PATTERNS = {
    "payload": JSON,
    "payload with a rare value": '{"body": {"status": ["refunded"]}}',
    "metadata": '{"messageId": ["1"]}',
    "both": '{"messageId": [{"exists": true}], "body": {"total": [250]}}',
    "a plain string": '{"body": ["hello"]}',
    "either format": '{"$or": [{"body": ["hello"]}, {"body": {"total": [250]}}]}',
    "both formats": '{"body": ["hello"], "$or": [{"messageId": ["1"]}, {"body": {"total": [5]}}]}',
    "two filters": json.dumps({"Filters": [{"Pattern": JSON}, {"Pattern": '{"body": ["hello"]}'}]}),
    "everything": '{"Filters": []}',
}
DEEP = "[" * 1500 + "]" * 1500
NO_JSON = ("hello", "true story", "null", "[1, 2", " {bad", "\ufeff[1]", "", " ", '{"total": NaN}')
"""Payloads of which some look like JSON; `null` is JSON."""
MIXED = lines(
    *(record({"total": 250}), record({"total": 5}), record("hello"), {"messageId": "1"}),
    *(record("[1, 2"), record('{"total": 250} x'), record(DEEP), record("\\ud800")),
    *(record([{"total": 250}]), record([[{"total": 250}]]), {"body": {"total": 250}}, "", "[]"),
    *('{"body": "{}"', '{"Body": "{}", "MessageId": "1"}', '{"body": null}', '{"body": 5}'),
    *({"Records": [record({"total": 250}), record("x")]}, [record({"total": 7})], "nonsense"),
    *(
        record(json.dumps("hello")),
        record('{"total": 1e999}'),
        record('{"status": "refunde\\u0064"}'),
    ),
)


def _same(pattern: str, *files: str, source: str = "sqs") -> str:
    loud = fp("test", "--source", source, pattern, *files)
    quiet = fp("test", "-q", "--source", source, pattern, *files)
    summary = loud.stdout.rpartition("\n\n")[2] if "\n\n" in loud.stdout else loud.stdout
    assert quiet.stdout == summary
    hint = "fp: hint: fp stats shows"
    expected = [line for line in loud.stderr.splitlines() if not line.startswith(hint)]
    assert quiet.stderr.splitlines() == expected
    assert quiet.exit_code == loud.exit_code
    return quiet.stdout


@pytest.mark.parametrize("pattern", PATTERNS.values(), ids=PATTERNS.keys())
@pytest.mark.parametrize("first", ["", lines(record({"total": 1}))], ids=["mixed", "json lines"])
def test_a_file_with_all_kinds_of_lines_is_counted_correctly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pattern: str, first: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mixed.jsonl").write_text(first + MIXED, encoding="utf-8")
    _same(pattern, "mixed.jsonl")


@pytest.mark.parametrize("pattern", PATTERNS.values(), ids=PATTERNS.keys())
def test_blocks_of_plain_records(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pattern: str
) -> None:
    monkeypatch.chdir(tmp_path)
    bodies = [{"total": 250}, {"total": 5, "status": "refunded"}, "hello", "[1", {"total": [250]}]
    text = lines(*(record(body, str(number)) for number, body in enumerate(bodies * 700)))
    Path("a.jsonl").write_text(text, encoding="utf-8")
    Path("b.jsonl.gz").write_bytes(gzip.compress(text.encode()))
    Path("empty").touch()
    Path("utf16").write_text(text[:200], encoding="utf-16")
    found = _same(pattern, "a.jsonl", "b.jsonl.gz", "empty", "missing", "utf16")
    assert found.startswith("7,000 records: ")


@pytest.mark.parametrize("pattern", PATTERNS.values(), ids=PATTERNS.keys())
def test_payloads_that_are_not_json(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pattern: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("strings.jsonl").write_text(lines(*map(record, NO_JSON * 3)), encoding="utf-8")
    assert "  12 body is a plain string" in _same(JSON, "strings.jsonl")
    _same(pattern, "strings.jsonl")


@pytest.mark.parametrize("source", ["kinesis", "mq", "auto"])
def test_other_sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str) -> None:
    monkeypatch.chdir(tmp_path)
    texts = ['{"total": 250}', '{"total": 5}', "hello", "[1"]
    found: list[object] = [kinesis_record(text) for text in texts]
    if source == "mq":
        found = [{"messageID": "1", "data": base64_of(text)} for text in texts]
    found += [{"data": "no base64!", "kinesis": {"data": "no base64!"}}, {"kinesis": {}}, {}]
    Path("events.jsonl").write_text(lines(*found), encoding="utf-8")
    _same('{"data": {"total": [{"numeric": [">", 100]}]}}', "events.jsonl", source=source)


RULES = {
    "large": JSON,
    "text": '{"body": ["hello"]}',
    "first": '{"messageId": ["1"]}',
    "both": '{"messageId": [{"exists": true}], "body": {"total": [250]}}',
    "many": json.dumps(
        {"body": {"$or": [{f"f{n}": [n]} for n in range(20)], "total": [{"exists": True}]}}
    ),
}


@pytest.mark.parametrize("chosen", [["large"], ["text"], ["first"], ["first", "many"], [*RULES]])
def test_routes_are_counted_as_they_are_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chosen: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    bodies = [{"total": 250}, {"total": 5, "f3": 3}, "hello", "[1", {"total": [250]}]
    plain = lines(*(record(body, str(number)) for number, body in enumerate(bodies * 100)))
    Path("mixed.jsonl").write_text(plain + MIXED + plain, encoding="utf-8")
    Path("rules.json").write_text(json.dumps({name: RULES[name] for name in chosen}))
    listed = fp("route", "--json", "rules.json", "mixed.jsonl")
    counted = fp("route", "--json", "--summary", "rules.json", "mixed.jsonl")
    names = [name for line in listed.stdout.splitlines() for name in json.loads(line)["names"]]
    counts = {row["name"]: row["records"] for row in map(json.loads, counted.stdout.splitlines())}
    assert counts == {name: names.count(name) for name in chosen}
    unused = " rules matched no record"
    assert [line for line in counted.stderr.splitlines() if unused not in line] == (
        listed.stderr.splitlines()
    )
    assert counted.exit_code == listed.exit_code


@pytest.mark.parametrize("source", ["event", "kinesis", "mq"])
def test_routes_of_other_sources(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str
) -> None:
    monkeypatch.chdir(tmp_path)
    inner = [{"total": 250}, {"total": 5}, {"total": [{"a": 1}]}, {"total": {}}, {}]
    found: list[object] = list(inner)
    if source == "kinesis":
        found = [kinesis_record(json.dumps(each)) for each in inner]
    if source == "mq":
        found = [{"messageID": "1", "data": base64_of(json.dumps(each))} for each in inner]
    Path("events.jsonl").write_text(lines(*found * 50), encoding="utf-8")
    pattern = {"total": [{"numeric": [">", 100]}]}
    rules = json.dumps({"large": pattern if source == "event" else {"data": pattern}})
    result = fp("route", "--json", "--summary", "--source", source, rules, "events.jsonl")
    assert json.loads(result.stdout) == {"name": "large", "records": 50}
