"""`fp filter` and `fp stats` on Parquet and Arrow files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq
import pytest

import filterpatterns
from tests.unit.cli.test_program import fp, run

PATTERN = '{"body": {"status": ["refunded"]}}'
BODIES = ['{"status": "refunded"}', '{"status": "paid"}', None, "x", '{"status": ["refunded"]}']
ROWS: list[dict[str, Any]] = [
    {"messageId": f"m{n}", "body": BODIES[n % 5], "n": n} for n in range(1000)
]
KEPT = [row for row in ROWS if filterpatterns.compile(PATTERN).matches(row)]
TABLE = pa.Table.from_pylist(ROWS).replace_schema_metadata({"made": "by us"})


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path = tmp_path / "archive.parquet"
    pq.write_table(TABLE, path, row_group_size=300, compression="zstd")
    return path


def lines(output: bytes) -> list[Any]:
    return [json.loads(line) for line in output.splitlines()]


def test_rows_are_records_and_come_out_as_json_lines(archive: Path) -> None:
    result = fp("filter", PATTERN, archive)
    assert (result.exit_code, result.stderr) == (0, "")
    assert lines(result.stdout_bytes) == KEPT
    assert fp("filter", "--ids", PATTERN, archive).stdout.split() == [
        row["messageId"] for row in KEPT
    ]
    assert fp("filter", "-c", PATTERN, archive).stdout == f"{len(KEPT)}\n"
    dropped = lines(fp("filter", "-v", PATTERN, archive).stdout_bytes)
    assert dropped == [row for row in ROWS if row not in KEPT]


def test_one_column_of_payloads(archive: Path) -> None:
    result = fp("filter", "--column", "body", "--stats", PATTERN, archive)
    assert lines(result.stdout_bytes) == KEPT
    assert result.stderr == f"1,000 records: {len(KEPT)} match, {1000 - len(KEPT)} drop\n"


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_rows_go_to_parquet_with_schema_and_metadata(archive: Path, jobs: str) -> None:
    out, rest = archive.with_name("kept.parquet"), archive.with_name("rest.arrow")
    result = fp("filter", "-j", jobs, "-o", out, "--rejects", rest, PATTERN, archive)
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "")
    kept = pq.read_table(out)
    assert kept.to_pylist() == KEPT
    assert kept.schema.equals(TABLE.schema, check_metadata=True)
    column = pq.ParquetFile(out).metadata.row_group(0).column(0)
    assert column.compression == "ZSTD"
    rejected = feather.read_table(rest)
    assert rejected.num_rows == 1000 - len(KEPT)
    assert rejected.schema.equals(TABLE.schema, check_metadata=True)


def test_an_output_without_rows_is_still_a_file(archive: Path) -> None:
    out = archive.with_name("kept.parquet")
    assert fp("filter", "-o", out, '{"body": ["nothing"]}', archive).exit_code == 1
    assert pq.read_table(out).schema.equals(TABLE.schema, check_metadata=True)
    assert pq.read_table(out).num_rows == 0


def test_a_count_stops_early(archive: Path) -> None:
    out = archive.with_name("kept.parquet")
    assert lines(fp("filter", "-m", "7", PATTERN, archive).stdout_bytes) == KEPT[:7]
    assert fp("filter", "-m", "7", "-o", out, PATTERN, archive).exit_code == 0
    assert pq.read_table(out).to_pylist() == KEPT[:7]


@pytest.mark.parametrize("kind", ["file", "stream", "compressed"])
def test_arrow_files(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "rows.arrow"
    if kind == "compressed":
        feather.write_feather(TABLE, path, compression="zstd", chunksize=300)
    else:
        new = pa.ipc.new_file if kind == "file" else pa.ipc.new_stream
        with new(path, TABLE.schema) as writer:
            writer.write_table(TABLE, max_chunksize=300)
    assert lines(fp("filter", PATTERN, path).stdout_bytes) == KEPT


def test_files_of_both_kinds_in_one_run(archive: Path) -> None:
    events = archive.with_name("events.jsonl")
    events.write_text(json.dumps(ROWS[0]) + "\n")
    result = fp("filter", "-j", "2", PATTERN, archive, events, archive)
    assert lines(result.stdout_bytes) == [*KEPT, ROWS[0], *KEPT]
    out = archive.with_name("kept.parquet")
    result = fp("filter", "-o", out, PATTERN, archive, events)
    assert result.exit_code == 2
    assert "events.jsonl contains none" in result.stderr
    assert not out.exists()


def test_columns_of_records_with_rows_that_are_not_records(tmp_path: Path) -> None:
    path, bad = tmp_path / "records.parquet", tmp_path / "bad.txt"
    texts = [json.dumps(row) for row in ROWS]
    texts[3], texts[700] = "oops", "[]"
    pq.write_table(pa.table({"record": texts}), path)
    result = fp(*("filter", "--column", "record", "--of", "record", "--errors", bad), PATTERN, path)
    assert result.exit_code == 2
    assert [json.loads(row["record"]) for row in lines(result.stdout_bytes)] == [
        row for row in KEPT if row["n"] not in (3, 700)
    ]
    assert result.stderr.splitlines() == [
        f"{path}:4: error: not JSON",
        f"{path}:701: error: a record must be a JSON object, found an array",
    ]
    assert bad.read_text() == "oops\n[]\n"


def test_raw_payloads_of_kafka(tmp_path: Path) -> None:
    path = tmp_path / "kafka.parquet"
    values = [b'{"status": "refunded"}', b'{"status": "paid"}', b"\xff"]
    pq.write_table(pa.table({"value": values}), path)
    arguments = ("--source", "kafka", "--column", "value", "--encoding", "raw")
    pattern = '{"value": {"status": ["refunded"]}}'
    result = fp("filter", *arguments, pattern, path)
    assert lines(result.stdout_bytes) == [{"value": '{"status": "refunded"}'}, {"value": "/w=="}]
    found = json.loads(fp("stats", "--json", *arguments, pattern, path).stdout)
    assert (found["records"], found["kept"]) == (3, 2)


def test_stats(archive: Path) -> None:
    for options in ((), ("--column", "body")):
        found = json.loads(fp("stats", "--json", *options, PATTERN, archive).stdout)
        assert (found["records"], found["kept"]) == (1000, len(KEPT))
        counts = {each["reason"]: each["count"] for each in found["reasons"]}
        assert counts["wants-json"] == 200


def test_rows_are_routed(archive: Path, tmp_path: Path) -> None:
    rules = tmp_path / "rules"
    rules.mkdir()
    (rules / "refunds.json").write_text(PATTERN)
    folder, rest = tmp_path / "by-rule", tmp_path / "rest.jsonl"
    for options in ((), ("--split", folder, "--rest", rest)):
        result = fp("route", *options, rules, archive)
        assert (result.exit_code, result.stderr) == (0, "")
        assert f"1,000 records: {len(KEPT)} routed" in result.stdout
    assert lines((folder / "refunds.jsonl").read_bytes()) == KEPT
    assert lines(rest.read_bytes()) == [row for row in ROWS if row not in KEPT]


@pytest.mark.parametrize("command", [("filter", "-c"), ("test", "-q"), ("stats",)])
def test_a_directory_is_searched_for_files_of_columns(
    archive: Path, command: tuple[str, ...]
) -> None:
    (archive.parent / "notes.txt").write_text("not read")
    result = fp(*command, PATTERN, archive.parent)
    assert (result.exit_code, result.stderr) == (0, "")
    assert str(len(KEPT)) in result.stdout


def test_unreadable_files_are_reported(archive: Path) -> None:
    whole = archive.read_bytes()
    archive.write_bytes(whole[:-100])
    for command in ("filter", "stats"):
        result = fp(command, PATTERN, archive)
        assert result.exit_code == 2
        assert result.stderr.startswith(f"{archive}: error: ")
        assert "magic bytes not found" in result.stderr.lower()
    archive.write_bytes(whole)
    result = fp("filter", "--column", "bodi", PATTERN, archive)
    assert result.exit_code == 2
    assert "no column 'bodi'; the table has 'messageId', 'body', 'n'" in result.stderr


def test_conflicting_options_are_refused(archive: Path) -> None:
    events = archive.with_name("events.jsonl")
    events.write_text("{}\n")
    assert (
        "--column, --of and --encoding are for Parquet and Arrow files"
        in fp(*("filter", "--column", "body"), PATTERN, events).stderr
    )
    assert "--of requires --column" in fp("filter", "--of", "record", PATTERN, archive).stderr
    assert (
        "not counts, names or ids"
        in fp(*("filter", "-c", "-o", archive.with_name("x.parquet")), PATTERN, archive).stderr
    )
    assert (
        "--errors writes lines of text"
        in fp(*("filter", "--errors", archive.with_name("x.parquet")), PATTERN, archive).stderr
    )


def test_as_a_program(archive: Path) -> None:
    ran = run("filter", "--jobs", "2", PATTERN, archive)
    assert (ran.returncode, ran.stderr) == (0, b"")
    assert lines(ran.stdout) == KEPT


@pytest.mark.parametrize("source", ["sqs", "kinesis"])
def test_lines_of_payloads_and_a_column_of_payloads(archive: Path, source: str) -> None:
    """`--payload` is about lines, and `--column` about rows: each applies to its own kind of
    file."""
    path = archive.with_name("payloads.jsonl")
    path.write_text("\n".join(body or "" for body in BODIES) + "\n")
    key = "body" if source == "sqs" else "data"
    pattern = f'{{"{key}": {{"status": ["refunded"]}}}}'
    given = ["--payload", "--column", "body", "--source", source]
    given += ["--encoding", "raw"] if source == "kinesis" else []
    result = fp("filter", *given, "--stats", pattern, archive, path)
    own = [json.loads(body) for body in (BODIES[0], BODIES[4]) if body is not None]
    assert lines(result.stdout_bytes) == [*KEPT, *own]
    assert result.stderr == f"1,004 records: {len(KEPT) + 2} match, {1002 - len(KEPT)} drop\n"
    count = fp("filter", *given, "-c", pattern, path, archive).stdout.split()
    assert count == [f"{path}:2", f"{archive}:{len(KEPT)}"]
    assert f"{len(KEPT) + 2:,} match" in fp("stats", *given, pattern, archive, path).stdout
