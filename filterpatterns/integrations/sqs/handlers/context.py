"""The context that Lambda passes to a function.

Lambda developer guide, "Using the Lambda context object to retrieve Python function information".
"""

from __future__ import annotations

import sys
import uuid
from time import monotonic, time
from typing import Any


class LambdaContext:
    """The context object of one invocation, with the attributes and methods of Lambda's own.

    Args:
        function_name: the name of the function.
        region: the region in the ARN.
        account: the account in the ARN.
        timeout: seconds that the invocation may take from now on.
    """

    function_version = "$LATEST"
    memory_limit_in_mb = "128"
    identity: Any = None
    client_context: Any = None
    tenant_id: Any = None

    def __init__(self, function_name: str, region: str, account: str, timeout: float) -> None:
        self._end = monotonic() + timeout
        self.timeout = timeout
        self.deadline_ms = int((time() + timeout) * 1000)
        self.function_name = function_name
        self.aws_request_id = str(uuid.uuid4())
        self.invoked_function_arn = f"arn:aws:lambda:{region}:{account}:function:{function_name}"
        self.log_group_name = f"/aws/lambda/{function_name}"
        self.log_stream_name = f"[$LATEST]{uuid.UUID(self.aws_request_id).hex}"

    def get_remaining_time_in_millis(self) -> int:
        """The milliseconds that are left before the invocation times out."""
        return max(0, int((self._end - monotonic()) * 1000))

    def remaining_seconds(self) -> float:
        """The seconds that are left; 0 if there are none."""
        return max(0.0, self._end - monotonic())

    def log(self, message: object) -> None:
        """Write a message to the log, which is standard error."""
        sys.stderr.write(str(message))

    def __repr__(self) -> str:
        return f"LambdaContext(aws_request_id={self.aws_request_id!r})"
