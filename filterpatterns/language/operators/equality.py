"""Equality: a plain value as a rule, and `exactly`."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from msgspec import Struct

from filterpatterns.jsontext.numbers import SAFE, as_double
from filterpatterns.language import nodes
from filterpatterns.language.operators.address import Address, parse_address
from filterpatterns.language.operators.base import (
    Bind,
    Kind,
    Operator,
    is_number,
    json_needle,
    want_string,
)
from filterpatterns.language.wording import difference, format_value, likeness


class Equals(Struct, frozen=True):
    """A string, true, false or null: the same value of the same type."""

    value: str | bool | None

    def holds(self, value: Any) -> bool:
        if isinstance(self.value, str):
            return isinstance(value, str) and value == self.value
        return value is self.value

    def code(self, value: str, kind: Kind, bind: Bind) -> str:
        if isinstance(self.value, str):
            return f"{value} == {bind(self.value)}" if kind == "string" else "False"
        return f"{value} is {bind(self.value)}" if kind == "other" else "False"

    def needle(self) -> str | None:
        return quoted(self.value) if isinstance(self.value, str) else None

    def words(self) -> str:
        return format_value(self.value)

    def why_not(self, value: Any) -> str:
        if isinstance(self.value, str):
            return _not_that_string(self.value, value)
        if isinstance(value, str) and value == json.dumps(self.value):
            return f"{format_value(value)} is a string, not {self.words()}"
        return f"{format_value(value)} is not {self.words()}"


class EqualsNumber(Struct, frozen=True):
    """A number: the same double; or, where no double holds it, the very same integer.

    `double` is None for a number that no double holds, `integer` for one that is not an integer
    either, or too large for a double: nothing equals that.
    """

    double: int | float | None
    integer: int | None

    def holds(self, value: Any) -> bool:
        if not is_number(value):
            return False
        if self.double is not None:
            return as_double(value) == self.double
        if isinstance(value, float) or (isinstance(value, Decimal) and not value.is_finite()):
            return False  # a float has lost the digits that count
        return self.integer is not None and bool(value == self.integer)

    def code(self, value: str, kind: Kind, bind: Bind) -> str:
        if kind != "number":
            return "False"
        if self.double is None or abs(self.double) > SAFE:
            return f"{bind(self.holds)}({value})"
        return f"{value} == {bind(self.double)}"

    def needle(self) -> str | None:
        return None  # 300 may be written 3e2

    def words(self) -> str:
        number = self.integer if self.double is None else self.double
        return "a number beyond all doubles" if number is None else format_value(number)

    def why_not(self, value: Any) -> str:
        if isinstance(value, str):
            return f"{format_value(value)} is a string; the pattern has the number {self.words()}"
        return f"{format_value(value)} is not {self.words()}"


class EqualsAddress(Struct, frozen=True):
    """A string that is an IP address: that string, or another spelling of the address."""

    text: str
    address: Address

    def holds(self, value: Any) -> bool:
        if not isinstance(value, str):
            return False
        return value == self.text or parse_address(value) == self.address

    def code(self, value: str, kind: Kind, bind: Bind) -> str:
        if kind != "string":
            return "False"
        holds = f"{bind(self.holds)}({value})"
        if ":" not in self.text:
            # 10.0.0.1 has other spellings only in IPv6 notation.
            return f"({value} == {bind(self.text)} or ':' in {value} and {holds})"
        return holds

    def needle(self) -> str | None:
        return None

    def words(self) -> str:
        return format_value(self.text)

    def why_not(self, value: Any) -> str:
        return _not_that_string(self.text, value)


class Exactly(Struct, frozen=True):
    """That string and no other spelling. Undocumented; the engine behind AWS takes it."""

    text: str

    @classmethod
    def parse(cls, operand: nodes.Value) -> Exactly:
        return cls(want_string("exactly", operand))

    def holds(self, value: Any) -> bool:
        return isinstance(value, str) and value == self.text

    def code(self, value: str, kind: Kind, bind: Bind) -> str:
        return f"{value} == {bind(self.text)}" if kind == "string" else "False"

    def needle(self) -> str | None:
        return quoted(self.text)

    def words(self) -> str:
        return f"exactly {format_value(self.text)}"

    def why_not(self, value: Any) -> str:
        return _not_that_string(self.text, value)


def _not_that_string(text: str, value: Any) -> str:
    if not isinstance(value, str):
        number = "a number, " if is_number(value) else ""
        return f"{format_value(value)} is {number}not the string {format_value(text)}"
    near = likeness(value, text)
    if near is not None:
        return f"{format_value(value)} differs from {format_value(text)} {near}"
    return f"{format_value(value)} is not {format_value(text)}{difference(value, text)}"


def quoted(text: str) -> str:
    """A whole string as it stands in a JSON text without backslashes; a backslash if it can't."""
    needle = json_needle(text)
    return needle if needle == "\\" else f'"{needle}"'


def equality(rule: nodes.Scalar) -> Operator:
    """The rule that a plain value stands for."""
    value = rule.value
    if isinstance(value, str):
        address = parse_address(value)
        return Equals(value) if address is None else EqualsAddress(value, address)
    if value is None or isinstance(value, bool):
        return Equals(value)
    double = as_double(value)
    if double is not None or isinstance(value, float):
        return EqualsNumber(double, None)
    try:
        float(value)
    except OverflowError:
        return EqualsNumber(None, None)
    return EqualsNumber(None, value)
