"""Conjunctions -> branches: what code is generated for, their trees sharing their edges; and what
their tests cost: where arrays are long, some are better left to the evaluator."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from msgspec import Struct

from filterpatterns.codegen.expressions import plain_string
from filterpatterns.codegen.prefilter import Prefilter
from filterpatterns.codegen.types import Unsupported
from filterpatterns.delivery.sources import Encoding, PayloadFormat, Source
from filterpatterns.language.operators import reads_number_text
from filterpatterns.matching.match_tree import (
    Conjunction,
    FieldTest,
    MatchNode,
    Payload,
    build_aligned_trees,
    names_below,
)

COSTLY: Final = 16
"""Tests, each counted with its rules, beyond which the elements of long arrays are better looked at
for all tests together; that is what the evaluator does."""

COSTLY_IN_DICTS: Final = 6
"""The same for arrays in dicts, whose leaves the interpreter tests."""


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


def texts_in_lines(
    found: Prefilter, source: Source, branches: Sequence[Branch]
) -> tuple[bytes, ...] | None:
    """Return texts of which the JSON text of a record has one in every record that matches; None if
    there are no such texts, or if anything but the payload is tested."""
    reads_more = any(branch.metadata.children or branch.others for branch in branches)
    return None if reads_more or source.encoding is not Encoding.TEXT else found.in_lines()


def cost(test: FieldTest) -> int:
    """What a test costs for each element of an array: all plain strings together are one."""
    return 1 + sum(plain_string(rule) is None for rule in test.rules)


def is_costly(conjunctions: Iterable[Conjunction], key: str, most: int) -> bool:
    """Whether the tests below a payload key together cost more than that."""
    nodes = [one.payloads[key].json for one in conjunctions if key in one.payloads]
    return sum(cost(test) for node in nodes if node for test in node.tests()) > most
