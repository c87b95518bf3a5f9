"""Matches the lines of a file: lines of records are kept or dropped, other lines are collected.

JSON Lines are processed by the generated loop, which decodes only the parts of each line that the
pattern needs and validates the rest. Lines that it does not handle, and files in other formats, are
processed by the reader.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import cache
from time import perf_counter
from typing import Any, NamedTuple

from msgspec import Struct, field

from filterpatterns.cli.io.payloads import PayloadReader, Wrap
from filterpatterns.codegen.rows import split_lines
from filterpatterns.delivery.reader import Item, Reader
from filterpatterns.engine import payload_search
from filterpatterns.engine.engine import MatchLines
from filterpatterns.engine.filter import Filter
from filterpatterns.engine.line_search import Found, LineSearch
from filterpatterns.engine.payload_search import PayloadSearch
from filterpatterns.errors import RecordError
from filterpatterns.matching.verdict import Reason, Verdict

ReadBlock = Callable[[Callable[[bytes], int]], bytes]

TakeRest = Callable[[bytes, Found], bool]
"""Called with a block and the result of its search, before the lines that may match are evaluated,
to count the others, which are dropped; returns False, without having done anything, if all lines
must be evaluated."""

_SPACE = b" \t\r\n"

_LONG = 1 << 16
"""Bytes of a file's first block that are worth a generated loop, since more will follow."""

_LARGE = 1 << 23
"""The C library returns the memory of a block to the system when it is freed, and gets it again for
the next one, unless an object of that many bytes has been freed before (glibc: mallopt(3))."""


@cache  # later, the object would take memory that has to be cleared
def _keep_freed_memory() -> None:
    bytes(_LARGE)


def _ignore(_block: bytes, _found: Found) -> bool:
    return True


class ReadError(NamedTuple):
    """What could not be read, and where, if known."""

    line: int | None
    column: int | None
    message: str


class Outcome(Struct):
    """The lines matched so far. The consumer of the lines clears the lists.

    Each line is a record's own, byte for byte, with a line feed at its end. A record without a line
    of its own (in an array, in a Lambda event, over many lines) is its text as one line.
    `invalid_lines` are not records, and `problems` says why.
    """

    kept: list[bytes] = field(default_factory=list)
    dropped: list[bytes] = field(default_factory=list)
    invalid_lines: list[bytes] = field(default_factory=list)
    problems: list[ReadError] = field(default_factory=list)


class Counts(Struct):
    """The number of lines that were read, and of records and errors in them."""

    lines: int = 0
    blank: int = 0
    records: int = 0
    errors: int = 0

    def add(self, other: Counts) -> None:
        """Add the counts of another part of the work."""
        self.lines += other.lines
        self.blank += other.blank
        self.records += other.records
        self.errors += other.errors


class LineMatcher:
    """A filter for the lines of any number of files. What it measures (which way is faster for such
    payloads) is kept from file to file. Threads must not share it."""

    def __init__(self, compiled: Filter, *, drops: bool) -> None:
        """`drops`: whether the dropped lines are wanted."""
        self.drops = drops
        self.matches = compiled.matches
        self.lines = compiled._engine.lines(drops=drops)  # noqa: SLF001 - within the package
        engine = compiled._engine  # noqa: SLF001
        self.search = None if drops else payload_search.of(engine)
        self.take_rest: TakeRest = _ignore


class ReasonMatcher(LineMatcher):
    """Return a matcher that also tells why records are dropped.

    `take` is called with the verdict on each record that the generated function leaves; the other
    dropped records simply do not match. With a search, which looks at the formats of payloads,
    `take_rest` counts the lines that it has not found.
    """

    def __init__(
        self,
        get_verdict: Callable[[Any], Verdict],
        lines: MatchLines | None,
        take: Callable[[Any, Verdict], None],
        search: PayloadSearch | None = None,
        take_rest: TakeRest = _ignore,
    ) -> None:
        def matches(record: Any) -> bool:
            verdict = get_verdict(record)
            take(record, verdict)
            return verdict[0] is Reason.MATCH

        self.drops = True
        self.matches = matches
        self.lines = lines
        self.search = search
        self.take_rest = take_rest


class LineFilter:
    """Matches the lines of one file.

    The outcome is collected in `outcome`; `counts.records` are those with a verdict.
    """

    def __init__(
        self,
        matcher: LineMatcher,
        file: str,
        *,
        wrap: Wrap | None = None,
        json_lines: bool | None = None,
        is_start: bool = True,
        most_kept: int | None = None,
        most_dropped: int | None = None,
    ) -> None:
        """
        Args:
            matcher: the filter.
            file: the file's name.
            wrap: makes a record of each line, which is a payload; None for files of records.
            json_lines: whether the file is JSON Lines; None if the first line decides.
            is_start: whether the first line is that of the file, not of a later section.
            most_kept: how many records to keep before it stops; None for all.
            most_dropped: how many to drop before it stops.
        """
        self.outcome = Outcome()
        self.counts = Counts()
        self._matcher = matcher
        on_invalid = self.outcome.invalid_lines.append
        self._reader: Reader | PayloadReader
        if wrap is None:
            self._reader = Reader(file, json_lines=json_lines, on_invalid=on_invalid)
        else:
            self._reader = PayloadReader(file, wrap, is_start=is_start, on_invalid=on_invalid)
        self._slow_lines = 0
        self._keep = _up_to(most_kept, self.outcome.kept.append)
        self._drop = _up_to(most_dropped, self.outcome.dropped.append)

    def run(self, read_block: ReadBlock) -> None:
        """Match the lines of a file.

        The outcome grows meanwhile; `read_block` may take it out whenever it is called.

        Args:
            read_block: returns some of the next lines, each with its line feed, as one text; empty
                at the end. It is passed a function that returns, for the beginning of a line, how
                many bytes of it to hold; a longer line comes in parts, each at least that long
                except for the last.
        """
        search = self._matcher.search
        _keep_freed_memory()
        with suppress(_Enough):
            while block := read_block(self._reader.longest):
                if search is None or not self._reader.is_json_lines:
                    self._match_block(block)
                    continue
                plan = search.tuner.plan
                began = perf_counter()
                if not (plan.look and self._searched(block, search)):
                    self._match_block(block)
                search.tuner.took(plan, perf_counter() - began, len(block))
            self._match_items(self._reader.end())

    def _searched(self, block: bytes, search: LineSearch | PayloadSearch) -> bool:
        """Match the lines that a search finds, and drop all others. Return False, without having
        done anything, if each line must be matched separately."""
        assert self._matcher.lines is not None
        found = search.run(block)
        if found is None or not self._matcher.take_rest(block, found):
            return False
        before = self.counts.lines
        self._slow_lines = 0

        def slow(line: bytes, number: int) -> None:
            start = found.places[number - 1]
            self._slow(line, before + block.count(b"\n", 0, start) + 1)

        if found.block:
            self._matcher.lines(found.block, 0, self._keep, self._drop, slow)
        self.counts.lines += found.total
        self.counts.records += found.total - self._slow_lines
        return True

    def _match_block(self, block: bytes) -> None:
        counts = self.counts
        if self._reader.is_inside:
            end = block.find(b"\n") + 1 or len(block)
            self._match_items(self._reader.line(counts.lines, block[:end]))
            block = block[end:]
            if not block:
                return
        if not (block.endswith(b"\n") and self._is_fast):
            block = self._match_slowly(block)
            if not block:
                return
        assert self._matcher.lines is not None
        self._slow_lines = 0
        lines = self._matcher.lines(block, counts.lines, self._keep, self._drop, self._slow)
        counts.lines += lines
        counts.records += lines - self._slow_lines

    @property
    def _is_fast(self) -> bool:
        """Whether the generated loop can process whole lines from here on."""
        return self._reader.is_json_lines and self._matcher.lines is not None

    def _match_slowly(self, block: bytes) -> bytes:
        """Match the lines of a block one by one. If it turns out to be JSON Lines, stop, and return
        the rest, unless it is so short that writing the generated loop would take longer."""
        lines = split_lines(block)
        for done, line in enumerate(lines, 1):
            self.counts.lines += 1
            self._slow(line, self.counts.lines)
            if len(block) >= _LONG and self._is_fast and block.endswith(b"\n"):
                return b"".join(lines[done:])
        return b""

    def _slow(self, line: bytes, number: int) -> None:
        """Match a line that may be anything."""
        self._slow_lines += 1
        items = self._reader.line(number, line)
        if not items and not line.strip(_SPACE):
            self.counts.blank += 1
        self._match_items(items)

    def _match_items(self, items: Any) -> None:
        enough = None
        for item in items:
            problem = item.error
            if problem is None:
                if enough is not None:  # but report errors in the same line
                    continue
                try:
                    problem = self._matched(item)
                except _Enough as found:
                    enough = found
            if problem is not None:
                self.counts.errors += 1
                self.outcome.problems.append(ReadError(item.line, item.column, problem))
        if enough is not None:
            raise enough

    def _matched(self, item: Item) -> str | None:
        """Match a record; return the problem if that fails."""
        own = item.as_line()
        try:
            matches = self._matcher.matches(item.record)
        except RecordError as error:
            self.outcome.invalid_lines.append(own)
            return error.message
        self.counts.records += 1
        if matches:
            self._keep(own)
        elif self._matcher.drops:
            self._drop(own)
        return None


class _Enough(BaseException):
    """Enough records are selected. Not an Exception: generated code handles those as a record's."""


def _up_to(most: int | None, take: Callable[[bytes], None]) -> Callable[[bytes], None]:
    """Return a function that collects lines, and raises _Enough at the last that is wanted."""
    if most is None:
        return take
    left = most

    def take_some(line: bytes) -> None:
        nonlocal left
        take(line)
        left -= 1
        if not left:
            raise _Enough

    return take_some
