"""Matcher -> Python statements that judge one record: read it, look, decode, test.

The statements judge the straight case. Whatever else they meet raises (an odd shape, a spelling, a
type), and the statements given as `unknown` follow, which ask the interpreter.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import msgspec

from filterpatterns import jsontext
from filterpatterns.decoding import Shape, Unsupported, decoder, shape
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
from filterpatterns.sources import DROP_MISMATCHES
from filterpatterns.tree import Conjunction, Matcher, Node, Test, align, names_below

_MOST_TESTS = 400
"""Tests, over all combinations, that code is generated for: beyond, compiling it takes too long."""


@dataclass(frozen=True, slots=True)
class Ends:
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


@dataclass(frozen=True, slots=True, eq=False)
class _Branch:
    """A conjunction as code is generated for it: its trees share edges with the others'."""

    metadata: Node
    json: Node | None
    string: Test | None


@dataclass(frozen=True, slots=True)
class _Conditions:
    """For a kind of record: how it is read, and expressions for the branches that may hold.

    `plain` are those that name no payload, `json` and `string` those that want one (empty: none).
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
        self._key = next(iter(matcher.source.payload_keys), None)
        self._metadata, metadata = _align("", [one.metadata for one in conjunctions])
        self._record_shape = shape(self._metadata, metadata, matcher.source.payload_keys)
        self._branches = [_Branch(node, None, None) for node in metadata]
        self._payload_shape: Shape | None = None
        self._conditions: dict[str, _Conditions] = {}
        self.prefilter: Prefilter | None = None
        if self._key is not None:
            if matcher.source.formats is not DROP_MISMATCHES:
                raise Unsupported
            self._add_payloads(self._key, conjunctions, metadata)

    def _add_payloads(
        self, key: str, conjunctions: tuple[Conjunction, ...], metadata: tuple[Node, ...]
    ) -> None:
        wanted = [one.payloads.get(key) for one in conjunctions]
        nodes = [None if one is None else one.json for one in wanted]
        merged, aligned = _align(key, [node for node in nodes if node is not None])
        self._payload_shape = shape(merged, aligned)
        trees = iter(aligned)
        branches = []
        for one, node, tree in zip(wanted, nodes, metadata, strict=True):
            json = next(trees) if node is not None else None
            string = one.string if one is not None else None
            if json is None or string is None:  # no body is both
                branches.append(_Branch(tree, json, string))
        self._branches = branches
        if aligned and not any(branch.string for branch in branches):
            self.prefilter = prefilter(aligned)

    def judge(self, kind: str, *, look: bool, ends: Ends) -> list[str]:
        """The statements that judge `record`, which is a dict, or is "text": str, or anything.

        `look` uses the prefilter.
        """
        if kind not in self._conditions:
            self._conditions[kind] = self._write_conditions(kind)
        conditions = self._conditions[kind]
        start = list(conditions.read)
        if conditions.plain:
            start += [f"if {conditions.plain}:", *indent(ends.hit)]
        lines = ["try:", *indent(start), "except Exception:", *indent(ends.unknown)]
        if conditions.json:
            looking = self._look(ends) if look else []
            lines += self._decode(conditions.json, conditions.string, looking, ends)
        elif conditions.string:
            lines += self._strings(conditions.string, ends)
        return lines + list(ends.miss)

    def _write_conditions(self, kind: str) -> _Conditions:
        read, holder, access = self._dict() if kind == "dict" else self._text()
        plain: list[str] = []
        json: list[str] = []
        string: list[str] = []
        for branch in self._branches:
            parts = []
            group = plain
            if branch.json is not None and self._payload_shape is not None:
                group = json
                payload = StructAccess(self._code, self._payload_shape)
                parts.append(below(self._code, branch.json, payload, "value"))
            elif branch.string is not None:
                group = string
                parts.append(f"({rules(self._code, branch.string, 'body', 'string')})")
            if branch.metadata.children:
                parts.append(fields(self._code, branch.metadata, access, holder))
            group.append(" and ".join(parts) or "True")
        return _Conditions(read, *(" or ".join(group) for group in (plain, json, string)))

    def _dict(self) -> tuple[list[str], str, Access]:
        """Statements that get at a dict's members, what holds them, and how they are read."""
        lines = []
        if self._key is not None:
            # A record without it may be in boto3's shape.
            lines = [f"body = record[{self._code.bind(self._key)}]"]
            if any(branch.string for branch in self._branches):
                lines += self._check_body()
        return lines, "record", DictAccess(self._code)

    def _text(self) -> tuple[list[str], str, Access]:
        """The same for a record that is JSON text; UTF-8 is validated, msgspec would not do it."""
        decode = self._code.bind(msgspec.json.Decoder(self._record_shape.struct).decode)
        lines = [
            "text = record if record.__class__ is str else str(record, 'utf-8')",
            f"members = {decode}({self._utf8('text')})",
            *self._refuse_deep("text"),
        ]
        if self._key is not None:
            lines += ["body = members.text0", *self._check_body()]
        return lines, "members", StructAccess(self._code, self._record_shape)

    def _check_body(self) -> list[str]:
        return [f"if body.__class__ is not str: raise {self._code.bind(Odd)}"]

    def _utf8(self, text: str) -> str:
        """An expression: a text for msgspec, which would leave the UTF-8 that it makes of a str on
        the str: a batch of texts that are not ASCII would take twice its memory."""
        return f"{text} if {text}.isascii() else {text}.encode()"

    def _refuse_deep(self, text: str) -> list[str]:
        limit = self._code.bind(2 * MAX_PAYLOAD_DEPTH)
        too_deep = self._code.bind(jsontext.is_too_deep)
        odd = self._code.bind(Odd)
        return [f"if len({text}) > {limit} and {too_deep}({text}): raise {odd}"]

    def _look(self, ends: Ends) -> list[str]:
        if self.prefilter is None:
            return []
        texts = (*self.prefilter.needles, BACKSLASH)
        missing = " and ".join(f"{self._code.bind(text)} not in body" for text in texts)
        # A body may be a dict, which "in" would ask for its names; decoding refuses one by itself.
        return [*self._check_body(), f"if {missing}:", *indent(ends.miss)]

    def _decode(self, json: str, string: str, looking: list[str], ends: Ends) -> list[str]:
        """Decode the body; a plain string is for the branches that want one."""
        deep = self._refuse_deep("body")
        assert self._payload_shape is not None
        string_lines = []
        if string:
            string_lines = [
                "try:",
                f"    if {string}:",
                *indent(indent(ends.hit)),
                "except Exception:",
                *indent(ends.unknown),
            ]
        return [
            "try:",
            *indent(looking),
            f"    value = {self._code.bind(decoder(self._payload_shape))}({self._utf8('body')})",
            *(indent(deep) if string else []),
            f"    if {json}:",
            # Too deep a body is a plain string, and dropped; so is one that does not match.
            *([] if string else indent(indent(deep))),
            *indent(indent(ends.hit)),
            *self._except_not_json(ends),
            *indent(string_lines),
            *indent(ends.miss),
            "except Exception:",
            *indent(ends.unknown),
        ]

    def _strings(self, string: str, ends: Ends) -> list[str]:
        """Only plain strings are wanted: the body is checked to be none of JSON if it matches."""
        validate = self._code.bind(msgspec.json.Decoder(msgspec.Raw).decode)
        return [
            "try:",
            f"    if {string}:",
            f"        {validate}({self._utf8('body')})",
            *indent(indent(self._refuse_deep("body"))),
            *self._except_not_json(ends),
            *indent(ends.hit),
            "except Exception:",
            *indent(ends.unknown),
        ]

    def _except_not_json(self, ends: Ends) -> list[str]:
        """The body is not JSON; unless a type could not hold it (ValidationError), it is bytes, or
        it has escapes that msgspec refuses and RFC 8259's grammar does not."""
        error, backslash = self._code.bind(msgspec.DecodeError), self._code.bind(BACKSLASH)
        plain = f"error.__class__ is {error} and body.__class__ is str and {backslash} not in body"
        return [
            f"except {error} as error:",
            f"    if not ({plain}):",
            *indent(indent(ends.unknown)),
        ]


def _count_tests(conjunctions: tuple[Conjunction, ...]) -> int:
    nodes = [one.metadata for one in conjunctions]
    nodes += [
        payload.json
        for one in conjunctions
        for payload in one.payloads.values()
        if payload.json is not None
    ]
    return sum(1 for node in nodes for _ in node.tests())


def _align(key: str, nodes: list[Node]) -> tuple[Node, tuple[Node, ...]]:
    return align(
        key,
        [
            [(names_below(key, test) if key else test.names, test) for test in node.tests()]
            for node in nodes
        ],
    )
