"""Signatures of decoded records: records with the same one have the same verdict, and add the same
to every count.

Values are only distinguished by their JSON type and by the rules that they satisfy. An array is
the set of its elements' signatures, since a condition asks whether one of them satisfies it. For
an array of objects, that set is reduced to what has been found at each path, and to the conditions
that one element satisfies together.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from typing import Any, Final

from filterpatterns.codegen.types import UNSET
from filterpatterns.stats.partial import FieldMatcher
from filterpatterns.stats.places import ObjectType

Signature = Hashable
ReadSignature = Callable[[Any], Signature]

_MOST_VALUES: Final = 2_000
"""The number of values of a field that are remembered."""

_LONGEST_VALUE: Final = 100

_MOST_NUMBERS: Final = 10_000
"""The number of kinds of values of a field that are distinguished."""

_MOST_ELEMENTS: Final = 256
"""Elements of an array, so that no search through them is ever given up."""

_SCALARS: Final = (str, int, float, bool, type(None))
"""Classes of leaves that have a signature; numbers whose text matters do not."""

_NOTHING: Final = -1
_OBJECT: Final = -2
_SCALAR: Final = -3
"""Values that are not distinguished any further."""


class UnreadableRecord(Exception):
    """A record without a signature."""


class Values:
    """A number for each kind of value of one field.

    `by_class[value.__class__][value]` is that number; for an array, the numbers of its elements.
    `satisfied` has the conditions that a number satisfies, as bits. `allows_absence` is set if
    absence satisfies one of them.
    """

    def __init__(self, matchers: Sequence[FieldMatcher]) -> None:
        """`matchers` are those of all conditions on the field."""
        self._matchers = matchers
        self.conditions = len(matchers)
        self.satisfied = {_NOTHING: 0, _OBJECT: 0}
        self.allows_absence = any(matcher.allows_absence for matcher in matchers)
        self._numbers: dict[tuple[Any, ...], int] = {}
        scalars: dict[type, Any] = {kind: _Known(self._number) for kind in _SCALARS}
        scalars[dict] = _Always(_OBJECT)
        elements = _ByClass(scalars)
        self.by_class = _ByClass({**scalars, UNSET.__class__: _Always(_NOTHING)})
        self.by_class[list] = _Elements(elements)

    def _number(self, value: Any, known: dict[Any, int]) -> int:
        key: list[Any] = [self._matchers[0].count.occurrence.kind_of(value)]
        satisfied = 0
        for place, matcher in enumerate(self._matchers):
            matcher.count.occurrence.add_example(value)
            held = matcher.lets_through([value])
            satisfied |= any(held) << place
            key += held
        number = self._numbers.get(tuple(key), len(self._numbers))
        if number >= _MOST_NUMBERS:
            raise UnreadableRecord
        self._numbers[tuple(key)] = number
        self.satisfied[number] = satisfied
        is_short = value.__class__ is not str or len(value) <= _LONGEST_VALUE
        if is_short and len(known) < _MOST_VALUES:
            known[value] = number
        return number


class _Known(dict[Any, int]):
    """The numbers of values of one class."""

    def __init__(self, number: Callable[[Any, dict[Any, int]], int]) -> None:
        self._number = number

    def __missing__(self, value: Any) -> int:
        return self._number(value, self)


class _ByClass(dict[type, Any]):
    def __missing__(self, kind: type) -> Any:
        raise UnreadableRecord


class _Always:
    """The same number for any value."""

    def __init__(self, number: int) -> None:
        self._number = number

    def __getitem__(self, value: Any) -> int:
        return self._number


class _Elements:
    """The numbers of an array's elements."""

    def __init__(self, by_class: _ByClass) -> None:
        self._by_class = by_class

    def __getitem__(self, array: list[Any]) -> Signature:
        if len(array) > _MOST_ELEMENTS:
            raise UnreadableRecord
        by_class = self._by_class
        return frozenset([by_class[value.__class__][value] for value in array])


def reader(kind: ObjectType, fields: dict[str, Values]) -> ReadSignature:
    """Return the function from an object that has been decoded into a type to its signature."""
    namespace: dict[str, Any] = {}
    parts = []
    for number, member in enumerate(kind.members):
        value = f"v{number} := o.m{number}"
        if isinstance(member, str):
            namespace[f"f{number}"] = fields[member].by_class
            parts.append(f"f{number}[({value}).__class__][v{number}]")
        else:
            read = namespace[f"r{number}"] = reader(member, fields)
            namespace[f"s{number}"] = member.struct
            namespace[f"other{number}"] = _other(read, member, fields)
            parts.append(
                f"r{number}(v{number}) if ({value}).__class__ is s{number} "
                f"else other{number}(v{number})"
            )
    source = f"def read(o): return ({''.join(f'{part}, ' for part in parts)})\n"
    exec(source, namespace)  # noqa: S102 - holds names only, values are bound
    function: ReadSignature = namespace["read"]
    return function


def _other(read: ReadSignature, kind: ObjectType, fields: dict[str, Values]) -> ReadSignature:
    """Return the function for a value that is not an object where one is expected."""
    struct = kind.struct
    reduced = _Reduced(kind, fields)

    def signature(value: Any) -> Signature:
        if value.__class__ is not list:
            return _NOTHING if value is UNSET else _SCALAR
        if len(value) > _MOST_ELEMENTS:
            raise UnreadableRecord
        return reduced[
            frozenset(
                [read(element) if element.__class__ is struct else _SCALAR for element in value]
            )
        ]

    return signature


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
        if len(self) < _MOST_VALUES:
            self[elements] = found
        return found

    def _reduced(self, elements: frozenset[Any]) -> Signature:
        seen: list[set[int]] = [set() for _ in self._fields]
        masks = set()
        for element in elements:
            if element == _SCALAR:
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
        return "array", tuple(frozenset(at_path - {_NOTHING}) for at_path in seen), most


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
            yield from (_NOTHING for _ in _paths(member)) if isinstance(part, int) else (None,)
        elif part[0] == "array":
            yield None
        else:
            yield from _parts(part, member)
