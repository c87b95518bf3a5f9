"""What a second process of `fp filter` gives, beside what this machine's second core can give.

Measured within one process, without its start: the filter is compiled, modules are loaded. Two
copies that filter the whole file at the same time share nothing: twice as much done in the time of
one would be two full cores. Nothing that `fp filter -j 2` does can scale better.
"""

from __future__ import annotations

import os
from functools import partial
from time import perf_counter

import filterpatterns
from benchmarks import report
from filterpatterns.cli.io import workers
from filterpatterns.cli.io.scan import Scan, file_slices
from filterpatterns.cli.io.slices import Chunk, FileSlice, ScanOptions


def table(path: str, patterns: dict[str, str], rounds: int) -> str:
    """A row for each pattern, by its title: best of so many rounds, in which all take turns."""
    rows = []
    for title, pattern in patterns.items():
        work = ScanOptions(filterpatterns.compile(pattern, source="sqs"))
        ways = (_one, _two_at_once, _shared)
        wanted = _one(path, work)[1]
        times = [[way(path, work)[0] for way in ways] for _ in range(rounds)]
        if _shared(path, work)[1] != wanted:
            raise RuntimeError(f"{title}: two processes find something else")
        one, both, shared = map(min, zip(*times, strict=True))
        rows.append(
            [
                title,
                f"{one:.3f}",
                f"{both:.3f}",
                f"{2 * one / both:.2f}x",
                f"{shared:.3f}",
                f"{one / shared:.2f}x",
            ]
        )
    heads = ["seconds in the loop", "one process", "two, each the whole file", "done by two"]
    return report.table([*heads, "-j 2, one file", "speed of -j 2"], rows)


def _one(path: str, work: ScanOptions) -> tuple[float, bytes]:
    """The time that one process takes, and its output."""
    found: list[Chunk] = []
    start = perf_counter()
    Scan(work).run(FileSlice(path), found.append)
    return perf_counter() - start, b"".join(piece.output for piece in found)


def _two_at_once(path: str, work: ScanOptions) -> tuple[float, bytes]:
    """The time until two copies of this process have both filtered the whole file."""
    start = perf_counter()
    copies = []
    for _ in range(2):
        copy = os.fork()
        if not copy:
            _one(path, work)
            os._exit(0)
        copies.append(copy)
    for copy in copies:
        os.waitpid(copy, 0)
    return perf_counter() - start, b""


def _shared(path: str, work: ScanOptions) -> tuple[float, bytes]:
    """The time that two processes take as `fp filter -j 2` does, and their output."""
    found: list[Chunk] = []
    start = perf_counter()
    units = [unit for unit, _ in file_slices((path,), divide=True)]
    for end in workers.run_all(units, partial(Scan, work), 2, found.append):
        assert end.problem is None
    return perf_counter() - start, b"".join(piece.output for piece in found)
