"""Signatures of decoded records: records with the same one have the same verdict, and add the same
to every count.

Values are only distinguished by their JSON type and by the rules that they satisfy. An array is
the set of its elements' signatures, since a condition asks whether one of them satisfies it.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any, Final

from filterpatterns.codegen.types import UNSET
from filterpatterns.stats.partial import FieldMatcher
from filterpatterns.stats.places import ObjectType

Signature = Hashable
ReadSignature = Callable[[Any], Signature]

_MOST_VALUES: Final = 2_000
"""The number of values of a field that are remembered."""

_LONGEST_VALUE: Final = 100

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
    """

    def __init__(self, matchers: Sequence[FieldMatcher]) -> None:
        """`matchers` are those of all conditions on the field."""
        self._matchers = matchers
        self._numbers: dict[tuple[Any, ...], int] = {}
        scalars: dict[type, Any] = {kind: _Known(self._number) for kind in _SCALARS}
        scalars[dict] = _Always(_OBJECT)
        elements = _ByClass(scalars)
        self.by_class = _ByClass({**scalars, UNSET.__class__: _Always(_NOTHING)})
        self.by_class[list] = _Elements(elements)

    def _number(self, value: Any, known: dict[Any, int]) -> int:
        key: list[Any] = [self._matchers[0].count.occurrence.kind_of(value)]
        for matcher in self._matchers:
            matcher.count.occurrence.add_example(value)
            key += matcher.lets_through([value])
        number = self._numbers.setdefault(tuple(key), len(self._numbers))
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
            namespace[f"other{number}"] = _other(read, member.struct)
            parts.append(
                f"r{number}(v{number}) if ({value}).__class__ is s{number} "
                f"else other{number}(v{number})"
            )
    source = f"def read(o): return ({''.join(f'{part}, ' for part in parts)})\n"
    exec(source, namespace)  # noqa: S102 - holds names only, values are bound
    function: ReadSignature = namespace["read"]
    return function


def _other(read: ReadSignature, struct: type) -> ReadSignature:
    """Return the function for a value that is not an object where one is expected."""

    def signature(value: Any) -> Signature:
        if value.__class__ is not list:
            return _NOTHING if value is UNSET else _SCALAR
        if len(value) > _MOST_ELEMENTS:
            raise UnreadableRecord
        return frozenset(
            [read(element) if element.__class__ is struct else _SCALAR for element in value]
        )

    return signature
