"""The types used by `Scan`: what to read, what to select, and the result."""

from __future__ import annotations

from typing import Final, NamedTuple

from msgspec import Struct, field

from filterpatterns.cli.io import parquet
from filterpatterns.cli.io.lines import Counts, ReadError
from filterpatterns.cli.io.parquet import Columns
from filterpatterns.cli.io.streams import STDIN
from filterpatterns.engine.filter import Filter

BYTES_PER_PROBLEM: Final = 128
"""About how many bytes a `ReadError` takes."""


class FileSlice(NamedTuple):
    """A file, or a section of one that is known to be JSON Lines, or row groups of one: from
    `start` up to `end`."""

    path: str
    start: int = 0
    end: int | None = None
    kind: parquet.Kind | None = None
    """The format of a columnar file, which is divided into row groups."""

    @property
    def name(self) -> str:
        """The file's name in messages."""
        return STDIN if self.path == "-" else self.path


class ScanOptions(Struct, frozen=True):
    """What to select. `invert` swaps kept and dropped records; of a kept record, `ids` selects only
    its id, and without `text` it is only counted. With `as_payloads` each line is the payload of a
    record. `columns` describes the content of columns; with `packs` and `packs_rejects`, the output
    is rows again."""

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
    """A part of the output: `selected` counts the records in `output`, `matched` those that the
    filter matched."""

    output: bytes
    rejects: bytes
    invalid_lines: bytes
    selected: int
    matched: int
    problems: tuple[ReadError, ...]

    @property
    def size(self) -> int:
        """About how many bytes it takes."""
        texts = len(self.output) + len(self.rejects) + len(self.invalid_lines)
        return texts + BYTES_PER_PROBLEM * len(self.problems)


class SliceResult(Struct, frozen=True):
    """The end of a unit: its counts, and the error if the file could not be read completely."""

    counts: Counts = field(default_factory=Counts)
    problem: str | None = None
