"""IP addresses: `cidr`, and the spellings that an equality rule takes as one address."""

from __future__ import annotations

import ipaddress
import re
from typing import Any

from msgspec import Struct

from filterpatterns.errors import printable
from filterpatterns.language import nodes
from filterpatterns.language.operators.base import (
    Bind,
    Kind,
    OperandError,
    not_a_string,
    want_string,
)
from filterpatterns.language.wording import format_value

Address = tuple[int, int]
"""An address: its width in bits (32 or 128) and its value."""

_LOOKS_LIKE_ADDRESS = re.compile(r"[0-9]+\.[0-9.]+|[0-9a-fA-F:]*:[0-9a-fA-F:.]*", re.ASCII)
_LONGEST_ADDRESS = 45


def parse_address(text: str) -> Address | None:
    """The IP address that a string is, or None.

    No zone (`fe80::1%eth0`) and no leading zeros in IPv4. An IPv4-mapped IPv6 address
    (`::ffff:10.0.0.1`) is the IPv4 address, as it is for the engine behind AWS.
    """
    if len(text) > _LONGEST_ADDRESS or not _LOOKS_LIKE_ADDRESS.fullmatch(text):
        return None
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return address.max_prefixlen, int(address)


class Cidr(Struct, frozen=True):
    """A string that is an IP address in the block `first` to `last`."""

    text: str
    width: int
    first: int
    last: int

    @classmethod
    def parse(cls, operand: nodes.Value) -> Cidr:
        text = want_string("cidr", operand)
        base, slash, mask = text.partition("/")
        address = parse_address(base)
        if not slash or address is None or not re.fullmatch("[0-9]{1,3}", mask, re.ASCII):
            raise OperandError(
                "FP013",
                operand,
                f"cidr wants an address block, found {operand_text(operand)}",
                'write an address, a slash and the mask: "10.0.0.0/24" or "2001:db8::/32"',
            )
        width, value = address
        bits = width - int(mask)
        if bits < 1:
            raise OperandError(
                "FP013",
                operand,
                f"the mask of an IPv{'4' if width == 32 else '6'} block must be below {width}, "
                f"found {mask}",
                f'for one address write it as a plain value: ["{base}"]',
            )
        first = value >> bits << bits  # the host's bits are masked off
        return cls(text, width, first, first | ((1 << bits) - 1))

    def holds(self, value: Any) -> bool:
        address = parse_address(value) if isinstance(value, str) else None
        return (
            address is not None
            and address[0] == self.width
            and self.first <= address[1] <= self.last
        )

    def code(self, value: str, kind: Kind, bind: Bind) -> str:
        return f"{bind(self.holds)}({value})" if kind == "string" else "False"

    def needle(self) -> str | None:
        return None

    def words(self) -> str:
        return f"cidr {printable(self.text)}"

    def why_not(self, value: Any) -> str:
        if not isinstance(value, str):
            return not_a_string("cidr", value)
        address = parse_address(value)
        if address is None:
            trimmed = len(value) <= 2 * _LONGEST_ADDRESS and parse_address(value.strip())
            hint = ": there is white space around it" if trimmed else ""
            return f"{format_value(value)} is no IP address{hint}"
        if address[0] != self.width:
            found, wanted = (4, 6) if self.width == 128 else (6, 4)
            return (
                f"{format_value(value)} is an IPv{found} address; the block is one of IPv{wanted}"
            )
        return f"{format_value(value)} is not in {printable(self.text)}"


def operand_text(operand: nodes.Value) -> str:
    """A string operand as it was written."""
    return operand.text if isinstance(operand, nodes.Scalar) else ""
