"""Counts the records of files for statistics, in several processes where that is useful."""

from __future__ import annotations

from functools import partial

from filterpatterns.cli.evaluation.counting import count_files, count_in_processes, plan
from filterpatterns.cli.evaluation.record_loop import Tally
from filterpatterns.cli.evaluation.units import UnitCounter
from filterpatterns.cli.io import payloads
from filterpatterns.cli.io.parquet import Columns
from filterpatterns.cli.output import writers
from filterpatterns.engine.filter import Filter
from filterpatterns.stats.statistics import Statistics


def count_statistics(
    files: tuple[str, ...],
    compiled: Filter,
    tally: Tally,
    *,
    payload: bool,
    columns: Columns,
    jobs: int | None,
) -> Statistics:
    """Count the records of files; those that cannot be read or evaluated are reported on standard
    error.

    Args:
        files: the files; `-` is standard input.
        compiled: the filter.
        tally: where the records are counted, too.
        payload: whether each line is the payload of a record.
        columns: as for `count_files`.
        jobs: the number of processes; None for as many as are useful.
    """
    statistics = Statistics(compiled)
    units, jobs = plan(files, jobs)
    if jobs > 1:
        new_counter = partial(_new_counter, compiled, payload)
        count_in_processes(units, new_counter, jobs, tally, statistics.add_increments)
        return statistics
    count_files(
        files,
        statistics.add,
        statistics.quick_lines,
        writers.Silence(),
        tally,
        wrap=payloads.wrapper(compiled.source) if payload else None,
        columns=columns,
        compiled=compiled,
    )
    return statistics


def _new_counter(compiled: Filter, payload: bool) -> UnitCounter:
    statistics = Statistics(compiled)
    return UnitCounter(
        statistics.add,
        statistics.quick_lines,
        writers.Silence(),
        payloads.wrapper(compiled.source) if payload else None,
        take_increments=statistics.take,
    )
