"""Finds clauses by the values of a record.

A clause that requires a value which hardly any other clause requires is filed under that value: it
is found when the record has the value, and its other tests are evaluated one by one ("access
predicates"). All others go to blocks, each of which evaluates thousands of clauses at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from filterpatterns.engine.rulesets.blocks import Block
from filterpatterns.engine.rulesets.clauses import Clause
from filterpatterns.engine.rulesets.paths import FEW, Values
from filterpatterns.language.operators import AnythingBut, Exists
from filterpatterns.matching.budget import Budget
from filterpatterns.matching.lookup.finder import Finder
from filterpatterns.matching.lookup.keys import is_range, key_of
from filterpatterns.matching.lookup.payloads import ENTRIES
from filterpatterns.matching.lookup.probes import LookUp, Probe, probe
from filterpatterns.matching.match_tree import FieldTest

_MOST_FILED = 2
"""The number of clauses under one key. For a record with the key, each of them is tested, while a
block costs the same for one clause and for thousands (measured:
docs/explanation/performance.md)."""

_MOST_ALIKE = 64
"""Rules that share a key, each of which is asked for every value that has the key."""

_MOST_PRESENT = 1
"""The same for clauses that are found by just a path, which most records have."""


class Entry(NamedTuple):
    """A clause that is filed under one of its tests, and its remaining tests: paths, the functions
    for their values, and whether absence is sufficient."""

    clause: Clause
    rest: tuple[tuple[str, Probe, bool], ...]


Entries = tuple[Entry, ...]


class PathIndex:
    """What is filed under tests of one path."""

    __slots__ = ("found", "owner", "present")

    def __init__(self, owner: object, found: Finder[Entries], present: Entries = ()) -> None:
        self.owner = owner
        self.found = found
        self.present = present


class _Location(NamedTuple):
    """Where a clause is: an entry under a test, or otherwise a block of a path."""

    entry: Entry | None
    test: FieldTest | None
    path: str | None
    block: int
    position: int


class Index:
    """The clauses for one combination of payload formats. Only the holder of its `owner` token may
    change it."""

    __slots__ = ("_blocks", "_places", "_shelves", "owner", "weight")

    def __init__(self, owner: object) -> None:
        self.owner = owner
        self.weight = 0  # of all rules of the clauses' tests
        self._shelves: dict[str, PathIndex] = {}
        # Blocks by the path without which none of their clauses matches; None for blocks of any
        # paths.
        self._blocks: dict[str | None, tuple[Block, ...]] = {}
        self._places: dict[Clause, _Location] = {}

    def copy(self, owner: object) -> Index:
        """Return an index with the same content that the owner can change."""
        other = Index(owner)
        other.weight = self.weight
        other._shelves = self._shelves.copy()
        other._blocks = self._blocks.copy()
        other._places = self._places.copy()
        return other

    def __len__(self) -> int:
        return len(self._places)

    # --- changing ---

    def add(self, clause: Clause) -> None:
        """Add a clause."""
        self.weight += _weight(clause)
        best = min(
            (test for test in clause.tests if not test.optional), key=self._load, default=None
        )
        if best is None or self._load(best) >= (_MOST_FILED, 0):
            self._places[clause] = self._add_to_block(clause)
            return
        by_path = _is_found_by_path(best)
        rest = [test for test in clause.tests if by_path or test is not best]
        entry = Entry(clause, tuple((test.path, probe(test), test.optional) for test in rest))
        shelf = self._own_shelf(best.path)
        if by_path:
            shelf.present += (entry,)
        else:
            for rule in dict.fromkeys(best.rules):
                shelf.found.add(rule, (entry,))
        self._places[clause] = _Location(entry, best, None, 0, 0)

    def discard(self, clause: Clause) -> None:
        """Remove a clause."""
        self.weight -= _weight(clause)
        entry, test, path, block, position = self._places.pop(clause)
        if test is None or entry is None:
            self._own_block(path, block).discard(position)
            self._drop_empty(path)
            return
        shelf = self._own_shelf(test.path)
        if _is_found_by_path(test):
            shelf.present = ENTRIES.without(shelf.present, (entry,))
        else:
            for rule in test.rules:
                shelf.found.discard(rule, (entry,))
        if not (shelf.present or len(shelf.found)):
            del self._shelves[test.path]

    def _load(self, test: FieldTest) -> tuple[int, int]:
        """How many clauses are filed where this one would be, and a tie-break."""
        shelf = self._shelves.get(test.path)
        if _is_found_by_path(test):
            present = 0 if shelf is None else len(shelf.present)
            return (_MOST_FILED if present >= _MOST_PRESENT else present + 1), 1
        if any(map(is_range, test.rules)):
            return _MOST_FILED, 1
        if shelf is None:
            return 0, 0
        most = 0
        for rule in test.rules:
            held = shelf.found.held(rule)
            if len(held) > _MOST_ALIKE:
                return _MOST_FILED, 0
            most = max(most, *map(len, held), 0)
        return most, 0

    def _add_to_block(self, clause: Clause) -> _Location:
        path = None
        number = self._room(path, clause)
        if number is None:
            path = self._rare(clause)
            number = None if path is None else self._room(path, clause)
        if number is None:
            blocks = self._blocks.get(path, ())
            self._blocks[path] = (*blocks, Block(self.owner))
            number = len(blocks)
        return _Location(None, None, path, number, self._own_block(path, number).add(clause))

    def _room(self, path: str | None, clause: Clause) -> int | None:
        blocks = enumerate(self._blocks.get(path, ()))
        return next((number for number, block in blocks if block.takes(clause)), None)

    def _rare(self, clause: Clause) -> str | None:
        """A path that the clause needs and that blocks with many paths do not have."""
        blocks = self._blocks.get(None, ())
        if not any(block.is_wide() for block in blocks):
            return None
        needed = [test.path for test in clause.tests if not test.optional]
        return next((path for path in needed if not any(path in each for each in blocks)), None)

    def _own_shelf(self, path: str) -> PathIndex:
        shelf = self._shelves.get(path)
        if shelf is None:
            shelf = self._shelves[path] = PathIndex(self.owner, Finder(ENTRIES))
        elif shelf.owner is not self.owner:
            shelf = PathIndex(self.owner, shelf.found.copy(), shelf.present)
            self._shelves[path] = shelf
        return shelf

    def _own_block(self, path: str | None, number: int) -> Block:
        blocks = self._blocks[path]
        if blocks[number].owner is not self.owner:
            own = blocks[number].copy(self.owner)
            self._blocks[path] = (*blocks[:number], own, *blocks[number + 1 :])
        return self._blocks[path][number]

    def _drop_empty(self, path: str | None) -> None:
        blocks = self._blocks[path]
        while blocks and not blocks[-1].alive:
            blocks = blocks[:-1]
        self._blocks[path] = blocks
        if not blocks:
            del self._blocks[path]

    # --- finding ---

    @property
    def shelves(self) -> Mapping[str, PathIndex]:
        """What is filed, by path."""
        return self._shelves

    @property
    def blocks(self) -> Mapping[str | None, tuple[Block, ...]]:
        """The blocks, by the path that a record must have to match any clause; None for all."""
        return self._blocks

    def matching(self, found: Values, budget: Budget) -> list[Clause]:
        """The clauses whose tests match; if arrays bind elements, those that may match. A clause
        may be included twice.

        Raises:
            RecordError: that takes more than is left of the record's budget.
        """
        shelves, blocks = self._shelves, self._blocks
        matched: list[Clause] = []
        for path, values in found.leaves.items():
            shelf = shelves.get(path)
            if shelf is not None:
                if shelf.present:
                    _test(shelf.present, found, matched, budget)
                if len(values) > FEW:
                    _test(_entries_of(shelf, values, budget), found, matched, budget)
                else:
                    for value in values:
                        for entries in shelf.found.find(value, budget):
                            _test(entries, found, matched, budget)
            if path in blocks:
                for block in blocks[path]:
                    matched += block.matching(found, budget)
        for block in blocks.get(None, ()):
            matched += block.matching(found, budget)
        return matched


def _entries_of(shelf: PathIndex, values: list[Any], budget: Budget) -> Iterable[Entry]:
    """The entries that are found by many values, each once."""
    budget.spend_for_values(len(values))
    found = {
        id(entry): entry
        for value in values
        for entries in shelf.found.find(value, budget)
        for entry in entries
    }
    return found.values()


def _test(entries: Iterable[Entry], found: Values, matched: list[Clause], budget: Budget) -> None:
    leaves, bound = found.leaves, found.bound
    for clause, rest in entries:
        for path, holds, optional in rest:
            values = leaves.get(path)
            if values is None:
                if not optional:
                    break
            elif not (
                (holds(values) if len(values) <= FEW else _holds(holds, values, budget))
                or (optional and path in bound)
            ):
                break
        else:
            matched.append(clause)


def _holds(holds: Probe, values: list[Any], budget: Budget) -> bool:
    """Whether one of many values satisfies a test."""
    if isinstance(holds, LookUp):
        return holds(values, budget)
    budget.spend_for_values(len(values))
    return holds(values)


def _weight(clause: Clause) -> int:
    return sum(test.weight() for test in clause.tests)


def _is_found_by_path(test: FieldTest) -> bool:
    """Whether a test has a rule that most values satisfy, so that looking them up is useless."""
    return any(
        isinstance(rule, (AnythingBut, Exists)) or (key_of(rule) is None and not is_range(rule))
        for rule in test.rules
    )
