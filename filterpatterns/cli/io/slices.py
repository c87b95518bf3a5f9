"""What is to be read of files, what is asked for, and what comes out: the terms of `Scan`."""

from __future__ import annotations

from typing import NamedTuple

from msgspec import Struct, field

from filterpatterns.cli.io import parquet
from filterpatterns.cli.io.lines import Counts, ReadError
from filterpatterns.cli.io.parquet import Columns
from filterpatterns.cli.io.streams import STDIN
from filterpatterns.engine.filter import Filter


class FileSlice(NamedTuple):
    """A file, or a section of one that is known to be JSON Lines, or row groups of one: from
    `start` up to `end`."""

    path: str
    start: int = 0
    end: int | None = None
    kind: parquet.Kind | None = None
    """Of a file of columns, which one it is: then it is divided into row groups."""

    @property
    def name(self) -> str:
        """The file's name in messages."""
        return STDIN if self.path == "-" else self.path


class ScanOptions(Struct, frozen=True):
    """What is asked for. `invert` turns round what is kept and what is dropped; of a record that is
    kept, `ids` wants its id only, and `text` nothing but to be counted if it is not set. With
    `as_payloads` each line is the payload of a record. `columns` says what is in columns; `packs`
    and `packs_rejects`, that what goes out is to be rows again."""

    compiled: Filter
    invert: bool = False
    ids: bool = False
    text: bool = True
    rejects: bool = False
    errors: bool = False
    as_payloads: bool = False
    columns: Columns = Columns()
    packs: bool = False
    packs_rejects: bool = False


class Chunk(NamedTuple):
    """A part of what goes out: `selected` counts the records in `output`, `matched` those that the
    filter matched."""

    output: bytes
    rejects: bytes
    invalid_lines: bytes
    selected: int
    matched: int
    problems: tuple[ReadError, ...]


class SliceResult(Struct, frozen=True):
    """The end of a unit: what was counted, and why the file could not be read on, if so."""

    counts: Counts = field(default_factory=Counts)
    problem: str | None = None
