"""The pytest plugin, as used in a project that has installed it."""

from __future__ import annotations

import json
import subprocess
import sys
from xml.etree import ElementTree

import pytest

from tests.unit.templates.test_loading import TEMPLATE

pytest_plugins = ["pytester"]

CASES = """\
pattern: template.yaml#Orders
cases:
  - {id: large, matches: true, body: {total: 250}}
  - {id: small, matches: true, body: {total: 5}}
  - {id: bad, mathces: true, body: {total: 5}}
"""
LINES = [
    {"id": "one", "pattern": {"body": {"a": [1]}}, "record": {"body": '{"a": 1}'}, "matches": True},
    {"pattern": {"body": {"a": 1}}, "valid": False},
    {
        "name": "several",
        "source": "event",
        "pattern": {"a": [1]},
        "events": [{"a": 1}, {"a": 2}],
        "matches": [True, True],
    },
]


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    (pytester.path / "template.yaml").write_text(TEMPLATE)
    (pytester.path / "orders.cases.yaml").write_text(CASES)
    text = "".join(f"{json.dumps(line)}\n" for line in LINES)
    (pytester.path / "more.cases.jsonl").write_text(text)
    return pytester


def test_each_case_is_a_test_with_its_id(project: pytest.Pytester) -> None:
    result = project.runpytest_subprocess("--collect-only", "-q")
    result.stdout.fnmatch_lines_random(
        [
            "more.cases.jsonl::one",
            "more.cases.jsonl::line 2",
            "more.cases.jsonl::several",
            "orders.cases.yaml::large",
            "orders.cases.yaml::small",
            "orders.cases.yaml::bad",
        ]
    )
    assert project.runpytest_subprocess("orders.cases.yaml::large").ret == 0


def test_failures_show_the_explanation(project: pytest.Pytester) -> None:
    result = project.runpytest_subprocess("--junitxml", "report.xml")
    result.assert_outcomes(passed=3, failed=3)
    out = result.stdout.str()
    assert "orders.cases.yaml:4: expected match, found drop: no match\n" in out
    assert "✗ total: 5 is not > 100" in out
    assert 'unknown member "mathces": did you mean "matches"?' in out
    assert "several event 2: expected match, found drop" in out
    assert "Traceback" not in out
    failures = ElementTree.parse(project.path / "report.xml").getroot().findall("*/*/failure")
    assert any("✗ total: 5 is not > 100" in str(each.text) for each in failures)


def test_a_file_without_cases_fails(project: pytest.Pytester) -> None:
    (project.path / "orders.cases.yaml").write_text("")
    result = project.runpytest_subprocess("orders.cases.yaml")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*orders.cases.yaml: no cases"])


def test_nothing_is_imported_where_there_are_no_case_files(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import sys

        def test_modules():
            names = {name for name in sys.modules if name.startswith("filterpatterns")}
            assert names == {
                "filterpatterns",
                "filterpatterns.integrations",
                "filterpatterns.integrations.pytest_plugin",
            }
        """
    )
    pytester.runpytest_subprocess().assert_outcomes(passed=1)


def test_the_assertions_fail_with_the_explanation(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import filterpatterns
        from filterpatterns.testing import assert_delivered

        def test_orders():
            orders = filterpatterns.compile({"body": {"total": [{"numeric": [">", 100]}]}})
            assert_delivered(orders, {"messageId": "1", "body": '{"total": 5}'})
        """
    )
    result = pytester.runpytest_subprocess()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["E*total: 5 is not > 100"])
    assert "assertions.py" not in result.stdout.str()


def test_the_plugin_is_loaded_automatically() -> None:
    code = (
        "from importlib.metadata import entry_points\n"
        "[one] = [each for each in entry_points(group='pytest11')"
        " if each.name == 'filterpatterns']\n"
        "one.load()"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
