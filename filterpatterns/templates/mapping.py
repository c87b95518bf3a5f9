"""What is found in templates: a Mapping for each place that has filters, and how it is made."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Literal as OneOf

from msgspec import Struct

from filterpatterns.engine.filter import check_texts
from filterpatterns.errors import Diagnostic
from filterpatterns.language.diagnostics import Reporter
from filterpatterns.language.inputs import PatternText
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
    is_null,
)
from filterpatterns.templates.errors import Unresolved, line_and_column

Kind = OneOf["event source mapping", "pipe", "rule", "pattern"]

UNRESOLVED, ENCRYPTED, NOT_FILTERED = "FP201", "FP202", "FP203"
TITLES = {
    UNRESOLVED: "known only when deployed",
    ENCRYPTED: "encrypted filters",
    NOT_FILTERED: "filters for a source that has no filtering",
}
"""The codes of what is said about templates; the first two are of what is skipped."""

NO_FILTERING = "documentdb"
"""A source whose records Lambda does not filter (Lambda developer guide, "Control which events
Lambda sends to your function": the table of services)."""

_DIALECTS: dict[Kind, str | None] = {
    "event source mapping": "lambda",
    "pipe": "pipes",
    "rule": "eventbridge",
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
    """A place that has filters: an event source mapping, a pipe, a rule, or a pattern by itself.

    `logical_id` is the template's own name for it, and `names` are others that it goes by;
    `source` is None where the template does not say, `dialect` where there is no service. `texts`
    are the patterns (none of them, and nothing skipped: everything is kept), and `problems` are
    mistakes around them: a filter without a pattern.
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
        if self.source != NO_FILTERING:
            found += check_texts(
                self.texts,
                self.source or source or "auto",
                self.dialect or dialect,
                max_filters,
            )
        return found


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
    ) -> Mapping | None:
        """The mapping of a FilterCriteria; None if there is none."""

        def filters(build: _Building) -> None:
            criteria = build.resolved(node)
            if criteria is None or is_null(criteria):
                return
            if isinstance(criteria, Object) and not criteria.members:
                return  # {} keeps everything
            given = criteria.get("Filters") if isinstance(criteria, Object) else None
            if given is None:
                build.problem(criteria.span, "FilterCriteria is an object with Filters")
                return
            given = build.resolved(given)
            if isinstance(given, List):
                for index, item in enumerate(given.items):
                    build.filter(index, item)
            elif given is not None and not is_null(given):
                build.problem(given.span, "Filters is an array of filters")

        if node is None or self._is_nothing(node):
            return None
        return self._made(node.span, filters, logical_id, kind, source, names)

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
    ) -> Mapping:
        """The mapping of patterns that stand as objects or strings where they are wanted so.

        `alone` is for the one pattern of a place that has no filters, a rule's.
        """

        def each(build: _Building) -> None:
            for index, node in enumerate(nodes):
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
        return Mapping(
            logical_id=logical_id,
            kind=kind,
            source=source,
            dialect=_DIALECTS[kind],
            texts=tuple(build.texts),
            line=line_and_column(self.text, span.start)[0],
            skipped=tuple(build.skipped),
            problems=tuple(build.report.errors),
            names=tuple(dict.fromkeys(name for name in names if name and name != logical_id)),
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

    def filter(self, index: int, node: TemplateValue) -> None:
        """One of the Filters: an object with a Pattern."""
        before = len(self.skipped)
        item = self.resolved(node, index)
        pattern = item.get("Pattern") if isinstance(item, Object) else None
        if pattern is not None:
            self.pattern(index, pattern, objects=False)
        elif len(self.skipped) == before and not is_null(item):
            self.problem(
                node.span, 'a filter is an object with a "Pattern"', path=f"Filters[{index}]"
            )

    def pattern(self, index: int | None, node: TemplateValue, *, objects: bool) -> None:
        """One pattern; `objects`: here it may be an object, where elsewhere AWS wants a string."""
        try:
            found = self._resolve(node)
            if isinstance(found, Text):
                self.texts.append(
                    PatternText(found.value, index, True, self._text, starts(found, self._text))
                )
                return
            if isinstance(found, Literal) and found.text == "null":
                self.problem(node.span, "the pattern is null", path=_path(index))
                return
            encoded = isinstance(found, Encoded)
            if isinstance(found, Encoded):
                found = found.value
            text, places = written_out(found, self._text, self._resolve)
        except Unresolved as why:
            self.skip(index, why.reason, why.span)
            return
        self.texts.append(
            PatternText(text, index, True, self._text, places, not (objects or encoded))
        )


def _path(index: int | None) -> str:
    return "" if index is None else f"Filters[{index}].Pattern"
