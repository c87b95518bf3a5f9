"""Makes msgspec's decoders, one at a time."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import Any

import msgspec

_one_at_a_time = Lock()
"""The first decoder for a Struct type fills in what msgspec keeps about that type, and runs Python
code meanwhile. A second thread that makes a decoder for the type then gets half of it, and the
process crashes when it decodes (msgspec 0.22)."""


def make_decoder(
    kind: Any, float_hook: Callable[[str], Any] | None = None
) -> msgspec.json.Decoder[Any]:
    """Return a decoder of JSON texts into a type; threads may make some for the same types."""
    with _one_at_a_time:
        return msgspec.json.Decoder(kind, float_hook=float_hook)
