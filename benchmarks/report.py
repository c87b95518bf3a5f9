"""The results as one table, as JSON and as a chart."""

from __future__ import annotations

import platform
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from benchmarks.measures.costs import Memory, Scaling, Startup
from benchmarks.measures.engines import (
    ENGINES,
    EVALUATOR,
    EVENT_RULER,
    FILTER,
    FILTER_TEXT,
    HAND,
    HAND_LOOP,
    HAND_TEXT,
    JSON,
    MATCHES,
    MOTO,
)
from benchmarks.measures.rulesets import LoopResult, RuleSetResult
from benchmarks.measures.sources import SourceResult
from benchmarks.measures.timing import Result
from benchmarks.workloads.cases import LOOP_GOAL, MOTO_GOAL

LEGEND = """\
Microseconds a record (median round); x is how many times as fast, of the same round.
Batch: `filter(records)` and the handwritten check in a loop. Loop: `matches(record)` and the
handwritten check as a function, called in a plain loop. Text: the records as JSON texts.
"""


def environment() -> dict[str, str]:
    """The environment that the figures depend on."""
    return {
        "python": platform.python_version(),
        "machine": platform.machine(),
        **{name: _version(name) for name in ("orjson", "msgspec", "moto", "event-ruler")},
    }


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "-"


def table(header: list[str], rows: list[list[str]]) -> str:
    """A Markdown table that can also be read as it is; all but the first column to the right."""
    widths = [max(len(row[column]) for row in [header, *rows]) for column in range(len(header))]
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]

    def line(cells: list[str]) -> str:
        others = (cell.rjust(width) for cell, width in zip(cells[1:], widths[1:], strict=True))
        return "| " + " | ".join([cells[0].ljust(widths[0]), *others]) + " |"

    return "\n".join([line(header), line(rule), *(line(row) for row in rows)])


def _us(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:.2f}" if value < 10 else f"{value:.1f}" if value < 100 else f"{value:.0f}"


def _ratio(value: float | None, goal: float | None = None) -> str:
    if value is None:
        return "-"
    text = f"{value:.2f}x" if value < 10 else f"{value:.0f}x"
    return text if goal is None or value >= goal else f"{text} (of {goal:g})"


CASE_HEADER = [
    "case",
    "bytes",
    "batch: orjson",
    "filter",
    "x",
    "goal",
    "loop: orjson",
    "matches",
    "x",
    "text: orjson",
    "filter",
    "x",
    "json",
    "evaluator",
    "moto",
    "x moto",
    "event-ruler",
]


def case_row(result: Result) -> list[str]:
    """A case's row of the table; a ratio below its goal is followed by the goal."""
    us, ratio, goal = result.microseconds, result.ratio, result.case.goal
    return [
        result.case.name,
        str(result.body_bytes),
        _us(us(HAND)),
        _us(us(FILTER)),
        _ratio(ratio(FILTER, HAND)),
        "" if goal is None else f"{goal:g}x",
        _us(us(HAND_LOOP)),
        _us(us(MATCHES)),
        _ratio(ratio(MATCHES, HAND_LOOP), LOOP_GOAL),
        _us(us(HAND_TEXT)),
        _us(us(FILTER_TEXT)),
        _ratio(ratio(FILTER_TEXT, HAND_TEXT)),
        _us(us(JSON)),
        _us(us(EVALUATOR)),
        _us(us(MOTO)),
        _ratio(ratio(FILTER, MOTO), MOTO_GOAL),
        _us(us(EVENT_RULER)),
    ]


def left_out(results: list[Result]) -> str:
    """Which engines are missing from which cases, and why."""
    reasons: dict[tuple[str, str], int] = {}
    for result in results:
        for engine, reason in result.left_out.items():
            reasons[engine, reason] = reasons.get((engine, reason), 0) + 1
    return "\n".join(
        f"{engine}: left out of {count} of {len(results)} cases: {reason}"
        for (engine, reason), count in reasons.items()
    )


def source_table(results: list[SourceResult]) -> str:
    """Sources other than SQS, compared with a hand-written check with orjson."""
    rows = [
        [result.name, _us(result.by_hand), _us(result.filter), _ratio(result.ratio)]
        for result in results
    ]
    return table(["other sources", "orjson by hand", "filter", "x"], rows)


def rules_table(results: list[RuleSetResult]) -> str:
    """Rule sets by mix and size."""
    rows = [
        [
            each.mix,
            f"{each.size:,}",
            f"{each.matches:.1f}",
            _us(each.event),
            f"{each.event / each.decode:.1f}",
            f"{each.build:.2f}",
            f"{each.add:.2f}",
            f"{each.remove:.2f}",
        ]
        for each in results
    ]
    header = ["rule set", "rules", "matches", "event, us", "x orjson.loads"]
    return table([*header, "build, s", "add, ms", "remove, ms"], rows)


def loops_table(results: list[LoopResult]) -> str:
    """A loop over Filters, compared with a rule set."""
    rows = [
        [f"{each.size:,} rules", _us(each.loop), _us(each.rule_set), _ratio(each.ratio)]
        for each in results
    ]
    return table(["one event, us", "loop over Filters", "rule set", "x"], rows)


def designs_table(designs: list[str], found: dict[str, list[float]]) -> str:
    """Other designs of the index."""
    rows = [[mix, *map(_us, times)] for mix, times in found.items()]
    return table(["10,000 rules, us an event", *designs], rows)


def scaling_table(found: list[Scaling]) -> str:
    """Milliseconds by the number of elements."""
    sizes = found[0].sizes
    header = ["one record with n elements, ms", *(f"{size:,}" for size in sizes), "time ~ n^"]
    return table(
        header,
        [[s.name, *(f"{time:.2f}" for time in s.milliseconds), f"{s.slope:.2f}"] for s in found],
    )


def costs_table(start: Startup, compiles: dict[str, float], memory: list[Memory]) -> str:
    """Startup, compiling and memory."""
    heavy = ", ".join(start.heavy_modules) or "none"
    rows = [
        [f"import filterpatterns (of lark, click, rich: {heavy})", f"{start.import_ms:.0f} ms"],
        ["first compile of a process", f"{start.first_compile_ms:.0f} ms"],
    ]
    rows += [
        [f"compile, {name}, not in the cache", f"{ms:.2f} ms"] for name, ms in compiles.items()
    ]
    rows += [
        [
            f"peak memory of a batch, {m.case}, {m.records:,} records of {m.records_kib:,.0f} KiB",
            f"{m.filter_kib:,.0f} KiB (by hand {m.by_hand_kib:,.0f} KiB)",
        ]
        for m in memory
    ]
    return table(["cost", ""], rows)


def case_json(result: Result) -> dict[str, Any]:
    """A case's figures for machines."""
    engines = {
        engine.name: {
            "median_us": result.microseconds(engine.name),
            "best_us": result.best(engine.name),
            "against": engine.against,
            "times_as_fast": result.ratio(engine.name, engine.against),
        }
        for engine in ENGINES
        if engine.name in result.times
    }
    return {
        "case": result.case.name,
        "pattern": result.case.question.pattern,
        "body_bytes": result.body_bytes,
        "match_rate": result.case.rate,
        "goal": result.case.goal,
        "times_as_fast_as_moto": result.ratio(FILTER, MOTO),
        "engines": engines,
        "left_out": result.left_out,
    }


def chart(results: list[Result], path: Path) -> None:
    """Draws the ratios of `filter` and `matches` as bars, with the goals, as SVG or PNG.

    Raises:
        ImportError: matplotlib is not installed.
    """
    mpl = import_module("matplotlib")
    mpl.use("Agg")
    plt = import_module("matplotlib.pyplot")
    mpl.rcParams["svg.hashsalt"] = "filterpatterns"
    places = range(len(results))
    figure, axes = plt.subplots(figsize=(8, 1.4 + 0.36 * len(results)), layout="constrained")
    for shift, colour, engine, baseline, label in (
        (-0.2, "#2a6f97", FILTER, HAND, "filter(records)"),
        (0.2, "#a9d6e5", MATCHES, HAND_LOOP, "matches(record) in a loop"),
    ):
        ratios = [result.ratio(engine, baseline) or 0.0 for result in results]
        bars = axes.barh([y + shift for y in places], ratios, 0.4, color=colour, label=label)
        axes.bar_label(bars, fmt="%.1f", padding=2, fontsize=7)
    goals = [(r.case.goal, y - 0.2) for y, r in zip(places, results, strict=True) if r.case.goal]
    if goals:
        axes.scatter(*zip(*goals, strict=True), marker="|", s=90, color="black", label="goal")
    axes.axvline(1, color="black", linewidth=0.8)
    axes.set_yticks(list(places), [result.case.name for result in results], fontsize=8)
    axes.invert_yaxis()
    axes.set_xlabel("times as fast as orjson.loads and a handwritten check")
    axes.margins(y=0.01)
    figure.legend(fontsize=8, loc="outside upper center", ncols=3)
    figure.savefig(path, dpi=150, metadata={"Date": None} if path.suffix == ".svg" else None)
    plt.close(figure)
