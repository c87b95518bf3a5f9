"""python -m benchmarks.hostile: what hostile patterns and records cost, as a table in Markdown.

Each case is measured in a process of its own, at a quarter, a half and the whole of its size. The
slope says how the time grows with the size: 1 is linear, 2 quadratic, 0 not at all.
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import filterpatterns
from benchmarks.hostile_cases import PATTERNS, RECORDS
from benchmarks.report import environment
from filterpatterns import PatternError, RecordError
from filterpatterns.engine.filter import _compiled

_TIMEOUT = 120
_PARTS = (4, 2, 1)


@dataclass(frozen=True)
class Cost:
    """What a case costs at its whole size: seconds of the processor, peak bytes, and the slope."""

    name: str
    size: int
    outcome: str
    seconds: float
    slow_seconds: float
    peak: int
    slope: float


def _best(ask: Callable[[], Any], times: int = 5) -> float:
    taken = []
    for _ in range(times):
        start = time.process_time()
        ask()
        taken.append(time.process_time() - start)
    return min(taken)


def _slope(seconds: list[float]) -> float:
    """How the time grows from the first size to the last, which is four times as much. What takes
    next to no time does not grow."""
    return math.log(seconds[-1] / seconds[0], _PARTS[0]) if seconds[-1] > 0.001 else 0.0


def _peak(ask: Callable[[], Any]) -> int:
    tracemalloc.start()
    ask()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def _outcome(ask: Callable[[], Any]) -> str:
    try:
        return {True: "match", False: "drop"}.get(ask(), "compiles")
    except RecordError:
        return "RecordError"
    except PatternError as error:
        return f"PatternError, {error.code}"


def _quiet(ask: Callable[[], Any]) -> Callable[[], Any]:
    def quiet() -> None:
        try:
            ask()
        except (PatternError, RecordError) as error:
            str(error)

    return quiet


def measure_pattern(name: str) -> Cost:
    """A pattern from text to Filter, and (as the slow one) to its first verdict."""
    seconds = []
    for part in _PARTS:
        text = PATTERNS[name](4096 // part)

        def compiled(text: str = text) -> None:
            _compiled.clear()
            filterpatterns.compile(text)

        def judged(text: str = text) -> None:
            _compiled.clear()
            filterpatterns.compile(text).matches({"body": "{}"})

        seconds.append(_best(_quiet(compiled)))
    first = _best(_quiet(judged))
    peak = _peak(_quiet(judged))
    return Cost(name, len(text), _outcome(compiled), seconds[-1], first, peak, _slope(seconds))


def measure_record(name: str) -> Cost:
    """A record's verdict, and the reference interpreter's (the slow one)."""
    case = RECORDS[name]
    compiled = filterpatterns.compile(case.pattern, source=case.source)
    seconds, slow = [], []
    for part in _PARTS:
        record = case.record(case.size // part)
        seconds.append(_best(_quiet(lambda: compiled.matches(record))))  # noqa: B023
        slow.append(_best(_quiet(lambda: compiled._engine.interpret(record)), 3))  # noqa: B023
    peak = _peak(_quiet(lambda: compiled.matches(record)))
    outcome = _outcome(lambda: compiled.matches(record))
    slope = max(_slope(seconds), _slope(slow))
    return Cost(name, case.size, outcome, seconds[-1], slow[-1], peak, slope)


def _in_child(name: str) -> Cost | str:
    command = [sys.executable, "-m", "benchmarks.hostile", "--case", name]
    try:
        done = subprocess.run(command, capture_output=True, timeout=_TIMEOUT, check=False)
    except subprocess.TimeoutExpired:
        return f"more than {_TIMEOUT} s"
    if done.returncode:
        return f"exit status {done.returncode}: {done.stderr.decode()[-200:]}"
    return Cost(**json.loads(done.stdout))


def _table(title: str, header: tuple[str, ...], names: list[str]) -> tuple[str, bool]:
    lines = [f"| {' | '.join((title, *header))} |", "| --- |" + " --: |" * len(header)]
    failed = False
    for name in names:
        cost = _in_child(name)
        if isinstance(cost, str):
            lines.append(f"| {name} | **{cost}** |" + " |" * (len(header) - 1))
            failed = True
            continue
        cells = (
            f"{cost.size:,}",
            cost.outcome,
            f"{cost.seconds * 1e3:.1f}",
            f"{cost.slow_seconds * 1e3:.1f}",
            f"{cost.slope:.1f}",
            f"{cost.peak / 1e6:.1f}",
        )
        lines.append(f"| {' | '.join((name, *cells))} |")
    return "\n".join(lines), failed


def main() -> int:
    """Measures every case; exit status 1 if one takes longer than it may, or fails."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.hostile", description=__doc__)
    parser.add_argument("--case", help="only this one, as JSON")
    arguments = parser.parse_args()
    if arguments.case is not None:
        measure = measure_pattern if arguments.case in PATTERNS else measure_record
        print(json.dumps(asdict(measure(arguments.case))))
        return 0
    print(", ".join(f"{name} {value}" for name, value in environment().items()) + "\n")
    after = ("slope", "peak, MB")
    patterns, one = _table(
        "pattern",
        ("characters", "outcome", "compile, ms", "and first verdict, ms", *after),
        list(PATTERNS),
    )
    records, other = _table(
        "record", ("bytes", "outcome", "verdict, ms", "interpreter, ms", *after), list(RECORDS)
    )
    print(patterns + "\n\n" + records)
    return int(one or other)


if __name__ == "__main__":
    sys.exit(main())
