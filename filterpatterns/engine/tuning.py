"""Decides whether to search before decoding, by measuring which is faster.

How much a search saves depends on the payloads: how many contain the text, how early, and how much
there is to decode.
"""

from __future__ import annotations

from math import inf
from typing import Final, NamedTuple

CHUNK: Final = 1024
"""The number of records that a loop handles at a time: memory is bounded, and the overhead is
negligible."""


class Plan(NamedTuple):
    """How to match the next records: how many, whether to search first, and for which sample."""

    size: int
    look: bool
    sample: int | None = None


class Schedule:
    """When both ways are measured, in turn.

    Args:
        rounds: the number of records that are matched in each way, for each round.
        period: the number of records after which this is measured again: the contents of a queue
            change.
        usual: the number of records that are handled at a time otherwise.
        warm_up: the number of rounds that do not count, and are not repeated: CPython runs new code
            more slowly, and caches are cold.
    """

    def __init__(self, rounds: tuple[int, ...], period: int, usual: int, *, warm_up: int) -> None:
        ways = [(size, look) for size in rounds for look in (True, False)]
        self.samples = [Plan(size, look, number) for number, (size, look) in enumerate(ways)]
        self.look, self.decode = Plan(usual, True), Plan(usual, False)
        self.period = period
        self.warm_up = 2 * warm_up


class Tuner:
    """Chooses whichever way was faster in the last samples. Threads may share it."""

    __slots__ = ("_left", "_schedule", "_times", "plan")

    def __init__(self, schedule: Schedule, *, can_look: bool = True) -> None:
        self.plan = schedule.samples[0] if can_look else schedule.decode
        """How to match the next records."""
        self._schedule = schedule
        self._times: dict[int, float] = {}
        self._left = inf

    def took(self, plan: Plan, seconds: float, count: int) -> None:
        """Told how long so many records took."""
        schedule, sample = self._schedule, plan.sample
        if sample is None:
            self._left -= count
            if self._left <= 0:
                self.plan = schedule.samples[schedule.warm_up]
        elif count:
            self._times[sample] = seconds / count
            self.plan = (
                self._best() if plan is schedule.samples[-1] else schedule.samples[sample + 1]
            )

    def _best(self) -> Plan:
        schedule, times = self._schedule, self._times
        looking, decoding = (
            min(times[number] for number in range(first, len(schedule.samples), 2))
            for first in (schedule.warm_up, schedule.warm_up + 1)
        )
        self._left = schedule.period
        return schedule.look if looking < decoding else schedule.decode
