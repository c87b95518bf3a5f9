"""Conditions -> matcher tree: what the engines walk, interpreter and generated code alike.

A pattern becomes conjunctions, one for each `$or` combination; a conjunction a tree of paths.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from filterpatterns.checks import AllOf, AnyOf, Condition, every
from filterpatterns.operators import Absent, Operator
from filterpatterns.report import Reporter
from filterpatterns.sources import PayloadFormat, Source

UNRANKED = sys.maxsize
"""Sorts behind every test's rank: nothing was found."""


@dataclass(frozen=True, slots=True, eq=False)
class Test:
    """What one path must satisfy: any rule, by one of its values, or (`optional`) by absence.

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
class Payload:
    """What a conjunction wants of a payload: leaves below the key, a plain string, or (oddly) both.

    `json` is the node at the payload key; its tests are all below it.
    """

    json: Node | None
    string: Test | None

    @property
    def formats(self) -> tuple[PayloadFormat, ...]:
        """The formats that the pattern wants."""
        wanted = ((PayloadFormat.JSON, self.json), (PayloadFormat.STRING, self.string))
        return tuple(form for form, tests in wanted if tests is not None)


@dataclass(frozen=True, slots=True, eq=False)
class Conjunction:
    """Tests that must all hold: of the record's own fields, and of each payload that is named.

    A payload's fields come from the payload alone, so that no array spans it and the metadata.
    """

    metadata: Node
    payloads: dict[str, Payload]


@dataclass(frozen=True, slots=True, eq=False)
class Matcher:
    """The whole: a record is kept if any conjunction holds, or if `keep_all` is set."""

    source: Source
    conjunctions: tuple[Conjunction, ...]
    keep_all: bool = False


def build(conditions: AllOf, source: Source, report: Reporter) -> Iterator[Conjunction]:
    """The conjunctions of one pattern that can hold at all for the source."""
    _warn_added(conditions, source, report)
    if not source.takes_strings:
        _refuse_strings(conditions, source, report)
    for combination in _expand(conditions, report):
        tests = [_test(condition) for condition in combination.values()]
        seen = [test for test in tests if not _belongs(test.path, source.added_by_aws)]
        # Fields that AWS adds later are absent: such a test fails, unless absence will do.
        if all(test.optional for test in tests if test not in seen):
            yield _conjunction(seen, source)


def _expand(conditions: AllOf, report: Reporter) -> list[dict[str, Condition]]:
    """Each `$or` combination as path -> condition; of a path reached twice the last counts."""
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
            path = member.path
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
    for condition in every(conditions):
        if _belongs(condition.path, source.added_by_aws):
            report.warning(
                "FP104",
                condition.span,
                f'AWS adds "{condition.path}" after filtering: the pattern sees it absent',
                path=condition.place,
                hint="take it out; the event source mapping has one source anyway",
            )


def _refuse_strings(conditions: AllOf, source: Source, report: Reporter) -> None:
    for condition in every(conditions):
        if condition.path in source.payload_keys:
            report.error(
                "FP021",
                condition.span,
                f'a {source.name} mapping takes no plain-string pattern for "{condition.path}"',
                path=condition.place,
                hint=f'write an object with fields: "{condition.path}": {{"name": ["value"]}}',
            )


def _test(condition: Condition) -> Test:
    rules = tuple(rule for rule in condition.rules if not isinstance(rule, Absent))
    return Test(
        names=condition.names,
        path=condition.path,
        rules=rules,
        optional=len(rules) < len(condition.rules),
    )


def _belongs(path: str, keys: Iterable[str]) -> bool:
    return any(path == key or path.startswith(key + ".") for key in keys)


def _conjunction(tests: list[Test], source: Source) -> Conjunction:
    ordered = sorted(tests, key=lambda test: test.path)
    ranked = [replace(test, rank=rank) for rank, test in enumerate(ordered)]
    payloads = {}
    for key in source.payload_keys:
        mine = [test for test in ranked if _belongs(test.path, (key,))]
        below = [test for test in mine if test.path != key]
        if mine:
            payloads[key] = Payload(
                json=grow(key, [(names_below(key, test), test) for test in below])
                if below
                else None,
                string=next((test for test in mine if test.path == key), None),
            )
    metadata = [test for test in ranked if not _belongs(test.path, source.payload_keys)]
    return Conjunction(grow("", [(test.names, test) for test in metadata]), payloads)


def names_below(key: str, test: Test) -> tuple[str, ...]:
    """The names from a payload key down, as the pattern spells them (`body.a` may be one name)."""
    first, *rest = test.names
    return tuple(rest) if first == key else (first[len(key) + 1 :], *rest)


@dataclass(slots=True, eq=False)
class _Growing:
    """A node while tests are added. Edges are lists of name parts, split at every dot."""

    test: Test | None = None
    edges: dict[str, tuple[list[str], _Growing]] = field(default_factory=dict)


def grow(name: str, tests: Iterable[tuple[tuple[str, ...], Test]]) -> Node:
    """A node with the tests below it, each given with the names that lead there.

    There is an edge for each name as the pattern spells it. Where two paths share a part of a
    dotted name (`a.b`, `a`), the edge is split there: no two edges begin with the same part.
    """
    root = _Growing()
    for names, test in tests:
        _reach(root, names).test = test
    return _freeze(name, root)


def align(
    name: str, groups: Iterable[Iterable[tuple[tuple[str, ...], Test]]]
) -> tuple[Node, tuple[Node, ...]]:
    """One node with all tests of several groups below it, and one node for each group alone.

    All have the same edges where they have any. Of several tests for one path the first node has
    the last: it says that there is one.
    """
    groups = [list(group) for group in groups]
    skeleton = [(names, test) for group in groups for names, test in group]
    together = grow(name, skeleton)
    alone = []
    for group in groups:
        root = _Growing()
        for names, _ in skeleton:
            _reach(root, names)
        for names, test in group:
            _reach(root, names).test = test
        alone.append(_freeze(name, root))
    return together, tuple(alone)


def _reach(root: _Growing, names: tuple[str, ...]) -> _Growing:
    for spelt in names:
        root = _descend(root, spelt.split("."))
    return root


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
    frozen = (_freeze(".".join(label), child) for label, child in node.edges.values())
    children = tuple(child for child in frozen if child.test is not None or child.children)
    optional = all(
        child.optional and (child.test is None or child.test.optional) for child in children
    )
    return Node(name, node.test, children, optional)
