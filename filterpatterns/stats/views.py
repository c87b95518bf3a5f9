"""Where a filter looks: in the record itself and in each payload; and what a record has there."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from msgspec import Struct, field

from filterpatterns.delivery.sources import FormatAction, PayloadFormat, Source
from filterpatterns.language.conditions import AllOf, Condition
from filterpatterns.language.diagnostics import Reporter
from filterpatterns.matching import match_tree
from filterpatterns.matching.match_tree import Conjunctions, FieldTest
from filterpatterns.matching.verdict import Payloads
from filterpatterns.stats.survey import Occurrence, Survey


def built(conditions: AllOf, source: Source) -> Conjunctions:
    """Return the conjunctions of conditions whose errors and warnings have been reported before."""
    return match_tree.build(conditions, source, Reporter(""))


class Seen(Struct, eq=False):
    """What one record has: its leaves by path, and the effect of each payload's format on a
    condition that expects one format or another."""

    leaves: dict[str, list[Any]] = field(default_factory=dict)
    steps: dict[tuple[str, PayloadFormat], FormatAction] = field(default_factory=dict)


class Views:
    """Everything that a filter looks at.

    `wanted` maps the path of each condition on a payload to the payload's key and the format that
    the condition expects. `metadata` surveys the record itself, `payloads` each payload that is
    JSON, by its key.
    """

    def __init__(self, conditions: Iterable[Condition], source: Source) -> None:
        metadata: list[tuple[tuple[str, ...], FieldTest]] = []
        below: dict[str, list[tuple[tuple[str, ...], FieldTest]]] = {}
        self.wanted: dict[str, tuple[str, PayloadFormat]] = {}
        self._source = source
        self._strings: dict[str, Occurrence] = {}
        for condition in conditions:
            for found in built((condition,), source):
                metadata += ((test.names, test) for test in found.metadata.tests())
                for key, payload in found.payloads.items():
                    (form,) = payload.formats
                    self.wanted[condition.path] = key, form
                    if payload.json is None:
                        self._strings[key] = Occurrence(key)
                    else:
                        tests = payload.json.tests()
                        inside = below.setdefault(key, [])
                        inside += ((match_tree.names_below(key, test), test) for test in tests)
        self.metadata = Survey("", metadata)
        self.payloads = {key: Survey(key, tests) for key, tests in below.items()}

    @property
    def has_strings(self) -> bool:
        """Whether a condition expects a payload that is a plain string."""
        return bool(self._strings)

    @property
    def surveys(self) -> tuple[Survey, ...]:
        """All surveys."""
        return self.metadata, *self.payloads.values()

    def occurrence(self, path: str) -> Occurrence:
        """Return what records have at a path; a field that AWS adds after filtering never has a
        value."""
        if path in self._strings:
            return self._strings[path]
        survey = self._survey(path)
        return Occurrence(path) if survey is None else survey.occurrences[path]

    def near(self, path: str) -> tuple[str, ...]:
        """Return names similar to the name in a path, if no record has it."""
        survey = self._survey(path)
        return () if survey is None else tuple(survey.near(path))

    def look(self, payloads: Payloads) -> Seen:
        """Count what the record of these payloads has."""
        seen = Seen(self.metadata.add(payloads.view))
        for key, form in set(self.wanted.values()):
            payload = payloads[key]
            if payload is None:
                seen.steps[key, form] = FormatAction.DROP
                continue
            found, value = payload
            seen.steps[key, form] = self._source.formats[found, form]
            if found is not form:
                continue
            if form is PayloadFormat.JSON:
                seen.leaves.update(self.payloads[key].add(value))
            else:
                seen.leaves[key] = [value]
                self._strings[key].add([value], is_object=False)
        return seen

    def _survey(self, path: str) -> Survey | None:
        return next((survey for survey in self.surveys if path in survey.occurrences), None)
