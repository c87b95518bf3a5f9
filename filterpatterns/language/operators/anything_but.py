"""`anything-but`: there is a value, and it is not among these."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, ClassVar

from filterpatterns.jsontext.numbers import SAFE, as_double, is_comparable_text
from filterpatterns.language import nodes
from filterpatterns.language.operators.base import (
    FEW,
    UNSURE,
    Bind,
    Instead,
    Kind,
    OperandError,
    Operator,
    OperatorBase,
    describe,
    double_of,
    is_number,
    json_text,
)
from filterpatterns.language.operators.numeric import NOT_COMPARABLE, exact_double
from filterpatterns.language.operators.reference import (
    STRING,
    OperatorReference,
    one_or_more,
    only_member,
)
from filterpatterns.language.operators.text import EqualsIgnoreCase, Prefix, Suffix
from filterpatterns.language.operators.wildcard import Wildcard
from filterpatterns.language.wording import format_value, joined, truncate

_HINT = (
    'write a string, a number, a list of only strings or only numbers, or one of "prefix", '
    '"suffix", "equals-ignore-case", "wildcard" with strings'
)
_ESCAPED = re.compile(r"[*\\]")
"""Characters that a wildcard matches literally only after a backslash."""

_LONGEST_HINT = 160
_LISTED = 4
"""This many excluded values take as long as a simple rule."""

_MOST_SHOWN = 5
"""The number of excluded values that are listed when the rule is described."""

_NESTED: dict[str, Callable[[nodes.Value], Operator]] = {
    "prefix": Prefix.parse_plain,
    "suffix": Suffix.parse_plain,
    "equals-ignore-case": EqualsIgnoreCase.parse,
    "wildcard": Wildcard.parse,
}


_NUMBER = {"type": "number"}
_NOT_EMPTY = {"type": "string", "minLength": 1}
_VALUES = {
    "type": ["string", "number", "array"],
    "minItems": 1,
    "if": {"type": "array"},
    "then": {"anyOf": [{"items": STRING}, {"items": _NUMBER}]},
}
_OPERATOR = only_member(
    {
        "prefix": one_or_more(_NOT_EMPTY),
        "suffix": one_or_more(_NOT_EMPTY),
        "equals-ignore-case": one_or_more(STRING),
        "wildcard": one_or_more(Wildcard.reference.operand),
    }
)
_VALUES_OR_OPERATOR = {"if": {"type": "object"}, "then": _OPERATOR, "else": _VALUES}


class AnythingBut(OperatorBase, frozen=True, gc=False):
    """Matches none of the strings, none of the numbers, and no nested rule.

    A value of a type that is not listed matches: null, true and 5 are anything but "x".
    """

    reference: ClassVar = OperatorReference(
        "is not any of these values",
        "Matches a value that exists and differs from these: a string, a number, or a list of only "
        "strings or only numbers. A value of another type matches. EventBridge also takes "
        "`prefix`, `suffix`, `equals-ignore-case` or `wildcard` with strings.",
        ("test", ["test", "demo"], 0, {"prefix": "tmp/"}),
        _VALUES_OR_OPERATOR,
        {"lambda": _VALUES, "pipes": _VALUES, "eventbridge": _VALUES_OR_OPERATOR},
    )

    strings: tuple[str, ...] = ()
    numbers: tuple[int | float, ...] = ()
    rules: tuple[Operator, ...] = ()

    @classmethod
    def parse(cls, operand: nodes.Value) -> AnythingBut:
        if isinstance(operand, nodes.Object):
            return cls(rules=_nested_rules(operand))
        items = operand.items if isinstance(operand, nodes.Array) else (operand,)
        if not items:
            raise OperandError("FP009", operand, "anything-but has nothing to exclude", _HINT)
        strings: list[str] = []
        numbers: list[int | float] = []
        for item in items:
            if isinstance(item, nodes.Scalar) and isinstance(item.value, str):
                strings.append(item.value)
            elif isinstance(item, nodes.Scalar) and is_number(item.value):
                numbers.append(exact_double(item))
            else:
                written = _suggest_unmixed(items)
                raise OperandError(
                    "FP009",
                    item,
                    f"values of anything-but must be strings or numbers, found {describe(item)}",
                    _HINT if written is None else _all_wildcards(written),
                    None if written is None else Instead(written, "operator"),
                )
        if strings and numbers:
            raise OperandError(
                "FP009", operand, "anything-but cannot mix strings and numbers", _HINT
            )
        return cls(tuple(strings), tuple(numbers))

    def holds(self, value: Any) -> bool:
        if isinstance(value, str):
            if value in self.strings:
                return False
            for rule in self.rules:  # noqa: SIM110 - a generator takes twice as long
                if rule.holds(value):
                    return False
            return True
        if is_number(value):
            return as_double(value) not in self.numbers
        return True

    def code(self, value: str, kind: Kind, bind: Bind) -> str:
        if kind == "string" and self.rules:
            rules = " or ".join(rule.code(value, kind, bind) for rule in self.rules)
            return f"not ({rules})"
        if kind == "string" and self.strings:
            return _is_none_of(value, self.strings, bind)
        if kind not in ("string", "other") and self.numbers:
            if kind == "double":
                other = _is_none_of(value, tuple(map(float, self.numbers)), bind)
                return f"({other} or {UNSURE})"
            name = double_of(value) if kind == "text" else value
            other = _is_none_of(name, self.numbers, bind)
            if any(abs(number) > SAFE for number in self.numbers):
                other = f"{bind(self.holds)}({name})"
            if kind == "text":
                return f"({other} or not {bind(is_comparable_text)}({value}))"
            return other
        return "True"

    def words(self) -> str:
        excluded = [format_value(value) for value in (*self.strings, *self.numbers)]
        excluded += [rule.words() for rule in self.rules]
        return f"anything-but {joined(excluded, _MOST_SHOWN)}"

    def why_not(self, value: Any) -> str:
        for rule in self.rules:
            if rule.holds(value):
                return f"{format_value(value)} is excluded by {rule.words()}"
        return f"{format_value(value)} is excluded"

    def reads_number_text(self) -> bool:
        return bool(self.numbers)

    def weight(self) -> int:
        listed = (len(self.strings) + len(self.numbers)) // _LISTED
        return max(1, listed + sum(rule.weight() for rule in self.rules))

    def why_unexpected(self, value: Any) -> str:
        """Return why the rule matches a number that seems to be excluded."""
        if not (self.numbers and is_number(value)) or as_double(value) is not None:
            return ""
        return NOT_COMPARABLE


def _suggest_unmixed(items: tuple[nodes.Value, ...]) -> str | None:
    """The operator that excludes strings and wildcards, if that is what a list does: a wildcard
    without a star is the string itself."""
    patterns: list[str] = []
    for item in items:
        given: nodes.Value = item
        if isinstance(item, nodes.Object):
            if [name.value for name, _ in item.members] != ["wildcard"]:
                return None
            given = item.members[0][1]
        for one in given.items if isinstance(given, nodes.Array) else (given,):
            if not isinstance(one, nodes.Scalar) or not isinstance(one.value, str):
                return None
            plain = not isinstance(item, nodes.Object)
            patterns.append(_ESCAPED.sub(r"\\\g<0>", one.value) if plain else one.value)
    return json_text({"anything-but": {"wildcard": patterns}})[1:-1]


def _all_wildcards(written: str) -> str:
    return f"write all of them as wildcards: {truncate(f'{{{written}}}', _LONGEST_HINT)}"


def _is_none_of(value: str, items: tuple[str, ...] | tuple[int | float, ...], bind: Bind) -> str:
    if len(items) <= FEW:
        return "(" + " and ".join(f"{value} != {bind(item)}" for item in items) + ")"
    return f"{value} not in {bind(frozenset(items))}"


def _nested_rules(operand: nodes.Object) -> tuple[Operator, ...]:
    if len(operand.members) != 1:
        raise OperandError(
            "FP008",
            operand,
            f"anything-but must have exactly one operator, found {len(operand.members) or 'none'}",
            _HINT,
        )
    name_node, value = operand.members[0]
    name = str(name_node.value)
    if name not in _NESTED:
        raise OperandError(
            "FP007", name_node, f"anything-but does not allow the operator {name_node.text}", _HINT
        )
    items = value.items if isinstance(value, nodes.Array) else (value,)
    if not items:
        raise OperandError("FP009", value, f"{name} has nothing to exclude", _HINT)
    for item in items:
        empty = isinstance(item, nodes.Scalar) and item.value == ""
        if empty and name in ("prefix", "suffix"):
            raise OperandError(
                "FP009",
                item,
                f"every string has an empty {name}: anything-but would never match a string",
                f"write a {name} of one or more characters",
            )
    return tuple(_NESTED[name](item) for item in items)
