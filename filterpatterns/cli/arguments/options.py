"""Options that several commands have."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any, TypeVar

import click
from click.shell_completion import CompletionItem

from filterpatterns.delivery.sources import SOURCES
from filterpatterns.limits import MAX_FILTERS

Command = TypeVar("Command", bound=Callable[..., Any])


def pattern_options(command: Command) -> Command:
    """How a pattern is to be understood: `source` and `max_filters`."""
    command = click.option(
        "--max-filters",
        metavar="N",
        type=click.IntRange(min=1),
        default=MAX_FILTERS,
        show_default=True,
        help="How many filters AWS allows; 10 with a raised quota.",
    )(command)
    return click.option(
        "--source",
        type=click.Choice([*SOURCES, "auto"]),
        help="The event source whose records are filtered; `event` is any JSON object, `auto` "
        "takes each record by its own eventSource or shape.  "
        "[default: what a template says, else sqs]",
    )(command)


def complete_files(
    _ctx: click.Context, _param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """For an argument's `shell_complete`: the shell completes the names of files.

    (A click.Path would look at the file, and have errors of its own.)
    """
    return [CompletionItem(incomplete, type="file")]


def color_option(command: Command) -> Command:
    """Whether to colour: `color`, one of `auto`, `always` and `never`."""
    return click.option(
        "--color",
        type=click.Choice(["auto", "always", "never"]),
        default="auto",
        show_default=True,
        help="Colours; `auto`: on a terminal, unless NO_COLOR is set.",
    )(command)


def wants_color(color: str) -> bool:
    """Whether standard output is to be coloured."""
    if color != "auto":
        return color == "always"
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb" or sys.stdout is None:
        return False
    return sys.stdout.isatty()
