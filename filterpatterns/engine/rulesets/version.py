"""One version of a rule set, for one source: never changed, so that readers need no lock."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from msgspec import Struct, field

from filterpatterns.delivery.sources import PayloadFormat, Source
from filterpatterns.engine.rulesets.clauses import Clause, PayloadFormats, Rule, clauses_of
from filterpatterns.engine.rulesets.index import Index
from filterpatterns.engine.rulesets.paths import PathNode, with_paths
from filterpatterns.engine.rulesets.reading import Reading, Wanted, decode_record
from filterpatterns.matching.match_tree import Conjunction
from filterpatterns.matching.verdict import Payloads, Reason, as_record, conjunction_verdict

_Holds = Callable[[Conjunction], bool]
_IndexedClause = tuple[PayloadFormats, Clause]


class Version(Struct, frozen=True, eq=False):
    """Rules, indexed for each situation of the format table."""

    wanted: Wanted
    indexes: Mapping[PayloadFormats, Index] = field(default_factory=dict)
    filed: Mapping[Rule, tuple[_IndexedClause, ...]] = field(default_factory=dict)

    @classmethod
    def empty(cls, source: Source) -> Version:
        """One without rules."""
        return cls(Wanted(source, {"": PathNode()}))

    def with_rules(self, rules: Iterable[tuple[Rule, Iterable[Conjunction]]]) -> Version:
        """This version with conjunctions added to rules; the rules may be new."""
        filed = dict(self.filed)
        added: list[_IndexedClause] = []
        for rule, conjunctions in rules:
            new = [
                each for one in conjunctions for each in clauses_of(one, rule, self.wanted.source)
            ]
            filed[rule] = (*filed.get(rule, ()), *new)
            added += new
        return self._changed(filed, added, 1)

    def without_rule(self, rule: Rule) -> Version:
        """This version without a rule."""
        filed = dict(self.filed)
        return self._changed(filed, filed.pop(rule, ()), -1)

    def _changed(
        self,
        filed: Mapping[Rule, tuple[_IndexedClause, ...]],
        clauses: Iterable[_IndexedClause],
        change: int,
    ) -> Version:
        owner = object()
        indexes = dict(self.indexes)
        for situation, clause in clauses:
            index = indexes.get(situation)
            if index is None:
                index = indexes[situation] = Index(owner)
            elif index.owner is not owner:
                index = indexes[situation] = index.copy(owner)
            if change > 0:
                index.add(clause)
            else:
                index.discard(clause)
            if not len(index):
                del indexes[situation]
        return Version(self._wanted(clauses, change), indexes, filed)

    def _wanted(self, clauses: Iterable[_IndexedClause], change: int) -> Wanted:
        source = self.wanted.source
        paths: dict[str, list[tuple[tuple[str, ...], str]]] = {}
        for (keys, _), clause in clauses:
            for key in keys:  # also those of which only the format counts
                paths.setdefault(key, []).append(((), key))
            for test in clause.tests:
                parts = tuple(test.path.split("."))
                key = parts[0] if parts[0] in source.payload_keys else ""
                if not key or test.path != key:  # no test for the payload as a string
                    paths.setdefault(key, []).append((parts[bool(key) :], test.path))
        roots, is_other = dict(self.wanted.roots), False
        for key, below in paths.items():
            is_other = is_other or key not in roots
            roots[key], has_changed = with_paths(roots.get(key, PathNode()), below, change)
            is_other = is_other or has_changed
            if key and not roots[key].users:
                del roots[key]
                is_other = True
        return Wanted(source, roots, {} if is_other else self.wanted.decoders)

    def matching(self, record: Any) -> Iterator[Rule]:
        """The rules that match a record; a rule may come several times.

        Raises:
            RecordError: the record is not a JSON object.
        """
        reading = decode_record(record, self.wanted)
        if reading is None:
            return self._one_by_one(record)
        return self._found(record, reading)

    def _found(self, record: Any, reading: Reading) -> Iterator[Rule]:
        bound = reading.values.bound
        holds: _Holds | None = None
        for index in self._indexes_for(reading.formats):
            for clause in index.matching(reading.values):
                if bound and clause.is_ambiguous(bound):
                    holds = holds or self._match_record(record)
                    if not holds(clause.conjunction):
                        continue
                yield clause.rule

    def _indexes_for(self, formats: Mapping[str, PayloadFormat]) -> Iterator[Index]:
        for (keys, wanted), index in self.indexes.items():
            for key, form in zip(keys, wanted):  # noqa: B905 - one for each
                if formats.get(key) is not form:
                    break
            else:
                yield index

    def _one_by_one(self, record: Any) -> Iterator[Rule]:
        holds = self._match_record(record)
        for rule, filed in self.filed.items():
            if any(map(holds, {clause.conjunction: None for _, clause in filed})):
                yield rule

    def _match_record(self, record: Any) -> _Holds:
        """The reference: whether a conjunction holds for the record."""
        source = self.wanted.source
        payloads = Payloads(source, source.view(as_record(record)))

        def holds(conjunction: Conjunction) -> bool:
            found = conjunction_verdict(conjunction, payloads)
            return found[0] is Reason.MATCH

        return holds
