"""Forms batches: when a batch is complete, and which messages must wait for others.

This is only state, without threads or a clock. Every method is passed the current time in seconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from msgspec import Struct

from filterpatterns.integrations.sqs.mapping import MAX_EVENT_BYTES
from filterpatterns.integrations.sqs.records import Message

_EVENT: Final = len('{"Records":[]}')
_COMMA: Final = 1

LATE: Final = 1.0
"""Seconds after which a message that is visible again should have been received."""

_TOLERANCE: Final = 0.5
"""Seconds by which a server's clock may be ahead of ours, including rounding to whole seconds."""


class Batch(Struct, frozen=True, eq=False):
    """The messages for one call of the function; `size` is the size of the event in bytes."""

    messages: tuple[Message, ...]
    size: int

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of the messages."""
        return tuple(message.id for message in self.messages)


class Batching:
    """The messages that are waiting for the function.

    A batch is complete when it has `batch_size` messages, when the next message would exceed
    `max_bytes`, or when its window has passed. The window opens when there is a message and a batch
    is requested. In a FIFO queue, messages wait while their group is being handled, and after a
    failed message of their group until it is back, or should be. `max_receive_count` is that of the
    queue's redrive policy.
    """

    def __init__(
        self,
        batch_size: int,
        window: float = 0,
        *,
        is_fifo: bool = False,
        max_bytes: int = MAX_EVENT_BYTES,
        max_receive_count: int | None = None,
    ) -> None:
        self._batch_size = batch_size
        self._window = window
        self._is_fifo = is_fifo
        self._max_bytes = max_bytes
        self._max_receive_count = max_receive_count
        self._waiting: list[Message] = []
        self._opened: float | None = None
        self._busy: set[str | None] = set()
        self._failed: dict[str | None, dict[str, float]] = {}
        self._places: dict[str, int] = {}
        self._next_place = 0
        self._came_early: dict[str | None, set[str]] = {}
        self.waiting_bytes = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, messages: Iterable[Message], now: float) -> dict[Message, float]:
        """Add messages in the order in which they were received.

        Returns:
            Those that must be returned because an earlier message of their group has failed, and
            the time when they may become visible.
        """
        for message in messages:
            self._waiting.append(message)
            self.waiting_bytes += message.size
            if self._is_fifo:
                self._is_back(message)
                # Not the SequenceNumber, which some servers make up.
                self._places.setdefault(message.id, self._next_place)
                self._next_place += 1
        if not self._is_fifo:
            return {}
        self._waiting.sort(key=lambda message: self._places[message.id])
        return self._take_held_back(now)

    def next_batch(self, now: float, *, flush: bool = False) -> Batch | None:
        """Return the next batch, if one is complete; `flush`: do not wait for the end of the
        window."""
        if not self._waiting:
            return None
        if self._opened is None:
            self._opened = now
        chosen, size, is_full = self._choose(now)
        is_over = flush or now >= self._opened + self._window
        if not chosen or not (is_full or is_over):
            return None
        self._opened = None
        taken = set(map(id, chosen))
        self._waiting = [message for message in self._waiting if id(message) not in taken]
        self.waiting_bytes -= sum(message.size for message in chosen)
        if self._is_fifo:
            self._busy |= {message.group for message in chosen}
        return Batch(tuple(chosen), size)

    def wake_at(self, now: float) -> float | None:
        """The next time at which a batch may become complete without any other event."""
        moments = [until for failed in self._failed.values() for until in failed.values()]
        if self._opened is not None:
            moments.append(self._opened + self._window)
        return min((moment for moment in moments if moment > now), default=None)

    def finished(self, batch: Batch) -> None:
        """Note that a batch is no longer being handled, so that its groups may continue."""
        self._busy -= {message.group for message in batch.messages}
        for message in batch.messages:
            if message.id not in self._failed.get(message.group, ()):
                self._places.pop(message.id, None)

    def failed(self, failed: Mapping[Message, float], now: float) -> dict[Message, float]:
        """Note messages that were not handled, and the times when they become visible.

        Returns:
            Waiting messages that must be returned, like `add`.
        """
        if not self._is_fifo:
            return {}
        for message, visible in failed.items():
            self._failed.setdefault(message.group, {})[message.id] = visible + LATE
        self._forget_the_late(now)
        return self._take_held_back(now)

    def take_all(self) -> list[Message]:
        """Remove and return all waiting messages."""
        waiting, self._waiting = self._waiting, []
        self.waiting_bytes = 0
        self._opened = None
        return waiting

    def _choose(self, now: float) -> tuple[list[Message], int, bool]:
        """The messages that a batch would have now, its size, and whether no other message would
        fit."""
        chosen: list[Message] = []
        size = _EVENT
        for message in self._waiting:
            if self._is_fifo and (message.group in self._busy or self._held_until(message, now)):
                continue
            grown = size + message.size + (_COMMA if chosen else 0)
            if chosen and grown > self._max_bytes:
                return chosen, size, True
            chosen.append(message)
            size = grown
            if len(chosen) == self._batch_size:
                return chosen, size, True
        return chosen, size, size >= self._max_bytes

    def _take_held_back(self, now: float) -> dict[Message, float]:
        """The messages that wait for a failed one. They must be returned, since a server does not
        deliver the failed message while we hold others of its group.

        But not if the server would then move them to the dead-letter queue, and only once if the
        failed message should already be visible: it may be in the dead-letter queue, and each
        return counts as a receive. Such messages wait here.
        """
        held_back = {}
        for message in self._waiting:
            until = self._held_until(message, now)
            if until is None or message.receive_count == self._max_receive_count:
                continue
            visible = until - LATE
            if visible <= now + _TOLERANCE:
                visible = now
                early = self._came_early.setdefault(message.group, set())
                if message.id in early:
                    continue
                early.add(message.id)
            held_back[message] = visible
        self._waiting = [message for message in self._waiting if message not in held_back]
        self.waiting_bytes -= sum(message.size for message in held_back)
        return held_back

    def _is_back(self, message: Message) -> None:
        """Note that a message was received, which may be one that has failed."""
        failed = self._failed.get(message.group)
        if failed is not None and failed.pop(message.id, None) is not None and not failed:
            del self._failed[message.group]
            self._came_early.pop(message.group, None)

    def _held_until(self, message: Message, now: float) -> float | None:
        """The time until which a message waits for earlier failed ones; None if it need not wait.

        An overdue message no longer blocks others.
        """
        failed = self._failed.get(message.group)
        if not failed:
            return None
        place = self._places[message.id]
        return max(
            (until for name, until in failed.items() if until > now and self._places[name] < place),
            default=None,
        )

    def _forget_the_late(self, now: float) -> None:
        """Forget overdue messages, which may be in the dead-letter queue and never come back."""
        waiting = {message.id for message in self._waiting}
        for group, failed in list(self._failed.items()):
            for name in [name for name, until in failed.items() if until <= now]:
                del failed[name]
                if name not in waiting:
                    self._places.pop(name, None)
            if not failed:
                del self._failed[group]
                self._came_early.pop(group, None)
