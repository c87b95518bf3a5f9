"""The rule book: what each code means, an example of it, and how to mend it.

`python -m filterpatterns.rulebook` prints it as Markdown: `docs/rules.md` is that.
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from filterpatterns.errors import Severity
    from filterpatterns.lint import Dialect

_WIDTH = 100
"""Characters of a line; of a longer one in an example (a few are about being long) the ends."""


@dataclass(frozen=True, slots=True)
class Example:
    """A pattern or a FilterCriteria as it would be handed in, and what for."""

    pattern: str | bytes
    source: str
    dialect: Dialect

    @property
    def shown(self) -> str:
        """The pattern for people: of a very long line the two ends."""
        text = self.pattern if isinstance(self.pattern, str) else repr(self.pattern)
        half = _WIDTH // 2 - 3
        return "\n".join(
            line if len(line) <= _WIDTH else f"{line[:half]} ... {line[-half:]}"
            for line in text.split("\n")
        )


@dataclass(frozen=True, slots=True)
class Rule:
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


_FILTERING = 'Lambda developer guide, "Control which events Lambda sends to your function"'
_SQS = 'Lambda developer guide, "Using event filtering with an Amazon SQS event source"'
_KINESIS = 'Lambda developer guide, "Using event filtering with a Kinesis event source"'
_DYNAMODB = 'Lambda developer guide, "Using event filtering with a DynamoDB event source"'
_PATTERNS = 'EventBridge user guide, "Creating Amazon EventBridge event patterns"'
_OPERATORS = (
    'EventBridge user guide, "Comparison operators for use in event patterns in Amazon EventBridge"'
)
_SNS = 'SNS developer guide, "Amazon SNS raw message delivery"'
_FILTER_API = 'Lambda API reference, "Filter"'
_NO_PAGE = "no page of AWS's: the bound is ours"


def _rule(
    code: str,
    title: str,
    meaning: str,
    basis: str,
    bad: str | bytes,
    good: str | bytes,
    source: str = "sqs",
    dialect: Dialect = "lambda",
) -> Rule:
    return Rule(
        code, title, meaning, Example(bad, source, dialect), Example(good, source, dialect), basis
    )


def _criteria(*patterns: str) -> str:
    """A FilterCriteria of these patterns, a line a filter."""
    filters = ",\n  ".join(json.dumps({"Pattern": pattern}) for pattern in patterns)
    return f'{{"Filters": [\n  {filters}\n]}}'


def _either(name: str, count: int) -> str:
    alternatives = ", ".join(f'{{"{name}{number}": [1]}}' for number in range(count))
    return f'"{name}": {{"$or": [{alternatives}]}}'


_RULES = (
    _rule(
        "FP001",
        "not JSON",
        "The text is not JSON (RFC 8259): a comma, a bracket or a quote is missing or too many, or "
        "it has comments, single quotes or the like. AWS refuses it.",
        _FILTERING,
        '{"body": {"status": ["paid"],}}',
        '{"body": {"status": ["paid"]}}',
    ),
    _rule(
        "FP002",
        "not an object",
        "A pattern is a JSON object. An array of alternatives is written with $or or as several "
        "filters; a string that holds a pattern was encoded as JSON twice.",
        _FILTERING,
        _criteria('"{\\"body\\": {\\"status\\": [\\"paid\\"]}}"'),
        _criteria('{"body": {"status": ["paid"]}}'),
    ),
    _rule(
        "FP003",
        "empty object",
        "An object without members has no condition in it. A pattern that keeps everything is no "
        "filter at all; a field with any value is asked for with exists.",
        _PATTERNS,
        '{"body": {"customer": {}}}',
        '{"body": {"customer": {"id": [{"exists": true}]}}}',
    ),
    _rule(
        "FP004",
        "empty array",
        "An array without rules could never hold.",
        _PATTERNS,
        '{"body": {"status": []}}',
        '{"body": {"status": [{"exists": true}]}}',
    ),
    _rule(
        "FP005",
        "value without array",
        "A field's rules stand in an array, also where there is only one.",
        _PATTERNS,
        '{"body": {"status": "paid"}}',
        '{"body": {"status": ["paid"]}}',
    ),
    _rule(
        "FP006",
        "array in an array",
        "An array of rules is flat. Arrays in the event need no array in the pattern: each of "
        "their values is looked at.",
        'EventBridge user guide, "Arrays in Amazon EventBridge event patterns"',
        '{"body": {"tags": [["red", "blue"]]}}',
        '{"body": {"tags": ["red", "blue"]}}',
    ),
    _rule(
        "FP007",
        "unknown operator",
        "An object in an array of rules is an operator, and there is none of that name. Names are "
        "in lower case. A field one level down is written without the array around it.",
        _OPERATORS,
        '{"body": {"path": [{"startsWith": "/api/"}]}}',
        '{"body": {"path": [{"prefix": "/api/"}]}}',
    ),
    _rule(
        "FP008",
        "not exactly one operator",
        "A rule has one operator. Two rules in one array hold if either does; there is no way to "
        "ask one field for both, except numeric with two bounds or a wildcard.",
        _OPERATORS,
        '{"detail": {"key": [{"prefix": "in/", "suffix": ".csv"}]}}',
        '{"detail": {"key": [{"wildcard": "in/*.csv"}]}}',
        source="event",
        dialect="eventbridge",
    ),
    _rule(
        "FP009",
        "operand of the wrong type",
        "The operator does not take this operand: exists takes true or false, prefix and its kin "
        "one string, anything-but strings or numbers but not both.",
        _OPERATORS,
        '{"body": {"path": [{"prefix": ["/api/", "/v2/"]}]}}',
        '{"body": {"path": [{"prefix": "/api/"}, {"prefix": "/v2/"}]}}',
    ),
    _rule(
        "FP010",
        "malformed numeric",
        "numeric takes one comparison and a number, or a lower bound and then an upper bound above "
        "it. The numbers have no quotes.",
        _OPERATORS,
        '{"body": {"total": [{"numeric": [">", "100"]}]}}',
        '{"body": {"total": [{"numeric": [">", 100]}]}}',
    ),
    _rule(
        "FP011",
        "number that no double holds",
        "AWS compares numbers as IEEE doubles. One with more digits than a double has, or beyond "
        "1.8e308, is no operand.",
        _OPERATORS,
        '{"body": {"id": [{"numeric": [">=", 9007199254740993]}]}}',
        '{"body": {"id": [{"numeric": [">=", 9007199254740992]}]}}',
    ),
    _rule(
        "FP012",
        "malformed wildcard",
        "In a wildcard no two stars stand side by side, and a backslash stands before a star or "
        "another backslash only (in JSON each of them is doubled).",
        _OPERATORS,
        '{"detail": {"key": [{"wildcard": "in/**/*.csv"}]}}',
        '{"detail": {"key": [{"wildcard": "in/*/*.csv"}]}}',
        source="event",
        dialect="eventbridge",
    ),
    _rule(
        "FP013",
        "malformed address block",
        "cidr takes an address, a slash and a mask shorter than the whole address. One address "
        "alone is a plain value.",
        _OPERATORS,
        '{"detail": {"source-ip": [{"cidr": "10.0.0.7/32"}]}}',
        '{"detail": {"source-ip": ["10.0.0.7"]}}',
        source="event",
        dialect="eventbridge",
    ),
    _rule(
        "FP014",
        "malformed $or",
        "$or takes an array of two objects or more.",
        _OPERATORS,
        '{"body": {"$or": {"status": ["paid"], "total": [0]}}}',
        '{"body": {"$or": [{"status": ["paid"]}, {"total": [0]}]}}',
    ),
    _rule(
        "FP015",
        "operator's name as a field in $or",
        "Inside $or a field may not be named like an operator: AWS takes it for one.",
        _OPERATORS,
        '{"body": {"$or": [{"prefix": ["Dr"]}, {"title": ["Dr"]}]}}',
        '{"body": {"$or": [{"name": [{"prefix": "Dr"}]}, {"title": ["Dr"]}]}}',
    ),
    _rule(
        "FP016",
        "too many $or combinations",
        "The alternatives of all $or multiply out to more than 1,000 combinations. Alternatives "
        "that differ in one field's value only are one array of values.",
        _OPERATORS,
        "{" + ", ".join(_either(name, 11) for name in "abc") + "}",
        "{" + ", ".join(_either(name, 10) for name in "abc") + "}",
        source="event",
        dialect="eventbridge",
    ),
    _rule(
        "FP017",
        "pattern too long",
        "A pattern has 4,096 characters at most, white space included.",
        _FILTER_API,
        '{"body": {"id": [' + ", ".join(f'"order-{n:04}"' for n in range(400)) + "]}}",
        '{"body": {"id": [{"prefix": "order-0"}]}}',
    ),
    _rule(
        "FP018",
        "pattern nested too deep",
        "A pattern has 200 levels at most. AWS names no such limit; 4,096 characters leave room "
        "for few more.",
        _NO_PAGE,
        '{"a":' * 200 + '["x"]' + "}" * 200,
        '{"' + ".".join(["a"] * 200) + '": ["x"]}',
        source="event",
        dialect="eventbridge",
    ),
    _rule(
        "FP019",
        "filter without a Pattern",
        'A filter of a FilterCriteria is an object with a "Pattern", in upper case.',
        _FILTERING,
        '{"Filters": [{"pattern": "{\\"body\\": {\\"status\\": [\\"paid\\"]}}"}]}',
        _criteria('{"body": {"status": ["paid"]}}'),
    ),
    _rule(
        "FP020",
        "too many filters",
        "A FilterCriteria has five filters at most, ten after a quota increase. What they have in "
        "common can be one filter with $or, or one array of values.",
        _FILTERING,
        _criteria(*(f'{{"body": {{"kind": [{kind}]}}}}' for kind in range(6))),
        _criteria('{"body": {"kind": [0, 1, 2, 3, 4, 5]}}'),
    ),
    _rule(
        "FP021",
        "plain-string pattern where none is taken",
        "Kinesis and DynamoDB mappings take patterns for JSON only: below the payload's name "
        "stands an object with fields.",
        _KINESIS,
        '{"data": [{"prefix": "ERROR"}]}',
        '{"data": {"level": ["ERROR"]}}',
        source="kinesis",
    ),
    _rule(
        "FP022",
        "not UTF-8",
        "The bytes are no UTF-8 text, which JSON is.",
        _FILTERING,
        '{"body": {"city": ["K\u00f6ln"]}}'.encode("latin-1"),
        '{"body": {"city": ["K\u00f6ln"]}}'.encode(),
    ),
    _rule(
        "FP101",
        "repeated name",
        "A name stands twice in one object: only its last value counts. All rules for a field "
        "stand in one array, all fields of an object in one object.",
        _PATTERNS,
        '{\n  "body": {\n    "status": ["paid"],\n    "status": ["sent"]\n  }\n}',
        '{\n  "body": {\n    "status": ["paid", "sent"]\n  }\n}',
    ),
    _rule(
        "FP102",
        "path reached twice",
        'One path is spelled in two ways, {"a": {"b": ...}} and "a.b", or stands both inside and '
        "beside a $or: only the last rules count.",
        _PATTERNS,
        '{"body": {"status": ["paid"]}, "body.status": ["sent"]}',
        '{"body": {"status": ["paid", "sent"]}}',
    ),
    _rule(
        "FP103",
        "Pattern is an object",
        "AWS wants a filter's Pattern as a string that holds JSON, not as JSON itself. We take it; "
        "AWS refuses it.",
        _FILTERING,
        '{"Filters": [{"Pattern": {"body": {"status": ["paid"]}}}]}',
        _criteria('{"body": {"status": ["paid"]}}'),
    ),
    _rule(
        "FP104",
        "field that AWS adds after filtering",
        "eventSource, eventSourceARN and awsRegion, and for Kinesis eventName, eventID and others, "
        "are not there yet when AWS filters: a rule for them never holds, unless exists: false. A "
        "mapping has one event source anyway.",
        _FILTERING,
        '{"eventSource": ["aws:sqs"], "body": {"status": ["paid"]}}',
        '{"body": {"status": ["paid"]}}',
    ),
    _rule(
        "FP105",
        "operator not documented for the service",
        "The engine behind all three services takes every operator, but the documentation of this "
        "service does not list it: it may work today, and nobody promises that it will tomorrow. "
        "Lambda documents no wildcard, no cidr, no anything-but with an operator, and no prefix or "
        "suffix ignoring case; Pipes documents the last of these only. An error where asked to be "
        "strict.",
        _OPERATORS,
        '{"body": {"key": [{"wildcard": "in/*"}]}}',
        '{"body": {"key": [{"prefix": "in/"}]}}',
    ),
    _rule(
        "FP106",
        "number that nothing equals",
        "No IEEE double is that large, so no number of an event equals it.",
        _OPERATORS,
        '{"body": {"total": [1e400]}}',
        '{"body": {"total": [1e300]}}',
    ),
    _rule(
        "FP107",
        "field beside the payload",
        "The newest Lambda pages say that mappings filter on the payload only (body, data, "
        "dynamodb, value). Other fields have worked so far; and a pattern that forgot the "
        "payload's name looks like this, too.",
        _SQS,
        '{"status": ["paid"]}',
        '{"body": {"status": ["paid"]}}',
    ),
    _rule(
        "FP108",
        "wrapper that records do not have",
        "Patterns speak of a record from the payload's name down: dynamodb, data, value. A body "
        "around it, or the outer objects of the Lambda event (Records, kinesis), leads nowhere.",
        _KINESIS,
        '{"body": {"data": {"status": ["paid"]}}}',
        '{"data": {"status": ["paid"]}}',
        source="kinesis",
    ),
    _rule(
        "FP109",
        "number for a DynamoDB string",
        'A DynamoDB record holds numbers as strings, {"N": "101"}, so a number never equals '
        "one, and numeric never holds. Ranges of them cannot be filtered.",
        _DYNAMODB,
        '{\n  "dynamodb": {\n    "NewImage": {\n      "Total": {"N": [{"numeric": [">", 100]}]}\n'
        "    }\n  }\n}",
        '{\n  "dynamodb": {\n    "NewImage": {\n      "Total": {"N": [{"anything-but": "0"}]}\n'
        "    }\n  }\n}",
        source="dynamodb",
    ),
    _rule(
        "FP110",
        "DynamoDB type left out",
        "Each value in an image has its type above it (S, N, BOOL ...), below M the next names "
        "follow, below L the next types. Without the type nothing is found, and exists: false "
        "holds for every record.",
        _DYNAMODB,
        '{\n  "dynamodb": {\n    "NewImage": {\n      "Id": ["1"]\n    }\n  }\n}',
        '{\n  "dynamodb": {\n    "NewImage": {\n      "Id": {"N": ["1"]}\n    }\n  }\n}',
        source="dynamodb",
    ),
    _rule(
        "FP111",
        "look inside an envelope that is not so",
        "The Message of an SNS notification in a queue is a string, and is not parsed: nothing is "
        "below it. The detail of an EventBridge event is an object: no plain value equals it.",
        _SNS,
        '{"body": {"Message": {"status": ["paid"]}}}',
        '{"body": {"status": ["paid"]}}',
    ),
    _rule(
        "FP112",
        "filters that were meant to hold together",
        "A record is kept if any filter holds. One that only excludes something holds for nearly "
        "all records, so that the others do not matter.",
        _FILTERING,
        _criteria(
            '{"body": {"status": ["paid"]}}', '{"body": {"country": [{"anything-but": "DE"}]}}'
        ),
        _criteria('{"body": {"status": ["paid"], "country": [{"anything-but": "DE"}]}}'),
    ),
    _rule(
        "FP113",
        "exists on an object",
        "exists speaks of values: strings, numbers, true, false and null. On an object exists: "
        "true never holds and exists: false always does.",
        _OPERATORS,
        '{\n  "dynamodb": {\n    "OldImage": [{"exists": false}]\n  }\n}',
        '{\n  "dynamodb": {\n    "OldImage": {"Id": {"N": [{"exists": false}]}}\n  }\n}',
        source="dynamodb",
    ),
    _rule(
        "FP114",
        "rules that always hold",
        "One of the rules holds where the value is there, another where it is not.",
        _OPERATORS,
        '{"body": {"total": [{"exists": true}, {"exists": false}]}}',
        '{"body": {"total": [{"exists": true}]}}',
    ),
    _rule(
        "FP115",
        "rule that adds nothing",
        "Any rule of the array may hold, and another one holds wherever this one does.",
        _OPERATORS,
        '{"body": {"path": [{"prefix": "/api/"}, "/api/orders"]}}',
        '{"body": {"path": [{"prefix": "/api/"}]}}',
    ),
    _rule(
        "FP116",
        "rules that leave nothing out",
        "Any rule of the array may hold. Of two ranges that overlap one holds for every number; of "
        "two exclusions one holds for every value. Both bounds, and all exclusions, stand in one "
        "rule.",
        _OPERATORS,
        '{"body": {"total": [{"numeric": [">", 0]}, {"numeric": ["<", 100]}]}}',
        '{"body": {"total": [{"numeric": [">", 0, "<", 100]}]}}',
    ),
    _rule(
        "FP117",
        "rule that no plain string satisfies",
        "An array of rules right at the payload's name is for messages that are plain strings. "
        "What is valid JSON (5, true, a whole object) is no plain string: the formats differ, and "
        "the rule is never asked. For JSON write an object with fields.",
        _SQS,
        '{"body": ["{\\"status\\": \\"paid\\"}"]}',
        '{"body": {"status": ["paid"]}}',
    ),
)

RULES: Mapping[str, Rule] = MappingProxyType({rule.code: rule for rule in _RULES})
"""The rules by their codes, in order: FP001 and on are errors, FP101 and on warnings."""


def markdown(rules: Iterable[Rule] = _RULES) -> str:
    """The rule book as a Markdown document, with a section for each code."""
    rules = tuple(rules)
    lines = [
        "# Rules",
        "",
        _filled(
            "What `filterpatterns` and `fp` say about a pattern. An error (FP0..) is what AWS "
            "refuses; a warning (FP1..) what it accepts in silence, and what is likely meant "
            "otherwise: the mapping is there, and records are dropped. The codes are stable."
        ),
        "",
        "This page is what `python -m filterpatterns.rulebook` prints.",
        "",
        "| code | severity | about |",
        "| --- | --- | --- |",
        *(
            f"| [{rule.code}](#{rule.code.lower()}) | {rule.severity} | {rule.title} |"
            for rule in rules
        ),
    ]
    for rule in rules:
        lines += [
            "",
            f"## {rule.code}",
            "",
            f"*{rule.severity}*: **{rule.title}**",
            "",
            _filled(rule.meaning),
            "",
            f"Found in (source {rule.bad.source}, dialect {rule.bad.dialect}):",
            *_fenced(rule.bad),
            "",
            "Instead:",
            *_fenced(rule.good),
            "",
            _filled(f"See: {rule.basis}."),
        ]
    return "\n".join(lines) + "\n"


def _filled(text: str) -> str:
    return textwrap.fill(text, _WIDTH, break_long_words=False, break_on_hyphens=False)


def _fenced(example: Example) -> tuple[str, ...]:
    language = "json" if isinstance(example.pattern, str) else "python"
    return "", f"```{language}", example.shown, "```"


if __name__ == "__main__":
    print(markdown(), end="")
