"""The `$or` combinations of a pattern, as masks: each combination is a bit.

A pattern may have a thousand combinations of hundreds of conditions. They are never listed: for
each condition a mask says in which combinations it counts, so that the result is about as large as
the pattern (times a thousand bits).
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from filterpatterns.language.conditions import AllOf, AnyOf, Condition
from filterpatterns.language.diagnostics import Reporter, Where


class Combination(Struct, frozen=True, eq=False):
    """The conditions of one choice among the alternatives of each `$or`, and that choice.

    `chosen` has the index of the alternative for each `$or`: `choice` looks it up.
    """

    conditions: dict[str, Condition]
    chosen: dict[int, int]

    def choice(self, member: AnyOf) -> int:
        """The index of the alternative that is chosen in a `$or` of the pattern."""
        return self.chosen[id(member)]


class Combinations(Struct, frozen=True, eq=False):
    """All combinations of a pattern.

    `conditions` are those that count in any combination, each with the mask of these combinations;
    `choices` the alternatives of each `$or`, likewise. A `$or` is told by the identity of its node:
    equal ones may stand in several places, and the places are not always known.
    """

    count: int
    conditions: tuple[tuple[Condition, int], ...]
    choices: tuple[tuple[AnyOf, int, int], ...]

    def __getitem__(self, index: int) -> Combination:
        bit = 1 << index
        return Combination(
            {condition.path: condition for condition, mask in self.conditions if mask & bit},
            {id(member): number for member, number, mask in self.choices if mask & bit},
        )


def bits(mask: int) -> Iterator[int]:
    """Yield the positions of the bits in a mask, from the lowest on."""
    while mask:
        lowest = mask & -mask
        yield lowest.bit_length() - 1
        mask ^= lowest


def expand(conditions: AllOf, report: Reporter) -> Combinations:
    """Return the combinations, in the order of the text; if a path is reached twice, the last
    counts."""
    growing = _expand(conditions, report)
    same: dict[int, int] = {}  # masks are long, and most are equal
    entries = [entry for group in growing.paths.values() for entry in group if entry.mask]
    return Combinations(
        growing.count,
        tuple((entry.condition, same.setdefault(entry.mask, entry.mask)) for entry in entries),
        tuple(growing.choices),
    )


class _Entry:
    """A condition, and the combinations that it counts in."""

    __slots__ = ("condition", "mask")

    def __init__(self, condition: Condition, mask: int) -> None:
        self.condition = condition
        self.mask = mask


class _Growing:
    """Combinations while members are added."""

    __slots__ = ("choices", "count", "paths")

    def __init__(self, count: int) -> None:
        self.count = count
        self.paths: dict[str, list[_Entry]] = {}
        self.choices: list[tuple[AnyOf, int, int]] = []

    def add(self, member: Condition, report: Reporter) -> None:
        """Add a condition to all combinations."""
        for entry in self.paths.get(member.path, ()):
            if entry.mask:
                _warn_repeated(entry.condition, report)
        self.paths[member.path] = [_Entry(member, (1 << self.count) - 1)]

    def append(self, other: _Growing, member: AnyOf, number: int) -> None:
        """Add the combinations of one more alternative beside those that there are."""
        for path, entries in other.paths.items():
            for entry in entries:
                entry.mask <<= self.count
            self.paths.setdefault(path, []).extend(entries)
        self.choices += ((inner, index, mask << self.count) for inner, index, mask in other.choices)
        self.choices.append((member, number, ((1 << other.count) - 1) << self.count))
        self.count += other.count

    def multiply(self, other: _Growing, report: Reporter) -> None:
        """Combine each combination with each of another group, whose conditions take precedence."""
        mine, count = self.count, self.count * other.count
        # A one at each multiple of `mine`: a product with it repeats a mask.
        repeat = ((1 << count) - 1) // ((1 << mine) - 1)
        for entries in self.paths.values():
            for entry in entries:
                entry.mask *= repeat
        self.choices = [(member, index, mask * repeat) for member, index, mask in self.choices]
        self.choices += [
            (member, index, _spread(mask, mine)) for member, index, mask in other.choices
        ]
        for path, entries in other.paths.items():
            for entry in entries:
                entry.mask = _spread(entry.mask, mine)
            overruling = 0
            for entry in entries:
                overruling |= entry.mask
            overruled = self.paths.setdefault(path, [])
            for entry in overruled:
                if entry.mask & overruling:
                    _warn_repeated(entry.condition, report)
                    entry.mask &= ~overruling
            overruled += entries
        self.count = count


def _expand(conditions: AllOf, report: Reporter) -> _Growing:
    growing = _Growing(1)
    for member in conditions:
        if isinstance(member, AnyOf):
            alternatives = _Growing(0)
            for number, alternative in enumerate(member.alternatives):
                alternatives.append(_expand(alternative, report), member, number)
            growing.multiply(alternatives, report)
        else:
            growing.add(member, report)
    return growing


_WIDENED = str.maketrans({"0": "a", "1": "b"})


def _spread(mask: int, width: int) -> int:
    """A mask with each bit repeated a number of times."""
    if width == 1:
        return mask
    digits = bin(mask)[2:].translate(_WIDENED)
    return int(digits.replace("a", "0" * width).replace("b", "1" * width), 2)


def _warn_repeated(overruled: Condition, report: Reporter) -> None:
    path = overruled.path
    report.warning(
        "FP102",
        Where(overruled.span, path),
        f'the path "{path}" occurs again further down: only its last rules count',
        hint="write all rules for one path in one array",
    )
