"""Creates msgspec decoders one at a time."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import Any

import msgspec

_one_at_a_time = Lock()
"""The first decoder for a Struct type fills in msgspec's internal information about the type, and
runs Python code while it does. If a second thread creates a decoder for the same type in the
meantime, the information is incomplete, and decoding crashes the process (msgspec 0.22)."""


def make_decoder(
    kind: Any, float_hook: Callable[[str], Any] | None = None
) -> msgspec.json.Decoder[Any]:
    """Return a decoder of JSON texts into a type. Threads may create decoders for the same
    types."""
    with _one_at_a_time:
        return msgspec.json.Decoder(kind, float_hook=float_hook)
