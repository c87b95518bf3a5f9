"""The operators, one class each: it parses the operand, matches values, and describes the rule in
words.

To add an operator: a rule in `grammar/filter_pattern.lark`, a class here, a case file in
`tests/cases/`. Its name ties them together; parser, conditions, engine and schemas find it in
`OPERATORS` and `REFERENCES`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

from filterpatterns.language import nodes
from filterpatterns.language.operators.address import Cidr
from filterpatterns.language.operators.anything_but import AnythingBut
from filterpatterns.language.operators.base import OperandError, Operator
from filterpatterns.language.operators.equality import (
    Equals,
    EqualsAddress,
    EqualsNumber,
    Exactly,
    equality,
)
from filterpatterns.language.operators.numeric import Numeric
from filterpatterns.language.operators.presence import Absent, Exists
from filterpatterns.language.operators.reference import OperatorReference
from filterpatterns.language.operators.text import EqualsIgnoreCase, Prefix, Suffix
from filterpatterns.language.operators.wildcard import Wildcard


class OperatorClass(Protocol):
    """The class of an operator."""

    reference: OperatorReference

    def parse(self, operand: nodes.Value) -> Operator:
        """Return the rule with this operand; raises OperandError."""
        ...


_CLASSES: Final[dict[str, OperatorClass]] = {
    "anything-but": AnythingBut,
    "cidr": Cidr,
    "equals-ignore-case": EqualsIgnoreCase,
    "exactly": Exactly,
    "exists": Exists,
    "numeric": Numeric,
    "prefix": Prefix,
    "suffix": Suffix,
    "wildcard": Wildcard,
}

OPERATORS: dict[str, Callable[[nodes.Value], Operator]] = {
    name: one.parse for name, one in _CLASSES.items()
}
"""From an operator's name to the function that parses its operand (raising OperandError)."""

REFERENCES: dict[str, OperatorReference] = {name: one.reference for name, one in _CLASSES.items()}
"""From an operator's name to its description."""

_NAMES: Final[dict[object, str]] = {one: name for name, one in _CLASSES.items()}

OPERATOR_NAMES = tuple(OPERATORS)

_LISTED = 4
_PARTS = 3
"""Excluded values, and parts of a wildcard, that take as long as a simple rule."""


def name_of(rule: Operator) -> str | None:
    """The name of a rule's operator; None for a plain value."""
    return _NAMES.get(type(rule))


def compares_addresses(rule: Operator) -> bool:
    """Whether a rule compares addresses, and with them the digits of numbers."""
    return isinstance(rule, (Cidr, EqualsAddress))


def reads_number_text(rule: Operator) -> bool:
    """Whether the rule's verdict on a number may depend on how the number is written."""
    if isinstance(rule, AnythingBut):
        return bool(rule.numbers)
    return isinstance(rule, (Numeric, EqualsNumber)) or compares_addresses(rule)


def reads_only_doubles(rule: Operator) -> bool:
    """Whether the rule matches numbers only, and the double of a comparable number decides."""
    return isinstance(rule, Numeric) or (isinstance(rule, EqualsNumber) and rule.double is not None)


def weight(rule: Operator) -> int:
    """Return how long `holds` takes, at most: as long as so many simple rules."""
    if isinstance(rule, AnythingBut):
        listed = (len(rule.strings) + len(rule.numbers)) // _LISTED
        return max(1, listed + sum(map(weight, rule.rules)))
    return max(1, len(rule.parts) // _PARTS) if isinstance(rule, Wildcard) else 1


def why_unexpected(rule: Operator, value: object) -> str:
    """Return why a rule matches a leaf unexpectedly; usually empty."""
    if isinstance(rule, (AnythingBut, Cidr, EqualsAddress, Prefix, Suffix)):
        return rule.why_unexpected(value)
    return ""


__all__ = [
    "OPERATORS",
    "OPERATOR_NAMES",
    "REFERENCES",
    "Absent",
    "AnythingBut",
    "Cidr",
    "Equals",
    "EqualsAddress",
    "EqualsIgnoreCase",
    "EqualsNumber",
    "Exactly",
    "Exists",
    "Numeric",
    "OperandError",
    "Operator",
    "OperatorReference",
    "Prefix",
    "Suffix",
    "Wildcard",
    "compares_addresses",
    "equality",
    "name_of",
    "reads_number_text",
    "reads_only_doubles",
    "weight",
    "why_unexpected",
]
