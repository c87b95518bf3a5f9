"""Rules that share a key, for the values of one record: asked one by one, or wildcards by an
automaton where that has become cheaper."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Generic

from filterpatterns.language.operators import Operator, Wildcard
from filterpatterns.matching.budget import Budget
from filterpatterns.matching.lookup.automaton import Automaton
from filterpatterns.matching.lookup.payloads import Filed, Kind

Held = Sequence[tuple[Operator | None, Filed]]
"""Things to find under a key, each with the rule to be asked, or None."""

FEW = 8
"""Rules under a key that are no crowd."""

_RULE = 900
_WORTH = 300
"""For each character that an automaton reads, a rule could read so many; and asking it takes as
long as reading that many more (measured)."""


class Crowd(Generic[Filed]):
    """Many rules under one key."""

    __slots__ = ("_automaton", "_budget", "_held", "_kind", "_others", "_until", "_wildcards")

    def __init__(self, held: Held[Filed], kind: Kind[Filed], budget: Budget) -> None:
        self._held = held
        self._kind = kind
        self._budget = budget
        self._wildcards = [(rule, filed) for rule, filed in held if isinstance(rule, Wildcard)]
        self._others = [pair for pair in held if not isinstance(pair[0], Wildcard)]
        self._automaton: Automaton[Filed] | None = None
        # An automaton is made when the rules have been asked for as long as making it takes.
        self._until = sum(len(rule.text) + 1 for rule, _ in self._wildcards)
        if not Automaton.takes([rule for rule, _ in self._wildcards]):
            self._until = -1

    def take(self, value: str, found: list[Filed]) -> None:
        """Add what is filed under the rules that match a value.

        Raises:
            RecordError: that takes more than is left of the record's budget.
        """
        size = len(value)
        if self._until < 0 or len(self._wildcards) * (_RULE + size) < _WORTH * size:
            take_asked(self._held, value, found, self._budget)
            return
        if self._until > 0:
            self._until = max(0, self._until - len(self._held))
            take_asked(self._held, value, found, self._budget)
            return
        if self._automaton is None:
            self._automaton = Automaton(self._wildcards, self._kind, self._budget)
        filed = self._automaton.read(value)
        if filed:
            found.append(filed)
        if self._others:
            take_asked(self._others, value, found, self._budget)


def take_asked(held: Held[Filed], value: Any, found: list[Filed], budget: Budget) -> None:
    """Add what a table holds under a key, if the rules that have to be asked hold for the value.

    Raises:
        RecordError: that takes more than is left of the record's budget.
    """
    size = len(value) if value.__class__ is str else 0
    budget.spend_for_values(len(held) * (1024 + size) >> 10)
    for guard, filed in held:
        if guard is None or guard.holds(value):
            found.append(filed)
