"""The command `fp` from a user's perspective."""

from __future__ import annotations

import gzip
import inspect
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from filterpatterns import compile as compile_pattern
from filterpatterns.cli.program import main

ROOT = Path(__file__).parents[3]
PATTERN = '{"body": {"total": [{"numeric": [">", 100]}]}}'
# click 8.1 has to be asked for what later versions always do
SEPARATE_STREAMS: dict[str, Any] = (
    {"mix_stderr": False} if "mix_stderr" in inspect.signature(CliRunner).parameters else {}
)
UUID = "059f36b4-87a3-44ab-83d2-661975830a7d"


def record(body: object, record_id: str = UUID) -> dict[str, Any]:
    return {"messageId": record_id, "body": body if isinstance(body, str) else json.dumps(body)}


RECORDS = [record({"total": 250}), record({"total": 5}), record("hello"), {"messageId": UUID}]


def lines(*records: object) -> str:
    return "".join((r if isinstance(r, str) else json.dumps(r)) + "\n" for r in records)


def fp(*args: str | Path, stdin: str | bytes = "", env: dict[str, str] | None = None) -> Result:
    return CliRunner(**SEPARATE_STREAMS).invoke(
        main, [str(arg) for arg in args], input=stdin, env=env, prog_name="fp"
    )


def command_line(*args: str | Path) -> list[str]:
    return [sys.executable, "-m", "filterpatterns", *map(str, args)]


def run(
    *args: str | Path, stdin: bytes = b"", env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    """The program in a process of its own, as a shell starts it."""
    return subprocess.run(
        command_line(*args),
        input=stdin,
        capture_output=True,
        cwd=ROOT,
        env={**os.environ, **(env or {})},
        timeout=60,
        check=False,
    )


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty directory to work in, with a pattern and some events."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pattern.json").write_text(PATTERN)
    (tmp_path / "events.jsonl").write_text(lines(*RECORDS))
    return tmp_path


# --- fp test: what it says ---


def test_each_record_has_a_line_followed_by_a_summary(here: Path) -> None:
    result = fp("test", "pattern.json", "events.jsonl")
    assert result.stdout.splitlines() == [
        f"  1  {UUID}  match",
        f"  2  {UUID}  drop   no match",
        f"  3  {UUID}  drop   body is a plain string, but the pattern expects JSON",
        f"  4  {UUID}  drop   the record has no body",
        "",
        "4 records: 1 match, 3 drop",
        "  1 no match",
        "  1 body is a plain string, but the pattern expects JSON",
        "  1 the record has no body",
    ]
    assert (result.stderr, result.exit_code) == ("", 0)


def test_for_records_that_do_not_match_a_hint_names_fp_stats(here: Path) -> None:
    hint = "fp: hint: fp stats shows which condition drops them\n"
    dropped = lines(*[RECORDS[1]] * 2)
    assert fp("test", "pattern.json", "-", stdin=dropped).stderr == hint
    assert hint in fp("test", "--expect", "all", "pattern.json", "-", stdin=dropped).stderr
    for quiet in (["--json"], ["-q"], ["--explain"], ["--expect", "none"], ["--json", "-q"]):
        assert hint not in fp("test", *quiet, "pattern.json", "-", stdin=dropped).stderr
    assert fp("test", "pattern.json", "-", stdin=lines(RECORDS[1])).stderr == ""
    other = lines(*[{"eventSource": "aws:kinesis", "kinesis": {}}] * 2)
    assert "records of kinesis" in fp("test", '{"messageId": ["x"]}', "-", stdin=other).stderr
    assert hint not in fp("test", '{"messageId": ["x"]}', "-", stdin=other).stderr


def test_json_for_a_plain_string_pattern_is_explained() -> None:
    result = fp("test", '{"body": ["5"]}', "-", stdin=lines(record("5"), record("five")))
    assert "drop   body is JSON, but the pattern expects a plain string\n" in result.stdout
    assert "2 records: 0 match, 2 drop\n  1 " in result.stdout


def test_json_for_machines(here: Path) -> None:
    with open("events.jsonl", "a") as file:
        file.write("5\n")
    result = fp("test", "--json", "pattern.json", "events.jsonl")
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    common = {"file": "events.jsonl", "id": UUID}
    wants_json = "body is a plain string, but the pattern expects JSON"
    assert rows == [
        {"line": 1, "number": 1, "kept": True, "reason": "match", "detail": "", **common},
        {"line": 2, "number": 2, "kept": False, "reason": "no-match", "detail": "no match"}
        | common,
        {"line": 3, "number": 3, "kept": False, "reason": "wants-json", "detail": wants_json}
        | common,
        {"line": 4, "number": 4, "kept": False, "reason": "no-payload"}
        | {"detail": "the record has no body", **common},
        {"line": 5, "number": 5, "kept": None, "reason": "not-a-record"}
        | {"detail": "a record must be a JSON object, found a number", **common, "id": None},
    ]
    assert list(rows[0]) == ["file", "line", "number", "id", "kept", "reason", "detail"]
    assert "5 records: 1 match, 3 drop, 1 not a record\n" in result.stderr


def test_quiet_prints_only_the_summary(here: Path) -> None:
    result = fp("test", "-q", "pattern.json", "events.jsonl")
    assert result.stdout.startswith("4 records: 1 match, 3 drop\n")
    result = fp("test", "--quiet", "--json", "pattern.json", "events.jsonl")
    assert len(result.stdout.splitlines()) == 4
    assert result.stderr == ""


def test_the_output_names_each_of_several_files(here: Path) -> None:
    (here / "more.jsonl").write_text(lines(record({"total": 101}), "x"))
    result = fp("test", "pattern.json", "events.jsonl", "more.jsonl", "events.jsonl")
    assert [line for line in result.stdout.splitlines() if not line.startswith("  ")] == [
        "events.jsonl",
        "",
        "more.jsonl",
        "",
        "events.jsonl",
        "",
        "10 records: 3 match, 6 drop, 1 not a record",
    ]
    assert f"\nmore.jsonl\n  1  {UUID}  match\n  2  -" in result.stdout


def test_ids_are_short_and_safe() -> None:
    ids = ["x" * 30 + "y" * 30, "a\x1b[31m\n", "", 7, None]
    stdin = lines(*({"id": value, "a": 1} for value in ids))
    result = fp("test", "--source", "event", '{"a": [1]}', "-", stdin=stdin)
    assert [line.split()[1] for line in result.stdout.splitlines()[:5]] == [
        "x" * 17 + "…" + "y" * 18,
        r"a\x1b[31m\n",
        "-",
        "7",
        "-",
    ]
    assert len({line.index("match") for line in result.stdout.splitlines()[:5]}) == 1


def test_the_summary_uses_singular_and_plural() -> None:
    assert "1 record: 1 match, 0 drop\n" in fp("test", PATTERN, "-", stdin=lines(RECORDS[0])).stdout


@pytest.mark.parametrize(
    ("option", "env", "coloured"),
    [
        ("auto", {}, False),
        ("always", {}, True),
        ("always", {"NO_COLOR": "1"}, True),
        ("never", {}, False),
    ],
)
def test_colours(here: Path, option: str, env: dict[str, str], coloured: bool) -> None:
    result = run("test", "--color", option, here / "pattern.json", here / "events.jsonl", env=env)
    assert (b"\x1b[32mmatch\x1b[0m" in result.stdout) == coloured


@pytest.mark.parametrize(
    ("env", "coloured"),
    [({}, True), ({"NO_COLOR": ""}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)],
)
def test_colours_on_a_terminal(
    monkeypatch: pytest.MonkeyPatch, env: dict[str, str], coloured: bool
) -> None:
    from filterpatterns.cli.arguments.options import wants_color

    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert wants_color("auto") == coloured


# --- fp test: what it reads ---


def test_layouts_and_gzip_are_recognized_by_content(here: Path) -> None:
    layouts = {
        "lines": lines(*RECORDS),
        "array": json.dumps(RECORDS, indent=2),
        "event": json.dumps({"Records": RECORDS}),
        "documents": "\n".join(json.dumps(r, indent=4) for r in RECORDS),
    }
    expected = fp("test", "pattern.json", "-", stdin=layouts["lines"]).stdout
    for name, text in layouts.items():
        packed = gzip.compress(text.encode())
        (here / name).write_text(text)
        (here / f"packed-{name}").write_bytes(packed)
        assert fp("test", "pattern.json", name).stdout == expected
        assert fp("test", "pattern.json", f"packed-{name}").stdout == expected
        assert fp("test", "pattern.json", "-", stdin=packed).stdout == expected


def test_the_pattern_may_be_a_file_inline_or_standard_input(here: Path) -> None:
    expected = fp("test", "pattern.json", "events.jsonl").stdout
    criteria = json.dumps({"Filters": [{"Pattern": PATTERN}]})
    (here / "bom.json").write_text("\ufeff" + PATTERN, encoding="utf-8")
    (here / "{odd}.json").write_text(criteria)
    assert fp("test", f" \n{PATTERN}", "events.jsonl").stdout == expected
    assert fp("test", "-", "events.jsonl", stdin=PATTERN).stdout == expected
    assert fp("test", criteria, "events.jsonl").stdout == expected
    assert fp("test", "bom.json", "events.jsonl").stdout == expected
    assert fp("test", "./{odd}.json", "events.jsonl").stdout == expected


def test_lines_that_are_not_records_are_reported_and_the_others_are_tested(here: Path) -> None:
    (here / "bad.jsonl").write_bytes(
        lines(RECORDS[0], "{'total': 5}", [RECORDS[0], 5]).encode() + b"\xff\n\n" + b'{"a": 1'
    )
    result = fp("test", "pattern.json", "bad.jsonl")
    assert result.stderr.splitlines() == [
        "bad.jsonl:2:2: error: invalid JSON: expecting property name enclosed in double quotes",
        "bad.jsonl:3: error: a record must be a JSON object, found a number",
        "bad.jsonl:4: error: not UTF-8: invalid start byte at byte 1",
        "bad.jsonl:6:8: error: invalid JSON: ends too early",
    ]
    assert result.stdout.count("  error  not a record\n") == 4
    assert "6 records: 2 match, 0 drop, 4 not a record\n" in result.stdout
    assert result.exit_code == 2


def test_unreadable_files_are_reported_and_the_others_are_tested(here: Path) -> None:
    packed = gzip.compress(lines(*RECORDS * 50, {"x": os.urandom(5000).hex()}).encode())
    (here / "cut.gz").write_bytes(packed[:-3000])
    (here / "garbage.gz").write_bytes(gzip.compress(lines(RECORDS[0]).encode()) + b"garbage")
    (here / "broken.gz").write_bytes(packed[:2] + b"\xff" * 50)
    (here / "binary").write_bytes(b"\x7fELF\x02\x00\xff\n" * 10)
    (here / "utf16").write_text(lines(*RECORDS), encoding="utf-16")
    (here / "empty").mkdir()
    unreadable = ["nope", "empty", "cut.gz", "garbage.gz", "broken.gz"]
    result = fp("test", "-q", "pattern.json", *unreadable)
    note, *errors = result.stderr.splitlines()
    assert note.startswith("empty: note: no files of records in this directory (*.json, *.")
    assert errors[:4] == [
        "nope: error: no such file or directory",
        "empty: error: is a directory",
        "cut.gz:201:7: error: invalid JSON: unterminated string",
        "cut.gz: error: the gzip data ends early (after line 201)",
    ]
    assert errors[4].startswith("garbage.gz: error: broken gzip data: not a gzipped file")
    assert errors[5].startswith("broken.gz: error: broken gzip data: ")
    assert result.stdout.startswith("202 records: 51 match, 150 drop, 1 not a record\n")
    assert result.exit_code == 2
    assert fp("test", "-q", "pattern.json", "binary", "utf16").stderr.splitlines() == [
        "binary: error: a binary file, not JSON",
        "utf16: error: UTF-16 text: save it as UTF-8",
    ]


@pytest.mark.parametrize("content", ["", "\n\n", "[]", '{"Records": []}'])
def test_a_file_without_records_is_reported(here: Path, content: str) -> None:
    (here / "empty").write_text(content)
    result = fp("test", "pattern.json", "empty")
    assert (result.stdout, result.stderr) == ("0 records\n", "empty: warning: no records\n")
    assert result.exit_code == 0
    assert fp("test", "--json", "pattern.json", "empty").stdout == ""


def test_hostile_names_do_not_reach_the_terminal(here: Path) -> None:
    name = os.fsdecode(b"evil\x1b[31m\n\xff.json")
    Path(name).write_text(lines(RECORDS[0], "x"))
    result = fp("test", "pattern.json", name, "events.jsonl")
    assert "evil\\x1b[31m\\n\\udcff.json\n" in result.stdout
    assert "evil\\x1b[31m\\n\\udcff.json:2:1: error: " in result.stderr
    row = json.loads(fp("test", "--json", "pattern.json", name).stdout.splitlines()[0])
    assert row["file"] == "evil\x1b[31m\n\\udcff.json"
    assert "evil\\x1b" in fp("test", f"{name}.nope", "-").stderr


def test_deep_json_is_an_error_like_any_other() -> None:
    deep = "[" * 100_000 + "]" * 100_000
    result = fp("test", PATTERN, "-", stdin=lines(deep, {"a": 1}, f'{{"a": {deep}}}', RECORDS[0]))
    assert "<stdin>:1: error: nested deeper than 1,024 levels\n" in result.stderr
    assert "4 records: 1 match, 1 drop, 2 not a record\n" in result.stdout


# --- fp test: how it ends ---


@pytest.mark.parametrize(
    ("expected", "matching", "dropped", "status"),
    [
        *(("all", 2, 0, 0), ("all", 2, 1, 1), ("all", 0, 0, 1)),
        *(("none", 0, 2, 0), ("none", 1, 1, 1), ("none", 0, 0, 0)),
        *(("any", 1, 1, 0), ("any", 0, 2, 1), ("any", 0, 0, 1)),
        *(("2", 2, 1, 0), ("2", 1, 1, 1), ("0", 0, 1, 0), ("0", 1, 0, 1)),
    ],
)
def test_expectations(expected: str, matching: int, dropped: int, status: int) -> None:
    stdin = lines(*[RECORDS[0]] * matching, *[RECORDS[1]] * dropped)
    result = fp("test", "--expect", expected, PATTERN, "-", stdin=stdin)
    assert result.exit_code == status
    found = f"to match, found {matching} of {matching + dropped}\n"
    assert (found in result.stderr) == (status == 1)


def test_an_error_outweighs_an_expectation() -> None:
    result = fp("test", "--expect", "none", PATTERN, "-", stdin=lines(RECORDS[0], "x"))
    assert "fp: expected no record to match, found 1 of 2\n" in result.stderr
    assert result.exit_code == 2


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["test"], "Missing argument 'PATTERN'"),
        (["test", PATTERN], "missing argument 'EVENTS...': name files, or give - for"),
        (["test", "-", "-"], "standard input (-) can be read only once"),
        (["test", PATTERN, "-", "-"], "standard input (-) can be read only once"),
        (["test", "--expect", "some", PATTERN, "-"], "'some' is not all, none, any or a number"),
        (["test", "--expect", "-1", PATTERN, "-"], "'-1' is not all, none, any or a number"),
        (["test", "--source", "x", PATTERN, "-"], "'x' is not one of"),
        (["test", "--max-filters", "0", PATTERN, "-"], "not in the range"),
        (["test", "", "-"], "PATTERN is empty"),
        (["tset", PATTERN, "-"], "no such command 'tset': did you mean 'test'?"),
        (["frob"], "no such command 'frob': choose one of test, explain, stats, check,"),
        ([PATTERN, "-"], "missing command: for example fp test PATTERN EVENTS..."),
        (["--frob"], "no such option '--frob'\n"),
        (["--verison"], "no such option '--verison': did you mean '--version'?"),
        (["fliter", PATTERN], "no such command 'fliter': did you mean 'filter'?"),
        (["filter", "--cout", PATTERN], "no such option '--cout': did you mean '--count'?"),
        (["test", "--sorce", "sqs", PATTERN], "'--sorce': did you mean '--source'?"),
        (["check", "--no-ignores", "."], "'--no-ignores': did you mean '--no-ignore'?"),
        (["filter", "--fr\x1b", PATTERN], r"no such option '--fr\x1b'"),
    ],
)
def test_usage_errors(args: list[str], message: str) -> None:
    result = fp(*args)
    assert message in result.stderr
    assert (result.stdout, result.exit_code) == ("", 2)


# --- patterns that are refused ---


def test_a_refused_pattern_is_shown_with_its_position(here: Path) -> None:
    (here / "bad.json").write_text('{\n "body": {\n  "a": "x",\n  "b": 5}}')
    for command in (["compile", "bad.json"], ["test", "bad.json", "events.jsonl"]):
        result = fp(*command)
        assert result.stderr.startswith("bad.json:3:8: error FP005: ")
        assert '\n  3 |   "a": "x",\n    |        ^^^\n' in result.stderr
        assert "\nbad.json:4:8: error FP005: " in result.stderr
        assert (result.stdout, result.exit_code) == ("", 2)


def test_positions_inside_a_filter_criteria_are_those_of_the_file() -> None:
    criteria = json.dumps({"Filters": [{"Pattern": PATTERN}, {"Pattern": '{"body": 5}'}]}, indent=1)
    result = fp("compile", criteria)
    assert result.stderr.startswith("<pattern>:7:27: error FP005: ")
    assert "at filter 2, line 7, column 27, body\n" in result.stderr


def test_warnings_go_to_standard_error() -> None:
    result = fp("compile", '{"body": {"a": [1], "a": [2]}}')
    assert result.stderr.startswith("<pattern>:1:11: warning FP101: ")
    assert result.stdout == "<pattern>: OK (1 filter for sqs, 1 warning)\n"
    assert result.exit_code == 0


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("nope.json", "nope.json: error: no such file or directory\n"),
        (".", ".: error: is a directory\n"),
        ("'{body:", "hint: this looks like JSON that the shell has changed"),
        ("{body: {a: [1]}}", "hint: the shell removed its quotation marks"),
        ("events.jsonl", "hint: these look like records; PATTERN comes first, then EVENTS"),
        ("kinesis.json", "hint: these look like records; PATTERN comes first, then EVENTS"),
        ("binary", "binary: error FP022: not UTF-8"),
        ("empty", "empty:1:1: error FP001: "),
        ("large", "large: error: too large for a pattern\n"),
    ],
)
def test_patterns_that_cannot_be_read(here: Path, pattern: str, message: str) -> None:
    (here / "binary").write_bytes(b"\x7fELF\xff\x00")
    (here / "empty").touch()
    (here / "kinesis.json").write_text('{"Records": [{"eventSource": "aws:kinesis"}]}')
    with open("large", "wb") as file:
        file.truncate(1 << 25)
    result = fp("test", pattern, "events.jsonl")
    assert message in result.stderr
    assert (result.stdout, result.exit_code) == ("", 2)


def test_the_number_of_filters_is_limited() -> None:
    criteria = json.dumps({"Filters": [{"Pattern": PATTERN}] * 6})
    assert "6 filters; AWS allows at most 5" in fp("compile", criteria).stderr
    result = fp("compile", "--max-filters", "10", criteria)
    assert result.stdout == "<pattern>: OK (6 filters for sqs)\n"
    assert "AWS allows at most 5" in fp("test", criteria, "-").stderr
    assert fp("test", "--max-filters", "10", criteria, "-").exit_code == 0


def test_compile_takes_a_pattern_from_anywhere(here: Path) -> None:
    assert fp("compile", "pattern.json").stdout == "pattern.json: OK (1 filter for sqs)\n"
    assert fp("compile", "-", stdin=PATTERN).stdout == "<stdin>: OK (1 filter for sqs)\n"
    event = fp("compile", "--source", "event", '{"detail": {"a": [1]}}')
    for pattern, source in (
        ('{"data": {"a": [1]}}', "any source"),  # Kinesis, or MQ
        ('{"value": {"a": [1]}}', "kafka"),
        ('{"partitionKey": ["1"], "data": {"a": [1]}}', "kinesis"),
        ('{"eventName": ["INSERT"]}', "dynamodb"),
    ):
        result = fp("compile", pattern)
        assert (result.stdout, result.stderr) == (f"<pattern>: OK (1 filter for {source})\n", "")
    for pattern in ('{"type": ["order"]}', '{"Total": [1]}'):  # "body" was forgotten
        assert "FP118" in fp("compile", pattern).stderr
    assert event.stdout == "<pattern>: OK (1 filter for event)\n"
    nothing = fp("compile", '{"Filters": []}')
    assert nothing.stdout == "<pattern>: OK (no filter, keeps everything for sqs)\n"


def test_compile_counts_the_filters_of_a_template(here: Path) -> None:
    filters = [{"Pattern": PATTERN}, {"Pattern": PATTERN}]
    properties = {"EventSourceArn": "arn:aws:sqs:us-east-1:123456789012:orders"}
    resource = {
        "Type": "AWS::Lambda::EventSourceMapping",
        "Properties": {**properties, "FilterCriteria": {"Filters": filters}},
    }
    (here / "template.json").write_text(json.dumps({"Resources": {"Orders": resource}}))
    assert fp("compile", "template.json").stdout == "template.json: OK (2 filters for sqs)\n"


def test_show_code_prints_the_code() -> None:
    new = PATTERN + " "  # functions stand in the order in which they were first asked for
    result = fp("compile", "--show-code", new)
    comment, _, code = result.stdout.partition("\n")
    assert comment == "# <pattern>: OK (1 filter for sqs)"
    assert code.strip() == compile_pattern(new).source_code.strip()
    assert result.exit_code == 0


# --- help ---


def test_every_command_has_help_with_examples() -> None:
    context = click.Context(main)
    for name in main.list_commands(context):
        result = fp(name, "--help")
        assert "Examples:\n" in result.stdout
        assert f"fp {name} " in result.stdout
        assert max(map(len, result.stdout.splitlines())) <= 80
    result = fp("-h")
    assert "Examples:\n" in result.stdout
    assert "compile" in result.stdout
    assert fp("--version").stdout.startswith("fp ")


def test_a_value_that_the_template_does_not_have(here: Path) -> None:
    template = ROOT / "tests" / "unit" / "templates" / "data" / "rules.yaml"
    result = fp("test", f"{template}#Kept", "events.jsonl")
    assert ":25:19: error FP201: Ref AWS::AccountId is known only at deployment\n" in result.stderr
    assert "  hint: provide it: --set 'AWS::AccountId=VALUE'\n" in result.stderr
    assert result.exit_code == 2
    given = fp("test", "--set", "AWS::AccountId=123", f"{template}#Kept", "events.jsonl")
    assert given.exit_code == 0
    assert fp("test", "--set", "AccountId", "x", "y").exit_code == 2


def test_a_pattern_of_which_nothing_is_known(here: Path) -> None:
    template = ROOT / "tests" / "unit" / "templates" / "data" / "rules.yaml"
    result = fp("test", f"{template}#Open", "events.jsonl")
    assert "hint: provide it: --set 'SharedPattern=VALUE'\n" in result.stderr
    assert result.exit_code == 2
    pattern = '{"body": {"nothing": ["here"]}}'
    given = fp("test", "--set", f"SharedPattern={pattern}", f"{template}#Open", "events.jsonl")
    assert "0 match" in given.stdout


def test_the_examples_have_the_output_in_the_readme() -> None:
    result = run("test", "examples/pattern.json", "examples/events.jsonl")
    assert b"\n10 records: 3 match, 7 drop\n" in result.stdout
    assert result.stderr == b"fp: hint: fp stats shows which condition drops them\n"
    assert result.returncode == 0


def test_starting_is_quick() -> None:
    code = (
        "import sys; from filterpatterns.cli import main;"
        "main(['--version'], standalone_mode=False);"
        "print([name for name in ('lark', 'rich', 'orjson', 'msgspec') if name in sys.modules])"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, cwd=ROOT, check=True, timeout=60
    )
    assert result.stdout.splitlines()[-1] == b"[]"


def test_filtering_starts_with_what_it_needs(here: Path) -> None:
    slow = (
        *("lark", "rich", "orjson", "multiprocessing", "pickle", "random", "ipaddress"),
        *(
            "yaml",
            "pyarrow",
            "filterpatterns.templates.mapping",
            "filterpatterns.cli.output.advice",
        ),
    )
    code = (
        "import sys; from filterpatterns.cli import main;"
        "main(['filter', '--jobs', '1', 'pattern.json', 'events.jsonl'], standalone_mode=False);"
        f"print([name for name in {slow} if name in sys.modules])"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, cwd=here, check=True, timeout=60
    )
    assert result.stdout.splitlines()[-1] == b"[]"
    assert len(result.stdout.splitlines()) > 1, "it has filtered"


# --- processes, pipes and signals ---


@pytest.fixture
def many(tmp_path: Path) -> Path:
    """A file of events that no pipe holds."""
    path = tmp_path / "many.jsonl"
    path.write_text(lines(*RECORDS * 1500))
    return path


@pytest.mark.parametrize("module", ["filterpatterns", "filterpatterns.cli"])
def test_it_runs_as_a_module(module: str) -> None:
    result = subprocess.run(
        [sys.executable, "-m", module, "test", PATTERN, "-"],
        input=lines(RECORDS[0]).encode(),
        capture_output=True,
        cwd=ROOT,
        check=True,
        timeout=60,
    )
    assert b"1 record: 1 match" in result.stdout


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_a_closed_pipe_ends_it_silently(many: Path, options: list[str]) -> None:
    with subprocess.Popen(
        command_line("test", *options, PATTERN, many),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=ROOT,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 141


def test_records_are_matched_while_standard_input_stays_open() -> None:
    with subprocess.Popen(
        command_line("test", PATTERN, "-"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=ROOT,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(lines(RECORDS[0]).encode())
        process.stdin.flush()
        assert process.stdout.readline() == f"  1  {UUID}  match\n".encode()
        process.stdin.write(lines(RECORDS[1]).encode() * 2)
        process.stdin.flush()
        assert process.stdout.readline() == f"  2  {UUID}  drop   no match\n".encode()
        assert process.stdout.readline() == f"  3  {UUID}  drop   no match\n".encode()
        process.stdin.close()
        assert process.stdout.read() == b"\n3 records: 1 match, 2 drop\n"
    assert process.returncode == 0


def test_ctrl_c_ends_it_quietly() -> None:
    with subprocess.Popen(
        command_line("test", PATTERN, "-"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=ROOT,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdin.write(lines(RECORDS[0]).encode())
        process.stdin.flush()
        assert process.stdout.readline().endswith(b"match\n")
        process.send_signal(signal.SIGINT)
        assert process.stdout.read() == b""
        assert process.stderr.read() == b""
    assert process.returncode == 130


def test_messages_and_reports_have_no_control_characters(here: Path) -> None:
    evil = "a\x07\x7f\x9b\u202e"
    criteria = {"FilterCriteria": {"Filters": [{"Pattern": {"Ref": evil}}]}}
    mapping = {"Type": "AWS::Lambda::EventSourceMapping", "Properties": criteria}
    (here / "open.json").write_text(json.dumps({"Resources": {"M": mapping}}))
    (here / "evil.jsonl").write_text(lines(record(evil, evil)))
    for result in (
        fp("schema", evil),
        fp("rule", "--all", evil),
        fp("schema", "pattern", evil),
        fp("compile", "open.json"),
        fp("test", "--expect", "all", "--junit", "junit.xml", PATTERN, "evil.jsonl"),
    ):
        assert result.exit_code in (1, 2)
        assert all(line.isprintable() for line in result.output.splitlines())
    assert "provide it: --set" in fp("compile", "open.json").stderr
    assert all(line.isprintable() for line in (here / "junit.xml").read_text().splitlines())


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")
@pytest.mark.parametrize("module", ["click", "filterpatterns.cli.commands.check"])
def test_ctrl_c_during_an_import(module: str) -> None:
    program = f"""
import os, signal, sys

class Interrupting:
    def find_spec(self, name, *rest):
        if name == {module!r}:
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Interrupting())
sys.argv = ["fp", "check", "."]
from filterpatterns.cli import main
main()
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, cwd=ROOT, timeout=60, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, b"", b"")


@pytest.mark.parametrize(("redirection", "status"), [(">&-", 0), ("<&-", 2), ("2>&-", 2)])
def test_closed_streams_do_not_crash(many: Path, redirection: str, status: int) -> None:
    events = many if status == 0 else "-"
    result = subprocess.run(
        ["sh", "-c", f'"$@" {redirection}', "sh", *command_line("test", PATTERN, events)],
        input=b"x\n",
        capture_output=True,
        cwd=ROOT,
        timeout=60,
        check=False,
    )
    assert result.returncode == status
    assert b"Traceback" not in result.stderr


def test_a_terminal_that_knows_ascii_only_gets_escapes() -> None:
    long_id = "é" * 50
    stdin = lines({"id": long_id, "a": 1}).encode()
    result = run(
        "test",
        "--source",
        "event",
        '{"a": [1]}',
        "-",
        stdin=stdin,
        env={"PYTHONIOENCODING": "ascii"},
    )
    assert b"\\xe9...\\xe9" in result.stdout
    assert result.returncode == 0


# --- whatever the input ---


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.one_of(
            st.sampled_from(RECORDS).map(json.dumps).map(str.encode),
            st.sampled_from([b"5", b"{", b"\0", b"\xff", b'{"a": 1', b"", b"  ", b"}", b"null"]),
            st.builds(
                lambda record, at: json.dumps(record).encode()[: at + 1],
                st.sampled_from(RECORDS),
                st.integers(0, 80),
            ),
        ),
        max_size=10,
    ),
    st.booleans(),
)
def test_every_record_matched_or_not_or_failed(soup: list[bytes], packed: bool) -> None:
    data = b"\n".join([json.dumps(RECORDS[0]).encode(), *soup])
    result = fp("test", "--json", PATTERN, "-", stdin=gzip.compress(data) if packed else data)
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    content = [number for number, line in enumerate(data.split(b"\n"), 1) if line.strip()]
    assert [row["line"] for row in rows] == content
    assert result.exit_code == (2 if any(row["kept"] is None for row in rows) else 0)
    filtered = compile_pattern(PATTERN)
    for row in rows:
        text = data.split(b"\n")[row["line"] - 1]
        if row["kept"] is not None:
            assert filtered.matches(text) == row["kept"]


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        (("test", "", "events.jsonl"), "PATTERN"),
        (("test", "pattern.json", "events.jsonl", ""), "EVENTS"),
        (("test", "--cases", ""), "--cases"),
        (("test", "--junit", "", "--expect", "any", "pattern.json", "events.jsonl"), "--junit"),
        (("filter", "pattern.json", ""), "FILES"),
        (("filter", "-o", "", "pattern.json", "events.jsonl"), "--output"),
        (("route", "", "events.jsonl"), "RULES"),
        (("route", "--split", "", "rules.json", "events.jsonl"), "--split"),
        (("explain", "--html", "", "pattern.json", "events.jsonl"), "--html"),
        (("check", ""), "FILES"),
        (("run", "--queue-url", "", "pattern.json"), "--queue-url"),
    ],
)
def test_an_empty_name_of_a_file_is_refused(
    here: Path, arguments: tuple[str, ...], name: str
) -> None:
    before = sorted(here.iterdir())
    result = fp(*arguments)
    assert f"Error: {name} is empty; is a variable unset?\n" in result.stderr
    assert (result.stdout, result.exit_code) == ("", 2)
    assert sorted(here.iterdir()) == before
