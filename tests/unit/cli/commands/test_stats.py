"""`fp stats` from a user's perspective."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.paths import base64_of
from tests.support.strategies import events, patterns
from tests.unit.cli.test_program import PATTERN, ROOT, command_line, fp, here, lines, record

__all__ = ["here"]


def table(pattern: Any, *records: object, options: tuple[str, ...] = ()) -> list[str]:
    """The rows of a funnel's table, without the white space that aligns them."""
    pattern = pattern if isinstance(pattern, str) else json.dumps(pattern)
    result = fp("stats", *options, pattern, "-", stdin=lines(*records))
    assert (result.stderr, result.exit_code) == ("", 0)
    return [" ".join(line.split()) for line in result.stdout.splitlines()]


def document(pattern: Any, *records: object, options: tuple[str, ...] = ()) -> Any:
    pattern = pattern if isinstance(pattern, str) else json.dumps(pattern)
    result = fp("stats", "--json", *options, pattern, "-", stdin=lines(*records))
    return json.loads(result.stdout)


# --- the table ---


def test_a_funnel_from_the_format_to_the_last_field() -> None:
    pattern = {
        "body": {"total": [{"numeric": [">", 100]}], "state": ["open", "new"]},
        "messageAttributes": {"tenant": ["a"]},
    }
    tenant = {"messageAttributes": {"tenant": "a"}}
    rows = table(
        pattern,
        record({"total": 250, "state": "new"}) | tenant,
        record({"total": "250", "state": "new"}) | tenant,
        record({"total": 101, "state": "open"}),
        record({"total": 101}) | tenant,
        record("hello") | tenant,
        record('{"total": '),
        {"messageId": "1"},
    )
    assert rows[:7] == [
        "7 records: 1 match, 6 drop",
        "3 no match",
        "1 body is a plain string, but the pattern expects JSON",
        "1 body is not valid JSON, so it is a plain string, but the pattern expects JSON",
        "1 the record has no body",
        "",
        "filter 1 (sqs) keeps 1 of 7 records",
    ]
    assert rows[7:19] == [
        "condition present alone drops left %",
        "records 7 100.0%",
        "format of body 3 4 57.1%",
        "body is a plain string, but the pattern expects JSON 1",
        "body is not valid JSON, so it is a plain string, but the pattern expects JSON 1",
        "the record has no body 1",
        'messageAttributes.tenant "a" 4 4 1 3 42.9%',
        'body.total {"numeric": [">", 100]} 4 3 1 2 28.6%',
        "body.state (2 rules) 3 3 1 1 14.3%",
        '"open" 1',
        '"new" 2',
        "",
    ]
    assert rows[19:] == [
        "field values",
        'messageAttributes.tenant string 4 ("a"), absent 3',
        'body.total number 3 (250, 101), string 1 ("250")',
        'body.state string 3 ("new", "open"), absent 1',
    ]


def test_the_alternatives_of_an_or_are_counted() -> None:
    pattern = {"a": [1], "$or": [{"b": [1]}, {"b": [2], "c": [3, 4]}]}
    found = [{"a": 1, "b": 1}, {"a": 1, "b": 2, "c": 3}, {"a": 1, "b": 2}, {"a": 2, "b": 1}]
    rows = table(pattern, *found, options=("--source", "event"))
    assert rows[5:14] == [
        "a 1 4 3 1 3 75.0%",
        "$or (2 alternatives) 3 1 2 50.0%",
        "1. b 1 4 2",
        "2. all of 1",
        "b 2 4 2",
        "c (2 rules) 1 1",
        "3 1",
        "4 0",
        "",
    ]


def test_missing_fields_have_similar_names() -> None:
    pattern = {
        "body": {"order": {"totl": [1], "TAXES": [1]}, "State": ["x"], "other": {"deep": [1]}}
    }
    rows = table(pattern, record({"order": {"total": 1, "tax": 2}, "state": "x"}))
    assert rows[-4:] == [
        "body.order.totl absent 1; there is total",
        "body.order.TAXES absent 1; there is tax",
        "body.State absent 1; there is state",
        "body.other.deep absent 1; there is order",
    ]


def test_similar_names_are_looked_for_where_the_path_ends_even_among_many() -> None:
    many = {f"name{number}": number for number in range(1000)} | {"a": {"ab": 1, "x": {}}}
    pattern = {"a": {"AB": [1], "x": {"y": [1]}}, "nm11": [1], "name2": {"z": [1]}}
    rows = table(pattern, many, options=("--source", "event"))
    assert rows[-4:] == [
        "a.AB absent 1; there is ab",
        "a.x.y absent 1",
        "nm11 absent 1; there is name11 and name211 and name191",
        "name2.z absent 1",
    ]


def test_a_value_that_is_not_a_leaf_is_called_an_object() -> None:
    rows = table({"Id": ["1"]}, {"Id": {"S": "1"}}, {"Id": "1"}, options=("--source", "event"))
    assert rows[-1] == 'Id object 1, string 1 ("1")'


def test_every_type_has_its_examples() -> None:
    found = [{"a": value} for value in (1, "1", None, True, [2, "x", [3]], {}, [], 4, 5, 1)]
    rows = table({"a": [1]}, *found, options=("--source", "event"))
    holds = 'a number 5 (1, 2, 3), string 2 ("1", "x"), null 1 (null), boolean 1 (true), object 1'
    assert rows[-1] == f"{holds}, absent 1"


def test_a_payload_of_another_format_counts_as_satisfied_if_aws_says_so() -> None:
    pattern = {"value": {"a": [1]}, "topic": ["t"]}
    records = [
        {"topic": "t", "value": base64_of(text)} for text in ("plain", '{"a": 1}', '{"a": 2}')
    ]
    rows = table(pattern, *records, options=("--source", "kafka"))
    assert "another format, for which its part is satisfied: 1" in rows
    assert "value.a 1 2 2 1 2 66.7%" in rows


def test_plain_strings() -> None:
    rows = table({"body": ["x", {"prefix": "y"}]}, record("x"), record("yes"), record("5"))
    assert "format of body 1 2 66.7%" in rows
    assert rows[-1] == 'body string 2 ("x", "yes")'


def test_each_filter_and_each_source_has_its_own_funnel() -> None:
    criteria = {"Filters": [{"Pattern": PATTERN}, {"Pattern": '{"eventID": ["1"]}'}]}
    records = [
        record({"total": 250}),
        {"eventSource": "aws:dynamodb", "dynamodb": {}, "eventID": "1"},
    ]
    rows = table(criteria, *records, options=("--source", "auto"))
    assert [row for row in rows if row.startswith("filter")] == [
        "filter 1 (sqs) keeps 1 of 1 record",
        "filter 2 (sqs) keeps 0 of 1 record",
        "filter 1 (dynamodb) keeps 0 of 1 record",
        "filter 2 (dynamodb) keeps 1 of 1 record",
    ]


def test_records_that_one_filter_cannot_match_are_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("filterpatterns.matching.budget.MAX_SEARCH_STEPS", 0)
    criteria = {"Filters": [{"Pattern": '{"c": [1]}'}, {"Pattern": '{"a": {"b": [1]}}'}]}
    records = [{"c": 1, "a": [{"b": 2}, {"b": 1}], "a.b": [3, 1]}, {"a": {"b": 1}}]
    rows = table(criteria, *records, options=("--source", "event"))
    assert rows[0] == "2 records: 2 match, 0 drop"
    assert "filter 2 (event) keeps 1 of 2 records, no verdict for 1" in rows


def test_long_patterns_are_truncated() -> None:
    pattern = {"a": list(range(30)), "$or": [{"b": [number]} for number in range(50)]}
    rows = table(pattern, {"a": 29}, options=("--source", "event"))
    assert "and 20 rules more (--json has all)" in rows
    assert "and 30 alternatives more (--json has all)" in rows
    (funnel,) = document(pattern, {"a": 29}, options=("--source", "event"))["filters"]
    assert funnel["stages"][0]["rules"][29] == {"rule": "29", "alone": 1}
    assert len(funnel["stages"][1]["alternatives"]) == 50


def test_without_filters_or_records_there_is_nothing_to_show() -> None:
    assert table('{"Filters": []}', {"a": 1}) == ["1 record: 1 match, 0 drop"]
    result = fp("stats", PATTERN, "-")
    assert (result.stdout, result.stderr) == ("0 records\n", "<stdin>: warning: no records\n")


def test_unreadable_files_and_lines_are_reported_like_fp_test(here: Path) -> None:
    with open("events.jsonl", "a") as file:
        file.write("x\n")
    result = fp("stats", "pattern.json", "events.jsonl", "nope")
    assert result.stderr.splitlines() == [
        "events.jsonl:5:1: error: invalid JSON: expecting value",
        "nope: error: no such file or directory",
    ]
    assert result.stdout.startswith("5 records: 1 match, 3 drop, 1 not a record\n")
    assert "keeps 1 of 4 records" in result.stdout
    assert result.exit_code == 2


def test_records_of_another_source_have_a_hint() -> None:
    result = fp("stats", PATTERN, "-", stdin=lines({"dynamodb": {}}))
    assert "fp: hint: these look like records of dynamodb" in result.stderr


def test_a_refused_pattern_exits_with_2() -> None:
    result = fp("stats", '{"body": 5}', "-")
    assert result.stderr.startswith("<pattern>:1:10: error FP005: ")
    assert (result.stdout, result.exit_code) == ("", 2)


def test_hostile_names_and_values_do_not_reach_the_terminal() -> None:
    pattern = {"\x1b[31m[bold]": [{"prefix": "\x1b"}], "\x1b": ["a"]}
    rows = table(pattern, {"\x1b[31m[bold]": "\x1b\ud800"}, options=("--source", "event"))
    assert r'\x1b[31m[bold] {"prefix": "\u001b"} 1 1 0 1 100.0%' in rows
    assert r'\x1b[31m[bold] string 1 ("\u001b\ud800")' in rows
    assert "\x1b" not in "".join(rows)


def test_examples_are_truncated() -> None:
    long = [{"a": "x" * 100_000}, {"a": int("9" * 300)}, {"a": 1}]
    rows = table({"a": [1]}, *long, options=("--source", "event"))
    assert rows[-1] == f'a number 2 ({"9" * 40}..., 1), string 1 ("{"x" * 40}...")'


def test_the_deepest_pattern_and_records_of_all_sorts() -> None:
    inner: dict[str, Any] = {"a": [1]}
    for _ in range(95):
        inner = {"$or": [inner, {"b": [1]}]}
    deep = '{"b": ' + "[" * 1000 + "]" * 1000 + "}"
    wide = {"b": [{"a": [number]} for number in range(20_000)]}
    dotted = {f"a.{number}": {"a": number} for number in range(2000)}
    found = document(inner, deep, wide, dotted, {"b": 1}, options=("--source", "event"))
    assert (found["records"], found["kept"]) == (4, 1)
    assert document(PATTERN, record(deep), record(wide))["dropped"] == 2


# --- for machines ---

WANTS_JSON = "body is a plain string, but the pattern expects JSON"


def test_json_is_one_document() -> None:
    found = document(PATTERN, record({"total": 250}), record({"total": "5"}), record("x"), "y")
    assert found == {
        "records": 4,
        "kept": 1,
        "dropped": 2,
        "error": 1,
        "unreadable_files": 0,
        "reasons": [
            {"reason": "no-match", "detail": "no match", "count": 1},
            {"reason": "wants-json", "detail": WANTS_JSON, "count": 1},
        ],
        "filters": [
            {
                "filter": 1,
                "source": "sqs",
                "records": 3,
                "kept": 1,
                "undecided": 0,
                "stages": [
                    {
                        "stage": "format",
                        "payload": ["body"],
                        "reach": 3,
                        "left": 2,
                        "ignored": 0,
                        "reasons": [{"reason": "wants-json", "detail": WANTS_JSON, "count": 1}],
                    },
                    {
                        "stage": "field",
                        "path": "body.total",
                        "present": 2,
                        "absent": 0,
                        "types": {"number": 1, "string": 1},
                        "examples": {"number": ["250"], "string": ['"5"']},
                        "near": [],
                        "alone": 1,
                        "rules": [{"rule": '{"numeric": [">", 100]}', "alone": 1}],
                        "reach": 2,
                        "left": 1,
                    },
                ],
            }
        ],
    }


@settings(max_examples=settings.default.max_examples // 4)
@given(patterns().flatmap(lambda one: st.tuples(st.just(one), st.lists(events(one), max_size=4))))
def test_the_totals_are_those_of_fp_test(
    given: tuple[dict[str, Any], list[dict[str, Any]]],
) -> None:
    pattern, records = given
    text = json.dumps({"body": pattern, "messageId": ["1", "2"]})
    bodies = [record(event, str(place)) for place, event in enumerate(records)]
    stdin = lines(*bodies, record("x"), "5", {"messageId": "1"})
    tested = fp("test", "-q", text, "-", stdin=stdin).stdout
    counted = fp("stats", text, "-", stdin=stdin).stdout
    assert counted.startswith(tested)
    found = json.loads(fp("stats", "--json", text, "-", stdin=stdin).stdout)
    (funnel,) = found["filters"]
    assert funnel["kept"] == found["kept"] == funnel["stages"][-1]["left"]
    reach = found["kept"] + found["dropped"]
    for stage in funnel["stages"]:
        assert stage["reach"] == reach >= stage["left"]
        reach = stage["left"]


# --- on a terminal ---


def on_a_terminal(columns: int, *args: str | Path, **env: str) -> str:
    """What a terminal of that width is sent."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    environment = {**os.environ, "TERM": "xterm", "PYTHONIOENCODING": "utf-8", **env}
    environment.pop("COLUMNS", None)
    process = subprocess.Popen(
        command_line("stats", *args), stdout=theirs, cwd=ROOT, env=environment
    )
    os.close(theirs)
    displayed = b""
    try:
        while more := os.read(ours, 65536):
            displayed += more
    except OSError:  # Linux says so that the other side was closed
        pass
    os.close(ours)
    assert process.wait(timeout=60) == 0
    return displayed.decode()


EXAMPLES = ("examples/pattern.json", "examples/events.jsonl")


def test_a_wide_terminal_has_bars_and_colours() -> None:
    displayed = on_a_terminal(120, *EXAMPLES)
    assert "\x1b[36m" + "█" * 20 in displayed
    assert "\x1b" not in on_a_terminal(120, *EXAMPLES, NO_COLOR="1")


def test_a_narrow_terminal_has_every_number_and_shorter_words() -> None:
    displayed = on_a_terminal(80, *EXAMPLES, NO_COLOR="1")
    funnel, _, _ = displayed.partition("field ")
    assert max(map(len, funnel.splitlines()[5:])) <= 80
    assert "█" not in displayed
    assert re.search(r'body\.order\.items\.quantity \{"n.*… +7 +7 +1 +3 +30\.0%', displayed)


def test_a_pipe_gets_whole_lines_without_colours() -> None:
    displayed = fp("stats", *(ROOT / name for name in EXAMPLES)).stdout
    assert 'body.order.status {"anything-but": ["cancelled", "draft"]}' in displayed
    assert "\x1b" not in displayed
    assert not re.search(" $", displayed, re.MULTILINE)
    always = fp("stats", "--color", "always", *(ROOT / name for name in EXAMPLES)).stdout
    assert "\x1b[33m" in always


# --- pictures ---


def test_a_picture_as_svg_has_the_conditions_and_their_numbers(here: Path) -> None:
    result = fp("stats", "--plot", "funnel.svg", "pattern.json", "events.jsonl")
    assert (result.stderr, result.exit_code) == ("", 0)
    assert result.stdout == fp("stats", "pattern.json", "events.jsonl").stdout
    drawing = (here / "funnel.svg").read_text(encoding="utf-8")
    assert ElementTree.fromstring(drawing).tag.endswith("svg")
    for words in ("filter 1 (sqs) keeps 1 of 4 records", "format of body", "2  (50.0%)"):
        assert f"<!-- {words}" in drawing


def test_a_picture_as_png(here: Path) -> None:
    fp("stats", "--plot", "a.PNG", "--json", "pattern.json", "events.jsonl")
    assert (here / "a.PNG").read_bytes().startswith(b"\x89PNG\r\n")


def test_any_funnel_can_be_plotted(here: Path) -> None:
    names = ["$or$", "$\\frac$", "\x00", "é😀漢", "<&>", "a_{b}^c"]
    pattern = json.dumps({name: ["$x$"] for name in names} | {f"f{n}": [1] for n in range(60)})
    several = json.dumps({"Filters": [{"Pattern": pattern}, {"Pattern": PATTERN}]})
    for text, stdin in ((pattern, lines({"$or$": "$x$"})), (several, lines({})), (pattern, "")):
        result = fp("stats", "--plot", "p.svg", "--source", "event", text, "-", stdin=stdin)
        assert "Traceback" not in result.stderr
        assert result.exit_code == 0
        ElementTree.parse("p.svg")


def test_an_unwritable_picture_is_an_error(here: Path) -> None:
    result = fp("stats", "--plot", "no/p.svg", "pattern.json", "events.jsonl")
    assert result.stderr == "no/p.svg: error: cannot write: no such file or directory\n"
    assert result.exit_code == 2
    result = fp("stats", "--plot", "p.pdf", "pattern.json", "events.jsonl")
    assert "'p.pdf': expected a name that ends in .png or .svg" in result.stderr
    assert (result.stdout, result.exit_code) == ("", 2)
    two = ("--plot", "p.svg", "--plot", "p.png")
    result = fp("stats", *two, "pattern.json", "events.jsonl")
    assert "may be given only once" in result.stderr
    assert (result.stdout, result.exit_code) == ("", 2)


def test_without_matplotlib_the_error_names_the_extra(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    result = fp("stats", "--plot", "p.svg", "pattern.json", "events.jsonl")
    assert "hint: pip install 'filterpatterns[plot]'" in result.stderr
    assert (result.stdout, result.exit_code) == ("", 2)
    assert fp("stats", "pattern.json", "events.jsonl").exit_code == 0
