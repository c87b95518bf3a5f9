"""Records of each source around a payload's text, whole and broken."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

from filterpatterns.delivery.sources import SOURCES, Encoding
from tests.fuzzing import words
from tests.fuzzing.draw import Draw

METADATA = ("eventName", "k", "messageId", "a.b", "eventSource")


def changed(draw: Draw, text: str, tokens: list[str]) -> str:
    """The text with up to four changes: tokens put in, parts taken out, doubled, cut off."""
    for _ in range(draw.below(5)):
        at = draw.below(min(len(text) + 1, 65_000))
        how = draw.below(5)
        if how == 0:
            text = text[:at] + text[at + 1 + draw.below(8) :]
        elif how == 1:
            text = text[:at] + text[at : at + 40] + text[at:]
        elif how == 2:
            text = text[:at] if draw.once_in(4) else text[:at] + text[at + 1 :]
        else:
            text = text[:at] + draw.pick(tokens) + text[at:]
    return text


def payload(draw: Draw, text: str, value: Any, encoding: Encoding) -> Any:
    """What a record holds for a payload: mostly the text, as the source encodes it."""
    how = draw.below(16)
    if how == 0:
        return draw.pick((None, 5, True, [], {}, "", "%%%", "a===", "/w==", "plain text", "null"))
    if how == 1:
        return value  # parsed by an emulator
    if how == 2:
        text = changed(draw, text, words.TOKENS)
    if encoding is Encoding.BASE64:
        encoded = base64.b64encode(text.encode("utf-8", "surrogatepass")).decode()
        return changed(draw, encoded, words.TOKENS) if how == 3 else encoded
    if encoding is Encoding.OBJECT and how != 4:
        return value
    return text


def record(draw: Draw, source: str, payloads: Mapping[str, tuple[str, Any]]) -> dict[str, Any]:
    """A record of the source; `payloads` are texts and values by payload key.

    For the source `event` the only one, under "", is the record itself.
    """
    if source == "event":
        value = payloads[""][1]
        return value if isinstance(value, dict) else {"a": value}
    made: dict[str, Any] = {}
    for name in METADATA:
        if draw.once_in(3):
            made[name] = draw.pick(words.SCALARS)
    for key, (text, value) in payloads.items():
        if not draw.once_in(20):
            made[key] = payload(draw, text, value, SOURCES[source].encoding)
    if source == "sqs" and draw.once_in(6) and "body" in made:
        made["Body"] = made.pop("body")
        made.setdefault("MessageId", "1")
    if source == "kinesis" and not draw.once_in(4):
        made = {"kinesis": made, "eventID": "x"}
    return made


def text_of(record: Mapping[str, Any]) -> str:
    """The record's JSON; ASCII, so that lone surrogates have their escapes."""
    return json.dumps(record)
