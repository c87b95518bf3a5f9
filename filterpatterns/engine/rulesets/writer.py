"""Statements that find the clauses for the values of one record, whose tables stand ready by name.

The source holds names only, and says how a set is built, not what is in it: so sets that differ
only in their rules' values share the compiled code.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from types import CodeType
from typing import Any, NamedTuple

from filterpatterns.codegen.emit import indent
from filterpatterns.engine.rulesets.blocks import Block, clauses_at
from filterpatterns.engine.rulesets.index import Entries, Index, PathIndex
from filterpatterns.engine.rulesets.paths import FEW, UnsupportedRecord
from filterpatterns.engine.rulesets.runtime import PLAIN, UNSET, RestChecker, find_all, values_of
from filterpatterns.engine.rulesets.types import ObjectType, Unsupported
from filterpatterns.jsontext.numbers import SAFE
from filterpatterns.matching.lookup.column import Column
from filterpatterns.matching.lookup.finder import Tables, take_held

_MOST_COLUMNS = 200
"""Columns, over all blocks, that code is generated for."""

_MOST_ASKED = 1 << 20
"""Values, times rules, that are looked up without a budget: records with longer arrays are not
served."""


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
    """Writes the statements that find the clauses of some indexes for a record.

    They raise UnsupportedRecord if the record has arrays of objects, or values that JSON does not
    have.
    """

    def __init__(self, indexes: Sequence[Index]) -> None:
        """
        Raises:
            Unsupported: there are too many columns.
        """
        self._namespace: dict[str, Any] = dict(_FIXED)
        self._bound = 0
        self._variables: dict[str, str] = {}
        self._indexes = indexes
        self._blocks = [block for index in indexes for block in index.blocks.get(None, ())]
        if sum(len(block.columns) for block in self._blocks) > _MOST_COLUMNS:
            raise Unsupported
        self._most = self.bind(max(FEW, _MOST_ASKED // (1 + sum(each.weight for each in indexes))))
        # Blocks that few records have to ask are asked as they are.
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
        """A tuple of what is at these paths, UNSET where that is nothing."""
        return f"({''.join(f'{name}, ' for name in self._variables.values())})"

    def bind(self, value: Any) -> str:
        """Return a name for a value."""
        self._bound += 1
        name = f"b{self._bound}"
        self._namespace[name] = value
        return name

    def find(self) -> list[str]:
        """Return statements that set `found` to the clauses that match, of which one may come
        twice, when all objects have been read."""
        lines = ["entries = []"]
        lines += [
            f"hits{number} = {self.bind(block.alive)}" for number, block in enumerate(self._blocks)
        ]
        for path, variable in self._variables.items():
            lines += self._look_up(path, variable)
        return lines + self._conclude()

    def function(self, name: str, source: Sequence[str]) -> Any:
        """Return the function of that name, given its source."""
        code = _compiled("\n".join(source) + "\n")
        exec(code, self._namespace)  # noqa: S102 - holds names only, values are bound
        return self._namespace[name]

    # --- reading ---

    def read(self, name: str, kind: ObjectType, *, is_struct: bool) -> list[str]:
        """Return statements that read an object, which is decoded as a struct, or else a dict."""
        lines = []
        if not is_struct and kind.spellings:
            disjoint = self.bind(kind.spellings.isdisjoint)
            lines.append(f"if not {disjoint}({name}): raise Unsupported")
        for number, (member, inner) in enumerate(kind.members.items()):
            value = f"{name}.m{number}" if is_struct else f"{name}.get({self.bind(member)}, UNSET)"
            if isinstance(inner, str):
                lines.append(f"{self._variable(inner)} = {value}")
                continue
            below = f"{name}_{number}"
            lines.append(f"{below} = {value}")
            has_class = self.bind(inner.struct) if is_struct else "dict"
            absent = map(self._variable, _paths_in(inner))
            lines += [
                f"if {below}.__class__ is {has_class}:",
                *indent(self.read(below, inner, is_struct=is_struct)),
                f"elif {below}.__class__ in PLAIN: {' = '.join(absent)} = UNSET",
                "else: raise Unsupported",
            ]
        return lines

    def _variable(self, path: str) -> str:
        return self._variables.setdefault(path, f"v{len(self._variables)}")

    # --- looking up ---

    def _look_up(self, path: str, value: str) -> list[str]:
        shelves = [index.shelves[path] for index in self._indexes if path in index.shelves]
        shelves = [shelf for shelf in shelves if len(shelf.found)]
        columns = [
            _BlockColumn(f"hits{number}", block.columns[path], block.alive)
            for number, block in enumerate(self._blocks)
            if path in block.columns
        ]
        if not (shelves or columns):
            return [f"if {value}.__class__ not in PLAIN: {value} = {self._values_of(value)}"]
        absent = [
            f"{each.hits} &= {self.bind(each.alive & ~each.column.fails_without)}"
            for each in columns
            if each.column.fails_without
        ] or ["pass"]
        lines = [f"kind = {value}.__class__"]
        branch = "if"
        for condition, family in (
            ("kind is str", _strings),
            (f"(kind is int or kind is float) and -SAFE <= {value} <= SAFE", _numbers),
            (f"kind is bool or {value} is None", _constants),
        ):
            statements = self._statements(family, value, shelves, columns)
            if family is _strings and self._asks_rules(shelves, columns):
                statements.insert(0, f"if len({value}) >> 10 > {self._most}: raise Unsupported")
            lines += [f"{branch} {condition}:", *indent(statements or ["pass"])]
            branch = "elif"
        several = [f"find_all({self.bind(s.found.find)}, {value}, entries)" for s in shelves]
        several += [self._passing(each, value) for each in columns]
        return [
            *lines,
            f"elif {value} is UNSET:",
            *indent(absent),
            "else:",
            f"    {value} = {self._values_of(value)}",
            f"    if {value} is UNSET:",
            *indent(indent(absent)),
            "    else:",
            *indent(indent(several)),
        ]

    def _values_of(self, value: str) -> str:
        """The leaves in what is at a path."""
        return f"values_of({value}, {self._most})"

    @staticmethod
    def _asks_rules(shelves: Iterable[PathIndex], columns: Iterable[_BlockColumn]) -> bool:
        """Whether strings are looked up in more than tables."""
        tables = [shelf.found.tables() for shelf in shelves]
        return None in tables or any(each.column.parts() is None for each in columns)

    def _statements(
        self,
        family: Any,
        value: str,
        shelves: Iterable[PathIndex],
        columns: Iterable[_BlockColumn],
    ) -> list[str]:
        lines = []
        for shelf in shelves:
            tables = shelf.found.tables()
            if tables is None:
                lines.append(f"entries += {self.bind(shelf.found.find)}({value})")
                continue
            for table, key in family(tables, value):
                if key is None:
                    lines += self._in_ranges(table, value, "entries.append({})")
                else:
                    lines += [
                        f"held = {self.bind(table.get)}({key})",
                        f"if held is not None: take_held(held, {value}, entries)",
                    ]
        for each in columns:
            lines += self._column(family, value, each)
        return lines

    def _passing(self, each: _BlockColumn, values: str) -> str:
        """The hits that a column leaves, by its own method."""
        passing = f"{self.bind(each.column.passing)}({values}, False)"
        return f"{each.hits} &= {passing} | {self.bind(each.untested)}"

    def _column(self, family: Any, value: str, each: _BlockColumn) -> list[str]:
        parts = each.column.parts()
        if parts is None:
            return [self._passing(each, f"[{value}]")]
        lines = []
        excluded = family(parts.excluded, value) if parts.excluding else []
        passed = ""
        if excluded:
            lines += ["out = 0", *self._masks(excluded, value, "out")]
            passed = f"{self.bind(parts.excluding)} & ~out"
        elif parts.excluding:
            passed = self.bind(parts.excluding)
        always = parts.anything | each.untested
        if always or not passed:
            passed += f"{' | ' if passed else ''}{self.bind(always)}"
        lines += [f"passed = {passed}", *self._masks(family(parts.found, value), value, "passed")]
        return [*lines, f"{each.hits} &= passed"]

    def _masks(self, tables: Iterable[tuple[Any, str | None]], value: str, mask: str) -> list[str]:
        lines = []
        for table, key in tables:
            if key is None:
                lines += self._in_ranges(table, value, f"{mask} |= {{}}")
                continue
            lines.append(f"held = {self.bind(table.get)}({key})")
            if key == value:
                lines.append(f"if held is not None: {mask} |= held[0][1]")
            else:
                lines += [
                    "if held is not None:",
                    "    for rule, filed in held:",
                    f"        if rule is None or rule.holds({value}): {mask} |= filed",
                ]
        return lines

    def _in_ranges(self, ranges: Any, value: str, take: str) -> list[str]:
        """Take the interval of a number: `Ranges.find`."""
        bounds, intervals = map(self.bind, ranges.table)
        count = self.bind(len(ranges.table[0]))
        return [
            f"place = bisect_left({bounds}, {value})",
            f"place += place + (place < {count} and {bounds}[place] == {value})",
            take.format(f"{intervals}[place]"),
        ]

    # --- the end ---

    def _conclude(self) -> list[str]:
        present = [
            (path, shelf.present)
            for index in self._indexes
            for path, shelf in index.shelves.items()
            if shelf.present
        ]
        lines = ["found = []"]
        for path, entries in present:
            lines += self._present(path, entries)
        check = self.bind(RestChecker(self._variables, self._others))
        others = [f"{self._variables[path]} is not UNSET" for path in self._others]
        asked = " or ".join(["entries", *others])
        lines.append(f"if {asked}: {check}(entries, {self.values}, found)")
        for number, block in enumerate(self._blocks):
            lines += [
                f"if hits{number}: found += clauses_at(hits{number}, {self.bind(block.clauses)})"
            ]
        return lines

    def _present(self, path: str, entries: Entries) -> list[str]:
        """The clauses that are found by a path alone."""
        lines = []
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
            lines.append(f"if {' and '.join(tests)}: found.append({self.bind(clause)})")
        return lines


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
        """The clauses that test nothing there."""
        return self.alive & ~self.column.tested


def _strings(tables: Tables, value: str) -> list[tuple[Any, str | None]]:
    """The tables to look a string up in, and for each the expression of the key."""
    found: list[tuple[Any, str | None]] = []
    if tables.strings is not None:
        found.append((tables.strings, value))
    found += ((table, f"{value}[:{size}]") for size, table in tables.prefixes)
    found += ((table, f"{value}[-{size}:]" if size else "''") for size, table in tables.suffixes)
    return found


def _numbers(tables: Tables, value: str) -> list[tuple[Any, str | None]]:
    """The same for a number; no key stands for ranges."""
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
