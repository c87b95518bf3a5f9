"""Signatures of decoded records: records with the same one have the same verdict, and add the same
to every count.

A value's part of it is the number of its kind (`stats/values.py`). An array is the set of its
elements' signatures, since a condition asks whether one of them satisfies it. For an array of
objects, that set is reduced to what has been found at each path, and to the conditions that one
element satisfies together.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import Any

from filterpatterns.codegen.code import Code
from filterpatterns.codegen.emitter import Emitter
from filterpatterns.codegen.types import UNSET
from filterpatterns.stats.places import ObjectType
from filterpatterns.stats.values import (
    MOST_ELEMENTS,
    MOST_VALUES,
    NOTHING,
    SCALAR,
    UnreadableRecord,
    Values,
)

Signature = Hashable


class SignatureCodegen:
    """Writes the code that finds the signatures of decoded objects; it raises `UnreadableRecord`
    for an object without one."""

    def __init__(self, code: Code, emit: Emitter, fields: dict[str, Values]) -> None:
        """Functions are written to `emit`, which must be at the level of the module."""
        self._code = code
        self._emit = emit
        self._fields = fields

    def object(self, kind: ObjectType, holder: str) -> tuple[list[str], str]:
        """Return statements, and an expression after them: the signature of the object in a
        variable."""
        statements = []
        parts = []
        for number, member in enumerate(kind.members):
            value, found = self._code.name("v"), self._code.name("c")
            statements += [f"{value} = {holder}.m{number}", f"{found} = {value}.__class__"]
            if isinstance(member, str):
                one = self._fields[member].code(self._code, value, found)
                elements = self._elements(self._fields[member])
                parts.append(f"{elements}({value}) if {found} is list else {one}")
            else:
                read = self.function(member)
                struct = self._code.bind(member.struct)
                other = self._other(member, read)
                parts.append(f"{read}({value}) if {found} is {struct} else {other}({value})")
        return statements, f"({''.join(f'{part}, ' for part in parts)})"

    def function(self, kind: ObjectType) -> str:
        """Write a function from an object to its signature; return its name."""
        name = self._code.name("read")
        statements, signature = self.object(kind, "o")
        with self._emit.block(f"def {name}(o):"):
            self._emit(*statements, f"return {signature}")
        return name

    def of_read(self, kind: ObjectType, read: str) -> str:
        """Write a function that returns what the function `read` does, or its signature if it is
        such an object; return its name."""
        name, signature = self._code.name("of"), self.function(kind)
        with self._emit.block(f"def {name}(given):"):
            self._emit(f"found = {read}(given)")
            struct = self._code.bind(kind.struct)
            self._emit(f"return {signature}(found) if found.__class__ is {struct} else found")
        return name

    def _elements(self, values: Values) -> str:
        """Write the function for an array of leaves."""
        name = self._code.name("elements")
        with self._emit.block(f"def {name}(array):"):
            self._refuse_long("array")
            self._emit(f"found = {self._code.bind(set)}()")
            with self._emit.block("for v in array:"):
                self._emit("c = v.__class__")
                self._emit(f"found.add({values.code(self._code, 'v', 'c', is_element=True)})")
            self._emit(f"return {self._code.bind(frozenset)}(found)")
        return name

    def _other(self, kind: ObjectType, read: str) -> str:
        """Write the function for a value that is not an object where one is expected."""
        name, bind = self._code.name("other"), self._code.bind
        scalar, struct = bind(SCALAR), bind(kind.struct)
        with self._emit.block(f"def {name}(v):"):
            with self._emit.block("if v.__class__ is not list:"):
                self._emit(f"return {bind(NOTHING)} if v is {bind(UNSET)} else {scalar}")
            self._refuse_long("v")
            one = f"{read}(e) if e.__class__ is {struct} else {scalar}"
            elements = f"{bind(frozenset)}([{one} for e in v])"
            self._emit(f"return {bind(_Reduced(kind, self._fields))}[{elements}]")
        return name

    def _refuse_long(self, array: str) -> None:
        with self._emit.block(f"if len({array}) > {self._code.bind(MOST_ELEMENTS)}:"):
            self._emit(f"raise {self._code.bind(UnreadableRecord)}")


class _Reduced(dict["frozenset[Any]", Signature]):
    """The signatures of arrays of objects, by the sets of their elements' signatures.

    If no condition is satisfied by absence, an element decides nothing that satisfies no more than
    another one. Arrays in such objects are not reduced, since each may choose its own element.
    """

    def __init__(self, kind: ObjectType, fields: dict[str, Values]) -> None:
        self._kind = kind
        self._fields = [fields[path] for path in _paths(kind)]
        # Absence depends on how arrays are bound, also on that of other fields.
        self._is_exact = any(values.allows_absence for values in fields.values())

    def __missing__(self, elements: frozenset[Any]) -> Signature:
        found = elements if self._is_exact else self._reduced(elements)
        if len(self) < MOST_VALUES:
            self[elements] = found
        return found

    def _reduced(self, elements: frozenset[Any]) -> Signature:
        seen: list[set[int]] = [set() for _ in self._fields]
        masks = set()
        for element in elements:
            if element == SCALAR:
                continue
            parts = list(_parts(element, self._kind))
            if None in parts:
                return elements
            mask = 0
            for values, part, at_path in zip(self._fields, parts, seen, strict=True):
                mask <<= values.conditions
                numbers = part if isinstance(part, frozenset) else (part,)
                at_path.update(numbers)
                for number in numbers:
                    mask |= values.satisfied[number]
            masks.add(mask)
        most = frozenset(
            mask for mask in masks if not any(mask | other == other != mask for other in masks)
        )
        return "array", tuple(frozenset(at_path - {NOTHING}) for at_path in seen), most


def _paths(kind: ObjectType) -> Iterator[str]:
    for member in kind.members:
        if isinstance(member, str):
            yield member
        else:
            yield from _paths(member)


def _parts(signature: Any, kind: ObjectType) -> Iterator[Any]:
    """Yield the part of an object's signature for each path below it; None for an array of
    objects."""
    for part, member in zip(signature, kind.members, strict=True):
        if isinstance(member, str):
            yield part
        elif not isinstance(part, tuple):
            yield from (NOTHING for _ in _paths(member)) if isinstance(part, int) else (None,)
        elif part[0] == "array":
            yield None
        else:
            yield from _parts(part, member)
