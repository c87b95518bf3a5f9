"""Warns about conditions that AWS accepts silently but that are likely mistakes.

Each function is one check, with its code in `docs/reference/rules.md`. These are mistakes that
people report repeatedly: the mapping is accepted, but records are dropped.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from filterpatterns.delivery.sources import SOURCES
from filterpatterns.language.conditions import AllOf, Condition, iter_conditions
from filterpatterns.language.diagnostics import Reporter
from filterpatterns.language.operators import (
    REFERENCES,
    Absent,
    AnythingBut,
    Operator,
    Prefix,
    Suffix,
    name_of,
)
from filterpatterns.language.operators.reference import SERVICES
from filterpatterns.language.operators.unknown import UnknownRule
from filterpatterns.lint.base import rules_of
from filterpatterns.lint.engine_edges import ENGINE_CHECKS, report_lost_alternatives
from filterpatterns.lint.eventbridge import complex_wildcards, too_long, unknown_top_level
from filterpatterns.lint.intentions import INTENTION_CHECKS, divided_between_filters
from filterpatterns.lint.records import (
    PAYLOADS,
    RECORD_CHECKS,
    WRAPPERS,
    detail_as_value,
    is_unknown,
    unknown_field,
)
from filterpatterns.lint.redundancy import REDUNDANCY_CHECKS, exists_beside_fields

__all__ = ["ADVICE", "DIALECTS", "Dialect", "default_dialect", "lint", "lint_together"]


Dialect = Literal["lambda", "pipes", "eventbridge"]
DIALECTS: tuple[Dialect, ...] = ("lambda", "pipes", "eventbridge")
ADVICE = ("FP107", "FP118", "FP121", "FP122")
"""Warnings that matter before deployment, but that may be intended for other records."""

_SAMPLED = {"dynamodb": ("eventName", "userIdentity"), "mq": ("basicProperties",)}


_NOT_IN_PIPES = frozenset(
    (
        *("awsRegion", "eventSource", "eventSourceARN", "eventSourceKey", "eventVersion"),
        *("eventID", "eventName", "invokeIdentityArn"),
    )
)
"""Fields that a pipe cannot filter on (EventBridge user guide, "Event filtering in Amazon
EventBridge Pipes")."""


def default_dialect(source: str) -> Dialect:
    """The service that a source's patterns are most likely written for."""
    return "eventbridge" if source in ("event", "subscriber") else "lambda"


def lint(
    conditions: AllOf,
    source: str,
    dialect: str | None,
    report: Reporter,
    *,
    text: str,
    strict: bool,
    advice: tuple[str, ...],
    errors_only: bool = False,
) -> None:
    """Report likely mistakes in one pattern.

    If `dialect` is None, it is the default of the source. `text` is the pattern's text; `strict`
    turns undocumented operators into errors; `advice` has the selected codes of `ADVICE`.
    `errors_only` skips the checks that only produce warnings.
    """
    is_named = dialect is not None
    dialect = dialect or default_dialect(source)
    if dialect == "eventbridge" and source == "event":
        complex_wildcards(conditions, report)
        if is_named or "FP121" in advice:
            too_long(text, report)
        if is_named or "FP122" in advice:
            unknown_top_level(conditions, report, only_misspelled=not is_named)
    if strict or not errors_only:
        for condition in iter_conditions(conditions):
            _undocumented(condition, dialect, strict, report)
    if errors_only:
        return
    for condition in iter_conditions(conditions):
        if dialect == "pipes":
            _not_in_pipes(condition, source, report)
        if "FP118" in advice:
            unknown_field(condition, source, report)
        if "FP107" in advice:
            _metadata(condition, source, dialect, report)
        for check in (*RECORD_CHECKS, *REDUNDANCY_CHECKS, *ENGINE_CHECKS, *INTENTION_CHECKS):
            check(condition, source, report)
    report_lost_alternatives(conditions, report)
    exists_beside_fields(conditions, report)
    detail_as_value(conditions, source, report)


def lint_together(filters: Sequence[tuple[AllOf, Reporter]]) -> None:
    """Report several filters that look as if all of them were meant to apply (FP112, FP144)."""
    if len(filters) < 2:
        return
    divided_between_filters(filters)
    for conditions, report in filters:
        members = [] if report.errors else list(iter_conditions(conditions))
        if members and all(_keeps_nearly_all(member) for member in members):
            report.warning(
                "FP112",
                members[0],
                "a record is kept if any filter matches, and this one matches nearly all records",
                hint="for conditions that must all match, write one filter with all fields",
            )


def _keeps_nearly_all(condition: Condition) -> bool:
    return all(isinstance(rule, (AnythingBut, Absent)) for rule in condition.rules)


def _undocumented(condition: Condition, dialect: str, strict: bool, report: Reporter) -> None:
    """FP105: an operator that the service's documentation does not list.

    Lambda developer guide, "Filter rule syntax"; EventBridge user guide, "Comparison operators" and
    "Event filtering in Amazon EventBridge Pipes".
    """
    for rule, where in rules_of(condition):
        example = rule.example if isinstance(rule, UnknownRule) else rule
        name = None if example is None else _undocumented_name(example, dialect)
        if name is not None:
            say = report.error if strict else report.warning
            say(
                "FP105",
                where,
                f"{name} is not documented for {SERVICES[dialect]}",
                hint="it may work today, but the documentation does not guarantee it",
            )


def _undocumented_name(rule: Operator, dialect: str) -> str | None:
    name = name_of(rule)
    if name is not None and dialect not in REFERENCES[name].documented:
        return name
    if dialect == "eventbridge":
        return None
    if isinstance(rule, AnythingBut) and rule.rules:
        return "anything-but with an operator"
    if dialect == "lambda" and isinstance(rule, (Prefix, Suffix)) and rule.spelling is not None:
        return "prefix or suffix ignoring case"
    return None


def _not_in_pipes(condition: Condition, source: str, report: Reporter) -> None:
    """FP130: a field that Pipes cannot filter on. Fields that AWS adds after filtering are
    FP104."""
    first = condition.path.partition(".")[0]
    if first in _NOT_IN_PIPES and first not in SOURCES[source].added_by_aws:
        report.warning(
            "FP130",
            condition,
            f'Pipes cannot filter on "{first}"',
            hint="filter on the payload, or in the enrichment or the target",
        )


def _metadata(condition: Condition, source: str, dialect: str, report: Reporter) -> None:
    """FP107: a field outside the payload; the newest Lambda pages say that only the payload is
    filtered on. Fields used in AWS's own samples and tutorials are not reported.
    """
    payload = PAYLOADS.get(source)
    first = condition.path.partition(".")[0]
    if condition.certain == 0:
        return
    if payload is None or dialect != "lambda" or first in (payload, *WRAPPERS):
        return
    if is_unknown(condition, source):
        return
    if first in _SAMPLED.get(source, ()) or first in SOURCES[source].added_by_aws:
        return
    report.warning(
        "FP107",
        condition,
        f'"{condition.path}" is not a field of the payload "{payload}"',
        hint=f'Lambda documents filtering on "{payload}" only; other fields have worked so far',
    )
