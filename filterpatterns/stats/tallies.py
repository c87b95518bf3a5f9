"""The counts of funnels as one row of numbers: what a record adds, and adding that many times."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, Final

from filterpatterns.matching.verdict import Reason
from filterpatterns.stats.counts import FieldCount, Funnel, OrCount
from filterpatterns.stats.survey import KINDS

Added = tuple[tuple[int, int], ...]
"""Places in the row, and what is added there."""

_FUNNEL: Final = ("records", "left", "ignored", "undecided")
_OCCURRENCE: Final = ("present", "absent")


class Tallies:
    """All counts of some funnels."""

    def __init__(self, funnels: Iterable[Funnel]) -> None:
        self._attributes: list[tuple[Any, str]] = []
        self._counters: list[tuple[Counter[str], str]] = []
        for funnel in funnels:
            self._attributes += ((funnel, name) for name in _FUNNEL)
            self._counters += (
                (funnel.wrong_format, reason.words(key))
                for reason in Reason
                for key in funnel.payload_keys
            )
            self._attributes += ((stage, "left") for stage in funnel.stages)
            fields = [each for stage in funnel.stages for each in self._alone(stage.member)]
            # Conditions on one field share what records have there.
            occurrences = {id(each.occurrence): each.occurrence for each in fields}.values()
            self._attributes += ((each, name) for each in occurrences for name in _OCCURRENCE)
            self._counters += ((each.kinds, kind) for each in occurrences for kind in KINDS)

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
        return found + [counter[kind] for counter, kind in self._counters]

    def added(self, before: list[int]) -> Added:
        """Return what has been added since a row was taken."""
        pairs = zip(before, self.row(), strict=True)
        return tuple((place, now - then) for place, (then, now) in enumerate(pairs) if now != then)

    def add(self, added: Added, times: int) -> None:
        """Add the same a number of times."""
        attributes = len(self._attributes)
        for place, count in added:
            if place < attributes:
                owner, name = self._attributes[place]
                setattr(owner, name, getattr(owner, name) + count * times)
            else:
                counter, kind = self._counters[place - attributes]
                counter[kind] += count * times
