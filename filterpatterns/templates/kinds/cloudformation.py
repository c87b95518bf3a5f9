"""CloudFormation and SAM templates, as YAML, as JSON, and as CDK synthesizes them."""

from __future__ import annotations

from collections.abc import Iterator

from filterpatterns.language.nodes import Span
from filterpatterns.templates.documents.positions import starts
from filterpatterns.templates.documents.values import (
    Object,
    TemplateValue,
    Text,
    child,
    is_null,
    items,
    members,
    text_of,
)
from filterpatterns.templates.errors import TemplateError
from filterpatterns.templates.kinds.arns import (
    CLOUDFORMATION_TYPES,
    MAPPING_PROPERTIES,
    PIPE_PARAMETERS,
    SAM_EVENTS,
    source_of_arn,
)
from filterpatterns.templates.mapping import Builder, Mapping, Owner
from filterpatterns.templates.schema_registry import schema_attributes
from filterpatterns.templates.settings import AWS
from filterpatterns.templates.values.intrinsics import Intrinsics, function, reference_text
from filterpatterns.templates.values.moving import moved
from filterpatterns.templates.values.resolving import Evaluate, Known

_SUBSCRIBER = "AWS::EventsV2::Subscriber"
SNS_POLICY = (
    "an SNS FilterPolicy is not a filter pattern: it was not checked "
    '(SNS developer guide, "Subscription filter policies")'
)
_SAM_RULES = ("EventBridgeRule", "CloudWatchEvent")
_SAM_RESOURCES = ("AWS::Serverless::Function", "AWS::Serverless::StateMachine")
_RULES = ("AWS::Events::Rule", "AWS::Events::Archive")


def is_template(root: Object) -> bool:
    """Whether a document is a template, judging by its contents."""
    return (
        isinstance(root.get("Resources"), Object)
        or root.get("AWSTemplateFormatVersion") is not None
    )


def is_resource_map(root: Object) -> bool:
    """Whether a document is a part of a template: resources by name, without `Resources:`."""
    return any(
        (text_of(child(resource, "Type")) or "").startswith("AWS::")
        and isinstance(child(resource, "Properties"), Object)
        for _, resource in root.members
    )


def mappings(root: Object, text: str, known: Known) -> Iterator[Mapping]:
    """The mappings of a template, or of a map of resources."""
    found = root.get("Resources") if is_template(root) else root
    return resources(found, Intrinsics(root, text), text, known)


def resources(
    node: TemplateValue | None,
    evaluate: Intrinsics,
    text: str,
    known: Known,
    *,
    extend: Evaluate | None = None,
) -> Iterator[Mapping]:
    """The mappings of a template's Resources. `extend` adds functions that CloudFormation does not
    have."""
    types = types_of(node)
    build = Builder(text, extend or evaluate, known)
    for name, resource in members(node):
        if name.value.startswith("Fn::ForEach::") and len(items(resource)) == 3:
            loop, _, repeated = items(resource)
            looped = Builder(text, evaluate.in_loop(text_of(loop) or ""), known)
            for inner, each in members(repeated):
                yield from _Template(types, looped).resource(inner, each)
        else:
            yield from _Template(types, build).resource(name, resource)


def types_of(resources: TemplateValue | None) -> dict[str, str]:
    """The types of a template's resources, by their names."""
    return {
        name.value: text_of(child(resource, "Type")) or "" for name, resource in members(resources)
    }


class _Template:
    def __init__(self, types: dict[str, str], build: Builder) -> None:
        self._types = types
        self._build = build

    def resource(self, name: Text, node: TemplateValue) -> Iterator[Mapping]:
        """The mappings of one resource."""
        kind = text_of(child(node, "Type"))
        properties = child(node, "Properties")
        if kind in ("AWS::SNS::Subscription", "AWS::SNS::Topic"):
            yield from self._subscription(name, properties)
        elif kind == "AWS::CloudFormation::StackSet":
            body = child(properties, "TemplateBody")
            sub = function(body)
            if sub is not None and sub[0] == "Fn::Sub":
                body = sub[1]
            if isinstance(body, Text):
                yield from _nested(body, self._build.text, self._build.known)
        elif kind == "AWS::Lambda::EventSourceMapping":
            yield from self._mapping(name, properties)
        elif kind == "AWS::Pipes::Pipe":
            yield from self._pipe(name, properties)
        elif kind == _SUBSCRIBER:
            owner = Owner(name.value, "subscriber", "subscriber")
            yield from self._build.criteria(child(properties, "FilterConfiguration"), owner)
        elif kind in _RULES:
            yield from self._rule(name.value, name.span, child(properties, "EventPattern"))
        elif kind in _SAM_RESOURCES:
            for event, definition in members(child(properties, "Events")):
                yield from self._event(name.value, event, definition)

    def _mapping(self, name: Text, properties: TemplateValue | None) -> Iterator[Mapping]:
        source = source_of(child(properties, "EventSourceArn"), self._types)
        source = source or _by_property(properties, MAPPING_PROPERTIES)
        if properties is not None:
            owner = Owner(
                name.value,
                "event source mapping",
                source,
                reference=reference_text(child(properties, "EventSourceArn")),
                attributes=schema_attributes(properties),
            )
            criteria = child(properties, "FilterCriteria")
            yield self._build.event_source_mapping(criteria, properties, AWS, owner)

    def _pipe(self, name: Text, properties: TemplateValue | None) -> Iterator[Mapping]:
        parameters = child(properties, "SourceParameters")
        source = source_of(child(properties, "Source"), self._types)
        source = source or _by_property(parameters, PIPE_PARAMETERS)
        names = (text_of(child(properties, "Name")) or "",)
        criteria = child(parameters, "FilterCriteria")
        reference = reference_text(child(properties, "Source"))
        yield from self._build.criteria(
            criteria, Owner(name.value, "pipe", source, names, reference)
        )

    def _rule(
        self,
        logical_id: str,
        span: Span,
        pattern: TemplateValue | None,
        names: tuple[str, ...] = (),
    ) -> Iterator[Mapping]:
        if pattern is None or is_null(self._build.resolve(pattern)):
            return
        owner = Owner(logical_id, "rule", "event", names)
        yield self._build.patterns([pattern], span, owner, alone=True, is_cloudformation=True)

    def _subscription(self, name: Text, properties: TemplateValue | None) -> Iterator[Mapping]:
        policy = child(properties, "FilterPolicy")
        if policy is not None and not is_null(self._build.resolve(policy)):
            yield self._build.other_language(policy.span, name.value, SNS_POLICY)

    def _event(self, function: str, event: Text, node: TemplateValue) -> Iterator[Mapping]:
        """An event of a SAM function.

        SAM names the resource that it creates with both names joined (SAM developer guide,
        "Generated AWS CloudFormation resources").
        """
        kind = text_of(child(node, "Type")) or ""
        logical_id = function + event.value
        names = (function, event.value, f"{function}.{event.value}")
        properties = child(node, "Properties")
        if kind in _SAM_RULES:
            yield from self._rule(logical_id, event.span, child(properties, "Pattern"), names)
        elif kind in SAM_EVENTS:
            attributes = schema_attributes(properties)
            owner = Owner(
                logical_id, "event source mapping", SAM_EVENTS[kind], names, attributes=attributes
            )
            criteria = child(properties, "FilterCriteria")
            yield self._build.event_source_mapping(criteria, properties or node, AWS, owner)


def source_of(arn: TemplateValue | None, types: dict[str, str]) -> str | None:
    """The source of an ARN, which is literal or taken from a resource; `types` are the types of
    resources."""
    called = function(arn)
    if called is not None and called[0] in ("Ref", "Fn::GetAtt"):
        name = reference_text(arn).partition(".")[0]
        return CLOUDFORMATION_TYPES.get(types.get(name, ""))
    return source_of_arn(reference_text(arn))


def _by_property(properties: TemplateValue | None, sources: dict[str, str]) -> str | None:
    return next(
        (sources[name.value] for name, _ in members(properties) if name.value in sources), None
    )


def _nested(body: Text, text: str, known: Known) -> Iterator[Mapping]:
    """The mappings of a template that is a string in another template."""
    from filterpatterns.templates.documents import json_document, yaml_document

    try:
        if body.value.lstrip().startswith("{"):
            roots = [json_document.read(body.value)]
        else:
            roots = yaml_document.read(body.value)
        offsets = starts(body, text)
        for root in roots:
            found = moved(root, body.value, offsets)
            if isinstance(found, Object) and is_template(found):
                yield from mappings(found, text, known)
    except (TemplateError, RecursionError):
        return  # with Fn::Sub variables in it, it may not be a template yet
