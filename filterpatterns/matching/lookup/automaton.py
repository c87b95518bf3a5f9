"""Many wildcards at once: an automaton that reads a text once, however many there are.

Each wildcard is a row of states, one before each of its characters and one at its end; all rows
are the bits of one integer. A character takes the states that wait for it to the next one, and
keeps those at a star. The sets of states that are met are remembered, with what they lead to.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Generic, cast

from filterpatterns.jsontext.python_values import safe_key
from filterpatterns.language.operators import Wildcard
from filterpatterns.matching.budget import Budget
from filterpatterns.matching.combinations import bits
from filterpatterns.matching.lookup.payloads import Filed, Kind

_MOST_BITS = 1 << 20
"""States, times different characters, of an automaton: 128 KB."""

_BYTES_PER_SET = 400
_BYTES_PER_STEP = 100
"""The memory of a set of states, besides its bits, and of what it leads to by a character."""


_NOTHING: Final[Mapping[str, int]] = {}
"""What a set of states leads to, as long as nothing is known about that."""


class Automaton(Generic[Filed]):
    """Reads the texts of one record, within its budget.

    A set of states is a number, so that a hundred thousand of them are nothing that the garbage
    collector visits. Lists have for each number the bits of the set, what it leads to, as far as
    that is known, and what is filed under the wildcards that end in it, if a text has ended there.
    `is_full` says that there was no room to remember more.
    """

    __slots__ = (
        "_bits",
        "_budget",
        "_ended",
        "_filed",
        "_finals",
        "_following",
        "_joined",
        "_kind",
        "_known",
        "_moves",
        "_size",
        "_stars",
        "is_full",
    )

    def __init__(
        self, wildcards: Iterable[tuple[Wildcard, Filed]], kind: Kind[Filed], budget: Budget
    ) -> None:
        self._kind = kind
        self._budget = budget
        self._filed: dict[int, Filed] = {}
        moves: dict[str, list[int]] = {}
        starts: list[int] = []
        stars: list[int] = []
        place = 0
        for rule, filed in wildcards:
            starts.append(place)
            for number, part in enumerate(rule.parts):
                if number:
                    stars.append(place)
                for char in part:
                    moves.setdefault(char, []).append(place)
                    place += 1
            self._filed[place] = filed
            place += 1
        self._size = place
        self._moves = {char: _mask(places, place) for char, places in moves.items()}
        self._stars = _mask(stars, place)
        self._finals = _mask(self._filed, place)
        self._joined: dict[int | bytes, Filed] = {0: kind.nothing}
        self._bits: list[int] = []
        self._following: list[Mapping[str, int]] = []
        self._ended: list[Filed | None] = []
        self._known: dict[int | bytes, int] = {}
        self.is_full = False
        self._numbered(_mask(starts, place))  # gets the number 0

    @staticmethod
    def takes(wildcards: Sequence[Wildcard]) -> bool:
        """Whether an automaton for that many is not too large."""
        size = sum(len(rule.text) + 1 for rule in wildcards)
        return size <= _MOST_BITS and size * len(set().union(*(r.text for r in wildcards))) <= (
            _MOST_BITS
        )

    def read(self, text: str) -> Filed:
        """Return what is filed under the wildcards that match a text.

        Raises:
            RecordError: that takes more than is left of the budget.
        """
        self._budget.spend_for_values(1 + (len(text) >> 3))
        known = self._following
        states = 0
        for place, char in enumerate(text):
            following = known[states].get(char)
            if following is None:
                following = self._step(states, char)
                if following is None:
                    self.is_full = True
                    return self._read_on(self._bits[states], text, place)
            states = following
        filed = self._ended[states]
        if filed is None:
            filed = self._ended[states] = self._filed_under(self._bits[states] & self._finals)
        return filed

    def _step(self, states: int, char: str) -> int | None:
        """Return what a set of states leads to; None if there is no room to remember that."""
        self._budget.spend_for_values(2 + (self._size >> 12))
        before = self._bits[states]
        bits = (before & self._moves.get(char, 0)) << 1 | before & self._stars
        following = self._known.get(safe_key(bits))
        size = _BYTES_PER_STEP
        if following is None:
            size += _BYTES_PER_SET + (self._size >> 3)
        if not self._budget.takes_room(size):
            return None
        if following is None:
            following = self._numbered(bits)
        if self._following[states] is _NOTHING:  # most are met once, at the end of a text
            self._following[states] = {char: following}
        else:
            cast("dict[str, int]", self._following[states])[char] = following
        return following

    def _numbered(self, bits: int) -> int:
        """Return the number of a new set of states."""
        number = self._known[safe_key(bits)] = len(self._bits)
        self._bits.append(bits)
        self._following.append(_NOTHING)
        self._ended.append(None)
        return number

    def _read_on(self, bits: int, text: str, place: int) -> Filed:
        """Read the rest of a text without remembering anything."""
        self._budget.spend_for_values(((len(text) - place) * (4 + (self._size >> 10)) >> 3) + 1)
        moves, stars = self._moves, self._stars
        for char in text[place:]:
            bits = (bits & moves.get(char, 0)) << 1 | bits & stars
        return self._filed_under(bits & self._finals)

    def _filed_under(self, finals: int) -> Filed:
        """Return all that is filed under some wildcards, given their last states."""
        key = safe_key(finals)
        known = self._joined.get(key)
        if known is not None:
            return known
        self._budget.spend_for_values(1 + (len(self._filed) >> 3))
        joined = self._kind.nothing
        if finals.bit_count() > len(self._filed) >> 2:
            for final, filed in self._filed.items():
                if finals >> final & 1:
                    joined = self._kind.join(joined, filed)
        else:
            for final in bits(finals):
                joined = self._kind.join(joined, self._filed[final])
        if self._budget.takes_room(_BYTES_PER_STEP + (self._size >> 3)):
            self._joined[key] = joined
        return joined


def _mask(places: Iterable[int], size: int) -> int:
    """Return an integer with these bits, of so many. (To add them one by one is quadratic.)"""
    mask = bytearray(size // 8 + 1)
    for place in places:
        mask[place >> 3] |= 1 << (place & 7)
    return int.from_bytes(mask, "little")
