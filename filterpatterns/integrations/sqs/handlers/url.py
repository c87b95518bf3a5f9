"""A function called over HTTP: the Lambda runtime interface emulator."""

from __future__ import annotations

import http.client
import json
from typing import Any, Final
from urllib.parse import urlsplit

from filterpatterns.integrations.sqs.handlers.base import HandlerError, from_json, timed_out
from filterpatterns.integrations.sqs.handlers.context import LambdaContext

INVOCATION_PATH: Final = "/2015-03-31/functions/function/invocations"
"""The path of the Lambda runtime interface emulator (its README, "Test an image")."""


class InvokeUrl:
    """The HTTP interface of the Lambda runtime interface emulator, or a compatible one.

    Args:
        url: http or https; without a path, that of the emulator is used.

    Raises:
        ValueError: it is not such a URL.
    """

    concurrency: int | None = 1
    """The emulator rejects a second call while it handles one."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"{url!r} is not an http or https URL")
        path = parts.path if parts.path.strip("/") else INVOCATION_PATH
        self._path = f"{path}?{parts.query}" if parts.query else path
        self._host, self._port = parts.hostname, parts.port
        self._connection = (
            http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        )

    def invoke(self, event: dict[str, Any], context: LambdaContext) -> Any:
        """Return the function's response; see Handler."""
        connection = self._connection(
            self._host, self._port, timeout=max(0.001, context.remaining_seconds())
        )
        try:
            connection.request(
                "POST",
                self._path,
                json.dumps(event).encode(),
                {"Content-Type": "application/json"},
            )
            response = connection.getresponse()
            body = response.read()
        except TimeoutError:
            raise timed_out(context) from None
        except (OSError, http.client.HTTPException) as error:
            where = f"{self._host}:{self._port or ''}".rstrip(":")
            raise HandlerError(f"no answer from {where}: {error}") from error
        finally:
            connection.close()
        words = body.decode("utf-8", "replace").strip()
        if response.status >= 300:
            raise HandlerError(f"HTTP status {response.status}: {words[:500]}")
        answer = from_json(body)
        is_error = isinstance(answer, dict) and "errorMessage" in answer and "errorType" in answer
        if response.getheader("X-Amz-Function-Error") or is_error:
            given = answer if isinstance(answer, dict) else {}
            trace = given.get("stackTrace")
            raise HandlerError(
                f"{given.get('errorType', 'error')}: {given.get('errorMessage', words[:500])}",
                "".join(map(str, trace)) if isinstance(trace, list) else "",
            )
        return answer

    def close(self) -> None:
        """Do nothing: nothing runs here."""
