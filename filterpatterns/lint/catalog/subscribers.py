"""FP023 to FP031: filters that AWS refuses, mainly those of subscribers."""

from __future__ import annotations

from filterpatterns.lint.catalog.entries import (
    CUSTOM_BUS,
    FILTER_API,
    CatalogEntry,
    configuration,
    entry,
    subscriber_entry,
)

_PAID = '{"detail": {"status": ["paid"]}}'

SUBSCRIBER_ERRORS: tuple[CatalogEntry, ...] = (
    entry(
        "FP023",
        "unknown member of a filter",
        "A filter of a FilterCriteria has a Pattern and nothing else. Scope is for subscribers "
        "of a Custom Event Bus; AWS's tools refuse any other member.",
        FILTER_API,
        '{"Filters": [{"Pattern": "{\\"body\\": {\\"a\\": [1]}}", "Name": "first"}]}',
        '{"Filters": [{"Pattern": "{\\"body\\": {\\"a\\": [1]}}"}]}',
    ),
    subscriber_entry(
        "FP024",
        "filter without a valid Scope",
        "Each filter of a subscriber has a Scope: DATA, METADATA or SYSTEM_METADATA, in upper "
        "case.",
        CUSTOM_BUS,
        configuration(("Data", _PAID)),
        configuration(("DATA", _PAID)),
    ),
    subscriber_entry(
        "FP025",
        "two filters for one Scope",
        "A FilterConfiguration has at most one filter per scope, and all of them must match.",
        CUSTOM_BUS,
        configuration(("DATA", _PAID), ("DATA", '{"source": ["shop"]}')),
        configuration(("DATA", '{"source": ["shop"], "detail": {"status": ["paid"]}}')),
    ),
    subscriber_entry(
        "FP026",
        "patterns too long together",
        "All patterns of a FilterConfiguration together have at most 4,096 bytes as UTF-8, "
        "including white space.",
        CUSTOM_BUS,
        configuration(
            ("DATA", '{"id": [' + ", ".join(f'"order-{n:04}"' for n in range(285)) + "]}"),
            ("METADATA", '{"k": ["' + "v" * 200 + '"]}'),
        ),
        configuration(("DATA", '{"id": [{"prefix": "order-0"}]}'), ("METADATA", '{"k": ["v"]}')),
    ),
    subscriber_entry(
        "FP027",
        "wildcard for a subscriber",
        "Subscribers of a Custom Event Bus accept no wildcard, not even in anything-but.",
        CUSTOM_BUS,
        configuration(("DATA", '{"key": [{"wildcard": "in/*"}]}')),
        configuration(("DATA", '{"key": [{"prefix": "in/"}]}')),
    ),
    subscriber_entry(
        "FP028",
        "METADATA with more than exact values",
        "A METADATA filter accepts only exact values: no operators and no $or.",
        CUSTOM_BUS,
        configuration(("METADATA", '{"tenant": [{"prefix": "a"}]}')),
        configuration(("METADATA", '{"tenant": ["a1", "a2"]}')),
    ),
    subscriber_entry(
        "FP029",
        "array at the root of a DATA pattern",
        "AWS accepts a DATA pattern with an array at its root, but does not document its "
        "meaning. It is not supported, since we do not guess.",
        CUSTOM_BUS,
        configuration(("DATA", '[{"status": ["paid"]}]')),
        configuration(("DATA", '{"status": ["paid"]}')),
    ),
    subscriber_entry(
        "FP030",
        "unknown Language",
        "The Language of a FilterConfiguration is EVENT_BRIDGE_PATTERN; it may be omitted.",
        CUSTOM_BUS,
        '{"Filters": [{"Scope": "DATA", "Pattern": "{\\"a\\": [1]}"}], "Language": "SQL"}',
        '{"Filters": [{"Scope": "DATA", "Pattern": "{\\"a\\": [1]}"}]}',
    ),
    subscriber_entry(
        "FP031",
        "FilterConfiguration without filters",
        "AWS refuses a subscriber with an empty FilterConfiguration. Without a "
        "FilterConfiguration, a subscriber gets every event.",
        CUSTOM_BUS,
        '{"FilterConfiguration": {"Filters": []}}',
        configuration(("DATA", '{"id": [{"exists": true}]}')),
    ),
)
"""Errors in filters outside their patterns."""
