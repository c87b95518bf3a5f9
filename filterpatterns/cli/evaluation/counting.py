"""Counts the verdicts on files of records with generated code, if nothing is printed per record."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from filterpatterns.cli.evaluation.record_loop import (
    GetVerdict,
    Output,
    Tally,
    match_file,
)
from filterpatterns.cli.evaluation.units import GetLines, PartTaker, UnitCounter, ignore
from filterpatterns.cli.io import parquet, payloads, workers
from filterpatterns.cli.io.lines import Outcome
from filterpatterns.cli.io.parquet import Columns
from filterpatterns.cli.io.payloads import Wrap
from filterpatterns.cli.io.slices import FileSlice
from filterpatterns.cli.output import writers
from filterpatterns.cli.output.progress import Progress, show_progress, size_of, wants_progress
from filterpatterns.engine import payload_search
from filterpatterns.engine.filter import Filter

if TYPE_CHECKING:
    from filterpatterns.stats.increments import Increment

_ROWS = Columns()


def count_verdicts(
    files: tuple[str, ...], compiled: Filter, tally: Tally, *, payload: bool, jobs: int | None
) -> None:
    """Count the records of files, and the reasons for which they are dropped, like `match_files`.

    Args:
        files: the files; `-` is standard input.
        compiled: the filter.
        tally: where the records are counted.
        payload: whether each line is the payload of a record.
        jobs: the number of processes; None for as many as are useful.
    """
    found, jobs = plan(files, jobs)
    new_counter = partial(_of_reasons, compiled, payload)
    if jobs == 1:
        _count_one_by_one(files, new_counter(), compiled.verdict, writers.Silence(), tally)
    else:
        count_in_processes(found, new_counter, jobs, tally)


def plan(files: tuple[str, ...], jobs: int | None) -> tuple[list[tuple[FileSlice, int]], int]:
    """Return the units of work in files, as `workers.plan` does, and the number of processes; if
    that is 1, files are to be counted one by one.

    Args:
        files: the files; `-` is standard input.
        jobs: how many processes are wanted; None for as many as are useful.
    """
    # Rows of columns are matched one by one.
    if jobs == 1 or "-" in files or any(parquet.kind_of(file) for file in files):
        return [], 1
    return workers.plan(files, jobs)


def count_in_processes(
    units: list[tuple[FileSlice, int]],
    new_counter: Callable[[], UnitCounter],
    jobs: int,
    tally: Tally,
    add_increments: Callable[[tuple[Increment, ...]], None] = ignore,
) -> None:
    """Count the records of units in several processes.

    Args:
        units: what to read, with sizes.
        new_counter: returns what counts, in each process; may be pickled.
        jobs: the number of processes.
        tally: where the records are counted.
        add_increments: called with what the counters add to statistics, in the order of the units.
    """
    taker = PartTaker(writers.Silence(), tally, add_increments)
    total = sum(size for _, size in units)
    with show_progress(total, wanted=wants_progress(writes_lines=False)) as progress:
        ends = workers.run_all([unit for unit, _ in units], new_counter, jobs, taker.take)
        done = 0
        for unit, size in units:
            taker.begin(unit)
            taker.end(next(ends))
            done += size
            progress(done, tally.matched)
        taker.end_file()


def count_files(
    files: tuple[str, ...],
    get_verdict: GetVerdict,
    get_lines: GetLines,
    out: Output,
    tally: Tally,
    *,
    wrap: Wrap | None = None,
    columns: Columns = _ROWS,
    compiled: Filter | None = None,
    collect: Callable[[Outcome], None] | None = None,
    writes_lines: bool = False,
) -> None:
    """Count the records of files like `match_file`; records that cannot be read or evaluated are
    reported on standard error.

    Args:
        files: the files; `-` is standard input.
        get_verdict: as for `match_file`.
        get_lines: returns what matches lines.
        out: flushed before anything is reported.
        tally: where the records are counted.
        wrap: as for `match_file`.
        columns: as for `match_file`.
        compiled: as for `match_file`.
        collect: called with the results of some lines at a time; not for columns.
        writes_lines: whether `collect` may write to the terminal; then no progress is shown.
    """
    counter = UnitCounter(get_verdict, get_lines, out, wrap, collect)
    _count_one_by_one(
        files,
        counter,
        get_verdict,
        out,
        tally,
        columns=columns,
        compiled=compiled,
        writes_lines=writes_lines,
    )


def _count_one_by_one(
    files: tuple[str, ...],
    counter: UnitCounter,
    get_verdict: GetVerdict,
    out: Output,
    tally: Tally,
    *,
    columns: Columns = _ROWS,
    compiled: Filter | None = None,
    writes_lines: bool = False,
) -> None:
    sizes = [size_of(file) for file in files]
    taker = PartTaker(out, tally)
    wanted = wants_progress(writes_lines=writes_lines)
    with show_progress(sum(sizes), wanted=wanted) as progress:
        before = 0
        for file, size in zip(files, sizes, strict=True):
            if parquet.kind_of(file) is None:
                unit = FileSlice(file)
                taker.begin(unit)
                taker.end(counter.run(unit, taker.take, _ticks(progress, before, tally)))
                taker.end_file()
            else:
                silence = writers.Silence()
                match_file(file, get_verdict, silence, tally, columns=columns, compiled=compiled)
            before += size


def _ticks(progress: Progress, before: int, tally: Tally) -> Callable[[int], None]:
    return lambda position: progress(before + position, tally.matched)


def _of_reasons(compiled: Filter, payload: bool) -> UnitCounter:
    engine = compiled._engine  # noqa: SLF001 - within the package
    return UnitCounter(
        compiled.verdict,
        engine.lines_with_reasons,
        writers.Silence(),
        payloads.wrapper(compiled.source) if payload else None,
        search=None if payload else payload_search.with_formats(engine),
    )
