"""The counts of funnels as one row of numbers: what a record adds, and adding that many times."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, Final

from filterpatterns.matching.verdict import Reason
from filterpatterns.stats.counts import FieldCount, Funnel, OrCount
from filterpatterns.stats.survey import KINDS, Occurrence

Added = tuple[tuple[int, int], ...]
"""Places in the row, and what is added there. Keys of counters come in the order of their first
occurrence."""

_FUNNEL: Final = ("records", "left", "ignored", "undecided")
_OCCURRENCE: Final = ("present", "absent")


class Tallies:
    """All counts of some funnels. `occurrences` are those of their fields."""

    def __init__(self, funnels: Iterable[Funnel]) -> None:
        self._attributes: list[tuple[Any, str]] = []
        self._counters: list[tuple[Counter[str], dict[str, int]]] = []
        self._keys: list[tuple[Counter[str], str]] = []
        self.occurrences: list[Occurrence] = []
        for funnel in funnels:
            self._attributes += ((funnel, name) for name in _FUNNEL)
            keys = (*funnel.payload_keys, "")  # not all reasons refer to a payload
            words = [reason.words(key) for reason in Reason for key in keys]
            self._add_counter(funnel.wrong_format, words)
            self._attributes += ((stage, "left") for stage in funnel.stages)
            fields = [each for stage in funnel.stages for each in self._alone(stage.member)]
            # Conditions on one field share what records have there.
            for occurrence in {id(each.occurrence): each.occurrence for each in fields}.values():
                self.occurrences.append(occurrence)
                self._attributes += ((occurrence, name) for name in _OCCURRENCE)
                self._add_counter(occurrence.kinds, KINDS)

    def _add_counter(self, counter: Counter[str], keys: Iterable[str]) -> None:
        places = {}
        for key in dict.fromkeys(keys):
            places[key] = len(self._keys)
            self._keys.append((counter, key))
        self._counters.append((counter, places))

    def _alone(self, member: FieldCount | OrCount) -> Iterator[FieldCount]:
        """Include the counts of a member on its own; yield its fields."""
        self._attributes.append((member, "alone"))
        if isinstance(member, FieldCount):
            self._attributes += ((rule, "alone") for rule in member.rules)
            yield member
            return
        for alternative in member.alternatives:
            self._attributes.append((alternative, "alone"))
            for inner in alternative.members:
                yield from self._alone(inner)

    def row(self) -> list[int]:
        """Return the counts."""
        found: list[int] = [getattr(owner, name) for owner, name in self._attributes]
        return found + [counter[key] for counter, key in self._keys]

    def added(self, before: list[int]) -> Added:
        """Return what has been added since a row was taken."""
        now = self.row()
        attributes = len(self._attributes)
        order = [
            *range(attributes),
            *(attributes + places[key] for counter, places in self._counters for key in counter),
        ]
        grown = ((place, now[place] - before[place]) for place in order)
        return tuple(pair for pair in grown if pair[1])

    def add(self, added: Added, times: int = 1) -> None:
        """Add the same a number of times."""
        attributes = len(self._attributes)
        for place, count in added:
            if place < attributes:
                owner, name = self._attributes[place]
                setattr(owner, name, getattr(owner, name) + count * times)
            else:
                counter, key = self._keys[place - attributes]
                counter[key] += count * times
