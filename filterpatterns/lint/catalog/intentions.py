"""FP140 and on: what is valid, and says something else than its author meant."""

from __future__ import annotations

from filterpatterns.lint.catalog.entries import (
    DYNAMODB,
    OPERATORS,
    PATTERNS,
    SUBSTITUTION,
    CatalogEntry,
    criteria,
    entry,
)

INTENTIONS: tuple[CatalogEntry, ...] = (
    entry(
        "FP140",
        "operator inside a string",
        "The rule is a string that holds the JSON of an operator. It is compared as the text that "
        "it is, and no event has that text.",
        OPERATORS,
        '{"detail": {"name": ["{\\"wildcard\\": \\"in/*\\"}"]}}',
        '{"detail": {"name": [{"wildcard": "in/*"}]}}',
        source="event",
        dialect="eventbridge",
    ),
    entry(
        "FP141",
        "star that is no wildcard",
        'In a plain string a star is a star: "/api/*" equals only "/api/*". Write prefix, suffix '
        "or wildcard. Fields of IAM policies (Action, Resource, Principal) are not reported: "
        "there a star is a value.",
        OPERATORS,
        '{"body": {"path": ["/api/*"]}}',
        '{"body": {"path": [{"prefix": "/api/"}]}}',
    ),
    entry(
        "FP142",
        "reference that nothing replaces",
        "${Name} and !Ref Name inside a string are plain text unless !Sub (or Terraform, or a "
        "shell) puts a value in their place before AWS sees the pattern.",
        SUBSTITUTION,
        '{"body": {"tenant": ["${Tenant}"]}}',
        '{"body": {"tenant": ["acme"]}}',
    ),
    entry(
        "FP143",
        "account id written as a number",
        "Account ids are strings in events: a number never equals one. Without quotes YAML also "
        "takes leading zeros away.",
        PATTERNS,
        '{"account": [123456789012]}',
        '{"account": ["123456789012"]}',
        source="event",
        dialect="eventbridge",
    ),
    entry(
        "FP144",
        "eventName and image in different filters",
        "A record is kept if any filter holds. A filter with eventName alone keeps a record "
        "whatever its image, and one with the image alone keeps it whatever its eventName. What "
        "has to hold together belongs in one filter.",
        DYNAMODB,
        criteria(
            '{"eventName": ["INSERT"]}', '{"dynamodb": {"NewImage": {"State": {"S": ["paid"]}}}}'
        ),
        criteria('{"eventName": ["INSERT"], "dynamodb": {"NewImage": {"State": {"S": ["paid"]}}}}'),
        source="dynamodb",
    ),
)
