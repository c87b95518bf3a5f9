"""The output of `fp run`: a live table on a terminal, a line for each failure, JSON, the
summary."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Callable, Iterator
from time import monotonic
from typing import TYPE_CHECKING, Any, TextIO

import click

from filterpatterns.cli.io.json_output import write_json
from filterpatterns.cli.messages import counted
from filterpatterns.cli.output.progress import wants_progress
from filterpatterns.errors import printable

if TYPE_CHECKING:
    from filterpatterns.integrations.sqs import BatchResult, Counts

_REFRESHES = 4
"""A second."""


class Lines:
    """For people: batches that fail, on standard error, and the summary.

    Args:
        out: gets the summary.
        is_dry: whether this is a dry run, in which nothing is handled or deleted.
    """

    def __init__(self, out: TextIO, *, is_dry: bool) -> None:
        self._out = out
        self._is_dry = is_dry
        self._lock = threading.Lock()

    def batch(self, result: BatchResult) -> None:
        """Report failures."""
        with self._lock:
            _say_failure(result)

    def summary(self, counts: Counts) -> None:
        """Write what happened to the messages."""
        rows = _rows(counts, is_dry=self._is_dry)
        width = max(len(name) for name, _ in rows)
        self._out.write("".join(f"{name:<{width}}  {value}\n" for name, value in rows))
        self._out.flush()


class JsonLines:
    """For machines: one object per batch, and one for the summary; tracebacks still go to
    standard error."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._lock = threading.Lock()

    def batch(self, result: BatchResult) -> None:
        """Write a batch."""
        with self._lock:
            self._write(result.to_dict())
            if result.details:
                _say_failure(result)

    def summary(self, counts: Counts) -> None:
        """Write what happened to the messages."""
        with self._lock:
            self._write({"kind": "summary", **counts.to_dict()})

    def _write(self, value: dict[str, Any]) -> None:
        write_json(self._out, value)
        self._out.flush()


def wants_table(*, as_json: bool) -> bool:
    """Whether standard error is a terminal that no output shares."""
    return wants_progress(writes_lines=as_json)


@contextlib.contextmanager
def live(counts: Callable[[], Counts], *, wanted: bool) -> Iterator[None]:
    """A context manager that shows the current counts on standard error."""
    if not wanted:
        yield
        return
    from rich.console import Console
    from rich.live import Live

    start = monotonic()

    def table() -> Any:
        return _table(counts(), monotonic() - start)

    with Live(
        get_renderable=table,
        console=Console(stderr=True),
        refresh_per_second=_REFRESHES,
        transient=True,
        redirect_stdout=sys.stdout is not None and sys.stdout.isatty(),
    ):
        yield


def _table(counts: Counts, seconds: float) -> Any:
    from rich.table import Table

    table = Table.grid(padding=(0, 2))
    table.add_column()
    table.add_column(justify="right")
    for name, value in _rows(counts, is_dry=False):
        table.add_row(name, value)
    table.add_row("in flight", f"{counts.in_flight:,}")
    table.add_row("rate", f"{counts.polled / max(seconds, 0.001):,.0f}/s")
    return table


def _rows(counts: Counts, *, is_dry: bool) -> list[tuple[str, str]]:
    rows = [("received", f"{counts.polled:,}"), ("filtered out", f"{counts.filtered_out:,}")]
    rows += [
        (f"  {slug}", f"{count:,}")
        for slug, count in sorted(counts.reasons.items(), key=lambda item: -item[1])
    ]
    if is_dry:
        return [*rows, ("would be kept", f"{counts.polled - counts.filtered_out:,}")]
    rows += [
        (
            "invoked",
            f"{counts.invoked:,} in {counts.batches:,} batch{'' if counts.batches == 1 else 'es'}",
        ),
        ("failed", f"{counts.failed_invoke:,}"),
        ("deleted", f"{counts.deleted:,}"),
    ]
    if counts.returned:
        rows.append(("returned", f"{counts.returned:,}"))
    if counts.undeleted:
        rows.append(("not deleted", f"{counts.undeleted:,}"))
    return rows


def _say_failure(result: BatchResult) -> None:
    if not result.failed:
        return
    of = f"{len(result.failed):,} of {counted(len(result.ids), 'message')} failed"
    why = f": {printable(result.error)}" if result.error else ""
    click.echo(f"fp: batch {result.number}: {of}{why}", err=True)
    if result.details:
        click.echo("\n".join(f"  {line}" for line in result.details.splitlines()), err=True)
