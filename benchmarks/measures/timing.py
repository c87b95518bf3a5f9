"""Interleaved timing: disturbances affect every engine, and ratios are computed within a round."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from statistics import median
from time import perf_counter

from benchmarks.measures.engines import ENGINES, built
from benchmarks.workloads.cases import Case, workload


@dataclass(frozen=True)
class Result:
    """The times of a case: seconds per record, for each engine and round; and the excluded
    engines."""

    case: Case
    body_bytes: int
    times: dict[str, list[float]] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)

    def microseconds(self, engine: str) -> float | None:
        """The median round, per record."""
        return median(self.times[engine]) * 1e6 if engine in self.times else None

    def best(self, engine: str) -> float | None:
        """The fastest round, per record, in microseconds."""
        return min(self.times[engine]) * 1e6 if engine in self.times else None

    def ratio(self, engine: str, baseline: str) -> float | None:
        """How many times as fast as the baseline it is: the median of the rounds' ratios."""
        if engine not in self.times or baseline not in self.times:
            return None
        pairs = zip(self.times[baseline], self.times[engine], strict=True)
        return median(slow / fast for slow, fast in pairs)


@contextmanager
def gc_off() -> Iterator[None]:
    """Collects garbage, and then not again until the end."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def measure(case: Case, rounds: int) -> Result:
    """Times every engine on a case, once per round, in rotating order, with new strings each time.

    Raises:
        DisagreementError: an engine is wrong, so that its speed would be meaningless.
    """
    work = workload(case)
    result = Result(case, work.body_bytes)
    running = []
    for engine in ENGINES:
        run, reason = built(engine, case)
        if run is None:
            result.left_out[engine.name] = reason
        else:
            running.append((engine, run))
            result.times[engine.name] = []
    with gc_off():
        for number in range(-1, rounds):  # the round before the first is for warming up
            turn = number % len(running)
            for engine, run in running[turn:] + running[:turn]:
                given = engine.prepare(engine.records(work))
                start = perf_counter()
                kept = run(given)
                elapsed = perf_counter() - start
                if number >= 0:
                    result.times[engine.name].append(elapsed / len(given))
                del given, kept
    return result
