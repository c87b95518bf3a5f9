"""Matcher -> Python statements that judge one record: read it, look, decode, test.

The statements judge the straight case. Whatever else they meet raises (an odd shape, a spelling, a
type), and the statements given as `unknown` follow, which ask the interpreter.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any

import msgspec
from msgspec import Struct

from filterpatterns import jsontext
from filterpatterns.decoding import Shape, Unsupported, decoder, shape, without
from filterpatterns.delivery import HOLDERS
from filterpatterns.evaluation import payload_satisfies
from filterpatterns.expressions import (
    Access,
    Code,
    DictAccess,
    Odd,
    StructAccess,
    below,
    fields,
    rules,
)
from filterpatterns.limits import MAX_PAYLOAD_DEPTH
from filterpatterns.prefilter import BACKSLASH, Prefilter, prefilter
from filterpatterns.sources import Encoding, PayloadFormat, Step, decode_base64
from filterpatterns.tree import Conjunction, Matcher, Node, Payload, Test, align, names_below

_MOST_TESTS = 400
"""Tests, over all combinations, that code is generated for: beyond, compiling it takes too long."""


class Ends(Struct, frozen=True):
    """The statements that every way through a record's judgement ends in."""

    hit: tuple[str, ...]
    miss: tuple[str, ...]
    unknown: tuple[str, ...]

    @staticmethod
    def of(hit: Iterable[str], miss: Iterable[str], slow: str) -> Ends:
        """The ends, `slow` being the name of the function that asks the interpreter."""
        hit, miss = tuple(hit), tuple(miss)
        return Ends(hit, miss, (f"if {slow}(record):", *indent(hit), *miss))


def indent(lines: Iterable[str]) -> list[str]:
    """The lines, one level deeper."""
    return [f"    {line}" for line in lines]


class _Branch(Struct, frozen=True, eq=False):
    """A conjunction as code is generated for it: its trees share edges with the others'.

    `others` are what it wants of payloads other than the one that is decoded by generated code: the
    key of a Kafka record is short, and the interpreter is asked when all else holds.
    """

    metadata: Node
    json: Node | None
    string: Test | None
    others: tuple[tuple[str, Payload], ...] = ()

    @property
    def formats(self) -> tuple[PayloadFormat, ...]:
        """The formats that are wanted of the payload."""
        return Payload(self.json, self.string).formats


class _Conditions(Struct, frozen=True):
    """For a kind of record: how it is read, and expressions for the branches that may hold.

    `plain` is for those that name no payload, `json` and `string` for those that do, where it is
    JSON and where it is a plain string (empty: none of them holds then).
    """

    read: list[str]
    plain: str
    json: str
    string: str


class Judge:
    """Writes the statements for one matcher.

    `prefilter` is what `judge` can look for before it decodes; None if nothing.
    """

    def __init__(self, matcher: Matcher, code: Code) -> None:
        """
        Raises:
            Unsupported: the matcher is of a shape that only the interpreter serves.
        """
        conjunctions = matcher.conjunctions
        if matcher.keep_all or not conjunctions or _count_tests(conjunctions) > _MOST_TESTS:
            raise Unsupported
        self._code = code
        self._guarded = jsontext.decoders_overflow()
        self._source = matcher.source
        named = {key for one in conjunctions for key in one.payloads}
        self._keys = tuple(key for key in matcher.source.payload_keys if key in named)
        self._key = next(iter(self._keys), None)
        # An object in a record is read where it stands, like the record's own members.
        self._inline = self._source.encoding is Encoding.OBJECT and self._key is not None
        merged, metadata = align("", [list(self._own_tests(one)) for one in conjunctions])
        text_keys = () if self._inline else self._keys
        # Metadata have other names in the source's other shape, which has no payload of this name.
        self._shape_key = None
        if self._source.payload_alias is not None and any(node.children for node in metadata):
            self._shape_key = self._source.payload_keys[0]
            text_keys = (self._shape_key,)
        self._record_shape = shape(merged, metadata, text_keys)
        self._branches = [_Branch(node, None, None) for node in metadata]
        self._payload_shape: Shape | None = None
        self._conditions: dict[str, _Conditions] = {}
        self.prefilter: Prefilter | None = None
        if self._key is not None and not self._inline:
            self._add_payloads(self._key, conjunctions)
        # Bytes need not become a str where no rule looks at the payload as a whole.
        strings = any(branch.string for branch in self._branches)
        self._is_bytes = self._source.encoding is Encoding.BASE64 and not strings

    def _own_tests(self, one: Conjunction) -> Iterator[tuple[tuple[str, ...], Test]]:
        """The tests of the record's own members, with an object's that stands in it."""
        for test in one.metadata.tests():
            yield test.names, test
        if self._inline:
            for key, payload in one.payloads.items():
                if payload.json is None or payload.string is not None:
                    raise Unsupported
                for test in payload.json.tests():
                    yield (key, *names_below(key, test)), test

    def _add_payloads(self, key: str, conjunctions: tuple[Conjunction, ...]) -> None:
        wanted = [one.payloads.get(key, Payload(None, None)) for one in conjunctions]
        groups = [
            [(names_below(key, test), test) for test in one.json.tests()]
            for one in wanted
            if one.json is not None
        ]
        merged, aligned = align(key, groups)
        if aligned:
            self._payload_shape = shape(merged, aligned)
        trees = iter(aligned)
        self._branches = [
            _Branch(
                branch.metadata,
                next(trees) if one.json is not None else None,
                one.string,
                tuple((name, other) for name, other in all_of.payloads.items() if name != key),
            )
            for branch, one, all_of in zip(self._branches, wanted, conjunctions, strict=True)
        ]
        drops_strings = self._source.formats[PayloadFormat.STRING, PayloadFormat.JSON] is Step.DROP
        if aligned and drops_strings and not any(branch.string for branch in self._branches):
            self.prefilter = prefilter(aligned)

    def judge(self, kind: str, *, look: bool, ends: Ends) -> list[str]:
        """The statements that judge `record`.

        `kind` says what it is: a "dict"; "text", which is str, bytes or anything else; "bytes"; or
        a "line" of JSON Lines, bytes that are a record only if they do not hold several. `look`
        uses the prefilter.
        """
        if kind not in self._conditions:
            self._conditions[kind] = self._write_conditions(kind)
        conditions = self._conditions[kind]
        start = list(conditions.read)
        if conditions.plain:
            start += [f"if {conditions.plain}:", *indent(ends.hit)]
        lines = ["try:", *indent(start), "except Exception:", *indent(ends.unknown)]
        if conditions.json:
            looking = self._look() if look else ""
            lines += self._decode(conditions.json, conditions.string, looking, ends)
        elif conditions.string:
            lines += self._strings(conditions.string, ends)
        return lines + list(ends.miss)

    def _write_conditions(self, kind: str) -> _Conditions:
        read, holder, access = self._dict() if kind == "dict" else self._text(kind)
        plain: list[str] = []
        json: list[str] = []
        string: list[str] = []
        for branch in self._branches:
            own = []
            if branch.metadata.children:
                own = [fields(self._code, branch.metadata, access, holder)]
            own += [self._other(kind, holder, key, other) for key, other in branch.others]
            if not branch.formats:
                plain.append(" and ".join(own) or "True")
                continue
            for found, group in ((PayloadFormat.JSON, json), (PayloadFormat.STRING, string)):
                steps = {form: self._source.formats[found, form] for form in branch.formats}
                if Step.DROP not in steps.values():
                    tests = [self._payload_test(branch, found)] if found in steps else []
                    group.append(" and ".join(tests + own) or "True")
        return _Conditions(read, *(" or ".join(group) for group in (plain, json, string)))

    def _other(self, kind: str, holder: str, key: str, wanted: Payload) -> str:
        """An expression: another payload satisfies what is wanted of it."""
        value = f"{holder}.get({self._code.bind(key)})"
        if kind != "dict":
            value = f"{holder}.text{self._keys.index(key)}"
        return f"{self._code.bind(partial(payload_satisfies, self._source, wanted))}({value})"

    def _payload_test(self, branch: _Branch, found: PayloadFormat) -> str:
        """An expression: the payload, of the format that the branch wants, satisfies its tests."""
        if found is PayloadFormat.JSON and branch.json and self._payload_shape:
            access = StructAccess(self._code, self._payload_shape)
            return below(self._code, branch.json, access, "value")
        assert branch.string is not None
        return f"({rules(self._code, branch.string, 'body', 'string')})"

    def _dict(self) -> tuple[list[str], str, Access]:
        """Statements that get at a dict's members, what holds them, and how they are read."""
        holder, lines = "record", []
        if self._source.inside is not None:
            holder = "members"
            lines = [f"members = record[{self._code.bind(self._source.inside)}]"]
            lines += self._refuse("members.__class__ is not dict")
        elif self._key is None and self._shape_key is not None:
            lines = self._refuse(f"{self._code.bind(self._shape_key)} not in {holder}")
        if self._key is not None:
            member = f"{holder}[{self._code.bind(self._key)}]"
            if self._inline:
                lines += self._refuse(f"{member}.__class__ is not dict")
            else:
                lines += self._body(member, self._alias(holder))
        return lines, holder, DictAccess(self._code)

    def _alias(self, holder: str) -> str | None:
        """The payload's member in the source's other shape, if nothing but the payload is read."""
        alias = self._source.payload_alias
        if alias is None or any(branch.metadata.children for branch in self._branches):
            return None
        return f"{holder}[{self._code.bind(alias)}]"

    def _text(self, kind: str) -> tuple[list[str], str, Access]:
        """The same for a record that is JSON text; UTF-8 is validated, msgspec would not do it."""
        access = StructAccess(self._code, self._record_shape)
        struct: Any = self._record_shape.struct
        if self._source.inside is not None:
            outer = [("inside", struct)]
            rename = {"inside": self._source.inside}
            struct = msgspec.defstruct("Record", outer, rename=rename, gc=False)
        if kind == "line":
            struct = without(struct, HOLDERS)
        text = "record"
        if kind == "text":
            text = "text if text.isascii() else text.encode()"
            lines = [
                "if record.__class__ is str: text = record",
                "elif record.__class__ is bytes: text = str(record, 'utf-8')",
                f"else: raise {self._code.bind(Odd)}",
            ]
        else:
            lines = [] if kind == "line" else self._refuse("record.__class__ is not bytes")
            lines.append("if not record.isascii(): str(record, 'utf-8')")
        name = "text" if kind == "text" else "record"
        decode = self._code.bind(msgspec.json.Decoder(struct).decode)
        inside = ".inside" if self._source.inside is not None else ""
        lines += [
            *self._refuse_overflow(name),
            f"members = {decode}({text}){inside}",
            *self._refuse_deep(name),
        ]
        if self._inline and self._key is not None:
            inner = self._record_shape.children[self._key]
            kind = self._code.bind(inner.struct)
            lines += self._refuse(f"members.{inner.attribute}.__class__ is not {kind}")
        elif self._key is not None:
            lines += self._body("members.text0", None)
        elif self._shape_key is not None:
            lines += self._refuse("members.text0.__class__ is not str")
        return lines, "members", access

    def _body(self, member: str, alias: str | None) -> list[str]:
        """Statements that give `body`: str, or bytes where that is enough; or something odd."""
        if self._source.encoding is Encoding.BASE64:
            raw = f"{self._code.bind(decode_base64)}({member})"
            return [f"body = {raw}" if self._is_bytes else f"body = str({raw}, 'utf-8')"]
        lines = [f"body = {member}"]
        if alias is not None:
            lines = ["try:", *indent(lines), "except KeyError:", f"    body = {alias}"]
        if any(branch.string for branch in self._branches):
            lines += self._refuse("body.__class__ is not str")
        return lines

    def _refuse(self, condition: str) -> list[str]:
        return [f"if {condition}: raise {self._code.bind(Odd)}"]

    def _refuse_overflow(self, text: str) -> list[str]:
        if not self._guarded:
            return []
        return self._refuse(f"{self._code.bind(jsontext.overflows)}({text})")

    def _refuse_deep(self, text: str) -> list[str]:
        limit = self._code.bind(2 * MAX_PAYLOAD_DEPTH)
        too_deep = self._code.bind(jsontext.is_too_deep)
        return self._refuse(f"len({text}) > {limit} and {too_deep}({text})")

    def _bind_text(self, text: str) -> str:
        return self._code.bind(text.encode() if self._is_bytes else text)

    def _look(self) -> str:
        """An expression: the body has nothing of what the prefilter looks for."""
        if self.prefilter is None:
            return ""
        texts = (*self.prefilter.needles, BACKSLASH)
        return " and ".join(f"{self._bind_text(text)} not in body" for text in texts)

    def _decode(self, json: str, string: str, looking: str, ends: Ends) -> list[str]:
        """Decode the body; where it is no JSON, the branches have their say that do with that."""
        lines = []
        if looking:
            # A body may be a dict, which "in" would ask for its names; decoding refuses one.
            kind = "bytes" if self._is_bytes else "str"
            lines += self._refuse(f"body.__class__ is not {kind}")
            lines += [f"if {looking}:", *indent(ends.miss)]
        decode = msgspec.json.Decoder(msgspec.Raw).decode
        if self._payload_shape is not None:
            decode = decoder(self._payload_shape)
        lines += self._refuse_overflow("body")
        if self._is_bytes:
            lines.append("if not body.isascii(): str(body, 'utf-8')")
        argument = "body" if self._is_bytes else _utf8("body")
        lines.append(f"value = {self._code.bind(decode)}({argument})")
        deep = self._refuse_deep("body")
        # Too deep a body is a plain string. Where that is dropped, so is a body that fails.
        lines += deep if string else []
        lines += [f"if {json}:", *indent([] if string else deep), *indent(ends.hit)]
        not_json = []
        if string:
            not_json = [
                "try:",
                *indent([f"if {string}:", *indent(ends.hit)]),
                "except Exception:",
                *indent(ends.unknown),
            ]
        return [
            "try:",
            *indent(lines),
            *self._except_not_json(ends),
            *indent(not_json),
            *indent(ends.miss),
            "except Exception:",
            *indent(ends.unknown),
        ]

    def _strings(self, string: str, ends: Ends) -> list[str]:
        """Only plain strings are wanted: the body is checked to be none of JSON if it matches."""
        validate = self._code.bind(msgspec.json.Decoder(msgspec.Raw).decode)
        lines = [
            *self._refuse_overflow("body"),
            f"{validate}({_utf8('body')})",
            *self._refuse_deep("body"),
        ]
        return [
            "try:",
            f"    if {string}:",
            *indent(indent(lines)),
            *self._except_not_json(ends),
            *indent(ends.hit),
            "except Exception:",
            *indent(ends.unknown),
        ]

    def _except_not_json(self, ends: Ends) -> list[str]:
        """The body is not JSON; unless a type could not hold it (ValidationError), it is of another
        type, or it has escapes that msgspec refuses and RFC 8259's grammar does not."""
        error, backslash = self._code.bind(msgspec.DecodeError), self._bind_text(BACKSLASH)
        kind = "bytes" if self._is_bytes else "str"
        plain = (
            f"error.__class__ is {error} and body.__class__ is {kind} and {backslash} not in body"
        )
        return [
            f"except {error} as error:",
            f"    if not ({plain}):",
            *indent(indent(ends.unknown)),
        ]


def _utf8(text: str) -> str:
    """An expression: a text for msgspec, which would leave the UTF-8 that it makes of a str on the
    str: a batch of texts that are not ASCII would take twice its memory."""
    return f"{text} if {text}.isascii() else {text}.encode()"


def _count_tests(conjunctions: tuple[Conjunction, ...]) -> int:
    nodes = [one.metadata for one in conjunctions]
    nodes += [
        payload.json
        for one in conjunctions
        for payload in one.payloads.values()
        if payload.json is not None
    ]
    return sum(1 for node in nodes for _ in node.tests())
