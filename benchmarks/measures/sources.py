"""The same questions for Kinesis and DynamoDB records, compared with hand-written checks."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from time import perf_counter
from typing import Any

import orjson

import filterpatterns
from benchmarks.measures.timing import gc_off
from benchmarks.workloads.cases import CASES, Case, workload
from benchmarks.workloads.data import Record

Keep = Callable[[Any], bool]


@dataclass(frozen=True, eq=False)
class SourceCase:
    """Records of a source, a pattern for them, and the same check written by hand."""

    name: str
    source: str
    pattern: dict[str, Any]
    records: list[Any]
    by_hand: Keep


@dataclass(frozen=True)
class SourceResult:
    """Microseconds per record, and the median of the rounds' ratios."""

    name: str
    by_hand: float
    filter: float
    ratio: float


def source_cases() -> list[SourceCase]:
    """Kinesis: base64 of the SQS cases' bodies. DynamoDB: one item's image, as dict and as text."""
    exact, numeric = _case("medium exact, 1%"), _case("medium numeric, 10%")
    images = [_image(orjson.loads(record["body"])) for record in workload(exact).records]
    image = {"dynamodb": {"NewImage": {"status": {"S": ["refunded"]}}}}
    return [
        SourceCase("kinesis exact", "kinesis", _under_data(exact), _streamed(exact), _refunded),
        SourceCase("kinesis numeric", "kinesis", _under_data(numeric), _streamed(numeric), _big),
        SourceCase("dynamodb exact, dicts", "dynamodb", image, images, _image_refunded),
        SourceCase(
            "dynamodb exact, JSON text",
            "dynamodb",
            image,
            [orjson.dumps(each) for each in images],
            lambda text: _image_refunded(orjson.loads(text)),
        ),
    ]


def measure_source(case: SourceCase, rounds: int) -> SourceResult:
    """Time `filter` and a loop with the hand-written check, in turn, with new strings each round.

    Raises:
        ValueError: the two keep different records.
    """
    compiled = filterpatterns.compile(case.pattern, source=case.source)
    by_hand = case.by_hand
    if compiled.filter(case.records) != [each for each in case.records if by_hand(each)]:
        raise ValueError(f"{case.name}: the check by hand keeps other records")
    times: dict[str, list[float]] = {"hand": [], "filter": []}
    with gc_off():
        for _ in range(rounds):
            for name in times:
                given = [_fresh(record) for record in case.records]
                start = perf_counter()
                if name == "hand":
                    kept = [record for record in given if by_hand(record)]
                else:
                    kept = compiled.filter(given)
                times[name].append((perf_counter() - start) / len(given) * 1e6)
                del given, kept
    ratio = median(slow / fast for slow, fast in zip(times["hand"], times["filter"], strict=True))
    return SourceResult(case.name, median(times["hand"]), median(times["filter"]), ratio)


def _case(name: str) -> Case:
    return next(case for case in CASES if case.name == name)


def _under_data(case: Case) -> dict[str, Any]:
    return {"data": case.question.pattern["body"]}


def _streamed(case: Case) -> list[Record]:
    return [
        {
            "kinesis": {
                "kinesisSchemaVersion": "1.0",
                "partitionKey": "1",
                "sequenceNumber": "49590338271490256608559692538361571095921575989136588898",
                "data": base64.b64encode(record["body"].encode()).decode(),
                "approximateArrivalTimestamp": 1545084650.987,
            },
            "eventSource": "aws:kinesis",
            "eventID": "shardId-000000000006:49590338",
        }
        for record in workload(case).records
    ]


def _image(body: dict[str, Any]) -> Record:
    return {
        "eventID": "c4ca4238a0b923820dcc509a6f75849b",
        "eventName": "INSERT",
        "eventSource": "aws:dynamodb",
        "dynamodb": {
            "Keys": {"orderId": {"S": body["orderId"]}},
            "NewImage": {name: _typed(value) for name, value in body.items()},
            "StreamViewType": "NEW_AND_OLD_IMAGES",
        },
    }


def _typed(value: Any) -> dict[str, Any]:
    """A value as DynamoDB Streams delivers it."""
    if value is None or isinstance(value, bool):
        return {"NULL": True} if value is None else {"BOOL": value}
    if isinstance(value, str):
        return {"S": value}
    if isinstance(value, list):
        return {"L": [_typed(item) for item in value]}
    if isinstance(value, dict):
        return {"M": {name: _typed(item) for name, item in value.items()}}
    return {"N": str(value)}


def _fresh(record: Any) -> Any:
    if isinstance(record, bytes) or "kinesis" not in record:
        return record
    data = str(record["kinesis"]["data"].encode(), "utf-8")
    return {**record, "kinesis": {**record["kinesis"], "data": data}}


def _decoded(record: Record) -> Any:
    try:
        return orjson.loads(base64.b64decode(record["kinesis"]["data"], validate=True))
    except ValueError:
        return None


def _refunded(record: Record) -> bool:
    data = _decoded(record)
    return isinstance(data, dict) and data.get("status") == "refunded"


def _big(record: Record) -> bool:
    data = _decoded(record)
    if not isinstance(data, dict):
        return False
    total = data.get("total")
    return isinstance(total, (int, float)) and not isinstance(total, bool) and total > 1000


def _image_refunded(record: Record) -> bool:
    image = record["dynamodb"].get("NewImage")
    status = image.get("status") if isinstance(image, dict) else None
    return isinstance(status, dict) and status.get("S") == "refunded"
