"""FP120 and up: patterns that the engine or the services evaluate differently than they read."""

from __future__ import annotations

from filterpatterns.lint.catalog.entries import (
    DYNAMODB,
    ENGINE,
    EVENTS,
    OPERATORS,
    PIPES,
    QUOTAS,
    STREAMS,
    CatalogEntry,
    entry,
    rule_entry,
)

SERVICE_WARNINGS: tuple[CatalogEntry, ...] = (
    rule_entry(
        "FP120",
        "wildcards that are too complex",
        "EventBridge refuses a rule whose wildcards are too complex. For each field, the "
        "measure is how many places of all its wildcards a value can be at simultaneously. The "
        "limit is not published: 9 has been deployed, 11 and 12 have been refused.",
        ENGINE,
        '{"detail": {"arn": [{"wildcard": "*:*:*:*:*:event-bus/*"}]}}',
        '{"detail": {"arn": [{"wildcard": "arn:aws:events:*:event-bus/*"}]}}',
    ),
    rule_entry(
        "FP121",
        "pattern longer than EventBridge's quota",
        "A rule's pattern has at most 2,048 characters, unless the quota was raised. White "
        "space counts.",
        QUOTAS,
        '{"detail": {"id": [' + ", ".join(f'"order-{n:04}"' for n in range(200)) + "]}}",
        '{"detail": {"id": [{"prefix": "order-0"}]}}',
    ),
    rule_entry(
        "FP122",
        "field that EventBridge's events do not have",
        "The top level of an event has version, id, detail-type, source, account, time, region, "
        "resources, detail, and replay-name if an archive replays it. Everything else is below "
        "detail.",
        EVENTS,
        '{"detailType": ["OrderPlaced"]}',
        '{"detail-type": ["OrderPlaced"]}',
    ),
    rule_entry(
        "FP123",
        "address rule that matches more",
        "AWS compares the hexadecimal digits of addresses from the left, whatever their number: "
        "an IPv4 block may match IPv6 addresses and numbers, an IPv6 block IPv4 addresses. "
        "Only values that occur are reported: addresses in use, and numbers.",
        ENGINE,
        '{"detail": {"source-ip": [{"cidr": "0.0.0.0/0"}]}}',
        '{"detail": {"source-ip": [{"cidr": "10.0.0.0/8"}]}}',
    ),
    rule_entry(
        "FP124",
        "character beyond U+FFFF, ignoring case",
        "On AWS, a rule that ignores case and has an emoji, or another character beyond U+FFFF, "
        "never matches, not even the same text; in anything-but it excludes nothing.",
        ENGINE,
        '{"detail": {"mood": [{"equals-ignore-case": "ok \\ud83d\\ude00"}]}}',
        '{"detail": {"mood": ["ok \\ud83d\\ude00"]}}',
    ),
    entry(
        "FP125",
        "alternative that AWS loses",
        "AWS loses an alternative of $or if an earlier one has the same fields and shares a "
        "rule with it in each. Records that only the later alternative matches are dropped by "
        "AWS, and kept here.",
        ENGINE,
        '{"body": {"$or": [{"a": ["x"]}, {"a": ["x", "y"]}]}}',
        '{"body": {"a": ["x", "y"]}}',
    ),
    rule_entry(
        "FP126",
        "wildcard next to a rule that ignores case",
        "In the engine of AWS, these two kinds of rule interfere in one field: a value may be "
        "missed although one of them matches it.",
        ENGINE,
        '{"detail": {"name": [{"wildcard": "*a"}, {"equals-ignore-case": "x"}]}}',
        '{"detail": {"name": [{"suffix": "a"}, {"equals-ignore-case": "x"}]}}',
    ),
    entry(
        "FP127",
        "field that userIdentity does not have",
        "The userIdentity of a DynamoDB record has type and principalId. Only records deleted "
        "by time to live have it.",
        STREAMS,
        '{"userIdentity": {"Type": ["Service"]}}',
        '{"userIdentity": {"type": ["Service"]}}',
        source="dynamodb",
    ),
    entry(
        "FP128",
        "event name that DynamoDB does not have",
        "The eventName of a DynamoDB record is INSERT, MODIFY or REMOVE, in upper case.",
        STREAMS,
        '{"eventName": ["UPDATE"]}',
        '{"eventName": ["MODIFY"]}',
        source="dynamodb",
    ),
    entry(
        "FP129",
        "JSON type that the attribute never has",
        "S, N and B are strings in a DynamoDB record, BOOL and NULL are true or false: a value "
        "of another type never equals them. Numbers for N are FP109.",
        DYNAMODB,
        '{"dynamodb": {"NewImage": {"Paid": {"BOOL": ["true"]}}}}',
        '{"dynamodb": {"NewImage": {"Paid": {"BOOL": [true]}}}}',
        source="dynamodb",
    ),
    entry(
        "FP130",
        "field that Pipes cannot filter on",
        "Pipes filters on the record without awsRegion, eventSource, eventSourceARN, eventVersion, "
        "eventID, eventName, invokeIdentityArn and eventSourceKey.",
        PIPES,
        '{"eventName": ["INSERT"]}',
        '{"dynamodb": {"NewImage": {"Id": {"S": [{"exists": true}]}}}}',
        source="dynamodb",
        dialect="pipes",
    ),
    rule_entry(
        "FP131",
        "number beyond 2^53 in numeric",
        "EventBridge's page on operators says that numeric rules refuse integers beyond 2^53. "
        "The engine still accepts them.",
        OPERATORS,
        '{"detail": {"id": [{"numeric": [">", 9007199254740994]}]}}',
        '{"detail": {"id": [{"numeric": [">", 9007199254740990]}]}}',
    ),
)
"""Patterns that AWS evaluates unexpectedly, or may refuse, because of the engine or the service."""
