"""Outcomes of tests if the record spells one path in several ways: those of the search."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from filterpatterns.errors import RecordError
from filterpatterns.explain.outcomes import (
    Outcome,
    Place,
    Trace,
    below,
    indexed,
    test_outcome,
)
from filterpatterns.jsontext.python_values import SCALARS
from filterpatterns.matching.budget import Budget
from filterpatterns.matching.interpreter import failing
from filterpatterns.matching.match_tree import FieldTest, MatchNode
from filterpatterns.matching.search import search


def trace_search(trace: Trace, root: MatchNode, value: Any, budget: Budget) -> None:
    """Note what the tests at and below a node find in a value.

    Raises:
        RecordError: the search gave up, and only the search can evaluate the value.
    """
    tests = sorted(root.tests(), key=lambda test: test.rank)
    try:
        culprit = search(root, value, budget)
        leaves = _gather(tests, root.name, value)
    except RecordError:
        # The walk can evaluate what the search cannot, but without reasons.
        satisfied = not failing(root, value, Budget())
        for test in tests:
            trace.outcomes[test.path] = Outcome(satisfied, words="too many positions to explain")
        return
    for test in tests:
        here = leaves.get(test.path, [])
        outcome = test_outcome(test, here, budget) or Outcome(test.optional, words="absent")
        if culprit is not None and test.rank > culprit.rank:
            outcome = Outcome(None, words="not evaluated: a field before it does not match")
        elif test is culprit and outcome.satisfied:
            words = "no value in the array elements that the fields before it require"
            outcome = Outcome(False, outcome.found, outcome.values, words=words)
        elif test is not culprit and not outcome.satisfied:
            words = "absent in the array elements that the fields before it require"
            outcome = Outcome(True, words=words)
        trace.outcomes[test.path] = outcome


def _gather(tests: list[FieldTest], top: str, value: Any) -> dict[str, list[tuple[Place, Any]]]:
    """Return the leaves of each test's path, however the record spells it."""
    paths = {test.path for test in tests}
    ways: dict[tuple[str | None, str], str | None] = {}
    leaves: dict[str, list[tuple[Place, Any]]] = {}
    pending: list[tuple[str | None, Place, Any]] = [(top or None, top, value)]
    while pending:
        path, where, item = pending.pop()
        if item.__class__ in SCALARS:
            if path in paths:
                leaves.setdefault(path, []).append((where, item))
        elif isinstance(item, Mapping):
            for name, member in item.items():
                if not isinstance(name, str):
                    continue
                if (path, name) not in ways:
                    ways[path, name] = _way(paths, below(path, name))
                reached = ways[path, name]
                if reached is not None:
                    pending.append((reached, (where, name), member))
        elif isinstance(item, (list, tuple)):
            pending += [(path, place, each) for place, each in indexed(item, where)]
        elif path in paths:
            leaves.setdefault(path, []).append((where, item))
    return leaves


def _way(paths: set[str], reached: str) -> str | None:
    """Return a path if it is one of some paths, or leads to one."""
    leads = any(each == reached or each.startswith(reached + ".") for each in paths)
    return reached if leads else None
