"""Patterns that AWS's engine and services evaluate differently than they read: FP121 and up, FP220,
FP221."""

from __future__ import annotations

import json
from typing import Any

import pytest

import filterpatterns
from filterpatterns.templates import finding
from filterpatterns.templates.mapping import Mapping


def found(pattern: Any, source: str = "event", **options: Any) -> list[tuple[str, str]]:
    """Code and hint of what there is to say."""
    given = filterpatterns.check(pattern, source=source, **options)
    return [(one.code, f"{one.message} | {one.hint}") for one in given]


def codes(pattern: Any, source: str = "event", **options: Any) -> list[str]:
    return [code for code, _ in found(pattern, source, **options)]


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({"cidr": "0.0.0.0/0"}, ["IPv6 addresses (::1)", "numbers (1)"]),
        ({"cidr": "32.0.0.0/8"}, ["IPv6 addresses (2000::)"]),
        ({"cidr": "30.0.0.0/8"}, ["numbers (1E1)"]),
        ({"cidr": "::/1"}, ["IPv4 addresses", "numbers (1)"]),
        ({"cidr": "2000::/3"}, ["IPv4 addresses (33.0.0.0)"]),
        ({"cidr": "030.000.0.0/8"}, ["numbers (1E1)"]),
        ({"cidr": "::ffff:2000:0/8"}, ["IPv6 addresses (2000::)"]),
        ("52.1.2.3", ["IPv6 addresses (3401:203::)", "numbers (34010203)"]),
        ("::ffff:3401:203", ["IPv6 addresses (3401:203::)", "numbers (34010203)"]),
    ],
    ids=str,
)
def test_an_address_rule_that_matches_more(rule: Any, words: list[str]) -> None:
    ((code, text),) = found({"a": [rule]})
    assert code == "FP123"
    assert all(each in text for each in words)


@pytest.mark.parametrize(
    "rule",
    [
        {"cidr": "10.0.0.0/8"},
        {"cidr": "192.168.0.0/16"},
        {"cidr": "2001:db8::/32"},
        {"cidr": "::ffff:a00:0/24"},
        "10.0.0.1",
    ],
    ids=str,
)
def test_an_address_rule_that_matches_only_its_family(rule: Any) -> None:
    assert codes({"a": [rule]}) == []


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({"equals-ignore-case": "a\U0001f600"}, "never matches"),
        ({"prefix": {"equals-ignore-case": "\U0001f600"}}, "never matches"),
        ({"anything-but": {"equals-ignore-case": ["x", "\U0001f600"]}}, "excludes nothing"),
    ],
)
def test_ignoring_case_beyond_the_basic_plane(rule: Any, words: str) -> None:
    ((code, text),) = found({"a": [rule]})
    assert code == "FP124"
    assert words in text
    assert codes({"a": ["\U0001f600", {"prefix": "\U0001f600"}]}) in ([], ["FP115"])
    assert codes({"a": [{"equals-ignore-case": "\uffee"}]}) == []


def test_an_alternative_that_aws_loses() -> None:
    pattern = {"$or": [{"a": ["x"], "b": [1]}, {"b": [1, 2], "a": ["x", "y"]}, {"a": ["x"]}]}
    ((code, text),) = found(pattern)
    assert code == "FP125"
    assert "alternative 2" in text
    compiled = filterpatterns.compile(pattern, source="event")
    assert compiled.matches({"a": "y", "b": 2})
    assert "AWS loses this alternative" in str(compiled.explain({"a": "y", "b": 2}))
    assert "AWS's engine" not in str(compiled.explain({"a": "x", "b": 1}))


@pytest.mark.parametrize(
    "alternatives",
    [
        [{"a": ["x"]}, {"a": ["y"]}],
        [{"a": ["x", "y"]}, {"a": ["x"]}],
        [{"a": ["x"], "b": [1]}, {"a": ["x", "y"], "b": [2]}],
        [{"a": ["x"]}, {"a": ["x"], "b": [1]}],
    ],
)
def test_alternatives_of_which_none_is_lost(alternatives: Any) -> None:
    assert codes({"$or": alternatives}) == []


def test_a_wildcard_with_a_rule_that_ignores_case() -> None:
    pattern = {"a": [{"wildcard": "*a"}, {"equals-ignore-case": "x"}], "b": [{"wildcard": "*a"}]}
    assert codes(pattern) == ["FP126"]
    compiled = filterpatterns.compile(pattern, source="event")
    assert "(FP126)" in str(compiled.explain({"a": "X", "b": "a"}))


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("detial", 'did you mean "detail"?'),
        ("detailType", 'did you mean "detail-type"?'),
        ("Source", 'did you mean "source"?'),
        ("details", 'did you mean "detail"?'),
        ("acount", 'did you mean "account"?'),
        ("status", '"detail": {"status": ...}'),
    ],
)
def test_a_name_that_is_not_of_the_envelope(name: str, hint: str) -> None:
    pattern = {name: ["x"], "source": ["y"]}
    for source in ("event", "auto"):
        ((code, text),) = found(pattern, source, dialect="eventbridge")
        assert (code, hint in text) == ("FP122", True)
    compiled = filterpatterns.compile(pattern, source="event", dialect="eventbridge")
    assert [one.code for one in compiled.warnings] == ["FP122"]


def test_custom_events_may_have_any_names() -> None:
    assert codes({"status": ["x"], "Id": ["x"]}) == []
    assert codes({"detailType": ["x"]}) == ["FP122"]
    assert codes({"Detail": {"a": [1]}}) == ["FP122"]
    assert codes({"detial": {"a": [1]}}) == ["FP122"]
    assert codes({"retail": {"a": [1]}, "sources": ["x"]}) == []
    assert filterpatterns.compile({"detailType": ["x"]}, source="event").warnings == ()


def test_the_length_of_a_rule() -> None:
    pattern = {"detail": {"a": ["x" * 2100]}}
    assert codes(pattern) == ["FP121"]
    assert "FP121" not in codes({"body": {"a": ["x" * 2100]}}, "sqs")


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ({"userIdentity": [{"exists": False}]}, ["FP113"]),
        ({"userIdentity": {"Type": ["Service"]}}, ["FP127"]),
        ({"userIdentity": {"type": ["Service"], "principalId": ["x"]}}, []),
        ({"eventName": ["INSERT", {"anything-but": "REMOVE"}, {"prefix": "MOD"}]}, []),
        ({"eventName": ["insert"]}, ["FP128"]),
        ({"eventName": [{"prefix": "UP"}]}, ["FP128"]),
        ({"dynamodb": {"Keys": {"a": {"S": [True]}}}}, ["FP129"]),
        ({"dynamodb": {"Keys": {"a": {"N": [None]}}}}, ["FP129"]),
        ({"dynamodb": {"Keys": {"a": {"BOOL": ["true", 1]}}}}, ["FP129", "FP129"]),
        ({"dynamodb": {"Keys": {"a": {"NULL": [None]}}}}, ["FP129"]),
        ({"dynamodb": {"Keys": {"a": {"NULL": [True], "BOOL": [False], "S": ["x"]}}}}, []),
    ],
    ids=str,
)
def test_fields_and_values_of_dynamodb_records(pattern: Any, expected: list[str]) -> None:
    assert codes(pattern, "dynamodb") == expected


def test_fields_that_pipes_cannot_filter_on() -> None:
    pattern = {"eventName": ["INSERT"], "eventSource": ["x"]}
    assert codes(pattern, "dynamodb", dialect="pipes") == ["FP130", "FP104"]
    six = [{"body": {"a": [n]}} for n in range(6)]
    (only,) = filterpatterns.check(six, dialect="pipes", max_filters=10)
    assert (only.code, "at most 5" in only.message) == ("FP020", True)
    assert filterpatterns.check(six, max_filters=10) == []


def test_a_number_beyond_the_integers_of_doubles() -> None:
    assert codes({"a": [{"numeric": [">", 9007199254740994]}]}) == ["FP131"]
    assert codes({"a": [{"numeric": [">", 9007199254740992]}]}) == []


# --- templates


def template(kind: str, **properties: Any) -> list[Mapping]:
    resource = {"Type": kind, "Properties": properties}
    text = json.dumps({"Resources": {"It": resource}}, indent=1)
    return finding.patterns_in(text, "template.json")


def checked(kind: str, **properties: Any) -> list[str]:
    return [one.code for mapping in template(kind, **properties) for one in mapping.check()]


def filters(*given: dict[str, str]) -> dict[str, Any]:
    return {"Filters": list(given)}


DATA = {"Scope": "DATA", "Pattern": '{"a": [1]}'}


def test_a_subscriber_in_a_template() -> None:
    kind = "AWS::EventsV2::Subscriber"
    (mapping,) = template(
        kind, FilterConfiguration={**filters(DATA), "Language": "EVENT_BRIDGE_PATTERN"}
    )
    assert (mapping.kind, mapping.source) == ("subscriber", "subscriber")
    assert [text.scope for text in mapping.texts] == ["DATA"]
    assert mapping.check() == []
    assert checked(kind, FilterConfiguration=filters(DATA, DATA)) == ["FP025"]
    assert checked(kind, FilterConfiguration=filters({"Pattern": '{"a": [1]}'})) == ["FP024"]
    assert checked(kind, FilterConfiguration={}) == ["FP031"]
    assert checked(kind, FilterConfiguration=filters()) == ["FP031"]
    assert checked(kind, FilterConfiguration={**filters(DATA), "Language": "X"}) == ["FP030"]
    assert checked(kind) == []
    unknown = filters({**DATA, "Scope": {"Ref": "Scope"}})  # type: ignore[dict-item]
    (mapping,) = template(kind, FilterConfiguration=unknown)
    assert (mapping.check(), [one.code for one in mapping.skipped]) == ([], ["FP201"])


def test_members_that_no_filter_has() -> None:
    kind = "AWS::Lambda::EventSourceMapping"
    queue = "arn:aws:sqs:eu-west-1:123456789012:q"
    good = {"Pattern": '{"body": {"a": [1]}}'}
    assert checked(kind, EventSourceArn=queue, FilterCriteria=filters(good)) == []
    for bad in ({**good, "Name": "x"}, {**good, "Scope": "DATA"}):
        assert checked(kind, EventSourceArn=queue, FilterCriteria=filters(bad)) == ["FP023"]


def test_a_schema_registry() -> None:
    def config(*attributes: str) -> dict[str, Any]:
        validation = [{"Attribute": each} for each in attributes]
        return {"SchemaRegistryConfig": {"SchemaValidationConfigs": validation}}

    kind = "AWS::Lambda::EventSourceMapping"
    both = filters({"Pattern": '{"key": {"a": [1]}, "value": {"b": [1]}}'})
    value = filters({"Pattern": '{"value": {"b": [1]}}'})
    name = "AmazonManagedKafkaEventSourceConfig"
    assert checked(kind, FilterCriteria=both, **{name: config("KEY", "VALUE")}) == ["FP221"]
    assert checked(kind, FilterCriteria=both, **{name: config("VALUE")}) == ["FP107"]
    assert checked(kind, FilterCriteria=value, **{name: config("VALUE")}) == []


def test_a_null_in_an_event_pattern() -> None:
    kind = "AWS::Events::Rule"
    assert checked(kind, EventPattern={"detail": {"a": [None], "b": [None]}}) == ["FP220"]
    assert checked(kind, EventPattern='{"detail": {"a": [null]}}') == []
    assert checked(kind, EventPattern={"detailType": ["x"]}) == ["FP122"]


def test_a_pipe_does_not_read_from_documentdb() -> None:
    pipe = {"Source": "arn:aws:rds:eu-west-1:123456789012:cluster:docs"}
    parameters = {"FilterCriteria": filters({"Pattern": '{"a": [1]}'})}
    assert checked("AWS::Pipes::Pipe", SourceParameters=parameters, **pipe) == ["FP203"]
