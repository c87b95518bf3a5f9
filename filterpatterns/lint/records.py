"""Checks for fields and values that a source's records never or always have."""

from __future__ import annotations

from filterpatterns.delivery.fields import FIELDS
from filterpatterns.delivery.sources import PAYLOAD_KEYS, SOURCES
from filterpatterns.jsontext import decoding
from filterpatterns.language.conditions import AllOf, Condition, iter_conditions
from filterpatterns.language.diagnostics import Edit, Reporter
from filterpatterns.language.hints import renamed, write
from filterpatterns.language.nodes import Span
from filterpatterns.language.operators import Absent, AnythingBut, Exactly, Exists, Numeric
from filterpatterns.language.operators.equality import Equals, EqualsNumber
from filterpatterns.language.wording import respelled
from filterpatterns.lint.base import LintCheck, rules_of

PAYLOADS = {source: keys[0] for source, keys in PAYLOAD_KEYS.items()}
_OBJECTS = {
    "sqs": ("attributes", "messageAttributes"),
    "dynamodb": ("dynamodb.NewImage", "dynamodb.OldImage", "dynamodb.Keys", "userIdentity"),
    "mq": ("basicProperties",),
}
WRAPPERS = ("body", "kinesis", "Records")
_IMAGES = ("NewImage", "OldImage", "Keys")
_STRING_TYPES = ("S", "N", "B", "SS", "NS", "BS")
_LEAF_TYPES = (*_STRING_TYPES, "BOOL", "NULL")
_EVENT_NAMES = ("INSERT", "MODIFY", "REMOVE")
_IDENTITY = ("type", "principalId")
_NUMBER = '"101"'


_FIELDS = {source: tuple(field.name for field in FIELDS[source]) for source in PAYLOADS}
"""The top-level fields of each source's records that a pattern can name."""

_RECORDS = {
    "sqs": "an SQS record",
    "kinesis": "a Kinesis record",
    "dynamodb": "a DynamoDB record",
    "kafka": "a Kafka record",
    "mq": "an MQ record",
}

_TEXTS: dict[type, str] = {Equals: "value", Exactly: "text"}
"""Rules with one text, and the name of the attribute with the text."""


def is_unknown(condition: Condition, source: str) -> bool:
    """Whether no record of the source has the field. All fields of SQS records are documented; for
    other sources, only misspelled names are certain."""
    if source not in _FIELDS or condition.certain == 0:
        return False
    first = condition.path.partition(".")[0]
    if first in (*_FIELDS[source], *SOURCES[source].added_by_aws, *WRAPPERS):
        return False
    return source == "sqs" or respelled(first, _FIELDS[source]) is not None


def unknown_field(condition: Condition, source: str, report: Reporter) -> None:
    """FP118: a field that no record of the source has."""
    if not is_unknown(condition, source):
        return
    first = condition.path.partition(".")[0]
    meant = respelled(first, _FIELDS[source])
    report.warning(
        "FP118",
        condition,
        f'{_RECORDS[source]} has no "{first}": only exists: false matches it',
        edit=renamed(condition.name_spans, 0, meant) if condition.names[0] == first else None,
        hint=f'write "{meant}"'
        if meant
        else f'the message is below "body": {{"body": {{"{first}": ...}}}}',
    )


def _wrapped(condition: Condition, source: str, report: Reporter) -> None:
    """FP108: a wrapper around the pattern that the source's records, as patterns see them, do not
    have: the body of another source, or an outer level of the Lambda event.
    """
    payload = PAYLOADS.get(source)
    first = condition.path.partition(".")[0]
    if payload is not None and first != payload and first in WRAPPERS:
        report.warning(
            "FP108",
            condition,
            f'a pattern for {source} sees no "{first}": only exists: false matches it',
            hint=f'the payload is "{payload}", at the top of the pattern',
        )


def _numbers_in_dynamodb(condition: Condition, source: str, report: Reporter) -> None:
    """FP109: a number for DynamoDB's N, whose values are strings."""
    names = _below_image(condition, source)
    if not names or names[-1] not in _STRING_TYPES:
        return
    for rule, where in rules_of(condition):
        excludes = isinstance(rule, AnythingBut) and bool(rule.numbers)
        if excludes or isinstance(rule, (Numeric, EqualsNumber)):
            number = f'"{report.source(where.span)}"' if isinstance(rule, EqualsNumber) else None
            example = f'{{"{names[-1]}": [{number or _NUMBER}]}}'
            report.warning(
                "FP109",
                where,
                f"DynamoDB delivers the values of {names[-1]} as strings: this "
                + ("matches every value" if excludes else "never matches"),
                hint=f"compare with strings: {example}; ranges are not possible",
                edit=None if number is None else write(where.span, number),
            )


def _type_left_out(condition: Condition, source: str, report: Reporter) -> None:
    """FP110: a place in a DynamoDB image that has no value, usually because the type is missing."""
    names = _below_image(condition, source)
    if condition.is_open or condition.certain is not None:
        return
    if not names or _is_typed(names, dotted=len(condition.names) != len(names) + 2):
        return
    absent = any(isinstance(rule, Absent) for rule in condition.rules)
    report.warning(
        "FP110",
        condition,
        f'no image of DynamoDB has a value at "{".".join(names)}": this '
        + ("matches every record" if absent else "never matches"),
        hint=f'write the type below each name: "{names[0]}": {{"S": [...]}} or {{"N": [...]}}',
    )


def _below_image(condition: Condition, source: str) -> list[str]:
    """The names below a DynamoDB image; empty for any other field."""
    first, image, *names = [*condition.path.split("."), ""]
    return names[:-1] if source == first == "dynamodb" and image in _IMAGES else []


def _is_typed(names: list[str], *, dotted: bool) -> bool:
    """Whether an attribute's name, its type, and what is below M and L lead to a value.

    `dotted`: attributes may have dots in their names, so that only the end is certain.
    """
    if dotted:
        return names[-1] in _LEAF_TYPES
    expects_name = True
    for index, name in enumerate(names):
        if expects_name:
            expects_name = False
        elif name == "M":
            expects_name = True
        elif name != "L":
            return name in _LEAF_TYPES and index == len(names) - 1
    return False


def _string_inside(condition: Condition, source: str, report: Reporter) -> None:
    """FP111: fields inside an SNS message, which is a string within the body and never parsed."""
    names = condition.path.split(".")
    if source == "sqs" and names[:2] == ["body", "Message"] and len(names) > 2:
        report.warning(
            "FP111",
            condition,
            "the Message of an SNS notification is a string: nothing is below it",
            hint="turn on raw message delivery for the SNS subscription, and leave Message out",
        )


def detail_as_value(conditions: AllOf, source: str, report: Reporter) -> None:
    """FP111, too: rules for the detail of an EventBridge event, which is an object."""
    payload = PAYLOADS.get(source)
    base = "" if payload is None else f"{payload}."
    members = list(iter_conditions(conditions))
    if any(member.path == f"{base}detail-type" for member in members):
        for member in members:
            if member.path == f"{base}detail" and not member.is_open:
                absent = any(isinstance(rule, Absent) for rule in member.rules)
                report.warning(
                    "FP111",
                    member,
                    "the detail of an EventBridge event is an object, not a value: this "
                    + ("always matches" if absent else "never matches"),
                    hint='name its fields: "detail": {"name": ["value"]}',
                )


def _exists_on_object(condition: Condition, source: str, report: Reporter) -> None:
    """FP113: `exists` on a field that is an object in every record; it only applies to scalars."""
    if condition.path not in _OBJECTS.get(source, ()):
        return
    for rule, where in rules_of(condition):
        if isinstance(rule, (Exists, Absent)):
            always = "always" if isinstance(rule, Absent) else "never"
            report.warning(
                "FP113",
                where,
                f'"{condition.path}" is an object, and exists applies only to scalar '
                f"values: this {always} matches",
                hint="name a field inside it",
            )


def _never_a_plain_string(condition: Condition, source: str, report: Reporter) -> None:
    """FP117: a rule for plain-string payloads that only JSON, or nothing, could satisfy."""
    if source not in SOURCES or condition.path not in SOURCES[source].payload_keys:
        return
    for rule, where in rules_of(condition):
        text = _TEXTS.get(type(rule))
        value = getattr(rule, text) if text else None
        if isinstance(rule, (Absent, EqualsNumber, Numeric)) or (
            text and (not isinstance(value, str) or decoding.parse(value) is not decoding.NOT_JSON)
        ):
            report.warning(
                "FP117",
                where,
                f'rules directly at "{condition.path}" are for plain strings, but no plain string '
                "satisfies this one: valid JSON is not a plain string",
                hint=f'for JSON write an object: "{condition.path}": {{"name": ["value"]}}',
            )


def _user_identity(condition: Condition, source: str, report: Reporter) -> None:
    """FP127: a field that the userIdentity of a DynamoDB record does not have."""
    first, _, rest = condition.path.partition(".")
    if source != "dynamodb" or first != "userIdentity" or not rest or rest in _IDENTITY:
        return
    meant = next((name for name in _IDENTITY if name.lower() == rest.lower()), None)
    report.warning(
        "FP127",
        condition,
        f'the userIdentity of a DynamoDB record has no "{rest}": only exists: false matches it',
        hint=f'write "{meant}"' if meant else "it has type and principalId",
        edit=renamed(condition.name_spans, 1, meant) if len(condition.names) == 2 else None,
    )


def _event_name(condition: Condition, source: str, report: Reporter) -> None:
    """FP128: an event name that DynamoDB does not have."""
    if source != "dynamodb" or condition.path != "eventName":
        return
    for rule, where in rules_of(condition):
        if isinstance(rule, (Exists, Absent)):
            continue
        held = [name for name in _EVENT_NAMES if rule.holds(name)]
        if not held:
            value = getattr(rule, _TEXTS.get(type(rule), ""), None)
            name = str(value).upper()
            report.warning(
                "FP128",
                where,
                "DynamoDB has the event names INSERT, MODIFY and REMOVE: this never matches",
                edit=write(where.span, f'"{name}"') if name in _EVENT_NAMES else None,
                hint=f'write "{name}"'
                if name in _EVENT_NAMES
                else "write MODIFY for changed items, INSERT for new items",
            )


def _wrong_type(condition: Condition, source: str, report: Reporter) -> None:
    """FP129: a value of a JSON type that a DynamoDB attribute of that type never has. (Numbers for
    strings are FP109.)"""
    names = _below_image(condition, source)
    if not names or names[-1] not in _LEAF_TYPES:
        return
    if not _is_typed(names, dotted=len(condition.names) != len(names) + 2):
        return
    is_string = names[-1] in _STRING_TYPES
    for rule, where in rules_of(condition):
        value = getattr(rule, "value", None) if isinstance(rule, Equals) else _OTHER
        if is_string:
            wrong = value is None or isinstance(value, bool)
        else:
            wrong = not isinstance(value, bool) and not isinstance(
                rule, (Exists, Absent, AnythingBut)
            )
        if wrong:
            report.warning(
                "FP129",
                where,
                f"DynamoDB delivers {names[-1]} as "
                + ("strings" if is_string else "true or false")
                + ": this never matches",
                hint=_RIGHT_TYPE[is_string],
                edit=_of_right_type(where.span, value, report, is_string=is_string),
            )


_OTHER = "any other rule"
_RIGHT_TYPE = {
    True: 'write a string: {"S": ["true"]}; true and false are below BOOL, null is {"NULL": '
    "[true]}",
    False: 'write true or false without quotes: {"BOOL": [true]}, {"NULL": [true]}',
}


def _of_right_type(span: Span, value: object, report: Reporter, *, is_string: bool) -> Edit | None:
    """The same value with quotes, or without."""
    if is_string:
        return write(span, f'"{report.source(span)}"') if isinstance(value, bool) else None
    return write(span, value) if isinstance(value, str) and value in ("true", "false") else None


RECORD_CHECKS: tuple[LintCheck, ...] = (
    _wrapped,
    _numbers_in_dynamodb,
    _type_left_out,
    _string_inside,
    _exists_on_object,
    _never_a_plain_string,
    _user_identity,
    _event_name,
    _wrong_type,
)
