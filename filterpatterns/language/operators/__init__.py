"""The operators, one class each: it parses the operand, matches values, and describes the rule in
words.

CONTRIBUTING.md says how to add one. Parser, conditions and schemas find it by its name, in
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


def name_of(rule: Operator) -> str | None:
    """The name of a rule's operator; None for a plain value."""
    return _NAMES.get(type(rule))


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
    "equality",
    "name_of",
]
