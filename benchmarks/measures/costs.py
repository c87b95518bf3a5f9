"""Measurements that are not cases: importing, compiling, long arrays, memory."""

from __future__ import annotations

import gc
import json
import math
import os
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import filterpatterns
from benchmarks.measures.engines import ENGINES, FILTER, HAND, built
from benchmarks.measures.timing import gc_off
from benchmarks.workloads.cases import CASES, EXPRESS, REFUNDED, Case, workload
from benchmarks.workloads.data import Body, Record, fresh

_HEAVY = ("lark", "click", "rich")
_IN_A_NEW_PROCESS = f"""
import sys
from time import perf_counter
start = perf_counter()
import filterpatterns
imported = perf_counter()
heavy = [name for name in {_HEAVY!r} if name in sys.modules]
filterpatterns.compile({{"body": {{"status": ["failed"]}}}})
compiled = perf_counter()
print(imported - start, compiled - imported, *heavy)
"""


@dataclass(frozen=True)
class Startup:
    """Of a new process: importing, the first compile (milliseconds); heavy modules imported."""

    import_ms: float
    first_compile_ms: float
    heavy_modules: tuple[str, ...]


def startup(repetitions: int) -> Startup:
    """Imports filterpatterns in new processes; the medians."""
    root = str(Path(__file__).resolve().parents[2])
    path = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))
    imports, compiles, heavy = [], [], set()
    for _ in range(repetitions + 1):
        output = subprocess.run(
            [sys.executable, "-c", _IN_A_NEW_PROCESS],
            env={**os.environ, "PYTHONPATH": path},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.split()
        imports.append(float(output[0]) * 1e3)
        compiles.append(float(output[1]) * 1e3)
        heavy.update(output[2:])
    # the first process may have had to write byte code
    return Startup(median(imports[1:]), median(compiles[1:]), tuple(sorted(heavy)))


_serial = count()


def new_pattern(pattern: dict[str, Any]) -> str:
    """The pattern's text with a new value, so that it is not in any cache."""
    varied = {**pattern, "body": {**pattern["body"], "region": [f"eu-{next(_serial)}"]}}
    return json.dumps(varied)


def compile_ms(pattern: dict[str, Any], repetitions: int) -> float:
    """The median time to compile a similar pattern that is not in the cache."""
    times = []
    for _ in range(repetitions + 1):
        text = new_pattern(pattern)
        start = perf_counter()
        filterpatterns.compile(text)
        times.append(perf_counter() - start)
    return median(times[1:]) * 1e3


PATTERNS = {"one field": REFUNDED.pattern, "three fields": EXPRESS.pattern}


@dataclass(frozen=True)
class Arrays:
    """A pattern and bodies with n elements in arrays: all must be visited, and none matches."""

    name: str
    pattern: dict[str, Any]
    body: Callable[[int], Body]

    def record(self, size: int) -> Record:
        """A record with so many elements, its body a new string."""
        return {"messageId": "1", "body": json.dumps(self.body(size))}


_PAIR = {"a": ["x"], "b": ["y"]}
_HALVES = ({"a": "x", "b": "n"}, {"a": "n", "b": "y"})


def _halves(n: int) -> list[Body]:
    """Objects that each satisfy one half of the pair."""
    return [_HALVES[index % 2] for index in range(n)]


def _chunks(things: list[Any], size: int) -> list[list[Any]]:
    return [things[index : index + size] for index in range(0, len(things), size)]


ARRAYS: tuple[Arrays, ...] = (
    Arrays(
        "strings",
        {"tags": ["wanted"]},
        lambda n: {"tags": [f"t{index}" for index in range(n)], "other": "wanted"},
    ),
    Arrays(
        "numbers",
        {"values": [{"numeric": [">", 1_000_000]}]},
        lambda n: {"values": list(range(n))},
    ),
    Arrays(
        "arrays of strings",
        {"tags": ["wanted"]},
        lambda n: {"tags": _chunks([f"t{index}" for index in range(n)], 10), "other": "wanted"},
    ),
    Arrays("objects", {"items": _PAIR}, lambda n: {"items": _halves(n)}),
    Arrays("arrays of objects", {"items": _PAIR}, lambda n: {"items": _chunks(_halves(n), 10)}),
    Arrays(
        "objects in objects",
        {"groups": {"name": ["g"], "items": _PAIR}},
        lambda n: {"groups": [{"name": "g", "items": each} for each in _chunks(_halves(n), 10)]},
    ),
    Arrays(
        "two arrays",
        {"left": {"a": ["x"]}, "right": {"b": ["z"]}},
        lambda n: {"left": [{"a": "x"}] * (n // 2), "right": [{"b": "y"}] * (n // 2), "other": "z"},
    ),
    Arrays(
        "objects, exists: false",
        {"items": {"a": ["x"], "b": [{"exists": False}]}},
        lambda n: {"items": [{"a": "x", "b": 1}] * n},
    ),
    Arrays(
        "objects, names with dots",
        {"items": {"k": _PAIR}},
        lambda n: {"items": [{"k.a": half["a"], "k.b": half["b"]} for half in _halves(n)]},
    ),
)


@dataclass(frozen=True)
class Scaling:
    """The time of `matches` by the number of elements, and the exponent of its growth."""

    name: str
    sizes: tuple[int, ...]
    milliseconds: tuple[float, ...]

    @property
    def slope(self) -> float:
        """1 is linear, 2 is quadratic: least squares over the logarithms."""
        xs = [math.log(size) for size in self.sizes]
        ys = [math.log(time) for time in self.milliseconds]
        x, y = sum(xs) / len(xs), sum(ys) / len(ys)
        products = sum((a - x) * (b - y) for a, b in zip(xs, ys, strict=True))
        return products / sum((a - x) ** 2 for a in xs)


def scaling(arrays: Arrays, sizes: tuple[int, ...], repetitions: int) -> Scaling:
    """The fastest of some calls for each size; a size that takes long is called less often."""
    keeps = filterpatterns.compile({"body": arrays.pattern}).matches
    times = []
    for size in sizes:
        best, spent = math.inf, 0.0
        for _ in range(repetitions):
            given = arrays.record(size)
            with gc_off():
                start = perf_counter()
                kept = keeps(given)
                elapsed = perf_counter() - start
            if kept:
                raise AssertionError(f"{arrays.name}: nothing here should match")
            best, spent = min(best, elapsed), spent + elapsed
            if spent > 1.0:
                break
        times.append(best * 1e3)
    return Scaling(arrays.name, sizes, tuple(times))


@dataclass(frozen=True)
class Memory:
    """The peak of memory allocated during a batch call beyond the records, in KiB."""

    case: str
    records: int
    records_kib: float
    filter_kib: float
    by_hand_kib: float


def memory(case: Case, times: int) -> Memory:
    """One call of each over the case's records, repeated so many times, as new strings."""
    made = workload(case).records
    size = sum(len(record["body"].encode()) for record in made) * times / 1024
    peaks = {}
    for engine in ENGINES:
        run, _ = built(engine, case) if engine.name in (FILTER, HAND) else (None, "")
        if run is not None:
            peaks[engine.name] = _peak(run, [r for _ in range(times) for r in fresh(made)])
    return Memory(case.name, len(made) * times, size, peaks[FILTER], peaks[HAND])


def _peak(run: Callable[[list[Record]], list[Record]], records: list[Record]) -> float:
    run(records[:10])
    gc.collect()
    tracemalloc.start()
    try:
        kept = run(records)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    del kept
    return peak / 1024


def memory_cases() -> list[Case]:
    """An ASCII case, and one whose strings get a UTF-8 form when a decoder asks for it."""
    names = ("medium exact, 1%", "medium numeric, 10%", "medium numeric, UTF-8")
    return [case for case in CASES if case.name in names]
