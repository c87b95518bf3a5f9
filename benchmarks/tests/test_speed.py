"""The cases under pytest-benchmark: a group for each case, an entry for each engine."""

from __future__ import annotations

from typing import Any

import pytest

import filterpatterns
from benchmarks.measures.costs import ARRAYS, PATTERNS, Arrays, new_pattern
from benchmarks.measures.engines import ENGINES, Engine, built
from benchmarks.workloads.cases import CASES, Case, workload

pytest.importorskip("pytest_benchmark")

SHARE = 0.1
"""Of a case's records: one number for all engines, as pytest-benchmark compares whole calls."""


@pytest.mark.benchmark(disable_gc=True)
@pytest.mark.parametrize("engine", ENGINES, ids=lambda engine: engine.name)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_batch(benchmark: Any, case: Case, engine: Engine) -> None:
    run, reason = built(engine, case)
    if run is None:
        pytest.skip(reason)
    records, _ = workload(case).sample(SHARE)
    benchmark.group = case.name
    benchmark.extra_info["records"] = len(records)
    benchmark.pedantic(
        run, setup=lambda: ((engine.prepare(records),), {}), rounds=10, warmup_rounds=1
    )


@pytest.mark.parametrize("name", PATTERNS)
def test_compile(benchmark: Any, name: str) -> None:
    benchmark.group = "compile, not in the cache"
    benchmark.pedantic(
        filterpatterns.compile,
        setup=lambda: ((new_pattern(PATTERNS[name]),), {}),
        rounds=20,
        warmup_rounds=1,
    )


@pytest.mark.benchmark(disable_gc=True)
@pytest.mark.parametrize("size", [1000, 8000])
@pytest.mark.parametrize("arrays", ARRAYS, ids=lambda arrays: arrays.name)
def test_long_array(benchmark: Any, arrays: Arrays, size: int) -> None:
    compiled = filterpatterns.compile({"body": arrays.pattern})
    benchmark.group = f"array of {arrays.name}"
    benchmark.pedantic(
        compiled.matches, setup=lambda: ((arrays.record(size),), {}), rounds=3, warmup_rounds=1
    )
