"""The entries of the catalog, and the pages that they are based on."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from filterpatterns.errors import Severity
    from filterpatterns.lint.linter import Dialect

WIDTH = 100
"""The number of characters of a line in an example; longer lines (a few examples are about length)
are shortened.
"""


class Example(Struct, frozen=True):
    """A pattern or a FilterCriteria, with its source and dialect."""

    pattern: str | bytes
    source: str
    dialect: Dialect

    @property
    def rendered(self) -> str:
        """Return the pattern for people: very long lines are shortened in the middle."""
        text = self.pattern if isinstance(self.pattern, str) else repr(self.pattern)
        half = WIDTH // 2 - 3
        return "\n".join(
            line if len(line) <= WIDTH else f"{line[:half]} ... {line[-half:]}"
            for line in text.split("\n")
        )


class CatalogEntry(Struct, frozen=True):
    """One code. `basis` is the page of AWS's documentation that it is based on."""

    code: str
    title: str
    meaning: str
    bad: Example
    good: Example
    basis: str

    @property
    def severity(self) -> Severity:
        """`error`: AWS refuses it. `warning`: AWS accepts it, but it is likely a mistake."""
        return "error" if self.code.startswith("FP0") else "warning"


FILTERING = 'Lambda developer guide, "Control which events Lambda sends to your function"'
SQS = 'Lambda developer guide, "Using event filtering with an Amazon SQS event source"'
KINESIS = 'Lambda developer guide, "Using event filtering with a Kinesis event source"'
DYNAMODB = 'Lambda developer guide, "Using event filtering with a DynamoDB event source"'
PATTERNS = 'EventBridge user guide, "Creating Amazon EventBridge event patterns"'
OPERATORS = (
    'EventBridge user guide, "Comparison operators for use in event patterns in Amazon EventBridge"'
)
PIPES = 'EventBridge user guide, "Event filtering in Amazon EventBridge Pipes"'
QUOTAS = 'EventBridge user guide, "Amazon EventBridge quotas"'
EVENTS = 'EventBridge user guide, "Event structure reference"'
CUSTOM_BUS = 'EventBridge user guide, "Custom Event Bus": filtering for subscribers'
STREAMS = 'DynamoDB developer guide, "Time to Live"; DynamoDB Streams API reference, "Record"'
ENGINE = "the open-source engine of EventBridge, aws/event-ruler"
SNS = 'SNS developer guide, "Amazon SNS raw message delivery"'
FILTER_API = 'Lambda API reference, "Filter"'
SUBSTITUTION = 'CloudFormation user guide, "Fn::Sub"'
NO_PAGE = "not from AWS: our own limit"

_LAMBDA = "https://docs.aws.amazon.com/lambda/latest"
_EVENTBRIDGE = "https://docs.aws.amazon.com/eventbridge/latest/userguide"
PAGES = {
    FILTERING: f"{_LAMBDA}/dg/invocation-eventfiltering.html",
    SQS: f"{_LAMBDA}/dg/with-sqs-filtering.html",
    KINESIS: f"{_LAMBDA}/dg/with-kinesis-filtering.html",
    DYNAMODB: f"{_LAMBDA}/dg/with-ddb-filtering.html",
    PATTERNS: f"{_EVENTBRIDGE}/eb-create-pattern.html",
    OPERATORS: f"{_EVENTBRIDGE}/eb-create-pattern-operators.html",
    SNS: "https://docs.aws.amazon.com/sns/latest/dg/sns-large-payload-raw-message-delivery.html",
    FILTER_API: f"{_LAMBDA}/api/API_Filter.html",
    SUBSTITUTION: "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/"
    "intrinsic-function-reference-sub.html",
}
"""Where the pages are."""


def entry(
    code: str,
    title: str,
    meaning: str,
    basis: str,
    bad: str | bytes,
    good: str | bytes,
    source: str = "sqs",
    dialect: Dialect = "lambda",
) -> CatalogEntry:
    """Return an entry whose examples are for one source and dialect."""
    return CatalogEntry(
        code, title, meaning, Example(bad, source, dialect), Example(good, source, dialect), basis
    )


rule_entry = partial(entry, source="event", dialect="eventbridge")
subscriber_entry = partial(entry, source="subscriber", dialect="eventbridge")


def criteria(*patterns: str) -> str:
    """Return a FilterCriteria of these patterns, one line per filter."""
    filters = ",\n  ".join(json.dumps({"Pattern": pattern}) for pattern in patterns)
    return f'{{"Filters": [\n  {filters}\n]}}'


def configuration(*filters: tuple[str, str]) -> str:
    """Return a FilterConfiguration of these scopes and patterns, one line per filter."""
    lines = ",\n  ".join(json.dumps({"Scope": scope, "Pattern": text}) for scope, text in filters)
    return f'{{"Filters": [\n  {lines}\n]}}'


def either(name: str, count: int) -> str:
    """Return a field with a number of `$or` alternatives."""
    alternatives = ", ".join(f'{{"{name}{number}": [1]}}' for number in range(count))
    return f'"{name}": {{"$or": [{alternatives}]}}'


class Note(Struct, frozen=True):
    """A code for findings of `fp check` about a template around its patterns."""

    code: str
    severity: str
    title: str
    meaning: str
