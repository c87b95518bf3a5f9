"""`filterpatterns.load`, `load_all` and `RuleSet.load`."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

import filterpatterns
from filterpatterns import LoadError, PatternError, RuleSet

TEMPLATE = """\
Resources:
  Orders:
    Type: AWS::Lambda::EventSourceMapping
    Properties:
      EventSourceArn: !GetAtt Queue.Arn
      FilterCriteria:
        Filters:
          - Pattern: '{"body": {"total": [{"numeric": [">", 100]}]}}'
  Clicks:
    Type: AWS::Lambda::EventSourceMapping
    Properties:
      EventSourceArn: arn:aws:kinesis:eu-west-1:123456789012:stream/clicks
      FilterCriteria:
        Filters:
          - Pattern: '{"data": {"kind": ["click"]}}'
  Queue:
    Type: AWS::SQS::Queue
"""
ORDER = {"messageId": "1", "body": '{"total": 250}'}
SMALL = {"messageId": "2", "body": '{"total": 5}'}


@pytest.fixture
def template(tmp_path: Path) -> Path:
    path = tmp_path / "template.yaml"
    path.write_text(TEMPLATE)
    return path


def test_a_mapping_of_a_template_with_its_source(template: Path) -> None:
    orders = filterpatterns.load(f"{template}#Orders")
    assert orders.source == "sqs"
    assert orders.mask([ORDER, SMALL]) == [True, False]
    assert filterpatterns.load(Path(f"{template}#Clicks")).source == "kinesis"
    assert filterpatterns.load(f"{template}#Clicks", source="auto").source == "auto"


@pytest.mark.parametrize(
    "text",
    [
        '{"body": {"total": [{"numeric": [">", 100]}]}}',
        '\ufeff{"body": {"total": [{"numeric": [">", 100]}]}}',
        '{"Filters": [{"Pattern": "{\\"body\\": {\\"total\\": [250]}}"}]}',
        "body:\n  total:\n    - numeric: ['>', 100]\n",
    ],
)
def test_a_file_that_is_a_pattern(tmp_path: Path, text: str) -> None:
    path = tmp_path / "orders.pattern.json"
    if not text.lstrip("\ufeff").startswith("{"):
        path = tmp_path / "orders.yaml"
    path.write_text(text, encoding="utf-8")
    for found in (filterpatterns.load(path), filterpatterns.load_all(path)["orders"]):
        assert found.mask([ORDER, SMALL]) == [True, False]


def test_all_mappings_by_name(template: Path) -> None:
    found = filterpatterns.load_all(template)
    assert {name: each.source for name, each in found.items()} == {
        "Orders": "sqs",
        "Clicks": "kinesis",
    }
    assert list(filterpatterns.load_all(f"{template}#Orders")) == ["Orders"]


def test_a_rule_set_of_a_file(template: Path) -> None:
    rules = RuleSet.load(template)
    assert (rules.source, rules.names) == ("auto", ("Orders", "Clicks"))
    assert rules.matching(ORDER) == ["Orders"]
    assert rules.matching(SMALL) == []
    orders = RuleSet.load(f"{template}#Orders")
    assert (orders.source, orders.names) == ("sqs", ("Orders",))
    assert pickle.loads(pickle.dumps(orders)).matching(ORDER) == ["Orders"]


def test_a_pattern_that_is_refused_has_the_file_and_the_line(template: Path) -> None:
    template.write_text(TEMPLATE.replace('["click"]', '"click"').replace('">", 100', '">"'))
    with pytest.raises(PatternError) as caught:
        filterpatterns.load(f"{template}#Clicks")
    assert str(caught.value).startswith(f"{template}:15:41: error FP005: ")
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)
    for load in (filterpatterns.load_all, RuleSet.load):
        with pytest.raises(PatternError) as caught:
            load(template)
        assert [error.line for error in caught.value.errors] == [8, 15]
        assert f"{template}:8:" in str(caught.value)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("#Nope", TEMPLATE, "has no mapping, pipe or rule 'Nope' with filters\n  hint: write "),
        ("", TEMPLATE, "has several mappings, pipes or rules with filters\n  hint: write "),
        ("", "a: [1", ":2:1: error: not YAML: "),
        ("", TEMPLATE.replace('\'{"data": {"kind": ["click"]}}\'', "!Ref Pattern"), "several"),
        (
            "#Clicks",
            TEMPLATE.replace('\'{"data": {"kind": ["click"]}}\'', "!Ref Pattern"),
            ":15:22: error FP201: ",
        ),
    ],
)
def test_files_that_cannot_be_loaded(template: Path, name: str, text: str, message: str) -> None:
    template.write_text(text)
    with pytest.raises(LoadError) as caught:
        filterpatterns.load(f"{template}{name}")
    assert str(caught.value).startswith(str(template))
    assert message in str(caught.value)
    for again in (pickle.loads(pickle.dumps(caught.value)), copy.copy(caught.value)):
        assert (str(again), again.hint) == (str(caught.value), caught.value.hint)


def test_a_template_without_filters_is_an_error(template: Path) -> None:
    template.write_text("Resources:\n  Queue:\n    Type: AWS::SQS::Queue\n")
    with pytest.raises(LoadError, match="no mappings, pipes or rules"):
        filterpatterns.load_all(template)


def test_directories_and_missing_files_are_errors(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        filterpatterns.load(tmp_path / "nope.yaml")
    with pytest.raises(LoadError, match=r"pass a pattern to filterpatterns\.compile"):
        filterpatterns.load('{"body": {"a": [1]}}')
    with (tmp_path / "large.json").open("wb") as file:
        file.truncate((1 << 24) + 1)
    with pytest.raises(LoadError, match="too large for a pattern"):
        filterpatterns.load(tmp_path / "large.json")


def test_a_number_sign_in_a_file_s_name(tmp_path: Path) -> None:
    path = tmp_path / "a#b.json"
    path.write_text('{"body": {"total": [250]}}')
    assert filterpatterns.load(path).matches(ORDER)


def test_importing_the_package_does_not_import_templates() -> None:
    code = (
        "import sys, filterpatterns; filterpatterns.compile\n"
        "assert not [name for name in sys.modules if 'templates' in name or name == 'yaml']"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_values_for_the_open_parts_of_a_template(tmp_path: Path) -> None:
    file = tmp_path / "template.yaml"
    file.write_text(
        "Parameters:\n  Limit: {Type: Number}\nResources:\n  M:\n"
        "    Type: AWS::Lambda::EventSourceMapping\n    Properties:\n"
        "      EventSourceArn: arn:aws:sqs:eu-west-1:123456789012:q\n      FilterCriteria:\n"
        "        Filters:\n"
        """          - Pattern: !Sub '{"body": {"total": [{"numeric": [">", ${Limit}]}]}}'\n"""
    )
    kept = filterpatterns.load(file, parameters={"Limit": 5})
    assert (kept.matches({"body": '{"total": 6}'}), kept.matches({"body": '{"total": 5}'})) == (
        True,
        False,
    )
    with pytest.raises(filterpatterns.LoadError, match=r'parameters=\{"Limit": \.\.\.\}'):
        filterpatterns.load(file)
