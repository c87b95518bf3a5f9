"""Collects diagnostics for one pattern. Only here are spans converted to lines and columns."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple, Protocol

from msgspec import Struct

from filterpatterns.errors import Diagnostic, Excerpt, Fix, Severity, printable
from filterpatterns.language.nodes import Span

Place = tuple[str, Sequence[int]]


class Edit(Struct, frozen=True):
    """A fix in terms of the pattern's own text: `text` replaces the text at `span`."""

    title: str
    span: Span
    text: str


class Where(NamedTuple):
    """A place in the text, and in words."""

    span: Span
    place: str = ""


class OnlyInWords(NamedTuple):
    """A place that is not in the text."""

    place: str
    span: None = None


class Located(Protocol):
    """What has a place: a condition, a rule."""

    @property
    def span(self) -> Span | None: ...

    @property
    def place(self) -> str: ...


_LONGEST_LINE: Final = 1 << 10
_HELD: Final = 1 << 9
"""Characters that a diagnostic holds of a longer line: each few of them may have a diagnostic."""


class Reporter:
    """The reports of all stages about one pattern's text, in the order of reporting.

    `positions` is False for a pattern passed in as Python objects: its text is ours, so lines and
    columns would mean nothing to the caller; the excerpt is still drawn. `place` is for a pattern
    in a string of a larger text: called when there is something to report, it returns that
    text, and where in it each character of the pattern begins and the last one ends.
    """

    def __init__(
        self,
        text: str,
        *,
        filter_index: int | None = None,
        positions: bool = True,
        place: Callable[[], Place | None] | None = None,
    ) -> None:
        self._pattern = self._text = text
        self._filter_index = filter_index
        self._positions = positions
        self._find_place = place
        self._starts: Sequence[int] | None = None
        self._found: dict[tuple[int, Diagnostic], None] = {}
        self._counted, self._line = 0, 1  # the last place that was looked up, and its line

    @property
    def errors(self) -> list[Diagnostic]:
        """Return the errors, in the order of the text."""
        return self._sorted("error")

    @property
    def warnings(self) -> list[Diagnostic]:
        """Return the warnings, in the order of the text."""
        return self._sorted("warning")

    def error(
        self,
        code: str,
        where: Located | None,
        message: str,
        *,
        hint: str | None = None,
        edit: Edit | None = None,
    ) -> None:
        """Report an error; `where` is None if it concerns the whole text and drawing it would not
        help. `edit` is the edit that the hint describes."""
        self._add("error", code, where, message, hint, edit)

    def warning(
        self,
        code: str,
        where: Located | None,
        message: str,
        *,
        hint: str | None = None,
        edit: Edit | None = None,
    ) -> None:
        """Report a warning."""
        self._add("warning", code, where, message, hint, edit)

    def source(self, span: Span) -> str:
        """Return the pattern's own text at a span."""
        return self._pattern[span.start : span.end]

    def _sorted(self, severity: Severity) -> list[Diagnostic]:
        found = [entry for entry in self._found if entry[1].severity == severity]
        return [diagnostic for _, diagnostic in sorted(found, key=lambda entry: entry[0])]

    def _add(
        self,
        severity: Severity,
        code: str,
        where: Located | None,
        message: str,
        hint: str | None,
        edit: Edit | None,
    ) -> None:
        span, path = (None, "") if where is None else (where.span, where.place)
        line = column = end_line = end_column = None
        excerpt = None
        order = span.start if span else -1
        if self._find_place is not None and span is not None:
            place = self._find_place()
            self._find_place = None
            if place is not None:
                self._text, self._starts = place
                self._counted, self._line = 0, 1
        if span is not None:
            span = self._outer(span)
            line, column = self._locate(span.start)
            end_line, end_column = self._locate(span.end)
            excerpt = self._excerpt(span)
            if not self._positions:
                line = column = end_line = end_column = None
        diagnostic = Diagnostic(
            code=code,
            severity=severity,
            message=printable(message),
            hint=None if hint is None else printable(hint),
            path=path,
            filter_index=self._filter_index,
            line=line,
            column=column,
            end_line=end_line,
            end_column=end_column,
            excerpt=excerpt,
            fix=self._fix(edit) if edit is not None and self._positions else None,
        )
        # What several $or combinations share is reported once.
        self._found.setdefault((order, diagnostic))

    def _outer(self, span: Span) -> Span:
        """Convert a span of the pattern to one of the text that contains it."""
        if self._starts is None:
            return span
        last = len(self._starts) - 1
        return Span(self._starts[min(span.start, last)], self._starts[min(span.end, last)])

    def _fix(self, edit: Edit) -> Fix:
        span = self._outer(edit.span)
        text = edit.text
        if self._starts is not None:
            text = written_in(text, self._pattern, self._text, self._starts)
        return Fix(edit.title, text, *self._locate(span.start), *self._locate(span.end))

    def _locate(self, offset: int) -> tuple[int, int]:
        if offset >= self._counted:  # mostly in the order of the text: only what is new is counted
            self._line += self._text.count("\n", self._counted, offset)
            line, self._counted = self._line, offset
        else:
            line = self._text.count("\n", 0, offset) + 1
        return line, offset - self._text.rfind("\n", 0, offset)

    def _excerpt(self, span: Span) -> Excerpt:
        first = self._text.rfind("\n", 0, span.start) + 1
        last = self._text.find("\n", span.start)
        last = len(self._text) if last < 0 else last
        while last > first and self._text[last - 1] == "\r":
            last -= 1
        return excerpt_of(self._text, first, last, span)


def excerpt_of(text: str, first: int, last: int, span: Span) -> Excerpt:
    """The line of a text from `first` up to `last`, in which a span begins; of a long line, the
    part around that."""
    if last - first > _LONGEST_LINE:
        first = max(first, min(span.start, last) - _HELD // 2)
        last = min(last, first + _HELD)
    return Excerpt(text[first:last], span.start - first, min(span.end, last) - first)


def written_in(text: str, pattern: str, outer: str, starts: Sequence[int]) -> str:
    """Return a replacement for a part of a pattern, with the escapes of the string that contains
    the pattern.

    Args:
        text: the replacement, as in the pattern's own text.
        pattern: the pattern's text.
        outer: the text that contains the pattern.
        starts: the offset in it of each character of the pattern.
    """
    quote = pattern.find('"')
    if quote >= 0 and outer[starts[quote]] == "\\":
        return json.dumps(text, ensure_ascii=False)[1:-1]
    if starts[0] and outer[starts[0] - 1] == "'":  # YAML's single quotes
        return text.replace("'", "''")
    return text
