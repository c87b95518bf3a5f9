"""The JSON Schemas accept everything that compiles, and refuse structural mistakes."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

import filterpatterns
from filterpatterns.delivery.fields import FIELDS
from filterpatterns.language.operators import REFERENCES
from filterpatterns.language.schema import filter_configuration, filter_criteria, pattern
from filterpatterns.lint.catalog.catalog import CATALOG
from filterpatterns.lint.linter import DIALECTS
from tests.support.paths import THOROUGH
from tests.unit.cli.test_program import fp

CASES = Path(__file__).parents[2] / "cases"
Case = tuple[str, str]
"""A pattern's text, and the source that it is for."""


@cache
def validator(dialect: str | None = None, source: str | None = None) -> Draft202012Validator:
    return Draft202012Validator(pattern(dialect, source))


def cases() -> Iterator[Case]:
    """Every pattern of the case files, and of the examples in the catalog."""
    for path in CASES.rglob("*.jsonl"):
        for line in path.read_text(encoding="utf-8").splitlines():
            case = json.loads(line)
            given = case.get("patterns", [case["pattern"]] if "pattern" in case else [])
            for one in given:
                yield one if isinstance(one, str) else json.dumps(one), case.get("source", "event")
    for entry in CATALOG.values():
        for example in (entry.bad, entry.good):
            if isinstance(example.pattern, str) and '"Pattern"' not in example.pattern:
                yield example.pattern, example.source


ALL_CASES = list(dict.fromkeys(case for case in cases() if case[1] in FIELDS))
CASES_OF_PATTERNS = ALL_CASES if THOROUGH else ALL_CASES[::3]


def compiles(case: Case, *, dialect: Any = None) -> bool:
    try:
        filterpatterns.compile(
            case[0],
            source=case[1],
            dialect=dialect,
            strict=dialect is not None,  # type: ignore[arg-type]
        )
    except filterpatterns.PatternError:
        return False
    return True


def document(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


@cache
def valid(dialect: str | None = None) -> dict[Case, None]:
    """The cases that compile; of these, with a dialect, those that its service documents."""
    given = CASES_OF_PATTERNS if dialect is None else valid()
    return {case: None for case in given if compiles(case, dialect=dialect)}


@pytest.mark.properties
def test_every_pattern_that_compiles_is_accepted() -> None:
    assert len(valid()) > 0.8 * len(CASES_OF_PATTERNS)
    for text, source in valid():
        errors = [error.message for error in validator().iter_errors(document(text))]
        assert not errors, text
        assert validator(None, source).is_valid(document(text)), (source, text)


@pytest.mark.properties
@pytest.mark.parametrize("dialect", DIALECTS)
def test_documented_operators_are_accepted_by_the_schema_of_the_service(dialect: str) -> None:
    assert len(valid(dialect)) > 0.4 * len(CASES_OF_PATTERNS)
    for text, source in valid(dialect):
        assert validator(dialect, source).is_valid(document(text)), (source, text)


@pytest.mark.properties
@pytest.mark.parametrize("dialect", DIALECTS)
def test_undocumented_operators_are_refused_by_the_schema_of_the_service(dialect: str) -> None:
    others = [case for case in valid() if case not in valid(dialect)]
    refused = [case for case in others if not validator(dialect).is_valid(document(case[0]))]
    # The schema sees all of a repeated name's last value only, as JSON readers do.
    assert len(others) > 10
    assert len(refused) >= 0.97 * len(others), [one for one in others if one not in refused]


ARITHMETIC = {"FP010", "FP011", "FP013", "FP016", "FP017", "FP018"}
"""Codes of what a schema cannot see, or not always: the order of bounds, digits that no double
holds, masks, combinations, lengths, depths."""


@pytest.mark.properties
def test_invalid_patterns_are_refused_unless_that_requires_arithmetic() -> None:
    refused = 0
    for text, source in CASES_OF_PATTERNS:
        given = document(text)
        if given is None or (text, source) in valid() or text.count("{") > 100:
            continue
        codes = {one.code for one in filterpatterns.check(text, source=source)}  # type: ignore[arg-type]
        is_refused = not validator(None, source).is_valid(given)
        assert is_refused or codes & ARITHMETIC, (text, codes)
        refused += is_refused
    assert refused >= (50 if THOROUGH else 15)


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "{}",
        '{"a": "x"}',
        '{"a": []}',
        '{"a": {}}',
        '{"a": [[1]]}',
        '{"a": [{}]}',
        '{"a": [{"startsWith": "x"}]}',
        '{"a": [{"Prefix": "x"}]}',
        '{"a": [{"prefix": "x", "suffix": "y"}]}',
        '{"a": [{"prefix": ["x", "y"]}]}',
        '{"a": [{"exists": "true"}]}',
        '{"a": [{"numeric": []}]}',
        '{"a": [{"numeric": [">"]}]}',
        '{"a": [{"numeric": [">", "5"]}]}',
        '{"a": [{"numeric": ["<", 5, ">", 1]}]}',
        '{"a": [{"numeric": ["=", 5, "<", 9]}]}',
        '{"a": [{"numeric": ["!=", 5]}]}',
        '{"a": [{"anything-but": []}]}',
        '{"a": [{"anything-but": ["x", 1]}]}',
        '{"a": [{"anything-but": null}]}',
        '{"a": [{"anything-but": {"prefix": ""}}]}',
        '{"a": [{"wildcard": "a**b"}]}',
        '{"a": [{"cidr": "10.0.0.0"}]}',
        '{"$or": [{"a": [1]}]}',
        '{"$or": {"a": [1]}}',
        '{"a": {"$or": [{"prefix": [1]}, {"b": [1]}]}}',
        '{"a": {"b": {"c": "x"}}}',
    ],
)
def test_structural_mistakes_are_refused(text: str) -> None:
    assert not compiles((text, "event"))
    assert not validator().is_valid(document(text))


def test_each_operator_is_described_and_its_examples_are_valid() -> None:
    definitions = pattern()["$defs"]
    for name, reference in REFERENCES.items():
        assert reference.description in definitions[name]["description"]
        assert name in definitions["rule"]["then"]["properties"]
        for example in reference.examples:
            text = json.dumps({"a": [{name: example}]})
            assert compiles((text, "event")), text
            assert validator().is_valid(json.loads(text)), text


def test_the_fields_of_a_source_are_described() -> None:
    assert (
        "JSON messages"
        in pattern(None, "sqs")["$defs"]["pattern"]["properties"]["body"]["description"]
    )
    image = pattern(None, "dynamodb")["$defs"]["pattern"]["properties"]["dynamodb"]
    assert (
        "numeric"
        in image["properties"]["NewImage"]["additionalProperties"]["properties"]["N"]["description"]
    )


@pytest.mark.parametrize(("source", "key"), [("kinesis", "data"), ("dynamodb", "dynamodb")])
def test_a_source_without_plain_strings_requires_an_object(source: str, key: str) -> None:
    assert not validator(None, source).is_valid({key: ["x"]})
    assert not validator(None, source).is_valid({"$or": [{key: ["x"]}, {"b": [1]}]})
    assert validator(None, source).is_valid({"$or": [{key: {"a": [1]}}, {"b": [1]}]})


def inside(schema: dict[str, Any], keyword: dict[str, Any]) -> Draft202012Validator:
    """A validator for the document in a string."""
    return Draft202012Validator({**keyword["contentSchema"], "$defs": schema["$defs"]})


def test_a_filter_criteria() -> None:
    schema = filter_criteria("lambda", "sqs")
    outer = Draft202012Validator(schema)
    good = {"Filters": [{"Pattern": '{"body": {"a": [1]}}'}]}
    assert outer.is_valid(good)
    assert outer.is_valid({"Filters": []})
    for bad in (
        {"filters": []},
        {"Filters": [{}]},
        {"Filters": [{"pattern": "{}"}]},
        {"Filters": [{"Pattern": "{}", "Scope": "DATA"}]},
        {"Filters": [{"Pattern": {"body": {"a": "x"}}}]},
        {"Filters": [{"Pattern": "x" * 4097}]},
        {"Filters": good["Filters"] * 11},
        {"Filters": "{}"},
    ):
        assert not outer.is_valid(bad), bad
    text = schema["properties"]["Filters"]["items"]["properties"]["Pattern"]["else"]
    assert text["contentMediaType"] == "application/json"
    assert inside(schema, text).is_valid({"body": {"a": [1]}})
    assert not inside(schema, text).is_valid({"body": {"a": [{"wildcard": "*"}]}})
    assert not Draft202012Validator(filter_criteria("pipes")).is_valid(
        {"Filters": good["Filters"] * 6}
    )


def test_every_valid_filter_criteria_of_the_catalog_is_accepted() -> None:
    found = 0
    for entry in CATALOG.values():
        for example in (entry.bad, entry.good):
            text = example.pattern
            if not isinstance(text, str) or '"Filters"' not in text:
                continue
            given, source = document(text), example.source
            schema = filter_configuration() if source == "subscriber" else filter_criteria()
            try:
                filterpatterns.compile(text, source=source)  # type: ignore[arg-type]
            except filterpatterns.PatternError:
                continue
            found += 1
            assert Draft202012Validator(schema).is_valid(given), text
    assert found > 10


def configuration(scope: str, given: Any) -> dict[str, Any]:
    return {"Filters": [{"Scope": scope, "Pattern": given}]}


@pytest.mark.parametrize(
    ("scope", "given"),
    [
        ("DATA", {"a": [{"prefix": "x"}]}),
        ("DATA", {"a": [{"wildcard": "x*"}]}),
        ("DATA", {"a": [{"anything-but": {"wildcard": "x*"}}]}),
        ("DATA", {"a": [{"anything-but": {"prefix": "x"}}]}),
        ("DATA", {"$or": [{"a": [1]}, {"b": [1]}]}),
        ("METADATA", {"a": ["x", 5]}),
        ("METADATA", {"a": {"b": ["x"]}}),
        ("METADATA", {"a": [{"prefix": "x"}]}),
        ("METADATA", {"$or": [{"a": [1]}, {"b": [1]}]}),
        ("SYSTEM_METADATA", {"ContentType": [{"prefix": "text/"}]}),
        ("SYSTEM_METADATA", {"ContentType": "x"}),
        ("OTHER", {"a": [1]}),
    ],
)
def test_a_filter_configuration_accepts_what_its_scopes_accept(scope: str, given: Any) -> None:
    schema = filter_configuration()
    as_object = configuration(scope, given)
    as_text = configuration(scope, json.dumps(given))
    wanted = compiles((json.dumps(as_text), "subscriber"))
    assert Draft202012Validator(schema).is_valid(as_object) == wanted
    for branch in schema["properties"]["Filters"]["items"]["allOf"]:
        if branch["if"]["properties"]["Scope"]["const"] == scope:
            text = branch["then"]["properties"]["Pattern"]["else"]
            assert inside(schema, text).is_valid(given) == wanted


def test_a_filter_configuration_has_one_filter_for_each_scope() -> None:
    outer = Draft202012Validator(filter_configuration())
    one = {"Scope": "DATA", "Pattern": '{"a": [1]}'}
    other = {"Scope": "METADATA", "Pattern": '{"a": [1]}'}
    assert outer.is_valid({"Filters": [one, other], "Language": "EVENT_BRIDGE_PATTERN"})
    for bad in ({}, {"Filters": []}, {"Filters": [one, one]}, {"Filters": [{"Pattern": "{}"}]}):
        assert not outer.is_valid(bad)
    assert not outer.is_valid({"Filters": [one], "Language": "OTHER"})


COMMANDS = [
    ("pattern",),
    ("pattern", "--dialect", "lambda", "--source", "sqs"),
    ("filter-criteria", "--dialect", "pipes", "--source", "dynamodb"),
    ("filter-configuration",),
]


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_the_command_prints_a_schema_that_check_jsonschema_accepts(
    arguments: tuple[str, ...], tmp_path: Path
) -> None:
    run = fp("schema", *arguments)
    assert run.exit_code == 0
    schema = json.loads(run.stdout)
    assert schema["$id"].startswith(f"urn:filterpatterns:schema:{arguments[0]}")
    path = tmp_path / "schema.json"
    path.write_text(run.stdout)
    assert check_jsonschema("--check-metaschema", str(path)) == 0


def test_check_jsonschema_accepts_and_refuses_patterns(tmp_path: Path) -> None:
    schema, good, bad = (tmp_path / name for name in ("schema.json", "good.json", "bad.json"))
    schema.write_text(fp("schema").stdout)
    good.write_text('{"body": {"path": [{"wildcard": "*/\\\\*/x"}, {"cidr": "10.0.0.0/8"}]}}')
    bad.write_text('{"body": {"status": "paid"}}')
    assert check_jsonschema("--schemafile", str(schema), str(good)) == 0
    assert check_jsonschema("--schemafile", str(schema), str(bad)) == 1


def check_jsonschema(*arguments: str) -> int:
    run = [sys.executable, "-m", "check_jsonschema", *arguments]
    return subprocess.run(run, capture_output=True, check=False).returncode


def test_a_filter_configuration_is_for_no_source() -> None:
    run = fp("schema", "filter-configuration", "--source", "sqs")
    assert run.exit_code == 2
    assert "no --dialect and no --source" in run.stderr


def test_without_arguments_the_schema_is_that_of_a_pattern() -> None:
    assert json.loads(fp("schema").stdout) == pattern()
