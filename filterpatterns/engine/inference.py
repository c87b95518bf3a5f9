"""Infers the source of patterns from fields that only its records have."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Final

from filterpatterns.delivery.fields import FIELDS, field_at

AUTO: Final = "auto"

_MARKS: Final = (
    ("sqs", frozenset(("body", "messageattributes", "receipthandle", "md5ofbody"))),
    ("dynamodb", frozenset(("dynamodb",))),
    ("event", frozenset(("detail", "detail-type"))),
)
"""Top-level names of a pattern, in lower case: `Body` is a common mistake with SQS."""

_PAYLOADS: Final = {"body": "sqs", "data": "kinesis", "dynamodb": "dynamodb", "value": "kafka"}
"""For each payload name in a pattern, a source whose payload has that name."""


def top_names(patterns: Iterable[str | bytes]) -> set[str]:
    """The top-level names of patterns, including those in `$or`; of dotted names, the first part. A
    text that is not a JSON object has none."""
    found: set[str] = set()
    for text in patterns:
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            continue
        _add_names(value, found)
    return found


def _add_names(value: Any, found: set[str]) -> None:
    if not isinstance(value, dict):
        return
    for name, inside in value.items():
        if name == "$or" and isinstance(inside, list):
            for alternative in inside:
                _add_names(alternative, found)
        else:
            found.add(name.partition(".")[0])


def source_of_patterns(patterns: Iterable[str | bytes]) -> str:
    """Return the source of all patterns; `auto` if that is unclear, so that each record determines
    its own source."""
    names = {name.lower() for name in top_names(patterns)}
    if not names:
        return "sqs"  # no evidence, or nothing could be parsed: the first of the sources
    found = [source for source, marks in _MARKS if names & marks]
    return found[0] if len(found) == 1 else AUTO


def source_of_fields(patterns: Iterable[str | bytes]) -> str:
    """The source whose records have all fields at the top of the patterns; `auto` if several have
    them; `sqs` if none does, or if any message may have such names: then that of the payload
    around them was left out, most likely.

    For patterns without records, which would show it.
    """
    names = top_names(patterns)
    found = [source for source in FIELDS if all(field_at(source, (name,)) for name in names)]
    if not any(_is_telling(name) for name in names) or not found:
        return "sqs"
    return found[0] if len(found) == 1 else AUTO


def _is_telling(name: str) -> bool:
    """Whether a field's name is that of a payload, or one that AWS would choose: `eventName`."""
    return name in _PAYLOADS or not name.islower()


def payload_source(patterns: Iterable[str | bytes]) -> str | None:
    """A source that has the payload named in the patterns; None if they name none or several."""
    found = {_PAYLOADS[name] for name in top_names(patterns) if name in _PAYLOADS}
    return found.pop() if len(found) == 1 else None
