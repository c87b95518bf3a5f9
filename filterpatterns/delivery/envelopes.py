"""What AWS delivers: the source of a record, and the records in a whole Lambda event.

The shapes come from the example events of the Lambda developer guide: "Using AWS Lambda with Amazon
SQS", "... Kinesis", "... DynamoDB", "... Amazon MSK", "... Amazon MQ".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from filterpatterns.errors import RecordError

_EVENT_SOURCES = {
    "aws:sqs": "sqs",
    "aws:kinesis": "kinesis",
    "aws:dynamodb": "dynamodb",
    "aws:kafka": "kafka",
    "SelfManagedKafka": "kafka",
    "aws:mq": "mq",
    "aws:rmq": "mq",
}

_MARKS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("sqs", ("body",)),
    ("sqs", ("Body", "MessageId")),
    ("kinesis", ("kinesis",)),
    ("dynamodb", ("dynamodb",)),
    ("kafka", ("topic", "partition", "offset")),
    ("kinesis", ("data", "partitionKey")),
    ("mq", ("data", "redelivered")),
    ("mq", ("data", "messageID")),
    ("mq", ("data", "basicProperties")),
)
"""A source, and members that its records have; the first match counts."""

SIGNS: Final = (*dict.fromkeys(name for _, members in _MARKS for name in members), "Data")
"""All members by which `source_of` tells sources, but for `eventSource`."""

_SUBSCRIBER_MEMBERS = frozenset(("Data", "Metadata", "SystemMetadata"))
"""The members of an event as delivered to a subscriber of a Custom Event Bus: Data, and at least
one of the others."""

HOLDERS: Final = ("Records", "Messages", "messages", "records", "rmqMessagesByQueue")
"""The members in which events have their records: an object with none of them is one record."""


def source_of(record: Mapping[str, Any]) -> str:
    """Return the name of a record's source, from its `eventSource` or else its shape; "event"
    for any other object."""
    named = record.get("eventSource")
    if isinstance(named, str) and named in _EVENT_SOURCES:
        return _EVENT_SOURCES[named]
    for source, members in _MARKS:
        if all(member in record for member in members):
            return source
    if "Data" in record and not record.keys() - _SUBSCRIBER_MEMBERS and len(record) > 1:
        return "subscriber"
    return "event"


def contradicts(record: Mapping[str, Any], source: str) -> str | None:
    """Return the source that a record belongs to, if it contradicts the source of a filter."""
    if source in ("auto", "event"):
        return None
    found = source_of(record)
    return None if found in (source, "event") else found


def holds_records(event: Any) -> str | None:
    """Return the member of a Lambda event that has its records; None for any other object.

    This includes what SQS's ReceiveMessage returns (boto3, `aws sqs receive-message`). Names that
    other objects may also have (`messages`, `records`) count only with the other features of these
    events.
    """
    if not isinstance(event, Mapping):
        return None
    source = event.get("eventSource")
    held = event.get("Records")
    # A single non-object does not spoil the others; without any object it is some other array.
    if isinstance(held, (list, tuple)) and (not held or any(map(_is_object, held))):
        return "Records"
    if _are_objects(event.get("messages"), None if source == "aws:mq" else "messageID"):
        return "messages"
    if _are_objects(event.get("Messages"), "MessageId"):
        return "Messages"
    is_kafka = _EVENT_SOURCES.get(source) == "kafka" if isinstance(source, str) else False
    for key, member in (("records", None if is_kafka else "topic"), ("rmqMessagesByQueue", None)):
        groups = event.get(key)
        if not isinstance(groups, Mapping) or not groups:
            continue
        if all(_are_objects(group, member) for group in groups.values()):
            return key
    return None


def _is_object(value: Any) -> bool:
    return isinstance(value, Mapping)


def _are_objects(value: Any, with_member: str | None = None) -> bool:
    """Whether a value is a list of objects; if `with_member`, a nonempty list of objects that have
    it."""
    if not isinstance(value, (list, tuple)) or (with_member is not None and not value):
        return False
    return all(
        isinstance(item, Mapping) and (with_member is None or with_member in item) for item in value
    )


def records(event: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the records of a whole Lambda event, in the order in which the function gets them.

    Args:
        event: `{"Records": [...]}` (SQS, Kinesis, DynamoDB), `{"records": {"topic-0": [...]}}`
            (Kafka), `{"messages": [...]}` (ActiveMQ), `{"rmqMessagesByQueue": {"queue": [...]}}`
            (RabbitMQ), or what boto3's `receive_message` returns. Any other object is one record.

    Raises:
        RecordError: the event, or a record in it, is not an object.
    """
    if not isinstance(event, Mapping):
        raise RecordError(f"a Lambda event must be an object, found {type(event).__name__}")
    key = holds_records(event)
    if key is None:
        yield event
        return
    held = event[key]
    groups = held.values() if isinstance(held, Mapping) else (held,)
    for index, record in enumerate(record for group in groups for record in group):
        if not isinstance(record, Mapping):
            raise RecordError(f"a record must be an object, found {type(record).__name__}", index)
        yield record


def keep_records(
    event: Mapping[str, Any], keep: Callable[[list[Any]], list[Any]]
) -> dict[str, Any] | None:
    """Return a copy of a Lambda event with the records that `keep` returns; None if none are left.

    As on AWS, topics, partitions and queues without remaining records are left out, and without
    any record the function is not called. An event that is itself one record is kept or dropped
    as a whole.
    """
    key = holds_records(event)
    if key is None:
        return dict(event) if keep([event]) else None
    held = event[key]
    left: Any
    if isinstance(held, Mapping):
        groups = {name: keep(list(group)) for name, group in held.items()}
        left = {name: group for name, group in groups.items() if group}
    else:
        left = keep(list(held))
    return {**event, key: left} if left else None
