"""Output files of `fp filter`: complete or absent, and never an input file."""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.unit.cli.test_program import PATTERN, RECORDS, command_line, fp, here

__all__ = ["here"]

BIG, SMALL, PLAIN, BARE = (json.dumps(one).encode() + b"\n" for one in RECORDS)
OUTPUTS = ("-o", "--rejects", "--errors")


@pytest.fixture
def events(tmp_path: Path) -> Path:
    path = tmp_path / "events.jsonl"
    path.write_bytes(BIG + SMALL + b"{broken\n")
    return path


@pytest.mark.parametrize("option", OUTPUTS)
def test_input_files_are_not_written(option: str, events: Path) -> None:
    pattern, link = events.parent / "pattern.json", events.parent / "link"
    pattern.write_text(PATTERN)
    link.symlink_to(events)
    before = events.read_bytes()
    for path in (events, link, pattern):
        result = fp("filter", option, path, pattern, events)
        assert result.exit_code == 2
        assert "would write to this file, which is read" in result.stderr
    assert (events.read_bytes(), pattern.read_text()) == (before, PATTERN)


@pytest.mark.parametrize("option", OUTPUTS)
def test_input_files_are_not_written_under_another_name(option: str, events: Path) -> None:
    before = events.read_bytes()
    with events.open("rb") as stdin:
        line = command_line("filter", option, events, PATTERN)
        done = subprocess.run(line, stdin=stdin, capture_output=True, timeout=60, check=False)
    assert done.returncode == 2
    assert b"<stdin>: error: --" in done.stderr
    assert b"would write to this file, which is read" in done.stderr
    assert events.read_bytes() == before


@pytest.mark.parametrize(
    "arguments",
    [
        ("test", "--expect", "all", "--junit", "in/events.jsonl", PATTERN, "in"),
        ("explain", "--html", "in/events.jsonl", PATTERN, "in"),
        ("route", "--rest", "in/events.jsonl", f'{{"all": {PATTERN}}}', "in"),
        ("test", "--junit", "pattern.json", "--cases", "cases.jsonl"),
        ("test", "--junit", "record.json", "--cases", "cases.yaml"),
    ],
)
def test_files_that_are_only_found_or_referred_to_are_not_written(
    arguments: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("in").mkdir()
    Path("in/events.jsonl").write_bytes(BIG)
    Path("pattern.json").write_text(PATTERN)
    Path("record.json").write_bytes(BIG)
    case = '{"pattern": {"file": "pattern.json"}, "record": {"body": "{}"}, "matches": false}'
    Path("cases.jsonl").write_text(case)
    Path("cases.yaml").write_text(
        "{pattern: pattern.json, cases: [{record: {file: record.json}, matches: true}]}"
    )
    result = fp(*arguments)
    assert result.exit_code == 2
    assert "would write to this file, which is read" in result.stderr
    assert Path("in/events.jsonl").read_bytes() == BIG
    assert Path("pattern.json").read_text() == PATTERN
    assert Path("record.json").read_bytes() == BIG
    assert len(list(tmp_path.rglob("*"))) == 6, "and no partial file is left"


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_streams_are_not_appended_to_files_that_are_read(stream: str, tmp_path: Path) -> None:
    path = tmp_path / "in" / "events.jsonl"
    path.parent.mkdir()
    path.write_bytes(BIG)
    streams: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with path.open("ab") as streams[stream]:
        line = command_line("test", PATTERN, path.parent)
        done = subprocess.run(line, **streams, timeout=60, check=False)
    assert done.returncode == 2
    assert path.read_bytes() == BIG
    assert stream == "stderr" or b"standard output would write to this file" in done.stderr


def test_reports_in_a_searched_directory(tmp_path: Path) -> None:
    template, report = tmp_path / "template.json", tmp_path / "report.json"
    wrong = '{"body": {"total": [{"numeric": [">", "1"]}]}}'
    template.write_text(wrong)
    line = command_line("check", "--isolated", tmp_path)
    with report.open("wb") as stdout:
        done = subprocess.run(line, stdout=stdout, timeout=60, check=False)
    assert done.returncode == 1
    assert "1 pattern" not in report.read_text(), "that is for standard error"
    with template.open("ab") as stdout:
        done = subprocess.run(line, stdout=stdout, timeout=60, check=False)
    assert (done.returncode, template.read_text()) == (2, wrong)


def test_a_hyphen_is_standard_output(here: Path) -> None:
    line = command_line("filter", "-o", "-", "--rejects", "-", PATTERN, "events.jsonl")
    done = subprocess.run(line, cwd=here, capture_output=True, timeout=60, check=True)
    assert sorted(done.stdout.splitlines(keepends=True)) == sorted([BIG, SMALL, PLAIN, BARE])
    assert not (here / "-").exists()


def test_temporary_names_of_others_are_not_overwritten(events: Path) -> None:
    out = events.parent / "out"
    mine = events.parent / "out.part"
    mine.write_text("precious")
    fp("filter", "-o", out, PATTERN, events)
    assert mine.read_text() == "precious"
    assert out.read_bytes() == BIG
    assert sorted(events.parent.iterdir()) == [events, out, mine]


def test_a_file_that_is_replaced_keeps_its_mode(events: Path) -> None:
    out = events.parent / "out"
    out.write_text("old")
    out.chmod(0o640)
    fp("filter", "-o", out, PATTERN, events)
    assert (out.read_bytes(), out.stat().st_mode & 0o777) == (BIG, 0o640)


def test_open_streams_are_appended_to(events: Path) -> None:
    log, packed = events.parent / "log", events.parent / "rejects.gz"
    command = [
        *("bash", "-c", '(echo before >&2; "$@" --errors /dev/stderr; echo after >&2) 2>"$0"'),
        *(str(log), *command_line("filter", PATTERN, events)),
    ]
    done = subprocess.run(command, stdout=subprocess.PIPE, timeout=60, check=True)
    assert done.stdout == BIG
    assert log.read_text().splitlines()[0] == "before"
    assert log.read_text().splitlines()[-1] == "after"
    assert "{broken" in log.read_text()
    command[2] = '"$@" -o /dev/stdout --rejects >(gzip >"$0") | cat'
    command[3] = str(packed)
    done = subprocess.run(command, capture_output=True, timeout=60, check=True)
    assert done.stdout == BIG
    deadline = time.monotonic() + 30  # nobody waits for the gzip
    while not (packed.exists() and packed.stat().st_size) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert gzip.decompress(packed.read_bytes()) == SMALL


def test_rejects_are_refused_if_the_run_stops_early(events: Path) -> None:
    result = fp("filter", "-m", "1", "--rejects", events.parent / "r", PATTERN, events)
    assert result.exit_code == 2
    assert "--max-count stops early" in result.stderr


def test_output_for_a_pipe_is_written_immediately(tmp_path: Path) -> None:
    rejects, errors = tmp_path / "rejects", tmp_path / "errors"
    with subprocess.Popen(
        command_line("filter", "--rejects", rejects, "--errors", errors, PATTERN),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(SMALL + b"{broken\n" + BIG)
        process.stdin.flush()
        assert process.stdout.readline() == BIG
        process.stdin.write(PLAIN)  # when that is asked for, all before it has been written
        process.stdin.flush()
        deadline = time.monotonic() + 30
        while rejects.read_bytes() != SMALL + PLAIN and time.monotonic() < deadline:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        assert process.wait() == 130
    assert rejects.read_bytes() == SMALL + PLAIN
    assert errors.read_bytes() == b"{broken\n"


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_signals_leave_no_files(number: signal.Signals, tmp_path: Path) -> None:
    path, out = tmp_path / "events.jsonl", tmp_path / "out.jsonl"
    path.write_bytes(BIG * 600_000)
    with subprocess.Popen(
        command_line("filter", "-j", "2", "-o", out, PATTERN, path),
        stderr=subprocess.PIPE,
        # nohup ignores SIGHUP, and so would we
        preexec_fn=lambda: signal.signal(number, signal.SIG_DFL),  # noqa: PLW1509 - no threads
    ) as process:
        while not list(tmp_path.glob("out.jsonl.*")):
            time.sleep(0.001)
        process.send_signal(number)
        assert process.stderr is not None
        assert process.stderr.read() == b"", "its workers hold it open until they end"
        assert process.wait() == 128 + number
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nothing is inherited")
def test_workers_end_with_their_parent(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(BIG * 600_000)
    with subprocess.Popen(
        command_line("filter", "-j", "2", PATTERN, path),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == BIG
        process.kill()
        process.stdout.close()
        assert process.stderr is not None
        assert process.stderr.read() == b"", "ends when nobody holds it open any more"


def test_gzip_in_a_file(events: Path) -> None:
    out = events.parent / "out.jsonl.gz"
    fp("filter", "-o", out, PATTERN, events)
    assert gzip.decompress(out.read_bytes()) == BIG
