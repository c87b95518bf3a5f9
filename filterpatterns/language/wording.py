"""Values of records in words: short, printable, and never by code of the value's own."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from filterpatterns.errors import printable
from filterpatterns.jsontext.numbers import JsonNumber

_LONGEST = 60
_HEAD, _TAIL = 32, 20
"""Characters of a long text that are shown: its beginning and its end."""

_LARGEST_BITS = 256
"""A larger integer is described: Python may refuse to write it out, and nobody reads it."""


def format_value(value: Any) -> str:
    """A leaf as JSON has it, long ones cut in the middle; other things by what they are."""
    if isinstance(value, str):
        return _quoted(value)
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, int):
        if int.bit_length(value) > _LARGEST_BITS:
            return f"a number of about {int.bit_length(value) * 30103 // 100000 + 1:,} digits"
        return int.__repr__(value)
    if isinstance(value, JsonNumber):
        return truncate(value.text)
    if isinstance(value, float):
        return float.__repr__(value)
    if isinstance(value, Decimal):
        return truncate(Decimal.__str__(value))
    return kind(value)


def kind(value: Any) -> str:
    """What a value is: `a string`, `an empty array`, `null`."""
    if isinstance(value, str):
        return "a string" if len(value) else "an empty string"
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, (int, float, Decimal)):
        return "a number"
    if isinstance(value, Mapping):
        return "an object" if len(value) else "an empty object"
    if isinstance(value, (list, tuple)):
        return "an array" if len(value) else "an empty array"
    return f"a Python {printable(type(value).__name__)}"


def describe_value(value: Any) -> str:
    """A leaf and its kind: `"5" is a string`; `null`."""
    words, what = format_value(value), kind(value)
    return what if words == what else f"{words} is {what}"


def truncate(text: str, longest: int = _LONGEST) -> str:
    """A text without its middle, if it is long."""
    if len(text) <= longest:
        return text
    return f"{text[:_HEAD]}...{text[-_TAIL:]}"


def _quoted(value: str) -> str:
    text = str.__str__(value)
    length = f" ({len(text):,} characters)" if len(text) > _LONGEST else ""
    return printable(json.dumps(truncate(text), ensure_ascii=False)) + length


def joined(words: list[str], most: int, conjunction: str = "or") -> str:
    """`a, b or c`; of a long list the first, and how many more there are."""
    if len(words) > most:
        return f"{', '.join(words[:most])} {conjunction} {len(words) - most:,} more"
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {conjunction} {words[-1]}"


def likeness(value: str, text: str) -> str | None:
    """How a string is nearly a text, in words that go on a sentence about it; None if it is not.

    Cheap, however long the string is: one much longer than the text is not looked at.
    """
    if len(value) > 3 * len(text) + 100:
        return None
    if value.casefold() == text.casefold():
        return "only in case; equals-ignore-case takes both"
    if value.strip() == text:
        return "only in white space around it"
    if value.strip().casefold() == text.casefold():
        return "only in case and in white space around it"
    if _composed(value) == _composed(text):
        return "only in how Unicode writes its accents"
    return None


def difference(value: str, text: str) -> str:
    """Where two strings differ, if that is in what is cut of a long one; else nothing."""
    pairs = enumerate(zip(value, text))  # noqa: B905 - up to the end of the shorter one
    alike = next(
        (index for index, (one, other) in pairs if one != other), min(len(value), len(text))
    )
    return f": they differ from character {alike + 1:,} on" if alike >= _HEAD else ""


def _composed(text: str) -> str:
    return unicodedata.normalize("NFC", text)
