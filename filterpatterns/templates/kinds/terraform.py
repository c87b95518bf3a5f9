"""Terraform: `.tf` files, their JSON form, and the output of `terraform show -json`.

Terraform AWS provider, resources `aws_lambda_event_source_mapping`, `aws_pipes_pipe` and
`aws_cloudwatch_event_rule`; AWSCC provider, the resources of CloudFormation; the modules
terraform-aws-modules/lambda and .../eventbridge; Terraform, "JSON Output Format" and "JSON
Configuration Syntax". Patterns are found by the names of their attributes, wherever these are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from msgspec import Struct

from filterpatterns.language.nodes import Span
from filterpatterns.templates.documents import hcl_document
from filterpatterns.templates.documents.values import (
    Call,
    Choice,
    Encoded,
    Joined,
    List,
    Literal,
    Nothing,
    Object,
    Reference,
    TemplateValue,
    Text,
    Unknown,
    child,
    is_null,
    items,
    members,
    text_of,
)
from filterpatterns.templates.kinds import terraform_plans
from filterpatterns.templates.kinds.arns import (
    MAPPING_PROPERTIES,
    PIPE_PARAMETERS,
    TERRAFORM_TYPES,
    snake,
    source_of_arn,
)
from filterpatterns.templates.kinds.cloudformation import SNS_POLICY
from filterpatterns.templates.mapping import Builder, Kind, Mapping, Owner
from filterpatterns.templates.mentions import may_hold_patterns
from filterpatterns.templates.schema_registry import schema_attributes
from filterpatterns.templates.settings import TERRAFORM
from filterpatterns.templates.values.files import Files
from filterpatterns.templates.values.hcl_loops import expanded, instances
from filterpatterns.templates.values.hcl_values import (
    DEFINITIONS,
    Expressions,
    Module,
    json_template,
)
from filterpatterns.templates.values.resolving import Known

_MAPPING_SOURCES = {snake(name): source for name, source in MAPPING_PROPERTIES.items()}
_PIPE_SOURCES = {snake(name): source for name, source in PIPE_PARAMETERS.items()}
_SOURCE_NAMES = ("event_source_arn", "source_arn", "source", "queue_arn", "stream_arn")
"""Attributes that name the event source, the most reliable first."""

_CONTAINERS = frozenset(
    ("event_source_mapping", "event_source_mappings", "rules", "pipes", "source_parameters")
)
"""Names that do not identify a mapping."""

_OTHER_FILTERS = re.compile(r"aws_cloudwatch_log|awscc_logs|aws_cloudwatch_metric|aws_s3|awscc_s3")
"""Resources whose `filter_pattern` is in another language, that of CloudWatch Logs."""

_LOOKS_LIKE_JSON = re.compile(r'\s*[{\[]\s*["{}]')
_REFERENCE = re.compile(
    r"(?:\$\{)?\s*(?:data\.)?(aws(?:cc)?_\w+)\.[\w-]+(?:\[[^\]]*\])*(?:\.\w+)?\s*\}?"
)
"""`aws_sqs_queue.orders.arn`, also as written in a plan or JSON configuration."""

_MAPPINGS = (("aws_lambda_event_source_mapping",), ("awscc_lambda_event_source_mapping",))
"""Resource types of event source mappings, with or without filters."""

_MAX_DEPTH = 60
"""Levels below a block that are searched for patterns."""


def is_configuration(root: Object) -> bool:
    """Whether a document is configuration in JSON (`.tf.json`, cdktf)."""
    resource = root.get("resource")
    types = (*members(resource), *(one for item in items(resource) for one in members(item)))
    return any(name.value.startswith(("aws_", "awscc_")) for name, _ in types)


def hcl(text: str, name: str, known: Known) -> Iterator[Mapping]:
    """The mappings of a `.tf` file.

    Raises:
        TemplateError: it is not HCL.
    """

    def wanted(labels: tuple[str, ...], start: int, end: int) -> bool:
        is_named = labels[0] in DEFINITIONS or labels[1:2] in _MAPPINGS
        return is_named or may_hold_patterns(text, start, end)

    root = hcl_document.read(text, wanted)
    evaluate = Expressions(Module(root, Files(name)), text, known)
    return _distinct(_configured(root, _Finder(Builder(text, evaluate, known), evaluate)))


def configuration(root: Object, text: str, known: Known) -> Iterator[Mapping]:
    """The mappings in JSON configuration."""
    expressions = Expressions(Module(root, Files("")), text, known)

    def evaluate(node: TemplateValue) -> TemplateValue:
        return json_template(node, text) if isinstance(node, Text) else expressions(node)

    return _configured(root, _Finder(Builder(text, evaluate, known), expressions))


def output(root: Object, text: str, known: Known) -> Iterator[Mapping]:
    """The mappings of a plan or a state."""
    expressions = Expressions(Module(root, Files("")), text, known)
    finder = _Finder(Builder(text, expressions, known), expressions)
    references = {
        address: found
        for module in terraform_plans.modules(child(root, "configuration", "root_module"))
        for address, found in terraform_plans.references(module)
    }
    for start in terraform_plans.roots(root)[:1]:
        for module in terraform_plans.modules(start):
            for resource in items(child(module, "resources")):
                name = text_of(child(resource, "address")) or ""
                values = child(resource, "values")
                if isinstance(resource, Object) and isinstance(values, Object):
                    kind = text_of(resource.get("type")) or ""
                    plain = re.sub(r"\[[^\]]*\]\Z", "", name)
                    place = _Place(kind, name, resource.span, references.get(plain))
                    yield from finder.find(values, place)


def _distinct(mappings: Iterable[Mapping]) -> Iterator[Mapping]:
    """The mappings without those whose patterns were all found before, such as those of a local
    value."""
    seen: set[tuple[str, tuple[int, ...] | None]] = set()
    for mapping in mappings:
        places = {(text.text, text.starts) for text in mapping.texts}
        if mapping.logical_id.startswith("local.") and places and places <= seen:
            continue
        seen |= places
        yield mapping


def _configured(root: Object, finder: _Finder) -> Iterator[Mapping]:
    for types in root.all("resource"):
        for kind, named in members(types):
            for name, given in members(named):
                for body in items(given) or (given,):
                    if isinstance(body, Object):
                        address = f"{kind.value}.{name.value}"
                        for each, instance in instances(address, body, finder.evaluate):
                            yield from finder.find(instance, _Place(kind.value, each, kind.span))
    for modules in root.all("module"):
        for name, body in members(modules):
            if isinstance(body, Object):
                address = f"module.{name.value}"
                for each, instance in instances(address, body, finder.evaluate):
                    yield from finder.find(instance, _Place("module", each, name.span))
    for values in root.all("locals"):
        if isinstance(values, Object):
            yield from finder.find(values, _Place("locals", "local", values.span))


class _Place(Struct, frozen=True):
    """A place where filters are looked for: a block, or something below it.

    `references` is where its values come from, according to a plan; `around` are the enclosing
    objects, from the block inwards.
    """

    kind: str
    address: str
    span: Span
    references: TemplateValue | None = None
    around: tuple[Object, ...] = ()
    key: Text | None = None

    @property
    def name(self) -> str:
        is_named = self.key is not None and self.kind in ("module", "locals")
        return f"{self.address}.{self.key.value}" if self.key and is_named else self.address

    def within(self, key: Text) -> _Place:
        """The place of a nested object."""
        if key.value in _CONTAINERS or not self.around:
            return self
        return _Place(self.kind, self.address, self.span, self.references, self.around, key)

    def inside(self, body: Object) -> _Place:
        around = (*self.around, body)
        return _Place(self.kind, self.address, self.span, self.references, around, self.key)


class _Finder:
    def __init__(self, build: Builder, evaluate: Expressions) -> None:
        self._build = build
        self.evaluate = evaluate

    def find(self, body: Object, place: _Place) -> Iterator[Mapping]:
        """The mappings in a block, at any depth."""
        body = expanded(body, self.evaluate)
        place = place.inside(body)
        if len(place.around) > _MAX_DEPTH:
            return
        criteria = [value for key, value in body.members if key.value == "filter_criteria"]
        if criteria:
            yield from self._criteria(criteria, place)
        elif (place.kind,) in _MAPPINGS and len(place.around) == 1:
            yield self._event_source_mapping(None, place)
        for key, value in body.members:
            name = key.value
            if name == "event_pattern":
                yield from self._rule(key, value, place)
            elif name in ("filter_pattern", "filter_patterns"):
                yield from self._patterns(value, place)
            elif name == "filter_policy" and "sns" in place.kind:
                if not is_null(self._build.resolve(value)):
                    yield self._build.other_language(value.span, place.name, SNS_POLICY)
            elif name not in ("filter_criteria", "for_each"):
                yield from self._below(key, value, place)

    def _below(self, key: Text, value: TemplateValue, place: _Place) -> Iterator[Mapping]:
        if isinstance(value, (Reference, Call)) and place.kind == "module":
            value = self.evaluate.resolved(value)
        for each in value.items if isinstance(value, List) else (value,):
            if isinstance(each, Object):
                yield from self.find(each, place.within(key))

    def _span(self, place: _Place) -> Span:
        return place.key.span if place.key is not None else place.span

    def _names(self, place: _Place) -> tuple[str, ...]:
        plain = re.sub(r"\[[^\]]*\]\Z", "", place.name)
        return plain, plain.rpartition(".")[2]

    def _rule(self, key: Text, value: TemplateValue, place: _Place) -> Iterator[Mapping]:
        if is_null(self._build.resolve(value)):
            return
        owner = Owner(place.name, "rule", "event", self._names(place))
        yield self._build.patterns([value], self._span(place), owner, alone=True)

    def _patterns(self, value: TemplateValue, place: _Place) -> Iterator[Mapping]:
        """Patterns that are direct arguments of a module."""
        if _OTHER_FILTERS.match(place.kind):
            return
        given = self.evaluate.resolved(value)
        several = given.items if isinstance(given, List) else (given,)
        found = [one for one in several if self._may_be_pattern(one)]
        if found:
            owner = self._owner(place, self._kind(place))
            yield self._build.patterns(found, self._span(place), owner)

    def _may_be_pattern(self, node: TemplateValue) -> bool:
        """Whether it is neither a CloudWatch Logs pattern nor specific to a module."""
        node = self.evaluate.resolved(node)
        if isinstance(node, Joined) and node.parts:
            node = node.parts[0]
        if isinstance(node, Text):
            return _LOOKS_LIKE_JSON.match(node.value) is not None
        return isinstance(node, (Encoded, Object))

    def _kind(self, place: _Place) -> Kind:
        in_parameters = any(one.get("source_parameters") is not None for one in place.around[:-1])
        return "pipe" if in_parameters or "pipe" in place.kind else "event source mapping"

    def _source(self, place: _Place) -> tuple[str | None, str]:
        """The source, and the reference to it."""
        texts = []
        for name in _SOURCE_NAMES:
            for body in reversed(place.around):
                is_call = place.kind == "module" and body is place.around[0]
                if not (is_call and name == "source"):  # the code's location
                    texts.append(self._reference_text(body.get(name)))
            listed = items(child(place.references, name, "references"))
            texts += [text_of(one) or "" for one in listed]
        texts = [text for text in texts if text]
        for text in texts:
            reference = _REFERENCE.fullmatch(text)
            found = TERRAFORM_TYPES.get(reference[1]) if reference else source_of_arn(text)
            if found is not None:
                return found, text
        for body in reversed(place.around):
            for key, value in body.members:
                # A plan lists missing blocks as empty arrays.
                is_there = not is_null(value) and not (isinstance(value, List) and not value.items)
                found = _MAPPING_SOURCES.get(key.value) or _PIPE_SOURCES.get(key.value)
                if found is not None and is_there:
                    return found, ""
        return None, texts[0] if texts else ""

    def _reference_text(self, node: TemplateValue | None) -> str:
        if node is None or is_null(node):
            return ""
        found = self._build.resolve(node)
        if isinstance(found, Unknown):
            return found.source
        if isinstance(found, Joined):
            return "".join(text_of(part) or "${}" for part in found.parts)
        return text_of(found) or ""

    def _criteria(self, given: list[TemplateValue], place: _Place) -> Iterator[Mapping]:
        """The filters in the blocks of a body, in the form of AWS's FilterCriteria."""
        filters = [self._filters(one, place) for one in given]
        found: TemplateValue = filters[0]
        if len(filters) > 1:
            found = List(tuple(one for each in filters for one in _listed(each)), found.span)
        if isinstance(found, List) and not found.items:
            if (place.kind,) in _MAPPINGS:
                yield self._event_source_mapping(None, place)
            return
        node = Object(((Text("Filters", self._span(place), "plain"), found),), self._span(place))
        if self._kind(place) == "event source mapping":
            yield self._event_source_mapping(node, place)
            return
        yield from self._build.criteria(node, self._owner(place, "pipe"))

    def _event_source_mapping(self, criteria: TemplateValue | None, place: _Place) -> Mapping:
        body = place.around[-1]
        owner = self._owner(place, "event source mapping", schema_attributes(body))
        return self._build.event_source_mapping(criteria, body, TERRAFORM, owner)

    def _owner(self, place: _Place, kind: Kind, attributes: tuple[str, ...] = ()) -> Owner:
        source, reference = self._source(place)
        return Owner(place.name, kind, source, self._names(place), reference, attributes)

    def _filters(self, node: TemplateValue, place: _Place, depth: int = 0) -> TemplateValue:
        """A list of filters, in whatever form they are given; or the unknown value in their
        place."""
        node = self.evaluate.resolved(node)
        if isinstance(node, Choice) and depth < _MAX_DEPTH:
            first, second = (self._filters(one, place, depth + 1) for one in node.options)
            return Choice(node.condition, (first, second), node.span)
        if isinstance(node, Literal) or depth > _MAX_DEPTH:
            return List((), node.span)
        if isinstance(node, List):
            several = [self._filters(one, place, depth + 1) for one in node.items]
            return List(tuple(one for each in several for one in _listed(each)), node.span)
        if not isinstance(node, Object):
            return node
        node = expanded(node, self.evaluate)
        pattern = node.get("pattern") or node.get("Pattern")
        if pattern is not None:
            if is_null(pattern):
                pattern = Unknown("the pattern", node.span)
            name = Text("Pattern", node.span, "plain")
            return List((Object(((name, pattern),), node.span),), node.span)
        lists = [
            self._filters(value, place, depth + 1)
            for key, value in node.members
            if key.value in ("filter", "filters", "Filters")
        ]
        if not lists:  # a plan leaves out values that are known after applying
            is_filter = depth > 0 and not node.members
            return List((Unknown("the pattern", node.span),) if is_filter else (), node.span)
        if len(lists) == 1:
            return lists[0]
        return List(tuple(one for each in lists for one in _listed(each)), node.span)


def _listed(node: TemplateValue) -> tuple[TemplateValue, ...]:
    """The filters of a list, or of a choice between lists of one filter or none."""
    if isinstance(node, Choice) and all(len(items(option)) < 2 for option in node.options):
        first, second = (
            items(option)[0] if items(option) else Nothing(option.span) for option in node.options
        )
        return (Choice(node.condition, (first, second), node.span),)
    return node.items if isinstance(node, List) else (node,)
