"""Records and their payloads, the format table, and the reasons of verdicts."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any, Final

import msgspec

from filterpatterns.delivery.sources import (
    Encoding,
    FormatAction,
    PayloadFormat,
    Source,
    decode_base64,
)
from filterpatterns.errors import RecordError
from filterpatterns.jsontext import decoding
from filterpatterns.jsontext.decoding import NOT_JSON
from filterpatterns.jsontext.python_values import plain_scalar
from filterpatterns.limits import MAX_PAYLOAD_DEPTH
from filterpatterns.matching import interpreter
from filterpatterns.matching.budget import Budget
from filterpatterns.matching.match_tree import Payload


class Reason(Enum):
    """Why a record is kept or dropped; the value is the reason in words."""

    MATCH = "match"
    NO_MATCH = "no match"
    WANTS_JSON = "{key} is a plain string, but the pattern expects JSON"
    BROKEN_JSON = "{key} is not valid JSON, so it is a plain string, but the pattern expects JSON"
    UNREADABLE = "{key} is not base64 of UTF-8 text, but the pattern expects JSON"
    WANTS_STRING = "{key} is JSON, but the pattern expects a plain string"
    NO_PAYLOAD = "the record has no {key}"

    def words(self, key: str) -> str:
        """The reason in words, for the payload key that it refers to (empty if it does not refer to
        a payload)."""
        return self.value.format(key=key)

    @classmethod
    def of(cls, words: str) -> Reason:
        """Return the reason with these words."""
        for reason in cls:
            before, _, after = reason.value.partition("{key}")
            if words.startswith(before) and words.endswith(after):
                return reason
        raise ValueError(words)

    @property
    def slug(self) -> str:
        """The reason for machines: its name in kebab case, as in the output of `fp test --json`."""
        return self.name.lower().replace("_", "-")


Verdict = tuple[Reason, str]
"""The reason, and the payload key that it refers to."""

MATCH: Final[Verdict] = (Reason.MATCH, "")
NO_MATCH: Final[Verdict] = (Reason.NO_MATCH, "")


def as_record(record: Any) -> Mapping[str, Any]:
    """Return the record as a mapping: unchanged, or read from its JSON text.

    Raises:
        RecordError: it is not an object, or not JSON.
    """
    if isinstance(record, Mapping):
        return record
    if isinstance(record, (bytes, bytearray, memoryview)):
        try:
            record = str(record, "utf-8")
        except UnicodeDecodeError as error:
            raise RecordError(f"not UTF-8: {error.reason} at byte {error.start + 1}") from None
        except (TypeError, BufferError):  # a noncontiguous memoryview
            raise RecordError("the bytes are not contiguous") from None
    if not isinstance(record, str):
        raise RecordError(
            f"a record must be a dict, or its JSON as str or bytes; found {type(record).__name__}"
        )
    value = decoding.parse(record)
    if value is NOT_JSON:
        if decoding.depth(record) > MAX_PAYLOAD_DEPTH:
            raise RecordError(f"nested deeper than {MAX_PAYLOAD_DEPTH:,} levels")
        raise RecordError("not JSON")
    if not isinstance(value, dict):
        raise RecordError(f"a record must be a JSON object, found {decoding.described(value)}")
    return value


ReadPayload = tuple[PayloadFormat, Any] | None
"""A payload's format and its value; None if the record has no payload."""


class Payloads:
    """The payloads of one record, each read when it is first asked for.

    `view` is the record as patterns see it. `budget` bounds the work for it: a
    new one, or what is left of one.
    """

    def __init__(
        self, source: Source, view: Mapping[str, Any], budget: Budget | None = None
    ) -> None:
        self.source = source
        self.view = view
        self.budget = Budget() if budget is None else budget
        self._read: dict[str, ReadPayload] = {}

    def __getitem__(self, key: str) -> ReadPayload:
        if key not in self._read:
            self._read[key] = read_payload(self.view.get(key), self.source.encoding)
        return self._read[key]


def mismatch(found: PayloadFormat, value: Any) -> Reason:
    """Return why a payload of that format is dropped if the pattern expects another format."""
    if found is PayloadFormat.JSON:
        return Reason.WANTS_STRING
    if found is PayloadFormat.UNREADABLE:
        return Reason.UNREADABLE
    meant_as_json = value.lstrip(" \t\n\r\ufeff").startswith(("{", "["))
    return Reason.BROKEN_JSON if meant_as_json else Reason.WANTS_JSON


def payload_satisfies(source: Source, wanted: Payload, payload: Any) -> bool:
    """Whether a payload, as contained in a record, satisfies what a conjunction expects of it.

    Raises:
        OtherSpelling, RecursionError: the walk cannot evaluate it.
    """
    read = None if payload is msgspec.UNSET else read_payload(payload, source.encoding)
    return _payload_reason(source, wanted, read) is Reason.MATCH


def format_action(source: Source, wanted: Payload, found: PayloadFormat) -> FormatAction:
    """Return what the format table says about a payload of that format."""
    steps = {form: source.formats[found, form] for form in wanted.formats}
    if FormatAction.DROP in steps.values():
        return FormatAction.DROP
    return steps.get(found, FormatAction.METADATA_ONLY)


def _payload_reason(source: Source, wanted: Payload, payload: ReadPayload) -> Reason:
    """Apply the format table, then the remaining tests: MATCH if the payload satisfies them."""
    if payload is None:
        return Reason.NO_PAYLOAD
    found, value = payload
    follows = format_action(source, wanted, found)
    if follows is FormatAction.DROP:
        return mismatch(found, value)
    if follows is FormatAction.FILTER and not _payload_holds(wanted, found, value):
        return Reason.NO_MATCH
    return Reason.MATCH


def _payload_holds(wanted: Payload, found: PayloadFormat, value: Any) -> bool:
    if found is PayloadFormat.STRING:
        return wanted.string is not None and any(rule.holds(value) for rule in wanted.string.rules)
    return wanted.json is not None and interpreter.holds(wanted.json, value)


def read_payload(payload: Any, encoding: Encoding) -> ReadPayload:
    """Return the payload's format and its value; None if the record has no payload.

    A payload that is not text has been parsed by an emulator or an enrichment step: it is JSON.
    """
    if payload is None:
        return None
    if encoding is Encoding.BASE64 and isinstance(payload, (str, bytes)):
        try:
            payload = str(decode_base64(payload), "utf-8")
        except ValueError:
            return PayloadFormat.UNREADABLE, payload
    if isinstance(payload, (bytes, bytearray, memoryview)):
        payload = bytes(payload)
        try:
            payload = str(payload, "utf-8")
        except UnicodeDecodeError:
            if encoding is Encoding.RAW:
                return PayloadFormat.UNREADABLE, payload
            return PayloadFormat.STRING, payload.decode("utf-8", "surrogateescape")
    payload = plain_scalar(payload)
    if not isinstance(payload, str):
        return PayloadFormat.JSON, payload
    value = decoding.parse(payload)
    if value is NOT_JSON:
        return PayloadFormat.STRING, payload
    return PayloadFormat.JSON, value
