"""Every engine keeps the intended records: only then are times comparable."""

from __future__ import annotations

import pytest

import filterpatterns
from benchmarks.measures.costs import ARRAYS, Arrays, new_pattern
from benchmarks.measures.engines import (
    ENGINES,
    EVENT_RULER,
    MOTO,
    DisagreementError,
    Engine,
    built,
    check,
)
from benchmarks.workloads.cases import CASES, Case, workload
from benchmarks.workloads.data import fresh
from filterpatterns.matching.verdict import Reason


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_engines_agree(case: Case) -> None:
    for engine in ENGINES:
        run, reason = built(engine, case)
        assert run is not None or reason
    compiled = filterpatterns.compile(case.question.pattern)
    sample, expected = workload(case).sample(0.2)
    records = fresh(sample)
    mask = compiled.mask(records)
    assert [index for index, kept in enumerate(mask) if kept] == expected
    kept, dropped = compiled.partition(records)
    assert kept == [record for record, holds in zip(records, mask, strict=True) if holds]
    assert dropped == [record for record, holds in zip(records, mask, strict=True) if not holds]


@pytest.mark.parametrize(
    "engine", [e for e in ENGINES if e.name in (MOTO, EVENT_RULER)], ids=lambda e: e.name
)
def test_excluded_engines_give_wrong_verdicts(engine: Engine) -> None:
    """The reasons for excluding them are still true for the installed versions."""
    for case in CASES:
        if engine.name in case.question.unsupported and workload(case).kept:
            run = engine.build(case)
            if run is None:
                pytest.skip("not installed")
            with pytest.raises(DisagreementError):
                check(engine, case, run)


def test_case_names_are_unique() -> None:
    assert len({case.name for case in CASES}) == len(CASES)


def test_strings_are_fresh() -> None:
    records = workload(CASES[0]).records
    assert fresh(records) == records
    assert fresh(records)[0]["body"] is not records[0]["body"]


def test_new_patterns_are_new() -> None:
    pattern = CASES[0].question.pattern
    assert new_pattern(pattern) != new_pattern(pattern)


@pytest.mark.parametrize("arrays", ARRAYS, ids=lambda arrays: arrays.name)
def test_long_arrays_do_not_match(arrays: Arrays) -> None:
    compiled = filterpatterns.compile({"body": arrays.pattern})
    record = arrays.record(50)
    assert not compiled.matches(record)
    assert compiled.verdict(record)[0] is Reason.NO_MATCH
