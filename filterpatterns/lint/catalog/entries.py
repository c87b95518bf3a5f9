"""What an entry of the rule book is, and the pages that entries rest on."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from filterpatterns.errors import Severity
    from filterpatterns.lint.linter import Dialect

WIDTH = 100
"""Characters of a line; of a longer one in an example (a few are about being long) the ends."""


class Example(Struct, frozen=True):
    """A pattern or a FilterCriteria as it would be handed in, and what for."""

    pattern: str | bytes
    source: str
    dialect: Dialect

    @property
    def rendered(self) -> str:
        """The pattern for people: of a very long line the two ends."""
        text = self.pattern if isinstance(self.pattern, str) else repr(self.pattern)
        half = WIDTH // 2 - 3
        return "\n".join(
            line if len(line) <= WIDTH else f"{line[:half]} ... {line[-half:]}"
            for line in text.split("\n")
        )


class CatalogEntry(Struct, frozen=True):
    """One code. `basis` is the page of AWS's documentation that it rests on."""

    code: str
    title: str
    meaning: str
    bad: Example
    good: Example
    basis: str

    @property
    def severity(self) -> Severity:
        """An error is what AWS refuses; a warning what it accepts and is likely meant otherwise."""
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
ENGINE = "the open-source engine behind EventBridge, aws/event-ruler"
SNS = 'SNS developer guide, "Amazon SNS raw message delivery"'
FILTER_API = 'Lambda API reference, "Filter"'
SUBSTITUTION = 'CloudFormation user guide, "Fn::Sub"'
NO_PAGE = "no page of AWS's: the bound is ours"

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
    """An entry whose examples are for one source and dialect."""
    return CatalogEntry(
        code, title, meaning, Example(bad, source, dialect), Example(good, source, dialect), basis
    )


def criteria(*patterns: str) -> str:
    """A FilterCriteria of these patterns, a line a filter."""
    filters = ",\n  ".join(json.dumps({"Pattern": pattern}) for pattern in patterns)
    return f'{{"Filters": [\n  {filters}\n]}}'


def configuration(*filters: tuple[str, str]) -> str:
    """A FilterConfiguration of these scopes and patterns, a line a filter."""
    lines = ",\n  ".join(json.dumps({"Scope": scope, "Pattern": text}) for scope, text in filters)
    return f'{{"Filters": [\n  {lines}\n]}}'


def either(name: str, count: int) -> str:
    """A field with as many `$or` alternatives."""
    alternatives = ", ".join(f'{{"{name}{number}": [1]}}' for number in range(count))
    return f'"{name}": {{"$or": [{alternatives}]}}'


class Note(Struct, frozen=True):
    """A code for what `fp check` says about a template around its patterns."""

    code: str
    severity: str
    title: str
    meaning: str
