"""serverless.yml of the Serverless Framework: `filterPatterns` of a function's events.

Serverless Framework documentation, the pages on events (SQS, streams, Kafka, MSK, ActiveMQ,
RabbitMQ, EventBridge): patterns are objects, which the framework turns into strings.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from filterpatterns.language.diagnostics import Reporter, Where
from filterpatterns.templates.codes import MISPLACED
from filterpatterns.templates.documents.values import (
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
from filterpatterns.templates.kinds import cloudformation
from filterpatterns.templates.mapping import Builder, Mapping, Owner
from filterpatterns.templates.settings import SERVERLESS, settings_in
from filterpatterns.templates.values.files import Files
from filterpatterns.templates.values.framework import Variables
from filterpatterns.templates.values.intrinsics import Intrinsics, reference_text
from filterpatterns.templates.values.pattern_text import unresolved
from filterpatterns.templates.values.resolving import Known

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
    """Whether a document belongs to the Serverless Framework, judging by its contents."""
    named = root.get("service") is not None or root.get("provider") is not None
    return named and (root.get("functions") is not None or root.get("resources") is not None)


def is_functions(root: Object) -> bool:
    """Whether a document is a file of functions, which a serverless.yml includes."""
    return any(_has_events(value) for _, value in root.members) or _has_events(root)


def _has_events(node: TemplateValue) -> bool:
    return any(
        child(given, name) is not None
        for event in items(child(node, "events"))
        for kind, given in members(event)
        for name in ("filterPatterns", "pattern")
        if kind.value in _SOURCES or kind.value == "eventBridge"
    )


def mappings(root: Object, text: str, name: str, known: Known, *, alone: bool) -> Iterator[Mapping]:
    """The mappings of its functions and its CloudFormation resources.

    `alone`: functions in separate files are read from there; otherwise the search finds those files
    itself.
    """
    evaluate = Variables(root, text, Files(name), known)
    build = Builder(text, evaluate, known)
    stacks = root.get("resources")
    stacks_given = items(stacks) or ((stacks,) if stacks is not None else ())
    types: dict[str, str] = {}
    for stack in stacks_given:
        types |= cloudformation.types_of(child(stack, "Resources"))
    given = root.get("functions")
    for group in items(given) or ((given,) if given is not None else ()):
        if isinstance(group, Text):
            if not alone:
                continue
            group = build.resolve(group)
        for function, definition in members(group):
            if isinstance(definition, Text) and alone:
                definition = build.resolve(definition)
            yield from _function(build, function, definition, types)
    for stack in stacks_given:
        functions = Intrinsics(stack, text)
        yield from cloudformation.resources(
            child(stack, "Resources"), functions, text, known, extend=evaluate
        )


def functions(root: Object, text: str, name: str, known: Known) -> Iterator[Mapping]:
    """The mappings of a file of functions."""
    build = Builder(text, Variables(root, text, Files(name), known), known)
    if _has_events(root):
        yield from _function(build, Text("", root.span, "plain"), root, {})
        return
    for function, definition in root.members:
        yield from _function(build, function, definition, {})


def _function(
    build: Builder, name: Text, definition: TemplateValue, types: dict[str, str]
) -> Iterator[Mapping]:
    for event in items(child(definition, "events")):
        for kind, given in members(event):
            yield from _event(build, name, kind, given, types)
        yield from _misplaced(build, name, event)


def _misplaced(build: Builder, function: Text, event: TemplateValue) -> Iterator[Mapping]:
    """FP206: `filterPatterns` next to an event, where the framework ignores it."""
    kinds = [key for key, _ in members(event) if key.value in _SOURCES]
    wrong = next((key for key, _ in members(event) if key.value == "filterPatterns"), None)
    if wrong is None or not kinds:
        return
    report = Reporter(build.text)
    report.warning(
        MISPLACED,
        Where(wrong.span),
        f"filterPatterns is next to {kinds[0].value}, where it is ignored",
        hint=f"indent it, so that it is under {kinds[0].value}:",
    )
    place = build.patterns((), wrong.span, Owner(function.value, "event source mapping", None))
    yield replace(place, problems=tuple(report.warnings))


def _event(
    build: Builder, function: Text, kind: Text, given: TemplateValue, types: dict[str, str]
) -> Iterator[Mapping]:
    names = (f"{function.value}.{kind.value}",)
    if kind.value == "eventBridge":
        pattern = child(given, "pattern")
        if pattern is not None and not is_null(build.resolve(pattern)):
            owner = Owner(function.value, "rule", "event", names)
            yield build.patterns([pattern], kind.span, owner, alone=True)
        return
    if kind.value == "sns" and child(given, "filterPolicy") is not None:
        yield build.other_language(kind.span, function.value, cloudformation.SNS_POLICY)
        return
    written = child(given, "filterPatterns")
    if kind.value not in _SOURCES:
        return
    arn = child(given, "arn")
    source = _SOURCES[kind.value]
    if source is None:
        source = _STREAMS.get(text_of(child(given, "type")) or "")
        source = source or cloudformation.source_of(arn, types)
    owner = Owner(function.value, "event source mapping", source, names, reference_text(arn))
    if written is None:
        yield build.event_source_mapping(None, given, SERVERLESS, owner)
        return
    wanted = build.resolve(written)
    if isinstance(wanted, List):
        found = build.patterns(wanted.items, kind.span, owner)
        yield replace(found, settings=settings_in(given, SERVERLESS, build.text, build.resolve))
    elif not is_null(wanted):
        reason = "filterPatterns must be an array of patterns"
        if isinstance(wanted, Unknown):
            reason = unresolved(wanted).reason
        yield build.skipped(written.span, reason, replace(owner, reference=""))
