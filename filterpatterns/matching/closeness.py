"""Finds the conjunctions that come closest to matching, without walking the record for each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

from filterpatterns.delivery.sources import FormatAction, PayloadFormat
from filterpatterns.errors import RecordError
from filterpatterns.matching.combinations import bits
from filterpatterns.matching.match_tree import Conjunctions
from filterpatterns.matching.places.holding import failing_alone
from filterpatterns.matching.verdict import Payloads, format_action
from filterpatterns.matching.verdicts import Group, MaskedPayload

_WRONG_FORMAT = 12
"""The digit at which a payload of the wrong format is counted: it outweighs all tests of a
pattern."""


def first_holding(conjunctions: Conjunctions, payloads: Payloads) -> int | None:
    """Return the index of the first conjunction that holds; None if there is none, or if the search
    gave up: the verdict does not need to know which of them holds."""
    group = Group((conjunctions,))
    try:
        return next(bits(group.holding(payloads, group.alive)), None)
    except RecordError:
        return None


def closest(conjunctions: Conjunctions, payloads: Payloads, most: int) -> list[int]:
    """Return the indexes of the closest conjunctions, at most `most`, where none holds: those whose
    payloads have the right formats and that have the fewest tests which no value satisfies,
    wherever it is.
    """
    group = Group((conjunctions,))
    every_one = (1 << conjunctions.count) - 1
    counter = _Counter(every_one)
    counter.add(every_one & ~group.alive)
    for payload in group.payloads:
        _count_payload(payload, payloads, counter)
    counter.add_each(failing_alone(group.metadata, payloads.view, payloads.budget))
    return list(islice(counter.lowest(), most))


def _count_payload(payload: MaskedPayload, payloads: Payloads, counter: _Counter) -> None:
    read = payloads[payload.key]
    if read is None:
        counter.add(payload.named, _WRONG_FORMAT)
        return
    found, value = read
    asked = 0
    for mask, wanted in payload.wanted:
        follows = format_action(payloads.source, wanted, found)
        if follows is FormatAction.DROP:
            counter.add(mask, _WRONG_FORMAT)
        elif follows is FormatAction.FILTER:
            asked |= mask
    if found is PayloadFormat.JSON:
        counter.add_each(
            mask & asked for mask in failing_alone(payload.json, value, payloads.budget)
        )
    else:
        counter.add(asked & ~payload.holding_for_string(value))


class _Counter:
    """Counts for many conjunctions at once: each mask has one binary digit of all counts."""

    def __init__(self, counted: int) -> None:
        self._counted = counted
        self._digits: list[int] = []

    def add(self, mask: int, digit: int = 0) -> None:
        """Add one to the counts of some of them."""
        while mask:
            while digit >= len(self._digits):
                self._digits.append(0)
            carry = self._digits[digit] & mask
            self._digits[digit] ^= mask
            mask, digit = carry, digit + 1

    def add_each(self, masks: Iterable[int]) -> None:
        """Add one for each mask."""
        for mask in masks:
            self.add(mask)

    def lowest(self) -> Iterator[int]:
        """Yield the conjunctions, those with the lowest count first."""
        left = self._counted
        while left:
            lowest = left
            for digit in reversed(self._digits):
                lowest = lowest & ~digit or lowest
            yield from bits(lowest)
            left &= ~lowest
