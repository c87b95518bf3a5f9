"""Tracks the messages that we hold, and until when: none may come back while we work on it."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import Final

from filterpatterns.integrations.sqs.records import Message

_EXTEND_AFTER: Final = 0.5
"""The fraction of its invisible time after which a message is extended."""


class HeldMessages:
    """Messages that were received but neither deleted nor returned. Threads may share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: dict[Message, tuple[float, int]] = {}

    def __len__(self) -> int:
        return len(self._held)

    def hold(self, messages: Iterable[Message], since: float, seconds: int) -> None:
        """Note that messages are invisible for a number of seconds from a given time on."""
        with self._lock:
            for message in messages:
                self._held[message] = (since + seconds, seconds)

    def extended(self, messages: Iterable[Message], since: float, seconds: int) -> None:
        """Like `hold`, but only for those that are still held."""
        with self._lock:
            for message in messages:
                if message in self._held:
                    self._held[message] = (since + seconds, seconds)

    def drop(self, messages: Iterable[Message]) -> dict[Message, float]:
        """Stop holding messages. Return the times when those that were held become visible."""
        with self._lock:
            found = {message: self._held.pop(message, None) for message in messages}
        return {message: held[0] for message, held in found.items() if held is not None}

    def drop_all(self) -> list[Message]:
        """Stop holding all messages. Return those that were held."""
        with self._lock:
            found, self._held = list(self._held), {}
        return found

    def due(self, now: float) -> dict[int, list[Message]]:
        """The messages whose time is half over, by the seconds by which to extend each."""
        found: dict[int, list[Message]] = {}
        with self._lock:
            for message, (deadline, seconds) in self._held.items():
                if deadline - now <= seconds * _EXTEND_AFTER:
                    found.setdefault(seconds, []).append(message)
        return found
