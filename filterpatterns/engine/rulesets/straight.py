"""The fast path of a version of a rule set: generated functions for its paths.

They support records whose payload is JSON, or that have none, and whose objects are not in arrays.
They give up on all others; then the general path (`reading.py`, `index.py`) decides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, Final, Literal

import msgspec

from filterpatterns.codegen.emit import too_much_padding, utf8
from filterpatterns.delivery.sources import Encoding, decode_lax_base64
from filterpatterns.engine.rulesets.clauses import Clause
from filterpatterns.engine.rulesets.index import Index
from filterpatterns.engine.rulesets.paths import UnsupportedRecord
from filterpatterns.engine.rulesets.reading import Wanted, view_of
from filterpatterns.engine.rulesets.types import ObjectType, Unsupported, object_type
from filterpatterns.engine.rulesets.writer import SetWriter
from filterpatterns.jsontext.decoding import SHALLOW, has_minus_zero, is_too_deep, overflows
from filterpatterns.jsontext.typed import decoder_of

Find = Callable[[Any], "list[Clause] | None"]
"""A function from a record to the clauses that match (a clause may be included twice); None if it
gives up."""

Result = Literal["names", "routes"]

END: Final = object()

Loop = Callable[
    [Iterator[tuple[int, Any]], Callable[[Any, list[Clause]], None], Callable[[list[str]], None]],
    tuple[int, Any],
]
"""Called with (numbered records, take, miss); returns the record that it gives up on, and its
number; or END and the last number, -1 if there was no record.

`take` is called with each record that clauses match, and these clauses; for "names", `miss` is
called with an empty list for each other record."""

GIVES_UP: Final = (UnsupportedRecord, msgspec.DecodeError, ValueError, RecursionError)
"""The exceptions of generated code for records that it does not support; RecordError is a
ValueError."""

_MISS = {"names": ("else: miss([])",), "routes": ()}


class SetCodegen:
    """Generates the functions for records whose payload, if any rule needs one, is JSON."""

    def __init__(self, wanted: Wanted, indexes: Sequence[Index], *, keeps_minus_zero: bool) -> None:
        """
        Args:
            wanted: what the rules need.
            indexes: the indexes of their clauses that may match such records.
            keeps_minus_zero: whether -0 stays distinct from 0; only rules for addresses need that.

        Raises:
            Unsupported: no code is generated for these rules.
        """
        keys = [key for key in wanted.roots if key]
        if len(keys) > 1:
            raise Unsupported
        self._wanted = wanted
        self._indexes = indexes
        self._keeps_minus_zero = keeps_minus_zero
        self._key = keys[0] if keys else None
        self._top = object_type(wanted.roots[""])
        self._inner = None if self._key is None else object_type(wanted.roots[self._key])
        self._loops: dict[Result, Loop] = {}
        SetWriter(indexes)  # rejects rules with too many columns
        self.find: Find = self._find_first
        """Return the function for one record, which is generated when it is first called."""

    def _find_first(self, record: Any) -> list[Clause] | None:
        writer = SetWriter(self._indexes)
        emit = writer.emit
        with emit.block("def find(record):"):
            with emit.block("try:"):
                self._read(writer)
                writer.find()
                emit("return found")
            emit(f"except {writer.bind(GIVES_UP)}: return None")
        self.find = writer.function("find")
        return self.find(record)

    def loop(self, result: Result) -> Loop:
        """Return the loop over records for a result."""
        if result not in self._loops:
            writer = SetWriter(self._indexes)
            emit = writer.emit
            with emit.block("def loop(records, take, miss):"):
                emit("index = -1")
                with emit.block("for index, record in records:"):
                    with emit.block("try:"):
                        self._read(writer)
                        writer.find()
                    emit(f"except {writer.bind(GIVES_UP)}: return index, record")
                    emit("if found: take(record, found)", *_MISS[result])
                emit(f"return index, {writer.bind(END)}")
            self._loops[result] = writer.function("loop")
        return self._loops[result]

    def _read(self, writer: SetWriter) -> None:
        """Write statements that read `record`."""
        emit, source = writer.emit, self._wanted.source
        view = writer.bind(partial(view_of, wanted=self._wanted))
        if self._key is None or self._inner is None:
            if source.inside is not None or source.payload_alias is not None:
                _read_view(writer, view)
                writer.read("members", self._top, is_struct=False)
                return
            emit("members = record")
            with emit.block("if record.__class__ is dict:"):
                if not self._top.members:
                    emit("pass")
                writer.read("members", self._top, is_struct=False)
            with emit.block("else:"):
                emit("if record.__class__ is str: text = record")
                emit("elif record.__class__ is bytes: text = str(record, 'utf-8')")
                emit("else: raise Unsupported")
                decode_text(writer, "members", self._top, self._keeps_minus_zero)
                writer.read("members", self._top, is_struct=True)
            return
        key = writer.bind(self._key)
        is_object = source.encoding is Encoding.OBJECT
        kind = "dict" if is_object else "str"

        def read_view() -> None:
            _read_view(writer, view)
            emit(f"payload = members.get({key})")
            emit(f"if payload.__class__ is not {kind}: raise Unsupported")

        if source.inside is None:  # a dict that has a payload of that name is used unchanged
            emit("members, payload = record, None")
            emit(f"if record.__class__ is dict: payload = record.get({key})")
            with emit.block(f"if payload.__class__ is not {kind}:"):
                read_view()
        else:
            read_view()
        writer.read("members", self._top, is_struct=False)
        if is_object:
            writer.read("payload", self._inner, is_struct=False)
            return
        text = "payload"
        if source.encoding is Encoding.BASE64:
            emit(f"raw = {writer.bind(decode_lax_base64)}(payload)")
            emit(f"if {too_much_padding('raw', 'payload')}: raise Unsupported")
            text = "str(raw, 'utf-8')"
        emit(f"text = {text}")
        decode_text(writer, "value", self._inner, self._keeps_minus_zero)
        writer.read("value", self._inner, is_struct=True)


def _read_view(writer: SetWriter, view: str) -> None:
    """Write statements that see `record` as patterns do."""
    writer.emit(f"members = {view}(record)")
    writer.emit("if members.__class__ is not dict: raise Unsupported")


def decode_text(writer: SetWriter, name: str, kind: ObjectType, keeps_minus_zero: bool) -> None:
    """Write statements that decode `text` into a variable, as `decoded` does, or raise."""
    emit = writer.emit
    if keeps_minus_zero:
        emit(f"if '-0' in text and {writer.bind(has_minus_zero)}(text): raise Unsupported")
    is_long = f"len(text) > {writer.bind(SHALLOW)}"
    decode = writer.bind(decoder_of(kind.struct))
    emit(f"if {is_long} and {writer.bind(overflows)}(text): raise Unsupported")
    emit(f"{name} = {decode}({utf8('text')})")
    emit(f"if {is_long} and {writer.bind(is_too_deep)}(text): raise Unsupported")
