"""Writes the loop that counts decoded lines: statements for one kind of record, without a call for
each."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from msgspec import Struct

from filterpatterns.codegen.code import Code
from filterpatterns.codegen.emit import utf8
from filterpatterns.codegen.emitter import Emitter
from filterpatterns.codegen.functions import SlowLine, TakeLine
from filterpatterns.codegen.payload import NO_BEGINNINGS
from filterpatterns.codegen.types import UNSET
from filterpatterns.delivery.sources import PayloadFormat, decode_base64
from filterpatterns.engine.engine import Misfit
from filterpatterns.jsontext.decoding import NOT_JSON, SHALLOW, has_minus_zero, is_too_deep
from filterpatterns.jsontext.typed import Decode, decoded, decoder_of
from filterpatterns.matching.verdict import Reason, mismatch
from filterpatterns.stats.places import ObjectType
from filterpatterns.stats.signatures import Signature, SignatureCodegen
from filterpatterns.stats.values import UnreadableRecord, Values

NewKind = Callable[[bytes, int, Signature, SlowLine], None]

CountRows = Callable[
    [Iterable["tuple[bytes, Any]"], int, TakeLine, TakeLine, SlowLine, NewKind, Misfit], None
]
"""(rows, number, keep, drop, slow, new, misfit). `rows` are pairs of a line and its row, None if it
is not plainly one record. `new` counts a record of a kind that is not known yet. `drop` is called
only with lines that simply do not match."""


class Payload(Struct, frozen=True, eq=False):
    """A payload that is text: the attribute of the record that has it, how it is encoded, and how
    its value decodes if it is an object. If it is `required`, then a record without it may be
    spelt as another API does."""

    attribute: str
    is_base64: bool
    kind: ObjectType
    is_required: bool


class Layout(Struct, frozen=True, eq=False):
    """How rows are read.

    `inner` is the class of the object inside records that patterns apply to, if it is not the
    record itself. `wanted` has attributes, each with the class of the value that it must have.
    `own` is how the record itself decodes, None if no condition is about it.
    """

    inner: type | None
    wanted: tuple[tuple[str, type], ...]
    own: ObjectType | None
    payloads: tuple[Payload, ...]


def count_rows(
    layout: Layout,
    fields: dict[str, Values],
    find_kind: Callable[[Signature], Any],
    *,
    minus_zero: bool,
) -> CountRows:
    """Return the function that counts rows.

    Args:
        layout: how they are read.
        fields: the values of each path.
        find_kind: returns what is known of the records with a signature: an object with attributes
            `count`, `is_kept`, `is_dropped` and `verdict`; or None.
        minus_zero: whether records with the integer -0 must be refused.
    """
    functions, loop = Emitter(), Emitter()
    code = Code()
    writer = _LoopCodegen(code, SignatureCodegen(code, functions, fields), minus_zero=minus_zero)
    with loop.block("def count(rows, number, keep, drop, slow, new, misfit):"):
        writer.write(loop, layout, find_kind)
    exec(functions.source + loop.source, code.namespace)  # noqa: S102 - names only, values are bound
    found: CountRows = code.namespace["count"]
    return found


class _LoopCodegen:
    def __init__(self, code: Code, signatures: SignatureCodegen, *, minus_zero: bool) -> None:
        self._code = code
        self._signatures = signatures
        self._minus_zero = minus_zero

    def write(self, emit: Emitter, layout: Layout, find_kind: Callable[[Signature], Any]) -> None:
        bind = self._code.bind
        with emit.block("for line, row in rows:"):
            emit("number += 1")
            with emit.block("if row is None:"):
                emit("slow(line, number)", "continue")
            with emit.block("try:"):
                self._write_record(emit, layout)
                parts = [self._write_payload(emit, payload) for payload in layout.payloads]
                if layout.own is not None:
                    statements, signature = self._signatures.object(layout.own, "record")
                    emit(*statements)
                    parts.append(signature)
                signature = parts[0] if len(parts) == 1 else f"({', '.join(parts)})"
                emit(f"signature = {signature}")
            with emit.block(f"except {bind(UnreadableRecord)}:"):
                emit("slow(line, number)", "continue")
            emit(f"kind = {bind(find_kind)}(signature)")
            with emit.block("if kind is None:"):
                emit("new(line, number, signature, slow)")
            with emit.block("elif kind.is_dropped:"):
                emit("kind.count += 1", "drop(line)")
            with emit.block("elif kind.is_kept:"):
                emit("kind.count += 1", "keep(line)")
            with emit.block("else:"):
                emit("kind.count += 1", "misfit(line, kind.verdict)")

    def _write_record(self, emit: Emitter, layout: Layout) -> None:
        """Read the record that patterns apply to; refuse what is not plain."""
        refuse = f"raise {self._code.bind(UnreadableRecord)}"
        if self._minus_zero and layout.own is not None:
            with emit.block(f"if {self._code.bind(has_minus_zero)}(line.decode()):"):
                emit(refuse)
        emit("record = row" if layout.inner is None else "record = row.m0")
        wanted = [(f"record.{attribute}", kind) for attribute, kind in layout.wanted]
        if layout.inner is not None:
            wanted.insert(0, ("record", layout.inner))
        for value, kind in wanted:
            with emit.block(f"if {value}.__class__ is not {self._code.bind(kind)}:"):
                emit(refuse)

    def _write_payload(self, emit: Emitter, payload: Payload) -> str:
        """Find the signature of a payload; return the variable that has it."""
        part = self._code.name("p")
        emit(f"text = record.{payload.attribute}")
        if not payload.is_base64:
            self._write_text(emit, payload, part)
            return part
        with emit.block("try:"), emit.block("if text.__class__ is str:"):
            emit(f"text = {self._code.bind(_text_of_base64)}(text)")
        with emit.block(f"except {self._code.bind(ValueError)}:"):
            emit(f"{part} = {self._code.bind(Reason.UNREADABLE)}")
        with emit.block("else:"):
            self._write_text(emit, payload, part)
        return part

    def _write_text(self, emit: Emitter, payload: Payload, part: str) -> None:
        bind = self._code.bind
        decode = decoder_of(payload.kind.struct)
        statements, signature = self._signatures.object(payload.kind, "value")
        read = bind(partial(_read, payload, decode))
        other = f"{part} = {self._signatures.of_read(payload.kind, read)}(text)"
        plain = f"text.__class__ is str and text[:1] == {bind('{')}"
        plain += f" and (len(text) < {bind(SHALLOW)} or not {bind(is_too_deep)}(text))"
        if self._minus_zero:
            plain += f" and not {bind(has_minus_zero)}(text)"
        with emit.block(f"if {plain}:"):
            with emit.block("try:"):
                emit(f"value = {bind(decode)}({utf8('text')})")
            with emit.block("except Exception:"):
                emit(other)
            with emit.block("else:"):
                emit(*statements, f"{part} = {signature}")
        letters = bind(NO_BEGINNINGS)
        with emit.block(f"elif text.__class__ is str and text[:1] in {letters}:"):
            emit(f"{part} = {bind(Reason.WANTS_JSON)}")
        with emit.block("else:"):
            emit(other)


def _text_of_base64(text: str) -> str:
    """Return what is encoded.

    Raises:
        ValueError: it is not UTF-8 in base64.
    """
    return str(decode_base64(text), "utf-8")


def _read(payload: Payload, decode: Decode, text: Any) -> Any:
    """Return the object that a payload is, or what distinguishes other payloads.

    Raises:
        UnreadableRecord: the payload must be evaluated by itself.
    """
    if (text is None or text is UNSET) and not payload.is_required:
        return Reason.NO_PAYLOAD
    if text.__class__ is not str:
        raise UnreadableRecord
    value = decoded(text, decode)
    if value is NOT_JSON:
        return mismatch(PayloadFormat.STRING, text)
    if value.__class__ is dict or value.__class__ is list:
        raise UnreadableRecord
    return value if value.__class__ is payload.kind.struct else PayloadFormat.JSON
