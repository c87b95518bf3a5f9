"""The rules that share a value's keys, for the values of one record: asked one by one, or wildcards
by an automaton where that has become cheaper."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Generic

from filterpatterns.language.operators import Operator, Wildcard
from filterpatterns.matching.budget import Budget
from filterpatterns.matching.lookup.automaton import Automaton
from filterpatterns.matching.lookup.payloads import Filed, Kind

Held = Sequence[tuple[Operator | None, Filed]]
"""Things to find under a key, each with the rule to be asked, or None."""

FEW = 8
"""Rules to be asked for a value that are no crowd."""

_CALL = 900
_READ = 300
"""Asking a rule takes as long as searching so many characters; so does reading one character with
the automaton (measured)."""


class Crowd(Generic[Filed]):
    """The rules that a finder holds, of which a value's keys select too many."""

    __slots__ = ("_automaton", "_budget", "_is_mixed", "_kind", "_others", "_until", "_wildcards")

    def __init__(
        self, tables: Iterable[Mapping[Any, Held[Filed]]], kind: Kind[Filed], budget: Budget
    ) -> None:
        self._kind = kind
        self._budget = budget
        rules = [
            pair
            for table in tables
            for held in table.values()
            if len(held) > 1 or held[0][0] is not None
            for pair in held
        ]
        self._wildcards = [(rule, filed) for rule, filed in rules if isinstance(rule, Wildcard)]
        self._is_mixed = len(self._wildcards) < len(rules)
        self._automaton: Automaton[Filed] | None = None
        self._others: dict[int, Held[Filed]] = {}
        # An automaton is made when rules have been asked for as long as making it takes.
        self._until = sum(len(rule.text) + 1 for rule, _ in self._wildcards)

    def take(self, asked: list[Held[Filed]], value: str, found: list[Filed]) -> None:
        """Add what is filed under the rules that match a value, of those under its keys.

        Raises:
            RecordError: that takes more than is left of the record's budget.
        """
        count = sum(map(len, asked))
        if self._until <= 0 and count * (_CALL + len(value)) > _READ * len(value):
            automaton = self._automaton
            if automaton is None and Automaton.takes([rule for rule, _ in self._wildcards]):
                automaton = self._automaton = Automaton(self._wildcards, self._kind, self._budget)
            if automaton is not None:
                filed = automaton.read(value)
                if filed:
                    found.append(filed)
                asked = [self._without_wildcards(held) for held in asked] if self._is_mixed else []
            else:
                self._until = sys.maxsize
        self._until -= count
        for held in asked:
            take_asked(held, value, found, self._budget)

    def _without_wildcards(self, held: Held[Filed]) -> Held[Filed]:
        others = self._others.get(id(held))
        if others is None:
            others = tuple(pair for pair in held if not isinstance(pair[0], Wildcard))
            self._others[id(held)] = others
        return others


def take_asked(held: Held[Filed], value: Any, found: list[Filed], budget: Budget) -> None:
    """Add what a table holds under a key, if the rules that have to be asked hold for the value.

    Raises:
        RecordError: that takes more than is left of the record's budget.
    """
    size = len(value) if value.__class__ is str else 0
    budget.spend_for_values(len(held) * (1536 + size) >> 10)
    for guard, filed in held:
        if guard is None or guard.holds(value):
            found.append(filed)
