"""What the records of some part of the input add to statistics, so that processes can share the
counting.

Counts are added up. Examples and names are the first ones that occur: each process only sends those
that it has not sent before, and increments are added in the order of the input, so the result is
that of counting all records in this order.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct

from filterpatterns.stats.counts import Funnel
from filterpatterns.stats.survey import Survey
from filterpatterns.stats.tallies import Added, Tallies


class Increment(Struct, frozen=True):
    """What has been added for the records of one source: the counts, examples (each with the number
    of its field, and its type), and noted names (each with the number of its object)."""

    source: str
    added: Added
    examples: tuple[tuple[int, str, str], ...]
    names: tuple[tuple[int, str], ...]

    @property
    def size(self) -> int:
        """About how many bytes it takes."""
        texts = [text for _, _, text in self.examples] + [name for _, name in self.names]
        return sum(map(len, texts)) + 64 * (len(self.added) + len(self.examples) + len(self.names))


class Increments:
    """Takes increments out of the statistics for one source, or adds them."""

    def __init__(self, source: str, funnels: Iterable[Funnel], surveys: Sequence[Survey]) -> None:
        self._source = source
        self._tallies = Tallies(funnels)
        self._objects = [(survey, node) for survey in surveys for node in survey.objects]
        self._row = [0] * len(self._tallies.row())
        self._examples: dict[tuple[int, str], int] = {}
        self._names = [0] * len(self._objects)

    def take(self) -> Increment:
        """Return what has been added since the last call."""
        added = self._tallies.added(self._row)
        for place, count in added:
            self._row[place] += count
        return Increment(self._source, added, tuple(self._new_examples()), tuple(self._new_names()))

    def add(self, increment: Increment) -> None:
        """Add what a process has counted."""
        self._tallies.add(increment.added)
        for number, kind, text in increment.examples:
            self._tallies.occurrences[number].add_text(kind, text)
        for number, name in increment.names:
            survey, node = self._objects[number]
            survey.note(node, (name,))

    def _new_examples(self) -> list[tuple[int, str, str]]:
        found: list[tuple[int, str, str]] = []
        for number, occurrence in enumerate(self._tallies.occurrences):
            for kind, texts in occurrence.examples.items():
                taken = self._examples.get((number, kind), 0)
                self._examples[number, kind] = len(texts)
                found += ((number, kind, text) for text in texts[taken:])
        return found

    def _new_names(self) -> list[tuple[int, str]]:
        found: list[tuple[int, str]] = []
        for number, (survey, node) in enumerate(self._objects):
            names = survey.names(node)
            if len(names) > self._names[number]:
                found += ((number, name) for name in [*names][self._names[number] :])
                self._names[number] = len(names)
        return found
