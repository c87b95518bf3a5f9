"""The rules that share a value's keys, for the values of one record: asked one by one, or wildcards
by an automaton where that has become cheaper."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Generic

from filterpatterns.language.operators import Operator, Wildcard
from filterpatterns.matching.budget import Budget
from filterpatterns.matching.lookup.automaton import Automaton
from filterpatterns.matching.lookup.payloads import Filed, Kind

Held = Sequence[tuple[Operator | None, Filed]]
"""Things to find under a key, each with the rule to be asked, or None."""

Tables = Collection[Mapping[Any, Held[Filed]]]
"""What is under each key, by kinds of keys."""

FEW = 8
"""Rules to be asked for a value that are no crowd."""

_MAKING = 4
"""Rules that can be asked while one is made part of an automaton (measured)."""

_CALL = 900
"""Characters that `str.find` searches in the time that asking a rule takes otherwise (measured)."""

_READ = 300
"""The same in the time that the automaton takes to read one character."""


_SHORT = FEW * _CALL // (_READ - FEW)
"""A value of at most so many characters is read by the automaton whenever it may be."""


class Crowd(Generic[Filed]):
    """The rules that a finder holds, of which a value's keys select too many."""

    __slots__ = (
        "_automaton",
        "_budget",
        "_finder",
        "_is_mixed",
        "_kind",
        "_others",
        "_reader",
        "_tables",
        "_until",
    )

    def __init__(
        self,
        finder: Any,
        tables: Tables[Filed],
        count: int,
        kind: Kind[Filed],
        budget: Budget,
    ) -> None:
        """`count` says how many rules that have to be asked the tables hold, at most. The finder
        stays alive, so that no other has the identity by which the budget knows it."""
        self._finder = finder
        self._kind = kind
        self._budget = budget
        self._tables: Tables[Filed] | None = tables
        self._is_mixed = False
        self._automaton: Automaton[Filed] | None = None
        self._others: dict[int, Held[Filed]] = {}
        # An automaton is made when rules have been asked for as long as making it takes.
        self._until = count * _MAKING
        # The automaton if it has all rules, as long as there is room for what it remembers.
        self._reader: Automaton[Filed] | None = None

    def take(self, asked: list[Held[Filed]], count: int, value: str, found: list[Filed]) -> None:
        """Add what is filed under the rules that match a value, of the `count` under its keys.

        Raises:
            RecordError: that takes more than is left of the record's budget.
        """
        if self._until > 0:
            self._until -= count
        elif count * (_CALL + len(value)) > _READ * len(value):
            if self._tables is not None:
                self._automaton = self._made(self._tables)
                self._tables = None
            if self._automaton is not None:
                filed = self._automaton.read(value)
                if filed:
                    found.append(filed)
                if self._automaton.is_full:
                    self._reader = None
                if not self._is_mixed:
                    return
                asked = [self._without_wildcards(held) for held in asked]
                count = sum(map(len, asked))
        take_asked(asked, count, value, found, self._budget)

    def read(self, value: str) -> Sequence[Filed] | None:
        """Return what is filed under the rules that match a value; None if its keys have to be
        looked up.

        Raises:
            RecordError: that takes more than is left of the record's budget.
        """
        reader = self._reader
        if reader is None or len(value) > _SHORT:
            return None
        filed = reader.read(value)
        if reader.is_full:
            self._reader = None
        return (filed,) if filed else ()

    def _made(self, tables: Tables[Filed]) -> Automaton[Filed] | None:
        """Return an automaton for all wildcards; None if it would be too large."""
        all_held = [held for table in tables for held in table.values()]
        # What a key alone finds is not the crowd's.
        rules = [
            pair for held in all_held if len(held) > 1 or held[0][0] is not None for pair in held
        ]
        wildcards = [(rule, filed) for rule, filed in rules if isinstance(rule, Wildcard)]
        self._is_mixed = len(wildcards) < len(rules)
        if not (wildcards and Automaton.takes([rule for rule, _ in wildcards])):
            return None
        made = Automaton(wildcards, self._kind, self._budget)
        if len(wildcards) == sum(map(len, all_held)):
            self._reader = made
        return made

    def _without_wildcards(self, held: Held[Filed]) -> Held[Filed]:
        others = self._others.get(id(held))
        if others is None:
            others = tuple(pair for pair in held if not isinstance(pair[0], Wildcard))
            self._others[id(held)] = others
        return others


def take_asked(
    asked: list[Held[Filed]], count: int, value: Any, found: list[Filed], budget: Budget
) -> None:
    """Add what is held under the keys of a value, `count` things, if the rules to be asked hold.

    Raises:
        RecordError: that takes more than is left of the record's budget.
    """
    size = len(value) if value.__class__ is str else 0
    budget.spend_for_values(count * (1536 + size) >> 10)
    for held in asked:
        for guard, filed in held:
            if guard is None or guard.holds(value):
                found.append(filed)
