"""Numbers for the kinds of values of one field: values are only distinguished by their JSON type
and by the rules that they satisfy.

Until there are enough examples of a JSON type, each value is looked at. From then on, generated
code finds the number of numbers by comparing them with the bounds in the rules, and that of strings
by evaluating the rules, so that it does not matter how many different values there are.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from filterpatterns.codegen.code import Code
from filterpatterns.codegen.expressions import plain_string
from filterpatterns.codegen.types import UNSET
from filterpatterns.jsontext.numbers import SAFE
from filterpatterns.language.operators import AnythingBut, EqualsNumber, Numeric, Operator
from filterpatterns.stats.partial import FieldMatcher

MOST_VALUES: Final = 2_000
"""The number of values of a field that are remembered."""

_LONGEST_VALUE: Final = 100

_MOST_NUMBERS: Final = 10_000
"""The number of kinds of values of a field that are distinguished."""

MOST_ELEMENTS: Final = 256
"""Elements of an array, so that no search through them is ever given up."""

_MOST_RULES: Final = 8
"""The number of rules for strings, other than for equality, that are evaluated for each string."""

_SCALARS: Final = (str, int, float, bool, type(None))
"""Classes of leaves that have a signature; numbers whose text matters do not."""

NOTHING: Final = -1
OBJECT: Final = -2
SCALAR: Final = -3
"""Values that are not distinguished any further; other numbers are positive."""


class UnreadableRecord(Exception):
    """A record without a signature."""


class Values:
    """A number for each kind of value of one field.

    `by_class[value.__class__][value]` is that number. `satisfied` has the conditions that a number
    satisfies, as bits. `allows_absence` is set if absence satisfies one of them.
    """

    def __init__(self, matchers: Sequence[FieldMatcher]) -> None:
        """`matchers` are those of all conditions on the field."""
        self._matchers = matchers
        self.conditions = len(matchers)
        self.satisfied = {NOTHING: 0, OBJECT: 0}
        self.allows_absence = any(matcher.allows_absence for matcher in matchers)
        self._numbers: dict[tuple[Any, ...], int] = {}
        rules = [rule for matcher in matchers for rule in matcher.rules]
        self._listed, self._tests = _of_strings(rules)
        self._by_tests: dict[tuple[bool, ...], int] = {}
        self._bounds = _bounds(rules)
        self._by_bounds = [0] * (len(self._bounds) + 1)
        self._has_seen_zero = False
        self._refuses_minus_zero = False
        scalars: dict[type, Any] = {kind: _Known(self._number) for kind in _SCALARS}
        scalars[dict] = _Always(OBJECT)
        self.elements = _ByClass(scalars)
        self.by_class = _ByClass({**scalars, UNSET.__class__: {UNSET: NOTHING}})

    def progress(self) -> tuple[bool, bool, bool]:
        """What the code depends on, apart from the rules."""
        has_all = self._has_all_examples
        return has_all("string"), has_all("number"), self._has_seen_zero

    def must_refuse_minus_zero(self) -> bool:
        """Whether records with the integer -0, which decodes as 0, must be refused from now on: a
        zero was met, and -0 would be another example."""
        self._refuses_minus_zero = self._has_seen_zero and not self._has_all_examples("number")
        return self._refuses_minus_zero

    def code(self, code: Code, value: str, kind: str, *, is_element: bool = False) -> str:
        """Return an expression: the number of the variable `value`, whose class is in `kind`."""
        by_class = code.bind(self.elements if is_element else self.by_class)
        found = look_up = f"{by_class}[{kind}][{value}]"
        if self._bounds and self._has_all_examples("number"):
            place = f"{code.bind(bisect_right)}({code.bind(self._bounds)}, {value})"
            number = f"{code.bind(self._by_bounds)}[{place}] or {look_up}"
            found = f"({number}) if {kind} is int or {kind} is float else {found}"
        if self._tests is not None and self._has_all_examples("string"):
            tests = "".join(f"{rule.code(value, 'string', code.bind)}, " for rule in self._tests)
            number = f"{code.bind(self._by_tests)}.get(({tests})) or {look_up}"
            if self._listed:
                number = f"{look_up} if {value} in {code.bind(self._listed)} else {number}"
            found = f"({number}) if {kind} is str else {found}"
        return f"({found})"

    def _has_all_examples(self, kind: str) -> bool:
        return all(matcher.count.occurrence.has_all_examples(kind) for matcher in self._matchers)

    def _number(self, value: Any, known: dict[Any, int]) -> int:
        kind = self._matchers[0].count.occurrence.kind_of(value)
        is_zero = kind == "number" and value == 0 and not self._has_all_examples(kind)
        if is_zero and value.__class__ is int and not self._refuses_minus_zero:
            self._has_seen_zero = True
            raise UnreadableRecord  # it may be -0
        key: list[Any] = [kind]
        satisfied = 0
        for place, matcher in enumerate(self._matchers):
            matcher.count.occurrence.add_example(value)
            held = matcher.lets_through([value])
            satisfied |= any(held) << place
            key += held
        number = self._numbers.get(tuple(key), len(self._numbers) + 1)
        if number > _MOST_NUMBERS:
            raise UnreadableRecord
        self._numbers[tuple(key)] = number
        self.satisfied[number] = satisfied
        if value.__class__ is str:
            if value not in self._listed:
                if self._tests is not None:
                    self._by_tests[tuple(rule.holds(value) for rule in self._tests)] = number
            elif len(known) < MOST_VALUES + len(self._listed):
                known[value] = number
                return number
        elif kind == "number" and self._bounds:
            place = bisect_right(self._bounds, value)
            if 0 < place < len(self._bounds):
                self._by_bounds[place] = number
        is_short = value.__class__ is not str or len(value) <= _LONGEST_VALUE
        # 0.0 and -0.0 are equal, but not the same example.
        if is_short and len(known) < MOST_VALUES and not (is_zero and value.__class__ is float):
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


def _of_strings(rules: Sequence[Operator]) -> tuple[frozenset[str], tuple[Operator, ...] | None]:
    """Return the strings that rules list, and the rules that distinguish others; None if these are
    too many."""
    listed: list[str] = []
    tests: dict[Operator, None] = {}
    code = Code(_ignore)
    for rule in rules:
        text = plain_string(rule)
        if text is not None:
            listed.append(text)
        elif isinstance(rule, AnythingBut) and rule.strings:
            listed += rule.strings
        elif rule.code("v", "string", code.bind) not in ("True", "False"):
            tests[rule] = None
    return frozenset(listed), tuple(tests) if len(tests) <= _MOST_RULES else None


def _ignore(_source: str) -> None:
    """Nothing is run."""


def _bounds(rules: Sequence[Operator]) -> list[float]:
    """Return the numbers at which the rules' verdicts on numbers may change, in order: all numbers
    from one to the next, without it, are the same to the rules. Empty if they read digits.

    Every integer from the first to the last is a double; nothing is known of what is not between
    these.
    """
    if any(rule.compares_addresses() for rule in rules):
        return []
    found = {math.nextafter(-SAFE, 0), float(SAFE)}
    for rule in rules:
        for number in map(float, _compared(rule)):
            if -SAFE < number < SAFE:
                found |= {number, math.nextafter(number, math.inf)}
    return sorted(found)


def _compared(rule: Operator) -> Iterator[int | float]:
    """Yield the numbers with which a rule compares numbers that are comparable."""
    if isinstance(rule, Numeric):
        yield from (rule.lower, rule.upper)
    elif isinstance(rule, AnythingBut):
        yield from rule.numbers
    elif isinstance(rule, EqualsNumber) and rule.double is not None:
        yield rule.double
