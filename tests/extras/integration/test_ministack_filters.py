"""MiniStack in a subprocess, over HTTP, with exact filters."""

from __future__ import annotations

import base64
import json
import os
import re
import socket
import subprocess
import sys
import urllib.request
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from botocore.exceptions import ClientError

from filterpatterns.integrations import ministack as integration
from filterpatterns.integrations.emulators import patching
from filterpatterns.integrations.ministack import UnsupportedVersionError
from tests.extras.integration.emulator_cases import (
    CASES,
    client,
    create_function,
    create_queue,
    criteria,
    left_in,
    received,
    until,
)

ROLE = "arn:aws:iam::000000000000:role/r"
COMMAND = [sys.executable, "-m", "filterpatterns.integrations.ministack"]


class Server(NamedTuple):
    endpoint: str
    process: subprocess.Popen[bytes]
    port: int


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    port = free_port()
    folder = tmp_path_factory.mktemp("ministack")
    environment = {name: value for name, value in os.environ.items() if name != "BIND_HOST"}
    environment |= {"GATEWAY_PORT": str(port), "TMPDIR": str(folder), "LOG_LEVEL": "WARNING"}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(COMMAND, env=environment, stdout=log, stderr=log)
    endpoint = f"http://127.0.0.1:{port}"

    def is_up() -> bool:
        assert process.poll() is None, (folder / "log").read_text()
        try:
            urllib.request.urlopen(f"{endpoint}/_ministack/health", timeout=5).read()
        except OSError:
            return False
        return True

    try:
        until(is_up)
        yield Server(endpoint, process, port)
    finally:
        process.terminate()
        process.wait(30)


class Function(NamedTuple):
    name: str
    seen: Path

    def records(self) -> list[Any]:
        lines = self.seen.read_text().splitlines() if self.seen.exists() else []
        return [record for line in lines for record in json.loads(line)["Records"]]


@pytest.fixture
def function(server: Server, tmp_path: Path) -> Function:
    name, seen = f"f-{uuid.uuid4()}", tmp_path / "seen"
    create_function(server.endpoint, name, ROLE, {"SEEN": str(seen)})
    return Function(name, seen)


def add_mapping(server: Server, name: str, source: str, pattern: Any, **more: Any) -> str:
    answer = client("lambda", server.endpoint).create_event_source_mapping(
        FunctionName=name, EventSourceArn=source, FilterCriteria=criteria(pattern), **more
    )
    return str(answer["UUID"])


@pytest.fixture
def queue(server: Server) -> tuple[str, str]:
    return create_queue(server.endpoint, f"q-{uuid.uuid4()}")


def test_it_listens_on_loopback_only(server: Server) -> None:
    tables = [Path(f"/proc/{server.process.pid}/net/{name}") for name in ("tcp", "tcp6")]
    lines = [line for table in tables if table.exists() for line in table.read_text().splitlines()]
    wanted = f"{server.port:04X}"
    listening = [
        found[1]
        for line in lines
        if (found := re.match(rf"\s*\d+: ([0-9A-F]+):{wanted} [0-9A-F:]+ 0A ", line))
    ]
    assert listening == ["0100007F"]


@pytest.mark.parametrize("name", CASES)
def test_sqs(server: Server, function: Function, queue: tuple[str, str], name: str) -> None:
    pattern, kept, dropped = CASES[name]
    url, arn = queue
    add_mapping(server, function.name, arn, {"body": pattern})
    for body in (dropped, kept):
        client("sqs", server.endpoint).send_message(QueueUrl=url, MessageBody=json.dumps(body))
    until(lambda: left_in(server.endpoint, url) == 0)
    assert [json.loads(record["body"]) for record in function.records()] == [kept]


@pytest.mark.parametrize("name", CASES)
def test_rules(server: Server, queue: tuple[str, str], name: str) -> None:
    pattern, kept, dropped = CASES[name]
    url, arn = queue
    events = client("events", server.endpoint)
    bus = f"bus-{uuid.uuid4()}"
    events.create_event_bus(Name=bus)
    events.put_rule(Name="r", EventBusName=bus, EventPattern=json.dumps({"detail": pattern}))
    events.put_targets(Rule="r", EventBusName=bus, Targets=[{"Id": "1", "Arn": arn}])
    for detail in (dropped, kept):
        entry = {"Source": "shop", "DetailType": "order", "Detail": json.dumps(detail)}
        events.put_events(Entries=[{**entry, "EventBusName": bus}])
    assert [each["detail"] for each in received(server.endpoint, url, wait=1)] == [kept]


def test_a_number_that_no_double_holds_is_not_a_number(
    server: Server, queue: tuple[str, str]
) -> None:
    url, arn = queue
    events = client("events", server.endpoint)
    bus = f"bus-{uuid.uuid4()}"
    events.create_event_bus(Name=bus)
    pattern = '{"detail": {"n": [{"numeric": [">", 0]}]}}'
    events.put_rule(Name="r", EventBusName=bus, EventPattern=pattern)
    events.put_targets(Rule="r", EventBusName=bus, Targets=[{"Id": "1", "Arn": arn}])
    for text in ("9007199254740993", "37.5"):
        entry = {"Source": "shop", "DetailType": "order", "Detail": f'{{"n": {text}}}'}
        events.put_events(Entries=[{**entry, "EventBusName": bus}])
    assert [each["detail"]["n"] for each in received(server.endpoint, url, wait=1)] == [37.5]


def test_dropped_messages_are_deleted_even_if_the_function_fails(
    server: Server, queue: tuple[str, str], tmp_path: Path
) -> None:
    url, arn = queue
    sqs = client("sqs", server.endpoint)
    name, seen = f"f-{uuid.uuid4()}", tmp_path / "seen"
    create_function(server.endpoint, name, ROLE, {"SEEN": str(seen), "FAIL": "1"})
    for body in ("drop", "keep", "drop"):
        sqs.send_message(QueueUrl=url, MessageBody=body)
    add_mapping(server, name, arn, {"body": ["keep"]})
    until(lambda: Function(name, seen).records())
    until(lambda: left_in(server.endpoint, url) == 1)
    assert {record["body"] for record in Function(name, seen).records()} == {"keep"}


def test_kinesis(server: Server, function: Function) -> None:
    kinesis, name = client("kinesis", server.endpoint), f"s-{uuid.uuid4()}"
    kinesis.create_stream(StreamName=name, ShardCount=1)
    arn = kinesis.describe_stream(StreamName=name)["StreamDescription"]["StreamARN"]
    pattern, kept, dropped = CASES["numeric on a string"]
    wanted = {"data": pattern, "partitionKey": ["k"]}
    add_mapping(server, function.name, arn, wanted, StartingPosition="TRIM_HORIZON")
    for key, data in (("k", dropped), ("other", kept), ("k", kept)):
        kinesis.put_record(StreamName=name, Data=json.dumps(data), PartitionKey=key)
    until(function.records)
    (record,) = function.records()
    assert json.loads(base64.b64decode(record["kinesis"]["data"])) == kept


def test_dynamodb(server: Server, function: Function) -> None:
    dynamodb, name = client("dynamodb", server.endpoint), f"t-{uuid.uuid4()}"
    table = dynamodb.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )
    arn = table["TableDescription"]["LatestStreamArn"]
    image = {"NewImage": {"state": {"S": [{"anything-but": "done"}]}}}
    wanted = {"eventName": ["INSERT"], "dynamodb": image}
    add_mapping(server, function.name, arn, wanted, StartingPosition="TRIM_HORIZON")
    for item in ({"id": "1"}, {"id": "2", "state": "done"}, {"id": "3", "state": "open"}):
        dynamodb.put_item(TableName=name, Item={key: {"S": each} for key, each in item.items()})
    until(function.records)
    assert [each["dynamodb"]["Keys"]["id"]["S"] for each in function.records()] == ["3"]


def test_patterns_that_aws_refuses_are_refused(
    server: Server, function: Function, queue: tuple[str, str]
) -> None:
    with pytest.raises(ClientError, match="InvalidEventPatternException"):
        client("events", server.endpoint).put_rule(Name="bad", EventPattern='{"a": [{"no": 1}]}')
    with pytest.raises(ClientError, match="InvalidParameterValueException"):
        add_mapping(server, function.name, queue[1], {"body": {"a": "x"}})
    identity = add_mapping(server, function.name, queue[1], {"body": {"a": ["x"]}})
    with pytest.raises(ClientError, match="InvalidParameterValueException"):
        client("lambda", server.endpoint).update_event_source_mapping(
            UUID=identity, FilterCriteria=criteria({"body": 5})
        )


@pytest.mark.parametrize(
    ("environment", "arguments", "message"),
    [
        ({"BIND_HOST": "0.0.0.0"}, [], "BIND_HOST=0.0.0.0 is not a loopback address"),
        ({}, ["--detach"], "--detach starts a process that does not filter exactly"),
    ],
)
def test_the_server_refuses_unsupported_options(
    environment: dict[str, str], arguments: list[str], message: str
) -> None:
    result = subprocess.run(
        [*COMMAND, *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 1
    assert message in result.stderr


@pytest.mark.parametrize("found", ["1.5.32", "1.6.0", "2.0"])
def test_other_versions_are_left_alone(monkeypatch: pytest.MonkeyPatch, found: str) -> None:
    monkeypatch.setattr(patching, "version", lambda _: found)
    patches = patching.Patches("ministack", (1, 5, 33), (1, 6), integration._find)
    with pytest.raises(UnsupportedVersionError, match=f"ministack {found} is not supported"):
        patches.install()
