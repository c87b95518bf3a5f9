"""The engines: the ways to use ours, the hand-written checks, and other libraries.

An engine is built for a case, and then returns those records of a list that it keeps.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from typing import Any

import orjson

import filterpatterns
from benchmarks.workloads.cases import Case, Workload, workload
from benchmarks.workloads.data import Record, fresh, texts

Run = Callable[[list[Any]], list[Any]]


class DisagreementError(Exception):
    """An engine keeps different records from those intended by the data."""


@dataclass(frozen=True)
class Engine:
    """A way to filter records.

    build: the engine, for a case; None if it is not installed.
    against: the baseline it is compared with: the handwritten check used in the same way.
    prepare: what it takes instead of a list of dicts. Always with new strings.
    share: slow engines are timed on this part of the records.
    """

    name: str
    build: Callable[[Case], Run | None]
    against: str
    prepare: Callable[[list[Any]], list[Any]] = fresh
    share: float = 1.0

    def records(self, work: Workload) -> list[Record]:
        """The records that it is timed on."""
        return work.sample(self.share)[0]


def _filter(case: Case) -> Run:
    return filterpatterns.compile(case.question.pattern).filter


def _matches(case: Case) -> Run:
    matches = filterpatterns.compile(case.question.pattern).matches

    def run(records: list[Any]) -> list[Any]:
        kept = []
        for record in records:
            if matches(record):
                kept.append(record)  # noqa: PERF401 - the plain loop is what is measured
        return kept

    return run


def _evaluator(case: Case) -> Run:
    evaluate = filterpatterns.compile(case.question.pattern)._engine.evaluate

    def run(records: list[Any]) -> list[Any]:
        return [record for record in records if evaluate(record)]

    return run


def _by_hand(case: Case) -> Run:
    return case.question.handwritten(orjson.loads)[1]


def _by_hand_with_json(case: Case) -> Run:
    return case.question.handwritten(json.loads)[1]


def _by_hand_loop(case: Case) -> Run:
    keep = case.question.handwritten(orjson.loads)[0]

    def run(records: list[Any]) -> list[Any]:
        kept = []
        for record in records:
            if keep(record):
                kept.append(record)  # noqa: PERF401 - the plain loop is what is measured
        return kept

    return run


def _by_hand_text(case: Case) -> Run:
    keep = case.question.handwritten(orjson.loads)[0]

    def run(records: list[Any]) -> list[Any]:
        return [record for record in records if keep(orjson.loads(record))]

    return run


def _moto(case: Case) -> Run | None:
    """moto's engine for EventBridge rules; it takes the body decoded."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            models = import_module("moto.events.models")
    except ImportError:
        return None
    matches = models.EventPattern.load(json.dumps(case.question.pattern)).matches_event

    def run(records: list[Any]) -> list[Any]:
        kept = []
        for record in records:
            try:
                body = orjson.loads(record["body"])
            except ValueError:
                continue
            if matches({"body": body}):
                kept.append(record)
        return kept

    return run


def _event_ruler(case: Case) -> Run | None:
    """event-ruler from PyPI, a wrapper of Quamina (Go), which takes texts, and the pattern each
    time."""
    try:
        matches = import_module("event_ruler").test_event_pattern
    except ImportError:
        return None
    pattern = json.dumps(case.question.pattern)

    def run(records: list[Any]) -> list[Any]:
        kept = []
        for record in records:
            try:
                if matches('{"body":' + record["body"] + "}", pattern):
                    kept.append(record)
            except RuntimeError:  # not JSON
                continue
        return kept

    return run


HAND = "orjson + hand"
HAND_LOOP = "orjson + hand, loop"
HAND_TEXT = "orjson + hand, text"
FILTER = "filter"
MATCHES = "matches, loop"
FILTER_TEXT = "filter, text"
EVALUATOR = "evaluator"
JSON = "json + hand"
MOTO = "moto"
EVENT_RULER = "event-ruler"

ENGINES: tuple[Engine, ...] = (
    Engine(HAND, _by_hand, HAND),
    Engine(FILTER, _filter, HAND),
    Engine(HAND_LOOP, _by_hand_loop, HAND_LOOP),
    Engine(MATCHES, _matches, HAND_LOOP),
    Engine(HAND_TEXT, _by_hand_text, HAND_TEXT, prepare=texts, share=0.5),
    Engine(FILTER_TEXT, _filter, HAND_TEXT, prepare=texts, share=0.5),
    Engine(EVALUATOR, _evaluator, HAND, share=0.1),
    Engine(JSON, _by_hand_with_json, HAND, share=0.5),
    Engine(MOTO, _moto, HAND, share=0.05),
    Engine(EVENT_RULER, _event_ruler, HAND, share=0.1),
)
"""The baselines stand before those that are compared with them."""


@lru_cache(maxsize=64)
def built(engine: Engine, case: Case) -> tuple[Run | None, str]:
    """The engine for a case; or None, and why.

    Raises:
        DisagreementError: it should support the case, but keeps the wrong records.
    """
    if engine.name in case.question.unsupported:
        return None, case.question.unsupported[engine.name]
    run = engine.build(case)
    if run is None:
        return None, "not installed"
    check(engine, case, run)
    return run, ""


def check(engine: Engine, case: Case, run: Run) -> None:
    """Check that the engine keeps exactly the records that the case should keep.

    Raises:
        DisagreementError: it does not.
    """
    records, expected = workload(case).sample(engine.share)
    given = engine.prepare(records)
    index_of = {id(record): index for index, record in enumerate(given)}
    found = [index_of[id(record)] for record in run(given)]
    if found != expected:
        wrong = sorted(set(found) ^ set(expected))
        raise DisagreementError(
            f"{engine.name} on {case.name!r}: {len(wrong)} of {len(given)} verdicts are wrong; "
            f"the first is of {records[wrong[0]]['body'] if wrong else 'the order'}"
        )
