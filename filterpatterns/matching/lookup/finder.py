"""Finds what is filed under the rules that match a value, with a table for each kind of rule."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable, Sequence
from decimal import Decimal
from operator import itemgetter
from typing import Any, Generic, NamedTuple

from filterpatterns.jsontext.numbers import SAFE, JsonNumber, as_double, number_text
from filterpatterns.language.operators import Operator
from filterpatterns.language.operators.address import Cidr, value_digits
from filterpatterns.matching.budget import Budget
from filterpatterns.matching.lookup.crowds import FEW, Crowd, Held, take_asked
from filterpatterns.matching.lookup.keys import Family, Key, fold, is_range, key_of
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

_SETTLING = threading.Lock()

_FEW_SIZES = 16
"""Sizes of prefixes and suffixes that need not be counted."""

_FEW_GRAMS = 64
"""Texts that are searched for one by one."""

_CHUNK = 4096
"""Characters of a text whose parts are held at a time."""


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
        "_asked",
        "_changed",
        "_constants",
        "_is_rare",
        "_kind",
        "_numbers",
        "_others",
        "_prefixes",
        "_ranges",
        "_sizes",
        "_strings",
        "_suffixes",
        "_tables",
    )

    def __init__(self, kind: Kind[Filed]) -> None:
        self._kind = kind
        self._tables: dict[_TableKey, _Table[Filed]] = {}
        self._ranges = Ranges(kind)
        self._changed: dict[tuple[str, Any, Any], dict[Operator | None, Filed]] = {}
        self._asked = 0  # rules that have to be asked, where they have been added
        self._arrange()

    def copy(self) -> Finder[Filed]:
        """Return a copy that can be changed independently."""
        self._settle()
        other = Finder(self._kind)
        other._tables = {shelf: table.copy() for shelf, table in self._tables.items()}
        other._ranges = self._ranges.copy()
        other._asked = self._asked
        other._arrange()
        return other

    def _arrange(self) -> None:
        """Prepare the tables for `find`: the most common ones have their own attributes."""
        tables = self._tables
        self._strings = tables.get((Family.STRING, 0))
        self._numbers = tables.get((Family.NUMBER, 0))
        self._constants = tables.get((Family.CONSTANT, 0))
        self._prefixes = self._by_size(Family.PREFIX)
        self._suffixes = self._by_size(Family.SUFFIX)
        self._others = [(*shelf, table) for shelf, table in tables.items() if shelf[0] in _OTHERS]
        self._addresses = [
            (size, table) for (family, size), table in tables.items() if family in _OF_ADDRESSES
        ]
        self._sizes = len(self._prefixes) + len(self._suffixes)
        self._is_rare = bool(self._others or self._addresses or self._sizes > _FEW_SIZES)

    def _by_size(self, wanted: str) -> list[tuple[int, _Table[Filed]]]:
        """The tables of a family by the sizes of their keys, in ascending order."""
        found = [
            (size, table) for (family, size), table in self._tables.items() if family == wanted
        ]
        return sorted(found, key=itemgetter(0))

    def tables(self) -> Tables | None:
        """The tables, if `find` only looks a value up in them; otherwise None."""
        self._settle()
        if any(family not in _IN_TABLES for family, _ in self._tables):
            return None
        ranges = self._ranges if self._ranges else None
        strings, numbers, constants = self._strings, self._numbers, self._constants
        return Tables(strings, self._prefixes, self._suffixes, numbers, ranges, constants)

    def __len__(self) -> int:
        """Return how many different things are filed. (The interval of a bound mostly shares a
        neighbour's.)"""
        return sum(map(len, self._tables.values())) + (len(self._ranges) + 1) // 2

    def __bool__(self) -> bool:
        return bool(self._tables or self._ranges)

    def held(self, rule: Operator) -> Collection[Filed]:
        """Return what is filed where the rule would be: the more, the less selective the place."""
        key = key_of(rule)
        if key is None:
            return ()
        changed = self._changed.get(key[:3])
        if changed is not None:
            return changed.values()
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
        self._tables[key[:2]].setdefault(key.value, ())
        self._asked += key.guarded
        held = self._changing(key)
        guard = _guard(rule, key)
        held[guard] = self._kind.join(held.get(guard, self._kind.nothing), filed)

    def discard(self, rule: Operator, filed: Filed) -> None:
        """Remove something that was filed under that rule."""
        if is_range(rule):
            self._ranges.discard(rule, filed)  # type: ignore[arg-type]
            return
        key = key_of(rule)
        table = None if key is None else self._tables.get(key[:2])
        if key is None or table is None or key.value not in table:
            return
        self._asked -= key.guarded
        held = self._changing(key)
        guard = _guard(rule, key)
        held[guard] = self._kind.without(held.get(guard, self._kind.nothing), filed)
        if not held[guard]:
            del held[guard]
        if not held:
            del self._changed[key[:3]]
            del table[key.value]
        if not table:
            del self._tables[key[:2]]
            self._arrange()

    def _changing(self, key: Key) -> dict[Operator | None, Filed]:
        """Return what is filed under a key, to be changed: to copy it for each of many rules would
        take quadratic time."""
        held = self._changed.get(key[:3])
        if held is None:
            held = self._changed[key[:3]] = dict(self._tables[key[:2]][key.value])
        return held

    def _settle(self) -> None:
        """Put what has been changed into the tables."""
        with _SETTLING:
            for (family, size, value), held in self._changed.items():
                self._tables[family, size][value] = tuple(held.items())
            self._changed = {}

    def find(self, value: Any, budget: Budget | None = None) -> Sequence[Filed]:
        """Return what is filed under the rules that match a leaf.

        Raises:
            RecordError: that takes more than is left of the record's budget, if one is given.
        """
        if self._changed:
            self._settle()
        kind = value.__class__
        if kind is str and budget is not None and budget.is_used:
            crowd: Crowd[Filed] | None = budget.known.get(id(self))
            read = None if crowd is None else crowd.read(value)
            if read is not None:
                return read
        found: list[Filed] = []
        asked: list[Held[Filed]] = []
        if kind is str:
            if self._strings is not None and value in self._strings:
                found.append(self._strings[value][0][1])
            length = len(value)
            for size, table in self._prefixes:
                if size > length:
                    break
                start = value[:size]
                if start in table:
                    asked.append(table[start])
            for size, table in self._suffixes:
                if size > length:
                    break
                end = value[-size:] if size else ""
                if end in table:
                    asked.append(table[end])
            if self._is_rare:
                self._find_elsewhere(value, asked, budget)
        else:
            self._find_other(value, found, asked)
        if asked:
            self._ask(asked, value, found, budget)
        return found

    def _ask(
        self, asked: list[Held[Filed]], value: Any, found: list[Filed], budget: Budget | None
    ) -> None:
        """Add what tables hold under the keys of a value, if the rules that have to be asked hold
        for it."""
        if budget is None:
            for held in asked:
                take_held(held, value, found)
            return
        guarded = []
        count = 0
        for held in asked:
            if len(held) == 1 and held[0][0] is None:
                found.append(held[0][1])
            else:
                guarded.append(held)
                count += len(held)
        if not count:
            return
        if count > FEW and budget.is_used and value.__class__ is str:
            crowd = budget.known.get(id(self))
            if crowd is None:
                crowd = Crowd(self, self._tables.values(), self._asked, self._kind, budget)
                budget.known[id(self)] = crowd
            crowd.take(guarded, count, value, found)
        else:
            take_asked(guarded, count, value, found, budget)

    def _find_elsewhere(self, text: str, asked: list[Held[Filed]], budget: Budget | None) -> None:
        """Add what is under the other keys of a string, and count what many sizes take."""
        if budget is not None and self._sizes > _FEW_SIZES:
            budget.spend_for_values(min(2 * len(text), self._sizes) * (256 + len(text)) >> 10)
        folded = None
        for family, size, table in self._others:
            if family is Family.GRAM:
                asked += [table[gram] for gram in _grams(text, size, table)]
                continue
            folded = fold(text) if folded is None else folded
            part = _part(family, size, folded)
            if part in table:
                asked.append(table[part])
        if self._addresses:
            self._find_digits(text, asked)

    def _find_other(self, value: Any, found: list[Filed], asked: list[Held[Filed]]) -> None:
        """For a leaf that is not a string."""
        kind = value.__class__
        if not (kind is int or kind is float or kind is JsonNumber or kind is Decimal):
            if self._constants is not None and value in self._constants:
                found.append(self._constants[value][0][1])
            return
        safe = (kind is int or kind is float) and -SAFE <= value <= SAFE
        double = value if safe else as_double(value)
        if double is None:
            self._find_text(value, found)
        else:
            if self._numbers is not None and double in self._numbers:
                found.append(self._numbers[double][0][1])
            if self._ranges:
                found.append(self._ranges.find(double))
        if self._addresses:
            self._find_digits(value, asked)

    def _find_digits(self, value: Any, asked: list[Held[Filed]]) -> None:
        """For an address or any number: rules are filed under the first digits of their
        addresses."""
        digits = value_digits(value)
        if digits is not None:
            for size, table in self._addresses:
                start = digits[:size]
                if start in table:
                    asked.append(table[start])

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


def _guard(rule: Operator, key: Key) -> Operator | None:
    """Return the rule to be asked if a value has its key, None if the key says it all. Blocks of
    addresses that are written differently are the same."""
    if not key.guarded:
        return None
    return Cidr("", rule.first, rule.last) if isinstance(rule, Cidr) else rule


def _grams(text: str, size: int, wanted: Collection[str]) -> Iterable[str]:
    """Return which of some texts of that size are in a text."""
    if len(wanted) <= min(len(text), _FEW_GRAMS):
        return [gram for gram in wanted if gram in text]
    found: set[str] = set()
    last = len(text) - size
    if last < _CHUNK:
        return [
            gram
            for gram in {text[start : start + size] for start in range(last + 1)}
            if gram in wanted
        ]
    for first in range(0, last + 1, _CHUNK):
        starts = range(first, min(first + _CHUNK, last + 1))
        found.update(filter(wanted.__contains__, {text[start : start + size] for start in starts}))
    return found


def _part(family: str, size: int, folded: str) -> str:
    if family is Family.FOLDED:
        return folded
    if family is Family.FOLDED_PREFIX:
        return folded[:size]
    return folded[-size:] if size else ""
