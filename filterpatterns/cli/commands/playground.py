"""`fp playground`: a page that shows what a pattern does with records."""

from __future__ import annotations

import json
import socket
import webbrowser
from importlib.util import find_spec

import click

from filterpatterns.cli.arguments import patterns
from filterpatterns.cli.arguments.options import complete_files, source_option
from filterpatterns.cli.io import output_files
from filterpatterns.cli.io.streams import STDIN, Stream
from filterpatterns.cli.messages import Failure, located, reason
from filterpatterns.lint.linter import DIALECTS

_HOST = "127.0.0.1"
_LARGEST = 1 << 24
"""The size in bytes of the records that the page has when it opens."""


@click.command(
    epilog="""\b
Examples:
  fp playground
  fp playground pattern.json events.jsonl
  fp playground template.yaml#Orders events.jsonl
  fp playground --no-browser --port 8000 pattern.json

\b
Exit status: 130 after Ctrl-C, which ends it; 2 if a file cannot be read, or
the port is taken."""
)
@source_option("The event source selected when the page opens.  [default: from the pattern]")
@click.option(
    "--dialect",
    type=click.Choice(DIALECTS),
    help="The service selected when the page opens.  [default: from the pattern]",
)
@click.option(
    "--port",
    metavar="PORT",
    type=click.IntRange(0, 65535),
    default=0,
    help="The port on 127.0.0.1.  [default: any free port]",
)
@click.option(
    "--browser/--no-browser", default=True, help="Whether to open the page in the browser."
)
@click.argument("pattern", metavar="[PATTERN]", required=False, shell_complete=complete_files)
@click.argument("events", metavar="[EVENTS]", required=False, shell_complete=complete_files)
def command(
    source: str | None,
    dialect: str | None,
    port: int,
    browser: bool,
    pattern: str | None,
    events: str | None,
) -> None:
    """Open a page on this machine: a pattern, records, and why each record is kept or dropped.

    The page checks the pattern while you type, evaluates it with the installed package, and
    converts it to CloudFormation, CDK, Terraform and AWS CLI commands. The URL has a random token,
    and only this machine can open it. Nothing is saved: PATTERN and EVENTS, as for `fp test`, are
    what the page has when it opens.

    Requires the extra `playground`: pip install 'filterpatterns[playground]'.
    """
    if find_spec("starlette") is None or find_spec("uvicorn") is None:
        hint = "pip install 'filterpatterns[playground]'"
        raise Failure(f"fp: error: fp playground requires Starlette and uvicorn: {hint}")
    arguments = tuple(each for each in (pattern, events) if each is not None)
    patterns.refuse_stdin_twice(arguments)
    read = () if pattern is None else patterns.files_of(pattern)
    output_files.refuse_overlap((), (*read, *arguments[1:]))
    initial = {"source": source or "", "dialect": dialect or ""}
    if pattern is not None:
        given = patterns.read(pattern)
        text = given.text
        initial["pattern"] = text if isinstance(text, str) else _text(given.name, text)
        initial["mapping"] = given.logical_id or ""
    if events is not None:
        initial["records"] = _text(events, _records(events))
    _serve(json.dumps(initial), port, browser=browser)


def _serve(initial: str, port: int, *, browser: bool) -> None:
    import uvicorn

    from filterpatterns.integrations.playground import server

    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((_HOST, port))
    except OSError as error:
        listening.close()
        raise Failure(f"fp: error: port {port}: {reason(error)}") from None
    with listening:
        port = listening.getsockname()[1]
        token = server.new_token()
        url = f"http://{_HOST}:{port}/{token}/"
        listening.listen()
        click.echo(f"{url}\nCtrl-C ends it.")
        if browser:
            webbrowser.open(url)
        config = uvicorn.Config(
            server.application(token, port, initial),
            log_level="warning",
            lifespan="off",
            server_header=False,
            timeout_graceful_shutdown=1,
        )
        uvicorn.Server(config).run(sockets=[listening])


def _records(file: str) -> bytes:
    """
    Raises:
        Failure: it cannot be read, or is too large for a page.
    """
    name = STDIN if file == "-" else file
    parts: list[bytes] = []
    try:
        stream = Stream.open(file)
    except (OSError, ValueError) as error:
        raise Failure(located(name, f"error: {reason(error)}")) from None
    size = 0
    with stream:
        while lines := stream.read_lines(lambda _: _LARGEST):
            parts += lines
            size += sum(map(len, lines))
            if size > _LARGEST:
                words = f"error: more than {_LARGEST >> 20} MB, which is too much for a page"
                raise Failure(located(name, f"{words}\n  hint: fp test takes files of any size"))
    if stream.problem is not None:
        raise Failure(located(name, f"error: {stream.problem}"))
    return b"".join(parts)


def _text(name: str, data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        words = f"error: not UTF-8: {error.reason} at byte {error.start + 1}"
        raise Failure(located(name, words)) from None
