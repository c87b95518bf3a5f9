"""Documents: which have patterns, what is reported about them, and where."""

from __future__ import annotations

import json

import pytest
from lsprotocol import types

from filterpatterns.delivery.sources import SOURCES
from filterpatterns.integrations.lsp.actions import quick_fixes
from filterpatterns.integrations.lsp.completion import complete
from filterpatterns.integrations.lsp.documents import (
    LARGEST,
    Document,
    check,
    is_named,
    published,
)
from filterpatterns.integrations.lsp.hover import about_field, about_operator, hover
from filterpatterns.integrations.lsp.positions import Lines
from filterpatterns.integrations.lsp.settings import Settings, given_settings
from filterpatterns.language.operators import REFERENCES

RULE = """\
AWSTemplateFormatVersion: x
Resources:
  R:
    Type: AWS::Events::Rule
    Properties:
      EventPattern:
        source: [aws.s3]
        detail:
          size: [{numeric: [">", 5]}]
"""


def document(text: str, path: str = "x.pattern.json", settings: Settings | None = None) -> Document:
    return check(
        Document(
            "file:///x", path, text, Lines(text), 1, is_named(path, None), settings or Settings()
        )
    )


def codes(text: str, path: str = "x.pattern.json") -> list[str]:
    return [one.code for one in document(text, path).found]


def test_names_of_pattern_files() -> None:
    for path in ("pattern.json", "/a/orders.pattern.json", "Patterns.JSON"):
        assert is_named(path, "json")
    assert is_named("x", "filter-pattern")
    for path in ("orders.json", "pattern.yaml", "tsconfig.json"):
        assert not is_named(path, "json")


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("x.pattern.json", '{"name": ["x"]}', []),
        ("x.pattern.json", '{"name": "x"}', ["FP005"]),
        ("x.json", '{"name": "x"}', []),
        ("x.json", '{"body": {"a": [{"prefix": 5}]}}', ["FP009"]),
        ("x.json", '{"Filters": [{"Pattern": "{\\"a\\": 5}"}]}', ["FP005"]),
        ("x.yaml", RULE, []),
        ("x.yaml", RULE.replace("[aws.s3]", "aws.s3"), ["FP005"]),
        ("x.yaml", "FilterCriteria: [", [""]),
        ("x.yaml", "FilterCriteria: {{ .Values.x }", ["FP204"]),
        ("x.pattern.json", "", []),
        ("x.yaml", "", []),
    ],
)
def test_patterns_and_templates_are_checked(path: str, text: str, expected: list[str]) -> None:
    assert codes(text, path) == expected


def test_severities() -> None:
    template = RULE.replace("[aws.s3]", "[!Ref Unknown]").replace("{numeric", "{nope")
    found = {one.code: one.severity for one in published(document(template, "x.yaml"))}
    assert found["FP007"] == types.DiagnosticSeverity.Error
    pattern = document('{"body": {"a": ["x*"]}}', settings=Settings(source="sqs"))
    assert [one.severity for one in published(pattern)] == [types.DiagnosticSeverity.Warning]
    mapping = {
        "AWSTemplateFormatVersion": "x",
        "Resources": {
            "M": {
                "Type": "AWS::Lambda::EventSourceMapping",
                "Properties": {"FilterCriteria": {"Filters": [{"Pattern": {"Ref": "P"}}]}},
            }
        },
    }
    (skipped,) = published(document(json.dumps(mapping), "x.json"))
    assert (skipped.code, skipped.severity) == ("FP201", types.DiagnosticSeverity.Information)


def test_deselected_codes_are_not_reported() -> None:
    text = '{"body": {"a": ["x*"]}}'
    settings = Settings(source="sqs", reports=lambda code: code != "FP141")
    assert document(text, settings=settings).found == ()


def test_a_document_that_is_too_large_says_so() -> None:
    large = " " * LARGEST
    assert codes(large + "{}", "x.json") == []
    assert codes(large + "FilterCriteria: x", "x.yaml") == ["FP205"]


def test_a_range_is_never_empty() -> None:
    for text in ('{"a": [1]', "{", '{"a": "x"', "x"):
        (found,) = published(document(text + "\n"))
        assert found.range.start != found.range.end


def place(document: Document, part: str) -> types.Position:
    return document.lines.position(document.text.index(part))


def test_a_hover_in_yaml_is_at_the_word_in_the_file() -> None:
    one = document(RULE, "x.yaml")
    found = hover(one, place(one, "numeric"))
    assert found is not None
    start = one.text.index("numeric")
    assert found.range == one.lines.range(start, start + len("numeric"))
    found = hover(one, place(one, "detail"))
    assert found is not None
    assert isinstance(found.contents, types.MarkupContent)
    assert "The event's own fields" in found.contents.value


def test_every_operator_has_a_hover() -> None:
    for name, reference in REFERENCES.items():
        words = about_operator(name) or ""
        assert reference.description in words
        assert ("Documented for" in words) == bool(reference.documented)
        assert "https://docs.aws.amazon.com/eventbridge" in words
    assert about_operator("nope") is None


def test_fields_of_maps_and_lists_are_known() -> None:
    names = ("dynamodb", "NewImage", "Order", "M", "Items", "L", "M", "Price", "N")
    assert "numeric" in (about_field("dynamodb", names) or "")
    assert about_field("dynamodb", ("dynamodb.NewImage", "x", "S")) is not None
    assert about_field("sqs", ("messageAttributes", "anything", "dataType")) is not None
    assert about_field("sqs", ("body", "x")) is None
    assert about_field(None, ("body",)) is None


def test_without_snippets_plain_text_is_completed() -> None:
    text = '{"body": {"a": []}}'
    one = document(text, settings=Settings(source="sqs"))
    items = complete(one, types.Position(0, text.index("]")), snippets=False)
    texts = {item.label: item.text_edit.new_text for item in items if item.text_edit}
    assert texts["numeric"] == '{"numeric": [">", 0, "<=", 100]}'
    assert all("$" not in text for text in texts.values())
    undocumented = {item.label for item in items if item.tags}
    assert undocumented >= {"cidr", "exactly", "wildcard"}  # for Lambda
    assert undocumented == {
        name for name, one in REFERENCES.items() if "lambda" not in one.documented
    }


def test_no_json_is_inserted_into_yaml_syntax() -> None:
    one = document(RULE, "x.yaml")
    items = complete(one, place(one, "aws.s3"), snippets=False)
    texts = {item.label: item.text_edit.new_text for item in items if item.text_edit}
    assert texts["prefix"] == "{prefix: order.}"


@pytest.mark.parametrize(
    "given",
    [
        '{"a": [{"matches": "x"}]}',
        '{"a": [{"numeric": [">", 9007199254740993]}]}',
        '{"$or": []}',
    ],
)
def test_without_a_fix_there_is_no_action(given: str) -> None:
    one = document(given)
    assert one.found
    assert quick_fixes(one, one.lines.range(0, len(given)), versioned=True) == []


def test_only_findings_at_the_cursor_are_fixed() -> None:
    text = '{"a": "x", "b": "y"}'
    one = document(text)
    everything = quick_fixes(one, one.lines.range(0, len(text)), versioned=False)
    assert [action.title for action in everything] == [
        'Wrap in an array: ["x"]',
        'Wrap in an array: ["y"]',
    ]
    at = text.index('"y"') + 1
    (action,) = quick_fixes(one, one.lines.range(at, at), versioned=False)
    assert action.title == 'Wrap in an array: ["y"]'
    assert action.edit is not None
    assert action.edit.changes is not None


@pytest.mark.parametrize("source", [*SOURCES, "auto"])
def test_every_source_may_be_set(source: str) -> None:
    assert given_settings({"source": source}) == ({"source": source}, [])


@pytest.mark.parametrize("name", ["body", "detail"])
def test_fields_of_other_sources_are_unknown_in_a_subscribers_data(name: str) -> None:
    one = document(f'{{"{name}": ["x"]}}', settings=Settings(source="subscriber"))
    assert hover(one, place(one, name)) is None


def test_settings_and_their_errors() -> None:
    given = {"source": "sqs", "dialect": "pipes", "maxFilters": 10}
    wanted = {"source": "sqs", "dialect": "pipes", "max_filters": 10}
    assert given_settings(given) == (wanted, [])
    assert given_settings({"filterpatterns": given}) == (wanted, [])
    assert given_settings(None) == ({}, [])
    assert given_settings({"source": "", "dialect": None, "command": "fp"}) == ({}, [])
    for bad in ([], "sqs", {"source": "sqz"}, {"maxFilters": 0}, {"maxFilters": True}, {"x": 1}):
        found, problems = given_settings(bad)
        assert found == {}
        assert len(problems) == 1
