"""Which way to judge a batch is fastest: it is measured."""

from __future__ import annotations

from filterpatterns.codegen.functions import Generated

CHUNK = 1024
"""Records that a loop takes at a time: its memory is bounded, and its overhead is nothing."""

_SAMPLES = (16, 32)
"""Records that are judged in each way, one after the other, to see which is fastest. The first
round is for warming up: CPython runs new code slower, and caches are cold."""

_FIRST = 32
"""Records of a batch that are judged before the ways to decode numbers are compared."""

_RECORDS_PER_SAMPLE = 16 * CHUNK
"""Records after which that is tried again: what a queue carries changes."""

_Way = tuple[bool, bool | None]
"""Whether to look before decoding, and whether to decode numbers as texts at once; None leaves the
latter to each payload's length."""


class Ways:
    """How to judge a batch: in whichever way was fastest in the last samples of it.

    How much a look saves depends on the payloads: how many have what is looked for, how early, how
    much there is to decode. So does whether to keep the texts of all numbers, or to decode the few
    payloads once more that a float decides for. So it is measured.
    """

    def __init__(self, generated: Generated | None) -> None:
        tuner = (True, False) if generated is not None and generated.can_look else (False,)
        texts: tuple[bool, ...] = (False,)
        if generated is not None and generated.compares_numbers:
            texts = (False, True)
        self._ways: list[_Way] = [(look, text) for look in tuner for text in texts]
        self._times: list[float] = []
        self._left = 0
        self.size, self.now = CHUNK, self._ways[0]
        if len(texts) > 1:  # a small batch ends here
            self.size, self.now = _FIRST, (tuner[0], None)
        elif len(tuner) > 1:
            self._go_on()

    def took(self, seconds: float, records: int) -> None:
        """Told how long the last records took; `size` and `now` are for the next ones."""
        if len(self._ways) == 1:
            return
        if self.now[1] is None:
            self._go_on()
            return
        if self._left:
            self._left = max(0, self._left - records)
            if self._left:
                return
            del self._times[len(self._ways) :]  # sample again; the code is warm already
        else:
            self._times.append(seconds / records)
        self._go_on()

    def _go_on(self) -> None:
        turn, way = divmod(len(self._times), len(self._ways))
        if turn < len(_SAMPLES):
            self.size, self.now = _SAMPLES[turn], self._ways[way]
        else:
            self.size, self._left = CHUNK, _RECORDS_PER_SAMPLE
            times = self._times[-len(self._ways) :]
            self.now = self._ways[times.index(min(times))]
