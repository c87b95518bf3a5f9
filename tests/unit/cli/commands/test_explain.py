"""`fp explain` from a user's perspective."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
import signal
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest

from filterpatterns import compile as compile_pattern
from filterpatterns.cli.output import explanations
from tests.support.paths import kinesis_record
from tests.unit.cli.test_program import (
    PATTERN,
    RECORDS,
    ROOT,
    UUID,
    command_line,
    fp,
    lines,
    record,
    run,
)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory to work in, with a pattern and some events."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pattern.json").write_text(PATTERN)
    (tmp_path / "events.jsonl").write_text(lines(*RECORDS))
    return tmp_path


def test_each_record_has_a_heading_and_an_explanation(here: Path) -> None:
    result = fp("explain", "pattern.json", "events.jsonl")
    assert result.stdout.splitlines()[:15] == [
        f"1  {UUID}",
        "✓ kept",
        "  ✓ body is JSON, and the pattern expects JSON: the filter applies to it",
        "  ✓ body",
        "    ✓ total: 250 (numeric > 100)",
        "",
        f"2  {UUID}",
        "✗ dropped: no match",
        "  ✓ body is JSON, and the pattern expects JSON: the filter applies to it",
        "  ✗ body",
        "    ✗ total: 5 is not > 100",
        "",
        f"3  {UUID}",
        "✗ dropped: body is a plain string, but the pattern expects JSON",
        "  ✗ body is a plain string, but the pattern expects JSON",
    ]
    assert (result.stderr, result.exit_code) == ("", 0)


def test_json_for_machines(here: Path) -> None:
    result = fp("explain", "--json", "pattern.json", "events.jsonl")
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    compiled = compile_pattern(PATTERN)
    assert rows == [
        {"file": "events.jsonl", "line": number, "number": number, "id": UUID}
        | compiled.explain(one).to_dict()
        for number, one in enumerate(RECORDS, 1)
    ]
    assert [row["kept"] for row in rows] == [True, False, False, False]


@pytest.mark.parametrize(
    ("options", "numbers"),
    [
        ([], [1, 2, 3, 4]),
        (["--matched"], [1]),
        (["--dropped"], [2, 3, 4]),
        (["-n", "2"], [2]),
        (["-n", "4", "--number", "2"], [2, 4]),
        (["--id", "b"], [2]),
        (["--id", "b", "-n", "1"], [1, 2]),
        (["--dropped", "-n", "1", "-n", "3"], [3]),
    ],
)
def test_which_records_are_explained(options: list[str], numbers: list[int]) -> None:
    stdin = lines(*(one | {"messageId": name} for one, name in zip(RECORDS, "abcd", strict=True)))
    result = fp("explain", "--json", *options, PATTERN, "-", stdin=stdin)
    assert [json.loads(line)["number"] for line in result.stdout.splitlines()] == numbers
    assert (result.stderr, result.exit_code) == ("", 0)


@pytest.mark.parametrize("kept", ["--matched", "--dropped"])
def test_what_is_reported_does_not_depend_on_which_records_are_explained(kept: str) -> None:
    """Errors, and the hint if nothing matches."""
    event = {"detail-type": "x", "source": "x", "detail": {}}
    records = [event, event, [1], 5]
    text = "".join(json.dumps(each) + "\n" for each in records)
    whole = fp("explain", "--source", "sqs", PATTERN, "-", stdin=text)
    part = fp("explain", "--source", "sqs", kept, PATTERN, "-", stdin=text)
    assert (part.stderr, part.exit_code) == (whole.stderr, 2)
    assert "hint" in whole.stderr
    assert part.stdout == ("" if kept == "--matched" else whole.stdout)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["-n", "5"], ["no record 5: the file has 4 records"]),
        (["-n", "99", "-n", "3", "-n", "5"], ["no record 5 or 99: the file has 4 records"]),
        (["--id", "nobody"], ['no record with the id "nobody" in 4 records']),
        (
            ["--id", "a\x1b", "--id", UUID, "-n", "9"],
            [
                "no record 9: the file has 4 records",
                'no record with the id "a\\u001b" in 4 records',
            ],
        ),
    ],
)
def test_missing_records_are_reported(here: Path, options: list[str], words: list[str]) -> None:
    result = fp("explain", *options, "pattern.json", "events.jsonl")
    assert bool(result.stdout) == ("3" in options or UUID in options)
    assert result.stderr.splitlines() == [f"fp: {each}" for each in words]
    assert result.exit_code == 1


def test_a_number_exists_if_any_file_has_it(here: Path) -> None:
    (here / "more.jsonl").write_text(lines(RECORDS[0]))
    files = ("pattern.json", "more.jsonl", "events.jsonl")
    result = fp("explain", "-n", "4", *files)
    assert (result.stderr, result.exit_code) == ("", 0)
    result = fp("explain", "-n", "5", *files)
    assert result.stderr == "fp: no record 5: no file has more than 4 records\n"
    result = fp("explain", "-n", "5", *files[:2])
    assert result.stderr == "fp: no record 5: the file has 1 record\n"
    # What could not be read may have held it; but of what was read it is reported.
    result = fp("explain", "-n", "5", *files[:2], "absent.jsonl")
    assert result.stderr.splitlines()[1:] == ["fp: no record 5: no file has more than 1 record"]
    assert result.exit_code == 2


def test_the_output_names_each_of_several_files(here: Path) -> None:
    (here / "more.jsonl").write_text("\n" + lines(RECORDS[1]))
    result = fp("explain", "pattern.json", "events.jsonl", "more.jsonl")
    assert f"1  {UUID}  events.jsonl:1\n" in result.stdout
    assert f"\n\n1  {UUID}  more.jsonl:2\n✗" in result.stdout


def test_invalid_records_are_reported_and_the_rest_explained(here: Path) -> None:
    stdin = lines(RECORDS[0], "5", "{", RECORDS[1])
    result = fp("explain", PATTERN, "-", "absent.jsonl", stdin=stdin)
    assert result.stdout.count("\n✓ kept") == result.stdout.count("\n✗ dropped") == 1
    assert result.stderr.splitlines() == [
        "<stdin>:2: error: a record must be a JSON object, found a number",
        "<stdin>:3:2: error: invalid JSON: ends too early",
        "absent.jsonl: error: no such file or directory",
    ]
    assert result.exit_code == 2


def test_a_file_without_records(here: Path) -> None:
    (here / "empty.jsonl").write_text("\n")
    result = fp("explain", "pattern.json", "empty.jsonl")
    assert (result.stdout, result.stderr) == ("", "empty.jsonl: warning: no records\n")
    assert result.exit_code == 0


def test_records_of_another_source_are_reported() -> None:
    stdin = lines(kinesis_record("{}"))
    result = fp("explain", PATTERN, "-", stdin=stdin)
    assert (
        "these look like records of kinesis: use --source kinesis or --source auto" in result.stderr
    )
    result = fp("explain", "--source", "auto", '{"data": {"a": [1]}}', "-", stdin=stdin)
    assert "· treated as a record of kinesis\n" in result.stdout
    assert result.stderr == ""


def test_all_filters_in_full() -> None:
    criteria = json.dumps(
        {"Filters": [{"Pattern": json.dumps({"body": {"total": [n]}})} for n in (1, 2)]}
    )
    stdin = lines(record({"total": 2}))
    drawn = "    ✗ total: 2 is not 1\n"
    assert drawn not in fp("explain", criteria, "-", stdin=stdin).stdout
    assert drawn in fp("explain", "--all", criteria, "-", stdin=stdin).stdout


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_marks_that_the_terminal_does_not_have_are_ascii(here: Path, encoding: str) -> None:
    (here / "events.jsonl").write_text(lines(record({"total": "é€"})))
    files = here / "pattern.json", here / "events.jsonl"
    result = run("explain", *files, env={"PYTHONIOENCODING": encoding})
    assert b"\nx dropped: no match\n  + body is JSON" in result.stdout
    assert rb"\u20ac" in result.stdout
    result.stdout.decode(encoding)


@pytest.mark.parametrize(("option", "coloured"), [("always", True), ("auto", False)])
def test_colours(here: Path, option: str, coloured: bool) -> None:
    result = fp("explain", "--color", option, "pattern.json", "events.jsonl")
    assert ("\x1b[31m✗\x1b[0m" in result.stdout) == coloured
    assert ("\x1b" in result.stdout) == coloured


def test_records_cannot_write_to_the_terminal() -> None:
    evil = "\x1b[31m\x07\u202e"
    stdin = lines({"messageId": evil, "body": json.dumps({"total": evil, evil: 1})})
    result = fp("explain", PATTERN, "-", stdin=stdin)
    assert all(line.isprintable() for line in result.stdout.splitlines())


def test_explanations_come_while_standard_input_stays_open() -> None:
    with subprocess.Popen(
        command_line("explain", PATTERN, "-"),
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
        assert process.stdout.readline() == f"1  {UUID}\n".encode()
        process.send_signal(signal.SIGINT)
        assert b"kept" in process.stdout.read()
        assert process.stderr.read() == b""
    assert process.returncode == 130


def test_it_ends_after_the_requested_record() -> None:
    with subprocess.Popen(
        command_line("explain", "-n", "1", PATTERN, "-"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=ROOT,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(lines(RECORDS[0]).encode())
        process.stdin.flush()
        assert b"kept" in process.stdout.read()
        assert process.wait(timeout=60) == 0


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_a_closed_pipe_ends_it_silently(here: Path, options: list[str]) -> None:
    (here / "many.jsonl").write_text(lines(*RECORDS) * 2000)
    with subprocess.Popen(
        command_line("explain", *options, PATTERN, here / "many.jsonl"),
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


def test_an_explanation_takes_the_marks_that_a_stream_has() -> None:
    explanation = compile_pattern({"a": [1]}, source="event").explain({})
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    assert explanations.rendered(out, explanation, color=False, indent="> ") == (
        "> ✗ dropped: no match\n>   ✗ a: absent; expected 1\n"
    )
    out = io.TextIOWrapper(io.BytesIO(), encoding="cp1252")
    assert explanations.rendered(out, explanation, color=False) == (
        "x dropped: no match\n  x a: absent; expected 1\n"
    )


def test_a_refused_pattern_and_a_wrong_option() -> None:
    assert fp("explain", '{"body": 5}', "-").exit_code == 2
    assert "FP005" in fp("explain", '{"body": 5}', "-").stderr
    assert fp("explain", "-n", "0", PATTERN, "-").exit_code == 2
    assert fp("explain", "-", "-").exit_code == 2
    assert fp("explain", PATTERN).exit_code == 2


def test_the_help_has_examples() -> None:
    assert "fp explain pattern.json events.jsonl" in fp("explain", "--help").stdout
    assert "  explain  " in fp("--help").stdout


class _Page(HTMLParser):
    """The texts of a page, and what its elements and attributes are."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self._open: list[str] = []
        self.feed(text)
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag != "meta":
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self._open and data.strip():
            self.texts.append(data)


def _same_page(here: Path, *arguments: str) -> _Page:
    result = fp("explain", "--html", "why.html", *arguments)
    assert (result.stdout, result.stderr, result.exit_code) == ("", "", 0)
    return _Page((here / "why.html").read_text("utf-8"))


def test_the_page_has_the_text_of_the_terminal(here: Path) -> None:
    page = _same_page(here, "pattern.json", "events.jsonl")
    words = " ".join(page.texts)
    for line in fp("explain", "pattern.json", "events.jsonl").stdout.splitlines():
        text = line.strip().lstrip("✓✗· ")
        name, _, rest = text.partition(": ")
        assert text in words or (name in words and rest in words)
    lists = {"details", "summary", "ul", "li", "div", "span"}
    others = {"html", "head", "meta", "title", "style", "body", "h1", "h2", "p", "pre", "section"}
    assert page.tags <= lists | others


def test_the_page_is_self_contained_and_has_no_scripts(here: Path) -> None:
    _same_page(here, "pattern.json", "events.jsonl")
    text = (here / "why.html").read_text("utf-8")
    style = text.partition("<style>")[2].partition("</style>")[0]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"default-src 'none'; style-src 'sha256-{digest}'" in text
    assert not re.findall(r"<script|\ssrc=|\shref=|url\(|@import|\sstyle=", text)


def test_hostile_texts_stay_texts_on_the_page(here: Path) -> None:
    evil = (
        "</style></pre><script>alert(1)</script><img src=x onerror=alert(1)>&amp;\x00\u2028\ud800"
    )
    (here / "pattern.json").write_text(json.dumps({"body": {evil: [evil, {"suffix": "y" + evil}]}}))
    (here / "events.jsonl").write_text(
        lines(*[{"messageId": evil, "body": json.dumps({evil: value})} for value in (evil, "x", 1)])
    )
    page = _same_page(here, "--source", "sqs", "pattern.json", "events.jsonl")
    assert not {"script", "img"} & page.tags
    assert page.attributes <= {
        "lang",
        "charset",
        "http-equiv",
        "content",
        "name",
        "class",
        "open",
    } | {"aria-hidden"}
    assert sum("<script>alert(1)" in text for text in page.texts) > 3


def test_the_page_does_not_replace_an_input_file(here: Path) -> None:
    before = (here / "events.jsonl").read_text()
    result = fp("explain", "--html", "events.jsonl", "pattern.json", "events.jsonl")
    assert result.exit_code == 2
    assert "--html would write to this file, which is read" in result.stderr
    assert (here / "events.jsonl").read_text() == before
    result = fp("explain", "--html", "why.html", "missing.json", "events.jsonl")
    assert result.exit_code == 2
    assert not (here / "why.html").exists()
    result = fp("explain", "--json", "--html", "why.html", "pattern.json", "events.jsonl")
    assert result.exit_code == 2
    assert "--json and --html exclude each other" in result.stderr
