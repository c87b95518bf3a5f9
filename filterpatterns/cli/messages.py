"""What goes to standard error: one form for every message, the place first."""

from __future__ import annotations

from typing import Any

import click

from filterpatterns.delivery.envelopes import contradicts
from filterpatterns.errors import diagnosed, located
from filterpatterns.matching.verdict import as_record

__all__ = ["Failure", "counted", "diagnosed", "located", "say_other_source"]


class Failure(click.ClickException):
    """The command cannot do its work; the message is complete. Exit status 2."""

    exit_code = 2

    def show(self, file: object = None) -> None:
        click.echo(self.message, err=True)


def counted(count: int, word: str = "record") -> str:
    """So many records, or of something else."""
    return f"{count:,} {word}{'' if count == 1 else 's'}"


def say_other_source(record: Any, source: str) -> bool:
    """Say on standard error if a record, none of whose kind matched, is one of another source;
    gives whether it is."""
    other = contradicts(as_record(record), source)
    if other is not None:
        hint = f"--source {other}, or --source auto"
        click.echo(f"fp: hint: these look like records of {other}: {hint}", err=True)
    return other is not None
