"""moto's server over HTTP, with exact filters."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws
from moto.awslambda.models import LambdaFunction
from moto.server import ThreadedMotoServer

from filterpatterns.integrations import moto as integration
from filterpatterns.integrations.emulators import patching
from filterpatterns.integrations.moto import UnsupportedVersionError, exact_filters
from tests.extras.integration.emulator_cases import (
    CASES,
    REGION,
    client,
    create_function,
    create_queue,
    criteria,
    left_in,
    received,
)

pytestmark = pytest.mark.filterwarnings("default")

Invocations = list[dict[str, Any]]


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    one = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    one.start()
    try:
        with exact_filters():
            host, port = one.get_host_and_port()
            yield f"http://{host}:{port}"
    finally:
        one.stop()


@pytest.fixture
def endpoint(server: str) -> str:
    import urllib.request

    request = urllib.request.Request(f"{server}/moto-api/reset", method="POST")
    urllib.request.urlopen(request).read()
    return server


@pytest.fixture
def invocations(monkeypatch: pytest.MonkeyPatch) -> Invocations:
    """What functions were called with: moto runs them in containers, which are not there."""
    seen: Invocations = []

    def invoke(self: Any, body: str, request_headers: Any, response_headers: Any) -> str:
        event = json.loads(body)
        seen.append(event)
        if any("fail" in str(record.get("body")) for record in event["Records"]):
            response_headers["x-amz-function-error"] = "Unhandled"
        return "null"

    monkeypatch.setattr(LambdaFunction, "invoke", invoke)
    return seen


def function(endpoint: str) -> str:
    trust = json.dumps({"Version": "2012-10-17", "Statement": []})
    role = client("iam", endpoint).create_role(RoleName="r", AssumeRolePolicyDocument=trust)
    return create_function(endpoint, "orders", role["Role"]["Arn"], {})


def add_mapping(endpoint: str, source: str, pattern: Any, **more: Any) -> str:
    answer = client("lambda", endpoint).create_event_source_mapping(
        FunctionName=function(endpoint),
        EventSourceArn=source,
        FilterCriteria=criteria(pattern),
        **more,
    )
    return str(answer["UUID"])


@pytest.mark.parametrize("name", CASES)
def test_rules(endpoint: str, name: str) -> None:
    pattern, kept, dropped = CASES[name]
    events = client("events", endpoint)
    url, arn = create_queue(endpoint, "events")
    events.put_rule(Name="rule", EventPattern=json.dumps({"detail": pattern}))
    events.put_targets(Rule="rule", Targets=[{"Id": "1", "Arn": arn}])
    for detail in (dropped, kept):
        entry = {"Source": "shop", "DetailType": "order", "Detail": json.dumps(detail)}
        events.put_events(Entries=[entry])
    assert [each["detail"] for each in received(endpoint, url)] == [kept]


def test_the_event_that_a_rule_sees_is_the_one_that_is_delivered(endpoint: str) -> None:
    pattern = {
        "time": [{"prefix": "20"}],
        "ingestion-time": [{"exists": False}],
        "replay-name": [{"exists": False}],
        "source": ["shop"],
    }
    events = client("events", endpoint)
    url, arn = create_queue(endpoint, "events")
    events.put_rule(Name="rule", EventPattern=json.dumps(pattern))
    events.put_targets(Rule="rule", Targets=[{"Id": "1", "Arn": arn}])
    events.put_events(Entries=[{"Source": "shop", "DetailType": "order", "Detail": "{}"}])
    assert len(received(endpoint, url)) == 1


def test_an_archive_keeps_what_its_pattern_matches(endpoint: str) -> None:
    events = client("events", endpoint)
    bus = events.describe_event_bus(Name="default")["Arn"]
    pattern, kept, dropped = CASES["arrays"]
    events.create_archive(
        ArchiveName="a", EventSourceArn=bus, EventPattern=json.dumps({"detail": pattern})
    )
    for detail in (dropped, kept):
        entry = {"Source": "shop", "DetailType": "order", "Detail": json.dumps(detail)}
        events.put_events(Entries=[entry])
    assert events.describe_archive(ArchiveName="a")["EventCount"] == 1


@pytest.mark.parametrize("name", CASES)
def test_sqs(endpoint: str, invocations: Invocations, name: str) -> None:
    pattern, kept, dropped = CASES[name]
    url, arn = create_queue(endpoint, "orders")
    add_mapping(endpoint, arn, {"body": pattern})
    sqs = client("sqs", endpoint)
    for body in (dropped, kept):
        sqs.send_message(QueueUrl=url, MessageBody=json.dumps(body))
    bodies = [json.loads(record["body"]) for event in invocations for record in event["Records"]]
    assert bodies == [kept]
    assert left_in(endpoint, url) == 0


def test_sqs_attributes_are_filtered_on(endpoint: str, invocations: Invocations) -> None:
    url, arn = create_queue(endpoint, "orders")
    add_mapping(endpoint, arn, {"messageAttributes": {"kind": {"stringValue": ["order"]}}})
    for kind in ("click", "order"):
        attributes = {"kind": {"DataType": "String", "StringValue": kind}}
        client("sqs", endpoint).send_message(
            QueueUrl=url, MessageBody=kind, MessageAttributes=attributes
        )
    assert [record["body"] for event in invocations for record in event["Records"]] == ["order"]


def test_dropped_messages_are_deleted_even_if_the_function_fails(
    endpoint: str, invocations: Invocations
) -> None:
    url, arn = create_queue(endpoint, "orders")
    sqs = client("sqs", endpoint)
    for body in ("drop", "fail"):
        sqs.send_message(QueueUrl=url, MessageBody=body)
    add_mapping(endpoint, arn, {"body": ["fail", "also fails"]})
    sqs.send_message(QueueUrl=url, MessageBody="also fails")
    assert {record["body"] for event in invocations for record in event["Records"]} == {
        "fail",
        "also fails",
    }
    assert left_in(endpoint, url) == 2


def test_kinesis(endpoint: str, invocations: Invocations) -> None:
    kinesis = client("kinesis", endpoint)
    kinesis.create_stream(StreamName="clicks", ShardCount=1)
    arn = kinesis.describe_stream(StreamName="clicks")["StreamDescription"]["StreamARN"]
    pattern, kept, dropped = CASES["numeric on a string"]
    add_mapping(
        endpoint, arn, {"data": pattern, "partitionKey": ["k"]}, StartingPosition="TRIM_HORIZON"
    )
    for key, data in (("k", dropped), ("other", kept), ("k", kept)):
        kinesis.put_record(StreamName="clicks", Data=json.dumps(data), PartitionKey=key)
    (event,) = invocations
    (record,) = event["Records"]
    assert json.loads(base64.b64decode(record["kinesis"]["data"])) == kept


def test_dynamodb(endpoint: str, invocations: Invocations) -> None:
    dynamodb = client("dynamodb", endpoint)
    table = dynamodb.create_table(
        TableName="orders",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )
    arn = table["TableDescription"]["LatestStreamArn"]
    image = {"NewImage": {"state": {"S": [{"anything-but": "done"}]}}}
    add_mapping(
        endpoint, arn, {"eventName": ["INSERT"], "dynamodb": image}, StartingPosition="LATEST"
    )
    for item in ({"id": "1"}, {"id": "2", "state": "done"}, {"id": "3", "state": "open"}):
        dynamodb.put_item(
            TableName="orders", Item={name: {"S": value} for name, value in item.items()}
        )
    dynamodb.delete_item(TableName="orders", Key={"id": {"S": "3"}})
    ids = [
        record["dynamodb"]["Keys"]["id"]["S"]
        for event in invocations
        for record in event["Records"]
    ]
    assert ids == ["3"]


def test_patterns_that_aws_refuses_are_refused(endpoint: str) -> None:
    events = client("events", endpoint)
    with pytest.raises(ClientError, match=r"InvalidEventPatternException.*a number is missing"):
        events.put_rule(Name="bad", EventPattern='{"detail": {"a": [{"numeric": [">"]}]}}')
    _, arn = create_queue(endpoint, "orders")
    with pytest.raises(ClientError, match=r"InvalidParameterValueException.*array of rules"):
        add_mapping(endpoint, arn, {"body": {"a": "x"}})


def test_a_changed_filter_takes_effect(endpoint: str, invocations: Invocations) -> None:
    url, arn = create_queue(endpoint, "orders")
    uuid = add_mapping(endpoint, arn, {"body": ["a"]})
    update = client("lambda", endpoint).update_event_source_mapping
    with pytest.raises(ClientError, match="InvalidParameterValueException"):
        update(UUID=uuid, FilterCriteria=criteria({"body": 5}))
    update(UUID=uuid, FilterCriteria=criteria({"body": ["b"]}))
    for body in ("a", "b"):
        client("sqs", endpoint).send_message(QueueUrl=url, MessageBody=body)
    assert [record["body"] for event in invocations for record in event["Records"]] == ["b"]


def test_in_process_without_a_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    with exact_filters(), mock_aws():
        events = boto3.client("events", REGION)
        with pytest.raises(ClientError, match="InvalidEventPatternException"):
            events.put_rule(Name="bad", EventPattern='{"a": [{"prefix": 5}]}')


def test_moto_is_restored_after_the_block() -> None:
    from moto.awslambda.models import LambdaBackend
    from moto.events.models import EventPattern

    patches = patching.Patches("moto", (5, 2), (5, 3), integration._find)
    before = {**vars(EventPattern)}, {**vars(LambdaBackend)}
    with patches.installed(), patches.installed():
        assert ({**vars(EventPattern)}, {**vars(LambdaBackend)}) != before
    assert ({**vars(EventPattern)}, {**vars(LambdaBackend)}) == before


@pytest.mark.parametrize("found", ["4.2.14", "5.1.22", "5.3.0", "6.0.0.dev1"])
def test_other_versions_are_left_alone(monkeypatch: pytest.MonkeyPatch, found: str) -> None:
    from moto.events.models import EventPattern

    monkeypatch.setattr(patching, "version", lambda _: found)
    patches = patching.Patches("moto", (5, 2), (5, 3), integration._find)
    before = {**vars(EventPattern)}
    with pytest.raises(UnsupportedVersionError, match=rf"moto {found} is not supported: nothing"):
        patches.install()
    assert {**vars(EventPattern)} == before


def test_other_implementations_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    from moto.awslambda.models import LambdaBackend
    from moto.events.models import EventPattern

    monkeypatch.setattr(LambdaBackend, "send_sqs_batch", lambda self, batch: None)
    patches = patching.Patches("moto", (5, 2), (5, 3), integration._find)
    before = {**vars(EventPattern)}
    with pytest.raises(UnsupportedVersionError, match="send_sqs_batch has different arguments"):
        patches.install()
    monkeypatch.delattr(LambdaBackend, "send_sqs_batch")
    with pytest.raises(UnsupportedVersionError, match="send_sqs_batch"):
        patches.install()
    assert {**vars(EventPattern)} == before
