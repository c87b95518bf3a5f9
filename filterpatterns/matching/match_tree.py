"""Conditions -> matcher tree: what the engines walk, interpreter and generated code alike.

A pattern becomes conjunctions, one for each `$or` combination; a conjunction a tree of paths.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator

from msgspec import Struct, field

from filterpatterns.delivery.sources import PayloadFormat, Source
from filterpatterns.language.conditions import AllOf, AnyOf, Condition, iter_conditions
from filterpatterns.language.diagnostics import Reporter
from filterpatterns.language.nodes import Span
from filterpatterns.language.operators import Absent, Operator

UNRANKED = sys.maxsize
"""Sorts behind every test's rank: nothing was found."""


class FieldTest(Struct, frozen=True, eq=False):
    """What one path must satisfy: any rule, by one of its values, or (`optional`) by absence.

    `rank` is the path's place in the sorted paths of its conjunction: it decides which arrays an
    `exists: false` finds bound.
    """

    names: tuple[str, ...]
    path: str
    rules: tuple[Operator, ...]
    optional: bool
    rank: int = 0


class MatchNode(Struct, frozen=True, eq=False):
    """A place in events that a conjunction looks at: what leads there, the test, what is below.

    `name` may hold dots, where the pattern spells a name with dots. `required` says how many of the
    tests below (not here) absence does not satisfy.
    """

    name: str
    test: FieldTest | None
    children: tuple[MatchNode, ...]
    required: int

    @property
    def optional(self) -> bool:
        """Whether all tests below (not here) may be satisfied by absence."""
        return not self.required

    def tests(self) -> Iterator[FieldTest]:
        """The tests here and below."""
        pending = [self]
        while pending:
            node = pending.pop()
            if node.test is not None:
                yield node.test
            pending.extend(node.children)


class Payload(Struct, frozen=True, eq=False):
    """What a conjunction wants of a payload: leaves below the key, a plain string, or (oddly) both.

    `json` is the node at the payload key; its tests are all below it.
    """

    json: MatchNode | None
    string: FieldTest | None

    @property
    def formats(self) -> tuple[PayloadFormat, ...]:
        """The formats that the pattern wants."""
        wanted = ((PayloadFormat.JSON, self.json), (PayloadFormat.STRING, self.string))
        return tuple(form for form, tests in wanted if tests is not None)


class Conjunction(Struct, frozen=True, eq=False):
    """Tests that must all hold: of the record's own fields, and of each payload that is named.

    A payload's fields come from the payload alone, so that no array spans it and the metadata.
    """

    metadata: MatchNode
    payloads: dict[str, Payload]


class Matcher(Struct, frozen=True, eq=False):
    """The whole: a record is kept if any conjunction holds, or if `keep_all` is set."""

    source: Source
    conjunctions: tuple[Conjunction, ...]
    keep_all: bool = False


def build(conditions: AllOf, source: Source, report: Reporter) -> Iterator[Conjunction]:
    """The conjunctions of one pattern that can hold at all for the source."""
    _warn_added(conditions, source, report)
    if not source.takes_strings:
        _refuse_strings(conditions, source, report)
    placed = _placed(iter_conditions(conditions), source)
    for combination in expand(conditions, report):
        found, unseen = _conjunction(combination, placed, source)
        # Fields that AWS adds later are absent: such a test fails, unless absence will do.
        if all(test.optional for test in unseen):
            yield found


class _Placed(Struct, frozen=True, eq=False):
    """A condition's test, and where it belongs: to a payload, or to what AWS adds later.

    `names` lead there from the payload key, or from the record.
    """

    test: FieldTest
    names: tuple[str, ...]
    payload: str | None
    is_added: bool


def _placed(conditions: Iterable[Condition], source: Source) -> dict[int, _Placed]:
    """The tests by the identity of their conditions: made once, for however many combinations.

    They are ranked among all paths of the pattern, which orders those of each combination too.
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


class Combination(Struct, frozen=True, eq=False):
    """What one choice among the alternatives of each `$or` asks for, and that choice.

    `chosen` has the spans of the `$or`s, each with the index of the alternative.
    """

    conditions: dict[str, Condition]
    chosen: dict[Span, int]


def expand(conditions: AllOf, report: Reporter) -> list[Combination]:
    """Each `$or` combination, its conditions by path; of a path reached twice the last counts."""
    combinations = [Combination({}, {})]
    for member in conditions:
        if isinstance(member, AnyOf):
            choices = [
                Combination(inside.conditions, {**inside.chosen, member.span: index})
                for index, alternative in enumerate(member.alternatives)
                for inside in expand(alternative, report)
            ]
            combinations = [
                _merge(combination, chosen, report)
                for chosen in choices
                for combination in combinations
            ]
        else:
            for combination in combinations:  # in place: there may be a thousand, of any size
                if member.path in combination.conditions:
                    _warn_repeated(member.path, combination.conditions[member.path], report)
                combination.conditions[member.path] = member
    return combinations


def _merge(first: Combination, second: Combination, report: Reporter) -> Combination:
    for path in first.conditions.keys() & second.conditions.keys():
        _warn_repeated(path, first.conditions[path], report)
    return Combination({**first.conditions, **second.conditions}, {**first.chosen, **second.chosen})


def _warn_repeated(path: str, overruled: Condition, report: Reporter) -> None:
    report.warning(
        "FP102",
        overruled.span,
        f'the path "{path}" is reached again further down: only its last rules count',
        path=path,
        hint="write all rules for one path in one array",
    )


def _warn_added(conditions: AllOf, source: Source, report: Reporter) -> None:
    for condition in iter_conditions(conditions):
        if _belongs(condition.path, source.added_by_aws):
            report.warning(
                "FP104",
                condition.span,
                f'AWS adds "{condition.path}" after filtering: the pattern sees it absent',
                path=condition.place,
                hint="take it out; the event source mapping has one source anyway",
            )


def _refuse_strings(conditions: AllOf, source: Source, report: Reporter) -> None:
    for condition in iter_conditions(conditions):
        if condition.path in source.payload_keys:
            report.error(
                "FP021",
                condition.span,
                f'a {source.name} mapping takes no plain-string pattern for "{condition.path}"',
                path=condition.place,
                hint=f'write an object with fields: "{condition.path}": {{"name": ["value"]}}',
            )


def _belongs(path: str, keys: Iterable[str]) -> bool:
    return any(path == key or path.startswith(key + ".") for key in keys)


def conjunction(combination: Combination, source: Source) -> tuple[Conjunction, list[FieldTest]]:
    """The conjunction of what the source has, and the tests of what AWS adds after filtering."""
    return _conjunction(combination, _placed(combination.conditions.values(), source), source)


def _conjunction(
    combination: Combination, placed: dict[int, _Placed], source: Source
) -> tuple[Conjunction, list[FieldTest]]:
    every_one = [placed[id(condition)] for condition in combination.conditions.values()]
    unseen = [one.test for one in every_one if one.is_added]
    seen = [one for one in every_one if not one.is_added]
    chosen = sorted(seen, key=lambda one: one.test.rank)
    payloads = {}
    for key in source.payload_keys:
        mine = [one for one in chosen if one.payload == key]
        below = [(one.names, one.test) for one in mine if one.test.path != key]
        if mine:
            payloads[key] = Payload(
                json=build_tree(key, below) if below else None,
                string=next((one.test for one in mine if one.test.path == key), None),
            )
    metadata = [(one.names, one.test) for one in chosen if one.payload is None]
    return Conjunction(build_tree("", metadata), payloads), unseen


def names_below(key: str, test: FieldTest) -> tuple[str, ...]:
    """The names from a payload key down, as the pattern spells them (`body.a` may be one name)."""
    first, *rest = test.names
    return tuple(rest) if first == key else (first[len(key) + 1 :], *rest)


class _Growing(Struct, eq=False):
    """A node while tests are added. Edges are lists of name parts, split at every dot."""

    test: FieldTest | None = None
    edges: dict[str, tuple[list[str], _Growing]] = field(default_factory=dict)


def build_tree(name: str, tests: Iterable[tuple[tuple[str, ...], FieldTest]]) -> MatchNode:
    """A node with the tests below it, each given with the names that lead there.

    There is an edge for each name as the pattern spells it. Where two paths share a part of a
    dotted name (`a.b`, `a`), the edge is split there: no two edges begin with the same part.
    """
    root = _Growing()
    for names, test in tests:
        _reach(root, names).test = test
    return _freeze(name, root)


def build_aligned_trees(
    name: str, groups: Iterable[Iterable[tuple[tuple[str, ...], FieldTest]]]
) -> tuple[MatchNode, tuple[MatchNode, ...]]:
    """One node with all tests of several groups below it, and one node for each group alone.

    All have the same edges where they have any. Of several tests for one path the first node has
    the last: it says that there is one.
    """
    groups = [list(group) for group in groups]
    skeleton = _Growing()
    for group in groups:
        for names, test in group:
            _reach(skeleton, names).test = test
    return _freeze(name, skeleton), tuple(
        _freeze(name, _along(skeleton, group)) for group in groups
    )


def _along(skeleton: _Growing, tests: Iterable[tuple[tuple[str, ...], FieldTest]]) -> _Growing:
    """A node with these tests, which the skeleton has too, below it: with the skeleton's edges.

    It takes no more than the tests' own paths: hundreds of alternatives share one skeleton.
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


def _freeze(name: str, node: _Growing) -> MatchNode:
    frozen = (_freeze(".".join(label), child) for label, child in node.edges.values())
    children = tuple(child for child in frozen if child.test is not None or child.children)
    required = sum(
        child.required + (child.test is not None and not child.test.optional) for child in children
    )
    return MatchNode(name, node.test, children, required)
