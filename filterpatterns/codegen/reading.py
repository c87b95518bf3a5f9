"""Writes the statements that read records: the members that are tested, and the payload."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

import msgspec

from filterpatterns.codegen.access import Access
from filterpatterns.codegen.access.dicts import DictAccess
from filterpatterns.codegen.access.structs import StructAccess
from filterpatterns.codegen.branches import COSTLY, COSTLY_IN_DICTS, cost, own_tests
from filterpatterns.codegen.code import Code, FallbackNeeded
from filterpatterns.codegen.emit import Guards, too_much_padding, utf8
from filterpatterns.codegen.emitter import Emitter
from filterpatterns.codegen.types import KEEP_TEXT, Unsupported, shape, without
from filterpatterns.delivery.envelopes import HOLDERS
from filterpatterns.delivery.sources import Encoding, Source, decode_lax_base64
from filterpatterns.jsontext.decoders import make_decoder
from filterpatterns.jsontext.decoding import decode_exactly
from filterpatterns.matching.match_tree import Conjunction, build_aligned_trees

SLICE = "view[offsets[row]:offsets[row + 1]]"


class RecordReader:
    """Writes the statements that read one record.

    `keys` are those of the payloads that the conjunctions name; `key` is the first, which is
    decoded by generated code, or (`is_inline`) an object that is read in place, like the record's
    own members. `metadata` are trees of the tests of the record itself. `takes_strings` says that
    one of the conjunctions tests the payload as a plain string; `is_bytes` that payloads are bytes
    instead of strs; `has_views` that a payload's text may be a view of bytes.
    """

    def __init__(
        self, code: Code, guards: Guards, source: Source, conjunctions: Sequence[Conjunction]
    ) -> None:
        """
        Raises:
            Unsupported: no type can hold such records.
        """
        self._code = code
        self._guards = guards
        self._source = source
        named = {key for one in conjunctions for key in one.payloads}
        self.keys = tuple(key for key in source.payload_keys if key in named)
        self.key = next(iter(self.keys), None)
        self.is_inline = source.encoding is Encoding.OBJECT and self.key is not None
        own = [list(own_tests(one, inline=self.is_inline)) for one in conjunctions]
        merged, self.metadata = build_aligned_trees("", own)
        self._reads_metadata = any(node.children for node in self.metadata)
        self._cost = sum(cost(test) for tests in own for _, test in tests)
        text_keys = () if self.is_inline else self.keys
        # Metadata has other names in the source's other shape, which has no payload of this name.
        self._shape_key = None
        if source.payload_alias is not None and self._reads_metadata:
            self._shape_key = source.payload_keys[0]
            text_keys = (self._shape_key,)
        self._shape = shape(merged, self.metadata, text_keys)
        self._names = {child.name for child in merged.children}
        payloads = [one.payloads[self.key] for one in conjunctions if self.key in one.payloads]
        self.takes_strings = any(payload.string is not None for payload in payloads)
        # Bytes need not become a str if no rule tests the payload as a whole.
        self.is_bytes = source.encoding is Encoding.BASE64 and not self.takes_strings
        self.has_views = source.encoding is not Encoding.BASE64 and not self.takes_strings

    def write(self, emit: Emitter, kind: str) -> tuple[str, Access]:
        """Write the statements that read a kind of record, and set `body` to the payload, if there
        is one; return the expression that holds the record's members, and their access."""
        if kind == "dict":
            return self._write_dict(emit)
        if not kind.startswith("payload"):
            return self._write_text(emit, kind)
        # Only the payload is needed: nothing else is read.
        access = DictAccess(self._code, costly=False)
        if kind == "payload_row":
            emit("pass")
            return "value", access
        if self._source.encoding is Encoding.BASE64:
            self._write_body(emit, SLICE, None)
        else:
            text = SLICE if self.has_views else f"str({SLICE}, 'utf-8')"
            emit(f"body = {text}")
        return "record", access

    @property
    def is_plain(self) -> bool:
        """Whether text is decoded into dicts."""
        return self._shape.is_plain

    def _write_dict(self, emit: Emitter, holder: str = "record") -> tuple[str, Access]:
        if self._source.inside is not None:
            emit(f"members = {holder}[{self._code.bind(self._source.inside)}]")
            holder = "members"
            emit(*self._guards.refuse("members.__class__ is not dict"))
        elif self.key is None and self._shape_key is not None:
            emit(*self._guards.refuse(f"{self._code.bind(self._shape_key)} not in {holder}"))
        if self.key is not None:
            member = f"{holder}[{self._code.bind(self.key)}]"
            if self.is_inline:
                emit(*self._guards.refuse(f"{member}.__class__ is not dict"))
            else:
                self._write_body(emit, member, self._alias(holder))
        return holder, DictAccess(self._code, costly=self._cost > COSTLY_IN_DICTS)

    def _alias(self, holder: str) -> str | None:
        """Return the payload's member in the source's other shape, if only the payload is read."""
        alias = self._source.payload_alias
        if alias is None or self._reads_metadata:
            return None
        return f"{holder}[{self._code.bind(alias)}]"

    def _write_text(self, emit: Emitter, kind: str) -> tuple[str, Access]:
        """The same for JSON text; UTF-8 is validated, which msgspec does not do."""
        access = StructAccess(self._code, self._shape)
        name = "text" if kind == "text" else "record"
        inside = ".inside" if self._source.inside is not None else ""
        if self.is_plain:
            return self._write_plain_text(emit, kind)
        if kind == "record_row":
            emit(f"record = {SLICE}")
        if kind not in ("row", "record_row"):
            struct = self._line_struct() if kind == "line" else self._struct()
            decode = self._code.bind(make_decoder(struct, float_hook=KEEP_TEXT).decode)
            self._write_utf8(emit, kind)
            emit(*self._guards.refuse_overflow(name))
            emit(*self._guards.refuse_long(name, costly=self._cost > COSTLY))
            emit(f"members = {decode}({utf8('text') if kind == 'text' else 'record'}){inside}")
        elif inside:
            emit(f"members = members{inside}")
        emit(*self._guards.refuse_deep(name))
        if self.is_inline and self.key is not None:
            inner = self._shape.children[self.key]
            member, is_object = f"members.{inner.attribute}", self._code.bind(inner.struct)
            emit(*self._guards.refuse(f"{member}.__class__ is not {is_object}"))
        elif self.key is not None:
            self._write_body(emit, "members.text0", None)
        if self._shape_key is not None:  # the record may be of the source's other shape
            emit(*self._guards.refuse("members.text0.__class__ is not str"))
        return "members", access

    def _write_plain_text(self, emit: Emitter, kind: str) -> tuple[str, Access]:
        """The same for text that is decoded into dicts."""
        if kind in ("row", "record_row"):
            raise Unsupported
        name = "text" if kind == "text" else "record"
        self._write_utf8(emit, kind)
        emit(*self._guards.refuse_long(name, costly=self._cost > COSTLY_IN_DICTS))
        emit(f"members = {self._code.bind(decode_exactly)}({name})")
        emit(*self._guards.refuse("members.__class__ is not dict"))
        if kind == "line":
            self._check_line_names()
            is_record = self._code.bind(frozenset(HOLDERS).isdisjoint)
            emit(*self._guards.refuse(f"not {is_record}(members)"))
        return self._write_dict(emit, "members")

    def _check_line_names(self) -> None:
        if self._source.inside is None and not self._names.isdisjoint(HOLDERS):
            raise Unsupported

    def _write_utf8(self, emit: Emitter, kind: str) -> None:
        """Write statements that set a record's text, with valid UTF-8."""
        if kind == "record_view":
            emit(f"record = {SLICE}")
        elif kind == "text":
            emit("if record.__class__ is str: text = record")
            emit("elif record.__class__ is bytes: text = str(record, 'utf-8')")
            emit(f"else: raise {self._code.bind(FallbackNeeded)}")
        else:
            if kind == "bytes":
                emit(*self._guards.refuse("record.__class__ is not bytes"))
            emit("if not record.isascii(): str(record, 'utf-8')")

    def _write_body(self, emit: Emitter, member: str, alias: str | None) -> None:
        """Write statements that set `body`: to a str, or to bytes if that is sufficient; or to any
        other value."""
        if self._source.encoding is Encoding.BASE64:
            emit(f"body = {member}", f"raw = {self._code.bind(decode_lax_base64)}(body)")
            emit(*self._guards.refuse(too_much_padding("raw", "body")))
            emit("body = raw" if self.is_bytes else "body = str(raw, 'utf-8')")
            return
        if alias is None:
            emit(f"body = {member}")
        else:
            with emit.block("try:"):
                emit(f"body = {member}")
            with emit.block("except KeyError:"):
                emit(f"body = {alias}")
        if self.takes_strings:
            emit(*self._guards.refuse("body.__class__ is not str"))

    def row_decoder(self) -> Callable[[bytes], list[Any]] | None:
        """Return the function that decodes lines of JSON Lines, each of which is one record, into
        rows; None if each line must be checked before decoding.

        Raises:
            Unsupported: the pattern names a member that contains the records of events.
        """
        if self.is_plain:
            self._check_line_names()
            return None
        return self._lines_decoder(self._line_struct())

    def decoder_without_payloads(self, key: str, mark: str) -> Callable[[bytes], list[Any]]:
        """Return the function that decodes such lines if all have this string as their payload.

        Raises:
            Unsupported: as for `row_decoder`.
        """
        payload = [("payload", Literal[mark])]
        struct = msgspec.defstruct("Record", payload, rename={"payload": key}, gc=False)
        return make_decoder(without(struct, HOLDERS)).decode_lines

    def column_decoder(self) -> Callable[[bytes], list[Any]] | None:
        """The same for the rows of a column, each of which is a record."""
        return None if self.is_plain else self._lines_decoder(self._struct())

    def _lines_decoder(self, struct: type) -> Callable[[bytes], list[Any]] | None:
        if self._guards.is_guarded or self._cost > COSTLY:
            return None
        return make_decoder(struct, float_hook=KEEP_TEXT).decode_lines

    def _struct(self) -> type:
        """Return what a record decodes into."""
        struct: Any = self._shape.struct
        if self._source.inside is None:
            return self._shape.struct
        rename = {"inside": self._source.inside}
        return msgspec.defstruct("Record", [("inside", struct)], rename=rename, gc=False)

    def _line_struct(self) -> type:
        """Return the same for a line that does not contain several records."""
        return without(self._struct(), HOLDERS)
