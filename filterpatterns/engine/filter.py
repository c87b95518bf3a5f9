"""Compiling patterns, and the resulting Filter."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from filterpatterns.delivery.envelopes import contradicts, keep_records, records
from filterpatterns.delivery.sources import SOURCES, SourceName, source_named
from filterpatterns.engine.auto import AutoEngine
from filterpatterns.engine.columns import ArrowMethods
from filterpatterns.engine.engine import Engine, MatchEngine, OnError
from filterpatterns.engine.inference import source_of_patterns
from filterpatterns.engine.pipeline import CompiledPatterns, Options, compile_patterns, matcher_of
from filterpatterns.engine.sized_cache import SizedCache
from filterpatterns.errors import Diagnostic, PatternError, RecordError
from filterpatterns.language import inputs
from filterpatterns.language.inputs import PatternInput, PatternText, source_that_decides
from filterpatterns.language.wording import truncate
from filterpatterns.limits import MAX_FILTERS
from filterpatterns.lint.linter import ADVICE, Dialect
from filterpatterns.matching.verdict import Verdict

if TYPE_CHECKING:
    from filterpatterns.explain import Explanation

Record = TypeVar("Record")

_CACHE_ENTRIES = 512
_CACHE_BYTES = 64 * 1024 * 1024
_MISSPELLED = ("FP118", "FP122")
"""The bounds of the cache of compiled patterns: results, and their bytes together."""


class Filter(ArrowMethods):
    """Compiled patterns: decides which records of an event source are kept.

    Created by `compile`. Immutable; threads may share it, and it can be pickled for other
    processes. A record is a dict (or any Mapping), or its JSON as str or bytes.
    """

    _recipe: _Recipe
    _engine: MatchEngine
    _warnings: tuple[Diagnostic, ...] | None
    _function: Callable[[Any], bool] | None

    def __init__(
        self,
        recipe: _Recipe,
        engine: MatchEngine,
        warnings: tuple[Diagnostic, ...] | None = None,
    ) -> None:
        self.__dict__.update(_recipe=recipe, _engine=engine, _warnings=warnings, _function=None)

    def __reduce__(self) -> tuple[Any, ...]:
        """Copies and other processes compile it again, since generated code cannot be pickled."""
        return _compile, self._recipe

    def __sizeof__(self) -> int:
        """The estimated memory that it takes once it has been used, with its patterns' texts."""
        texts = {id(text): text for one in self.texts for text in (one.text, one.outer or "")}
        return sum(map(sys.getsizeof, texts.values())) + self._engine.weight()

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("a Filter is immutable: it may be shared")

    def __delattr__(self, name: str) -> None:
        raise AttributeError("a Filter is immutable: it may be shared")

    def matches(self, record: Any) -> bool:
        """Whether the record is kept.

        Raises:
            RecordError: the record is not a JSON object.
        """
        function = self._function
        return self._made()(record) if function is None else function(record)

    def _made(self) -> Callable[[Any], bool]:
        """Return the function that `matches` calls, created when it is first needed: many filters
        are only compiled."""
        function = self._engine.single()
        if self._engine.is_settled:
            self.__dict__["_function"] = function
        return function

    @property
    def source(self) -> SourceName:
        """The event source whose records this filter evaluates, as given to `compile`."""
        return cast("SourceName", self._recipe[1])

    @property
    def texts(self) -> tuple[PatternText, ...]:
        """The patterns that it was compiled from, one for each filter of a FilterCriteria."""
        return self._recipe[0]

    @property
    def warnings(self) -> tuple[Diagnostic, ...]:
        """What AWS accepts silently but is probably a mistake, in the order of the text."""
        warnings = self._warnings
        if warnings is None:  # computed when first needed, since that takes as long as compiling
            patterns, source, options = self._recipe
            warnings = compile_patterns(patterns, source_named(source), options).warnings
            self.__dict__["_warnings"] = warnings
        return warnings

    @property
    def source_code(self) -> str:
        """The Python code that was generated for the patterns; empty if there is none.

        It contains only names, to which the names and values of the patterns are bound.
        """
        return self._engine.source_code

    def filter(self, records: Iterable[Record], *, on_error: OnError = "raise") -> list[Record]:
        """Return the records that are kept: the same objects, in order.

        Args:
            records: the records; read once, from first to last.
            on_error: what to do with a record that is not a JSON object: "raise" a RecordError with
                its index, or "drop" it.

        Raises:
            RecordError: see `on_error`.
        """
        kept: list[Record] = []
        self._engine.run("filter", records, on_error, kept)
        return kept

    def partition(
        self, records: Iterable[Record], *, on_error: OnError = "raise"
    ) -> tuple[list[Record], list[Record]]:
        """Return the records that are kept, and those that are dropped; otherwise like `filter`."""
        kept: list[Record] = []
        dropped: list[Record] = []
        self._engine.run("partition", records, on_error, kept, dropped)
        return kept, dropped

    def mask(self, records: Iterable[Any], *, on_error: OnError = "raise") -> list[bool]:
        """Return for each record whether it is kept, in order; otherwise like `filter`."""
        verdicts: list[bool] = []
        self._engine.run("mask", records, on_error, verdicts)
        return verdicts

    def verdict(self, record: Any) -> Verdict:
        """Return the reason why the record is kept or dropped, and the payload key that it refers
        to.

        Raises:
            RecordError: the record is not a JSON object.
        """
        return self._engine.verdict(record)

    def explain(self, record: Any) -> Explanation:
        """Explain why the record is kept or dropped: each pattern as a tree, with what was found.

        Returns:
            The Explanation. It is true if the record is kept, as in `matches`. Print it for people,
            or call `to_dict()` for machines.

        Raises:
            RecordError: the record is not a JSON object.
        """
        from filterpatterns.explain import (
            explain,  # imported only if needed
        )

        texts, source, _ = self._recipe
        return explain(texts, source, self._engine.verdict_for, record)

    def filter_event(self, event: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return a whole Lambda event as the function would receive it, with only the records that
        are kept.

        Args:
            event: as for `filterpatterns.records`; it is not changed.

        Returns:
            A copy, or None if no record is left: then AWS does not call the function.

        Raises:
            RecordError: a record in it cannot be evaluated, the event is not an object, or its
                records are from a different source than the filter's.
        """
        if not isinstance(event, Mapping):
            raise RecordError(f"a Lambda event must be an object, found {type(event).__name__}")
        for record in records(event):
            other = contradicts(record, self.source)
            if other is not None:
                raise RecordError(f"the event has records of {other}, not of {self.source}")
            break
        return keep_records(event, self.filter)

    def __repr__(self) -> str:
        texts = [truncate(pattern.text) for pattern in self.texts]
        text = repr(texts[0]) if len(texts) == 1 else repr(texts)
        return f"Filter({text}, source={self.source!r})"


def compile(  # noqa: A001 - as in `re.compile`, always used as `filterpatterns.compile`
    pattern: PatternInput,
    *,
    source: SourceName = "sqs",
    dialect: Dialect | None = None,
    strict: bool = False,
    max_filters: int = MAX_FILTERS,
) -> Filter:
    """Compile a pattern, or several of which any may match, into a Filter.

    Args:
        pattern: a pattern or a FilterCriteria, each as JSON text (str, bytes) or as a dict; or a
            list of patterns. A FilterCriteria without filters keeps everything. For "subscriber" a
            FilterConfiguration, whose filters must all match.
        source: the event source whose records are to be filtered: "sqs", "kinesis", "dynamodb",
            "kafka", "mq", "event" (any JSON object without a payload to decode, such as an
            EventBridge event), "subscriber" (events of a Custom Event Bus), or "auto": each record
            by its own `eventSource` or shape.
        dialect: the service whose documentation the warnings follow: "lambda", "pipes" or
            "eventbridge"; None for the default of the source.
        strict: reject operators that this documentation does not list.
        max_filters: how many filters AWS allows; 10 for an account with a raised quota.

    Returns:
        The Filter. Recently compiled texts are cached, so that compiling them again is cheap.

    Raises:
        PatternError: AWS would reject the pattern; its `errors` are all mistakes that were found.
        ValueError: the source or the dialect is unknown.

    The language is that of the EventBridge user guide, "Comparison operators for use in event
    patterns", as the Lambda developer guide, "Control which events Lambda sends to your function",
    applies it to event source mappings.
    """
    options = Options(dialect, strict, max_filters)
    return _compile(inputs.patterns(pattern), source, options)


def check(
    pattern: PatternInput,
    *,
    source: SourceName = "sqs",
    dialect: Dialect | None = None,
    max_filters: int = MAX_FILTERS,
) -> list[Diagnostic]:
    """Check a pattern before it is deployed.

    Args:
        pattern: as for `compile`.
        source: as for `compile`.
        dialect: as for `compile`.
        max_filters: as for `compile`.

    Returns:
        Errors, for which AWS would reject the pattern, and warnings: what AWS accepts silently
        but is probably not intended. `docs/reference/rules.md` has a section for each code.

    Raises:
        ValueError: the source or the dialect is unknown.
    """
    try:
        texts = inputs.patterns(pattern)
    except PatternError as error:
        return list(error.errors)
    return check_texts(texts, source, dialect, max_filters)


def check_texts(
    texts: tuple[PatternText, ...],
    source: str,
    dialect: str | None,
    max_filters: int = MAX_FILTERS,
) -> list[Diagnostic]:
    """Like `check`, for pattern texts that have been extracted from a file."""
    options = Options(dialect, False, max_filters, advice=ADVICE)
    if source == "auto" and dialect == "eventbridge" and source_that_decides(texts) == "event":
        source = "event"  # rules evaluate the whole event
    if source == "auto":
        found = [compile_patterns(texts, one, options) for one in SOURCES.values()]
        clean = [one for one in found if not one.errors]
        if clean:
            return _common_warnings(clean) + _misspelled_fields(texts, options)
        decides = "sqs" if source_that_decides(texts) == "event" else "subscriber"
        return list(compile_patterns(texts, SOURCES[decides], options).errors)
    one = compile_patterns(texts, source_named(source), options)
    return sorted([*one.errors, *one.warnings], key=_order)


def _misspelled_fields(texts: tuple[PatternText, ...], options: Options) -> list[Diagnostic]:
    """Return the warnings about misspelled fields of the source that the patterns imply."""
    implied = source_of_patterns(text.text for text in texts)
    if implied not in SOURCES or all(text.scope is not None for text in texts):
        return []
    found = compile_patterns(texts, SOURCES[implied], options)
    return [one for one in found.warnings if one.code in _MISSPELLED and one.fix is not None]


def _order(diagnostic: Diagnostic) -> tuple[int, int, int]:
    index = diagnostic.filter_index
    return (
        -1 if index is None else index,
        diagnostic.line or 0,
        diagnostic.column or 0,
    )


def compile_texts(texts: tuple[PatternText, ...], source: str, options: Options) -> Filter:
    """Like `compile`, for pattern texts that have been extracted from a file.

    Raises:
        PatternError: AWS would reject one of them.
    """
    return _compile(texts, source, options)


_Recipe = tuple[tuple[PatternText, ...], str, Options]


_compiled: SizedCache[Filter] = SizedCache(sys.getsizeof, entries=_CACHE_ENTRIES, size=_CACHE_BYTES)


def _compile(patterns: tuple[PatternText, ...], source: str, options: Options) -> Filter:
    key = patterns, source, options
    return _compiled.get(key, lambda: _compile_anew(patterns, source, options))


def _compile_anew(patterns: tuple[PatternText, ...], source: str, options: Options) -> Filter:
    if source == "auto":
        return _compile_auto(patterns, options)
    matcher = matcher_of(patterns, source_named(source), options)
    return Filter((patterns, source, options), Engine(matcher))


def _compile_auto(patterns: tuple[PatternText, ...], options: Options) -> Filter:
    """Return a filter for records of any source; at least one source must accept the pattern."""
    found = {name: compile_patterns(patterns, source, options) for name, source in SOURCES.items()}
    engines = {name: Engine(one.matcher) for name, one in found.items() if not one.errors}
    rejected = {name: one.errors[0].message for name, one in found.items() if one.errors}
    if not engines:
        raise PatternError(found[source_that_decides(patterns)].errors)
    clean = [one for one in found.values() if not one.errors]
    recipe = patterns, "auto", options
    return Filter(recipe, AutoEngine(engines, rejected), tuple(_common_warnings(clean)))


def _common_warnings(found: list[CompiledPatterns]) -> list[Diagnostic]:
    """Return the warnings that do not depend on the source, if it is not known."""
    first, *others = found
    return [warning for warning in first.warnings if all(warning in one.warnings for one in others)]
