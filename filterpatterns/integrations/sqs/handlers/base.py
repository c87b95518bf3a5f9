"""What every way of calling a function has in common."""

from __future__ import annotations

import json
from typing import Any, Protocol, runtime_checkable

from filterpatterns.integrations.sqs.handlers.context import LambdaContext


class HandlerError(Exception):
    """The function has failed: Lambda calls that a function error. `details` is a traceback or the
    like, for people, and may be empty."""

    def __init__(self, message: str, details: str = "") -> None:
        self.message = message
        self.details = details
        super().__init__(message)


@runtime_checkable
class Handler(Protocol):
    """Calls a function. `concurrency` is how many calls it takes at a time; None for any."""

    concurrency: int | None

    def invoke(self, event: dict[str, Any], context: LambdaContext) -> Any:
        """The function's answer, as read from JSON.

        Raises:
            HandlerError: it failed, or did not answer in time.
        """

    def close(self) -> None:
        """End what is still running."""


def timed_out(context: LambdaContext) -> HandlerError:
    """The error of a function that takes too long, in Lambda's words."""
    return HandlerError(f"Task timed out after {context.timeout:.2f} seconds")


class NotJson:
    """The answer of a function that is no JSON."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return f"no JSON: {self._text!r}"


def from_json(data: bytes) -> Any:
    """An answer read from JSON; None if it is empty. What is no JSON only counts for those who
    report failures: of other functions Lambda does not read the answer."""
    if not data.strip():
        return None
    try:
        return json.loads(data)
    except ValueError:
        return NotJson(data[:200].decode("utf-8", "replace"))
