"""Matches lines of JSON Lines by the source of their records, for the source "auto".

Files mostly have records of one source: neighboring lines of the same source are matched together,
as if that source had been given.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby
from operator import attrgetter
from typing import Any

import msgspec

from filterpatterns.codegen.functions import SlowLine, TakeLine
from filterpatterns.codegen.rows import decode_each, decode_rows, split_lines
from filterpatterns.codegen.types import UNSET, without
from filterpatterns.delivery.envelopes import HOLDERS, SIGNS, source_of
from filterpatterns.engine.engine import MatchLines
from filterpatterns.jsontext.decoders import make_decoder


class SourceLines:
    """Finds the source of the record in each line."""

    def __init__(self) -> None:
        names = {f"m{number}": name for number, name in enumerate(SIGNS)}
        types = [(name, msgspec.Raw, UNSET) for name in names]
        signs = msgspec.defstruct("Signs", types, rename=names, gc=False)
        fields = [("event_source", Any, UNSET)]
        bases = (without(signs, HOLDERS),)
        record = msgspec.defstruct(
            "Record", fields, bases=bases, rename={"event_source": "eventSource"}, gc=False
        )
        decoder = make_decoder(record)
        self._decode_lines, self._decode = decoder.decode_lines, decoder.decode
        self._signs = attrgetter(*names)
        self._by_signs: dict[tuple[bool, ...], str | None] = {}

    def match(
        self,
        function_for: Callable[[str], MatchLines | None],
        block: bytes,
        number: int,
        keep: TakeLine,
        drop: TakeLine,
        slow: SlowLine,
    ) -> int:
        """Match lines like a `MatchLines`, with the function for the source of each record;
        `slow` is called where there is none, and for lines that are not plainly one record."""
        lines = split_lines(block)
        rows = decode_rows(block, lines, self._decode_lines)
        sources = map(self._source, decode_each(lines, self._decode) if rows is None else rows)
        start = 0
        for source, group in groupby(sources):
            part = lines[start : start + len(list(group))]
            function = None if source is None else function_for(source)
            if function is None:
                for place, line in enumerate(part, number + start + 1):
                    slow(line, place)
            else:
                text = block if len(part) == len(lines) else b"".join(part)
                function(text, number + start, keep, drop, slow)
            start += len(part)
        return len(lines)

    def _source(self, row: Any) -> str | None:
        """Return the source of a record; None if its signs do not show it, or if there is none."""
        if row is None:
            return None
        if row.event_source is not UNSET:
            named = {"eventSource": row.event_source}
            source = source_of(named)
            if source != "event":
                return source
        signs = tuple([value is not UNSET for value in self._signs(row)])
        if signs not in self._by_signs:
            names = [name for name, is_there in zip(SIGNS, signs, strict=True) if is_there]
            # An event of a Custom Event Bus is recognized by all of its members.
            self._by_signs[signs] = None if "Data" in names else source_of(dict.fromkeys(names))
        return self._by_signs[signs]
