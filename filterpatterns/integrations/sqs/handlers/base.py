"""The base of all ways to call a function."""

from __future__ import annotations

import json
from typing import Any, Protocol, runtime_checkable

from filterpatterns.integrations.sqs.handlers.context import LambdaContext


class HandlerError(Exception):
    """The function failed, which Lambda calls a function error. `details` is a traceback or similar
    text for people, and may be empty."""

    def __init__(self, message: str, details: str = "") -> None:
        self.message = message
        self.details = details
        super().__init__(message)


@runtime_checkable
class Handler(Protocol):
    """Calls a function. `concurrency` is how many concurrent calls it supports; None for any
    number."""

    concurrency: int | None

    def invoke(self, event: dict[str, Any], context: LambdaContext) -> Any:
        """Return the function's response, parsed from JSON.

        Raises:
            HandlerError: it failed or did not respond in time.
        """

    def close(self) -> None:
        """End everything that is still running."""


def timed_out(context: LambdaContext) -> HandlerError:
    """The error of a function that takes too long, in Lambda's words."""
    return HandlerError(f"Task timed out after {context.timeout:.2f} seconds")


class NotJson:
    """The response of a function that is not JSON."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return f"not JSON:  {self._text!r}"


def from_json(data: bytes) -> Any:
    """A response parsed from JSON; None if it is empty. Invalid JSON only matters for functions
    that report failures: Lambda does not read the response of others."""
    if not data.strip():
        return None
    try:
        return json.loads(data)
    except ValueError:
        return NotJson(data[:200].decode("utf-8", "replace"))
