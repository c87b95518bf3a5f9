"""Whether to look before decoding: a batch measures which is faster."""

from __future__ import annotations

from filterpatterns.codegen.functions import Generated

CHUNK = 1024
"""Records that a loop takes at a time: its memory is bounded, and its overhead is nothing."""

_SAMPLES = (16, 32)
"""Records that are matched in each way, one after the other, to see which is faster. The first
round is for warming up: CPython runs new code slower, and caches are cold."""

_RECORDS_PER_SAMPLE = 16 * CHUNK
"""Records after which that is tried again: what a queue carries changes."""

_WAYS = (True, False)


class Ways:
    """How to match a batch: in whichever way was faster in the last samples of it.

    How much a look saves depends on the payloads: how many have what is looked for, how early, how
    much there is to decode. So it is measured.
    """

    def __init__(self, generated: Generated | None) -> None:
        self._times: list[float] = []
        self._left = 0
        self._is_open = generated is not None and generated.can_look
        self.size, self.look = CHUNK, False
        """How many records to take next, and whether to look at them before decoding."""
        if self._is_open:
            self._go_on()

    def took(self, seconds: float, records: int) -> None:
        """Told how long the last records took."""
        if not self._is_open:
            return
        if self._left:
            self._left = max(0, self._left - records)
            if self._left:
                return
            del self._times[len(_WAYS) :]  # sample again; the code is warm already
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
