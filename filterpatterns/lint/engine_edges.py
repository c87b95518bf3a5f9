"""Patterns that AWS's engine evaluates differently than they read."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from filterpatterns.language.conditions import AllOf, AnyOf, Condition, iter_conditions
from filterpatterns.language.diagnostics import Reporter
from filterpatterns.language.operators import (
    AnythingBut,
    Cidr,
    EqualsIgnoreCase,
    Numeric,
    Operator,
    Prefix,
    Suffix,
    Wildcard,
)
from filterpatterns.language.operators.equality import EqualsAddress
from filterpatterns.lint.base import LintCheck, rules_of

_SAFE = 2**53

_IPV6_IN_USE = (
    "::/32",  # ::1 and ::
    "64:ff9b::/32",
    "2000::/3",
    "fc00::/7",
    "fe80::/10",
    "ff00::/8",
)
"""IPv6 addresses that events may have (IANA, "IPv6 address space")."""


def _other_addresses(condition: Condition, source: str, report: Reporter) -> None:
    """FP123: a block, or an address, that matches values that are not addresses of its family.

    The engine compares the digits of addresses from the left, whatever their number.
    """
    for rule, where in rules_of(condition):
        if isinstance(rule, Cidr):
            others = list(_holds_also_for(rule.first, rule.last))
        elif isinstance(rule, EqualsAddress):
            others = list(_holds_also_for(rule.digits, rule.digits))
        else:
            continue
        if others:
            report.warning(
                "FP123",
                where,
                f"AWS compares addresses digit by digit: this also matches {_both(others)}",
                hint="harmless if the field never has such values; otherwise split the block: "
                '{"cidr": "0.0.0.0/1"} and so on, or leave the rule out'
                if isinstance(rule, Cidr)
                else "harmless if the field never has such values; otherwise use exactly",
            )


def _both(others: list[str]) -> str:
    return " and ".join(others)


def _holds_also_for(first: str, last: str) -> Iterator[str]:
    """What a range of digits matches besides addresses of its own family, with an example."""
    import ipaddress

    if len(first) == 8:
        low, high = int(first, 16), int(last, 16)
        for block in _IPV6_IN_USE:
            network = ipaddress.IPv6Network(block)
            start = max(low, int(network.network_address) >> 96)
            if start <= min(high, int(network.broadcast_address) >> 96):
                example = ipaddress.IPv6Address((start << 96) + (1 if start == 0 else 0))
                yield f"IPv6 addresses ({example})"
                break
    else:
        found = _within(first, last, 8, _address_digits)
        if found is not None:
            example4 = ipaddress.IPv4Address(int(found.ljust(8, "0"), 16))
            yield f"IPv4 addresses ({example4})"
    number = _within(first, last, len(first), _number_digits)
    if number is not None:
        yield f"numbers ({number + '0' * number.endswith('E')})"


def _within(first: str, last: str, longest: int, next_digits: Callable[[str], str]) -> str | None:
    """The shortest run of digits that the engine's walk considers to be between two bounds; None if
    there is none.

    `next_digits` returns what may follow a run. As long as all digits are those of a bound, there
    are at most two ways to continue, so the walk is linear.
    """
    pending = [""]
    while pending:
        head = pending.pop(0)
        index = len(head)
        if index == longest:
            continue
        low = first[index] if first.startswith(head) else "0"
        high = last[index] if last.startswith(head) else "F"
        for digit in next_digits(head):
            if low <= digit <= high:
                run = head + digit
                if len(run) == len(first) or not (first.startswith(run) or last.startswith(run)):
                    return run
                pending.append(run)
    return None


def _address_digits(head: str) -> str:
    return "0123456789ABCDEF"


def _number_digits(head: str) -> str:
    """The hexadecimal digits that may follow in a number's text: E begins an exponent."""
    digits = "0123456789"
    if not head or "E" in head:
        return digits
    return "E" if head == "0" else f"{digits}E"


def _beyond_the_basic_plane(condition: Condition, source: str, report: Reporter) -> None:
    """FP124: a rule that ignores case and has a character beyond U+FFFF."""
    for rule, where in rules_of(condition):
        inner = rule.rules if isinstance(rule, AnythingBut) else (rule,)
        texts = [text for one in inner if (text := _text_ignoring_case(one)) is not None]
        char = next((char for text in texts for char in text if char > "\uffff"), None)
        if char is not None:
            follows = "this excludes nothing" if rule is not inner[0] else "this never matches"
            report.warning(
                "FP124",
                where,
                f"{char} is a character beyond U+FFFF, and case is ignored: on AWS {follows}",
                hint="compare the exact text, or avoid the character with prefix or suffix",
            )


def _text_ignoring_case(rule: Operator) -> str | None:
    if isinstance(rule, EqualsIgnoreCase):
        return rule.text
    if isinstance(rule, (Prefix, Suffix)) and rule.spelling is not None:
        return rule.text
    return None


def _disturbed(condition: Condition, source: str, report: Reporter) -> None:
    """FP126: a wildcard and a rule that ignores case in the same field."""
    if is_disturbed(condition):
        report.warning(
            "FP126",
            condition,
            "a wildcard with a rule that ignores case: in AWS's engine the two interfere with each "
            "other, and either may be missed",
            hint="use only one of the two kinds of rule for a field",
        )


def is_disturbed(condition: Condition) -> bool:
    """Whether rules of one field interfere with each other in AWS's engine."""
    rules = [
        each
        for rule in condition.rules
        for each in (rule.rules if isinstance(rule, AnythingBut) else (rule,))
    ]
    return any(isinstance(rule, Wildcard) for rule in rules) and any(
        _text_ignoring_case(rule) is not None for rule in rules
    )


def _large_numbers(condition: Condition, source: str, report: Reporter) -> None:
    """FP131: an operand of `numeric` that AWS's documentation does not allow."""
    for rule, where in rules_of(condition):
        if isinstance(rule, Numeric) and any(
            _SAFE < abs(bound) < float("inf") for bound in (rule.lower, rule.upper)
        ):
            report.warning(
                "FP131",
                where,
                "a number beyond 2^53 (9,007,199,254,740,992) in numeric: EventBridge's "
                "documentation says that it is refused",
                hint="the engine accepts it today; a string, or a smaller number, is safe",
            )


def lost_alternatives(either: AnyOf) -> dict[int, int]:
    """The alternatives of a `$or` that AWS's engine loses, by index, each with the earlier
    alternative that causes it: one with the same fields that shares a rule with it in each."""
    seen: dict[frozenset[str], list[tuple[int, dict[str, frozenset[Operator]]]]] = {}
    lost: dict[int, int] = {}
    for index, alternative in enumerate(either.alternatives):
        for rules in _conjunctions(alternative):
            group = seen.setdefault(frozenset(rules), [])
            for earlier, others in group:
                if earlier == index or index in lost:
                    continue
                shares = all(rules[path] & others[path] for path in rules)
                if shares and any(rules[path] - others[path] for path in rules):
                    lost[index] = earlier
            group.append((index, rules))
    return lost


def _conjunctions(conditions: AllOf) -> list[dict[str, frozenset[Operator]]]:
    """The rules of each path, for each choice of nested alternatives."""
    found: list[dict[str, frozenset[Operator]]] = [{}]
    for member in conditions:
        if isinstance(member, AnyOf):
            inner = [one for each in member.alternatives for one in _conjunctions(each)]
            found = [{**one, **other} for one in found for other in inner]
        else:
            for one in found:
                one[member.path] = frozenset(member.rules)
    return found


def report_lost_alternatives(conditions: AllOf, report: Reporter) -> None:
    """FP125: an alternative of a `$or` that AWS's engine loses."""
    for either in _all_ors(conditions):
        for index, earlier in lost_alternatives(either).items():
            first = next(iter_conditions(either.alternatives[index]))
            report.warning(
                "FP125",
                first,
                f"AWS loses alternative {index + 1} of this $or: alternative {earlier + 1} has the "
                "same fields, and shares a rule with it in each",
                hint="write one alternative with all the values, or alternatives that share none",
            )


def _all_ors(conditions: AllOf) -> Iterator[AnyOf]:
    for member in conditions:
        if isinstance(member, AnyOf):
            yield member
            for alternative in member.alternatives:
                yield from _all_ors(alternative)


ENGINE_CHECKS: tuple[LintCheck, ...] = (
    _other_addresses,
    _beyond_the_basic_plane,
    _disturbed,
    _large_numbers,
)
