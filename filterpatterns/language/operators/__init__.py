"""The operators, one class each: how its operand reads, which values it holds for, and its words.

To add an operator: a rule in `grammar/filter_pattern.lark`, a class here, a case file in
`tests/cases/`. The class's `name` ties them together; the parser, the checks and the engine take it
from `OPERATORS`.
"""

from __future__ import annotations

from collections.abc import Callable

from filterpatterns.language import nodes
from filterpatterns.language.operators.address import Cidr
from filterpatterns.language.operators.anything_but import AnythingBut
from filterpatterns.language.operators.base import OperandError, Operator
from filterpatterns.language.operators.equality import Equals, Exactly, equality
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
"""From an operator's name to the function that reads its operand (raising OperandError)."""

OPERATOR_NAMES = tuple(OPERATORS)

__all__ = [
    "OPERATORS",
    "OPERATOR_NAMES",
    "Absent",
    "AnythingBut",
    "Cidr",
    "Equals",
    "EqualsIgnoreCase",
    "Exactly",
    "Exists",
    "Numeric",
    "OperandError",
    "Operator",
    "Prefix",
    "Suffix",
    "Wildcard",
    "equality",
    "exists",
]
