"""Completion in Terraform files: in HCL syntax, and in JSON in strings and heredocs."""

from __future__ import annotations

import json
from typing import Any

import pytest

from filterpatterns.integrations.lsp.completion import complete
from filterpatterns.integrations.lsp.documents import LARGEST, Document
from filterpatterns.integrations.lsp.positions import Lines
from filterpatterns.templates.finding import patterns_in
from tests.support import completion

RULE = """\
resource "aws_cloudwatch_event_rule" "r" {
  # Orders:
  event_pattern = PATTERN
}
"""

MAPPING = """\
resource "aws_lambda_event_source_mapping" "m" {
  event_source_arn = "arn:aws:sqs:eu-west-1:123456789012:q"
  function_name    = "f"
  filter_criteria {
    filter {
      pattern = PATTERN
    }
  }
}
"""

PIPE = """\
resource "aws_pipes_pipe" "p" {
  source = "arn:aws:kinesis:eu-west-1:123456789012:stream/s"
  source_parameters {
    filter_criteria {
      filter {
        pattern = PATTERN
      }
    }
  }
}
"""


def encoded(body: str, template: str = RULE) -> str:
    return template.replace("PATTERN", f"jsonencode({{{body}}})")


def completed(text: str, *, snippets: bool = False, path: str = "main.tf") -> dict[str, str]:
    return completion.completed(text, path, snippets=snippets)


def pattern_of(text: str) -> Any:
    (mapping,) = patterns_in(text, "main.tf")
    return json.loads(mapping.texts[0].text)


@pytest.mark.parametrize(
    ("body", "label", "written", "expected"),
    [
        ("|", "source", "{source = []}", {"source": []}),
        (" det| ", "detail", "{ detail = {} }", {"detail": {}}),
        ("\n  |\n", "detail-type", '\n  "detail-type" = []\n', {"detail-type": []}),
        (
            '\n  source = ["x"]\n  det|\n  account = ["1"]\n',
            "detail",
            '\n  source = ["x"]\n  detail = {}\n  account',
            {"source": ["x"], "detail": {}, "account": ["1"]},
        ),
        (
            '\n  source = ["x"] # only these:\n  |\n',
            "id",
            "these:\n  id = []\n",
            {"source": ["x"], "id": []},
        ),
        (' source = ["x"], | ', "$or", '"$or" = [{}, {}] }', {"source": ["x"], "$or": [{}, {}]}),
        (' "det|" ', "detail", "{ detail = {} }", {"detail": {}}),
        (
            '\n  "det|\n  source = ["x"]\n',
            "detail",
            "\n  detail = {}\n",
            {"detail": {}, "source": ["x"]},
        ),
        (' det| = ["x"] ', "detail-type", '"detail-type" = ["x"]', {"detail-type": ["x"]}),
        (" det|: {} ", "detail", "detail: {}", {"detail": {}}),
        (" source = | ", "[{...}]", "source = [{}]", {"source": [{}]}),
        (
            " source = [|] ",
            "prefix",
            '[{ prefix = "order." }]',
            {"source": [{"prefix": "order."}]},
        ),
        (
            ' source = ["x", any|] ',
            "anything-but",
            '["x", { "anything-but" = "test" }]',
            {"source": ["x", {"anything-but": "test"}]},
        ),
        (
            ' source = [\n    |\n    "x"\n  ] ',
            "prefix",
            '\n    { prefix = "order." }\n    "x"',
            None,
        ),
        (
            " source = [{ pre| }] ",
            "prefix",
            '[{ prefix = "order." }]',
            {"source": [{"prefix": "order."}]},
        ),
        (
            ' source = [{ pre| = "a" }] ',
            "equals-ignore-case",
            '[{ "equals-ignore-case" = "a" }]',
            {"source": [{"equals-ignore-case": "a"}]},
        ),
        (" source = [{ exists = | }] ", "false", "= false }", {"source": [{"exists": False}]}),
        (
            " detail = { n = [{ numeric = [|, 5] }] } ",
            ">=",
            '[">=", 5]',
            {"detail": {"n": [{"numeric": [">=", 5]}]}},
        ),
        (
            ' detail = { n = [{ numeric = [">|", 5] }] } ',
            ">=",
            '[">=", 5]',
            {"detail": {"n": [{"numeric": [">=", 5]}]}},
        ),
        (
            ' source = [{ "anything-but" = { | } }] ',
            "suffix",
            '{ suffix = ".csv" }',
            {"source": [{"anything-but": {"suffix": ".csv"}}]},
        ),
        (
            ' "$or" = [{ source = ["x"] }, { acc| }] ',
            "account",
            "{ account = [] }",
            {"$or": [{"source": ["x"]}, {"account": []}]},
        ),
        (' "$or" = [|] ', "{...}", '[{"" = []}]', {"$or": [{"": []}]}),
        (" source = [var.x, |] ", "prefix", '[var.x, { prefix = "order." }]', None),
    ],
)
def test_completions_are_hcl(body: str, label: str, written: str, expected: Any) -> None:
    text = completed(encoded(body))[label]
    assert written in text
    if expected is not None:
        assert pattern_of(text) == expected


@pytest.mark.parametrize(
    "body",
    [
        "\n  # det|\n",
        "\n  // det|\n",
        "\n  /* det| */\n",
        ' source = ["x"] | ',
        ' source = ["x"|] ',
        " source = |[] ",
        ' source =\n  |\n  account = ["1"]\n',
        ' source = [{ prefix = "x" | }] ',
        ' source = [{ prefix = "x", | }] ',
        ' source = [{ prefix = "|" }] ',
        " source = [local.pre|] ",
        " source = [local.|] ",
        " source = [lookup(var.x, |)] ",
        " source = [var.x[|]] ",
        " source = [var.x == | ] ",
        " source = [var.x + |] ",
        " source = [for s in | : s] ",
        " source = [for s in var.x : |] ",
        " source = { for k, v in var.x : | => v } ",
        ' source = ["${|}"] ',
        ' source = ["a${|}"] ',
        " source = ['pre|'] ",
        " (|) = [] ",
    ],
)
def test_nothing_is_offered_where_nothing_is_allowed(body: str) -> None:
    assert completed(encoded(body)) == {}


@pytest.mark.parametrize("line", ["|", "des|", "description = |", "tags = { | }", "tags = [|]"])
def test_nothing_is_offered_outside_patterns(line: str) -> None:
    text = encoded(' source = ["x"] ')
    assert completed(text.replace("  event_", f"  {line}\n  event_")) == {}
    assert completed(f"{line}\n{text}") == {}
    assert completed(RULE.replace("PATTERN", "upper({ | })")) == {}


@pytest.mark.parametrize(
    ("template", "body", "labels"),
    [
        (MAPPING, "|", {"body", "messageId"}),
        (MAPPING, " body = { total = [|] } ", {"numeric", "prefix", "anything-but"}),
        (MAPPING, ' body = { total = [{ numeric = ["|", 100] }] } ', {">", "<="}),
        (PIPE, "\n data = { a = [1] }\n par|\n", {"partitionKey", "data"}),
        (PIPE, " data = { size = [{ | }] } ", {"numeric", "exists"}),
    ],
)
def test_mappings_and_pipes(template: str, body: str, labels: set[str]) -> None:
    found = completed(encoded(body, template))
    assert labels <= set(found)
    for text in found.values():
        assert patterns_in(text, "main.tf")


def test_a_pattern_in_a_local_value() -> None:
    text = "locals {\n  p = { source = [{ pre| }] }\n}\n" + RULE
    found = completed(text.replace("PATTERN", "jsonencode(local.p)"))
    assert '[{ prefix = "order." }]' in found["prefix"]
    text = 'locals {\n  p = { source = ["x"] }\n}\n' + RULE
    assert completed(text.replace("PATTERN", "jsonencode(local.p|)")) == {}


@pytest.mark.parametrize(
    ("pattern", "label", "written"),
    [
        ('"{\\"source\\": [|]}"', "prefix", '[{\\"prefix\\": \\"order.\\"}]'),
        ('"{\\"source\\": [{\\"pre|', "prefix", '[{\\"prefix\\": \\"order.\\"'),
        ('<<EOF\n{"source": [|]}\nEOF', "prefix", '[{"prefix": "order."}]'),
        ('<<-EOF\n  {"source": ["x"],\n  "det|}\n  EOF', "detail", '  "detail": {}'),
        ('<<EOF\n{"source": ["${var.x}", |]}\nEOF', "prefix", '", {"prefix": "order."}]'),
    ],
)
def test_json_in_strings_and_heredocs(pattern: str, label: str, written: str) -> None:
    assert written in completed(RULE.replace("PATTERN", pattern))[label]


@pytest.mark.parametrize(
    "pattern",
    [
        '<<EOF\n{"source": ["${var.|x}"]}\nEOF',
        '<<EOF\n{"source": ["a${lookup({a = "b"}, |var.x)}"]}\nEOF',
        '<<EOF\n{"source": ["x"], "detail": ${jsonencode({ a = [{ | }] })}}\nEOF',
    ],
)
def test_no_json_in_expressions_in_strings(pattern: str) -> None:
    assert completed(RULE.replace("PATTERN", pattern)) == {}


def test_snippets_have_placeholders() -> None:
    found = completed(encoded(" source = [|] "), snippets=True)
    assert '[{ prefix = "${1:order.}" \\}]' in found["prefix"]


def test_lines_with_carriage_returns_and_wide_characters() -> None:
    text = encoded('\n  source = ["é😀"]\n  det|\n')
    found = completed(text.replace("\n", "\r\n"))
    assert '["é😀"]\r\n  detail = {}\r\n' in found["detail"]


@pytest.mark.parametrize(
    ("pattern", "label", "written"),
    [
        ("jsonencode({ det|", "detail", "jsonencode({ detail = {}\n"),
        ("jsonencode({ source = [{ pre|", "prefix", '[{ prefix = "order."\n'),
        ('jsonencode({ source = ["{", |', "prefix", '["{", { prefix = "order." }\n'),
        (
            'jsonencode({\n    source = [{ "pre|\n    account = ["1"]\n  })',
            "prefix",
            '[{ prefix = "order."\n    account',
        ),
    ],
)
def test_brackets_that_are_still_open_on_the_line(pattern: str, label: str, written: str) -> None:
    assert written in completed(RULE.replace("PATTERN", pattern))[label]


def test_a_file_with_another_name() -> None:
    assert "detail" in completed(encoded(" det| "), path="")


def test_a_call_whose_value_is_known() -> None:
    text = RULE.replace("PATTERN", 'jsonencode(merge({ source = ["x"] }, { | }))')
    assert "merge({ source" in completed(text)["detail"]


@pytest.mark.parametrize(
    "part", ["x", "a.", "[", '"', "\\", '\\"', "{", "{ a = ", "${", "#", "/*", "= ", "a = 1\n"]
)
def test_hostile_lines(part: str) -> None:
    line = part * (10_000 // len(part))
    found = completed(encoded(f"\n  {line}|\n"))
    assert found == {} or part == "a = 1\n"
    completed(encoded(f"\n  |\n  {line}\n"))
    completed(RULE.replace("PATTERN", f'<<EOF\n{{"source": [{line}|\nEOF'))
    completed(encoded(f"\n  {line} [{{ |\n"))


def test_long_runs_of_spaces_are_parsed_once() -> None:
    text = encoded("\n  det\n" + " " * 5_000)
    offset = text.index("det") + 3
    one = Document("file:///x", "main.tf", text, Lines(text), 1)
    assert complete(one, one.lines.position(offset), snippets=False) == []


def test_a_document_that_is_too_large_is_left_alone() -> None:
    assert completed(encoded("|") + "#" * LARGEST) == {}
