"""A function that is a program."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import signal
import subprocess
import threading
from collections.abc import Sequence
from typing import Any

from filterpatterns.integrations.sqs.handlers.base import HandlerError, from_json, timed_out
from filterpatterns.integrations.sqs.handlers.context import LambdaContext


class Command:
    """A program that reads the event from standard input and writes the response (JSON or nothing)
    to standard output.

    Any exit status other than 0 is a function error. The environment has AWS_LAMBDA_FUNCTION_NAME,
    and, named after the runtime API's headers, LAMBDA_RUNTIME_AWS_REQUEST_ID,
    LAMBDA_RUNTIME_DEADLINE_MS and LAMBDA_RUNTIME_INVOKED_FUNCTION_ARN.

    Args:
        command: the program and its arguments; a string is split as a shell would, without a shell.

    Raises:
        ValueError: the string cannot be split, or is empty.
    """

    concurrency: int | None = None

    def __init__(self, command: str | Sequence[str]) -> None:
        self._arguments = shlex.split(command) if isinstance(command, str) else list(command)
        if not self._arguments:
            raise ValueError("the command is empty")
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[bytes]] = set()

    def invoke(self, event: dict[str, Any], context: LambdaContext) -> Any:
        """Return the program's response; see Handler."""
        try:
            # In its own session: Ctrl-C is for us, and we let the program finish.
            process = subprocess.Popen(  # noqa: S603 - the user's own command
                self._arguments,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env={**os.environ, **_environment(context)},
                start_new_session=True,
            )
        except OSError as error:
            program = self._arguments[0]
            raise HandlerError(f"cannot run {program}: {error.strerror or error}") from error
        with process:
            with self._lock:
                self._running.add(process)
            try:
                output, _ = process.communicate(
                    json.dumps(event).encode(), timeout=context.remaining_seconds()
                )
            except subprocess.TimeoutExpired:
                raise timed_out(context) from None
            finally:
                _kill(process)
                with self._lock:
                    self._running.discard(process)
        if process.returncode != 0:
            raise HandlerError(_ending(process.returncode))
        return from_json(output)

    def close(self) -> None:
        """Kill the programs that are still running."""
        with self._lock:
            for process in self._running:
                _kill(process)


def _environment(context: LambdaContext) -> dict[str, str]:
    return {
        "AWS_LAMBDA_FUNCTION_NAME": context.function_name,
        "LAMBDA_RUNTIME_AWS_REQUEST_ID": context.aws_request_id,
        "LAMBDA_RUNTIME_DEADLINE_MS": str(context.deadline_ms),
        "LAMBDA_RUNTIME_INVOKED_FUNCTION_ARN": context.invoked_function_arn,
    }


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End a process and everything that it has started."""
    if process.poll() is not None:
        return
    with contextlib.suppress(OSError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    process.wait()


def _ending(status: int) -> str:
    if status >= 0:
        return f"exit status {status}"
    with contextlib.suppress(ValueError):
        return f"ended by {signal.Signals(-status).name}"
    return f"ended by signal {-status}"
