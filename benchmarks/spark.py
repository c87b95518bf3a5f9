"""Spark: `fp.filter` and `fp.matches` against `get_json_object` and a plain Python UDF.

`python -m benchmarks.spark` writes a Parquet file for each of four tasks, which all methods read
from disk, and counts the rows that each of them keeps, in local mode with two threads. Times are
wall-clock times per row. The methods take turns; the best of all rounds is printed, after one round
for warming up. All counts have to be equal, also those over many partitions.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import median
from time import perf_counter

import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812 - as everybody does

import filterpatterns
from benchmarks.columns import EXACT, RANGE, bodies, is_in_range, is_refunded
from filterpatterns.integrations import spark as fp

Count = Callable[[], int]

_TASKS = 4
_BATCH = "spark.sql.execution.arrow.maxRecordsPerBatch"


def _session() -> SparkSession:
    os.environ["PYSPARK_PYTHON"] = sys.executable
    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
    session = (
        SparkSession.builder.master("local[2]")
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.memory", "4g")
        .getOrCreate()
    )
    session.sparkContext.setLogLevel("ERROR")
    return session


@contextmanager
def _archive(session: SparkSession, rows: int) -> Iterator[DataFrame]:
    """Bodies in Parquet files, one for each task."""
    with tempfile.TemporaryDirectory() as folder:
        table = pa.table({"body": bodies(rows)})
        share = -(-len(table) // _TASKS)
        for number in range(_TASKS):
            part = table.slice(number * share, share)
            pq.write_table(part, f"{folder}/{number}.parquet", row_group_size=100_000)
        yield session.read.parquet(folder)


def _methods(df: DataFrame, name: str) -> dict[str, Count]:
    compiled, by_hand = {"exact": (EXACT, is_refunded), "range": (RANGE, is_in_range)}[name]
    by_python = F.udf(by_hand, "boolean")
    status = F.get_json_object("body", "$.status")
    total = F.get_json_object("body", "$.total").cast("double")
    native = status == "refunded" if name == "exact" else (total > 900) & (total < 1000)
    return {
        "get_json_object": lambda: df.filter(native).count(),
        "Python UDF, orjson": lambda: df.filter(by_python("body")).count(),
        "fp.filter": lambda: fp.filter(df, compiled).count(),
        "fp.filter, 2,048 rows a batch": _in_batches(df, compiled, 2048),
        "fp.matches": lambda: df.filter(fp.matches(compiled, "body")).count(),
        "only reading": lambda: df.filter(F.octet_length("body") > 0).count(),
    }


def _in_batches(df: DataFrame, compiled: filterpatterns.Filter, size: int) -> Count:
    conf = df.sparkSession.conf

    def count() -> int:
        conf.set(_BATCH, size)
        try:
            return fp.filter(df, compiled).count()
        finally:
            conf.unset(_BATCH)

    return count


def measure(df: DataFrame, name: str, rows: int, rounds: int) -> None:
    """Print the time of each method for a pattern.

    Raises:
        AssertionError: two methods keep different numbers of rows.
    """
    methods = _methods(df, name)
    names = list(methods)
    times: dict[str, list[float]] = {method: [] for method in names}
    for number in range(rounds + 1):
        counts = {}
        turn = number % len(names)
        for method in names[turn:] + names[:turn]:
            start = perf_counter()
            counts[method] = methods[method]()
            times[method].append((perf_counter() - start) / rows * 1e9)
        counts.pop("only reading")
        assert len(set(counts.values())) == 1, counts
    best = {method: min(each[1:]) for method, each in times.items()}
    print(f"\nSpark local[2], {name}, {rows:,} rows, {rounds} rounds, clock\n")
    print("| method | best, ns a row | median | UDF / it | get_json_object / it |")
    print("| --- | --: | --: | --: | --: |")
    udf, native = best["Python UDF, orjson"], best["get_json_object"]
    for method, time in best.items():
        middle = median(times[method][1:])
        print(f"| {method} | {time:.0f} | {middle:.0f} | {udf / time:.2f} | {native / time:.2f} |")
    sys.stdout.flush()


def check_partitions(df: DataFrame, rows: int, partitions: int) -> None:
    """Compare the counts over many partitions with those of plain Python.

    Raises:
        AssertionError: they differ.
    """
    texts = bodies(rows)
    spread = df.repartition(partitions)
    for name, compiled, by_hand in (("exact", EXACT, is_refunded), ("range", RANGE, is_in_range)):
        expected = sum(by_hand(text) for chunk in texts.chunks for text in chunk.to_pylist())
        start = perf_counter()
        found = fp.filter(spread, compiled).count()
        seconds = perf_counter() - start
        print(f"{name}, {rows:,} rows, {partitions:,} partitions: {found:,} rows, {seconds:.1f} s")
        assert found == expected, (name, found, expected)


def main() -> None:
    parser = argparse.ArgumentParser(description="Benchmarks of Spark.")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--case", choices=("exact", "range"), help="only this pattern")
    parser.add_argument(
        "--partitions", type=int, help="count the rows over so many partitions instead"
    )
    given = parser.parse_args()
    session = _session()
    with _archive(session, given.rows) as df:
        if given.partitions:
            check_partitions(df, given.rows, given.partitions)
        else:
            for name in (given.case,) if given.case else ("exact", "range"):
                measure(df, name, given.rows, given.rounds)
    session.stop()


if __name__ == "__main__":
    main()
