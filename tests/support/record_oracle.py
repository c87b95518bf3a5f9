"""The verdict on a record of a source with a payload, from the specification's format table.

Like `oracle.py`, which evaluates the fields: slow and plain, and shares no code with the package.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from tests.support.oracle import Number, conjunctions, flatten, holds_together, rule_holds

PAYLOADS = {
    "sqs": ("body",),
    "kinesis": ("data",),
    "dynamodb": ("dynamodb",),
    "kafka": ("value", "key"),
    "mq": ("data",),
    "event": (),
}
"""The keys of the payloads, by source."""

ENCODED = ("kinesis", "kafka", "mq")
"""The sources whose payloads are base64."""

_DROPPING = ("sqs", "kinesis", "dynamodb")
"""The sources that drop a record if the formats of payload and pattern differ; for others, only
the rest of the pattern counts then."""

_BASE64 = re.compile(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")

_Fields = dict[str, list[Any]]


def record_matches(source: str, patterns: Iterable[dict[str, Any]], record: Any) -> bool:
    """Return whether the record satisfies any of the (valid) patterns.

    Numbers of the record may be `oracle.Number`s. It has Lambda's names, and a Kinesis record is
    what its `kinesis` has.
    """
    return any(
        _holds(source, fields, record) for pattern in patterns for fields in conjunctions(pattern)
    )


def _holds(source: str, fields: _Fields, record: Mapping[str, Any]) -> bool:
    parts: dict[str, _Fields] = {}
    for path, rules in fields.items():
        head = path.partition(".")[0]
        parts.setdefault(head if head in PAYLOADS[source] else "", {})[path] = rules
    metadata = parts.pop("", {})
    return all(
        _payload_holds(source, key, own, record.get(key)) for key, own in parts.items()
    ) and holds_together(metadata, flatten(record))


def _payload_holds(source: str, key: str, fields: _Fields, payload: Any) -> bool:
    if payload is None:
        return False
    found, value = _read(payload, is_encoded=source in ENCODED)
    wanted = {"string" if path == key else "JSON" for path in fields}
    if found not in wanted or (len(wanted) > 1 and source in _DROPPING):
        return source not in _DROPPING
    if found == "string":
        rules = [rule for rule in fields[key] if rule != {"exists": False}]
        return any(rule_holds(rule, value) for rule in rules)
    below = {path: rules for path, rules in fields.items() if path != key}
    return holds_together(below, flatten({key: value}))


def _read(payload: Any, *, is_encoded: bool) -> tuple[str, Any]:
    """The payload's format, and its value."""
    if not isinstance(payload, str):
        return "JSON", payload
    if is_encoded:
        if not _BASE64.fullmatch(payload):
            return "unreadable", payload
        try:
            payload = base64.b64decode(payload).decode()
        except UnicodeDecodeError:
            return "unreadable", payload
    try:
        payload.encode()
        value = json.loads(
            payload, parse_int=Number, parse_float=Number, parse_constant=_refuse_constant
        )
    except ValueError:
        return "string", payload
    return "JSON", value


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def encoded(text: str) -> str:
    """A text as these sources have it, also if it has half a surrogate pair."""
    return base64.b64encode(text.encode("utf-8", "surrogatepass")).decode()
