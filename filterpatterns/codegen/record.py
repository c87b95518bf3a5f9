"""Writes the Python statements that evaluate one record: read, search, decode, test.

The statements handle the plain case. Anything else (an unusual shape, spelling or type) raises, and
the statements given as `fallback` follow, which call the evaluator.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from filterpatterns.codegen.access import Access
from filterpatterns.codegen.access.dicts import DictAccess
from filterpatterns.codegen.access.structs import RawAccess, StructAccess
from filterpatterns.codegen.branches import (
    COSTLY,
    COSTLY_IN_DICTS,
    Branch,
    has_numbers_in_one_object,
    has_only_doubles,
    is_costly,
    only_numbers,
    tests_only_text,
    with_payload,
)
from filterpatterns.codegen.code import Code
from filterpatterns.codegen.emit import Exits, Guards
from filterpatterns.codegen.emitter import Emitter
from filterpatterns.codegen.expressions import below, fields, rules
from filterpatterns.codegen.payload import PayloadCodegen
from filterpatterns.codegen.prefilter import Prefilter, prefilter
from filterpatterns.codegen.reading import SLICE, RecordReader
from filterpatterns.codegen.types import (
    Shape,
    Unsupported,
    lines_decoder,
    objects_decoder,
    raw_shape,
    shape,
    spaced_shape,
)
from filterpatterns.delivery.sources import FormatAction, PayloadFormat
from filterpatterns.matching.match_tree import Conjunction, Matcher, MatchNode, Payload
from filterpatterns.matching.verdict import mismatch, payload_satisfies

MOST_TESTS = 400
"""The number of tests, over all combinations, for which code is generated: compiling more takes too
long."""


class _Conditions(Struct, frozen=True):
    """For a kind of record: how it is read, and expressions for the branches that may match.

    `plain` is for branches that name no payload, `json` and `string` for those that do, if it is
    JSON or a plain string (empty: none of them matches then). `json_texts` is `json` for a payload
    in which numbers are their texts, `json_raw` for one in which they are `msgspec.Raw` (empty:
    there is no such type). `early` must be true for any of the latter to match, and needs
    no payload (empty: nothing is known before).
    """

    read: Sequence[str]
    plain: str
    json: str
    json_texts: str
    json_raw: str
    string: str
    early: str


class PayloadDecoders(Struct, frozen=True):
    """Decode a block of lines whose payloads, under `key`, have been taken out.

    `records` decodes the lines if all have the JSON string `mark` as their payload: no file has it,
    since nobody can guess it. `payloads` decodes the payloads, which must be objects, with a space
    before each quote. `may_match` is an expression over such a `value` without which the payload
    does not match (empty: there is none).
    """

    key: str
    mark: bytes
    records: Callable[[bytes], list[Any]]
    payloads: Callable[[bytes], list[Any]]
    may_match: str


_MARK_BEGIN: Final = "\x7f"
"""Begins what is in place of payloads: a character that files hardly contain."""

_why_a_string = partial(mismatch, PayloadFormat.STRING)


class RecordCodegen:
    """Writes the statements for one matcher.

    `prefilter` is what can be searched for before decoding; None if nothing. `needles` are texts
    such that the payload of every matching record contains one of them, or a backslash; None if
    there are none.
    """

    def __init__(self, matcher: Matcher, code: Code) -> None:
        """
        Raises:
            Unsupported: only the evaluator supports a matcher of this shape.
        """
        tests = matcher.size()
        if matcher.keep_all or not 0 < tests <= MOST_TESTS:
            raise Unsupported
        conjunctions = tuple(matcher.conjunctions())
        self._code = code
        self._guards = Guards(code)
        self._source = matcher.source
        self._reader = reader = RecordReader(code, self._guards, matcher.source, conjunctions)
        self._branches = [Branch(node, None, None) for node in reader.metadata]
        self._payload_shape: Shape | None = None
        self._raw_shape: Shape | None = None
        self._is_costly = False
        self._conditions: dict[tuple[str, bool], _Conditions] = {}
        self.prefilter: Prefilter | None = None
        self.needles: tuple[str, ...] | None = None
        self.texts_in_lines: tuple[bytes, ...] | None = None
        self._is_only_json = False
        self._numbers: tuple[MatchNode, tuple[MatchNode, ...]] | None = None
        if reader.key is not None and not reader.is_inline:
            self._add_payloads(reader.key, conjunctions)
        write = partial(
            PayloadCodegen,
            code,
            self._guards,
            shape=self._payload_shape,
            costly=self._is_costly,
            checks_lengths=has_numbers_in_one_object(self._branches),
            raw=self._raw_shape,
        )
        self._payload = write(prefilter=self.prefilter, is_bytes=reader.is_bytes)
        self._viewed = write(prefilter=None, is_bytes=True, is_view=True)

    def _add_payloads(self, key: str, conjunctions: tuple[Conjunction, ...]) -> None:
        merged, aligned, self._branches = with_payload(self._branches, conjunctions, key)
        if aligned:
            self._payload_shape = shape(merged, aligned)
            most = COSTLY_IN_DICTS if self._payload_shape.is_plain else COSTLY
            self._is_costly = is_costly(conjunctions, key, most)
            if has_numbers_in_one_object(self._branches) and has_only_doubles(self._branches):
                self._raw_shape = raw_shape(self._payload_shape)
        action = self._source.formats[PayloadFormat.STRING, PayloadFormat.JSON]
        drops_strings = action is FormatAction.DROP
        if aligned and drops_strings and not any(branch.string for branch in self._branches):
            self.prefilter = prefilter(aligned)
            if len(aligned) != len(self._branches):
                return
            self._is_only_json = tests_only_text(self._source, self._branches)
            if self._is_only_json:
                self._numbers = only_numbers(conjunctions, key)
            if self.prefilter is not None:
                self.needles = self.prefilter.needles
                if self._is_only_json:
                    self.texts_in_lines = self.prefilter.in_lines()

    @property
    def keeps_texts(self) -> bool:
        """Whether the statements use `texts`, which lasts from record to record."""
        return self._payload.keeps_texts

    def write(self, emit: Emitter, kind: str, *, look: bool, exits: Exits) -> None:
        """Write the statements that evaluate `record`.

        `kind` is its kind: a "dict"; "text", which is str, bytes or anything else; "bytes"; a
        "line" of JSON Lines, bytes that are a record only if they do not contain several; or a
        "row", such a line that is already decoded, into `members`. `look` uses the prefilter.

        The others are row `row` of a column, `view[offsets[row]:offsets[row + 1]]`: "record_view"
        is a record's text, known to be UTF-8, and "record_row" such a text that has been decoded
        already, into `members`; "payload_view" is nothing but the payload, and as text known to be
        UTF-8, and "payload_row" such a text that has been decoded already, into `value`. For these
        two the matcher has no conditions on anything else.
        """
        payload = self._payload
        if kind == "payload_view" and self._reader.has_views:
            payload = self._viewed
        key = kind, exits.tells_formats
        if key not in self._conditions:
            self._conditions[key] = self._write_conditions(*key)
        conditions = self._conditions[key]
        json, string = conditions.json, conditions.string
        if exits.misfit:
            exits = self._with_misfits(conditions, exits)
        with emit.block("try:"):
            emit(*conditions.read)
            if conditions.plain:
                with emit.block(f"if {conditions.plain}:"):
                    emit(*exits.match)
            if conditions.early:
                with emit.block(f"if not ({conditions.early}):"):
                    emit(*exits.no_match)
        exits.write_fallback(emit)
        if kind == "payload_row":
            if json:
                self._viewed.write_decoded(emit, SLICE, json, string, exits)
        elif json:
            tests = json, conditions.json_texts, conditions.json_raw
            payload.write(emit, tests, string, exits, look=look, is_own=kind != "dict")
        elif string:
            payload.write_strings(emit, string, exits)
        emit(*exits.no_match)

    def _with_misfits(self, conditions: _Conditions, exits: Exits) -> Exits:
        """Return the exits with the statements for a payload that is plainly not JSON; none if a
        record with such a payload may match, or not match for another reason."""
        if conditions.plain or conditions.string:
            return replace(exits, misfit=())
        why, key = self._code.bind(_why_a_string), self._reader.key
        text = "str(body, 'utf-8')" if self._reader.is_bytes else "body"
        verdict = self._code.bind((_why_a_string("text"), key))
        return replace(
            exits,
            misfit=(f"verdict = {why}({text}), {self._code.bind(key)}", *exits.misfit),
            text=(f"verdict = {verdict}", *exits.misfit),
        )

    def _write_conditions(self, kind: str, tells_formats: bool) -> _Conditions:
        """Return the conditions for a kind of record. If the formats have to be distinguished,
        nothing is tested before the payload is read."""
        read = Emitter()
        holder, access = self._reader.write(read, kind)
        plain: list[str] = []
        json: list[str] = []
        json_texts: list[str] = []
        json_raw = ""
        string: list[str] = []
        early: list[str] = []
        is_single = len(self._branches) == 1
        texts = kind == "payload_row" or not self.keeps_texts
        for branch in self._branches:
            own = []
            if branch.metadata.children:
                own = [fields(self._code, branch.metadata, access, holder)]
            if branch.formats:
                early.append(own[0] if own else "True")
                if is_single and not tells_formats:
                    own = []  # tested early
            own += [self._other(kind, holder, key, other) for key, other in branch.others]
            if not branch.formats:
                plain.append(" and ".join(own) or "True")
                continue
            for found in (PayloadFormat.JSON, PayloadFormat.STRING):
                steps = {form: self._source.formats[found, form] for form in branch.formats}
                if FormatAction.DROP in steps.values():
                    continue
                if found is PayloadFormat.STRING:
                    tests = [self._string_test(branch)] if found in steps else []
                    string.append(" and ".join(tests + own) or "True")
                    continue
                tests = [self._json_test(branch, texts=texts)] if found in steps else []
                json.append(" and ".join(tests + own) or "True")
                if not texts:
                    tests = [self._json_texts_test(branch)] if found in steps else []
                    json_texts.append(" and ".join(tests + own) or "True")
                    if self._raw_shape is not None:
                        json_raw = " and ".join([self._json_raw_test(branch), *own])
        unknown = tells_formats or "True" in early
        return _Conditions(
            read.lines,
            plain=" or ".join(plain),
            json=" or ".join(json),
            json_texts=" or ".join(json_texts),
            json_raw=json_raw,
            string=" or ".join(string),
            early="" if unknown else " or ".join(dict.fromkeys(early)),
        )

    def _other(self, kind: str, holder: str, key: str, wanted: Payload) -> str:
        """Return an expression: another payload satisfies what is expected of it."""
        value = f"{holder}.get({self._code.bind(key)})"
        if kind != "dict" and not self._reader.is_plain:
            value = f"{holder}.text{self._reader.keys.index(key)}"
        return f"{self._code.bind(partial(payload_satisfies, self._source, wanted))}({value})"

    def _json_test(self, branch: Branch, *, texts: bool, value: str = "value") -> str:
        """Return an expression: the payload, which is JSON as the branch expects, satisfies its
        tests."""
        assert branch.json is not None
        assert self._payload_shape is not None
        access: Access = StructAccess(self._code, self._payload_shape, texts=texts)
        if self._payload_shape.is_plain:
            access = DictAccess(self._code, costly=self._is_costly)
        return below(self._code, branch.json, access, value)

    def _json_texts_test(self, branch: Branch) -> str:
        """The same if numbers are their texts: a function that is compiled if there are any."""

        def write(emit: Emitter, value: str) -> None:
            emit(f"return {self._json_test(branch, texts=True, value=value)}")

        return f"{self._code.function(('texts', branch.json), write)}(value)"

    def _json_raw_test(self, branch: Branch) -> str:
        """The same where numbers are `msgspec.Raw`."""
        assert branch.json is not None
        assert self._raw_shape is not None
        return below(self._code, branch.json, RawAccess(self._code, self._raw_shape), "value")

    def _string_test(self, branch: Branch) -> str:
        """Return an expression: the payload, which is a string as the branch expects, satisfies its
        test."""
        assert branch.string is not None
        return f"({rules(self._code, branch.string, 'body', 'string')})"

    @property
    def can_tell_formats(self) -> bool:
        """Whether every record that is dropped because of a payload's format can be distinguished
        from the others: a JSON payload satisfies the format of some combination."""
        is_single = not any(branch.others for branch in self._branches)
        no_text = self._reader.key is None or self._reader.is_inline
        return is_single and (no_text or any(map(self._takes_json, self._branches)))

    def _takes_json(self, branch: Branch) -> bool:
        """Whether a branch expects JSON, and is not dropped because it expects a plain string as
        well."""
        steps = {self._source.formats[PayloadFormat.JSON, form] for form in branch.formats}
        return branch.json is not None and FormatAction.DROP not in steps

    def row_decoder(self) -> Callable[[bytes], list[Any]] | None:
        """Return the function that decodes lines of JSON Lines, each of which is one record, into
        rows; None if each line must be checked before decoding.

        Raises:
            Unsupported: the pattern names a member that contains the records of events.
        """
        return self._reader.row_decoder()

    def column_decoder(self, kind: str) -> Callable[[bytes], list[Any]] | None:
        """The same for a column, each of whose rows is a "record" or a "payload"; None also if
        payloads are encoded, or need not be JSON."""
        if kind == "record":
            return self._reader.column_decoder()
        shape = self._payload_shape
        if shape is None or shape.is_plain or self._is_costly:
            return None
        if self._guards.is_guarded or not self._reader.has_views:
            return None
        decode: Callable[[bytes], list[Any]] = lines_decoder(shape)
        return decode

    def payload_decoders(self) -> PayloadDecoders | None:
        """Return what evaluates payloads that are taken out of lines; None if every record must be
        evaluated by itself: a match need not be JSON, or more than the payload is tested."""
        key = self._reader.key
        if key is None or not self._is_only_json or self._guards.is_guarded:
            return None
        mark = _MARK_BEGIN + os.urandom(8).hex()
        try:
            records = self._reader.decoder_without_payloads(key, mark)
        except Unsupported:
            return None
        quoted = f'"{mark}"'.encode()
        numbers = None if self._numbers is None else shape(*self._numbers)
        if self._numbers is None or numbers is None or numbers.is_plain:
            return PayloadDecoders(key, quoted, records, objects_decoder(None), "")
        spaced = spaced_shape(numbers)
        access = StructAccess(self._code, spaced, texts=False)
        tests = [below(self._code, node, access, "value") for node in self._numbers[1]]
        return PayloadDecoders(key, quoted, records, objects_decoder(spaced), " or ".join(tests))
