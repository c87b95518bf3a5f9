"""Converts conjunctions to branches, for which code is generated and whose trees share edges, and
estimates the cost of their tests: for long arrays, some are better left to the evaluator."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from msgspec import Struct

from filterpatterns.codegen.expressions import plain_string
from filterpatterns.codegen.types import Unsupported
from filterpatterns.delivery.sources import Encoding, PayloadFormat, Source
from filterpatterns.language.operators import AnythingBut, Operator
from filterpatterns.matching.match_tree import (
    Conjunction,
    FieldTest,
    MatchNode,
    Payload,
    build_aligned_trees,
    names_below,
)

COSTLY: Final = 16
"""The number of tests, each counted with its rules, beyond which the elements of long arrays are
better evaluated for all tests together, as the evaluator does."""

COSTLY_IN_DICTS: Final = 6
"""The same for arrays in dicts, whose leaves the interpreter tests."""


class Branch(Struct, frozen=True, eq=False):
    """A conjunction for which code is generated: its trees share edges with those of the others.

    `others` are its conditions on payloads other than the one that generated code decodes: the key
    of a Kafka record is short, and the interpreter tests it if everything else matches.
    """

    metadata: MatchNode
    json: MatchNode | None
    string: FieldTest | None
    others: tuple[tuple[str, Payload], ...] = ()

    @property
    def formats(self) -> tuple[PayloadFormat, ...]:
        """The expected formats of the payload."""
        return Payload(self.json, self.string).formats


def own_tests(one: Conjunction, *, inline: bool) -> Iterator[tuple[tuple[str, ...], FieldTest]]:
    """The tests of the record's own members; `inline`: including those of an object in it.

    Raises:
        Unsupported: a payload need not be such an object.
    """
    for test in one.metadata.tests():
        yield test.names, test
    if inline:
        for key, payload in one.payloads.items():
            if payload.json is None or payload.string is not None:
                raise Unsupported
            for test in payload.json.tests():
                yield (key, *names_below(key, test)), test


def with_payload(
    branches: Sequence[Branch], conjunctions: Sequence[Conjunction], key: str
) -> tuple[MatchNode, tuple[MatchNode, ...], list[Branch]]:
    """The branches with their conditions on the payload of a key, and the trees for it if it is
    JSON, merged and separately."""
    wanted = [one.payloads.get(key, Payload(None, None)) for one in conjunctions]
    groups = [
        [(names_below(key, test), test) for test in one.json.tests()]
        for one in wanted
        if one.json is not None
    ]
    merged, aligned = build_aligned_trees(key, groups)
    trees = iter(aligned)
    found = [
        Branch(
            branch.metadata,
            next(trees) if one.json is not None else None,
            one.string,
            tuple((name, other) for name, other in all_of.payloads.items() if name != key),
        )
        for branch, one, all_of in zip(branches, wanted, conjunctions, strict=True)
    ]
    return merged, aligned, found


def has_numbers_in_one_object(branches: Sequence[Branch]) -> bool:
    """Whether a matching payload has all numbers that rules test in one object. If one of them is
    not in an array, then none of them is."""
    if len(branches) != 1 or branches[0].json is None:
        return False
    holders = 0
    pending = [branches[0].json]
    while pending:
        node = pending.pop()
        tests = [child.test for child in node.children if child.test is not None]
        tests = [test for test in tests if any(rule.reads_number_text() for rule in test.rules)]
        if any(test.optional for test in tests):
            return False
        holders += bool(tests)
        pending += node.children
    return holders == 1


def has_only_doubles(branches: Sequence[Branch]) -> bool:
    """Whether the tests of such a payload that depend on how numbers are written match numbers
    only."""
    pending = [branch.json for branch in branches if branch.json is not None]
    while pending:
        node = pending.pop()
        rules = () if node.test is None else node.test.rules
        reads_text = any(rule.reads_number_text() for rule in rules)
        if reads_text and not all(rule.reads_only_doubles() for rule in rules):
            return False
        pending += node.children
    return True


def tests_only_text(source: Source, branches: Sequence[Branch]) -> bool:
    """Whether nothing is tested but the payload, which records contain as text."""
    reads_more = any(branch.metadata.children or branch.others for branch in branches)
    return source.encoding is Encoding.TEXT and not reads_more


def only_numbers(
    conjunctions: Sequence[Conjunction], key: str
) -> tuple[MatchNode, tuple[MatchNode, ...]] | None:
    """Return the trees for the payload of a key, merged and separately, with no other tests than
    those that match numbers only: what does not satisfy one of them does not match. None if a
    conjunction has no such test."""
    groups = []
    for one in conjunctions:
        node = one.payloads[key].json
        tests = [] if node is None else list(node.tests())
        found = [
            (names_below(key, test), test)
            for test in tests
            if not test.optional and all(rule.reads_only_doubles() for rule in test.rules)
        ]
        if not found:
            return None
        groups.append(found)
    return build_aligned_trees(key, groups)


def cost(test: FieldTest) -> int:
    """The cost of a test for each element of an array; all plain strings together count as one, and
    so do those that an `anything-but` excludes."""
    return 1 + sum(_cost(rule) for rule in test.rules if plain_string(rule) is None)


def _cost(rule: Operator) -> int:
    if isinstance(rule, AnythingBut):
        return max(1, sum(each.weight() for each in rule.rules))
    return rule.weight()


def is_costly(conjunctions: Iterable[Conjunction], key: str, most: int) -> bool:
    """Whether the tests below a payload key are more expensive than that in total."""
    nodes = [one.payloads[key].json for one in conjunctions if key in one.payloads]
    return sum(cost(test) for node in nodes if node for test in node.tests()) > most
