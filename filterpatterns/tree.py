"""Conditions -> matcher tree: what the engines walk, interpreter and generated code alike.

A pattern becomes conjunctions, one for each `$or` combination; a conjunction becomes a tree of paths.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from filterpatterns.checks import AllOf, AnyOf, Condition
from filterpatterns.operators import Absent, Operator
from filterpatterns.report import Reporter
from filterpatterns.sources import PayloadFormat, Source

UNRANKED = sys.maxsize
"""Sorts behind every test's rank: nothing was found."""


@dataclass(frozen=True, slots=True, eq=False)
class Test:
    """What one path must satisfy: any of the rules by one of its values, or (`optional`) by absence.

    `rank` is the path's place in the sorted paths of its conjunction: it decides which arrays an
    `exists: false` finds bound.
    """

    names: tuple[str, ...]
    path: str
    rules: tuple[Operator, ...]
    optional: bool
    rank: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """A place in events that a conjunction looks at: what leads there, the test, what is below.

    `name` may hold dots, where the pattern spells a name with dots. `optional` says that all tests
    below (not here) may be satisfied by absence.
    """

    name: str
    test: Test | None
    children: tuple[Node, ...]
    optional: bool

    def tests(self) -> Iterator[Test]:
        """The tests here and below."""
        pending = [self]
        while pending:
            node = pending.pop()
            if node.test is not None:
                yield node.test
            pending.extend(node.children)


@dataclass(frozen=True, slots=True, eq=False)
class Conjunction:
    """Tests that must all hold, and what they say of the payload's format.

    `formats` has, for each payload key that is named, the formats that the pattern wants of it (both
    in an odd pattern). `trees` has the tree without the payload keys of its key: the one to walk
    where the format table says "metadata only" of these.
    """

    tests: tuple[Test, ...]
    formats: dict[str, frozenset[PayloadFormat]]
    trees: dict[frozenset[str], Node]
    filter_index: int | None

    @property
    def root(self) -> Node:
        """The tree with every test."""
        return self.trees[frozenset()]


@dataclass(frozen=True, slots=True, eq=False)
class Matcher:
    """The whole: a record is kept if any conjunction holds, or if `keep_all` is set."""

    source: Source
    conjunctions: tuple[Conjunction, ...]
    keep_all: bool = False


def build(
    conditions: AllOf, source: Source, filter_index: int | None, report: Reporter
) -> Iterator[Conjunction]:
    """The conjunctions of one pattern that can hold at all for the source."""
    for combination in _expand(conditions, report):
        tests = []
        for condition in combination.values():
            test = _test(condition)
            if _belongs(test.path, source.added_by_aws):
                if test.optional:
                    continue
                break
            tests.append(test)
        else:
            yield _conjunction(tests, source, filter_index)
    _warn_added(conditions, source, report)


def _expand(conditions: AllOf, report: Reporter) -> list[dict[str, Condition]]:
    """Each `$or` combination as path -> condition; of a path that is reached twice the last counts."""
    combinations: list[dict[str, Condition]] = [{}]
    for member in conditions:
        if isinstance(member, AnyOf):
            alternatives = [_expand(item, report) for item in member.alternatives]
            combinations = [
                _merge(combination, chosen, report)
                for alternative in alternatives
                for chosen in alternative
                for combination in combinations
            ]
        else:
            path = ".".join(member.names)
            combinations = [
                _merge(combination, {path: member}, report) for combination in combinations
            ]
    return combinations


def _merge(
    first: dict[str, Condition], second: dict[str, Condition], report: Reporter
) -> dict[str, Condition]:
    for path in first.keys() & second.keys():
        _warn_repeated(path, first[path], report)
    return {**first, **second}


def _warn_repeated(path: str, overruled: Condition, report: Reporter) -> None:
    report.warning(
        "FP102",
        overruled.span,
        f'the path "{path}" is reached again further down: only its last rules count',
        path=path,
        hint="write all rules for one path in one array",
    )


def _warn_added(conditions: AllOf, source: Source, report: Reporter) -> None:
    for member in conditions:
        if isinstance(member, AnyOf):
            for alternative in member.alternatives:
                _warn_added(alternative, source, report)
            continue
        path = ".".join(member.names)
        if _belongs(path, source.added_by_aws):
            report.warning(
                "FP104",
                member.span,
                f'AWS adds "{path}" after filtering: the pattern sees it absent',
                path=path,
                hint="take it out; the event source mapping has one source anyway",
            )


def _test(condition: Condition) -> Test:
    rules = tuple(rule for rule in condition.rules if not isinstance(rule, Absent))
    return Test(
        names=condition.names,
        path=".".join(condition.names),
        rules=rules,
        optional=len(rules) < len(condition.rules),
    )


def _belongs(path: str, keys: Iterable[str]) -> bool:
    return any(path == key or path.startswith(key + ".") for key in keys)


def _conjunction(tests: list[Test], source: Source, filter_index: int | None) -> Conjunction:
    ordered = sorted(tests, key=lambda test: test.path)
    ranked = tuple(replace(test, rank=rank) for rank, test in enumerate(ordered))
    formats = {}
    for key in source.payload_keys:
        wanted = frozenset(
            PayloadFormat.STRING if test.path == key else PayloadFormat.JSON
            for test in ranked
            if _belongs(test.path, (key,))
        )
        if wanted:
            formats[key] = wanted
    trees = {
        left_out: _tree([test for test in ranked if not _belongs(test.path, left_out)])
        for left_out in _subsets(tuple(formats))
    }
    return Conjunction(ranked, formats, trees, filter_index)


def _subsets(keys: tuple[str, ...]) -> list[frozenset[str]]:
    subsets: list[frozenset[str]] = [frozenset()]
    for key in keys:
        subsets += [subset | {key} for subset in subsets]
    return subsets


@dataclass(slots=True, eq=False)
class _Growing:
    """A node while tests are added. Edges are lists of name parts, split at every dot."""

    test: Test | None = None
    edges: dict[str, tuple[list[str], _Growing]] = field(default_factory=dict)


def _tree(tests: list[Test]) -> Node:
    """The paths as a tree with an edge for each name as the pattern spells it.

    Where two paths share a part of a dotted name (`a.b` and `a`), the edge is split there, so that no
    two edges from one node begin with the same part.
    """
    root = _Growing()
    for test in tests:
        node = root
        for name in test.names:
            node = _descend(node, name.split("."))
        node.test = test
    return _freeze("", root)


def _descend(node: _Growing, parts: list[str]) -> _Growing:
    while parts:
        if parts[0] not in node.edges:
            child = _Growing()
            node.edges[parts[0]] = (parts, child)
            return child
        label, child = node.edges[parts[0]]
        shared = 0
        while shared < min(len(label), len(parts)) and label[shared] == parts[shared]:
            shared += 1
        if shared < len(label):
            upper = _Growing(edges={label[shared]: (label[shared:], child)})
            node.edges[label[0]] = (label[:shared], upper)
            child = upper
        node, parts = child, parts[shared:]
    return node


def _freeze(name: str, node: _Growing) -> Node:
    children = tuple(_freeze(".".join(label), child) for label, child in node.edges.values())
    optional = all(
        child.optional and (child.test is None or child.test.optional) for child in children
    )
    return Node(name, node.test, children, optional)
