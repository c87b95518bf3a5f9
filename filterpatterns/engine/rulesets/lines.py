"""Lines of JSON Lines x a version of a rule set -> the names of the rules, by generated code."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from filterpatterns.codegen.functions import DecodeRows
from filterpatterns.codegen.rows import decode_rows, split_lines
from filterpatterns.codegen.types import Unsupported as LinesUnsupported
from filterpatterns.codegen.types import without
from filterpatterns.delivery.envelopes import HOLDERS
from filterpatterns.delivery.sources import Encoding, PayloadFormat
from filterpatterns.engine.engine import MatchLines
from filterpatterns.engine.rulesets.clauses import Rule
from filterpatterns.engine.rulesets.paths import UnsupportedRecord, with_paths
from filterpatterns.engine.rulesets.reading import decoded, decoder_of
from filterpatterns.engine.rulesets.types import ObjectType, Unsupported, object_type
from filterpatterns.engine.rulesets.version import Version
from filterpatterns.engine.rulesets.writer import SetWriter
from filterpatterns.jsontext.decoding import decoders_overflow, has_minus_zero, is_too_deep
from filterpatterns.jsontext.numbers import read_number

_Find = Callable[[Any], "Any"]


def line_matcher(version: Version, take: Callable[[list[Rule]], None]) -> MatchLines | None:
    """The function for lines that are plain records; None for sets that no code is generated for.

    Args:
        version: the rules.
        take: called with the rules that match a line, if there are any; one may come twice.
    """
    if decoders_overflow():
        return None
    try:
        decode, find = _functions(version)
    except (Unsupported, LinesUnsupported):
        return None
    keeps_minus_zero = bool(version.addresses and version.wanted.roots[""].children)

    def match_lines(
        block: bytes,
        number: int,
        keep: Callable[[bytes], None],
        drop: Callable[[bytes], None],
        slow: Callable[[bytes, int], None],
    ) -> int:
        lines = split_lines(block)
        rows = decode_rows(block, lines, decode)
        for line, row in zip(lines, rows or [None] * len(lines), strict=True):
            number += 1
            clauses = None
            is_odd = is_too_deep(line) or (keeps_minus_zero and has_minus_zero(line.decode()))
            if row is not None and not is_odd:
                try:
                    clauses = find(row)
                except UnsupportedRecord:
                    clauses = None
            if clauses is None:
                slow(line, number)
                continue
            rules = version.rules(line, clauses) if clauses else None
            if rules:
                take(rules)
                keep(line)
            else:
                drop(line)
        return len(lines)

    return match_lines


def _functions(version: Version) -> tuple[DecodeRows, _Find]:
    """What decodes lines into rows, and finds the clauses for a row.

    Raises:
        Unsupported, LinesUnsupported: there is nothing of the kind for these rules.
    """
    wanted = version.wanted
    source = wanted.source
    if source.inside is not None or len(source.payload_keys) > 1:
        raise Unsupported
    top = wanted.roots[""]
    key = next(iter(source.payload_keys), None)
    if key is None:
        kind = object_type(top)
        function = SetWriter(version.indexes_for({})).function([(kind, True)])
        return _row_decoder(kind), function
    if source.encoding is not Encoding.TEXT or key in top.children:
        raise Unsupported
    # The payload is always read: without it, the record may be spelled as another API does.
    kind = object_type(with_paths(top, [((key,), key)], 1)[0])
    attribute = f"m{list(kind.members).index(key)}"
    roots = [(kind, True)]
    decode = struct = None
    if key in wanted.roots:
        inner = object_type(wanted.roots[key])
        decode, struct = decoder_of(inner.struct), inner.struct
        roots.append((inner, True))
    formats = {name: PayloadFormat.JSON for name in wanted.roots if name}
    function = SetWriter(version.indexes_for(formats)).function(roots)

    def find(row: Any) -> Any:
        text = getattr(row, attribute)
        if text.__class__ is not str:
            return None
        if decode is None:
            return function(row)
        value = decoded(text, decode, keeps_minus_zero=version.addresses > 0)
        return function(row, value) if value.__class__ is struct else None

    return _row_decoder(kind), find


def _row_decoder(kind: ObjectType) -> DecodeRows:
    struct = without(kind.struct, HOLDERS)
    return msgspec.json.Decoder(struct, float_hook=read_number).decode_lines
