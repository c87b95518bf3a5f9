"""Requests and responses of AWS's own APIs: mappings, rules and pipes as JSON.

AWS Lambda API reference, "GetEventSourceMapping" and "ListEventSourceMappings"; EventBridge API
reference, "DescribeRule" and "ListRules"; EventBridge Pipes API reference, "DescribePipe".
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec.structs import replace

from filterpatterns.language.nodes import Span
from filterpatterns.templates.codes import ENCRYPTED
from filterpatterns.templates.documents.positions import interpolated
from filterpatterns.templates.documents.values import (
    Encoded,
    List,
    Object,
    TemplateValue,
    Text,
    Unknown,
    child,
    is_null,
    items,
    members,
    text_of,
)
from filterpatterns.templates.kinds.arns import MAPPING_PROPERTIES, PIPE_PARAMETERS, source_of_arn
from filterpatterns.templates.mapping import Builder, Kind, Mapping, Owner
from filterpatterns.templates.schema_registry import schema_attributes
from filterpatterns.templates.settings import AWS
from filterpatterns.templates.values.resolving import Known


def is_output(root: Object) -> bool:
    """Whether a document is a mapping, a rule or a pipe, or a list of them."""
    rules = items(root.get("Rules"))
    return (
        isinstance(root.get("EventSourceMappings"), List)
        or any(text_of(child(rule, "Arn")) is not None for rule in rules)
        or (text_of(root.get("Arn")) is not None and text_of(root.get("Name")) is not None)
        or next(_found(root), None) is not None
    )


def mappings(root: Object, text: str, known: Known) -> Iterator[Mapping]:
    """The mappings in a response, or in the request that creates one."""
    build = Builder(text, _evaluate, known)
    for one in _found(root):
        yield from _mapping(one, build)


def _found(root: Object) -> Iterator[Object]:
    listed = (*items(root.get("EventSourceMappings")), *items(root.get("Rules")))
    for one in (root, *listed):
        if isinstance(one, Object) and (
            _is_mapping(one) or _is_rule(one) or child(one, "SourceParameters") is not None
        ):
            yield one


def _is_mapping(one: Object) -> bool:
    criteria = one.get("FilterCriteria")
    if isinstance(criteria, Object):
        return not criteria.members or criteria.get("Filters") is not None
    return text_of(one.get("UUID")) is not None or one.get("FilterCriteriaError") is not None


def _is_rule(one: Object) -> bool:
    """Whether it is a rule. Rules with a schedule have no pattern. In events and patterns, a field
    of that name is not a string."""
    return isinstance(one.get("EventPattern"), Text)


def _mapping(one: Object, build: Builder) -> Iterator[Mapping]:
    arn = text_of(one.get("EventSourceArn")) or ""
    if _is_rule(one):
        pattern = one.get("EventPattern")
        name = text_of(one.get("Name")) or ""
        if pattern is not None:
            yield build.patterns([pattern], one.span, Owner(name, "rule", "event"), alone=True)
        return
    parameters = one.get("SourceParameters")
    if parameters is not None:
        source = source_of_arn(text_of(one.get("Source")) or "")
        source = source or _by_property(parameters, PIPE_PARAMETERS)
        criteria = child(parameters, "FilterCriteria")
        owner = Owner(text_of(one.get("Name")) or "", "pipe", source)
        yield from build.criteria(criteria, owner)
        return
    function = (text_of(one.get("FunctionArn")) or text_of(one.get("FunctionName")) or "").split(
        ":"
    )
    names = (function[6] if len(function) > 6 else function[-1], arn.rpartition(":")[2])
    name = text_of(one.get("UUID")) or ""
    source = source_of_arn(arn) or _by_property(one, MAPPING_PROPERTIES)
    reason = _encrypted(one)
    owner = Owner(name, "event source mapping", source, names, attributes=schema_attributes(one))
    if reason is not None:
        yield build.skipped(one.span, reason, owner, ENCRYPTED)
        return
    yield build.event_source_mapping(one.get("FilterCriteria"), one, AWS, owner)


def _encrypted(one: Object) -> str | None:
    """Why the filters are not shown, if they are there but encrypted.

    Lambda developer guide, "Encryption of filter criteria": without permission to use the key, and
    always in lists, `FilterCriteria` is null, and `FilterCriteriaError` may say why.
    """
    if not is_null(one.get("FilterCriteria")):
        return None
    error = child(one, "FilterCriteriaError")
    key = text_of(one.get("KMSKeyArn"))
    if is_null(error) and key is None:
        return None
    details = ": ".join(
        text for name in ("ErrorCode", "Message") if (text := text_of(child(error, name)))
    )
    return (
        "the filters are encrypted with the KMS key "
        + (key or "of the mapping")
        + (f" ({details})" if details else "")
        + "; get-event-source-mapping shows them to those who may use the key (kms:Decrypt)"
    )


def _by_property(node: TemplateValue | None, sources: dict[str, str]) -> str | None:
    for name, value in members(node):
        if name.value in sources and not is_null(value) and (items(value) or members(value)):
            return sources[name.value]
    return None


def _evaluate(node: TemplateValue) -> TemplateValue:
    if isinstance(node, Unknown) and not node.reason:
        return replace(node, reason=f"{node.source} is not resolved")
    return node


# Kubernetes controllers (ACK, Crossplane) and Pulumi YAML use the API's names in camel case:
# https://aws-controllers-k8s.github.io/community/reference/lambda/v1alpha1/eventsourcemapping/,
# https://www.pulumi.com/docs/iac/languages-sdks/yaml/yaml-language-reference/.

_KINDS = re.compile(r"(?:^|[:/])(EventSourceMapping|EventRule|Rule|Pipe|EventArchive|Archive)$")
_GROUPS = re.compile(r"aws|services\.k8s|upbound|crossplane")
_VARIABLE = re.compile(r"(?<!\$)\$\{([^${}]*)\}")


def is_kubernetes(root: Object) -> bool:
    """Whether a document is an ACK or Crossplane resource that may have filters."""
    group = text_of(root.get("apiVersion")) or ""
    kind = text_of(root.get("kind")) or ""
    return _GROUPS.search(group) is not None and _KINDS.search(kind) is not None


def kubernetes(root: Object, text: str, known: Known) -> Iterator[Mapping]:
    """The mappings of such a resource."""
    build = Builder(text, _evaluate, known)
    spec = child(root, "spec", "forProvider") or root.get("spec")
    name = text_of(child(root, "metadata", "name")) or ""
    yield from _camel_case(build, name, text_of(root.get("kind")) or "", spec, root.span)


def is_pulumi(root: Object) -> bool:
    """Whether a document is a Pulumi program in YAML."""
    return any(
        re.match(r"aws(?:-native)?:", text_of(child(resource, "type")) or "")
        for _, resource in members(root.get("resources"))
    )


def pulumi(root: Object, text: str, known: Known) -> Iterator[Mapping]:
    """The mappings of a Pulumi program."""

    def evaluate(node: TemplateValue) -> TemplateValue:
        if isinstance(node, Object) and len(node.members) == 1:
            name, argument = node.members[0]
            if name.value.lower() == "fn::tojson":
                return Encoded(argument, node.span)
            if name.value.lower().startswith("fn::"):
                return Unknown(name.value, node.span)
        if isinstance(node, Text) and "${" in node.value:
            return _interpolated(node, root, text)
        return _evaluate(node)

    build = Builder(text, evaluate, known)
    for name, resource in members(root.get("resources")):
        kind = text_of(child(resource, "type")) or ""
        yield from _camel_case(build, name.value, kind, child(resource, "properties"), name.span)


def _interpolated(node: Text, root: Object, text: str) -> TemplateValue:
    """A Pulumi text with each `${...}` as a separate part."""

    def value(match: re.Match[str], part: Text) -> TemplateValue:
        name = match[1].strip()
        default = child(root.get("variables"), name) or child(root.get("config"), name, "default")
        return Unknown(match[0], part.span, (name,), default=default)

    return interpolated(node, text, _VARIABLE, value, alone=True)  # `$${` alone is a text


def _camel_case(
    build: Builder, name: str, kind: str, given: TemplateValue | None, span: Span
) -> Iterator[Mapping]:
    """The mapping of a resource whose properties are those of the API in camel case."""
    match = _KINDS.search(kind)
    if match is None or given is None:
        return
    if match[1] not in ("EventSourceMapping", "Pipe"):
        pattern = child(given, "eventPattern")
        if pattern is not None and not is_null(pattern):
            yield build.patterns([pattern], span, Owner(name, "rule", "event"), alone=True)
        return
    is_pipe = match[1] == "Pipe"
    holder = child(given, "sourceParameters") if is_pipe else given
    if isinstance(holder, List) and holder.items:  # Crossplane has lists for blocks
        holder = holder.items[0]
    criteria = child(holder, "filterCriteria")
    arn = child(given, *(("source",) if is_pipe else ("eventSourceArn",)))
    arn = arn or child(given, "eventSourceARN") or child(given, "eventSourceRef", "from", "name")
    reference = text_of(arn) or ""
    properties = PIPE_PARAMETERS if is_pipe else MAPPING_PROPERTIES
    in_camel_case = {key[0].lower() + key[1:]: value for key, value in properties.items()}
    source = source_of_arn(reference) or _by_property(holder, in_camel_case)
    kind_of_owner: Kind = "pipe" if is_pipe else "event source mapping"
    owner = Owner(name, kind_of_owner, source, reference=reference)
    yield from build.criteria(_capitalized(criteria), owner)


_PARTS = {"filters": "Filters", "filter": "Filters", "pattern": "Pattern"}


def _capitalized(criteria: TemplateValue | None) -> TemplateValue | None:
    """A FilterCriteria with the names of the API."""
    if isinstance(criteria, List) and len(criteria.items) == 1:
        criteria = criteria.items[0]
    if not isinstance(criteria, Object):
        return criteria
    found = []
    for name, value in criteria.members:
        if isinstance(value, List):
            value = List(tuple(_capitalized(one) or one for one in value.items), value.span)
        found.append((Text(_PARTS.get(name.value, name.value), name.span, name.style), value))
    return Object(tuple(found), criteria.span)
