"""Which way through generated code is faster, measured while a batch is matched."""

from __future__ import annotations

from filterpatterns.codegen.functions import Generated

CHUNK = 1024
"""Records that a loop takes at a time: its memory is bounded, and its overhead is negligible."""

_SAMPLES = (16, 32)
"""Records that are evaluated in each way, one after the other, to find the fastest. The first
round is for warming up: CPython runs new code more slowly, and caches are cold."""

_FIRST = 32
"""Records of a batch that are evaluated before the ways to decode numbers are compared."""

_RECORDS_PER_SAMPLE = 16 * CHUNK
"""Records after which that is repeated, since the content of a queue changes."""


_Way = tuple[bool, bool | None]
"""Whether to look before decoding, and whether to decode numbers as texts at once; None leaves the
latter to each payload's length."""


class PrefilterTuner:
    """How to evaluate a batch: in the way that was fastest in its last samples.

    How much a look saves depends on the payloads: how many have what is searched for, how early,
    and how much there is to decode. The same is true of keeping the texts of all numbers, or
    decoding again the few payloads for which a float decides. So it is measured.
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
        """Record how long the last records took; `size` and `now` are for the next records."""
        if len(self._ways) == 1:
            return
        if self.now[1] is None:
            self._go_on()
            return
        if self._left:
            self._left = max(0, self._left - records)
            if self._left:
                return
            del self._times[len(self._ways) :]  # sample again; the code is already warm
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
