"""Filters from a mapping's FilterCriteria or a rule's pattern, in the form of AWS's API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from filterpatterns.delivery.sources import SourceName
from filterpatterns.engine.filter import Filter, compile  # noqa: A004
from filterpatterns.errors import PatternError

_SOURCES: dict[str, SourceName] = {"sqs": "sqs", "kinesis": "kinesis", "dynamodb": "dynamodb"}


def mapping_filter(criteria: Any, source_arn: str) -> Filter | None:
    """Return the filter of an event source mapping; None if it has none.

    Raises:
        PatternError: AWS would refuse the FilterCriteria.
    """
    if not criteria or not (isinstance(criteria, Mapping) and criteria.get("Filters")):
        return None
    service = source_arn.split(":")[2] if source_arn.count(":") >= 2 else ""
    return compile(cast("Any", criteria), source=_SOURCES.get(service, "auto"))


def rule_filter(pattern: str) -> Filter:
    """Return the filter of an EventBridge rule.

    Raises:
        PatternError: AWS would refuse the pattern.
    """
    return compile(pattern, source="event")


def refusal(error: PatternError) -> str:
    """Why a pattern is refused, in one line, as in an API's error message."""
    where = f" (line {error.line}, column {error.column})" if error.line is not None else ""
    return f"{error.message}{where}"
