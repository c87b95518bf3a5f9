"""Functions that the generated code of rule sets calls, where inline statements would not be
faster."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from filterpatterns.engine.rulesets.blocks import Block
from filterpatterns.engine.rulesets.clauses import Clause
from filterpatterns.engine.rulesets.index import Entries
from filterpatterns.engine.rulesets.paths import UnsupportedRecord, Values
from filterpatterns.jsontext.python_values import SCALARS, flatten
from filterpatterns.matching.budget import Budget

UNSET: Final = msgspec.UNSET
PLAIN: Final = SCALARS | {UNSET.__class__}
"""The classes of values at a path that leads no further."""


class RestChecker:
    """Evaluates the remaining tests of entries, and the blocks for which no code is generated."""

    def __init__(self, paths: Iterable[str], blocks: Mapping[str, list[Block]]) -> None:
        """`paths` has the path of each of the values that are passed later."""
        self._places = {path: place for place, path in enumerate(paths)}
        self._blocks = blocks

    def __call__(
        self, entries: list[Entries], given: tuple[Any, ...], matched: list[Clause]
    ) -> None:
        """Add the clauses that match to those already found."""
        places = self._places
        for each in entries:
            for clause, rest in each:
                for path, holds, optional in rest:
                    value = given[places[path]]
                    if value is UNSET:
                        if not optional:
                            break
                    elif not holds(value if value.__class__ is list else [value]):
                        break
                else:
                    matched.append(clause)
        if self._blocks:
            self._ask_blocks(given, matched)

    def _ask_blocks(self, given: tuple[Any, ...], matched: list[Clause]) -> None:
        values, budget = Values(), Budget()
        for path, place in self._places.items():
            value = given[place]
            if value is not UNSET:
                values.leaves[path] = value if value.__class__ is list else [value]
        for path, blocks in self._blocks.items():
            if path in values.leaves:
                for block in blocks:
                    matched += block.matching(values, budget)


def values_of(value: Any, most: int) -> Any:
    """Return the leaves in the value at a path; UNSET if there are none.

    Raises:
        UnsupportedRecord: there is a value that JSON does not have, or there are more than `most`.
    """
    values = []
    for element in flatten(value) if value.__class__ is list else [value]:
        if element.__class__ in SCALARS:
            values.append(element)
        elif element.__class__ is not dict:
            raise UnsupportedRecord
    if len(values) > most:
        raise UnsupportedRecord
    return values or UNSET


def find_all(find: Any, values: list[Any], entries: list[Entries]) -> None:
    """Add the entries filed under each of the values."""
    for value in values:
        entries += find(value)
