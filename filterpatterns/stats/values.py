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
from filterpatterns.jsontext.numbers import SAFE, JsonNumber, as_double
from filterpatterns.language.operators import AnythingBut, EqualsNumber, Numeric, Operator
from filterpatterns.stats.partial import FieldMatcher
from filterpatterns.stats.survey import EXAMPLE_LENGTH

MOST_VALUES: Final = 2_000
"""The number of values of a field that are remembered."""

_LONGEST_VALUE: Final = 100
"""Characters of a string, or of a number's text, that is remembered."""

_MOST_NUMBERS: Final = 10_000
"""The number of kinds of values of a field that are distinguished."""

MOST_ELEMENTS: Final = 256
"""Elements of an array, so that no search through them is ever given up."""

_MOST_RULES: Final = 100
"""The number of rules for strings, other than for equality, that are evaluated for each string."""

_BEGINNING: Final = EXAMPLE_LENGTH + 1
"""Strings that begin with the same characters are the same examples."""

_SCALARS: Final = (str, int, float, bool, type(None))
"""Classes of leaves, other than numbers whose text matters."""

NOTHING: Final = -1
OBJECT: Final = -2
SCALAR: Final = -3
"""Values that are not distinguished any further; other numbers are positive."""


_Number = Callable[[Any, Any, dict[Any, int]], int]


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
        self._beginnings: set[str] = set()
        self._strings = 0
        self._bounds, self._reads_texts = _bounds(rules)
        self._by_bounds = [0] * (len(self._bounds or ()) + 2)  # the last: not comparable
        self._has_seen_zero = False
        self._refuses_minus_zero = False
        scalars: dict[type, Any] = {kind: _Known(self._number) for kind in _SCALARS}
        scalars[JsonNumber] = _KnownTexts(self._number)
        scalars[dict] = _Always(OBJECT)
        self.elements = _ByClass(scalars)
        self.by_class = _ByClass({**scalars, UNSET.__class__: {UNSET: NOTHING}})

    def progress(self) -> tuple[bool, bool, bool, bool]:
        """What the code depends on, apart from the rules."""
        has_all = self._has_all_examples
        return has_all("string"), has_all("number"), self._has_many_strings, self._has_seen_zero

    def must_refuse_minus_zero(self) -> bool:
        """Whether records with the integer -0, which decodes as 0, must be refused from now on: a
        zero was met, and -0 would be another example."""
        self._refuses_minus_zero = self._has_seen_zero and not self._has_all_examples("number")
        return self._refuses_minus_zero

    def code(self, code: Code, value: str, kind: str, *, is_element: bool = False) -> str:
        """Return an expression: the number of the variable `value`, whose class is in `kind`."""
        bind = code.bind
        by_class = bind(self.elements if is_element else self.by_class)
        found = look_up = f"{by_class}[{kind}][{value}]"
        if self._bounds is not None and self._has_all_examples("number"):
            place = f"{bind(bisect_right)}({bind(self._bounds)}, {value})"
            number = f"{bind(self._by_bounds)}[{place}] or {look_up}"
            is_safe = f"{kind} is int and {bind(-SAFE)} <= {value} <= {bind(SAFE)}"
            found = f"({number}) if {kind} is float or {is_safe} else {found}"
        if self._tests is not None and (self._has_all_examples("string") or self._has_many_strings):
            tests = "".join(f"{rule.code(value, 'string', bind)}, " for rule in self._tests)
            number = f"{bind(self._by_tests)}.get(({tests})) or {look_up}"
            if self._listed:
                number = f"{look_up} if {value} in {bind(self._listed)} else {number}"
            is_plain = f"{kind} is str"
            if not self._has_all_examples("string"):  # but this would be none, or is one already
                is_plain += f" and {value}[:{bind(_BEGINNING)}] in {bind(self._beginnings)}"
            found = f"({number}) if {is_plain} else {found}"
        return f"({found})"

    def _has_all_examples(self, kind: str) -> bool:
        return all(matcher.count.occurrence.has_all_examples(kind) for matcher in self._matchers)

    @property
    def _has_many_strings(self) -> bool:
        return self._strings > MOST_VALUES

    def _number(self, value: Any, key: Any, known: dict[Any, int]) -> int:
        """Return the number of a value, which is known by a key from now on."""
        kind = self._matchers[0].count.occurrence.kind_of(value)
        has_all = self._has_all_examples(kind)
        is_zero = kind == "number" and value == 0 and not has_all
        if is_zero and value.__class__ is int and not self._refuses_minus_zero:
            self._has_seen_zero = True
            raise UnreadableRecord  # it may be -0
        place = self._place(value) if kind == "number" else None
        if place is not None and has_all and self._by_bounds[place]:
            return self._by_bounds[place]
        held: list[bool] = []
        satisfied = 0
        for bit, matcher in enumerate(self._matchers):
            matcher.count.occurrence.add_example(value)
            of_matcher = matcher.lets_through([value])
            satisfied |= any(of_matcher) << bit
            held += of_matcher
        outcome = (kind, *held)
        number = self._numbers.get(outcome, len(self._numbers) + 1)
        if number > _MOST_NUMBERS:
            raise UnreadableRecord
        self._numbers[outcome] = number
        self.satisfied[number] = satisfied
        most = MOST_VALUES
        if place is not None:
            self._by_bounds[place] = number
        elif value.__class__ is str:
            self._note_string(value, number)
            most += len(self._listed) if value in self._listed else 0
        # 0.0 and -0.0 are equal, but not the same example.
        is_unlike = is_zero and value.__class__ is float
        is_short = key.__class__ is not str or len(key) <= _LONGEST_VALUE
        if len(known) < most and (is_short or value in self._listed) and not is_unlike:
            known[key] = number
        return number

    def _place(self, value: int | float) -> int | None:
        """Return the place of a number between the bounds; None if its text may decide."""
        if self._bounds is None:
            return None
        is_plain = value.__class__ is float or (value.__class__ is int and -SAFE <= value <= SAFE)
        if self._reads_texts and not is_plain:
            return None
        double = as_double(value)
        return -1 if double is None else bisect_right(self._bounds, double)

    def _note_string(self, value: str, number: int) -> None:
        self._strings += 1
        if len(self._beginnings) < MOST_VALUES:
            self._beginnings.add(value[:_BEGINNING])
        if self._tests is not None and value not in self._listed:
            self._by_tests[tuple(rule.holds(value) for rule in self._tests)] = number


class _Known(dict[Any, int]):
    """The numbers of values of one class."""

    def __init__(self, number: _Number) -> None:
        self._number = number

    def __missing__(self, value: Any) -> int:
        return self._number(value, value, self)


class _KnownTexts:
    """The numbers of numbers that Python would write differently, by their texts."""

    def __init__(self, number: _Number) -> None:
        self._number = number
        self._known: dict[str, int] = {}

    def __getitem__(self, value: JsonNumber) -> int:
        return self._known.get(value.text) or self._number(value, value.text, self._known)


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
    code = Code()
    for rule in rules:
        text = plain_string(rule)
        if text is not None:
            listed.append(text)
        elif isinstance(rule, AnythingBut) and rule.strings:
            listed += rule.strings
        elif rule.code("v", "string", code.bind) not in ("True", "False"):
            tests[rule] = None
    return frozenset(listed), tuple(tests) if len(tests) <= _MOST_RULES else None


def _bounds(rules: Sequence[Operator]) -> tuple[list[float] | None, bool]:
    """Return the numbers at which the rules' verdicts on comparable numbers may change, in order:
    all numbers from one to the next, without it, are the same to the rules; so are all numbers that
    are not comparable, unless the second result is True. The first is None if the rules read
    digits.
    """
    if any(rule.compares_addresses() for rule in rules):
        return None, True
    found: set[float] = set()
    for rule in rules:
        for number in map(float, _compared(rule)):
            if math.isfinite(number):
                found |= {number, math.nextafter(number, math.inf)}
    reads_texts = any(isinstance(rule, EqualsNumber) and rule.double is None for rule in rules)
    return sorted(found), reads_texts


def _compared(rule: Operator) -> Iterator[int | float]:
    """Yield the numbers with which a rule compares numbers that are comparable."""
    if isinstance(rule, Numeric):
        yield from (rule.lower, rule.upper)
    elif isinstance(rule, AnythingBut):
        yield from rule.numbers
    elif isinstance(rule, EqualsNumber) and rule.double is not None:
        yield rule.double
