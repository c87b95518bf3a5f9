"""Fixes: edits that do what a hint says, after which the diagnostic is gone."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

import filterpatterns
from filterpatterns.errors import Diagnostic, Fix
from filterpatterns.lint.catalog.catalog import CATALOG
from filterpatterns.templates.finding import patterns_in


def applied(text: str, fix: Fix) -> str:
    """A text after an edit."""
    lines = text.split("\n")
    ends = [sum(len(line) + 1 for line in lines[:number]) for number in range(len(lines))]
    start = ends[fix.line - 1] + fix.column - 1
    end = ends[fix.end_line - 1] + fix.end_column - 1
    return text[:start] + fix.text + text[end:]


def check(text: str, source: str = "event") -> list[Diagnostic]:
    return filterpatterns.check(text, source=source)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "fixed"),
    [
        ('{"a": "x"}', '{"a": ["x"]}'),
        ('{"a": 5}', '{"a": [5]}'),
        ('{"a": "{\\"b\\": [1]}"}', '{"a": {"b": [1]}}'),
        ('"{\\"a\\": [1]}"', '{"a": [1]}'),
        ('{"a": []}', '{"a": [{"exists": true}]}'),
        ('{"a": {}}', '{"a": [{"exists": true}]}'),
        ('{"a": [["x", "y"], "z"]}', '{"a": ["x", "y", "z"]}'),
        ('{"a": [{"Prefix": "x"}]}', '{"a": [{"prefix": "x"}]}'),
        ('{"a": [{"startsWith": "x"}]}', '{"a": [{"prefix": "x"}]}'),
        ('{"a": [{"contains": "x*"}]}', '{"a": [{"wildcard": "*x\\\\**"}]}'),
        ('{"a": [{"wildcrd": "x*"}]}', '{"a": [{"wildcard": "x*"}]}'),
        ('{"a": [{"prefix": "x", "suffix": "y"}]}', '{"a": [{"prefix": "x"}, {"suffix": "y"}]}'),
        ('{"a": [{}]}', '{"a": [{"exists": true}]}'),
        ('{"a": [{"prefix": ["x", "y"]}]}', '{"a": [{"prefix": "x"}, {"prefix": "y"}]}'),
        ('{"a": [{"prefix": 5}]}', '{"a": [{"prefix": "5"}]}'),
        ('{"a": [{"exists": "true"}]}', '{"a": [{"exists": true}]}'),
        ('{"a": [{"numeric": [">", "5"]}]}', '{"a": [{"numeric": [">", 5]}]}'),
        ('{"a": [{"numeric": ["<", 5, ">", 1]}]}', '{"a": [{"numeric": [">", 1, "<", 5]}]}'),
        ('{"a": [{"numeric": ["!=", 5]}]}', '{"a": [{"anything-but": 5}]}'),
        (
            '{"a": [{"anything-but": ["x*", {"wildcard": "a*"}]}]}',
            '{"a": [{"anything-but": {"wildcard": ["x\\\\*", "a*"]}}]}',
        ),
        ('{"a": [{"wildcard": "a**b\\\\**"}]}', '{"a": [{"wildcard": "a*b\\\\**"}]}'),
        ('{"a": [{"cidr": "10.0.0.1/32"}]}', '{"a": ["10.0.0.1"]}'),
        ('{"$or": [{"a": [1], "b": [2]}]}', '{"a": [1], "b": [2]}'),
        ('{"a": [1],}', '{"a": [1]}'),
        ('{"a": [1, ]}', '{"a": [1 ]}'),
        ('{"a": [1] "b": [2]}', '{"a": [1], "b": [2]}'),
        ('{"a" [1]}', '{"a": [1]}'),
        ('{"a": [True]}', '{"a": [true]}'),
        ("{'a': [1]}", '{"a": [1]}'),
        ("{“a”: [1]}", '{"a": [1]}'),
        ('{"a": ["{\\"prefix\\": \\"x\\"}"]}', '{"a": [{"prefix": "x"}]}'),
        ('{"a": ["x*"]}', '{"a": [{"prefix": "x"}]}'),
        ('{"a": ["*x"]}', '{"a": [{"suffix": "x"}]}'),
        ('{"a": ["*x*"]}', '{"a": [{"wildcard": "*x*"}]}'),
        ('{"account": [123456789012]}', '{"account": ["123456789012"]}'),
        ('{"detailType": ["x"]}', '{"detail-type": ["x"]}'),
    ],
)
def test_a_fix_corrects_the_pattern(text: str, fixed: str) -> None:
    (found,) = check(text)
    assert found.fix is not None
    assert applied(text, found.fix).replace(",  ", ", ") == fixed
    assert check(fixed) == []


@pytest.mark.parametrize(
    ("source", "text", "fixed"),
    [
        ("sqs", '{"Body": {"a": [1]}}', '{"body": {"a": [1]}}'),
        ("dynamodb", '{"userIdentity": {"Type": ["x"]}}', '{"userIdentity": {"type": ["x"]}}'),
        ("dynamodb", '{"eventName": ["insert"]}', '{"eventName": ["INSERT"]}'),
        (
            "dynamodb",
            '{"dynamodb": {"NewImage": {"a": {"N": [5]}}}}',
            '{"dynamodb": {"NewImage": {"a": {"N": ["5"]}}}}',
        ),
        (
            "dynamodb",
            '{"dynamodb": {"NewImage": {"a": {"S": [true]}}}}',
            '{"dynamodb": {"NewImage": {"a": {"S": ["true"]}}}}',
        ),
        (
            "dynamodb",
            '{"dynamodb": {"NewImage": {"a": {"BOOL": ["true"]}}}}',
            '{"dynamodb": {"NewImage": {"a": {"BOOL": [true]}}}}',
        ),
    ],
)
def test_a_fix_for_records_of_a_source(source: str, text: str, fixed: str) -> None:
    found = next(one for one in check(text, source) if one.fix is not None)
    assert found.fix is not None
    assert applied(text, found.fix) == fixed
    assert found.code not in {one.code for one in check(fixed, source)}


@pytest.mark.parametrize("code", CATALOG)
def test_no_fix_in_the_catalog_causes_another_error(code: str) -> None:
    bad = CATALOG[code].bad
    text = bad.pattern if isinstance(bad.pattern, str) else ""
    before = {one.code for one in check(text, bad.source)}
    for found in check(text, bad.source):
        if found.fix is not None:
            after = check(applied(text, found.fix), bad.source)
            assert found.code not in {one.code for one in after}
            assert {one.code for one in after if one.severity == "error"} <= before


@pytest.mark.parametrize(
    "text",
    [
        '{"a": [{"matches": "x"}]}',
        '{"a": [{"regex": "x.*"}]}',
        '{"a": [{"numeric": [">", "five"]}]}',
        '{"a": [{"prefix": {"equals-ignore-case": ["x", "y"]}}]}',
        '{"a": [{"prefix": ["x", 5]}]}',
        '{"a": [{"wildcard": "a\\\\"}]}',
        '{"a": [{"cidr": "10.0.0.0"}]}',
        '{"$or": []}',
        '{"a": "{not json}"}',
        '{"a',
    ],
)
def test_ambiguous_mistakes_have_no_fix(text: str) -> None:
    assert [one.fix for one in check(text)] == [None]


def test_a_pattern_of_python_objects_has_no_text_to_fix() -> None:
    (found,) = filterpatterns.check({"a": "x"}, source="event")
    assert found.fix is None


def block(pattern: str) -> str:
    return f"        Pattern: |\n              {pattern}\n"


def single(pattern: str) -> str:
    return "        Pattern: '" + pattern.replace("'", "''") + "'\n"


def double(pattern: str) -> str:
    return f"        Pattern: {json.dumps(pattern, ensure_ascii=False)}\n"


def criteria(written: str) -> str:
    return (
        "Resources:\n  M:\n    Type: AWS::Lambda::EventSourceMapping\n    Properties:\n"
        "      EventSourceArn: arn:aws:sqs:eu-west-1:123456789012:q\n"
        "      FunctionName: f\n      FilterCriteria:\n        Filters:\n          - "
        + written.lstrip()
    )


@pytest.mark.parametrize("write", [block, single, double])
@pytest.mark.parametrize(
    ("pattern", "fixed"),
    [
        ('{"body": {"a": "x\'y 😀"}}', '{"body": {"a": ["x\'y 😀"]}}'),
        ('{"body": {"😀": 5}}', '{"body": {"😀": [5]}}'),
        ('{"body": {"a": [{"prefix": ["x", "y"]}]}}', None),
    ],
)
def test_a_fix_is_escaped_for_the_string_around_it(
    write: Callable[[str], str], pattern: str, fixed: str | None
) -> None:
    text = criteria(write(pattern))
    (mapping,) = patterns_in(text, "template.yaml")
    (found,) = mapping.check()
    assert found.fix is not None
    after = applied(text, found.fix)
    (mapping,) = patterns_in(after, "template.yaml")
    assert mapping.check() == []
    if fixed is not None:
        assert mapping.texts[0].text.strip() == fixed


def test_a_value_of_a_pattern_in_yaml_is_wrapped() -> None:
    text = "AWSTemplateFormatVersion: x\nResources:\n  R:\n    Type: AWS::Events::Rule\n"
    text += "    Properties:\n      EventPattern:\n        source: aws.s3\n"
    (mapping,) = patterns_in(text, "template.yaml")
    (found,) = mapping.check()
    assert found.fix is not None
    (mapping,) = patterns_in(applied(text, found.fix), "template.yaml")
    assert mapping.check() == []
    assert mapping.texts[0].text == '{"source":["aws.s3"]}'
