"""What AWS accepts in silence and is likely meant otherwise: conditions -> warnings.

Each function is one rule, with its code in `docs/rules.md`. The mistakes are those that people
report again and again: the mapping is accepted, and records are dropped.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from itertools import combinations, permutations
from typing import Literal

from filterpatterns import jsontext
from filterpatterns.checks import AllOf, Condition, every
from filterpatterns.nodes import Span
from filterpatterns.operators import (
    Absent,
    AnythingBut,
    Cidr,
    Exactly,
    Exists,
    Numeric,
    Operator,
    Prefix,
    Suffix,
    Wildcard,
)
from filterpatterns.operators.equality import Equals, EqualsNumber
from filterpatterns.report import Reporter
from filterpatterns.sources import SOURCES

Dialect = Literal["lambda", "pipes", "eventbridge"]
DIALECTS: tuple[Dialect, ...] = ("lambda", "pipes", "eventbridge")

_SERVICES = {
    "lambda": "Lambda event source mappings",
    "pipes": "EventBridge Pipes",
    "eventbridge": "EventBridge rules",
}
_PAYLOADS = {
    "sqs": "body",
    "kinesis": "data",
    "dynamodb": "dynamodb",
    "kafka": "value",
    "mq": "data",
}
_OBJECTS = {
    "sqs": ("attributes", "messageAttributes"),
    "dynamodb": ("dynamodb.NewImage", "dynamodb.OldImage", "dynamodb.Keys"),
    "mq": ("basicProperties",),
}
_WRAPPERS = ("body", "kinesis", "Records")
_IMAGES = ("NewImage", "OldImage", "Keys")
_STRING_TYPES = ("S", "N", "B", "SS", "NS", "BS")
_LEAF_TYPES = (*_STRING_TYPES, "BOOL", "NULL")


def default_dialect(source: str) -> Dialect:
    """The service that a source's patterns are most likely written for."""
    return "eventbridge" if source == "event" else "lambda"


def lint(
    conditions: AllOf, source: str, dialect: str, report: Reporter, *, strict: bool, advise: bool
) -> None:
    """Report what is doubtful in one pattern.

    `strict` makes errors of undocumented operators; `advise` reports also what is no likely mistake
    but worth knowing before deployment (FP107).
    """
    for condition in every(conditions):
        _undocumented(condition, dialect, strict, report)
        if advise:
            _metadata(condition, source, dialect, report)
        for rule in _RULES:
            rule(condition, source, report)
    _exists_beside_fields(conditions, report)
    _detail_as_value(conditions, source, report)


def lint_together(filters: Sequence[tuple[AllOf, Reporter]]) -> None:
    """Report several filters that look as if all of them were meant to hold (FP112)."""
    if len(filters) < 2:
        return
    for conditions, report in filters:
        members = list(every(conditions))
        if members and all(_keeps_nearly_all(member) for member in members):
            report.warning(
                "FP112",
                members[0].span,
                "a record is kept if any filter holds, and this one holds for nearly all of them",
                path=members[0].place,
                hint="for conditions that must all hold write one filter with all the fields",
            )


def _keeps_nearly_all(condition: Condition) -> bool:
    return all(isinstance(rule, (AnythingBut, Absent)) for rule in condition.rules)


def _rules_of(condition: Condition) -> Iterator[tuple[Operator, Span, str]]:
    for index, (rule, span) in enumerate(zip(condition.rules, condition.spans, strict=True)):
        yield rule, span, f"{condition.place}[{index}]"


def _undocumented(condition: Condition, dialect: str, strict: bool, report: Reporter) -> None:
    """FP105: an operator that the service's documentation does not list.

    Lambda developer guide, "Filter rule syntax"; EventBridge user guide, "Comparison operators" and
    "Event filtering in Amazon EventBridge Pipes".
    """
    for rule, span, place in _rules_of(condition):
        name = _undocumented_name(rule, dialect)
        if name is not None:
            say = report.error if strict else report.warning
            say(
                "FP105",
                span,
                f"{name} is not documented for {_SERVICES[dialect]}",
                path=place,
                hint="it may work today; the documentation does not promise that it will",
            )


def _undocumented_name(rule: Operator, dialect: str) -> str | None:
    if isinstance(rule, Exactly):
        return "exactly"
    if dialect == "eventbridge":
        return None
    if isinstance(rule, Wildcard):
        return "wildcard"
    if isinstance(rule, AnythingBut) and rule.rules:
        return "anything-but with an operator"
    if isinstance(rule, Cidr):
        return "cidr"
    if dialect == "lambda" and isinstance(rule, (Prefix, Suffix)) and rule.spelling is not None:
        return "prefix or suffix ignoring case"
    return None


def _metadata(condition: Condition, source: str, dialect: str, report: Reporter) -> None:
    """FP107: a field beside the payload; the newest Lambda pages say that only the payload is
    filtered on. What stands in AWS's own samples and tutorials is not reported.
    """
    payload = _PAYLOADS.get(source)
    first = condition.path.partition(".")[0]
    if payload is None or dialect != "lambda" or first in (payload, *_WRAPPERS):
        return
    if first in _SAMPLED.get(source, ()) or first in SOURCES[source].added_by_aws:
        return
    report.warning(
        "FP107",
        condition.span,
        f'"{condition.path}" is no field of the payload "{payload}"',
        path=condition.place,
        hint=f'Lambda documents filtering on "{payload}" only; other fields have worked so far',
    )


_SAMPLED = {"dynamodb": ("eventName", "userIdentity"), "mq": ("basicProperties",)}


def _wrapped(condition: Condition, source: str, report: Reporter) -> None:
    """FP108: around the pattern something that the source's records, as patterns see them, do not
    have: the body of another source, or more of the Lambda event.
    """
    payload = _PAYLOADS.get(source)
    first = condition.path.partition(".")[0]
    if payload is not None and first != payload and first in _WRAPPERS:
        report.warning(
            "FP108",
            condition.span,
            f'a pattern for {source} sees no "{first}": this never holds, or always for '
            "exists: false",
            path=condition.place,
            hint=f'the payload is called "{payload}", and stands at the top of the pattern',
        )


def _numbers_in_dynamodb(condition: Condition, source: str, report: Reporter) -> None:
    """FP109: a number for DynamoDB's N, whose values are strings."""
    names = _below_image(condition, source)
    if not names or names[-1] not in _STRING_TYPES:
        return
    for rule, span, place in _rules_of(condition):
        excludes = isinstance(rule, AnythingBut) and bool(rule.numbers)
        if excludes or isinstance(rule, (Numeric, EqualsNumber)):
            report.warning(
                "FP109",
                span,
                f"DynamoDB delivers the values of {names[-1]} as strings: this "
                + ("holds for every value" if excludes else "never holds"),
                path=place,
                hint='compare with strings: {"N": ["101"]}; ranges cannot be written',
            )


def _type_left_out(condition: Condition, source: str, report: Reporter) -> None:
    """FP110: a place in a DynamoDB image where no value is, most often for want of its type."""
    names = _below_image(condition, source)
    if not names or _is_typed(names, dotted=len(condition.names) != len(names) + 2):
        return
    absent = any(isinstance(rule, Absent) for rule in condition.rules)
    report.warning(
        "FP110",
        condition.span,
        f'no image of DynamoDB has a value at "{".".join(names)}": this '
        + ("holds for every record" if absent else "never holds"),
        path=condition.place,
        hint=f'write the type below each name: "{names[0]}": {{"S": [...]}} or {{"N": [...]}}',
    )


def _below_image(condition: Condition, source: str) -> list[str]:
    """The names below a DynamoDB image; none for another field."""
    first, image, *names = [*condition.path.split("."), ""]
    return names[:-1] if source == first == "dynamodb" and image in _IMAGES else []


def _is_typed(names: list[str], *, dotted: bool) -> bool:
    """Whether an attribute's name, its type, and what is below M and L lead to a value.

    `dotted`: attributes may have dots in their names, so that only the end can be told.
    """
    if dotted:
        return names[-1] in _LEAF_TYPES
    wants_name = True
    for index, name in enumerate(names):
        if wants_name:
            wants_name = False
        elif name == "M":
            wants_name = True
        elif name != "L":
            return name in _LEAF_TYPES and index == len(names) - 1
    return False


def _string_inside(condition: Condition, source: str, report: Reporter) -> None:
    """FP111: fields inside an SNS message, which is a string within the body and never parsed."""
    names = condition.path.split(".")
    if source == "sqs" and names[:2] == ["body", "Message"] and len(names) > 2:
        report.warning(
            "FP111",
            condition.span,
            "the Message of an SNS notification is a string: nothing is below it",
            path=condition.place,
            hint="turn on raw message delivery for the SNS subscription, and leave Message out",
        )


def _detail_as_value(conditions: AllOf, source: str, report: Reporter) -> None:
    """FP111 also: rules for the detail of an EventBridge event, which is an object."""
    payload = _PAYLOADS.get(source)
    base = "" if payload is None else f"{payload}."
    members = list(every(conditions))
    if any(member.path == f"{base}detail-type" for member in members):
        for member in members:
            if member.path == f"{base}detail":
                absent = any(isinstance(rule, Absent) for rule in member.rules)
                report.warning(
                    "FP111",
                    member.span,
                    "the detail of an EventBridge event is an object, no value: this "
                    + ("always holds" if absent else "never holds"),
                    path=member.place,
                    hint='name its fields: "detail": {"name": ["value"]}',
                )


def _exists_on_object(condition: Condition, source: str, report: Reporter) -> None:
    """FP113: `exists` on what is an object in every record; it speaks of scalars."""
    if condition.path not in _OBJECTS.get(source, ()):
        return
    for rule, span, place in _rules_of(condition):
        if isinstance(rule, (Exists, Absent)):
            always = "always" if isinstance(rule, Absent) else "never"
            report.warning(
                "FP113",
                span,
                f'"{condition.path}" is an object, and exists speaks of scalars: this {always} '
                "holds",
                path=place,
                hint="name a field further down",
            )


def _exists_beside_fields(conditions: AllOf, report: Reporter) -> None:
    """FP113 also: `exists` for a field that other fields of the pattern lead through."""
    members = list(every(conditions))
    through = {
        ".".join(names[:length])
        for names in (member.path.split(".") for member in members)
        for length in range(1, len(names))
    }
    for member in members:
        if member.path in through:
            for rule, span, place in _rules_of(member):
                if isinstance(rule, (Exists, Absent)):
                    always = "always" if isinstance(rule, Absent) else "never"
                    report.warning(
                        "FP113",
                        span,
                        f'the pattern has fields inside "{member.path}": there exists, which '
                        f"speaks of scalars, {always} holds",
                        path=place,
                        hint="ask for the fields inside it only",
                    )


def _always_holds(condition: Condition, source: str, report: Reporter) -> None:
    """FP114: rules that between them hold for whatever is there, or is not."""
    kinds = {type(rule) for rule in condition.rules}
    if Absent in kinds and (Exists in kinds or _all_values(condition.rules)):
        report.warning(
            "FP114",
            condition.span,
            "one of these rules holds for every record",
            path=condition.place,
            hint="leave the field out, or one of the rules",
        )


def _all_values(rules: tuple[Operator, ...]) -> bool:
    """Whether an `anything-but` and the very strings that it excludes stand side by side."""
    texts = {rule.value for rule in rules if isinstance(rule, Equals)}
    return any(
        isinstance(rule, AnythingBut)
        and not rule.rules
        and not rule.numbers
        and set(rule.strings) <= texts
        for rule in rules
    )


def _unreachable(condition: Condition, source: str, report: Reporter) -> None:
    """FP115: a rule that adds nothing to another one in the same array."""
    seen: set[Operator] = set()
    wide = [rule for rule in condition.rules if isinstance(rule, (Exists, Prefix, Numeric))]
    for rule, span, place in _rules_of(condition):
        if rule in seen or any(_covers(other, rule) for other in wide):
            report.warning(
                "FP115",
                span,
                "another rule in this array holds wherever this one does",
                path=place,
                hint="any rule of the array may hold: take this one out, or the wider one",
            )
        seen.add(rule)


def _covers(wide: Operator, narrow: Operator) -> bool:
    """Whether one rule holds wherever another, different one does (where that is easily told)."""
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
    """FP116: rules in one array that between them leave no number, or nothing, out; they were meant
    to hold all."""
    if any(isinstance(rule, Exists) for rule in condition.rules):
        return
    ranges = [rule for rule in condition.rules if isinstance(rule, Numeric)]
    exclusions = [rule for rule in condition.rules if isinstance(rule, AnythingBut)]
    if any(_all_numbers(*pair) for pair in permutations(ranges, 2)):
        what, hint = (
            "one of these ranges holds for every number",
            'for both bounds write one rule: {"numeric": [">", 0, "<", 10]}',
        )
    elif any(_exclude_nothing(*pair) for pair in combinations(exclusions, 2)):
        what, hint = (
            "one of these exclusions holds for every value",
            'for several exclusions write one rule: {"anything-but": ["a", "b"]}',
        )
    elif _all_values(condition.rules) and not any(
        isinstance(rule, Absent) for rule in condition.rules
    ):
        what, hint = (
            "one of these holds for every value",
            "take out the values, or the rule that excludes them",
        )
    else:
        return
    report.warning(
        "FP116",
        condition.span,
        f"any of the rules may hold, and {what}",
        path=condition.place,
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


def _never_a_plain_string(condition: Condition, source: str, report: Reporter) -> None:
    """FP117: a rule for plain-string payloads that only JSON, or nothing, could satisfy."""
    if source not in SOURCES or condition.path not in SOURCES[source].payload_keys:
        return
    for rule, span, place in _rules_of(condition):
        text = {Equals: "value", Exactly: "text"}.get(type(rule))
        value = getattr(rule, text) if text else None
        if isinstance(rule, (Absent, EqualsNumber, Numeric)) or (
            text and (not isinstance(value, str) or jsontext.parse(value) is not jsontext.NOT_JSON)
        ):
            report.warning(
                "FP117",
                span,
                f'rules right at "{condition.path}" are for plain strings, and none satisfies '
                "this one: what is valid JSON is no plain string",
                path=place,
                hint=f'for JSON write an object: "{condition.path}": {{"name": ["value"]}}',
            )


_RULES: tuple[Callable[[Condition, str, Reporter], None], ...] = (
    _wrapped,
    _numbers_in_dynamodb,
    _type_left_out,
    _string_inside,
    _exists_on_object,
    _always_holds,
    _unreachable,
    _leave_nothing_out,
    _never_a_plain_string,
)
