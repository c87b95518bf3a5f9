"""FP140 and up: valid patterns that probably do not mean what their author intended."""

from __future__ import annotations

from filterpatterns.lint.catalog.entries import (
    DYNAMODB,
    OPERATORS,
    PATTERNS,
    SUBSTITUTION,
    CatalogEntry,
    criteria,
    entry,
    rule_entry,
)

INTENTIONS: tuple[CatalogEntry, ...] = (
    rule_entry(
        "FP140",
        "operator inside a string",
        "The rule is a string that contains the JSON of an operator. It is compared as plain "
        "text, and no event has that text.",
        OPERATORS,
        '{"detail": {"name": ["{\\"wildcard\\": \\"in/*\\"}"]}}',
        '{"detail": {"name": [{"wildcard": "in/*"}]}}',
    ),
    entry(
        "FP141",
        "star that is not a wildcard",
        'In a plain string, a star is a star: "/api/*" equals only "/api/*". Use prefix, suffix '
        "or wildcard. Fields of IAM policies (Action, Resource, Principal) are not reported: "
        "there a star is a value.",
        OPERATORS,
        '{"body": {"path": ["/api/*"]}}',
        '{"body": {"path": [{"prefix": "/api/"}]}}',
    ),
    entry(
        "FP142",
        "reference that nothing replaces",
        "${Name} and !Ref Name inside a string are plain text, unless !Sub (or Terraform, or a "
        "shell) replaces them before AWS reads the pattern.",
        SUBSTITUTION,
        '{"body": {"tenant": ["${Tenant}"]}}',
        '{"body": {"tenant": ["acme"]}}',
    ),
    rule_entry(
        "FP143",
        "account id written as a number",
        "Account ids are strings in events: a number never equals them. Without quotes, YAML "
        "also removes leading zeros.",
        PATTERNS,
        '{"account": [123456789012]}',
        '{"account": ["123456789012"]}',
    ),
    entry(
        "FP144",
        "eventName and image in different filters",
        "A record is kept if any filter matches. A filter with only eventName keeps a record "
        "whatever its image, and one with only the image keeps it whatever its eventName. "
        "Conditions that must match together belong in one filter.",
        DYNAMODB,
        criteria(
            '{"eventName": ["INSERT"]}', '{"dynamodb": {"NewImage": {"State": {"S": ["paid"]}}}}'
        ),
        criteria('{"eventName": ["INSERT"], "dynamodb": {"NewImage": {"State": {"S": ["paid"]}}}}'),
        source="dynamodb",
    ),
)
