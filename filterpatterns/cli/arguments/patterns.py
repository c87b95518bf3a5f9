"""The PATTERN argument: a file, standard input, or the pattern itself."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

import click

from filterpatterns.cli.io.streams import STDIN, read_whole
from filterpatterns.cli.messages import Failure, diagnosed, located
from filterpatterns.engine import inference
from filterpatterns.engine.filter import Filter
from filterpatterns.errors import LoadError, PatternError, printable
from filterpatterns.language.inputs import PatternText
from filterpatterns.templates import loading
from filterpatterns.templates.loading import Given, Known

if TYPE_CHECKING:
    from filterpatterns.templates.mapping import Mapping  # slow to import, and mostly not needed

INLINE = "<pattern>"
"""The name of a pattern given on the command line, for messages."""

_IN_RECORDS = (
    *(b'"messageId"', b'"MessageId"', b'"eventSource"', b'"bootstrapServers"'),
    *(b'"account"', b'"rmqMessagesByQueue"'),
)
"""Names that events have, and hardly any pattern."""

Default = Callable[["Iterable[str | bytes]"], str]
"""The source for patterns whose fields do not imply one."""

_QUOTING = "quote it for this shell, or put it in a file"


def load(
    argument: str,
    *,
    source: str | None,
    max_filters: int,
    payload: bool = False,
    default: str | Default = inference.AUTO,
    known: Known | None = None,
    unfiltered: bool = False,
) -> tuple[Given, Filter, Mapping | None]:
    """Return the filter of a PATTERN argument, and the template's mapping, if there is one.

    Warnings go to standard error. An explicit `source` comes first, then that of a template's
    mapping, then the one implied by the pattern's fields, then `default`. With `payload`, it must
    be a single source. `known` has values that the template leaves open. `unfiltered`: allow an
    event source mapping without filters, which keeps everything.

    Raises:
        Failure: it cannot be read, or AWS would refuse it.
    """
    given = read(argument)
    try:
        found, mapping = loading.compile_mapping(
            given,
            source=source,
            max_filters=max_filters,
            known=known,
            infer=lambda texts: _source_of(texts, payload, default),
            unfiltered=unfiltered,
        )
    except loading.UnknownPartsError as error:
        raise Failure("\n".join(_unknown_parts(error))) from None
    except LoadError as error:
        raise Failure(str(error)) from None
    except PatternError as error:
        lines = [diagnosed(given.name, diagnostic) for diagnostic in error.errors]
        lines += _advice(given)
        raise Failure("\n".join(lines)) from None
    for warning in found.warnings:
        click.echo(diagnosed(given.name, warning), err=True)
    if payload and found.source == inference.AUTO:
        raise Failure("fp: error: --payload requires --source for this pattern")
    return given, found, mapping


def _source_of(texts: Iterable[PatternText], payload: bool, default: str | Default) -> str:
    patterns = [text.text for text in texts]
    if payload:
        return inference.payload_source(patterns) or inference.AUTO
    found = inference.source_of_patterns(patterns)
    if found != inference.AUTO:
        return found
    return default if isinstance(default, str) else default(patterns)


def _unknown_parts(error: loading.UnknownPartsError) -> Iterator[str]:
    """Return what is unknown, and how to provide it."""
    for missing in error.missing:
        words = f"error {missing.code}: {missing.reason}"
        yield located(error.file, words, missing.line, missing.column)
        if missing.names:
            value = "true" if missing.reason.startswith("the condition") else "VALUE"
            yield f"  hint: provide it: --set '{printable(missing.names[-1])}={value}'"
        elif error.instead:
            yield f"  hint: {printable(error.instead)}"


def read(argument: str) -> Given:
    """Return what a PATTERN argument refers to, and its text.

    Raises:
        Failure: it cannot be read.
        click.UsageError: it is empty.
    """
    if not argument.strip():
        raise click.UsageError("PATTERN is empty; is a variable unset?")
    if argument.lstrip().startswith(("{", "[")):
        return Given(INLINE, argument, is_pattern=True)
    if argument == "-":
        return Given(STDIN, _read_argument(STDIN, argument))
    file, logical_id = loading.split(argument)
    return Given(file, _read_argument(file, argument), logical_id)


def _read_argument(name: str, argument: str) -> bytes:
    return read_whole(name, loading.LARGEST_FILE, "a pattern", hint=_hint(argument))


def _advice(given: Given) -> list[str]:
    """Return the likely cause, outside of the pattern itself, of its refusal."""
    if isinstance(given.text, str):
        bare = not any(quote in given.text for quote in "\"'")
        is_unquoted = bare and any(char.isalnum() for char in given.text)
        return [f"  hint: the shell removed its quotation marks: {_QUOTING}"] if is_unquoted else []
    if any(name in given.text for name in _IN_RECORDS):
        return ["  hint: these look like records; PATTERN comes first, then EVENTS"]
    return []


def _hint(argument: str) -> str:
    if any(char in argument for char in '{}[]"'):
        return f"\n  hint: this looks like JSON that the shell has changed: {_QUOTING}"
    return ""


def files_of(argument: str) -> tuple[str, ...]:
    """Return the files that a PATTERN argument may name: itself, or the part before `#NAME`."""
    return argument, argument.rpartition("#")[0]


def is_inline(argument: str) -> bool:
    """Whether an argument is a pattern itself, not the name of a file."""
    return argument.lstrip().startswith(("{", "[")) and not os.path.exists(argument)


def refuse_stdin_twice(arguments: Iterable[str]) -> None:
    """Check that standard input is read at most once.

    Raises:
        click.UsageError: `-` is given more than once.
    """
    if sum(argument == "-" for argument in arguments) > 1:
        raise click.UsageError("standard input (-) can be read only once")
