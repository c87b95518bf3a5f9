"""Writers to standard output: columns for people, or JSON Lines for machines."""

from __future__ import annotations

import io
import os
import sys
from typing import NamedTuple, Protocol, TextIO

from filterpatterns.cli.io.json_output import write_json
from filterpatterns.cli.messages import NOT_A_RECORD
from filterpatterns.errors import printable

MATCH, DROP, ERROR = "match", "drop", "error"
"""The result of a record."""

_COLORS = {MATCH: "\x1b[32m", DROP: "\x1b[33m", ERROR: "\x1b[31m"}
_BOLD, _PLAIN = "\x1b[1m", "\x1b[0m"
_RESULT_WIDTH = max(len(MATCH), len(DROP), len(ERROR))
_NUMBER_WIDTH = 3
_ID_WIDTH = 36  # a UUID's
_HELD_ROWS = 256


class Row(NamedTuple):
    """One record and its result; `reason` is for machines, `detail` for people."""

    file: str
    line: int
    number: int
    id: str | None
    result: str
    reason: str
    detail: str


class Writer(Protocol):
    """Writes rows; at the latest, `flush` writes them all."""

    def row(self, row: Row) -> None:
        """Write a row."""

    def flush(self) -> None:
        """Flush all rows."""


def stdout() -> TextIO:
    """Return standard output, set to accept every character, even if it has been closed."""
    if sys.stdout is None:
        return open(os.devnull, "w", encoding="utf-8")
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    return sys.stdout


class Silence:
    """Writes nothing."""

    def row(self, row: Row) -> None:
        """Write nothing."""

    def flush(self) -> None:
        """Do nothing."""


class JsonLines:
    """One JSON object per row."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def row(self, row: Row) -> None:
        """Write a row; `kept` is null for a line that is not a record."""
        members = row._asdict()
        result = members.pop("result")
        kept = None if result == ERROR else result == MATCH
        reason, detail = members.pop("reason"), members.pop("detail")
        write_json(self._out, {**members, "kept": kept, "reason": reason, "detail": detail})

    def flush(self) -> None:
        """Flush all rows."""
        self._out.flush()


class Columns:
    """One line per row, with the file's name above if there are several files.

    Rows are buffered briefly, so that columns fit.
    """

    def __init__(self, out: TextIO, *, color: bool, file_names: bool) -> None:
        self._out = out
        self._color = color
        self._file_names = file_names
        self._rows: list[Row] = []
        self._file: str | None = None
        self._id_width = 1
        self._ellipsis = "…" if takes(out, "…") else "..."

    def row(self, row: Row) -> None:
        """Write a row."""
        self._rows.append(row)
        if len(self._rows) >= _HELD_ROWS:
            self._write()

    def flush(self) -> None:
        """Flush all rows."""
        self._write()
        self._out.flush()

    def _write(self) -> None:
        rows, self._rows = self._rows, []
        ids = [self._shown(row.id) for row in rows]
        self._id_width = max(self._id_width, *map(len, ids), 1) if ids else self._id_width
        self._id_width = min(self._id_width, _ID_WIDTH)
        lines = []
        for row, short_id in zip(rows, ids):  # noqa: B905 - one for each
            if self._file_names and row.file != self._file:
                name = printable(row.file)
                lines.append("\n" if self._file is not None else "")
                lines.append(f"{_BOLD}{name}{_PLAIN}\n" if self._color else f"{name}\n")
            self._file = row.file
            detail = NOT_A_RECORD if row.result == ERROR else row.detail
            result = f"{row.result:{_RESULT_WIDTH}}" if detail else row.result
            if self._color:
                result = f"{_COLORS[row.result]}{result}{_PLAIN}"
            lines.append(
                f"{row.number:{_NUMBER_WIDTH}}  {short_id:{self._id_width}}  {result}"
                + (f"  {detail}\n" if detail else "\n")
            )
        self._out.write("".join(lines))

    def _shown(self, name: str | None) -> str:
        """Return an id that is safe to print, and short: a long id is cut in the middle."""
        if name is None:
            return "-"
        if len(name) > _ID_WIDTH:
            kept = _ID_WIDTH - len(self._ellipsis)
            name = name[: kept // 2] + self._ellipsis + name[kept // 2 - kept :]
        return printable(name)


def takes(out: TextIO, text: str) -> bool:
    """Whether a stream's encoding can represent a text."""
    try:
        text.encode(out.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
