"""The playground's server on this machine (extra `playground`).

The server answers only the page that it serves: it listens on the loopback interface, its URL has a
random token, a request must name this host, and a request to evaluate must come from this origin.
There are no CORS headers, so other pages cannot read anything.
"""

from __future__ import annotations

import hmac
import secrets
from typing import Final

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from filterpatterns.integrations.playground import evaluation
from filterpatterns.integrations.playground.pages import STATIC, page

LARGEST_REQUEST: Final = 1 << 25
"""Maximum size of a request in bytes."""

_TYPES: Final = {".html": "text/html", ".js": "text/javascript", ".css": "text/css"}
_OWN_PAGE: Final = "this server serves only its own page\n"
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


def new_token() -> str:
    """A token that cannot be guessed."""
    return secrets.token_urlsafe(24)


def application(token: str, port: int, initial: str = "{}") -> Starlette:
    """Return the server's application.

    Args:
        token: the first part of each valid path.
        port: the port that the server listens on, as requests name it.
        initial: the initial content of the page, as JSON.
    """
    server = _Server(token, port, initial)
    return Starlette(
        routes=[
            Route("/{token}/evaluate", server.evaluate, methods=["POST"]),
            Route("/{token}/", server.file, methods=["GET"]),
            Route("/{token}/{name}", server.file, methods=["GET"]),
        ]
    )


class _Server:
    def __init__(self, token: str, port: int, initial: str) -> None:
        self._token = token.encode()
        self._hosts = frozenset(f"{name}:{port}" for name in ("127.0.0.1", "localhost"))
        self._initial = initial
        self._files = {path.name: path for path in STATIC.iterdir() if path.suffix in _TYPES}

    async def file(self, request: Request) -> Response:
        """Respond with a part of the page."""
        refused = self._refusal(request)
        if refused is not None:
            return refused
        name = request.path_params.get("name") or "index.html"
        if name == "initial.json":
            return _answer(self._initial, "application/json")
        path = self._files.get(name)
        if path is None:
            return _answer("not found\n", status=404)
        if name == "index.html":
            text, policy = page("server")
            policy += "; frame-ancestors 'none'"
            return _answer(text, "text/html", headers={"Content-Security-Policy": policy})
        return _answer(path.read_bytes(), _TYPES[path.suffix])

    async def evaluate(self, request: Request) -> Response:
        """Respond to a request to evaluate."""
        refused = self._refusal(request)
        if refused is not None:
            return refused
        if request.headers.get("content-type", "").partition(";")[0] != "application/json":
            return _answer("a request must be JSON\n", status=415)
        data = bytearray()
        async for chunk in request.stream():
            data += chunk
            if len(data) > LARGEST_REQUEST:
                return _answer(f"more than {LARGEST_REQUEST >> 20} MB\n", status=413)
        try:
            answer = await run_in_threadpool(evaluation.evaluate, data.decode())
        except (ValueError, RecursionError) as error:
            return _answer(f"{type(error).__name__}: {error}\n"[:1000], status=400)
        return _answer(answer, "application/json")

    def _refusal(self, request: Request) -> Response | None:
        """Return the response to a request that is not from the page; None if it is."""
        host = request.headers.get("host", "")
        if host not in self._hosts or request.headers.get("sec-fetch-site") == "cross-site":
            return _answer(_OWN_PAGE, status=403)
        given = request.path_params["token"].encode("utf-8", "surrogateescape")
        if not hmac.compare_digest(given, self._token):
            return _answer("not found\n", status=404)
        if request.method == "POST" and request.headers.get("origin") != f"http://{host}":
            return _answer(_OWN_PAGE, status=403)
        return None


def _answer(
    content: str | bytes,
    media_type: str = "text/plain",
    *,
    status: int = 200,
    headers: dict[str, str] | None = None,
) -> Response:
    return Response(content, status, {**_HEADERS, **(headers or {})}, media_type)
