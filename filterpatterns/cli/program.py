"""The command `fp`.

Each command is a module in `commands` that has a click command named `command`, imported when
it is called: `fp --version` is quick, and this module imports only click.
"""

from __future__ import annotations

import atexit
import errno
import gc
import importlib
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from typing import Any, Final

import click

from filterpatterns import __version__
from filterpatterns.cli import interrupts

_COMMANDS: Final = {
    "test": "Show which records the pattern keeps, and why others are dropped.",
    "explain": "Explain each verdict as a tree.",
    "stats": "Count how many records each condition lets through.",
    "check": "Check the patterns in templates and other files.",
    "rule": "Explain the codes that fp check reports.",
    "compile": "Check that a pattern compiles.",
    "filter": "Write the records that the pattern keeps.",
    "route": "Find which of many rules match each record.",
    "run": "Run an event source mapping for an SQS queue.",
    "lsp": "Run the language server, for editors.",
    "compare": "Ask EventBridge for the same verdicts.",
    "schema": "Print a JSON Schema, for editors and validators.",
    "playground": "Open a page for trying out patterns.",
    "completion": "Print a completion script for a shell.",
}
"""The commands in the order in which they are needed, as the help lists them."""

_REFERENCE: Final = ("rule", "schema", "completion")
"""Those whose modules are in `commands/reference`."""

_NEW_OBJECTS: Final = 50_000
"""After so many, Python looks for garbage. What a command makes at first (modules, rules) stays:
looking through it again and again would take a tenth of the time until the first record."""

_FILES: Final = frozenset(("PATTERN", "RULES", "EVENTS", "FILES", "FILE", "DIR", "URL"))
"""What the help calls names of files, and URLs."""

_BROKEN_PIPE = 128 + 13  # as a shell reports a program ended by SIGPIPE
_FAILED = 2
_CLOSE: Final = 0.7


class _Program(click.Group):
    """The group of commands, and the only place that determines how the program ends."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        return _command(cmd_name)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        with _plain_usage_errors():
            return super().parse_args(ctx, args)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if name not in _COMMANDS and not name.startswith("-") and not ctx.resilient_parsing:
            ctx.fail(_no_such_command(name))
        return super().resolve_command(ctx, args)

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Run the program and exit; with 2 for unexpected errors."""
        if not args and kwargs.get("args") is None:  # the process is for this program
            interrupts.swap(interrupts.end, signal.default_int_handler)  # until it has ended
        gc.set_threshold(_NEW_OBJECTS)
        atexit.register(gc.freeze)  # nothing is left to collect, and looking takes 10 ms
        try:
            return super().main(*args, **kwargs)
        except OSError as error:
            # Input files have their own messages: this is about output.
            words = f"cannot write: {error.strerror or error}"
        except MemoryError:
            words = "out of memory"
        except Exception as error:  # noqa: BLE001 - 1 would mean something else
            from filterpatterns.cli.messages import unexpected

            words = unexpected(error)
        _abandon(sys.stdout)
        _abandon(sys.stderr)
        with suppress(OSError):
            click.echo(f"fp: error: {words}", err=True)
        sys.exit(_FAILED)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command. Ctrl-C, other signals that end it, and a closed reader end it without
        a message."""
        try:
            with interrupts.raising():
                try:
                    with _ended_like_ctrl_c(), _plain_usage_errors():
                        super().invoke(ctx)
                finally:
                    if sys.stdout is not None and not sys.stdout.closed:  # fp lsp closes it
                        sys.stdout.flush()
            status = 0
        except KeyboardInterrupt as error:
            interrupts.remove_unfinished()
            status = 128 + error.signal if isinstance(error, _Ended) else interrupts.INTERRUPTED
        except OSError as error:
            if error.errno not in (errno.EPIPE, errno.EINVAL):  # EINVAL on Windows
                raise
            status = _BROKEN_PIPE
            _abandon(sys.stdout)
            _abandon(sys.stderr)
        except (EOFError, click.Abort) as error:  # click would treat it as Ctrl-C, or exit with 1
            raise RuntimeError("the input ended") from error
        ctx.exit(status)


@cache
def _command(name: str) -> click.Command:
    """Import a command. Its parameters that name files refuse an empty name."""
    folder = "commands.reference" if name in _REFERENCE else "commands"
    with interrupts.ending_at_once():
        module = importlib.import_module(f"filterpatterns.cli.{folder}.{name}")
    command: click.Command = module.command
    for param in command.params:
        if str(param.metavar).strip("[].") in _FILES:
            param.callback = _refusing_empty(param.callback)
    return command


Callback = Callable[[click.Context, click.Parameter, Any], Any]


def _refusing_empty(callback: Callback | None) -> Callback:
    def refuse_empty(ctx: click.Context, param: click.Parameter, value: Any) -> Any:
        if "" in (value if isinstance(value, tuple) else (value,)):
            is_option = isinstance(param, click.Option)
            name = param.opts[-1] if is_option else str(param.metavar).strip("[].")
            raise click.UsageError(f"{name} is empty; is a variable unset?", ctx)
        return value if callback is None else callback(ctx, param, value)

    return refuse_empty


class _Ended(KeyboardInterrupt):
    """A signal other than Ctrl-C's."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.signal = number


@contextmanager
def _ended_like_ctrl_c() -> Iterator[None]:
    """Let SIGTERM and SIGHUP unwind as Ctrl-C does, so that no partial file is left."""

    owner = os.getpid()

    def end(number: int, _frame: object) -> None:
        if os.getpid() != owner:  # a forked process has nothing to clean up
            os._exit(128 + number)
        interrupts.interrupt(_Ended(number))

    before = {}
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)  # Windows has no SIGHUP
        with suppress(ValueError):  # not in the main thread
            if number is not None and signal.getsignal(number) is signal.SIG_DFL:
                before[number] = signal.signal(number, end)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _abandon(stream: Any) -> None:
    """Prevent an error from the interpreter's own flush at exit."""
    if stream is None or stream.closed:
        return
    try:
        stream.flush()
    except (OSError, MemoryError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _no_such_command(name: str) -> str:
    import difflib  # only needed for typing errors

    from filterpatterns.errors import printable

    close = difflib.get_close_matches(name, _COMMANDS, n=1)
    if close:
        return f"no such command '{printable(name)}': did you mean {close[0]!r}?"
    if os.path.exists(name) or name.lstrip().startswith("{"):
        return "missing command: for example fp test PATTERN EVENTS..."
    return f"no such command '{printable(name)}': choose one of {', '.join(_COMMANDS)}"


@contextmanager
def _plain_usage_errors() -> Iterator[None]:
    """Report a misspelled option like a misspelled command, and a missing EVENTS with what to
    give."""
    try:
        yield
    except click.NoSuchOption as error:
        raise click.UsageError(_no_such_option(error), error.ctx) from None
    except click.MissingParameter as error:
        if str(error.param and error.param.metavar).startswith("EVENTS"):
            words = "missing argument 'EVENTS...': name files, or give - for standard input"
            raise click.UsageError(words, error.ctx) from None
        raise
    except click.UsageError as error:  # click quotes arguments as they are
        from filterpatterns.errors import printable

        words = "\n".join(map(printable, error.format_message().split("\n")))
        raise click.UsageError(words, error.ctx) from None


def _no_such_option(error: click.NoSuchOption) -> str:
    import difflib  # only needed for typing errors

    from filterpatterns.errors import printable

    params = error.ctx.command.params if error.ctx else []
    names = [name.lstrip("-") for param in params for name in (*param.opts, *param.secondary_opts)]
    given = error.option_name.lstrip("-")
    close = difflib.get_close_matches(given, names, n=1, cutoff=_CLOSE)
    hint = f": did you mean '--{close[0]}'?" if close else ""
    return f"no such option '{printable(error.option_name)}'{hint}"


def _print_version(ctx: click.Context, _param: click.Parameter, value: bool) -> None:
    if not value or ctx.resilient_parsing:
        return
    click.echo(f"fp {__version__}")
    ctx.exit()


@click.group(
    cls=_Program,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="""\b
Examples:
  fp test pattern.json events.jsonl
  fp test '{"body": {"total": [{"numeric": [">", 100]}]}}' events.jsonl
  aws sqs receive-message --queue-url "$QUEUE" | fp test pattern.json -
  fp explain --dropped pattern.json events.jsonl
  fp stats pattern.json events.jsonl
  fp check template.yaml
  fp filter pattern.json events.jsonl > kept.jsonl
  fp route rules/ events.jsonl
  fp compare rule.json events.jsonl --profile dev
  fp run template.yaml#Orders --queue-url "$QUEUE" --handler app:handler

`fp COMMAND --help` shows options and examples.""",
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_version,
    help="Show the version and exit.",
)
def main() -> None:
    """AWS event filter patterns on your own machine: what would Lambda keep?"""
