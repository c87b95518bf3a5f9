"""The budget for one record, so that none takes much more than a second."""

from __future__ import annotations

from filterpatterns.errors import RecordError
from filterpatterns.limits import MAX_SEARCH_STEPS

_STEPS_PER_VALUE = 2
"""The cost of evaluating a value for thousands of conjunctions together, in steps of the search."""


class Budget:
    """The budget for searching in one record, for any number of patterns.

    `walked` counts the values that were visited to evaluate conjunctions together. While
    `postpones` is set, nothing is searched: what only a search can decide counts as failing, and
    `postponed` records that there was such a case.
    """

    __slots__ = ("_left", "postponed", "postpones", "walked")

    def __init__(self) -> None:
        self._left = MAX_SEARCH_STEPS
        self.postpones = self.postponed = False
        self.walked = 0

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
