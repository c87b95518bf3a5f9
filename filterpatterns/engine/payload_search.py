r"""Evaluates the payloads of whole blocks of lines together, before decoding any line.

In a file, a payload that is JSON is a string in a record: half of what there is to read are its
quotes, each with a backslash. So the payloads are taken out of the lines. The lines without them
are short, and are decoded in one call. If `\"` is the only escape in the payloads, then replacing
backslashes by spaces makes one text of them all, which is decoded in one call, too:

    {"messageId":"1","body":"{\"total\":5,\"to\":\"Oslo\"}"}
    {"messageId":"1","body":"?"}                                  { "total ":5, "to ": "Oslo "}

That is exact: outside strings, a space before a quote means nothing; inside, it is before the end.
Names and strings have a space too many, so this tells which payloads are JSON, and evaluates
numbers. Lines that may match are evaluated as always.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from itertools import accumulate, compress
from operator import and_, itemgetter
from typing import Any, Final, NamedTuple

from msgspec import Struct

from filterpatterns.codegen.functions import MayMatch
from filterpatterns.codegen.payload import NO_BEGINNINGS
from filterpatterns.codegen.record import PayloadDecoders
from filterpatterns.codegen.rows import split_lines
from filterpatterns.engine import line_search
from filterpatterns.engine.engine import MatchEngine
from filterpatterns.engine.layouts import RecordLayouts
from filterpatterns.engine.line_search import (
    SCHEDULE,
    Found,
    LineSearch,
    are_objects,
    is_any_too_deep,
    lines_with,
)
from filterpatterns.engine.tuning import Tuner

_QUOTES: Final = bytes(
    1 if byte == ord('"') else 2 if byte < ord(" ") and byte != ord("\n") else 0
    for byte in range(256)
)
_ASCII_QUOTES: Final = _QUOTES[:128] + bytes([2]) * 128
_BACKSLASHES: Final = bytes(byte == ord("\\") for byte in range(256))
_SPACES: Final = bytes(ord(" ") if byte == ord("\\") else byte for byte in range(256))
"""Tables for `translate`. The first two have another number for what no JSON string contains, or no
text in ASCII."""

_BEGINNINGS: Final = frozenset(map(ord, NO_BEGINNINGS))
_FIRST, _LAST = itemgetter(0), itemgetter(-1)
_OPENS, _SPACE = ord("{"), ord(" ")
_OPENING: Final = bytes(byte == _OPENS for byte in range(256))
_CLOSING: Final = bytes(byte == ord("}") for byte in range(256))


class Library(NamedTuple):
    """What searches and translates blocks: functions of a library that uses vector instructions.

    `text` makes an object of a block, with the methods `find` and `count`. `split` divides a text
    at another, into hashable parts; with `keepseparator`, that is the end of each.
    """

    text: Callable[[bytes], Any]
    translate: Callable[[bytes, bytes], bytes]
    split: Callable[..., Iterable[Any]]


class PayloadSearch(Struct):
    """Finds the lines of blocks that may match, and the formats of the other lines' payloads.

    `texts` are texts of which every matching line contains at least one (empty: then `may_match`
    tells what may match). `layouts` finds the records that need to be decoded. `edges` are what is
    around the payloads of the last block.
    """

    decoders: PayloadDecoders
    may_match: MayMatch | None
    texts: tuple[bytes, ...]
    library: Library
    layouts: RecordLayouts
    tuner: Tuner
    edges: tuple[bytes, bytes] | None = None

    def run(self, block: bytes) -> Found | None:
        """Search a block of whole lines; None if it is not plain enough."""
        count: int = self.library.text(block).count(b"\n")
        try:
            payloads = self._payloads(block, count)
            return None if payloads is None else self._evaluated(block, payloads, count)
        except Exception:  # noqa: BLE001 - each line will be evaluated separately
            return None

    def _payloads(self, block: bytes, count: int) -> bytes | None:
        """Return the payloads of a block, each after a line feed, with a space before each quote;
        they have no other escapes. None if that is not how the lines are written."""
        edges = self.edges
        parts = None if edges is None else self._parts(block, edges, count)
        if parts is None:
            edges = self.edges = self._find_edges(block)
            parts = None if edges is None else self._parts(block, edges, count)
        if edges is None or parts is None:
            return None
        before, after = edges
        records = (before[:-1] + self.decoders.mark + after[1:]).join(parts[::2])
        payloads = b"".join(parts[1::2])
        others, number = self.layouts.others(records, count)
        if number and not self._are_records(others, number):
            return None
        self.layouts.learn(others, number, count)
        return self.library.translate(payloads, _SPACES) if self._are_plain(payloads) else None

    def _are_records(self, lines: bytes, count: int) -> bool:
        """Whether lines without their payloads are so many records, with a line feed after each. If
        they are all lines of a block, which has as many line feeds, no payload has one."""
        if not lines.isascii():
            str(lines, "utf-8")  # msgspec does not validate what it skips
        if not are_objects(lines, self.library.text(lines), count):
            return False
        return len(self.decoders.records(lines)) == count and not is_any_too_deep(lines)

    def _are_plain(self, payloads: bytes) -> bool:
        """Whether all escapes in the payloads of a block are those of quotes, and whether they are
        UTF-8."""
        if self._are_quotes_escaped(payloads, _ASCII_QUOTES):
            return True
        if payloads.isascii():
            return False
        str(payloads, "utf-8")
        return self._are_quotes_escaped(payloads, _QUOTES)

    def _are_quotes_escaped(self, payloads: bytes, table: bytes) -> bool:
        """Whether each quote follows a backslash, and each backslash precedes a quote; False also
        if there is anything else that has a number in the table."""
        translate, view = self.library.translate, self.library.text
        quotes, backslashes = translate(payloads, table), translate(payloads, _BACKSLASHES)
        return not (view(quotes)[1:] != view(backslashes)[:-1] or backslashes[-1])

    def _parts(self, block: bytes, edges: tuple[bytes, bytes], count: int) -> list[Any] | None:
        """Divide a block of that many lines at the edges of payloads: the text before one, the
        payload after a line feed, the text after it, and so on.

        A line feed marks where a payload begins, so that the two edges must take turns. No part of
        `after` both begins and ends it: all occurrences are found.
        """
        before, after = edges
        found = list(self.library.split(block, before))
        if len(found) != count + 1:
            return None
        marked = (after + b"\n").join(found)
        parts = list(self.library.split(marked, after))
        return parts if len(parts) == 2 * count + 1 else None

    def _find_edges(self, block: bytes) -> tuple[bytes, bytes] | None:
        """Return what is before and after the payload in the first line of a block, up to the next
        member's value or the end of the line."""
        key = re.escape(self.decoders.key.encode())
        found = re.search(
            rb'("' + key + rb'"[ \t]*:[ \t]*")[^"\\\n]*(?:\\.[^"\\\n]*)*'
            rb'("(?:[ \t]*,[ \t]*"[^"\\\n]*"[ \t]*:|[ \t]*\}\r?\n))',
            block[: block.find(b"\n") + 1],
        )
        return None if found is None else (found[1], found[2])

    def _evaluated(self, block: bytes, payloads: bytes, count: int) -> Found | None:
        """Return the lines of a block that may match, given its payloads."""
        formats = _Formats(range(count), payloads=payloads)
        boundaries = self.library.text(payloads).count(b"}\n{")
        if boundaries < count - 1 or not (payloads[:2] == b"\n{" and payloads[-1:] == b"}"):
            formats = _by_format(payloads, self.library)
        may_match: list[int] = []
        if formats.objects:
            values = self.decoders.payloads(formats.payloads)
            if len(values) != len(formats.objects) or is_any_too_deep(formats.payloads):
                return None
            if self.may_match is not None and not self.texts:
                self.may_match(zip(formats.objects, values, strict=True), may_match.append)
        starts = lines_with(self.texts, block, self.library.text(block)) if self.texts else {}
        no_json = (*formats.strings, *formats.broken)
        if may_match or formats.unknown:
            ends = list(accumulate(map(len, split_lines(block)), initial=0))
            starts |= {ends[row]: ends[row + 1] for row in (*may_match, *formats.unknown)}
        found = _rows(self.library.text(block), starts) if no_json else frozenset()
        strings = len(formats.strings) - len(found.intersection(formats.strings))
        broken = len(formats.broken) - len(found.intersection(formats.broken))
        has_unknown = bool(formats.unknown) or strings + broken < len(no_json)
        return Found.of(block, starts, count, strings, broken, has_unknown=has_unknown)


class _Formats(NamedTuple):
    """The numbers of the payloads that may be objects, of those that are no JSON and do not look
    like it or do, and of all others; and the first of these as a text."""

    objects: Sequence[int] = ()
    strings: Sequence[int] = ()
    broken: Sequence[int] = ()
    unknown: Sequence[int] = ()
    payloads: bytes = b""


def _by_format(payloads: bytes, library: Library) -> _Formats:
    """Divide payloads, each after a line feed, by their formats."""
    lines = library.split(payloads + b"\n", b"\n", keepseparator=True)
    _, *found = filter(len, lines)
    # Where each begins, and where another one would.
    starts = [*accumulate(map(len, found), initial=1)]
    first = bytes(itemgetter(*starts)(payloads + b"\n\n"))[:-1]
    last = bytes(itemgetter(*starts)(b"  " + payloads))[1:]
    if _BEGINNINGS.issuperset(first):
        return _Formats(strings=range(len(found)))
    is_object = bytes(map(and_, first.translate(_OPENING), last.translate(_CLOSING)))
    strings: list[int] = []
    broken: list[int] = []
    unknown: list[int] = []
    row = is_object.find(0)
    while row >= 0:
        if first[row] in _BEGINNINGS:
            strings.append(row)
        elif first[row] == _OPENS and last[row] != _SPACE:  # only space may come after an object
            broken.append(row)
        else:
            unknown.append(row)
        row = is_object.find(0, row + 1)
    text = b"".join([b"\n", *compress(found, is_object)])
    return _Formats([*compress(range(len(found)), is_object)], strings, broken, unknown, text)


def _rows(text: Any, starts: Iterable[int]) -> frozenset[int]:
    """Return the numbers of the lines of a text that begin at certain places."""
    rows = []
    row = position = 0
    for start in sorted(starts):
        row += text[position:start].count(b"\n")
        position = start
        rows.append(row)
    return frozenset(rows)


def of(engine: MatchEngine) -> LineSearch | PayloadSearch | None:
    """Return the search for a filter; None if there is nothing to search for, or if no library that
    is fast enough is installed."""
    return line_search.of(engine) or with_formats(engine)


def with_formats(engine: MatchEngine) -> PayloadSearch | None:
    """Return the search for a filter that also looks at the format of each payload; None as for
    `of`."""
    generated, library = engine.generated(), _fast_library()
    found = None if generated is None else generated.payload_decoders()
    if found is None or library is None:
        return None
    texts = engine.line_search()
    if texts is None and found[1] is None:
        return None
    # Payloads with other escapes are not searched.
    plain = () if texts is None else tuple(text for text in texts[0] if text[:1] != b"\\")
    layouts = RecordLayouts(found[0].key, found[0].mark, library.split, library.translate)
    return PayloadSearch(*found, plain, library, layouts, Tuner(SCHEDULE))


def _fast_library() -> Library | None:
    """Return the library's functions; None if it is not installed."""
    found = line_search.FAST_LIBRARY
    return None if found is None else Library(found.Str, found.translate, found.split_iter)
