"""python -m benchmarks.counting: `fp stats` and `fp test -q` as ratios to `fp filter -c`.

Each with one process. The same files, 100,000 records unless told otherwise, through all three in
turns; whole processes, the least time of each. The patterns are what makes counting hard: arrays,
`$or`, fields that no record has, payloads that are not JSON. The layouts of the records (how long
each string of the metadata is, and what there is) matter only with the extra `fast`.
"""

from __future__ import annotations

import argparse
import base64
import json
import math
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

from benchmarks import report
from benchmarks.commands import write_events

_PLAIN = {"body": {"status": ["refunded"], "total": [{"numeric": [">", 9000]}]}}
_RARE = {"body": {"status": ["refunded"]}}

SHAPES: dict[str, tuple[str, str, Any]] = {
    "two fields": ("sqs", "json", _PLAIN),
    "`$or` of two fields": (
        "sqs",
        "json",
        {"body": {"$or": [{"status": ["refunded"]}, {"total": [{"numeric": [">", 9000]}]}]}},
    ),
    "a field, and `$or` of objects": (
        "sqs",
        "json",
        {
            "body": {
                "status": ["refunded", "paid"],
                "$or": [
                    {"customer": {"tier": ["gold"]}, "total": [{"numeric": [">", 9000]}]},
                    {"payment": {"captured": [True]}},
                ],
            }
        },
    ),
    "two fields in an array of objects": (
        "sqs",
        "json",
        {"body": {"items": {"sku": [{"prefix": "KIT-"}], "quantity": [{"numeric": [">", 2]}]}}},
    ),
    "a field that no record has": ("sqs", "json", {"body": {"state": ["refunded"]}}),
    "the same in an object": (
        "sqs",
        "json",
        {"body": {"status": ["paid"], "customer": {"tear": ["gold"]}}},
    ),
    "the same in the metadata": (
        "sqs",
        "json",
        {"messageAttributes": {"tenant": {"stringValue": ["x"]}}, "body": {"status": ["paid"]}},
    ),
    "5% of the payloads not JSON": ("sqs", "some text", _PLAIN),
    "no payload JSON": ("sqs", "text", _PLAIN),
    "a rare value": ("sqs", "json", _RARE),
    "the same, one of 15 layouts in each line": ("sqs", "some layouts", _RARE),
    "the same, another layout in each line": ("sqs", "layouts", _RARE),
    "Kinesis": ("kinesis", "kinesis", {"data": _PLAIN["body"]}),
    "events": ("event", "event", {"detail": _PLAIN["body"]}),
}
"""By name: the source, the file, and the pattern."""


_COMMANDS = (["filter", "-c", "-j", "1"], ["stats", "-j", "1"], ["test", "-q", "-j", "1"])


def _some_text(record: dict[str, Any], number: int) -> dict[str, Any]:
    return record if number % 20 else {**record, "body": record["body"][:50]}


def _text(record: dict[str, Any], _number: int) -> dict[str, Any]:
    return {**record, "body": f"order {record['body'][1:]}"}


def _some_layouts(record: dict[str, Any], number: int) -> dict[str, Any]:
    attributes = {"ApproximateReceiveCount": str(10 ** (number % 3)), "SenderId": "A" * 20}
    attributes["SenderId"] += "B" * (number // 3 % 5)
    return {**record, "attributes": attributes}


def _layouts(record: dict[str, Any], number: int) -> dict[str, Any]:
    rng = random.Random(number)
    attributes = {"ApproximateReceiveCount": str(rng.choice([1, 2, 10, 100]))}
    if rng.random() < 0.7:
        attributes["SenderId"] = "A" * rng.randrange(15, 45)
    names = [name for name in ("tenant", "trace") if rng.random() < 0.4]
    return {
        **record,
        "receiptHandle": "AQEB" + "x" * rng.randrange(200, 400),
        "attributes": attributes,
        "messageAttributes": {name: {"stringValue": "x" * rng.randrange(40)} for name in names},
    }


def _kinesis(record: dict[str, Any], _number: int) -> dict[str, Any]:
    data = base64.b64encode(record["body"].encode()).decode()
    return {"kinesis": {"partitionKey": record["messageId"], "data": data}}


def _event(record: dict[str, Any], _number: int) -> dict[str, Any]:
    return {"id": record["messageId"], "source": "shop", "detail": json.loads(record["body"])}


_FILES: dict[str, Callable[[dict[str, Any], int], dict[str, Any]]] = {
    "some text": _some_text,
    "text": _text,
    "some layouts": _some_layouts,
    "layouts": _layouts,
    "kinesis": _kinesis,
    "event": _event,
}


def _write(folder: Path, count: int) -> None:
    plain = folder / "json"
    write_events(plain, count)
    for name, change in _FILES.items():
        with plain.open("rb") as lines, (folder / name).open("w") as file:
            for number, line in enumerate(lines):
                file.write(json.dumps(change(json.loads(line), number)) + "\n")


def _seconds(arguments: list[str]) -> float:
    start = perf_counter()
    subprocess.run(
        [sys.executable, "-m", "filterpatterns", *arguments], stdout=subprocess.DEVNULL, check=False
    )
    return perf_counter() - start


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.counting")
    parser.add_argument("--records", type=int, default=100_000, help="in each file")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as name:
        os.environ["PYTHONPYCACHEPREFIX"] = str(Path(name) / "compiled")
        _write(Path(name), arguments.records)
        for shape, (source, file, pattern) in SHAPES.items():
            best = [math.inf] * 3
            for _ in range(arguments.rounds):
                for place, command in enumerate(_COMMANDS):
                    given = ["--source", source, json.dumps(pattern), str(Path(name) / file)]
                    best[place] = min(best[place], _seconds([*command, *given]))
            base, stats, test = best
            rows.append([shape, f"{base:.2f}", f"{stats / base:.1f}x", f"{test / base:.1f}x"])
    print(report.table(["records and pattern", "filter -c, s", "stats", "test -q"], rows))


if __name__ == "__main__":
    main()
