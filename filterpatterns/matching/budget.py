"""The budget for one record, so that none takes much more than a second."""

from __future__ import annotations

from typing import Any

from filterpatterns.errors import RecordError
from filterpatterns.limits import MAX_SEARCH_STEPS
from filterpatterns.matching.lookup.answers import Answers

_STEPS_PER_VALUE = 2
"""The cost of evaluating a value for thousands of conjunctions together, in steps of the search."""

_MOST_REMEMBERED = 40_000_000
"""Bytes, estimated, that the look-ups of a record's values may remember."""

_MOST_LEFT = MAX_SEARCH_STEPS - 5_000


class Budget:
    """The budget for searching in one record, for any number of patterns.

    `is_used` is set when so much has been spent on values that it pays to remember something.
    `known` has what look-ups of the record's values remember, by the identity of what they look
    into; all of it may take so much memory as `takes_room` grants. `answers`, if it is set, gets
    what the look-ups find out about each value, for an explanation. `gathered` has the places that
    were gathered last, for whoever needs them again. `walked` counts the values that
    were visited to evaluate conjunctions together. While `postpones` is set, nothing is searched:
    what only a search can decide counts as failing, and `postponed` records that there was such a
    case.
    """

    __slots__ = (
        "_left",
        "_room",
        "answers",
        "gathered",
        "is_used",
        "known",
        "postponed",
        "postpones",
        "walked",
    )

    def __init__(self) -> None:
        self._left = MAX_SEARCH_STEPS
        self._room = _MOST_REMEMBERED
        self.is_used = False
        self.known: dict[int, Any] = {}
        self.answers: Answers | None = None
        self.gathered: Any = None
        self.postpones = self.postponed = False
        self.walked = 0

    def renewed(self) -> Budget:
        """Return a new budget for the same record, with the places that have been gathered and the
        answers that have been found."""
        new = Budget()
        new.answers = self.answers
        new.gathered = self.gathered
        return new

    def spend(self, steps: int) -> None:
        """Count steps, all of which take about the same time.

        Raises:
            RecordError: there were too many.
        """
        self._left -= steps
        if self._left < 0:
            raise RecordError(
                "the record spells paths with dots in too many ways, in arrays, to search them"
            )

    def spend_for_values(self, steps: int) -> None:
        """Count steps for looking up values.

        Raises:
            RecordError: there were too many.
        """
        left = self._left = self._left - steps
        if left < _MOST_LEFT:
            self.is_used = True
        if left < 0:
            raise RecordError("the record has too many values for so many rules of a field")

    def takes_room(self, size: int) -> bool:
        """Whether there is room for so many bytes more; if so, they are taken."""
        if size > self._room:
            return False
        self._room -= size
        return True

    def spend_for_tests(self, steps: int) -> None:
        """Count steps for the tests of large patterns.

        Raises:
            RecordError: there were too many.
        """
        self._left -= steps
        if self._left < 0:
            raise RecordError("too many rules with many fields hold, but for elements of arrays")

    def spend_for_walks(self) -> None:
        """Count the walks so far: another walk will follow, for more conjunctions.

        Raises:
            RecordError: there were too many.
        """
        self._left -= _STEPS_PER_VALUE * self.walked
        self.walked = 0
        if self._left < 0:
            raise RecordError("the record has too many array elements for so many rules with $or")
