"""Polars, DuckDB and pandas, with the real engines."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import filterpatterns
from filterpatterns import RuleSet
from filterpatterns.integrations.duckdb import register
from filterpatterns.integrations.polars import matches, matching

PATTERN = {"body": {"status": ["refunded"], "total": [{"numeric": [">", 100]}]}}
ORDERS = filterpatterns.compile(PATTERN)
RULES = RuleSet({"orders": PATTERN, "any": {"body": {"total": [{"exists": True}]}}})
BODIES = [
    '{"status": "refunded", "total": 250}',
    '{"status": "paid", "total": 250}',
    None,
    "refunded",
    '{"status": "re\\u0066unded", "total": 101.5}',
    '{"status": "refunded", "total": 100}',
] * 500
EXPECTED = ORDERS.mask([{"body": body} for body in BODIES])
NAMES = [[] if body is None else RULES.matching({"body": body}) for body in BODIES]
FRAME = pl.DataFrame({"n": range(len(BODIES)), "body": BODIES})


@pytest.fixture
def parquet(tmp_path: Path) -> Path:
    path = tmp_path / "bodies.parquet"
    FRAME.write_parquet(path, row_group_size=700)
    return path


def test_a_polars_expression_is_the_mask() -> None:
    found = FRAME.with_columns(kept=matches(ORDERS, "body"))
    assert found["kept"].dtype == pl.Boolean
    assert found["kept"].to_list() == EXPECTED
    assert FRAME.filter(pl.col("body").fp.matches(ORDERS)).height == sum(EXPECTED)


@pytest.mark.parametrize("engine", ["in-memory", "streaming"])
def test_a_polars_query_may_be_lazy_and_streaming(parquet: Path, engine: str) -> None:
    query = pl.scan_parquet(parquet).filter(matches(ORDERS, "body")).select("n")
    found = query.collect(engine=engine)  # type: ignore[call-overload]
    assert found["n"].to_list() == [n for n, kept in enumerate(EXPECTED) if kept]


def test_polars_columns_of_other_types() -> None:
    for kind in (pl.Categorical(), pl.Binary()):
        assert FRAME.select(matches(ORDERS, pl.col("body").cast(kind))).to_series().to_list() == (
            EXPECTED
        )
    structs = pl.DataFrame({"body": [{"status": "refunded", "total": 250}, None]})
    assert structs.select(matches(ORDERS, "body")).to_series().to_list() == [True, False]
    nested = pl.DataFrame({"o": [{"body": body} for body in BODIES]})
    wanted = filterpatterns.compile({"o": {"body": ["refunded"]}}, source="event")
    expected = [body == "refunded" for body in BODIES]
    assert wanted.mask_arrow(nested.with_columns(pl.lit(1))).to_pylist() == expected
    found = nested.select(matches(wanted, pl.when(pl.lit(True)).then(pl.struct("o"))))
    assert found.to_series().to_list() == expected
    record = pl.struct("n", "body")
    assert FRAME.select(matches(ORDERS, record, of="record")).to_series().to_list() == EXPECTED


def test_polars_series_and_frames_are_arrow_data() -> None:
    assert ORDERS.mask_arrow(FRAME["body"]).to_pylist() == EXPECTED
    assert ORDERS.mask_arrow(FRAME, column="body").to_pylist() == EXPECTED
    assert ORDERS.mask_arrow(FRAME, of="record").to_pylist() == EXPECTED
    kept = ORDERS.filter_arrow(FRAME, column="body")
    assert kept.column_names == ["n", "body"]
    assert kept.num_rows == sum(EXPECTED)


def test_rules_become_a_list_column_in_polars() -> None:
    found = FRAME.select(matching(RULES, "body")).to_series()
    assert found.to_list() == NAMES
    counts = FRAME.select(pl.col("body").fp.matching(RULES).list.len()).to_series()
    assert counts.to_list() == [len(names) for names in NAMES]


def test_a_function_in_duckdb(parquet: Path) -> None:
    connection = duckdb.connect()
    register(connection, "is_order", ORDERS)
    query = f"SELECT n FROM '{parquet}' WHERE is_order(body) ORDER BY n"
    found = [n for (n,) in connection.execute(query).fetchall()]
    assert found == [n for n, kept in enumerate(EXPECTED) if kept]
    query = f"SELECT count(*) FROM '{parquet}' WHERE NOT is_order(body)"
    (row,) = connection.execute(query).fetchall()
    assert row == (len(BODIES) - sum(EXPECTED),)  # a null is false, not null


def test_duckdb_columns_of_other_types() -> None:
    connection = duckdb.connect()
    register(connection, "is_order_blob", ORDERS, type="BLOB")
    register(connection, "is_order", ORDERS, type="STRUCT(status VARCHAR, total DOUBLE)")
    register(connection, "rules", RULES)
    connection.register("frame", FRAME.to_arrow())
    query = "SELECT is_order_blob(encode(body)), rules(body) FROM frame ORDER BY n"
    found = connection.execute(query).fetchall()
    assert [kept for kept, _ in found] == EXPECTED
    assert [names for _, names in found] == NAMES
    query = "SELECT is_order({'status': 'refunded', 'total': 200.0}), is_order(NULL)"
    assert connection.execute(query).fetchall() == [(True, False)]


def test_duckdb_results_are_arrow_data(parquet: Path) -> None:
    relation = duckdb.connect().sql(f"SELECT * FROM '{parquet}' ORDER BY n")
    assert ORDERS.mask_arrow(relation, column="body").to_pylist() == EXPECTED


def test_pandas_series_and_frames_are_arrow_data() -> None:
    frame = FRAME.to_pandas()
    for series in (
        frame["body"],
        frame["body"].astype(object),
        frame["body"].astype(pd.ArrowDtype(pa.string())),
        frame["body"].astype("category"),
    ):
        mask = ORDERS.mask_arrow(series)
        assert mask.to_pylist() == EXPECTED
        assert list(frame[mask.to_pandas().to_numpy()]["n"]) == [
            n for n, kept in enumerate(EXPECTED) if kept
        ]
    assert ORDERS.mask_arrow(frame, column="body").to_pylist() == EXPECTED
    assert ORDERS.mask_arrow(frame, of="record").to_pylist() == EXPECTED


def test_pandas_columns_of_parsed_payloads() -> None:
    series = pd.Series([json.loads(BODIES[0]), json.loads(BODIES[1])])
    assert ORDERS.mask_arrow(series).to_pylist() == [True, False]
