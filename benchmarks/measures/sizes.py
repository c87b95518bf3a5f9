"""How the CPU time and the memory of a call grow with the size of what it gets."""

from __future__ import annotations

import gc
import itertools
import math
import os
import re
import shutil
import subprocess
import time
import tracemalloc
from collections.abc import Callable, Sequence
from typing import Any

_ENOUGH_SECONDS = 0.3
"""Cases that take longer are not repeated."""


def best_seconds(ask: Callable[[], Any], times: int = 5) -> float:
    taken = []
    for _ in range(times):
        taken.append(cpu_seconds(ask))
        if sum(taken) > _ENOUGH_SECONDS:
            break
    return min(taken)


def cpu_seconds(ask: Callable[[], Any]) -> float:
    start = time.process_time()
    ask()
    return time.process_time() - start


def with_and_without_collections(ask: Callable[[], Any], times: int = 5) -> tuple[float, float]:
    """The time as it is, and without garbage collection, for growth.

    CPython starts a full collection when so and so many objects have been added. So the first size
    that has them takes a step up, which says nothing about what happens at twice that size.
    """
    seconds = best_seconds(ask, times)
    gc.collect()
    gc.disable()
    try:
        return seconds, best_seconds(ask, times)
    finally:
        gc.enable()


_COUNTED = re.compile(rb"Collected : (\d+)")


def instructions_of(command: Sequence[str]) -> int | None:
    """The instructions that a command executes, as valgrind counts them; None without valgrind.

    Unlike time, they do not grow when what is read and written no longer fits a processor's cache.
    """
    if shutil.which("valgrind") is None:
        return None
    counting = ("valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null")
    done = subprocess.run(
        [*counting, *command],
        capture_output=True,
        check=True,
        env={**os.environ, "PYTHONHASHSEED": "0"},
    )
    found = _COUNTED.search(done.stderr)
    return None if found is None else int(found[1])


def slope_of(seconds: Sequence[float]) -> float:
    """The exponent of the time from the first size to the last, which is four times as large.
    Negligible times do not grow."""
    return math.log(seconds[-1] / seconds[0], 4) if seconds[-1] > 0.001 else 0.0


def growth_of(measured: Sequence[float], least: float) -> float:
    """The largest growth of a case when its size doubles, relative to linear."""
    steps = itertools.pairwise(measured)
    return max(after / max(2 * before, least) for before, after in steps)


def peak_bytes(ask: Callable[[], Any]) -> int:
    tracemalloc.start()
    ask()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak
