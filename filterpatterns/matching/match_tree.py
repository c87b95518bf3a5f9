"""Builds match trees from conditions, for the interpreter and code generation.

A pattern becomes conjunctions, one for each `$or` combination; a conjunction becomes a tree of
paths.
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable, Iterator

from msgspec import Struct, field

from filterpatterns.delivery.sources import PayloadFormat, Source
from filterpatterns.language.conditions import AllOf, Condition, iter_conditions
from filterpatterns.language.diagnostics import Reporter
from filterpatterns.language.operators import Absent, Operator
from filterpatterns.matching.combinations import Combination, bits, expand

UNRANKED = sys.maxsize
"""Greater than the rank of any test: nothing was found."""


class FieldTest(Struct, frozen=True, eq=False, gc=False):
    """What one path must satisfy: any rule, by one of its values, or (`optional`) by absence.

    `rank` is the path's place in the sorted paths of its conjunction: it decides which arrays an
    `exists: false` finds bound.
    """

    names: tuple[str, ...]
    path: str
    rules: tuple[Operator, ...]
    optional: bool
    rank: int = 0

    def weight(self) -> int:
        """Return how long a value takes at most: as long as so many simple rules."""
        return sum(rule.weight() for rule in self.rules)


class MatchNode(Struct, frozen=True, eq=False):
    """A position in events that a conjunction examines: its name, its test, its children.

    `name` may contain dots if the pattern spells a name with dots. `required` says how many of the
    tests below (not here) absence does not satisfy. `by_part` has the children by the first part of
    their names: no two begin with the same part.
    """

    name: str
    test: FieldTest | None
    children: tuple[MatchNode, ...]
    required: int
    by_part: dict[str, MatchNode]

    @property
    def optional(self) -> bool:
        """Whether all tests below (not here) may be satisfied by absence."""
        return not self.required

    def tests(self) -> Iterator[FieldTest]:
        """Yield the tests at and below the node."""
        pending = [self]
        while pending:
            node = pending.pop()
            if node.test is not None:
                yield node.test
            pending.extend(node.children)


class PlacedTest(Struct, frozen=True, eq=False, gc=False):
    """A test, and where it belongs: to a payload, or (None) to the record itself.

    `names` lead there from the payload key, or from the record. `mask` says which conjunctions have
    the test.
    """

    test: FieldTest
    names: tuple[str, ...]
    payload: str | None
    mask: int


class Payload(Struct, frozen=True, eq=False):
    """What a conjunction expects of a payload: leaves below the key, a plain string, or both.

    `json` is the node at the payload key; its tests are all below it.
    """

    json: MatchNode | None
    string: FieldTest | None

    @property
    def formats(self) -> tuple[PayloadFormat, ...]:
        """The formats that the pattern expects."""
        wanted = ((PayloadFormat.JSON, self.json), (PayloadFormat.STRING, self.string))
        return tuple(form for form, tests in wanted if tests is not None)


class Conjunction(Struct, frozen=True, eq=False):
    """Tests that must all hold: of the record's own fields, and of each payload that is named.

    A payload's fields come from the payload alone, so that no array spans it and the metadata.
    """

    metadata: MatchNode
    payloads: dict[str, Payload]


class Conjunctions(Struct, frozen=True, eq=False):
    """All conjunctions of one pattern, one for each `$or` combination: each is a bit in masks.

    `alive` has those that can hold at all for the source. `tests` are in the order of their paths.
    """

    source: Source
    count: int
    alive: int
    tests: tuple[PlacedTest, ...]

    def __len__(self) -> int:
        return self.alive.bit_count()

    def __iter__(self) -> Iterator[Conjunction]:
        return map(self.one, bits(self.alive))

    def size(self) -> int:
        """Return how many tests all of them have together; if there are no tests, how many
        conjunctions there are."""
        return len(self) + sum((placed.mask & self.alive).bit_count() for placed in self.tests)

    def one(self, index: int) -> Conjunction:
        """Return one of them, as a tree."""
        return _conjunction((each for each in self.tests if each.mask >> index & 1), self.source)


class Matcher(Struct, frozen=True, eq=False):
    """A record is kept if any conjunction of any pattern holds, or if `keep_all` is set."""

    source: Source
    patterns: tuple[Conjunctions, ...]
    keep_all: bool = False

    def size(self) -> int:
        """Return how many tests all conjunctions have together."""
        return sum(pattern.size() for pattern in self.patterns)

    def conjunctions(self) -> Iterator[Conjunction]:
        """Yield all conjunctions: there may be many, and they may be large."""
        for pattern in self.patterns:
            yield from pattern


def build(conditions: AllOf, source: Source, report: Reporter) -> Conjunctions:
    """Return the conjunctions of one pattern."""
    _warn_added(conditions, source, report)
    if not source.takes_strings:
        _refuse_strings(conditions, source, report)
    found = expand(conditions, report)
    placed = _placed(iter_conditions(conditions), source)
    alive = (1 << found.count) - 1
    tests = []
    for condition, mask in found.conditions:
        one = placed[id(condition)]
        if not one.is_added:
            tests.append(PlacedTest(one.test, one.names, one.payload, mask))
        elif not one.test.optional:
            # Fields that AWS adds later are absent: such a test fails unless absence satisfies it.
            alive &= ~mask
    tests.sort(key=lambda each: each.test.rank)
    return Conjunctions(source, found.count, alive, tuple(tests))


class _Placed(Struct, frozen=True, eq=False, gc=False):
    """A condition's test, and where it belongs: to a payload, or to the fields that AWS adds later.

    `names` lead there from the payload key, or from the record.
    """

    test: FieldTest
    names: tuple[str, ...]
    payload: str | None
    is_added: bool


def _placed(conditions: Iterable[Condition], source: Source) -> dict[int, _Placed]:
    """Return the tests by the identity of their conditions: made once, for any number of
    combinations.

    They are ranked among all paths of the pattern, which also orders those of each combination.
    """
    placed = {}
    for rank, condition in enumerate(sorted(conditions, key=lambda each: each.path)):
        rules = tuple(rule for rule in condition.rules if not isinstance(rule, Absent))
        optional = len(rules) < len(condition.rules)
        test = FieldTest(condition.names, condition.path, rules, optional, rank)
        keys = (key for key in source.payload_keys if _belongs(test.path, (key,)))
        payload = next(keys, None)
        names = test.names if payload is None else names_below(payload, test)
        is_added = _belongs(test.path, source.added_by_aws)
        placed[id(condition)] = _Placed(test, names, payload, is_added)
    return placed


def _warn_added(conditions: AllOf, source: Source, report: Reporter) -> None:
    if not source.added_by_aws:
        return
    for condition in iter_conditions(conditions):
        if _belongs(condition.path, source.added_by_aws):
            report.warning(
                "FP104",
                condition,
                f'AWS adds "{condition.path}" after filtering: for the pattern it is absent',
                hint="remove it; an event source mapping has a single source anyway",
            )


def _refuse_strings(conditions: AllOf, source: Source, report: Reporter) -> None:
    for condition in iter_conditions(conditions):
        if condition.path in source.payload_keys and not condition.is_open:
            report.error(
                "FP021",
                condition,
                f"a {source.name} mapping does not support plain-string patterns "
                f'for "{condition.path}"',
                hint=f'write an object with fields: "{condition.path}": {{"name": ["value"]}}',
            )


def _belongs(path: str, keys: Collection[str]) -> bool:
    """Whether a path begins with one of the keys, none of which has a dot."""
    return path.partition(".")[0] in keys


def conjunction(combination: Combination, source: Source) -> tuple[Conjunction, list[FieldTest]]:
    """Return the conjunction of what the source has, and the tests of what AWS adds after
    filtering."""
    conditions = combination.conditions.values()
    placed = sorted(_placed(conditions, source).values(), key=lambda each: each.test.rank)
    unseen = [each.test for each in placed if each.is_added]
    return _conjunction((each for each in placed if not each.is_added), source), unseen


def _conjunction(chosen: Iterable[PlacedTest | _Placed], source: Source) -> Conjunction:
    groups: dict[str | None, list[PlacedTest | _Placed]] = {}
    for each in chosen:
        groups.setdefault(each.payload, []).append(each)
    payloads = {}
    for key in source.payload_keys:
        mine = groups.get(key, ())
        below = [(each.names, each.test) for each in mine if each.test.path != key]
        if mine:
            payloads[key] = Payload(
                json=build_tree(key, below) if below else None,
                string=next((each.test for each in mine if each.test.path == key), None),
            )
    metadata = [(each.names, each.test) for each in groups.get(None, ())]
    return Conjunction(build_tree("", metadata), payloads)


def names_below(key: str, test: FieldTest) -> tuple[str, ...]:
    """Return the names below a payload key, as the pattern spells them (`body.a` may be one
    name)."""
    first, *rest = test.names
    return tuple(rest) if first == key else (first[len(key) + 1 :], *rest)


class _Growing(Struct, eq=False):
    """A node while tests are added. Edges are lists of name parts, split at every dot."""

    test: FieldTest | None = None
    edges: dict[str, tuple[list[str], _Growing]] = field(default_factory=dict)


def build_tree(name: str, tests: Iterable[tuple[tuple[str, ...], FieldTest]]) -> MatchNode:
    """Return a node with the tests below it, each given with the names that lead there.

    There is an edge for each name as the pattern spells it. If two paths share a part of a
    dotted name (`a.b`, `a`), the edge is split there: no two edges begin with the same part.
    """
    root = _Growing()
    for names, test in tests:
        _reach(root, names).test = test
    return _freeze(name, root)


def build_aligned_trees(
    name: str, groups: Iterable[Iterable[tuple[tuple[str, ...], FieldTest]]]
) -> tuple[MatchNode, tuple[MatchNode, ...]]:
    """Return one node with all tests of several groups below it, and one node for each group alone.

    All have the same edges where they have any. If there are several tests for a path, the first
    node has the last of them, as a sign that there is a test.
    """
    groups = [list(group) for group in groups]
    if len(groups) == 1:
        node = build_tree(name, groups[0])
        return node, (node,)
    skeleton = _Growing()
    for group in groups:
        for names, test in group:
            _reach(skeleton, names).test = test
    return _freeze(name, skeleton), tuple(
        _freeze(name, _along(skeleton, group)) for group in groups
    )


def _along(skeleton: _Growing, tests: Iterable[tuple[tuple[str, ...], FieldTest]]) -> _Growing:
    """Return a node with these tests, which the skeleton also has, below it, using the skeleton's
    edges.

    It costs no more than the tests' own paths: hundreds of alternatives share one skeleton.
    """
    root = _Growing()
    for names, test in tests:
        node, model = root, skeleton
        parts = [part for spelt in names for part in spelt.split(".")]
        while parts:
            label, model = model.edges[parts[0]]
            node = node.edges.setdefault(label[0], (label, _Growing()))[1]
            parts = parts[len(label) :]
        node.test = test
    return root


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


def _freeze(name: str, root: _Growing) -> MatchNode:
    """Return the finished nodes; without recursion, since this may run while a record is
    evaluated."""
    order = [(name, root)]
    for _, node in order:
        order.extend((".".join(label), child) for label, child in node.edges.values())
    done: dict[int, MatchNode] = {}
    for name, node in reversed(order):
        below = (done[id(child)] for _, child in node.edges.values())
        children = tuple(child for child in below if child.test is not None or child.children)
        required = sum(
            child.required + (child.test is not None and not child.test.optional)
            for child in children
        )
        by_part = {child.name.partition(".")[0]: child for child in children}
        done[id(node)] = MatchNode(name, node.test, children, required, by_part)
    return done[id(root)]
