"""The cases: a question for records of one shape, with the goal for its speed."""

from __future__ import annotations

import random
import zlib
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from benchmarks.workloads import handwritten
from benchmarks.workloads.data import Body, Plant, Record, Shape, mean_bytes, records
from benchmarks.workloads.handwritten import Handwritten

LOOP_GOAL = 1.3
"""`matches` in a plain loop, against the handwritten check in a plain loop: in every case."""
MOTO_GOAL = 20.0
"""`filter` against moto: in every case that moto gets right."""


@dataclass(frozen=True, eq=False)
class Question:
    """A pattern, the data for it, and the same check written by hand.

    unsupported: engines whose answer differs from that of AWS, or that have none, and why.
    """

    name: str
    pattern: dict[str, Any]
    key: str
    plant: Plant
    handwritten: Handwritten
    rate: float
    unsupported: dict[str, str]


@dataclass(frozen=True, eq=False)
class Case:
    """A question, put to records of one shape; the goal is for `filter` against orjson by hand."""

    name: str
    question: Question
    shape: Shape
    rate: float
    goal: float | None = None


@dataclass(frozen=True, eq=False)
class Workload:
    """A case's records, the indexes of those to be kept, and the mean length of a body."""

    records: list[Record]
    kept: list[int]
    body_bytes: int

    def sample(self, share: float) -> tuple[list[Record], list[int]]:
        """Some records, with the right share of those to be kept, and the indexes of these."""
        if share == 1.0:
            return self.records, self.kept
        hits = self.kept[: max(1, round(len(self.kept) * share))]
        kept, misses = set(self.kept), round(len(self.records) * share) - len(hits)
        others = [index for index in range(len(self.records)) if index not in kept][:misses]
        chosen = sorted(hits + others)
        positions = [position for position, index in enumerate(chosen) if index in kept]
        return [self.records[index] for index in chosen], positions


@lru_cache(maxsize=2)
def workload(case: Case) -> Workload:
    """The case's records: always the same ones."""
    question = case.question
    seed = zlib.crc32(case.name.encode())
    made, kept = records(case.shape, question.plant, question.key, case.rate, seed)
    return Workload(made, kept, mean_bytes(made))


def _plant_failed(body: Body, rng: random.Random, hit: bool) -> None:
    body["status"] = "failed" if hit else rng.choice(("ok", "idle", "starting"))


def _plant_high(body: Body, rng: random.Random, hit: bool) -> None:
    body["value"] = round(rng.uniform(90.01, 120) if hit else rng.uniform(-20, 90), 2)


def _plant_odd(body: Body, rng: random.Random, hit: bool) -> None:
    if hit or rng.random() < 0.1:
        body["status"] = rng.choice(("low", "late"))
        if not hit:
            del body["value"]


def _plant_unexplained(body: Body, rng: random.Random, hit: bool) -> None:
    if hit or rng.random() < 0.1:
        body["status"] = rng.choice(("low", "late"))
        if not hit:
            body["error"] = rng.randrange(100)


def _plant_refunded(body: Body, rng: random.Random, hit: bool) -> None:
    body["status"] = "refunded" if hit else rng.choice(("placed", "paid", "shipped", "delivered"))


def _plant_big(body: Body, rng: random.Random, hit: bool) -> None:
    body["total"] = round(rng.uniform(1000.01, 9999) if hit else rng.uniform(5, 1000), 2)


def _plant_gold_abroad(body: Body, rng: random.Random, hit: bool) -> None:
    customer, address = body["customer"], body["shipping"]["address"]
    if hit:
        customer["tier"], address["country"] = "gold", "NZ"
    elif customer["tier"] == "gold" and address["country"] == "NZ":
        customer["tier"] = "silver"


def _plant_express(body: Body, rng: random.Random, hit: bool) -> None:
    """One record in three that fails does so by its range only, and so on."""
    fails = None if hit else rng.randrange(3)
    amount = rng.uniform(200, 999) if fails == 0 else rng.uniform(100, 199)
    body["payment"]["amount"] = round(amount, 2)
    body["customer"]["tier"] = rng.choice(("basic", "silver")) if fails == 1 else "gold"
    prefix = rng.choice(("STD", "ECO")) if fails == 2 else "EXP"
    body["shipping"]["reference"] = f"{prefix}-{rng.randrange(1_000_000)}"


def _plant_kits(body: Body, rng: random.Random, hit: bool) -> None:
    """Kits in every order, and quantities above the bound in every order: seldom of one item."""
    for item in body["items"]:
        kit = rng.random() < 0.5
        item["sku"] = f"{'KIT' if kit else 'ART'}-{rng.randrange(100_000):05}"
        item["quantity"] = rng.randrange(1, 6) if kit else rng.randrange(1, 12)
    if hit:
        item = rng.choice(body["items"])
        item["sku"], item["quantity"] = f"KIT-{rng.randrange(100_000):05}", rng.randrange(6, 12)


_EVENT_RULER = {"event-ruler": "knows no numeric, prefix or $or"}
_ARRAYS = {**_EVENT_RULER, "moto": "does not look into objects in arrays"}

FAILED = Question(
    "exact",
    {"body": {"status": ["failed"]}},
    "status",
    _plant_failed,
    handwritten.reading_failed,
    0.01,
    {},
)
HIGH = Question(
    "numeric",
    {"body": {"value": [{"numeric": [">", 90]}]}},
    "value",
    _plant_high,
    handwritten.reading_high,
    0.1,
    _EVENT_RULER,
)
ODD = Question(
    "anything-but, exists",
    {"body": {"status": [{"anything-but": ["ok", "idle"]}], "value": [{"exists": True}]}},
    "status",
    _plant_odd,
    handwritten.reading_odd,
    0.1,
    {},
)
UNEXPLAINED = Question(
    "anything-but, exists: false",
    {"body": {"status": [{"anything-but": ["ok", "idle"]}], "error": [{"exists": False}]}},
    "status",
    _plant_unexplained,
    handwritten.reading_unexplained,
    0.1,
    {},
)
REFUNDED = Question(
    "exact",
    {"body": {"status": ["refunded"]}},
    "status",
    _plant_refunded,
    handwritten.order_refunded,
    0.01,
    {},
)
BIG = Question(
    "numeric",
    {"body": {"total": [{"numeric": [">", 1000]}]}},
    "total",
    _plant_big,
    handwritten.order_big,
    0.1,
    _EVENT_RULER,
)
GOLD_ABROAD = Question(
    "two nested",
    {"body": {"customer": {"tier": ["gold"]}, "shipping": {"address": {"country": ["NZ"]}}}},
    "customer",
    _plant_gold_abroad,
    handwritten.order_gold_abroad,
    0.1,
    {},
)
EXPRESS = Question(
    "range, exact, prefix",
    {
        "body": {
            "customer": {"tier": ["gold"]},
            "payment": {"amount": [{"numeric": [">=", 100, "<", 200]}]},
            "shipping": {"reference": [{"prefix": "EXP-"}]},
        }
    },
    "payment",
    _plant_express,
    handwritten.order_express,
    0.1,
    _EVENT_RULER,
)
KITS = Question(
    "objects in array",
    {"body": {"items": {"sku": [{"prefix": "KIT-"}], "quantity": [{"numeric": [">", 5]}]}}},
    "items",
    _plant_kits,
    handwritten.order_kits,
    0.1,
    _ARRAYS,
)


def _case(
    question: Question,
    size: str,
    detail: str = "",
    *,
    rate: float | None = None,
    goal: float | None = None,
    **options: Any,
) -> Case:
    """A case, named after its size, its question, and its detail, the option that sets it apart."""
    rate = question.rate if rate is None else rate
    name = f"{size} {question.name}, {detail or f'{rate:.0%}'}"
    return Case(name, question, Shape(size=size, **options), rate, goal)  # type: ignore[arg-type]


CASES: tuple[Case, ...] = (
    _case(FAILED, "small", goal=2.0),
    _case(HIGH, "small", goal=1.6),
    _case(ODD, "small", goal=1.5),
    _case(REFUNDED, "medium", goal=4.0),
    _case(BIG, "medium", goal=3.0),
    _case(GOLD_ABROAD, "medium", goal=3.0),
    _case(EXPRESS, "medium", goal=2.5),
    _case(KITS, "medium", goal=1.3),
    _case(REFUNDED, "large", goal=3.0),
    _case(BIG, "large", goal=3.0),
    _case(GOLD_ABROAD, "large", goal=3.0),
    _case(EXPRESS, "large", goal=3.0),
    _case(KITS, "large", goal=3.0),
    # what moves the figures above
    _case(UNEXPLAINED, "small"),
    _case(FAILED, "small", rate=0.1),
    _case(FAILED, "small", rate=0.9),
    _case(FAILED, "small", "UTF-8", text="utf8"),
    _case(FAILED, "small", "spaced", layout="spaced"),
    _case(REFUNDED, "medium", rate=0.1),
    _case(REFUNDED, "medium", rate=0.9),
    _case(REFUNDED, "medium", "key early", place="early"),
    _case(REFUNDED, "medium", "key late", place="late"),
    _case(REFUNDED, "medium", "key absent", place="absent"),
    _case(REFUNDED, "medium", "word elsewhere", decoy="refunded"),
    _case(REFUNDED, "medium", "spaced", layout="spaced"),
    _case(REFUNDED, "medium", "indented", layout="indented"),
    _case(REFUNDED, "medium", "UTF-8", text="utf8"),
    _case(REFUNDED, "medium", "escapes", text="escaped"),
    _case(REFUNDED, "medium", "long text", filler="text"),
    _case(REFUNDED, "medium", "5% not JSON", broken=0.05),
    _case(BIG, "medium", rate=0.01),
    _case(BIG, "medium", rate=0.9),
    _case(BIG, "medium", "key early", place="early"),
    _case(BIG, "medium", "key late", place="late"),
    _case(BIG, "medium", "key absent", place="absent"),
    _case(BIG, "medium", "spaced", layout="spaced"),
    _case(BIG, "medium", "UTF-8", text="utf8"),
    _case(BIG, "medium", "escapes", text="escaped"),
    _case(BIG, "medium", "long text", filler="text"),
    _case(KITS, "medium", "UTF-8", text="utf8"),
    _case(BIG, "large", "long text", filler="text"),
    _case(REFUNDED, "large", "UTF-8", text="utf8"),
    _case(REFUNDED, "large", "escapes", text="escaped"),
)


def selected(part: str = "") -> list[Case]:
    """The cases whose names contain this, in any case of letters."""
    return [case for case in CASES if part.lower() in case.name.lower()]
