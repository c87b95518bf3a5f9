"""Statements that find the clauses for the values of one record, whose tables stand ready by name.

The source holds names only, and says how a set is built, not what is in it: so sets that differ
only in their rules' values share the compiled code.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from types import CodeType
from typing import Any, Final, NamedTuple

import msgspec

from filterpatterns.codegen.emit import indent
from filterpatterns.engine.rulesets.blocks import Block, clauses_at
from filterpatterns.engine.rulesets.clauses import Clause
from filterpatterns.engine.rulesets.index import Entries, Index, PathIndex
from filterpatterns.engine.rulesets.paths import UnsupportedRecord, Values
from filterpatterns.engine.rulesets.types import ObjectType, Unsupported
from filterpatterns.jsontext.numbers import SAFE
from filterpatterns.jsontext.python_values import SCALARS
from filterpatterns.matching.interpreter import flatten
from filterpatterns.matching.lookup.column import Column
from filterpatterns.matching.lookup.finder import Tables, take_held

UNSET: Final = msgspec.UNSET
_PLAIN = SCALARS | {UNSET.__class__}

_MOST_COLUMNS = 200
"""Columns, over all blocks, that code is generated for."""


class SetWriter:
    """Writes the function that finds the clauses of some indexes."""

    def __init__(self, indexes: Sequence[Index]) -> None:
        self._namespace: dict[str, Any] = {"UNSET": UNSET, "PLAIN": _PLAIN, "SAFE": SAFE}
        self._namespace |= {"take_held": take_held, "clauses_at": clauses_at}
        self._namespace["bisect_left"] = bisect_left
        self._namespace |= {"values_of": _values_of, "find_all": _find_all}
        self._bound = 0
        self._variables: dict[str, str] = {}
        self._indexes = indexes
        self._blocks = [block for index in indexes for block in index.blocks.get(None, ())]
        if sum(len(block.columns) for block in self._blocks) > _MOST_COLUMNS:
            raise Unsupported
        # Blocks that few records have to ask are asked as they are.
        self._others: dict[str, list[Block]] = {}
        for index in indexes:
            for path, blocks in index.blocks.items():
                if path is not None:
                    self._others.setdefault(path, []).extend(blocks)

    def function(self, roots: Sequence[tuple[ObjectType, bool]]) -> Any:
        """The function from what stands at the roots to the clauses that match, of which one may
        come twice; or to None for a record that it does not serve.

        Args:
            roots: the types of the objects, and for each whether it is decoded as a struct, or
                else a dict.

        Raises:
            UnsupportedRecord: (the function) there is a value that JSON does not have.
        """
        arguments = [f"o{number}" for number in range(len(roots))]
        lines: list[str] = []
        for argument, (kind, is_struct) in zip(arguments, roots, strict=True):
            lines += self._read(argument, kind, is_struct=is_struct)
        lines.append("entries = []")
        lines += [
            f"hits{number} = {self._bind(block.alive)}" for number, block in enumerate(self._blocks)
        ]
        for path, variable in self._variables.items():
            lines += self._look_up(path, variable)
        lines += self._conclude()
        source = "\n".join([f"def find({', '.join(arguments)}):", *indent(lines)]) + "\n"
        exec(_compiled(source), self._namespace)  # noqa: S102 - holds names only, values are bound
        return self._namespace["find"]

    def reader(self, roots: Sequence[tuple[ObjectType, bool]]) -> tuple[Any, tuple[str, ...]]:
        """The function from what stands at the roots to a tuple of what stands at the paths below
        them, UNSET where that is nothing; or to None where an array is on the way. And the paths.
        """
        arguments = [f"o{number}" for number in range(len(roots))]
        lines: list[str] = []
        for argument, (kind, is_struct) in zip(arguments, roots, strict=True):
            lines += self._read(argument, kind, is_struct=is_struct)
        lines.append(f"return ({''.join(f'{name}, ' for name in self._variables.values())})")
        source = "\n".join([f"def read({', '.join(arguments)}):", *indent(lines)]) + "\n"
        exec(_compiled(source), self._namespace)  # noqa: S102 - holds names only, values are bound
        return self._namespace["read"], tuple(self._variables)

    def _bind(self, value: Any) -> str:
        self._bound += 1
        name = f"b{self._bound}"
        self._namespace[name] = value
        return name

    # --- reading ---

    def _read(self, name: str, kind: ObjectType, *, is_struct: bool) -> list[str]:
        lines = []
        if not is_struct and kind.spellings:
            disjoint = self._bind(kind.spellings.isdisjoint)
            lines.append(f"if not {disjoint}({name}): return None")
        for number, (member, inner) in enumerate(kind.members.items()):
            value = f"{name}.m{number}" if is_struct else f"{name}.get({self._bind(member)}, UNSET)"
            if isinstance(inner, str):
                variable = self._variables[inner] = f"v{len(self._variables)}"
                lines.append(f"{variable} = {value}")
                continue
            below, first = f"{name}_{number}", len(self._variables)
            lines.append(f"{below} = {value}")
            read = self._read(below, inner, is_struct=is_struct)
            absent = [f"v{place}" for place in range(first, len(self._variables))]
            has_class = self._bind(inner.struct) if is_struct else "dict"
            lines += [
                f"if {below}.__class__ is {has_class}:",
                *indent(read),
                f"elif {below}.__class__ in PLAIN: {' = '.join(absent)} = UNSET",
                "else: return None",
            ]
        return lines

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
            return [f"if {value}.__class__ not in PLAIN: {value} = values_of({value})"]
        absent = [
            f"{each.hits} &= {self._bind(each.alive & ~each.column.fails_without)}"
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
            lines += [f"{branch} {condition}:", *indent(statements or ["pass"])]
            branch = "elif"
        several = [f"find_all({self._bind(s.found.find)}, {value}, entries)" for s in shelves]
        several += [self._passing(each, value) for each in columns]
        return [
            *lines,
            f"elif {value} is UNSET:",
            *indent(absent),
            "else:",
            f"    {value} = values_of({value})",
            f"    if {value} is UNSET:",
            *indent(indent(absent)),
            "    else:",
            *indent(indent(several)),
        ]

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
                lines.append(f"entries += {self._bind(shelf.found.find)}({value})")
                continue
            for table, key in family(tables, value):
                if key is None:
                    lines += self._in_ranges(table, value, "entries.append({})")
                else:
                    lines += [
                        f"held = {self._bind(table.get)}({key})",
                        f"if held is not None: take_held(held, {value}, entries)",
                    ]
        for each in columns:
            lines += self._column(family, value, each)
        return lines

    def _passing(self, each: _BlockColumn, values: str) -> str:
        """The hits that a column leaves, by its own method."""
        passing = f"{self._bind(each.column.passing)}({values}, False)"
        return f"{each.hits} &= {passing} | {self._bind(each.untested)}"

    def _column(self, family: Any, value: str, each: _BlockColumn) -> list[str]:
        parts = each.column.parts()
        if parts is None:
            return [self._passing(each, f"[{value}]")]
        lines = []
        excluded = family(parts.excluded, value) if parts.excluding else []
        passed = ""
        if excluded:
            lines += ["out = 0", *self._masks(excluded, value, "out")]
            passed = f"{self._bind(parts.excluding)} & ~out"
        elif parts.excluding:
            passed = self._bind(parts.excluding)
        always = parts.anything | each.untested
        if always or not passed:
            passed += f"{' | ' if passed else ''}{self._bind(always)}"
        lines += [f"passed = {passed}", *self._masks(family(parts.found, value), value, "passed")]
        return [*lines, f"{each.hits} &= passed"]

    def _masks(self, tables: Iterable[tuple[Any, str | None]], value: str, mask: str) -> list[str]:
        lines = []
        for table, key in tables:
            if key is None:
                lines += self._in_ranges(table, value, f"{mask} |= {{}}")
                continue
            lines.append(f"held = {self._bind(table.get)}({key})")
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
        bounds, intervals = map(self._bind, ranges.table)
        count = self._bind(len(ranges.table[0]))
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
        values = f"({''.join(f'{name}, ' for name in self._variables.values())})"
        checked = self._bind(_Checked(self._variables, self._others))
        others = [f"{self._variables[path]} is not UNSET" for path in self._others]
        lines.append(f"if {' or '.join(['entries', *others])}: {checked}(entries, {values}, found)")
        for number, block in enumerate(self._blocks):
            lines += [
                f"if hits{number}: found += clauses_at(hits{number}, {self._bind(block.clauses)})"
            ]
        return [*lines, "return found"]

    def _present(self, path: str, entries: Entries) -> list[str]:
        """The clauses that are found by a path alone."""
        lines = []
        for clause, rest in entries:
            tests = [f"{self._variables[path]} is not UNSET"]
            for other, holds, optional in rest:
                value = self._variables[other]
                values = f"{value} if {value}.__class__ is list else [{value}]"
                test = f"{self._bind(holds)}({values})"
                if optional:
                    tests.append(f"({value} is UNSET or {test})")
                else:
                    tests.append(f"{value} is not UNSET and {test}")
            lines.append(f"if {' and '.join(tests)}: found.append({self._bind(clause)})")
        return lines


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


class _Checked:
    """Makes the remaining tests of entries, and asks the blocks that no code is generated for."""

    def __init__(self, paths: Iterable[str], blocks: Mapping[str, list[Block]]) -> None:
        self._places = {path: place for place, path in enumerate(paths)}
        self._blocks = blocks

    def __call__(
        self, entries: list[Entries], given: tuple[Any, ...], matched: list[Clause]
    ) -> None:
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
        values = Values()
        for path, place in self._places.items():
            value = given[place]
            if value is not UNSET:
                values.leaves[path] = value if value.__class__ is list else [value]
        for path, blocks in self._blocks.items():
            if path in values.leaves:
                for block in blocks:
                    matched += block.matching(values)


def _values_of(value: Any) -> Any:
    """The leaves in what stands at a path; UNSET if there are none.

    Raises:
        UnsupportedRecord: there is a value that JSON does not have.
    """
    values = []
    for element in flatten(value) if value.__class__ is list else [value]:
        if element.__class__ in SCALARS:
            values.append(element)
        elif element.__class__ is not dict:
            raise UnsupportedRecord
    return values or UNSET


def _find_all(find: Any, values: list[Any], entries: list[Entries]) -> None:
    for value in values:
        entries += find(value)


@lru_cache(maxsize=64)
def _compiled(source: str) -> CodeType:
    return compile(source, "<filterpatterns rule set>", "exec")
