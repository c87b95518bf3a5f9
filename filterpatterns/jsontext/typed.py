"""JSON text -> values of a type that holds only a part of them, with the answers of `decoding`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from filterpatterns.jsontext import decoding
from filterpatterns.jsontext.decoders import make_decoder
from filterpatterns.jsontext.decoding import NOT_JSON
from filterpatterns.jsontext.numbers import read_number

Decode = Callable[["str | bytes"], Any]


def decoder_of(kind: Any) -> Decode:
    """Return the function that decodes a text into a type."""
    return make_decoder(kind, float_hook=read_number).decode


def decoded(text: str, decode: Decode) -> Any:
    """Return the value of a JSON text from a decoder of `decoder_of`, or NOT_JSON; a text that its
    type cannot hold is decoded in full."""
    if decoding.overflows(text):
        return NOT_JSON
    if decoding.has_minus_zero(text):
        return decoding.parse(text)
    try:
        value = decode(text if text.isascii() else text.encode())
    except (msgspec.ValidationError, RecursionError, UnicodeEncodeError):
        return decoding.parse(text)  # a structure that the types do not support, or an unusual text
    except msgspec.DecodeError:
        return decoding.parse(text) if "\\" in text else NOT_JSON
    return NOT_JSON if decoding.is_too_deep(text) else value
