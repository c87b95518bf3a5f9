"""The PATTERN argument: a file, standard input, or the pattern itself."""

from __future__ import annotations

import codecs
from collections.abc import Iterable
from typing import NamedTuple

import click

import filterpatterns
from filterpatterns.cli.inputs import STDIN, reason, stdin_bytes
from filterpatterns.cli.messages import Failure, diagnosed, located
from filterpatterns.filter import Filter

INLINE = "<pattern>"
"""The name that a pattern on the command line has in messages."""

_QUOTING = "quote it as this shell wants it, or put it in a file"

_LARGEST_FILE = 1 << 24
"""Bytes; ten filters of the longest pattern, all of it escapes, take less than a tenth of that."""


class Given(NamedTuple):
    """A pattern as it was handed in, and the name that messages call it by."""

    name: str
    text: str | bytes


def load(argument: str, *, source: str, max_filters: int) -> tuple[Given, Filter]:
    """The filter of a PATTERN argument; warnings go to standard error.

    Raises:
        Failure: it cannot be read, or AWS would refuse it.
    """
    given = _given(argument)
    try:
        found = filterpatterns.compile(given.text, source=source, max_filters=max_filters)
    except filterpatterns.PatternError as error:
        lines = [diagnosed(given.name, diagnostic) for diagnostic in error.errors]
        lines += _advice(given)
        raise Failure("\n".join(lines)) from None
    for warning in found.warnings:
        click.echo(diagnosed(given.name, warning), err=True)
    return given, found


def _given(argument: str) -> Given:
    if not argument.strip():
        raise click.UsageError("PATTERN is empty; an unset variable?")
    if argument.lstrip().startswith(("{", "[")):
        return Given(INLINE, argument)
    name = STDIN if argument == "-" else argument
    try:
        if argument == "-":
            data = stdin_bytes().read(_LARGEST_FILE + 1)
        else:
            with open(argument, "rb") as file:
                data = file.read(_LARGEST_FILE + 1)
    except (OSError, ValueError) as error:
        raise Failure(located(name, f"error: {reason(error)}") + _hint(argument)) from None
    if len(data) > _LARGEST_FILE:
        raise Failure(located(name, "error: too large for a pattern"))
    return Given(name, data.removeprefix(codecs.BOM_UTF8))


def _advice(given: Given) -> list[str]:
    """What is likely behind a pattern that is refused, beyond the pattern itself."""
    if isinstance(given.text, str):
        lost = '"' not in given.text
        return [f"  hint: the shell took its quotation marks: {_QUOTING}"] if lost else []
    if b'"messageId"' in given.text or b'"MessageId"' in given.text:
        return ["  hint: these look like records; PATTERN comes first, then EVENTS"]
    return []


def _hint(argument: str) -> str:
    if any(char in argument for char in '{}[]"'):
        return f"\n  hint: this looks like JSON that the shell has changed: {_QUOTING}"
    return ""


def refuse_stdin_twice(arguments: Iterable[str]) -> None:
    """Standard input can be read but once.

    Raises:
        click.UsageError: `-` stands more than once among the arguments.
    """
    if sum(argument == "-" for argument in arguments) > 1:
        raise click.UsageError("standard input (-) can be read but once")
