"""Finds patterns in templates, Terraform plans and the output of the AWS CLI.

    for mapping in patterns_in(text, "template.yaml"):
        print(mapping.logical_id, mapping.source, mapping.texts)

The kind of a text is determined by its content, then by its name. Values that are only known at
deployment are never guessed: `Mapping.skipped` lists them, with the reason.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache

from msgspec import Struct
from msgspec.structs import replace

from filterpatterns.errors import Diagnostic
from filterpatterns.language.diagnostics import excerpt_of
from filterpatterns.language.inputs import PatternText
from filterpatterns.language.nodes import Span
from filterpatterns.templates import evidence
from filterpatterns.templates.codes import GENERATED
from filterpatterns.templates.documents import json_document
from filterpatterns.templates.documents.values import List, Object, TemplateValue, Text
from filterpatterns.templates.errors import Skipped, TemplateError, line_and_column
from filterpatterns.templates.mapping import Builder, Mapping, Owner
from filterpatterns.templates.mentions import mentions_patterns
from filterpatterns.templates.values.resolving import Known

_TEMPLATE = re.compile(
    r"AWSTemplateFormatVersion|AWS::|\bResources\b|planned_values|root_module|EventSourceMappings"
    r"|EventSourceArn|filterPatterns|\baws_[a-z]+"
)
_HCL = re.compile(r'^[ \t]*(?:resource|module|data)[ \t]+"[^"\n]*"[^{\n]*\{', re.MULTILINE)
_GENERATED = re.compile(r"\{%|(?<!\$)\{\{(?!resolve:)|\{#|<%")
"""Markers of Jinja, Helm, cookiecutter, Handlebars and ERB, but not CloudFormation's
`{{resolve:...}}` and the `${{ ... }}` of GitHub workflows."""

_YAML_FILES = (".yaml", ".yml")
_YAML_SUFFIXES = (*_YAML_FILES, ".template")


def patterns_in(
    text: str,
    name: str = "",
    *,
    searched: bool = False,
    unfiltered: bool = False,
    known: Known | None = None,
) -> list[Mapping]:
    """Return the mappings, pipes, rules and patterns in a text.

    Args:
        text: a pattern, a FilterCriteria, or a template: CloudFormation, SAM, CDK output,
            serverless.yml, Terraform, Pulumi YAML, Kubernetes resources of ACK, output of `aws
            lambda get-event-source-mapping`.
        name: the file's name; it decides if the content is not sufficient. If the file exists,
            values that it takes from neighboring files are read from there.
        searched: whether a search found this text. Then anything that only might be a pattern, or
            might be broken, is skipped.
        unfiltered: whether to include event source mappings without filters.
        known: values that the template leaves open, by the names that it uses.

    Returns:
        The mappings in the order of the text; an empty list if there are no patterns.

    Raises:
        TemplateError: the text cannot be parsed as the format that it appears to be.
    """
    text = text.removeprefix("\ufeff")
    if searched and not mentions_patterns(text) and not text.lstrip().startswith("{"):
        return []
    place = _Place(text, name, searched, known or {})
    try:
        return [one for one in _mappings(place) if unfiltered or one.is_filtered]
    except RecursionError:
        raise TemplateError("nested deeper than the caller's stack has room") from None
    except TemplateError:
        if searched and not mentions_patterns(text):
            return []
        raise


def named(mappings: Iterable[Mapping], name: str) -> list[Mapping]:
    """The mappings with that name: those whose logical id it is, or else those with it as another
    name.

    Mappings that share a name also have names with a number: `worker.sqs.1`, `worker.sqs.2`.
    """
    given = list(mappings)
    found = _by_name(given, name)
    base, dot, number = name.rpartition(".")
    if found or not dot or not number.isdecimal():
        return found
    several = _by_name(given, base)
    index = int(number) - 1 if len(number) < 6 else -1
    return [several[index]] if len(several) > 1 and 0 <= index < len(several) else []


def names_of(mappings: Iterable[Mapping]) -> list[str]:
    """A unique name for each mapping, as understood by `named`."""
    given = list(mappings)
    found = []
    for one in given:
        candidates = [name for name in (one.logical_id, *one.names) if name]
        unique = [name for name in candidates if len(_by_name(given, name)) == 1]
        if unique:
            found.append(unique[0])
        elif candidates:
            name = candidates[-1]
            found.append(f"{name}.{_by_name(given, name).index(one) + 1}")
    return found


def _by_name(given: list[Mapping], name: str) -> list[Mapping]:
    return [one for one in given if one.logical_id == name] or [
        one for one in given if name in one.names
    ]


def placed(diagnostic: Diagnostic, mapping: Mapping) -> Diagnostic:
    """Return a diagnostic of a mapping; if it has no position, it gets that of its pattern."""
    if diagnostic.line is not None:
        return diagnostic
    line, column = place_of(mapping, diagnostic.filter_index)
    return replace(diagnostic, line=line, column=column, end_line=line, end_column=column)


def place_of(mapping: Mapping, index: int | None) -> tuple[int, int]:
    """Return where the text of a pattern begins: line and column, from 1."""
    for text in mapping.texts:
        if (index is None or text.filter_index == index) and text.outer and text.starts:
            return line_and_column(text.outer, text.starts[0])
    return mapping.line, 1


def as_diagnostic(skipped: Skipped, text: str, *, is_note: bool = False) -> Diagnostic:
    """Return a skipped part of a text, or a note about it, as a warning."""
    line = _lines(text)[skipped.line - 1].rstrip("\r")
    end = len(line.rstrip())
    span = Span(skipped.column - 1, max(end, skipped.column))
    return Diagnostic(
        code=skipped.code,
        severity="warning",
        message=skipped.reason if is_note else f"skipped: {skipped.reason}",
        filter_index=skipped.filter_index,
        line=skipped.line,
        column=skipped.column,
        end_line=skipped.line,
        end_column=max(end + 1, skipped.column),
        excerpt=excerpt_of(line, 0, len(line), span) if text else None,
    )


@lru_cache(maxsize=1)
def _lines(text: str) -> list[str]:
    """The lines of a text, which may have as many notes."""
    return text.split("\n")


def generated_note(text: str) -> Skipped | None:
    """Return a note for a text that is an input of a template engine; None if it is not."""
    mark = _GENERATED.search(text)
    if mark is None:
        return None
    reason = f"{mark[0]} belongs to Jinja, Helm or a similar engine: check the rendered file"
    return Skipped(GENERATED, reason, *line_and_column(text, mark.start()))


def is_hcl(text: str, name: str = "") -> bool:
    """Whether a text is Terraform's HCL, judging by the file's name or by its blocks."""
    suffix = os.path.splitext(name)[1].lower()
    if suffix == ".tf":
        return True
    is_other = suffix in _YAML_FILES or text.lstrip()[:1] in ("{", "[")
    return not is_other and _HCL.search(text) is not None


class _Place(Struct, frozen=True):
    """A text, its origin, and the known values of what it leaves open."""

    text: str
    name: str
    searched: bool
    known: Known

    @property
    def suffix(self) -> str:
        """The extension of the name: `.yaml`."""
        return os.path.splitext(self.name)[1].lower()


def _mappings(place: _Place) -> Iterator[Mapping]:
    text, searched = place.text, place.searched
    first = text.lstrip()[:1]
    if not first:
        return
    if is_hcl(text, place.name):
        from filterpatterns.templates.documents import hcl_document
        from filterpatterns.templates.kinds import terraform

        # A broken file that was named explicitly is reported, even if it has no patterns; a missing
        # library is not.
        is_named = place.suffix == ".tf" and not searched
        if mentions_patterns(text) or (is_named and hcl_document.is_available()):
            yield from terraform.hcl(text, place.name, place.known)
        return
    if first in "{[":
        yield from _json(place)
    elif place.suffix == ".json":
        yield from () if searched else (_plain(text),)
    elif mentions_patterns(text) or not searched:
        yield from _yaml(place)


def _json(place: _Place) -> Iterator[Mapping]:
    text, searched = place.text, place.searched
    try:
        root = json_document.read(_to_read(text))
    except TemplateError:
        if place.suffix in _YAML_SUFFIXES:  # YAML has its own {}
            try:
                found = list(_yaml(place))
            except TemplateError:
                found = []
            if found:
                yield from found
                return
        if searched or _TEMPLATE.search(text):
            raise
        yield _plain(text)  # the pattern parser reports best what is wrong with it
        return
    yield from _document(root, place, searched)


def _to_read(text: str) -> str:
    """The text; if it is a large template, without the parts that are unrelated to patterns."""
    from filterpatterns.templates import pruning  # few files are this large

    if len(text) < pruning.WORTHWHILE or not mentions_patterns(text):
        return text
    return pruning.pruned(text)


def _yaml(place: _Place) -> Iterator[Mapping]:
    from filterpatterns.templates.documents import yaml_document  # not needed for JSON

    for root in yaml_document.read(place.text):
        # YAML that is not a template is not a pattern either, unless it looks very much like one.
        yield from _document(root, place, True, whole=False)


def _document(
    root: TemplateValue, place: _Place, searched: bool, *, whole: bool = True
) -> Iterator[Mapping]:
    """Return the mappings of a document. `whole`: it is the whole text."""
    text = place.text
    if not isinstance(root, Object):
        if not searched:
            yield _plain(text)
        return
    found = _template(root, place)
    if found is not None:
        yield from found
    elif whole and not searched and not _is_something_else(root):
        yield _plain(text)
    elif evidence.is_pattern(root):
        if whole:
            yield _plain(text)
        else:
            build = Builder(text, _as_it_is)
            yield build.patterns([root], root.span, Owner("", "pattern", None), alone=True)


def _template(root: Object, place: _Place) -> Iterator[Mapping] | None:
    """Return the mappings of a document; None if it is not a template of a known kind."""
    from filterpatterns.templates.kinds import (
        aws_api,
        cloudformation,
        serverless,
        terraform,
        terraform_plans,
    )

    text, known = place.text, place.known
    kinds: tuple[tuple[Callable[[Object], bool], Callable[[], Iterator[Mapping]]], ...] = (
        (terraform_plans.is_output, lambda: terraform.output(root, text, known)),
        (terraform.is_configuration, lambda: terraform.configuration(root, text, known)),
        (
            serverless.is_template,
            lambda: serverless.mappings(root, text, place.name, known, alone=not place.searched),
        ),
        (cloudformation.is_template, lambda: cloudformation.mappings(root, text, known)),
        (aws_api.is_pulumi, lambda: aws_api.pulumi(root, text, known)),
        (aws_api.is_kubernetes, lambda: aws_api.kubernetes(root, text, known)),
        (aws_api.is_output, lambda: aws_api.mappings(root, text, known)),
        (_is_criteria, lambda: _criteria(root, text)),
        (cloudformation.is_resource_map, lambda: cloudformation.mappings(root, text, known)),
        (serverless.is_functions, lambda: serverless.functions(root, text, place.name, known)),
    )
    return next((mappings() for is_it, mappings in kinds if is_it(root)), None)


def _is_criteria(root: Object) -> bool:
    """Return the mapping of a bare FilterCriteria. A pattern may also have a field named "Filters".
    The difference is a "Pattern" in an object in the array, since no operator has that name."""
    filters = _configuration(root).get("Filters")
    alone = all(key.value in ("Filters", "Language") for key, _ in _configuration(root).members)
    return isinstance(filters, List) and (
        (alone and not filters.items)
        or any(
            key.value.casefold() == "pattern"
            for item in filters.items
            if isinstance(item, Object)
            for key, _ in item.members
        )
    )


def _configuration(root: Object) -> Object:
    """The object with the Filters: a subscriber's FilterConfiguration may be in a member of that
    name."""
    inner = root.get("FilterConfiguration")
    return inner if len(root.members) == 1 and isinstance(inner, Object) else root


def _criteria(root: Object, text: str) -> Iterator[Mapping]:
    configuration = _configuration(root)
    is_subscriber = configuration is not root or configuration.get("Language") is not None
    owner = Owner("", "subscriber", "subscriber") if is_subscriber else Owner("", "pattern", None)
    yield from Builder(text, _as_it_is).criteria(configuration, owner)


def _as_it_is(node: TemplateValue) -> TemplateValue:
    return node


def _plain(text: str) -> Mapping:
    """The text itself as a pattern."""
    line = text[: len(text) - len(text.lstrip())].count("\n") + 1
    return Mapping("", "pattern", None, None, (PatternText(text),), line)


def _is_something_else(root: Object) -> bool:
    """Whether a JSON object says itself what it is: CDK's manifest, a package.json, a schema."""
    return any(isinstance(root.get(key), Text) for key in ("version", "$schema"))
