"""Terraform: `.tf` files, their JSON form, and what `terraform show -json` prints.

Terraform AWS provider, resources `aws_lambda_event_source_mapping`, `aws_pipes_pipe` and
`aws_cloudwatch_event_rule`; Terraform, "JSON Output Format" and "JSON Configuration Syntax".
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

from filterpatterns.language.nodes import Span
from filterpatterns.templates.documents import hcl_document
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
from filterpatterns.templates.kinds.arns import (
    MAPPING_PROPERTIES,
    PIPE_PARAMETERS,
    TERRAFORM_TYPES,
    snake,
    source_of_arn,
)
from filterpatterns.templates.mapping import Builder, Kind, Mapping
from filterpatterns.templates.schema_registry import schema_attributes
from filterpatterns.templates.settings import TERRAFORM

_MAPPING, _PIPE = "aws_lambda_event_source_mapping", "aws_pipes_pipe"
_RULES = ("aws_cloudwatch_event_rule", "aws_cloudwatch_event_archive")
_MAPPING_SOURCES = {snake(name): source for name, source in MAPPING_PROPERTIES.items()}
_PIPE_SOURCES = {snake(name): source for name, source in PIPE_PARAMETERS.items()}

_REFERENCE = re.compile(r"(?:\$\{)?\s*(?:data\.)?(aws_\w+)\.[\w-]+(?:\[[^\]]*\])?\.\w+\s*\}?")
"""`aws_sqs_queue.orders.arn`, and as a plan or JSON configuration has it."""


def is_output(root: Object) -> bool:
    """Whether a document is a plan or a state as `terraform show -json` prints it."""
    return _roots(root) != ()


def is_configuration(root: Object) -> bool:
    """Whether a document is configuration in JSON (`.tf.json`, cdktf)."""
    resource = root.get("resource")
    types = (*members(resource), *(one for item in items(resource) for one in members(item)))
    return any(name.value.startswith("aws_") for name, _ in types)


def hcl(text: str) -> Iterator[Mapping]:
    """The mappings of a `.tf` file.

    Raises:
        TemplateError: it is not HCL.
    """
    return _configured(hcl_document.read(text), Builder(text, _resolve))


def configuration(root: Object, text: str) -> Iterator[Mapping]:
    """The mappings of configuration in JSON."""
    return _configured(root, Builder(text, _resolve_json))


def output(root: Object, text: str) -> Iterator[Mapping]:
    """The mappings of a plan or a state."""
    build = Builder(text, _resolve)
    references = {
        address: expressions
        for module in _modules(child(root, "configuration", "root_module"))
        for address, expressions in _expressions(module)
    }
    for start in _roots(root)[:1]:
        for module in _modules(start):
            for resource in items(child(module, "resources")):
                name = text_of(child(resource, "address")) or ""
                values = child(resource, "values")
                if isinstance(resource, Object) and isinstance(values, Object):
                    kind = text_of(resource.get("type")) or ""
                    plain = re.sub(r"\[[^\]]*\]\Z", "", name)
                    found = _Resource(kind, name, values, resource.span, references.get(plain))
                    yield from found.mappings(build)


def _roots(root: Object) -> tuple[TemplateValue, ...]:
    """The root modules of what is planned, or of what there is."""
    places = (child(root, "planned_values", "root_module"), child(root, "values", "root_module"))
    return tuple(one for one in places if isinstance(one, Object))


def _modules(module: TemplateValue | None) -> Iterator[TemplateValue]:
    """A module's representation, and those of the modules that it calls."""
    pending = [module]
    while pending:
        one = pending.pop(0)
        if one is None:
            continue
        yield one
        pending += items(child(one, "child_modules"))


def _expressions(module: TemplateValue) -> Iterator[tuple[str, TemplateValue]]:
    for resource in items(child(module, "resources")):
        expressions = child(resource, "expressions")
        if expressions is not None:
            yield text_of(child(resource, "address")) or "", expressions


def _configured(root: Object, build: Builder) -> Iterator[Mapping]:
    for types in root.all("resource"):
        for kind, named in members(types):
            for name, given in members(named):
                for body in given.items if isinstance(given, List) else (given,):
                    if isinstance(body, Object):
                        address = f"{kind.value}.{name.value}"
                        yield from _Resource(kind.value, address, body, kind.span).mappings(build)
    for modules in root.all("module"):
        for name, body in members(modules):
            for key, mapping in members(child(body, "event_source_mapping")):
                # terraform-aws-modules/lambda, the module that most use
                if isinstance(mapping, Object):
                    address = f"module.{name.value}.{key.value}"
                    yield from _Resource(_MAPPING, address, mapping, key.span).mappings(build)


class _Resource(Struct, frozen=True):
    """A resource that may have filters. `references` is what a plan says its values come from."""

    kind: str
    address: str
    body: Object
    span: Span
    references: TemplateValue | None = None

    def mappings(self, build: Builder) -> Iterator[Mapping]:
        """Its mappings: one, or none."""
        if self.kind == _MAPPING:
            source = self._source("event_source_arn", self.body, _MAPPING_SOURCES)
            yield from self._criteria(self.body, "event source mapping", source, build)
        elif self.kind == _PIPE:
            for parameters in self.body.all("source_parameters"):
                source = self._source("source", parameters, _PIPE_SOURCES)
                yield from self._criteria(parameters, "pipe", source, build)
        elif self.kind in _RULES:
            pattern = self.body.get("event_pattern")
            if pattern is not None and not is_null(pattern):
                yield build.patterns(
                    [pattern],
                    self.span,
                    self.address,
                    "rule",
                    "event",
                    names=self._names(),
                    alone=True,
                )

    def _names(self) -> tuple[str, ...]:
        return (self.address.rpartition(".")[2],)

    def _source(self, name: str, body: TemplateValue, sources: dict[str, str]) -> str | None:
        given = self.body.get(name)
        texts = [given.source if isinstance(given, Unknown) else text_of(given) or ""]
        texts += [text_of(one) or "" for one in items(child(self.references, name, "references"))]
        for text in texts:
            reference = _REFERENCE.fullmatch(text)
            found = TERRAFORM_TYPES.get(reference[1]) if reference else source_of_arn(text)
            if found is not None:
                return found
        for key, value in members(body):
            # A plan lists blocks that are not there as empty arrays.
            if (
                key.value in sources
                and not is_null(value)
                and (not isinstance(value, List) or value.items)
            ):
                return sources[key.value]
        return None

    def _criteria(
        self, body: TemplateValue, kind: Kind, source: str | None, build: Builder
    ) -> Iterator[Mapping]:
        """The filters in the blocks of a body, as AWS's FilterCriteria has them."""
        if not isinstance(body, Object):
            return
        filters: list[TemplateValue] = []
        for criteria in body.all("filter_criteria"):
            if is_null(criteria):
                continue
            if not isinstance(criteria, Object):
                filters.append(criteria)
            elif criteria.get("pattern") is not None:  # terraform-aws-modules leaves "filter" out
                filters.append(_as_filter(criteria))
            else:
                filters += (_as_filter(one) for one in criteria.all("filter"))
        for dynamic in body.all("dynamic"):
            filters += (
                _unknown(name) for name, _ in members(dynamic) if name.value == "filter_criteria"
            )
        for criteria in body.all("filter_criteria"):
            if isinstance(criteria, Object):
                for dynamic in criteria.all("dynamic"):
                    filters += (
                        _unknown(name) for name, _ in members(dynamic) if name.value == "filter"
                    )
        if not filters:
            if kind == "event source mapping":
                yield build.event_source_mapping(
                    None, body, TERRAFORM, self.address, source, names=self._names()
                )
            return
        listed = List(tuple(filters), filters[0].span)
        node = Object(((Text("Filters", self.span, "plain"), listed),), self.span)
        if kind == "event source mapping":
            yield build.event_source_mapping(
                node,
                body,
                TERRAFORM,
                self.address,
                source,
                names=self._names(),
                attributes=schema_attributes(body),
            )
            return
        found = build.criteria(node, self.address, kind, source, names=self._names())
        if found is not None:
            yield found


def _unknown(name: Text) -> TemplateValue:
    return Unknown(f'dynamic "{name.value}"', name.span)


def _as_filter(node: TemplateValue) -> TemplateValue:
    """A filter block as an item of Filters. Its pattern is null or not there if it is not known."""
    if not isinstance(node, Object):
        return node
    pattern = node.get("pattern")
    if pattern is None or is_null(pattern):
        pattern = Unknown("the pattern", node.span)
    return Object(((Text("Pattern", node.span, "plain"), pattern),), node.span)


def _resolve(node: TemplateValue) -> TemplateValue:
    if isinstance(node, Unknown):
        raise Unresolved(f"{node.source} is known only to Terraform", node.span)
    return node


def _resolve_json(node: TemplateValue) -> TemplateValue:
    """As `_resolve`; the texts of JSON configuration are templates."""
    if isinstance(node, Text) and ("${" in node.value or "%{" in node.value):
        raise Unresolved(f"{node.value} is known only to Terraform", node.span)
    return _resolve(node)
