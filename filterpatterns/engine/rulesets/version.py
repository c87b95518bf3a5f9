"""A version of a rule set for one source, which never changes, so that readers need no lock."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from itertools import islice
from typing import Any

from msgspec import Struct, field

from filterpatterns.delivery.sources import PayloadFormat, Source
from filterpatterns.engine.rulesets.clauses import Clause, PayloadFormats, Rule, clauses_of
from filterpatterns.engine.rulesets.index import Index
from filterpatterns.engine.rulesets.paths import PathNode, with_paths
from filterpatterns.engine.rulesets.reading import Reading, Wanted, decode_record
from filterpatterns.engine.rulesets.straight import END, Result, SetCodegen
from filterpatterns.engine.rulesets.types import Unsupported
from filterpatterns.matching.budget import Budget
from filterpatterns.matching.match_tree import Conjunctions, FieldTest
from filterpatterns.matching.verdict import Payloads, as_record
from filterpatterns.matching.verdicts import Group, partitioned

_IndexedClause = tuple[PayloadFormats, Clause]

_SETTLED = 64
"""The number of records after which code is generated for a version: it is only worthwhile for
many."""

_MOST_SKIPPED = 255
"""The maximum number of records that take the general path immediately, after generated code gave
up on many."""


class _Straight:
    """The generated functions of a version, once they exist, and whether they are used now: not for
    the next `skip` records.

    Threads may change this concurrently; then code is generated twice, or slightly later.
    """

    __slots__ = ("codegen", "is_tried", "skip", "streak")

    def __init__(self) -> None:
        self.codegen: SetCodegen | None = None
        self.is_tried = False
        self.skip = _SETTLED
        self.streak = 0

    def came_back(self) -> None:
        """Record that the functions did not support a record."""
        self.streak = self.skip = min(2 * self.streak + 1, _MOST_SKIPPED)


_MOST_CONJUNCTIONS = 1 << 11
"""The number of conjunctions, of many rules, that are evaluated together."""

_FEW_PATTERNS = 2
"""Up to this many patterns are evaluated separately."""

_MOST_TESTS = 64
"""The number of tests up to which a pattern is evaluated together with others."""

_FREE_TESTS = 16
_STEPS_PER_TEST = 30
"""The cost of each further test of a pattern, in steps of a search: its place in a tree may have to
be created."""

_MOST_KEPT = 1 << 16
"""The total number of tests of separately evaluated patterns whose trees are cached."""


class TreeCache:
    """The trees of patterns that are evaluated separately, of any version of a rule set."""

    __slots__ = ("_groups", "_tests")

    def __init__(self) -> None:
        self._groups: dict[Conjunctions, Group] = {}
        self._tests = 0

    def __getitem__(self, conjunctions: Conjunctions) -> Group:
        group = self._groups.get(conjunctions)
        if group is None:
            self._tests += len(conjunctions.tests)
            if self._tests > _MOST_KEPT:
                self._groups.clear()
                self._tests = len(conjunctions.tests)
            group = self._groups[conjunctions] = Group((conjunctions,))
        return group


class Groups:
    """The patterns of a version, by the groups in which they are evaluated.

    Threads may create a tree concurrently; then it is created twice.
    """

    __slots__ = ("_filed", "_made", "_together", "cache")

    def __init__(self, filed: Mapping[Any, Iterable[tuple[Any, Clause]]], cache: TreeCache) -> None:
        self._filed = filed
        self.cache = cache
        self._together: dict[Conjunctions, tuple[Conjunctions, ...]] = {}
        self._made: dict[tuple[Conjunctions, ...], Group] = {}

    def holding(self, asked: Mapping[Conjunctions, int], payloads: Payloads) -> dict[Any, int]:
        """Return which of the given conjunctions match a record with these payloads.

        Raises:
            RecordError: it exceeds the rest of the record's budget.
        """
        held: dict[Conjunctions, int] = {}
        _spend_for_tests(asked, payloads.budget)
        for number, (group, members) in enumerate(self._groups(list(asked))):
            if number:
                payloads.budget.spend_for_walks()
            mask = 0
            for conjunctions in members:
                mask |= asked[conjunctions] << group.starts[conjunctions]
            holding = group.holding(payloads, mask)
            for conjunctions in members:
                held[conjunctions] = holding >> group.starts[conjunctions]
        return held

    def _groups(self, asked: list[Conjunctions]) -> Iterator[tuple[Group, list[Conjunctions]]]:
        """Yield the groups that contain the given patterns, each with those that it contains."""
        together: dict[tuple[Conjunctions, ...], list[Conjunctions]] = {}
        for conjunctions in asked:
            if len(asked) <= _FEW_PATTERNS or len(conjunctions.tests) > _MOST_TESTS:
                yield self.cache[conjunctions], [conjunctions]
            else:
                together.setdefault(self._members(conjunctions), []).append(conjunctions)
        for members, chosen in together.items():
            group = self._made.get(members)
            if group is None:
                group = self._made[members] = Group(members)
            yield group, chosen

    def _members(self, conjunctions: Conjunctions) -> tuple[Conjunctions, ...]:
        """Return the patterns that are evaluated together with a pattern, including itself."""
        if conjunctions not in self._together:
            clauses = (clause for filed in self._filed.values() for _, clause in filed)
            patterns = {
                clause.conjunctions: None
                for clause in clauses
                if len(clause.conjunctions.tests) <= _MOST_TESTS
            }
            for members in partitioned(patterns, _MOST_CONJUNCTIONS):
                self._together.update(dict.fromkeys(members, members))
        return self._together[conjunctions]


def _spend_for_tests(asked: Iterable[Conjunctions], budget: Budget) -> None:
    """Count the tests of large patterns.

    Raises:
        RecordError: there are too many.
    """
    tests = sum(max(0, len(conjunctions.tests) - _FREE_TESTS) for conjunctions in asked)
    budget.spend_for_tests(_STEPS_PER_TEST * tests)


def _is_about_addresses(test: FieldTest) -> bool:
    return any(rule.compares_addresses() for rule in test.rules)


class Version(Struct, frozen=True, eq=False):
    """Rules, indexed for each combination of payload formats."""

    wanted: Wanted
    indexes: Mapping[PayloadFormats, Index] = field(default_factory=dict)
    filed: Mapping[Rule, tuple[_IndexedClause, ...]] = field(default_factory=dict)
    addresses: int = 0
    """The number of tests of the clauses that are about addresses."""
    _groups: Groups = field(default_factory=lambda: Groups({}, TreeCache()))
    _straight: _Straight = field(default_factory=_Straight)

    @classmethod
    def empty(cls, source: Source) -> Version:
        """Return a version without rules."""
        return cls(Wanted(source, {"": PathNode()}))

    def with_rules(self, rules: Iterable[tuple[Rule, Iterable[Conjunctions]]]) -> Version:
        """Return this version with patterns added to rules, which may be new."""
        filed = dict(self.filed)
        added: list[_IndexedClause] = []
        for rule, patterns in rules:
            new = [each for one in patterns for each in clauses_of(one, rule)]
            filed[rule] = (*filed.get(rule, ()), *new)
            added += new
        return self._changed(filed, added, 1)

    def without_rule(self, rule: Rule) -> Version:
        """Return this version without a rule."""
        filed = dict(self.filed)
        gone = filed.pop(rule, ())
        return self._changed(filed, gone, -1)

    def _changed(
        self,
        filed: Mapping[Rule, tuple[_IndexedClause, ...]],
        clauses: Iterable[_IndexedClause],
        change: int,
    ) -> Version:
        owner = object()
        indexes = dict(self.indexes)
        addresses = self.addresses
        for situation, clause in clauses:
            addresses += change * sum(map(_is_about_addresses, clause.all_tests()))
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
        groups = Groups(filed, self._groups.cache)
        return Version(self._wanted(clauses, change), indexes, filed, addresses, groups)

    def _wanted(self, clauses: Iterable[_IndexedClause], change: int) -> Wanted:
        source = self.wanted.source
        paths: dict[str, list[tuple[tuple[str, ...], str]]] = {}
        for (keys, _), clause in clauses:
            for key in keys:  # also payloads of which only the format matters
                paths.setdefault(key, []).append(((), key))
            for test in clause.all_tests():
                parts = tuple(test.path.split("."))
                key = parts[0] if parts[0] in source.payload_keys else ""
                if not key or test.path != key:  # no test of the payload as a string
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

    def matching(self, record: Any) -> Iterable[Rule]:
        """Return the rules that match a record; a rule may be included several times.

        Raises:
            RecordError: the record is not a JSON object.
        """
        state = self._straight
        if state.skip > 0:
            state.skip -= 1
            return self.matching_plainly(record)
        codegen = self._codegen()
        clauses = None if codegen is None else codegen.find(record)
        if clauses is None:
            state.came_back()
            return self.matching_plainly(record)
        state.streak = 0
        return self.rules(record, clauses) if clauses else ()

    def match_all(
        self,
        records: Iterable[Any],
        result: Result,
        take: Callable[[Any, Iterable[Rule]], None],
        miss: Callable[[list[str]], None],
        slow: Callable[[int, Any], None],
    ) -> None:
        """Match a batch, in order.

        Args:
            records: the records.
            result: "names" if `miss` should be called, otherwise "routes".
            take: called with a record and the rules that match it; a rule may be included several
                times, or there may be none after all.
            miss: called with an empty list for each other record.
            slow: called instead with the number of a record that generated code does not support,
                and the record.
        """

        def take_clauses(record: Any, clauses: list[Clause]) -> None:
            take(record, self.rules(record, clauses))

        state = self._straight
        numbered = enumerate(records)
        done = 0
        while True:
            if state.skip > 0:
                skipped = state.skip
                for index, record in islice(numbered, skipped):
                    state.skip = skipped = skipped - 1
                    done = index + 1
                    slow(index, record)
                if skipped:
                    return
            codegen = self._codegen()
            if codegen is None:
                for index, record in numbered:
                    slow(index, record)
                return
            index, record = codegen.loop(result)(numbered, take_clauses, miss)
            if index > done or (record is END and index == done):
                state.streak = 0
            if record is END:
                return
            state.came_back()
            done = index + 1
            slow(index, record)

    def _codegen(self) -> SetCodegen | None:
        """Return the generator of functions for this version; None if it is not supported."""
        state = self._straight
        if not state.is_tried:
            formats = {key: PayloadFormat.JSON for key in self.wanted.roots if key}
            with suppress(Unsupported):
                state.codegen = SetCodegen(
                    self.wanted, self.indexes_for(formats), keeps_minus_zero=self.addresses > 0
                )
            state.is_tried = True
        return state.codegen

    def rules(self, record: Any, clauses: Iterable[Clause]) -> list[Rule]:
        """The rules of clauses whose own tests match, if no array binds anything."""
        rules = []
        for clause in clauses:
            if clause.is_shared:  # its other tests are evaluated on the general path
                return list(self.matching_plainly(record))
            rules.append(clause.rule)
        return rules

    def matching_plainly(self, record: Any) -> Iterator[Rule]:
        """Like `matching`, but on the general path, which supports every record."""
        reading = decode_record(record, self.wanted)
        if reading is None:
            return self._one_by_one(record)
        return self._found(record, reading)

    def _found(self, record: Any, reading: Reading) -> Iterator[Rule]:
        values, budget = reading.values, Budget()
        bound = values.bound
        uncertain: list[Clause] = []
        for index in self._indexes_for(reading.formats):
            for clause in index.matching(values, budget):
                if bound and clause.is_ambiguous(bound):
                    uncertain.append(clause)
                elif not clause.is_shared or clause.holding(values.leaves, budget):
                    yield clause.rule
        if uncertain:
            yield from self._confirmed(record, uncertain, budget)

    def indexes_for(self, formats: Mapping[str, PayloadFormat]) -> list[Index]:
        """Return the indexes of the clauses that records with payloads of these formats may
        satisfy."""
        return list(self._indexes_for(formats))

    def _indexes_for(self, formats: Mapping[str, PayloadFormat]) -> Iterator[Index]:
        for (keys, wanted), index in self.indexes.items():
            for key, form in zip(keys, wanted):  # noqa: B905 - one for each
                if formats.get(key) is not form:
                    break
            else:
                yield index

    def _one_by_one(self, record: Any) -> Iterator[Rule]:
        clauses = [clause for filed in self.filed.values() for _, clause in filed]
        return self._confirmed(record, clauses, Budget())

    def _confirmed(self, record: Any, clauses: list[Clause], budget: Budget) -> Iterator[Rule]:
        """Return the rules of those clauses whose conjunctions match according to the evaluator."""
        source = self.wanted.source
        payloads = Payloads(source, source.view(as_record(record)), budget)
        asked: dict[Conjunctions, int] = {}
        for clause in clauses:
            asked[clause.conjunctions] = asked.get(clause.conjunctions, 0) | clause.mask
        held = self._groups.holding(asked, payloads)
        for clause in clauses:
            if held[clause.conjunctions] & clause.mask:
                yield clause.rule
