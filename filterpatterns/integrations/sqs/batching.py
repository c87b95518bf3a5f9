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
    those that come after a failed one.
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
            Those that must not be handled yet, since one of their group that came before them has
            failed, and the moment when that one comes back.
        """
        held_back: dict[Message, float] = {}
        for message in messages:
            until = self._held_until(message, now) if self._is_fifo else None
            if until is not None:
                held_back[message] = until
                continue
            self._waiting.append(message)
            self.waiting_bytes += message.size
        if self._is_fifo:
            self._waiting.sort(key=lambda message: message.sequence)
        return held_back

    def next_batch(self, now: float, *, flush: bool = False) -> Batch | None:
        """The next batch, if one is complete; `flush`: do not wait for the window's end."""
        if not self._waiting:
            return None
        if self._opened is None:
            self._opened = now
        chosen, size, is_full = self._choose()
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

    def window_end(self) -> float | None:
        """The moment when the open window ends; None if none is open."""
        return None if self._opened is None else self._opened + self._window

    def finished(self, batch: Batch) -> None:
        """The batch is no longer being handled: its groups may go on."""
        self._busy -= {message.group for message in batch.messages}

    def failed(self, failed: Mapping[Message, float], now: float) -> dict[Message, float]:
        """Note messages that were not handled, and the moments when they come back.

        Returns:
            Messages that wait, came after one of these, and are to be made visible again; as `add`.
        """
        if not self._is_fifo:
            return {}
        for message, until in failed.items():
            self._failed.setdefault(message.group, {})[message.id] = (message.sequence, until)
        held_back = {}
        for message in self._waiting:
            moment = self._held_until(message, now)
            if moment is not None:
                held_back[message] = moment
        self._waiting = [message for message in self._waiting if message not in held_back]
        self.waiting_bytes -= sum(message.size for message in held_back)
        return held_back

    def take_all(self) -> list[Message]:
        """Every message that waits; none waits any longer."""
        waiting, self._waiting = self._waiting, []
        self.waiting_bytes = 0
        self._opened = None
        return waiting

    def _choose(self) -> tuple[list[Message], int, bool]:
        """The messages that a batch would have now, its size, and whether no other would fit."""
        chosen: list[Message] = []
        size = _EVENT
        for message in self._waiting:
            if self._is_fifo and message.group in self._busy:
                continue
            grown = size + message.size + (_COMMA if chosen else 0)
            if chosen and grown > self._max_bytes:
                return chosen, size, True
            chosen.append(message)
            size = grown
            if len(chosen) == self._batch_size:
                return chosen, size, True
        return chosen, size, size >= self._max_bytes

    def _held_until(self, message: Message, now: float) -> float | None:
        """When the last of the failed ones before a message comes back; None if it need not wait.

        A failed one that is received again, or should have been, holds up nobody: the server has
        it first in line, or in the dead-letter queue.
        """
        failed = self._failed.get(message.group)
        if failed is None:
            return None
        failed.pop(message.id, None)
        for name in [name for name, (_, until) in failed.items() if until <= now]:
            del failed[name]
        if not failed:
            del self._failed[message.group]
            return None
        return max(
            (until for sequence, until in failed.values() if sequence < message.sequence),
            default=None,
        )
