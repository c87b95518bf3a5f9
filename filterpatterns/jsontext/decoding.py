"""JSON text -> Python values, with a single answer to "is it JSON?" for every caller."""

from __future__ import annotations

import json
import mmap
import re
import sys
from typing import Any, Final

import msgspec

from filterpatterns.jsontext.numbers import JsonNumber, read_number
from filterpatterns.limits import MAX_PAYLOAD_DEPTH


class _NotJson:
    """The type of NOT_JSON."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "NOT_JSON"


NOT_JSON: Final = _NotJson()
"""What `parse` returns for a text that is not JSON."""

_decode = msgspec.json.Decoder(float_hook=read_number).decode

_MINUS_ZERO = re.compile(r"-0(?<![^\[,:\s]-0)(?![^\],}\s])")
"""The only integer that decoders do not preserve as written."""


def parse(text: str) -> Any:
    """Return the value of a JSON text (RFC 8259), or NOT_JSON. Never raises.

    Numbers keep their text: a number that Python would write differently is a JsonNumber.
    If a name is repeated in an object, the last value counts. Text nested deeper than
    MAX_PAYLOAD_DEPTH is not JSON.
    """
    if text.__class__ is not str:
        text = str.__str__(text)  # msgspec accepts no subclasses
    if overflows(text):
        return NOT_JSON
    if has_minus_zero(text):
        return parse_carefully(text)
    if len(text) > _LARGE:
        _reserve(text)
    try:
        # A str that is not ASCII would cache the UTF-8 that msgspec makes of it.
        value = _decode(text if text.isascii() else text.encode())
    except UnicodeEncodeError:
        return NOT_JSON  # a lone surrogate has no UTF-8
    except (msgspec.ValidationError, RecursionError):
        # A number out of range, or a text too deep for the rest of the caller's stack.
        return parse_carefully(text)
    except msgspec.DecodeError:
        # msgspec rejects escapes of half a surrogate pair; RFC 8259's grammar allows them.
        return parse_carefully(text) if "\\" in text else NOT_JSON
    return NOT_JSON if is_too_deep(text) else value


def has_minus_zero(text: str) -> bool:
    """Whether a text has the integer -0, or something in a string that looks like it."""
    return "-0" in text and _MINUS_ZERO.search(text) is not None


_LARGE = 1 << 22
"""From this many characters on, a decoder may need more memory than there is."""


def _reserve(text: str) -> None:
    """Make sure that there is memory to decode a large text: without it msgspec 0.22 crashes
    instead of raising.

    Raises:
        MemoryError: there is not enough memory.
    """
    # The most that CPython needs for an object, an array, another value and a name.
    wanted = 2 * len(text) + 320 * text.count("{") + 96 * text.count("[")
    wanted += 64 * text.count(",") + 72 * text.count(":")
    try:
        mmap.mmap(-1, wanted).close()  # mapped, but never touched
    except (OSError, ValueError):
        raise MemoryError from None


def described(value: Any) -> str:
    """Describe a parsed value: `an array`, `null`."""
    if isinstance(value, (dict, list)):
        return "an object" if isinstance(value, dict) else "an array"
    if isinstance(value, str):
        return "a string"
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    return "a number"


def is_too_deep(text: str | bytes) -> bool:
    """Whether a text that is known to be JSON is nested deeper than MAX_PAYLOAD_DEPTH."""
    if len(text) <= 2 * MAX_PAYLOAD_DEPTH or _decoders_stop_early():
        return False
    text = text if isinstance(text, str) else str(text, "utf-8")
    if text.count("[") + text.count("{") <= MAX_PAYLOAD_DEPTH:
        return False
    return depth(text) > MAX_PAYLOAD_DEPTH


_SAFE_LENGTH = 20_000


def overflows(text: str | bytes) -> bool:
    """Whether decoding a text could overflow the C stack: it is deep, and the limit is off."""
    return decoders_overflow() and len(text) > _SAFE_LENGTH and is_too_deep(text)


def decoders_overflow() -> bool:
    """Whether a decoder can run until the C stack is full.

    Up to Python 3.11, C code stops at Python's recursion limit, which a program may have raised;
    later versions have a separate limit for C code.
    """
    return sys.version_info < (3, 12) and sys.getrecursionlimit() > _SAFE_LENGTH


def _decoders_stop_early() -> bool:
    """Whether a decoder raises RecursionError for any text that is too deep.

    That is the case up to Python 3.11 with the default recursion limit: C code counts against it.
    """
    return sys.version_info < (3, 12) and sys.getrecursionlimit() <= MAX_PAYLOAD_DEPTH


# An unterminated string runs to the end of the text: it must not fail and be retried.
_BRACKETS = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?\Z)|[\[\]{}]', re.DOTALL)


def depth(text: str) -> int:
    """Count the levels of arrays and objects that a text nests, whether it is JSON or not."""
    level = deepest = 0
    for match in _BRACKETS.finditer(text):
        token = match[0]
        if token in "[{":
            level += 1
            deepest = max(deepest, level)
        elif token in "]}":
            level -= 1
    return deepest


_SPACE = re.compile(r"[ \t\n\r]*")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_LITERALS = (("true", True), ("false", False), ("null", None))
_scan = json.JSONDecoder().raw_decode
"""Used for strings only: no recursion, and exactly the escapes of RFC 8259."""

_LONGEST_INTEGER = 310
"""Digits: a longer integer exceeds every double, and Python may refuse to parse it."""


def parse_carefully(text: str) -> Any:
    """Like `parse`, but with a plain parser without recursion: slow, for texts that others
    reject."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return NOT_JSON
    try:
        return _Parser(text).parse()
    except ValueError:
        return NOT_JSON


class _Parser:
    """A JSON parser with its own stack: as deep as MAX_PAYLOAD_DEPTH on any caller's stack."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._position = 0

    def parse(self) -> Any:
        open_values: list[Any] = []
        names: list[str | None] = []
        while True:
            self._skip_space()
            value, opened = self._value()
            while True:
                if opened:
                    if len(open_values) >= MAX_PAYLOAD_DEPTH:
                        raise ValueError("too deep")
                    open_values.append(value)
                    names.append(None)
                    if not self._take("]" if isinstance(value, list) else "}"):
                        break
                    value, opened = open_values.pop(), False
                    names.pop()
                if not open_values:
                    self._skip_space()
                    if self._position < len(self._text):
                        raise ValueError("more text")
                    return value
                holder = open_values[-1]
                if isinstance(holder, list):
                    holder.append(value)
                else:
                    holder[names[-1]] = value
                if self._take(","):
                    break
                if not self._take("]" if isinstance(holder, list) else "}"):
                    raise ValueError("a comma or the end")
                value = open_values.pop()
                names.pop()
            if isinstance(open_values[-1], dict):
                self._skip_space()
                names[-1] = self._string()
                if not self._take(":"):
                    raise ValueError("a colon")

    def _skip_space(self) -> None:
        match = _SPACE.match(self._text, self._position)
        if match is not None:
            self._position = match.end()

    def _take(self, char: str) -> bool:
        self._skip_space()
        if self._text.startswith(char, self._position):
            self._position += 1
            return True
        return False

    def _string(self) -> str:
        if not self._text.startswith('"', self._position):
            raise ValueError("a string")
        value: str
        value, self._position = _scan(self._text, self._position)
        return value

    def _value(self) -> tuple[Any, bool]:
        """Return the next scalar and False, or an empty array or object and True."""
        char = self._text[self._position : self._position + 1]
        if char == '"':
            return self._string(), False
        if char in ("[", "{"):
            self._position += 1
            return ([] if char == "[" else {}), True
        for literal, value in _LITERALS:
            if self._text.startswith(literal, self._position):
                self._position += len(literal)
                return value, False
        match = _NUMBER.match(self._text, self._position)
        if match is None:
            raise ValueError("a value")
        self._position = match.end()
        return _number(match), False


def _number(match: re.Match[str]) -> int | float:
    text = match[0]
    if match[1] is not None or match[2] is not None:
        return read_number(text)
    return JsonNumber(text) if text == "-0" or len(text) > _LONGEST_INTEGER else int(text)
