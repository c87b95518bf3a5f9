"""An SQS queue accessed through a boto3 client: the four calls that a poller makes, and their
errors.

If a server does not respond, calls are retried with increasing delays. Errors that only people can
fix (no permission, no such queue at the start) are QueueErrors.
"""

from __future__ import annotations

import json
import random
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from time import monotonic
from typing import Any, Final

from msgspec import Struct

from filterpatterns.integrations.sqs.records import Message

RECEIVE_AT_ONCE: Final = 10
"""The number of messages per call, also for deleting. SQS API reference, "ReceiveMessage"."""

MAX_VISIBILITY: Final = 43_200
"""Seconds. SQS quotas: message visibility timeout."""

_FIRST_PAUSE: Final = 0.25
_LONGEST_PAUSE: Final = 15.0

_PASSING_CODES: Final = (
    "NonExistentQueue",  # a server that was restarted and is being set up again
    "QueueDoesNotExist",
    "OverLimit",
    "Throttl",
    "RequestLimitExceeded",
    "TooManyRequests",
    "ServiceUnavailable",
    "InternalError",
    "InternalFailure",
)
"""Parts of the codes of errors that may be temporary."""

_GONE: Final = ("ReceiptHandleIsInvalid", "InvalidParameterValue", "MessageNotInflight")
"""Codes for a message that another consumer has now, or that no longer exists."""


_REGION: Final = re.compile(
    r"//(?:sqs\.(?P<new>[a-z]{2}[a-z-]*-[0-9]+)\.|(?P<old>[a-z]{2}[a-z-]*-[0-9]+)\.queue\.)"
)
"""Amazon SQS endpoints, AWS General Reference; the second form is for old queue URLs."""


class QueueError(Exception):
    """The queue cannot be used; the message is complete."""


class QueueInfo(Struct, frozen=True):
    """The attributes of a queue. `visibility_timeout` is in seconds; `max_receive_count` is that of
    its redrive policy, None if it has no dead-letter queue."""

    url: str
    arn: str
    region: str
    is_fifo: bool
    visibility_timeout: int
    max_receive_count: int | None = None


class Queue:
    """A queue. Threads may share it, as they may share boto3 clients.

    Args:
        client: a boto3 client for "sqs".
        url: the URL of the queue.
        report: called with messages about a server that does not respond.
    """

    def __init__(self, client: Any, url: str, report: Callable[[str], None]) -> None:
        self._client = client
        self._url = url
        self._report = report
        self._lock = threading.Lock()
        self._is_lost = False
        self._failures = _failures()
        self.given_up = threading.Event()
        """If set, nothing is retried."""

    def info(self) -> QueueInfo:
        """Return the attributes of the queue.

        Raises:
            QueueError: it does not respond, or not like a queue.
        """
        try:
            answer = self._client.get_queue_attributes(QueueUrl=self._url, AttributeNames=["All"])
        except self._failures as error:
            raise QueueError(f"{self._url}: {_words(error)}{_hint(error)}") from error
        attributes = answer.get("Attributes") or {}
        arn = attributes.get("QueueArn", "")
        parts = arn.split(":")
        if len(parts) < 6:
            raise QueueError(
                f"{self._url}: expected the queue's ARN from the server, found {arn!r}"
            )
        return QueueInfo(
            url=self._url,
            arn=arn,
            region=parts[3],
            is_fifo=self._url.endswith(".fifo") or attributes.get("FifoQueue") == "true",
            visibility_timeout=int(float(attributes.get("VisibilityTimeout", "30"))),
            max_receive_count=_max_receive_count(attributes.get("RedrivePolicy")),
        )

    def receive(self, wait_seconds: int, until: threading.Event) -> list[dict[str, Any]]:
        """Receive up to ten messages, in the form of boto3, with all attributes.

        Args:
            wait_seconds: how long the server may wait for the first of them.
            until: if set, a server that does not respond is not asked again, and there are no
                messages.

        Raises:
            QueueError: the server refuses.
        """
        answer = self._call(
            "receive_message",
            until,
            MaxNumberOfMessages=RECEIVE_AT_ONCE,
            WaitTimeSeconds=wait_seconds,
            MessageSystemAttributeNames=["All"],
            MessageAttributeNames=["All"],
        )
        return list((answer or {}).get("Messages") or ())

    def delete(self, messages: Sequence[Message]) -> dict[Message, str]:
        """Delete messages. Return those that were not deleted, with the reason.

        Raises:
            QueueError: the server refuses.
        """
        return self._each("delete_message_batch", messages, {})

    def set_visibility(self, messages: Sequence[Message], seconds: int) -> dict[Message, str]:
        """Make messages visible again after a number of seconds. Return those for which the server
        refuses, with the reason.

        Raises:
            QueueError: the server refuses.
        """
        seconds = max(0, min(seconds, MAX_VISIBILITY))
        return self._each(
            "change_message_visibility_batch", messages, {"VisibilityTimeout": seconds}
        )

    def _each(
        self, name: str, messages: Sequence[Message], arguments: dict[str, Any]
    ) -> dict[Message, str]:
        refused: dict[Message, str] = {}
        for chunk in _chunks(messages):
            left = dict(enumerate(chunk))
            for pause in _pauses():
                entries = [
                    {"Id": str(index), "ReceiptHandle": one.receipt, **arguments}
                    for index, one in left.items()
                ]
                answer = self._call(name, self.given_up, Entries=entries)
                if answer is None:
                    refused |= dict.fromkeys(left.values(), "the server does not respond")
                    break
                for done in answer.get("Successful") or ():
                    left.pop(int(done["Id"]), None)
                for failure in answer.get("Failed") or ():
                    if failure.get("SenderFault") or _has(failure.get("Code"), _GONE):
                        reason = failure.get("Message") or failure.get("Code") or "refused"
                        one = left.pop(int(failure["Id"]), None)
                        if one is not None:
                            refused[one] = str(reason)
                if not left:
                    break
                self.given_up.wait(pause)
        return refused

    def _call(self, name: str, until: threading.Event, **arguments: Any) -> dict[str, Any] | None:
        """Return the response of a call; None if there was none before `until` was set.

        Raises:
            QueueError: the server refuses.
        """
        for pause in _pauses():
            try:
                answer = getattr(self._client, name)(QueueUrl=self._url, **arguments)
            except self._failures as error:
                if not _may_pass(error):
                    raise QueueError(f"{self._url}: {_words(error)}{_hint(error)}") from error
                self._lost(_words(error))
            else:
                self._found()
                return dict(answer)
            if until.wait(pause):
                return None
        return None  # pragma: no cover - pauses have no end

    def _lost(self, words: str) -> None:
        with self._lock:
            is_new, self._is_lost = not self._is_lost, True
        if is_new:
            self._report(f"the queue does not respond; trying again: {words}")

    def _found(self) -> None:
        if self._is_lost:
            with self._lock:
                is_new, self._is_lost = self._is_lost, False
            if is_new:
                self._report("the queue responds again")


def region_of(url: str) -> str | None:
    """The region in a queue's URL; URLs of local servers may have none."""
    match = _REGION.search(url)
    return None if match is None else match["new"] or match["old"]


def connect(
    url: str,
    *,
    endpoint_url: str | None,
    region_name: str | None,
    wait_seconds: int,
    connections: int,
) -> Any:
    """Create a boto3 client for SQS that does not retry by itself.

    Raises:
        QueueError: boto3 is not installed, or not set up.
    """
    try:
        import boto3
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError
    except ImportError:
        raise QueueError("SQS requires boto3\n  hint: pip install 'filterpatterns[aws]'") from None
    config = Config(
        max_pool_connections=connections,
        connect_timeout=5,
        read_timeout=wait_seconds + 15,
        retries={"total_max_attempts": 1},
        tcp_keepalive=True,
    )
    try:
        return boto3.client(
            "sqs",
            endpoint_url=endpoint_url,
            region_name=region_name or region_of(url),
            config=config,
        )
    except (BotoCoreError, ValueError) as error:
        raise QueueError(f"{_words(error)}{_hint(error)}") from error


def _failures() -> tuple[type[Exception], ...]:
    """The exceptions that a call may raise; without boto3 (a custom client), those of
    connections."""
    try:
        from botocore.exceptions import BotoCoreError, ClientError
        from botocore.parsers import ResponseParserError
    except ImportError:
        return (OSError,)
    return BotoCoreError, ClientError, ResponseParserError, OSError


def _may_pass(error: Exception) -> bool:
    """Whether the call may succeed if it is retried."""
    response = getattr(error, "response", None)
    if isinstance(response, dict):
        status = (response.get("ResponseMetadata") or {}).get("HTTPStatusCode", 0)
        code = (response.get("Error") or {}).get("Code")
        return status >= 500 or status == 429 or _has(code, _PASSING_CODES)
    if isinstance(error, OSError):
        return True
    # Not missing or wrong settings, which are BotoCoreErrors as well.
    names = {base.__name__ for base in type(error).__mro__}
    return bool(names & {"HTTPClientError", "ConnectionError", "ResponseParserError"})


def _words(error: Exception) -> str:
    response = getattr(error, "response", None)
    if isinstance(response, dict):
        given = response.get("Error") or {}
        return f"{given.get('Code', 'error')}: {given.get('Message', error)}"
    return str(error) or type(error).__name__


def _hint(error: Exception) -> str:
    name = type(error).__name__
    if name == "NoRegionError":
        return "\n  hint: give --region, or set AWS_REGION"
    if name in ("NoCredentialsError", "PartialCredentialsError"):
        return (
            "\n  hint: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (to any values for a local "
            "server), or a profile"
        )
    words = _words(error)
    if _has(words, ("NonExistentQueue", "QueueDoesNotExist")):
        return "\n  hint: check the queue's URL and --endpoint-url"
    if name == "EndpointConnectionError":
        return "\n  hint: is the server running at the URL of --endpoint-url?"
    return ""


def _has(code: Any, parts: Sequence[str]) -> bool:
    return any(part in str(code) for part in parts)


def _max_receive_count(policy: Any) -> int | None:
    try:
        return int(json.loads(policy)["maxReceiveCount"])
    except (TypeError, ValueError, KeyError):
        return None


def _chunks(messages: Sequence[Message]) -> Iterator[Sequence[Message]]:
    for start in range(0, len(messages), RECEIVE_AT_ONCE):
        yield messages[start : start + RECEIVE_AT_ONCE]


def _pauses() -> Iterator[float]:
    """Seconds between retries, each up to twice the previous one, with jitter."""
    pause = _FIRST_PAUSE
    while True:
        yield pause * random.uniform(0.5, 1)  # noqa: S311 - not a secret
        pause = min(pause * 2, _LONGEST_PAUSE)


def seconds_until(deadline: float) -> int:
    """The whole seconds, rounded up, until a time of the monotonic clock."""
    return max(0, int(-(-(deadline - monotonic()) // 1)))
