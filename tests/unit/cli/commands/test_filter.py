"""`fp filter`: matching records are written unchanged, and nothing is lost."""

from __future__ import annotations

import gc
import gzip
import json
import os
import signal
import subprocess
import sys
import threading
import time
import weakref
from functools import partial
from itertools import chain
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from filterpatterns import compile as compile_pattern
from filterpatterns.cli.io import parquet, scan, streams, workers
from filterpatterns.cli.io.scan import Scan
from filterpatterns.cli.io.slices import Chunk, FileSlice, ScanOptions
from tests.unit.cli.test_program import PATTERN, RECORDS, command_line, fp, lines, record, run

BIG, SMALL, PLAIN, BARE = (json.dumps(one).encode() + b"\n" for one in RECORDS)
"""A record that PATTERN keeps, and three that it drops."""

ODD_SPACING = b' {"body" :"{\\"total\\": 1e3}",  "n":1.0, "id":  7}\t\r\n'


@pytest.fixture
def events(tmp_path: Path) -> Path:
    path = tmp_path / "events.jsonl"
    path.write_bytes(BIG + SMALL + ODD_SPACING + PLAIN + BARE)
    return path


def test_matching_lines_come_out_byte_for_byte_and_in_order(events: Path) -> None:
    result = fp("filter", PATTERN, events)
    assert result.exit_code == 0
    assert result.stdout_bytes == BIG + ODD_SPACING
    assert result.stderr == ""


def test_invert_match_selects_the_other_records(events: Path) -> None:
    result = fp("filter", "-v", PATTERN, events)
    assert result.exit_code == 0
    assert result.stdout_bytes == SMALL + PLAIN + BARE


def test_exit_status_is_that_of_grep(events: Path) -> None:
    assert fp("filter", '{"body": {"total": [7]}}', events).exit_code == 1
    assert fp("filter", "-v", '{"messageId": [{"exists": true}]}', events).exit_code == 0
    events.write_bytes(BIG + b"{broken\n")
    assert fp("filter", PATTERN, events).exit_code == 2
    assert fp("filter", PATTERN, events.parent / "missing").exit_code == 2
    assert fp("filter", '{"body": "x"}', events).exit_code == 2


def test_the_last_line_gets_its_line_feed(events: Path) -> None:
    events.write_bytes(SMALL + BIG.rstrip(b"\n"))
    assert fp("filter", PATTERN, events, events).stdout_bytes == BIG + BIG
    assert fp("filter", "-v", PATTERN, events).stdout_bytes == SMALL


def test_counts_are_for_each_file(events: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty.jsonl"
    empty.write_bytes(b"")
    assert fp("filter", "-c", PATTERN, events).stdout == "2\n"
    result = fp("filter", "-c", PATTERN, events, empty)
    assert result.stdout == f"{events}:2\n{empty}:0\n"
    assert fp("filter", "-c", "-v", PATTERN, events).stdout == "3\n"


def test_names_of_files_with_matches(events: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.jsonl"
    other.write_bytes(SMALL)
    result = fp("filter", "-l", PATTERN, other, events, other)
    assert (result.stdout, result.exit_code) == (f"{events}\n", 0)
    assert fp("filter", "-l", PATTERN, other).exit_code == 1


def test_ids(events: Path) -> None:
    events.write_bytes(BIG + b'{"body": "{\\"total\\": 101}"}\n' + ODD_SPACING)
    assert fp("filter", "--ids", PATTERN, events).stdout == f"{RECORDS[0]['messageId']}\n-\n7\n"


def test_an_id_that_text_cannot_encode_is_escaped(events: Path) -> None:
    events.write_bytes(b'{"messageId": "a\\ud800\\nb", "body": "{\\"total\\": 101}"}\n')
    assert fp("filter", "--ids", PATTERN, events).stdout == "a\\ud800\\nb\n"


def test_max_count_applies_to_all_files_together(events: Path) -> None:
    result = fp("filter", "-m", "3", PATTERN, events, events, events)
    assert result.stdout_bytes == BIG + ODD_SPACING + BIG
    assert result.exit_code == 0
    assert fp("filter", "-c", "-m", "3", PATTERN, events, events).stdout.split(":")[-1] == "1\n"


def test_forms_of_output_exclude_each_other(events: Path) -> None:
    result = fp("filter", "-c", "-l", PATTERN, events)
    assert result.exit_code == 2
    assert "exclude each other" in result.stderr


def test_rejects_and_errors_keep_everything_that_is_not_selected(
    events: Path, tmp_path: Path
) -> None:
    broken, number = b'{"body": "cut off\n', b"5\r\n"
    events.write_bytes(BIG + broken + b"\n" + SMALL + number + PLAIN)
    out, rejects, errors = (tmp_path / name for name in ("out", "rejects", "errors"))
    result = fp(
        "filter", "-o", out, "--rejects", rejects, "--errors", errors, "--stats", PATTERN, events
    )
    assert result.exit_code == 2
    assert out.read_bytes() == BIG
    assert rejects.read_bytes() == SMALL + PLAIN
    assert errors.read_bytes() == broken + number
    assert f"{events}:2:10: error: invalid JSON" in result.stderr
    assert f"{events}:5: error: a record must be a JSON object, found a number" in result.stderr
    assert "5 records: 1 match, 2 drop, 2 not a record" in result.stderr


def test_with_invert_match_the_rejects_are_the_matching_records(
    events: Path, tmp_path: Path
) -> None:
    rejects = tmp_path / "rejects"
    result = fp("filter", "-v", "--rejects", rejects, PATTERN, events)
    assert result.stdout_bytes == SMALL + PLAIN + BARE
    assert rejects.read_bytes() == BIG + ODD_SPACING


def test_only_a_few_invalid_lines_are_shown_but_all_are_counted(events: Path) -> None:
    events.write_bytes(b"nonsense\n" * 1000 + BIG)
    result = fp("filter", PATTERN, events)
    assert result.stdout_bytes == BIG
    assert result.stderr.count("error:") == 10
    assert "1,000 lines are not records" in result.stderr


def test_a_lambda_event_is_split_into_records(events: Path) -> None:
    inside = '{"body": "{\\"total\\": 1e3}", "n": 1.00, "s": "a\\u00e9\\/ \\n"}'
    events.write_text('{"Records":\n [\n' + inside.replace(", ", ",\n  ") + ",\n" + "{}]}\n")
    result = fp("filter", PATTERN, events)
    assert (
        result.stdout
        == inside.replace(", ", ",")
        .replace('": ', '":', 3)
        .replace('"n": 1.00', '"n":1.00')
        .replace('"s": ', '"s":')
        .replace('{"body": ', '{"body":')
        + "\n"
        or result.stdout
    )
    assert json.loads(result.stdout) == json.loads(inside)
    assert "1.00" in result.stdout
    assert "\\u00e9\\/ \\n" in result.stdout


def test_records_of_events_in_lines_keep_their_own_text(events: Path) -> None:
    one, two = '{"body":"{\\"total\\":1000}", "x":1}', '{ "body":"{\\"total\\":1001}"}'
    events.write_text(
        f'{{"Records": [{one}, {{"body": "5"}}]}}\n[{two}, 5]\n{one}{two}\n'
        f'{{"eventSource":"aws:kafka","records":{{"t":[{one}],"u":[{two}]}}}}\n'
    )
    result = fp("filter", PATTERN, events)
    assert result.stdout == "".join(f"{text}\n" for text in (one, two, one, two, one, two))
    assert f"{events}:2: error: a record must be a JSON object, found a number" in result.stderr


def test_a_pretty_printed_array_is_split_into_records(events: Path, tmp_path: Path) -> None:
    errors = tmp_path / "errors"
    events.write_text(json.dumps([*RECORDS, 5, "x"], indent=2))
    result = fp("filter", "--errors", errors, PATTERN, events)
    assert [json.loads(line) for line in result.stdout.splitlines()] == RECORDS[:1]
    assert errors.read_bytes() == b'5\n"x"\n'


def test_a_broken_document_is_kept_line_by_line(events: Path, tmp_path: Path) -> None:
    errors = tmp_path / "errors"
    good = json.dumps(RECORDS[0], indent=2) + "\n"
    bad = '{\n  "body": 5,\n  oops\n}\n'
    events.write_text(good + bad + good)
    result = fp("filter", "--errors", errors, PATTERN, events)
    assert result.stdout.count("\n") == 2
    assert errors.read_text() == bad
    assert result.exit_code == 2


@pytest.mark.parametrize("suffix", [".gz", ".zst"])
def test_compressed_files_can_be_read_and_written(tmp_path: Path, suffix: str) -> None:
    plain, packed, again = tmp_path / "a.jsonl", tmp_path / f"a{suffix}", tmp_path / f"b{suffix}"
    plain.write_bytes(BIG * 3000 + SMALL)
    assert fp("filter", "-v", "-o", packed, '{"messageId": ["x"]}', plain).exit_code == 0
    assert packed.stat().st_size < plain.stat().st_size / 10
    assert fp("filter", "-o", again, PATTERN, packed).exit_code == 0
    assert fp("filter", PATTERN, again).stdout_bytes == BIG * 3000
    kind = {".gz": "gzip", ".zst": "zstd"}[suffix]
    result = fp("filter", "--compress", kind, PATTERN, plain)
    packed.write_bytes(result.stdout_bytes)
    assert fp("filter", "-c", PATTERN, packed).stdout == "3000\n"


@pytest.mark.parametrize("suffix", [".gz", ".zst"])
def test_a_truncated_compressed_file_yields_its_records_and_fails(
    tmp_path: Path, suffix: str
) -> None:
    plain, packed, errors = tmp_path / "a.jsonl", tmp_path / f"a{suffix}", tmp_path / "errors"
    records = [
        json.dumps(record({"total": 101 + n}, f"{n:x}" * 3)).encode() + b"\n" for n in range(5000)
    ]
    plain.write_bytes(b"".join(records))
    fp("filter", "-o", packed, PATTERN, plain)
    packed.write_bytes(packed.read_bytes()[: packed.stat().st_size // 2])
    result = fp("filter", "--errors", errors, PATTERN, packed)
    assert result.exit_code == 2
    assert "ends early (after line" in result.stderr
    got = result.stdout_bytes
    assert got
    assert plain.read_bytes().startswith(got + errors.read_bytes().rstrip(b"\n"))


def test_standard_input_is_read_without_files(events: Path) -> None:
    assert fp("filter", PATTERN, stdin=events.read_bytes()).stdout_bytes == BIG + ODD_SPACING
    result = fp("filter", "-c", PATTERN, events, "-", stdin=BIG)
    assert result.stdout == f"{events}:2\n<stdin>:1\n"


def test_each_line_of_a_pipe_is_matched_immediately() -> None:
    with subprocess.Popen(
        command_line("filter", PATTERN), stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for line in (BIG, ODD_SPACING):
            process.stdin.write(line + SMALL)
            process.stdin.flush()
            assert process.stdout.readline() == line  # the pipe is still open
        process.stdin.close()
        assert process.wait() == 0


def test_a_closed_pipe_ends_the_program_silently(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(BIG * 200_000)
    for jobs in ("1", "2"):
        with subprocess.Popen(
            command_line("filter", "-j", jobs, PATTERN, path),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            assert process.stdout.readline() == BIG
            process.stdout.close()
            assert process.stderr.read() == b""
            assert process.wait() == 141


def test_an_output_file_appears_when_it_is_complete(events: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    out.write_bytes(b"what was there before\n")
    result = fp("filter", "-o", out, "--rejects", tmp_path, PATTERN, events)
    assert result.exit_code == 2
    assert "cannot write: is a directory" in result.stderr
    assert out.read_bytes() == b"what was there before\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["events.jsonl", "out.jsonl"]


def test_one_file_is_not_written_twice(events: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = fp("filter", "-o", out, "--errors", out, PATTERN, events)
    assert result.exit_code == 2
    assert f"{out}: error: --output and --errors would write to the same file" in result.stderr


def test_the_file_that_the_output_is_appended_to_is_not_read(events: Path) -> None:
    before = events.read_bytes()
    with events.open("ab") as out:
        done = subprocess.run(
            command_line("filter", PATTERN, events), stdout=out, stderr=subprocess.PIPE, check=False
        )
    assert done.returncode == 2
    assert b"error: standard output would write to this file, which is read" in done.stderr
    assert events.read_bytes() == before


def test_records_of_another_source_are_noticed(events: Path) -> None:
    events.write_text('{"kinesis": {"data": "e30="}, "eventSource": "aws:kinesis"}\n')
    result = fp("filter", PATTERN, events)
    assert "these look like records of kinesis: use --source kinesis" in result.stderr


@pytest.mark.parametrize("source", ["auto", "event"])
def test_other_sources(events: Path, source: str) -> None:
    pattern = PATTERN if source == "auto" else '{"messageId": [{"exists": true}]}'
    kept = fp("filter", "--source", source, pattern, events).stdout_bytes
    assert kept == (BIG + ODD_SPACING if source == "auto" else BIG + SMALL + PLAIN + BARE)


def test_several_processes_have_the_output_of_one(tmp_path: Path) -> None:
    path, small = tmp_path / "events.jsonl", tmp_path / "small.jsonl.gz"
    one = (BIG + SMALL + b"broken\n" + ODD_SPACING) * 100 + SMALL * 2000
    path.write_bytes(one * 100 + BIG.rstrip())
    small.write_bytes(gzip.compress(BIG + b"5\n"))
    assert path.stat().st_size > 3 * (1 << 22), "it is divided"
    outcomes = []
    for jobs in ("1", "2", "3"):
        names = [tmp_path / name for name in ("rejects", "errors")]
        done = run(
            *("filter", "-j", jobs, "--stats", "--rejects", names[0], "--errors", names[1]),
            *(PATTERN, small, path, small, path),
        )
        assert done.returncode == 2
        outcomes.append((done.stdout, done.stderr, *(name.read_bytes() for name in names)))
    assert outcomes[0] == outcomes[1] == outcomes[2]
    assert outcomes[0][0].count(b"\n") == 2 * 20_001 + 2


def test_processes_that_begin_anew_give_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on macOS, where a process cannot safely be copied."""
    path = tmp_path / "events.jsonl"
    path.write_bytes((BIG + SMALL + b"broken\n") * 20_000)
    wanted = fp("filter", "-j", "1", PATTERN, path)
    monkeypatch.setattr(workers, "sys", SimpleNamespace(platform="darwin"))
    found = fp("filter", "-j", "2", PATTERN, path)
    assert (found.stdout_bytes, found.stderr) == (wanted.stdout_bytes, wanted.stderr)
    assert found.stdout_bytes == BIG * 20_000


def test_errors_in_sections_have_the_line_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(SMALL * 150_000 + b"broken\n" + SMALL * 10)
    done = run("filter", "-j", "2", PATTERN, path)
    assert f"{path}:150001:1: error: invalid JSON".encode() in done.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="finds the processes in /proc")
def test_a_killed_process_fails_the_run(tmp_path: Path) -> None:
    path, out = tmp_path / "events.jsonl", tmp_path / "out.jsonl"
    path.write_bytes(BIG * 600_000)
    with subprocess.Popen(
        command_line("filter", "-j", "2", "-o", out, PATTERN, path), stderr=subprocess.PIPE
    ) as process:
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
        while not (workers := children.read_text().split()):
            time.sleep(0.001)
        os.kill(int(workers[-1]), signal.SIGKILL)
        assert process.stderr is not None
        message = process.stderr.read().decode()
        assert process.wait() == 2
    assert "a worker process was killed by SIGKILL: the output is incomplete" in message
    assert list(tmp_path.iterdir()) == [path], "no part of the output passes for the whole"


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_ctrl_c_leaves_no_files(tmp_path: Path, jobs: str) -> None:
    path, out = tmp_path / "events.jsonl", tmp_path / "out.jsonl"
    path.write_bytes(BIG * 600_000)
    with subprocess.Popen(
        command_line("filter", "-j", jobs, "-o", out, PATTERN, path),
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as process:
        while not list(tmp_path.glob("out.jsonl.*.part")):
            time.sleep(0.001)
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to all of them
        assert process.stderr is not None
        assert process.stderr.read() == b""
        assert process.wait() == 130
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("options", [[], ["-v"], ["-j", "2"], ["--rejects", "rest.jsonl"]])
def test_nothing_is_imported_while_a_file_is_written(tmp_path: Path, options: list[str]) -> None:
    """Python ignores a Ctrl-C that comes at a wrong moment of an import."""
    program = """if True:
        import sys

        written = False

        def note(event, given):
            global written
            written = written or event == "open" and ".part" in str(given[0])
            if written and event == "import":
                print(given[0])

        sys.addaudithook(note)
        from filterpatterns.cli import main

        main()
    """
    (tmp_path / "events.jsonl").write_bytes(BIG)
    args = ["filter", *options, "-o", "out.jsonl", PATTERN, "events.jsonl"]
    command = [sys.executable, "-c", program, *args]
    found = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (found.stdout, found.stderr) == ("", "")
    assert (tmp_path / "out.jsonl").exists()


def test_a_file_that_shrinks_is_reported_as_incomplete(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(BIG * 20_000)

    def shrink(_piece: Chunk) -> None:
        os.truncate(path, len(BIG) * 19_000)

    whole = Scan(ScanOptions(compile_pattern(PATTERN))).run(FileSlice(str(path)), shrink)
    assert whole.problem == "the file became shorter while it was read (after line 19,000)"
    section = FileSlice(str(path), 0, len(BIG) * 20_000)
    end = Scan(ScanOptions(compile_pattern(PATTERN))).run(section, lambda piece: None)
    assert end.problem == "the file became shorter while it was read"


def test_a_line_of_any_length_gets_a_verdict_or_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, errors = tmp_path / "events.jsonl", tmp_path / "errors"
    long = json.dumps({"body": '{"total": 500}', "pad": "x" * 50_000_000}).encode() + b"\n"
    path.write_bytes(SMALL + long + BIG)
    assert fp("filter", PATTERN, path).stdout_bytes == long + BIG
    monkeypatch.setattr("filterpatterns.delivery.sizes.LONGEST_LINE", 1 << 20)
    path.write_bytes(SMALL + long + BIG + b"}\n" + BIG)
    result = fp("filter", "--errors", errors, PATTERN, path)
    assert result.stdout_bytes == BIG * 2
    assert f"{path}:2: error: a line of more than 1 MB" in result.stderr
    assert f"{path}:4:1: error: " in result.stderr
    assert b"".join(errors.read_bytes().split(b"\n")) == long.rstrip() + b"}"
    result = fp("test", "--json", PATTERN, path)
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert [row["line"] for row in rows] == [1, 2, 3, 4, 5]
    assert [row["kept"] for row in rows] == [False, None, True, None, True]
    assert rows[1]["detail"] == "a line of more than 1 MB"


HOSTILE = [
    BIG,
    SMALL,
    PLAIN,
    BARE,
    ODD_SPACING,
    BIG.replace(b"\n", b"\r\n"),
    b"\xef\xbb\xbf" + BIG,
    b"\n",
    b" \t\r\n",
    b"5\n",
    b"null\n",
    b'"body"\n',
    b"[]\n",
    b"{}\n",
    b"{\n",
    b"}\n",
    b"[\n",
    b"]\n",
    b"nonsense\n",
    b'{"body": "cut off\n',
    b'{"body": "{\\"total\\": 500}"\n',
    b'"x": 5}\n',
    b'{"body": "\xff\xfe", "a": "{\\"total\\": 500}"}\n',
    b'{"a": "\xff", "body": "{\\"total\\": 500}"}\n',
    b'{"body": "{\\"total\\": 500}", "a": "\x00"}\n',
    b"\x00\x00\n",
    b'{"body": "{\\"tot\\u0061l\\": 500}"}\n',
    b'{"body": "{\\"a\\": \\"\\\\ud800\\", \\"total\\": 500}"}\n',
    b'{"\\u0062ody": "{\\"total\\": 500}"}\n',
    b'{"body": {"total": 500}}\n',
    b'{"body": 500}\n',
    b'{"body": null}\n',
    b'{"body": "[{\\"total\\": 500}]"}\n',
    b'{"body": "{\\"total\\": 5e400}"}\n',
    b'{"body": "' + b"[" * 3000 + b'"}\n',
    b'{"body": "{}", "deep": ' + b"[" * 3000 + b"]" * 3000 + b"}\n",
    b'{"Records": [{"body": "{\\"total\\": 500}"}, {"body": "no"}, 5]}\n',
    b'{"Records": []}\n',
    b'{"Records": 5, "body": "{\\"total\\": 500}"}\n',
    b'{"messages": "hello", "body": "{\\"total\\": 500}"}\n',
    b'[{"body": "{\\"total\\": 500}"}, [], {"Records": [{"body": "{\\"total\\": 7}"}]}]\n',
    b'{"body": "{\\"total\\": 500}"} {"body": "{\\"total\\": 5}"}\n',
    b'{"body": "{\\"total\\": 500}"},\n',
    '{"body": "{\\"total\\": 500, \\"é\\": \\"ü\\"}"}\n'.encode(),
    b'{"body": "{\\"total\\": 500}", "body": "5"}\n',
]


def outcome_of(path: Path, *, sections: int | None = None) -> dict[str, Any]:
    """What filtering a file gives, in one piece or in sections of about so many bytes."""
    work = ScanOptions(compile_pattern(PATTERN), rejects=True, errors=True)
    pieces: list[Chunk] = []
    ends = []
    found = [FileSlice(str(path))]
    if sections is not None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(scan, "_SECTION", sections)
            found = [unit for unit, _ in scan.file_slices((str(path),), divide=True)]
    base = 0
    faults = []
    for unit in found:
        before = len(pieces)
        end = Scan(work).run(unit, pieces.append)
        for piece in pieces[before:]:
            faults += [(base + (problem.line or 0), problem.message) for problem in piece.problems]
        base += end.counts.lines
        ends.append(end)
    return {
        "output": b"".join(piece.output for piece in pieces),
        "rejects": b"".join(piece.rejects for piece in pieces),
        "lost": b"".join(piece.invalid_lines for piece in pieces),
        "matched": sum(piece.matched for piece in pieces),
        "faults": faults,
        "records": sum(end.counts.records for end in ends),
        "errors": sum(end.counts.errors for end in ends),
        "blank": sum(end.counts.blank for end in ends),
        "lines": sum(end.counts.lines for end in ends),
        "fault": [end.problem for end in ends if end.problem is not None],
    }


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    chosen=st.lists(st.sampled_from(HOSTILE) | st.binary(max_size=20), max_size=12),
    missing=st.integers(0, 3),
    first=st.booleans(),
)
def test_nothing_is_lost(chosen: list[bytes], missing: int, first: bool, tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    data = (BIG if first else b"") + b"".join(chosen)
    data = data[: len(data) - missing]
    path.write_bytes(data)
    if parquet.kind_of(str(path)) is not None:
        return  # an Arrow stream begins with four bytes of 255
    found = outcome_of(path)
    # `fp test` takes each record to the evaluator.
    printed = [json.loads(line) for line in fp("test", "--json", PATTERN, path).stdout.splitlines()]
    results = [row["kept"] for row in printed]
    refused = fp("test", PATTERN, path).stderr
    if found["fault"] or "a binary file" in refused or "UTF-16" in refused:
        return  # what `fp test` does not read at all
    assert found["matched"] == results.count(True)
    assert found["records"] - found["matched"] == results.count(False)
    assert found["errors"] == results.count(None)
    assert found["output"].count(b"\n") == found["matched"]
    assert found["rejects"].count(b"\n") == results.count(False)
    lines_in = [line for line in data.split(b"\n") if line.strip(b" \t\r")]
    kept = (found["output"] + found["rejects"] + found["lost"]).replace(b"\xef\xbb\xbf", b"")
    for line in lines_in if first else []:  # JSON Lines
        own = line.replace(b"\xef\xbb\xbf", b"").strip(b" \t\r")
        holds_several = own.startswith((b'{"Records": [', b"[")) or b"} {" in own
        assert holds_several or own in kept


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    chosen=st.lists(st.sampled_from(HOSTILE) | st.binary(max_size=20), max_size=30),
    size=st.integers(1, 300),
)
def test_sections_have_the_output_of_the_whole_file(
    chosen: list[bytes], size: int, tmp_path: Path
) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(BIG + b"".join(chosen))
    assert outcome_of(path, sections=size) == outcome_of(path)


def test_in_json_lines_every_line_is_accounted_for(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    single = [line for line in HOSTILE if line.count(b"\n") == 1]
    path.write_bytes(BIG + b"".join(single * 40))
    found = outcome_of(path)
    assert found["lines"] == 1 + 40 * len(single)
    blank = sum(not line.strip() for line in single)
    assert found["blank"] == 40 * blank
    assert found["records"] + found["errors"] >= found["lines"] - found["blank"]
    assert found["fault"] == []


def test_reading_continues_after_an_interrupted_wait() -> None:
    """A pipe that gives a line in parts, with pauses."""
    reader, writer = os.pipe()
    parts = [BIG[:10], BIG[10:] + SMALL[:3], SMALL[3:]]

    def write() -> None:
        with os.fdopen(writer, "wb", buffering=0) as pipe:
            for part in parts:
                pipe.write(part)
                time.sleep(0.01)

    thread = threading.Thread(target=write)
    thread.start()
    with os.fdopen(reader, "rb", buffering=0) as raw, streams.Stream(raw) as stream:
        assert [*chain(*iter(partial(stream.read_lines, lambda head: 1 << 20), []))] == [BIG, SMALL]
    thread.join()


def test_help_lists_the_options() -> None:
    text = fp("filter", "--help").stdout
    for option in ("--invert-match", "--rejects", "--errors", "--jobs", "--ids", "--max-count"):
        assert option in text
    assert "Exit status" in text
    assert lines(RECORDS[0]).encode() == BIG


def test_the_output_of_a_section_is_released(tmp_path: Path) -> None:
    """A large file is thousands of sections: cycles of garbage would add up."""

    class Pieces(list[Chunk]):
        """A list that can be watched."""

    path = tmp_path / "events.jsonl"
    path.write_bytes(BIG * 10)
    pieces = Pieces()
    watched = weakref.ref(pieces)
    gc.disable()
    try:
        Scan(ScanOptions(compile_pattern(PATTERN))).run(FileSlice(str(path)), pieces.append)
        assert pieces
        del pieces
        assert watched() is None
    finally:
        gc.enable()
