"""moto with exact filters: EventBridge's rules, and event source mappings of Lambda.

    with filterpatterns.integrations.moto.exact_filters(), moto.mock_aws():
        ...

moto evaluates rules' patterns with its own approximation, and stores the FilterCriteria of event
source mappings without evaluating them. With exact filters it behaves like AWS: messages that no
filter matches are deleted from an SQS queue, and patterns that AWS would refuse are refused.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from filterpatterns.errors import PatternError
from filterpatterns.integrations.emulators import filters
from filterpatterns.integrations.emulators.patching import (
    Original,
    Patches,
    Replacement,
    UnsupportedVersionError,
)
from filterpatterns.integrations.sqs.records import lambda_record

__all__ = ["UnsupportedVersionError", "exact_filters", "install"]

_FIRST, _LAST = (5, 2), (5, 3)


def _find() -> Iterator[Replacement]:
    from moto.awslambda.models import LambdaBackend
    from moto.events.models import EventPattern

    yield Replacement(EventPattern, "load", _load)
    yield Replacement(EventPattern, "matches_event", _matches_event)
    yield Replacement(LambdaBackend, "create_event_source_mapping", _create)
    yield Replacement(LambdaBackend, "update_event_source_mapping", _update)
    yield Replacement(LambdaBackend, "send_sqs_batch", _send_sqs_batch)
    yield Replacement(LambdaBackend, "send_kinesis_message", _send_kinesis_message)
    yield Replacement(LambdaBackend, "send_dynamodb_items", _send_dynamodb_items)


_patches = Patches("moto", _FIRST, _LAST, _find)

install = _patches.install
"""Make moto filter exactly, in this process, from now on.

Raises UnsupportedVersionError, and changes nothing, for a version of moto that was not tested.
"""

exact_filters = _patches.installed
"""A context manager within which moto filters exactly. Raises the same as `install`."""


def _load(original: Original, cls: Any, raw_pattern: str | None) -> Any:
    if not raw_pattern:
        return original(cls, raw_pattern)
    try:
        filters.rule_filter(raw_pattern)
    except PatternError as error:
        from moto.events.exceptions import InvalidEventPatternException

        raise InvalidEventPatternException(reason=filters.refusal(error)) from None
    return cls(raw_pattern, {"compiled": True})


def _matches_event(original: Original, self: Any, event: Any) -> bool:
    pattern = self.dump()
    if not pattern:
        return bool(original(self, event))
    return filters.rule_filter(pattern).matches(_as_delivered(event))


def _as_delivered(event: dict[str, Any]) -> dict[str, Any]:
    """An event as targets receive it: the time as text, and without moto's internal additions."""
    from moto.core.utils import iso_8601_datetime_without_milliseconds, utcfromtimestamp

    found = {name: value for name, value in event.items() if name != "ingestion-time"}
    time = found.get("time")
    if isinstance(time, (int, float)):
        found["time"] = iso_8601_datetime_without_milliseconds(utcfromtimestamp(float(time)))
    return found


def _create(original: Original, self: Any, spec: dict[str, Any]) -> Any:
    _check(spec.get("FilterCriteria"), str(spec.get("EventSourceArn", "")))
    return original(self, spec)


def _update(original: Original, self: Any, uuid: str, spec: dict[str, Any]) -> Any:
    mapping = self.get_event_source_mapping(uuid)
    if mapping is not None:
        _check(spec.get("FilterCriteria"), mapping.event_source_arn)
    return original(self, uuid, spec)


def _check(criteria: Any, source_arn: str) -> None:
    """Refuse a mapping if AWS would refuse to create it."""
    try:
        filters.mapping_filter(criteria, source_arn)
    except PatternError as error:
        from moto.awslambda.exceptions import InvalidParameterValueException

        words = f"Invalid filter pattern definition. {filters.refusal(error)}"
        raise InvalidParameterValueException(words) from None


def _send_sqs_batch(
    original: Original, self: Any, function_arn: str, messages: Any, queue_arn: str
) -> Any:
    found = _filter_of(self, function_arn, queue_arn)
    if found is not None:
        from moto.sqs import sqs_backends

        backend = sqs_backends[self.account_id][self.region_name]
        name = queue_arn.rpartition(":")[2]
        # Received messages have only the attributes that were requested: none.
        sent = {each.id: each.message_attributes for each in backend.get_queue(name)._messages}
        given = [_sqs_message(each, sent.get(each.id, {})) for each in messages]
        mask = found.mask([lambda_record(each, queue_arn, self.region_name) for each in given])
        pairs = list(zip(messages, mask, strict=True))
        for message, is_kept in pairs:
            if not is_kept:
                backend.delete_message(name, message.receipt_handle)
        # The caller's list: the messages left in it become visible again if the function fails.
        messages[:] = [message for message, is_kept in pairs if is_kept]
    return original(self, function_arn, messages, queue_arn)


def _sqs_message(message: Any, sent: dict[str, Any]) -> dict[str, Any]:
    """A moto message in the form of the SQS API, with the attributes that were sent."""
    attributes = {
        "ApproximateReceiveCount": message.approximate_receive_count,
        "SentTimestamp": message.sent_timestamp,
        "SenderId": message.sender_id,
        "ApproximateFirstReceiveTimestamp": message.approximate_first_receive_timestamp,
        "SequenceNumber": message.sequence_number,
        "MessageGroupId": message.group_id,
        "MessageDeduplicationId": message.deduplication_id,
    }
    return {
        "MessageId": message.id,
        "ReceiptHandle": message.receipt_handle,
        "Body": message.body,
        "Attributes": _without_none(attributes),
        "MessageAttributes": {name: _attribute(value) for name, value in sent.items()},
        "MD5OfBody": message.body_md5,
    }


def _attribute(value: dict[str, Any]) -> dict[str, Any]:
    found = _without_none(value)
    if isinstance(found.get("BinaryValue"), str):
        found["BinaryValue"] = base64.b64decode(found["BinaryValue"])
    return found


def _without_none(members: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}


def _send_kinesis_message(
    original: Original,
    self: Any,
    function_name: str,
    kinesis_stream: str,
    kinesis_partition_key: str,
    kinesis_sequence_number: str,
    kinesis_data: str,
    kinesis_shard_id: str,
) -> Any:
    found = _filter_of(self, function_name, kinesis_stream)
    record = {
        "kinesis": {
            "kinesisSchemaVersion": "1.0",
            "partitionKey": kinesis_partition_key,
            "sequenceNumber": kinesis_sequence_number,
            "data": kinesis_data,
        }
    }
    if found is not None and not found.matches(record):
        return None
    return original(
        self,
        function_name,
        kinesis_stream,
        kinesis_partition_key,
        kinesis_sequence_number,
        kinesis_data,
        kinesis_shard_id,
    )


def _send_dynamodb_items(
    original: Original, self: Any, function_arn: str, items: Any, source: str
) -> Any:
    found = _filter_of(self, function_arn, source)
    if found is not None:
        items = [item for item in items if found.matches(_stream_record(item.to_json()))]
        if not items:
            return "null"  # like a function without a response: all messages are handled
    return original(self, function_arn, items, source)


def _stream_record(record: dict[str, Any]) -> dict[str, Any]:
    """A record of a table's stream with its time in the form that Lambda receives."""
    held = dict(record["dynamodb"])
    time = held.get("ApproximateCreationDateTime")
    if isinstance(time, datetime):
        held["ApproximateCreationDateTime"] = time.timestamp()
    return {**record, "dynamodb": held}


def _filter_of(backend: Any, function_arn: str, source_arn: str) -> Any:
    """The filter of the newest mapping from a source to a function; None if it has none."""
    for mapping in reversed(backend.list_event_source_mappings(source_arn, None)):
        if mapping.function_arn == function_arn:
            return filters.mapping_filter(mapping.filter_criteria, source_arn)
    return None
