"""Matches JSON Lines against a version of a rule set with generated code."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from filterpatterns.codegen.functions import DecodeRows, SlowLine, TakeLine
from filterpatterns.codegen.rows import decode_rows, split_lines
from filterpatterns.codegen.types import Unsupported as LinesUnsupported
from filterpatterns.codegen.types import without
from filterpatterns.delivery.envelopes import HOLDERS
from filterpatterns.delivery.sources import Encoding, PayloadFormat
from filterpatterns.engine.engine import MatchLines
from filterpatterns.engine.rulesets.clauses import Clause, Rule
from filterpatterns.engine.rulesets.paths import with_paths
from filterpatterns.engine.rulesets.straight import GIVES_UP, decode_text
from filterpatterns.engine.rulesets.types import ObjectType, Unsupported, object_type
from filterpatterns.engine.rulesets.version import Version
from filterpatterns.engine.rulesets.writer import SetWriter
from filterpatterns.jsontext.decoders import make_decoder
from filterpatterns.jsontext.decoding import SHALLOW, decoders_overflow, has_minus_zero, is_too_deep
from filterpatterns.jsontext.numbers import read_number


def line_matcher(version: Version, take: Callable[[list[Rule]], None]) -> MatchLines | None:
    """Return the function for lines that are plain records; None for sets without generated code.

    Args:
        version: the rules.
        take: called with the rules that match a line, if there are any, before the line is kept; a
            rule may be included twice.
    """
    if decoders_overflow():
        return None
    try:
        decode, loop = _functions(version)
    except (Unsupported, LinesUnsupported):
        return None

    def match_lines(
        block: bytes,
        number: int,
        keep: TakeLine,
        drop: TakeLine,
        slow: SlowLine,
    ) -> int:
        def take_clauses(line: bytes, clauses: list[Clause]) -> None:
            rules = version.rules(line, clauses)
            if rules:
                take(rules)
                keep(line)
            else:
                drop(line)

        lines = split_lines(block)
        rows = decode_rows(block, lines, decode)
        if rows is None:
            for place, line in enumerate(lines, number + 1):
                slow(line, place)
        else:
            loop(zip(lines, rows, strict=True), number, take_clauses, drop, slow)
        return len(lines)

    return match_lines


def _functions(version: Version) -> tuple[DecodeRows, Callable[..., None]]:
    """Return a function that decodes lines into rows, and the loop over lines with their rows.

    Raises:
        Unsupported, LinesUnsupported: this is not available for these rules.
    """
    wanted = version.wanted
    source = wanted.source
    if source.inside is not None or len(source.payload_keys) > 1:
        raise Unsupported
    top = wanted.roots[""]
    key = next(iter(source.payload_keys), None)
    if key is None:
        kind = object_type(top)
        loop = _loop(version, {}, lambda writer: writer.read("row", kind, is_struct=True))
        return _row_decoder(kind), loop
    if source.encoding is not Encoding.TEXT or key in top.children:
        raise Unsupported
    # The payload is always read: without it, the record may have the spelling of another API.
    kind = object_type(with_paths(top, [((key,), key)], 1)[0])
    attribute = f"m{list(kind.members).index(key)}"

    def read(writer: SetWriter) -> None:
        writer.emit(f"text = row.{attribute}")
        writer.emit("if text.__class__ is not str: raise Unsupported")
        writer.read("row", kind, is_struct=True)
        if key in wanted.roots:
            inner = object_type(wanted.roots[key])
            decode_text(writer, "value", inner, version.addresses > 0)
            writer.read("value", inner, is_struct=True)

    formats = {name: PayloadFormat.JSON for name in wanted.roots if name}
    return _row_decoder(kind), _loop(version, formats, read)


def _loop(
    version: Version, formats: dict[str, PayloadFormat], read: Callable[[SetWriter], None]
) -> Callable[..., None]:
    """The loop: (lines with rows, number, take, drop, slow); `read` writes the statements that read
    a row."""
    writer = SetWriter(version.indexes_for(formats))
    emit = writer.emit
    head = emit.block("def loop(lines, number, take, drop, slow):")
    with head, emit.block("for line, row in lines:"):
        emit("number += 1")
        with emit.block("try:"):
            is_long = f"len(line) > {writer.bind(SHALLOW)}"
            emit(f"if {is_long} and {writer.bind(is_too_deep)}(line): raise Unsupported")
            if version.addresses and version.wanted.roots[""].children:
                minus_zero = f"{writer.bind(has_minus_zero)}(str(line, 'utf-8'))"
                emit(f"if b'-0' in line and {minus_zero}: raise Unsupported")
            read(writer)
            writer.find()
        emit(f"except {writer.bind(GIVES_UP)}: found = None")
        emit("if found: take(line, found)")
        emit("elif found is None: slow(line, number)")
        emit("else: drop(line)")
    function: Callable[..., None] = writer.function("loop")
    return function


def _row_decoder(kind: ObjectType) -> DecodeRows:
    struct: Any = without(kind.struct, HOLDERS)
    return make_decoder(struct, float_hook=read_number).decode_lines
