"""Threads share Filters and compile concurrently without seeing partial results."""

from __future__ import annotations

import gc
import json
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import filterpatterns
from filterpatterns import PatternError, RecordError
from filterpatterns.engine.filter import _compiled
from tests.support.paths import in_body, sqs_record

THREADS = 8
WISH = (
    '{"i": {"a": ["x"], "b": [{"exists": false}]}, "c": ["refund", 5],'
    ' "n": [{"numeric": [">", 1]}]}'
)
HIT = '{"i": [{"b": 1}, {"a": "x"}], "c": "refund", "n": 2}'
MISS = '{"i": [{"a": "x", "b": 1}], "c": "refund", "n": 2}'
ODD = '{"i.a": "x", "c": 5, "n": 2}'  # only the evaluator evaluates it
BODIES = (HIT, MISS, ODD, "no JSON")
EXPECTED = [True, False, True, False]
RECORDS: list[Any] = [sqs_record(body) for body in BODIES]
TEXTS: list[Any] = [json.dumps(record) for record in RECORDS]


@pytest.fixture(autouse=True)
def _switch_often() -> Iterator[None]:
    """Threads take turns after every few instructions: what may go wrong does."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)
    _compiled.clear()


def at_once(*asks: Callable[[], Any]) -> list[Any]:
    """What each gives when all begin at the same moment, each in a thread; errors are raised."""
    barrier = threading.Barrier(len(asks))
    answers: list[Any] = [None] * len(asks)
    errors: list[BaseException] = []

    def run(index: int, ask: Callable[[], Any]) -> None:
        barrier.wait()
        try:
            answers[index] = ask()
        except BaseException as error:  # noqa: BLE001 - it is raised below
            errors.append(error)

    threads = [threading.Thread(target=run, args=each) for each in enumerate(asks)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads), "a deadlock"
    if errors:
        raise errors[0]
    return answers


def fresh(pattern: str, source: str = "sqs") -> filterpatterns.Filter:
    """A Filter for which no code has been generated yet."""
    _compiled.clear()
    return filterpatterns.compile(pattern, source=source)


@pytest.mark.parametrize("source", ["sqs", "auto"])
def test_many_threads_use_a_new_filter_concurrently(source: str) -> None:
    for _ in range(10):
        compiled = fresh(in_body(WISH), source)
        asks: list[Callable[[], Any]] = [
            lambda: [compiled.matches(record) for record in RECORDS],  # noqa: B023
            lambda: [compiled.matches(text) for text in TEXTS],  # noqa: B023
            lambda: compiled.mask(RECORDS * 5)[:4],  # noqa: B023
            lambda: compiled.mask(TEXTS * 5)[:4],  # noqa: B023
            lambda: [record in compiled.filter(RECORDS) for record in RECORDS],  # noqa: B023
            lambda: [record in compiled.partition(RECORDS)[0] for record in RECORDS],  # noqa: B023
            lambda: [compiled.verdict(record)[0].name == "MATCH" for record in RECORDS],  # noqa: B023
            lambda: EXPECTED if compiled.source_code else [],  # noqa: B023
        ]
        assert at_once(*asks) == [EXPECTED] * len(asks)


def test_code_needed_by_many_threads_is_generated_once() -> None:
    for _ in range(10):
        compiled = fresh(in_body(WISH))
        sources = at_once(*[lambda: compiled.source_code] * THREADS)  # noqa: B023
        assert len(set(sources)) == 1
        names = [line for line in sources[0].split("\n") if line.startswith("def ")]
        assert len(names) == len(set(names))


def test_the_parser_is_built_once_while_threads_compile() -> None:
    """Each compiles patterns of its own and one that all share, valid and not."""

    def compiles(number: int) -> list[bool]:
        found = []
        for n in range(12):
            own = filterpatterns.compile(in_body(f'{{"a": [{number * 1000 + n}]}}'))
            found.append(own.matches(sqs_record(f'{{"a": {number * 1000 + n}}}')))
            shared = filterpatterns.compile(in_body('{"a": ["shared"]}'))
            found.append(shared.matches(sqs_record('{"a": "shared"}')))
            with pytest.raises(PatternError) as caught:
                filterpatterns.compile(in_body(f'{{"a": "{number}"}}'))
            found.append(f'"{number}"' in str(caught.value))
        return found

    _compiled.clear()
    answers = at_once(*[lambda number=number: compiles(number) for number in range(THREADS)])
    assert all(all(found) for found in answers)


def test_a_filter_outlives_the_cache_that_remembered_it() -> None:
    """More patterns than the cache holds push one another out while they are asked."""
    _compiled.clear()
    kept = [filterpatterns.compile(in_body(f'{{"a": ["k{n}"]}}')) for n in range(4)]

    def push(start: int) -> bool:
        for n in range(150):
            compiled = filterpatterns.compile(in_body(f'{{"a": ["p{start}-{n}"]}}'))
            if n % 50 == 0 and not compiled.matches(sqs_record(f'{{"a": "p{start}-{n}"}}')):
                return False
        return True

    def ask() -> bool:
        return all(
            one.mask([sqs_record(f'{{"a": "k{n}"}}'), sqs_record('{"a": 1}')]) == [True, False]
            for _ in range(50)
            for n, one in enumerate(kept)
        )

    assert all(at_once(ask, ask, *[lambda start=start: push(start) for start in range(4)]))
    assert _compiled.info().currsize <= 512
    again = filterpatterns.compile(in_body('{"a": ["k0"]}'))
    assert again.matches(sqs_record('{"a": "k0"}'))


def test_batches_in_threads_do_not_mix() -> None:
    compiled = fresh(in_body(WISH))

    def batch(number: int) -> bool:
        records = [{"body": HIT if n % 7 == number % 7 else MISS, "n": n} for n in range(3000)]
        kept = compiled.filter(iter(records))
        return [record["n"] for record in kept] == [n for n in range(3000) if n % 7 == number % 7]

    assert all(at_once(*[lambda number=number: batch(number) for number in range(THREADS)]))


def test_the_index_of_a_bad_record_is_its_own_batch() -> None:
    compiled = fresh(in_body(WISH))

    def batch(bad: int) -> int | None:
        records: list[Any] = [*RECORDS * 20]
        records[bad] = 5
        with pytest.raises(RecordError) as caught:
            compiled.mask(records)
        return caught.value.index

    assert at_once(*[lambda bad=bad: batch(bad) for bad in range(THREADS)]) == list(range(THREADS))


def test_filters_are_freed_while_others_are_created() -> None:
    """What a Filter leaves in linecache goes with it, in whatever thread the collector runs."""

    def churn(number: int) -> bool:
        for n in range(25):
            compiled = filterpatterns.compile(in_body(f'{{"a": ["c{number}-{n}"]}}'))
            assert compiled.matches(sqs_record(f'{{"a": "c{number}-{n}"}}'))
            if n % 10 == 0:
                _compiled.clear()
                gc.collect()
        return True

    assert all(at_once(*[lambda number=number: churn(number) for number in range(THREADS)]))
