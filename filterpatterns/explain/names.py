"""Suggests names in place of those that a record does not have."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from filterpatterns.errors import printable
from filterpatterns.jsontext import decoding
from filterpatterns.language.wording import format_value, truncate
from filterpatterns.matching.verdict import Payloads

_MOST_NAMES = 1000
_LONGEST_NAME = 100
_MOST_LOOKUPS = 24
"""How many names one explanation looks for elsewhere: comparing is slow, and parsing is slower."""

_CLOSE = 0.75
_LONGEST_JSON = 1 << 20


class Names:
    """Looks for names similar to those that are absent; since each search costs time, it stops
    after a number of them."""

    def __init__(self, payloads: Payloads) -> None:
        self._payloads = payloads
        self._left = _MOST_LOOKUPS

    def hint(self, name: str, members: Mapping[str, Any], above: Mapping[str, Any] | None) -> str:
        """Return a hint about a name that an object does not have; empty if there is nothing to
        suggest.

        `above` is the object around that object, None for a record.
        """
        if not self._left:
            return ""
        self._left -= 1
        names = list(_names(members))
        return (
            _same_but(name, names)
            or _close(name, names)
            or _below(name, members)
            or (self._in_payload(name) if above is None else _above(name, above))
        )

    def _in_payload(self, name: str) -> str:
        for key in self._payloads.source.payload_keys:
            payload = self._payloads[key]
            if payload is not None and isinstance(payload[1], Mapping) and name in payload[1]:
                return f"{key} has a {format_value(name)}: write it there"
        return ""


def _names(members: Mapping[str, Any]) -> Iterator[str]:
    for name in islice(members, _MOST_NAMES):
        if isinstance(name, str) and len(name) <= _LONGEST_NAME:
            yield name


def _same_but(name: str, names: list[str]) -> str:
    folded = name.casefold()
    for other in names:
        if other.casefold() == folded:
            return f"there is {format_value(other)}: names are case sensitive"
    for other in names:
        if other.strip().casefold() == folded.strip():
            return f"there is {format_value(other)}: white space in names counts"
    bare = _bare(name)
    for other in names:
        if bare and _bare(other) == bare:
            return f"there is {format_value(other)}"
    return ""


def _bare(name: str) -> str:
    return "".join(char for char in name.casefold() if char.isalnum())


def _close(name: str, names: list[str]) -> str:
    close = difflib.get_close_matches(name, names, n=1, cutoff=_CLOSE)
    return f"did you mean {format_value(close[0])}?" if close else ""


def _below(name: str, members: Mapping[str, Any]) -> str:
    for other in _names(members):
        inside = members[other]
        if isinstance(inside, (list, tuple)) and inside:
            inside = inside[0]
        if isinstance(inside, Mapping) and name in inside:
            return f"{format_value(other)} has a {format_value(name)}, one level down"
    return ""


def _above(name: str, above: Mapping[str, Any]) -> str:
    return f"there is a {format_value(name)} one level up" if name in above else ""


def holds_json(value: Any) -> bool:
    """Whether a value is a string that is JSON of an object or an array."""
    if not isinstance(value, str) or len(value) > _LONGEST_JSON:
        return False
    if not value.lstrip().startswith(("{", "[")):
        return False
    return isinstance(decoding.parse(value), (dict, list))


def within(where: str, name: str) -> str:
    """Return the path of a member, printable."""
    name = printable(truncate(name))
    return f"{where}.{name}" if where else name
