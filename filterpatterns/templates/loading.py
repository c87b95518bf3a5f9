"""Loads filters from files, for `filterpatterns.load` and the PATTERN argument of the command line.

A file has a pattern, a FilterCriteria, or a template with mappings, pipes and rules; `#NAME` after
the file's name chooses one of them.
"""

from __future__ import annotations

import codecs
import json
import os
from collections.abc import Callable, Sequence
from collections.abc import Mapping as AbstractMapping
from typing import TYPE_CHECKING, Any, NamedTuple

from filterpatterns.delivery.sources import SourceName
from filterpatterns.engine.filter import Filter, compile_texts
from filterpatterns.engine.pipeline import Options
from filterpatterns.errors import Diagnostic, LoadError, PatternError, PatternFileError, printable
from filterpatterns.language import inputs
from filterpatterns.language.inputs import PatternText
from filterpatterns.limits import MAX_FILTERS
from filterpatterns.templates.codes import UNRESOLVED
from filterpatterns.templates.errors import TemplateError
from filterpatterns.templates.mentions import is_bare_pattern

if TYPE_CHECKING:
    from filterpatterns.templates.errors import Skipped
    from filterpatterns.templates.mapping import Mapping

Where = str | os.PathLike[str]
"""A file's name, with or without the `#NAME` of a mapping in it."""

Parameters = AbstractMapping[str, Any]
"""Values that a template leaves open, by the names that it uses."""

Known = AbstractMapping[str, str]
"""The same as text; values that are not strings are JSON."""

Infer = Callable[[tuple[PatternText, ...]], str]
"""Infers the source from patterns, if it is not given."""

LARGEST_FILE = 1 << 24
"""In bytes. Ten filters with the longest pattern, all of it escapes, take less than a tenth of
that."""

_TEMPLATES = (".yaml", ".yml", ".tf", ".template")
_DEFAULT_SOURCE = "sqs"
_UNKNOWN_FIELD = "FP118"


class Given(NamedTuple):
    """The text that has a pattern, and the name that messages use for it.

    `logical_id` chooses a mapping of a template. `is_pattern`: the text is the pattern itself.
    """

    name: str
    text: str | bytes
    logical_id: str | None = None
    is_pattern: bool = False


class UnknownPartsError(LoadError):
    """A filter with parts, `missing`, that are only known at deployment. `instead` says what to do
    about those that have no name; it is empty if there is nothing to do."""

    def __init__(self, file: str, missing: Sequence[Skipped], instead: str) -> None:
        first = missing[0]
        names = dict.fromkeys(one.names[-1] for one in missing if one.names)
        values = ", ".join(f"{json.dumps(name)}: ..." for name in names)
        hint = f"pass it: parameters={{{values}}}" if names else instead or None
        super().__init__(file, first.reason, first.line, first.column, code=first.code, hint=hint)
        self.missing = tuple(missing)
        self.instead = instead


def load(
    where: Where,
    *,
    parameters: Parameters | None = None,
    source: SourceName | None = None,
    max_filters: int = MAX_FILTERS,
) -> Filter:
    """Load the filter in a file: the one that is deployed.

    Args:
        where: the name of a file with a pattern, a FilterCriteria, or a template (CloudFormation,
            SAM, CDK output, serverless.yml, Terraform, output of the AWS CLI). If a template has
            several mappings, pipes or rules, `template.yaml#LogicalId` chooses one.
        parameters: values that the template leaves open, by the names that it uses.
        source: the event source of the records; by default that of the template, or else "sqs".
        max_filters: as for `compile`.

    Returns:
        The Filter, as returned by `compile`.

    Raises:
        OSError: the file cannot be read.
        LoadError: it has no such filter, or one that is only known at deployment; `str()` says
            where.
        PatternError: AWS would refuse the pattern; `str()` has the file's name and the lines.
    """
    given = _read(where)
    try:
        known = _known(parameters)
        return compile_mapping(given, source=source, max_filters=max_filters, known=known)[0]
    except PatternError as error:
        raise PatternFileError(given.name, error.errors) from None


def load_all(
    where: Where,
    *,
    parameters: Parameters | None = None,
    source: SourceName | None = None,
    max_filters: int = MAX_FILTERS,
) -> dict[str, Filter]:
    """Load the filters of all mappings, pipes and rules in a file, by their names.

    The arguments and exceptions are those of `load`. If the file is a single pattern, its name is
    that of the file without the extension. A file without any filters raises a LoadError.
    """
    given = _read(where)
    stem = os.path.basename(given.name).split(".")[0]
    if given.logical_id is not None:
        return {
            given.logical_id: load(
                where, parameters=parameters, source=source, max_filters=max_filters
            )
        }
    found = _mappings(given, _known(parameters))
    if found is None or all(each.kind == "pattern" and not each.logical_id for each in found):
        if found is None or len(found) == 1:
            one = load(where, parameters=parameters, source=source, max_filters=max_filters)
            return {stem: one}
        names = [f"{stem}.{number}" for number in range(1, len(found) + 1)]
    else:
        from filterpatterns.templates import finding

        names = finding.names_of(found)
    if not found:
        raise LoadError(given.name, "has no mappings, pipes or rules with filters")
    filters: dict[str, Filter] = {}
    refused: list[Diagnostic] = []
    for name, each in zip(names, found, strict=True):
        try:
            filters[name] = _compile(_complete(each, given, found), source, max_filters)
        except PatternError as error:
            refused += error.errors
    if refused:
        raise PatternFileError(given.name, refused)
    return filters


def compile_mapping(
    given: Given,
    *,
    source: str | None,
    max_filters: int,
    known: Known | None = None,
    infer: Infer | None = None,
    unfiltered: bool = False,
) -> tuple[Filter, Mapping | None]:
    """Compile the filter in a text; also return the template's mapping if it is a template.

    The source is the given `source`, or else that of the template's mapping, or else what `infer`
    returns. `known` are values that the template leaves open. `unfiltered`: allow an event source
    mapping without filters, which keeps everything.

    Raises:
        LoadError: it has no such filter, or one that is only known at deployment.
        PatternError: AWS would refuse the pattern.
    """
    mapping = _chosen(given, known, unfiltered)
    if mapping is not None:
        return _compile(mapping, source, max_filters, infer), mapping
    options = Options(None, False, max_filters, advice=(_UNKNOWN_FIELD,))
    texts = inputs.patterns(given.text)
    source = source or (infer(texts) if infer else _DEFAULT_SOURCE)
    return compile_texts(texts, source, options), None


def split(where: str) -> tuple[str, str | None]:
    """Split an argument into the name of the file and that of the mapping in it, if any."""
    file, mark, logical_id = where.rpartition("#")
    if mark and file and not os.path.exists(where):
        return file, logical_id
    return where, None


def _read(where: Where) -> Given:
    """
    Raises:
        OSError: the file cannot be read.
        LoadError: it is too large, or is not a regular file.
    """
    text = os.fspath(where)
    if text.lstrip().startswith(("{", "[")):
        hint = "pass a pattern to filterpatterns.compile"
        raise LoadError("<pattern>", "this is a pattern, not the name of a file", hint=hint)
    name, logical_id = split(text)
    with open(name, "rb") as file:
        data = file.read(LARGEST_FILE + 1)
    if len(data) > LARGEST_FILE:
        raise LoadError(name, "too large for a pattern")
    return Given(name, data.removeprefix(codecs.BOM_UTF8), logical_id)


def _compile(
    mapping: Mapping, source: str | None, max_filters: int, infer: Infer | None = None
) -> Filter:
    # `fp check` reports everything else about a template's patterns.
    options = Options(mapping.dialect, False, max_filters)
    source = source or mapping.source or (infer(mapping.texts) if infer else "auto")
    return compile_texts(mapping.texts, source, options)


def _known(parameters: Parameters | None) -> Known:
    """The values as text; those that are not strings as JSON."""
    return {
        name: value if isinstance(value, str) else json.dumps(value)
        for name, value in (parameters or {}).items()
    }


def _mappings(given: Given, known: Known | None, unfiltered: bool = False) -> list[Mapping] | None:
    """The mappings in a text; None if it can only be a pattern.

    Raises:
        LoadError: it cannot be read.
    """
    if given.is_pattern:
        return None
    try:
        text = given.text if isinstance(given.text, str) else str(given.text, "utf-8")
    except UnicodeDecodeError:
        return None  # `compile` has a better message
    if given.logical_id is None and is_bare_pattern(text):
        return None
    from filterpatterns.templates import finding  # not needed without a template

    try:
        found = finding.patterns_in(text, given.name, unfiltered=unfiltered, known=known)
    except TemplateError as error:
        raise LoadError(given.name, error.message, error.line, error.column) from None
    found = [each for each in found if not (each.is_misplaced or each.is_other_language)]
    if given.logical_id is None and all(each.kind == "pattern" for each in found):
        # A pattern written as YAML was parsed; for JSON, `compile` has the best message.
        is_json = text.lstrip().startswith(("{", "["))
        if not found and not is_json and given.name.lower().endswith(_TEMPLATES):
            raise LoadError(given.name, "has no mappings, pipes or rules with filters")
        return None if is_json or not found else found
    return found


def _chosen(given: Given, known: Known | None, unfiltered: bool) -> Mapping | None:
    """The requested mapping; None if the text is itself the pattern.

    Raises:
        LoadError: there is no such mapping, more than one, or it cannot be evaluated.
        PatternError: there are mistakes around its patterns.
    """
    found = _mappings(given, known, unfiltered)
    if found is None:
        return None
    from filterpatterns.templates import finding

    if given.logical_id is None and all(each.kind == "pattern" for each in found):
        if len(found) != 1:
            return None
        return _complete(found[0], given, found)
    if given.logical_id is not None:
        chosen = finding.named(found, given.logical_id)
        many = "several mappings, pipes or rules" if chosen else "no mapping, pipe or rule"
        what = f"has {many} {given.logical_id!r}"
    else:
        chosen, what = found, "has several mappings, pipes or rules"
    what += "" if unfiltered else " with filters"
    if len(chosen) != 1:
        names = ", ".join(map(printable, finding.names_of(chosen or found))) or "none"
        raise LoadError(given.name, what, hint=f"write {given.name}#NAME with one of: {names}")
    return _complete(chosen[0], given, found)


def _complete(mapping: Mapping, given: Given, found: list[Mapping]) -> Mapping:
    """Return the mapping if all of it is known and well formed.

    Raises:
        LoadError: some of it is only known at deployment.
        PatternError: there are mistakes around its patterns.
    """

    missing = (*mapping.skipped, *mapping.unset)
    if missing:
        instead = ""
        if missing[0].code == UNRESOLVED:
            instead = "give the filter itself, with the value filled in"
            instead += f"; or another mapping: {given.name}#NAME" if len(found) > 1 else ""
        raise UnknownPartsError(given.name, missing, instead)
    errors = [problem for problem in mapping.problems if problem.severity == "error"]
    if errors:
        raise PatternError(errors)
    return mapping
