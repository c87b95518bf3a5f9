"""moto's server on a loopback port, with queues that hand a message to one receiver at a time.

moto serves each request in a thread, and looks for visible messages without a lock: two receivers
now and then get the same message. SQS may do so, too, but tests want to count deliveries.

    python moto_server.py PORT
"""

from __future__ import annotations

import sys
import threading
from time import monotonic, sleep
from typing import Any

from moto.server import main
from moto.sqs.models import SQSBackend

_one_at_a_time = threading.RLock()
_receive = SQSBackend.receive_message


def _receive_one_at_a_time(
    self: SQSBackend, queue_name: str, count: int, wait_seconds_timeout: int, *others: Any
) -> list[Any]:
    end = monotonic() + wait_seconds_timeout
    while True:
        with _one_at_a_time:
            messages = _receive(self, queue_name, count, 0, *others)
        if messages or monotonic() >= end:
            return messages
        sleep(0.02)


def _locked(method: Any) -> Any:
    def call(*arguments: Any, **named: Any) -> Any:
        with _one_at_a_time:
            return method(*arguments, **named)

    return call


SQSBackend.receive_message = _receive_one_at_a_time
for name in (
    "send_message",
    "delete_message",
    "delete_message_batch",
    "change_message_visibility",
    "change_message_visibility_batch",
):
    setattr(SQSBackend, name, _locked(getattr(SQSBackend, name)))

if __name__ == "__main__":
    main(["-H", "127.0.0.1", "-p", sys.argv[1]])
