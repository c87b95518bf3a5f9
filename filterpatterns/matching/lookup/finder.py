"""Finds what is filed under the rules that match a value, with a table for each kind of rule."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Generic, NamedTuple

from filterpatterns.jsontext.numbers import SAFE, JsonNumber, as_double, number_text
from filterpatterns.language.operators import Operator
from filterpatterns.language.operators.address import value_digits
from filterpatterns.matching.lookup.keys import Family, fold, is_range, key_of
from filterpatterns.matching.lookup.payloads import Filed, Kind
from filterpatterns.matching.lookup.ranges import Ranges

_OF_ADDRESSES = (Family.ADDRESS, Family.BLOCK)
_OTHERS = (Family.GRAM, Family.FOLDED, Family.FOLDED_PREFIX, Family.FOLDED_SUFFIX)

_TableKey = tuple[str, Any]
_Table = dict[Any, tuple[tuple[Operator | None, Filed], ...]]
"""Under each key: what is filed, each with the rule to be evaluated, or None."""


_IN_TABLES = frozenset(
    (Family.STRING, Family.PREFIX, Family.SUFFIX, Family.NUMBER, Family.CONSTANT)
)


class Tables(NamedTuple):
    """The tables of a finder, if these are all that it uses, for generated code.

    The tables of strings, numbers and constants have one entry under each key, without a rule to
    evaluate; those of prefixes and suffixes come with their sizes.
    """

    strings: _Table[Any] | None
    prefixes: list[tuple[int, _Table[Any]]]
    suffixes: list[tuple[int, _Table[Any]]]
    numbers: _Table[Any] | None
    ranges: Ranges[Any] | None
    constants: _Table[Any] | None


class Finder(Generic[Filed]):
    """Things filed under rules. Changed only by the code that made or copied it."""

    __slots__ = (
        "_addresses",
        "_constants",
        "_kind",
        "_numbers",
        "_others",
        "_prefixes",
        "_ranges",
        "_strings",
        "_suffixes",
        "_tables",
    )

    def __init__(self, kind: Kind[Filed]) -> None:
        self._kind = kind
        self._tables: dict[_TableKey, _Table[Filed]] = {}
        self._ranges = Ranges(kind)
        self._arrange()

    def copy(self) -> Finder[Filed]:
        """Return a copy that can be changed independently."""
        other = Finder(self._kind)
        other._tables = {shelf: table.copy() for shelf, table in self._tables.items()}
        other._ranges = self._ranges.copy()
        other._arrange()
        return other

    def _arrange(self) -> None:
        """Prepare the tables for `find`: the most common ones have their own attributes."""
        tables = self._tables
        self._strings = tables.get((Family.STRING, 0))
        self._numbers = tables.get((Family.NUMBER, 0))
        self._constants = tables.get((Family.CONSTANT, 0))
        self._prefixes = [
            (size, table) for (family, size), table in tables.items() if family is Family.PREFIX
        ]
        self._suffixes = [
            (size, table) for (family, size), table in tables.items() if family is Family.SUFFIX
        ]
        self._others = [(*shelf, table) for shelf, table in tables.items() if shelf[0] in _OTHERS]
        self._addresses = [
            (size, table) for (family, size), table in tables.items() if family in _OF_ADDRESSES
        ]

    def tables(self) -> Tables | None:
        """The tables, if `find` only looks a value up in them; otherwise None."""
        if any(family not in _IN_TABLES for family, _ in self._tables):
            return None
        ranges = self._ranges if self._ranges else None
        strings, numbers, constants = self._strings, self._numbers, self._constants
        return Tables(strings, self._prefixes, self._suffixes, numbers, ranges, constants)

    def __len__(self) -> int:
        """Return how many different things are filed. (The interval of a bound mostly shares a
        neighbour's.)"""
        return sum(map(len, self._tables.values())) + (len(self._ranges) + 1) // 2

    def held(self, rule: Operator) -> list[Filed]:
        """Return what is filed where the rule would be: the more, the less selective the place."""
        key = key_of(rule)
        if key is None:
            return []
        found = self._tables.get(key[:2], {}).get(key.value, ())
        return [filed for _, filed in found]

    def add(self, rule: Operator, filed: Filed) -> None:
        """File something under a rule that is not an anything-but."""
        if is_range(rule):
            self._ranges.add(rule, filed)  # type: ignore[arg-type]
            return
        key = key_of(rule)
        if key is None:
            return  # the rule matches nothing
        if key[:2] not in self._tables:
            self._tables[key[:2]] = {}
            self._arrange()
        table = self._tables[key[:2]]
        guard = rule if key.guarded else None
        held = dict(table.get(key.value, ()))
        held[guard] = self._kind.join(held.get(guard, self._kind.nothing), filed)
        table[key.value] = tuple(held.items())

    def discard(self, rule: Operator, filed: Filed) -> None:
        """Remove something that was filed under that rule."""
        if is_range(rule):
            self._ranges.discard(rule, filed)  # type: ignore[arg-type]
            return
        key = key_of(rule)
        table = None if key is None else self._tables.get(key[:2])
        if key is None or table is None or key.value not in table:
            return
        held = dict(table[key.value])
        guard = rule if key.guarded else None
        held[guard] = self._kind.without(held.get(guard, self._kind.nothing), filed)
        table[key.value] = tuple(pair for pair in held.items() if pair[1])
        if not table[key.value]:
            del table[key.value]
        if not table:
            del self._tables[key[:2]]
            self._arrange()

    def find(self, value: Any) -> list[Filed]:
        """Return what is filed under the rules that match a leaf."""
        found: list[Filed] = []
        kind = value.__class__
        if kind is str:
            if self._strings is not None and value in self._strings:
                found.append(self._strings[value][0][1])
            for size, table in self._prefixes:
                start = value[:size]
                if start in table:
                    take_held(table[start], value, found)
            for size, table in self._suffixes:
                end = value[-size:] if size else ""
                if end in table:
                    take_held(table[end], value, found)
            if self._others:
                self._find_elsewhere(value, found)
            if self._addresses:
                self._find_digits(value, found)
        elif kind is int or kind is float or kind is JsonNumber or kind is Decimal:
            safe = (kind is int or kind is float) and -SAFE <= value <= SAFE
            self._find_number(value, value if safe else as_double(value), found)
        elif self._constants is not None and value in self._constants:
            found.append(self._constants[value][0][1])
        return found

    def _find_elsewhere(self, text: str, found: list[Filed]) -> None:
        folded = None
        for family, size, table in self._others:
            keys: Iterable[Any]
            if family is Family.GRAM:
                keys = {text[start : start + size] for start in range(len(text) - size + 1)}
            else:
                folded = fold(text) if folded is None else folded
                keys = (_part(family, size, folded),)
            for key in keys:
                if key in table:
                    take_held(table[key], text, found)

    def _find_number(self, value: Any, double: int | float | None, found: list[Filed]) -> None:
        if double is None:
            self._find_text(value, found)
        else:
            if self._numbers is not None and double in self._numbers:
                found.append(self._numbers[double][0][1])
            if self._ranges:
                found.append(self._ranges.find(double))
        if self._addresses:
            self._find_digits(value, found)

    def _find_digits(self, value: Any, found: list[Filed]) -> None:
        """For an address or any number: rules are filed under the first digits of their
        addresses."""
        digits = value_digits(value)
        if digits is not None:
            for size, table in self._addresses:
                start = digits[:size]
                if start in table:
                    take_held(table[start], value, found)

    def _find_text(self, number: Any, found: list[Filed]) -> None:
        """For a number that is not comparable: only the same text equals it."""
        table = self._tables.get((Family.NUMBER_TEXT, 0))
        if table is not None:
            found += [filed for _, filed in table.get(number_text(number), ())]


def take_held(
    held: Iterable[tuple[Operator | None, Filed]], value: Any, found: list[Filed]
) -> None:
    """Add what a table has under a key, if the rules that must be evaluated match the value."""
    for guard, filed in held:
        if guard is None or guard.holds(value):
            found.append(filed)


def _part(family: str, size: int, folded: str) -> str:
    if family is Family.FOLDED:
        return folded
    if family is Family.FOLDED_PREFIX:
        return folded[:size]
    return folded[-size:] if size else ""
