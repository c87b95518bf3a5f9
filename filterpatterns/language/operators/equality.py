"""Equality: a plain value as a rule, and `exactly`."""

from __future__ import annotations

import json
from typing import Any, ClassVar

from filterpatterns.jsontext.numbers import SAFE, as_double, is_comparable, number_text
from filterpatterns.language import nodes
from filterpatterns.language.operators.address import (
    address_digits,
    holds_for_numbers,
    holds_for_other_family,
    value_digits,
    why_digits_match,
)
from filterpatterns.language.operators.base import (
    UNSURE,
    Bind,
    Kind,
    Operator,
    OperatorBase,
    double_of,
    is_number,
    json_needle,
    require_string,
)
from filterpatterns.language.operators.numeric import (
    NOT_COMPARABLE,
    decides_if_comparable,
    if_not_tiny,
    is_surely_comparable,
)
from filterpatterns.language.operators.reference import STRING, OperatorReference
from filterpatterns.language.wording import difference, format_value, likeness, truncate


class Equals(OperatorBase, frozen=True, gc=False):
    """Matches a string, true, false or null: the same value of the same type."""

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


class EqualsNumber(OperatorBase, frozen=True, gc=False):
    """Matches any comparable number with the same double, `double`; or, if the rule's own number is
    not comparable (then `double` is None), the same `text`, character by character."""

    double: int | float | None
    text: str = ""

    def holds(self, value: Any) -> bool:
        if not is_number(value):
            return False
        if self.double is not None:
            return as_double(value) == self.double
        return number_text(value) == self.text

    def code(self, value: str, kind: Kind, bind: Bind) -> str:
        if kind in ("string", "other"):
            return "False"
        if self.double is None:
            if kind == "text":
                return f"{value} == {bind(self.text.encode())}"
            same = f"{value} == {bind(float(self.text))}"
            return f"({same} and {UNSURE})" if kind == "double" else f"{bind(self.holds)}({value})"
        if kind == "double":
            decides = decides_if_comparable(value, self.double, self.double, bind)
            return f"({value} == {bind(float(self.double))} and {decides})"
        if kind == "raw":
            same = f"{double_of(value)} == {bind(float(self.double))}"
            return if_not_tiny(value, same, self.double, self.double, bind)
        name = double_of(value) if kind == "text" else value
        same = f"{name} == {bind(self.double)}"
        if abs(self.double) > SAFE:
            same = f"{bind(self.holds)}({name})"
        if kind == "text":
            return f"({same} and {is_surely_comparable(value, self.double, self.double, bind)})"
        return same

    def words(self) -> str:
        return truncate(self.text) if self.double is None else format_value(self.double)

    def why_not(self, value: Any) -> str:
        if isinstance(value, str):
            return f"{format_value(value)} is a string; the pattern has the number {self.words()}"
        if is_number(value) and self.double is None:
            return (
                f"{format_value(value)} is not written {self.words()}: a number with more "
                "digits than a double has is compared as text"
            )
        if is_number(value) and as_double(value) is None:
            return f"{format_value(value)} {NOT_COMPARABLE}"
        return f"{format_value(value)} is not {self.words()}"

    def reads_number_text(self) -> bool:
        return True

    def reads_only_doubles(self) -> bool:
        return self.double is not None


class EqualsAddress(OperatorBase, frozen=True, gc=False):
    """A string that is an IP address: matches that string, and any address or number whose digits
    begin with its digits: usually another spelling of the address."""

    text: str
    digits: str

    def holds(self, value: Any) -> bool:
        digits = value_digits(value)
        return digits is not None and digits.startswith(self.digits)

    def holds_for_text(self, text: bytes) -> bool:
        """Like `holds`, for the text of a number."""
        return text.startswith(self.digits.encode())

    @property
    def holds_for_other_family(self) -> bool:
        """Whether it matches addresses of the other family that are in use."""
        return len(self.digits) == 8 and holds_for_other_family(self.digits, self.digits)

    @property
    def holds_for_numbers(self) -> bool:
        """Whether it matches some number, by its decimal digits."""
        return holds_for_numbers(self.digits, self.digits)

    def code(self, value: str, kind: Kind, bind: Bind) -> str:
        if kind == "other":
            return "False"
        if kind == "double":
            return UNSURE
        if kind == "text":
            return f"{bind(self.holds_for_text)}({value})"
        holds = f"{bind(self.holds)}({value})"
        if kind != "string" or len(self.digits) > 8:
            return holds
        # Other spellings of 10.0.0.1 are in IPv6 notation, or have leading zeros.
        from ipaddress import IPv4Address  # only for addresses

        usual = bind(str(IPv4Address(int(self.digits, 16))))
        zero = f"{bind('.0')} in {value} or {value}[:1] == {bind('0')}"
        return f"({value} == {usual} or ({bind(':')} in {value} or {zero}) and {holds})"

    def words(self) -> str:
        return format_value(self.text)

    def why_not(self, value: Any) -> str:
        return _not_that_string(self.text, value)

    def reads_number_text(self) -> bool:
        return True

    def compares_addresses(self) -> bool:
        return True

    def why_unexpected(self, value: Any) -> str:
        """Return why it matches a value that is not obviously this address."""
        return why_digits_match(value, len(self.digits))


class Exactly(OperatorBase, frozen=True, gc=False):
    """Matches that string and no other spelling. Undocumented, but AWS's engine accepts it."""

    reference: ClassVar = OperatorReference(
        "is exactly this string",
        "Matches this string, and no other spelling of it, where a plain value that is an IP "
        "address also matches its other notations. No page of AWS's documents it.",
        ("10.0.0.1",),
        STRING,
        {},
    )

    text: str

    @classmethod
    def parse(cls, operand: nodes.Value) -> Exactly:
        return cls(require_string("exactly", operand))

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
    """Return a whole string as it appears in a JSON text without backslashes; a backslash if it
    cannot."""
    needle = json_needle(text)
    return needle if needle == "\\" else f'"{needle}"'


def equality(rule: nodes.Scalar) -> Operator:
    """Return the rule for a plain value."""
    value = rule.value
    if isinstance(value, str):
        digits = address_digits(value)
        return Equals(value) if digits is None else EqualsAddress(value, digits)
    if value is None or isinstance(value, bool):
        return Equals(value)
    if not is_comparable(rule.text):
        return EqualsNumber(None, rule.text)
    return EqualsNumber(as_double(value))
