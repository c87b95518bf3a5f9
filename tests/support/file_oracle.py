"""The expected output of `fp filter` for a file: slow, plain, and without any code of the package.

The pattern is PATTERN, for any JSON object.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

PATTERN = '{"k": ["x"]}'
_SPACE = " \t\r\n"
_BOM = b"\xef\xbb\xbf"
_DEEPEST = 1024


@dataclass
class Expected:
    """The expected result for a file, in order: the lines of its records and whether they match,
    and the invalid lines, each with the position of its line or document."""

    records: list[tuple[int, bytes, bool]]
    invalid_lines: list[tuple[int, bytes]]

    def output(self, *, invert: bool = False, most: int | None = None) -> bytes:
        """What is selected."""
        return b"".join([line for _, line, is_match in self.records if is_match != invert][:most])

    def lost_before(self, most: int | None, *, invert: bool = False) -> list[bytes]:
        """The invalid lines up to the line in which a number of records have been selected."""
        places = [place for place, _, is_match in self.records if is_match != invert]
        last = places[most - 1] if most is not None and most <= len(places) else None
        return [line for place, line in self.invalid_lines if last is None or place <= last]

    @property
    def summary(self) -> str:
        """The output of --stats."""
        matched = sum(is_match for _, _, is_match in self.records)
        total = len(self.records) + len(self.invalid_lines)
        words = f"{total:,} record{'' if total == 1 else 's'}: {matched:,} match, "
        words += f"{len(self.records) - matched:,} drop"
        return words + (f", {len(self.invalid_lines):,} not a record" if self.invalid_lines else "")


def expected(data: bytes) -> Expected:
    """The expected result for a file, which is JSON Lines if its first line is complete."""
    found = Expected([], [])
    lines = data.split(b"\n")
    if lines[-1] == b"":
        lines.pop()
    first = next((line for line in lines if _text(line) != ""), b"")
    if _is_open(first):
        whole = data.removeprefix(_BOM).decode()
        for place, (start, end) in enumerate(_documents(whole)):
            text = whole[start:end]
            value = _parsed(text)
            line = whole[whole.rfind("\n", 0, start) + 1 :].partition("\n")[0]
            if line.strip(_SPACE) == text and not _is_holder(value):
                found.records.append((place, line.encode() + b"\n", _matches(value)))
            else:
                _add(found, place, value, text)
        return found
    for place, line in enumerate(lines):
        text = _text(line)
        if text == "":
            continue
        raw = line + b"\n"
        values = None if text is None else _values(text)
        if values is None or (len(values) == 1 and not isinstance(values[0][0], (dict, list))):
            found.invalid_lines.append((place, raw))
        elif len(values) == 1 and not _is_holder(values[0][0]):
            found.records.append((place, raw.removeprefix(_BOM), _matches(values[0][0])))
        else:
            for value, its_text in values:
                _add(found, place, value, its_text)
    return found


def _text(line: bytes) -> str | None:
    """A line as text, without surrounding white space; None if it is not text."""
    try:
        return line.decode().removeprefix("\ufeff").strip(_SPACE)
    except UnicodeDecodeError:
        return None


def _is_open(line: bytes) -> bool:
    """Whether a first line is one of a longer document; in the files here, all of which are good
    then, it is one bracket, or an array that goes on."""
    text = _text(line)
    return text is not None and _values(text) is None and text.startswith(("{", "["))


def _parsed(text: str) -> Any:
    """The value of a JSON text.

    Raises:
        ValueError: it is not JSON, or is nested too deeply.
    """

    def refuse(name: str) -> None:
        raise ValueError(name)

    if _depth(text) > _DEEPEST:
        raise ValueError("too deep")
    text.encode()  # not Unicode
    with _deep_stack():
        return json.loads(text, parse_constant=refuse)


@contextmanager
def _deep_stack() -> Iterator[None]:
    """The json module needs it for 1,024 levels."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(before + 5_000)
    try:
        yield
    finally:
        sys.setrecursionlimit(before)


def _first(text: str, start: int = 0) -> int:
    """Where the JSON value that begins there ends."""
    with _deep_stack():
        return json.JSONDecoder().raw_decode(text, start)[1]


def _depth(text: str) -> int:
    depth = deepest = position = 0
    in_string = False
    while position < len(text):
        char = text[position]
        if in_string:
            if char == "\\":
                position += 1
            in_string = char != '"'
        elif char == '"':
            in_string = True
        elif char in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif char in "]}":
            depth -= 1
        position += 1
    return deepest


def _values(text: str) -> list[tuple[Any, str]] | None:
    """The one value that a line holds, or several arrays and objects; None if it is anything else,
    each with its text."""
    try:
        return [(_parsed(text), text)]
    except ValueError:
        pass
    found = []
    while text:
        if text[0] not in "[{" or _depth(text) > _DEEPEST:
            return None
        try:
            end = _first(text)
            found.append((_parsed(text[:end]), text[:end]))
        except ValueError:
            return None
        text = text[end:].lstrip(_SPACE)
    return found


def _documents(text: str) -> Iterator[tuple[int, int]]:
    """Where each of the documents begins and ends."""
    end = 0
    while rest := text[end:].lstrip(_SPACE):
        start = len(text) - len(rest)
        end = _first(text, start)
        yield start, end


def _is_holder(value: Any) -> bool:
    """Whether a value is split into records: an array, or a Lambda event."""
    return isinstance(value, list) or _is_event(value)


def _is_event(value: Any) -> bool:
    held = value.get("Records") if isinstance(value, dict) else None
    return isinstance(held, list) and (not held or any(isinstance(one, dict) for one in held))


def _add(found: Expected, place: int, value: Any, text: str) -> None:
    """Add the results of a value that is not alone on its line."""
    if isinstance(value, list):
        for element, its_text in zip(value, _elements(text), strict=True):
            if _is_event(element):
                _add(found, place, element, its_text)
            else:
                _add_one(found, place, element, its_text)
    elif _is_event(value):
        for element, its_text in zip(value["Records"], _elements(_member(text)), strict=True):
            _add_one(found, place, element, its_text)
    else:
        _add_one(found, place, value, text)


def _add_one(found: Expected, place: int, value: Any, text: str) -> None:
    line = _one_line(text).encode() + b"\n"
    if isinstance(value, dict):
        found.records.append((place, line, _matches(value)))
    else:
        found.invalid_lines.append((place, line))


def _elements(text: str) -> list[str]:
    """The texts of an array's elements."""
    found, position = [], 1
    while True:
        while text[position] in _SPACE + ",":
            position += 1
        if text[position] == "]":
            return found
        end = _first(text, position)
        found.append(text[position:end])
        position = end


def _member(text: str) -> str:
    """The text of the array that is the first member, `Records`."""
    start = text.index("[")
    return text[start : _first(text, start)]


def _one_line(text: str) -> str:
    """A text without line feeds: all white space outside of strings goes, if there are any."""
    if "\n" not in text:
        return text
    kept, in_string, escaped = [], False, False
    for char in text:
        if in_string or char not in _SPACE:
            kept.append(char)
        if char == '"' and not escaped:
            in_string = not in_string
        escaped = in_string and char == "\\" and not escaped
    return "".join(kept)


def _matches(value: dict[str, Any]) -> bool:
    held = value.get("k")
    return held == "x" or (isinstance(held, list) and "x" in held)
