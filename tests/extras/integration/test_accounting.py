"""No message is lost, and none is deleted unhandled, whatever happens to workers and servers.

2,000 messages, a tenth of which match; a function that fails at random; a worker that is killed; a
connection that is closed, refused and slow. Handled + dropped + dead letters + left = sent.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest

from tests.extras.integration.programs import Run
from tests.extras.integration.servers import Proxy, Server

SENT = 2_000
PATTERN = '{"body": {"kind": ["order"]}}'
HANDLER = """
import json, os, random

random.seed(os.getpid())
LOG = os.open("handled.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)

def handler(event, context):
    fate = random.random()
    if fate < 0.1:
        raise RuntimeError("at random")
    failed = []
    for record in event["Records"]:
        body = json.loads(record["body"])
        if failed or body["poison"] or random.random() < 0.05:
            failed.append({"itemIdentifier": record["messageId"]})
        else:
            line = f"{record['messageId']} {body['group']} {body['n']}\\n"
            os.write(LOG, line.encode())
    return {"batchItemFailures": failed}
"""


@pytest.fixture
def proxy(fauxqs: Server) -> Iterator[Proxy]:
    proxy = Proxy(fauxqs.port)
    yield proxy
    proxy.close()


def body(number: int, group: int, *, poisonous: bool = False) -> str:
    is_order = number % 10 == 3
    return json.dumps(
        {
            "kind": "order" if is_order else "note",
            "n": number,
            "group": group,
            "poison": poisonous and is_order and number % 200 == 3,
        }
    )


def handled(folder: Path) -> list[tuple[str, str, int]]:
    """Id, group and number of each message that was handled, in order."""
    log = folder / "handled.log"
    if not log.exists():
        return []
    rows = [line.split() for line in log.read_text().splitlines()]
    return [(name, group, int(number)) for name, group, number in rows]


def dropped(folder: Path) -> set[str]:
    """The ids of what was written before it was deleted; a killed worker may leave half a line."""
    found = set()
    for file in folder.glob("dropped-*.jsonl"):
        for line in file.read_text().splitlines():
            if line.endswith(("}}", '"}')):
                found.add(json.loads(line)["messageId"])
    return found


def work_with_faults(folder: Path, queue: Any, proxy: Proxy) -> dict[str, Any]:
    """Handle all messages of the queue while things go wrong; return the last summary."""
    (folder / "app.py").write_text(HANDLER)

    def worker(number: int) -> Run:
        return Run(
            folder,
            PATTERN,
            "--queue-url", queue.url, "--endpoint-url", proxy.endpoint,
            "--handler", "app:handler", "--report-batch-item-failures",
            "--dropped", f"dropped-{number}.jsonl", "--wait", "1", "--json",
        )  # fmt: skip

    first = worker(1)
    _wait(lambda: len(handled(folder)) > 20, 60)
    first.kill()
    second = worker(2)
    _wait(lambda: len(handled(folder)) > 60, 60)
    for _ in range(2):
        proxy.is_down = True
        proxy.disconnect()  # in the middle of answers: what they held was received by nobody
        sleep(0.7)
        proxy.is_down = False
        _wait_a_little(folder)
    proxy.delay = 0.02
    _wait_a_little(folder)
    proxy.delay = 0
    _wait(lambda: queue.counts() == (0, 0), 120)
    second.interrupt()
    status, out, err = second.end()
    assert status == 130, err
    assert "the queue does not respond; trying again" in err
    assert "the queue responds again" in err
    summary: dict[str, Any] = json.loads(out.splitlines()[-1])
    assert summary["kind"] == "summary"
    return summary


def _wait_a_little(folder: Path) -> None:
    """Wait until more messages are handled, or until it is clear that none will be."""
    before, end = len(handled(folder)), monotonic() + 2
    while len(handled(folder)) == before and monotonic() < end:
        sleep(0.02)


def _wait(condition: Any, seconds: float) -> None:
    end = monotonic() + seconds
    while not condition():
        assert monotonic() < end, "in vain"
        sleep(0.05)


def test_every_message_of_a_standard_queue_is_accounted_for(
    fauxqs: Server, proxy: Proxy, new_queue: Any, tmp_path: Path
) -> None:
    dead = new_queue(fauxqs)
    policy = json.dumps({"deadLetterTargetArn": dead.arn, "maxReceiveCount": 6})
    queue = new_queue(fauxqs, VisibilityTimeout="2", RedrivePolicy=policy)
    texts = [body(number, 0, poisonous=True) for number in range(SENT)]
    sent = dict(zip(queue.send(*texts), map(json.loads, texts), strict=True))
    work_with_faults(tmp_path, queue, proxy)

    done = {name for name, _, _ in handled(tmp_path)}
    filtered_out = dropped(tmp_path)
    letters = set(dead.drain())
    left = set(queue.drain())
    assert done | filtered_out | letters | left == set(sent)
    assert not done & filtered_out
    assert {sent[name]["kind"] for name in done} == {"order"}
    assert {sent[name]["kind"] for name in filtered_out} == {"note"}
    assert len(sent) == len(done) + len(filtered_out) + len(letters - done - filtered_out)
    poison = {name for name, message in sent.items() if message["poison"]}
    assert poison <= letters
    assert left == set()


def test_groups_of_a_fifo_queue_stay_in_order_and_complete(
    fauxqs: Server, proxy: Proxy, new_queue: Any, tmp_path: Path
) -> None:
    queue = new_queue(fauxqs, fifo=True, VisibilityTimeout="2")
    sent: dict[str, Any] = {}
    groups = 20
    for group in range(groups):
        texts = [body(number, group) for number in range(SENT // groups)]
        sent |= dict(zip(queue.send(*texts, group=str(group)), map(json.loads, texts), strict=True))
    assert len(sent) == SENT
    work_with_faults(tmp_path, queue, proxy)

    rows = handled(tmp_path)
    done = {name for name, _, _ in rows}
    assert done == {name for name, message in sent.items() if message["kind"] == "order"}
    assert dropped(tmp_path) == set(sent) - done
    for group in range(groups):
        numbers = [number for _, name, number in rows if name == str(group)]
        first_times = list(dict.fromkeys(numbers))
        assert first_times == sorted(first_times), f"group {group}: {numbers}"
