"""Messages on standard error, all in one format, beginning with the position."""

from __future__ import annotations

from typing import Final

import click

from filterpatterns.errors import diagnosed, located

__all__ = ["Failure", "counted", "diagnosed", "located"]

NOT_A_RECORD: Final = "not a record"
"""The reason of every error, for people: details are on standard error."""


class Failure(click.ClickException):
    """The command fails with exit status 2; the message is complete."""

    exit_code = 2

    def show(self, file: object = None) -> None:
        click.echo(self.message, err=True)


def counted(count: int, word: str = "record") -> str:
    """A number of records, or of something else, in words."""
    return f"{count:,} {word}{'' if count == 1 else 's'}"
