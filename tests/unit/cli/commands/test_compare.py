"""`fp compare`, against a small server that implements TestEventPattern."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import filterpatterns
from filterpatterns.cli.program import main

EVENT = {
    "id": "1",
    "account": "123456789012",
    "source": "shop",
    "time": "2026-01-01T00:00:00Z",
    "region": "eu-west-1",
    "resources": [],
    "detail-type": "OrderPlaced",
    "detail": {"total": 6},
}
PATTERN = '{"detail": {"total": [{"numeric": [">", 5]}]}}'


class Stub:
    """Answers like EventBridge, but for what `say` has by event id: an answer, or an error."""

    def __init__(self) -> None:
        self.say: dict[str, Any] = {}
        self.asked: list[dict[str, Any]] = []
        stub = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                given = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                assert self.headers["X-Amz-Target"] == "AWSEvents.TestEventPattern"
                stub.asked.append(given)
                event = json.loads(given["Event"])
                answer = stub.say.get(event["id"])
                status = 200
                if answer is None:
                    pattern = filterpatterns.compile(given["EventPattern"], source="event")
                    body: Any = {"Result": pattern.matches(event)}
                elif isinstance(answer, tuple):
                    status = 400
                    body = {"__type": answer[0], "message": answer[1]}
                else:
                    body = answer
                data = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/x-amz-json-1.1")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.01,), daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def stub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Stub]:
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    server = Stub()
    yield server
    server.close()


def events(tmp_path: Path, *lines: Any) -> str:
    file = tmp_path / "events.jsonl"
    written = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    file.write_text("\n".join(written) + "\n", encoding="utf-8")
    return str(file)


def run(*args: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(main, ["compare", *args])
    return result.exit_code, result.stdout, result.stderr


def test_equal_verdicts_are_not_printed(stub: Stub, tmp_path: Path) -> None:
    file = events(tmp_path, EVENT, {**EVENT, "id": "2", "detail": {"total": 1}})
    assert run(PATTERN, file, "--endpoint-url", stub.url) == (
        0,
        "",
        "2 records compared: 0 differ\n",
    )
    assert [asked["EventPattern"] for asked in stub.asked] == [PATTERN] * 2


def test_a_verdict_that_differs_is_printed(stub: Stub, tmp_path: Path) -> None:
    stub.say = {"2": {"Result": True}}
    file = events(tmp_path, EVENT, {**EVENT, "id": "2", "detail": {"total": 1}})
    code, out, err = run(PATTERN, file, "--endpoint-url", stub.url)
    assert (code, out) == (1, "  2  2  fp: drop  aws: match\n")
    assert err == "2 records compared: 1 differ\n"
    code, out, _ = run("--json", PATTERN, file, "--endpoint-url", stub.url)
    (row,) = map(json.loads, out.splitlines())
    assert code == 1
    assert (row["number"], row["id"], row["fp"], row["aws"]) == (2, "2", "drop", "match")
    assert row["record"]["detail"] == {"total": 1}


def test_a_pattern_that_aws_refuses_differs(stub: Stub, tmp_path: Path) -> None:
    stub.say = {"1": ("InvalidEventPatternException", "Rule is too complex")}
    code, out, _ = run(PATTERN, events(tmp_path, EVENT), "--endpoint-url", stub.url)
    assert code == 1
    assert "aws: refused  InvalidEventPatternException: Rule is too complex" in out


def test_the_text_of_an_event_is_sent_as_it_is(stub: Stub, tmp_path: Path) -> None:
    line = json.dumps(EVENT).replace("6}", "6.00000000000000001}")
    run(PATTERN, events(tmp_path, line), "--endpoint-url", stub.url)
    assert stub.asked[0]["Event"] == line


def test_missing_members_of_an_event_are_filled_in(stub: Stub, tmp_path: Path) -> None:
    file = events(tmp_path, '{"detail": {"total": 6.0}}')
    code, out, _ = run(PATTERN, file, "--endpoint-url", stub.url)
    assert (code, out) == (0, "")
    sent = json.loads(stub.asked[0]["Event"])
    assert set(EVENT) <= set(sent)
    assert '"total": 6.0' in stub.asked[0]["Event"]


def test_members_named_by_the_pattern_are_not_filled_in(stub: Stub, tmp_path: Path) -> None:
    pattern = '{"$or": [{"source": [{"exists": false}]}, {"detail": {"id": ["x"]}}]}'
    file = events(tmp_path, '{"detail": {"total": 6}}', EVENT)
    code, _, err = run(pattern, file, "--endpoint-url", stub.url)
    assert code == 2
    assert 'refuses events without "source", which the pattern names' in err
    assert len(stub.asked) == 1


def test_lines_that_are_not_records_are_reported(stub: Stub, tmp_path: Path) -> None:
    code, _, err = run(PATTERN, events(tmp_path, EVENT, "nonsense"), "--endpoint-url", stub.url)
    assert code == 2
    assert "events.jsonl:2" in err
    assert "1 record compared" in err


def test_an_event_that_aws_refuses_is_not_comparable(stub: Stub, tmp_path: Path) -> None:
    stub.say = {"1": ("ValidationException", "Event has no time")}
    code, _, err = run(PATTERN, events(tmp_path, EVENT), "--endpoint-url", stub.url)
    assert code == 2
    assert "not sent to AWS: ValidationException: Event has no time" in err
    assert "0 records compared: 0 differ, 1 not comparable" in err


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (("AccessDeniedException", "no"), "AWS returned an error: AccessDeniedException: no"),
        ({"Other": 1}, "does the server implement TestEventPattern?"),
    ],
)
def test_a_missing_response_is_a_failure(
    stub: Stub, tmp_path: Path, answer: Any, words: str
) -> None:
    stub.say = {"1": answer}
    code, _, err = run(PATTERN, events(tmp_path, EVENT), "--endpoint-url", stub.url)
    assert code == 2
    assert words in err


def test_an_endpoint_or_a_region_is_required(tmp_path: Path) -> None:
    code, _, err = run(PATTERN, events(tmp_path, EVENT))
    assert code == 2
    assert "--profile NAME or --endpoint-url URL" in err


def test_an_unknown_profile_is_a_failure(stub: Stub, tmp_path: Path) -> None:
    code, _, err = run(PATTERN, events(tmp_path, EVENT), "--profile", "nobody")
    assert code == 2
    assert "nobody" in err
