"""Positions in JSON texts: brackets, elements, members, errors. Nothing is decoded."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Final

from filterpatterns.limits import MAX_PAYLOAD_DEPTH

SPACE: Final = " \t\r\n"
"""JSON's white space: `str.strip()` would remove more."""

TOKENS = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{}]|"', re.DOTALL)
"""Strings and brackets; a lone quotation mark is an unclosed string."""

OPENING = ("{", "[")
CLOSING = ("}", "]")


_MOST_ESCAPES = 1000
"""The number of backslashes in a text that `re` may have to keep: it takes about 150 bytes for each
one in a string."""


def tokens(text: str, pattern: re.Pattern[str] = TOKENS) -> Iterator[re.Match[str]]:
    """Yield the strings and brackets of a text, or what another pattern finds.

    If there are many escapes, they are replaced in what is yielded; only the positions count.
    """
    many = text.count("\\") > _MOST_ESCAPES
    return pattern.finditer(without_escapes(text) if many else text)


def without_escapes(text: str) -> str:
    """Return a text of the same length without backslashes, whose strings and brackets are in the
    same places. The content of its strings is no longer JSON. If a text has backslashes outside
    strings, it is not JSON, and strings after these may begin or end elsewhere.
    """
    if "\\" not in text:
        return text
    # Pairs come first: a quotation mark after two backslashes is not escaped.
    return text.replace("\\\\", "\0\0").replace('\\"', "\0\0").replace("\\", "\0")


_PLAIN = re.compile(r'[^"\\\n]*')


def end_of_string(text: str, position: int) -> int:
    """Return where the content of a string ends that begins at a position: at its quotation mark,
    or, if there is none, where its line or the text ends. A backslash escapes any character.

    For strings in texts that need not be JSON: a regular expression would keep 130 bytes for each
    repetition in it.
    """
    while True:
        match = _PLAIN.match(text, position)
        assert match is not None, "nothing is also plain"
        position = match.end()
        if not text.startswith("\\", position) or position + 1 == len(text):
            return position
        position += 2


def split(text: str) -> tuple[list[str], str]:
    """Return the arrays and objects in a line, and what is left open at its end.

    Both are empty if the line is neither several JSON texts nor the first part of one.
    """
    values: list[str] = []
    depth = start = end = 0
    for token in tokens(text):
        if token[0] == '"':
            return [], ""
        if token[0] in OPENING:
            if not depth:
                start = token.start()
                if text[end:start].strip(SPACE):
                    return [], ""
            depth += 1
        elif token[0] in CLOSING:
            depth -= 1
            if depth < 0:
                return [], ""
            if not depth:
                end = token.end()
                values.append(text[start:end])
    if depth:
        return values, text[start:]
    return ([], "") if text[end:].strip(SPACE) else (values, "")


def lines_of_elements(text: str, key: str | None, count: int, first: int) -> Iterable[int]:
    """Return the lines in which the elements of an array begin: the text itself, or its member
    `key`.

    If that cannot be determined, each line is reported as the first.
    """
    unknown = [first] * count
    if "\n" not in text:
        return unknown
    name = None if key is None else f'"{key}"'
    inside = 1 if key is None else 2  # how many brackets are open around an element
    depth, line, counted, before = 0, first, 0, ""
    reading = key is None
    lines: list[int] = []
    for token in tokens(text):
        if token[0] in OPENING:
            if reading and depth == inside:
                line += text.count("\n", counted, token.start())
                counted = token.start()
                lines.append(line)
            if depth == 1 and before == name:
                reading = True
                lines.clear()  # if a name is repeated, the last value counts
            depth += 1
        elif token[0] in CLOSING:
            depth -= 1
            reading = reading and depth >= inside
        before = token[0]
    return lines if len(lines) == count else unknown


def lines_of_texts(text: str, texts: Iterable[str], first: int) -> list[int]:
    """Return the lines in which the elements (`texts`) of an array (`text`) begin."""
    lines, line, counted, position = [], first, 0, 0
    for each in texts:
        position = text.find(each, position)  # only space and a comma precede it
        line += text.count("\n", counted, position)
        lines.append(line)
        counted, position = position, position + len(each)
    return lines


def find_error(text: str) -> tuple[str, int, int | None]:
    """Return why a text is not JSON, how many lines below the first, and in which column."""
    if _is_too_deep(text):
        return f"nested deeper than {MAX_PAYLOAD_DEPTH:,} levels", 0, None
    try:
        # Its messages have a position; which numbers and names it accepts does not matter here.
        json.loads(text, parse_int=len, parse_float=len, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        whole = text.rstrip(SPACE)
        if error.pos >= len(whole):  # the missing part belongs after the last character
            last = whole.rfind("\n") + 1
            return "invalid JSON: ends too early", whole.count("\n"), len(whole) - last + 1
        words = "more text after the value" if error.msg == "Extra data" else error.msg
        words = words[:1].lower() + words[1:].removesuffix(" at").removesuffix(" starting")
        return f"invalid JSON: {words}", error.lineno - 1, error.colno
    except ValueError as error:
        return f"invalid JSON: {error}", 0, None
    except RecursionError:
        pass
    return "invalid JSON", 0, None


def _is_too_deep(text: str) -> bool:
    """Like `decoding.is_too_deep`, for any text."""
    depth = 0
    for token in tokens(text):
        if token[0] in OPENING:
            depth += 1
            if depth > MAX_PAYLOAD_DEPTH:
                return True
        elif token[0] in CLOSING:
            depth -= 1
        elif token[0] == '"':  # the string is unclosed, so nothing is known after it
            return False
    return False


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not a JSON number")


def elements(text: str) -> list[str]:
    """Return the texts of the elements of an array."""
    return [part.strip(SPACE) for part in _parts(text)]


def members(text: str) -> list[tuple[str, str]]:
    """Return the names of the members of an object, with the texts of their values."""
    found = []
    for part in _parts(text):
        start, end = next(tokens(part)).span()  # a member begins with its name
        value = part[end:].lstrip(SPACE)[1:]  # after the colon
        found.append((json.loads(part[start:end]), value.strip(SPACE)))
    return found


_PARTS = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{},]', re.DOTALL)


def _parts(text: str) -> Iterator[str]:
    """Yield what commas separate in an array or object."""
    depth, start = 0, 0
    for token in tokens(text, _PARTS):
        if token[0] in OPENING:
            depth += 1
            if depth == 1:
                start = token.end()
        elif token[0] == "," and depth == 1:
            yield text[start : token.start()]
            start = token.end()
        elif token[0] in CLOSING:
            depth -= 1
            if not depth:
                last = text[start : token.start()]
                if last.strip(SPACE):
                    yield last
                return


_STRING_OR_SPACE = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|([ \t\r\n]+)', re.DOTALL)


def one_line(text: str) -> str:
    """Return a JSON text on one line: unchanged, or without the white space between its tokens."""
    if "\n" not in text:  # nothing else ends a line
        return text
    kept, end = [], 0
    for token in tokens(text, _STRING_OR_SPACE):
        if token[1]:
            kept.append(text[end : token.start()])
            end = token.end()
    return "".join((*kept, text[end:]))
