"""Progress of long work, for people at a terminal."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import threading
import time
from typing import Any

import pytest

RECORD = b'{"messageId": "1", "body": "{\\"a\\": 1}"}\n'
PATTERN = '{"body": {"a": [1]}}'


def _seen(arguments: list[str], stdout: Any) -> str:
    """What a terminal shows of a command's standard error, while its input comes slowly."""
    leader, follower = pty.openpty()
    shown = bytearray()

    def read() -> None:
        try:
            while data := os.read(leader, 1 << 16):
                shown.extend(data)
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
        for _ in range(4):
            process.stdin.write(RECORD)
            process.stdin.flush()
            time.sleep(0.4)
        process.stdin.close()
        if process.stdout is not None:
            process.stdout.read()
    reader.join(10)
    os.close(leader)
    assert process.returncode == 0
    return shown.decode()


@pytest.mark.parametrize("command", [["test", "-q"], ["stats"], ["explain"]])
def test_progress_is_shown_on_a_terminal(command: list[str]) -> None:
    assert "matched" in _seen(command, subprocess.DEVNULL)


def test_no_progress_of_explain_beside_a_program_that_reads_it() -> None:
    assert _seen(["explain"], subprocess.PIPE) == ""
