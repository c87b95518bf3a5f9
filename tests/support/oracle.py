"""A slow, plain matcher for event patterns, against which the real one is checked.

It follows the "slow definition" of the specification and shares no code with the package. It takes
valid patterns only, as `json.loads` gives them or, with the texts of numbers, as `loads` here does,
and makes no attempt at speed.
"""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

Places = dict[int, int]
"""The element (its index) of an array (its id) that contains something."""


class Number(NamedTuple):
    """A number as its text; what is an int or a float has the text that json writes for it."""

    text: str


def loads(text: str) -> Any:
    """The value of a JSON text, with a Number for each number."""
    return json.loads(text, parse_int=Number, parse_float=Number)


class Leaf(NamedTuple):
    """A scalar of the event, its path, and the array elements that contain it."""

    path: str
    value: Any
    places: Places


def oracle_matches(pattern: dict[str, Any], event: object) -> bool:
    """Return whether the event matches the (valid) pattern."""
    leaves = list(flatten(event))
    return any(holds_together(fields, leaves) for fields in conjunctions(pattern))


def holds_together(fields: dict[str, list[Any]], leaves: Iterable[Leaf]) -> bool:
    """Return whether the leaves satisfy all fields of a conjunction."""
    return _search(sorted(fields.items()), list(leaves), {})


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
    """Return whether an existing value satisfies the rule. Numbers, of rules and events, may be
    `Number`s: compare their `_double`s."""
    if not isinstance(rule, dict):
        return _equals(rule, value)
    ((operator, operand),) = rule.items()
    if operator == "exists":
        return bool(operand)
    if operator == "anything-but":
        return not _is_one_of(operand, value)
    if operator == "numeric":
        return _is_number(value) and _is_comparable(value) and _in_bounds(operand, _double(value))
    if operator == "cidr":
        return _in_block(operand, value)
    if not isinstance(value, str):
        return False
    return _string_holds(operator, operand, value)


def _string_holds(operator: str, operand: Any, value: str) -> bool:
    if operator == "exactly":
        return bool(value == operand)
    if "ignore" in f"{operator} {operand}" and any(ord(char) > 0xFFFF for char in str(operand)):
        return False
    if operator == "prefix":
        if isinstance(operand, dict):
            heads = (value[:end] for end in range(len(value) + 1))
            return any(_same_but_case(operand["equals-ignore-case"], head) for head in heads)
        return f'{value}"'.startswith(str(operand))
    if operator == "suffix":
        if isinstance(operand, dict):
            tails = (value[start:] for start in range(len(value) + 1))
            return any(_same_but_case(operand["equals-ignore-case"], tail) for tail in tails)
        return f'"{value}'.endswith(str(operand))
    if operator == "equals-ignore-case":
        return _same_but_case(operand, value)
    if operator == "wildcard":
        return _has_shape(operand, value)
    raise ValueError(f"add the operator to tests/support/oracle.py: {operator}")


def _is_one_of(operand: Any, value: Any) -> bool:
    """Return whether an `anything-but` excludes the value."""
    if isinstance(operand, dict):
        ((operator, operands),) = operand.items()
        excluded = operands if isinstance(operands, list) else [operands]
        return isinstance(value, str) and any(_string_holds(operator, x, value) for x in excluded)
    excluded = operand if isinstance(operand, list) else [operand]
    if isinstance(value, str):
        return any(isinstance(x, str) and x == value for x in excluded)
    return any(_is_number(x) and _is_number(value) and _same_number(x, value) for x in excluded)


def _equals(rule: Any, value: Any) -> bool:
    if rule is None or isinstance(rule, bool):
        return value is rule
    if isinstance(rule, str):
        digits = _address(rule)
        if digits is None:
            return isinstance(value, str) and rule == value
        seen = _seen_as_digits(value)
        return seen is not None and seen[: len(digits)] == digits
    return _is_number(value) and _same_number(rule, value)


# --- numbers --------------------------------------------------------------------------------------


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | Number) and not isinstance(value, bool)


def _text(value: Any) -> str:
    return value.text if isinstance(value, Number) else json.dumps(value)


def _double(value: Any) -> float:
    return float(_text(value))


def _same_number(operand: Any, value: Any) -> bool:
    """Compare comparable numbers as doubles, others as text."""
    if _is_comparable(operand) and _is_comparable(value):
        return _double(operand) == _double(value)
    return _text(operand) == _text(value)


def _is_comparable(value: Any) -> bool:
    """Return whether the number has the digits with which its double is written."""
    double = _double(value)
    return math.isfinite(double) and _digits(_text(value)) == _digits(repr(double))


def _digits(text: str) -> tuple[str, str, int]:
    """The sign, the digits that count, and the power of ten of the last one."""
    sign = "-" if text.startswith("-") else ""
    mantissa, _, exponent = text.lower().lstrip("-").partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    kept = digits.rstrip("0")
    if not kept:
        return "", "", 0
    return sign, kept, int(exponent or 0) - len(fraction) + len(digits) - len(kept)


def _in_bounds(bounds: list[Any], value: float) -> bool:
    for sign, bound in zip(bounds[::2], bounds[1::2], strict=True):
        limit = _double(bound)
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


# --- addresses ------------------------------------------------------------------------------------


def _address(text: str) -> str | None:
    """Read an IP address by hand, as hexadecimal digits: 8 or 32."""
    if not text.isascii():
        return None
    octets = text.split(".")
    if len(octets) == 4 and all(octet.isdigit() for octet in octets):
        numbers = [int(octet) for octet in octets]
        return None if max(numbers) > 255 else "".join(f"{number:02X}" for number in numbers)
    if ":" not in text or set(text) - set("0123456789abcdefABCDEF:"):
        return None
    halves = text.split("::")
    groups = [half.split(":") if half else [] for half in halves]
    given = [group for half in groups for group in half]
    if any(not group or int(group, 16) > 0xFFFF for group in given):
        return None
    if len(halves) > 2 or len(given) > 8 or (len(given) == 8) != (len(halves) == 1):
        return None
    zeros = ["0"] * (8 - len(given))
    whole = groups[0] + zeros + groups[1] if len(halves) == 2 else groups[0]
    digits = "".join(f"{int(group, 16):04X}" for group in whole)
    return digits[24:] if digits.startswith("0" * 20 + "FFFF") else digits


def _seen_as_digits(value: Any) -> str | None:
    if isinstance(value, str):
        return _address(value)
    return _text(value) if _is_number(value) else None


def _in_block(block: str, value: Any) -> bool:
    """Look at each beginning of the digits whether it says that they are within the bounds."""
    start, mask = block.split("/")
    base, digits = _address(start), _seen_as_digits(value)
    assert base is not None
    if digits is None:
        return False
    bits = "".join(f"{int(digit, 16):04b}" for digit in base)[: int(mask)]
    first, last = (
        "".join(f"{int(bits.ljust(4 * len(base), fill)[at : at + 4], 2):X}" for at in ends)
        for fill, ends in (("0", range(0, 4 * len(base), 4)), ("1", range(0, 4 * len(base), 4)))
    )
    for end in range(1, len(digits) + 1):
        begin = digits[:end]
        if not set(begin) <= set("0123456789ABCDEF"):
            return False
        if first[:end] < begin < last[:end]:
            return True
        if end == len(base):
            return first <= begin <= last
    return False
