"""Finding patterns in the places they live in: templates, plans, what AWS's command line prints.

    for mapping in patterns_in(text, "template.yaml"):
        print(mapping.logical_id, mapping.source, mapping.texts)

Content decides what a text is, then its name. What is known only at deployment is never guessed:
it is in `Mapping.skipped`, with the reason.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator

from filterpatterns.language.inputs import PatternText
from filterpatterns.templates.documents import json_document
from filterpatterns.templates.documents.values import List, Literal, Object, TemplateValue, Text
from filterpatterns.templates.errors import TemplateError, line_and_column
from filterpatterns.templates.mapping import ENCRYPTED, TITLES, UNRESOLVED, Mapping, Skipped
from filterpatterns.templates.mentions import mentions_patterns
from filterpatterns.templates.settings import Setting

__all__ = [
    "ENCRYPTED",
    "TITLES",
    "UNRESOLVED",
    "Mapping",
    "Setting",
    "Skipped",
    "TemplateError",
    "line_and_column",
    "named",
    "names_of",
    "patterns_in",
]

_TEMPLATE = re.compile(
    r"AWSTemplateFormatVersion|AWS::|\bResources\b|planned_values|root_module|EventSourceMappings"
    r"|EventSourceArn|filterPatterns|\baws_[a-z]+"
)
_HCL = re.compile(r'^[ \t]*(?:resource|module|data)[ \t]+"[^"\n]*"[^{\n]*\{', re.MULTILINE)
_YAML_NAMES = (".yaml", ".yml", ".template")


def patterns_in(
    text: str, name: str = "", *, searched: bool = False, unfiltered: bool = False
) -> list[Mapping]:
    """The mappings, pipes, rules and patterns of a text.

    Args:
        text: a pattern, a FilterCriteria, or a template: CloudFormation, SAM, CDK's output,
            serverless.yml, Terraform, output of `aws lambda get-event-source-mapping`.
        name: the file's name; it decides what the content does not.
        searched: nobody said that this text has patterns, a search came upon it: what only might be
            a pattern, or might be broken, is passed over.
        unfiltered: also give event source mappings that have no filters.

    Returns:
        What was found, in the order of the text; an empty list if there are no patterns.

    Raises:
        TemplateError: the text cannot be read as what it looks like.
    """
    text = text.removeprefix("\ufeff")
    if searched and not mentions_patterns(text) and not text.lstrip().startswith("{"):
        return []
    try:
        found = _mappings(text, name.lower(), searched)
        return [one for one in found if unfiltered or one.is_filtered]
    except TemplateError:
        if searched and not mentions_patterns(text):
            return []
        raise


def named(mappings: Iterable[Mapping], name: str) -> list[Mapping]:
    """The mappings of that name: those whose logical id it is, or else one of their other names.

    Of several with one name each has a number behind it as well: `worker.sqs.1`, `worker.sqs.2`.
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
    """A name for each mapping that means it alone, as `named` understands it."""
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


def _mappings(text: str, name: str, searched: bool) -> Iterator[Mapping]:
    first = text.lstrip()[:1]
    if not first:
        return
    if name.endswith(".tf") or (first not in "{[" and _HCL.search(text)):
        from filterpatterns.templates.documents import hcl_document
        from filterpatterns.templates.kinds import terraform

        # Of a file that somebody has named it is said if it is broken, even if it has no patterns;
        # but not that the library is missing.
        is_named = name.endswith(".tf") and not searched
        if mentions_patterns(text) or (is_named and hcl_document.is_available()):
            yield from terraform.hcl(text)
        return
    if first in "{[":
        yield from _json(text, name, searched)
    elif name.endswith(".json"):
        yield from () if searched else (_plain(text),)
    elif mentions_patterns(text) or not searched:
        yield from _yaml(text, searched)


def _json(text: str, name: str, searched: bool) -> Iterator[Mapping]:
    try:
        root = json_document.read(text)
    except TemplateError:
        if name.endswith(_YAML_NAMES):  # YAML has {} of its own
            try:
                found = list(_yaml(text, searched))
            except TemplateError:
                found = []
            if found:
                yield from found
                return
        if searched or _TEMPLATE.search(text):
            raise
        yield _plain(text)  # the parser of patterns says best what is wrong with it
        return
    # Nobody said that it is a pattern, unless its name does.
    certain = not searched or ("pattern" in os.path.basename(name) and _is_nested(root))
    yield from _document(root, text, not certain)


def _yaml(text: str, searched: bool) -> Iterator[Mapping]:
    from filterpatterns.templates.documents import yaml_document  # not for those who have JSON

    for root in yaml_document.read(text):
        # A text in YAML that is no template is no pattern either, unless it looks very like one.
        yield from _document(root, text, True, whole=False)


def _document(
    root: TemplateValue, text: str, searched: bool, *, whole: bool = True
) -> Iterator[Mapping]:
    """The mappings of a document. `whole`: it is all of the text."""
    if not isinstance(root, Object):
        if not searched:
            yield _plain(text)
        return
    found = _template(root, text)
    if found is not None:
        yield from found
    elif whole and not searched and not _is_something_else(root):
        yield _plain(text)
    elif _looks_like_a_pattern(root):
        from filterpatterns.templates.mapping import Builder

        if whole:
            yield _plain(text)
        else:
            build = Builder(text, _as_it_is)
            yield build.patterns([root], root.span, "", "pattern", None, alone=True)


def _template(root: Object, text: str) -> Iterator[Mapping] | None:
    """The mappings of a document that is a template of some kind; None if it is none."""
    from filterpatterns.templates.kinds import aws_api, cloudformation, serverless, terraform

    if terraform.is_output(root):
        return terraform.output(root, text)
    if terraform.is_configuration(root):
        return terraform.configuration(root, text)
    if serverless.is_template(root):
        return serverless.mappings(root, text)
    if cloudformation.is_template(root):
        return cloudformation.mappings(root, text)
    if aws_api.is_output(root):
        return aws_api.mappings(root, text)
    if _is_criteria(root):
        return _criteria(root, text)
    return None


def _is_criteria(root: Object) -> bool:
    """A FilterCriteria by itself. A pattern may have a field named "Filters": what tells the two
    apart is a "Pattern" in an object in the array, which no operator is called."""
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
    """What has the Filters: a subscriber's FilterConfiguration may be named as such."""
    inner = root.get("FilterConfiguration")
    return inner if len(root.members) == 1 and isinstance(inner, Object) else root


def _criteria(root: Object, text: str) -> Iterator[Mapping]:
    from filterpatterns.templates.mapping import Builder

    configuration = _configuration(root)
    is_subscriber = configuration is not root or configuration.get("Language") is not None
    found = Builder(text, _as_it_is).criteria(
        configuration,
        "",
        "subscriber" if is_subscriber else "pattern",
        "subscriber" if is_subscriber else None,
    )
    if found is not None:
        yield found


def _as_it_is(node: TemplateValue) -> TemplateValue:
    return node


def _plain(text: str) -> Mapping:
    """The text itself as a pattern."""
    line = text[: len(text) - len(text.lstrip())].count("\n") + 1
    return Mapping("", "pattern", None, None, (PatternText(text),), line)


def _is_nested(root: TemplateValue) -> bool:
    """Whether it is an object, and all that it has are objects and arrays."""
    return isinstance(root, Object) and all(
        isinstance(value, (Object, List)) for _, value in root.members
    )


def _is_something_else(root: Object) -> bool:
    """A JSON object that says itself what it is: CDK's manifest, a package.json, a schema."""
    return any(isinstance(root.get(key), Text) for key in ("version", "$schema"))


def _looks_like_a_pattern(root: Object) -> bool:
    """Whether every leaf is an array of rules, as only patterns have it: nothing else is judged
    that nobody said is a pattern."""
    leaves = 0
    pending: list[TemplateValue] = [root]
    while pending:
        node = pending.pop()
        if isinstance(node, List):
            if not node.items:
                return False
            for item in node.items:
                if isinstance(item, Object):
                    if not all(_is_operator(key.value) for key, _ in item.members):
                        return False
                elif not isinstance(item, (Text, Literal)):
                    return False
            leaves += 1
        elif not isinstance(node, Object) or not node.members:
            return False
        else:
            for key, value in node.members:
                if key.value == "$or" and isinstance(value, List):
                    pending += value.items
                else:
                    pending.append(value)
    return leaves > 0


def _is_operator(name: str) -> bool:
    from filterpatterns.language.operators import OPERATORS

    return name in OPERATORS
