"""The PATTERN argument: a file, standard input, or the pattern itself."""

from __future__ import annotations

from collections.abc import Iterable

import click

from filterpatterns.cli.io.streams import STDIN
from filterpatterns.cli.io.whole_files import read_whole
from filterpatterns.cli.messages import Failure, diagnosed
from filterpatterns.engine.filter import Filter
from filterpatterns.errors import LoadError, PatternError
from filterpatterns.templates import loading
from filterpatterns.templates.loading import Given
from filterpatterns.templates.mapping import Mapping

INLINE = "<pattern>"
"""The name that a pattern on the command line has in messages."""

_QUOTING = "quote it as this shell wants it, or put it in a file"


def load(argument: str, *, source: str | None, max_filters: int) -> tuple[Given, Filter]:
    """The filter of a PATTERN argument; warnings go to standard error.

    A template's mapping says itself which source it is for; a `source` that was asked for wins.

    Raises:
        Failure: it cannot be read, or AWS would refuse it.
    """
    given, found, _ = load_mapping(argument, source=source, max_filters=max_filters)
    return given, found


def load_mapping(
    argument: str, *, source: str | None, max_filters: int, unfiltered: bool = False
) -> tuple[Given, Filter, Mapping | None]:
    """As `load`, with the template's mapping, if it was one.

    `unfiltered`: it may be an event source mapping without filters, which keeps everything.

    Raises:
        Failure: as `load`.
    """
    given = _given(argument)
    try:
        found, mapping = loading.compile_mapping(
            given, source=source, max_filters=max_filters, unfiltered=unfiltered
        )
    except LoadError as error:
        raise Failure(str(error)) from None
    except PatternError as error:
        lines = [diagnosed(given.name, diagnostic) for diagnostic in error.errors]
        lines += _advice(given)
        raise Failure("\n".join(lines)) from None
    for warning in found.warnings:
        click.echo(diagnosed(given.name, warning), err=True)
    return given, found, mapping


def _given(argument: str) -> Given:
    if not argument.strip():
        raise click.UsageError("PATTERN is empty; an unset variable?")
    if argument.lstrip().startswith(("{", "[")):
        return Given(INLINE, argument, is_pattern=True)
    if argument == "-":
        return Given(STDIN, _read_argument(STDIN, argument))
    file, logical_id = loading.split(argument)
    return Given(file, _read_argument(file, argument), logical_id)


def _read_argument(name: str, argument: str) -> bytes:
    return read_whole(name, loading.LARGEST_FILE, "a pattern", hint=_hint(argument))


def _advice(given: Given) -> list[str]:
    """What is likely behind a pattern that is refused, beyond the pattern itself."""
    if isinstance(given.text, str):
        bare = not any(quote in given.text for quote in "\"'")
        lost = bare and any(char.isalnum() for char in given.text)
        return [f"  hint: the shell took its quotation marks: {_QUOTING}"] if lost else []
    if b'"messageId"' in given.text or b'"MessageId"' in given.text:
        return ["  hint: these look like records; PATTERN comes first, then EVENTS"]
    return []


def _hint(argument: str) -> str:
    if any(char in argument for char in '{}[]"'):
        return f"\n  hint: this looks like JSON that the shell has changed: {_QUOTING}"
    return ""


def files_of(argument: str) -> tuple[str, ...]:
    """The files that a PATTERN argument may name: itself, or what stands before `#NAME`."""
    return argument, argument.rpartition("#")[0]


def refuse_stdin_twice(arguments: Iterable[str]) -> None:
    """Standard input can be read but once.

    Raises:
        click.UsageError: `-` stands more than once among the arguments.
    """
    if sum(argument == "-" for argument in arguments) > 1:
        raise click.UsageError("standard input (-) can be read but once")
