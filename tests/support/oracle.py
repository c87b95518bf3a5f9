"""A slow, plain matcher for event patterns, for checking the real one against.

It follows the "slow definition" of the specification and shares no code with the package. It takes
valid patterns only, as `json.loads` gives them, and makes no attempt at speed.
"""

from __future__ import annotations

import ipaddress
import itertools
import math
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, NamedTuple

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Places = dict[int, int]
"""Which element (its index) of which array (its id) something stands in."""


class Leaf(NamedTuple):
    """A scalar of the event, the path it has, and the array elements it stands in."""

    path: str
    value: Any
    places: Places


def oracle_matches(pattern: dict[str, Any], event: object) -> bool:
    """Say whether the event matches the (valid) pattern."""
    leaves = list(flatten(event))
    return any(_search(sorted(c.items()), leaves, {}) for c in conjunctions(pattern))


def conjunctions(pattern: dict[str, Any]) -> list[dict[str, list[Any]]]:
    """Expand `$or`: {path: rules} for each combination; the last of fields with one path counts."""
    return [dict(fields) for fields in _expand(pattern, None)]


def _expand(node: dict[str, Any], parent: str | None) -> list[list[tuple[str, list[Any]]]]:
    """Every combination below the node: its (path, rules) fields, in document order."""
    choices: list[list[list[tuple[str, list[Any]]]]] = []
    for name, member in node.items():
        if name == "$or":
            choices.append([fields for option in member for fields in _expand(option, parent)])
        elif isinstance(member, dict):
            choices.append(_expand(member, _join(parent, name)))
        else:
            choices.append([[(_join(parent, name), member)]])
    return [list(itertools.chain(*chosen)) for chosen in itertools.product(*choices)]


def _join(parent: str | None, name: str) -> str:
    return name if parent is None else f"{parent}.{name}"


# --- the event ------------------------------------------------------------------------------------


def flatten(event: object) -> Iterator[Leaf]:
    """List the event's leaves. A scalar directly in an array does not carry that array's index."""
    ids = itertools.count()

    def walk(node: object, path: str | None, places: Places) -> Iterator[Leaf]:
        if isinstance(node, dict):
            for name, child in node.items():
                yield from walk(child, _join(path, name), places)
        elif isinstance(node, list):
            array = next(ids)
            for index, child in enumerate(node):
                in_element = isinstance(child, dict | list)
                yield from walk(child, path, {**places, array: index} if in_element else places)
        elif path is not None:
            yield Leaf(path, node, places)

    return walk(event, None, {})


def _search(fields: list[tuple[str, list[Any]]], leaves: list[Leaf], chosen: Places) -> bool:
    """Satisfy the fields one after the other, never choosing two elements of one array."""
    if not fields:
        return True
    (path, rules), rest = fields[0], fields[1:]
    candidates = [leaf for leaf in leaves if leaf.path == path and _agree(leaf.places, chosen)]
    if not candidates and any(_is_absence(rule) for rule in rules):
        return _search(rest, leaves, chosen)
    return any(
        _search(rest, leaves, {**chosen, **leaf.places})
        for leaf in candidates
        if any(rule_holds(rule, leaf.value) for rule in rules)
    )


def _agree(one: Places, other: Places) -> bool:
    return all(one[array] == other[array] for array in one.keys() & other.keys())


def _is_absence(rule: Any) -> bool:
    return isinstance(rule, dict) and rule.get("exists") is False


# --- rules ----------------------------------------------------------------------------------------


def rule_holds(rule: Any, value: Any) -> bool:
    """Say whether a value that is there satisfies the rule."""
    if not isinstance(rule, dict):
        return _equals(rule, value)
    ((operator, operand),) = rule.items()
    if operator == "exists":
        return bool(operand)
    if operator == "anything-but":
        return not _is_one_of(operand, value)
    if operator == "numeric":
        return _is_number(value) and _has_double(value) and _in_bounds(operand, float(value))
    if not isinstance(value, str):
        return False
    if operator == "cidr":
        return _in_block(operand, value)
    return _string_holds(operator, operand, value)


def _string_holds(operator: str, operand: Any, value: str) -> bool:
    if operator == "exactly":
        return bool(value == operand)
    if operator == "prefix":
        if isinstance(operand, dict):
            heads = (value[:end] for end in range(len(value) + 1))
            return any(_same_but_case(operand["equals-ignore-case"], head) for head in heads)
        return value.startswith(str(operand))
    if operator == "suffix":
        if isinstance(operand, dict):
            tails = (value[start:] for start in range(len(value) + 1))
            return any(_same_but_case(operand["equals-ignore-case"], tail) for tail in tails)
        return value.endswith(str(operand))
    if operator == "equals-ignore-case":
        return _same_but_case(operand, value)
    if operator == "wildcard":
        return _has_shape(operand, value)
    raise ValueError(f"no such operator: {operator}")


def _is_one_of(operand: Any, value: Any) -> bool:
    """Say whether the value is one of those that an `anything-but` excludes."""
    if isinstance(operand, dict):
        ((operator, operands),) = operand.items()
        excluded = operands if isinstance(operands, list) else [operands]
        return isinstance(value, str) and any(_string_holds(operator, x, value) for x in excluded)
    excluded = operand if isinstance(operand, list) else [operand]
    if isinstance(value, str):
        return any(isinstance(x, str) and x == value for x in excluded)
    return any(_is_number(x) and _same_number(x, value) for x in excluded)


def _equals(rule: Any, value: Any) -> bool:
    if rule is None or isinstance(rule, bool):
        return value is rule
    if isinstance(rule, str):
        if not isinstance(value, str):
            return False
        address = _address(rule)
        return rule == value or (address is not None and address == _address(value))
    return _same_number(rule, value)


# --- numbers --------------------------------------------------------------------------------------


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _same_number(operand: Any, value: Any) -> bool:
    """Compare as doubles what doubles hold, the rest exactly; nothing equals a too large value."""
    if not _is_number(value) or not _fits_double(value):
        return False
    if _has_double(operand) and _has_double(value):
        return float(operand) == float(value)
    return isinstance(value, int) and isinstance(operand, int) and operand == value


def _fits_double(value: int | float) -> bool:
    try:
        return math.isfinite(float(value))
    except OverflowError:
        return False


def _has_double(value: int | float) -> bool:
    """Say whether a double is exactly this number, or is written as it is in decimal (10**23)."""
    if not _fits_double(value):
        return False
    return float(value) == value or Decimal(repr(float(value))) == value


def _in_bounds(bounds: list[Any], value: float) -> bool:
    for sign, bound in zip(bounds[::2], bounds[1::2], strict=True):
        limit = float(bound)
        holds = {
            "=": value == limit,
            "<": value < limit,
            "<=": value <= limit,
            ">": value > limit,
            ">=": value >= limit,
        }
        if not holds[sign]:
            return False
    return True


# --- strings --------------------------------------------------------------------------------------


def _same_but_case(pattern: str, value: str) -> bool:
    """Take the pattern's characters off the value, each as its lower or its upper case."""
    if not pattern:
        return not value
    return any(
        value.startswith(form) and _same_but_case(pattern[1:], value[len(form) :])
        for form in {pattern[0].lower(), pattern[0].upper()}
    )


def _has_shape(wildcard: str, value: str) -> bool:
    """Keep the set of positions in the value that the wildcard read so far can have got to."""
    ends = {0}
    characters = iter(wildcard)
    for character in characters:
        if character == "*":
            ends = set(range(min(ends), len(value) + 1)) if ends else set()
        else:
            literal = next(characters) if character == "\\" else character
            ends = {end + 1 for end in ends if value[end : end + 1] == literal}
    return len(value) in ends


def _address(text: str) -> Address | None:
    """Read an IP address; one of IPv4 mapped into IPv6 is the one of IPv4. Zones are refused."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    if "%" in text:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def _in_block(block: str, value: str) -> bool:
    start, bits = block.split("/")
    first, address = _address(start), _address(value)
    if first is None or address is None or first.version != address.version:
        return False
    host_bits = first.max_prefixlen - int(bits)
    return int(first) >> host_bits == int(address) >> host_bits
