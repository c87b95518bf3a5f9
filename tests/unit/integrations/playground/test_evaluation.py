"""The function that answers the page, the same in the server and in the browser."""

from __future__ import annotations

import json
import subprocess
import sys
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

import filterpatterns
from filterpatterns.integrations.playground.evaluation import evaluate
from filterpatterns.integrations.playground.json_layout import Json
from filterpatterns.templates.documents import hcl_document

ROOT = Path(__file__).parents[4]
CASES = ROOT / "tests" / "cases"
ORDERS = '{"body": {"total": [{"numeric": [">", 100]}]}}'


def asked(pattern: str, records: str | None = None, **more: Any) -> dict[str, Any]:
    request = {"pattern": pattern, **({} if records is None else {"records": records}), **more}
    answer: dict[str, Any] = json.loads(evaluate(json.dumps(request)))
    return answer


def lines(*records: Any) -> str:
    return "".join(json.dumps(record) + "\n" for record in records)


def sqs(body: Any) -> dict[str, Any]:
    return {"messageId": "m", "body": body if isinstance(body, str) else json.dumps(body)}


def marked(text: str, found: dict[str, Any]) -> str:
    """What a diagnostic underlines, as JavaScript slices texts."""
    units = text.encode("utf-16-le")
    return units[2 * found["from"] : 2 * found["to"]].decode("utf-16-le")


@pytest.mark.parametrize("content", ["a" * 100_000, "\\n" * 50_000])
def test_a_long_string_takes_little_memory(content: str) -> None:
    """`re` would keep 130 bytes for each of its characters."""
    text = f'{{"a": ["{content}"]}}'
    tracemalloc.start()
    try:
        assert content in Json(text).laid_out(0)
        assert tracemalloc.get_traced_memory()[1] < 10 * len(text)
    finally:
        tracemalloc.stop()


def test_each_record_has_a_verdict_and_a_reason() -> None:
    records = lines(sqs({"total": 250}), sqs({"total": 64}), sqs("hello"), [1], sqs({"total": 101}))
    answer = asked(ORDERS, records)
    assert [row["result"] for row in answer["rows"]] == ["match", "drop", "drop", "error", "match"]
    assert answer["rows"][2]["detail"] == "body is a plain string, but the pattern expects JSON"
    assert answer["counts"] == {"records": 5, "match": 2, "drop": 2, "error": 1}
    assert answer["source"] == "sqs"


def test_the_first_dropped_record_is_explained_unless_another_is_selected() -> None:
    records = lines(sqs({"total": 250}), sqs({"total": 64}))
    explained = asked(ORDERS, records)["explanation"]
    assert explained["number"] == 2
    assert explained["kept"] is False
    assert explained["lines"][-1] == {
        "level": 2,
        "kind": "field",
        "satisfied": False,
        "name": "total",
        "words": "64 is not > 100",
    }
    assert asked(ORDERS, records, selected=1)["explanation"]["kept"] is True
    assert asked(ORDERS, lines(sqs({"total": 250})))["explanation"]["number"] == 1


def test_the_lines_of_an_explanation_are_those_of_the_terminal() -> None:
    record = sqs({"total": 64})
    drawn = str(filterpatterns.compile(ORDERS).explain(record)).split("\n")
    found = asked(ORDERS, lines(record))["explanation"]["lines"]
    assert len(found) == len(drawn)
    for line, text in zip(found, drawn, strict=True):
        assert text.startswith("  " * line["level"])
        assert text.endswith(line["words"])


def test_a_funnel_says_how_many_records_each_condition_drops() -> None:
    records = lines(sqs({"total": 250}), sqs({"total": 64}), sqs("hello"))
    [funnel] = asked(ORDERS, records)["funnels"]
    assert [(stage["reach"], stage["left"]) for stage in funnel["stages"]] == [(3, 2), (2, 1)]


MISTAKES = {
    "json": ('{"body": {"state": "open"}}', '"open"'),
    "characters beyond UTF-16": ('{"body": {"😀": ["x"],\n "state": "öpen"}}', '"öpen"'),
    "operator": ('{"body": {"a": [{"numerik": [">", 1]}]}}', '"numerik"'),
    "criteria": ('{"Filters": [{"Pattern": "{\\"body\\": {\\"a\\": 1}}"}]}', "1"),
    "yaml": (
        """
Resources:
  M:
    Type: AWS::Lambda::EventSourceMapping
    Properties:
      FilterCriteria:
        Filters:
          - Pattern: '{"body": {"a": 7}}'
""",
        "7",
    ),
    "aws": (
        r"""aws lambda update-event-source-mapping --filter-criteria \
    '{"Filters": [{"Pattern": "{\"body\": {\"it'\''s\": 7}}"}]}'""",
        "7",
    ),
    "typescript": ('filters: [lambda.FilterCriteria.filter({ "body": { "a": 7 } })]', "7"),
    "python": ('filters=[lambda_.FilterCriteria.filter({"body": {"a": True}})]', "True"),
}


@pytest.mark.parametrize(("pattern", "underlined"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_underlined_where_it_is(pattern: str, underlined: str) -> None:
    errors = [one for one in asked(pattern)["diagnostics"] if one["severity"] == "error"]
    assert [marked(pattern, one) for one in errors] == [underlined]


def test_a_mistake_has_a_hint() -> None:
    [error] = asked('{"body": {"state": "open"}}')["diagnostics"]
    assert error["code"] == "FP005"
    assert '["open"]' in error["hint"]


def test_one_of_several_mappings_of_a_template_is_chosen() -> None:
    text = json.dumps(
        {
            "Resources": {
                name: {
                    "Type": "AWS::Lambda::EventSourceMapping",
                    "Properties": {
                        "EventSourceArn": f"arn:aws:{service}:eu-west-1:1:x",
                        "FilterCriteria": {"Filters": [{"Pattern": pattern}]},
                    },
                }
                for name, service, pattern in (
                    ("A", "sqs", ORDERS),
                    ("B", "kinesis", '{"data": {"x": [1]}}'),
                )
            }
        }
    )
    answer = asked(text)
    assert answer["mappings"] == ["A", "B"]
    assert (answer["mapping"], answer["source"]) == ("A", "sqs")
    answer = asked(text, mapping="B")
    assert (answer["mapping"], answer["source"]) == ("B", "kinesis")
    assert answer["kind"] == "event source mapping B"
    assert json.loads(answer["extracted"]) == {"data": {"x": [1]}}


def test_a_subscriber_s_configuration_keeps_its_scopes() -> None:
    filters = [
        {"Scope": "DATA", "Pattern": '{"a":[1]}'},
        {"Scope": "METADATA", "Pattern": '{"b":["x"]}'},
    ]
    text = json.dumps({"FilterConfiguration": {"Filters": filters}})
    answer = asked(text, lines({"Data": {"a": 1}, "Metadata": {"b": "x"}}, {"Data": {"a": 1}}))
    assert answer["source"] == "subscriber"
    assert [row["result"] for row in answer["rows"]] == ["match", "drop"]
    [snippet] = asked(text)["snippets"]
    assert json.loads(snippet["text"]) == json.loads(text)


def test_mappings_without_names_are_named_by_their_lines() -> None:
    text = 'body: {a: [1]}\n---\nbody: {a: [{"numeric": [">", 2]}]}\n'
    names = asked(text)["mappings"]
    assert len(set(names)) == len(names)


def test_unknown_values_of_a_template_are_reported_and_nothing_is_evaluated() -> None:
    text = (
        "Resources:\n  M:\n    Type: AWS::Lambda::EventSourceMapping\n    Properties:\n"
        "      FilterCriteria:\n        Filters:\n          - Pattern: !Ref Pattern\n"
    )
    answer = asked(text, lines(sqs({})))
    assert [one["severity"] for one in answer["diagnostics"]] == ["error"]
    assert [row["result"] for row in answer["rows"]] == [None]


def test_code_whose_pattern_only_a_program_knows_is_left_to_cdk_synth() -> None:
    [error] = asked("lambda.FilterCriteria.filter({ body: { a: FilterRule.isEqual('x') } })")[
        "diagnostics"
    ]
    assert "cdk synth" in error["hint"]


def meaning(text: str) -> Any:
    """The JSON of a text, with repeated names; of numbers, which may lose a final .0, the value."""
    return json.loads(text, object_pairs_hook=tuple)


def patterns() -> list[tuple[str, str, list[Any]]]:
    found = []
    for line in (CASES / "good_patterns.jsonl").read_text("utf-8").splitlines():
        case = json.loads(line)
        found.append((case["source"], case["dialect"], case["patterns"]))
    odd = (
        '{"body": {"a": [1.0, 1e2, 12345678901234567890]}}',
        '{"body": {"a": [1], "a": [2]}}',
        '{"body": {"__proto__": ["x"], "\\ud83d\\ude00": ["\\u0000"]}}',
        '{"body": {"it\'s": ["${x}", "%{y}", "\\b\\f\\/", "ß\\u2028", "$${z}"]}}',
        '{"body": {"😀": ["a\\\\b\\"c\'d"]}}',
    )
    found += [("sqs", dialect, [one]) for one in odd for dialect in ("lambda", "pipes")]
    return found


@pytest.mark.parametrize(("source", "dialect", "given"), patterns())
def test_a_snippet_means_the_pattern_again_when_it_is_pasted(
    source: str, dialect: str, given: list[Any]
) -> None:
    texts = [one if isinstance(one, str) else json.dumps(one) for one in given]
    text = (
        json.dumps({"Filters": [{"Pattern": one} for one in texts]}) if len(texts) > 1 else texts[0]
    )
    answer = asked(text, source=source, dialect=dialect)
    assert answer["snippets"]
    for snippet in answer["snippets"]:
        again = asked(snippet["text"], source=source, dialect=dialect)
        assert meaning(again.get("extracted", "0")) == meaning(answer["extracted"]), snippet


@pytest.mark.parametrize(("dialect", "text"), [("lambda", "${x}"), ("pipes", "ß"), (None, "%{")])
def test_terraform_with_json_is_read_without_its_library(
    monkeypatch: pytest.MonkeyPatch, dialect: str | None, text: str
) -> None:
    monkeypatch.setattr(hcl_document, "is_available", lambda: False)
    source = "event" if dialect is None else "sqs"
    given = json.dumps({"detail" if dialect is None else "body": {"a": [text]}})
    answer = asked(given, source=source, dialect=dialect or "eventbridge")
    [terraform] = [one for one in answer["snippets"] if one["name"] == "Terraform"]
    again = asked(terraform["text"])
    assert meaning(again["extracted"]) == meaning(given)
    assert again["source"] == source
    [error] = asked('resource "aws_x" "x" {\n  pattern = jsonencode({ body = var.x })\n}')[
        "diagnostics"
    ]
    assert "terraform show -json" in error["hint"]


def test_a_snippet_keeps_the_source_where_the_target_has_it() -> None:
    for name in ("sqs", "kinesis", "dynamodb", "mq"):
        payload = {"sqs": "body", "dynamodb": "dynamodb"}.get(name, "data")
        answer = asked(json.dumps({payload: {"a": {"S": ["x"]}}}), source=name)
        for snippet in answer["snippets"]:
            if snippet["name"] in ("SAM", "Terraform"):
                assert asked(snippet["text"])["source"] == name


ANY_TEXT = {
    "nothing": "",
    "space": " ",
    "brace": "{",
    "list": "[]",
    "surrogate": "\ud800",
    "surrogate in json": '{"a": ["\ud800"]}',
    "quotes": "'" * 50,
    "deep json": "{" * 100_000,
    "deep yaml": "- " * 50_000,
    "deep code": "FilterCriteria.filter(" + "{" * 10_000,
    "open argument": "--filter-criteria '",
    "open call": "jsonencode({",
    "nul": "\x00",
    "alias": "a: &a [*a]",
}


@pytest.mark.parametrize("pattern", ANY_TEXT.values(), ids=ANY_TEXT)
def test_any_text_gets_a_response(pattern: str) -> None:
    for records in (None, pattern, lines(sqs(pattern.encode("utf-8", "replace").decode()))):
        answer = asked(pattern, records)
        assert answer["version"] == filterpatterns.__version__


def test_many_records_have_few_rows_and_all_are_counted() -> None:
    answer = asked(ORDERS, lines(*[sqs({"total": n}) for n in range(1000)]))
    assert answer["counts"] == {"records": 1000, "match": 899, "drop": 101, "error": 0}
    assert len(answer["rows"]) == 500


def test_long_values_are_shortened() -> None:
    record = sqs({"total": "x" * 1_000_000})
    assert len(json.dumps(asked(ORDERS, lines(record)))) < 10_000


@pytest.mark.parametrize(
    "request_text",
    ["", "[]", "{}", '{"pattern": 1}', '{"pattern": "", "source": "x"}', '{"pattern": "", "x": 1}',
     '{"pattern": "", "dialect": "x"}', '{"pattern": "", "selected": "1"}'],
)  # fmt: skip
def test_an_invalid_request_is_refused(request_text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        evaluate(request_text)


def test_the_function_imports_the_core_only() -> None:
    code = (
        "import sys; from filterpatterns.integrations.playground.evaluation import evaluate;"
        'evaluate(\'{"pattern": "{\\\\"body\\\\": 1}", "records": "{}"}\');'
        "print({'orjson', 'click', 'rich', 'starlette', 'uvicorn', 'yaml'} & set(sys.modules))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "set()"
