"""Columns: `mask_arrow` against the alternatives for Arrow data.

`python -m benchmarks.columns` prints a table; `--memory GB` measures how much memory `fp filter`
takes for a large Parquet file. `python -m benchmarks.spark` measures Spark. Times are CPU times of
one thread, per row. Ratios are computed within a round, and the median over the rounds is printed.
Ways that take milliseconds are run on other data first.
"""

from __future__ import annotations

import os

os.environ["POLARS_MAX_THREADS"] = "1"  # before Polars is imported

import argparse
import json
import random
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from time import perf_counter, process_time, sleep
from typing import Any, NamedTuple

import duckdb
import orjson
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

import filterpatterns
from benchmarks.workloads import data
from filterpatterns.integrations.arrow import mask as arrow_mask
from filterpatterns.integrations.arrow import search
from filterpatterns.integrations.duckdb import register
from filterpatterns.integrations.polars import matches

Run = Callable[[], Any]

EXACT = filterpatterns.compile({"body": {"status": ["refunded"]}})
RANGE = filterpatterns.compile({"body": {"total": [{"numeric": [">", 900, "<", 1000]}]}})
BOTH = filterpatterns.compile(
    {"body": {"status": ["refunded"], "total": [{"numeric": [">", 900, "<", 1000]}]}}
)

_DISTINCT = 100_000


def _plant(body: data.Body, rng: random.Random, hit: bool) -> None:
    body["status"] = "refunded" if hit else rng.choice(("paid", "open", "shipped"))
    body["total"] = round(rng.uniform(900, 1000) if hit else rng.uniform(0, 899), 2)


def bodies(rows: int) -> pa.ChunkedArray:
    """Return a number of bodies, of which one in a hundred matches. With more than `_DISTINCT`
    rows, each body is repeated in other chunks, so that it is not in the cache."""
    data.COUNTS["medium"] = min(rows, _DISTINCT)
    records, _ = data.records(data.Shape("medium"), _plant, "status", 0.01, seed=1)
    array = pa.array([record["body"] for record in records])
    copies = [array] * (rows // len(array))
    return pa.chunked_array(copies)


def _without_stringzilla(run: Run) -> Run:
    def without() -> Any:
        held, search.stringzilla = search.stringzilla, None
        arrow_mask._kept_matcher.cache_clear()  # what has been measured with it
        try:
            return run()
        finally:
            search.stringzilla = held
            arrow_mask._kept_matcher.cache_clear()

    return without


class Case(NamedTuple):
    """The same question in each way; all return the same number of rows.

    `before` has the same ways for other data. They are run before each measurement of ways that
    take milliseconds, so that all of them are measured with their code in the cache, but not the
    data.
    """

    name: str
    rows: int
    ways: dict[str, Run]
    hits: Callable[[Any], int]
    before: dict[str, Run] = {}  # noqa: RUF012 - never changed


def _hits(mask: Any) -> int:
    if isinstance(mask, (pa.ChunkedArray, pa.BooleanArray)):
        return pc.sum(mask).as_py() or 0
    return int(sum(mask)) if isinstance(mask, list) else int(mask)


def is_refunded(text: str) -> bool:
    return orjson.loads(text).get("status") == "refunded"


def is_in_range(text: str) -> bool:
    return 900 < orjson.loads(text).get("total", 0) < 1000


def text_case(
    name: str,
    column: pa.ChunkedArray,
    compiled: filterpatterns.Filter,
    by_hand: Callable[[str], bool],
    polars_path: pl.Expr,
    polars_decode: pl.Expr,
    sql: str,
) -> Case:
    """A pattern over a column of texts."""
    frame = pl.DataFrame({"body": pl.from_arrow(column)})
    table = pa.table({"body": column})
    connection = duckdb.connect()
    connection.execute("SET threads = 1")
    connection.register("bodies", table)
    register(connection, "is_kept", compiled)
    series = pd.Series(pd.arrays.ArrowExtensionArray(column))

    def query(condition: str) -> Run:
        def run() -> int:
            text = f"SELECT count(*) FROM bodies WHERE {condition}"  # noqa: S608 - our own
            (row,) = connection.execute(text).fetchall()
            return row[0]

        return run

    ways: dict[str, Run] = {
        "orjson loop": lambda: [by_hand(text) for text in column.to_pylist()],
        "mask over dicts": lambda: compiled.mask([{"body": x} for x in column.to_pylist()]),
        "mask_arrow": _without_stringzilla(lambda: compiled.mask_arrow(column)),
        "mask_arrow, fast": lambda: compiled.mask_arrow(column),
        "Polars json_path_match": lambda: frame.select(polars_path).to_series().sum(),
        "Polars json_decode": lambda: frame.select(polars_decode).to_series().sum(),
        "Polars, ours": lambda: frame.select(matches(compiled, "body")).to_series().sum(),
        "pandas map, orjson": lambda: series.map(by_hand).sum(),
        "DuckDB json_extract": query(sql),
        "DuckDB, ours": query("is_kept(body)"),
    }
    return Case(name, len(column), ways, _hits)


_BODY = pl.col("body").str


def exact_case(column: pa.ChunkedArray) -> Case:
    """A rare exact value."""
    return text_case(
        "rare exact value, 1%",
        column,
        EXACT,
        is_refunded,
        _BODY.json_path_match("$.status") == "refunded",
        _BODY.json_decode(pl.Struct({"status": pl.String})).struct.field("status") == "refunded",
        "body ->> '$.status' = 'refunded'",
    )


def range_case(column: pa.ChunkedArray) -> Case:
    """A numeric range."""
    total = _BODY.json_path_match("$.total").cast(pl.Float64)
    decoded = _BODY.json_decode(pl.Struct({"total": pl.Float64})).struct.field("total")
    return text_case(
        "numeric range, 1%",
        column,
        RANGE,
        is_in_range,
        total.is_between(900, 1000, closed="none"),
        decoded.is_between(900, 1000, closed="none"),
        "CAST(body -> '$.total' AS DOUBLE) > 900 AND CAST(body -> '$.total' AS DOUBLE) < 1000",
    )


def dictionary_case(column: pa.ChunkedArray) -> Case:
    """Four rows of each value; no value is in two chunks, so that a dictionary for all of them has
    as many values."""
    chunks = []
    for number, chunk in enumerate(column.chunks):
        size = len(chunk) // 4
        copies, part = divmod(number, 4)
        values = pc.binary_join_element_wise(chunk.slice(part * size, size), " " * copies, "")
        indices = pa.array([n % size for n in range(len(chunk))], pa.int32())
        chunks.append(pa.DictionaryArray.from_arrays(indices, values))
    coded = pa.chunked_array(chunks)
    frame = pl.DataFrame({"body": pl.from_arrow(coded)})
    series = coded.to_pandas()  # a Categorical: its map asks for each value once
    total = pl.col("body").cast(pl.String).str.json_path_match("$.total").cast(pl.Float64)
    in_range = total.is_between(900, 1000, closed="none")
    ways: dict[str, Run] = {
        "orjson loop": lambda: [is_in_range(text) for text in coded.to_pylist()],
        "mask_arrow": lambda: RANGE.mask_arrow(coded),
        "Polars json_path_match": lambda: frame.select(in_range).to_series().sum(),
        "pandas map, orjson": lambda: series.map(is_in_range).astype(bool).sum(),
    }
    return Case("dictionary, 4 rows a value, range", len(coded), ways, _hits)


def struct_case(column: pa.ChunkedArray) -> Case:
    """Bodies that are already parsed; two members of ten are tested."""
    parsed = pa.array([orjson.loads(text) for text in column.chunk(0).to_pylist()])
    first, second = (
        _struct_ways(
            pa.chunked_array([_copied(parsed, ("status", "total")) for _ in column.chunks])
        )
        for _ in range(2)
    )
    return Case("struct, two members", len(column), first, _hits, second)


def _struct_ways(structs: pa.ChunkedArray) -> dict[str, Run]:
    frame = pl.DataFrame({"body": pl.from_arrow(structs)})
    body = pl.col("body").struct
    native = (body.field("status") == "refunded") & body.field("total").is_between(
        900, 1000, closed="none"
    )

    def holds(row: dict[str, Any]) -> bool:
        return row["status"] == "refunded" and 900 < row["total"] < 1000

    def projected() -> list[bool]:
        names = ["status", "total"]
        columns = [pc.struct_field(structs, name).combine_chunks() for name in names]
        return [*map(holds, pa.StructArray.from_arrays(columns, names).to_pylist())]

    series = pd.Series(pd.arrays.ArrowExtensionArray(structs))

    def by_pandas() -> int:
        total = series.struct.field("total").between(900, 1000, inclusive="neither")
        return (series.struct.field("status").eq("refunded") & total).sum()

    return {
        "projected to_pylist": projected,
        "mask_arrow": lambda: BOTH.mask_arrow(structs),
        "Polars' own struct fields": lambda: frame.select(native).to_series().sum(),
        "Polars, ours": lambda: frame.select(matches(BOTH, "body")).to_series().sum(),
        "pandas' own struct fields": by_pandas,
    }


def _copied(array: pa.StructArray, names: Sequence[str]) -> pa.StructArray:
    """An array of which some members are copies, so that they are not in the cache."""
    members = {field.name: array.field(index) for index, field in enumerate(array.type)}
    rows = pa.array(range(len(array)))
    members |= {name: members[name].take(rows) for name in names}
    return pa.StructArray.from_arrays(members.values(), members.keys())


def measure(case: Case, rounds: int) -> dict[str, list[float]]:
    """CPU nanoseconds per row, for each way and round.

    Raises:
        AssertionError: two ways disagree.
    """
    times: dict[str, list[float]] = {way: [] for way in case.ways}
    for number in range(rounds):
        found = {}
        names = list(case.ways)
        turn = number % len(names)
        for way in names[turn:] + names[:turn]:
            if way in case.before:
                case.before[way]()
            start = process_time()
            result = case.ways[way]()
            times[way].append((process_time() - start) / case.rows * 1e9)
            found[way] = case.hits(result)
            del result
        assert len(set(found.values())) == 1, (case.name, found)
    return times


def print_table(case: Case, times: dict[str, list[float]]) -> None:
    """The times of a case, and how many times as fast as the first way the others are."""
    first, *_ = times.values()
    print(f"\n{case.name}, {case.rows:,} rows\n")
    print("| way | ns a row | times as fast |\n| --- | --: | --: |")
    for way, each in times.items():
        ratio = median(slow / fast for slow, fast in zip(first, each, strict=True))
        time = f"{median(each):.0f}" if median(each) > 20 else f"{median(each):.2f}"
        print(f"| {way} | {time} | {ratio:.2f} |", flush=True)


def memory_table(gigabytes: float) -> None:
    """The peak memory of `fp filter`, for all processes together."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "large.parquet"
        column = bodies(_DISTINCT)
        schema = pa.schema([("body", pa.string())])
        with pq.ParquetWriter(path, schema, compression="none", use_dictionary=False) as writer:
            while not path.exists() or path.stat().st_size < gigabytes * 1e9:
                chunks = pa.chunked_array(column.chunks * 5)  # a row group of half a million rows
                writer.write_table(pa.table({"body": chunks}), row_group_size=len(chunks))
        size = path.stat().st_size / 1e9
        print(f"\nfp filter, {size:.1f} GB of Parquet\n\n| pattern, output | most memory, MB | s |")
        print("| --- | --: | --: |")
        for name, pattern in (
            ("exact, 1%", '{"body": {"status": ["refunded"]}}'),
            ("all", '{"body": {"status": [{"exists": true}]}}'),
        ):
            for out in ("kept.parquet", "kept.jsonl"):
                target = str(Path(folder) / out)
                most, seconds = _peak(
                    "filter", "--column", "body", "-o", target, pattern, str(path)
                )
                print(f"| {name}, {out} | {most / 1e6:.0f} | {seconds:.1f} |", flush=True)


def _peak(*arguments: str) -> tuple[int, float]:
    start = perf_counter()
    process = subprocess.Popen([sys.executable, "-m", "filterpatterns", *arguments])
    most = 0
    while process.poll() is None:
        most = max(most, sum(map(_memory, _tree(process.pid))))
        sleep(0.1)
    assert process.returncode == 0, process.returncode
    return most, perf_counter() - start


def _tree(pid: int) -> list[int]:
    found = [pid]
    for each in found:
        try:
            text = Path(f"/proc/{each}/task/{each}/children").read_text()
        except OSError:
            continue
        found += map(int, text.split())
    return found


def _memory(pid: int) -> int:
    """The memory of a process, with its share of shared memory."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0
    lines = [line.split() for line in text.splitlines()]
    return sum(int(line[1]) for line in lines if line[0] == "Pss:") * 1024


CASES: dict[str, Callable[[pa.ChunkedArray], Case]] = {
    "exact": exact_case,
    "range": range_case,
    "dictionary": dictionary_case,
    "struct": struct_case,
}


def main() -> None:
    parser = argparse.ArgumentParser(description="Benchmarks of columns.")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--case", choices=CASES, action="append", help="only this; repeatable")
    parser.add_argument("--memory", type=float, metavar="GB", help="measure fp filter's memory")
    given = parser.parse_args()
    if given.memory:
        memory_table(given.memory)
        return
    print(json.dumps({"pyarrow": pa.__version__, "polars": pl.__version__}))
    column = bodies(given.rows)
    for name in given.case or CASES:
        case = CASES[name](column)
        print_table(case, measure(case, given.rounds))


if __name__ == "__main__":
    main()
