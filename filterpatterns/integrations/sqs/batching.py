"""Messages -> batches: when a batch is complete, and which messages must wait for others.

Only state: no threads and no clock. Every method is given the present moment, in seconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from msgspec import Struct

from filterpatterns.integrations.sqs.mapping import MAX_EVENT_BYTES
from filterpatterns.integrations.sqs.records import Message

_EVENT: Final = len('{"Records":[]}')
_COMMA: Final = 1
_SHORT: Final = 2.0
"""Seconds that a message may wait here for a failed one."""


class Batch(Struct, frozen=True, eq=False):
    """The messages of one call of the function; `size` is that of the event, in bytes."""

    messages: tuple[Message, ...]
    size: int

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of the messages."""
        return tuple(message.id for message in self.messages)


class Batching:
    """The messages that wait for the function.

    A batch is complete when it has `batch_size` messages, when the next message would not fit into
    `max_bytes`, or when its window has passed, which opens when there is a message and somebody
    asks for a batch. Of a FIFO queue, messages of a group that is being handled wait, and so do
    those that come after a failed one, until it is back, or should be.
    """

    def __init__(
        self,
        batch_size: int,
        window: float = 0,
        *,
        is_fifo: bool = False,
        max_bytes: int = MAX_EVENT_BYTES,
    ) -> None:
        self._batch_size = batch_size
        self._window = window
        self._is_fifo = is_fifo
        self._max_bytes = max_bytes
        self._waiting: list[Message] = []
        self._opened: float | None = None
        self._busy: set[str | None] = set()
        self._failed: dict[str | None, dict[str, tuple[int, float]]] = {}
        self.waiting_bytes = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, messages: Iterable[Message], now: float) -> dict[Message, float]:
        """Take messages in, in the order in which they were received.

        Returns:
            Those that are to be given back, since one of their group that came before them has
            failed, and the moment until which they must wait.
        """
        for message in messages:
            self._failed.get(message.group, {}).pop(message.id, None)  # it is back, and not late
            self._waiting.append(message)
            self.waiting_bytes += message.size
        if self._is_fifo:
            self._waiting.sort(key=lambda message: message.sequence)
        return self._take_held_back(now)

    def next_batch(self, now: float, *, flush: bool = False) -> Batch | None:
        """The next batch, if one is complete; `flush`: do not wait for the window's end."""
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
        """The next moment when there may be a batch although nothing else happens."""
        moments = [until for failed in self._failed.values() for _, until in failed.values()]
        if self._opened is not None:
            moments.append(self._opened + self._window)
        return min((moment for moment in moments if moment > now), default=None)

    def finished(self, batch: Batch) -> None:
        """The batch is no longer being handled: its groups may go on."""
        self._busy -= {message.group for message in batch.messages}

    def failed(self, failed: Mapping[Message, float], now: float) -> dict[Message, float]:
        """Note messages that were not handled, and the moments when they are back at the latest.

        Returns:
            Messages that wait, and are to be given back; as `add`.
        """
        if not self._is_fifo:
            return {}
        for message, until in failed.items():
            self._failed.setdefault(message.group, {})[message.id] = (message.sequence, until)
        return self._take_held_back(now)

    def take_all(self) -> list[Message]:
        """Every message that waits; none waits any longer."""
        waiting, self._waiting = self._waiting, []
        self.waiting_bytes = 0
        self._opened = None
        return waiting

    def _choose(self, now: float) -> tuple[list[Message], int, bool]:
        """The messages that a batch would have now, its size, and whether no other would fit."""
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
        """The messages that would wait for long: they wait no more, and are to be given back.

        A server does not deliver the failed one while we have others of its group. Those that come
        when it is late already, and may be in the dead-letter queue, wait here for a moment.
        """
        held_back = {}
        for message in self._waiting:
            until = self._held_until(message, now)
            if until is not None and until - now > _SHORT:
                held_back[message] = until
        self._waiting = [message for message in self._waiting if message not in held_back]
        self.waiting_bytes -= sum(message.size for message in held_back)
        return held_back

    def _held_until(self, message: Message, now: float) -> float | None:
        """Until when a message waits for failed ones before it; None if it need not.

        One that should be back by now holds up nobody any longer.
        """
        failed = self._failed.get(message.group)
        if not failed:
            return None
        return max(
            (
                until
                for sequence, until in failed.values()
                if sequence < message.sequence and until > now
            ),
            default=None,
        )
