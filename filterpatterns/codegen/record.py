"""Matcher -> Python statements that evaluate one record: read it, look, decode, test.

The statements handle the plain case. Anything else (an unusual shape, spelling or type) raises, and
the statements given as `fallback` follow, which call the interpreter.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import msgspec
from msgspec import Struct

from filterpatterns.codegen.access import Access
from filterpatterns.codegen.branches import (
    Branch,
    has_numbers_in_one_object,
    own_tests,
    texts_in_lines,
    with_payload,
)
from filterpatterns.codegen.code import Code, FallbackNeeded
from filterpatterns.codegen.costs import COSTLY, COSTLY_IN_DICTS, cost, is_costly
from filterpatterns.codegen.emit import Exits, Guards, indent, utf8
from filterpatterns.codegen.expressions import (
    DictAccess,
    StructAccess,
    below,
    fields,
    rules,
)
from filterpatterns.codegen.payload import PayloadCodegen
from filterpatterns.codegen.prefilter import Prefilter, prefilter
from filterpatterns.codegen.types import (
    KEEP_TEXT,
    Shape,
    Unsupported,
    lines_decoder,
    shape,
    without,
)
from filterpatterns.delivery.envelopes import HOLDERS
from filterpatterns.delivery.sources import Encoding, FormatAction, PayloadFormat, decode_base64
from filterpatterns.jsontext.decoders import make_decoder
from filterpatterns.matching.match_tree import (
    Conjunction,
    Matcher,
    Payload,
    build_aligned_trees,
)
from filterpatterns.matching.verdict import payload_satisfies

MOST_TESTS = 400
"""Tests, over all combinations, for which code is generated: compiling more takes too long."""

_SLICE = "view[offsets[row]:offsets[row + 1]]"


class _Conditions(Struct, frozen=True):
    """For a kind of record: how it is read, and expressions for the branches that may hold.

    `plain` is for those that name no payload, `json` and `string` for those that do, where it is
    JSON and where it is a plain string (empty: none of them holds then). `json_texts` is `json` for
    a payload in which numbers are their texts. `early` must hold for any
    of the latter to hold, and needs no payload (empty: nothing is known before).
    """

    read: list[str]
    plain: str
    json: str
    json_texts: str
    string: str
    early: str


class RecordCodegen:
    """Writes the statements for one matcher.

    `prefilter` is what can be looked for before decoding; None if nothing. `needles` are texts of
    which the payload has one, or a backslash, in every record that matches; None if there are none.
    """

    def __init__(self, matcher: Matcher, code: Code) -> None:
        """
        Raises:
            Unsupported: only the interpreter supports a matcher of this shape.
        """
        tests = matcher.size()
        if matcher.keep_all or not 0 < tests <= MOST_TESTS:
            raise Unsupported
        conjunctions = tuple(matcher.conjunctions())
        self._code = code
        self._guards = Guards(code)
        self._source = matcher.source
        named = {key for one in conjunctions for key in one.payloads}
        self._keys = tuple(key for key in matcher.source.payload_keys if key in named)
        self._key = next(iter(self._keys), None)
        # An object in a record is read in place, like the record's own members.
        self._inline = self._source.encoding is Encoding.OBJECT and self._key is not None
        own = [list(own_tests(one, inline=self._inline)) for one in conjunctions]
        merged, metadata = build_aligned_trees("", own)
        self._cost = sum(cost(test) for tests in own for _, test in tests)
        text_keys = () if self._inline else self._keys
        # Metadata has other names in the source's other shape, which has no payload of this name.
        self._shape_key = None
        if self._source.payload_alias is not None and any(node.children for node in metadata):
            self._shape_key = self._source.payload_keys[0]
            text_keys = (self._shape_key,)
        self._record_shape = shape(merged, metadata, text_keys)
        self._branches = [Branch(node, None, None) for node in metadata]
        self._payload_shape: Shape | None = None
        self._conditions: dict[tuple[str, bool], _Conditions] = {}
        self.prefilter: Prefilter | None = None
        self.needles: tuple[str, ...] | None = None
        self.texts_in_lines: tuple[bytes, ...] | None = None
        if self._key is not None and not self._inline:
            self._add_payloads(self._key, conjunctions)
        # Bytes need not become a str if no rule tests the payload as a whole.
        strings = any(branch.string for branch in self._branches)
        self._is_bytes = self._source.encoding is Encoding.BASE64 and not strings
        write = partial(
            PayloadCodegen,
            code,
            self._guards,
            shape=self._payload_shape,
            costly=is_costly(conjunctions, self._key),
            checks_lengths=has_numbers_in_one_object(self._branches),
        )
        self._payload = write(prefilter=self.prefilter, is_bytes=self._is_bytes)
        self._viewed = write(prefilter=None, is_bytes=True, is_view=True)
        self._has_views = self._source.encoding is not Encoding.BASE64 and not strings

    def _add_payloads(self, key: str, conjunctions: tuple[Conjunction, ...]) -> None:
        merged, aligned, self._branches = with_payload(self._branches, conjunctions, key)
        if aligned:
            self._payload_shape = shape(merged, aligned)
        action = self._source.formats[PayloadFormat.STRING, PayloadFormat.JSON]
        drops_strings = action is FormatAction.DROP
        if aligned and drops_strings and not any(branch.string for branch in self._branches):
            self.prefilter = prefilter(aligned)
            if self.prefilter is not None and len(aligned) == len(self._branches):
                self.needles = self.prefilter.needles
                self.texts_in_lines = texts_in_lines(self.prefilter, self._source, self._branches)

    @property
    def keeps_texts(self) -> bool:
        """Whether the statements use `texts` and `again`, which last from record to record."""
        return self._payload.keeps_texts

    def statements(self, kind: str, *, look: bool, exits: Exits) -> list[str]:
        """Return the statements that evaluate `record`.

        `kind` says what it is: a "dict"; "text", which is str, bytes or anything else; "bytes"; a
        "line" of JSON Lines, bytes that are a record only if they do not hold several; or a "row",
        such a line that has been decoded already, into `members`. `look` uses the prefilter.

        The others are row `row` of a column, `view[offsets[row]:offsets[row + 1]]`: "record_view"
        is a record's text, known to be UTF-8, and "record_row" such a text that has been decoded
        already, into `members`; "payload_view" is nothing but the payload, and as text known to be
        UTF-8, and "payload_row" such a text that has been decoded already, into `value`. For these
        two the matcher has no conditions on anything else.
        """
        payload = self._payload
        if kind == "payload_view" and self._has_views:
            payload = self._viewed
        key = kind, exits.tells_formats
        if key not in self._conditions:
            self._conditions[key] = self._write_conditions(*key)
        conditions = self._conditions[key]
        start = list(conditions.read)
        if conditions.plain:
            start += [f"if {conditions.plain}:", *indent(exits.match)]
        if conditions.early:
            start += [f"if not ({conditions.early}):", *indent(exits.no_match)]
        lines = ["try:", *indent(start), "except Exception:", *indent(exits.fallback)]
        if kind == "payload_row":
            if conditions.json:
                lines += self._viewed.decoded(_SLICE, conditions.json, conditions.string, exits)
        elif conditions.json:
            lines += payload.decode(
                conditions.json, conditions.json_texts, conditions.string, exits, look=look
            )
        elif conditions.string:
            lines += payload.strings(conditions.string, exits)
        return lines + list(exits.no_match)

    def _write_conditions(self, kind: str, tells_formats: bool) -> _Conditions:
        """The conditions for a kind of record. Where the formats have to be told from each other,
        nothing is tested before the payload is read."""
        access: Access
        if kind == "payload_row":
            read, holder, access = ["pass"], "value", DictAccess(self._code, costly=False)
        elif kind == "payload_view":
            read, holder, access = self._payload_view()
        else:
            read, holder, access = self._dict() if kind == "dict" else self._text(kind)
        plain: list[str] = []
        json: list[str] = []
        json_texts: list[str] = []
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
        unknown = tells_formats or "True" in early
        return _Conditions(
            read,
            plain=" or ".join(plain),
            json=" or ".join(json),
            json_texts=" or ".join(json_texts),
            string=" or ".join(string),
            early="" if unknown else " or ".join(dict.fromkeys(early)),
        )

    def _other(self, kind: str, holder: str, key: str, wanted: Payload) -> str:
        """Return an expression: another payload satisfies what is expected of it."""
        value = f"{holder}.get({self._code.bind(key)})"
        if kind != "dict":
            value = f"{holder}.text{self._keys.index(key)}"
        return f"{self._code.bind(partial(payload_satisfies, self._source, wanted))}({value})"

    def _json_test(self, branch: Branch, *, texts: bool, value: str = "value") -> str:
        """An expression: the payload, which is JSON as the branch wants, satisfies its tests."""
        assert branch.json is not None
        assert self._payload_shape is not None
        access = StructAccess(self._code, self._payload_shape, texts=texts)
        return below(self._code, branch.json, access, value)

    def _json_texts_test(self, branch: Branch) -> str:
        """The same where numbers are their texts: a function, compiled if there are any."""
        function = self._code.function(
            ("texts", branch.json),
            lambda value: [f"return {self._json_test(branch, texts=True, value=value)}"],
        )
        return f"{function}(value)"

    def _string_test(self, branch: Branch) -> str:
        """An expression: the payload, which is a string as the branch wants, satisfies its test."""
        assert branch.string is not None
        return f"({rules(self._code, branch.string, 'body', 'string')})"

    def _dict(self) -> tuple[list[str], str, Access]:
        """Return statements that read a dict's members, the expression that holds them, and their
        access."""
        holder, lines = "record", []
        if self._source.inside is not None:
            holder = "members"
            lines = [f"members = record[{self._code.bind(self._source.inside)}]"]
            lines += self._guards.refuse("members.__class__ is not dict")
        elif self._key is None and self._shape_key is not None:
            lines = self._guards.refuse(f"{self._code.bind(self._shape_key)} not in {holder}")
        if self._key is not None:
            member = f"{holder}[{self._code.bind(self._key)}]"
            if self._inline:
                lines += self._guards.refuse(f"{member}.__class__ is not dict")
            else:
                lines += self._body(member, self._alias(holder))
        return lines, holder, DictAccess(self._code, costly=self._cost > COSTLY_IN_DICTS)

    def _alias(self, holder: str) -> str | None:
        """Return the payload's member in the source's other shape, if only the payload is read."""
        alias = self._source.payload_alias
        if alias is None or any(branch.metadata.children for branch in self._branches):
            return None
        return f"{holder}[{self._code.bind(alias)}]"

    def _text(self, kind: str) -> tuple[list[str], str, Access]:
        """Return the same for a record that is JSON text; UTF-8 is validated, which msgspec does
        not do."""
        access = StructAccess(self._code, self._record_shape)
        name = "text" if kind == "text" else "record"
        inside = ".inside" if self._source.inside is not None else ""
        if kind in ("row", "record_row"):
            lines = [f"record = {_SLICE}"] if kind == "record_row" else []
            lines += [f"members = members{inside}"] if inside else []
        else:
            struct = self._line_struct() if kind == "line" else self._struct()
            decode = self._code.bind(make_decoder(struct, float_hook=KEEP_TEXT).decode)
            argument = utf8("text") if kind == "text" else "record"
            lines = [
                *self._utf8_text(kind),
                *self._guards.refuse_overflow(name),
                *self._guards.refuse_long(name, costly=self._cost > COSTLY),
                f"members = {decode}({argument}){inside}",
            ]
        lines += self._guards.refuse_deep(name)
        if self._inline and self._key is not None:
            inner = self._record_shape.children[self._key]
            kind = self._code.bind(inner.struct)
            lines += self._guards.refuse(f"members.{inner.attribute}.__class__ is not {kind}")
        elif self._key is not None:
            lines += self._body("members.text0", None)
        if self._shape_key is not None:  # the record may be of the source's other shape
            lines += self._guards.refuse("members.text0.__class__ is not str")
        return lines, "members", access

    def _payload_view(self) -> tuple[list[str], str, Access]:
        """The same for a payload that stands alone: nothing else is read."""
        access = DictAccess(self._code, costly=False)
        if self._source.encoding is Encoding.BASE64:
            return self._body(_SLICE, None), "record", access
        body = _SLICE if self._has_views else f"str({_SLICE}, 'utf-8')"
        return [f"body = {body}"], "record", access

    def _utf8_text(self, kind: str) -> list[str]:
        """Statements that give a record's text, of valid UTF-8."""
        if kind == "record_view":
            return [f"record = {_SLICE}"]
        if kind == "text":
            return [
                "if record.__class__ is str: text = record",
                "elif record.__class__ is bytes: text = str(record, 'utf-8')",
                f"else: raise {self._code.bind(FallbackNeeded)}",
            ]
        refuse = self._guards.refuse("record.__class__ is not bytes") if kind == "bytes" else []
        return [*refuse, "if not record.isascii(): str(record, 'utf-8')"]

    @property
    def can_tell_formats(self) -> bool:
        """Whether every record that a payload's format rules out can be told from the others: a
        payload that is JSON satisfies some combination's format."""
        is_single = not any(branch.others for branch in self._branches)
        return is_single and (self._key is None or self._inline or self._payload_shape is not None)

    def row_decoder(self) -> Callable[[bytes], list[Any]] | None:
        """Return the function that decodes lines of JSON Lines, each of which is one record, into
        rows; None if each line must be checked before decoding.

        Raises:
            Unsupported: the pattern names a member in which events have their records.
        """
        struct = self._line_struct()
        if self._guards.is_guarded or self._cost > COSTLY:
            return None
        return make_decoder(struct, float_hook=KEEP_TEXT).decode_lines

    def column_decoder(self, kind: str) -> Callable[[bytes], list[Any]] | None:
        """The same for a column, each of whose rows is a "record" or a "payload"; None also where
        payloads are not as they stand, or need not be JSON."""
        if self._guards.is_guarded:
            return None
        if kind == "record":
            if self._cost > COSTLY:
                return None
            return make_decoder(self._struct(), float_hook=KEEP_TEXT).decode_lines
        if self._payload_shape is None or not self._has_views or self._viewed.is_costly:
            return None
        decode: Callable[[bytes], list[Any]] = lines_decoder(self._payload_shape)
        return decode

    def _struct(self) -> type:
        """Return what a record decodes into."""
        struct: Any = self._record_shape.struct
        if self._source.inside is None:
            return self._record_shape.struct
        rename = {"inside": self._source.inside}
        return msgspec.defstruct("Record", [("inside", struct)], rename=rename, gc=False)

    def _line_struct(self) -> type:
        """Return the same for a line that does not contain several records."""
        return without(self._struct(), HOLDERS)

    def _body(self, member: str, alias: str | None) -> list[str]:
        """Return statements that set `body`: to a str, or bytes if that is enough; or to any other
        value."""
        if self._source.encoding is Encoding.BASE64:
            raw = f"{self._code.bind(decode_base64)}({member})"
            return [f"body = {raw}" if self._is_bytes else f"body = str({raw}, 'utf-8')"]
        lines = [f"body = {member}"]
        if alias is not None:
            lines = ["try:", *indent(lines), "except KeyError:", f"    body = {alias}"]
        if any(branch.string for branch in self._branches):
            lines += self._guards.refuse("body.__class__ is not str")
        return lines
