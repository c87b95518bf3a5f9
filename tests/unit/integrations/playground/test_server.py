"""The server answers only its own page."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import uvicorn

from filterpatterns.integrations.playground.server import LARGEST_REQUEST, application

TOKEN = "secret-token"
HOST = "127.0.0.1:8123"
REQUEST = {"pattern": '{"body": {"a": [1]}}', "records": '{"body": "{\\"a\\": 1}"}'}


class Answer(NamedTuple):
    status_code: int
    headers: dict[str, str]
    content: bytes

    @property
    def text(self) -> str:
        return self.content.decode()

    def json(self) -> Any:
        return json.loads(self.content)


class Client:
    """Sends what it is told to, as browsers would not."""

    def __init__(self, port: int) -> None:
        self.port = port

    def get(self, path: str, headers: dict[str, str]) -> Answer:
        return self.request("GET", path, headers, b"")

    def post(
        self, path: str, headers: dict[str, str], content: bytes = b"", json_body: Any = None
    ) -> Answer:
        if json_body is not None:
            content = json.dumps(json_body).encode()
            headers = {**headers, "content-type": "application/json"}
        return self.request("POST", path, headers, content)

    def request(self, method: str, path: str, headers: dict[str, str], content: bytes) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        with contextlib.closing(connection):
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            for name, value in headers.items():
                connection.putheader(name, value)
            connection.putheader("content-length", str(len(content)))
            connection.endheaders()
            with contextlib.suppress(ConnectionError):  # refused before all of it was read
                connection.send(content)
            answer = connection.getresponse()
            found = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, found, answer.read())


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        made = application(TOKEN, 8123, '{"pattern": "x"}')
        config = uvicorn.Config(made, log_level="error", lifespan="off")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        yield Client(listening.getsockname()[1])
        server.should_exit = True
        thread.join()


def own(host: str = HOST, **more: str) -> dict[str, str]:
    return {"host": host, "origin": f"http://{host}", **more}


def test_the_page_gets_a_response(client: Client) -> None:
    answer = client.post(f"/{TOKEN}/evaluate", json_body=REQUEST, headers=own())
    assert answer.status_code == 200
    assert answer.json()["counts"]["match"] == 1
    local = own("localhost:8123")
    assert client.post(f"/{TOKEN}/evaluate", json_body=REQUEST, headers=local).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        own("evil.example:8123"),
        own("127.0.0.1:9999"),
        own("127.0.0.1"),
        own(origin="http://evil.example"),
        own(origin="null"),
        own(origin=f"https://{HOST}"),
        {"host": HOST},
        own(**{"sec-fetch-site": "cross-site"}),
    ],
)
def test_another_host_or_origin_is_refused(client: Client, headers: dict[str, str]) -> None:
    answer = client.post(f"/{TOKEN}/evaluate", json_body=REQUEST, headers=headers)
    assert answer.status_code == 403
    assert not [name for name in answer.headers if name.startswith("access-control")]


def test_another_host_name_of_this_machine_is_refused(client: Client) -> None:
    """DNS rebinding: a name that leads to this machine is not this machine's."""
    answer = client.get(f"/{TOKEN}/", headers={"host": "evil.example:8123"})
    assert answer.status_code == 403


@pytest.mark.parametrize("token", ["x", "secret-toke", "secret-tokenn", "%00", "%C3%A9"])
def test_requests_without_the_token_are_refused(client: Client, token: str) -> None:
    for path in ("", "page.js", "initial.json"):
        assert client.get(f"/{token}/{path}", headers={"host": HOST}).status_code == 404
    answer = client.post(f"/{token}/evaluate", json_body=REQUEST, headers=own())
    assert answer.status_code == 404
    assert client.get("/", headers={"host": HOST}).status_code == 404


@pytest.mark.parametrize(
    "name", ["..%2fserver.py", "server.py", "%2e%2e/pages.py", "x", "licenses"]
)
def test_only_the_files_of_the_page_are_served(client: Client, name: str) -> None:
    assert client.get(f"/{TOKEN}/{name}", headers={"host": HOST}).status_code == 404


def test_an_invalid_request_is_an_error(client: Client) -> None:
    url = f"/{TOKEN}/evaluate"
    as_json = own(**{"content-type": "application/json"})
    for body in (b"", b"{", b"\xff", b"[" * 100_000, b'{"pattern": "", "x": 1}'):
        assert client.post(url, content=body, headers=as_json).status_code == 400
    form = own(**{"content-type": "text/plain"})
    assert client.post(url, content=b"{}", headers=form).status_code == 415
    assert (
        client.post(url, content=b" " * (LARGEST_REQUEST + 1), headers=as_json).status_code == 413
    )
    assert client.get(url, headers={"host": HOST}).status_code in (404, 405)


def test_the_policy_allows_scripts_from_files_only(client: Client) -> None:
    answer = client.get(f"/{TOKEN}/", headers={"host": HOST})
    policy = answer.headers["content-security-policy"]
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy.replace("style-src-attr 'unsafe-inline'", "")
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["cache-control"] == "no-store"
    assert "@" not in re.sub(r"<style.*?</style>", "", answer.text)
    assert not re.findall(r"<script(?![^>]*\bsrc=)|\son\w+=|\sstyle=", answer.text)
    another = client.get(f"/{TOKEN}/", headers={"host": HOST})
    assert another.headers["content-security-policy"] != policy  # a nonce is used once


def test_the_initial_texts_are_data(client: Client) -> None:
    answer = client.get(f"/{TOKEN}/initial.json", headers={"host": HOST})
    assert answer.json() == {"pattern": "x"}


def start(*arguments: str) -> subprocess.Popen[str]:
    command = (sys.executable, "-m", "filterpatterns", "playground", "--no-browser", *arguments)
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, env=os.environ)


def test_fp_playground_serves_files_until_ctrl_c(tmp_path: Path) -> None:
    (tmp_path / "p.json").write_text('{"body": ["x"]}')
    (tmp_path / "e.jsonl").write_text('{"body": "x"}\n{"body": "</script>"}')
    with start("--source", "sqs", str(tmp_path / "p.json"), str(tmp_path / "e.jsonl")) as program:
        assert program.stdout is not None
        url = program.stdout.readline().strip()
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/[\w-]{32}/", url)
        with urllib.request.urlopen(f"{url}initial.json", timeout=10) as answer:
            initial = json.load(answer)
        assert initial["pattern"] == '{"body": ["x"]}'
        assert initial["records"] == '{"body": "x"}\n{"body": "</script>"}\n'
        assert initial["source"] == "sqs"
        program.send_signal(signal.SIGINT)
        _, errors = program.communicate(timeout=10)
        assert program.returncode == 130
        assert errors == ""


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("missing.json",), "missing.json: error: no such file or directory"),
        (('{"body": ["x"]}', "missing.jsonl"), "missing.jsonl: error: no such file or directory"),
        (("-", "-"), "standard input (-) can be read only once"),
    ],
)
def test_fp_playground_reports_unreadable_files(arguments: tuple[str, ...], words: str) -> None:
    with start(*arguments) as program:
        _, errors = program.communicate(timeout=10)
        assert program.returncode == 2
        assert words in errors
