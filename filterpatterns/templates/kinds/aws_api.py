"""What AWS's own APIs return and take: mappings, rules and pipes as JSON.

AWS Lambda API reference, "GetEventSourceMapping" and "ListEventSourceMappings"; EventBridge API
reference, "DescribeRule" and "ListRules"; EventBridge Pipes API reference, "DescribePipe".
"""

from __future__ import annotations

from collections.abc import Iterator

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
from filterpatterns.templates.errors import Unresolved
from filterpatterns.templates.kinds.arns import MAPPING_PROPERTIES, PIPE_PARAMETERS, source_of_arn
from filterpatterns.templates.mapping import ENCRYPTED, Builder, Mapping
from filterpatterns.templates.schema_registry import schema_attributes
from filterpatterns.templates.settings import AWS


def is_output(root: Object) -> bool:
    """Whether a document is a mapping, a rule or a pipe, or a list of them."""
    rules = items(root.get("Rules"))
    return (
        isinstance(root.get("EventSourceMappings"), List)
        or any(text_of(child(rule, "Arn")) is not None for rule in rules)
        or (text_of(root.get("Arn")) is not None and text_of(root.get("Name")) is not None)
        or next(_found(root), None) is not None
    )


def mappings(root: Object, text: str) -> Iterator[Mapping]:
    """The mappings of an answer, or of the request that makes one."""
    build = Builder(text, _resolve)
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
    """Rules with a schedule have no pattern. An event's or a pattern's own field is no text."""
    return isinstance(one.get("EventPattern"), Text)


def _mapping(one: Object, build: Builder) -> Iterator[Mapping]:
    arn = text_of(one.get("EventSourceArn")) or ""
    if _is_rule(one):
        pattern = one.get("EventPattern")
        name = text_of(one.get("Name")) or ""
        if pattern is not None:
            yield build.patterns([pattern], one.span, name, "rule", "event", alone=True)
        return
    parameters = one.get("SourceParameters")
    if parameters is not None:
        source = source_of_arn(text_of(one.get("Source")) or "")
        source = source or _by_property(parameters, PIPE_PARAMETERS)
        criteria = child(parameters, "FilterCriteria")
        found = build.criteria(criteria, text_of(one.get("Name")) or "", "pipe", source)
        if found is not None:
            yield found
        return
    function = (text_of(one.get("FunctionArn")) or text_of(one.get("FunctionName")) or "").split(
        ":"
    )
    names = (function[6] if len(function) > 6 else function[-1], arn.rpartition(":")[2])
    name = text_of(one.get("UUID")) or ""
    source = source_of_arn(arn) or _by_property(one, MAPPING_PROPERTIES)
    reason = _encrypted(one)
    if reason is not None:
        yield build.skipped(
            one.span, reason, name, "event source mapping", source, names=names, code=ENCRYPTED
        )
        return
    yield build.event_source_mapping(
        one.get("FilterCriteria"),
        one,
        AWS,
        name,
        source,
        names=names,
        attributes=schema_attributes(one),
    )


def _encrypted(one: Object) -> str | None:
    """Why the filters are not shown, if they are there but encrypted.

    Lambda developer guide, "Encryption of filter criteria": without leave to use the key, and in
    lists always, `FilterCriteria` is null, and `FilterCriteriaError` may say more.
    """
    if not is_null(one.get("FilterCriteria")):
        return None
    error = child(one, "FilterCriteriaError")
    key = text_of(one.get("KMSKeyArn"))
    if is_null(error) and key is None:
        return None
    said = ": ".join(
        text for name in ("ErrorCode", "Message") if (text := text_of(child(error, name)))
    )
    return (
        "the filters are encrypted with the KMS key "
        + (key or "of the mapping")
        + (f" ({said})" if said else "")
        + "; get-event-source-mapping shows them to those who may use the key (kms:Decrypt)"
    )


def _by_property(node: TemplateValue, sources: dict[str, str]) -> str | None:
    for name, value in members(node):
        if name.value in sources and not is_null(value) and (items(value) or members(value)):
            return sources[name.value]
    return None


def _resolve(node: TemplateValue) -> TemplateValue:
    if isinstance(node, Unknown):
        raise Unresolved(f"{node.source} is not resolved", node.span)
    return node
