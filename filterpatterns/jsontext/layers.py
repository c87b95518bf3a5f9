"""JSON text -> value by the standard library's decoder, a few levels of nesting at a time.

It takes what msgspec rejects but RFC 8259 allows: escapes of half a surrogate pair, and numbers
of any size. It needs a recursion of a hundred levels, however deep the text is: what lies deeper is
cut out, decoded by itself, and put back in its place.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from itertools import accumulate
from typing import Any

from filterpatterns.jsontext.numbers import JsonNumber, read_number
from filterpatterns.jsontext.structure import without_escapes
from filterpatterns.limits import MAX_PAYLOAD_DEPTH

_LAYER = 100
"""Levels that are decoded at a time."""

_OPENING, _CLOSING = b"[{", b"]}"
_NO_BRACKETS = bytes(byte for byte in range(256) if byte not in _OPENING + _CLOSING)
_NEUTRAL = bytes.maketrans(_OPENING + _CLOSING, b"    ")
_STEPS = [1 if byte in _OPENING else -1 if byte in _CLOSING else 0 for byte in range(256)]

_LONGEST_INTEGER = 310
"""Digits: a longer integer exceeds every double, and Python may refuse to parse it."""


def decode(text: str) -> Any:
    """Return the value of a JSON text (RFC 8259). Numbers keep their text, as in `decoding.parse`.

    Raises:
        ValueError: it is not JSON, or nested deeper than MAX_PAYLOAD_DEPTH.
        RecursionError: the caller's stack has no room for a hundred levels.
    """
    data = text.encode()
    if data.count(b"[") + data.count(b"{") <= _LAYER:
        return _decoder(read_number).decode(text)
    bare = _without_strings(text)
    brackets = _brackets(bare)
    deepest = max(_levels(brackets), default=0)
    if deepest <= _LAYER:
        return _decoder(read_number).decode(text)
    if deepest > MAX_PAYLOAD_DEPTH or min(_levels(brackets)) < 0:
        raise ValueError("nested too deeply, or not nested")
    layer_of = [-(-level // _LAYER) for level in range(deepest + 1)]
    layers = _Layers(data, bytes(map(layer_of.__getitem__, _levels(bare))))
    try:
        return layers.decoded(0, len(data), 0)
    finally:
        layers.close()


def _without_strings(text: str) -> bytes:
    """Return the bytes of a text, but without the brackets in its strings.

    Raises:
        ValueError: a string is not closed.
    """
    bare = without_escapes(text).encode()
    parts = bare.split(b'"')
    if not len(parts) & 1:
        raise ValueError("a string is not closed")
    if not _brackets(b"".join(parts[1::2])):
        return bare
    parts[1::2] = [part.translate(_NEUTRAL) for part in parts[1::2]]
    return b'"'.join(parts)


def _brackets(data: bytes) -> bytes:
    return data.translate(None, _NO_BRACKETS)


def _levels(data: bytes) -> accumulate[int]:
    return accumulate(map(_STEPS.__getitem__, data))


def _decoder(read_float: Callable[[str], Any]) -> json.JSONDecoder:
    return json.JSONDecoder(
        parse_float=read_float, parse_int=read_integer, parse_constant=_refuse_constant
    )


def read_integer(text: str) -> int | float:
    """Return the value of an integer in a JSON text."""
    return JsonNumber(text) if text == "-0" or len(text) > _LONGEST_INTEGER else int(text)


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


class _Layers:
    """A text while it is decoded from the inside out; `layers` says how deep it is after each byte.

    What has been cut out is replaced by a number that the text does not contain, with its index.
    """

    def __init__(self, data: bytes, layers: bytes) -> None:
        self._data = data
        self._layers = layers
        self._done: list[Any] = []
        self._mark = "0."
        while self._mark.encode() in data:
            self._mark = f"0.{int.from_bytes(os.urandom(8), 'big')}E-"
        self._decode = _decoder(self._read_float).decode

    def decoded(self, start: int, end: int, layer: int) -> Any:
        """Return the value of a part of the text, around which so many layers are open."""
        parts: list[bytes] = []
        while (first := self._layers.find(layer + 2, start, end)) >= 0:
            last = self._layers.find(layer + 1, first, end)
            if last < 0:
                raise ValueError("not closed")
            value = self.decoded(first, last + 1, layer + 1)
            # The spaces keep what stands next to it apart.
            parts += self._data[start:first], f" {self._mark}{len(self._done)} ".encode()
            self._done.append(value)
            start = last + 1
        parts.append(self._data[start:end])
        return self._decode(str(b"".join(parts), "utf-8"))

    def close(self) -> None:
        """Free everything now: the decoder refers back to this object, so that the text and its
        value would otherwise wait for the garbage collector."""
        del self._decode

    def _read_float(self, text: str) -> Any:
        if text.startswith(self._mark):
            return self._done[int(text[len(self._mark) :])]
        return read_number(text)
