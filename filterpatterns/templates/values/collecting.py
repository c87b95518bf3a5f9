"""Collects the parts of one mapping."""

from __future__ import annotations

from filterpatterns.errors import Diagnostic
from filterpatterns.language.diagnostics import Reporter, Where
from filterpatterns.language.inputs import (
    LANGUAGE,
    PatternText,
    unknown_language,
    unknown_member,
)
from filterpatterns.language.nodes import Span
from filterpatterns.templates.codes import NULL_IN_OBJECT, UNRESOLVED
from filterpatterns.templates.documents.values import (
    Encoded,
    Joined,
    Literal,
    Nothing,
    Object,
    TemplateValue,
    Text,
    Unknown,
    child,
    first_null,
    is_null,
    members,
    text_of,
)
from filterpatterns.templates.errors import Lines, Skipped, Unresolved
from filterpatterns.templates.values.pattern_text import (
    Written,
    text_of_parts,
    unresolved,
    written_out,
)
from filterpatterns.templates.values.resolving import Budget, Resolver


class Collector:
    """Takes the filters of a mapping one by one."""

    def __init__(self, text: str, lines: Lines, resolve: Resolver, allowance: Budget) -> None:
        """`allowance` bounds the characters of all patterns."""
        self._allowance = allowance
        self._text = text
        self._lines = lines
        self._resolve = resolve
        self.texts: list[PatternText] = []
        self.skipped: list[Skipped] = []
        self.unset: list[Skipped] = []
        self.report = Reporter(text)

    @property
    def problems(self) -> list[Diagnostic]:
        """Mistakes around the patterns."""
        return [*self.report.errors, *self.report.warnings]

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
            Where(span, path),
            message,
            hint=hint or 'write {"Filters": [{"Pattern": "{\\"body\\": {\\"a\\": [1]}}"}]}',
        )

    def skip(
        self,
        index: int | None,
        reason: str,
        span: Span,
        code: str = UNRESOLVED,
        names: tuple[str, ...] = (),
    ) -> None:
        place = self._lines.place(span.start)
        self.skipped.append(Skipped(code, reason, *place, index, names))

    def needs(self, unknown: Unknown, index: int | None = None) -> None:
        """Record a value that has to be known before the patterns can be compiled."""
        place = self._lines.place(unknown.span.start)
        reason = unresolved(unknown).reason
        self.unset.append(Skipped(UNRESOLVED, reason, *place, index, unknown.names))

    def resolved(
        self, node: TemplateValue | None, index: int | None = None
    ) -> TemplateValue | None:
        """Return the value of a node; None if it is unknown, which is recorded."""
        if node is None:
            return None
        found = self._resolve(node)
        if isinstance(found, Unknown):
            self.skip(index, unresolved(found).reason, found.span, names=found.names)
            return None
        return found

    def members_beside_filters(self, criteria: Object) -> bool:
        """Report unknown members next to Filters; return whether there is a Language."""
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
                Where(found.span, "EventPattern"),
                "CloudFormation refuses null in an EventPattern that is an object",
                hint="write the EventPattern as a string of JSON",
            )

    def filter(self, index: int, node: TemplateValue, *, has_scopes: bool = False) -> bool:
        """Add one of the Filters: an object with a Pattern and, for a subscriber, a Scope. Return
        False if it is left out."""
        before = len(self.skipped)
        item = self.resolved(node, index)
        if isinstance(item, Nothing):
            return False
        pattern = item.get("Pattern") if isinstance(item, Object) else None
        if pattern is not None:
            self._members_beside_pattern(index, item)
            scope = None
            if has_scopes:
                given = child(item, "Scope")
                resolved = self.resolved(given, index)
                if given is not None and resolved is None:
                    return True
                scope = text_of(resolved) or ""
            self.pattern(index, pattern, objects=False, scope=scope)
        elif len(self.skipped) == before and not is_null(item):
            self.problem(
                node.span, 'a filter must be an object with a "Pattern"', path=f"Filters[{index}]"
            )
        return True

    def _members_beside_pattern(self, index: int, item: TemplateValue | None) -> None:
        for name, _ in members(item):
            if name.value not in ("Pattern", "Scope"):
                message, hint = unknown_member(name.value)
                path = f"Filters[{index}].{name.value}"
                self.problem(name.span, message, code="FP023", path=path, hint=hint)

    def pattern(
        self, index: int | None, node: TemplateValue, *, objects: bool, scope: str | None = None
    ) -> None:
        """Add a pattern; `objects`: it may be an object here, while AWS requires a string
        elsewhere."""
        if self._allowance.is_used_up:
            self.skip(index, "the patterns of this file are too large together", node.span)
            return
        found = self._resolve(node)
        if isinstance(found, Nothing):
            return
        if isinstance(found, Literal) and found.text == "null":
            self.problem(node.span, "the pattern is null", path=_path(index))
            return
        is_object = False
        try:
            if isinstance(found, Unknown):
                raise unresolved(found)
            if isinstance(found, (Text, Joined)):
                written = text_of_parts(found, self._text, self._resolve)
            elif isinstance(found, Encoded):
                written = self._object(found.value)
            else:
                written = self._object(found)
                is_object = not objects
        except Unresolved as why:
            names = found.names if isinstance(found, Unknown) else ()
            self.skip(index, why.reason, why.span, names=names)
            return
        self._allowance.spend(len(written.text))
        for unknown in written.unknown:
            self.needs(unknown, index)
        self.texts.append(
            PatternText(
                written.text,
                index,
                True,
                self._text,
                written.starts,
                is_object,
                scope,
                written.holes,
            )
        )

    def _object(self, node: TemplateValue) -> Written:
        """Add a pattern that is written as an object.

        Raises:
            Unresolved: nothing is known about it.
        """
        found = self._resolve(node)
        if isinstance(found, Unknown):
            raise unresolved(found)
        return written_out(found, self._text, self._resolve)


def _path(index: int | None) -> str:
    return "" if index is None else f"Filters[{index}].Pattern"
