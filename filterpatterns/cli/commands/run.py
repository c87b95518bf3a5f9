"""`fp run`: runs an event source mapping for SQS on this machine."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import click

from filterpatterns.cli.arguments import patterns
from filterpatterns.cli.arguments.options import (
    complete_files,
    max_filters_option,
    set_option,
)
from filterpatterns.cli.io.output_files import Write, refuse_overlap, to_file
from filterpatterns.cli.messages import Failure, counted, located
from filterpatterns.cli.output import writers

if TYPE_CHECKING:
    from filterpatterns.engine.filter import Filter
    from filterpatterns.integrations.sqs import BatchResult, EventSourceMapping, Handler, Poller
    from filterpatterns.integrations.sqs.queue import QueueInfo
    from filterpatterns.templates.mapping import Mapping

_FUNCTIONS = {"handler": "handler", "command": "program", "invoke-url": "invoke_url"}
"""The options that choose the function to call, and the names of their values."""

_OPTIONS = {
    "BatchSize": "batch_size",
    "MaximumBatchingWindowInSeconds": "batching_window",
    "FunctionResponseTypes": "report_batch_item_failures",
    "MaximumConcurrency": "concurrency",
    "Timeout": "timeout",
    "keep_dropped": "keep_dropped",
}
"""AWS's settings, and the options that set them."""


@click.command(
    epilog="""\b
Examples:
  fp run template.yaml#OrdersFromQueue --handler app:handler \\
    --queue-url http://localhost:4566/000000000000/orders \\
    --endpoint-url http://localhost:4566
  fp run '{"body": {"total": [{"numeric": [">", 100]}]}}' --dry-run \\
    --queue-url https://sqs.eu-west-1.amazonaws.com/123456789012/orders
  fp run pattern.json --queue-url "$QUEUE" --command 'node handler.js'
  fp run pattern.json --queue-url "$QUEUE" --invoke-url http://localhost:9000
  fp run template.yaml#Orders --queue-url "$QUEUE" --handler app:handler \\
    --once --json

\b
Exit status: 0; with --once 1 if the function could not handle a message;
2 if the pattern, a setting or the queue is refused; 130 after Ctrl-C."""
)
@click.option("--queue-url", metavar="URL", required=True, help="The queue to poll.")
@click.option(
    "--endpoint-url",
    metavar="URL",
    envvar=("AWS_ENDPOINT_URL_SQS", "AWS_ENDPOINT_URL"),
    help="The server of the queue, if it is not AWS.",
)
@click.option(
    "--region",
    metavar="NAME",
    envvar=("AWS_REGION", "AWS_DEFAULT_REGION"),
    help="The queue's region.  [default: from its URL or the AWS configuration]",
)
@click.option(
    "--handler",
    metavar="MODULE:FUNCTION",
    help="A Python function, called in this process; reloaded when its file changes.",
)
@click.option(
    "--command",
    "program",
    metavar="COMMAND",
    help="A program that reads the event from standard input and prints the response.",
)
@click.option(
    "--invoke-url",
    metavar="URL",
    help="The HTTP interface of the Lambda runtime interface emulator.",
)
@click.option(
    "--timeout",
    metavar="SECONDS",
    type=click.FloatRange(min=0, min_open=True),
    help="The function's timeout.  [default: the queue's visibility timeout]",
)
@click.option(
    "--batch-size",
    metavar="N",
    type=int,
    help="How many messages a batch has at most.  [default: the template's, else 10]",
)
@click.option(
    "--batching-window",
    metavar="SECONDS",
    type=int,
    help="How long to collect a batch.  [default: the template's, else 0]",
)
@click.option(
    "--concurrency",
    metavar="N",
    type=click.IntRange(1, 1000),
    help="Concurrent batches.  [default: 5, or less if the template says so; 1 for --invoke-url]",
)
@click.option(
    "--report-batch-item-failures",
    is_flag=True,
    help="The response names the messages that failed.  [default: from the template]",
)
@click.option(
    "--keep-dropped",
    is_flag=True,
    help="Make filtered-out messages visible again at the end instead of deleting them.",
)
@click.option(
    "--dropped",
    metavar="FILE",
    shell_complete=complete_files,
    help="Write filtered-out records as JSON Lines before they are deleted.",
)
@click.option(
    "--dry-run",
    is_flag=True,
    help="Call no function and delete nothing: read the messages, print what would be kept, and "
    "make everything visible again.",
)
@click.option("--once", is_flag=True, help="Stop when the queue is empty.")
@click.option(
    "--wait",
    metavar="SECONDS",
    type=click.IntRange(0, 20),
    default=5,
    show_default=True,
    help="How long a call waits for messages (long polling).",
)
@click.option("--json", "as_json", is_flag=True, help="Write a JSON object for each batch.")
@max_filters_option
@set_option
@click.argument("pattern", metavar="PATTERN", shell_complete=complete_files)
@click.pass_context
def command(ctx: click.Context, /, pattern: str, **options: Any) -> None:
    """Poll an SQS queue as an event source mapping does: filter, batch, call the function, delete.

    PATTERN is a template with `#NAME` of the mapping, whose filters, batch size, window,
    concurrency and response types are used; or a pattern or a FilterCriteria, as a file, `-` for
    standard input, or inline.

    As on AWS, messages that are filtered out ARE DELETED from the queue, and so are those that the
    function has handled. Messages that it fails to handle come back after the queue's visibility
    timeout. Try --dry-run first, or --keep-dropped.

    It works with AWS, using boto3's credentials, and with any SQS-compatible server. It requires
    the extra `aws`: pip install 'filterpatterns[aws]'.

    Ctrl-C finishes the batches in flight and returns the other messages; a second Ctrl-C stops at
    once.
    """
    _check_usage(options)
    filter_, mapping, name = _filter_and_mapping(pattern, options)
    settings = _settings(mapping, name, options)
    refuse_overlap([("--dropped", options["dropped"])], patterns.files_of(pattern))
    from filterpatterns.cli.output.run_display import JsonLines, Lines, live, wants_table

    out = writers.stdout()
    as_json, is_dry = options["as_json"], options["dry_run"]
    display = JsonLines(out) if as_json else Lines(out, is_dry=is_dry)
    stopped: KeyboardInterrupt | None = None
    with to_file(options["dropped"], as_it_comes=True) as write, contextlib.ExitStack() as stack:
        if as_json:  # the function's output must not mix with our JSON Lines
            stack.enter_context(contextlib.redirect_stdout(sys.stderr))
        poller = _poller(filter_, settings, mapping, write, display.batch, options)
        try:
            with _failing():
                _say_what_a_dry_run_does(poller.check(), is_dry=is_dry)
                with live(lambda: poller.counts, wanted=wants_table(as_json=as_json)):
                    poller.run(until_empty=options["once"] or is_dry)
        except KeyboardInterrupt as error:
            stopped = error
    display.summary(poller.counts)
    if stopped is not None:
        raise stopped
    ctx.exit(1 if options["once"] and poller.counts.failed_ids else 0)


def _check_usage(options: dict[str, Any]) -> None:
    given = [f"--{name}" for name in _FUNCTIONS if options[_FUNCTIONS[name]] is not None]
    if len(given) > 1:
        raise click.UsageError(f"{given[0]} and {given[1]} exclude each other")
    if not given and not options["dry_run"]:
        raise click.UsageError(
            "what is to be called? --handler module:function, --command or --invoke-url; or only "
            "look, with --dry-run"
        )


def _filter_and_mapping(
    pattern: str, options: dict[str, Any]
) -> tuple[Filter, Mapping | None, str]:
    """Return the filter, the template's mapping if there is one, and the name of the file."""
    given, found, mapping = patterns.load(
        pattern,
        source=None,
        max_filters=options["max_filters"],
        default="sqs",
        known=options["known"],
        unfiltered=True,
    )
    if mapping is None:
        return found, None, given.name
    if mapping.kind not in ("event source mapping", "pattern"):
        words = f"error: {mapping.logical_id} is a {mapping.kind}, not an event source mapping"
        raise Failure(located(given.name, words, mapping.line))
    if mapping.source not in (None, "sqs"):
        words = f"error: {mapping.logical_id} is for {mapping.source}; fp run is for SQS"
        raise Failure(located(given.name, words, mapping.line))
    return found, mapping, given.name


def _settings(mapping: Mapping | None, name: str, options: dict[str, Any]) -> EventSourceMapping:
    """Return the template's settings; options take precedence."""
    from filterpatterns.integrations.sqs.mapping import MappingError, from_settings

    found: list[tuple[str, Any]] = []
    for setting in mapping.settings if mapping is not None else ():
        place = setting.line, setting.column
        option = _OPTIONS.get(setting.name)
        if setting.name == "Enabled":
            if setting.value in (False, "false"):
                click.echo(
                    located(name, "warning: Enabled is false: AWS would not poll", *place), err=True
                )
            continue
        if option is not None and options[option] not in (None, False):
            continue
        if setting.unresolved is not None:
            words = f"error: {setting.name}: {setting.unresolved}"
            hint = f"\n  hint: give {_option(setting.name)}"
            raise Failure(located(name, words, *place) + hint)
        found.append((setting.name, setting.value))
        try:
            from_settings(found[-1:])
        except MappingError as error:
            raise Failure(located(name, f"error: {error}", *place)) from None
    found += [
        ("BatchSize", options["batch_size"]),
        ("MaximumBatchingWindowInSeconds", options["batching_window"]),
        (
            "FunctionResponseTypes",
            "ReportBatchItemFailures" if options["report_batch_item_failures"] else None,
        ),
    ]
    with _failing():
        return from_settings(found)


def _poller(
    filter_: Filter,
    settings: EventSourceMapping,
    mapping: Mapping | None,
    write: Write,
    on_batch: Callable[[BatchResult], None],
    options: dict[str, Any],
) -> Poller:
    from filterpatterns.integrations.sqs import Command, InvokeUrl, Poller, PythonModule
    from filterpatterns.integrations.sqs.records import encoded

    def dropped(record: dict[str, Any], _reason: object, _key: str) -> None:
        write(encoded(record) + b"\n")

    makers: dict[str, Callable[[str], Handler]] = {
        "handler": PythonModule,
        "command": Command,
        "invoke-url": InvokeUrl,
    }
    handler: Handler | None = None
    for name, option in _FUNCTIONS.items():
        if options[option] is not None and not options["dry_run"]:
            try:
                handler = makers[name](options[option])
            except ValueError as error:
                raise Failure(f"fp: error: --{name}: {error}") from None
    with _failing():
        return Poller(
            options["queue_url"],
            handler,
            pattern=filter_,
            mapping=settings,
            endpoint_url=options["endpoint_url"],
            region_name=options["region"],
            concurrency=options["concurrency"],
            timeout=options["timeout"],
            keep_dropped=options["keep_dropped"],
            dry_run=options["dry_run"],
            wait_seconds=options["wait"],
            function_name=(mapping.logical_id if mapping is not None else "") or "local",
            on_dropped=dropped if options["dropped"] is not None else None,
            on_batch=on_batch,
            report=_report,
        )


@contextlib.contextmanager
def _failing() -> Iterator[None]:
    """Turn errors of the poller into error messages."""
    from filterpatterns.integrations.sqs import MappingError, QueueError

    try:
        yield
    except MappingError as error:
        raise Failure(f"fp: error: {_option(error.setting)}: {error.message}") from None
    except QueueError as error:
        raise Failure(f"fp: error: {error}") from None


def _say_what_a_dry_run_does(queue: QueueInfo, *, is_dry: bool) -> None:
    if not is_dry:
        return
    if queue.max_receive_count is not None:
        _report(
            "warning: reading a message counts as receiving it: after "
            f"{counted(queue.max_receive_count, 'time')} the queue moves it to its dead-letter "
            "queue"
        )
    if queue.is_fifo:
        _report(
            "note: of each group of a FIFO queue only the first messages can be seen: the others "
            "wait for these"
        )


def _report(words: str) -> None:
    click.echo(f"fp: {words}", err=True)


def _option(setting: str) -> str:
    return "--" + _OPTIONS.get(setting, setting).replace("_", "-")
