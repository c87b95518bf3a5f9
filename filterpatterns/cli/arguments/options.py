"""Options shared by several commands."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from filterpatterns.delivery.sources import SOURCES
from filterpatterns.limits import MAX_FILTERS

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

Command = TypeVar("Command", bound=Callable[..., Any])


def _known(_ctx: click.Context, _param: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    """Repeated `NAME=VALUE` options as a mapping."""
    found: dict[str, str] = {}
    for value in values:
        name, mark, given = value.partition("=")
        if not mark or not name.strip():
            raise click.BadParameter(f"{value!r}: expected NAME=VALUE")
        found[name.strip()] = given
    return found


def set_option(command: Command) -> Command:
    """The option `known`: values that a template leaves open."""
    return click.option(
        "--set",
        "known",
        metavar="NAME=VALUE",
        multiple=True,
        callback=_known,
        help="Set a value that a template leaves open: a parameter, a variable, a condition; may "
        "be repeated.",
    )(command)


def max_filters_option(command: Command) -> Command:
    """The option `max_filters`: how many filters there may be."""
    return click.option(
        "--max-filters",
        metavar="N",
        type=click.IntRange(min=1),
        default=MAX_FILTERS,
        show_default=True,
        help="How many filters AWS allows; 10 with a raised quota.",
    )(command)


def pattern_options(command: Command) -> Command:
    """The options for reading a pattern: `source`, `max_filters` and `known`."""
    return source_option(
        "The event source whose records are filtered; `event` is any JSON object, `auto` "
        "evaluates each record by its own eventSource or shape.  "
        "[default: from the template, or from fields that only one source has; else auto]",
    )(max_filters_option(set_option(command)))


def payload_option(command: Command) -> Command:
    """The option `payload`: whether lines are payloads, not records."""
    return click.option(
        "--payload",
        is_flag=True,
        help="Read each line as the payload of a record (the message itself), not as a record.",
    )(command)


def complete_files(
    _ctx: click.Context, _param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """For an argument's `shell_complete`: let the shell complete file names.

    (A click.Path would access the file and have its own error messages.)
    """
    from click.shell_completion import CompletionItem  # only for shells

    return [CompletionItem(incomplete, type="file")]


def events_argument(command: Command) -> Command:
    """The argument EVENTS: `files`."""
    return click.argument(
        "files", metavar="EVENTS...", nargs=-1, required=True, shell_complete=complete_files
    )(command)


def source_option(words: str) -> Callable[[Command], Command]:
    """The option `source`: an event source, or `auto`."""
    return click.option("--source", type=click.Choice([*SOURCES, "auto"]), help=words)


def jobs_option(words: str) -> Callable[[Command], Command]:
    """--jobs. `words` say what the number is."""
    return click.option(
        "-j",
        "--jobs",
        metavar="N",
        type=click.IntRange(min=1),
        help=f"{words}  [default: as many as are useful]",
    )


def color_option(command: Command) -> Command:
    """The option `color`: one of `auto`, `always` and `never`."""
    return click.option(
        "--color",
        type=click.Choice(["auto", "always", "never"]),
        default="auto",
        show_default=True,
        help="Whether to use colours; `auto`: on a terminal, unless NO_COLOR is set.",
    )(command)


def wants_color(color: str) -> bool:
    """Whether to colour standard output."""
    if color != "auto":
        return color == "always"
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb" or sys.stdout is None:
        return False
    return sys.stdout.isatty()
