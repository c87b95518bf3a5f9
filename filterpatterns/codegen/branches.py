"""Conjunctions -> branches: what code is generated for, their trees sharing their edges."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct

from filterpatterns.codegen.types import Unsupported
from filterpatterns.delivery.sources import PayloadFormat
from filterpatterns.language.operators import reads_number_text
from filterpatterns.matching.match_tree import (
    Conjunction,
    FieldTest,
    MatchNode,
    Payload,
    build_aligned_trees,
    names_below,
)


class Branch(Struct, frozen=True, eq=False):
    """A conjunction as code is generated for it: its trees share edges with the others'.

    `others` are what it wants of payloads other than the one that is decoded by generated code: the
    key of a Kafka record is short, and the interpreter is asked when all else holds.
    """

    metadata: MatchNode
    json: MatchNode | None
    string: FieldTest | None
    others: tuple[tuple[str, Payload], ...] = ()

    @property
    def formats(self) -> tuple[PayloadFormat, ...]:
        """The formats that are wanted of the payload."""
        return Payload(self.json, self.string).formats


def own_tests(one: Conjunction, *, inline: bool) -> Iterator[tuple[tuple[str, ...], FieldTest]]:
    """The tests of the record's own members; `inline`: with those of an object that stands in it.

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
    """The branches with what their conjunctions want of the payload of a key; and the trees for it
    where it is JSON, merged and one by one."""
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
    """Whether a payload that matches has all numbers that rules look at in one object. If one of
    them is in no array, then none of them is."""
    if len(branches) != 1 or branches[0].json is None:
        return False
    holders = 0
    pending = [branches[0].json]
    while pending:
        node = pending.pop()
        tests = [child.test for child in node.children if child.test is not None]
        tests = [test for test in tests if any(map(reads_number_text, test.rules))]
        if any(test.optional for test in tests):
            return False
        holders += bool(tests)
        pending += node.children
    return holders == 1
