"""YAML case files, with `fp test --cases` and the pytest plugin."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from filterpatterns.testing import case_files
from filterpatterns.testing.case_results import Result, Runner
from tests.unit.cli.test_program import fp
from tests.unit.templates.test_loading import TEMPLATE

CASES = """\
pattern: template.yaml#Orders
cases:
  - {id: large, matches: true, body: {total: 250}}
  - {id: small, matches: false, body: {total: 5}}
  - id: as a string
    matches: false
    body: '"250"'
  - id: recorded
    matches: true
    record: {file: large.json}
  - id: body in a file
    matches: true
    body: {file: body.json}
  - id: event
    matches: [b]
    event: {Records: [{messageId: a, body: x}, {messageId: b, body: '{"total": 101}'}]}
  - id: event in a file
    matches: true
    event: {file: event.json}
"""
LARGE = {"messageId": "1", "body": '{"total": 250}'}


@pytest.fixture
def here(tmp_path: Path) -> Path:
    (tmp_path / "template.yaml").write_text(TEMPLATE)
    (tmp_path / "large.json").write_text(json.dumps(LARGE, indent=2) + "\n")
    (tmp_path / "body.json").write_text('{"total": 250}\n')
    (tmp_path / "event.json").write_text(json.dumps({"Records": [LARGE]}))
    (tmp_path / "orders.cases.yaml").write_text(CASES)
    return tmp_path


def results(here: Path, text: str) -> list[Result]:
    path = here / "orders.cases.yaml"
    path.write_text(text)
    runner = Runner()
    return [result for case in case_files.read(str(path)) for result in runner.results(case)]


def test_cases_of_a_deployed_filter(here: Path) -> None:
    found = results(here, CASES)
    assert [(each.line, each.name, each.error, each.passed) for each in found] == [
        (3, "large", "", True),
        (4, "small", "", True),
        (5, "as a string", "", True),
        (8, "recorded", "", True),
        (11, "body in a file", "", True),
        (14, "event", "", True),
        (17, "event in a file", "", True),
    ]


def test_the_command_line_accepts_the_same_files(here: Path) -> None:
    path = here / "orders.cases.yaml"
    result = fp("test", "--cases", path)
    assert (result.stdout, result.stderr) == ("7 cases: 7 pass, 0 fail\n", "")
    path.write_text(CASES.replace("matches: [b]", "matches: [a]").replace("total: 5", "total: 500"))
    result = fp("test", "--cases", path, "--junit", here / "report.xml")
    assert result.stdout.splitlines() == [
        f"{path}:4: small: expected drop, found match",
        "  template.yaml#Orders",
        f"{path}:14: event: expected a, found b",
        "  template.yaml#Orders",
        "7 cases: 5 pass, 2 fail",
    ]
    failures = ElementTree.parse(here / "report.xml").getroot().findall("*/*/failure")
    assert "✓ total: 500 (numeric > 100)" in str(failures[0].text)
    assert "body is a plain string, but the pattern expects JSON" in str(failures[1].text)


def test_a_changed_template_fails_its_cases(here: Path) -> None:
    (here / "template.yaml").write_text(TEMPLATE.replace("100", "300"))
    assert [each.name for each in results(here, CASES) if not each.passed] == [
        "large",
        "recorded",
        "body in a file",
        "event",
        "event in a file",
    ]


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("", None, "no cases"),
        ("pattern: {body: {a: [1]}}\ncases: []\n", None, "no cases"),
        ("pattern: {body: {a: [1]}}\ncases: [5]\n", 2, "a case must be an object"),
        ("pattern: [\n", 2, "not YAML: did not find"),
        ("patern: x\ncases: [{matches: true}]\n", 1, 'unknown member "patern" beside "cases"'),
        ("pattern: nope.json\ncases: [{matches: true, body: x}]\n", 2, "nope.json: No such file"),
        ("pattern: template.yaml\ncases: [{matches: true, body: x}]\n", 2, "#NAME with one of: "),
        ("pattern: {body: {a: 1}}\ncases: [{matches: true, body: x}]\n", 2, "refused: FP005"),
        ("pattern: {a: [1]}\nsource: event\ncases: [{matches: true, body: x}]\n", 3, 'no "body"'),
        ("pattern: {body: {a: [1]}}\ncases: [{matches: 1, body: x}]\n", 2, "true or false"),
        (
            "pattern: {body: {a: [1]}}\ncases: [{matches: 1, event: {}}]\n",
            2,
            "true, false or a list of ids",
        ),
        (
            "pattern: {body: {a: [1]}}\ncases: [{matches: [b], event: {Records: [{body: x}]}}]\n",
            2,
            "the event has no record b",
        ),
        (
            "pattern: {body: {a: [1]}}\ncases: [{matches: true, event: {Records: []}}]\n",
            2,
            "the event has no records",
        ),
        (
            "pattern: {body: {a: [1]}}\ncases: [{matches: true, event: {kinesis: {}}}]\n",
            2,
            "has records of kinesis",
        ),
        ("pattern: {body: {a: [1]}}\ncases: [{matches: true, body: &a [*a]}]\n", 2, "*a"),
    ],
)
def test_cases_without_an_expectation_are_errors(
    here: Path, text: str, line: int | None, message: str
) -> None:
    found = results(here, text)
    assert [each.line for each in found] == [line]
    assert message in found[0].error


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    (case,) = case_files.read(str(tmp_path / "nope.cases.yaml"))
    assert case.error == "no such file or directory"
    result = fp("test", "--cases", tmp_path / "nope.cases.yaml")
    assert "nope.cases.yaml: error: no such file or directory\n" in result.stderr


def test_numbers_keep_their_text(here: Path) -> None:
    text = """\
pattern: {body: {n: [9007199254740993]}}
cases:
  - {id: same, matches: true, body: {n: 9007199254740993}}
  - {id: other, matches: false, body: {n: 9007199254740992}}
"""
    assert [(each.error, each.passed) for each in results(here, text)] == [("", True)] * 2


@pytest.mark.parametrize(
    ("source", "pattern"),
    [
        ("sqs", "{body: {a: [1]}}"),
        ("kinesis", "{data: {a: [1]}}"),
        ("dynamodb", "{dynamodb: {a: [1]}}"),
        ("kafka", "{value: {a: [1]}}"),
        ("mq", "{data: {a: [1]}}"),
    ],
)
def test_the_body_of_every_source(here: Path, source: str, pattern: str) -> None:
    text = f"""\
pattern: {pattern}
source: {source}
cases:
  - {{id: 1, matches: true, body: {{a: 1}}}}
  - {{id: 2, matches: false, body: {{a: 2}}}}
"""
    assert [(each.error, each.passed) for each in results(here, text)] == [("", True)] * 2


def test_a_list_of_cases_and_several_documents(here: Path) -> None:
    text = """\
- {pattern: '{"body": {"a": [1]}}', matches: true, body: {a: 1}}
- {pattern: {body: {a: 5}}, valid: false}
---
pattern: {body: {a: [2]}}
matches: false
body: {a: 1}
"""
    assert [(each.line, each.error, each.passed) for each in results(here, text)] == [
        (1, "", True),
        (2, "", True),
        (4, "", True),
    ]


OPEN = """\
Parameters: {Tenant: {Type: String}}
Resources:
  Orders:
    Type: AWS::Lambda::EventSourceMapping
    Properties:
      EventSourceArn: arn:aws:sqs:eu-west-1:123456789012:orders
      FilterCriteria:
        Filters:
          - Pattern: !Sub '{"body": {"tenant": ["${Tenant}"]}}'
"""


def test_parameters_fill_in_the_open_parts_of_a_template(tmp_path: Path) -> None:
    (tmp_path / "open.yaml").write_text(OPEN)
    path = tmp_path / "tenants.cases.yaml"
    cases = (
        "pattern: open.yaml#Orders\nparameters: {Tenant: a}\n"
        "cases:\n"
        "  - {id: own, matches: true, body: {tenant: a}}\n"
        "  - {id: other, matches: true, parameters: {Tenant: b}, body: {tenant: b}}\n"
        "  - {id: wrong, matches: true, parameters: [b], body: {tenant: b}}\n"
    )
    path.write_text(cases)
    run = Runner()
    results = [result for case in case_files.read(str(path)) for result in run.results(case)]
    assert [result.passed for result in results] == [True, True, False]
    assert '"parameters" must be an object' in str(results[2].error)
