"""Calling the function: in this process, as a program, over HTTP."""

from __future__ import annotations

import http.server
import json
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest

from filterpatterns.integrations.sqs import (
    Command,
    HandlerError,
    InvokeUrl,
    LambdaContext,
    PythonFunction,
    PythonModule,
)
from filterpatterns.integrations.sqs.handlers.answers import failed_ids

EVENT = {"Records": [{"messageId": "1", "body": "é"}]}


def context(timeout: float = 30) -> LambdaContext:
    return LambdaContext("orders", "eu-west-1", "123456789012", timeout)


def test_the_context_is_lambda_s() -> None:
    found = context(timeout=10)
    assert found.function_name == "orders"
    assert found.invoked_function_arn == "arn:aws:lambda:eu-west-1:123456789012:function:orders"
    assert 9000 < found.get_remaining_time_in_millis() <= 10_000
    assert len(found.aws_request_id) == 36
    assert found.aws_request_id != context().aws_request_id
    for name in ("function_version", "memory_limit_in_mb", "log_group_name", "log_stream_name"):
        assert isinstance(getattr(found, name), str)
    assert (found.identity, found.client_context) == (None, None)


def test_a_function_gets_the_event_and_the_context() -> None:
    def handler(event: Any, context: Any) -> Any:
        return {"seen": event["Records"][0]["body"], "name": context.function_name}

    assert PythonFunction(handler).invoke(EVENT, context()) == {"seen": "é", "name": "orders"}


def test_an_exception_is_a_function_error_with_the_traceback_of_the_function() -> None:
    def handler(_event: Any, _context: Any) -> Any:
        raise ValueError("no stock")

    with pytest.raises(HandlerError, match="ValueError: no stock") as caught:
        PythonFunction(handler).invoke(EVENT, context())
    assert "raise ValueError" in caught.value.details
    assert "python.py" not in caught.value.details, "what we do around it is of no interest"


def test_sys_exit_is_a_function_error() -> None:
    with pytest.raises(HandlerError, match="SystemExit: 3"):
        PythonFunction(lambda *_: sys.exit(3)).invoke(EVENT, context())


def test_responses_are_converted_through_json_as_in_lambda() -> None:
    assert PythonFunction(lambda *_: {"a": (1, Decimal("1.5"))}).invoke(EVENT, context()) == {
        "a": [1, 1.5]
    }
    with pytest.raises(HandlerError, match=r"Runtime\.MarshalError: Unable to marshal response"):
        PythonFunction(lambda *_: {1, 2}).invoke(EVENT, context())


def test_a_function_that_takes_too_long_is_ended() -> None:
    seen = []

    def handler(_event: Any, _context: Any) -> None:
        try:
            while True:
                sleep(0.01)
        except Exception:  # noqa: BLE001 - no such thing holds it up
            seen.append("swallowed")
        finally:
            seen.append("ended")

    start = monotonic()
    with pytest.raises(HandlerError, match=r"Task timed out after 0.20 seconds"):
        PythonFunction(handler).invoke(EVENT, context(0.2))
    assert monotonic() - start < 2
    assert seen == ["ended"]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        del sys.modules[name]


def test_a_module_is_reloaded_when_a_project_file_changes(project: Path) -> None:
    (project / "helper_a.py").write_text("ANSWER = 1\n")
    (project / "app_a.py").write_text(
        "import helper_a\ndef handler(event, context): return helper_a.ANSWER\n"
    )
    handler = PythonModule("app_a:handler")
    assert handler.invoke(EVENT, context()) == 1
    (project / "helper_a.py").write_text("ANSWER = 2\n")
    assert handler.invoke(EVENT, context()) == 2
    (project / "app_a.py").write_text("def handler(event, context): return 3\n")
    assert handler.invoke(EVENT, context()) == 3


def test_a_syntax_error_while_editing_only_fails_the_batch(project: Path) -> None:
    (project / "app_b.py").write_text("def handler(event, context): return 1\n")
    handler = PythonModule("app_b:handler")
    (project / "app_b.py").write_text("def handler(event, context: return 2\n")
    with pytest.raises(HandlerError, match="SyntaxError"):
        handler.invoke(EVENT, context())
    (project / "app_b.py").write_text("def handler(event, context): return 2\n")
    assert handler.invoke(EVENT, context()) == 2


def test_concurrent_invocations_do_not_share_module_globals(project: Path) -> None:
    (project / "state_c.py").write_text("calls = []\n")
    (project / "app_c.py").write_text(
        "import pathlib, tempfile, time, state_c\n"
        f"begun = pathlib.Path({str(project)!r})\n"
        "def handler(event, context):\n"
        "    state_c.calls.append(1)\n"
        "    tempfile.mkstemp('.begun', dir=begun)\n"
        "    while len(list(begun.glob('*.begun'))) < 3: time.sleep(0.01)\n"
        "    return len(state_c.calls)\n"
    )
    handler = PythonModule("app_c.handler")
    answers: list[Any] = []
    threads = [
        threading.Thread(target=lambda: answers.append(handler.invoke(EVENT, context())))
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [1, 1, 1]
    assert handler.invoke(EVENT, context()) == 2, "an environment is used again, as in Lambda"


def test_a_handler_may_be_named_by_file(project: Path) -> None:
    (project / "src").mkdir()
    (project / "src" / "beside_d.py").write_text("ANSWER = 4\n")
    (project / "src" / "app_d.py").write_text(
        "from beside_d import ANSWER\ndef handler(event, context): return ANSWER\n"
    )
    assert PythonModule("src/app_d.py:handler").invoke(EVENT, context()) == 4


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("nothing", "a handler must be MODULE:FUNCTION"),
        ("no_such_module:handler", "ModuleNotFoundError"),
        ("app_e:missing", "has no function 'missing'"),
        ("app_e:VALUE", "is not a function"),
    ],
)
def test_an_invalid_handler_is_refused(project: Path, target: str, words: str) -> None:
    (project / "app_e.py").write_text("VALUE = 1\n")
    with pytest.raises(ValueError, match=words):
        PythonModule(target)


def python(code: str) -> Command:
    return Command([sys.executable, "-c", code])


def test_a_program_reads_the_event_and_writes_the_response() -> None:
    code = (
        "import json, os, sys; e = json.load(sys.stdin);"
        "print(json.dumps({'body': e['Records'][0]['body'],"
        " 'id': os.environ['LAMBDA_RUNTIME_AWS_REQUEST_ID']}))"
    )
    given = context()
    assert python(code).invoke(EVENT, given) == {"body": "é", "id": given.aws_request_id}


def test_a_program_that_writes_nothing_has_an_empty_response() -> None:
    assert python("pass").invoke(EVENT, context()) is None


def test_invalid_json_of_a_program_only_matters_if_it_reports_failures() -> None:
    answer = python("print('done')").invoke(EVENT, context())
    with pytest.raises(HandlerError, match="not JSON:  'done"):
        failed_ids(answer, ["1"])


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("raise SystemExit(7)", "exit status 7"),
        ("import os; os.kill(os.getpid(), 9)", "ended by SIGKILL"),
    ],
)
def test_a_program_that_fails(code: str, words: str) -> None:
    with pytest.raises(HandlerError, match=words):
        python(code).invoke(EVENT, context())


def test_a_program_that_does_not_read_its_input() -> None:
    large = {"Records": [{"body": "x" * 2_000_000}]}
    assert python("pass").invoke(large, context()) is None


def test_a_missing_program_is_a_function_error() -> None:
    with pytest.raises(HandlerError, match="cannot run no-such-program: No such file"):
        Command("no-such-program --flag").invoke(EVENT, context())
    with pytest.raises(ValueError, match="empty"):
        Command("  ")


def test_a_program_that_takes_too_long_is_killed_with_its_children(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    child = f"import time; time.sleep(1.5); open({str(mark)!r}, 'w')"
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    with pytest.raises(HandlerError, match=r"timed out after 1\.00 seconds"):
        python(code).invoke(EVENT, context(1.0))
    sleep(1.2)
    assert not mark.exists()


@contextmanager
def emulator(status: int, body: bytes, *, delay: float = 0) -> Iterator[tuple[str, list[Any]]]:
    """A server that answers every POST so, and what it was sent."""
    seen: list[Any] = []

    class Answers(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            data = self.rfile.read(int(self.headers["Content-Length"]))
            seen.append((self.path, json.loads(data)))
            sleep(delay)
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", seen
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_the_runtime_interface_emulator_is_called_at_its_path() -> None:
    with emulator(200, b'{"batchItemFailures": []}') as (url, seen):
        assert InvokeUrl(url).invoke(EVENT, context()) == {"batchItemFailures": []}
        assert InvokeUrl(f"{url}/other?a=1").invoke(EVENT, context()) == {"batchItemFailures": []}
    assert [path for path, _ in seen] == [
        "/2015-03-31/functions/function/invocations",
        "/other?a=1",
    ]
    assert seen[0][1] == EVENT


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (200, b'{"errorMessage": "no", "errorType": "KeyError", "stackTrace": []}', "KeyError: no"),
        (502, b"bad gateway", "HTTP status 502: bad gateway"),
        (301, b"", "HTTP status 301"),
    ],
)
def test_a_function_error_from_an_emulator(status: int, body: bytes, words: str) -> None:
    with emulator(status, body) as (url, _), pytest.raises(HandlerError, match=words):
        InvokeUrl(url).invoke(EVENT, context())


def test_a_slow_or_missing_emulator() -> None:
    with (
        emulator(200, b"null", delay=1) as (url, _),
        pytest.raises(HandlerError, match=r"timed out after 0\.20"),
    ):
        InvokeUrl(url).invoke(EVENT, context(0.2))
    with pytest.raises(HandlerError, match=r"no answer from 127\.0\.0\.1"):
        InvokeUrl(url).invoke(EVENT, context())


@pytest.mark.parametrize("url", ["file:///etc/passwd", "localhost:9000", "http://"])
def test_invalid_urls_are_refused(url: str) -> None:
    with pytest.raises(ValueError, match="not an http or https URL"):
        InvokeUrl(url)
