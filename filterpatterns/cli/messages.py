"""What goes to standard error: one form for every message, the place first."""

from __future__ import annotations

import click

from filterpatterns.errors import Diagnostic, printable


class Failure(click.ClickException):
    """The command cannot do its work; the message is complete. Exit status 2."""

    exit_code = 2

    def show(self, file: object = None) -> None:
        click.echo(self.message, err=True)


def located(file: str, words: str, line: int | None = None, column: int | None = None) -> str:
    """A message with its place as editors and terminals recognise it: `file:line:column: ...`."""
    place = ":".join(str(part) for part in (printable(file), line, column) if part is not None)
    return f"{place}: {words}"


def diagnosed(file: str, diagnostic: Diagnostic) -> str:
    """A diagnostic of a pattern that stands in a file, drawn."""
    return located(file, str(diagnostic), diagnostic.line, diagnostic.column)
