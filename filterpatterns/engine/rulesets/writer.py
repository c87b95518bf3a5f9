"""Writes statements that find the clauses for the values of one record in tables that are bound to
names.

The source has only names, and depends on the structure of a set, not on its contents. So sets that
differ only in their rules' values share the compiled code.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from types import CodeType
from typing import Any, NamedTuple

from filterpatterns.codegen.emitter import Emitter
from filterpatterns.engine.rulesets.blocks import Block, clauses_at
from filterpatterns.engine.rulesets.index import Entries, Index, PathIndex
from filterpatterns.engine.rulesets.paths import FEW, UnsupportedRecord
from filterpatterns.engine.rulesets.runtime import PLAIN, UNSET, RestChecker, find_all, values_of
from filterpatterns.engine.rulesets.types import ObjectType, Unsupported
from filterpatterns.jsontext.numbers import SAFE
from filterpatterns.matching.lookup.column import Column
from filterpatterns.matching.lookup.finder import Tables, take_held

_MOST_COLUMNS = 200
"""The number of columns, over all blocks, for which code is generated."""

_MOST_ASKED = 1 << 20
"""Values, times rules, that are looked up without a budget: records with longer arrays, or so many
kilobytes in a string, are not served."""

_SEEN = 64
"""How many intervals show how many ranges contain a number."""

_KILOBYTES = 1 << 10
"""Of a string that AWS takes, at most."""


_FIXED = {
    "UNSET": UNSET,
    "PLAIN": PLAIN,
    "SAFE": SAFE,
    "Unsupported": UnsupportedRecord,
    "bisect_left": bisect_left,
    "clauses_at": clauses_at,
    "find_all": find_all,
    "take_held": take_held,
    "values_of": values_of,
}


class SetWriter:
    """Writes a function that finds the clauses of some indexes for a record.

    It raises UnsupportedRecord if the record has arrays of objects, or values that JSON does not
    have.
    """

    def __init__(self, indexes: Sequence[Index]) -> None:
        """
        Raises:
            Unsupported: there are too many columns.
        """
        self.emit = Emitter()
        self._namespace: dict[str, Any] = dict(_FIXED)
        self._bound = 0
        self._variables: dict[str, str] = {}
        self._indexes = indexes
        self._blocks = [block for index in indexes for block in index.blocks.get(None, ())]
        if sum(len(block.columns) for block in self._blocks) > _MOST_COLUMNS:
            raise Unsupported
        self._most = max(FEW, _MOST_ASKED // (1 + sum(each.weight for each in indexes)))
        # Blocks that few records need are called as they are.
        self._others: dict[str, list[Block]] = {}
        for index in indexes:
            for path, blocks in index.blocks.items():
                if path is not None:
                    self._others.setdefault(path, []).extend(blocks)

    @property
    def paths(self) -> tuple[str, ...]:
        """The paths that have been read."""
        return tuple(self._variables)

    @property
    def values(self) -> str:
        """A tuple of the values at these paths, UNSET if there is none."""
        return f"({''.join(f'{name}, ' for name in self._variables.values())})"

    def bind(self, value: Any) -> str:
        """Return a name for a value."""
        self._bound += 1
        name = f"b{self._bound}"
        self._namespace[name] = value
        return name

    def find(self) -> None:
        """Write statements that set `found` to the clauses that match, once all objects have been
        read; a clause may be included twice."""
        self.emit("entries = []")
        for number, block in enumerate(self._blocks):
            self.emit(f"hits{number} = {self.bind(block.alive)}")
        # The path that fails the most clauses comes first: then blocks are often decided early.
        for path in sorted(self._variables, key=self._breadth):
            self._look_up(path, self._variables[path])
        self._conclude()

    def _breadth(self, path: str) -> int:
        """Return roughly how many clauses a value at a path leaves. Only powers of two, so that
        small changes of a set do not change its source."""
        return sum(
            _breadth(block.columns[path], block.alive).bit_length()
            for block in self._blocks
            if path in block.columns
        )

    def function(self, name: str) -> Any:
        """Return the function with that name, which has been written."""
        code = _compiled(self.emit.source)
        exec(code, self._namespace)  # noqa: S102 - holds names only, values are bound
        return self._namespace[name]

    # --- reading ---

    def read(self, name: str, kind: ObjectType, *, is_struct: bool) -> None:
        """Write statements that read an object, which is decoded as a struct, or else a dict."""
        emit = self.emit
        if not is_struct and kind.spellings:
            disjoint = self.bind(kind.spellings.isdisjoint)
            emit(f"if not {disjoint}({name}): raise Unsupported")
        for number, (member, inner) in enumerate(kind.members.items()):
            value = f"{name}.m{number}" if is_struct else f"{name}.get({self.bind(member)}, UNSET)"
            if isinstance(inner, str):
                emit(f"{self._variable(inner)} = {value}")
                continue
            below = f"{name}_{number}"
            emit(f"{below} = {value}")
            has_class = self.bind(inner.struct) if is_struct else "dict"
            absent = " = ".join(map(self._variable, _paths_in(inner)))
            with emit.block(f"if {below}.__class__ is {has_class}:"):
                self.read(below, inner, is_struct=is_struct)
            emit(f"elif {below}.__class__ in PLAIN: {absent} = UNSET")
            emit("else: raise Unsupported")

    def _variable(self, path: str) -> str:
        return self._variables.setdefault(path, f"v{len(self._variables)}")

    # --- looking up ---

    def _look_up(self, path: str, value: str) -> None:
        emit = self.emit
        shelves = [index.shelves[path] for index in self._indexes if path in index.shelves]
        shelves = [shelf for shelf in shelves if len(shelf.found)]
        columns = [
            _BlockColumn(f"hits{number}", block.columns[path], block.alive)
            for number, block in enumerate(self._blocks)
            if path in block.columns
        ]
        if not (shelves or columns):
            most = self.bind(self._most)
            emit(f"if {value}.__class__ not in PLAIN: {value} = values_of({value}, {most})")
            return
        absent = [
            f"{each.hits} &= {self.bind(each.alive & ~each.column.fails_without)}"
            for each in columns
            if each.column.fails_without
        ] or ["pass"]
        emit(f"kind = {value}.__class__")
        with emit.block("if kind is str:"):
            if self._most < _KILOBYTES:
                emit(f"if len({value}) >> 10 > {self.bind(self._most)}: raise Unsupported")
            self._find_leaf(_strings, value, shelves, columns)
        is_safe = f"-SAFE <= {value} <= SAFE"
        with emit.block(f"elif (kind is int or kind is float) and {is_safe}:"):
            self._find_leaf(_numbers, value, shelves, columns)
        with emit.block(f"elif kind is bool or {value} is None:"):
            self._find_leaf(_constants, value, shelves, columns)
        with emit.block(f"elif {value} is UNSET:"):
            emit(*absent)
        with emit.block("else:"):
            emit(f"{value} = values_of({value}, {self.bind(self._most)})")
            with emit.block(f"if {value} is UNSET:"):
                emit(*absent)
            with emit.block("else:"):
                for shelf in shelves:
                    emit(f"find_all({self.bind(shelf.found.find)}, {value}, entries)")
                for each in columns:
                    self._pass(each, value)

    def _find_leaf(
        self,
        family: _Family,
        value: str,
        shelves: Iterable[PathIndex],
        columns: Iterable[_BlockColumn],
    ) -> None:
        """Write what to do with a leaf, which is looked up in the tables of a family."""
        emit = self.emit
        before = len(emit.lines)
        for shelf in shelves:
            tables = shelf.found.tables()
            if tables is None:
                emit(f"entries += {self.bind(shelf.found.find)}({value})")
                continue
            for table, key in family(tables, value):
                if key is None:
                    self._find_range(table, value, "entries.append({})")
                else:
                    emit(f"held = {self.bind(table.get)}({key})")
                    emit(f"if held is not None: take_held(held, {value}, entries)")
        for each in columns:
            with emit.block(f"if {each.hits}:"):
                self._pass_leaf(family, value, each)
        if len(emit.lines) == before:
            emit("pass")

    def _pass(self, each: _BlockColumn, values: str) -> None:
        """Keep the hits that a column keeps, using its own method."""
        passing = f"{self.bind(each.column.passing)}({values}, False)"
        self.emit(f"{each.hits} &= {passing} | {self.bind(each.untested)}")

    def _pass_leaf(self, family: _Family, value: str, each: _BlockColumn) -> None:
        parts = each.column.parts()
        if parts is None:
            self._pass(each, f"[{value}]")
            return
        excluded = family(parts.excluded, value) if parts.excluding else []
        passed = ""
        if excluded:
            self.emit("out = 0")
            self._add_masks(excluded, value, "out")
            passed = f"{self.bind(parts.excluding)} & ~out"
        elif parts.excluding:
            passed = self.bind(parts.excluding)
        always = parts.anything | each.untested
        if always or not passed:
            passed += f"{' | ' if passed else ''}{self.bind(always)}"
        self.emit(f"passed = {passed}")
        self._add_masks(family(parts.found, value), value, "passed")
        self.emit(f"{each.hits} &= passed")

    def _add_masks(self, tables: Iterable[tuple[Any, str | None]], value: str, mask: str) -> None:
        emit = self.emit
        for table, key in tables:
            if key is None:
                self._find_range(table, value, f"{mask} |= {{}}")
                continue
            emit(f"held = {self.bind(table.get)}({key})")
            if key == value:
                emit(f"if held is not None: {mask} |= held[0][1]")
                continue
            with emit.block("if held is not None:"), emit.block("for rule, filed in held:"):
                emit(f"if rule is None or rule.holds({value}): {mask} |= filed")

    def _find_range(self, ranges: Any, value: str, take: str) -> None:
        """Take the interval of a number: `Ranges.find`."""
        bounds, intervals = map(self.bind, ranges.table)
        count = self.bind(len(ranges.table[0]))
        self.emit(
            f"place = bisect_left({bounds}, {value})",
            f"place += place + (place < {count} and {bounds}[place] == {value})",
            take.format(f"{intervals}[place]"),
        )

    # --- the end ---

    def _conclude(self) -> None:
        emit = self.emit
        emit("found = []")
        for index in self._indexes:
            for path, shelf in index.shelves.items():
                self._find_present(path, shelf.present)
        check = self.bind(RestChecker(self._variables, self._others))
        others = [f"{self._variables[path]} is not UNSET" for path in self._others]
        asked = " or ".join(["entries", *others])
        emit(f"if {asked}: {check}(entries, {self.values}, found)")
        for number, block in enumerate(self._blocks):
            clauses = self.bind(block.clauses)
            emit(f"if hits{number}: found += clauses_at(hits{number}, {clauses})")

    def _find_present(self, path: str, entries: Entries) -> None:
        """The clauses that are found by just a path."""
        for clause, rest in entries:
            tests = [f"{self._variables[path]} is not UNSET"]
            for other, holds, optional in rest:
                value = self._variables[other]
                values = f"{value} if {value}.__class__ is list else [{value}]"
                test = f"{self.bind(holds)}({values})"
                if optional:
                    tests.append(f"({value} is UNSET or {test})")
                else:
                    tests.append(f"{value} is not UNSET and {test}")
            self.emit(f"if {' and '.join(tests)}: found.append({self.bind(clause)})")


def _paths_in(kind: ObjectType) -> Iterator[str]:
    for inner in kind.members.values():
        if isinstance(inner, str):
            yield inner
        else:
            yield from _paths_in(inner)


class _BlockColumn(NamedTuple):
    """A column of a block, the variable that holds the block's hits, and all of its clauses."""

    hits: str
    column: Column
    alive: int

    @property
    def untested(self) -> int:
        """The clauses without a test there."""
        return self.alive & ~self.column.tested


def _breadth(column: Column, alive: int) -> int:
    """Return roughly how many clauses of a block a value leaves."""
    parts = column.parts()
    if parts is None:
        return column.tested.bit_count()
    left = (alive & ~column.tested) | parts.anything | parts.excluding
    ranges = parts.found.ranges
    if ranges is None:
        return left.bit_count()
    intervals = ranges.table[1]
    seen = intervals[:: len(intervals) // _SEEN + 1]
    return left.bit_count() + sum(map(int.bit_count, seen)) // len(seen)


_Family = Callable[[Tables, str], "list[tuple[Any, str | None]]"]


def _strings(tables: Tables, value: str) -> list[tuple[Any, str | None]]:
    """The tables in which to look up a string, each with the expression of the key."""
    found: list[tuple[Any, str | None]] = []
    if tables.strings is not None:
        found.append((tables.strings, value))
    found += ((table, f"{value}[:{size}]") for size, table in tables.prefixes)
    found += ((table, f"{value}[-{size}:]" if size else "''") for size, table in tables.suffixes)
    return found


def _numbers(tables: Tables, value: str) -> list[tuple[Any, str | None]]:
    """The same for a number; no key means ranges."""
    found: list[tuple[Any, str | None]] = []
    if tables.numbers is not None:
        found.append((tables.numbers, value))
    if tables.ranges is not None:
        found.append((tables.ranges, None))
    return found


def _constants(tables: Tables, value: str) -> list[tuple[Any, str | None]]:
    return [] if tables.constants is None else [(tables.constants, value)]


@lru_cache(maxsize=64)
def _compiled(source: str) -> CodeType:
    return compile(source, "<filterpatterns rule set>", "exec")
