"""Ctrl-C ends a command, wherever it comes."""

from __future__ import annotations

import io
import signal
from contextlib import suppress
from pathlib import Path

import pytest

from filterpatterns.cli import interrupts
from filterpatterns.cli.io import output_files
from filterpatterns.cli.io.streams import Stream
from tests.unit.cli.test_program import fp, lines, record


def test_one_that_was_ignored_ends_the_next_read() -> None:
    """C code that calls Python code may ignore an exception."""
    stream = Stream(io.BytesIO(b"line\n"))
    with interrupts.ending_at_once(), interrupts.raising():
        with suppress(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            stream.read_block(len)
    with interrupts.ending_at_once(), interrupts.raising():
        assert stream.read_block(len) == b"line\n", "another command is not interrupted"
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.parametrize("command", [["filter", "-o"], ["route", "--split"]], ids=" ".join)
def test_no_part_of_a_file_is_left_if_it_comes_before_the_clean_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.chdir(tmp_path)
    Path("rules").mkdir()
    Path("rules/a.json").write_text('{"body": {"a": [1]}}')
    Path("events.jsonl").write_text(lines(record({"a": 1})))
    Path("out").mkdir()
    pattern = "rules" if command[0] == "route" else "rules/a.json"
    output = "out" if command[0] == "route" else "out/kept.jsonl"
    monkeypatch.setattr(output_files, "remove_part", lambda _part: None)
    monkeypatch.setattr(output_files, "complete_part", interrupted)
    result = fp(command[0], command[1], output, pattern, "events.jsonl")
    assert (result.exit_code, list(Path("out").iterdir())) == (130, [])
