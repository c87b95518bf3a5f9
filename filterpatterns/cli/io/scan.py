"""Filters files: the work of `fp filter`, or of one of its processes."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Final

from filterpatterns.cli.io import parquet, parquet_filter
from filterpatterns.cli.io.lines import LineFilter, LineMatcher, Outcome
from filterpatterns.cli.io.parquet import Part
from filterpatterns.cli.io.payloads import wrapper
from filterpatterns.cli.io.slices import Chunk, FileSlice, ScanOptions, SliceResult
from filterpatterns.cli.io.streams import Section, Stream
from filterpatterns.cli.io.unpacking import is_packed
from filterpatterns.cli.messages import reason
from filterpatterns.delivery import detection
from filterpatterns.delivery.reader import Reader, record_id
from filterpatterns.errors import printable
from filterpatterns.jsontext.decoding import parse

_SECTION: Final = 3 << 19
"""Bytes of a file that a process handles at a time; it holds only the records that it keeps. With
4 MB, and most records kept, that memory would be returned to the system each time."""

_MOST_SECTIONS = 16384
_HEAD = 1 << 20
"""Bytes that are enough to tell whether a file is JSON Lines; if they are not, it is not
divided."""

_READS_PER_PIECE = 8
"""The number of buffers after which the output is passed on, if the file is not compressed."""


class Scan:
    """Filters units of work one by one."""

    def __init__(self, work: ScanOptions) -> None:
        self._work = work
        self._matcher = LineMatcher(work.compiled, drops=work.invert or work.rejects)
        self._wrap = wrapper(work.compiled.source) if work.as_payloads else None

    def run(
        self,
        unit: FileSlice,
        emit: Callable[[Chunk], None],
        tick: Callable[[int], None] | None = None,
        *,
        most: int | None = None,
    ) -> SliceResult:
        """Filter a unit's records.

        Args:
            unit: what to read.
            emit: called with pieces of the outcome, in order; an exception from it ends the work.
            tick: called from time to time with the number of bytes read of the unit.
            most: how many records to select before it stops; None for all.
        """
        if unit.kind is not None:
            part = Part(unit.path, unit.kind, unit.start, unit.end)
            return parquet_filter.run(part, self._work.compiled, self._work, emit, tick, most)
        whole = unit.end is None
        lines = LineFilter(
            self._matcher,
            unit.name,
            wrap=self._wrap,
            json_lines=None if whole else True,
            is_start=unit.start == 0,
            most_kept=None if self._work.invert else most,
            most_dropped=most if self._work.invert else None,
        )
        flush = _Flush(self._work, lines, emit, tick)
        try:
            stream = open_unit(unit, flush.before_read)
        except (OSError, ValueError) as error:
            return SliceResult(problem=reason(error))
        flush.stream = stream
        with stream:
            lines.run(stream.read_block)
            flush.now()
            problem = stream.problem
        flush.stream = None  # or a reference cycle would keep all pieces until collected
        if tick is not None:
            tick(stream.position)
        if problem is not None and lines.counts.lines and whole:
            problem = f"{problem} (after line {lines.counts.lines:,})"
        return SliceResult(lines.counts, problem)


class _Flush:
    """Emits the outcome when it is time."""

    def __init__(
        self,
        work: ScanOptions,
        lines: LineFilter,
        emit: Callable[[Chunk], None],
        tick: Callable[[int], None] | None,
    ) -> None:
        self.stream: Stream | None = None
        self._work = work
        self._outcome = lines.outcome
        self._emit = emit
        self._tick = tick
        self._reads = 0

    def before_read(self) -> None:
        """Emit before more is read: a pipe may block, and memory must stay small."""
        self._reads += 1
        if self.stream is None:
            return
        if (
            self._reads >= _READS_PER_PIECE
            or not self.stream.is_plain
            or self._outcome.invalid_lines
        ):
            self.now()

    def now(self) -> None:
        self._reads = 0
        piece = _chunk(self._outcome, self._work)
        if piece is not None:
            self._emit(piece)
        if self._tick is not None and self.stream is not None:
            self._tick(self.stream.position)


def _chunk(outcome: Outcome, work: ScanOptions) -> Chunk | None:
    """Take out the outcome so far; None if it is empty."""
    kept, dropped = outcome.kept, outcome.dropped
    if not (kept or dropped or outcome.invalid_lines or outcome.problems):
        return None
    selected, rejected = (dropped, kept) if work.invert else (kept, dropped)
    output = b""
    if work.text:
        output = b"".join(map(_id_line, selected) if work.ids else selected)
    piece = Chunk(
        output,
        b"".join(rejected) if work.rejects else b"",
        b"".join(outcome.invalid_lines) if work.errors else b"",
        len(selected),
        len(kept),
        tuple(outcome.problems),
    )
    for taken in (kept, dropped, outcome.invalid_lines, outcome.problems):
        taken.clear()
    return piece


def _id_line(line: bytes) -> bytes:
    """Return the id of the record in a line as one line, `-` if it has none."""
    record: Any = parse(line.decode())
    found = record_id(record) if isinstance(record, dict) else None  # a payload may be anything
    return b"-\n" if found is None else printable(found).encode(errors="backslashreplace") + b"\n"


def open_unit(unit: FileSlice, before_read: Callable[[], None]) -> Stream:
    """Open what a unit is of a file. `before_read` is called before more is read.

    Raises:
        OSError, ValueError: it cannot be opened.
    """
    if unit.end is None:
        return Stream.open(unit.path, before_read=before_read)
    return Stream(Section(unit.path, unit.start, unit.end), before_read=before_read)


def file_slices(paths: tuple[str, ...], *, divide: bool) -> Iterator[tuple[FileSlice, int]]:
    """Yield the units of work in files, in order, each with its size in bytes (0: unknown).

    Args:
        paths: the files; `-` is standard input.
        divide: whether to divide large files.
    """
    for path in paths:
        kind = parquet.kind_of(path)
        if kind is not None:
            for part, size in parquet.parts(path, kind, divide=divide):
                yield FileSlice(path, part.start, part.end, kind), size
            continue
        size = 0
        try:
            status = os.stat(path) if path != "-" else os.fstat(0)
            if stat.S_ISREG(status.st_mode):
                size = status.st_size
            if divide and path != "-" and size > 2 * _SECTION and _is_json_lines(path):
                yield from _sections(path, size)
                continue
        except OSError:
            pass  # opening it reports the error
        yield FileSlice(path), size


def _is_json_lines(path: str) -> bool:
    with open(path, "rb") as file:
        head = file.read(_HEAD)
    if is_packed(head) or detection.unreadable(head) is not None:
        return False
    reader = Reader(path)
    for number, line in enumerate(head.split(b"\n")[:-1], 1):
        reader.line(number, line)
        if reader.is_json_lines:
            return True
    return False


def _sections(path: str, size: int) -> Iterator[tuple[FileSlice, int]]:
    """Divide a file of JSON Lines after line feeds."""
    step = max(_SECTION, size // _MOST_SECTIONS)
    start = 0
    with open(path, "rb") as file:
        while start < size:
            end = size
            if start + step < size:
                file.seek(start + step - 1)
                for part in iter(partial(file.readline, _HEAD), b""):
                    if part.endswith(b"\n"):
                        break
                end = min(file.tell(), size)
            yield FileSlice(path, start, end), end - start
            start = end
