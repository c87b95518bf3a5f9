"""Finds the place of a word or the cursor in a pattern by scanning its text, which may be
incomplete.

The parser needs valid JSON, but text that is being typed is incomplete. So this only tracks
brackets, names, colons and commas, and knows what is allowed where.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Final, Literal

from msgspec import Struct

from filterpatterns.jsontext.structure import end_of_string
from filterpatterns.limits import MAX_PATTERN_DEPTH

Role = Literal["field", "or", "operator", "value"]
"""The role of a word in a pattern: the name of a field, `$or`, the name of an operator, or a
value."""

Kind = Literal["fields", "alternatives", "rules", "rule", "operand"]
"""The role of a bracket: it opens an object with fields, the array of `$or`, an array of rules, an
object that is a rule, or a part of an operand."""

_TOKEN: Final = re.compile(r'"|[\[\]{},:]|[^\s\[\]{},:"]+')
_MARKS: Final = frozenset("[]{},:")


class Word(Struct, frozen=True):
    """A string, number or keyword of a pattern, and its role.

    `path` are the fields that lead to it, including itself if it is a field; `operator` is the
    operator whose operand contains it.
    """

    text: str
    start: int
    end: int
    role: Role
    path: tuple[str, ...]
    operator: str = ""


class Cursor(Struct, frozen=True):
    """What is expected at an offset: a member's name or a value, and inside what; and the start and
    end of the word that has been begun there (`typed` is its part before the offset)."""

    kind: Kind
    path: tuple[str, ...]
    operator: str
    expects_name: bool
    start: int
    end: int
    typed: str


class _Frame(Struct):
    """An open bracket."""

    kind: Kind
    path: tuple[str, ...]
    is_object: bool
    operator: str = ""
    name: str | None = None
    has_colon: bool = False
    has_value: bool = False

    @property
    def below(self) -> tuple[str, ...]:
        """The fields that lead to the value of the member."""
        if self.kind != "fields" or self.name is None or self.name == "$or":
            return self.path
        return (*self.path, self.name)


class _Scanner:
    def __init__(self) -> None:
        self.frames: list[_Frame] = []

    def take(self, token: str) -> None:
        """Go past a token."""
        if token in "{[":
            self.frames.append(self._opened(is_object=token == "{"))
        elif token in "}]":
            if self.frames:
                self.frames.pop()
            self._end_value()
        elif self.frames:
            frame = self.frames[-1]
            if token == ",":
                frame.name, frame.has_colon, frame.has_value = None, False, False
            elif token == ":":
                frame.has_colon = True
            elif frame.is_object and not frame.has_colon:
                frame.name = _value(token)
            else:
                self._end_value()

    def _end_value(self) -> None:
        if self.frames:
            self.frames[-1].has_value = True

    def _opened(self, *, is_object: bool) -> _Frame:
        if not self.frames:
            return _Frame("fields" if is_object else "rules", (), is_object)
        frame = self.frames[-1]
        operator = frame.operator
        kind: Kind = "operand"
        if frame.kind == "fields":
            array: Kind = "alternatives" if frame.name == "$or" else "rules"
            kind = "fields" if is_object else array
        elif frame.kind == "alternatives":
            kind = "fields" if is_object else "rules"
        elif frame.kind == "rules":
            kind = "rule" if is_object else "rules"
        elif frame.kind == "rule":
            operator = frame.name or ""
        return _Frame(kind, frame.below, is_object, operator)

    def word(self, token: str, start: int) -> Word:
        """A word at the current place of the scan."""
        text, end = _value(token), start + len(token)
        if not self.frames:
            return Word(text, start, end, "value", ())
        frame = self.frames[-1]
        if not frame.is_object or frame.has_colon:
            operator = frame.operator or (frame.name or "" if frame.kind == "rule" else "")
            return Word(text, start, end, "value", frame.below, operator)
        if frame.kind == "fields":
            if text == "$or":
                return Word(text, start, end, "or", frame.path)
            return Word(text, start, end, "field", (*frame.path, text))
        return Word(text, start, end, "operator", frame.path, frame.operator)


def _value(token: str) -> str:
    """The text of a word; a string without its quotes."""
    if not token.startswith('"'):
        return token
    try:
        return str(json.loads(token))
    except ValueError:
        return token.strip('"')


def _steps(text: str) -> Iterator[tuple[_Scanner, str, int]]:
    """The tokens, each with the state of the scan before it."""
    scanner = _Scanner()
    end = 0
    while (match := _TOKEN.search(text, end)) is not None:
        if len(scanner.frames) > MAX_PATTERN_DEPTH:
            return
        start, end = match.span()
        if match[0] == '"':
            end = end_of_string(text, end)
            end += text.startswith('"', end)
        token = text[start:end]
        yield scanner, token, start
        scanner.take(token)


def words(text: str) -> Iterator[Word]:
    """The words of a pattern, in order, without those that are nested too deeply."""
    for scanner, token, start in _steps(text):
        if token not in _MARKS:
            yield scanner.word(token, start)


def word_at(text: str, offset: int) -> Word | None:
    """The word at an offset."""
    for word in words(text):
        if offset < word.end:
            return word if word.start <= offset else None
    return None


def cursor_at(text: str, offset: int) -> Cursor | None:
    """What is expected at an offset; None outside the pattern, or if a colon or a comma is
    expected."""
    scanner = _Scanner()
    start = end = offset
    for before, token, position in _steps(text):
        scanner = before
        if position >= offset:
            break
        if token not in _MARKS and _is_inside(token, offset - position):
            start, end = position, position + len(token)
            break
    else:
        if len(scanner.frames) > MAX_PATTERN_DEPTH:
            return None
    if not scanner.frames:
        return None
    frame = scanner.frames[-1]
    expects_name = frame.is_object and not frame.has_colon
    if frame.has_value or (expects_name and frame.name is not None):
        return None
    operator = frame.operator or (frame.name or "" if frame.kind == "rule" else "")
    path = frame.path if expects_name else frame.below
    return Cursor(frame.kind, path, operator, expects_name, start, end, text[start:offset])


def _is_inside(token: str, offset: int) -> bool:
    """Whether a word is being typed at an offset in it or at its end."""
    if offset < len(token):
        return True
    is_closed = len(token) > 1 and token[0] == token[-1] == '"'
    return offset == len(token) and not is_closed
