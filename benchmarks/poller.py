"""The speed of `fp run`: messages per second that are filtered and deleted, with a function that
does nothing, against a server; and the server alone, in the same run.

    FAUXQS=DIR python -m benchmarks.poller        # npm install --prefix DIR fauxqs
    python -m benchmarks.poller --endpoint-url URL

The baseline is the minimum that has to be done: boto3's `receive_message` and
`delete_message_batch`, ten messages at a time, from one to eight threads, of which the fastest
counts.
"""

from __future__ import annotations

import argparse
import os
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from filterpatterns.integrations.sqs import Poller

SERVER = Path(__file__).parent.parent / "tests" / "extras" / "integration" / "fauxqs_server.mjs"
PATTERN = {"body": {"total": [{"numeric": [">=", 900]}]}}
SENDERS = 4
THREADS = (1, 2, 4, 8)


def client(endpoint: str) -> Any:
    return boto3.client(
        "sqs",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="x",
        aws_secret_access_key="x",  # noqa: S106 - a local server takes any
        config=Config(max_pool_connections=16, retries={"total_max_attempts": 3}),
    )


@contextmanager
def fauxqs() -> Iterator[str]:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    process = subprocess.Popen(["node", str(SERVER), str(port)])
    endpoint = f"http://127.0.0.1:{port}"
    try:
        for _ in range(100):
            try:
                client(endpoint).list_queues()
                break
            except Exception:  # noqa: BLE001 - it is starting
                time.sleep(0.1)
        yield endpoint
    finally:
        process.kill()
        process.wait()


def in_threads(count: int, work: Callable[[int], None]) -> None:
    threads = [threading.Thread(target=work, args=(index,)) for index in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def fill(sqs: Any, url: str, count: int) -> None:
    """Every tenth message matches."""

    def send(index: int) -> None:
        for start in range(index * 10, count, SENDERS * 10):
            entries = [
                {
                    "Id": str(number),
                    "MessageBody": f'{{"order": {number}, "total": {number % 10 * 100}}}',
                }
                for number in range(start, min(start + 10, count))
            ]
            sqs.send_message_batch(QueueUrl=url, Entries=entries)

    in_threads(SENDERS, send)


def server_alone(sqs: Any, url: str, count: int, threads: int) -> float:
    """Messages per second that are only received and deleted."""

    def drain(_index: int) -> None:
        while messages := sqs.receive_message(
            QueueUrl=url,
            MaxNumberOfMessages=10,
            MessageSystemAttributeNames=["All"],
            MessageAttributeNames=["All"],
        ).get("Messages"):
            entries = [
                {"Id": str(index), "ReceiptHandle": one["ReceiptHandle"]}
                for index, one in enumerate(messages)
            ]
            sqs.delete_message_batch(QueueUrl=url, Entries=entries)

    start = time.perf_counter()
    in_threads(threads, drain)
    return count / (time.perf_counter() - start)


def poller(sqs: Any, url: str, count: int) -> float:
    """Messages per second that are received, filtered, handled and deleted."""
    work = Poller(url, lambda _event, _context: None, pattern=PATTERN, client=sqs)
    start = time.perf_counter()
    with work:
        while True:
            counts = work.counts
            if counts.deleted + counts.filtered_out_deleted >= count:
                break
            time.sleep(0.005)
        seconds = time.perf_counter() - start
    return count / seconds


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--endpoint-url")
    arguments.add_argument("--messages", type=int, default=4_000)
    arguments.add_argument("--rounds", type=int, default=3)
    options = arguments.parse_args()
    if options.endpoint_url:
        measure(options.endpoint_url, options)
    elif os.environ.get("FAUXQS"):
        with fauxqs() as endpoint:
            measure(endpoint, options)
    else:
        arguments.error("give --endpoint-url, or set FAUXQS to the folder that fauxqs is in")


def measure(endpoint: str, options: argparse.Namespace) -> None:
    sqs = client(endpoint)
    url = sqs.create_queue(QueueName="benchmark")["QueueUrl"]
    alone: dict[int, float] = dict.fromkeys(THREADS, 0.0)
    polled = 0.0
    for _ in range(options.rounds):
        for threads in THREADS:
            fill(sqs, url, options.messages)
            rate = server_alone(sqs, url, options.messages, threads)
            alone[threads] = max(alone[threads], rate)
        fill(sqs, url, options.messages)
        polled = max(polled, poller(sqs, url, options.messages))
    for threads, rate in alone.items():
        print(f"server alone, {threads} threads  {rate:>8,.0f} messages/s")
    print(f"poller                   {polled:>8,.0f} messages/s")
    print(f"ratio                    {max(alone.values()) / polled:>8.2f}")


if __name__ == "__main__":
    main()
