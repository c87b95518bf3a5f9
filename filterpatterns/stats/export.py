"""Converts funnels to JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from filterpatterns.matching.verdict import Reason
from filterpatterns.stats.counts import FieldCount, Funnel, OrCount


def reasons(counts: Mapping[str, int]) -> list[dict[str, Any]]:
    """Count why records were dropped, with the names of `fp test --json`."""
    return [
        {"reason": Reason.of(words).slug, "detail": words, "count": count}
        for words, count in counts.items()
    ]


def funnel_document(funnel: Funnel) -> dict[str, Any]:
    """Return a funnel in the form of `fp stats --json`: its stages in order, each with how many
    records reach it and how many are left after it."""
    stages: list[dict[str, Any]] = []
    reach = funnel.records
    if funnel.payload_keys:
        stages.append(
            {
                "stage": "format",
                "payload": list(funnel.payload_keys),
                "reach": reach,
                "left": funnel.left,
                "ignored": funnel.ignored,
                "reasons": reasons(funnel.wrong_format),
            }
        )
        reach = funnel.left
    for stage in funnel.stages:
        stages.append({**_member(stage.member), "reach": reach, "left": stage.left})
        reach = stage.left
    return {
        "filter": funnel.index + 1,
        "source": funnel.source,
        "records": funnel.records,
        "kept": funnel.kept,
        "undecided": funnel.undecided,
        "stages": stages,
    }


def _member(member: FieldCount | OrCount) -> dict[str, Any]:
    if isinstance(member, OrCount):
        alternatives = [
            {"alone": one.alone, "members": [_member(inner) for inner in one.members]}
            for one in member.alternatives
        ]
        return {"stage": "$or", "alone": member.alone, "alternatives": alternatives}
    occurrence = member.occurrence
    return {
        "stage": "field",
        "path": member.path,
        "present": occurrence.present,
        "absent": occurrence.absent,
        "types": dict(occurrence.kinds),
        "examples": occurrence.examples,
        "near": list(member.near),
        "alone": member.alone,
        "rules": [{"rule": rule.text, "alone": rule.alone} for rule in member.rules],
    }
