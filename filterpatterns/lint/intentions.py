"""FP140 and up: valid rules that probably do not mean what their author intended."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from filterpatterns.language.conditions import AllOf, Condition, iter_conditions
from filterpatterns.language.diagnostics import Edit, Reporter
from filterpatterns.language.hints import write
from filterpatterns.language.operators import OPERATORS, Exactly
from filterpatterns.language.operators.equality import Equals, EqualsNumber
from filterpatterns.language.wording import format_value, truncate
from filterpatterns.lint.base import LintCheck, rules_of
from filterpatterns.lint.records import PAYLOADS

_REFERENCE = re.compile(r"\$\{[A-Za-z_][\w.:-]*\}|^!(?:Ref|GetAtt|Sub|ImportValue|Join)\b")
"""References that CloudFormation, Terraform or a shell would have replaced with a value."""

_POLICY_WORDS = frozenset(("action", "notaction", "resource", "notresource", "principal", "aws"))
"""Fields of IAM policies, which are in CloudTrail events: there a star is a literal value."""

_ACCOUNT_IDS = range(10**8, 10**12)
"""Numbers of up to 12 digits; shorter ones have lost leading zeros."""


def _texts(condition: Condition) -> list[tuple[str, int]]:
    """The plain strings among the rules, each with its index."""
    return [
        (text, index)
        for index, rule in enumerate(condition.rules)
        if isinstance(text := _text(rule), str)
    ]


def _text(rule: object) -> object:
    if isinstance(rule, Equals):
        return rule.value
    return rule.text if isinstance(rule, Exactly) else None


def _operator_in_a_string(condition: Condition, source: str, report: Reporter) -> None:
    """FP140: a string that contains the JSON of an operator."""
    for text, index in _texts(condition):
        name = _operator_of(text)
        if name is not None:
            report.warning(
                "FP140",
                condition.at(index),
                f"the operator {name} is inside a string: it equals only this exact text",
                hint=f"write the object without the quotes around it: {truncate(text.strip())}",
                edit=Edit("Write the operator itself", condition.spans[index], text.strip()),
            )


def _operator_of(text: str) -> str | None:
    """The operator whose JSON is in a text."""
    if not text.lstrip().startswith("{"):
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if isinstance(value, dict) and len(value) == 1:
        (name,) = value
        return name if name in OPERATORS else None
    return None


def _literal_star(condition: Condition, source: str, report: Reporter) -> None:
    """FP141: a star at the beginning or end of a plain string, where it is not a wildcard."""
    if condition.names[-1].lower() in _POLICY_WORDS:
        return
    for text, index in _texts(condition):
        if not _looks_like_a_wildcard(text):
            continue
        operand = name = ""
        if text.strip("*") == "":
            hint = 'for "any value" write {"exists": true}, or leave the field out'
        elif text.endswith("*") and "*" not in text[:-1]:
            name, operand = "prefix", text[:-1]
        elif text.startswith("*") and "*" not in text[1:]:
            name, operand = "suffix", text[1:]
        else:
            name, operand = "wildcard", text
        rule = '{"exists": true}'
        if name:
            hint = f'write {{"{name}": {format_value(operand)}}}'
            rule = json.dumps({name: operand}, ensure_ascii=False)
        report.warning(
            "FP141",
            condition.at(index),
            f"the star in {format_value(text)} is a plain star: only a value with a star equals it",
            hint=hint,
            edit=write(condition.spans[index], rule),
        )


def _looks_like_a_wildcard(text: str) -> bool:
    """Whether a star is at the beginning or end of a text that is one word, and not a separate word
    as in `*/*`."""
    if "*" not in text or any(char.isspace() for char in text):
        return False
    if text.strip("*") in ("/", "") and text != "*":
        return False
    return text.startswith("*") or text.endswith("*")


def _unresolved_reference(condition: Condition, source: str, report: Reporter) -> None:
    """FP142: a reference that was not replaced with a value."""
    for text, index in _texts(condition):
        found = _REFERENCE.search(text)
        if found is None:
            continue
        hint = "put !Sub in front of the string"
        if found[0].startswith("!"):
            hint = "inside a string a tag is text: write !Sub and ${Name}"
        report.warning(
            "FP142",
            condition.at(index),
            f"{format_value(found[0])} is plain text here: nothing replaces it",
            hint=hint,
        )


def _account_as_number(condition: Condition, source: str, report: Reporter) -> None:
    """FP143: an account id as a number; in events it is a string."""
    names = condition.path.split(".")
    payload = PAYLOADS.get(source)
    is_envelope = names == ["account"] or names == [payload, "account"]
    if not is_envelope and not (source == "event" and names[-1].lower().endswith("accountid")):
        return
    for rule, where in rules_of(condition):
        if not isinstance(rule, EqualsNumber):
            continue
        number = rule.double
        if number is not None and number in _ACCOUNT_IDS:
            report.warning(
                "FP143",
                where,
                "an account id is a string in events: this number never equals it",
                hint=f'write "{int(number):012}", with quotes',
                edit=write(where.span, f'"{int(number):012}"'),
            )


INTENTION_CHECKS: tuple[LintCheck, ...] = (
    _operator_in_a_string,
    _literal_star,
    _unresolved_reference,
    _account_as_number,
)


def divided_between_filters(filters: Sequence[tuple[AllOf, Reporter]]) -> None:
    """FP144: one filter has only fields outside the DynamoDB image, another only the image.

    To select the inserts with a certain image, both have to be in one filter. REMOVE in one filter,
    and an image that it does not have in another, is what people do intend.
    """
    heads = [
        {member.path.partition(".")[0] for member in iter_conditions(conditions)}
        for conditions, _ in filters
    ]
    if {"dynamodb"} not in heads:
        return
    for (conditions, report), names in zip(filters, heads, strict=True):
        if names != {"eventName"}:
            continue
        members = list(iter_conditions(conditions))
        if not report.errors and not all(_is_removal(member) for member in members):
            report.warning(
                "FP144",
                members[0],
                "a record is kept if any filter matches: this one keeps it whatever its image is, "
                "another one whatever its eventName is",
                hint='if both must match, write them in one filter: {"eventName": [...], '
                '"dynamodb": {...}}',
            )


def _is_removal(condition: Condition) -> bool:
    return all(text == "REMOVE" for text, _ in _texts(condition)) and bool(condition.rules)
