"""The functions that a Filter calls: generated if possible, otherwise the evaluator."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from itertools import islice
from time import perf_counter
from typing import Any, Literal, Protocol

from filterpatterns.codegen.functions import (
    DecodeRows,
    Generated,
    LineLoop,
    SlowLine,
    TakeLine,
    ViewLoop,
)
from filterpatterns.codegen.record import MOST_TESTS
from filterpatterns.codegen.rows import decode_rows, split_lines
from filterpatterns.codegen.types import Unsupported
from filterpatterns.engine.tuning import CHUNK, Schedule, Tuner
from filterpatterns.errors import RecordError
from filterpatterns.jsontext.decoding import decoders_overflow
from filterpatterns.matching.match_tree import Matcher
from filterpatterns.matching.verdict import Payloads, Reason, Verdict
from filterpatterns.matching.verdicts import Evaluator

OnError = Literal["raise", "drop"]

MatchLines = Callable[[bytes, int, TakeLine, TakeLine, SlowLine], int]
"""Called with (block, number, keep, drop, slow), where `block` is a text of whole lines and
`number` that of the line before the first; returns the number of lines."""

Misfit = Callable[[bytes, Verdict], None]
"""Called with a line whose payload has the wrong format, and its verdict."""

_KINDS = {str: "text", bytes: "bytes"}
"""What a batch is assumed to contain, by the class of its first record."""


def check_on_error(on_error: str) -> None:
    """Reject any other value.

    Raises:
        ValueError: it is not "raise" or "drop".
    """
    if on_error not in ("raise", "drop"):
        raise ValueError(f'on_error must be "raise" or "drop", found {on_error!r}')


def check_records(records: object) -> None:
    """Reject iterables that are not over records.

    Raises:
        TypeError: it is one record, or a whole Lambda event.
    """
    if isinstance(records, (str, bytes, Mapping)):
        raise TypeError(
            "a batch is a list of records, or anything that yields them; for one record there is "
            "matches(), for a whole Lambda event filter_event() and filterpatterns.records()"
        )


class MatchEngine(Protocol):
    """The engine of a Filter: an `Engine` for one source, or the `AutoEngine` for all of them."""

    def __hash__(self) -> int: ...

    @property
    def is_settled(self) -> bool:
        """Whether `single` always returns the same function."""
        ...

    @property
    def source_code(self) -> str:
        """The source of all generated functions; empty if there are none."""
        ...

    def weight(self) -> int:
        """The estimated memory that it takes once it has been used, in bytes."""
        ...

    def evaluate(self, record: Any) -> bool:
        """Whether a record is kept, according to the reference."""
        ...

    def verdict(self, record: Any) -> Verdict:
        """Return the reason why a record is kept or dropped."""
        ...

    def verdict_for(self, payloads: Payloads) -> Verdict:
        """Return the reason why a record with these payloads is kept or dropped."""
        ...

    def generated(self) -> Generated | None:
        """The generated functions; None if there are none, or if it has none of its own."""
        ...

    def single(self) -> Callable[[Any], bool]:
        """Return the function that evaluates one record."""
        ...

    def run(
        self,
        result: str,
        records: Iterable[Any],
        on_error: OnError,
        keep: list[Any],
        drop: list[Any] | None = None,
    ) -> None:
        """Evaluate a batch; add its records, or their verdicts, to `keep` and `drop`."""
        ...

    def lines(self, *, drops: bool) -> MatchLines | None:
        """Return a function that evaluates lines of JSON Lines, if there is one."""
        ...

    def line_search(self) -> tuple[tuple[bytes, ...], DecodeRows] | None:
        """Return what a search needs to find the lines that may match, if there can be a search."""
        ...

    def lines_with_reasons(self, misfit: Misfit) -> MatchLines | None:
        """The same, but with `drop` called for no match only, never for a wrong format: for those,
        `misfit` is called, or `slow`."""
        ...


_BYTES_PER_TEST = 600
_BYTES_OF_CODE_PER_TEST = 12_000
"""The memory of a test, and of the code and the types that are generated for it (measured)."""

EVALUATED_FIRST = 8
"""The evaluator takes that many single records before code is generated. A filter that is used once
answers in 0.2 ms instead of 1.4; generating takes as long as evaluating some 50 records (measured
for four fields)."""


_SCHEDULE = Schedule((16, 32), 16 * CHUNK, CHUNK, warm_up=1)


class Engine:
    """Evaluates records for one matcher. Functions are generated at the first call that needs
    them."""

    def __init__(self, matcher: Matcher) -> None:
        self._matcher = matcher
        self._evaluator = Evaluator(matcher)
        self._lock = threading.Lock()
        self._generated: Generated | None = None
        self._tried = False
        self._guarded = False
        self._evaluated = 0

    @property
    def matcher(self) -> Matcher:
        """The matcher that the engine evaluates."""
        return self._matcher

    def evaluate(self, record: Any) -> bool:
        """Whether a record is kept, according to the reference.

        Raises:
            RecordError: the record cannot be evaluated.
        """
        return self._evaluator.verdict(record)[0] is Reason.MATCH

    def _evaluate_after_all(self, record: Any) -> bool:
        """Like `evaluate`, for a record that generated code gave up on; hides the internal
        fallback from the traceback."""
        try:
            return self.evaluate(record)
        except RecordError as error:
            error.__suppress_context__ = True
            raise

    def verdict(self, record: Any) -> Verdict:
        """Return the reason why a record is kept or dropped, and the payload key that it is about.
        Raises RecordError as `evaluate` does."""
        return self._evaluator.verdict(record)

    def verdict_for(self, payloads: Payloads) -> Verdict:
        """Like `verdict`, for a record whose payloads may have been read."""
        return self._evaluator.verdict_for(payloads)

    def weight(self) -> int:
        """The estimated memory that it takes once it has been used, in bytes."""
        size = self._matcher.size()
        code = size * _BYTES_OF_CODE_PER_TEST if size <= MOST_TESTS else 0
        return code + sum(
            len(pattern.tests) * (_BYTES_PER_TEST + pattern.count // 8)
            for pattern in self._matcher.patterns
        )

    @property
    def source_code(self) -> str:
        """The source of all generated functions; empty if there are none."""
        generated = self.generated()
        return "" if generated is None else generated.source_code

    def generated(self) -> Generated | None:
        """The generated functions; None for the few patterns that only the evaluator supports."""
        if self._tried and not self._guarded and decoders_overflow():
            self._tried = False  # the recursion limit was raised in the meantime
        if not self._tried:
            with self._lock:
                if not self._tried:
                    self._guarded = decoders_overflow()
                    try:
                        self._generated = Generated(self._matcher, self._evaluate_after_all)
                    except Unsupported:
                        self._generated = None
                    except RecursionError:  # the caller has used up its stack: try again later
                        return None
                    self._tried = True
        return self._generated

    @property
    def is_settled(self) -> bool:
        """Whether `single` always returns the same function."""
        return self._tried

    def single(self) -> Callable[[Any], bool]:
        """Return the function that evaluates one record."""
        if not self._tried and self._evaluated < EVALUATED_FIRST:
            self._evaluated += 1
            return self.evaluate
        generated = self.generated()
        return self.evaluate if generated is None else generated.single()

    def run(
        self,
        result: str,
        records: Iterable[Any],
        on_error: OnError,
        keep: list[Any],
        drop: list[Any] | None = None,
    ) -> None:
        """Evaluate a batch for a result ("filter", "partition", "mask"), in order.

        Raises:
            RecordError: a record cannot be evaluated, and `on_error` is "raise"; with its index.
        """
        check_on_error(on_error)
        check_records(records)
        slow = self.evaluate if on_error == "raise" else self._evaluate_leniently
        generated = self.generated()
        tuner = Tuner(_SCHEDULE, can_look=generated is not None and generated.can_look)
        take = _taker(records)
        done = 0
        plan = tuner.plan
        while chunk := take(plan.size):
            try:
                if generated is None:
                    self._evaluate_all(result, chunk, keep, drop, slow)
                else:
                    kind = _KINDS.get(chunk[0].__class__, "dict")
                    loop = generated.loop(result, kind, plan.look)
                    start = perf_counter()
                    loop(chunk, keep, drop, slow)
                    tuner.took(plan, perf_counter() - start, len(chunk))
                    plan = tuner.plan
            except RecordError as error:
                raise RecordError(error.message, done + self._first_bad(chunk)) from None
            done += len(chunk)

    def lines(self, *, drops: bool) -> MatchLines | None:
        """Return a function that evaluates lines of JSON Lines; None if only the evaluator can.
        With `drops`, the function also calls `drop`.
        """
        generated = self.generated()
        if generated is None:
            return None
        try:
            decode = generated.row_decoder()
        except Unsupported:
            return None
        return _match_lines(
            decode,
            lambda rows, look: generated.line_loop(rows=rows, look=look, drops=drops),
            Tuner(_SCHEDULE, can_look=generated.can_look),
        )

    def lines_with_reasons(self, misfit: Misfit) -> MatchLines | None:
        """The same as `lines`, with `drop` called only for lines whose verdict is "no match", and
        `misfit` or `slow` for those whose payload has the wrong format."""
        generated = self.generated()
        if generated is None:
            return None
        try:
            decode = generated.row_decoder()
            generated.line_loop_with_reasons(rows=decode is not None)
        except Unsupported:
            return None

        return _match_lines(
            decode,
            lambda rows, _look: partial(generated.line_loop_with_reasons(rows=rows), misfit=misfit),
            Tuner(_SCHEDULE, can_look=False),
        )

    def line_search(self) -> tuple[tuple[bytes, ...], DecodeRows] | None:
        """Return texts of which every matching line of JSON Lines contains at least one, and a
        function that decodes lines, each of which is one record, into as many rows. None if there
        are no such texts."""
        generated = self.generated()
        return None if generated is None else generated.line_search()

    def views(self, kind: Literal["record", "payload"]) -> ViewLoop | None:
        """Return a function that evaluates rows of a column; None if only the evaluator can."""
        generated = self.generated()
        return None if generated is None else generated.view_loop(kind)

    def column_rows(self, kind: Literal["record", "payload"]) -> tuple[DecodeRows, ViewLoop] | None:
        """Return a function that decodes rows of a column in one call, and a function that
        evaluates them; None if that is not possible."""
        generated = self.generated()
        return None if generated is None else generated.column_rows(kind)

    def needles(self, *, only_values: bool = False) -> tuple[str, ...] | None:
        """Return texts such that the payload of every matching record contains at least one of
        them, or a backslash; None if there are no such texts. With `only_values`, also None if
        they are names, which most payloads contain."""
        generated = self.generated()
        if generated is None or (only_values and not generated.are_needles_values):
            return None
        return generated.needles

    def _evaluate_leniently(self, record: Any) -> bool:
        try:
            return self.evaluate(record)
        except RecordError:
            return False

    def _evaluate_all(
        self,
        result: str,
        chunk: Sequence[Any],
        keep: list[Any],
        drop: list[Any] | None,
        slow: Callable[[Any], bool],
    ) -> None:
        for record in chunk:
            kept = slow(record)
            if result == "mask":
                keep.append(kept)
            elif kept:
                keep.append(record)
            elif drop is not None:
                drop.append(record)

    def _first_bad(self, chunk: Sequence[Any]) -> int:
        """Return the position of the first record in a chunk that cannot be evaluated."""
        for index, record in enumerate(chunk):
            try:
                self.evaluate(record)
            except RecordError:
                return index
        raise AssertionError("a record was rejected and then accepted")


def _match_lines(
    decode: DecodeRows | None, loop_for: Callable[[bool, bool], LineLoop], tuner: Tuner
) -> MatchLines:
    """Matches with the loop for lines that are decoded together or not, with a look or not."""

    def match_lines(
        block: bytes,
        number: int,
        keep: TakeLine,
        drop: TakeLine,
        slow: SlowLine,
    ) -> int:
        start = perf_counter()
        plan = tuner.plan
        lines = split_lines(block)
        rows = None if decode is None else decode_rows(block, lines, decode)
        loop = loop_for(rows is not None, plan.look)
        given = lines if rows is None else zip(lines, rows, strict=True)
        loop(given, number, keep, drop, slow)
        tuner.took(plan, perf_counter() - start, len(lines))
        return len(lines)

    return match_lines


def _taker(records: Iterable[Any]) -> Callable[[int], Sequence[Any]]:
    """Return a function that takes the next records, at most a given number."""
    if isinstance(records, (list, tuple)):
        position = 0

        def slice_off(size: int) -> Sequence[Any]:
            nonlocal position
            position += size
            return records[position - size : position]

        return slice_off
    iterator = iter(records)
    return lambda size: list(islice(iterator, size))
