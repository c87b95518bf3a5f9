"""Decides whether to search before decoding: a batch measures which is faster."""

from __future__ import annotations

from filterpatterns.codegen.functions import Generated

CHUNK = 1024
"""The number of records that a loop handles at a time: memory is bounded, and the overhead is
negligible."""

_SAMPLES = (16, 32)
"""The number of records that are matched in each way, in turn, to measure which is faster. The
first round is for warming up: CPython runs new code more slowly, and caches are cold."""

_RECORDS_PER_SAMPLE = 16 * CHUNK
"""The number of records after which this is measured again: the contents of a queue change."""

_WAYS = (True, False)


class Ways:
    """Decides how to match a batch: in whichever way was faster in the last samples.

    How much a search saves depends on the payloads: how many contain the text, how early, and how
    much there is to decode. So it is measured.
    """

    def __init__(self, generated: Generated | None) -> None:
        self._times: list[float] = []
        self._left = 0
        self._is_open = generated is not None and generated.can_look
        self.size, self.look = CHUNK, False
        """Return how many records to handle next, and whether to search before decoding."""
        if self._is_open:
            self._go_on()

    def took(self, seconds: float, records: int) -> None:
        """Record how long the last records took."""
        if not self._is_open:
            return
        if self._left:
            self._left = max(0, self._left - records)
            if self._left:
                return
            del self._times[len(_WAYS) :]  # sample again; the code is already warm
        else:
            self._times.append(seconds / records)
        self._go_on()

    def _go_on(self) -> None:
        turn, way = divmod(len(self._times), len(_WAYS))
        if turn < len(_SAMPLES):
            self.size, self.look = _SAMPLES[turn], _WAYS[way]
        else:
            self.size, self._left = CHUNK, _RECORDS_PER_SAMPLE
            looking, decoding = self._times[-len(_WAYS) :]
            self.look = looking <= decoding
