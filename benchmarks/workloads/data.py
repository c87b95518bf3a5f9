"""Records of an SQS queue, from a seed: sensor readings (small) and orders (medium, large).

The bodies resemble those of real services: a few nested objects, some numbers, a list of objects.
The fields that a pattern tests are planted afterwards by the question (see `cases`).
"""

from __future__ import annotations

import json
import random
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import orjson

Body = dict[str, Any]
Record = dict[str, Any]
Plant = Callable[[Body, random.Random, bool], None]
"""Adds the fields that a question is about to a body, so that it matches or fails."""

Size = Literal["small", "medium", "large"]
Text = Literal["ascii", "utf8", "escaped"]
Layout = Literal["compact", "spaced", "indented"]
Place = Literal["natural", "early", "late", "absent"]
Filler = Literal["fields", "text"]

COUNTS: dict[Size, int] = {"small": 3000, "medium": 1000, "large": 200}
_BYTES: dict[Size, int] = {"small": 0, "medium": 693, "large": 7300}
_LARGE_ITEMS = 12
_BROKEN_AT = 0.6


@dataclass(frozen=True)
class Shape:
    """The shape of bodies, apart from the fields that a pattern tests.

    text: only ASCII; other letters as UTF-8; or other letters as backslash escapes.
    layout: as compact as JSON can be, Python's default spaces, or lines indented by two.
    place: where the asked-for key stands in the body: where it naturally would, first, last, or
        nowhere.
    filler: what brings medium and large bodies to their size: many short fields, as machines send
        them, or one long text, as people do.
    decoy: every body holds the asked-for word, as a string of its own, in another field.
    broken: this part of the bodies is cut off and so no JSON.
    """

    size: Size
    text: Text = "ascii"
    layout: Layout = "compact"
    place: Place = "natural"
    filler: Filler = "fields"
    decoy: str = ""
    broken: float = 0.0


@dataclass(frozen=True)
class Words:
    names: tuple[str, ...]
    cities: tuple[str, ...]
    goods: tuple[str, ...]
    prose: tuple[str, ...]
    unit: str


_ASCII = Words(
    names=("Jose Alvarez", "Anna Schmidt", "Mei Tanaka", "Olu Adeyemi", "Sven Lund"),
    cities=("Munich", "Sao Paulo", "Tokyo", "Lagos", "Malmo"),
    goods=("Desk lamp", "Oak shelf", "Tea kettle", "Wool blanket", "Garden chair"),
    prose=("leave", "parcel", "with", "the", "neighbour", "if", "nobody", "answers", "please"),
    unit="C",
)
_OTHER = Words(
    names=("José Álvarez", "Anna Schütz", "田中 芽衣", "Olú Adéyẹmí", "Søren Åberg"),
    cities=("München", "São Paulo", "東京", "Ìbàdàn", "Malmö"),
    goods=("Schreibtischlampe für Büro", "棚板", "Théière émaillée", "Wełniany koc", "Stuhl 🪑"),
    prose=("bitte", "für", "größere", "Pakete", "zurück", "à", "l'étage", "荷物", "déjà"),
    unit="°C",
)


def records(
    shape: Shape, plant: Plant, key: str, rate: float, seed: int
) -> tuple[list[Record], list[int]]:
    """Records, and the indexes of those that match: exactly `rate` of them, at random positions.

    Args:
        shape: what the bodies look like.
        plant: sets the fields that the question is about.
        key: the body's member that `shape.place` and `shape.decoy` speak of.
        rate: the part of the records that hold; none do if the key is absent.
        seed: the same seed gives the same records.
    """
    rng = random.Random(seed)
    count = COUNTS[shape.size]
    hits = set() if shape.place == "absent" else set(rng.sample(range(count), round(count * rate)))
    misses = [index for index in range(count) if index not in hits]
    broken = set(rng.sample(misses, round(count * shape.broken)))
    made = []
    for index in range(count):
        text = _text(_body(shape, plant, key, index in hits, rng), shape)
        if index in broken:
            text = text[: int(len(text) * _BROKEN_AT)]
        made.append(_record(text, rng))
    return made, sorted(hits)


def fresh(given: list[Record]) -> list[Record]:
    """The same records with new strings for bodies.

    A str remembers its UTF-8 form once a decoder has asked for it; no str from a queue does.
    """
    return [{**record, "body": str(record["body"].encode(), "utf-8")} for record in given]


def texts(given: list[Record]) -> list[bytes]:
    """Each record as one line of JSON."""
    return [orjson.dumps(record) for record in given]


def mean_bytes(given: list[Record]) -> int:
    """How long the bodies are on average, in bytes of UTF-8."""
    return round(sum(len(record["body"].encode()) for record in given) / len(given))


def _body(shape: Shape, plant: Plant, key: str, hit: bool, rng: random.Random) -> Body:
    words = _ASCII if shape.text == "ascii" else _OTHER
    body = _reading(words, rng) if shape.size == "small" else _order(shape.size, words, rng)
    plant(body, rng, hit)
    if shape.decoy:
        body = {"channel": shape.decoy, **body}
    if shape.size != "small":
        fill = _fill_with_fields if shape.filler == "fields" else _fill_with_text
        fill(body, words, _BYTES[shape.size], rng)
    if shape.place == "absent":
        del body[key]
    elif shape.place == "late":
        body[key] = body.pop(key)
    elif shape.place == "early":
        body = {key: body[key], **body}
    return body


def _reading(words: Words, rng: random.Random) -> Body:
    return {
        "device": f"tk-{rng.randrange(10_000):04}",
        "status": rng.choice(("ok", "idle")),
        "value": round(rng.uniform(-20, 80), 2),
        "unit": words.unit,
        "ts": 1_700_000_000 + rng.randrange(10_000_000),
    }


def _order(size: Size, words: Words, rng: random.Random) -> Body:
    name = rng.choice(words.names)
    body: Body = {
        "orderId": str(uuid.UUID(int=rng.getrandbits(128))),
        "status": rng.choice(("placed", "paid", "shipped", "delivered")),
        "total": round(rng.uniform(5, 999), 2),
        "customer": {
            "id": rng.randrange(1_000_000),
            "name": name,
            "email": f"user{rng.randrange(100_000)}@example.com",
            "tier": rng.choice(("basic", "silver", "gold")),
        },
        "shipping": {
            "method": rng.choice(("ground", "air", "pickup")),
            "reference": f"STD-{rng.randrange(1_000_000)}",
            "address": {
                "city": rng.choice(words.cities),
                "postcode": str(rng.randrange(10_000, 99_999)),
                "country": rng.choice(("DE", "BR", "JP", "NG", "SE", "NZ")),
            },
        },
        "payment": {
            "method": rng.choice(("card", "invoice")),
            "amount": round(rng.uniform(5, 999), 2),
            "captured": rng.random() < 0.9,
        },
        "items": [_item(words, rng) for _ in range(2)],
    }
    if size == "large":
        body["items"] += [_item(words, rng) for _ in range(_LARGE_ITEMS - 2)]
        body["history"] = [_step(words, rng) for _ in range(25)]
    body["createdAt"] = f"2025-06-{rng.randrange(1, 29):02}T{rng.randrange(24):02}:15:00Z"
    return body


def _item(words: Words, rng: random.Random) -> Body:
    return {
        "sku": f"{rng.choice(('KIT', 'ART', 'SET'))}-{rng.randrange(100_000):05}",
        "name": rng.choice(words.goods),
        "quantity": rng.randrange(1, 5),
        "price": round(rng.uniform(1, 300), 2),
    }


def _step(words: Words, rng: random.Random) -> Body:
    return {
        "at": 1_700_000_000 + rng.randrange(10_000_000),
        "by": rng.choice(words.names),
        "event": rng.choice(("status_changed", "mail_sent", "label_printed")),
        "retries": rng.randrange(3),
    }


def _length(body: Body) -> int:
    return len(json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode())


def _fill_with_fields(body: Body, words: Words, target: int, rng: random.Random) -> None:
    """Adds measurements and flags that bring the body to about the target length."""
    missing = target - _length(body)
    parcels = []
    while missing > 0:
        parcel: Body = {
            "id": rng.randrange(1000),
            "kg": round(rng.uniform(0.1, 30), 1),
            "cm": [rng.randrange(5, 120) for _ in range(3)],
            "ok": rng.random() < 0.9,
            "to": rng.choice(words.cities),
            "lane": rng.choice(("A", "B", None)),
        }
        parcels.append(parcel)
        missing -= _length(parcel) + 1
    body["parcels"] = parcels


def _fill_with_text(body: Body, words: Words, target: int, rng: random.Random) -> None:
    """Adds a note that brings the body to the target length, if it is below it."""
    missing = target - _length(body)
    note = ""
    while len(note.encode()) < missing - len(',"note":""'):
        note += rng.choice(words.prose) + " "
    body["note"] = note.rstrip()


def _text(body: Body, shape: Shape) -> str:
    ascii_only = shape.text != "utf8"
    if shape.layout == "compact":
        return json.dumps(body, ensure_ascii=ascii_only, separators=(",", ":"))
    indent = 2 if shape.layout == "indented" else None
    return json.dumps(body, ensure_ascii=ascii_only, indent=indent)


def _record(text: str, rng: random.Random) -> Record:
    sent = str(1_750_000_000_000 + rng.randrange(1_000_000_000))
    return {
        "messageId": str(uuid.UUID(int=rng.getrandbits(128))),
        "receiptHandle": f"AQEB{rng.getrandbits(480):0120x}",
        "body": text,
        "attributes": {
            "ApproximateReceiveCount": "1",
            "SentTimestamp": sent,
            "SenderId": "AIDAIENQZJOLO23YVJ4VO",
            "ApproximateFirstReceiveTimestamp": sent,
        },
        "messageAttributes": {},
        "md5OfBody": f"{rng.getrandbits(128):032x}",
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:eu-central-1:123456789012:orders",
        "awsRegion": "eu-central-1",
    }
