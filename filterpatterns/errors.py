"""Errors and warnings (what was found, where, and how to fix it) and their formatter."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import Any, Literal

from msgspec import Struct

Severity = Literal["error", "warning"]

_EXCERPT_WIDTH = 96
"""Characters of an offending line that are drawn; a longer line is truncated around the caret."""


class Diagnostic(Struct, frozen=True, kw_only=True):
    """One error or warning about a pattern.

    `line`, `column`, `end_line` and `end_column` count from 1 in the pattern's own text, columns in
    characters; the end points after the last character. They are None for a pattern that was passed
    in as Python objects; `path` (``body.RequestCode[0].numeric``) is always set, and empty for the
    whole pattern. `filter_index` counts from 0 in a FilterCriteria's `Filters` or a list. `fix` is
    an edit that does what the hint says, if there is one.
    """

    code: str
    severity: Severity
    message: str
    hint: str | None = None
    path: str = ""
    filter_index: int | None = None
    line: int | None = None
    column: int | None = None
    end_line: int | None = None
    end_column: int | None = None
    excerpt: Excerpt | None = None
    fix: Fix | None = None

    def __str__(self) -> str:
        return format_diagnostic(self)


class Excerpt(Struct, frozen=True):
    """The line to draw, or a part of a long line: its text, and where in it (from 0) the carets
    begin and end."""

    text: str
    start: int
    end: int


class Fix(Struct, frozen=True):
    """An edit: replace the text from `line` and `column` up to `end_line` and `end_column` with
    `text`. Positions count as in a Diagnostic. `title` says in a few words what the edit does."""

    title: str
    text: str
    line: int
    column: int
    end_line: int
    end_column: int


class PatternError(ValueError):
    """A pattern or FilterCriteria that AWS would reject.

    `errors` has every mistake that was found, in the order of the text; the attributes `code`,
    `message`, `line`, `column`, `end_line`, `end_column`, `path`, `filter_index` and `hint` are
    those of the first. ``str()`` draws them all, each with its line and a caret.
    """

    def __init__(self, errors: Iterable[Diagnostic]) -> None:
        self.errors: tuple[Diagnostic, ...] = tuple(errors)
        first = self.errors[0]
        self.code = first.code
        self.message = first.message
        self.line = first.line
        self.column = first.column
        self.end_line = first.end_line
        self.end_column = first.end_column
        self.path = first.path
        self.filter_index = first.filter_index
        self.hint = first.hint
        super().__init__("\n".join(format_diagnostic(error) for error in self.errors))

    def __reduce__(self) -> tuple[type[PatternError], tuple[tuple[Diagnostic, ...]]]:
        return type(self), (self.errors,)


class RecordError(ValueError):
    """A record that cannot be evaluated, for example because it is not a JSON object.

    `index` is the record's position (from 0) in the batch, or None for a single record.
    """

    def __init__(self, message: str, index: int | None = None) -> None:
        self.message = message
        self.index = index
        super().__init__(message if index is None else f"record {index}: {message}")

    def __reduce__(self) -> tuple[type[RecordError], tuple[str, int | None]]:
        return type(self), (self.message, self.index)


class LoadError(ValueError):
    """A file that does not have the requested filter.

    `file`, `line` and `column` (from 1; None for the whole file) say where. `code` is the
    diagnostic code, if there is one, `message` says what is wrong and `hint` what to do. ``str()``
    includes all of these.
    """

    def __init__(
        self,
        file: str,
        message: str,
        line: int | None = None,
        column: int | None = None,
        *,
        code: str | None = None,
        hint: str | None = None,
    ) -> None:
        self.file = file
        self.message = message
        self.line = line
        self.column = column
        self.code = code
        self.hint = hint
        words = f"error {code}: {message}" if code else f"error: {message}"
        super().__init__(located(file, words, line, column) + (f"\n  hint: {hint}" if hint else ""))

    def __reduce__(self) -> tuple[Any, ...]:
        return _load_error, (
            (self.file, self.message, self.line, self.column),
            {"code": self.code, "hint": self.hint},
        )


def _load_error(arguments: tuple[Any, ...], named: dict[str, Any]) -> LoadError:
    return LoadError(*arguments, **named)


class PatternFileError(PatternError):
    """Patterns in a file that AWS would refuse: a PatternError with the `file`."""

    def __init__(self, file: str, errors: Iterable[Diagnostic]) -> None:
        super().__init__(errors)
        self.file = file

    def __str__(self) -> str:
        return "\n".join(diagnosed(self.file, error) for error in self.errors)

    def __reduce__(self) -> tuple[type[PatternFileError], tuple[str, tuple[Diagnostic, ...]]]:  # type: ignore[override]
        return type(self), (self.file, self.errors)


def printable(text: str) -> str:
    """Return the text with every character that a terminal would act on or hide as an escape."""
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in text
    )


def located(file: str, words: str, line: int | None = None, column: int | None = None) -> str:
    """A message with its position, `file:line:column: ...`, as editors and terminals recognize
    it."""
    place = ":".join(str(part) for part in (printable(file), line, column) if part is not None)
    return f"{place}: {words}"


def diagnosed(file: str, diagnostic: Diagnostic) -> str:
    """Draw a diagnostic of a pattern in a file."""
    return located(file, str(diagnostic), diagnostic.line, diagnostic.column)


def format_diagnostic(diagnostic: Diagnostic) -> str:
    """Return the diagnostic for people: message, place, the line with carets, and the hint."""
    lines = [f"{diagnostic.severity} {diagnostic.code}: {printable(diagnostic.message)}"]
    place = _place(diagnostic)
    if place:
        lines.append(f"  at {place}")
    if diagnostic.excerpt is not None:
        number = "" if diagnostic.line is None else str(diagnostic.line)
        text, carets = _draw(diagnostic.excerpt)
        lines.append(f"  {number} | {text}".rstrip())
        lines.append(f"  {' ' * len(number)} | {carets}")
    if diagnostic.hint:
        lines.append(f"  hint: {printable(diagnostic.hint)}")
    return "\n".join(lines)


def _place(diagnostic: Diagnostic) -> str:
    parts = []
    if diagnostic.filter_index is not None:
        parts.append(f"filter {diagnostic.filter_index + 1}")
    if diagnostic.line is not None:
        parts.append(f"line {diagnostic.line}, column {diagnostic.column}")
    if diagnostic.path:
        parts.append(printable(diagnostic.path))
    return ", ".join(parts)


def _draw(excerpt: Excerpt) -> tuple[str, str]:
    text, start, end = excerpt.text, excerpt.start, max(excerpt.end, excerpt.start + 1)
    before = after = ""
    if len(text) > _EXCERPT_WIDTH:
        first = max(0, min(start - _EXCERPT_WIDTH // 3, len(text) - _EXCERPT_WIDTH))
        last = first + _EXCERPT_WIDTH
        before, after = "..." if first else "", "..." if last < len(text) else ""
        text, start, end = text[first:last], start - first, min(end, last) - first
    lead = before + printable(text[:start])
    marked = printable(text[start:end])
    drawn = lead + marked + printable(text[end:]) + after
    return drawn, " " * _columns(lead) + "^" * max(1, _columns(marked))


def _columns(text: str) -> int:
    """Count the terminal columns of a text: wide characters take two, combining marks none."""
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1
        for char in text
    )
