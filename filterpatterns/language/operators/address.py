"""IP addresses: `cidr`, and what an equality rule accepts as another spelling of its address.

AWS's engine sees an address as its hexadecimal digits in upper case, 8 for IPv4 and 32 for
IPv6, and compares these digit by digit, with the digits of a number's text as well. So an IPv4
block may match an IPv6 address, or a number: `holds_for_other_family` and `holds_for_numbers`
report that.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any, ClassVar

from filterpatterns.errors import printable
from filterpatterns.jsontext.numbers import number_text
from filterpatterns.language import nodes
from filterpatterns.language.operators.base import (
    UNSURE,
    Bind,
    Instead,
    Kind,
    OperandError,
    OperatorBase,
    is_number,
    not_a_string,
    require_string,
)
from filterpatterns.language.operators.reference import STRING, OperatorReference
from filterpatterns.language.wording import format_value, truncate

_OCTET = "0*([0-9]{1,3})"
_HEX = "0123456789ABCDEF"
_LONGEST_SHOWN = 45


@cache
def _expressions() -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    """IPv4, IPv6, and the leading zeros in it: compiled for the first text that may be one, since
    it takes a millisecond."""
    return (
        re.compile(rf"{_OCTET}\.{_OCTET}\.{_OCTET}\.{_OCTET}", re.ASCII),
        re.compile("[0-9a-fA-F:]*:[0-9a-fA-F:]*", re.ASCII),
        re.compile("(?<![0-9a-fA-F])0+(?=[0-9a-fA-F])"),
    )


def address_digits(text: str) -> str | None:
    """Return the hexadecimal digits of a string that is an IP address, or None.

    IPv4 may have leading zeros, which are decimal. IPv6 may not have a dotted tail or a zone. An
    IPv4 address mapped into IPv6 (`::ffff:a00:1`) is the IPv4 address.
    """
    if "." not in text and ":" not in text:
        return None
    ipv4, ipv6, leading_zeros = _expressions()
    match = ipv4.fullmatch(text)
    if match is not None:
        octets = [int(octet) for octet in match.groups()]
        return None if max(octets) > 255 else "{:02X}{:02X}{:02X}{:02X}".format(*octets)
    if not ipv6.fullmatch(text):
        return None
    import ipaddress  # only for addresses

    try:
        address = ipaddress.IPv6Address(leading_zeros.sub("", text))
    except ValueError:
        return None
    if address.ipv4_mapped is not None:
        return f"{int(address.ipv4_mapped):08X}"
    return f"{int(address):032X}"


def value_digits(value: Any) -> str | None:
    """Return what an address rule sees of a leaf: the digits of an address, the text of a
    number."""
    if isinstance(value, str):
        return address_digits(value)
    return number_text(value) if is_number(value) else None


class Cidr(OperatorBase, frozen=True, gc=False):
    """Matches a string that is an IP address in the block, whose digits range from `first` to
    `last`."""

    reference: ClassVar = OperatorReference(
        "is an IP address in this block",
        "Matches a string that is an IP address in this block: IPv4 with a mask below 32, or IPv6 "
        "with a mask below 128. A single address is written as a plain value.",
        ("10.0.0.0/24", "2001:db8::/32"),
        {
            "type": "string",
            "pattern": r"^(?:[0-9]+(?:\.[0-9]+){3}|[0-9a-fA-F:]*:[0-9a-fA-F:]*)/[0-9]{1,3}$",
        },
        {"eventbridge": STRING},
    )

    text: str
    first: str
    last: str

    @classmethod
    def parse(cls, operand: nodes.Value) -> Cidr:
        text = require_string("cidr", operand)
        base, slash, mask = text.partition("/")
        digits = address_digits(base)
        if not slash or digits is None or not re.fullmatch("[0-9]{1,3}", mask, re.ASCII):
            raise OperandError(
                "FP013",
                operand,
                f"cidr must be an address block, found {operand_text(operand)}",
                'write an address, a slash and the mask: "10.0.0.0/24" or "2001:db8::/32"',
            )
        width = 4 * len(digits)
        bits = width - int(mask)
        if bits < 1:
            raise OperandError(
                "FP013",
                operand,
                f"the mask of an IPv{'4' if width == 32 else '6'} block must be below {width}, "
                f"found {mask}",
                f'write a single address as a plain value: ["{base}"]',
                Instead(f'"{base}"', "rule") if bits == 0 else None,
            )
        first = int(digits, 16) >> bits << bits  # the host bits are masked out
        last = first | ((1 << bits) - 1)
        return cls(text, f"{first:0{len(digits)}X}", f"{last:0{len(digits)}X}")

    def holds(self, value: Any) -> bool:
        digits = value_digits(value)
        return digits is not None and self.holds_for_digits(digits)

    def holds_for_digits(self, digits: str) -> bool:
        """Walk over digits like AWS's engine, until they are known to be within the bounds or
        outside."""
        on_first = on_last = True
        for low, high, digit in zip(self.first, self.last, digits):  # noqa: B905 - to the shorter
            if digit not in _HEX:
                return False
            if (on_first and digit < low) or (on_last and digit > high):
                return False
            on_first, on_last = on_first and digit == low, on_last and digit == high
            if not (on_first or on_last):
                return True
        return len(digits) >= len(self.first)

    def holds_for_text(self, text: bytes) -> bool:
        """Like `holds`, for the text of a number."""
        return self.holds_for_digits(text.decode())

    @property
    def holds_for_other_family(self) -> bool:
        """Whether the block matches addresses of the other family that are in use."""
        return holds_for_other_family(self.first, self.last)

    @property
    def holds_for_numbers(self) -> bool:
        """Whether the block matches some number, by its decimal digits."""
        return holds_for_numbers(self.first, self.last)

    def code(self, value: str, kind: Kind, bind: Bind) -> str:
        if kind == "other":
            return "False"
        if kind == "double":
            return UNSURE
        return f"{bind(self.holds_for_text if kind == 'text' else self.holds)}({value})"

    def words(self) -> str:
        return f"cidr {printable(self.text)}"

    def why_not(self, value: Any) -> str:
        if not isinstance(value, str):
            return not_a_string("cidr", value)
        digits = address_digits(value)
        if digits is None:
            if "." in value and ":" in value:
                dotted = address_digits(value.rpartition(":")[2]) is not None
                if dotted and len(value) <= _LONGEST_SHOWN:
                    return f"{format_value(value)} ends in a dotted part: a plain string for AWS"
            trimmed = len(value) <= 2 * _LONGEST_SHOWN and address_digits(value.strip())
            hint = ": there is white space around it" if trimmed else ""
            return f"{format_value(value)} is not an IP address{hint}"
        if len(digits) != len(self.first):
            found, wanted = (4, 6) if len(self.first) == 32 else (6, 4)
            return f"{format_value(value)} is an IPv{found} address; the block is IPv{wanted}"
        return f"{format_value(value)} is not in {printable(self.text)}"

    def reads_number_text(self) -> bool:
        return True

    def compares_addresses(self) -> bool:
        return True

    def why_unexpected(self, value: Any) -> str:
        """Return why the rule matches a value that is not obviously an address in the block."""
        return why_digits_match(value, len(self.first))


def why_digits_match(value: Any, width: int) -> str:
    """Return why an address rule whose address has `width` digits matches, if only by digits."""
    if is_number(value):
        return "AWS compares a number's digits with those of an address"
    digits = value_digits(value)
    if digits is None or len(digits) == width:
        return ""
    family = 6 if len(digits) == 32 else 4
    return f"AWS compares this IPv{family} address by its first digits, {truncate(digits[:8])}"


_IPV6_IN_USE = ("0000", "2", "3", "F")
"""The beginnings of the digits of IPv6 addresses: `::1`, global unicast, local, multicast."""


def holds_for_other_family(first: str, last: str) -> bool:
    """Whether a range of digits includes addresses of the other family that are in use."""
    if len(first) == 8:
        return any(first[: len(p)] <= p <= last[: len(p)] for p in _IPV6_IN_USE)
    shared = shared_digits(first, last)
    # One of the 8 digits of IPv4 must lie between the bounds: if these differ by one, a later
    # digit.
    return shared < 7 or (shared == 7 and int(last[7], 16) - int(first[7], 16) > 1)


def holds_for_numbers(first: str, last: str) -> bool:
    """Whether a range of digits includes the digits of some number."""
    shared = shared_digits(first, last)
    if shared == len(first):
        return first.isdecimal() and first[0] != "0"
    start = first[:shared]
    return (not start or (start.isdecimal() and start[0] != "0")) and first[shared] <= "9"


def shared_digits(first: str, last: str) -> int:
    """Return how many digits the two have in common at the start."""
    pairs = enumerate(zip(first, last, strict=True))
    return next((index for index, (low, high) in pairs if low != high), len(first))


def operand_text(operand: nodes.Value) -> str:
    """Return a string operand as it was written."""
    return operand.text if isinstance(operand, nodes.Scalar) else ""
