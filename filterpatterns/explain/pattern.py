"""Patterns with information that compiling discards: the order of their fields, and their
`$or`s."""

from __future__ import annotations

from functools import lru_cache

from msgspec import Struct

from filterpatterns.delivery.sources import source_named
from filterpatterns.explain.model import Choice
from filterpatterns.language.conditions import AllOf, AnyOf, check
from filterpatterns.language.diagnostics import Reporter
from filterpatterns.language.fast_parser import parse
from filterpatterns.lint.subscribers import scoped
from filterpatterns.matching.combinations import Combination, Combinations, expand
from filterpatterns.matching.match_tree import (
    Conjunction,
    Conjunctions,
    FieldTest,
    build,
    conjunction,
)

_CACHE_SIZE = 16


class Planned(Struct, frozen=True, eq=False):
    """One `$or` combination, its tests, and those of fields that AWS adds after filtering."""

    combination: Combination
    conjunction: Conjunction
    unseen: tuple[FieldTest, ...]


class Plan(Struct, frozen=True, eq=False):
    """A pattern as it was written, and its `$or` combinations in the order of the text."""

    conditions: AllOf
    combinations: Combinations
    conjunctions: Conjunctions

    def planned(self, index: int) -> Planned:
        """One of the combinations."""
        combination = self.combinations[index]
        found, unseen = conjunction(combination, self.conjunctions.source)
        return Planned(combination, found, tuple(unseen))


@lru_cache(maxsize=_CACHE_SIZE)
def plan(text: str, source: str, scope: str | None = None) -> Plan:
    """Read a pattern that compiles."""
    ignored = Reporter(text)  # everything was reported when it was compiled
    tree = parse(text, ignored)
    conditions = () if tree is None else check(tree, ignored)
    if scope is not None:
        conditions = scoped(conditions, source_named(source).scopes[scope])
    return Plan(
        conditions,
        expand(conditions, ignored),
        build(conditions, source_named(source), ignored),
    )


def choices(conditions: AllOf, combination: Combination) -> tuple[Choice, ...]:
    """Return the alternatives that a combination chose, in the order of the text."""
    found: list[Choice] = []
    for member in conditions:
        if isinstance(member, AnyOf):
            index = combination.choice(member)
            found.append(Choice(".".join(member.names), index + 1, len(member.alternatives)))
            found += choices(member.alternatives[index], combination)
    return tuple(found)
