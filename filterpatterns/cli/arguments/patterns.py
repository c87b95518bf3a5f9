"""The PATTERN argument: a file, standard input, or the pattern itself."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

import click

from filterpatterns.cli.io.streams import STDIN
from filterpatterns.cli.io.whole_files import read_whole
from filterpatterns.cli.messages import Failure, diagnosed, located
from filterpatterns.engine.filter import Filter, compile_texts
from filterpatterns.engine.pipeline import Options
from filterpatterns.errors import PatternError
from filterpatterns.language import inputs
from filterpatterns.templates.mentions import is_bare_pattern

if TYPE_CHECKING:
    from filterpatterns.templates.finding import Mapping

INLINE = "<pattern>"
"""The name that a pattern on the command line has in messages."""

_DEFAULT_SOURCE = "sqs"
_UNKNOWN_FIELD = "FP118"
_QUOTING = "quote it as this shell wants it, or put it in a file"

_LARGEST_FILE = 1 << 24
"""Bytes; ten filters of the longest pattern, all of it escapes, take less than a tenth of that."""


class Given(NamedTuple):
    """A pattern as it was handed in, and the name that messages call it by."""

    name: str
    text: str | bytes
    logical_id: str | None = None


def load(argument: str, *, source: str | None, max_filters: int) -> tuple[Given, Filter]:
    """The filter of a PATTERN argument; warnings go to standard error.

    A template's mapping says itself which source it is for; a `source` that was asked for wins.

    Raises:
        Failure: it cannot be read, or AWS would refuse it.
    """
    given = _given(argument)
    try:
        mapping = _mapping(given)
        if mapping is None:  # a template's has a source, and `fp check` to say the rest
            options = Options(None, False, max_filters, advice=(_UNKNOWN_FIELD,))
            texts = inputs.patterns(given.text)
            found = compile_texts(texts, source or _DEFAULT_SOURCE, options)
        else:
            options = Options(mapping.dialect, False, max_filters)
            found = compile_texts(mapping.texts, source or mapping.source or "auto", options)
    except PatternError as error:
        lines = [diagnosed(given.name, diagnostic) for diagnostic in error.errors]
        lines += _advice(given)
        raise Failure("\n".join(lines)) from None
    for warning in found.warnings:
        click.echo(diagnosed(given.name, warning), err=True)
    return given, found


def _mapping(given: Given) -> Mapping | None:
    """The mapping of a template that is meant; None if the text is no template.

    Raises:
        Failure: there is none, more than one, or one that cannot be judged.
    """
    if given.name == INLINE:
        return None
    try:
        text = given.text if isinstance(given.text, str) else str(given.text, "utf-8")
    except UnicodeDecodeError:
        return None  # `compile` says so better
    if given.logical_id is None and is_bare_pattern(text):
        return None
    from filterpatterns.templates import finding  # not for those who have none

    try:
        found = finding.patterns_in(text, given.name)
    except finding.TemplateError as error:
        raise Failure(
            located(given.name, f"error: {error.message}", error.line, error.column)
        ) from None
    if given.logical_id is None and all(each.kind == "pattern" for each in found):
        # A pattern written as YAML has been read; of JSON `compile` says best what is wrong.
        is_json = text.lstrip().startswith(("{", "["))
        return found[0] if len(found) == 1 and not is_json else None
    if given.logical_id is not None:
        chosen = finding.named(found, given.logical_id)
        what = f"has no mapping, pipe or rule {given.logical_id!r} with filters"
    else:
        chosen, what = found, "has several mappings, pipes or rules with filters"
    if len(chosen) != 1:
        names = ", ".join(each.logical_id for each in found) or "none"
        hint = f"\n  hint: write {given.name}#NAME with one of: {names}"
        raise Failure(located(given.name, f"error: {what}") + hint)
    (mapping,) = chosen
    for skipped in mapping.skipped:
        words = f"error {skipped.code}: {skipped.reason}"
        hint = ""
        if skipped.code == finding.UNRESOLVED:
            hint = "\n  hint: give the filter itself as PATTERN, with the value written out"
            hint += f"; or another mapping: {given.name}#NAME" if len(found) > 1 else ""
        raise Failure(located(given.name, words, skipped.line, skipped.column) + hint)
    errors = [problem for problem in mapping.problems if problem.severity == "error"]
    if errors:
        raise PatternError(errors)
    return mapping


def _given(argument: str) -> Given:
    if not argument.strip():
        raise click.UsageError("PATTERN is empty; an unset variable?")
    if argument.lstrip().startswith(("{", "[")):
        return Given(INLINE, argument)
    if argument == "-":
        return Given(STDIN, _read_argument(STDIN, argument))
    file, mark, logical_id = argument.rpartition("#")
    if mark and file and not os.path.exists(argument):
        return Given(file, _read_argument(file, argument), logical_id)
    return Given(argument, _read_argument(argument, argument))


def _read_argument(name: str, argument: str) -> bytes:
    return read_whole(name, _LARGEST_FILE, "a pattern", hint=_hint(argument))


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
