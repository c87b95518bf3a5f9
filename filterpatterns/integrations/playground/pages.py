"""The built page, for both ways to run it."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Final, Literal

Engine = Literal["server", "pyodide"]

STATIC: Final = Path(__file__).parent / "static"
"""The folder with the built page."""

_POLICY: Final = (
    "default-src 'none'; script-src 'self'{wasm}; worker-src 'self'; connect-src 'self'; "
    "style-src 'self' 'nonce-{nonce}'; style-src-attr 'unsafe-inline'; "
    "img-src 'self' data:; base-uri 'none'; form-action 'none'"
)
"""Scripts only from files. The editor creates styles, which need the nonce; Chromium itself creates
style attributes when a selection is overwritten."""


def page(engine: Engine) -> tuple[str, str]:
    """Return the HTML of the page, and its Content-Security-Policy, which is also in the HTML.

    Args:
        engine: what evaluates patterns: the server that serves the page, or Pyodide in the browser.
    """
    nonce = secrets.token_urlsafe(16)
    wasm = " 'wasm-unsafe-eval'" if engine == "pyodide" else ""
    policy = _POLICY.format(wasm=wasm, nonce=nonce)
    text = (STATIC / "index.html").read_text(encoding="utf-8")
    for mark, value in (("@POLICY@", policy), ("@NONCE@", nonce), ("@ENGINE@", engine)):
        text = text.replace(mark, value)
    return text, policy
