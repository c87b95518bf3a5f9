"""`fp test --cases` and `--junit` from a user's perspective."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from filterpatterns.cli.output.junit import Report
from tests.support.paths import case_lines
from tests.unit.cli.test_program import PATTERN, RECORDS, UUID, fp, here, lines, record

__all__ = ["here"]

CASES = Path(__file__).parents[3] / "cases"
ORDERS = json.loads(PATTERN)
LARGE = {"name": "large", "pattern": ORDERS, "record": record({"total": 250}), "matches": True}
PLAIN = {"id": 7, "pattern": PATTERN, "record": record("hello"), "matches": False}
WRONG = {**LARGE, "name": "wrong", "matches": False}
WANTS_JSON = "body is a plain string, but the pattern expects JSON"
FP005 = "FP005: a field must be an array of rules or an object, found the number 5"
REFUSED = {"pattern": {"body": {"total": 5}}, "valid": False}


def run(*cases: object, options: tuple[str, ...] = ()) -> Any:
    return fp("test", *options, "--cases", "-", stdin=lines(*cases))


def junit(path: str | Path = "report.xml") -> ElementTree.Element:
    return ElementTree.parse(path).getroot()


# --- what cases say ---


def test_passing_cases_print_only_the_summary() -> None:
    result = run(LARGE, PLAIN, REFUSED)
    assert (result.stdout, result.stderr) == ("3 cases: 3 pass, 0 fail\n", "")
    assert result.exit_code == 0


def test_a_case_that_fails_is_named_with_what_was_expected_and_found() -> None:
    result = run(LARGE, WRONG, {**PLAIN, "matches": True})
    assert result.stdout.splitlines() == [
        "<stdin>:2: wrong: expected drop, found match",
        f"  {json.dumps(ORDERS)}",
        f"<stdin>:3: 7: expected match, found drop: {WANTS_JSON}",
        f"  {PATTERN}",
        "3 cases: 1 passes, 2 fail",
    ]
    assert (result.stderr, result.exit_code) == ("", 1)


def test_several_events_of_one_pattern_are_separate_cases() -> None:
    case = {
        "source": "event",
        "pattern": {"a": [1]},
        "events": [{"a": 1}, '{"a": 2}', {"a": [2, 1]}],
        "matches": [True, True, True],
    }
    result = run(case)
    assert result.stdout.splitlines() == [
        "<stdin>:1: event 2: expected match, found drop: no match",
        '  {"a": [1]}',
        "3 cases: 2 pass, 1 fails",
    ]
    assert "<stdin>:1: named event 2: expected" in run({**case, "name": "named"}).stdout


def test_whether_a_pattern_is_valid() -> None:
    result = run({**REFUSED, "valid": True}, {"pattern": PATTERN, "valid": False})
    assert result.stdout.splitlines()[::2] == [
        f"<stdin>:1: expected valid, found refused: {FP005}",
        "<stdin>:2: expected refused, found valid",
        "2 cases: 0 pass, 2 fail",
    ]
    assert result.exit_code == 1


def test_the_source_is_the_case_s_own_or_the_option_s() -> None:
    event = {"pattern": {"detail": {"a": [1]}}, "record": {"detail": {"a": 1}}, "matches": True}
    assert run(event, options=("--source", "event")).exit_code == 0
    assert run({**event, "source": "event"}).exit_code == 0
    assert run({**event, "source": "event"}, LARGE, options=("--source", "sqs")).exit_code == 0


def test_the_number_of_filters_is_limited() -> None:
    criteria = {"Filters": [{"Pattern": PATTERN}] * 6}
    case = {**LARGE, "pattern": criteria}
    assert "the pattern is refused: FP020: 6 filters" in run(case).stderr
    assert run(case, options=("--max-filters", "10")).exit_code == 0


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("event_patterns.jsonl", ("--source", "event")),
        ("pattern_syntax.jsonl", ()),
        ("payload_formats.jsonl", ()),
        ("structure/arrays.jsonl", ("--source", "event")),
        ("operators/cidr.jsonl", ("--source", "event")),
    ],
)
def test_our_own_case_files_are_such_files(name: str, options: tuple[str, ...]) -> None:
    count = f"{sum(len(case.get('events', [case])) for case in case_lines(name)):,}"
    result = fp("test", *options, "--cases", CASES / name)
    assert result.stdout == f"{count} cases: {count} pass, 0 fail\n"
    assert (result.stderr, result.exit_code) == ("", 0)


def test_case_files_are_recognized_by_content_and_may_be_several(here: Path) -> None:
    (here / "array").write_text(json.dumps([LARGE, WRONG], indent=2))
    (here / "packed").write_bytes(gzip.compress(lines(PLAIN).encode()))
    result = fp("test", "--cases", "array", "--cases=packed", "-", stdin=lines(WRONG))
    second = len(json.dumps([LARGE], indent=2).splitlines())
    assert [line for line in result.stdout.splitlines() if not line.startswith(" ")] == [
        f"array:{second}: wrong: expected drop, found match",
        "<stdin>:1: wrong: expected drop, found match",
        "4 cases: 2 pass, 2 fail",
    ]


def test_json_for_machines() -> None:
    result = run(LARGE, WRONG, {"matches": True}, options=("--json",))
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert [row["result"] for row in rows] == ["pass", "fail", "error"]
    assert rows[1] == {
        "file": "<stdin>",
        "line": 2,
        "name": "wrong",
        "result": "fail",
        "expected": "drop",
        "found": "match",
        "reason": "match",
        "detail": "match",
        "pattern": json.dumps(ORDERS),
    }
    assert rows[2]["detail"] == 'the case has no "pattern"'
    assert "3 cases: 1 passes, 1 fails, 1 error\n" in result.stderr
    assert run(LARGE, options=("--json", "-q")).stderr == ""


def test_quiet_prints_only_the_summary() -> None:
    assert run(WRONG, options=("-q",)).stdout == "1 case: 0 pass, 1 fails\n"


def test_colours() -> None:
    assert "\x1b[31mexpected" in run(WRONG, options=("--color", "always")).stdout
    assert "\x1b" not in run(WRONG).stdout


# --- cases that cannot be tested ---


@pytest.mark.parametrize(
    ("case", "message"),
    [
        ("5", "a case must be a JSON object, found a number"),
        ('{"pattern": ', "invalid JSON: ends too early"),
        ({"record": {}, "matches": True}, 'the case has no "pattern"'),
        ({"pattern": ORDERS, "record": {}}, 'the case has no "matches"'),
        ({"pattern": ORDERS, "matches": True}, '"event" and "events", or "valid"; found none'),
        ({**LARGE, "events": []}, "found record and events"),
        ({**LARGE, "matches": 1}, '"matches" must be true or false, found a number'),
        ({**LARGE, "matches": None}, '"matches" must be true or false, found null'),
        ({**LARGE, "record": 5}, 'a record in "record" must be an object, or its JSON as a string'),
        ({**LARGE, "record": "x"}, "the record cannot be evaluated: not JSON"),
        (
            {**LARGE, "record": "[]"},
            "the record cannot be evaluated: a record must be a JSON object",
        ),
        ({**LARGE, "pattern": 5}, "the pattern is refused: FP002"),
        ({**LARGE, "pattern": {"body": 5}}, "the pattern is refused: FP005: a field must"),
        ({**LARGE, "pattern": "{"}, "the pattern is refused: FP001"),
        ({**LARGE, "source": "sqqs"}, "unknown source 'sqqs': choose one of sqs"),
        ({**LARGE, "source": 5}, '"source" must be the name of an event source'),
        ({**LARGE, "match": True}, 'unknown member "match": did you mean "matches"?'),
        ({**LARGE, "zzz\x1b": 1}, r'unknown member "zzz\x1b": the members are name, id'),
        ({**REFUSED, "valid": "no"}, '"valid" must be true or false, found a string'),
        ({**REFUSED, "matches": True}, '"matches" requires a "record", "body", "event" or'),
        (
            {"pattern": ORDERS, "events": {}, "matches": []},
            '"events" must be an array, found an object',
        ),
        ({"pattern": ORDERS, "events": [], "matches": []}, "0 events, but 0 verdicts"),
        ({"pattern": ORDERS, "events": [{}], "matches": [1]}, '"matches" must be true or false'),
        ({"pattern": ORDERS, "events": [{}], "matches": []}, "1 events, but 0 verdicts"),
        ({"pattern": ORDERS, "events": [5], "matches": [True]}, 'a record in "events" must be an'),
    ],
)
def test_a_case_without_an_expectation_is_an_error_with_its_position(
    case: object, message: str
) -> None:
    result = run(LARGE, case, LARGE)
    assert result.stderr.startswith("<stdin>:2:")
    assert message in result.stderr
    assert result.stdout == "3 cases: 2 pass, 0 fail, 1 error\n"
    assert result.exit_code == 2


def test_files_without_cases_do_not_pass(here: Path) -> None:
    (here / "empty").touch()
    result = fp("test", "--cases", "empty", "nope", "--junit", "report.xml")
    assert result.stderr.splitlines() == [
        "empty: error: no cases",
        "nope: error: no such file or directory",
    ]
    assert (result.stdout, result.exit_code) == ("2 cases: 0 pass, 0 fail, 2 errors\n", 2)
    assert [case.get("classname") for case in junit().findall("*/testcase")] == ["empty", "nope"]


def test_hostile_names_and_patterns_do_not_reach_the_terminal() -> None:
    case = {**WRONG, "name": "\x1b[31m\ud800", "pattern": '{"\\u001b[31m": [{"exists": false}]}'}
    result = run(case)
    assert "\\x1b[31m\\ud800: expected drop" in result.stdout
    assert "\x1b" not in result.stdout
    assert "\x1b" not in run({**case, "record": {"body": "\x1b"}}, options=("--json",)).stdout


def test_deep_patterns_are_cases_like_any_other() -> None:
    deep = '{"a":' * 1000 + "[1]" + "}" * 1000
    result = fp("test", "--cases", "-", stdin=f'{{"pattern": {deep}, "valid": true}}\n{deep}\n')
    assert "expected valid, found refused: FP018: " in result.stdout
    assert 'unknown member "a"' in result.stderr
    assert result.exit_code == 2


HOSTILE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
MEMBERS = st.sampled_from(
    ["pattern", "record", "events", "matches", "valid", "source", "name", "id"]
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.dictionaries(MEMBERS, HOSTILE | st.just(ORDERS), max_size=5), min_size=1, max_size=4
    )
)
def test_every_case_passes_fails_or_is_an_error(
    tmp_path: Path, cases: list[dict[str, Any]]
) -> None:
    options = ("--json", "--junit", str(tmp_path / "report.xml"))
    result = run(*cases, options=options)
    assert result.exception is None or isinstance(result.exception, SystemExit)
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert {row["line"] for row in rows} == set(range(1, len(cases) + 1))
    found = {row["result"] for row in rows}
    expected = 2 if "error" in found else 1 if "fail" in found else 0
    assert result.exit_code == expected
    suite = junit(tmp_path / "report.xml")
    assert suite.get("tests") == str(len(suite.findall("*/testcase"))) == str(len(rows))
    assert suite.get("failures") == str(len(suite.findall("*/*/failure")))
    assert suite.get("errors") == str(len(suite.findall("*/*/error")))


# --- JUnit XML ---


def test_a_report_of_cases(here: Path) -> None:
    (here / "cases.jsonl").write_text(lines(LARGE, WRONG, {"pattern": 1}))
    result = fp("test", "--cases", "cases.jsonl", "--junit", "report.xml")
    assert result.exit_code == 2
    suites = junit()
    assert suites.tag == "testsuites"
    assert [suites.get(name) for name in ("tests", "failures", "errors")] == ["3", "1", "1"]
    passed, failed, error = suites.findall("testsuite/testcase")
    assert passed.attrib == {"classname": "cases.jsonl", "name": "line 1: large"}
    assert list(passed) == []
    assert failed.get("name") == "line 2: wrong"
    assert failed[0].tag == "failure"
    assert failed[0].get("message") == "expected drop, found match"
    assert error[0].tag == "error"
    assert 'or "valid"; found none' in str(error[0].get("message"))


@pytest.mark.parametrize(
    ("expect", "misses"), [("all", [2, 3]), ("none", [1]), ("any", []), ("1", [])]
)
def test_a_report_of_records(here: Path, expect: str, misses: list[int]) -> None:
    stdin = lines(*RECORDS[:3], "x")
    fp("test", "-q", "--expect", expect, "--junit", "report.xml", "pattern.json", "-", stdin=stdin)
    cases = junit().findall("testsuite/testcase")
    failed = [case.get("name") for case in cases if case.find("failure") is not None]
    whole = [f"--expect {expect}"] if misses else []
    assert failed == [*(f"record {number} {UUID}" for number in misses), *whole]
    assert [case.get("name") for case in cases if case.find("error") is not None] == ["record 4"]
    assert len(cases) == (5 if expect in ("all", "none") else 2)


def test_a_report_lists_unreadable_files(here: Path) -> None:
    result = fp("test", "--expect", "any", "--junit", "r.xml", "pattern.json", "events.jsonl", "no")
    assert result.exit_code == 2
    (error,) = junit("r.xml").findall("*/*/error")
    assert error.get("message") == "1 file not read"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(st.text(st.characters(codec=None), min_size=1, max_size=8))
def test_a_report_is_xml_whatever_the_names(tmp_path: Path, name: str) -> None:
    path = tmp_path / "report.xml"
    run({**WRONG, "name": name}, options=("--junit", str(path)))
    (case,) = junit(path).findall("*/testcase")
    if name.isprintable():
        assert case.get("name") == f"line 1: {name}"


def test_an_unwritable_report_is_an_error_at_the_start(here: Path) -> None:
    result = fp("test", "--cases", "-", "--junit", "no/r.xml", stdin=lines(LARGE))
    assert result.stderr == "no/r.xml: error: cannot write: no such file or directory\n"
    assert (result.stdout, result.exit_code) == ("", 2)


def test_an_unfinished_report_replaces_nothing(here: Path) -> None:
    Path("r.xml").write_text("before")
    for is_written, expected in ((False, "before"), (True, "<?xml")):
        with Report("r.xml") as report:
            report.case("group", "name")
            assert len(list(here.glob("r.xml.*.part"))) == 1
            assert Path("r.xml").read_text() == "before"
            if is_written:
                report.write()
        assert Path("r.xml").read_text().startswith(expected)
        assert list(here.glob("*.part")) == []


# --- --explain ---


@pytest.mark.parametrize(
    ("expect", "explained"),
    [((), [2, 3]), (("--expect", "all"), [2, 3]), (("--expect", "none"), [1])],
)
def test_the_reason_is_shown_below_a_record_that_does_not_match(
    here: Path, expect: tuple[str, ...], explained: list[int]
) -> None:
    stdin = lines(*RECORDS[:3])
    printed = fp("test", "--explain", *expect, "pattern.json", "-", stdin=stdin).stdout.splitlines()
    plain = fp("test", *expect, "pattern.json", "-", stdin=stdin).stdout.splitlines()
    assert [line for line in printed if not line.startswith("     ")] == plain
    rows = [line.split()[0] for line in printed[: printed.index("")]]
    places = [place for place, word in enumerate(rows) if word in ("1", "2", "3")]
    following = [printed[place + 1].startswith("     ") for place in places]
    assert [number for number, has in zip((1, 2, 3), following, strict=True) if has] == explained
    for number in explained:
        only = fp("explain", "-n", str(number), "pattern.json", "-", stdin=stdin).stdout
        assert only.splitlines()[-1].strip() in "\n".join(printed)


def test_a_record_that_cannot_be_explained_does_not_end_the_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("filterpatterns.matching.budget.MAX_SEARCH_STEPS", 0)
    criteria = {"Filters": [{"Pattern": '{"c": [1]}'}, {"Pattern": '{"a": {"b": [1]}}'}]}
    options = ("--source", "event", "--expect", "none", "--explain")
    twice = {"a": {"b": [[2], [1]]}, "a.b": [[3], [1]]}
    result = fp("test", *options, json.dumps(criteria), "-", stdin=lines({"c": 1, **twice}))
    assert "1  -  match\n     " in result.stdout
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit)


def test_explanations_are_coloured_as_rows_are(here: Path) -> None:
    printed = fp("test", "--explain", "--color", "always", "pattern.json", "events.jsonl").stdout
    assert any("\x1b" in line for line in printed.splitlines() if line.startswith("     "))


def test_the_reason_is_shown_below_a_case_that_fails() -> None:
    long = {**PLAIN, "record": record({"total": 5, "note": "x" * 300}), "matches": True}
    result = run(LARGE, WRONG, long, {**REFUSED, "valid": True}, options=("--explain",))
    printed = result.stdout.splitlines()
    plain = run(LARGE, WRONG, long, {**REFUSED, "valid": True}).stdout.splitlines()
    assert [line for line in printed if line in plain] == plain
    first, second = printed.index(plain[0]) + 2, printed.index(plain[2]) + 2
    assert printed[first] == f"  {json.dumps(WRONG['record'])}"
    assert printed[second].endswith("xxx...")
    assert len(printed[second]) == 162
    for start, case in ((first, WRONG), (second, long)):
        only = fp("explain", PATTERN, "-", stdin=lines(case["record"])).stdout.splitlines()[1:]
        assert printed[start + 1 : start + 1 + len(only)] == [f"     {line}" for line in only]
    assert (result.stderr, result.exit_code) == ("", 1)


# --- usage ---


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--cases"], "Option '--cases' requires an argument"),
        (["--cases", "-", "-"], "standard input (-) can be read only once"),
        (["--expect", "all", "--cases", "-"], "--expect is for EVENTS"),
        (["--junit", "r.xml", PATTERN, "-"], "--junit requires --cases or --expect"),
        (["--explain", "--json", PATTERN, "-"], "--explain and --json exclude each other"),
        (["--explain", "-q", PATTERN, "-"], "--explain and --quiet exclude each other"),
        (["--explain", "-q", "--cases", "-"], "--explain and --quiet exclude each other"),
        ([PATTERN, "--expect", "all"], "missing argument 'EVENTS...'"),
    ],
)
def test_usage_errors(here: Path, args: list[str], message: str) -> None:
    result = fp("test", *args)
    assert message in result.stderr
    assert (result.stdout, result.exit_code) == ("", 2)
    assert not Path("r.xml").exists()


def test_a_single_reason_is_shown_unless_it_is_no_match() -> None:
    result = fp("test", "-q", PATTERN, "-", stdin=lines(RECORDS[2], RECORDS[2]))
    assert result.stdout.splitlines() == [
        "2 records: 0 match, 2 drop",
        f"  2 {WANTS_JSON}",
    ]
    assert fp("test", "-q", PATTERN, "-", stdin=lines(RECORDS[1])).stdout.count("\n") == 1
