"""What goes to standard error: one form for every message, the place first."""

from __future__ import annotations

from typing import Final

import click

from filterpatterns.errors import diagnosed, located

__all__ = ["Failure", "counted", "diagnosed", "located"]

NOT_A_RECORD: Final = "not a record"
"""The reason of every error, for people: details are on standard error."""


class Failure(click.ClickException):
    """The command cannot do its work; the message is complete. Exit status 2."""

    exit_code = 2

    def show(self, file: object = None) -> None:
        click.echo(self.message, err=True)


def counted(count: int, word: str = "record") -> str:
    """So many records, or of something else."""
    return f"{count:,} {word}{'' if count == 1 else 's'}"
