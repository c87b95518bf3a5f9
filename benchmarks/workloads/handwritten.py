"""Hand-written checks in place of patterns: for each question, a check of one record and a loop.

Each function takes the JSON decoder and returns (keep, batch): `keep(record)` is the check to call
in a loop, `batch(records)` the loop with the check inlined, where that is short. They are as
careful as the data requires: a body that is not JSON, or not an object, is dropped.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from benchmarks.workloads.data import Record

Loads = Callable[[Any], Any]
Keep = Callable[[Record], bool]
Batch = Callable[[list[Record]], list[Record]]
Checks = tuple[Keep, Batch]
Handwritten = Callable[[Loads], Checks]


def reading_failed(loads: Loads) -> Checks:
    """An exact string."""

    def keep(record: Record) -> bool:
        try:
            body = loads(record["body"])
        except ValueError:
            return False
        return isinstance(body, dict) and body.get("status") == "failed"

    def batch(records: list[Record]) -> list[Record]:
        kept = []
        for record in records:
            try:
                body = loads(record["body"])
            except ValueError:
                continue
            if isinstance(body, dict) and body.get("status") == "failed":
                kept.append(record)
        return kept

    return keep, batch


def reading_high(loads: Loads) -> Checks:
    """A number above a bound."""

    def keep(record: Record) -> bool:
        try:
            body = loads(record["body"])
        except ValueError:
            return False
        if not isinstance(body, dict):
            return False
        value = body.get("value")
        return isinstance(value, (int, float)) and value > 90

    def batch(records: list[Record]) -> list[Record]:
        kept = []
        for record in records:
            try:
                body = loads(record["body"])
            except ValueError:
                continue
            if isinstance(body, dict):
                value = body.get("value")
                if isinstance(value, (int, float)) and value > 90:
                    kept.append(record)
        return kept

    return keep, batch


def reading_odd(loads: Loads) -> Checks:
    """Any string but two, and another field that must be there."""

    def keep(record: Record) -> bool:
        try:
            body = loads(record["body"])
        except ValueError:
            return False
        return (
            isinstance(body, dict)
            and "value" in body
            and "status" in body
            and body["status"] not in ("ok", "idle")
        )

    def batch(records: list[Record]) -> list[Record]:
        kept = []
        for record in records:
            try:
                body = loads(record["body"])
            except ValueError:
                continue
            if (
                isinstance(body, dict)
                and "value" in body
                and "status" in body
                and body["status"] not in ("ok", "idle")
            ):
                kept.append(record)
        return kept

    return keep, batch


def reading_unexplained(loads: Loads) -> Checks:
    """Any string but two, and another field that must not be there."""

    def keep(record: Record) -> bool:
        try:
            body = loads(record["body"])
        except ValueError:
            return False
        return (
            isinstance(body, dict)
            and "error" not in body
            and "status" in body
            and body["status"] not in ("ok", "idle")
        )

    def batch(records: list[Record]) -> list[Record]:
        kept = []
        for record in records:
            try:
                body = loads(record["body"])
            except ValueError:
                continue
            if (
                isinstance(body, dict)
                and "error" not in body
                and "status" in body
                and body["status"] not in ("ok", "idle")
            ):
                kept.append(record)
        return kept

    return keep, batch


def order_refunded(loads: Loads) -> Checks:
    """An exact string."""

    def keep(record: Record) -> bool:
        try:
            body = loads(record["body"])
        except ValueError:
            return False
        return isinstance(body, dict) and body.get("status") == "refunded"

    def batch(records: list[Record]) -> list[Record]:
        kept = []
        for record in records:
            try:
                body = loads(record["body"])
            except ValueError:
                continue
            if isinstance(body, dict) and body.get("status") == "refunded":
                kept.append(record)
        return kept

    return keep, batch


def order_big(loads: Loads) -> Checks:
    """A number above a bound."""

    def keep(record: Record) -> bool:
        try:
            body = loads(record["body"])
        except ValueError:
            return False
        if not isinstance(body, dict):
            return False
        total = body.get("total")
        return isinstance(total, (int, float)) and total > 1000

    def batch(records: list[Record]) -> list[Record]:
        kept = []
        for record in records:
            try:
                body = loads(record["body"])
            except ValueError:
                continue
            if isinstance(body, dict):
                total = body.get("total")
                if isinstance(total, (int, float)) and total > 1000:
                    kept.append(record)
        return kept

    return keep, batch


def order_gold_abroad(loads: Loads) -> Checks:
    """Two exact strings, in nested objects."""

    def holds(body: Any) -> bool:
        if not isinstance(body, dict):
            return False
        customer = body.get("customer")
        if not isinstance(customer, dict) or customer.get("tier") != "gold":
            return False
        shipping = body.get("shipping")
        if not isinstance(shipping, dict):
            return False
        address = shipping.get("address")
        return isinstance(address, dict) and address.get("country") == "NZ"

    return _checks(loads, holds)


def order_express(loads: Loads) -> Checks:
    """A range, an exact string and a prefix, each in another nested object."""

    def holds(body: Any) -> bool:
        if not isinstance(body, dict):
            return False
        customer = body.get("customer")
        if not isinstance(customer, dict) or customer.get("tier") != "gold":
            return False
        payment = body.get("payment")
        if not isinstance(payment, dict):
            return False
        amount = payment.get("amount")
        if not isinstance(amount, (int, float)) or not 100 <= amount < 200:
            return False
        shipping = body.get("shipping")
        if not isinstance(shipping, dict):
            return False
        reference = shipping.get("reference")
        return isinstance(reference, str) and reference.startswith("EXP-")

    return _checks(loads, holds)


def order_kits(loads: Loads) -> Checks:
    """A prefix and a bound, in one object of an array."""

    def holds(body: Any) -> bool:
        if not isinstance(body, dict):
            return False
        items = body.get("items")
        if not isinstance(items, list):
            return False
        for item in items:
            if isinstance(item, dict):
                quantity = item.get("quantity")
                if isinstance(quantity, (int, float)) and quantity > 5:
                    sku = item.get("sku")
                    if isinstance(sku, str) and sku.startswith("KIT-"):
                        return True
        return False

    return _checks(loads, holds)


def _checks(loads: Loads, holds: Callable[[Any], bool]) -> Checks:
    """For checks with several steps, which nobody would inline."""

    def keep(record: Record) -> bool:
        try:
            body = loads(record["body"])
        except ValueError:
            return False
        return holds(body)

    def batch(records: list[Record]) -> list[Record]:
        kept = []
        for record in records:
            try:
                body = loads(record["body"])
            except ValueError:
                continue
            if holds(body):
                kept.append(record)
        return kept

    return keep, batch
