"""`fp run` as people use it: from a template to a function, against real servers."""

from __future__ import annotations

import json
import os
import pty
import select
import signal
import subprocess
import sys
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest

from tests.extras.integration.programs import Run, objects, run
from tests.extras.integration.servers import REGION, Server

TEMPLATE = """
AWSTemplateFormatVersion: "2010-09-09"
Resources:
  Queue:
    Type: AWS::SQS::Queue
  Orders:
    Type: AWS::Lambda::EventSourceMapping
    Properties:
      EventSourceArn: !GetAtt Queue.Arn
      FunctionName: orders
      BatchSize: 3
      FunctionResponseTypes: [ReportBatchItemFailures]
      FilterCriteria:
        Filters:
          - Pattern: '{"body": {"total": [{"numeric": [">=", 100]}]}}'
  Everything:
    Type: AWS::Lambda::EventSourceMapping
    Properties:
      EventSourceArn: !GetAtt Queue.Arn
      FunctionName: everything
      BatchSize: !Ref Size
"""
HANDLER = """
import json

def handler(event, context):
    with open("seen.jsonl", "a") as out:
        for record in event["Records"]:
            print(json.loads(record["body"])["total"], context.function_name, file=out)
    bad = [r["messageId"] for r in event["Records"] if json.loads(r["body"])["total"] == 666]
    print("from the function")
    return {"batchItemFailures": [{"itemIdentifier": name} for name in bad]}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "template.yaml").write_text(TEMPLATE)
    (tmp_path / "app.py").write_text(HANDLER)
    return tmp_path


def seen(folder: Path) -> list[str]:
    file = folder / "seen.jsonl"
    return sorted(file.read_text().splitlines()) if file.exists() else []


def bodies(*totals: int) -> list[str]:
    return [json.dumps({"total": total}) for total in totals]


def places(server: Server, queue: Any) -> tuple[str, ...]:
    return ("--queue-url", queue.url, "--endpoint-url", server.endpoint, "--wait", "1")


def test_from_a_template_to_a_function(server: Server, new_queue: Any, folder: Path) -> None:
    queue = new_queue(server)
    queue.send(*bodies(*range(96, 108)))
    status, out, err = run(
        folder,
        "template.yaml#Orders",
        *places(server, queue),
        "--handler", "app:handler", "--once", "--json", "--dropped", "dropped.jsonl",
    )  # fmt: skip
    assert (status, err.replace("from the function", "").strip()) == (0, "")
    *batches, summary = objects(out)
    assert seen(folder) == [f"{total} Orders" for total in range(100, 108)]
    assert max(batch["records"] for batch in batches) == 3
    assert {batch["result"] for batch in batches} == {"success"}
    assert sum(len(batch["ids"]) for batch in batches) == 8
    assert (summary["PolledEventCount"], summary["FilteredOutEventCount"]) == (12, 4)
    assert (summary["DeletedEventCount"], queue.counts()) == (8, (0, 0))
    written = [json.loads(line) for line in (folder / "dropped.jsonl").read_text().splitlines()]
    assert sorted(one["body"] for one in written) == sorted(bodies(*range(96, 100)))


def test_failures_are_reported_and_their_messages_stay(
    server: Server, new_queue: Any, folder: Path
) -> None:
    queue = new_queue(server)
    queue.send(*bodies(100, 666, 1))
    arguments = ("template.yaml#Orders", *places(server, queue), "--handler", "app:handler")
    status, out, err = run(folder, *arguments, "--once")
    assert status == 1
    assert "of 2 messages failed" in err or "1 of 1 message failed" in err
    assert "received      3\nfiltered out  1\n" in out
    assert "failed        1\n" in out
    assert sum(queue.counts()) == 1


def test_an_exception_shows_its_traceback(server: Server, new_queue: Any, folder: Path) -> None:
    (folder / "app.py").write_text("def handler(event, context):\n    raise KeyError('stock')\n")
    queue = new_queue(server)
    queue.send(*bodies(100))
    status, _, err = run(
        folder, "template.yaml#Orders", *places(server, queue), "--handler", "app:handler", "--once"
    )
    assert status == 1
    assert "fp: batch 1: 1 of 1 message failed: KeyError: 'stock'" in err
    assert 'app.py", line 2, in handler' in err


def test_a_program_and_options_instead_of_the_template_s(
    server: Server, new_queue: Any, folder: Path
) -> None:
    queue = new_queue(server)
    queue.send(*bodies(*range(7)))
    (folder / "keep.py").write_text(
        "import sys\nprint(sys.stdin.read(), file=open('event.jsonl', 'a'))\n"
    )
    program = f"{sys.executable} keep.py"
    arguments = ("template.yaml#Everything", *places(server, queue), "--command", program)
    status, _, err = run(folder, *arguments, "--once")
    assert status == 2
    assert "template.yaml:21:18: error: BatchSize: Ref Size is known only at deployment" in err
    assert "hint: give --batch-size" in err
    status, _, err = run(folder, *arguments, "--once", "--batch-size", "2")
    assert (status, err) == (0, "")
    events = [json.loads(line) for line in (folder / "event.jsonl").read_text().splitlines()]
    assert sum(len(event["Records"]) for event in events) == 7, "no filters: everything"
    assert max(len(event["Records"]) for event in events) == 2


def test_a_dry_run_says_what_would_be_kept(server: Server, new_queue: Any, folder: Path) -> None:
    queue = new_queue(server)
    queue.send(*bodies(1, 100, 200))
    status, out, err = run(folder, "template.yaml#Orders", *places(server, queue), "--dry-run")
    assert (status, err) == (0, "")
    assert "would be kept  2\n" in out
    assert queue.counts() == (3, 0)


def test_ctrl_c_finishes_the_batch_and_returns_the_other_messages(
    server: Server, new_queue: Any, folder: Path
) -> None:
    (folder / "app.py").write_text(
        "import time\n"
        "def handler(event, context):\n"
        "    open('begun', 'w').close()\n"
        "    time.sleep(2)\n"
        "    open('ended', 'w').close()\n"
    )
    queue = new_queue(server)
    queue.send(*bodies(*range(100, 106)))
    program = Run(
        folder,
        "{\"Filters\": []}",
        *places(server, queue),
        "--handler", "app:handler", "--batch-size", "2", "--concurrency", "1",
    )  # fmt: skip
    end = monotonic() + 60
    while not (folder / "begun").exists():
        assert monotonic() < end
        sleep(0.05)
    program.interrupt()
    status, out, err = program.end()
    assert (status, err) == (130, "")
    assert (folder / "ended").exists()
    assert "deleted       2\n" in out
    assert queue.counts() == (4, 0)


def test_a_second_ctrl_c_ends_it_immediately(server: Server, new_queue: Any, folder: Path) -> None:
    queue = new_queue(server, VisibilityTimeout="20")
    queue.send(*bodies(100))
    (folder / "slow.py").write_text(
        "import time\nopen('begun', 'w').close()\ntime.sleep(15)\nopen('ended', 'w').close()\n"
    )
    program = Run(
        folder,
        "template.yaml#Orders",
        *places(server, queue),
        "--command",
        f"{sys.executable} slow.py",
    )
    _wait(lambda: (folder / "begun").exists())
    start = monotonic()
    program.interrupt()
    sleep(0.5)
    program.interrupt()
    status, out, _ = program.end()
    assert (status, monotonic() - start < 8) == (130, True)
    assert "deleted       0\n" in out
    assert not (folder / "ended").exists()
    assert queue.counts() == (0, 1), "it comes back when its time is over"


def test_sigterm_is_like_ctrl_c(server: Server, new_queue: Any, folder: Path) -> None:
    queue = new_queue(server)
    program = Run(
        folder, "template.yaml#Orders", *places(server, queue), "--handler", "app:handler"
    )
    queue.send(*bodies(100))
    _wait(lambda: seen(folder) == ["100 Orders"])
    program.interrupt(signal.SIGTERM)
    status, out, _ = program.end()
    assert status == 128 + signal.SIGTERM
    assert "deleted       1\n" in out


def test_the_function_is_reloaded(server: Server, new_queue: Any, folder: Path) -> None:
    queue = new_queue(server)
    program = Run(
        folder, "template.yaml#Orders", *places(server, queue), "--handler", "app:handler"
    )
    try:
        queue.send(*bodies(100))
        _wait(lambda: seen(folder) == ["100 Orders"])
        (folder / "app.py").write_text(HANDLER.replace("context.function_name", "'new'"))
        queue.send(*bodies(101))
        _wait(lambda: seen(folder) == ["100 Orders", "101 new"])
    finally:
        program.interrupt()
        assert program.end()[0] == 130


def test_a_missing_server_is_an_error(folder: Path) -> None:
    arguments = ("--queue-url", "http://127.0.0.1:9/1/q", "--endpoint-url", "http://127.0.0.1:9")
    status, out, err = run(folder, "template.yaml#Orders", *arguments, "--handler", "app:handler")
    assert (status, out) == (2, "")
    assert err.startswith("fp: error: http://127.0.0.1:9/1/q: Could not connect")
    assert "hint: is the server running at the URL of --endpoint-url?" in err


def test_a_live_table_on_a_terminal(server: Server, new_queue: Any, folder: Path) -> None:
    queue = new_queue(server)
    queue.send(*bodies(*range(95, 105)))
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        [
            sys.executable, "-m", "filterpatterns", "run", "template.yaml#Orders",
            *places(server, queue), "--handler", "app:handler", "--once",
        ],
        cwd=folder,
        env={**os.environ, "AWS_REGION": REGION, "TERM": "xterm", "COLUMNS": "80"},
        stdout=follower,
        stderr=follower,
    )  # fmt: skip
    os.close(follower)
    displayed = b""
    end = monotonic() + 60
    while monotonic() < end:
        if select.select([leader], [], [], 0.2)[0]:
            try:
                data = os.read(leader, 1 << 16)
            except OSError:
                break
            if not data:
                break
            displayed += data
    os.close(leader)
    assert process.wait(10) == 0
    text = displayed.decode()
    for words in ("received", "filtered out", "no-match", "in flight", "rate", "from the function"):
        assert words in text
    assert text.index("in flight") < text.rindex("received"), "the summary comes last"


def _wait(condition: Any) -> None:
    end = monotonic() + 60
    while not condition():
        assert monotonic() < end, "in vain"
        sleep(0.05)
