"""Files -> filters: `filterpatterns.load`, and what the command line makes of its PATTERN.

A file holds a pattern, a FilterCriteria, or a template with mappings, pipes and rules in it, of
which `#NAME` after the file's name chooses one.
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
"""Values of what a template leaves open, by the names that it has for them."""

Known = AbstractMapping[str, str]
"""The same as text: what is no text as JSON."""

Infer = Callable[[tuple[PatternText, ...]], str]
"""Patterns -> their source, if it is not given."""

LARGEST_FILE = 1 << 24
"""Bytes; ten filters of the longest pattern, all of it escapes, take less than a tenth of that."""

_TEMPLATES = (".yaml", ".yml", ".tf", ".template")
_DEFAULT_SOURCE = "sqs"
_UNKNOWN_FIELD = "FP118"


class Given(NamedTuple):
    """What a pattern is to be found in, and the name that messages call it by.

    `logical_id` chooses a mapping of a template. `is_pattern`: the text is the pattern itself.
    """

    name: str
    text: str | bytes
    logical_id: str | None = None
    is_pattern: bool = False


class UnknownPartsError(LoadError):
    """A filter of which only the deployment knows some parts, `missing`. `instead` is what to do
    about those that have no name; empty if there is nothing to do."""

    def __init__(self, file: str, missing: Sequence[Skipped], instead: str) -> None:
        first = missing[0]
        names = dict.fromkeys(one.names[-1] for one in missing if one.names)
        values = ", ".join(f"{json.dumps(name)}: ..." for name in names)
        hint = f"say what it is: parameters={{{values}}}" if names else instead or None
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
    """The filter in a file, the one that is deployed.

    Args:
        where: the name of a file with a pattern, a FilterCriteria, or a template (CloudFormation,
            SAM, CDK's output, serverless.yml, Terraform, output of the AWS CLI); of a template
            with several mappings, pipes or rules `template.yaml#LogicalId` means one.
        parameters: values of what the template leaves open, by the names that it has for them.
        source: the event source of the records; else what the template says, else "sqs".
        max_filters: as for `compile`.

    Returns:
        The Filter, as `compile` gives it.

    Raises:
        OSError: the file cannot be read.
        LoadError: it has no such filter, or one that only the deployment knows; `str()` says where.
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
    """The filters of all mappings, pipes and rules in a file, by their names.

    The arguments, and what is raised, are those of `load`. A file that is one pattern has it under
    the file's name without the ending. A file without any filters raises a LoadError.
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
    """The filter of a text, with the template's mapping if it is a template.

    A template's mapping says itself which source it is for; a `source` that was asked for wins. If
    nobody says, `infer` tells. `known` are values of what the template leaves open. `unfiltered`:
    it may be an event source mapping without filters, which keeps everything.

    Raises:
        LoadError: it has no such filter, or one that only the deployment knows.
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
    """The name of the file, and of the mapping in it that is meant; None if it names none."""
    file, mark, logical_id = where.rpartition("#")
    if mark and file and not os.path.exists(where):
        return file, logical_id
    return where, None


def _read(where: Where) -> Given:
    """
    Raises:
        OSError: the file cannot be read.
        LoadError: it is too large, or no file at all.
    """
    text = os.fspath(where)
    if text.lstrip().startswith(("{", "[")):
        hint = "filterpatterns.compile takes a pattern itself"
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
    # `fp check` has the rest of what there is to say of a template's patterns.
    options = Options(mapping.dialect, False, max_filters)
    source = source or mapping.source or (infer(mapping.texts) if infer else "auto")
    return compile_texts(mapping.texts, source, options)


def _known(parameters: Parameters | None) -> Known:
    """The values as text: what is no text as JSON."""
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
        return None  # `compile` says so better
    if given.logical_id is None and is_bare_pattern(text):
        return None
    from filterpatterns.templates import finding  # not for those who have none

    try:
        found = finding.patterns_in(text, given.name, unfiltered=unfiltered, known=known)
    except TemplateError as error:
        raise LoadError(given.name, error.message, error.line, error.column) from None
    found = [each for each in found if not (each.is_misplaced or each.is_other_language)]
    if given.logical_id is None and all(each.kind == "pattern" for each in found):
        # A pattern written as YAML has been read; of JSON `compile` says best what is wrong.
        is_json = text.lstrip().startswith(("{", "["))
        if not found and not is_json and given.name.lower().endswith(_TEMPLATES):
            raise LoadError(given.name, "has no mappings, pipes or rules with filters")
        return None if is_json or not found else found
    return found


def _chosen(given: Given, known: Known | None, unfiltered: bool) -> Mapping | None:
    """The mapping that is meant; None if the text is itself the pattern.

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
    """The mapping, if all of it is known and well formed.

    Raises:
        LoadError: only the deployment knows some of it.
        PatternError: there are mistakes around its patterns.
    """

    missing = (*mapping.skipped, *mapping.unset)
    if missing:
        instead = ""
        if missing[0].code == UNRESOLVED:
            instead = "give the filter itself, with the value written out"
            instead += f"; or another mapping: {given.name}#NAME" if len(found) > 1 else ""
        raise UnknownPartsError(given.name, missing, instead)
    errors = [problem for problem in mapping.problems if problem.severity == "error"]
    if errors:
        raise PatternError(errors)
    return mapping
