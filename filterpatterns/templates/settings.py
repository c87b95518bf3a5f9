"""The settings of an event source mapping other than its filters: batch size, window, response
types.

Lambda API reference, "CreateEventSourceMapping"; SAM developer guide, "SQS"; Terraform AWS
provider, `aws_lambda_event_source_mapping`; Serverless Framework documentation, "SQS Queues".
"""

from __future__ import annotations

import json
from typing import Any, Final

from msgspec import Struct

from filterpatterns.templates.documents.values import (
    Encoded,
    List,
    Literal,
    Object,
    TemplateValue,
    Text,
    Unknown,
    is_null,
)
from filterpatterns.templates.errors import Unresolved, line_and_column
from filterpatterns.templates.values.pattern_text import Resolve, as_unknown, unresolved

Spelling = dict[str, tuple[str, ...]]
"""For each kind of template, the path of each setting by its AWS name."""

AWS: Final[Spelling] = {
    "BatchSize": ("BatchSize",),
    "MaximumBatchingWindowInSeconds": ("MaximumBatchingWindowInSeconds",),
    "FunctionResponseTypes": ("FunctionResponseTypes",),
    "MaximumConcurrency": ("ScalingConfig", "MaximumConcurrency"),
    "Enabled": ("Enabled",),
}
TERRAFORM: Final[Spelling] = {
    "BatchSize": ("batch_size",),
    "MaximumBatchingWindowInSeconds": ("maximum_batching_window_in_seconds",),
    "FunctionResponseTypes": ("function_response_types",),
    "MaximumConcurrency": ("scaling_config", "maximum_concurrency"),
    "Enabled": ("enabled",),
}
SERVERLESS: Final[Spelling] = {
    "BatchSize": ("batchSize",),
    "MaximumBatchingWindowInSeconds": ("maximumBatchingWindow",),
    "FunctionResponseTypes": ("functionResponseType",),
    "MaximumConcurrency": ("maximumConcurrency",),
    "Enabled": ("enabled",),
}


class Setting(Struct, frozen=True):
    """A setting with its AWS name and the position of its value. `value` is its JSON value; if it
    is only known at deployment, `value` is None and `unresolved` says why."""

    name: str
    value: Any
    line: int
    column: int
    unresolved: str | None = None


def settings_in(
    properties: TemplateValue | None, spelling: Spelling, text: str, resolve: Resolve
) -> tuple[Setting, ...]:
    """The settings in the properties of a mapping; those that are null are left out."""
    found = []
    for name, path in spelling.items():
        node = properties
        value, reason = None, None
        try:
            for key in path:
                node = _member(node, key, resolve)
            if node is None:
                continue
            value = _plain(node, resolve)
            if value is None:
                continue
        except Unresolved as why:
            reason = why.reason
            if node is None:
                continue
        found.append(Setting(name, value, *line_and_column(text, node.span.start), reason))
    return tuple(found)


def _member(node: TemplateValue | None, name: str, resolve: Resolve) -> TemplateValue | None:
    if node is None:
        return None
    node = _resolved(node, resolve)
    if isinstance(node, List) and node.items:  # a Terraform block, of which there is only one
        node = _resolved(node.items[0], resolve)
    return node.get(name) if isinstance(node, Object) else None


def _plain(node: TemplateValue, resolve: Resolve) -> Any:
    node = _resolved(node, resolve)
    if is_null(node):
        return None
    if isinstance(node, Text):
        return node.value
    if isinstance(node, Literal):
        return json.loads(node.text)
    if isinstance(node, List):
        return [_plain(item, resolve) for item in node.items]
    if isinstance(node, Object):
        return {key.value: _plain(value, resolve) for key, value in node.members}
    if isinstance(node, Encoded):
        return json.dumps(_plain(node.value, resolve))
    raise unresolved(as_unknown(node))


def _resolved(node: TemplateValue, resolve: Resolve) -> TemplateValue:
    """
    Raises:
        Unresolved: it is only known at deployment.
    """
    found = resolve(node)
    if isinstance(found, Unknown):
        raise unresolved(found)
    return found
