"""RuleSet: finds which of many named patterns match a record."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from itertools import zip_longest
from operator import attrgetter
from typing import Any, TypeVar

from msgspec import Struct, field

from filterpatterns.delivery.envelopes import source_of
from filterpatterns.delivery.sources import SOURCES, SourceName, source_named
from filterpatterns.engine.columns import ArrowNames, NamesOfEach
from filterpatterns.engine.engine import MatchLines, OnError, check_on_error, check_records
from filterpatterns.engine.pipeline import Options, matcher_of
from filterpatterns.engine.rulesets.clauses import Rule
from filterpatterns.engine.rulesets.errors import RuleError
from filterpatterns.engine.rulesets.lines import line_matcher
from filterpatterns.engine.rulesets.straight import Result
from filterpatterns.engine.rulesets.version import Version
from filterpatterns.errors import PatternError, RecordError
from filterpatterns.language import inputs
from filterpatterns.language.inputs import PatternInput, PatternText
from filterpatterns.lint.linter import Dialect
from filterpatterns.matching.match_tree import Conjunctions, Matcher
from filterpatterns.matching.verdict import as_record

Record = TypeVar("Record")

_by_order = attrgetter("order")

_Texts = tuple[PatternText, ...]

_Compiled = dict[str, tuple[Conjunctions, ...]]
"""The patterns of a rule, by source. A source that refuses them has none."""


class _State(Struct, frozen=True):
    """The state of a rule set at one time.

    `texts` has, by the rules' names, what was added to each: one entry for each call, with all its
    patterns.
    """

    rules: Mapping[str, Rule] = field(default_factory=dict)
    versions: Mapping[str, Version] = field(default_factory=dict)
    texts: Mapping[str, tuple[_Texts, ...]] = field(default_factory=dict)
    added: int = 0


class RuleSet(ArrowNames):
    """An index of named patterns that finds which of them match a record in one pass.

    The cost of a record hardly grows with the number of rules. Threads may match while others add
    and remove rules: each call sees the set as it was when the call began.
    """

    __slots__ = ("_lock", "_options", "_source", "_state")

    def __init__(
        self,
        rules: Mapping[str, PatternInput] | None = None,
        *,
        source: SourceName = "sqs",
        dialect: Dialect | None = None,
        strict: bool = False,
    ) -> None:
        """
        Args:
            rules: the rules' names and patterns, each as for `compile`, but without a limit on the
                number of patterns: a rule matches if any of its patterns does.
            source: as for `compile`. With "auto", a rule must be valid for at least one source; it
                does not match records of sources that refuse it.
            dialect: as for `compile`.
            strict: as for `compile`.

        Raises:
            RuleError: AWS would refuse patterns; a PatternError that names their rules.
            ValueError: the source or the dialect is unknown.
        """
        sources = SOURCES.values() if source == "auto" else (source_named(source),)
        self._source = source
        self._options = Options(dialect, strict, sys.maxsize)
        self._lock = threading.Lock()
        self._state = _State(versions={each.name: Version.empty(each) for each in sources})
        self._add({} if rules is None else rules)

    @classmethod
    def load(
        cls,
        where: str | os.PathLike[str],
        *,
        parameters: Mapping[str, Any] | None = None,
        source: SourceName | None = None,
    ) -> RuleSet:
        """Load the patterns of a file as rules, with the names that `filterpatterns.load_all`
        returns.

        Args:
            where: as for `filterpatterns.load`.
            parameters: as for `filterpatterns.load`.
            source: the event source; by default that of the file, if all its patterns have the same
                source, or else "auto".

        Raises:
            OSError: the file cannot be read.
            LoadError: it has no patterns, or one that is only known at deployment.
            PatternError: AWS would refuse patterns.
        """
        from filterpatterns import load_all

        filters = load_all(where, parameters=parameters, source=source)
        sources = {each.source for each in filters.values()}
        rules = cls(source=sources.pop() if len(sources) == 1 else "auto")
        texts = {name: each.texts for name, each in filters.items()}
        compiled = {name: rules._compile(given) for name, given in texts.items()}
        rules._add_compiled(texts, compiled)
        return rules

    @property
    def source(self) -> SourceName:
        """The event source of the records, as given."""
        return self._source

    @property
    def names(self) -> tuple[str, ...]:
        """The rules' names, in the order in which they were added."""
        return tuple(self._state.rules)

    def __len__(self) -> int:
        return len(self._state.rules)

    def __contains__(self, name: object) -> bool:
        return name in self._state.rules

    def add(self, name: str, pattern: PatternInput) -> None:
        """Add a rule, or another pattern to the rule of that name, of which either may then match.

        Args:
            name: the rule's name, any text.
            pattern: as for `compile`; a list of patterns, of which any may match, may have any
                length.

        Raises:
            RuleError: AWS would refuse the pattern; the set is unchanged.
        """
        self._add({name: pattern})

    def remove(self, name: str) -> None:
        """Remove a rule with all its patterns.

        Raises:
            KeyError: there is no rule of that name.
        """
        with self._lock:
            state = self._state
            rules, texts = dict(state.rules), dict(state.texts)
            rule = rules.pop(name)
            del texts[name]
            versions = {
                source: version.without_rule(rule) for source, version in state.versions.items()
            }
            self._state = _State(rules, versions, texts, state.added)

    def matching(self, record: Any) -> list[str]:
        """Return the names of the rules that match a record, in the order in which they were added.

        Raises:
            RecordError: the record is not a JSON object.
        """
        return _names(_matching(self._state, record))

    def any(self, record: Any) -> bool:
        """Return whether any rule matches a record; otherwise like `matching`."""
        return next(iter(_matching(self._state, record)), None) is not None

    def matching_many(
        self, records: Iterable[Any], *, on_error: OnError = "raise"
    ) -> list[list[str]]:
        """Return the result of `matching` for each record, all with the current rules.

        Args:
            records: the records; read once, from first to last.
            on_error: what to do with a record that is not a JSON object: "raise" a RecordError with
                its index, or "drop" it, so that no rule matches it.

        Raises:
            RecordError: see `on_error`.
        """
        return _names_of_each(self._state, on_error, records)

    def route(
        self, records: Iterable[Record], *, on_error: OnError = "raise"
    ) -> dict[str, list[Record]]:
        """Return the records by the names of the rules that match them.

        A record is listed under each rule that matches it, in the order of the records. Rules
        without matches are left out; the others are in the order in which they were added.
        Otherwise like `matching_many`.
        """
        state = self._state
        routed: dict[Rule, list[Record]] = {}

        def take(record: Record, rules: Iterable[Rule]) -> None:
            for rule in set(rules):
                found = routed.get(rule)
                if found is None:
                    routed[rule] = [record]
                else:
                    found.append(record)

        _match_all(state, records, on_error, "routes", take, _ignore)
        return {name: routed[rule] for name, rule in state.rules.items() if rule in routed}

    def _names_of_rows(self, on_error: OnError) -> tuple[NamesOfEach, Matcher | None]:
        state = self._state
        return partial(_names_of_each, state, on_error), _matcher(state)

    def _lines(self, take: Callable[[list[str]], None]) -> MatchLines | None:
        """Return a function for JSON Lines that calls `take` with the names for each line that any
        rule matches, before it keeps the line, with the current rules; None if there is none."""
        versions = self._state.versions
        if len(versions) > 1:
            return None
        (version,) = versions.values()
        return line_matcher(version, lambda rules: take(_names(rules)))

    def _add(self, patterns: Mapping[str, PatternInput]) -> None:
        """Add all, or none if one is refused."""
        texts: dict[str, _Texts] = {}
        refused: dict[str, PatternError] = {}
        for name, pattern in patterns.items():
            if not isinstance(name, str):
                raise TypeError(f"a rule's name must be a str, found {type(name).__name__}")
            try:
                texts[name] = inputs.patterns(pattern)
            except PatternError as error:
                refused[name] = error
        compiled: dict[str, _Compiled] = {}
        for name, given in texts.items():
            try:
                compiled[name] = self._compile(given)
            except PatternError as error:
                refused[name] = error
        if refused:
            raise RuleError({name: refused[name] for name in patterns if name in refused})
        self._add_compiled(texts, compiled)

    def _add_compiled(self, texts: Mapping[str, _Texts], compiled: Mapping[str, _Compiled]) -> None:
        with self._lock:
            state = self._state
            rules, added = dict(state.rules), state.added
            for name in compiled:
                if name not in rules:
                    rules[name] = Rule(added, name)
                    added += 1
            versions = {
                source: version.with_rules(
                    (rules[name], compiled[name].get(source, ())) for name in compiled
                )
                for source, version in state.versions.items()
            }
            known = {name: (*state.texts.get(name, ()), texts[name]) for name in texts}
            self._state = _State(rules, versions, {**state.texts, **known}, added)

    def _compile(self, texts: _Texts) -> _Compiled:
        found: _Compiled = {}
        refusals: dict[str, PatternError] = {}
        for name, version in self._state.versions.items():
            try:
                matcher = matcher_of(texts, version.wanted.source, self._options)
            except PatternError as error:
                refusals[name] = error
            else:
                found[name] = _conjunctions(matcher)
        if not found:
            raise refusals.get(inputs.source_that_decides(texts)) or next(iter(refusals.values()))
        return found

    def __reduce__(self) -> tuple[Any, ...]:
        """Copies and other processes compile the patterns again."""
        return RuleSet._restored, (self._source, self._options, dict(self._state.texts))

    @classmethod
    def _restored(
        cls, source: SourceName, options: Options, texts: Mapping[str, tuple[_Texts, ...]]
    ) -> RuleSet:
        rules = cls(source=source)
        rules._options = options
        for added in zip_longest(*texts.values()):
            again = {
                name: given for name, given in zip(texts, added, strict=True) if given is not None
            }
            compiled = {name: rules._compile(given) for name, given in again.items()}
            rules._add_compiled(again, compiled)
        return rules

    def __repr__(self) -> str:
        return f"<RuleSet source={self._source!r}, {len(self)} rules>"


def _conjunctions(matcher: Matcher) -> tuple[Conjunctions, ...]:
    return (Conjunctions(matcher.source, 1, 1, ()),) if matcher.keep_all else matcher.patterns


def _names_of_each(state: _State, on_error: OnError, records: Iterable[Any]) -> list[list[str]]:
    found: list[list[str]] = []

    def take(_record: Any, rules: Iterable[Rule]) -> None:
        found.append(_names(rules))

    _match_all(state, records, on_error, "names", take, found.append)
    return found


def _ignore(_names: list[str]) -> None:
    """Do nothing for a record that no rule matches."""


def _matcher(state: _State) -> Matcher | None:
    """What all rules together need; None for several sources."""
    if len(state.versions) > 1:
        return None
    (version,) = state.versions.values()
    found = {clause.conjunctions: None for filed in version.filed.values() for _, clause in filed}
    return Matcher(version.wanted.source, tuple(found))


def _names(rules: Iterable[Rule]) -> list[str]:
    if rules.__class__ is tuple:  # the usual case: no rule
        return []
    if rules.__class__ is list and len(rules) == 1:
        return [rules[0].name]
    return [rule.name for rule in sorted(set(rules), key=_by_order)]


def _matching(state: _State, record: Any) -> Iterable[Rule]:
    versions = state.versions
    if len(versions) == 1:
        (version,) = versions.values()
        return version.matching(record)
    record = as_record(record)
    return versions[source_of(record)].matching(record)


def _match_all(
    state: _State,
    records: Iterable[Record],
    on_error: OnError,
    result: Result,
    take: Callable[[Record, Iterable[Rule]], None],
    miss: Callable[[list[str]], None],
) -> None:
    """Match a batch, like `Version.match_all`, for any number of versions."""
    check_on_error(on_error)
    check_records(records)
    (version, *others) = state.versions.values()

    def slow(index: int, record: Record) -> None:
        try:
            # Within a batch for one source, generated code has given up on the record before.
            found = _matching(state, record) if others else version.matching_plainly(record)
            rules = list(found)
        except RecordError as error:
            if on_error == "raise":
                raise RecordError(error.message, index) from None
            rules = []
        take(record, rules)

    if others:
        for index, record in enumerate(records):
            slow(index, record)
    else:
        version.match_all(records, result, take, miss, slow)
