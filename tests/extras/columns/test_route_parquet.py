"""`fp route` on Parquet and Arrow files, and what `fp filter` makes of their less usual columns."""

from __future__ import annotations

import base64
import json
from datetime import datetime, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from filterpatterns.cli.io import parquet, parquet_filter
from tests.unit.cli.test_program import fp

RULES = json.dumps(
    {
        "refunds": {"body": {"status": ["refunded"]}},
        "all paid": {"body": {"status": [{"anything-but": ["open"]}]}},
        "never": {"body": {"status": ["lost"]}},
    }
)
STATUSES = ("refunded", "paid", "open")
ROWS: list[dict[str, Any]] = [
    {
        "messageId": f"m{number}",
        "body": json.dumps({"status": STATUSES[number % 3]}),
        "at": datetime(2026, 1, 1, 0, number % 60, tzinfo=timezone.utc),
        "amount": Decimal(number) / 4,
        "raw": b"\xff%d" % number,
    }
    for number in range(600)
]
TABLE = pa.Table.from_pylist(ROWS)


def as_written(row: dict[str, Any]) -> dict[str, Any]:
    """What a row is as a line of JSON."""
    return row | {
        "at": row["at"].isoformat(),
        "amount": float(row["amount"]),
        "raw": base64.b64encode(row["raw"]).decode(),
    }


def rows_of(status: str) -> list[dict[str, Any]]:
    return [as_written(row) for row in ROWS if json.loads(row["body"])["status"] == status]


def lines_in(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.read_bytes().splitlines()]


@pytest.fixture(params=["parquet", "arrow", "stream"])
def archive(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / f"archive.{request.param}"
    if request.param == "parquet":
        pq.write_table(TABLE, path, row_group_size=250)
        return path
    new = pa.ipc.new_file if request.param == "arrow" else pa.ipc.new_stream
    with new(path, TABLE.schema) as writer:
        writer.write_table(TABLE, max_chunksize=250)
    return path


def test_each_row_has_a_line(archive: Path) -> None:
    result = fp("route", RULES, archive)
    displayed = [" ".join(line.split()) for line in result.stdout.splitlines()]
    assert displayed[:3] == [
        "1 m0 match refunds, all paid",
        "2 m1 match all paid",
        "3 m2 drop no rule",
    ]
    assert displayed[-1] == "600 records: 400 routed, 200 unrouted"
    assert (result.exit_code, result.stderr) == (0, "")
    found = [json.loads(line) for line in fp("route", "--json", RULES, archive).stdout.splitlines()]
    assert found[599] == {
        "file": str(archive),
        "line": 600,
        "number": 600,
        "id": "m599",
        "names": [],
    }


def test_rows_are_counted(archive: Path) -> None:
    result = fp("route", "--summary", RULES, archive)
    assert result.stdout == (
        "600 records: 400 routed, 200 unrouted\n  200 refunds\n  400 all paid\n    0 never\n"
    )
    assert (result.exit_code, result.stderr) == (0, "1 of 3 rules matched no record\n")
    result = fp("route", "--summary", "--json", RULES, archive)
    assert [json.loads(line)["records"] for line in result.stdout.splitlines()] == [200, 400, 0]


def test_rows_are_sorted_into_files_as_lines(archive: Path) -> None:
    """Among them are values that JSON does not have: they are written as `fp filter` does."""
    folder, rest, bad = (archive.with_name(name) for name in ("by", "rest.jsonl", "bad.jsonl"))
    options = ("--split", folder, "--rest", rest, "--errors", bad)
    for times, append in ((1, ()), (1, ()), (2, ("--append",))):
        result = fp("route", *options, *append, RULES, archive)
        assert result.stdout == "600 records: 400 routed, 200 unrouted\n"
        assert (result.exit_code, result.stderr) == (0, "")
        assert lines_in(folder / "refunds.jsonl") == rows_of("refunded") * times
        assert lines_in(rest) == rows_of("open") * times
        assert len(lines_in(folder / "all%20paid.jsonl")) == 400 * times
        assert not (folder / "never.jsonl").exists()
        assert bad.read_bytes() == b""
    filtered = fp("filter", json.dumps(json.loads(RULES)["refunds"]), archive).stdout_bytes
    assert (folder / "refunds.jsonl").read_bytes() == filtered * 2


def test_lines_and_rows_in_one_run(archive: Path) -> None:
    events, rest = archive.with_name("events.jsonl"), archive.with_name("rest.jsonl")
    own = b'{"messageId":"x",  "body": "{}"}\n'
    events.write_bytes(own + b"oops\n")
    folder, bad = archive.with_name("by"), archive.with_name("bad.txt")
    options = ("--split", folder, "--rest", rest, "--errors", bad)
    result = fp("route", *options, RULES, archive, events)
    assert result.stdout == "602 records: 400 routed, 201 unrouted, 1 not a record\n"
    assert result.stderr == f"{events}:2:1: error: invalid JSON: expecting value\n"
    assert result.exit_code == 2
    assert rest.read_bytes().endswith(own)
    assert lines_in(rest)[:-1] == rows_of("open")
    assert bad.read_bytes() == b"oops\n"


@pytest.mark.parametrize("silent", [(), ("--summary",)])
def test_a_file_that_cannot_be_read(
    archive: Path, silent: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = archive.read_bytes()
    archive.write_bytes(whole[: len(whole) // 2])
    result = fp("route", *silent, RULES, archive)
    kind = "a Parquet" if archive.suffix == ".parquet" else "an Arrow"
    assert result.stderr.startswith(f"{archive}: error: {kind} file: ")
    assert result.exit_code == 2
    archive.write_bytes(whole)
    monkeypatch.setattr(parquet, "missing", lambda kind: f"{kind}: install it")
    result = fp("route", *silent, RULES, archive)
    assert result.stderr.startswith(f"{archive}: error: {archive.suffix[1:]}: install it\n")
    assert result.exit_code == 2


def test_a_file_without_rows(archive: Path) -> None:
    empty = archive.with_name("empty.parquet")
    pq.write_table(TABLE.slice(0, 0), empty)
    result = fp("route", "--summary", RULES, empty)
    assert result.stdout.startswith("0 records\n")
    assert f"{empty}: warning: no records\n" in result.stderr
    assert result.exit_code == 1


PATTERN = '{"body": {"status": ["refunded"]}}'


def test_filtered_rows_that_are_inverted_named_or_few(archive: Path) -> None:
    result = fp("filter", "-v", "-m", "3", PATTERN, archive)
    assert [json.loads(line)["messageId"] for line in result.stdout.splitlines()] == [
        *("m1", "m2", "m4")
    ]
    assert fp("filter", "-l", PATTERN, archive).stdout == f"{archive}\n"
    ids = fp("filter", "-v", "--ids", PATTERN, archive).stdout.splitlines()
    assert ids == [row["messageId"] for row in ROWS if '"refunded"' not in row["body"]]
    rejects = archive.with_name("rejects.jsonl")
    assert fp("filter", "-v", "--rejects", rejects, PATTERN, archive).exit_code == 0
    assert lines_in(rejects) == rows_of("refunded")


def test_rows_without_an_id(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    pq.write_table(TABLE.select(["body"]), path)
    assert fp("filter", "--ids", "-m", "2", PATTERN, path).stdout == "-\n-\n"


def test_rows_of_another_table_do_not_fit(archive: Path) -> None:
    other, out = archive.with_name("other.parquet"), archive.with_name("out.parquet")
    pq.write_table(TABLE.select(["body"]), other)
    result = fp("filter", "-o", out, PATTERN, archive, other)
    assert result.exit_code == 2
    assert (
        f"{out}: error: the columns of these rows differ from those of {archive}" in result.stderr
    )
    assert not out.exists()


HELLO = '{"data": ["hello"]}'
MIXED: list[dict[str, Any]] = [
    {
        "id": str(number),
        "eventSource": "aws:kinesis" if number % 4 else "aws:sqs",
        "data": "hello",
    }
    for number in range(12)
]
REFUSED = [row for row in MIXED if row["eventSource"] == "aws:kinesis"]
"""Mappings of Kinesis take no such pattern: their records cannot be evaluated."""


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    path = tmp_path / "mixed.parquet"
    pq.write_table(pa.Table.from_pylist(MIXED), path)
    return path


@pytest.mark.parametrize("most", [2, 1000])
def test_rows_that_cannot_be_evaluated(
    mixed: Path, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    """They are reported with their numbers, and kept as lines, however many there are."""
    monkeypatch.setattr(parquet, "_MOST_ERRORS", most)
    bad = mixed.with_name("bad.jsonl")
    places = [f"{mixed}:{int(row['id']) + 1}" for row in REFUSED]
    result = fp("filter", "--source", "auto", "--errors", bad, HELLO, mixed)
    assert [json.loads(line)["id"] for line in result.stdout.splitlines()] == ["0", "4", "8"]
    assert [line.split(": ")[0] for line in result.stderr.splitlines()[:9]] == places
    assert result.exit_code == 2
    assert lines_in(bad) == REFUSED
    folder, rest = mixed.with_name("by"), mixed.with_name("rest.jsonl")
    options = ("--source", "auto", "--split", folder, "--rest", rest)
    result = fp("route", *options, f'{{"hello": {HELLO}}}', mixed)
    assert result.stdout == "12 records: 3 routed, 9 unrouted\n", "rules are left out by source"
    assert lines_in(rest) == REFUSED
    assert [row["id"] for row in lines_in(folder / "hello.jsonl")] == ["0", "4", "8"]


def test_errors_behind_the_last_row_that_is_wanted(mixed: Path) -> None:
    result = fp("filter", "--source", "auto", "-m", "2", "--stats", HELLO, mixed)
    assert [json.loads(line)["id"] for line in result.stdout.splitlines()] == ["0", "4"]
    assert [line.split(": ")[0] for line in result.stderr.splitlines()] == [
        *(f"{mixed}:{row}" for row in (2, 3, 4)),
        "stopped after 2 records",
    ]


def test_filtering_without_the_extra(archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "missing", lambda kind: f"{kind}: install it")
    result = fp("filter", PATTERN, archive)
    assert result.stderr.startswith(f"{archive}: error: {archive.suffix[1:]}: install it\n")
    assert result.exit_code == 2


def test_many_row_groups_are_written(archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet_filter, "_ROW_GROUP_BYTES", 1)
    monkeypatch.setattr(parquet, "_ROWS", 100)
    out = archive.with_name("out.parquet")
    assert fp("filter", "-j", "1", "-o", out, PATTERN, archive).exit_code == 0
    assert pq.ParquetFile(out).num_row_groups > 1
    assert pq.read_table(out).equals(TABLE.filter(pa.array([n % 3 == 0 for n in range(600)])))
