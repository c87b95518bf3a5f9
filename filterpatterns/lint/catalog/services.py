"""FP120 and on: what the engine and the services behind patterns do otherwise than they read."""

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
)

SERVICE_WARNINGS: tuple[CatalogEntry, ...] = (
    entry(
        "FP120",
        "wildcards that are too complex",
        "EventBridge refuses a rule whose wildcards are too complex. What counts is, for each "
        "field, in how many places of all its wildcards a value can be at once. The limit is not "
        "published: 9 has been deployed, 11 and 12 have been refused.",
        ENGINE,
        '{"detail": {"arn": [{"wildcard": "*:*:*:*:*:event-bus/*"}]}}',
        '{"detail": {"arn": [{"wildcard": "arn:aws:events:*:event-bus/*"}]}}',
        source="event",
        dialect="eventbridge",
    ),
    entry(
        "FP121",
        "pattern longer than EventBridge's quota",
        "A rule's pattern has 2,048 characters at most, unless the quota was raised. White space "
        "counts.",
        QUOTAS,
        '{"detail": {"id": [' + ", ".join(f'"order-{n:04}"' for n in range(200)) + "]}}",
        '{"detail": {"id": [{"prefix": "order-0"}]}}',
        source="event",
        dialect="eventbridge",
    ),
    entry(
        "FP122",
        "field that EventBridge's events do not have",
        "At its top level an event has version, id, detail-type, source, account, time, region, "
        "resources, detail, and replay-name if an archive replays it. All else is below detail.",
        EVENTS,
        '{"detailType": ["OrderPlaced"]}',
        '{"detail-type": ["OrderPlaced"]}',
        source="event",
        dialect="eventbridge",
    ),
    entry(
        "FP123",
        "address rule that holds for more",
        "AWS compares the hexadecimal digits of addresses from the left, whatever their number: a "
        "block of IPv4 can hold for IPv6 addresses and for numbers, a block of IPv6 for IPv4. Only "
        "what occurs counts: addresses in use, and numbers.",
        ENGINE,
        '{"detail": {"source-ip": [{"cidr": "0.0.0.0/0"}]}}',
        '{"detail": {"source-ip": [{"cidr": "10.0.0.0/8"}]}}',
        source="event",
        dialect="eventbridge",
    ),
    entry(
        "FP124",
        "character beyond U+FFFF, ignoring case",
        "On AWS a rule that ignores case and has an emoji, or another character beyond U+FFFF, "
        "never holds, not even for the same text; under anything-but it excludes nothing.",
        ENGINE,
        '{"detail": {"mood": [{"equals-ignore-case": "ok \\ud83d\\ude00"}]}}',
        '{"detail": {"mood": ["ok \\ud83d\\ude00"]}}',
        source="event",
        dialect="eventbridge",
    ),
    entry(
        "FP125",
        "alternative that AWS loses",
        "An alternative of $or is lost on AWS if an earlier one has the same fields, and shares a "
        "rule with it in each. Records that only the later one takes are dropped there, and kept "
        "here.",
        ENGINE,
        '{"body": {"$or": [{"a": ["x"]}, {"a": ["x", "y"]}]}}',
        '{"body": {"a": ["x", "y"]}}',
    ),
    entry(
        "FP126",
        "wildcard beside a rule that ignores case",
        "In the engine behind AWS these two kinds of rule disturb each other where they stand in "
        "one field: a value may be missed that one of them holds for.",
        ENGINE,
        '{"detail": {"name": [{"wildcard": "*a"}, {"equals-ignore-case": "x"}]}}',
        '{"detail": {"name": [{"suffix": "a"}, {"equals-ignore-case": "x"}]}}',
        source="event",
        dialect="eventbridge",
    ),
    entry(
        "FP127",
        "field that userIdentity does not have",
        "The userIdentity of a DynamoDB record has type and principalId. It is there on records "
        "that time to live deleted.",
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
        "S, N and B are strings in a DynamoDB record, BOOL and NULL are true or false: a value of "
        "another type never equals them. FP109 is about numbers for N.",
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
    entry(
        "FP131",
        "number beyond 2^53 in numeric",
        "EventBridge's page on operators says that integers beyond 2^53 are refused in numeric "
        "rules. The engine takes them, so far.",
        OPERATORS,
        '{"detail": {"id": [{"numeric": [">", 9007199254740994]}]}}',
        '{"detail": {"id": [{"numeric": [">", 9007199254740990]}]}}',
        source="event",
        dialect="eventbridge",
    ),
)
"""What AWS accepts, or may refuse, for reasons of the engine or of the service."""
