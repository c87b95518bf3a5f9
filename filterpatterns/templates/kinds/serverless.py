"""serverless.yml of the Serverless Framework: `filterPatterns` of a function's events.

Serverless Framework documentation, the pages on events (SQS, streams, Kafka, MSK, ActiveMQ,
RabbitMQ, EventBridge): patterns stand there as objects, which the framework turns into strings.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from filterpatterns.templates.documents.values import (
    List,
    Object,
    TemplateValue,
    Text,
    child,
    items,
    members,
    text_of,
)
from filterpatterns.templates.errors import Unresolved
from filterpatterns.templates.kinds import cloudformation
from filterpatterns.templates.mapping import Builder, Mapping
from filterpatterns.templates.settings import SERVERLESS, settings_in

_SOURCES = {
    "sqs": "sqs",
    "stream": None,
    "msk": "kafka",
    "kafka": "kafka",
    "activemq": "mq",
    "rabbitmq": "mq",
    "documentDb": "documentdb",
}
"""The events that become event source mappings; a stream's source is in its ARN or its `type`."""

_STREAMS = {"dynamodb": "dynamodb", "kinesis": "kinesis"}


def is_template(root: Object) -> bool:
    """Whether a document is of the Serverless Framework, by what is in it."""
    named = root.get("service") is not None or root.get("provider") is not None
    return named and (root.get("functions") is not None or root.get("resources") is not None)


def mappings(root: Object, text: str) -> Iterator[Mapping]:
    """The mappings of its functions, and of the CloudFormation resources that it has."""
    build = Builder(text, _resolve)
    functions = root.get("functions")
    stacks = root.get("resources")
    stacks_given = items(stacks) or ((stacks,) if stacks is not None else ())
    types: dict[str, str] = {}
    for stack in stacks_given:
        types |= cloudformation.types_of(child(stack, "Resources"))
    for group in items(functions) or ((functions,) if functions is not None else ()):
        for name, function in members(group):
            for event in items(child(function, "events")):
                for kind, given in members(event):
                    yield from _event(build, name, kind, given, types)
    for stack in stacks_given:
        yield from cloudformation.resources(child(stack, "Resources"), build)


def _event(
    build: Builder, function: Text, kind: Text, given: TemplateValue, types: dict[str, str]
) -> Iterator[Mapping]:
    names = (f"{function.value}.{kind.value}",)
    if kind.value == "eventBridge":
        pattern = child(given, "pattern")
        if pattern is not None:
            yield build.patterns(
                [pattern], kind.span, function.value, "rule", "event", names=names, alone=True
            )
        return
    wanted = child(given, "filterPatterns")
    if kind.value not in _SOURCES:
        return
    source = _SOURCES[kind.value]
    if source is None:
        source = _STREAMS.get(text_of(child(given, "type")) or "")
        source = source or cloudformation.source_of(child(given, "arn"), types)
    if wanted is None:
        yield build.event_source_mapping(
            None, given, SERVERLESS, function.value, source, names=names
        )
        return
    if isinstance(wanted, List):
        found = build.patterns(
            wanted.items, kind.span, function.value, "event source mapping", source, names=names
        )
        yield replace(found, settings=settings_in(given, SERVERLESS, build.text, build.resolve))
        return
    try:
        build.resolve(wanted)
        reason = "filterPatterns is an array of patterns"
    except Unresolved as why:
        reason = why.reason
    yield build.skipped(
        wanted.span, reason, function.value, "event source mapping", source, names=names
    )


def _resolve(node: TemplateValue) -> TemplateValue:
    """As CloudFormation does; and `${...}` is a variable of the framework wherever it stands."""
    if isinstance(node, Text) and "${" in node.value:
        start = node.value.index("${")
        variable = node.value[start : node.value.find("}", start) + 1] or "${"
        raise Unresolved(f"{variable} is known only to the Serverless Framework", node.span)
    return cloudformation.resolve(node)
