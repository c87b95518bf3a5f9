"""The functions generated from a match tree: the hot path.

For each kind of record (dicts, JSON text) there is a function for a single record and, for batches,
a loop for each result (`filter`, `partition`, `mask`), which needs no call per record; and a loop
for the lines of a file.
"""

from __future__ import annotations

import contextlib
import itertools
import linecache
import weakref
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from types import CodeType, FunctionType
from typing import Any

import msgspec

from filterpatterns.codegen.code import Code
from filterpatterns.codegen.emit import Exits
from filterpatterns.codegen.emitter import Emitter
from filterpatterns.codegen.record import PayloadDecoders, RecordCodegen
from filterpatterns.codegen.types import Unsupported, without
from filterpatterns.delivery.envelopes import HOLDERS
from filterpatterns.jsontext.decoders import make_decoder
from filterpatterns.matching.match_tree import Matcher

_KINDS = ("dict", "text", "bytes")
_RESULTS = {
    "filter": (("keep.append(record)", "continue"), ("continue",)),
    "partition": (("keep.append(record)", "continue"), ("drop.append(record)", "continue")),
    "mask": (("keep.append(True)", "continue"), ("keep.append(False)", "continue")),
}
"""By result: the statements of a loop for a record that matches, and for one that does not."""

_EACH = {"record_row": "row, members", "payload_row": "row, value"}
"""By kind: the items of a loop over rows of a column, if they have more than a row's number."""

_serial = itertools.count(1)

_owners: dict[str, weakref.ref[Generated]] = {}
"""The owners of the lines in linecache, by their names there."""

Loop = Callable[[Sequence[Any], list[Any], "list[Any] | None", Callable[[Any], bool]], None]
"""(records, keep, drop, slow). `keep` and `drop` are lists to add each record to, or `keep` each
verdict; `slow` evaluates a record that the loop does not handle."""

TakeLine = Callable[[bytes], None]
"""Called with a line that is kept, or that is dropped."""

SlowLine = Callable[[bytes, int], None]
"""Called with a line that generated code does not handle, and its number."""

LineLoop = Callable[[Iterable[Any], int, TakeLine, TakeLine, SlowLine], None]
"""(lines, number, keep, drop, slow), with the number of the line before the first. Instead of
lines, one of the loops takes pairs of a line and its row."""

LineLoopWithReasons = Callable[..., None]
"""A LineLoop with one more parameter, by name: `misfit`."""

ViewLoop = Callable[
    [memoryview, Sequence[int], Iterable[int], Callable[[int], None], Callable[[int], None]], None
]
"""(view, offsets, rows, keep, slow): row `n` of a column is `view[offsets[n]:offsets[n + 1]]`.
`keep` is called with each row that matches, `slow` with each row that the loop does not handle."""

MayMatch = Callable[[Iterable["tuple[int, Any]"], Callable[[int], None]], None]
"""(rows, keep): rows are pairs of a number and a payload; `keep` is called with the number of each
payload that may match."""

DecodeRows = Callable[[bytes], "list[Any]"]
"""Decodes lines, each of which is one record, into rows."""


match_first: Callable[[Any], bool]
matches_text: Callable[[Any], bool]


def _match_any(record: Any) -> bool:
    """The code of `matches` until the first record; it runs in the namespace of generated code."""
    return match_first(record)  # noqa: F821


def _match_by_kind(record: Any) -> bool:
    """The code of `matches` after a text, but before a dict."""
    return (match_first if record.__class__ is dict else matches_text)(record)  # noqa: F821


class Generated:
    """The generated functions of a matcher, each written when it is first needed."""

    def __init__(self, matcher: Matcher, slow: Callable[[Any], bool]) -> None:
        """`slow` evaluates the records that the function for a single record does not handle.

        Raises:
            Unsupported: only the evaluator supports a matcher of this shape.
        """
        self._code = Code(self._execute)
        self._decoders: dict[str, DecodeRows | None] = {}
        self._payload_decoders: list[PayloadDecoders | None] = []
        self._written = 0  # lines of code that have been compiled
        self._singles: set[str] = set()  # the kinds of records that `matches` has code for
        self._record_codegen = RecordCodegen(matcher, self._code)
        self._slow = self._code.bind(slow)
        self.can_look = self._record_codegen.prefilter is not None
        self.needles = self._record_codegen.needles
        prefilter = self._record_codegen.prefilter
        self.are_needles_values = prefilter is not None and prefilter.selective

    def single(self) -> FunctionType:
        """Return the function that evaluates one record. It is always the same function, which gets
        its code with the first record."""
        namespace = self._code.namespace
        with self._code.lock:
            if "matches" not in namespace:
                namespace["match_first"] = self._match_first
                namespace["matches"] = FunctionType(_match_any.__code__, namespace, "matches")
            function: FunctionType = namespace["matches"]
            return function

    def loop(self, result: str, kind: str, look: bool) -> Loop:
        """Return the loop for a result ("filter", "partition", "mask") over a kind of record
        ("dict", "text", "bytes"), with or without a search before decoding."""
        name = f"{result}_{kind}{'_looking' if look else ''}"
        loop: Loop = self._function(name, lambda: self._write_loop(name, result, kind, look))
        return loop

    def line_loop(self, *, rows: bool, look: bool, drops: bool) -> LineLoop:
        """Return the loop over JSON Lines, or over such lines with their rows; with or without a
        search before decoding the payload; and with or without a call for each dropped line, which
        would prevent its memory from being reused.

        Raises:
            Unsupported: the pattern names a member that contains the records of events.
        """
        kind = "row" if rows else "line"
        name = f"{kind}s{'_dropping' if drops else ''}{'_looking' if look else ''}"
        loop: LineLoop = self._function(
            name, lambda: self._write_line_loop(name, kind, look, drops)
        )
        return loop

    def line_loop_with_reasons(self, *, rows: bool) -> LineLoopWithReasons:
        """The loop over lines, or over lines with their rows, that calls `drop` only with those
        that simply do not match. For those whose payload has the wrong format, it calls `misfit`
        with the line and its verdict, or `slow`.

        Raises:
            Unsupported: the two cannot be distinguished.
        """
        if not self._record_codegen.can_tell_formats:
            raise Unsupported
        kind = "row" if rows else "line"
        name = f"{kind}s_with_reasons"
        loop: LineLoopWithReasons = self._function(
            name, lambda: self._write_line_loop(name, kind, False, True, tells_formats=True)
        )
        return loop

    def view_loop(self, kind: str) -> ViewLoop:
        """Return the loop over rows of a column, each the text of a "record", or only of a
        "payload", for which the matcher must have no other conditions. Text must be UTF-8."""
        name = f"{kind}_views"
        loop: ViewLoop = self._function(name, lambda: self._write_view_loop(name, f"{kind}_view"))
        return loop

    def column_rows(self, kind: str) -> tuple[DecodeRows, ViewLoop] | None:
        """Return the same for rows that are already decoded, and the function that decodes them;
        None if each row has to be evaluated separately. The items of this loop are pairs of a row
        and its value."""
        name = f"{kind}_rows"
        if kind not in self._decoders:
            self._decoders[kind] = self._record_codegen.column_decoder(kind)
        decode = self._decoders[kind]
        if decode is None:
            return None
        return decode, self._function(name, lambda: self._write_view_loop(name, f"{kind}_row"))

    def line_search(self) -> tuple[tuple[bytes, ...], DecodeRows] | None:
        """Return texts of which every matching line contains at least one, and the function that
        decodes lines, each of which is one record, into as many rows; None if each line must be
        evaluated separately."""
        texts = self._record_codegen.texts_in_lines
        with contextlib.suppress(Unsupported):
            if texts is not None and self.row_decoder() is not None:
                return texts, make_decoder(without(msgspec.Struct, HOLDERS)).decode_lines
        return None

    def payload_decoders(self) -> tuple[PayloadDecoders, MayMatch | None] | None:
        """Return what evaluates payloads that are taken out of lines, and a function that finds
        those that may match, if that depends on numbers; None if each line must be evaluated
        separately."""
        with self._code.lock:
            if not self._payload_decoders:
                self._payload_decoders.append(self._record_codegen.payload_decoders())
        found = self._payload_decoders[0]
        if found is None or not found.may_match:
            return None if found is None else (found, None)
        name = "payloads_may_match"
        return found, self._function(name, lambda: self._write_may_match(name, found.may_match))

    def row_decoder(self) -> DecodeRows | None:
        """Return the decoder of lines for the loop over rows; None if each line must be decoded
        separately.

        Raises:
            Unsupported: as for `line_loop`.
        """
        return self._record_codegen.row_decoder()

    @property
    def source_code(self) -> str:
        """The source of all functions."""
        self._write_single(is_dict=True)
        self._write_single(is_dict=False)
        for result in _RESULTS:
            for kind in _KINDS:
                for look in (False, True) if self.can_look else (False,):
                    self.loop(result, kind, look)
        with contextlib.suppress(Unsupported):
            for rows in (False, True):
                self.line_loop(rows=rows, look=self.can_look, drops=False)
        with self._code.lock:
            self._code.write_all()
            return "\n".join([*self._code.written, *self._code.lines]).lstrip() + "\n"

    def _match_first(self, record: Any) -> bool:
        """Write the function for the kind of the first record of that kind, and call it."""
        self._write_single(is_dict=record.__class__ is dict)
        verdict: bool = self.single()(record)
        return verdict

    def _write_single(self, *, is_dict: bool) -> None:
        """The function for a dict, which leaves everything else to `matches_text`; or that
        function."""
        namespace, function = self._code.namespace, self.single()
        with self._code.lock:
            kind = "dict" if is_dict else "text"
            if kind in self._singles:
                return
            emit = Emitter()
            if is_dict:
                namespace.setdefault("matches_text", self._match_first)
                with emit.block("def matches(record):"):
                    with emit.block("if record.__class__ is not dict:"):
                        emit("return matches_text(record)")
                    self._write_statements(emit, kind)
            else:
                with emit.block("def matches_text(record):"):
                    self._write_statements(emit, kind)
            self._add(emit)
            self._execute_new()
            self._singles.add(kind)
            # Callers already have the function.
            code = namespace["matches"].__code__ if is_dict else _match_by_kind.__code__
            if is_dict or "dict" not in self._singles:
                function.__code__ = code
            namespace["matches"] = function

    def _write_statements(self, emit: Emitter, kind: str) -> None:
        if self._record_codegen.keeps_texts:  # what the last record told of the texts of numbers
            self._code.namespace.setdefault("texts", 0)
            emit("global texts")
        prefilter = self._record_codegen.prefilter
        look = prefilter is not None and prefilter.selective
        exits = Exits(("return True",), ("return False",), (f"return {self._slow}(record)",))
        self._record_codegen.write(emit, kind, look=look, exits=exits)

    def _write_loop(self, name: str, result: str, kind: str, look: bool) -> None:
        exits = Exits.of(*_RESULTS[result], "slow")
        emit = Emitter()
        head = emit.block(f"def {name}(records, keep, drop, slow):")
        with head, self._each(emit, "for record in records:"):
            if kind == "dict":
                with emit.block("if record.__class__ is not dict:"):
                    emit(*exits.fallback)
            self._record_codegen.write(emit, kind, look=look, exits=exits)
        self._add_loop(emit)

    def _write_line_loop(
        self,
        name: str,
        kind: str,
        look: bool,
        drops: bool,
        *,
        tells_formats: bool = False,
    ) -> None:
        exits = Exits(
            match=("keep(record)", "continue"),
            no_match=("drop(record)", "continue") if drops else ("continue",),
            fallback=("slow(record, number)", "continue"),
            tells_formats=tells_formats,
            misfit=("misfit(record, verdict)", "continue") if tells_formats else (),
        )
        emit = Emitter()
        more = ", misfit" if tells_formats else ""
        head = emit.block(f"def {name}(records, number, keep, drop, slow{more}):")
        taken = "record, members" if kind == "row" else "record"
        with head, self._each(emit, f"for {taken} in records:"):
            emit("number += 1")
            self._record_codegen.write(emit, kind, look=look, exits=exits)
        self._add_loop(emit)

    def _write_view_loop(self, name: str, kind: str) -> None:
        exits = Exits(
            match=("keep(row)", "continue"),
            no_match=("continue",),
            fallback=("slow(row)", "continue"),
        )
        emit = Emitter()
        head = emit.block(f"def {name}(view, offsets, rows, keep, slow):")
        with head, self._each(emit, f"for {_EACH.get(kind, 'row')} in rows:"):
            self._record_codegen.write(emit, kind, look=False, exits=exits)
        self._add_loop(emit)

    def _write_may_match(self, name: str, condition: str) -> None:
        emit = Emitter()
        with emit.block(f"def {name}(rows, keep):"), emit.block("for row, value in rows:"):
            with emit.block("try:"), emit.block(f"if {condition}:"):
                emit("keep(row)")
            with emit.block("except Exception:"):
                emit("keep(row)")
        self._add_loop(emit)

    def _each(self, emit: Emitter, header: str) -> Emitter:
        """Begin a loop; what a record shows about the texts of numbers is kept for the next one."""
        if self._record_codegen.keeps_texts:
            emit("texts = 0")
        return emit.block(header)

    def _add_loop(self, emit: Emitter) -> None:
        """Make the values parameters that are never given: reading a parameter costs 1 ns less than
        reading a global name, which is 15 ns for a small record."""
        header, *body = emit.lines
        values = "".join(f", {name}={name}" for name in self._code.constants("\n".join(body)))
        emit.lines[0] = header.replace("):", f"{values}):")
        self._add(emit)

    def _add(self, emit: Emitter) -> None:
        self._code.lines += ["", *emit.lines]

    def _function(self, name: str, write: Callable[[], None]) -> Any:
        namespace = self._code.namespace
        if name not in namespace:
            with self._code.lock:
                if name not in namespace:
                    write()
                    self._execute_new()
        return namespace[name]

    def _execute(self, source: str) -> None:
        _execute(source, self._code.namespace, self)

    def _execute_new(self) -> None:
        source = "\n".join(self._code.lines[self._written :]).lstrip() + "\n"
        self._execute(source)
        self._written = len(self._code.lines)


_LONGEST_SHARED = 10_000
"""The maximum length of a source that is compiled once for all filters that have it."""


def _compile(source: str, name: str) -> CodeType:
    """Compile a source. Filters that differ only in values have the same source. They still get
    their own code objects, since CPython adapts these to the namespace in which they run."""
    if len(source) > _LONGEST_SHARED:
        return compile(source, name, "exec")
    code = _compiled(source)
    constants = (
        each.replace(co_filename=name) if isinstance(each, CodeType) else each
        for each in code.co_consts
    )
    return code.replace(co_filename=name, co_consts=tuple(constants))


@lru_cache(maxsize=64)
def _compiled(source: str) -> CodeType:
    return compile(source, "<filterpatterns>", "exec")


def _execute(source: str, namespace: dict[str, Any], owner: Generated) -> None:
    name = f"<filterpatterns {next(_serial)}>"
    exec(_compile(source, name), namespace)  # noqa: S102 - names only, values are bound
    # Tracebacks show the lines as long as the functions exist. (`weakref.finalize` does the same,
    # but imports atexit, which takes longer than the rest.)
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)

    def forget(_: object) -> None:
        linecache.cache.pop(name, None)
        _owners.pop(name, None)

    _owners[name] = weakref.ref(owner, forget)
