"""Assertions about what a filter keeps; a failure shows why, as `fp explain` does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from filterpatterns.delivery.envelopes import contradicts, records
from filterpatterns.delivery.reader import record_id
from filterpatterns.engine.filter import Filter
from filterpatterns.errors import RecordError, printable
from filterpatterns.matching.verdict import Reason

_NOTHING = "nothing"
_MOST_EXPLAINED = 5


def assert_delivered(filter: Filter, record: Any) -> None:  # noqa: A002 - what it is
    """Assert that the function receives a record.

    Args:
        filter: the filter, from `filterpatterns.load` or `compile`.
        record: as for `Filter.matches`.

    Raises:
        AssertionError: the filter drops it; the message is the explanation.
        RecordError: the record is not a JSON object.
    """
    __tracebackhide__ = True
    if not filter.matches(record):
        raise AssertionError(f"the record was dropped\n{explained(filter, record)}")


def assert_dropped(
    filter: Filter,  # noqa: A002
    record: Any,
    reason: Reason | str | None = None,
) -> None:
    """Assert that the function does not receive a record.

    Args:
        filter: the filter, from `filterpatterns.load` or `compile`.
        record: as for `Filter.matches`.
        reason: why it must be dropped: a Reason or its slug, such as "no-match" or "wants-json";
            None for any reason.

    Raises:
        AssertionError: the filter keeps it, or drops it for another reason; the message has the
            explanation.
        RecordError: the record is not a JSON object.
        ValueError: there is no such reason.
    """
    __tracebackhide__ = True
    wanted = None if reason is None else _reason(reason)
    found, _ = filter.verdict(record)
    if found is Reason.MATCH:
        raise AssertionError(f"the record was delivered\n{explained(filter, record)}")
    if wanted is not None and found is not wanted:
        raise AssertionError(
            f"the record was dropped for another reason: expected {wanted.slug}, found "
            f"{found.slug}\n{explained(filter, record)}"
        )


def assert_event(
    filter: Filter,  # noqa: A002
    event: Mapping[str, Any],
    ids: Iterable[str] = (),
) -> None:
    """Assert which records of a whole Lambda event the function receives.

    Args:
        filter: the filter, from `filterpatterns.load` or `compile`.
        event: as for `filterpatterns.records`.
        ids: the ids of the records that are kept, in order: `messageId` (SQS), `eventID` (Kinesis,
            DynamoDB), `messageID` (MQ), `topic-partition@offset` (Kafka).

    Raises:
        AssertionError: it receives others; the message explains those that differ.
        RecordError: the event has records of another source, or something that is not a record.
    """
    __tracebackhide__ = True
    wanted = list(ids)
    found = [
        (id_of(record), record, filter.matches(record)) for record in records_of(filter, event)
    ]
    kept = [name for name, _, is_kept in found if is_kept]
    if kept == wanted:
        return
    lines = [f"expected {listed(wanted)} to be delivered, found {listed(kept)}"]
    missing = [name for name in wanted if name not in {name for name, _, _ in found}]
    if missing:
        lines.append(f"the event has no {listed(missing)}")
    differing = [each for each in found if (each[0] in wanted) is not each[2]]
    for name, record, _ in differing[:_MOST_EXPLAINED]:
        lines.append(f"{printable(name)}:\n{explained(filter, record)}")
    if len(differing) > _MOST_EXPLAINED:
        lines.append(f"and {len(differing) - _MOST_EXPLAINED:,} more")
    raise AssertionError("\n".join(lines))


def explained(filter: Filter, record: Any) -> str:  # noqa: A002
    """Why a filter keeps or drops a record, as lines."""
    try:
        return str(filter.explain(record))
    except RecordError as error:  # for a filter that the verdict did not need
        return error.message


def records_of(filter: Filter, event: Mapping[str, Any]) -> list[Mapping[str, Any]]:  # noqa: A002
    """The records of an event.

    Raises:
        RecordError: there is one of another source than the filter's, or none at all.
    """
    found = list(records(event))
    for record in found:
        other = contradicts(record, filter.source)
        if other is not None:
            raise RecordError(f"the event has records of {other}, not of {filter.source}")
    return found


def id_of(record: Mapping[str, Any]) -> str:
    """Return the id of a record; empty if it has none."""
    name = record.get("messageID")
    return name if isinstance(name, str) else record_id(record) or ""


def listed(names: Iterable[str]) -> str:
    """Ids in words."""
    return ", ".join(map(printable, names)) or _NOTHING


def _reason(given: Reason | str) -> Reason:
    if isinstance(given, Reason):
        return given
    for each in Reason:
        if each.slug == given:
            return each
    slugs = ", ".join(each.slug for each in Reason if each is not Reason.MATCH)
    raise ValueError(f"unknown reason {given!r}: choose one of {slugs}")
