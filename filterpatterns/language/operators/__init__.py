"""The operators, one class each: parsing of its operand, which values it matches, and its words.

To add an operator: a rule in `grammar/filter_pattern.lark`, a class here, a case file in
`tests/cases/`. The class's `name` ties them together; parser, conditions and engine find it in
`OPERATORS`.
"""

from __future__ import annotations

from collections.abc import Callable

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
from filterpatterns.language.operators.presence import Absent, Exists, exists
from filterpatterns.language.operators.text import EqualsIgnoreCase, Prefix, Suffix, Wildcard

OPERATORS: dict[str, Callable[[nodes.Value], Operator]] = {
    "anything-but": AnythingBut.parse,
    "cidr": Cidr.parse,
    "equals-ignore-case": EqualsIgnoreCase.parse,
    "exactly": Exactly.parse,
    "exists": exists,
    "numeric": Numeric.parse,
    "prefix": Prefix.parse,
    "suffix": Suffix.parse,
    "wildcard": Wildcard.parse,
}
"""From an operator's name to the function that parses its operand (raising OperandError)."""

OPERATOR_NAMES = tuple(OPERATORS)


def compares_addresses(rule: Operator) -> bool:
    """Whether a rule compares addresses, and with them the digits of numbers."""
    return isinstance(rule, (Cidr, EqualsAddress))


def reads_number_text(rule: Operator) -> bool:
    """Whether the rule's verdict on a number may depend on how the number is written."""
    if isinstance(rule, AnythingBut):
        return bool(rule.numbers)
    return isinstance(rule, (Numeric, EqualsNumber)) or compares_addresses(rule)


def why_unexpected(rule: Operator, value: object) -> str:
    """Return why a rule matches a leaf unexpectedly; usually empty."""
    if isinstance(rule, (AnythingBut, Cidr, EqualsAddress, Prefix, Suffix)):
        return rule.why_unexpected(value)
    return ""


__all__ = [
    "OPERATORS",
    "OPERATOR_NAMES",
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
    "Prefix",
    "Suffix",
    "Wildcard",
    "compares_addresses",
    "equality",
    "exists",
    "reads_number_text",
    "why_unexpected",
]
