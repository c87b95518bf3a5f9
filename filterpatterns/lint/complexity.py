"""The complexity of the wildcards of a pattern, as measured by EventBridge's engine.

EventBridge refuses a rule whose wildcards are too complex ("Rule is too complex"). The complexity
of a field is the maximum number of states that its wildcard rules can be in at once, over all
values.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator

from msgspec import Struct

from filterpatterns.language.operators import Wildcard

MAX_COMPLEXITY = 10
"""AWS does not publish its limit: 9 has been deployed, 11 and 12 have been refused."""

_MOST_STEPS = 20_000
"""The maximum number of transitions, which bounds the time. Patterns that people write take fewer
than a thousand."""

_MOST_COMPARED = 256
"""The number of sets that each new set is compared with, to leave out subsets."""


class Complexity(Struct, frozen=True):
    """The complexity; `is_exact` is False if there may be larger sets than those examined."""

    figure: int
    is_exact: bool = True


def complexity(wildcards: Iterable[Wildcard]) -> Complexity:
    """Return the complexity of one field.

    Args:
        wildcards: all wildcard rules of the field, including those in `anything-but`.

    A rule is its text between two quotes. Each character is a state, entered when it has been read.
    A star is a state that every character leads back to, entered together with the state before it.
    The complexity is the size of the largest set of states that some value reaches, found by the
    subset construction, without subsets of sets seen before. Large sets come first, so that the
    largest is found early.
    """
    automaton = _Automaton(wildcards)
    first = automaton.start
    figure = first.bit_count()
    seen = {first}
    largest: list[int] = []
    steps = 0
    pending = [(-figure, first)]
    while pending:
        states = heapq.heappop(pending)[1]
        if len(largest) < _MOST_COMPARED:
            largest.append(states)
        for following in automaton.successors(states):
            steps += 1
            if steps > _MOST_STEPS:
                return Complexity(figure, is_exact=False)
            if following in seen or any(following | other == other for other in largest):
                continue
            seen.add(following)
            size = following.bit_count()
            figure = max(figure, size)
            heapq.heappush(pending, (-size, following))
    return Complexity(figure)


class _Automaton:
    """The combined wildcards of one field; a set of states is an integer with a bit for each state.

    States of one rule have neighbouring bits, in the order of the text.
    """

    def __init__(self, wildcards: Iterable[Wildcard]) -> None:
        entered: dict[str, int] = {}
        self._stars = 0
        firsts = 0
        bit = 1
        for wildcard in wildcards:
            firsts |= bit
            for index, part in enumerate(wildcard.parts):
                if index:
                    self._stars |= bit
                    bit <<= 1
                opening = "" if index else '"'
                closing = '"' if index == len(wildcard.parts) - 1 else ""
                for char in f"{opening}{part}{closing}":
                    entered[char] = entered.get(char, 0) | bit
                    bit <<= 1
        self.start = self._with_stars(firsts)
        # No state leads to the first quote of a rule.
        self._entered = [states & ~firsts for states in entered.values()]

    def successors(self, states: int) -> Iterator[int]:
        """The sets of states after one more character, except for that of the stars alone, which is
        part of every other set."""
        stay, next_states = states & self._stars, states << 1
        for entered in self._entered:
            if next_states & entered:
                yield self._with_stars(stay | (next_states & entered))

    def _with_stars(self, states: int) -> int:
        return states | ((states << 1) & self._stars)
