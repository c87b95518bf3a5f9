"""JSON text -> Python values, with a single answer to "is it JSON?" for every caller."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from typing import Any, Final, Literal

import msgspec

from filterpatterns.jsontext import layers
from filterpatterns.jsontext.memory import reserve
from filterpatterns.jsontext.numbers import read_number
from filterpatterns.jsontext.structure import tokens
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
        reserve(text)
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


def decode_exactly(text: str | bytes | memoryview) -> Any:
    """Return what `parse` returns for a text, which is UTF-8 if it is not a str.

    Raises:
        msgspec.DecodeError: it is not JSON.
        TypeError, UnicodeDecodeError: it is not such a text.
    """
    value = parse(text if isinstance(text, str) else str(text, "utf-8"))
    if value is NOT_JSON:
        raise msgspec.DecodeError
    return value


def has_minus_zero(text: str) -> bool:
    """Whether a text has the integer -0, or something in a string that looks like it."""
    return "-0" in text and _MINUS_ZERO.search(text) is not None


_LARGE = 1 << 15
"""From this many characters on, a decoder may need more memory than there is."""


def described(value: Any) -> str:
    """Describe a parsed value: `an array`, `null`."""
    if isinstance(value, (dict, list)):
        return "an object" if isinstance(value, dict) else "an array"
    if isinstance(value, str):
        return "a string"
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    return "a number"


SHALLOW: Final = 2 * MAX_PAYLOAD_DEPTH
"""Characters of a JSON text that cannot be nested too deeply."""


def is_too_deep(text: str | bytes) -> bool:
    """Whether a text that is known to be JSON is nested deeper than MAX_PAYLOAD_DEPTH."""
    if len(text) <= SHALLOW or decoders_stop_early():
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


def decoders_stop_early() -> bool:
    """Whether a decoder raises RecursionError for any text that is too deep.

    That is the case up to Python 3.11 with the default recursion limit: C code counts against it.
    """
    return sys.version_info < (3, 12) and sys.getrecursionlimit() <= MAX_PAYLOAD_DEPTH


# An unterminated string runs to the end of the text: it must not fail and be retried.
_BRACKETS = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?\Z)|[\[\]{}]', re.DOTALL)


def depth(text: str) -> int:
    """Count the levels of arrays and objects that a text nests, whether it is JSON or not."""
    level = deepest = 0
    for match in tokens(text, _BRACKETS):
        token = match[0]
        if token in "[{":
            level += 1
            deepest = max(deepest, level)
        elif token in "]}":
            level -= 1
    return deepest


_SPACE = re.compile(r"[ \t\n\r]*")
_PLAIN = r'[^"\\\x00-\x1f]*'
_ESCAPED = r'(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})' + _PLAIN + ")"
_MOST_ESCAPES = 1000
"""The number of escapes that `re` reads at a time: it takes about 150 bytes for each."""

_START = re.compile(r'[ \t\n\r]*(")' + _PLAIN)
_MORE = re.compile(f"{_ESCAPED}{{1,{_MOST_ESCAPES}}}")
_TOKEN = re.compile(
    r"[ \t\n\r]*(?:"
    rf'("{_PLAIN}{_ESCAPED}{{0,{_MOST_ESCAPES}}}")'
    r"|(-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|true|false|null)"
    r"|([\[\]{},:]))"
)
_STRING, _MARK = 1, 3
"""Groups of _TOKEN."""

_LITERALS = {"true": True, "false": False, "null": None}


class JsonSyntaxError(ValueError):
    """A text that is not JSON, from `position` on. `expected` says what RFC 8259 requires there;
    None for a text that is nested deeper than MAX_PAYLOAD_DEPTH."""

    def __init__(self, expected: str | None, position: int) -> None:
        super().__init__(expected or "nested too deeply")
        self.expected = expected
        self.position = position


Event = Literal["string", "scalar", "name", "open", "close"]
"""What `events` yields: a string, another scalar, a member's name, and an array or object."""


_EXPECTED = {
    "item": "a value",
    "first item": "a value",
    "value": "a value",
    "name": "a name in double quotes",
    "first name": "a name in double quotes",
    "colon": '":"',
    "more items": '"," or "]"',
    "more members": '"," or "}"',
    "end": "the end",
}
"""The states of the parser, each with what may come next."""

_VALUE_STATES = ("value", "item", "first item")
_CLOSING = {"first item": "]", "more items": "]", "first name": "}", "more members": "}"}
_PUNCTUATION = {
    ("colon", ":"): "value",
    ("more items", ","): "item",
    ("more members", ","): "name",
}


def events(text: str) -> Iterator[tuple[Event, int, int]]:
    """Yield the parts of a JSON text in order, each with its start and end.

    The strict parser: not recursive, as deep as MAX_PAYLOAD_DEPTH on any caller's stack, and exact
    about RFC 8259. Every opened array or object is closed, and a name comes before each member's
    value.

    Raises:
        JsonSyntaxError: it is not JSON; everything before that position has been yielded.
    """
    around: list[str] = []  # for each open array or object, the state after one of its values
    state = "value"
    position = 0
    while True:
        match = _TOKEN.match(text, position)
        if match is not None and match.lastindex is not None:
            kind = match.lastindex
            start, end = match.span(kind)
        elif (string := _long_string(text, position)) is not None:
            kind, (start, end) = _STRING, string
        else:
            break
        token = text[start]
        if kind != _MARK and state in _VALUE_STATES:
            yield "string" if kind == _STRING else "scalar", start, end
            state = around[-1] if around else "end"
        elif kind == _STRING and state in ("name", "first name"):
            yield "name", start, end
            state = "colon"
        elif kind == _MARK and token in "[{" and state in _VALUE_STATES:
            if len(around) >= MAX_PAYLOAD_DEPTH:
                raise JsonSyntaxError(None, start)
            around.append("more items" if token == "[" else "more members")
            state = "first item" if token == "[" else "first name"
            yield "open", start, end
        elif kind == _MARK and _CLOSING.get(state) == token:
            around.pop()
            yield "close", start, end
            state = around[-1] if around else "end"
        elif kind == _MARK and (state, token) in _PUNCTUATION:
            state = _PUNCTUATION[state, token]
        else:
            break
        position = end
    space = _SPACE.match(text, position)
    position = position if space is None else space.end()
    if state != "end" or position < len(text):
        raise JsonSyntaxError(_EXPECTED[state], position)


def _long_string(text: str, position: int) -> tuple[int, int] | None:
    """Return where a string that begins at a position, or after space, starts and ends: one with
    any number of escapes. None if there is no string."""
    found = _START.match(text, position)
    if found is None:
        return None
    end = found.end()
    while (more := _MORE.match(text, end)) is not None:
        end = more.end()
    return (found.start(1), end + 1) if text.startswith('"', end) else None


def parse_carefully(text: str) -> Any:
    """Like `parse`, for texts that msgspec rejects."""
    try:
        return layers.decode(text)
    except RecursionError:
        pass  # the caller's stack has little room
    except ValueError:
        return NOT_JSON
    return parse_without_recursion(text)


def parse_without_recursion(text: str) -> Any:
    """Like `parse`, but with a plain parser that needs no stack: slow."""
    try:
        text.encode()
        return _built(text)
    except (UnicodeEncodeError, JsonSyntaxError):
        return NOT_JSON


def _built(text: str) -> Any:
    """The value of a JSON text.

    Raises:
        JsonSyntaxError: it is not JSON.
    """
    root: list[Any] = []
    holders: list[Any] = [root]
    names: list[str] = []
    for event, start, end in events(text):
        if event == "name":
            names.append(json.loads(text[start:end]))
            continue
        if event == "close":
            holders.pop()
            continue
        value: Any
        if event == "open":
            value = [] if text[start] == "[" else {}
        else:
            value = json.loads(text[start:end]) if event == "string" else _scalar(text[start:end])
        holder = holders[-1]
        if isinstance(holder, list):
            holder.append(value)
        else:
            holder[names.pop()] = value
        if event == "open":
            holders.append(value)
    return root[0]


def _scalar(text: str) -> int | float | bool | None:
    if text in _LITERALS:
        return _LITERALS[text]
    return layers.read_integer(text) if text.lstrip("-").isdigit() else read_number(text)
