"""A Mapping for each place in a template that has filters, and how it is created."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from collections.abc import Mapping as AbstractMapping
from typing import Literal as OneOf
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

from filterpatterns.engine.filter import check_texts
from filterpatterns.errors import Diagnostic
from filterpatterns.language.inputs import NO_FILTERS, PatternText
from filterpatterns.language.nodes import Span
from filterpatterns.limits import MAX_FILTERS
from filterpatterns.templates.codes import (
    FILTERED_KEY,
    INFERRED,
    MISPLACED,
    NO_SOURCE,
    NOT_FILTERED,
    OTHER_LANGUAGE,
    UNRESOLVED,
)
from filterpatterns.templates.documents.values import (
    List,
    Object,
    TemplateValue,
    Unknown,
    child,
    is_null,
)
from filterpatterns.templates.errors import Lines, Skipped
from filterpatterns.templates.settings import Setting, Spelling, settings_in
from filterpatterns.templates.values.collecting import Collector
from filterpatterns.templates.values.resolving import Budget, Evaluate, Resolver
from filterpatterns.templates.values.source import infer

_Any = TypeVar("_Any")

Kind = OneOf["event source mapping", "pipe", "rule", "subscriber", "pattern"]

_MOST_EXPANDED = 1 << 21
"""Characters that a template's patterns may have together, beyond those of the template: a few
references may stand for a long value each."""

_MOST_VARIANTS = 16
"""The number of ways to choose among the branches of conditions; each branch is in one of them."""

NO_FILTERING = "documentdb"
"""The name of a source whose records Lambda does not filter (Lambda developer guide, "Control which
events Lambda sends to your function": the table of services)."""

_NOT_FROM_DOCUMENTDB: dict[Kind, tuple[str, str]] = {
    "event source mapping": (
        "Lambda does not filter the events of Amazon DocumentDB",
        "remove the filters, and filter in the function",
    ),
    "pipe": (
        "EventBridge Pipes does not read from Amazon DocumentDB",
        "use an event source mapping, and filter in the function",
    ),
}

_DIALECTS: dict[Kind, str | None] = {
    "event source mapping": "lambda",
    "pipe": "pipes",
    "rule": "eventbridge",
    "subscriber": "eventbridge",
    "pattern": None,
}


class Mapping(Struct, frozen=True):
    """A place that has filters: an event source mapping, a pipe, a rule, a subscriber, or a bare
    pattern.

    `logical_id` is the template's own name for it, and `names` are its other names. `source` is
    None if the template does not define it, `dialect` if there is no service. `texts` are the
    patterns; if there are none, and nothing was skipped, everything is kept. `problems` are
    mistakes around the patterns, such as a filter without a pattern. `alternatives` are patterns
    that replace some of them if the template's conditions have other values. `unset` lists what has
    to be known before the patterns can be compiled. `notes` are worth knowing, but not mistakes.
    `attributes` are those of Kafka records that a schema registry validates: `KEY`, `VALUE`.
    `settings` are the settings of an event source mapping other than its filters; `is_filtered` is
    whether it has filters at all.
    """

    logical_id: str
    kind: Kind
    source: str | None
    dialect: str | None
    texts: tuple[PatternText, ...]
    line: int
    skipped: tuple[Skipped, ...] = ()
    problems: tuple[Diagnostic, ...] = ()
    names: tuple[str, ...] = ()
    attributes: tuple[str, ...] = ()
    settings: tuple[Setting, ...] = ()
    is_filtered: bool = True
    alternatives: tuple[PatternText, ...] = ()
    unset: tuple[Skipped, ...] = ()
    notes: tuple[Skipped, ...] = ()

    @property
    def is_misplaced(self) -> bool:
        """Whether these filters are in a place where they have no effect."""
        return any(problem.code == MISPLACED for problem in self.problems)

    @property
    def is_other_language(self) -> bool:
        """Whether these are filters of another service."""
        return any(note.code == OTHER_LANGUAGE for note in self.notes)

    def check(
        self,
        *,
        source: str | None = None,
        dialect: str | None = None,
        max_filters: int = MAX_FILTERS,
    ) -> list[Diagnostic]:
        """All diagnostics of the patterns and what is around them.

        `source` and `dialect` apply if the template does not define them; a given `source` takes
        precedence over one that was inferred.
        """
        found = list(self.problems)
        if self.source != NO_FILTERING and not (self.source == "subscriber" and not self.texts):
            is_inferred = any(note.code == INFERRED for note in self.notes)
            named = (source or self.source) if is_inferred else (self.source or source)
            asked = named or "auto", self.dialect or dialect, max_filters
            found += check_texts(self.texts, *asked)
            for text in self.alternatives:
                found += check_texts((text,), *asked)
            found = list(dict.fromkeys(found))
        found = [self._adapted(each) for each in found if not _is_escaped(each)]
        return found if self.kind == "pattern" else [_as_deployed(each) for each in found]

    def _adapted(self, diagnostic: Diagnostic) -> Diagnostic:
        """Soften the report about a Kafka key that a schema registry deserializes: AWS filters on
        it, but documents that for the value only."""
        about_key = diagnostic.path.partition(".")[0] == "key"
        if diagnostic.code != "FP107" or not about_key or "KEY" not in self.attributes:
            return diagnostic
        return replace(
            diagnostic,
            code=FILTERED_KEY,
            message="a filter on a key that the schema registry deserializes",
            hint='AWS documents this only for "value"',
        )


def _is_escaped(diagnostic: Diagnostic) -> bool:
    """Whether `${x}` as plain text (FP142) is intended: the template has `${!x}` or `$${x}`."""
    if diagnostic.code != "FP142" or diagnostic.excerpt is None:
        return False
    place = diagnostic.excerpt
    written = place.text[place.start : place.end]
    return "${!" in written or "$${" in written


def _as_deployed(diagnostic: Diagnostic) -> Diagnostic:
    """Adapt a diagnostic to a place that AWS itself reads: there a Pattern that is an object
    (FP103) is refused (CloudFormation: "Expected type: String"), although we would accept it."""
    return replace(diagnostic, severity="error") if diagnostic.code == "FP103" else diagnostic


class Owner(Struct, frozen=True):
    """What has filters, as `Mapping` says. `reference` is how the template refers to the source,
    which may tell what it is."""

    logical_id: str
    kind: Kind
    source: str | None
    names: tuple[str, ...] = ()
    reference: str = ""
    attributes: tuple[str, ...] = ()


class Builder:
    """Creates Mappings from the nodes of one template.

    `evaluate` returns the value of a node by the rules of that template, one step at a time;
    `known` are values set by the user.
    """

    def __init__(
        self, text: str, evaluate: Evaluate, known: AbstractMapping[str, str] | None = None
    ) -> None:
        self.text = text
        self._lines = Lines(text)
        self.known = known or {}
        self.evaluate = evaluate
        self._allowance = Budget(len(text) + _MOST_EXPANDED)

    def resolve(self, node: TemplateValue) -> TemplateValue:
        """Return the value of a node; of a condition, the first branch."""
        return Resolver(self.evaluate, self.known)(node)

    def criteria(self, node: TemplateValue | None, owner: Owner) -> Iterator[Mapping]:
        """The mapping of a FilterCriteria, or of a subscriber's FilterConfiguration, if there is
        one."""
        is_subscriber = owner.kind == "subscriber"

        def filters(build: Collector) -> None:
            criteria = build.resolved(node)
            if criteria is None or is_null(criteria):
                return
            if isinstance(criteria, Object) and not criteria.members:
                if is_subscriber:
                    build.problem(criteria.span, NO_FILTERS[0], code="FP031", hint=NO_FILTERS[1])
                return  # {} keeps everything
            given = criteria.get("Filters") if isinstance(criteria, Object) else None
            if given is None or not isinstance(criteria, Object):
                what = "FilterConfiguration" if is_subscriber else "FilterCriteria"
                build.problem(criteria.span, f"{what} must be an object with Filters")
                return
            has_language = build.members_beside_filters(criteria)
            given = build.resolved(given)
            if isinstance(given, List):
                has_scopes = is_subscriber or has_language
                has_scopes = has_scopes or any(child(one, "Scope") for one in given.items)
                if is_subscriber and not given.items:
                    build.problem(given.span, NO_FILTERS[0], code="FP031", hint=NO_FILTERS[1])
                index = 0
                for item in given.items:
                    index += build.filter(index, item, has_scopes=has_scopes)
            elif given is not None and not is_null(given):
                build.problem(given.span, "Filters must be an array of filters")

        if node is not None and not is_null(self.resolve(node)):
            yield self._made(node.span, filters, owner)

    def event_source_mapping(
        self,
        criteria: TemplateValue | None,
        properties: TemplateValue,
        spelling: Spelling,
        owner: Owner,
    ) -> Mapping:
        """Return an event source mapping with its settings, whether it has filters or not."""
        found = next(self.criteria(criteria, owner), None)
        settings = settings_in(properties, spelling, self.text, self.resolve)
        if found is not None:
            return replace(found, settings=settings)
        owner = Owner(owner.logical_id, owner.kind, owner.source, owner.names)
        none = self.patterns((), properties.span, owner)
        return replace(none, settings=settings, is_filtered=False)

    def patterns(
        self,
        nodes: Iterable[TemplateValue],
        span: Span,
        owner: Owner,
        *,
        alone: bool = False,
        is_cloudformation: bool = False,
    ) -> Mapping:
        """Return the mapping of patterns that are objects or strings directly in a place for them.

        `alone` is for the single pattern of a place without filters, such as a rule. CloudFormation
        does not accept null in a pattern that is an object.
        """
        given = tuple(nodes)

        def each(build: Collector) -> None:
            for index, node in enumerate(given):
                if is_cloudformation:
                    build.nulls(node)
                build.pattern(None if alone else index, node, objects=True)

        return self._made(span, each, owner)

    def skipped(self, span: Span, reason: str, owner: Owner, code: str = UNRESOLVED) -> Mapping:
        """A mapping whose filters cannot be known."""

        def skip(build: Collector) -> None:
            build.skip(None, reason, span, code)

        return self._made(span, skip, owner)

    def other_language(self, span: Span, logical_id: str, message: str) -> Mapping:
        """Something that looks like filters, but is for another service."""
        note = Skipped(OTHER_LANGUAGE, message, *self._lines.place(span.start))
        return Mapping(logical_id, "pattern", None, None, (), note.line, notes=(note,))

    def _made(self, span: Span, fill: Callable[[Collector], None], owner: Owner) -> Mapping:
        build, *others = self._variants(fill)
        line, column = self._lines.place(span.start)
        notes: tuple[Skipped, ...] = ()
        logical_id, kind, source = owner.logical_id, owner.kind, owner.source
        if source is None and kind in ("event source mapping", "pipe"):
            texts = [text.text for one in (build, *others) for text in one.texts]
            found = infer(owner.reference, texts)
            if found is not None:
                source = found[0]
                words = f"the template does not name the event source: assumed to be {source} "
                notes = (Skipped(INFERRED, f"{words}because of {found[1]}", line, column),)
            elif build.texts:
                words = "the event source is unknown: only checks for all sources were made"
                notes = (Skipped(NO_SOURCE, f"{words}; give --source", line, column),)
        if source == NO_FILTERING and kind in _NOT_FROM_DOCUMENTDB:
            message, hint = _NOT_FROM_DOCUMENTDB[kind]
            build.problem(span, message, code=NOT_FILTERED, hint=hint)
            build.texts.clear()
            others.clear()
        own = frozenset(build.texts)
        return Mapping(
            logical_id=logical_id,
            kind=kind,
            source=source,
            dialect=_DIALECTS[kind],
            texts=tuple(build.texts),
            line=line,
            skipped=tuple(_distinct(one.skipped for one in (build, *others))),
            problems=tuple(_distinct(one.problems for one in (build, *others))),
            names=tuple(dict.fromkeys(name for name in owner.names if name and name != logical_id)),
            alternatives=tuple(
                text for text in _distinct(one.texts for one in others) if text not in own
            ),
            unset=tuple(_distinct(one.unset for one in (build, *others))),
            notes=notes,
            attributes=owner.attributes,
        )

    def _variants(self, fill: Callable[[Collector], None]) -> list[Collector]:
        """The mapping's parts, once for each choice of branches; each branch is in one of them."""
        found: list[Collector] = []
        pending: list[dict[str, bool]] = [{}]
        tried: set[str] = set()
        while pending and len(found) < _MOST_VARIANTS:
            resolver = Resolver(self.evaluate, self.known, pending.pop(0))
            taken = dict(resolver.branches)
            build = Collector(self.text, self._lines, resolver, self._allowance)
            fill(build)
            found.append(build)
            for condition, choice in resolver.open.items():
                if condition not in tried:
                    tried.add(condition)
                    pending.append({**taken, condition: False})
                taken[condition] = True
                if not found[1:]:
                    build.needs(Unknown(f"the condition {condition}", choice.span, (condition,)))
        return found


def _distinct(several: Iterable[Iterable[_Any]]) -> Iterator[_Any]:
    return iter(dict.fromkeys(one for each in several for one in each))
