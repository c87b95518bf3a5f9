"""Funnels agree with their filters."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

import filterpatterns
from filterpatterns.stats.statistics import FieldCount, Funnel, Statistics
from tests.support.paths import base64_of, sqs_record
from tests.support.strategies import events, pattern_event_pairs, patterns


def counted(pattern: Any, records: list[Any], source: str = "sqs") -> Funnel:
    """The funnel of a single filter."""
    statistics = Statistics(filterpatterns.compile(pattern, source=source))
    for record in records:
        statistics.add(record)
    (funnel,) = statistics.funnels()
    return funnel


def fields(members: Any) -> Iterator[FieldCount]:
    for member in members:
        if isinstance(member, FieldCount):
            yield member
        else:
            for alternative in member.alternatives:
                yield from fields(alternative.members)


def matching(pattern: Any, records: list[Any], source: str = "sqs") -> int:
    return sum(filterpatterns.compile(pattern, source=source).mask(records))


def agrees(pattern: dict[str, Any], records: list[Any], source: str) -> None:
    """Every count that can be had otherwise is what it is otherwise."""
    funnel = counted(pattern, records, source)
    kept = matching(pattern, records, source)
    assert (funnel.kept, funnel.records, funnel.undecided) == (kept, len(records), 0)
    left = [funnel.records, funnel.left, *(stage.left for stage in funnel.stages)]
    assert left == sorted(left, reverse=True)
    if is_plain(pattern):
        for count, stage in enumerate(funnel.stages, 1):
            first = {one.member.path: written(one.member) for one in funnel.stages[:count]}
            assert stage.left == min(funnel.left, matching(first, records, source))
    for field in fields(stage.member for stage in funnel.stages):
        rules = written(field)
        alone = matching({field.path: rules}, records, source)
        assert field.alone == alone
        for rule, count in zip(rules, field.rules, strict=True):
            if not funnel.ignored:  # then a payload's rules are not asked
                assert count.alone == matching({field.path: [rule]}, records, source)


def written(field: FieldCount) -> list[Any]:
    """The rules of a field, as in the pattern."""
    return [json.loads(rule.text) for rule in field.rules]


def is_plain(pattern: Any) -> bool:
    """Whether what holds with one more field holds without it."""
    text = json.dumps(pattern)
    return '"exists": false' not in text and '"$or"' not in text


@settings(max_examples=settings.default.max_examples // 3)
@given(patterns().flatmap(lambda one: st.tuples(st.just(one), st.lists(events(one), max_size=3))))
def test_funnels_agree_with_their_filters(
    given: tuple[dict[str, Any], list[dict[str, Any]]],
) -> None:
    pattern, found = given
    agrees(pattern, found, "event")
    bodies = [sqs_record(json.dumps(event)) for event in found]
    agrees({"body": pattern}, [*bodies, sqs_record("plain"), {"messageId": "1"}], "sqs")


@settings(max_examples=settings.default.max_examples // 3)
@given(st.lists(pattern_event_pairs(), min_size=2, max_size=2))
def test_metadata_and_payload(pairs: list[tuple[dict[str, Any], dict[str, Any]]]) -> None:
    (inside, payload), (outside, metadata) = pairs
    pattern = {"value": inside, "headers": outside}
    texts = [json.dumps(payload), "plain", "\ud800", "5"]
    records = [
        {"value": base64_of(text) if text != "\ud800" else "?", "headers": metadata}
        for text in texts
    ]
    agrees(pattern, [*records, {"headers": metadata}, {}], "kafka")
