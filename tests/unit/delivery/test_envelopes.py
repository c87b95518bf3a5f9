"""What AWS delivers: whole Lambda events, records of every source, and payloads of every format."""

from __future__ import annotations

import base64
import copy
import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import pytest

import filterpatterns
from filterpatterns import RecordError
from tests.support.paths import base64_of, kinesis_record, sqs_record, verdicts


def dynamodb_record(image: Any, event_name: str = "INSERT") -> dict[str, Any]:
    """A DynamoDB record as Lambda delivers it."""
    return {
        "eventID": "c4ca4238a0b923820dcc509a6f75849b",
        "eventName": event_name,
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": "us-east-1",
        "dynamodb": {
            "Keys": {"Id": {"N": "101"}},
            "NewImage": image,
            "SequenceNumber": "111",
            "SizeBytes": 26,
            "StreamViewType": "NEW_AND_OLD_IMAGES",
        },
        "eventSourceARN": "arn:aws:dynamodb:us-east-1:123456789012:table/orders/stream/2026",
    }


def kafka_record(value: str, key: str | None = None, topic: str = "orders") -> dict[str, Any]:
    """A Kafka record as Lambda delivers it: it does not say where it comes from."""
    record = {
        "topic": topic,
        "partition": 0,
        "offset": 15,
        "timestamp": 1545084650987,
        "timestampType": "CREATE_TIME",
        "value": base64_of(value),
        "headers": [{"headerKey": [104, 101]}],
    }
    return record if key is None else record | {"key": base64_of(key)}


def activemq_message(data: str) -> dict[str, Any]:
    """An ActiveMQ message as Lambda delivers it."""
    return {
        "messageID": "ID:b-9bcfa592-423a-4942-879d-eb284b418fc8-1.mq.us-west-2.amazonaws.com-1",
        "messageType": "jms/text-message",
        "deliveryMode": 1,
        "redelivered": False,
        "data": base64_of(data),
        "properties": {"index": "1"},
    }


def rabbitmq_message(data: str, app: str | None = None) -> dict[str, Any]:
    """A RabbitMQ message as Lambda delivers it."""
    return {
        "basicProperties": {"contentType": "text/plain", "appId": app, "deliveryMode": 1},
        "redelivered": False,
        "data": base64_of(data),
    }


def received(body: str) -> dict[str, Any]:
    """An SQS message as boto3's receive_message returns it."""
    return {
        "MessageId": "19dd0b57-b21e-4ac1-bd88-01bbb068cb78",
        "ReceiptHandle": "AQEB",
        "MD5OfBody": "e4e68fb7bd0e697a0ae8f1bb342846b3",
        "Body": body,
        "Attributes": {"SenderId": "AIDA"},
        "MessageAttributes": {"tenant": {"StringValue": "acme", "DataType": "String"}},
    }


def event_of(detail: dict[str, Any]) -> dict[str, Any]:
    """An EventBridge event."""
    return {
        "version": "0",
        "id": "6a7e8feb-b491-4cf7-a9f1-bf3703467718",
        "detail-type": "OrderPlaced",
        "source": "shop",
        "account": "123456789012",
        "resources": [],
        "detail": detail,
    }


KEPT, DROPPED = '{"status": "paid", "n": 1}', '{"status": "open", "n": 2}'
PAID = '{"status": ["paid"]}'
MSK = {"eventSource": "aws:kafka", "bootstrapServers": "b-2.demo.kafka.us-east-1.amazonaws.com"}
OWN_KAFKA = {"eventSource": "SelfManagedKafka", "bootstrapServers": "broker:9092"}
ACTIVEMQ = {"eventSource": "aws:mq", "eventSourceArn": "arn:aws:mq:us-west-2:1:broker:test:b-9"}
RABBITMQ = {"eventSource": "aws:rmq", "eventSourceArn": "arn:aws:mq:us-west-2:1:broker:pizza:b-9"}

# source, a pattern, the event, the event with what the pattern keeps, how many records it has
EVENTS: dict[str, tuple[str, str, dict[str, Any], dict[str, Any], int]] = {
    "SQS": (
        "sqs",
        f'{{"body": {PAID}}}',
        {"Records": [sqs_record(DROPPED), sqs_record(KEPT), sqs_record("paid")]},
        {"Records": [sqs_record(KEPT)]},
        3,
    ),
    "Kinesis": (
        "kinesis",
        f'{{"data": {PAID}}}',
        {"Records": [kinesis_record(KEPT), kinesis_record(DROPPED), kinesis_record(KEPT)]},
        {"Records": [kinesis_record(KEPT), kinesis_record(KEPT)]},
        3,
    ),
    "DynamoDB": (
        "dynamodb",
        '{"eventName": ["INSERT"], "dynamodb": {"NewImage": {"status": {"S": ["paid"]}}}}',
        {
            "Records": [
                dynamodb_record({"status": {"S": "paid"}}),
                dynamodb_record({"status": {"S": "paid"}}, "MODIFY"),
                dynamodb_record({"status": {"S": "open"}}),
            ]
        },
        {"Records": [dynamodb_record({"status": {"S": "paid"}})]},
        3,
    ),
    "MSK": (
        "kafka",
        f'{{"value": {PAID}}}',
        MSK
        | {
            "records": {
                "orders-0": [kafka_record(DROPPED), kafka_record(KEPT)],
                "orders-1": [kafka_record(DROPPED)],
                "mails-0": [kafka_record(KEPT, topic="mails")],
            }
        },
        MSK
        | {
            "records": {
                "orders-0": [kafka_record(KEPT)],
                "mails-0": [kafka_record(KEPT, topic="mails")],
            }
        },
        4,
    ),
    "self-managed Kafka": (
        "kafka",
        f'{{"value": {PAID}}}',
        OWN_KAFKA | {"records": {"t-0": [kafka_record(KEPT)], "t-1": [kafka_record(DROPPED)]}},
        OWN_KAFKA | {"records": {"t-0": [kafka_record(KEPT)]}},
        2,
    ),
    "ActiveMQ": (
        "mq",
        f'{{"data": {PAID}}}',
        ACTIVEMQ | {"messages": [activemq_message(DROPPED), activemq_message(KEPT)]},
        ACTIVEMQ | {"messages": [activemq_message(KEPT)]},
        2,
    ),
    "RabbitMQ": (
        "mq",
        f'{{"data": {PAID}, "basicProperties": {{"appId": ["shop"]}}}}',
        RABBITMQ
        | {
            "rmqMessagesByQueue": {
                "pizza::/": [rabbitmq_message(KEPT, "shop"), rabbitmq_message(KEPT)],
                "pasta::/": [rabbitmq_message(DROPPED, "shop")],
            }
        },
        RABBITMQ | {"rmqMessagesByQueue": {"pizza::/": [rabbitmq_message(KEPT, "shop")]}},
        3,
    ),
    "receive_message": (
        "sqs",
        f'{{"body": {PAID}, "messageAttributes": {{"tenant": {{"stringValue": ["acme"]}}}}}}',
        {
            "Messages": [received(DROPPED), received(KEPT)],
            "ResponseMetadata": {"HTTPStatusCode": 200},
        },
        {"Messages": [received(KEPT)], "ResponseMetadata": {"HTTPStatusCode": 200}},
        2,
    ),
    "one record": ("sqs", f'{{"body": {PAID}}}', sqs_record(KEPT), sqs_record(KEPT), 1),
    "EventBridge": (
        "event",
        f'{{"detail": {PAID}}}',
        event_of(json.loads(KEPT)),
        event_of(json.loads(KEPT)),
        1,
    ),
}
each_event = pytest.mark.parametrize("name", EVENTS)


# --- records


@each_event
def test_the_records_of_an_event_are_yielded_in_order(name: str) -> None:
    source, pattern, event, left, count = EVENTS[name]
    found = list(filterpatterns.records(event))
    assert len(found) == count
    kept = filterpatterns.compile(pattern, source=source).filter(found)
    assert kept == list(filterpatterns.records(left))
    assert all(any(one is other for other in found) for one in kept)


def test_records_of_groups_come_in_the_order_of_the_event() -> None:
    _, _, event, _, _ = EVENTS["MSK"]
    found = filterpatterns.records(event)
    first, *others = found
    assert first is event["records"]["orders-0"][0]
    assert others[-1] is event["records"]["mails-0"][0]


def test_an_event_may_be_any_mapping() -> None:
    event = MappingProxyType({"Records": (MappingProxyType({"body": "x"}),)})
    assert list(filterpatterns.records(event)) == [{"body": "x"}]


@pytest.mark.parametrize("event", [None, 5, "text", '{"Records": []}', b"{}", [], [{"body": "x"}]])
def test_only_an_object_can_be_an_event(event: Any) -> None:
    compiled = filterpatterns.compile(f'{{"body": {PAID}}}')
    with pytest.raises(RecordError, match="a Lambda event must be an object") as caught:
        list(filterpatterns.records(event))
    assert caught.value.index is None
    with pytest.raises(RecordError, match="a Lambda event must be an object"):
        compiled.filter_event(event)


@pytest.mark.parametrize(
    "event",
    [
        {"Records": "text"},
        {"Records": ["x", 5]},
        {"records": []},
        {"records": {"a": {"b": 1}}},
        {"records": {"a": [{"title": "no topic"}]}},
        {"rmqMessagesByQueue": {}},
        {"rmqMessagesByQueue": {"q": [5]}},
        {"messages": [{"role": "user", "content": "no messageID"}]},
        {"Messages": [{"text": "no MessageId"}]},
        {"body": '{"Records": []}'},
        event_of({"Records": [{"body": "x"}]}),
        {},
    ],
)
def test_an_object_that_only_resembles_an_event_is_one_record(event: dict[str, Any]) -> None:
    (found,) = filterpatterns.records(event)
    assert found is event


@pytest.mark.parametrize(
    "event",
    [
        {"Records": []},
        MSK | {"records": {"orders-0": []}},
        ACTIVEMQ | {"messages": []},
        RABBITMQ | {"rmqMessagesByQueue": {"q": []}},
    ],
)
def test_an_event_may_have_no_records(event: dict[str, Any]) -> None:
    assert list(filterpatterns.records(event)) == []
    assert filterpatterns.compile({"Filters": []}).filter_event(event) is None


# --- filter_event


@each_event
def test_an_event_is_filtered_into_a_copy(name: str) -> None:
    source, pattern, event, left, _ = EVENTS[name]
    before = copy.deepcopy(event)
    for given in (source, "auto"):
        found = filterpatterns.compile(pattern, source=given).filter_event(event)
        assert found == left
        assert found is not event
        assert list(found) == list(event), "what stands beside the records stays, in order"
    assert event == before


@each_event
def test_the_records_that_are_left_are_the_same_objects(name: str) -> None:
    source, pattern, event, _, _ = EVENTS[name]
    left = filterpatterns.compile(pattern, source=source).filter_event(event)
    assert left is not None
    if name in ("one record", "EventBridge"):
        return
    ids = {id(record) for record in filterpatterns.records(event)}
    assert all(id(record) in ids for record in filterpatterns.records(left))


@each_event
def test_an_event_without_a_matching_record_becomes_none(name: str) -> None:
    source, _, event, _, _ = EVENTS[name]
    never = '{"nowhere": ["to be found"]}'
    assert filterpatterns.compile(never, source=source).filter_event(event) is None
    assert filterpatterns.compile(never, source="auto").filter_event(event) is None


@each_event
def test_without_filters_an_event_stays_whole(name: str) -> None:
    source, _, event, _, _ = EVENTS[name]
    assert filterpatterns.compile({"Filters": []}, source=source).filter_event(event) == event


def test_the_groups_of_the_result_are_its_own() -> None:
    _, pattern, event, _, _ = EVENTS["MSK"]
    left = filterpatterns.compile(pattern, source="kafka").filter_event(event)
    assert left is not None
    left["records"]["orders-0"].clear()
    left["records"]["new"] = []
    assert len(event["records"]["orders-0"]) == 2
    assert "new" not in event["records"]


# --- source="auto"

ANY_PAYLOAD = """{"$or": [
    {"body": {"status": ["paid"]}},
    {"data": {"status": ["paid"]}},
    {"value": {"status": ["paid"]}},
    {"dynamodb": {"NewImage": {"status": {"S": ["paid"]}}}},
    {"detail": {"status": ["paid"]}}
]}"""
MIXED: list[tuple[str, dict[str, Any], bool]] = [
    ("sqs", sqs_record(KEPT), True),
    ("sqs", sqs_record(DROPPED), False),
    ("kinesis", kinesis_record(KEPT), True),
    ("kinesis", kinesis_record(DROPPED), False),
    ("kinesis", kinesis_record(KEPT)["kinesis"], True),
    ("dynamodb", dynamodb_record({"status": {"S": "paid"}}), True),
    ("dynamodb", dynamodb_record({"status": {"S": "open"}}), False),
    ("kafka", kafka_record(KEPT), True),
    ("kafka", kafka_record(DROPPED), False),
    ("kafka", kafka_record(KEPT) | {"eventSource": "aws:kafka"}, True),
    ("mq", activemq_message(KEPT), True),
    ("mq", activemq_message(DROPPED), False),
    ("mq", rabbitmq_message(KEPT, "shop"), True),
    ("mq", rabbitmq_message(DROPPED, "shop"), False),
    ("sqs", received(KEPT), True),
    ("sqs", received(DROPPED), False),
    ("event", event_of(json.loads(KEPT)), True),
    ("event", event_of(json.loads(DROPPED)), False),
    ("event", {"status": "paid"}, False),
    ("event", {}, False),
]


@pytest.mark.parametrize(("source", "record", "kept"), MIXED)
def test_each_record_is_matched_by_the_rules_of_its_source(
    source: str, record: dict[str, Any], kept: bool
) -> None:
    auto = filterpatterns.compile(ANY_PAYLOAD, source="auto")
    own = filterpatterns.compile(ANY_PAYLOAD, source=source)
    for given in (record, json.dumps(record), json.dumps(record).encode()):
        assert auto.matches(given) is own.matches(given) is kept
        assert auto.mask([given]) == [kept]
        assert auto.filter([given]) == ([given] if kept else [])
        assert auto.partition([given]) == (([given], []) if kept else ([], [given]))
        assert auto.verdict(given) == own.verdict(given)


@pytest.mark.parametrize("times", [1, 7, 200])
@pytest.mark.parametrize("neighbours", [False, True])
def test_a_mixed_batch_keeps_its_order(times: int, neighbours: bool) -> None:
    """Also where dicts and texts alternate, and where those of one source stand together."""
    cases = [case for case in MIXED for _ in range(times)] if neighbours else MIXED * times
    auto = filterpatterns.compile(ANY_PAYLOAD, source="auto")
    batch = [
        record if number % 3 else json.dumps(record) for number, (_, record, _) in enumerate(cases)
    ]
    expected = [kept for _, _, kept in cases]
    assert auto.mask(iter(batch)) == expected
    kept, dropped = auto.partition(batch)
    assert list(map(id, kept)) == [id(r) for r, k in zip(batch, expected, strict=True) if k]
    assert list(map(id, dropped)) == [id(r) for r, k in zip(batch, expected, strict=True) if not k]
    assert list(map(id, auto.filter(batch))) == list(map(id, kept))


def test_the_event_source_of_a_record_precedes_its_shape() -> None:
    auto = filterpatterns.compile('{"data": {"status": ["paid"]}}', source="auto")
    record = {"data": base64_of(KEPT), "eventSource": "aws:rmq"}
    assert auto.matches(record)
    assert not auto.matches(record | {"eventSource": "aws:sqs"})
    assert not auto.matches({"data": base64_of(KEPT)}), "any object: nothing is decoded"
    assert auto.matches({"data": {"status": "paid"}})
    assert auto.matches(activemq_message(KEPT) | {"eventSource": 5})


STRINGS = '{"$or": [{"body": ["paid"]}, {"data": ["paid"]}, {"value": ["paid"]}]}'


def test_a_source_that_refuses_the_pattern_says_so_with_the_index() -> None:
    auto = filterpatterns.compile(STRINGS, source="auto")
    good = [sqs_record("paid"), activemq_message("paid"), kafka_record("open")]
    bad = kinesis_record("paid")
    assert auto.mask(good) == [True, True, False]
    for given in (bad, json.dumps(bad)):
        with pytest.raises(RecordError, match="kinesis, rejects the pattern") as caught:
            auto.matches(given)
        assert caught.value.index is None
        for position in range(len(good) + 1):
            batch = [*good[:position], given, *good[position:], given]
            for method in (auto.filter, auto.partition, auto.mask):
                with pytest.raises(RecordError, match="plain-string pattern") as caught:
                    method(batch)
                assert caught.value.index == position


def test_records_of_a_source_that_refuses_the_pattern_can_be_discarded() -> None:
    auto = filterpatterns.compile(STRINGS, source="auto")
    bad, good = kinesis_record("paid"), sqs_record("paid")
    batch = [bad, good, "no JSON", bad, bad, good, 5]
    assert auto.filter(batch, on_error="drop") == [good, good]
    assert auto.mask(batch, on_error="drop") == [False, True, False, False, False, True, False]
    kept, dropped = auto.partition(batch, on_error="drop")
    assert (kept, dropped) == ([good, good], [bad, "no JSON", bad, bad, 5])


@pytest.mark.parametrize("bad", [None, 5, [], "", "[]", "{", b"\xff", "null"])
@pytest.mark.parametrize("position", [0, 1, 5, 19])
def test_an_invalid_record_has_its_index_in_a_mixed_batch(bad: Any, position: int) -> None:
    auto = filterpatterns.compile(ANY_PAYLOAD, source="auto")
    batch: list[Any] = [record for _, record, _ in MIXED]
    batch[position] = bad
    for method in (auto.filter, auto.partition, auto.mask):
        with pytest.raises(RecordError) as caught:
            method(batch)
        assert caught.value.index == position
        assert str(caught.value).startswith(f"record {position}: ")
    expected = [kept for _, _, kept in MIXED]
    expected[position] = False
    assert auto.mask(batch, on_error="drop") == expected


def test_an_event_of_a_source_that_refuses_the_pattern_is_refused() -> None:
    auto = filterpatterns.compile(STRINGS, source="auto")
    with pytest.raises(RecordError, match="kinesis, rejects") as caught:
        auto.filter_event({"Records": [sqs_record("x"), kinesis_record("x")]})
    assert caught.value.index == 1


def test_a_pattern_that_every_source_refuses_is_refused() -> None:
    with pytest.raises(filterpatterns.PatternError):
        filterpatterns.compile('{"body": "paid"}', source="auto")


# --- documentdb


@pytest.mark.parametrize("call", [filterpatterns.compile, filterpatterns.check])
def test_documentdb_has_no_filtering(call: Any) -> None:
    with pytest.raises(ValueError, match="no event filtering for Amazon DocumentDB") as caught:
        call('{"event": {"operationType": ["insert"]}}', source="documentdb")
    assert type(caught.value) is ValueError


# --- Kafka's key and value


@pytest.mark.parametrize(
    ("pattern", "key", "value", "kept"),
    [
        ('{"key": ["k1"], "value": {"status": ["paid"]}}', "k1", KEPT, True),
        ('{"key": ["k1"], "value": {"status": ["paid"]}}', "k2", KEPT, False),
        ('{"key": ["k1"], "value": {"status": ["paid"]}}', "k1", DROPPED, False),
        ('{"key": ["k1"], "value": {"status": ["paid"]}}', "k2", "text", False),
        ('{"key": ["k1"], "value": {"status": ["paid"]}}', "k1", "text", True),
        ('{"key": ["k1"], "value": {"status": ["paid"]}}', None, KEPT, False),
        ('{"key": ["k1"], "value": {"status": ["paid"]}}', '{"id": 1}', KEPT, True),
        ('{"key": ["k1"], "value": {"status": ["paid"]}}', "5", DROPPED, False),
        ('{"key": {"id": [1]}, "value": ["text"]}', '{"id": 1}', "text", True),
        ('{"key": {"id": [1]}, "value": ["text"]}', '{"id": 2}', "text", False),
        ('{"key": {"id": [1]}, "value": ["text"]}', '{"id": 1}', "other", False),
        ('{"key": {"id": [1]}, "value": ["text"]}', "k1", "text", True),
        ('{"key": {"id": [1]}, "topic": ["orders"]}', '{"id": 1}', "text", True),
        ('{"key": {"id": [1]}, "topic": ["mails"]}', '{"id": 1}', "text", False),
        ('{"key": {"id": [1]}, "topic": ["mails"]}', "k1", "text", False),
        ('{"key": [{"exists": true}]}', None, KEPT, False),
        ('{"$or": [{"key": ["k1"]}, {"value": {"status": ["paid"]}}]}', "k2", KEPT, True),
        ('{"$or": [{"key": ["k1"]}, {"value": {"status": ["paid"]}}]}', "k1", DROPPED, True),
        ('{"$or": [{"key": ["k1"]}, {"value": {"status": ["paid"]}}]}', "k2", DROPPED, False),
    ],
)
def test_key_and_value_of_kafka_are_two_payloads(
    pattern: str, key: str | None, value: str, kept: bool
) -> None:
    compiled = filterpatterns.compile(pattern, source="kafka")
    found = verdicts(compiled, kafka_record(value, key))
    assert set(found.values()) == {kept}, found


# --- payload formats

MESSAGES = {
    "json": ['{"a": 1}', ' {"a": 1, "b": [2]}\r\n', '\t{"b": 2, "a": 1.0}'],
    "other json": ['{"a": 2}', "{}", "[]", "1", '"paid"', "null", "true", " 1e3 "],
    "string": ["paid"],
    "other string": ["", "open", '{"a": 1', '{"a": 1,}', "{'a': 1}", "NaN", "01", '{"a": 1} x'],
}
JSON_PATTERN, STRING_PATTERN, NO_PATTERN = '{"a": [1]}', '["paid"]', None

# Of each source: by the pattern that is for its payload, the messages that are kept.
TABLE: dict[str, dict[str | None, set[str]]] = {
    "sqs": {
        JSON_PATTERN: {"json"},
        STRING_PATTERN: {"string"},
        NO_PATTERN: set(MESSAGES),
    },
    "kinesis": {JSON_PATTERN: {"json"}, NO_PATTERN: set(MESSAGES)},
    "kafka": {
        JSON_PATTERN: {"json", "string", "other string"},
        STRING_PATTERN: {"json", "other json", "string"},
        NO_PATTERN: set(MESSAGES),
    },
    "mq": {
        JSON_PATTERN: {"json", "string", "other string"},
        STRING_PATTERN: {"json", "other json", "string"},
        NO_PATTERN: set(MESSAGES),
    },
}
KEYS = {"sqs": "body", "kinesis": "data", "kafka": "value", "mq": "data"}
METADATA = {"sqs": "messageId", "kinesis": "partitionKey", "kafka": "topic", "mq": "messageID"}


def _record(source: str, payload: str) -> dict[str, Any]:
    if source == "sqs":
        return sqs_record(payload)
    if source == "kinesis":
        return kinesis_record(payload)
    return kafka_record(payload) if source == "kafka" else activemq_message(payload)


def _inside(source: str, record: Mapping[str, Any]) -> dict[str, Any]:
    """What patterns speak of in a record."""
    return record["kinesis"] if source == "kinesis" else record  # type: ignore[return-value]


def _with(source: str, payload: Any) -> dict[str, Any]:
    """A record whose payload is exactly that."""
    record = _record(source, "")
    _inside(source, record)[KEYS[source]] = payload
    return record


def _pattern(source: str, payload: str | None, metadata: str | None = None) -> str:
    members = []
    if metadata is not None:
        members.append(f'"{METADATA[source]}": [{json.dumps(metadata)}]')
    if payload is not None:
        members.append(f'"{KEYS[source]}": {payload}')
    return "{" + ", ".join(members) + "}"


@pytest.mark.parametrize("kind", MESSAGES)
@pytest.mark.parametrize(
    ("source", "payload"), [(source, payload) for source, row in TABLE.items() for payload in row]
)
def test_the_formats_of_message_and_pattern_decide(
    source: str, payload: str | None, kind: str
) -> None:
    expected = kind in TABLE[source][payload]
    for message in MESSAGES[kind]:
        record = _record(source, message)
        own = _inside(source, record)[METADATA[source]]
        for metadata, holds in ((own, True), ("another", False), (None, True)):
            if payload is metadata is None:
                continue
            pattern = _pattern(source, payload, metadata)
            found = verdicts(filterpatterns.compile(pattern, source=source), record)
            assert set(found.values()) == {expected and holds}, (pattern, message, found)


@pytest.mark.parametrize("source", TABLE)
def test_any_filter_may_match_each_by_its_own_format(source: str) -> None:
    never = _pattern(source, None, "another")
    for kind, messages in MESSAGES.items():
        for payload, kept in TABLE[source].items():
            if payload is None:
                continue
            patterns = [never, _pattern(source, payload)]
            compiled = filterpatterns.compile(patterns, source=source)
            either = f'{{"$or": [{never}, {patterns[1]}]}}'
            for message in messages:
                record = _record(source, message)
                for one in (compiled, filterpatterns.compile(either, source=source)):
                    assert set(verdicts(one, record).values()) == {kind in kept}


@pytest.mark.parametrize(("source", "kept"), [("kinesis", False), ("kafka", True), ("mq", True)])
@pytest.mark.parametrize(
    "payload",
    [
        '{"a": 1}',
        "eyJhIjogMX0",  # no padding
        "eyJhIjogMX0=\n",
        "eyJh IjogMX0=",
        "eyJhIjogMX0=!",
        "-_-_",
        base64.b64encode(b"\xff\xfe").decode(),
        base64.b64encode('{"a": 1}'.encode("utf-16")).decode(),
    ],
)
def test_a_payload_that_is_not_base64_of_text_is_not_json(
    source: str, kept: bool, payload: str
) -> None:
    compiled = filterpatterns.compile(_pattern(source, JSON_PATTERN), source=source)
    found = verdicts(compiled, _with(source, payload))
    assert set(found.values()) == {kept}, found
    compiled = filterpatterns.compile(_pattern(source, JSON_PATTERN, "another"), source=source)
    assert set(verdicts(compiled, _with(source, payload)).values()) == {False}
    if source != "kinesis":
        compiled = filterpatterns.compile(_pattern(source, STRING_PATTERN), source=source)
        assert set(verdicts(compiled, _with(source, payload)).values()) == {kept}


@pytest.mark.parametrize("source", TABLE)
def test_a_payload_that_was_parsed_already_is_json(source: str) -> None:
    compiled = filterpatterns.compile(_pattern(source, JSON_PATTERN), source=source)
    for payload, kept in (({"a": 1}, True), ({"a": 2}, False), ([{"a": 1}], True), ([], False)):
        found = verdicts(compiled, _with(source, payload))
        assert set(found.values()) == {kept}, (payload, found)


@pytest.mark.parametrize("source", TABLE)
def test_a_record_without_its_payload_is_kept_by_metadata_only(source: str) -> None:
    record = _record(source, KEPT)
    own = _inside(source, record)[METADATA[source]]
    del _inside(source, record)[KEYS[source]]
    for payload in TABLE[source]:
        compiled = filterpatterns.compile(_pattern(source, payload, own), source=source)
        found = verdicts(compiled, record)
        assert set(found.values()) == {payload is None}, (payload, found)


@pytest.mark.parametrize("source", ["kinesis", "dynamodb"])
@pytest.mark.parametrize("place", ["{key}", "$or"])
def test_plain_string_patterns_are_refused_by_sources_without_strings(
    source: str, place: str
) -> None:
    key = "data" if source == "kinesis" else "dynamodb"
    pattern = f'{{"{key}": ["x"]}}'
    if place == "$or":
        pattern = f'{{"$or": [{{"a": [1]}}, {pattern}]}}'
    with pytest.raises(filterpatterns.PatternError) as caught:
        filterpatterns.compile(pattern, source=source)
    assert [error.code for error in caught.value.errors] == ["FP021"]
    assert caught.value.column == pattern.index('["x"]') + 1


def test_the_payload_of_dynamodb_is_an_object() -> None:
    pattern = '{"eventName": ["INSERT"], "dynamodb": {"NewImage": {"a": {"S": ["x"]}}}}'
    compiled = filterpatterns.compile(pattern, source="dynamodb")
    for record, kept in (
        (dynamodb_record({"a": {"S": "x"}}), True),
        (dynamodb_record({"a": {"S": "y"}}), False),
        (dynamodb_record({"a": {"S": "x"}}, "REMOVE"), False),
        (dynamodb_record(None), False),
        ({"eventName": "INSERT"}, False),
        ({"eventName": "INSERT", "dynamodb": 5}, False),
    ):
        found = verdicts(compiled, record)
        assert set(found.values()) == {kept}, (record, found)


@pytest.mark.parametrize(
    ("source", "field"),
    [
        *((source, "eventSource") for source in ("sqs", "dynamodb", "kafka", "mq", "kinesis")),
        *((source, "eventSourceARN") for source in ("sqs", "dynamodb", "kinesis")),
        *((source, "awsRegion") for source in ("sqs", "dynamodb", "kinesis")),
        ("kinesis", "eventName"),
        ("kinesis", "eventID"),
    ],
)
def test_fields_that_aws_adds_later_are_absent(source: str, field: str) -> None:
    records = {
        "sqs": sqs_record(KEPT),
        "dynamodb": dynamodb_record({}),
        "kafka": kafka_record(KEPT) | {"eventSource": "aws:kafka"},
        "mq": activemq_message(KEPT) | {"eventSource": "aws:mq"},
        "kinesis": kinesis_record(KEPT) | {"eventName": "aws:kinesis:record"},
    }
    record = records[source]
    for exists in (True, False):
        pattern = f'{{"{field}": [{{"exists": {json.dumps(exists)}}}]}}'
        found = verdicts(filterpatterns.compile(pattern, source=source), record)
        assert set(found.values()) == {not exists}, found


def test_a_record_that_is_not_an_object_does_not_affect_others() -> None:
    """It is reported wherever the event is read; an array of anything else is not an event."""
    good = sqs_record('{"a": 1}')
    event = {"Records": [good, 7]}
    found = filterpatterns.records(event)
    assert next(found) is good
    with pytest.raises(RecordError) as caught:
        next(found)
    assert (caught.value.index, caught.value.message) == (
        1,
        "a record must be an object, found int",
    )
    compiled = filterpatterns.compile({"body": {"a": [1]}})
    with pytest.raises(RecordError):
        compiled.filter_event(event)
    with pytest.raises(RecordError):
        compiled.filter_event({"Records": [7, good]})
    for own in ({"Records": [5]}, {"Records": 5}):
        assert list(filterpatterns.records(own)) == [own]
