"""CloudFormation and SAM templates, as YAML, as JSON, and as CDK synthesizes them."""

from __future__ import annotations

from collections.abc import Iterator

from filterpatterns.language.nodes import Span
from filterpatterns.templates.documents.values import (
    Encoded,
    List,
    Literal,
    Object,
    TemplateValue,
    Text,
    Unknown,
    child,
    items,
    members,
    text_of,
)
from filterpatterns.templates.errors import Unresolved
from filterpatterns.templates.kinds.arns import (
    CLOUDFORMATION_TYPES,
    MAPPING_PROPERTIES,
    PIPE_PARAMETERS,
    SAM_EVENTS,
    source_of_arn,
)
from filterpatterns.templates.mapping import Builder, Mapping
from filterpatterns.templates.schema_registry import schema_attributes
from filterpatterns.templates.settings import AWS

_SUBSCRIBER = "AWS::EventsV2::Subscriber"
_SAM_RULES = ("EventBridgeRule", "CloudWatchEvent")
_SAM_RESOURCES = ("AWS::Serverless::Function", "AWS::Serverless::StateMachine")
_RULES = ("AWS::Events::Rule", "AWS::Events::Archive")


def is_template(root: Object) -> bool:
    """Whether a document is a template, by what is in it."""
    return (
        isinstance(root.get("Resources"), Object)
        or root.get("AWSTemplateFormatVersion") is not None
    )


def mappings(root: Object, text: str) -> Iterator[Mapping]:
    """The mappings of a template."""
    return resources(root.get("Resources"), Builder(text, resolve))


def resources(node: TemplateValue | None, build: Builder) -> Iterator[Mapping]:
    """The mappings of a template's Resources."""
    types = {name.value: text_of(child(resource, "Type")) or "" for name, resource in members(node)}
    for name, resource in members(node):
        if name.value.startswith("Fn::ForEach::") and len(items(resource)) == 3:
            looped = _Template(types, Builder(build.text, _resolve_in_loop))
            for inner, repeated in members(items(resource)[2]):
                yield from looped.resource(inner, repeated)
        else:
            yield from _Template(types, build).resource(name, resource)


def types_of(resources: TemplateValue | None) -> dict[str, str]:
    """The types of a template's resources, by their names."""
    return {
        name.value: text_of(child(resource, "Type")) or "" for name, resource in members(resources)
    }


def _resolve_in_loop(node: TemplateValue) -> TemplateValue:
    """As `resolve`, inside Fn::ForEach: there `${Name}` stands for the loop's items in any text."""
    if isinstance(node, Text) and "${" in node.value:
        raise Unresolved("${...} stands for the items of Fn::ForEach", node.span)
    return resolve(node)


def resolve(node: TemplateValue) -> TemplateValue:
    """What a node stands for, as far as the template says.

    CloudFormation user guide, "Intrinsic function reference" and "Get values stored in other
    services using dynamic references".
    """
    if isinstance(node, Text):
        if "{{resolve:" in node.value:
            raise Unresolved("{{resolve:...}} is known only when deployed", node.span)
        return node
    if isinstance(node, Unknown):
        raise Unresolved(f"{node.source} is not resolved", node.span)
    function = _function(node)
    if function is None:
        return node
    name, argument = function
    if name == "Ref" and text_of(argument) == "AWS::NoValue":
        return Literal("null", node.span)
    if name == "Fn::Sub":
        given = argument.items[0] if isinstance(argument, List) and argument.items else argument
        if isinstance(given, Text) and "${" not in given.value:
            return resolve(given)
    if name == "Fn::ToJsonString":
        return Encoded(argument, node.span)
    raise Unresolved(f"{_format_call(name, argument)} is known only when deployed", node.span)


def _function(node: TemplateValue) -> tuple[str, TemplateValue] | None:
    """The name and the argument of an intrinsic function."""
    if not isinstance(node, Object) or len(node.members) != 1:
        return None
    name, argument = node.members[0]
    if name.value == "Ref" and not isinstance(argument, Text):
        return None  # a field of a pattern that is called so
    return (name.value, argument) if name.value == "Ref" or name.value.startswith("Fn::") else None


def _format_call(name: str, argument: TemplateValue) -> str:
    """A function as a message names it: with what it is about, if that is short to say."""
    written = text_of(argument) or text_of(next(iter(items(argument)), None)) or ""
    if name == "Fn::Sub" and "${" in written:
        start = written.index("${")
        return written[start : written.find("}", start) + 1] or "${"
    return (
        f"{name} {written}"
        if name in ("Ref", "Fn::GetAtt", "Fn::ImportValue") and written
        else name
    )


class _Template:
    def __init__(self, types: dict[str, str], build: Builder) -> None:
        self._types = types
        self._build = build

    def resource(self, name: Text, node: TemplateValue) -> Iterator[Mapping]:
        """The mappings of one resource."""
        kind = text_of(child(node, "Type"))
        properties = child(node, "Properties")
        if kind == "AWS::Lambda::EventSourceMapping":
            yield from self._mapping(name, properties)
        elif kind == "AWS::Pipes::Pipe":
            yield from self._pipe(name, properties)
        elif kind == _SUBSCRIBER:
            found = self._build.criteria(
                child(properties, "FilterConfiguration"), name.value, "subscriber", "subscriber"
            )
            if found is not None:
                yield found
        elif kind in _RULES:
            yield from self._rule(name.value, name.span, child(properties, "EventPattern"))
        elif kind in _SAM_RESOURCES:
            for event, definition in members(child(properties, "Events")):
                yield from self._event(name.value, event, definition)

    def _mapping(self, name: Text, properties: TemplateValue | None) -> Iterator[Mapping]:
        source = source_of(child(properties, "EventSourceArn"), self._types)
        source = source or _by_property(properties, MAPPING_PROPERTIES)
        if properties is not None:
            yield self._build.event_source_mapping(
                child(properties, "FilterCriteria"),
                properties,
                AWS,
                name.value,
                source,
                attributes=schema_attributes(properties),
            )

    def _pipe(self, name: Text, properties: TemplateValue | None) -> Iterator[Mapping]:
        parameters = child(properties, "SourceParameters")
        source = source_of(child(properties, "Source"), self._types)
        source = source or _by_property(parameters, PIPE_PARAMETERS)
        names = [text_of(child(properties, "Name")) or ""]
        criteria = child(parameters, "FilterCriteria")
        found = self._build.criteria(criteria, name.value, "pipe", source, names=names)
        if found is not None:
            yield found

    def _rule(
        self,
        logical_id: str,
        span: Span,
        pattern: TemplateValue | None,
        names: tuple[str, ...] = (),
    ) -> Iterator[Mapping]:
        if pattern is None or _is_no_value(pattern):
            return
        yield self._build.patterns(
            [pattern],
            span,
            logical_id,
            "rule",
            "event",
            names=names,
            alone=True,
            is_cloudformation=True,
        )

    def _event(self, function: str, event: Text, node: TemplateValue) -> Iterator[Mapping]:
        """An event of a SAM function.

        SAM calls the resource that it makes of it by both names together (SAM developer guide,
        "Generated AWS CloudFormation resources").
        """
        kind = text_of(child(node, "Type")) or ""
        logical_id = function + event.value
        names = (function, event.value, f"{function}.{event.value}")
        properties = child(node, "Properties")
        if kind in _SAM_RULES:
            yield from self._rule(logical_id, event.span, child(properties, "Pattern"), names)
        elif kind in SAM_EVENTS:
            yield self._build.event_source_mapping(
                child(properties, "FilterCriteria"),
                properties or node,
                AWS,
                logical_id,
                SAM_EVENTS[kind],
                names=names,
                attributes=schema_attributes(properties),
            )


def source_of(arn: TemplateValue | None, types: dict[str, str]) -> str | None:
    """The source that an ARN is of, written out or taken from a resource; `types` are theirs."""
    function = None if arn is None else _function(arn)
    if function is not None and function[0] in ("Ref", "Fn::GetAtt"):
        argument = function[1]
        name = text_of(argument) or text_of(next(iter(items(argument)), None)) or ""
        return CLOUDFORMATION_TYPES.get(types.get(name.partition(".")[0], ""))
    return source_of_arn(_template_text(arn))


def _template_text(node: TemplateValue | None) -> str:
    """A text with placeholders for what is not known: enough to see the service of an ARN."""
    if isinstance(node, Text):
        return node.value
    function = None if node is None else _function(node)
    if function is None:
        return ""
    name, argument = function
    if name == "Fn::Sub":
        return text_of(argument) or text_of(next(iter(items(argument)), None)) or ""
    if name == "Fn::Join" and len(items(argument)) == 2:
        separator, parts = items(argument)
        return (text_of(separator) or "").join(text_of(part) or "${}" for part in items(parts))
    return ""


def _by_property(properties: TemplateValue | None, sources: dict[str, str]) -> str | None:
    return next(
        (sources[name.value] for name, _ in members(properties) if name.value in sources), None
    )


def _is_no_value(node: TemplateValue) -> bool:
    function = _function(node)
    return function is not None and function[0] == "Ref" and text_of(function[1]) == "AWS::NoValue"
