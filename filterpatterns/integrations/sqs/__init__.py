"""A local event source mapping for SQS: polls, filters, batches, calls a function, deletes.

    from filterpatterns.integrations.sqs import Poller

    with Poller(queue_url, handler, pattern={"body": {"total": [100]}}, client=sqs) as poller:
        sqs.send_message(QueueUrl=queue_url, MessageBody='{"total": 100}')
        poller.wait_until_empty(timeout=10)

It needs the extra `aws`, unless it is given a client.
"""

from __future__ import annotations

from filterpatterns.integrations.sqs.counts import Counts
from filterpatterns.integrations.sqs.handlers import (
    Command,
    Handler,
    HandlerError,
    InvokeUrl,
    LambdaContext,
    PythonFunction,
    PythonModule,
)
from filterpatterns.integrations.sqs.mapping import EventSourceMapping, MappingError
from filterpatterns.integrations.sqs.poller import Poller
from filterpatterns.integrations.sqs.queue import QueueError
from filterpatterns.integrations.sqs.records import lambda_record
from filterpatterns.integrations.sqs.settings import BatchResult

__all__ = [
    "BatchResult",
    "Command",
    "Counts",
    "EventSourceMapping",
    "Handler",
    "HandlerError",
    "InvokeUrl",
    "LambdaContext",
    "MappingError",
    "Poller",
    "PythonFunction",
    "PythonModule",
    "QueueError",
    "lambda_record",
]
