"""The fields of records, as patterns see them: for schemas, completion and hovers in editors.

From the pages of the Lambda developer guide on each event source, the EventBridge user guide,
"Event structure reference" and "Custom Event Bus", and the DynamoDB Streams API reference.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from msgspec import Struct

ANY_NAME: Final = "*"
"""The name of a field that represents fields of any name."""


class RecordField(Struct, frozen=True):
    """A field of a record.

    `description` is Markdown. `fields` are the known fields inside it; one named `ANY_NAME`
    describes fields of any name.
    """

    name: str
    description: str
    fields: tuple[RecordField, ...] = ()


def _named(**described: str) -> tuple[RecordField, ...]:
    return tuple(RecordField(name, words) for name, words in described.items())


_MESSAGE_ATTRIBUTE = _named(
    stringValue="The value of an attribute of type String or Number: always a string.",
    binaryValue="The value of an attribute of type Binary, as base64.",
    dataType="`String`, `Number` or `Binary`, perhaps with a label: `Number.float`.",
    stringListValues="Not used by SQS.",
    binaryListValues="Not used by SQS.",
)

_SQS: Final = (
    RecordField(
        "body",
        "The message. An object here filters JSON messages by their fields; an array of rules "
        "filters messages that are plain strings. A message of the other format is dropped.",
    ),
    RecordField(
        "attributes",
        "The system attributes of the message. All values are strings.",
        _named(
            ApproximateReceiveCount="How many times the message has been received, as a string.",
            SentTimestamp="When it was sent: milliseconds since 1970, as a string.",
            SenderId="The id of the sender.",
            ApproximateFirstReceiveTimestamp="When it was first received, as a string.",
            SequenceNumber="FIFO queues: the sequence number.",
            MessageGroupId="FIFO queues: the message group.",
            MessageDeduplicationId="FIFO queues: the deduplication id.",
            AWSTraceHeader="The X-Ray trace header.",
            DeadLetterQueueSourceArn="The queue that the message came from, if redriven.",
        ),
    ),
    RecordField(
        "messageAttributes",
        "The attributes that the sender set, by name.",
        (RecordField(ANY_NAME, "An attribute of the message.", _MESSAGE_ATTRIBUTE),),
    ),
    *_named(
        messageId="The id of the message.",
        receiptHandle="The handle for deleting the message.",
        md5OfBody="The MD5 digest of the body.",
        md5OfMessageAttributes="The MD5 digest of the message attributes.",
    ),
)

_KINESIS: Final = (
    RecordField(
        "data",
        "The record's data, decoded from base64. An object here filters JSON by its fields; plain "
        "strings cannot be filtered.",
    ),
    *_named(
        partitionKey="The partition key.",
        sequenceNumber="The sequence number, a string.",
        kinesisSchemaVersion='`"1.0"`.',
        approximateArrivalTimestamp="When the record arrived: seconds since 1970, a number.",
    ),
)

ATTRIBUTE_TYPES: Final = _named(
    S="A string.",
    N="A number, which DynamoDB delivers as a string: `numeric` never matches it.",
    B="Binary data, as base64.",
    BOOL="`true` or `false`.",
    NULL="`true`, for null.",
    SS="A set of strings.",
    NS="A set of numbers, as strings.",
    BS="A set of binary values, as base64.",
    M="A map: attributes by name, each with its type.",
    L="A list: any of its elements may match, each with its type.",
)
"""The fields below the name of an attribute of a DynamoDB item."""

_ITEM: Final = (RecordField(ANY_NAME, "An attribute, with its type below it.", ATTRIBUTE_TYPES),)

_DYNAMODB: Final = (
    RecordField(
        "dynamodb",
        "The change: the item's keys and images.",
        (
            RecordField("Keys", "The primary key of the item.", _ITEM),
            RecordField("NewImage", "The item after the change.", _ITEM),
            RecordField("OldImage", "The item before the change.", _ITEM),
            *_named(
                ApproximateCreationDateTime="When the change was made: seconds since 1970.",
                SequenceNumber="The sequence number, a string.",
                SizeBytes="The size of the record, a number.",
                StreamViewType="`KEYS_ONLY`, `NEW_IMAGE`, `OLD_IMAGE` or `NEW_AND_OLD_IMAGES`.",
            ),
        ),
    ),
    RecordField("eventName", "`INSERT`, `MODIFY` or `REMOVE`."),
    RecordField(
        "userIdentity",
        "Present only if time to live deleted the item.",
        _named(type="`Service`.", principalId="`dynamodb.amazonaws.com`."),
    ),
    *_named(eventID="The id of the record.", eventVersion="The version of the record's format."),
)

_KAFKA: Final = (
    RecordField(
        "value",
        "The record's value, decoded from base64. An object here filters JSON by its fields; an "
        "array of rules filters plain strings. A value of the other format is kept.",
    ),
    RecordField("key", "The record's key, decoded from base64; otherwise like `value`."),
    *_named(
        topic="The topic.",
        partition="The partition, a number.",
        offset="The offset, a number.",
        timestamp="Milliseconds since 1970, a number.",
        timestampType="`CREATE_TIME` or `LOG_APPEND_TIME`.",
        headers="The headers: each value is an array of bytes, as numbers.",
    ),
)

_MQ: Final = (
    RecordField(
        "data",
        "The message, decoded from base64. An object here filters JSON by its fields; an array of "
        "rules filters plain strings. A message of the other format is kept.",
    ),
    RecordField(
        "basicProperties",
        "RabbitMQ: the properties of the message.",
        _named(
            contentType="The MIME type.",
            contentEncoding="The encoding.",
            headers="The headers.",
            deliveryMode="1, or 2 for persistent messages.",
            priority="The priority, a number.",
            correlationId="The correlation id.",
            replyTo="The queue for replies.",
            expiration="When the message expires.",
            messageId="The id that the sender set.",
            timestamp="When it was sent.",
            type="The type that the sender set.",
            userId="The user that sent the message.",
            appId="The application that sent the message.",
            clusterId="The cluster's id.",
            bodySize="The size of the message in bytes.",
        ),
    ),
    RecordField(
        "destination",
        "ActiveMQ: where the message was sent.",
        _named(physicalName="The name of the queue or topic."),
    ),
    *_named(
        redelivered="Whether the message was delivered before.",
        messageID="ActiveMQ: the id of the message.",
        messageType="ActiveMQ: `jms/text-message` or `jms/bytes-message`.",
        deliveryMode="ActiveMQ: 1, or 2 for persistent messages.",
        replyTo="ActiveMQ: the destination for replies.",
        type="ActiveMQ: the type that the sender gave it.",
        expiration="ActiveMQ: when the message expires.",
        priority="ActiveMQ: the priority, a number.",
        correlationId="ActiveMQ: the correlation id.",
        timestamp="ActiveMQ: when it was sent.",
        brokerInTime="ActiveMQ: when the broker received it.",
        brokerOutTime="ActiveMQ: when it left the broker.",
        properties="ActiveMQ: the properties that the sender set.",
    ),
)

_EVENT: Final = (
    RecordField("source", "The service or application that sent the event: `aws.s3`."),
    RecordField("detail-type", "What the event is about: `Object Created`."),
    RecordField("detail", "The event's own fields, an object."),
    *_named(
        account="The AWS account, 12 digits, a string.",
        region="The AWS region.",
        resources="The ARNs of the resources that the event is about.",
        time="When it happened, according to the sender: ISO 8601.",
        id="The id of the event.",
        version='`"0"`.',
    ),
    RecordField("replay-name", "The name of the replay, for events that an archive replays."),
)

SYSTEM_METADATA: Final = tuple(
    RecordField(name, words)
    for name, words in {
        "ContentType": "The content type of the data.",
        "DeduplicationId": "The deduplication id.",
        "EventGroupId": "The group of the event.",
        "aws:EventId": "The id of the event.",
        "aws:IngestionTime": "When the bus ingested the event.",
        "aws:SequenceNumber": "The sequence number.",
        "aws:DeliveryType": "The type of delivery.",
        "aws:SchemaId": "The id of the event's schema.",
        "aws:RegistryType": "The kind of registry that has the schema.",
        "aws:Source": "The `source` of an event of PutEvents.",
        "aws:DetailType": "The `detail-type` of an event of PutEvents.",
    }.items()
)
"""The fields of the SYSTEM_METADATA of a Custom Event Bus: strings."""

FIELDS: Mapping[str, tuple[RecordField, ...]] = MappingProxyType(
    {
        "sqs": _SQS,
        "kinesis": _KINESIS,
        "dynamodb": _DYNAMODB,
        "kafka": _KAFKA,
        "mq": _MQ,
        "event": _EVENT,
    }
)
"""The top-level fields of records, by source."""


def fields_at(source: str | None, names: Iterable[str]) -> tuple[RecordField, ...]:
    """Return the known fields at a place in a source's records; none if nothing is known about it.

    Args:
        source: a name of a source; None if it is not known.
        names: the path of names to the place, from the top.
    """
    fields = FIELDS.get(source or "", ())
    for name in names:
        if fields is ATTRIBUTE_TYPES and name in ("M", "L"):
            fields = _ITEM if name == "M" else ATTRIBUTE_TYPES
            continue
        found = _field(fields, name)
        fields = () if found is None else found.fields
    return fields


def field_at(source: str | None, names: Iterable[str]) -> RecordField | None:
    """Return the field at a path of names; None if nothing is known about it."""
    *above, name = names
    return _field(fields_at(source, above), name)


def _field(fields: tuple[RecordField, ...], name: str) -> RecordField | None:
    by_name = {field.name: field for field in fields}
    return by_name.get(name) or by_name.get(ANY_NAME)
