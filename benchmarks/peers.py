"""python -m benchmarks.peers: other engines of EventBridge patterns, as ratios to `orjson.loads`.

Each engine gets the same events as JSON texts (of about 540 bytes) and the same rules, and returns
which of them match. `orjson.loads` of the event is measured in the same rounds, without keeping the
results, so that figures of engines measured elsewhere in the same way can be compared. Engines
without rule sets are called for each rule. An engine that rejects a rule has no figure.
"""

from __future__ import annotations

import json
import math
import warnings
from collections.abc import Callable
from importlib import import_module
from time import process_time
from typing import Any

import orjson

import filterpatterns
from benchmarks.measures import rulesets
from benchmarks.measures.engines import DisagreementError
from benchmarks.measures.timing import gc_off
from filterpatterns import RuleSet

Match = Callable[[str], list[str]]
Patterns = dict[str, dict[str, Any]]

SETS = (
    ("exact values", 1),
    ("exact values", 100),
    ("mixed", 1),
    ("mixed", 100),
    ("mixed", 10_000),
)
_ROUNDS = 6
_SECONDS = 1.0
"""About how long an engine is measured in a round, so that slow ones see fewer events."""


def _ours(patterns: Patterns) -> Match:
    return RuleSet(patterns, source="event").matching


def _filters(patterns: Patterns) -> Match:
    filters = [
        (name, filterpatterns.compile(pattern, source="event").matches)
        for name, pattern in patterns.items()
    ]
    return lambda text: [name for name, matches in filters if matches(text)]


def _quamina(patterns: Patterns) -> Match:
    matches = import_module("event_ruler").test_event_pattern
    texts = [(name, json.dumps(pattern)) for name, pattern in patterns.items()]
    return lambda text: [name for name, pattern in texts if matches(text, pattern)]


def _moto(patterns: Patterns) -> Match:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        load = import_module("moto.events.models").EventPattern.load
    loaded = [(name, load(json.dumps(pattern)).matches_event) for name, pattern in patterns.items()]

    def match(text: str) -> list[str]:
        event = orjson.loads(text)
        return [name for name, matches in loaded if matches(event)]

    return match


def _localstack(patterns: Patterns) -> Match:
    module = import_module("localstack.services.events.event_rule_engine")
    matches = module.EventRuleEngine().evaluate_pattern_on_event
    compile_pattern = module.EventPatternCompiler().compile_event_pattern
    compiled = [(name, compile_pattern(json.dumps(pattern))) for name, pattern in patterns.items()]

    def match(text: str) -> list[str]:
        event = orjson.loads(text)
        return [name for name, pattern in compiled if matches(pattern, event)]

    return match


ENGINES: tuple[tuple[str, Callable[[Patterns], Match], int], ...] = (
    ("Filter.matches, for each rule", _filters, 100),
    ("RuleSet.matching", _ours, 10_000),
    ("event-ruler (wraps Quamina, Go), for each rule", _quamina, 100),
    ("moto, for each rule", _moto, 100),
    ("LocalStack, for each rule", _localstack, 100),
)
"""The engines, and the maximum number of rules for each."""


def _texts() -> list[str]:
    bodies = [json.loads(record["body"]) for record in rulesets.events()]
    for body in bodies:
        del body["parcels"]  # leaves about 540 bytes
    return [json.dumps(body, separators=(",", ":")) for body in bodies]


def _seconds(run: Callable[[str], Any], texts: list[str]) -> float:
    given = [f"{text} "[:-1] for text in texts]  # a str keeps its UTF-8 once it has been asked for
    start = process_time()
    for text in given:
        run(text)
    return (process_time() - start) / len(given)


def measure(mix: str, size: int) -> dict[str, float]:
    """The time of each engine as a multiple of `orjson.loads` of the event.

    Raises:
        DisagreementError: an engine returns other rules than the rule set.
    """
    patterns = {name: given["body"] for name, given in rulesets.rules(mix, size).items()}
    texts = _texts()
    runs: dict[str, tuple[Match, list[str]]] = {}
    expected = [_ours(patterns)(text) for text in texts[:20]]
    for name, build, most in ENGINES:
        if size > most:
            continue
        try:
            match = build(patterns)
            found = [match(text) for text in texts[:20]]
        except (ImportError, RuntimeError):  # RuntimeError: event-ruler refuses a pattern
            continue
        if found != expected:
            raise DisagreementError(f"{name} and the rule set differ")
        for text in texts[:100]:
            match(text)
        taken = _seconds(match, texts[:5])
        runs[name] = match, texts[: max(5, min(len(texts), int(_SECONDS / taken / _ROUNDS)))]
    best = dict.fromkeys([*runs, "orjson"], math.inf)
    with gc_off():
        for _ in range(_ROUNDS):
            for name, (match, some) in runs.items():
                best[name] = min(best[name], _seconds(match, some))
                best["orjson"] = min(best["orjson"], _seconds(orjson.loads, texts))
    return {name: best[name] / best["orjson"] for name in runs}


def main() -> None:
    """Print a table."""
    for mix, size in SETS:
        for name, ratio in measure(mix, size).items():
            print(f"| {name} | {mix} | {size:,} | {ratio:,.1f} |", flush=True)


if __name__ == "__main__":
    main()
