"""Writes JSON for every command: valid in any encoding, and safe on a terminal."""

from __future__ import annotations

import codecs
import json
import re
from typing import Any, TextIO

_UNSAFE = re.compile("[\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
"""Characters that control terminals or text direction, in addition to those that JSON must escape
anyway."""

_NOT_ASCII = re.compile("[^\x00-\x7e]")


def json_text(value: Any, *, ascii_only: bool = False, indent: bool = False) -> str:
    """The JSON text of a value. Half of a surrogate pair, which UTF-8 cannot encode, is written as
    text: a backslash, `u` and four digits.

    Args:
        value: anything that orjson accepts, or integers of any size.
        ascii_only: whether to escape all characters that are not ASCII.
        indent: whether to write many lines, indented by two spaces, instead of one line.
    """
    import orjson  # not needed unless JSON is written

    try:
        text = orjson.dumps(value, option=orjson.OPT_INDENT_2 if indent else 0).decode()
    except TypeError:  # half a surrogate pair, or an integer of more than 64 bits
        text = json.dumps(
            _encodable(value),
            ensure_ascii=False,
            indent=2 if indent else None,
            separators=(",", ": ") if indent else (",", ":"),
        )
    return (_NOT_ASCII if ascii_only else _UNSAFE).sub(_escaped, text)


def _encodable(value: Any) -> Any:
    """The value with strings that UTF-8 can encode: strict parsers reject the escape of half a
    pair."""
    if isinstance(value, str):
        return value.encode(errors="backslashreplace").decode()
    if isinstance(value, dict):
        return {_encodable(name): _encodable(inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_encodable(inner) for inner in value]
    return value


def json_line(value: Any) -> bytes:
    """The JSON text of a value as a line of a file."""
    return json_text(value).encode() + b"\n"


def write_json(out: TextIO, value: Any, *, indent: bool = False) -> None:
    """Write a value and a line feed to a stream of any encoding."""
    try:
        is_utf8 = codecs.lookup(out.encoding or "ascii").name == "utf-8"
    except LookupError:
        is_utf8 = False
    out.write(json_text(value, ascii_only=not is_utf8, indent=indent) + "\n")


def _escaped(found: re.Match[str]) -> str:
    """Escape a character as in JSON: with two escapes if it is beyond U+FFFF."""
    return json.dumps(found[0])[1:-1] if found[0] != "\x7f" else "\\u007f"
