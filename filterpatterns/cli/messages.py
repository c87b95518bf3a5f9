"""Messages on standard error, all in one format, beginning with the position."""

from __future__ import annotations

from typing import Final

import click

from filterpatterns.errors import diagnosed, located

__all__ = ["Failure", "counted", "diagnosed", "located", "unexpected"]

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


def unexpected(error: BaseException) -> str:
    """Return what happened and where: the minimum for a bug report."""
    import os
    import traceback  # only for bugs

    if os.environ.get("FP_TRACEBACK"):
        traceback.print_exception(error)
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if "filterpatterns" in frame.filename] or frames
    place = f" ({os.path.basename(own[-1].filename)}, line {own[-1].lineno})" if own else ""
    words = traceback.format_exception_only(error)[-1].strip()
    return (
        f"internal error: {words[:500]}{place}\n"
        "  hint: please report it with the output of FP_TRACEBACK=1"
    )


def reason(error: Exception) -> str:
    """Return the operating system's reason for an error, as part of a sentence."""
    words = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return words[:1].lower() + words[1:]
