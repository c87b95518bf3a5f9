"""FP001 and up: errors that AWS refuses."""

from __future__ import annotations

from filterpatterns.lint.catalog.entries import (
    FILTER_API,
    FILTERING,
    KINESIS,
    NO_PAGE,
    OPERATORS,
    PATTERNS,
    CatalogEntry,
    criteria,
    either,
    entry,
    rule_entry,
)
from filterpatterns.lint.catalog.subscribers import SUBSCRIBER_ERRORS

ERRORS: tuple[CatalogEntry, ...] = (
    entry(
        "FP001",
        "not JSON",
        "The text is not JSON (RFC 8259): a comma, a bracket or a quote is missing or "
        "superfluous, or it has comments, single quotes or the like. AWS refuses it.",
        FILTERING,
        '{"body": {"status": ["paid"],}}',
        '{"body": {"status": ["paid"]}}',
    ),
    entry(
        "FP002",
        "not an object",
        "A pattern is a JSON object. An array of alternatives is written with $or or as several "
        "filters; a string that holds a pattern was encoded as JSON twice.",
        FILTERING,
        criteria('"{\\"body\\": {\\"status\\": [\\"paid\\"]}}"'),
        criteria('{"body": {"status": ["paid"]}}'),
    ),
    entry(
        "FP003",
        "empty object",
        "An object without members has no conditions. A pattern that keeps everything filters "
        "nothing; for a field with any value, use exists.",
        PATTERNS,
        '{"body": {"customer": {}}}',
        '{"body": {"customer": {"id": [{"exists": true}]}}}',
    ),
    entry(
        "FP004",
        "empty array",
        "An array without rules can never match.",
        PATTERNS,
        '{"body": {"status": []}}',
        '{"body": {"status": [{"exists": true}]}}',
    ),
    entry(
        "FP005",
        "value without array",
        "The rules of a field are an array, even if there is only one.",
        PATTERNS,
        '{"body": {"status": "paid"}}',
        '{"body": {"status": ["paid"]}}',
    ),
    entry(
        "FP006",
        "array in an array",
        "An array of rules is flat. Arrays in the event need no array in the pattern: each of "
        "their values is compared.",
        'EventBridge user guide, "Arrays in Amazon EventBridge event patterns"',
        '{"body": {"tags": [["red", "blue"]]}}',
        '{"body": {"tags": ["red", "blue"]}}',
    ),
    entry(
        "FP007",
        "unknown operator",
        "An object in an array of rules is an operator, and there is no operator of that name. "
        "Names are in lower case. A nested field is written without an array around it.",
        OPERATORS,
        '{"body": {"path": [{"startsWith": "/api/"}]}}',
        '{"body": {"path": [{"prefix": "/api/"}]}}',
    ),
    rule_entry(
        "FP008",
        "not exactly one operator",
        "A rule has exactly one operator. Two rules in an array match if either does; one field "
        "cannot require both, except with two bounds of numeric or with a wildcard.",
        OPERATORS,
        '{"detail": {"key": [{"prefix": "in/", "suffix": ".csv"}]}}',
        '{"detail": {"key": [{"wildcard": "in/*.csv"}]}}',
    ),
    entry(
        "FP009",
        "operand of the wrong type",
        "The operand has the wrong type: exists takes true or false, prefix and similar "
        "operators one string, anything-but strings or numbers but not both.",
        OPERATORS,
        '{"body": {"path": [{"prefix": ["/api/", "/v2/"]}]}}',
        '{"body": {"path": [{"prefix": "/api/"}, {"prefix": "/v2/"}]}}',
    ),
    entry(
        "FP010",
        "malformed numeric",
        "numeric takes one comparison and a number, or a lower bound followed by a greater "
        "upper bound. The numbers have no quotes.",
        OPERATORS,
        '{"body": {"total": [{"numeric": [">", "100"]}]}}',
        '{"body": {"total": [{"numeric": [">", 100]}]}}',
    ),
    entry(
        "FP011",
        "number that is not an exact double",
        "AWS compares numbers as IEEE doubles. It refuses operands with more digits than a "
        "double holds, or beyond 1.8e308.",
        OPERATORS,
        '{"body": {"id": [{"numeric": [">=", 9007199254740993]}]}}',
        '{"body": {"id": [{"numeric": [">=", 9007199254740992]}]}}',
    ),
    rule_entry(
        "FP012",
        "malformed wildcard",
        "A wildcard must not have two stars in a row, and a backslash may only come before a "
        "star or another backslash (in JSON, each backslash is doubled).",
        OPERATORS,
        '{"detail": {"key": [{"wildcard": "in/**/*.csv"}]}}',
        '{"detail": {"key": [{"wildcard": "in/*/*.csv"}]}}',
    ),
    rule_entry(
        "FP013",
        "malformed address block",
        "cidr takes an address, a slash and a mask shorter than the address. A single address "
        "is a plain value.",
        OPERATORS,
        '{"detail": {"source-ip": [{"cidr": "10.0.0.7/32"}]}}',
        '{"detail": {"source-ip": ["10.0.0.7"]}}',
    ),
    entry(
        "FP014",
        "malformed $or",
        "$or takes an array of at least two objects.",
        OPERATORS,
        '{"body": {"$or": {"status": ["paid"], "total": [0]}}}',
        '{"body": {"$or": [{"status": ["paid"]}, {"total": [0]}]}}',
    ),
    entry(
        "FP015",
        "operator's name as a field in $or",
        "Inside $or, a field must not be named like an operator: AWS reads it as one.",
        OPERATORS,
        '{"body": {"$or": [{"prefix": ["Dr"]}, {"title": ["Dr"]}]}}',
        '{"body": {"$or": [{"name": [{"prefix": "Dr"}]}, {"title": ["Dr"]}]}}',
    ),
    rule_entry(
        "FP016",
        "too many $or combinations",
        "The alternatives of all $or multiply to more than 1,000 combinations. Alternatives "
        "that differ only in the value of one field can be one array of values.",
        OPERATORS,
        '{"detail": {' + ", ".join(either(name, 11) for name in "abc") + "}}",
        '{"detail": {' + ", ".join(either(name, 10) for name in "abc") + "}}",
    ),
    entry(
        "FP017",
        "pattern too long",
        "A pattern has at most 4,096 characters, including white space.",
        FILTER_API,
        '{"body": {"id": [' + ", ".join(f'"order-{n:04}"' for n in range(400)) + "]}}",
        '{"body": {"id": [{"prefix": "order-0"}]}}',
    ),
    rule_entry(
        "FP018",
        "pattern nested too deeply",
        "A pattern has at most 200 levels. AWS documents no such limit, but 4,096 characters "
        "hardly allow more.",
        NO_PAGE,
        '{"detail":' + '{"a":' * 199 + '["x"]' + "}" * 200,
        '{"detail.' + ".".join(["a"] * 199) + '": ["x"]}',
    ),
    entry(
        "FP019",
        "filter without a Pattern",
        'A filter of a FilterCriteria is an object with a "Pattern", in upper case.',
        FILTERING,
        '{"Filters": [{"pattern": "{\\"body\\": {\\"status\\": [\\"paid\\"]}}"}]}',
        criteria('{"body": {"status": ["paid"]}}'),
    ),
    entry(
        "FP020",
        "too many filters",
        "A FilterCriteria has at most five filters, ten after a quota increase. Similar filters "
        "can be one filter with $or, or one array of values.",
        FILTERING,
        criteria(*(f'{{"body": {{"kind": [{kind}]}}}}' for kind in range(6))),
        criteria('{"body": {"kind": [0, 1, 2, 3, 4, 5]}}'),
    ),
    entry(
        "FP021",
        "plain-string pattern for a source without strings",
        "Kinesis and DynamoDB mappings only accept patterns for JSON: the value of the "
        "payload's name is an object with fields.",
        KINESIS,
        '{"data": [{"prefix": "ERROR"}]}',
        '{"data": {"level": ["ERROR"]}}',
        source="kinesis",
    ),
    entry(
        "FP022",
        "not UTF-8",
        "The bytes are not UTF-8, but JSON must be.",
        FILTERING,
        '{"body": {"city": ["K\u00f6ln"]}}'.encode("latin-1"),
        '{"body": {"city": ["K\u00f6ln"]}}'.encode(),
    ),
    *SUBSCRIBER_ERRORS,
)
