"""Conformance cases, and hostile texts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from tests.extras.browser.driving import ROOT

_CASES = ROOT / "tests" / "cases"

EVIL = (
    "<img src=x onerror=window.evil=1>",
    "</script><script>window.evil=1</script>",
    "<svg/onload=window.evil=1><style>*{display:none}</style>",
    "javascript:window.evil=1//${window.evil=1}{{evil}}",
    "&lt;script&gt;\"'`><iframe srcdoc='<script>parent.evil=1</script>'>",
)


class Case(NamedTuple):
    source: str
    pattern: str
    events: list[str]
    matches: list[bool]


def cases(count: int) -> list[Case]:
    """A number of cases, taken evenly from all files with verdicts."""
    found = sorted(_all(), key=lambda case: case.source)
    step = len(found) / count
    return [found[int(index * step)] for index in range(count)]


def _all() -> Iterator[Case]:
    files = [_CASES / name for name in ("event_patterns.jsonl", "engine_edges.jsonl")]
    for path in (*files, *sorted(_CASES.glob("*/*.jsonl"))):
        for line in path.read_text("utf-8").splitlines():
            case = json.loads(line)
            if "matches" in case:
                events = [_one_line(event) for event in case["events"]]
                yield Case("event", _text(case["pattern"]), events, case["matches"])
    for line in (_CASES / "payload_formats.jsonl").read_text("utf-8").splitlines():
        case = json.loads(line)
        record = json.dumps(case["record"])
        yield Case(case["source"], _text(case["pattern"]), [record], [case["matches"]])


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _one_line(event: Any) -> str:
    """An event as a line of JSON Lines."""
    text = _text(event)
    return json.dumps(json.loads(text)) if "\n" in text else text
