"""Outcomes of tests if the record spells one path in several ways: those of the search."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from filterpatterns.errors import RecordError
from filterpatterns.explain.outcomes import Outcome, Place, Tally, Trace, below, sequence
from filterpatterns.jsontext.python_values import SCALARS
from filterpatterns.matching.budget import Budget
from filterpatterns.matching.interpreter import failing
from filterpatterns.matching.match_tree import FieldTest, MatchNode
from filterpatterns.matching.search import search

_TOO_MANY = "too many positions to explain"

_Item = tuple["str | None", Place, "int | str | None", Any]
"""A value: its path, the position of what is around it, its index or name there (None: it is itself
at that position), and the value. Its own position is only made for what is shown."""


_MOST_ARRAYS = 60_000
"""The number of arrays in a value that are searched if the elements of each must be told apart."""

_MOST_OBJECTS = 1_000_000
"""The number of objects among which they are counted: Python's may contain themselves."""


def is_too_much(root: MatchNode, value: Any) -> bool:
    """Whether a value has too many arrays to search for the tests at and below a node."""
    # Nested arrays are one array, unless a field with tests has fields below it.
    nodes = [root]
    for node in nodes:
        nodes += node.children
    if all(node.test is None or not node.children for node in nodes):
        return False
    arrays = objects = 0
    pending = [value]
    while pending and arrays <= _MOST_ARRAYS and objects <= _MOST_OBJECTS:
        item = pending.pop()
        if isinstance(item, Mapping):
            objects += 1
            pending.extend(item.values())
        elif isinstance(item, (list, tuple)):
            arrays += 1
            pending.extend(item)
    return bool(pending)


def trace_search(
    trace: Trace,
    root: MatchNode,
    value: Any,
    budget: Budget,
    *,
    satisfied: bool | None,
    too_much: bool,
) -> None:
    """Note what the tests at and below a node find in a value. `satisfied` says whether they are
    satisfied together, if that is known; `too_much` that `is_too_much`.

    Raises:
        RecordError: the search gave up, and only the search can evaluate the value.
    """
    tests = sorted(root.tests(), key=lambda test: test.rank)
    try:
        if too_much:
            raise RecordError(_TOO_MANY)
        culprit = search(root, value, budget)
    except RecordError:
        # The walk can evaluate what the search cannot, but without reasons.
        if satisfied is None:
            satisfied = not failing(root, value, Budget())
        outcome = Outcome(satisfied, words=_TOO_MANY)
        if not satisfied:  # together: each of them may be satisfied
            outcome = Outcome(None, words=f"not evaluated: {_TOO_MANY}")
        for test in tests:
            trace.outcomes[test.path] = outcome
        return
    evaluated = [test for test in tests if culprit is None or test.rank <= culprit.rank]
    tallies = _tallies(evaluated, root.name, value, budget)
    for test in tests:
        if test.path not in tallies:
            words = "not evaluated: a field before it does not match"
            trace.outcomes[test.path] = Outcome(None, words=words)
            continue
        absent = Outcome(test.optional, words="absent")
        outcome = tallies[test.path].outcome() or absent
        if test is culprit and outcome.satisfied:
            words = "no value in the array elements that the fields before it require"
            outcome = Outcome(False, outcome.found, outcome.values, words=words)
        elif test is not culprit and not outcome.satisfied:
            words = "absent in the array elements that the fields before it require"
            outcome = Outcome(True, words=words)
        trace.outcomes[test.path] = outcome


def _tallies(tests: Iterable[FieldTest], top: str, value: Any, budget: Budget) -> dict[str, Tally]:
    """Return what the tests find in a value, however it spells their paths.

    Raises:
        RecordError: that takes more than is left of the record's budget.
    """
    tallies = {test.path: Tally(test, budget) for test in tests}
    ways = _Ways(tallies)
    pending: list[Iterator[_Item]] = [iter([(top or None, top, None, value)])]
    while pending:
        for path, around, step, item in pending[-1]:
            kind = item.__class__
            if kind not in SCALARS:
                where = around if step is None else (around, step)
                if kind is dict or isinstance(item, Mapping):
                    pending.append(ways.members(path, where, item))
                    break
                if isinstance(item, (list, tuple)):
                    pending.append(_backwards(path, where, item))
                    break
            tally = None if path is None else tallies.get(path)
            if tally is not None and not tally.is_satisfied and tally.add(item):
                tally.note(around if step is None else (around, step), item)
        else:
            pending.pop()
    return tallies


class _Ways:
    """Where names lead that are on the way to some paths."""

    def __init__(self, paths: Collection[str]) -> None:
        self._paths = paths
        self._known: dict[str | None, dict[str, str | None]] = {}

    def members(self, path: str | None, where: Place, item: Mapping[Any, Any]) -> Iterator[_Item]:
        """Return the members of an object that are on the way, the last one first."""
        known = self._known.get(path)
        if known is None:
            known = self._known[path] = {}
        found: list[_Item] = []
        for name, member in item.items():
            if not isinstance(name, str):
                continue
            if name not in known:
                known[name] = self._reached(below(path, name))
            reached = known[name]
            if reached is not None:
                found.append((reached, where, name, member))
        return reversed(found)

    def _reached(self, path: str) -> str | None:
        """Return a path if it is one of the paths, or leads to one."""
        leads = any(each == path or each.startswith(path + ".") for each in self._paths)
        return path if leads else None


def _backwards(path: str | None, where: Place, array: Any) -> Iterator[_Item]:
    """Yield the items of an array and of its nested arrays, but not these arrays, from the last one
    to the first."""
    for place, items, start, end in reversed(_runs(where, array)):
        for index in range(end - 1, start - 1, -1):
            item = items[index]
            if not isinstance(item, (list, tuple)):
                yield path, place, index, item


def _runs(where: Place, array: Any) -> list[tuple[Place, Any, int, int]]:
    """Return the parts of an array and of its nested arrays that are between nested arrays, in
    order: the position of the array, its items, and the indexes of the part.

    An array that is met again adds nothing.
    """
    runs = []
    seen = {id(array)}
    # As in `indexed`, what is around an array is kept as arrays and numbers.
    outer: list[Any] = []
    indexes: list[int] = []
    places = [where]
    items, start = sequence(array), 0

    def add(end: int) -> None:
        if end > start:
            while len(places) <= len(outer):
                places.append((places[-1], indexes[len(places) - 1]))
            runs.append((places[-1], items, start, end))

    while True:
        for index in range(start, len(items)):
            item = items[index]
            if isinstance(item, (list, tuple)) and id(item) not in seen:
                seen.add(id(item))
                add(index)
                outer.append(items)
                indexes.append(index)
                items, start = sequence(item), 0
                break
        else:
            add(len(items))
            if not outer:
                return runs
            if len(places) > len(outer):
                places.pop()
            items, start = outer.pop(), indexes.pop() + 1
