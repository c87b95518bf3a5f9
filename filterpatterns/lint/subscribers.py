"""Patterns that subscribers of a Custom Event Bus refuse (EventBridge user guide, "Custom Event
Bus")."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from filterpatterns.delivery.sources import Source
from filterpatterns.errors import Diagnostic
from filterpatterns.jsontext import decoding
from filterpatterns.language.conditions import AllOf, AnyOf, Condition, iter_conditions
from filterpatterns.language.diagnostics import OnlyInWords, Reporter, Where
from filterpatterns.language.inputs import NO_FILTERS, SCOPE_HINT, PatternText
from filterpatterns.language.nodes import Span
from filterpatterns.language.operators import AnythingBut, Equals, Wildcard
from filterpatterns.language.operators.equality import EqualsAddress, EqualsNumber
from filterpatterns.lint.base import rules_of

MAX_CONFIGURATION_BYTES = 4096
"""The total size of all patterns of a FilterConfiguration in bytes of UTF-8."""

_CONFIGURATION_HINT = (
    'write {"Filters": [{"Scope": "DATA", "Pattern": "{\\"detail\\": {\\"a\\": [1]}}"}]}'
)
_ONLY_SUBSCRIBERS = (
    "only filters of subscribers of a Custom Event Bus have a Scope and a Language: remove them, "
    'or use source="subscriber" (fp: --source subscriber)'
)
_PLAIN = (Equals, EqualsNumber, EqualsAddress)


def scope_errors(texts: Sequence[PatternText], source: Source) -> list[Diagnostic]:
    """Report errors in the filters of a FilterConfiguration outside their patterns, or scopes where
    there must be none."""
    errors: list[Diagnostic] = []
    if not source.scopes:
        for text in texts:
            if text.scope:
                errors += _error(
                    "FP023",
                    f"a filter for {source.name} has no Scope",
                    _ONLY_SUBSCRIBERS,
                    text,
                    ".Scope",
                )
        if not errors and any(text.scope is not None for text in texts):
            message = (
                f"filters for {source.name} must be a FilterCriteria, found a FilterConfiguration"
            )
            errors += _error("FP023", message, _ONLY_SUBSCRIBERS, None)
        return errors
    if not texts:
        return _error("FP031", *NO_FILTERS, None)
    seen: dict[str, int] = {}
    for number, text in enumerate(texts, 1):
        if text.scope is None or text.scope not in source.scopes:
            hint = SCOPE_HINT if text.filter_index is not None else _CONFIGURATION_HINT
            errors += _error("FP024", _bad_scope(text.scope), hint, text, ".Scope")
        elif text.scope in seen:
            errors += _error(
                "FP025",
                f"a second filter for {text.scope}, after filter {seen[text.scope]}: AWS takes at "
                "most one for each scope",
                "write both in one pattern: all its fields must match; for alternatives use $or",
                text,
                ".Scope",
            )
        else:
            seen[text.scope] = number
    size = sum(len(text.text.encode("utf-8", "surrogatepass")) for text in texts)
    if size > MAX_CONFIGURATION_BYTES:
        errors += _error(
            "FP026",
            f"the patterns have {size:,} bytes together; AWS allows at most "
            f"{MAX_CONFIGURATION_BYTES:,}",
            "leave out white space; prefix, suffix and numeric take less room than lists of values",
            None,
        )
    return errors


def _bad_scope(scope: str | None) -> str:
    if not scope:
        return "a filter of a subscriber must have a Scope"
    return f'unknown Scope "{scope}"'


def _error(
    code: str, message: str, hint: str, text: PatternText | None, member: str = ""
) -> list[Diagnostic]:
    index = None if text is None else text.filter_index
    reporter = Reporter("", filter_index=index)
    path = "" if index is None else f"Filters[{index}]{member}"
    reporter.error(code, OnlyInWords(path), message, hint=hint)
    return reporter.errors


def scoped(conditions: AllOf, name: str) -> AllOf:
    """The conditions of a filter as conditions on the whole event, below the member named by its
    scope."""
    return tuple(
        replace(
            member,
            names=(name, *member.names),
            alternatives=tuple(scoped(one, name) for one in member.alternatives),
        )
        if isinstance(member, AnyOf)
        else replace(member, names=(name, *member.names))
        for member in conditions
    )


def is_refused_array(pattern: PatternText, report: Reporter) -> bool:
    """FP029: an array at the root of a DATA pattern. Report it, and return whether it is one."""
    if pattern.scope != "DATA" or not isinstance(decoding.parse(pattern.text), list):
        return False
    report.error(
        "FP029",
        Where(Span(0, len(pattern.text))),
        "a DATA pattern with an array at its root is not supported: AWS does not document what it "
        "means",
        hint='write an object: {"name": ["value"]}',
    )
    return True


def refuse_operators(conditions: AllOf, scope: str, report: Reporter) -> None:
    """FP027, FP028: rules that the filters of a subscriber do not accept."""
    if scope == "METADATA":
        _exact_values_only(conditions, report)
        return
    for condition in iter_conditions(conditions):
        for rule, where in rules_of(condition):
            inner = rule.rules if isinstance(rule, AnythingBut) else (rule,)
            if any(isinstance(one, Wildcard) for one in inner):
                report.error(
                    "FP027",
                    where,
                    "subscribers of a Custom Event Bus do not support wildcard",
                    hint="use prefix, suffix or equals-ignore-case",
                )


def _exact_values_only(conditions: AllOf, report: Reporter) -> None:
    for member in conditions:
        if isinstance(member, AnyOf):
            report.error(
                "FP028",
                Where(member.span, ".".join((*member.names, "$or"))),
                "METADATA allows only exact values, found $or",
                hint='list the values of a field in its array: "name": ["a", "b"]',
            )
            continue
        _refuse_operators_of(member, report)


def _refuse_operators_of(condition: Condition, report: Reporter) -> None:
    for rule, where in rules_of(condition):
        if not isinstance(rule, _PLAIN):
            report.error(
                "FP028",
                where,
                "METADATA allows only exact values, found an operator",
                hint="write the values themselves, or filter on DATA",
            )
