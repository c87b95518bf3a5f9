"""The code of docs/how-to/testing.md does what the page says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

PAGE = (Path(__file__).parents[2] / "docs" / "how-to" / "testing.md").read_text(encoding="utf-8")
TEMPLATE = """\
Resources:
  OrdersMapping:
    Type: AWS::Lambda::EventSourceMapping
    Properties:
      EventSourceArn: arn:aws:sqs:eu-west-1:123456789012:orders
      FilterCriteria:
        Filters:
          - Pattern: '{"body": {"total": [{"numeric": [">", 100]}]}}'
"""

pytest_plugins = ["pytester"]


def block(language: str, words: str) -> str:
    """The fenced block that has the words."""
    found = re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    [one] = [each for each in found if words in each]
    return str(one)


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    (pytester.path / "template.yaml").write_text(TEMPLATE)
    (pytester.path / "tests" / "events").mkdir(parents=True)
    (pytester.path / "tests/events/order.json").write_text('{"body": "{\\"total\\": 101}"}\n')
    return pytester


def test_the_assertions(project: pytest.Pytester) -> None:
    (project.path / "tests/test_filters.py").write_text(block("python", "assert_event(ORDERS"))
    project.runpytest_subprocess().assert_outcomes(passed=3)


def test_the_case_files(project: pytest.Pytester) -> None:
    (project.path / "tests/orders.cases.yaml").write_text(block("yaml", "OrdersMapping"))
    (project.path / "tests/more.cases.jsonl").write_text(block("json", "OrdersMapping"))
    project.runpytest_subprocess().assert_outcomes(passed=6)
    project.runpytest_subprocess("tests/orders.cases.yaml::small").assert_outcomes(passed=1)


def test_the_handler_with_powertools(project: pytest.Pytester) -> None:
    (project.path / "tests/test_handler.py").write_text(block("python", "BatchProcessor("))
    project.runpytest_subprocess("-W", "default").assert_outcomes(passed=2)
