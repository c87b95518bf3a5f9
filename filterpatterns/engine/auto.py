"""The source "auto": each record is evaluated for the source that the record indicates."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from itertools import groupby
from typing import Any

from filterpatterns.delivery.envelopes import source_of
from filterpatterns.engine.engine import (
    Engine,
    MatchLines,
    Misfit,
    OnError,
    check_on_error,
    check_records,
)
from filterpatterns.engine.source_lines import SourceLines
from filterpatterns.errors import RecordError
from filterpatterns.matching.verdict import Payloads, Verdict, as_record


class AutoEngine:
    """Engines by the name of their source, with the interface of a single engine.

    A source that rejects the pattern (a plain-string pattern, for example) has no engine: its
    records cannot be evaluated, and `rejected` says why.
    """

    def __init__(self, engines: dict[str, Engine], rejected: dict[str, str]) -> None:
        self._engines = engines
        self._rejected = rejected

    def _engine(self, record: Any) -> Engine:
        return self._engine_for(source_of(as_record(record)))

    def _engine_for(self, source: str) -> Engine:
        if source not in self._engines:
            raise RecordError(
                f"its source, {source}, rejects the pattern: {self._rejected[source]}"
            )
        return self._engines[source]

    def weight(self) -> int:
        """The estimated memory of its engines, in bytes."""
        return sum(engine.weight() for engine in self._engines.values())

    def evaluate(self, record: Any) -> bool:
        """Whether a record is kept, according to the reference."""
        return self._engine(record).evaluate(record)

    def verdict(self, record: Any) -> Verdict:
        """Return the reason why a record is kept or dropped."""
        return self._engine(record).verdict(record)

    def verdict_for(self, payloads: Payloads) -> Verdict:
        """Return the reason why a record with these payloads is kept or dropped."""
        return self._engine_for(payloads.source.name).verdict_for(payloads)

    @property
    def is_settled(self) -> bool:
        """Whether `single` always returns the same function: each engine decides for itself."""
        return True

    def generated(self) -> None:
        """It has no code of its own."""

    def lines(self, *, drops: bool) -> MatchLines:
        """Return a function that evaluates lines of JSON Lines, each for its record's source."""
        return self._by_source(lambda engine: engine.lines(drops=drops))

    def line_search(self) -> None:
        """There is none."""

    def lines_with_reasons(self, misfit: Misfit) -> MatchLines:
        """The same, with `drop` called for no match only; for a wrong format, `misfit` or
        `slow`."""
        return self._by_source(lambda engine: engine.lines_with_reasons(misfit))

    def _by_source(self, function_of: Callable[[Engine], MatchLines | None]) -> MatchLines:
        functions: dict[str, MatchLines | None] = {}

        def function_for(source: str) -> MatchLines | None:
            if source not in functions:
                engine = self._engines.get(source)
                functions[source] = None if engine is None else function_of(engine)
            return functions[source]

        return partial(SourceLines().match, function_for)

    def single(self) -> Callable[[Any], bool]:
        """Return the function that evaluates one record."""
        functions: dict[Engine, Callable[[Any], bool]] = {}

        def matches(record: Any) -> bool:
            engine = self._engine(record)
            if engine in functions:
                return functions[engine](record)
            function = engine.single()
            if engine.is_settled:
                functions[engine] = function
            return function(record)

        return matches

    @property
    def source_code(self) -> str:
        """The generated code, source by source."""
        return "\n".join(
            f"# source: {name}\n{engine.source_code}" for name, engine in self._engines.items()
        )

    def run(
        self,
        result: str,
        records: Iterable[Any],
        on_error: OnError,
        keep: list[Any],
        drop: list[Any] | None = None,
    ) -> None:
        """Like `Engine.run`. Consecutive records of one source are evaluated together."""
        check_on_error(on_error)
        check_records(records)
        done = 0
        for engine, group in groupby(records, key=self._engine_or_error):
            run = list(group)
            if isinstance(engine, Engine):
                try:
                    engine.run(result, run, on_error, keep, drop)
                except RecordError as error:
                    raise RecordError(error.message, done + (error.index or 0)) from None
            elif on_error == "raise":
                raise RecordError(engine, done)
            else:
                for record in run:
                    if result == "mask":
                        keep.append(False)
                    elif drop is not None:
                        drop.append(record)
            done += len(run)

    def _engine_or_error(self, record: Any) -> Engine | str:
        try:
            return self._engine(record)
        except RecordError as error:
            return error.message
