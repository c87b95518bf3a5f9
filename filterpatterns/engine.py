"""Matcher -> the functions behind a Filter: generated where possible, interpreted otherwise."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any, Literal

from filterpatterns.codegen import Generated
from filterpatterns.decoding import Unsupported
from filterpatterns.errors import RecordError
from filterpatterns.evaluation import Reason, verdict
from filterpatterns.tree import Matcher

OnError = Literal["raise", "drop"]

_CHUNK = 1024
"""Records that a loop takes at a time: its memory is bounded, and its overhead is nothing."""

_SAMPLE = 64
"""Records of a batch in which the prefilter proves its worth."""

_WORTH = 0.5
"""The share of payloads that may pass the prefilter: a look costs about half of decoding, so that
beyond half it costs more than it saves (docs/performance.md has the measurement)."""

_BLIND_CHUNKS = 16
"""Chunks that are decoded without a look before the next sample."""


class Engine:
    """Judges records for one matcher. Functions are generated at the first call that needs them."""

    def __init__(self, matcher: Matcher) -> None:
        self._matcher = matcher
        self._lock = threading.Lock()
        self._generated: Generated | None = None
        self._tried = False

    def interpret(self, record: Any) -> bool:
        """Whether a record is kept, by the reference interpreter.

        Raises:
            RecordError: the record cannot be judged.
        """
        return verdict(self._matcher, record)[0] is Reason.MATCH

    def generated(self) -> Generated | None:
        """The generated functions; None for the few patterns that only the interpreter serves."""
        if not self._tried:
            with self._lock:
                if not self._tried:
                    try:
                        self._generated = Generated(self._matcher, self.interpret)
                    except Unsupported:
                        self._generated = None
                    self._tried = True
        return self._generated

    def single(self) -> Callable[[Any], bool]:
        """The function that judges one record."""
        generated = self.generated()
        return self.interpret if generated is None else generated.single()

    def run(
        self,
        result: str,
        records: Iterable[Any],
        on_error: OnError,
        keep: Callable[[Any], None],
        drop: Callable[[Any], None] | None = None,
    ) -> None:
        """Judge a batch for a result ("filter", "partition", "mask"), in order.

        Raises:
            RecordError: a record cannot be judged, and `on_error` is "raise"; with its index.
        """
        if on_error not in ("raise", "drop"):
            raise ValueError(f'on_error is "raise" or "drop", found {on_error!r}')
        slow = self.interpret if on_error == "raise" else self._interpret_leniently
        generated = self.generated()
        done = 0
        blind = 0  # chunks to decode without a look
        for chunk in _chunks(records):
            try:
                if generated is None:
                    self._interpret_all(result, chunk, keep, drop, slow)
                else:
                    blind = _run_chunk(generated, result, chunk, keep, drop, slow, blind)
            except RecordError as error:
                raise RecordError(error.message, done + self._first_bad(chunk)) from None
            done += len(chunk)

    def _interpret_leniently(self, record: Any) -> bool:
        try:
            return self.interpret(record)
        except RecordError:
            return False

    def _interpret_all(
        self,
        result: str,
        chunk: list[Any],
        keep: Callable[[Any], None],
        drop: Callable[[Any], None] | None,
        slow: Callable[[Any], bool],
    ) -> None:
        for record in chunk:
            kept = slow(record)
            if result == "mask":
                keep(kept)
            elif kept:
                keep(record)
            elif drop is not None:
                drop(record)

    def _first_bad(self, chunk: list[Any]) -> int:
        """The place of the first record in a chunk that cannot be judged."""
        for index, record in enumerate(chunk):
            try:
                self.interpret(record)
            except RecordError:
                return index
        raise AssertionError("a record was refused once and taken once")


def _chunks(records: Iterable[Any]) -> Iterator[list[Any]]:
    iterator = iter(records)
    chunk = list(islice(iterator, _SAMPLE))
    while chunk:
        yield chunk
        chunk = list(islice(iterator, _CHUNK))


def _run_chunk(
    generated: Generated,
    result: str,
    chunk: list[Any],
    keep: Callable[[Any], None],
    drop: Callable[[Any], None] | None,
    slow: Callable[[Any], bool],
    blind: int,
) -> int:
    """Run the loop that suits; gives how many of the next chunks to decode without a look."""
    kind = "text" if chunk[0].__class__ in (str, bytes) else "dict"
    look = generated.can_look and not blind
    passed = generated.loop(result, kind, look)(chunk, keep, drop, slow)
    if not look:
        return max(0, blind - 1)
    return _BLIND_CHUNKS if passed > _WORTH * len(chunk) else 0
