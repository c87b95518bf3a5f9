"""`fp route` from a user's perspective."""

from __future__ import annotations

import json
import os
import random
import subprocess
import time
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from filterpatterns import RecordError, RuleSet
from filterpatterns.cli.io.split_files import file_names
from tests.support.seeds import each_seed
from tests.unit.cli.test_program import command_line, fp, lines, record

RULES = {
    "large": {"body": {"total": [{"numeric": [">", 100]}]}},
    "paid": '{"body": {"status": ["paid"]}}',
    "either": [{"body": {"total": [7]}}, {"body": ["hello"]}],
}
RECORDS = [
    record({"total": 250, "status": "paid"}, "a"),
    record({"total": 7}, "b"),
    record("hello", "c"),
    record("bye", "d"),
]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rules.json").write_text(json.dumps(RULES, indent=2))
    (tmp_path / "events.jsonl").write_text(lines(*RECORDS))
    return tmp_path


def test_each_record_has_a_line_with_its_matching_rules(here: Path) -> None:
    result = fp("route", "rules.json", "events.jsonl")
    assert result.stdout.splitlines() == [
        "  1  a  match  large, paid",
        "  2  b  match  either",
        "  3  c  match  either",
        "  4  d  drop   no rule",
        "",
        "4 records: 3 routed, 1 unrouted",
    ]
    assert (result.stderr, result.exit_code) == ("", 0)


def test_json_for_machines(here: Path) -> None:
    result = fp("route", "--json", "rules.json", "events.jsonl", "-", stdin="[5]\n")
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert rows[0] == {
        "file": "events.jsonl",
        "line": 1,
        "number": 1,
        "id": "a",
        "names": ["large", "paid"],
    }
    assert rows[3]["names"] == []
    assert rows[4] == {
        "file": "<stdin>",
        "line": 1,
        "number": 1,
        "id": None,
        "names": [],
        "error": "a record must be a JSON object, found a number",
    }
    assert "5 records: 3 routed, 1 unrouted, 1 not a record\n" in result.stderr
    assert result.exit_code == 2


def test_the_summary_counts_by_rule(here: Path) -> None:
    result = fp("route", "--summary", "rules.json", "events.jsonl", "events.jsonl")
    assert result.stdout.splitlines() == [
        "8 records: 6 routed, 2 unrouted",
        "  2 large",
        "  2 paid",
        "  4 either",
    ]
    result = fp("route", "--summary", "--json", "rules.json", "-", stdin=lines(RECORDS[1]))
    assert [json.loads(line) for line in result.stdout.splitlines()] == [
        {"name": "large", "records": 0},
        {"name": "paid", "records": 0},
        {"name": "either", "records": 1},
    ]
    result = fp("route", "--summary", "rules.json", "-", stdin=lines(RECORDS[1]))
    assert result.stdout.splitlines()[1:] == ["  0 large", "  0 paid", "  1 either"]
    assert result.stderr == "2 of 3 rules matched no record\n"
    result = fp("route", "--summary", '{"": {"body": ["hello"]}}', "-", stdin=lines(RECORDS[1]))
    assert '  0 ""\n' in result.stdout


def test_the_exit_status_says_whether_anything_was_routed_and_read(here: Path) -> None:
    assert fp("route", "rules.json", "-", stdin=lines(RECORDS[3])).exit_code == 1
    assert fp("route", "rules.json", "-", stdin="").exit_code == 1
    assert fp("route", "rules.json", "events.jsonl", "none.jsonl").exit_code == 2
    result = fp("route", "rules.json", "-", stdin=lines(RECORDS[0], "{", RECORDS[1]))
    assert "3 records: 2 routed, 0 unrouted, 1 not a record" in result.stdout
    assert "<stdin>:2:2: error: invalid JSON" in result.stderr
    assert result.exit_code == 2


# --- into files ---


def test_records_are_split_byte_for_byte(here: Path) -> None:
    odd = '{ "messageId":"x",  "body" : "{\\"total\\": 7.0}", "é": "\\u00e9" }'
    (here / "events.jsonl").write_bytes((odd + "\n" + lines(*RECORDS)).encode())
    result = fp("route", "rules.json", "events.jsonl", "--split", "out", "--rest", "rest.jsonl")
    assert result.stdout == "5 records: 4 routed, 1 unrouted\n"
    assert (here / "out" / "either.jsonl").read_bytes().splitlines() == [
        odd.encode(),
        json.dumps(RECORDS[1]).encode(),
        json.dumps(RECORDS[2]).encode(),
    ]
    assert sorted(path.name for path in (here / "out").iterdir()) == [
        "either.jsonl",
        "large.jsonl",
        "paid.jsonl",
    ]
    assert (here / "rest.jsonl").read_text() == lines(RECORDS[3])


def test_split_can_print_json(here: Path) -> None:
    result = fp("route", "rules.json", "events.jsonl", "--split", "out", "--json")
    assert result.stdout == fp("route", "rules.json", "events.jsonl", "--json").stdout != ""
    assert (here / "out" / "large.jsonl").read_text() == lines(RECORDS[0])


ROUTED = ("--split", "out", "--rest", "rest.jsonl", "--errors", "bad.jsonl")


def written(here: Path) -> dict[str, bytes]:
    """What ROUTED has written."""
    paths = [*(here / "out").iterdir(), here / "rest.jsonl", here / "bad.jsonl"]
    return {path.name: path.read_bytes() for path in paths}


def test_a_second_run_replaces_all_output_of_the_first(here: Path) -> None:
    with open("events.jsonl", "a") as file:
        file.write("{broken\n")
    for _ in range(2):
        result = fp("route", "rules.json", "events.jsonl", *ROUTED, "--summary")
        assert "  1 large\n" in result.stdout
        assert written(here)["large.jsonl"] == lines(RECORDS[0]).encode()
        assert written(here)["rest.jsonl"] == lines(RECORDS[3]).encode()
        assert written(here)["bad.jsonl"] == b"{broken\n"
    (here / "out" / "mine.jsonl").write_text("not a rule's\n")
    fp("route", "rules.json", "-", *ROUTED, stdin=lines(RECORDS[3]))
    assert written(here) == {
        **dict.fromkeys(("either.jsonl", "large.jsonl", "paid.jsonl", "bad.jsonl"), b""),
        "rest.jsonl": lines(RECORDS[3]).encode(),
        "mine.jsonl": b"not a rule's\n",
    }


def test_append_adds_to_the_output_of_the_first_run(here: Path) -> None:
    with open("events.jsonl", "a") as file:
        file.write("{broken")
    fp("route", "rules.json", "events.jsonl", *ROUTED)
    first = written(here)
    for path in (here / "rest.jsonl", here / "out" / "large.jsonl"):
        path.write_bytes(path.read_bytes().removesuffix(b"\n"))  # somebody has edited them
    fp("route", "rules.json", "events.jsonl", *ROUTED, "--append")
    assert written(here) == {name: data * 2 for name, data in first.items()}


def test_lines_from_a_pipe_are_written_while_it_is_open(here: Path) -> None:
    os.mkfifo("pipe")
    routed = here / "out" / "large.jsonl"
    with subprocess.Popen(
        command_line("route", "rules.json", "pipe", "--split", "out", "--append")
    ) as process:
        with open("pipe", "wb") as pipe:
            pipe.write((json.dumps(RECORDS[0]) + "\n").encode())
            pipe.flush()
            end = time.monotonic() + 60
            while not (routed.exists() and routed.read_bytes()) and time.monotonic() < end:
                time.sleep(0.02)
            assert json.loads(routed.read_bytes()) == RECORDS[0]
        assert process.wait(60) == 0


def test_a_run_that_fails_replaces_nothing(here: Path) -> None:
    fp("route", "rules.json", "events.jsonl", *ROUTED)
    before = written(here)
    (here / "out" / "paid.jsonl").unlink()
    (here / "out" / "paid.jsonl").mkdir()
    result = fp("route", "rules.json", "events.jsonl", "events.jsonl", *ROUTED)
    assert "paid.jsonl: error: cannot write: is a directory" in result.stderr
    assert result.exit_code == 2
    (here / "out" / "paid.jsonl").rmdir()
    left = written(here)
    before.pop("paid.jsonl")
    assert left["rest.jsonl"] == before["rest.jsonl"]
    assert sorted(left) == sorted(before), "no part of a file stays behind"


def test_records_of_a_whole_event_get_a_line_each(here: Path) -> None:
    event = json.dumps({"Records": RECORDS}, indent=1)
    fp("route", "rules.json", "-", "--split", "out", stdin=event)
    kept = (here / "out" / "either.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in kept] == RECORDS[1:3]


@each_seed(4, thorough=24)
def test_batches_of_lines_write_the_same_as_single_records(here: Path, seed: int) -> None:
    """With --json each record has a row, so that none of them takes the batches."""
    rng = random.Random(seed)
    some = [json.dumps(record).encode() for record in RECORDS]
    some += [
        b"",
        b"{",
        b" [5]",
        b"\xff",
        b'{"body": "\\ud800"}',
        b'{"Body": "Error"}',
        b'{"body": 5}',
    ]
    some += [b'{"body": "{\\"total\\": [{}, 9]}"} ', b'{"body": "x"} {"body": "Error"}']
    some.append(json.dumps({"Records": RECORDS}).encode())
    for name, count in (("a.jsonl", 400), ("b.jsonl", 30), ("c.jsonl", 1)):
        chosen = rng.choices(some, [20] * 4 + [1] * (len(some) - 4), k=count)
        end = rng.choice((b"", b"\n", b"\r\n"))
        (here / name).write_bytes(rng.choice((b"\n", b"\r\n")).join(chosen) + end)
    names = {f"{name}.{copy}": rule for copy in range(3) for name, rule in RULES.items()}
    names["a long name" * 30] = RULES["either"]
    (here / "rules.json").write_text(json.dumps(names))
    given = ("route", "rules.json", "a.jsonl", "b.jsonl", "c.jsonl", *ROUTED)
    one_by_one = fp(*given, "--json")
    expected = written(here)
    assert expected["paid.0.jsonl"] == expected["paid.2.jsonl"] != b""
    assert "%names.jsonl" in expected
    in_batches = fp(*given)
    assert written(here) == expected
    assert in_batches.exit_code == one_by_one.exit_code
    assert in_batches.stdout.strip() == one_by_one.stderr.strip().splitlines()[-1]
    errors = one_by_one.stderr.strip().splitlines()[:-1]
    assert in_batches.stderr.strip().splitlines() == errors


def test_an_unwritable_split_is_an_error(here: Path) -> None:
    result = fp("route", "rules.json", "events.jsonl", "--split", "rules.json")
    assert result.exit_code == 2
    result = fp("route", "rules.json", "events.jsonl", "--rest", "no/such/dir/rest.jsonl")
    assert "no/such/dir/rest.jsonl: error: cannot write: no such file" in result.stderr
    assert result.exit_code == 2


def test_lines_that_are_not_records_are_kept(here: Path) -> None:
    deep = '{"messageId": "x", "body": ' + "[" * 3000 + "]" * 3000 + "}"
    bad = [b'{"torn": \n', b"\xff\xfe broken\r\n", b" [5]\n", deep.encode() + b"\n", b"{"]
    (here / "bad.jsonl").write_bytes(
        b"".join([bad[0], lines(RECORDS[0]).encode(), *bad[1:4], b"\n", bad[4]])
    )
    (here / "errors.jsonl").write_text("of the last time\n")
    args = ("--split", "by", "--rest", "rest.jsonl", "--errors", "errors.jsonl")
    result = fp("route", "rules.json", "bad.jsonl", "events.jsonl", *args)
    assert (here / "errors.jsonl").read_bytes() == b"".join([*bad[:2], b"5\n", *bad[3:], b"\n"])
    assert "10 records: 4 routed, 1 unrouted, 5 not a record" in result.stdout
    assert result.exit_code == 2
    kept = fp("filter", "--errors", "filter.jsonl", '{"body": ["x"]}', "bad.jsonl")
    assert kept.exit_code == 2
    assert (here / "errors.jsonl").read_bytes() == (here / "filter.jsonl").read_bytes()


def test_a_record_that_no_rule_can_match_is_kept_as_it_is(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_rules: RuleSet, _record: object) -> list[str]:
        raise RecordError("odd")

    monkeypatch.setattr(RuleSet, "matching", refuse)
    event = '{ "messageId": "x",  "body": 5 }'
    result = fp("route", "rules.json", "-", "--errors", "errors.jsonl", stdin=event)
    assert "1 not a record" in result.stdout
    assert (here / "errors.jsonl").read_text() == event + "\n"


@pytest.mark.parametrize(
    ("args", "named"),
    [
        (["rest.jsonl", "--split", "by", "--rest", "rest.jsonl"], "rest.jsonl: error: --rest"),
        (["link.jsonl", "--rest", "rest.jsonl"], "link.jsonl: error: --rest"),
        (["rest.jsonl", "--rest", "link.jsonl"], "rest.jsonl: error: --rest"),
        (["by/../by/paid.jsonl", "--split", "by"], "by/../by/paid.jsonl: error: --split"),
        (["events.jsonl", "new/paid.jsonl", "--split", "new"], "new/paid.jsonl: error: --split"),
        (["events.jsonl", "--errors", "events.jsonl"], "events.jsonl: error: --errors"),
        (["events.jsonl", "--errors", "x", "--rest", "x"], "x: error: --rest and --errors would"),
        (["events.jsonl", "--rest", "rules.json"], "rules.json: error: --rest"),
        (["events.jsonl", "--rest", "by/paid.jsonl", "--split", "by"], "--split and --rest would"),
    ],
)
def test_no_file_is_both_read_and_written(here: Path, args: list[str], named: str) -> None:
    (here / "rest.jsonl").write_text(lines(*RECORDS))
    (here / "link.jsonl").symlink_to("rest.jsonl")
    (here / "by").mkdir()
    (here / "by" / "paid.jsonl").write_text(lines(RECORDS[0]))
    before = {path: path.read_bytes() for path in here.rglob("*") if path.is_file()}
    result = fp("route", "rules.json", *args)
    assert named in result.stderr
    assert (result.stdout, result.exit_code) == ("", 2)
    assert {path: path.read_bytes() for path in here.rglob("*") if path.is_file()} == before
    assert not (here / "new").exists()


def test_standard_input_may_be_an_output_too(here: Path) -> None:
    with open("events.jsonl", "rb") as file:
        done = subprocess.run(
            command_line("route", "rules.json", "-", "--rest", "events.jsonl"),
            stdin=file,
            capture_output=True,
            timeout=60,
            check=False,
        )
    assert b"<stdin>: error: --rest would write to this file, which is read" in done.stderr
    assert done.returncode == 2
    # What is no file has no end that could grow.
    assert fp("route", "rules.json", "/dev/null", "--rest", "/dev/null").exit_code == 1


def test_standard_output_must_not_be_an_input_file(here: Path) -> None:
    with open("events.jsonl", "ab") as file:
        done = subprocess.run(
            command_line("route", "rules.json", "events.jsonl"),
            stdout=file,
            stderr=subprocess.PIPE,
            timeout=60,
            check=False,
        )
    words = b"error: standard output would write to this file, which is read"
    assert done.stderr == b"events.jsonl: " + words + b"\n"
    assert done.returncode == 2
    assert (here / "events.jsonl").read_text() == lines(*RECORDS)


HOSTILE = [
    *("../x", "a/b", "..", ".", "", "nul", "CON", "con.txt", "a\0b", "A", "a", "%41", "%", "é"),
    *("e\u0301", "x" * 300, "x" * 301, "name ", "name.", "a\\b", "C:", "%names", "-rf"),
]


def test_no_name_leaves_the_folder_and_no_two_share_a_file(here: Path) -> None:
    rules = {name: {"body": {"n": [n]}} for n, name in enumerate(HOSTILE)}
    (here / "hostile.json").write_text(json.dumps(rules))
    (here / "n.jsonl").write_text(lines(*(record({"n": n}) for n in range(len(HOSTILE)))))
    result = fp("route", "hostile.json", "n.jsonl", "--split", "out")
    assert result.exit_code == 0, result.stderr
    assert sorted(path.name for path in here.iterdir()) == sorted(
        ["rules.json", "events.jsonl", "hostile.json", "n.jsonl", "out"]
    )
    files = {path.name: path.read_text() for path in (here / "out").iterdir()}
    long = {
        each["file"]: each["name"]
        for each in map(json.loads, files.pop("%names.jsonl").splitlines())
    }
    assert len({name.lower() for name in files}) == len(HOSTILE)
    for file, text in files.items():
        stem = file.removesuffix(".jsonl")
        encoded = "" if stem == "%" else unquote(stem, errors="surrogatepass")
        name = long.get(file, encoded)
        assert text == lines(record({"n": HOSTILE.index(name)}))


def test_plain_names_are_not_encoded() -> None:
    assert file_names(["Orders-v1.2_x", "b", "é \udc80"]) == {
        "Orders-v1.2_x": "Orders-v1.2_x.jsonl",
        "b": "b.jsonl",
        "é \udc80": "%C3%A9%20%ED%B2%80.jsonl",
    }


# --- RULES ---


def test_rules_in_a_folder_are_named_like_their_files(here: Path) -> None:
    folder = here / "rules"
    folder.mkdir()
    (folder / "large.json").write_text(json.dumps(RULES["large"]))
    (folder / "paid.JSON").write_text(json.dumps({"Filters": [{"Pattern": RULES["paid"]}]}))
    (folder / "README.md").write_text("no rule")
    result = fp("route", "--summary", "rules", "events.jsonl")
    assert "  1 large\n  1 paid\n" in result.stdout


def test_a_rule_that_is_a_broken_link_is_an_error(here: Path) -> None:
    folder = here / "rules"
    (folder / "folder.json").mkdir(parents=True)
    (folder / "large.json").write_text(json.dumps(RULES["large"]))
    (folder / "paid.json").symlink_to("gone.json")
    result = fp("route", "rules", "events.jsonl")
    assert result.stderr == "rules/paid.json: error: no such file or directory\n"
    assert (result.stdout, result.exit_code) == ("", 2)


def test_rules_from_standard_input_and_from_the_command_line(here: Path) -> None:
    assert fp("route", "-", "events.jsonl", stdin=json.dumps(RULES)).exit_code == 0
    assert "match  x" in fp("route", '{"x": {"body": ["hello"]}}', "events.jsonl").stdout
    result = fp("route", "-", "-", stdin=json.dumps(RULES))
    assert "standard input (-) can be read only once" in result.stderr


LISTING: dict[str, Any] = {
    "Rules": [
        {"Name": "orders", "State": "ENABLED", "EventPattern": '{"source": ["shop"]}'},
        {"Name": "nightly", "State": "ENABLED", "ScheduleExpression": "rate(1 day)"},
        {"Name": "old", "State": "DISABLED", "EventPattern": '{"source": ["shop"]}'},
    ]
}


def test_the_output_of_aws_events_list_rules_is_accepted(here: Path) -> None:
    (here / "listing.json").write_text(json.dumps({**LISTING, "NextToken": "x"}))
    event = {"id": "1", "source": "shop", "detail-type": "order"}
    result = fp("route", "listing.json", "-", stdin=lines(event))
    assert result.stdout.startswith("  1  1  match  orders\n")
    assert result.stderr.splitlines() == [
        "listing.json: note: skipped 1 rule without an EventPattern: nightly",
        "listing.json: note: skipped 1 rule in state DISABLED: old",
        "listing.json: note: the listing is incomplete: it has a NextToken",
    ]


def test_all_refused_rules_are_named_with_their_positions(here: Path) -> None:
    rules = {"good": RULES["large"], "bad": {"body": {"a": "x"}}, "b\x1bd": '{\n"body": []}'}
    (here / "bad.json").write_text(json.dumps(rules))
    result = fp("route", "bad.json", "events.jsonl")
    assert (result.stdout, result.exit_code) == ("", 2)
    assert 'bad.json: rule "bad":1:16: error FP005: a field must be an array' in result.stderr
    assert r'bad.json: rule "b\x1bd":2:9: error FP004' in result.stderr
    assert "good" not in result.stderr


def test_of_many_refused_rules_only_the_first_are_shown(here: Path) -> None:
    folder = here / "records"
    folder.mkdir()
    for number in range(20):
        (folder / f"{number:02}.json").write_text('{"total": 5}')
    result = fp("route", "records", "events.jsonl")
    assert (result.stdout, result.exit_code) == ("", 2)
    assert result.stderr.count("error FP005") == 5
    assert result.stderr.splitlines()[-3:-1] == [
        "records: error: 15 more rules with errors",
        "records: error: none of the 20 .json files in this directory is a valid pattern",
    ]
    assert "hint: RULES is a directory of .json files" in result.stderr
    (folder / "good.json").write_text('{"body": {"a": [1]}}')
    errors = fp("route", "records", "events.jsonl").stderr
    assert errors.endswith("records: error: 15 more rules with errors\n")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[]", "odd.json: error: not a JSON object of rules: found an array\n  hint: RULES is"),
        ("{", "odd.json:1:2: error: not a JSON object of rules: invalid JSON: ends too early\n"),
        ('{"a": {},\n b}', "odd.json:2:2: error: not a JSON object of rules: invalid JSON: expect"),
        ("a:\n  body: [x]\n", "odd.json: error: not a JSON object of rules: not JSON\n  hint: R"),
        ("", "odd.json:1:1: error: not a JSON object of rules: invalid JSON: ends too early\n"),
        ("{}", "no rules"),
        ('{"Rules": []}', "no rules"),
        ('{"a": {"body": ["x"]}, "a": {"body": ["y"]}}', 'two rules are named "a"'),
        ('{"a": 5}', "error FP"),
        ('{"a": null}', "error FP"),
        ('{"a": {"body": {"n": [1e400]}}}', None),
    ],
)
def test_input_that_is_not_a_set_of_rules_is_an_error(
    here: Path, text: str, words: str | None
) -> None:
    (here / "odd.json").write_text(text)
    result = fp("route", "odd.json", "events.jsonl")
    if words is None:
        assert result.exit_code == 1
    else:
        assert words in result.stderr
        assert result.exit_code == 2
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("rules", "hinted"),
    [
        ({"body": {"total": [7]}, "messageAttributes": {"n": {"stringValue": ["x"]}}}, True),
        ({"data": {"total": [7]}, "partitionKey": ["1"]}, True),
        ({"source": ["shop"], "detail": {"total": [7]}}, True),
        ({"Filters": [{"Pattern": "{}"}]}, True),
        ({"body": {"$or": [{"a": [1]}, {"b": [1]}]}}, True),
        ({"body": {"body": {"total": [7]}}}, False),
        ({"data": '{"body": {"total": [7]}}'}, False),
        ({"orders": {"total": [7]}, "body": {"total": [7]}}, False),
    ],
)
def test_a_single_pattern_is_not_silently_treated_as_rules(
    here: Path, rules: dict[str, Any], hinted: bool
) -> None:
    (here / "one.json").write_text(json.dumps(rules))
    result = fp("route", "one.json", "events.jsonl")
    assert ("hint: this looks like one pattern; RULES is" in result.stderr) == hinted


def test_rules_that_cannot_be_read(here: Path) -> None:
    (here / "empty").mkdir()
    assert "empty: error: no rules" in fp("route", "empty", "events.jsonl").stderr
    assert "no.json: error: no such file" in fp("route", "no.json", "events.jsonl").stderr


def test_help_has_examples() -> None:
    result = fp("route", "--help")
    assert "fp route rules/ events.jsonl" in result.stdout
    assert "Exit status" in result.stdout
