"""Rules that contradict, repeat or cancel each other, whatever the source."""

from __future__ import annotations

import math
from itertools import combinations, permutations

from filterpatterns.language.conditions import AllOf, Condition, iter_conditions
from filterpatterns.language.diagnostics import Reporter
from filterpatterns.language.operators import Absent, AnythingBut, Exists, Numeric, Operator, Prefix
from filterpatterns.language.operators.equality import Equals, EqualsNumber
from filterpatterns.lint.base import LintCheck, rules_of


def exists_beside_fields(conditions: AllOf, report: Reporter) -> None:
    """FP113, too: `exists` for a field that contains other fields of the pattern."""
    members = list(iter_conditions(conditions))
    if not any(isinstance(rule, (Exists, Absent)) for each in members for rule in each.rules):
        return
    through = {
        ".".join(names[:length])
        for names in (member.path.split(".") for member in members)
        for length in range(1, len(names))
    }
    for member in members:
        if member.path in through:
            for rule, where in rules_of(member):
                if isinstance(rule, (Exists, Absent)):
                    always = "always" if isinstance(rule, Absent) else "never"
                    report.warning(
                        "FP113",
                        where,
                        f'the pattern has fields inside "{member.path}", and exists applies only '
                        f"to scalar values: this {always} matches",
                        hint="use exists only for the fields inside it",
                    )


def _always_holds(condition: Condition, source: str, report: Reporter) -> None:
    """FP114: rules that together match any value, or its absence."""
    kinds = {type(rule) for rule in condition.rules}
    if Absent in kinds and (Exists in kinds or _all_values(condition.rules)):
        report.warning(
            "FP114",
            condition,
            "one of these rules matches every record",
            hint="leave the field out, or one of the rules",
        )


def _all_values(rules: tuple[Operator, ...]) -> bool:
    """Whether an `anything-but` is next to exactly the strings that it excludes."""
    texts = {rule.value for rule in rules if isinstance(rule, Equals)}
    return any(
        isinstance(rule, AnythingBut)
        and not rule.rules
        and not rule.numbers
        and set(rule.strings) <= texts
        for rule in rules
    )


def _unreachable(condition: Condition, source: str, report: Reporter) -> None:
    """FP115: a rule that adds nothing to another rule in the same array."""
    seen: set[Operator] = set()
    wide = [rule for rule in condition.rules if isinstance(rule, (Exists, Prefix, Numeric))]
    for rule, where in rules_of(condition):
        if rule in seen or any(_covers(other, rule) for other in wide):
            report.warning(
                "FP115",
                where,
                "another rule in this array matches whenever this one does",
                hint="any rule of the array may match: remove this one, or the wider one",
            )
        seen.add(rule)


def _covers(wide: Operator, narrow: Operator) -> bool:
    """Whether a rule matches whenever another, different rule does, as far as that is easy to
    determine."""
    if isinstance(narrow, Absent) or wide == narrow:
        return False
    if isinstance(wide, Exists):
        return True
    if isinstance(wide, Prefix) and wide.spelling is None:
        text = narrow.value if isinstance(narrow, Equals) else None
        if isinstance(narrow, Prefix) and narrow.spelling is None:
            text = narrow.text
        return isinstance(text, str) and text.startswith(wide.text)
    if isinstance(wide, Numeric) and isinstance(narrow, EqualsNumber):
        return narrow.double is not None and wide.holds(narrow.double)
    if isinstance(wide, Numeric) and isinstance(narrow, Numeric):
        return _is_within(narrow, wide)
    return False


def _is_within(narrow: Numeric, wide: Numeric) -> bool:
    above = narrow.lower > wide.lower or (
        narrow.lower == wide.lower and (narrow.lower_open or not wide.lower_open)
    )
    below = narrow.upper < wide.upper or (
        narrow.upper == wide.upper and (narrow.upper_open or not wide.upper_open)
    )
    return above and below


def _leave_nothing_out(condition: Condition, source: str, report: Reporter) -> None:
    """FP116: rules in one array that together exclude no number, or nothing; they were probably all
    meant to apply."""
    if any(isinstance(rule, Exists) for rule in condition.rules):
        return
    ranges = [rule for rule in condition.rules if isinstance(rule, Numeric)]
    exclusions = [rule for rule in condition.rules if isinstance(rule, AnythingBut)]
    if any(_all_numbers(*pair) for pair in permutations(ranges, 2)):
        what, hint = (
            "one of these ranges matches every number",
            'for both bounds write one rule: {"numeric": [">", 0, "<", 10]}',
        )
    elif any(_exclude_nothing(*pair) for pair in combinations(exclusions, 2)):
        what, hint = (
            "one of these exclusions matches every value",
            'for several exclusions write one rule: {"anything-but": ["a", "b"]}',
        )
    elif _all_values(condition.rules) and not any(
        isinstance(rule, Absent) for rule in condition.rules
    ):
        what, hint = (
            "one of these matches every value",
            "remove the values, or the rule that excludes them",
        )
    else:
        return
    report.warning(
        "FP116",
        condition,
        f"any of the rules may match, and {what}",
        hint=hint,
    )


def _all_numbers(upward: Numeric, downward: Numeric) -> bool:
    """Whether two open ranges overlap."""
    return (
        math.isinf(upward.upper)
        and math.isinf(downward.lower)
        and math.isfinite(upward.lower)
        and upward.lower < downward.upper
    )


def _exclude_nothing(first: AnythingBut, second: AnythingBut) -> bool:
    """Whether two lists of excluded values have nothing in common."""
    return (
        not first.rules
        and not second.rules
        and not {*first.strings, *first.numbers} & {*second.strings, *second.numbers}
    )


REDUNDANCY_CHECKS: tuple[LintCheck, ...] = (_always_holds, _unreachable, _leave_nothing_out)
