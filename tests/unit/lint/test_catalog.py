"""The catalog, and the mistakes that the linter finds, each at its position."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from time import process_time
from typing import Any

import pytest

import filterpatterns
from filterpatterns import Diagnostic
from filterpatterns.lint.catalog.catalog import CATALOG, NOTES, CatalogEntry, Example, markdown
from filterpatterns.templates import codes
from tests.support.helpers import line_and_column, marked, refused, underlined, warned

ROOT = Path(__file__).parents[3]

# Line, column and path of the finding in each bad example; None if it concerns the whole.
PLACES: dict[str, tuple[int, int, str] | None] = {
    "FP001": (1, 30, ""),
    "FP002": (2, 16, ""),
    "FP003": (1, 23, "body.customer"),
    "FP004": (1, 21, "body.status"),
    "FP005": (1, 21, "body.status"),
    "FP006": (1, 20, "body.tags[0]"),
    "FP007": (1, 21, "body.path[0].startsWith"),
    "FP008": (1, 21, "detail.key[0]"),
    "FP009": (1, 31, "body.path[0].prefix"),
    "FP010": (1, 39, "body.total[0].numeric"),
    "FP011": (1, 37, "body.id[0].numeric"),
    "FP012": (1, 34, "detail.key[0].wildcard"),
    "FP013": (1, 36, "detail.source-ip[0].cidr"),
    "FP014": (1, 18, "body.$or"),
    "FP015": (1, 20, "body.$or[0].prefix"),
    "FP016": (1, 1, ""),
    "FP017": None,
    "FP018": None,
    "FP019": None,
    "FP020": None,
    "FP021": (1, 10, "data"),
    "FP022": None,
    "FP023": None,
    "FP024": None,
    "FP025": None,
    "FP026": None,
    "FP027": (2, 44, "key[0]"),
    "FP028": (2, 51, "tenant[0]"),
    "FP029": (2, 33, ""),
    "FP030": None,
    "FP031": None,
    "FP101": (3, 5, "body.status"),
    "FP102": (1, 21, "body.status"),
    "FP103": None,
    "FP104": (1, 17, "eventSource"),
    "FP105": (1, 19, "body.key[0]"),
    "FP106": (1, 21, "body.level[0]"),
    "FP107": (1, 12, "status"),
    "FP108": (1, 30, "body.data.status"),
    "FP109": (4, 23, "dynamodb.NewImage.Total.N[0]"),
    "FP110": (4, 13, "dynamodb.NewImage.Id"),
    "FP111": (1, 33, "body.Message.status"),
    "FP112": (3, 41, "body.country"),
    "FP113": (3, 18, "dynamodb.OldImage[0]"),
    "FP114": (1, 20, "body.total"),
    "FP115": (1, 41, "body.path[1]"),
    "FP116": (1, 20, "body.total"),
    "FP117": (1, 11, "body[0]"),
    "FP118": (1, 21, "Body.status"),
    "FP120": (1, 20, "detail.arn"),
    "FP121": None,
    "FP122": (1, 16, "detailType"),
    "FP123": (1, 27, "detail.source-ip[0]"),
    "FP124": (1, 22, "detail.mood[0]"),
    "FP125": (1, 39, "body.$or[1].a"),
    "FP126": (1, 21, "detail.name"),
    "FP127": (1, 27, "userIdentity.Type"),
    "FP128": (1, 16, "eventName[0]"),
    "FP129": (1, 46, "dynamodb.NewImage.Paid.BOOL[0]"),
    "FP130": (1, 15, "eventName"),
    "FP131": (1, 20, "detail.id[0]"),
    "FP140": (1, 22, "detail.name[0]"),
    "FP141": (1, 20, "body.path[0]"),
    "FP142": (1, 22, "body.tenant[0]"),
    "FP143": (1, 14, "account[0]"),
    "FP144": (2, 32, "eventName"),
}


def _check(example: Example) -> list[Diagnostic]:
    return filterpatterns.check(example.pattern, source=example.source, dialect=example.dialect)


# --- the catalog


@pytest.mark.parametrize("rule", CATALOG.values(), ids=list(CATALOG))
def test_the_bad_example_of_a_code_yields_it_at_its_place_and_no_other(rule: CatalogEntry) -> None:
    (found,) = _check(rule.bad)
    assert found.code == rule.code
    assert found.severity == rule.severity
    place = PLACES[rule.code]
    if place is None:
        assert (found.line, found.column) == (None, None)
    else:
        assert (found.line, found.column, found.path) == place


@pytest.mark.parametrize("rule", CATALOG.values(), ids=list(CATALOG))
def test_the_good_example_of_a_code_yields_nothing(rule: CatalogEntry) -> None:
    assert _check(rule.good) == []
    assert (rule.good.source, rule.good.dialect) == (rule.bad.source, rule.bad.dialect)


def test_the_catalog_has_every_code_that_patterns_can_get_and_no_other() -> None:
    package = Path(filterpatterns.__file__).parent
    files = [path for path in package.rglob("*.py") if path.parent.name != "catalog"]
    sources = [path.read_text(encoding="utf-8") for path in files]
    reported = {code for source in sources for code in re.findall(r'"(FP[01][0-9]{2})"', source)}
    assert reported == set(CATALOG), "lint/catalog/ needs an entry for each code that is reported"
    assert set(PLACES) == set(CATALOG), "PLACES needs the position of each bad example's finding"


def test_the_catalog_is_in_order_and_cannot_be_changed() -> None:
    assert list(CATALOG) == sorted(CATALOG)
    assert all(code == rule.code for code, rule in CATALOG.items())
    with pytest.raises(TypeError):
        CATALOG["FP999"] = CATALOG["FP001"]  # type: ignore[index]
    with pytest.raises(AttributeError):
        CATALOG["FP001"].title = "other"  # type: ignore[misc]


@pytest.mark.parametrize("rule", CATALOG.values(), ids=list(CATALOG))
def test_an_entry_reads_well(rule: CatalogEntry) -> None:
    assert rule.title == rule.title.strip(" .")
    assert len(rule.title) <= 50
    assert rule.meaning.endswith(".")
    assert rule.basis


def test_no_two_codes_have_one_title() -> None:
    assert len({rule.title for rule in CATALOG.values()}) == len(CATALOG)


def test_the_page_of_rules_is_current() -> None:
    page = ROOT / "docs/reference/rules.md"
    made = "run: python -m filterpatterns.lint.catalog > docs/reference/rules.md"
    assert page.read_text(encoding="utf-8") == markdown(), made


def test_the_page_is_what_the_module_prints() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "filterpatterns.lint.catalog"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    assert run.stdout.decode("ascii").splitlines() == markdown().splitlines()


def test_the_page_has_a_section_for_each_code_and_no_long_lines() -> None:
    page = markdown()
    codes = [*CATALOG, *(note.code for note in NOTES)]
    assert re.findall(r"^## (.*)$", page, re.MULTILINE) == codes
    for code in CATALOG:
        assert f"](#{code.lower()})" in page
    assert max(map(len, page.splitlines())) <= 100
    assert page.count("```") == 4 * len(CATALOG)


# --- the mistakes that people make, each at its place in a pattern of several lines

PAID = '{"body": {"status": ["paid"]}}'

# code, source, the pattern with the place that is meant, a part of the message and the hint
MISTAKES = [
    # a scalar where AWS expects an array
    ("FP005", "event", '{\n "source": ["aws.ec2"],\n "detail": {"n": ⟦5⟧}\n}', "write [5]"),
    ("FP005", "dynamodb", '{"eventName":\n ⟦"INSERT"⟧}', 'write ["INSERT"]'),
    # numbers for a DynamoDB N
    (
        "FP109",
        "dynamodb",
        '{\n"dynamodb": {\n "NewImage": {\n  "A": {"N": [⟦{"numeric": [">", 1]}⟧]}\n}}}',
        "never matches",
    ),
    (
        "FP109",
        "dynamodb",
        '{"dynamodb": {\n"Keys": {"Id": {"N": ["1",\n⟦101⟧]}}}}',
        '{"N": ["101"]}',
    ),
    ("FP109", "dynamodb", '{"dynamodb": {"Keys": {"a.b": {"N":\n[⟦1⟧]}}}}', "as strings"),
    ("FP109", "dynamodb", '{"dynamodb": {"OldImage": {"L": {"NS":\n[⟦1⟧]}}}}', "of NS as"),
    ("FP109", "dynamodb", '{"dynamodb": {"OldImage": {"Zip": {"S":\n[⟦1⟧]}}}}', "of S as strings"),
    (
        "FP109",
        "dynamodb",
        '{"dynamodb": {"NewImage": {"A": {"N": [\n⟦{"anything-but": 0}⟧]}}}}',
        "matches every value",
    ),
    # the type level left out
    (
        "FP110",
        "dynamodb",
        '{\n"dynamodb": {\n "NewImage": {\n  "Id": ⟦["1"]⟧\n}}}',
        'never matches|"Id": {"S": [...]}',
    ),
    (
        "FP110",
        "dynamodb",
        '{\n"dynamodb": {\n "NewImage": {\n  "Id": ⟦[{"exists": false}]⟧\n}}}',
        "matches every record",
    ),
    ("FP110", "dynamodb", '{"dynamodb": {"Keys": {"S":\n⟦["1"]⟧}}}', "never matches"),
    ("FP110", "dynamodb", '{"dynamodb.NewImage.Id":\n⟦["1"]⟧}', "never matches"),
    ("FP110", "dynamodb", '{"dynamodb": {"NewImage": {"A": {"M": {"B":\n⟦["1"]⟧}}}}}', "A.M.B"),
    ("FP110", "dynamodb", '{"dynamodb": {"NewImage": {"A": {"B": {"S":\n⟦["1"]⟧}}}}}', "A.B.S"),
    ("FP110", "dynamodb", '{"dynamodb": {"NewImage": {"A": {"S": {"B":\n⟦["1"]⟧}}}}}', "A.S.B"),
    ("FP110", "dynamodb", '{"dynamodb": {"NewImage": {"A": {"L":\n⟦["1"]⟧}}}}', "A.L"),
    ("FP110", "dynamodb", '{"dynamodb": {"NewImage": {"A": {"M":\n⟦[{"exists": true}]⟧}}}}', "A.M"),
    # exists on an object
    (
        "FP113",
        "dynamodb",
        '{"dynamodb": {\n"NewImage": [⟦{"exists": true}⟧]}}',
        "never matches|inside it",
    ),
    ("FP113", "event", '{"a": [\n⟦{"exists": true}⟧],\n"a.b": [1]}', 'inside "a"|never matches'),
    ("FP113", "event", '{"a.b": {"c": [1]},\n"a": [1,\n⟦{"exists": false}⟧]}', "always matches"),
    # something around the pattern
    (
        "FP108",
        "dynamodb",
        '{\n"body": {\n "dynamodb": {\n  "NewImage": {"Id": {"N": ⟦["1"]⟧}}}}}',
        'the payload is "dynamodb"',
    ),
    ("FP108", "kinesis", '{\n"body": {\n "data": {"a": ⟦[1]⟧}}}', 'the payload is "data"'),
    ("FP108", "kinesis", '{\n"kinesis": {\n "data": {"a": ⟦[1]⟧}}}', 'sees no "kinesis"'),
    ("FP108", "kafka", '{\n"body": {\n "a": ⟦[1]⟧}}', 'the payload is "value"'),
    ("FP108", "mq", '{\n"body": {\n "a": ⟦[1]⟧}}', 'the payload is "data"'),
    ("FP108", "sqs", '{\n"Records": {"body": {\n "a": ⟦[1]⟧}}}', 'sees no "Records"'),
    # a repeated key
    ("FP101", "sqs", '{"body": {\n ⟦"a"⟧: [1],\n "a": [2]}}', "only its last value counts"),
    ("FP101", "event", '{\n⟦"detail"⟧: {"a": [1]},\n"detail": {"b": [1]}}', "one object"),
    ("FP102", "sqs", '{"body": {\n "a": ⟦[1]⟧},\n"body.a": [2]}', "occurs again"),
    # an envelope whose inside is not what it is taken for
    ("FP111", "sqs", '{"body": {\n"Message": {\n "a": ⟦["x"]⟧}}}', "a string|raw message delivery"),
    (
        "FP111",
        "sqs",
        '{"body": {"detail-type": ["x"],\n"detail": ⟦["{\\"a\\": 1}"]⟧}}',
        "an object|never matches",
    ),
    (
        "FP111",
        "event",
        '{"detail-type": ["x"],\n"detail": ⟦[{"exists": false}]⟧}',
        "always matches",
    ),
    # one filter, encoded twice
    (
        "FP002",
        "sqs",
        '\n⟦"{\\"body\\": {\\"status\\": [\\"paid\\"]}}"⟧\n',
        "encoded twice",
    ),
    # never matches
    ("FP106", "sqs", '{"body": {"a": [1,\n⟦1e999⟧]}}', "it equals only the same text"),
    ("FP117", "sqs", '{\n"body": [\n ⟦"{\\"a\\": 1}"⟧]}', '{"name": ["value"]}'),
    ("FP117", "sqs", '{"body": ["x",\n⟦5⟧]}', "plain strings"),
    ("FP117", "sqs", '{"body": [\n⟦true⟧]}', "plain strings"),
    ("FP117", "sqs", '{"body": [\n⟦"null"⟧]}', "plain strings"),
    ("FP117", "mq", '{"data": [\n⟦{"numeric": [">", 5]}⟧]}', "plain strings"),
    ("FP117", "kafka", '{"value": [\n⟦{"exists": false}⟧]}', "plain strings"),
    # always holds
    ("FP114", "event", '{"a":\n⟦[{"exists": true}, {"exists": false}]⟧}', "every record|leave"),
    ("FP114", "event", '{"a":\n⟦["x", {"anything-but": "x"}, {"exists": false}]⟧}', "every record"),
    ("FP115", "event", '{"a": [{"exists": true},\n⟦"x"⟧]}', "another rule"),
    ("FP115", "event", '{"a": ["x",\n⟦"x"⟧]}', "another rule"),
    ("FP115", "event", '{"a": [{"prefix": "x"},\n⟦{"prefix": "xy"}⟧]}', "another rule|wider"),
    (
        "FP115",
        "event",
        '{"a": [{"numeric": [">", 0]},\n⟦{"numeric": [">=", 1, "<", 5]}⟧]}',
        "another rule",
    ),
    ("FP115", "event", '{"a": [\n⟦5⟧, {"numeric": [">", 0]}]}', "another rule"),
    (
        "FP116",
        "event",
        '{"a":\n⟦[{"numeric": [">=", 0]}, {"numeric": ["<=", 9]}]⟧}',
        "every number|both bounds",
    ),
    ("FP116", "event", '{"a":\n⟦[{"anything-but": "x"}, {"anything-but": "y"}]⟧}', "every value"),
    ("FP116", "event", '{"a":\n⟦[{"anything-but": "x"}, "x"]⟧}', "every value"),
    # fields that only AWS adds
    ("FP104", "sqs", '{\n"eventSource": ⟦["aws:sqs"]⟧}', "after filtering"),
    ("FP104", "dynamodb", '{\n"eventSourceARN": ⟦[{"prefix": "arn:"}]⟧}', "after filtering"),
    ("FP104", "kafka", '{\n"eventSource": ⟦["aws:kafka"]⟧}', "after filtering"),
    ("FP104", "kinesis", '{\n"eventName": ⟦["aws:kinesis:record"]⟧}', "after filtering"),
    # what is beside the payload, or was meant to be in it
    ("FP118", "sqs", '{\n"status": ⟦["paid"]⟧}', 'no "status"|"body": {"status"'),
    ("FP118", "sqs", '{\n"MessageId": ⟦["1"]⟧}', 'write "messageId"'),
    ("FP118", "sqs", '{\n"bdoy": {"a": ⟦["1"]⟧}}', 'an SQS record has no "bdoy"|write "body"'),
    ("FP118", "kinesis", '{\n"Data": {"a": ⟦["1"]⟧}}', 'a Kinesis record has no|write "data"'),
    ("FP118", "dynamodb", '{\n"eventname": ⟦["INSERT"]⟧}', 'a DynamoDB record|write "eventName"'),
    ("FP118", "kafka", '{\n"valeu": {"a": ⟦["1"]⟧}}', 'a Kafka record has no|write "value"'),
    ("FP118", "mq", '{\n"dat": {"a": ⟦["1"]⟧}}', 'an MQ record has no|write "data"'),
    ("FP107", "sqs", '{\n"attributes": {"SenderId": ⟦["AIDA"]⟧}}', '"body" only'),
    ("FP107", "sqs", '{\n"messageAttributes": {"a": {"stringValue": ⟦["x"]⟧}}}', '"body" only'),
    ("FP107", "kinesis", '{\n"partitionKey": ⟦["1"]⟧}', '"data" only'),
    ("FP107", "kafka", '{\n"topic": ⟦["orders"]⟧}', '"value" only'),
    ("FP107", "dynamodb", '{\n"NewImage": {"Id": {"N": ⟦["1"]⟧}}}', '"dynamodb" only'),
    ("FP107", "mq", '{\n"messageID": ⟦["1"]⟧}', '"data" only'),
]


@pytest.mark.parametrize(("code", "source", "text", "words"), MISTAKES)
def test_a_mistake_is_found_at_its_line(code: str, source: str, text: str, words: str) -> None:
    pattern, start, end = marked(text)
    (found,) = filterpatterns.check(pattern, source=source)
    assert found.code == code
    assert (found.line, found.column) == line_and_column(pattern, start)
    assert (found.end_line, found.end_column) == line_and_column(pattern, end)
    assert underlined(str(found)) == [pattern[start:end]]
    for part in words.split("|"):
        assert part in f"{found.message}\n{found.hint}"


def _in_criteria(*patterns: str) -> str:
    filters = ",\n".join(json.dumps({"Pattern": pattern}) for pattern in patterns)
    return f'{{"Filters": [\n{filters}\n]}}'


@pytest.mark.parametrize(("code", "source", "text", "words"), MISTAKES)
def test_a_mistake_is_found_in_a_filter_criteria(
    code: str, source: str, text: str, words: str
) -> None:
    """At its place in the whole text; all of it is in one line there. (FP112 is of the filters.)"""
    pattern, start, _ = marked(text)
    other = '{"body": {"a": [{"prefix": "zz"}]}}' if source == "sqs" else '{"a": ["zz"]}'
    found = filterpatterns.check(_in_criteria(other, pattern), source=source, dialect="eventbridge")
    found = [each for each in found if each.code not in ("FP112", "FP122")]
    others = filterpatterns.check(pattern, source=source, dialect="eventbridge")
    others = [each for each in others if each.code != "FP122"]
    assert [each.code for each in found] == [each.code for each in others]
    for each in found:
        column = len('{"Pattern": ') + len(json.dumps(pattern[:start]))
        assert (each.filter_index, each.line, each.column) == (1, 3, column)


def test_a_pattern_that_is_encoded_twice_is_found_in_a_filter_criteria() -> None:
    criteria = _in_criteria(PAID, json.dumps(PAID))
    (found,) = filterpatterns.check(criteria)
    assert (found.code, found.filter_index, found.line, found.column) == ("FP002", 1, 3, 14)
    assert "encoded twice" in (found.hint or "")


@pytest.mark.parametrize("as_text", [True, False])
def test_a_pattern_that_is_an_object_is_found_in_a_filter_criteria(as_text: bool) -> None:
    criteria: Any = {"Filters": [{"Pattern": PAID}, {"Pattern": json.loads(PAID)}]}
    (found,) = filterpatterns.check(json.dumps(criteria, indent=2) if as_text else criteria)
    assert (found.code, found.filter_index) == ("FP103", 1)
    assert found.severity == "warning"
    assert "a string" in found.message


def test_filters_that_were_meant_to_apply_together_are_found() -> None:
    criteria = _in_criteria(
        '{"body": {"country": [{"anything-but": "DE"}]}}',
        '{"body": {"status": ["paid"]}}',
        '{"body": {"test": [{"exists": false}]}}',
    )
    found = filterpatterns.check(criteria)
    assert [(each.code, each.filter_index, each.line) for each in found] == [
        ("FP112", 0, 2),
        ("FP112", 2, 4),
    ]
    assert "one filter" in (found[0].hint or "")
    assert filterpatterns.check('{"body": {"country": [{"anything-but": "DE"}]}}') == []


def test_all_mistakes_of_a_pattern_are_found_in_the_order_of_the_text() -> None:
    pattern = """{
      "awsRegion": ["eu-west-1"],
      "dynamodb": {
        "Keys": {"Id": [1]},
        "NewImage": {
          "Total": {"N": [{"numeric": ["<", 5]}]},
          "Total": {"N": [{"numeric": [">", 5]}]}
        },
        "OldImage": [{"exists": false}]
      }
    }"""
    found = filterpatterns.check(pattern, source="dynamodb")
    assert [(each.code, each.line) for each in found] == [
        ("FP104", 2),
        ("FP110", 4),
        ("FP101", 6),
        ("FP109", 7),
        ("FP113", 9),
    ]


# --- operators that a service does not document

ALWAYS = ("lambda", "pipes", "eventbridge")
UNDOCUMENTED = [
    ('{"exactly": "x"}', ALWAYS),
    ('{"wildcard": "x*"}', ("lambda", "pipes")),
    ('{"cidr": "10.0.0.0/8"}', ("lambda", "pipes")),
    ('{"anything-but": {"prefix": "x"}}', ("lambda", "pipes")),
    ('{"anything-but": {"suffix": "x"}}', ("lambda", "pipes")),
    ('{"anything-but": {"wildcard": "x*"}}', ("lambda", "pipes")),
    ('{"anything-but": {"equals-ignore-case": ["x", "y"]}}', ("lambda", "pipes")),
    ('{"prefix": {"equals-ignore-case": "x"}}', ("lambda",)),
    ('{"suffix": {"equals-ignore-case": "x"}}', ("lambda",)),
    ('{"anything-but": ["x", "y"]}', ()),
    ('{"anything-but": 5}', ()),
    ('{"equals-ignore-case": "x"}', ()),
    ('{"exists": false}', ()),
    ('{"numeric": [">", 5]}', ()),
    ('{"prefix": "x"}', ()),
    ('{"suffix": "x"}', ()),
    ("null", ()),
    ('""', ()),
]


@pytest.mark.parametrize("dialect", ALWAYS)
@pytest.mark.parametrize(("rule", "undocumented"), UNDOCUMENTED)
def test_undocumented_operators_give_a_warning(
    rule: str, undocumented: tuple[str, ...], dialect: Any
) -> None:
    pattern = f'{{"body": {{"a": [1,\n{rule}]}}}}'
    expected = [("FP105", "warning", 2, 1)] if dialect in undocumented else []
    for found in (
        filterpatterns.check(pattern, dialect=dialect),
        warned(pattern, dialect=dialect),
    ):
        assert [(each.code, each.severity, each.line, each.column) for each in found] == expected


@pytest.mark.parametrize("dialect", ALWAYS)
@pytest.mark.parametrize(("rule", "undocumented"), UNDOCUMENTED)
def test_undocumented_operators_are_errors_in_strict_mode(
    rule: str, undocumented: tuple[str, ...], dialect: Any
) -> None:
    pattern = f'{{"body": {{"a": [\n{rule},\n{rule}, 1]}}}}'
    if dialect not in undocumented:
        filterpatterns.compile(pattern, dialect=dialect, strict=True)
        return
    error = refused(pattern, dialect=dialect, strict=True)
    assert [(each.code, each.severity, each.line) for each in error.errors] == [
        ("FP105", "error", 2),
        ("FP105", "error", 3),
    ]
    assert "not documented" in error.message


def test_the_dialect_is_that_of_the_source_unless_given() -> None:
    rule = '[{"wildcard": "x*"}]'
    assert [each.code for each in warned(f'{{"body": {{"a": {rule}}}}}')] == ["FP105"]
    assert warned(f'{{"detail": {{"a": {rule}}}}}', source="event") == []


@pytest.mark.parametrize("call", [filterpatterns.check, filterpatterns.compile])
def test_an_unknown_dialect_is_reported_with_the_known_ones(call: Any) -> None:
    with pytest.raises(ValueError, match=r"'sam'.*lambda, pipes, eventbridge"):
        call(PAID, dialect="sam")


# --- what is no mistake

FINE = [
    ("sqs", '{"body": [{"prefix": "ERROR"}]}'),
    ("sqs", '{"body": [{"exists": true}]}'),
    ("sqs", '{"body": {"detail": {"state": ["stopped"]}, "detail-type": ["x"]}}'),
    ("sqs", '{"body": {"Message": [{"wildcard": "*paid*"}]}}'),
    ("mq", '{"data": [{"exists": true}]}'),
    ("mq", '{"data": [{"anything-but": "ping"}]}'),
    ("mq", '{"basicProperties": {"appId": ["shop"]}}'),
    ("kafka", '{"value": [{"anything-but": ["error"]}]}'),
    ("dynamodb", '{"dynamodb": {"NewImage": {"a.b": {"S": ["x"]}}}}'),
    ("dynamodb", '{"dynamodb": {"NewImage": {"S": {"S": ["x"]}}}}'),
    ("dynamodb", '{"dynamodb": {"NewImage": {"M": {"M": {"L": {"L": {"N": ["1"]}}}}}}}'),
    ("dynamodb", '{"dynamodb": {"NewImage": {"a": {"NULL": [true]}, "b": {"BOOL": [false]}}}}'),
    ("dynamodb", '{"dynamodb": {"OldImage": {"a": {"N": [{"anything-but": ["1", "2"]}]}}}}'),
    ("dynamodb", '{"dynamodb": {"OldImage": {"a": {"SS": [{"exists": false}]}}}}'),
    ("dynamodb", '{"dynamodb": {"SizeBytes": [{"numeric": [">", 1024]}]}}'),
    ("dynamodb", '{"userIdentity": {"type": ["Service"]}, "eventName": ["REMOVE"]}'),
    ("event", '{"detail": [{"exists": true}]}'),
    ("event", '{"a": [{"numeric": ["<", 0]}, {"numeric": [">", 0]}]}'),
    ("event", '{"a": [{"numeric": ["<", 5]}, {"exists": false}]}'),
    ("event", '{"a": [{"anything-but": ["x", "y"]}, {"anything-but": ["y", "z"]}]}'),
    ("event", '{"a": [{"anything-but": ["x", "y"]}, "x"]}'),
    ("event", '{"a": [{"anything-but": {"prefix": "x"}}, "xy"]}'),
    ("event", '{"a": ["x", {"exists": false}], "b": [null, "", 0, false]}'),
    ("event", '{"a": [1, "1", true, "true", null, "null"]}'),
    ("event", '{"eventSource": ["s3.amazonaws.com"], "body": {"a": [1]}, "Records": {"b": [1]}}'),
    ("event", '{"$or": [{"a": [1]}, {"b": [{"exists": false}]}]}'),
]


@pytest.mark.parametrize(("source", "pattern"), FINE)
def test_valid_patterns_are_not_reported(source: str, pattern: str) -> None:
    found = filterpatterns.check(pattern, source=source)
    assert [each for each in found if each.code != "FP105"] == []


@pytest.mark.parametrize(
    "rules",
    [
        ",".join(map(str, range(1000))),
        ",".join(["1"] * 2000),
        ",".join(f'{{"prefix":"{n}"}}' for n in range(200)),
        ",".join(f'{{"numeric":["<",{n}]}}' for n in range(170)),
        ",".join(f'{{"anything-but":{n}}}' for n in range(180)),
    ],
    ids=["values", "one value", "prefixes", "ranges", "exclusions"],
)
def test_long_arrays_are_compared_quickly(rules: str) -> None:
    """Not each rule with each other: what 4,096 characters hold would take half a second."""
    pattern = f'{{"a":[{rules}]}}'
    filterpatterns.check('{"a": [1]}', source="event")
    times = []
    for _ in range(3):
        start = process_time()
        filterpatterns.check(pattern, source="event")
        times.append(process_time() - start)
    assert min(times) < 0.3


def test_the_notes_on_templates_are_in_the_catalog() -> None:
    written = {value for name, value in vars(codes).items() if name.isupper()}
    assert {note.code for note in NOTES} == written
