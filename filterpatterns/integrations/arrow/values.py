"""Converts Arrow arrays to JSON values, limited to those that a pattern tests."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from operator import add
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from msgspec import Struct
from pyarrow import types

from filterpatterns.integrations.arrow.columns import (
    ColumnTypeError,
    integers,
    is_binary,
    is_text,
    named,
    stored,
    stored_type,
    take,
)

_CAST = "JSON has no such type; cast it to a string, formatted as in the events"

_MOST_MEMBERS = 200
"""The number of members for which code is generated: CPython compiles a function of that size
quickly."""


class Paths(Struct, frozen=True):
    """What to convert: paths, their prefixes, and those of payloads. Without `leaves`,
    everything."""

    leaves: frozenset[str] | None
    on_the_way: frozenset[str] = frozenset()
    payloads: frozenset[str] = frozenset()

    @classmethod
    def of(cls, leaves: Iterable[str], payloads: Iterable[str] = ()) -> Paths:
        """The paths to leaves, names joined with dots; some of them are those of payloads."""
        found = frozenset(leaves)
        on_the_way = {
            ".".join(parts[:count])
            for parts in (path.split(".") for path in found)
            for count in range(1, len(parts))
        }
        return cls(found, frozenset(on_the_way), frozenset(payloads))

    def reads(self, path: str | None, kind: pa.DataType) -> bool:
        """Whether values of a type, at a path, can affect the result."""
        if self.leaves is None or path in self.leaves:
            return True
        kind = stored_type(kind)
        while is_list(kind):
            kind = stored_type(kind.value_type)
        return path in self.on_the_way and (types.is_struct(kind) or types.is_map(kind))

    def member(self, path: str | None, name: str) -> str:
        """The path of a member of an object. The path of the outermost object is None; an empty
        path is that of its member with an empty name."""
        return name if path is None else f"{path}.{name}"


def is_list(kind: pa.DataType) -> bool:
    """Whether a column has lists, however it stores them."""
    return bool(
        types.is_list(kind)
        or types.is_large_list(kind)
        or types.is_fixed_size_list(kind)
        or types.is_list_view(kind)
        or types.is_large_list_view(kind)
    )


def is_nested(kind: pa.DataType) -> bool:
    """Whether a column has objects or arrays that need no parsing."""
    kind = stored_type(kind)
    return bool(types.is_struct(kind) or types.is_map(kind) or is_list(kind))


class Reader:
    """Converts arrays to values."""

    def __init__(self, paths: Paths, *, omit_nulls: bool) -> None:
        """
        Args:
            paths: what to convert.
            omit_nulls: whether a null member of an object means that the member is absent.
        """
        self._paths = paths
        self._omit_nulls = omit_nulls

    def reads(self, path: str | None, kind: pa.DataType) -> bool:
        """Whether values of a type, at a path, can affect the result."""
        return self._paths.reads(path, kind)

    def values(self, array: pa.Array, path: str | None) -> list[Any]:
        """Return the values of an array at a path, which is None for the records themselves.

        Raises:
            ColumnTypeError: they have a type that JSON does not have.
        """
        array = stored(array)
        kind = array.type
        if types.is_dictionary(kind):
            return self._dictionary(array, path)
        if types.is_struct(kind):
            return self._objects(array, path)
        if is_list(kind):
            return self._lists(array, path)
        if types.is_map(kind):
            return self._maps(array, path)
        if types.is_null(kind):
            return [None] * len(array)
        return self._scalars(array, path)

    def objects(
        self, columns: dict[str, pa.Array], count: int, path: str | None = None
    ) -> list[Any]:
        """Build a number of objects from the arrays of their members; irrelevant members are left
        out."""
        members: dict[str, list[Any]] = {}
        for name, column in columns.items():
            place = self._paths.member(path, name)
            if self._paths.reads(place, column.type):
                members[name] = self.values(column, place)
        return made(members, count, omit_nulls=self._omit_nulls)

    def _scalars(self, array: pa.Array, path: str | None) -> list[Any]:
        kind = array.type
        if types.is_float16(kind):
            array = array.cast(pa.float64())
        elif is_text(kind):
            return self._strings(array, path)
        elif not (
            types.is_boolean(kind)
            or types.is_integer(kind)
            or types.is_floating(kind)
            or types.is_decimal(kind)
        ):
            raise ColumnTypeError(path, kind, _CAST)
        values: list[Any] = array.to_pylist()
        return values

    def _strings(self, array: pa.Array, path: str | None) -> list[Any]:
        """Return texts as str. A payload may be bytes; only those that are not UTF-8 stay bytes."""
        kind = array.type
        may_be_bytes = path in self._paths.payloads
        if is_binary(kind):
            if not may_be_bytes:
                hint = "only a payload may be bytes; cast it to a string"
                raise ColumnTypeError(path, kind, hint)
            array = array.cast(pa.large_binary())
        else:
            try:
                values: list[Any] = array.to_pylist()
            except UnicodeDecodeError:  # Arrow does not guarantee that strings are valid
                if not may_be_bytes:
                    raise ValueError(f"{named(path)} is {kind}, and is not UTF-8") from None
                array = array.cast(pa.large_binary())
            else:
                return values
        return [None if value is None else _text_or_bytes(value) for value in array.to_pylist()]

    def _dictionary(self, array: pa.Array, path: str | None) -> list[Any]:
        if len(array.dictionary) > len(array):
            return self.values(array.dictionary_decode(), path)
        values = self.values(array.dictionary, path)
        return [None if index is None else values[index] for index in array.indices.to_pylist()]

    def _objects(self, array: pa.Array, path: str | None) -> list[Any]:
        columns = {field.name: array.field(index) for index, field in enumerate(array.type)}
        return _with_nulls(self.objects(columns, len(array), path), array)

    def _lists(self, array: pa.Array, path: str | None) -> list[Any]:
        if not self._paths.reads(path, array.type):
            return _with_nulls([[] for _ in range(len(array))], array)
        if types.is_fixed_size_list(array.type):
            array = array.cast(pa.large_list(array.type.value_field))
        starts = integers(array.offsets)
        if types.is_list_view(array.type) or types.is_large_list_view(array.type):
            ends = list(map(add, starts, integers(array.sizes)))
        else:
            starts, ends = starts[:-1], starts[1:]
        first = min(starts, default=0)
        count = max(0, max(ends, default=0) - first)
        items = self.values(array.values.slice(first, count), path)
        lists = [
            items[start - first : end - first] for start, end in zip(starts, ends, strict=True)
        ]
        return _with_nulls(lists, array)

    def _maps(self, array: pa.Array, path: str | None) -> list[Any]:
        if not is_text(stored_type(array.type.key_type)) or is_binary(array.type.key_type):
            raise ColumnTypeError(path, array.type, "the members of a JSON object are strings")
        offsets = integers(array.offsets) or [0]
        first, count = offsets[0], offsets[-1] - offsets[0]
        keys = Reader(Paths(None), omit_nulls=False).values(array.keys.slice(first, count), path)
        items = array.items.slice(first, count)
        kind = items.type
        names = set(keys)
        wanted = {
            name: self._paths.member(path, name)
            for name in names
            if self._paths.reads(self._paths.member(path, name), kind)
        }
        found: list[dict[str, Any]] = [{} for _ in range(len(array))]
        for name, place in wanted.items():
            rows = [row for row, key in enumerate(keys) if key == name]
            owners = _owners(rows, offsets)
            values = self.values(take(items, rows), place)
            for owner, value in zip(owners, values, strict=True):
                if value is not None or not self._omit_nulls:
                    found[owner][name] = value
        return _with_nulls(found, array)


def _owners(rows: Sequence[int], offsets: Sequence[int]) -> list[int]:
    """For each row, in order, the list that contains it."""
    owners: list[int] = []
    owner, first = 0, offsets[0]
    for row in rows:
        while offsets[owner + 1] - first <= row:
            owner += 1
        owners.append(owner)
    return owners


def _with_nulls(values: list[Any], array: pa.Array) -> list[Any]:
    if array.null_count:
        nulls = pc.indices_nonzero(array.is_null())
        for row in integers(nulls):
            values[row] = None
    return values


def _text_or_bytes(value: bytes) -> str | bytes:
    try:
        return str(value, "utf-8")
    except UnicodeDecodeError:
        return value


def made(members: dict[str, list[Any]], count: int, *, omit_nulls: bool) -> list[Any]:
    """Build a number of dicts from the values of their members."""
    if not members:
        return [{} for _ in range(count)]
    if len(members) > _MOST_MEMBERS:
        rows = zip(*members.values(), strict=True)
        dicts: list[Any] = [dict(zip(members, row, strict=True)) for row in rows]
    else:
        dicts = _maker(len(members))(members.values(), *members)
    if omit_nulls and any(None in values for values in members.values()):
        return [
            {name: value for name, value in each.items() if value is not None} for each in dicts
        ]
    return dicts


@lru_cache(maxsize=_MOST_MEMBERS)
def _maker(count: int) -> Callable[..., list[Any]]:
    """Return a function from columns and names to dicts, three times as fast as
    `dict(zip(...))`."""
    names = [f"name{number}" for number in range(count)]
    values = [f"value{number}" for number in range(count)]
    pairs = ", ".join(map("{}: {}".format, names, values))
    source = (
        f"lambda columns, {', '.join(names)}: "
        f"[{{{pairs}}} for ({', '.join(values)},) in zip(*columns)]"
    )
    maker: Callable[..., list[Any]] = eval(source)  # noqa: S307 - holds numbered names only
    return maker
