"""`fp test -q` and `fp stats` count in several processes what one process counts."""

from __future__ import annotations

import gzip
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import Result

from filterpatterns.cli.io import scan, workers
from filterpatterns.cli.io.slices import Chunk, FileSlice, SliceResult
from filterpatterns.cli.messages import Failure
from tests.support.nasty_files import nasty_file
from tests.support.seeds import each_seed
from tests.unit.cli.evaluation.test_counting import JSON, MIXED, PATTERNS
from tests.unit.cli.test_program import command_line, fp, lines, record

NASTY = '{"k": ["x"]}'
PLAIN = lines(record({"total": 250}), record({"total": 5})) * 500


@pytest.fixture(autouse=True)
def small_sections(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files of a few kilobytes are divided."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(scan, "_SECTION", 1 << 11)


def _same(pattern: str, *files: str, more: tuple[str, ...] = ()) -> Result:
    for command in (["stats", "--json"], ["test", "-q"]):
        one, three = (fp(*command, "-j", jobs, *more, pattern, *files) for jobs in "13")
        assert three.stdout == one.stdout
        assert three.stderr == one.stderr
        assert three.exit_code == one.exit_code
    return one


@each_seed(4, thorough=24)
def test_nasty_files(seed: int) -> None:
    names = [f"{number}.jsonl" for number in range(6)]
    for number, name in enumerate(names):
        data = nasty_file(seed * 10 + number)
        rng = random.Random(number)
        Path(name).write_bytes(b"".join([data, b"\n", *[b'{"k": "x"}\n'] * rng.randrange(800)]))
    _same(NASTY, *names, more=("--source", "event"))
    _same(NASTY, *names, more=("--payload",))


@pytest.mark.parametrize("pattern", PATTERNS.values(), ids=PATTERNS.keys())
def test_all_kinds_of_lines_and_files(pattern: str) -> None:
    text = PLAIN + MIXED + PLAIN
    Path("a.jsonl").write_text(text, encoding="utf-8")
    Path("b.jsonl.gz").write_bytes(gzip.compress(text.encode()))
    records = [json.loads(line) for line in PLAIN.splitlines()]
    Path("array.json").write_text(json.dumps([*records, 5]))
    Path("event.json").write_text(json.dumps({"Records": records}, indent=1))
    Path("utf16").write_text(text[:200], encoding="utf-16")
    Path("cut.gz").write_bytes(gzip.compress(text.encode())[:-20])
    Path("empty").touch()
    Path("folder").mkdir()
    done = _same(
        pattern,
        *("a.jsonl", "b.jsonl.gz", "array.json", "missing", "event.json", "utf16", "cut.gz"),
        *("empty", "folder", "a.jsonl"),
    )
    assert done.exit_code == 2
    assert "empty: warning: no records" in done.stderr
    assert "missing: error: no such file or directory" in done.stderr
    assert "a.jsonl:1020:1: error: invalid JSON: expecting value" in done.stderr


def test_the_first_record_that_is_dropped_decides_the_hint() -> None:
    """One that simply does not match comes before one with another reason; each alone has another
    hint."""
    event = {"detail-type": "x", "source": "x", "detail": {}}
    message = record(json.dumps({"Type": "Notification", "Message": '{"total": 250}'}))
    Path("events.jsonl").write_text(lines(message, *[event] * 500))
    Path("messages.jsonl").write_text(lines(event, *[message] * 500))
    for name in ("events.jsonl", "messages.jsonl"):
        loud = fp("test", "--source", "sqs", JSON, name)
        quiet = _same(JSON, name, more=("--source", "sqs"))
        assert "hint" in quiet.stderr
        assert quiet.stderr == loud.stderr
        assert quiet.stdout == loud.stdout.rpartition("\n\n")[2]


def test_reasons_that_are_as_frequent_come_in_the_order_of_the_file() -> None:
    dropped = [record({"total": 5}), record("text"), {"messageId": "1"}]
    for order in (dropped, dropped[::-1], [dropped[1], dropped[0], dropped[2]]):
        Path("events.jsonl").write_text(lines(*order * 300))
        loud = fp("test", "--source", "sqs", JSON, "events.jsonl")
        quiet = _same(JSON, "events.jsonl", more=("--source", "sqs"))
        assert quiet.stdout == loud.stdout.rpartition("\n\n")[2]


COMMANDS = {
    "filter": (["filter"], ["-j", "1"], ["-j", "3"]),
    "filter -c": (["filter", "-c"], ["-j", "1"], ["-j", "3"]),
    "filter -v": (["filter", "-v", "--stats"], ["-j", "1"], ["-j", "3"]),
    "test -q": (["test", "-q"], ["-j", "1"], ["-j", "3"]),
    "stats": (["stats", "--json"], ["-j", "1"], ["-j", "3"]),
}
"""Each with what determines the number of processes."""


@pytest.mark.parametrize("mark", ["", "\ufeff"], ids=["no mark", "mark"])
@pytest.mark.parametrize("command", COMMANDS)
def test_a_byte_order_mark_at_the_start_of_a_section_is_a_part_of_the_payload(
    monkeypatch: pytest.MonkeyPatch, command: str, mark: str
) -> None:
    """Only the one before the first line of a file is left out."""
    monkeypatch.setattr(scan, "_SECTION", 400)
    texts = ['{"total": 250}', '\ufeff{"total": 250}', "\ufeff", "\ufeffhello", "hello"] * 400
    random.Random(1).shuffle(texts)
    texts.insert(0, '{"total": 5}')
    Path("payloads.txt").write_text(mark + "\n".join(texts) + "\n", encoding="utf-8")
    data = Path("payloads.txt").read_bytes()
    units = list(scan.file_slices(("payloads.txt",), divide=True))
    assert {data[unit.start :].partition(b"\n")[0].decode() for unit, _ in units} >= set(texts[1:])
    given, *ways = COMMANDS[command]
    for way in ways:
        found = fp(*given, *way, "--payload", "--source", "sqs", JSON, "payloads.txt")
        if command == "filter":
            assert found.stdout == '{"total": 250}\n' * 400
        elif command == "filter -c":
            assert found.stdout == "400\n"
        elif command == "filter -v":
            others = [text for text in texts if text != '{"total": 250}']
            assert found.stdout == "\n".join([*others, ""])
            assert found.stderr == "2,001 records: 400 match, 1,601 drop\n"
        elif command == "test -q":
            assert found.stdout.startswith("2,001 records: 400 match, 1,601 drop\n")
        else:
            counts = json.loads(found.stdout)
            assert (counts["records"], counts["kept"], counts["error"]) == (2001, 400, 0)


@pytest.mark.parametrize(
    "data",
    [
        b"SQLite format 3\0\n" + PLAIN.encode(),
        b"PK\x03\x04\n" + PLAIN.encode(),
        b"\0\xff\n" + PLAIN.encode(),
        *(PLAIN.encode(encoding) for encoding in ("utf-16", "utf-16-le", "utf-16-be", "utf-32")),
    ],
    ids=["SQLite", "zip", "binary", "UTF-16", "UTF-16 LE", "UTF-16 BE", "UTF-32"],
)
def test_a_large_file_that_is_not_text_is_not_divided(data: bytes) -> None:
    Path("a").write_bytes(data)
    assert "a: error: " in _same(JSON, "a").stderr
    one, three = (fp("filter", "--stats", "-j", jobs, JSON, "a") for jobs in "13")
    assert (three.stdout, three.stderr) == (one.stdout, one.stderr)
    assert one.stderr.endswith("\n0 records: 0 match, 0 drop\n")


@pytest.mark.parametrize("command", [["test", "-q"], ["stats"]], ids=" ".join)
def test_processes_that_begin_anew(monkeypatch: pytest.MonkeyPatch, command: list[str]) -> None:
    """As on macOS, where a process cannot safely be copied."""
    Path("events.jsonl").write_text(PLAIN + "broken\n" + PLAIN)
    wanted = fp(*command, "-j", "1", JSON, "events.jsonl")
    monkeypatch.setattr(workers, "sys", SimpleNamespace(platform="darwin"))
    found = fp(*command, "-j", "2", JSON, "events.jsonl")
    assert (found.stdout, found.stderr) == (wanted.stdout, wanted.stderr)
    assert "events.jsonl:1001:1: error: invalid JSON" in found.stderr


FIELDS = json.dumps({"body": {"a": {"b": ["x"], "c": [5]}, "kind": ["x"], "absent": [1]}})
ALTERNATIVES = json.dumps({"$or": [{"body": {"a": {"b": ["x"]}}}, {"messageId": ["7"]}]})
FILTERS = json.dumps({"Filters": [{"Pattern": FIELDS}, {"Pattern": ALTERNATIVES}]})


@pytest.mark.parametrize("pattern", [FIELDS, ALTERNATIVES, FILTERS], ids=["and", "or", "two"])
@each_seed(2, thorough=20)
def test_statistics_of_records_that_differ(pattern: str, seed: int) -> None:
    """Examples, similar names and types are those that come first in the file, also if there are
    more names than are noted."""
    rng = random.Random(seed)
    values = ["x", "y", 5, 5.5, None, True, ["x", 5], {"b": "x"}, [], {}]

    def body(number: int) -> object:
        members = {rng.choice(["kind", "Kind", "kinds"]): rng.choice([*values, f"v{number}"])}
        if rng.random() < 0.9:
            names = rng.sample(["b", "B", "c", "cc"], 2)
            inner = {name: rng.choice([*values, number]) for name in names}
            members["a"] = rng.choice([inner, inner, [inner, {}], "x"])
        if number > 300 and rng.random() < 0.5:
            members |= {f"absent{rng.randrange(600)}": 1 for _ in range(3)}
        return rng.choice([members] * 30 + ["hello"])

    records = [record(body(number), str(number % 50)) for number in range(900)]
    records[700:720] = [{"messageId": "1"}] * 20
    Path("events.jsonl").write_text(lines(*records))
    _same(pattern, "events.jsonl", "events.jsonl", more=("--source", "sqs"))


def test_statistics_of_several_sources() -> None:
    """In the order in which they come in the files."""
    event = {"detail-type": "x", "source": "x", "account": "1", "detail": {"total": 5}}
    texts = [*[record({"total": 250})] * 400, *[event] * 400, *[record("text")] * 400]
    for number, order in enumerate((texts, texts[::-1], texts[500:] + texts[:500])):
        Path(f"{number}.jsonl").write_text(lines(*order))
        _same('{"account": ["1"]}', f"{number}.jsonl", more=("--source", "auto"))


def test_standard_input_is_counted_by_one_process() -> None:
    Path("events.jsonl").write_text(PLAIN)
    found = fp("test", "-q", "-j", "2", JSON, "events.jsonl", "-", stdin=PLAIN)
    assert found.stdout == "2,000 records: 1,000 match, 1,000 drop\n"


@pytest.mark.skipif(sys.platform != "linux", reason="finds the processes in /proc")
@pytest.mark.parametrize("is_killed", [True, False], ids=["killed", "Ctrl-C"])
def test_a_run_that_does_not_end_has_no_summary(is_killed: bool) -> None:
    Path("events.jsonl").write_text(PLAIN * 1500)
    with subprocess.Popen(
        command_line("test", "-q", "-j", "2", JSON, "events.jsonl"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as process:
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
        while not (running := children.read_text().split()):
            time.sleep(0.001)
        if is_killed:
            os.kill(int(running[-1]), signal.SIGKILL)
        else:
            os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to all of them
        output, errors = process.communicate()
        assert output == b""
        assert (b"a worker process was killed by SIGKILL" in errors) == is_killed
        assert process.returncode == (2 if is_killed else 130)


class _Breaking:
    """Work that raises an exception."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def run(self, unit: FileSlice, emit: Callable[[Chunk], None]) -> SliceResult:
        raise self._error


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (MemoryError(), "out of memory in a worker process"),
        (ZeroDivisionError("oh"), "internal error: ZeroDivisionError: oh"),
    ],
)
def test_what_breaks_a_process_is_reported(
    error: Exception, words: str, capfd: pytest.CaptureFixture[str]
) -> None:
    units = [FileSlice("a", 0, 1), FileSlice("a", 1, 2)]
    with pytest.raises(Failure, match=f"fp: error: {words}.*: the output is incomplete"):
        list(workers.run_all(units, partial(_Breaking, error), 2, lambda _: None))
    assert capfd.readouterr().err == "", "no traceback"
