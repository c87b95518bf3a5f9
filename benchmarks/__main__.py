"""python -m benchmarks: times every case and prints one table."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from benchmarks import report
from benchmarks.measures import costs, rulesets
from benchmarks.measures.engines import DisagreementError
from benchmarks.measures.sources import measure_source, source_cases
from benchmarks.measures.timing import Result, measure
from benchmarks.workloads.cases import selected


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="How fast filterpatterns is, next to orjson and a check by hand.",
    )
    parser.add_argument("--quick", action="store_true", help="fewer repetitions: noisier")
    parser.add_argument("--only", metavar="SUBSTRING", default="", help="just the cases named so")
    parser.add_argument("--rules", action="store_true", help="just the rule sets")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write the figures as JSON")
    parser.add_argument("--chart", metavar="FILE", type=Path, help="draw a chart: .svg or .png")
    arguments = parser.parse_args()
    if arguments.chart is not None:
        if arguments.chart.suffix not in (".svg", ".png"):
            parser.error("--chart takes a file named .svg or .png")
        if find_spec("matplotlib") is None:
            parser.error("--chart needs matplotlib: pip install 'filterpatterns[bench]'")
    if not selected(arguments.only):
        parser.error(f"no case has {arguments.only!r} in its name")
    return arguments


def _run_cases(only: str, rounds: int) -> list[Result]:
    results = []
    cases = selected(only)
    for number, case in enumerate(cases, 1):
        if sys.stderr.isatty():
            print(f"\r{number}/{len(cases)} {case.name:50}", end="", file=sys.stderr, flush=True)
        results.append(measure(case, rounds))
    if sys.stderr.isatty():
        print(f"\r{'':60}\r", end="", file=sys.stderr, flush=True)
    return results


def _run_costs(quick: bool) -> tuple[str, dict[str, Any]]:
    """Everything except the cases, as tables and for JSON."""
    start = costs.startup(3 if quick else 9)
    compiles = {
        name: costs.compile_ms(pattern, 20 if quick else 100)
        for name, pattern in costs.PATTERNS.items()
    }
    sizes = (2000, 4000, 8000, 16000) if quick else (2000, 4000, 8000, 16000, 32000)
    scaling = [costs.scaling(arrays, sizes, 3 if quick else 10) for arrays in costs.ARRAYS]
    memory = [costs.memory(case, times) for case in costs.memory_cases() for times in (1, 5)]
    text = report.costs_table(start, compiles, memory) + "\n\n" + report.scaling_table(scaling)
    return text, {
        "startup": asdict(start),
        "compile_ms": compiles,
        "scaling": [{**asdict(each), "slope": each.slope} for each in scaling],
        "memory": [asdict(each) for each in memory],
    }


def _run_rules(quick: bool) -> tuple[str, dict[str, Any]]:
    """Rule sets, as tables and for JSON."""
    rounds = 5 if quick else 15
    largest = 10_000 if quick else rulesets.SIZES[-1]
    results = []
    for mix in ("mixed",) if quick else rulesets.MIXES:
        sizes = rulesets.SIZES if mix == "mixed" else (100, 10_000)
        results += [rulesets.measure_rules(mix, n, rounds) for n in sizes if n <= largest]
    slope = rulesets.slope([each for each in results if each.mix == "mixed"])
    loops = [rulesets.measure_loop(n) for n in ((1_000,) if quick else (100, 1_000, 10_000))]
    sizes = (1_000,) if quick else (1_000, 10_000)
    mixes = ("mixed", "exact values", "ranges")
    memory = {f"{mix}, {n:,}": rulesets.memory_per_rule(mix, n) for mix in mixes for n in sizes}
    text = report.rules_table(results)
    text += f"\n\nmixed, 100 to 10,000 rules: time ~ n^{slope:.2f}"
    text += "\n\n" + report.loops_table(loops)
    rows = [[name, f"{found / 1024:.1f}"] for name, found in memory.items()]
    text += "\n\n" + report.table(["memory", "KiB a rule"], rows)
    designs: dict[str, list[float]] = {}
    if not quick:
        for mix in rulesets.MIXES:
            designs[mix] = [
                rulesets.measure_design(mix, 10_000, design, rounds) for design in rulesets.DESIGNS
            ]
        text += "\n\n" + report.designs_table(list(rulesets.DESIGNS), designs)
    return text, {
        "sets": [asdict(each) for each in results],
        "slope": slope,
        "loops": [{**asdict(each), "ratio": each.ratio} for each in loops],
        "memory": memory,
        "designs": designs,
    }


def main() -> int:
    """Runs the benchmarks selected on the command line."""
    arguments = _arguments()
    rounds = 5 if arguments.quick else 15
    if arguments.rules:
        text, figures = _run_rules(arguments.quick)
        print(text)
        if arguments.json is not None:
            arguments.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
        return 0
    try:
        results = _run_cases(arguments.only, rounds)
    except DisagreementError as error:
        print(f"not timed, for an engine is wrong: {error}", file=sys.stderr)
        return 1
    found: dict[str, Any] = {
        "environment": report.environment(),
        "rounds": rounds,
        "cases": [report.case_json(result) for result in results],
    }
    print(", ".join(f"{name} {value}" for name, value in found["environment"].items()))
    print(f"{rounds} rounds\n")
    print(report.LEGEND)
    print(report.table(report.CASE_HEADER, [report.case_row(result) for result in results]))
    print("\n" + report.left_out(results))
    if not arguments.only:
        sources = [measure_source(case, rounds) for case in source_cases()]
        print("\n" + report.source_table(sources))
        found["sources"] = [asdict(result) for result in sources]
        text, found["costs"] = _run_costs(arguments.quick)
        print("\n" + text)
        text, found["rules"] = _run_rules(arguments.quick)
        print("\n" + text)
    if arguments.json is not None:
        arguments.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    if arguments.chart is not None:
        report.chart(results, arguments.chart)
    return 0


if __name__ == "__main__":
    sys.exit(main())
