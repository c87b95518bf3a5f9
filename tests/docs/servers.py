"""An SQS server for the pages that need one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.extras.integration.servers import CREDENTIALS, REGION, Server


@contextmanager
def moto_server(**queues: str) -> Iterator[Any]:
    """Run moto's server, with boto3's settings for it and the URLs of new queues in the
    environment.

    Args:
        queues: by environment variable, the name of the queue whose URL it contains.

    Yields:
        A client of the server.
    """
    server = Server("moto")
    server.start()
    before = dict(os.environ)
    try:
        os.environ.update({name.upper(): value for name, value in CREDENTIALS.items()})
        os.environ.update(AWS_REGION=REGION, AWS_DEFAULT_REGION=REGION)
        os.environ["AWS_ENDPOINT_URL"] = server.endpoint
        for variable, name in queues.items():
            os.environ[variable] = server.client.create_queue(QueueName=name)["QueueUrl"]
        yield server.client
    finally:
        os.environ.clear()
        os.environ.update(before)
        server.stop()
