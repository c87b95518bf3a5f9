"""python -m benchmarks.commands: `fp filter` as a whole process, compared with alternatives.

Each command reads the same file of SQS records in JSON Lines and writes the lines that match; the
output is compared first. Commands take turns, so that disturbances affect all of them, and ratios
are computed within a round. Peak memory is that of the largest process. Python finds compiled
modules, as after an installation.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from shutil import which
from statistics import median
from time import perf_counter

import orjson

from benchmarks import report
from benchmarks.measures import processes
from benchmarks.workloads.data import Body, Shape, records

_EXACT = '{"body": {"status": ["refunded"]}}'
_RANGE = '{"body": {"total": [{"numeric": [">", 9000]}]}}'
_RATE = 0.01
_BATCH = 1000

_LOOP = """
import sys, orjson
out = sys.stdout.buffer
with open(sys.argv[1], "rb") as file:
    for line in file:
        record = orjson.loads(line)
        try:
            body = orjson.loads(record["body"])
        except orjson.JSONDecodeError:
            continue
        if isinstance(body, dict) and {condition}:
            out.write(line)
"""
_DUCKDB = """
import sys, duckdb
duckdb.execute("SET threads = {threads}")
found = duckdb.execute('''
    SELECT json FROM read_ndjson_objects(?, maximum_object_size=33554432)
    WHERE {condition}
''', [sys.argv[1]])
out = sys.stdout.buffer
while rows := found.fetchmany(1000):
    for (text,) in rows:
        out.write(text.encode() + b"\\n")
"""
_BODY = "json_extract_string(json, '$.body')"


@dataclass
class Command:
    """A command, and its rounds: seconds and peak bytes."""

    name: str
    line: list[str]
    seconds: list[float] = field(default_factory=list)
    peak: int = 0
    in_order: bool = True

    def run(self) -> str:
        """Run it once; return the digest of its output."""
        start = perf_counter()
        with subprocess.Popen(self.line, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            output = process.stdout.read()
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        self.seconds.append(perf_counter() - start)
        self.peak = max(self.peak, usage.ru_maxrss * 1024)
        if process.returncode not in (0, 1):
            raise RuntimeError(f"{self.name} failed with status {process.returncode}")
        if not self.in_order:
            output = b"".join(sorted(output.splitlines(keepends=True)))
        return hashlib.sha256(output).hexdigest()


def _plant(body: Body, rng: random.Random, hit: bool) -> None:
    body["status"] = "refunded" if hit else rng.choice(("paid", "open", "shipped"))
    body["total"] = rng.randrange(9001, 20_000) if hit else rng.randrange(100, 9000)


def write_events(path: Path, count: int) -> None:
    """Write a file with a number of SQS records, of which one in a hundred matches either
    pattern."""
    with path.open("wb") as file:
        for seed in range(0, count, _BATCH):
            made, _ = records(Shape("medium"), _plant, "status", _RATE, seed)
            file.writelines(orjson.dumps(record) + b"\n" for record in made[: count - seed])


def _fp(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "filterpatterns", *arguments]


def _commands(path: str, question: str) -> list[Command]:
    exact = question == "exact"
    pattern = _EXACT if exact else _RANGE
    python = (
        'body.get("status") == "refunded"'
        if exact
        else ('isinstance(body.get("total"), (int, float)) and body["total"] > 9000')
    )
    sql = (
        f"json_extract_string({_BODY}, '$.status') = 'refunded'"
        if exact
        else (f"CAST(json_extract({_BODY}, '$.total') AS DOUBLE) > 9000")
    )
    jq = '.status == "refunded"' if exact else ".total > 9000"
    made = [
        Command("orjson loop", [sys.executable, "-c", _LOOP.format(condition=python), path]),
        Command("fp filter -j 1", _fp("filter", "-j", "1", pattern, path)),
        Command("fp filter -j 2", _fp("filter", "-j", "2", pattern, path)),
    ]
    if find_spec("duckdb"):
        for threads in (1, 2):
            script = _DUCKDB.format(threads=threads, condition=sql)
            made.append(
                Command(
                    f"DuckDB, {threads} thread{'s' if threads > 1 else ''}",
                    [sys.executable, "-c", script, path],
                    in_order=False,
                )
            )
    if which("jq"):
        made.append(Command("jq", ["jq", "-c", f"select(.body | fromjson? | {jq})", path]))
    return made


def compare(path: str, question: str, rounds: int) -> list[Command]:
    """Run all commands for a question in turn.

    Raises:
        RuntimeError: their output differs.
    """
    commands = _commands(path, question)
    digests = {command.name: command.run() for command in commands}
    wanted = digests["orjson loop"]
    lines = Command("", commands[0].line, in_order=False).run()
    for command in commands:
        if digests[command.name] not in (wanted, lines):
            raise RuntimeError(f"{command.name} writes something else")
        command.seconds.clear()
    for number in range(rounds):
        for command in commands[number % len(commands) :] + commands[: number % len(commands)]:
            if command.name != "jq" or number == 0:  # so slow that once is enough
                command.run()
    return commands


def _ratio(baseline: Command, command: Command) -> float:
    return median(slow / fast for slow, fast in zip(baseline.seconds, command.seconds))  # noqa: B905


def _table(path: str, rounds: int) -> str:
    rows = []
    for question, title in (("exact", "rare exact match"), ("range", "numeric range")):
        commands = compare(path, question, rounds)
        # The reported peak of a process is at least that of its parent.
        own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        rows += [
            [
                f"{title}: {command.name}",
                f"{median(command.seconds):.2f}",
                f"{_ratio(commands[0], command):.1f}x",
                f"{command.peak / 1e6:.0f}" if command.peak > own else f"< {own / 1e6:.0f}",
            ]
            for command in commands
        ]
    return report.table(["command", "seconds", "speed", "peak MB"], rows)


def _least(action: Callable[[], None], rounds: int) -> float:
    times = []
    for _ in range(rounds):
        start = perf_counter()
        action()
        times.append(perf_counter() - start)
    return min(times)


def _quietly(*line: str) -> Callable[[], None]:
    return lambda: subprocess.run(line, stdout=subprocess.DEVNULL, check=True) and None


def _first_output(line: bytes) -> None:
    """Start `fp filter` on a pipe, and wait for the first line; the pipe stays open."""
    with subprocess.Popen(
        _fp("filter", _EXACT), stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(line)
        process.stdin.flush()
        assert process.stdout.readline() == line
        process.stdin.close()


def _startup(rounds: int) -> str:
    examples = Path(__file__).resolve().parent.parent / "examples"
    hit = orjson.dumps({"body": '{"status": "refunded"}'}) + b"\n"
    test = _fp("test", str(examples / "pattern.json"), str(examples / "events.jsonl"))
    measured = {
        "python -c pass": _least(_quietly(sys.executable, "-c", "pass"), rounds),
        "fp --version": _least(_quietly(*_fp("--version")), rounds),
        "fp test, the README's example": _least(_quietly(*test), rounds),
        "fp filter, first line on a pipe": _least(lambda: _first_output(hit), rounds),
    }
    base = measured["python -c pass"]
    rows = [[name, f"{time * 1e3:.0f}", f"{time / base:.1f}x"] for name, time in measured.items()]
    return report.table(["command", "milliseconds", "of python -c pass"], rows)


def main() -> int:
    """Runs the comparison selected on the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.commands", description="fp filter next to other commands."
    )
    parser.add_argument("--records", type=int, default=200_000, help="in the file")
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        os.environ["PYTHONPYCACHEPREFIX"] = str(Path(folder) / "compiled")
        path = Path(folder) / "events.jsonl"
        write_events(path, arguments.records)
        size = path.stat().st_size
        print(", ".join(f"{name} {value}" for name, value in report.environment().items()))
        print(f"{arguments.records:,} records, {size / arguments.records:.0f} bytes each\n")
        print(_table(str(path), arguments.rounds))
        print()
        if sys.platform == "linux":
            patterns = {"rare exact match": _EXACT, "numeric range": _RANGE}
            print(processes.table(str(path), patterns, arguments.rounds))
            print()
        print(_startup(max(arguments.rounds, 5)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
