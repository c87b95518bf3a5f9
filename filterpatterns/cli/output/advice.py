"""Hints about the likely reason if no record matched and the pattern itself is not the cause."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, Final

from filterpatterns.delivery.envelopes import contradicts, source_of
from filterpatterns.delivery.sources import SOURCES, Encoding, decode_base64
from filterpatterns.engine.filter import Filter, check_texts
from filterpatterns.engine.inference import top_names
from filterpatterns.errors import RecordError, printable
from filterpatterns.jsontext import decoding
from filterpatterns.language.wording import respelled
from filterpatterns.matching.verdict import as_record

_GZIP: Final = b"\x1f\x8b"
_EVENT: Final = ("detail-type", "source", "detail")
_ENVELOPES: Final = frozenset(
    (
        *("messageId", "MessageId", "attributes", "messageAttributes", "eventSource"),
        *("eventSourceARN", "eventID", "eventName", "topic", "partition", "messageID"),
    )
)
"""Fields that records have around the payload."""

_NO_PAYLOAD: Final = ("FP107", "FP118")
_UNKNOWN: Final = "FP118"
_MOST_NAMES: Final = 3
_MOST_LOOKED_AT: Final = 1000


def hints(record: Any, compiled: Filter) -> Iterator[str]:
    """Return a hint about a dropped record, if no record matched; an empty string if there is none.

    Args:
        record: the record, as it was read.
        compiled: the filter that dropped it.
    """
    try:
        record = as_record(record)
    except RecordError:
        return
    source = compiled.source
    other = contradicts(record, source)
    if other is not None:
        yield f"these look like records of {other}: use --source {other} or --source auto"
        return
    is_event = all(name in record for name in _EVENT)
    if is_event and source not in ("event", "auto"):
        yield f"these look like EventBridge events, not records of {source}: use --source event"
        return
    names = top_names(text.text for text in compiled.texts)
    found = source_of(record) if source == "auto" else source
    keys = SOURCES[found].payload_keys
    payload = next((key for key in keys if key in names), None)
    misspelled = list(_misspelled(names, SOURCES[found].view(record)))
    if misspelled and not any(warning.code == _UNKNOWN for warning in compiled.warnings):
        yield from misspelled
        return
    if source != "auto" and payload is not None and source_of(record) == "event":
        held = SOURCES[source].view(record)
        if payload not in held and not _ENVELOPES & record.keys():
            yield f"the records have no {payload}: if they are payloads themselves, use --payload"
            return
    if payload is None:
        yield from _without_payload(compiled, found)
        return
    yield from _in_payload(record, compiled, found, payload)


def _misspelled(names: set[str], view: Mapping[str, Any]) -> Iterator[str]:
    """Hints about names at the top of the pattern that the record has in another spelling."""
    known = [name for name in islice(view, _MOST_LOOKED_AT) if isinstance(name, str)]
    for name in sorted(names - view.keys())[:_MOST_NAMES]:
        meant = respelled(name, known)
        if meant is not None:
            why = ": names are case sensitive" if meant.casefold() == name.casefold() else ""
            yield f'the records have "{printable(meant)}", not "{printable(name)}"{why}'


def _without_payload(compiled: Filter, source: str) -> Iterator[str]:
    """A hint about a pattern without the payload's name, for records that have it: the same hint as
    if the source had been known from the start."""
    if compiled.source == "auto" and source != "event":
        for warning in check_texts(compiled.texts, source, None):
            if warning.code in _NO_PAYLOAD and warning.hint:
                yield f"these are records of {source}: {warning.message}; {warning.hint}"
                return


def _in_payload(
    record: Mapping[str, Any], compiled: Filter, source: str, payload: str
) -> Iterator[str]:
    """A hint about an envelope in the payload that the pattern ignores."""
    held = SOURCES[source].view(record).get(payload)
    if SOURCES[source].encoding is Encoding.BASE64 and isinstance(held, str):
        try:
            held = decode_base64(held).decode()
        except ValueError:
            if data_is_gzip(held):
                yield (
                    f"{payload} is gzip (as sent by CloudWatch Logs): Lambda filters without "
                    "decompressing it, so no rule for its fields matches; filter in the function"
                )
            return
    value = decoding.parse(held) if isinstance(held, str) else held
    wanted = _wanted(compiled, payload)
    if isinstance(value, str) and isinstance(decoding.parse(value), dict):
        yield f"{payload} is a JSON string that contains JSON: the sender encoded it twice"
    if not isinstance(value, dict) or not wanted:
        return
    message = value.get("Message")
    if value.get("Type") == "Notification" and isinstance(message, str):
        if not wanted & {"Message", "MessageAttributes", "Subject", "TopicArn", "Type"}:
            yield _notification(payload, message, wanted)
    elif "detail-type" in value and isinstance(value.get("detail"), dict):
        if not wanted & {*value}:
            yield (
                f"{payload} is an EventBridge event: its fields are under detail: "
                f'{{"{payload}": {{"detail": {{{_sketch(wanted)}}}}}}}'
            )
    elif _is_s3(value) and "Records" not in wanted:
        yield (
            f"{payload} is an S3 notification: its fields are under Records: "
            f'{{"{payload}": {{"Records": {{"s3": {{"object": {{"key": [...]}}}}}}}}}}'
        )


def data_is_gzip(text: str) -> bool:
    """Whether base64 data contains gzip."""
    try:
        return decode_base64(text).startswith(_GZIP)
    except ValueError:
        return False


def _notification(payload: str, message: str, wanted: set[str]) -> str:
    inside = decoding.parse(message)
    held = sorted(wanted & inside.keys()) if isinstance(inside, dict) else []
    what = "a string, which filters cannot look into"
    if held:
        names = ", ".join(printable(name) for name in held[:_MOST_NAMES])
        what = f"a string that contains JSON with {names}, and filters cannot look into it"
    return (
        f"{payload} is an SNS notification, and its Message is {what}: turn on raw message "
        "delivery, or filter on the subscription (FilterPolicy)"
    )


def _is_s3(value: dict[str, Any]) -> bool:
    held = value.get("Records")
    return (
        isinstance(held, list)
        and bool(held)
        and isinstance(held[0], dict)
        and held[0].get("eventSource") == "aws:s3"
    )


def _wanted(compiled: Filter, payload: str) -> set[str]:
    """The names directly below the payload in any of the patterns."""
    found: set[str] = set()
    for text in compiled.texts:
        try:
            pattern = json.loads(text.text)
        except (ValueError, RecursionError):
            continue
        for name, value in pattern.items() if isinstance(pattern, dict) else ():
            if name == payload and isinstance(value, dict):
                found |= top_names([json.dumps(value)])
            elif name.startswith(f"{payload}."):
                found.add(name.split(".")[1])
    return found


def _sketch(names: set[str]) -> str:
    first = sorted(names)[:_MOST_NAMES]
    return ", ".join(f'"{printable(name)}": ...' for name in first)
