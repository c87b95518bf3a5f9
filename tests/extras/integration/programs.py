"""`fp run` in a subprocess."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.extras.integration.servers import REGION


class Run:
    """A process of `fp run`, in a folder."""

    def __init__(self, folder: Path, *arguments: str, **env: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "filterpatterns", "run", *arguments],
            cwd=folder,
            env={**os.environ, "AWS_REGION": REGION, **env},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def interrupt(self, number: int = signal.SIGINT) -> None:
        """Ctrl-C, or another signal."""
        self._process.send_signal(number)

    def kill(self) -> None:
        self._process.kill()
        self._process.communicate()

    def end(self, seconds: float = 90) -> tuple[int, str, str]:
        """Its exit status, standard output and standard error."""
        try:
            out, err = self._process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
            out, err = self._process.communicate()
            raise AssertionError(f"it does not end: {out}\n{err}") from None
        return self._process.returncode, out, err


def run(folder: Path, *arguments: str, **env: str) -> tuple[int, str, str]:
    """Run `fp run` to its end."""
    return Run(folder, *arguments, **env).end()


def objects(out: str) -> list[dict[str, Any]]:
    """The output of --json."""
    return [json.loads(line) for line in out.splitlines()]
