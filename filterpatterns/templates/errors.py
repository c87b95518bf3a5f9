"""What goes wrong with a template as a whole, and with one of its parts."""

from __future__ import annotations

from typing import NoReturn

from filterpatterns.language.nodes import Span


class TemplateError(ValueError):
    """A text that cannot be read as what it looks like. Lines and columns count from 1."""

    def __init__(self, message: str, line: int | None = None, column: int | None = None) -> None:
        self.message = message
        self.line = line
        self.column = column
        place = "" if line is None else f"line {line}, column {column}: "
        super().__init__(place + message)

    def __reduce__(self) -> tuple[type[TemplateError], tuple[str, int | None, int | None]]:
        return type(self), (self.message, self.line, self.column)


class Unresolved(Exception):
    """A part of a pattern that only the deployment knows. Never leaves this package."""

    def __init__(self, reason: str, span: Span) -> None:
        self.reason = reason
        self.span = span
        super().__init__(reason)


def line_and_column(text: str, offset: int) -> tuple[int, int]:
    """The line and the column, from 1, of an offset."""
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


def fail(message: str, text: str, offset: int) -> NoReturn:
    """Raise a TemplateError for a place in the text."""
    raise TemplateError(message, *line_and_column(text, min(offset, len(text))))
