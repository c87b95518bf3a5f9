"""Searches whole blocks of lines for the strings that a pattern needs, before decoding any line.

All lines of a block are validated in one call, as without a search. If the lines are records, only
those that have the strings are matched; the others cannot match.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final, NamedTuple

from filterpatterns.codegen.functions import DecodeRows
from filterpatterns.engine.engine import MatchEngine
from filterpatterns.engine.tuning import Schedule, Tuner
from filterpatterns.jsontext.decoding import SHALLOW, decoders_stop_early, is_too_deep

_BYTES_PER_SAMPLE: Final = 1 << 26
"""The number of bytes after which both ways are measured again."""

SCHEDULE: Final = Schedule((0,) * 6, _BYTES_PER_SAMPLE, 0, warm_up=3)
"""Blocks of any size. The fastest of the last three counts: the first ones are for warming up, and
to find the fastest way without a search."""


class Found(NamedTuple):
    """The result of a search: the lines that may match, where they begin, and the total number of
    lines.

    If the formats of payloads were looked at, `strings` is the number of other lines whose payload
    is a plain string that does not even look like JSON, and `broken` of those whose payload looks
    like it; that of the remaining ones is JSON. With `has_unknown`, some of the lines that may
    match may have any payload, or none; otherwise theirs is JSON.
    """

    block: bytes
    places: list[int]
    total: int
    strings: int = 0
    broken: int = 0
    has_unknown: bool = False

    @classmethod
    def of(
        cls,
        block: bytes,
        starts: dict[int, int],
        total: int,
        strings: int = 0,
        broken: int = 0,
        *,
        has_unknown: bool = False,
    ) -> Found:
        """Return the result of a search that has found lines, given by where each begins and
        ends."""
        places = sorted(starts)
        lines = b"".join([block[start : starts[start]] for start in places])
        return cls(lines, places, total, strings, broken, has_unknown)


class LineSearch:
    """Finds the lines that may match: each contains one of `texts`. `tuner` decides whether to
    search."""

    def __init__(
        self, texts: tuple[bytes, ...], decode: DecodeRows, finder: Callable[[bytes], Any]
    ) -> None:
        """
        Args:
            texts: texts of which every matching record contains at least one.
            decode: decodes lines, each of which is one record, into as many rows.
            finder: returns an object with the methods `find` and `count` for a block.
        """
        self.tuner = Tuner(SCHEDULE)
        self.texts = texts
        self._decode = decode
        self._finder = finder

    def run(self, block: bytes) -> Found | None:
        """Search a block of whole lines; None if a line is not plainly one record, so that each
        must be evaluated separately."""
        finder = self._finder(block)
        count: int = finder.count(b"\n")
        if not (are_objects(block, finder, count) and self._are_records(block, count)):
            return None
        if is_any_too_deep(block):
            return None
        return Found.of(block, lines_with(self.texts, block, finder), count)

    def _are_records(self, block: bytes, count: int) -> bool:
        """Whether that many lines, each from "{" to "}", are as many records."""
        try:
            if not block.isascii():
                str(block, "utf-8")  # msgspec does not validate what it skips
            return len(self._decode(block)) == count
        except Exception:  # noqa: BLE001 - each line will be evaluated separately
            return False


def lines_with(texts: Iterable[bytes], block: bytes, finder: Any) -> dict[int, int]:
    """Return where each line that contains one of the texts begins and ends."""
    starts: dict[int, int] = {}
    for text in texts:
        position = finder.find(text, 0)
        while position >= 0:
            end = block.index(b"\n", position) + 1
            starts[block.rfind(b"\n", 0, position) + 1] = end
            position = finder.find(text, end)
    return starts


def are_objects(block: bytes, finder: Any, count: int) -> bool:
    """Whether all lines begin with "{" and end with "}", as `codegen.rows.decode_rows` requires:
    then nothing else is next to a line feed."""
    for end in (b"}\n", b"}\r\n"):
        if block.endswith(end):
            return block.startswith(b"{") and finder.count(end + b"{") == count - 1
    return False


def is_any_too_deep(block: bytes) -> bool:
    """Whether a line is nested too deeply to be JSON; its brackets are counted only if it is long
    enough."""
    if decoders_stop_early():
        return False
    start = 0
    while start < len(block):
        end = block.rfind(b"\n", start, start + SHALLOW) + 1  # of the last short line
        if not end:
            end = block.find(b"\n", start) + 1 or len(block)
            if is_too_deep(block[start:end]):
                return True
        start = end
    return False


def of(engine: MatchEngine) -> LineSearch | None:
    """Return the search for a filter; None if there is nothing to search for, or if no library that
    is fast enough is installed."""
    found = engine.line_search()
    finder = _fast_finder() if found is not None else None
    return None if found is None or finder is None else LineSearch(*found, finder)


def _fast_finder() -> Callable[[bytes], Any] | None:
    """Return the class that searches a block. CPython's own search takes ten times as long, as long
    as matching all lines."""
    return None if FAST_LIBRARY is None else FAST_LIBRARY.Str


def _stringzilla() -> Any:
    try:
        import stringzilla
    except ImportError:
        return None
    return stringzilla


FAST_LIBRARY: Final = _stringzilla()
"""The library of the extra `fast`; None if it is not installed. It is not imported later, while
files are written: Python may ignore a Ctrl-C during an import."""
