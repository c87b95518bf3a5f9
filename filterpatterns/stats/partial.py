"""Evaluates whether a part of a pattern, on its own, lets a record through."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from filterpatterns.delivery.sources import FormatAction, Source
from filterpatterns.engine.engine import Engine
from filterpatterns.language.conditions import AllOf, AnyOf, Condition
from filterpatterns.language.operators import Absent, Operator
from filterpatterns.matching.match_tree import Matcher
from filterpatterns.stats.counts import AlternativeCount, FieldCount, OrCount, RuleCount
from filterpatterns.stats.views import Seen, Views, built

Record = Mapping[str, Any]


class Together:
    """Conditions as a separate filter, compiled when it is first needed."""

    def __init__(self, conditions: AllOf, source: Source) -> None:
        self._conditions = conditions
        self._source = source
        self._engine: Engine | None = None

    def holds(self, record: Record) -> bool:
        """Whether the filter keeps a record.

        Raises:
            RecordError: the record cannot be evaluated.
        """
        if self._engine is None:
            self._engine = Engine(Matcher(self._source, (built(self._conditions, self._source),)))
        return self._engine.single()(record)


class FieldMatcher:
    """Evaluates and counts one field, and each of its rules."""

    def __init__(self, condition: Condition, text: str, views: Views) -> None:
        self.rules = condition.rules
        self.path = condition.path
        self._views = views
        self._wanted = views.wanted.get(condition.path)
        rules = tuple(RuleCount(_spelt(text[at.start : at.end])) for at in condition.spans)
        self.count: FieldCount = FieldCount(condition.path, rules, views.occurrence(condition.path))

    def holds(self, _record: Record, seen: Seen) -> bool:
        """Count a record; return whether the field on its own lets it through."""
        step = FormatAction.FILTER if self._wanted is None else seen.steps[self._wanted]
        alone = step is FormatAction.METADATA_ONLY
        if step is FormatAction.FILTER:
            leaves = seen.leaves.get(self.path, [])
            for rule, count in zip(self.rules, self.count.rules):  # noqa: B905 - one for each
                if _lets_through(rule, leaves):
                    count.alone += 1
                    alone = True
        self.count.alone += alone
        return alone

    @property
    def allows_absence(self) -> bool:
        """Whether one of the rules is satisfied by absence."""
        return any(isinstance(rule, Absent) for rule in self.rules)

    def lets_through(self, leaves: list[Any]) -> tuple[bool, ...]:
        """Return which of the rules let leaves through."""
        return tuple(_lets_through(rule, leaves) for rule in self.rules)

    def fields(self) -> Iterator[FieldMatcher]:
        """Yield the matcher: those of a `$or` have more."""
        yield self

    def finish(self) -> None:
        """Look for names that records have instead of this name."""
        occurrence = self.count.occurrence
        if not occurrence.kinds:
            self.count.near = self._views.near(self.path)


class OrMatcher:
    """Evaluates and counts a `$or`, and each of its alternatives."""

    def __init__(self, member: AnyOf, text: str, views: Views, source: Source) -> None:
        self._alternatives = [
            (
                [compile_part(inner, text, views, source) for inner in alternative],
                Together(alternative, source),
            )
            for alternative in member.alternatives
        ]
        self.count: OrCount = OrCount(
            tuple(
                AlternativeCount(tuple(each.count for each in matchers))
                for matchers, _ in self._alternatives
            )
        )

    def holds(self, record: Record, seen: Seen) -> bool:
        """Count a record; return whether the `$or` on its own lets it through.

        Raises:
            RecordError: the record cannot be evaluated.
        """
        alone = False
        for (matchers, together), count in zip(  # noqa: B905 - equally long
            self._alternatives, self.count.alternatives
        ):
            members = [each.holds(record, seen) for each in matchers]
            held = members[0] if len(members) == 1 else together.holds(record)
            count.alone += held
            alone = alone or held
        self.count.alone += alone
        return alone

    def fields(self) -> Iterator[FieldMatcher]:
        """Yield the matchers of all fields in the alternatives."""
        for matchers, _ in self._alternatives:
            for each in matchers:
                yield from each.fields()

    def finish(self) -> None:
        """Like `FieldMatcher.finish`, for all fields in the alternatives."""
        for matchers, _ in self._alternatives:
            for each in matchers:
                each.finish()


def compile_part(
    member: Condition | AnyOf, text: str, views: Views, source: Source
) -> FieldMatcher | OrMatcher:
    """Return the matcher for a member of a pattern; `text` is the pattern's."""
    if isinstance(member, Condition):
        return FieldMatcher(member, text, views)
    return OrMatcher(member, text, views, source)


def _lets_through(rule: Operator, leaves: list[Any]) -> bool:
    if isinstance(rule, Absent):
        return not leaves
    return any(map(rule.holds, leaves))


def _spelt(text: str) -> str:
    """Return a rule on one line."""
    return " ".join(text.split()) if "\n" in text else text
