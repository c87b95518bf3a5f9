"""FP140 to FP144: valid patterns that do not mean what their author intended."""

from __future__ import annotations

import json

import pytest

import filterpatterns

INTENTIONS = ("FP140", "FP141", "FP142", "FP143", "FP144")


def codes(pattern: str, source: str = "event") -> list[str]:
    found = filterpatterns.check(pattern, source=source)
    return [each.code for each in found if each.code in INTENTIONS]


def hints(pattern: str, source: str = "event") -> list[str | None]:
    found = filterpatterns.check(pattern, source=source)
    return [each.hint for each in found if each.code in INTENTIONS]


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("/api/*", 'write {"prefix": "/api/"}'),
        ("*.png", 'write {"suffix": ".png"}'),
        ("arn:aws:s3:::*", 'write {"prefix": "arn:aws:s3:::"}'),
        ("*/in/*", 'write {"wildcard": "*/in/*"}'),
        ("*", 'for "any value" write {"exists": true}, or leave the field out'),
    ],
)
def test_a_star_that_was_meant_as_a_wildcard(text: str, hint: str) -> None:
    assert hints(json.dumps({"detail": {"path": [text]}})) == [hint]
    assert codes(json.dumps({"resources": [text]})) == ["FP141"]


@pytest.mark.parametrize("text", ["*/*", "* * * * *", "a * b", "**", "a*b", "x"])
def test_a_star_that_is_a_value(text: str) -> None:
    assert codes(json.dumps({"detail": {"x": [text]}})) == []


def test_stars_of_policies_are_values() -> None:
    statement = {"Principal": ["*"], "Action": ["s3:*"], "Resource": ["arn:aws:s3:::*"]}
    pattern = {"detail": {"requestParameters": {"Statement": statement}}}
    assert codes(json.dumps(pattern)) == []


@pytest.mark.parametrize(
    "text",
    ["${Tenant}", "arn:aws:sqs:${AWS::Region}:x", "!Ref Table", "!GetAtt Table.Arn", "${a.b}"],
)
def test_a_reference_that_nothing_replaces(text: str) -> None:
    assert codes(json.dumps({"detail": {"x": [text]}})) == ["FP142"]


@pytest.mark.parametrize("text", ["$5", "${}", "$ {x}", "!important", "!Reference", "a!Ref b"])
def test_texts_that_only_resemble_references(text: str) -> None:
    assert codes(json.dumps({"detail": {"x": [text]}})) == []


@pytest.mark.parametrize("name", ["prefix", "numeric", "exists", "anything-but", "wildcard"])
def test_an_operator_in_a_string(name: str) -> None:
    text = json.dumps({name: "x"})
    assert codes(json.dumps({"detail": {"x": [text]}})) == ["FP140"]


@pytest.mark.parametrize("text", ['{"a": "b"}', '{"prefix": "x", "a": 1}', "{prefix}", "{", "[]"])
def test_other_json_in_a_string(text: str) -> None:
    assert codes(json.dumps({"detail": {"x": [text]}})) == []


@pytest.mark.parametrize(
    ("pattern", "source", "hint"),
    [
        ('{"account": [123456789012]}', "event", 'write "123456789012", with quotes'),
        ('{"account": [12345678901]}', "event", 'write "012345678901", with quotes'),
        (
            '{"detail": {"recipientAccountId": [123456789012]}}',
            "event",
            'write "123456789012", with quotes',
        ),
        ('{"body": {"account": [123456789012]}}', "sqs", 'write "123456789012", with quotes'),
    ],
)
def test_an_account_id_as_a_number(pattern: str, source: str, hint: str) -> None:
    assert hints(pattern, source) == [hint]


@pytest.mark.parametrize(
    ("pattern", "source"),
    [
        ('{"account": ["123456789012"]}', "event"),
        ('{"detail": {"account": [123456789012]}}', "event"),  # a bank's account, say
        ('{"account": [17]}', "event"),
        ('{"body": {"accountId": [123456789012]}}', "sqs"),
    ],
)
def test_numbers_that_are_not_account_ids(pattern: str, source: str) -> None:
    assert codes(pattern, source) == []


def criteria(*patterns: dict[str, object]) -> str:
    return json.dumps({"Filters": [{"Pattern": json.dumps(pattern)} for pattern in patterns]})


IMAGE = {"dynamodb": {"NewImage": {"State": {"S": ["paid"]}}}}


def test_filters_that_split_related_conditions() -> None:
    assert codes(criteria({"eventName": ["INSERT", "MODIFY"]}, IMAGE), "dynamodb") == ["FP144"]
    assert codes(criteria(IMAGE, {"eventName": ["INSERT"]}), "dynamodb") == ["FP144"]


@pytest.mark.parametrize(
    "patterns",
    [
        ({"eventName": ["REMOVE"]}, IMAGE),  # what is removed has no new image
        ({"eventName": ["INSERT"]}, {"eventName": ["MODIFY"], **IMAGE}),
        ({"eventName": ["INSERT"]},),
        (IMAGE, {"dynamodb": {"OldImage": {"State": {"S": ["paid"]}}}}),
    ],
)
def test_independent_filters_are_not_reported(patterns: tuple[dict[str, object], ...]) -> None:
    assert codes(criteria(*patterns), "dynamodb") == []
