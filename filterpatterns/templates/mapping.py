"""What is found in templates: a Mapping for each place that has filters, and how it is made."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Literal as OneOf

from msgspec import Struct
from msgspec.structs import replace

from filterpatterns.engine.filter import check_texts
from filterpatterns.errors import Diagnostic
from filterpatterns.language.diagnostics import Reporter
from filterpatterns.language.inputs import (
    LANGUAGE,
    NO_FILTERS,
    PatternText,
    unknown_language,
    unknown_member,
)
from filterpatterns.language.nodes import Span
from filterpatterns.limits import MAX_FILTERS
from filterpatterns.templates.documents.positions import Resolve, starts, written_out
from filterpatterns.templates.documents.values import (
    Encoded,
    List,
    Literal,
    Object,
    TemplateValue,
    Text,
    child,
    first_null,
    is_null,
    members,
    text_of,
)
from filterpatterns.templates.errors import Unresolved, line_and_column
from filterpatterns.templates.settings import Setting, Spelling, settings_in

Kind = OneOf["event source mapping", "pipe", "rule", "subscriber", "pattern"]

UNRESOLVED, ENCRYPTED, NOT_FILTERED = "FP201", "FP202", "FP203"
NULL_IN_OBJECT, FILTERED_KEY = "FP220", "FP221"
TITLES = {
    UNRESOLVED: "known only when deployed",
    ENCRYPTED: "encrypted filters",
    NOT_FILTERED: "filters for a source that has no filtering",
    NULL_IN_OBJECT: "null in a CloudFormation EventPattern",
    FILTERED_KEY: "key filtered on with a schema registry",
}
"""The codes of what is said about templates; the first two are of what is skipped."""

NO_FILTERING = "documentdb"
"""A source whose records Lambda does not filter (Lambda developer guide, "Control which events
Lambda sends to your function": the table of services)."""

_DIALECTS: dict[Kind, str | None] = {
    "event source mapping": "lambda",
    "pipe": "pipes",
    "rule": "eventbridge",
    "subscriber": "eventbridge",
    "pattern": None,
}


class Skipped(Struct, frozen=True):
    """A pattern, or all patterns of a mapping, that cannot be judged; and where it stands.

    `filter_index` is None for all of them. Columns count from 1, in characters.
    """

    code: str
    reason: str
    line: int
    column: int
    filter_index: int | None = None


class Mapping(Struct, frozen=True):
    """A place that has filters: an event source mapping, a pipe, a rule, a subscriber, or a pattern
    by itself.

    `logical_id` is the template's own name for it, and `names` are others that it goes by;
    `source` is None where the template does not say, `dialect` where there is no service. `texts`
    are the patterns (none of them, and nothing skipped: everything is kept), and `problems` are
    mistakes around them: a filter without a pattern. `attributes` are those of Kafka records that a
    schema registry validates: `KEY`, `VALUE`. `settings` are those of an event source mapping
    beside its filters; `is_filtered` is whether it has filters at all.
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

    def check(
        self,
        *,
        source: str | None = None,
        dialect: str | None = None,
        max_filters: int = MAX_FILTERS,
    ) -> list[Diagnostic]:
        """Everything there is to say about the patterns and what is around them.

        `source` and `dialect` are for where the template does not say.
        """
        found = list(self.problems)
        is_without = self.source == "subscriber" and not self.texts  # reported, or skipped
        if self.source != NO_FILTERING and not is_without:
            found += check_texts(
                self.texts,
                self.source or source or "auto",
                self.dialect or dialect,
                max_filters,
            )
        return [self._adapted(one) for one in found]

    def _adapted(self, diagnostic: Diagnostic) -> Diagnostic:
        """Mildly what is said of a Kafka key that a schema registry deserializes: AWS filters on
        it, and documents that for the value only."""
        about_key = diagnostic.path.partition(".")[0] == "key"
        if diagnostic.code != "FP107" or not about_key or "KEY" not in self.attributes:
            return diagnostic
        return replace(
            diagnostic,
            code=FILTERED_KEY,
            message="the schema registry deserializes the key, and it is filtered on",
            hint='AWS documents that for "value" only',
        )


class Builder:
    """Makes Mappings from the nodes of one template.

    `resolve` gives what a node stands for by the rules of that template; it raises Unresolved.
    """

    def __init__(self, text: str, resolve: Resolve) -> None:
        self.text = text
        self.resolve = resolve

    def criteria(
        self,
        node: TemplateValue | None,
        logical_id: str,
        kind: Kind,
        source: str | None,
        *,
        names: Iterable[str] = (),
        attributes: tuple[str, ...] = (),
    ) -> Mapping | None:
        """The mapping of a FilterCriteria, or of a subscriber's FilterConfiguration; None if there
        is none."""
        is_subscriber = kind == "subscriber"

        def filters(build: _Building) -> None:
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
                build.problem(criteria.span, f"{what} is an object with Filters")
                return
            has_language = build.members_beside_filters(criteria)
            given = build.resolved(given)
            if isinstance(given, List):
                has_scopes = is_subscriber or has_language
                has_scopes = has_scopes or any(child(one, "Scope") for one in given.items)
                if is_subscriber and not given.items:
                    build.problem(given.span, NO_FILTERS[0], code="FP031", hint=NO_FILTERS[1])
                for index, item in enumerate(given.items):
                    build.filter(index, item, has_scopes=has_scopes)
            elif given is not None and not is_null(given):
                build.problem(given.span, "Filters is an array of filters")

        if node is None or self._is_nothing(node):
            return None
        return self._made(node.span, filters, logical_id, kind, source, names, attributes)

    def event_source_mapping(
        self,
        criteria: TemplateValue | None,
        properties: TemplateValue,
        spelling: Spelling,
        logical_id: str,
        source: str | None,
        *,
        names: Iterable[str] = (),
        attributes: tuple[str, ...] = (),
    ) -> Mapping:
        """An event source mapping with its settings, whether it has filters or not."""
        kind: Kind = "event source mapping"
        found = self.criteria(
            criteria, logical_id, kind, source, names=names, attributes=attributes
        )
        is_filtered = found is not None
        if found is None:
            found = self.patterns((), properties.span, logical_id, kind, source, names=names)
        settings = settings_in(properties, spelling, self.text, self.resolve)
        return replace(found, settings=settings, is_filtered=is_filtered)

    def patterns(
        self,
        nodes: Iterable[TemplateValue],
        span: Span,
        logical_id: str,
        kind: Kind,
        source: str | None,
        *,
        names: Iterable[str] = (),
        alone: bool = False,
        is_cloudformation: bool = False,
    ) -> Mapping:
        """The mapping of patterns that stand as objects or strings where they are wanted so.

        `alone` is for the one pattern of a place that has no filters, a rule's. CloudFormation
        takes no null in a pattern that is an object.
        """

        def each(build: _Building) -> None:
            for index, node in enumerate(nodes):
                if is_cloudformation:
                    build.nulls(node)
                build.pattern(None if alone else index, node, objects=True)

        return self._made(span, each, logical_id, kind, source, names)

    def skipped(
        self,
        span: Span,
        reason: str,
        logical_id: str,
        kind: Kind,
        source: str | None,
        *,
        names: Iterable[str] = (),
        code: str = UNRESOLVED,
    ) -> Mapping:
        """A mapping whose filters cannot be known."""

        def skip(build: _Building) -> None:
            build.skip(None, reason, span, code)

        return self._made(span, skip, logical_id, kind, source, names)

    def _is_nothing(self, node: TemplateValue) -> bool:
        try:
            return is_null(self.resolve(node))
        except Unresolved:
            return False

    def _made(
        self,
        span: Span,
        fill: Callable[[_Building], None],
        logical_id: str,
        kind: Kind,
        source: str | None,
        names: Iterable[str],
        attributes: tuple[str, ...] = (),
    ) -> Mapping:
        build = _Building(self.text, self.resolve)
        fill(build)
        if source == NO_FILTERING and kind == "event source mapping":
            build.problem(
                span,
                "Lambda does not filter the events of Amazon DocumentDB",
                code=NOT_FILTERED,
                hint="leave out the filters, and filter in the function",
            )
            build.texts.clear()
        elif source == NO_FILTERING and kind == "pipe":
            build.problem(
                span,
                "EventBridge Pipes does not read from Amazon DocumentDB",
                code=NOT_FILTERED,
                hint="use an event source mapping, and filter in the function",
            )
            build.texts.clear()
        return Mapping(
            logical_id=logical_id,
            kind=kind,
            source=source,
            dialect=_DIALECTS[kind],
            texts=tuple(build.texts),
            line=line_and_column(self.text, span.start)[0],
            skipped=tuple(build.skipped),
            problems=(*build.report.errors, *build.report.warnings),
            names=tuple(dict.fromkeys(name for name in names if name and name != logical_id)),
            attributes=attributes,
        )


class _Building:
    """The parts of one mapping, while they are being collected."""

    def __init__(self, text: str, resolve: Resolve) -> None:
        self._text = text
        self._resolve = resolve
        self.texts: list[PatternText] = []
        self.skipped: list[Skipped] = []
        self.report = Reporter(text)

    def problem(
        self,
        span: Span,
        message: str,
        *,
        code: str = "FP019",
        path: str = "",
        hint: str | None = None,
    ) -> None:
        self.report.error(
            code,
            span,
            message,
            path=path,
            hint=hint or 'write {"Filters": [{"Pattern": "{\\"body\\": {\\"a\\": [1]}}"}]}',
        )

    def skip(self, index: int | None, reason: str, span: Span, code: str = UNRESOLVED) -> None:
        self.skipped.append(Skipped(code, reason, *line_and_column(self._text, span.start), index))

    def resolved(
        self, node: TemplateValue | None, index: int | None = None
    ) -> TemplateValue | None:
        """What a node stands for; None if there is no telling, which is noted."""
        if node is None:
            return None
        try:
            return self._resolve(node)
        except Unresolved as why:
            self.skip(index, why.reason, why.span)
            return None

    def members_beside_filters(self, criteria: Object) -> bool:
        """Report members beside Filters that are unknown; whether there is a Language."""
        for name, value in criteria.members:
            if name.value == "Language":
                language = self.resolved(value)
                written = text_of(language)
                if language is not None and written != LANGUAGE:
                    message, hint = unknown_language(written)
                    self.problem(value.span, message, code="FP030", path="Language", hint=hint)
            elif name.value != "Filters":
                message, hint = unknown_member(name.value, beside="Filters")
                self.problem(name.span, message, code="FP023", path=name.value, hint=hint)
        return criteria.get("Language") is not None

    def nulls(self, node: TemplateValue) -> None:
        """Report the first null in a pattern that is an object."""
        found = first_null(node) if isinstance(node, Object) else None
        if found is not None:
            self.report.warning(
                NULL_IN_OBJECT,
                found.span,
                "CloudFormation refuses null in an EventPattern that is an object",
                path="EventPattern",
                hint="write the EventPattern as a string of JSON",
            )

    def filter(self, index: int, node: TemplateValue, *, has_scopes: bool = False) -> None:
        """One of the Filters: an object with a Pattern, and for a subscriber with a Scope."""
        before = len(self.skipped)
        item = self.resolved(node, index)
        pattern = item.get("Pattern") if isinstance(item, Object) else None
        if pattern is not None:
            for name, _ in members(item):
                if name.value not in ("Pattern", "Scope"):
                    message, hint = unknown_member(name.value)
                    path = f"Filters[{index}].{name.value}"
                    self.problem(name.span, message, code="FP023", path=path, hint=hint)
            scope = None
            if has_scopes:
                given = child(item, "Scope")
                resolved = self.resolved(given, index)
                if given is not None and resolved is None:
                    return
                scope = text_of(resolved) or ""
            self.pattern(index, pattern, objects=False, scope=scope)
        elif len(self.skipped) == before and not is_null(item):
            self.problem(
                node.span, 'a filter is an object with a "Pattern"', path=f"Filters[{index}]"
            )

    def pattern(
        self, index: int | None, node: TemplateValue, *, objects: bool, scope: str | None = None
    ) -> None:
        """One pattern; `objects`: here it may be an object, where elsewhere AWS wants a string."""
        try:
            found = self._resolve(node)
            if isinstance(found, Text):
                places = starts(found, self._text)
                text = PatternText(found.value, index, True, self._text, places, scope=scope)
                self.texts.append(text)
                return
            if isinstance(found, Literal) and found.text == "null":
                self.problem(node.span, "the pattern is null", path=_path(index))
                return
            encoded = isinstance(found, Encoded)
            if isinstance(found, Encoded):
                found = found.value
            written, places = written_out(found, self._text, self._resolve)
        except Unresolved as why:
            self.skip(index, why.reason, why.span)
            return
        self.texts.append(
            PatternText(written, index, True, self._text, places, not (objects or encoded), scope)
        )


def _path(index: int | None) -> str:
    return "" if index is None else f"Filters[{index}].Pattern"
