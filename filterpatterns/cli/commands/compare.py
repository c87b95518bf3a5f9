"""`fp compare`: whether AWS returns the same verdicts."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import click
from msgspec import Struct

from filterpatterns.cli.arguments import patterns
from filterpatterns.cli.arguments.options import (
    complete_files,
    events_argument,
    max_filters_option,
    set_option,
)
from filterpatterns.cli.checking import searching
from filterpatterns.cli.evaluation.record_loop import numbered, report
from filterpatterns.cli.io import output_files
from filterpatterns.cli.io.json_output import write_json
from filterpatterns.cli.messages import Failure, counted, located
from filterpatterns.cli.output import writers
from filterpatterns.delivery.reader import Item
from filterpatterns.errors import RecordError, printable
from filterpatterns.language.wording import truncate
from filterpatterns.matching.verdict import as_record

if TYPE_CHECKING:
    from filterpatterns.engine.filter import Filter

_KEPT = {True: "match", False: "drop"}
_REFUSED = "InvalidEventPatternException"
_WANTED = ("id", "account", "source", "time", "region", "resources", "detail-type")
"""What an event must have (EventBridge API reference, "TestEventPattern")."""

Ask = Callable[[str, str], bool]
"""(pattern, event): the verdict of TestEventPattern, both given as text."""


class _Tally(Struct):
    """The counts of the records."""

    asked: int = 0
    different: int = 0
    unreadable: int = 0
    unasked: int = 0


class _Refused(Exception):
    """AWS refuses the pattern or the event; the message is from AWS."""


@click.command(
    epilog="""\b
Examples:
  fp compare rule.json events.jsonl --profile dev
  fp compare '{"detail": {"total": [5]}}' events.jsonl --profile dev
  fp compare rule.json events.jsonl --endpoint-url http://127.0.0.1:5000
  fp compare --json rule.json events.jsonl --profile dev | jq .record

\b
Exit status: 0; 1 if a verdict differs; 2 if the pattern is refused, AWS
cannot be called, or a file or line cannot be read (the remaining ones are
still compared)."""
)
@click.option("--endpoint-url", metavar="URL", help="The URL of EventBridge or an emulator.")
@click.option("--profile", metavar="NAME", help="The profile of the AWS configuration to use.")
@click.option("--region", metavar="NAME", help="The region, if the configuration has none.")
@click.option(
    "--json", "as_json", is_flag=True, help="Write a JSON object for each verdict that differs."
)
@max_filters_option
@set_option
@click.argument("pattern", metavar="PATTERN", shell_complete=complete_files)
@events_argument
@click.pass_context
def command(
    ctx: click.Context,
    /,
    pattern: str,
    files: tuple[str, ...],
    endpoint_url: str | None,
    profile: str | None,
    region: str | None,
    as_json: bool,
    **how: Any,
) -> None:
    """Ask EventBridge for the same verdicts, and print those that differ.

    Each event is sent to TestEventPattern, which requires the permission events:TestEventPattern
    and costs nothing. EventBridge accepts only whole events: required members that an event lacks
    are filled in for the call, unless the pattern names them. A pattern that AWS refuses but that
    compiles here is reported too.

    PATTERN and EVENTS are as for `fp test`, for the source `event`. Requires the extra `aws`.
    """
    patterns.refuse_stdin_twice((pattern, *files))
    if endpoint_url is None and profile is None:
        raise click.UsageError("give --profile NAME or --endpoint-url URL")
    files = searching.event_files(files)
    output_files.refuse_overlap((), (*patterns.files_of(pattern), *files))
    compiled = patterns.load(pattern, source="event", **how)[1]
    ask = _client(endpoint_url, profile, region)
    out = writers.stdout()
    tally = _Tally()
    for file in files:
        for number, item in numbered(file, out, tally):
            _compare(item, number, compiled, ask, tally, out, as_json)
    out.flush()
    words = f"{counted(tally.asked)} compared: {tally.different:,} differ"
    if tally.unasked:
        words += f", {tally.unasked:,} not comparable"
    click.echo(words, err=True)
    if tally.unreadable or tally.unasked:
        ctx.exit(2)
    ctx.exit(1 if tally.different else 0)


def _compare(
    item: Item,
    number: int,
    compiled: Filter,
    ask: Ask,
    tally: _Tally,
    out: Any,
    as_json: bool,
) -> None:
    """Compare one record and write differences."""
    if item.error is not None:
        tally.unreadable += 1
        report(out, located(item.file, f"error: {item.error}", item.line, item.column))
        return
    try:
        ours = compiled.verdict(item.record)[0].slug == "match"
        text = _event_text(item.record, compiled)
    except RecordError as error:
        tally.unreadable += 1
        report(out, located(item.file, f"error: {error.message}", item.line))
        return
    theirs: bool | None = False
    why = ""
    try:
        theirs = any(ask(one.text, text) for one in compiled.texts) or not compiled.texts
    except _Refused as refusal:
        theirs, why = None, str(refusal)
    if theirs is None and _REFUSED not in why:
        tally.unasked += 1
        report(out, located(item.file, f"error: not sent to AWS: {printable(why)}", item.line))
        return
    tally.asked += 1
    if theirs is ours:
        return
    tally.different += 1
    answer = "refused" if theirs is None else _KEPT[theirs]
    if as_json:
        row = {
            "file": item.file,
            "line": item.line,
            "number": number,
            "id": item.id,
            "fp": _KEPT[ours],
            "aws": answer,
            "detail": why,
            "record": as_record(item.record),
        }
        write_json(out, row)
        return
    name = "-" if item.id is None else printable(truncate(item.id))
    detail = f"  {printable(why)}" if why else ""
    out.write(f"{number:>3}  {name}  fp: {_KEPT[ours]}  aws: {answer}{detail}\n")


def _event_text(record: Any, compiled: Filter) -> str:
    """Return the event as TestEventPattern expects it: with all members of the envelope.

    A complete event keeps its own text, with the digits of its numbers.

    Raises:
        RecordError: a member that the pattern names is missing.
    """
    members = as_record(record)
    missing = [name for name in _WANTED if name not in members]
    wanted = {name for one in compiled.texts for name in _top_level(json.loads(one.text))}
    named = [name for name in missing if name in wanted]
    if named:
        raise RecordError(
            f"EventBridge refuses events without {json.dumps(named[0])}, which the pattern names"
        )
    if not missing and isinstance(record, (str, bytes)):
        return record if isinstance(record, str) else record.decode()
    fill = {name: [] if name == "resources" else _FILLED.get(name, "-") for name in missing}
    if not missing:
        return json.dumps(members, ensure_ascii=False)
    if isinstance(record, str) and members:
        return "{" + json.dumps(fill)[1:-1] + ", " + record.lstrip()[1:]
    return json.dumps({**fill, **members}, ensure_ascii=False)


def _top_level(pattern: dict[str, Any]) -> Iterator[str]:
    """Return the members of an event that a pattern names, including those in `$or`."""
    for name, value in pattern.items():
        if name == "$or":
            for alternative in value:
                yield from _top_level(alternative)
        else:
            yield name.partition(".")[0]


_FILLED = {
    "account": "123456789012",
    "time": "2026-01-01T00:00:00Z",
    "region": "us-east-1",
    "id": "00000000-0000-0000-0000-000000000000",
}
"""The members that are filled in for the call."""


def _client(endpoint_url: str | None, profile: str | None, region: str | None) -> Ask:
    """Return a function that calls TestEventPattern.

    Raises:
        Failure: boto3 is not installed, or its configuration is unusable.
    """
    try:
        import boto3
        from botocore.exceptions import BotoCoreError, ClientError
    except ImportError:
        raise Failure(
            "fp: error: fp compare requires boto3: pip install 'filterpatterns[aws]'"
        ) from None
    try:
        session = boto3.Session(profile_name=profile, region_name=region)
        options: dict[str, Any] = {"endpoint_url": endpoint_url}
        if endpoint_url is not None and profile is None:
            # An emulator checks neither, but boto3 requires them.
            if session.region_name is None:
                options["region_name"] = "us-east-1"
            if session.get_credentials() is None:
                options |= {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
        client = session.client("events", **options)
    except (BotoCoreError, ValueError) as error:
        raise Failure(f"fp: error: cannot call AWS: {error}") from None

    def ask(pattern: str, event: str) -> bool:
        try:
            answer = client.test_event_pattern(EventPattern=pattern, Event=event)
        except ClientError as error:
            details = error.response.get("Error", {})
            code = details.get("Code", "")
            words = f"{code}: {details.get('Message', '')}"
            if code == _REFUSED or "Validation" in code:
                raise _Refused(words) from None
            raise Failure(f"fp: error: AWS returned an error: {printable(words)}") from None
        except BotoCoreError as error:
            raise Failure(f"fp: error: cannot call AWS: {printable(str(error))}") from None
        if "Result" not in answer:
            raise Failure(
                "fp: error: the response has no Result: does the server implement TestEventPattern?"
            )
        return bool(answer["Result"])

    return ask
