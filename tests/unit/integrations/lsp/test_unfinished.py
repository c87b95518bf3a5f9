"""Completion in documents that cannot be parsed yet: keys on separate lines, incomplete lines."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from filterpatterns.delivery.fields import fields_at
from filterpatterns.integrations.lsp.completion import complete
from filterpatterns.integrations.lsp.documents import LARGEST, Document, check
from filterpatterns.integrations.lsp.positions import Lines
from tests.support import completion

RULE = """\
AWSTemplateFormatVersion: x
Resources:
  R:
    Type: AWS::Events::Rule
    Properties:
      EventPattern:
        PATTERN
      State: ENABLED
"""

SERVERLESS = """\
service: s
provider:
  name: aws
functions:
  f:
    handler: a.b
    events:
      - EVENT
"""


def rule(*lines: str) -> str:
    """A rule whose pattern are these lines."""
    return RULE.replace("PATTERN", "\n        ".join(lines))


def event(*lines: str) -> str:
    """A serverless.yml with an event of these lines."""
    return SERVERLESS.replace("EVENT", "\n        ".join(lines))


def completed(text: str, path: str = "x.yaml", *, snippets: bool = False) -> dict[str, str]:
    return completion.completed(text, path, snippets=snippets)


def pattern_of(text: str) -> Any:
    return yaml.safe_load(text)["Resources"]["R"]["Properties"]["EventPattern"]


FIELD_NAMES = {field.name for field in fields_at("event", ())}
OPERATORS = {"prefix", "suffix", "numeric", "exists", "anything-but"}


@pytest.mark.parametrize(
    ("lines", "label", "expected"),
    [
        (["|"], "source", {"source": None}),
        (["det|"], "detail-type", {"detail-type": None}),
        (["det|", "source:", "  - x"], "detail", {"detail": None, "source": ["x"]}),
        (
            ["source: [x]", "|", "account: ['1']"],
            "id",
            {"source": ["x"], "id": None, "account": ["1"]},
        ),
        (["det|:", "  a: [1]"], "detail", {"detail": {"a": [1]}}),
        (['"det|"', "source: [x]"], "detail", {"detail": None, "source": ["x"]}),
        (["source:", "  - pre|"], "prefix", {"source": [{"prefix": "order."}]}),
        (["source:", "  - |"], "wildcard", {"source": [{"wildcard": "*error*"}]}),
        (["source:", "  - |fix: x"], "prefix", {"source": [{"prefix": "x"}]}),
        (["source:", "  - x", "  |"], "suffix", {"source": ["x", {"suffix": ".csv"}]}),
        (["source:", "  |"], "exists", {"source": [{"exists": True}]}),
        (["source:", "  -", "    |"], "exists", {"source": [{"exists": True}]}),
        (["detail:", "  size:", "    |"], "prefix", {"detail": {"size": [{"prefix": "order."}]}}),
        (
            ["detail:", "  size:", "    - num| # the size", "  b: [1]"],
            "numeric",
            {"detail": {"size": [{"numeric": [">", 0, "<=", 100]}], "b": [1]}},
        ),
        (["source: [|]"], "prefix", {"source": [{"prefix": "order."}]}),
        (["source: [x, |]"], "prefix", {"source": ["x", {"prefix": "order."}]}),
        (["detail: {a: [x], |}"], "$or", {"detail": {"a": ["x"], "$or": [{}, {}]}}),
        (["source: [{pre|}]"], "prefix", {"source": [{"prefix": "order."}]}),
        (["source:", "  - exists: |"], "false", {"source": [{"exists": False}]}),
        (["a:", "  - numeric:", "      - |", "      - 5"], ">=", {"a": [{"numeric": [">=", 5]}]}),
        (
            ["source:", "  - anything-but:", "      |"],
            "suffix",
            {"source": [{"anything-but": {"suffix": ".csv"}}]},
        ),
        (
            ["$or:", "  - source: [x]", "  - acc|"],
            "account",
            {"$or": [{"source": ["x"]}, {"account": None}]},
        ),
    ],
)
def test_completions_in_a_block_are_yaml(lines: list[str], label: str, expected: Any) -> None:
    assert pattern_of(completed(rule(*lines))[label]) == expected


@pytest.mark.parametrize(
    "lines",
    [
        ["source:|"],
        ["source:", "  - prefix: x", "    |"],
        ["source:", "  - prefix: |"],
        ["source:", "  - anything-but:", "      - |"],
        ["# det|"],
        ["source: [x] |"],
        ["\t|"],
    ],
)
def test_nothing_is_offered_where_nothing_is_allowed(lines: list[str]) -> None:
    assert completed(rule(*lines)) == {}


def test_nothing_is_offered_outside_patterns() -> None:
    text = rule("source: [x]")
    assert completed(text + "      |") == {}
    assert completed(text + "Out|") == {}
    assert completed("a:\n  |") == {}


def test_an_empty_line_below_a_field_with_known_fields_is_not_an_array() -> None:
    dynamodb = ["stream:", "    type: dynamodb", "    arn: !GetAtt T.StreamArn"]
    text = event(*dynamodb, "    filterPatterns:", "      - dynamodb:", "          |")
    found = completed(text)
    assert "NewImage" in found
    assert not OPERATORS & set(found)


@pytest.mark.parametrize(
    ("lines", "labels"),
    [
        (["eventBridge:", "    pattern:", "      |"], {"detail-type", "source", "$or"}),
        (["eventBridge:", "    pattern:", "      source:", "        - pre|"], OPERATORS),
        (["sqs:", "    arn: a", "    filterPatterns:", "      - |"], {"body", "messageId"}),
        (["sqs:", "    arn: a", "    filterPatterns:", "      |"], {"body", "messageId"}),
        (
            [
                "sqs:",
                "    arn: a",
                "    filterPatterns:",
                "      - body:",
                "          a:",
                "          - |",
            ],
            OPERATORS,
        ),
    ],
)
def test_serverless(lines: list[str], labels: set[str]) -> None:
    found = completed(event(*lines), "serverless.yml")
    assert labels <= set(found)
    for text in found.values():
        yaml.load(text, yaml.BaseLoader)


def test_a_rule_of_sam() -> None:
    text = (
        "Transform: AWS::Serverless-2016-10-31\nResources:\n  F:\n"
        "    Type: AWS::Serverless::Function\n    Properties:\n      Events:\n        E:\n"
        "          Type: EventBridgeRule\n          Properties:\n            Pattern:\n"
    )
    assert "detail-type" in completed(f"{text}              |\n")
    assert "prefix" in completed(f"{text}              source:\n              - p|\n")


def test_names_that_yaml_reads_as_something_else_have_quotes() -> None:
    dynamodb = ["stream:", "    type: dynamodb", "    arn: !GetAtt T.StreamArn"]
    lines = ["    filterPatterns:", "      - dynamodb:", "          NewImage:", "            Id:"]
    found = completed(event(*dynamodb, *lines, "              |"))
    assert found["NULL"].endswith('"NULL":\n')
    assert found["SS"].endswith(" SS:\n")


def test_snippets_have_placeholders() -> None:
    found = completed(rule("source:", "  - |"), snippets=True)
    assert "- prefix: ${1:order.}\n" in found["prefix"]
    assert "\n        \\$or:\n" in completed(rule("|"), snippets=True)["$or"]


@pytest.mark.parametrize(
    ("pattern", "label", "expected"),
    [
        ('{"source": ["x"], "det|', "detail", '"detail": {}'),
        ('{"source": ["x"], "det|, "id": ["x"]', "detail", '"detail": {}'),
        ('{\n"det|\n"id": ["x"]', "detail", '"detail": {}'),
        ('{"source": [{"pre|}]', "prefix", '{"prefix": "order."}'),
        ('{"source": ["x", |]', "prefix", '["x", {"prefix": "order."}]'),
    ],
)
def test_a_template_in_json_with_half_a_member(pattern: str, label: str, expected: str) -> None:
    resource = {"Type": "AWS::Events::Rule", "Properties": {"EventPattern": 0}}
    text = json.dumps({"Resources": {"R": resource}}).replace(": 0", f": {pattern}}}")
    found = completed(text, "x.json")
    assert expected in found[label]


def test_an_incomplete_member_in_brackets_on_separate_lines() -> None:
    found = completed(rule("{", '  "source": ["x"],', '  "det|', "}"))
    assert pattern_of(found["detail"]) == {"source": ["x"], "detail": None}


@pytest.mark.parametrize("quote", ["'", '"'])
def test_a_pattern_in_a_string_that_is_open(quote: str) -> None:
    pattern = '{"detail": {"a": [{"pre|'
    if quote == '"':
        pattern = pattern.replace('"', '\\"')
    found = completed(RULE.replace("PATTERN", quote + pattern))
    assert "prefix" in found


@pytest.mark.parametrize("quote", ["'", '"'])
def test_a_name_in_quotes_is_compared_with_its_quotes(quote: str) -> None:
    text = rule(f"{quote}det")
    one = check(Document("file:///x", "x.yaml", text, Lines(text), 1))
    items = complete(one, one.lines.position(text.index("det") + 3), snippets=False)
    assert f"{quote}detail{quote}" in [item.filter_text for item in items]


def test_lines_with_carriage_returns() -> None:
    found = completed(rule("source:", "  - pre|").replace("\n", "\r\n"))
    assert "  - prefix: order.\r\n      State" in found["prefix"]


@pytest.mark.parametrize(
    "part", ["x", "a.", "- ", "[", "'", '"', "\\", "{a: ", "&a ", "*a ", "a: ", "#", "!x "]
)
def test_hostile_lines(part: str) -> None:
    line = part * (60_000 // len(part))
    assert completed(rule(f"{line}|")) == {}
    assert completed(rule("|", f"{line}")).keys() <= {"$or", *FIELD_NAMES}


def test_a_document_that_is_too_large_is_left_alone() -> None:
    assert completed(rule("|") + "#" * LARGEST) == {}
