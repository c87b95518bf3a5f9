"""Progress of long work, for people at a terminal."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

RECORD = b'{"messageId": "1", "body": "{\\"a\\": 1}"}\n'
PATTERN = '{"body": {"a": [1]}}'


def _shown(arguments: list[str], stdout: Any, enough: Callable[[str, float], bool]) -> str:
    """What a terminal shows of a command's standard error, while its input comes slowly, until that
    is enough; also given are the seconds since the first output, if standard output is a pipe."""
    leader, follower = pty.openpty()
    displayed = bytearray()

    def read() -> None:
        try:
            while data := os.read(leader, 1 << 16):
                displayed.extend(data)
        except OSError:  # the terminal is gone
            pass

    with subprocess.Popen(
        [sys.executable, "-m", "filterpatterns", *arguments, PATTERN, "-"],
        stdin=subprocess.PIPE,
        stdout=stdout,
        stderr=follower,
        env={**os.environ, "TERM": "xterm"},
    ) as process:
        os.close(follower)
        reader = threading.Thread(target=read, daemon=True)
        reader.start()
        assert process.stdin is not None
        process.stdin.write(RECORD)
        process.stdin.flush()
        if process.stdout is not None:
            process.stdout.readline()
        start = time.monotonic()
        while not enough(displayed.decode(errors="replace"), time.monotonic() - start):
            process.stdin.write(RECORD)
            process.stdin.flush()
            time.sleep(0.1)
        process.stdin.close()
        if process.stdout is not None:
            process.stdout.read()
    reader.join(10)
    os.close(leader)
    assert process.returncode == 0
    return displayed.decode()


@pytest.mark.parametrize("command", [["test", "-q"], ["stats"], ["explain"]])
def test_progress_is_shown_on_a_terminal(command: list[str]) -> None:
    displayed = _shown(
        command,
        subprocess.DEVNULL,
        lambda displayed, seconds: "matched" in displayed or seconds > 60,
    )
    assert "matched" in displayed


def test_no_progress_of_explain_beside_a_program_that_reads_it() -> None:
    assert _shown(["explain"], subprocess.PIPE, lambda _, seconds: seconds > 1.5) == ""
