"""Describes values of records in words: short, printable, and without running the value's own
code."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from filterpatterns.errors import printable
from filterpatterns.jsontext.numbers import JsonNumber

_LONGEST = 60
_SHORTEST_NAME = 3  # shorter names are near to too many others
_HEAD, _TAIL = 32, 20
"""The number of characters of a long text that are shown, from its beginning and its end."""

_LARGEST_BITS = 256
"""A larger integer is described instead: Python may refuse to format it, and its digits are
useless."""


def format_value(value: Any) -> str:
    """Return a leaf as JSON, truncated in the middle if it is long; describe anything else."""
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
    """Return what a value is: `a string`, `an empty array`, `null`."""
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
    """Return a leaf and its kind: `"5" is a string`; `null`."""
    words, what = format_value(value), kind(value)
    return what if words == what else f"{words} is {what}"


def truncate(text: str, longest: int = _LONGEST) -> str:
    """Return a text; if it is long, without its middle."""
    if len(text) <= longest:
        return text
    return f"{text[:_HEAD]}...{text[-_TAIL:]}"


def shorten(text: str, longest: int) -> str:
    """Return a text; if it is longer than that, without its end."""
    return text if len(text) <= longest else f"{text[: longest - 3]}..."


def _quoted(value: str) -> str:
    text = str.__str__(value)
    length = f" ({len(text):,} characters)" if len(text) > _LONGEST else ""
    return printable(json.dumps(truncate(text), ensure_ascii=False)) + length


def respelled(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that a name differs from only in case or by one typing error: a
    character that is missing, added or replaced, or two that are swapped. The first character must
    be right."""
    folded = name.casefold()
    if len(folded) > _LONGEST:
        return None
    others = {other: other.casefold() for other in known if len(other) <= _LONGEST}
    for other, bare in others.items():
        if bare == folded:
            return other
    return next((other for other, bare in others.items() if _is_near(folded, bare)), None)


def _is_near(name: str, other: str) -> bool:
    """Whether two names differ by one typing error after the first character."""
    if name[:1] != other[:1] or min(len(name), len(other)) < _SHORTEST_NAME:
        return False
    while name and other and name[0] == other[0]:
        name, other = name[1:], other[1:]
    while name and other and name[-1] == other[-1]:
        name, other = name[:-1], other[:-1]
    is_swapped = len(name) == len(other) == 2 and name == other[::-1]
    return is_swapped or max(len(name), len(other)) <= 1


def joined(words: list[str], most: int, conjunction: str = "or") -> str:
    """Return `a, b or c`; for a long list, the first items and how many more there are."""
    if len(words) > most:
        return f"{', '.join(words[:most])} {conjunction} {len(words) - most:,} more"
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {conjunction} {words[-1]}"


def likeness(value: str, text: str) -> str | None:
    """Return how a string nearly equals a text, in words that continue a sentence about it; None if
    it does not.

    Cheap for any length: a string that is much longer than the text is not examined.
    """
    if len(value) > 3 * len(text) + 100:
        return None
    if value.casefold() == text.casefold():
        return "only in case; equals-ignore-case matches both"
    if value.strip() == text:
        return "only in white space around it"
    if value.strip().casefold() == text.casefold():
        return "only in case and in white space around it"
    if _composed(value) == _composed(text):
        return "only in how accents are encoded in Unicode"
    return None


def difference(value: str, text: str) -> str:
    """Return where two strings differ, if that is in the omitted part of a long string; else an
    empty text."""
    pairs = enumerate(zip(value, text))  # noqa: B905 - up to the end of the shorter string
    alike = next(
        (index for index, (one, other) in pairs if one != other), min(len(value), len(text))
    )
    return f": they differ from character {alike + 1:,} on" if alike >= _HEAD else ""


def _composed(text: str) -> str:
    return unicodedata.normalize("NFC", text)
