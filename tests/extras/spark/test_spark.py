"""Spark with two threads, and a real Java: the same verdicts as `Filter.mask`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812 - as everybody does

import filterpatterns
from filterpatterns import RuleSet
from filterpatterns.integrations import spark as fp

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
    '{"status": "é", "total": 1}',
] * 300
EXPECTED = ORDERS.mask([{"body": body} for body in BODIES])
KEPT = [n for n, kept in enumerate(EXPECTED) if kept]


@pytest.fixture(scope="session")
def frame(spark: SparkSession) -> DataFrame:
    schema = "n int, body string"
    return spark.createDataFrame(list(enumerate(BODIES)), schema).repartition(8)


def numbers(df: DataFrame) -> list[int]:
    return sorted(row.n for row in df.select("n").collect())


def test_a_column_of_verdicts(frame: DataFrame) -> None:
    rows = frame.withColumn("kept", fp.matches(ORDERS, "body")).orderBy("n").collect()
    assert [row.kept for row in rows] == EXPECTED
    assert numbers(frame.filter(fp.matches(ORDERS, F.col("body")))) == KEPT


def test_a_filter_drops_rows_before_python(frame: DataFrame) -> None:
    kept = fp.filter(frame, PATTERN)
    assert numbers(kept) == KEPT
    assert numbers(fp.filter(frame, ORDERS, column="body")) == KEPT
    plan = kept._jdf.queryExecution().toString()
    physical = plan[plan.index("Physical Plan") :]
    python, native = physical.index("EvalPython"), physical.index("Contains(body")
    assert python < native  # what is further down is done first
    range_only = filterpatterns.compile({"body": {"total": [{"numeric": [">", 100]}]}})
    # All rows have the name: looking for it would only take time.
    assert "Contains" not in fp.filter(frame, range_only)._jdf.queryExecution().toString()
    expected = range_only.mask([{"body": body} for body in BODIES])
    assert numbers(fp.filter(frame, range_only)) == [n for n, k in enumerate(expected) if k]


def test_many_partitions(frame: DataFrame) -> None:
    assert numbers(fp.filter(frame.repartition(1000), ORDERS)) == KEPT


def test_kafka_values_as_spark_reads_them(spark: SparkSession) -> None:
    compiled = filterpatterns.compile({"value": {"status": ["refunded"]}}, source="kafka")
    values = [b'{"status": "refunded"}', b'{"status": "paid"}', b"\xff", b"x", None]
    df = spark.createDataFrame(list(enumerate(values)), "n int, value binary")
    assert numbers(fp.filter(df, compiled, "value", encoding="raw")) == [0, 2, 3]
    body = filterpatterns.compile({"body": {"status": ["refunded"]}})
    assert numbers(fp.filter(df, body, "value")) == [0]
    encoded = df.withColumn("value", F.base64("value"))
    assert numbers(fp.filter(encoded, compiled, "value")) == [0, 2, 3]


def test_structs(spark: SparkSession) -> None:
    rows = [(0, ("refunded", 250.0)), (1, ("paid", 1.0)), (2, None)]
    df = spark.createDataFrame(rows, "n int, body struct<status: string, total: double>")
    assert numbers(df.filter(fp.matches(ORDERS, "body"))) == [0]
    record = F.struct("body", "n")
    assert numbers(df.filter(fp.matches(ORDERS, record, of="record"))) == [0]
    event = filterpatterns.compile({"n": [1], "body": {"status": ["paid"]}}, source="event")
    assert numbers(df.filter(fp.matches(event, F.struct("n", "body")))) == [1]
    names = df.withColumn("names", fp.matching(RULES, "body")).orderBy("n").collect()
    assert [row.names for row in names] == [["orders", "any"], ["any"], []]


def test_rows_go_to_their_rules(frame: DataFrame, tmp_path: Path) -> None:
    routed = fp.route(frame, RULES)
    found: dict[str, list[int]] = {}
    for row in routed.orderBy("n").collect():
        found.setdefault(row.rule, []).append(row.n)
    records: list[dict[str, Any]] = [{"body": body} for body in BODIES]
    names = RULES.matching_many(records)
    assert found == {
        name: [n for n, matched in enumerate(names) if name in matched] for name in RULES.names
    }
    routed.write.partitionBy("rule").parquet(str(tmp_path / "routed"))
    assert {path.name for path in (tmp_path / "routed").glob("rule=*")} == {
        "rule=orders",
        "rule=any",
    }


def test_a_stream_of_files(spark: SparkSession, tmp_path: Path) -> None:
    source, target = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    lines = [json.dumps({"n": n, "body": body}) for n, body in enumerate(BODIES)]
    (source / "1.json").write_text("\n".join(lines[:1000]))
    stream = spark.readStream.schema("n int, body string").json(str(source))
    query = (
        fp.filter(stream, ORDERS)
        .writeStream.format("parquet")
        .option("path", str(target))
        .option("checkpointLocation", str(tmp_path / "checkpoint"))
        .start()
    )
    try:
        query.processAllAvailable()
        (source / "2.json").write_text("\n".join(lines[1000:]))
        query.processAllAvailable()
    finally:
        query.stop()
    assert numbers(spark.read.parquet(str(target))) == KEPT
