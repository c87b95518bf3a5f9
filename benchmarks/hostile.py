"""python -m benchmarks.hostile: the cost of hostile patterns and records, as a Markdown table.

Each case is measured in its own process, at a quarter, half and full size. The slope says how the
time grows with the size: 1 is linear, 2 quadratic, 0 constant. For records, the slowest path
counts: dicts and text, one and many, the evaluator, an explanation, rule sets. Growth is the
largest increase in time (without garbage collection) or memory when the size doubles, divided by
two. Time also grows where a record outgrows a cache of the processor: if the time of a record grows
too much, the growth of the instructions executed counts instead (if valgrind is installed). The
exit status is 1 if a case takes more than a second or 100 MB, or if time or memory grow by more
than 1.3 times the linear amount.
"""

from __future__ import annotations

import argparse
import gc
import json
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from click.testing import CliRunner

import filterpatterns
from benchmarks.measures.sizes import (
    best_seconds,
    cpu_seconds,
    growth_of,
    instructions_of,
    peak_bytes,
    slope_of,
    with_and_without_collections,
)
from benchmarks.report import environment
from benchmarks.workloads.hostile_cases import BUILDS, PATTERNS, RECORDS, RULES, RecordCase
from benchmarks.workloads.hostile_inputs import INPUTS, TEMPLATES
from filterpatterns import PatternError, RecordError
from filterpatterns.cli.program import main as program
from filterpatterns.engine.filter import _compiled
from filterpatterns.templates.errors import TemplateError
from filterpatterns.templates.finding import patterns_in

_TIMEOUT = 1200
_INPUT_SIZE = 1_200_000
_TEMPLATE_SIZE = 480_000
_PARTS = (4, 2, 1)

_MOST_SECONDS = 1.0
_MOST_BYTES = 100_000_000
_MOST_GROWTH = 1.3
"""The limit of growth when the size doubles, relative to linear, and the minimum time, memory and
instructions to compare."""

_LEAST_SECONDS, _LEAST_BYTES, _LEAST_INSTRUCTIONS = 0.02, 2_000_000, 60_000_000

_ALIKE = ("filter", "partition", "verdict")
"""Paths that use the memory of others."""


@dataclass(frozen=True)
class Cost:
    """The cost of a case at full size: CPU seconds, peak bytes, and the slope."""

    name: str
    size: int
    outcome: str
    seconds: float
    slow_seconds: float
    peak: int
    slope: float
    path: str = ""
    growth: float = 0.0

    def _slowest(self) -> float:
        return max(self.seconds, self.slow_seconds)

    def exceeds(self) -> bool:
        """Whether it exceeds the promised limits."""
        slowest = self.slow_seconds if self.outcome == "builds" else self._slowest()
        peak = 0 if self.outcome == "builds" else self.peak  # a thousand patterns, not one
        return slowest > _MOST_SECONDS or peak > _MOST_BYTES or self.growth > _MOST_GROWTH


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
        except (PatternError, RecordError, TemplateError) as error:
            str(error)

    return quiet


def measure_pattern(name: str) -> Cost:
    """A pattern from text to Filter, and (as the slow one) to its first verdict."""
    times = []
    for part in _PARTS:
        text = PATTERNS[name](4096 // part)

        def compiled(text: str = text) -> None:
            _compiled.clear()
            filterpatterns.compile(text)

        def evaluated(text: str = text) -> None:
            _compiled.clear()
            filterpatterns.compile(text).matches({"body": "{}"})

        times.append(with_and_without_collections(_quiet(compiled)))
    seconds, steady = zip(*times, strict=True)
    first = best_seconds(_quiet(evaluated))
    peak = peak_bytes(_quiet(evaluated))
    growth = growth_of(steady, _LEAST_SECONDS)
    outcome = _outcome(compiled)
    return Cost(name, len(text), outcome, seconds[-1], first, peak, slope_of(seconds), "", growth)


def measure_input(name: str) -> Cost:
    """Input that is refused as a pattern, and (as the slow path) the time of `check`."""
    times, slow, peaks = [], [], []
    for part in _PARTS:
        given = INPUTS[name](_INPUT_SIZE // part)
        times.append(with_and_without_collections(_quiet(lambda: filterpatterns.compile(given)), 3))  # noqa: B023
        slow.append(best_seconds(_quiet(lambda: filterpatterns.check(given)), 3))  # noqa: B023
        peaks.append(peak_bytes(_quiet(lambda: filterpatterns.compile(given))))  # noqa: B023
    seconds, steady = zip(*times, strict=True)
    outcome = _outcome(lambda: filterpatterns.compile(given))
    growth = max(growth_of(steady, _LEAST_SECONDS), growth_of(peaks, _LEAST_BYTES))
    slope = slope_of(seconds)
    return Cost(name, _INPUT_SIZE, outcome, seconds[-1], slow[-1], peaks[-1], slope, "", growth)


def measure_template(name: str) -> Cost:
    """The patterns in a template, and (as the slow one) what `fp check` takes for it."""
    seconds, times, peaks = [], [], []
    with TemporaryDirectory() as folder:
        path = Path(folder, "template.yaml")
        for part in _PARTS:
            text = TEMPLATES[name](_TEMPLATE_SIZE // part)
            path.write_text(text)
            seconds.append(best_seconds(_quiet(lambda: patterns_in(text, path.name)), 3))  # noqa: B023
            times.append(with_and_without_collections(lambda: _check(path), 3))
            peaks.append(peak_bytes(lambda: _check(path)))
    try:
        outcome = f"{len(patterns_in(text, path.name))} patterns"
    except TemplateError as error:
        outcome = f"TemplateError: {str(error).partition(': ')[2]}"
    slow, steady = zip(*times, strict=True)
    growth = max(growth_of(steady, _LEAST_SECONDS), growth_of(peaks, _LEAST_BYTES))
    slope = slope_of(slow)
    return Cost(name, _TEMPLATE_SIZE, outcome, seconds[-1], slow[-1], peaks[-1], slope, "", growth)


def _check(path: Path) -> None:
    CliRunner().invoke(program, ["check", str(path)])


def measure_rules(name: str) -> Cost:
    """A record's rules among a thousand, once and (as the slow one) for the first time."""
    case = RULES[name]
    times, peaks, first = [], [], 0.0
    for part in _PARTS:
        rules = filterpatterns.RuleSet({str(n): case.pattern(n) for n in range(1000 // part)})
        record = case.record(case.size)
        first = cpu_seconds(_quiet(lambda: rules.matching(record)))  # noqa: B023
        times.append(with_and_without_collections(_quiet(lambda: rules.matching(record)), 3))  # noqa: B023
        peaks.append(peak_bytes(_quiet(lambda: rules.matching(record))))  # noqa: B023
    try:
        outcome = f"{len(rules.matching(record))} match"
    except RecordError:
        outcome = "RecordError"
    seconds, steady = zip(*times, strict=True)
    growth = max(growth_of(steady, _LEAST_SECONDS), growth_of(peaks, _LEAST_BYTES))
    slope = slope_of(seconds)
    return Cost(name, case.size, outcome, seconds[-1], first, peaks[-1], slope, "", growth)


def measure_build(name: str) -> Cost:
    """A set of a thousand rules from texts, and (as the slow path) the time for one of its
    rules."""
    seconds, peaks = [], []
    for part in _PARTS:
        patterns = {str(number): BUILDS[name](number) for number in range(1000 // part)}
        seconds.append(best_seconds(lambda: filterpatterns.RuleSet(patterns), 1))  # noqa: B023
        if part > 1:  # counting allocations takes several times as long
            peaks.append(peak_bytes(lambda: filterpatterns.RuleSet(patterns)))  # noqa: B023
    growth = max(growth_of(seconds, _LEAST_SECONDS), growth_of(peaks, _LEAST_BYTES))
    each = seconds[-1] / 1000
    size = sum(map(len, patterns.values()))
    slope, path = slope_of(seconds), "peak of 500 rules"
    return Cost(name, size, "builds", seconds[-1], each, peaks[-1], slope, path, growth)


def _paths(case: RecordCase, record: Any) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Yield every path for evaluating a record, with its name."""
    compiled = filterpatterns.compile(case.pattern, source=case.source)
    rules = filterpatterns.RuleSet({"a": case.pattern}, source=case.source)
    yield "matches", lambda: compiled.matches(record)
    yield "filter", lambda: compiled.filter([record])
    yield "partition", lambda: compiled.partition([record])
    yield "verdict", lambda: compiled.verdict(record)
    yield "rule set", lambda: rules.matching(record)
    yield "explain", lambda: compiled.explain(record)
    with suppress(RecursionError):  # a parsed body may be nested too deeply to be written
        text = json.dumps(record) if isinstance(record, dict) else record
        yield "text", lambda: compiled.matches(text)
        yield "mask", lambda: compiled.mask([text.encode()])
    # Last: as long as there is a parsed body, the garbage collector visits it.
    if isinstance(record, dict) and isinstance(record.get("body"), str):
        with suppress(ValueError, RecursionError):
            parsed = {**record, "body": json.loads(record["body"])}
            yield "parsed", lambda: compiled.matches(parsed)


def run_path(name: str, path: str, part: int, times: int) -> None:
    """Evaluate a part of a record so many times, and do nothing else, for whoever counts."""
    case = RECORDS[name]
    asked = _paths(case, case.record(case.size // part))
    ask = _quiet(next(each for name, each in asked if name == path))
    gc.disable()
    for _ in range(times):
        ask()


def _counted_growth(name: str, path: str) -> float | None:
    """The growth of the instructions that a path executes for a record; None if they cannot be
    counted."""
    counts = []
    for part in _PARTS:
        start = [sys.executable, "-m", "benchmarks.hostile", "--case", name, "--path", path]
        first, second = (
            instructions_of([*start, "--part", str(part), "--times", str(times)])
            for times in (1, 2)
        )
        if first is None or second is None:
            return None
        counts.append(second - first)
    return growth_of(counts, _LEAST_INSTRUCTIONS)


def _growth_of_times(name: str, steady: dict[str, list[float]]) -> float:
    """The largest growth of any path: of its time, or of its instructions if the time grows too
    much."""
    growths = {path: growth_of(each, _LEAST_SECONDS) for path, each in steady.items()}
    for path, growth in growths.items():
        if growth > _MOST_GROWTH:
            counted = _counted_growth(name, path)
            growths[path] = growth if counted is None else counted
    return max(growths.values())


def measure_record(name: str) -> Cost:
    """A record's verdict, and the time of the slowest path."""
    case = RECORDS[name]
    seconds: dict[str, list[float]] = {}
    steady: dict[str, list[float]] = {}
    peaks: dict[str, list[float]] = {}
    for part in _PARTS:
        record = case.record(case.size // part)
        for path, ask in _paths(case, record):
            taken, without = with_and_without_collections(_quiet(ask), 3)
            seconds.setdefault(path, []).append(taken)
            steady.setdefault(path, []).append(without)
            if path not in _ALIKE:
                peaks.setdefault(path, []).append(peak_bytes(_quiet(ask)))
    slowest = max(seconds, key=lambda path: seconds[path][-1])
    growth = max(
        _growth_of_times(name, steady),
        *(growth_of(each, _LEAST_BYTES) for each in peaks.values()),
    )
    outcome = _outcome(
        lambda: filterpatterns.compile(case.pattern, source=case.source).matches(record)
    )
    return Cost(
        name,
        case.size,
        outcome,
        seconds["matches"][-1],
        seconds[slowest][-1],
        int(max(each[-1] for each in peaks.values())),
        slope_of(seconds[slowest]),
        slowest,
        growth,
    )


@dataclass(frozen=True)
class _Table:
    """Cases of one kind, how each is measured, and the names of the first columns."""

    title: str
    header: tuple[str, ...]
    cases: Iterable[str]
    measure: Callable[[str], Cost]


_TABLES = (
    _Table(
        "pattern",
        ("characters", "outcome", "compile, ms", "and first verdict, ms"),
        PATTERNS,
        measure_pattern,
    ),
    _Table(
        "refused input",
        ("characters", "outcome", "`compile`, ms", "`check`, ms"),
        INPUTS,
        measure_input,
    ),
    _Table(
        "record", ("bytes", "outcome", "`matches`, ms", "slowest path, ms"), RECORDS, measure_record
    ),
    _Table(
        "1,000 rules",
        ("bytes", "outcome", "`matching`, ms", "the first time, ms"),
        RULES,
        measure_rules,
    ),
    _Table(
        "1,000 rules, built",
        ("characters", "outcome", "build, ms", "per rule, ms"),
        BUILDS,
        measure_build,
    ),
    _Table(
        "template",
        ("characters", "outcome", "reading, ms", "`fp check`, ms"),
        TEMPLATES,
        measure_template,
    ),
)
_LAST_COLUMNS = ("slope", "peak, MB", "growth")


def _in_child(table: int, name: str) -> Cost | str:
    command = [sys.executable, "-m", "benchmarks.hostile", "--table", str(table), "--case", name]
    try:
        done = subprocess.run(command, capture_output=True, timeout=_TIMEOUT, check=False)
    except subprocess.TimeoutExpired:
        return f"more than {_TIMEOUT} s"
    if done.returncode:
        return f"exit status {done.returncode}: {done.stderr.decode()[-200:]}"
    return Cost(**json.loads(done.stdout))


def _print_table(number: int, names: list[str]) -> bool:
    """Print rows of a table, one by one; return whether a case exceeds its limits."""
    table = _TABLES[number - 1]
    header = (*table.header, *_LAST_COLUMNS)
    print(f"| {' | '.join((table.title, *header))} |\n| --- |" + " --: |" * len(header))
    failed = False
    for name in names:
        cost = _in_child(number, name)
        if isinstance(cost, str):
            print(f"| {name} | **{cost}** |" + " |" * (len(header) - 1), flush=True)
            failed = True
            continue
        slow = f"{cost.slow_seconds * 1e3:.1f}"
        cells = (
            f"{cost.size:,}",
            cost.outcome,
            f"{cost.seconds * 1e3:.1f}",
            f"{slow} ({cost.path})" if cost.path else slow,
            f"{cost.slope:.1f}",
            f"{cost.peak / 1e6:.1f}",
            f"{cost.growth:.2f}",
        )
        failed = failed or cost.exceeds()
        mark = " **!**" if cost.exceeds() else ""
        print(f"| {' | '.join((name + mark, *cells))} |", flush=True)
    print()
    return failed


def main() -> int:
    """Measures every case; exits with 1 if one exceeds its limits or fails."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.hostile", description=__doc__)
    parser.add_argument("--table", type=int, help="only the first, second, ... table")
    parser.add_argument("--case", help="only this one of the table, as JSON")
    parser.add_argument("--rows", default="1-999", help="only these of its rows: 1-20")
    parser.add_argument("--path", help="only evaluate a record, on this path")
    parser.add_argument("--part", type=int, default=1, help="the record's size: 4 for a quarter")
    parser.add_argument("--times", type=int, default=1, help="how often")
    arguments = parser.parse_args()
    if arguments.path is not None:
        run_path(arguments.case, arguments.path, arguments.part, arguments.times)
        return 0
    if arguments.case is not None:
        print(json.dumps(asdict(_TABLES[(arguments.table or 1) - 1].measure(arguments.case))))
        return 0
    first, last = map(int, arguments.rows.split("-"))
    print(", ".join(f"{name} {value}" for name, value in environment().items()) + "\n")
    failed = False
    for number, table in enumerate(_TABLES, 1):
        if arguments.table in (None, number):
            failed = _print_table(number, list(table.cases)[first - 1 : last]) or failed
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
