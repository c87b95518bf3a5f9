"""A payload's text -> statements that look at it, decode it and test it."""

from __future__ import annotations

from functools import partial

import msgspec

from filterpatterns.codegen.code import Code
from filterpatterns.codegen.emit import Exits, Guards, indent, utf8
from filterpatterns.codegen.prefilter import BACKSLASH, Prefilter
from filterpatterns.codegen.types import Shape, decoder, kept_texts, raw_decoder
from filterpatterns.language.operators.numeric import SHORT

_LONG = 400
"""A body with as many characters takes long to decode, compared with keeping the texts of numbers:
it is decoded once if the last two bodies needed these texts, until two in a row do not match."""

_VERY_LONG = 2000
"""The same, but keeping the texts costs next to nothing: after one that needed them, all of such
bodies are decoded once."""


class PayloadCodegen:
    """Writes the statements that evaluate the variable `body`.

    `keeps_texts` says that the texts of numbers count: then there are two ways to decode, and the
    variables `texts` and `again` are for the statements to remember which was better for the last
    records. What is tested often has numbers as texts at once, since two ways are twice the code.
    `is_costly` is what was given as `costly`.
    """

    def __init__(
        self,
        code: Code,
        guards: Guards,
        *,
        shape: Shape | None,
        prefilter: Prefilter | None,
        is_bytes: bool,
        costly: bool,
        checks_lengths: bool = False,
        is_view: bool = False,
    ) -> None:
        """
        Args:
            code: where names are bound.
            guards: writes the checks before decoding.
            shape: what is decoded; None if only validity as JSON matters.
            prefilter: what can be searched for before decoding; None if nothing.
            is_bytes: whether `body` is bytes instead of a str.
            costly: whether what is decoded is tested so often that long texts are left alone.
            checks_lengths: whether short texts of all numbers that rules look at settle what
                floats have decided, unless `unsure` is 2.
            is_view: whether it is a view of such bytes, which are known to be UTF-8.
        """
        self._code = code
        self._guards = guards
        self._shape = shape
        self._prefilter = prefilter
        self._is_bytes = is_bytes
        self.is_costly = costly
        self._is_view = is_view
        self._kind = "bytes" if is_bytes else "str"
        self._checks_lengths = checks_lengths
        has_numbers = shape is not None and shape.any_keeps_text()
        self.keeps_texts = has_numbers and not costly
        self._texts_at_once = has_numbers and costly
        self._given = "body" if is_bytes else utf8("body")
        self._decoders: dict[bool, str] = {}

    def decode(
        self, json: str, json_texts: str, string: str, exits: Exits, *, look: bool
    ) -> list[str]:
        """Decode the body and test `json`; if it is not JSON, test `string` (if not empty).

        If the texts of numbers count, `json` has them as floats and `json_texts` is the same test
        with texts: for bodies for which a float decides.
        """
        lines = []
        if look and self._prefilter is not None:
            # A body may be a dict, whose names "in" would search; decoding rejects a dict.
            lines += self._guards.refuse(f"body.__class__ is not {self._kind}")
            lines += [f"if {self._looking(self._prefilter)}:", *indent(exits.no_match)]
        lines += self._guards.refuse_overflow("body")
        lines += self._guards.refuse_long("body", costly=self.is_costly)
        if self._is_bytes and not self._is_view:
            lines.append("if not body.isascii(): str(body, 'utf-8')")
        deep = self._guards.refuse_deep("body")
        # Too deep a body is a plain string. Where that is dropped, so is a body that fails.
        deep_first = bool(string) or exits.tells_formats
        hit = [*([] if deep_first else deep), *exits.match]
        after = deep if deep_first else []
        if self._shape is not None and self.keeps_texts:
            lines += self._numbers(self._shape, json, json_texts, deep_first, deep, exits)
        else:
            decoded = self._decoded(texts=self._texts_at_once)
            lines += [f"value = {decoded}", *after, f"if {json}:", *indent(hit)]
        not_json = []
        if string:
            not_json = [
                "try:",
                *indent([f"if {string}:", *indent(exits.match)]),
                "except Exception:",
                *indent(exits.fallback),
            ]
        return [
            "try:",
            *indent(lines),
            *self._except_not_json(exits),
            *indent(not_json),
            *indent(exits.no_match),
            "except Exception:",
            *indent(exits.fallback),
        ]

    def _numbers(
        self,
        shape: Shape,
        json: str,
        json_texts: str,
        deep_first: bool,
        deep: list[str],
        exits: Exits,
    ) -> list[str]:
        """Return statements that decode the body, run `after`, and test it: with numbers as floats,
        whose texts are looked at if a float decided. If they had to be for the last long bodies,
        this one is decoded with the texts at once."""
        with_texts = f"value = {self._decoded(texts=True)}"
        doubtful = "unsure"
        if self._checks_lengths:
            doubtful = f"unsure and (must or not ({self._short_texts(shape)}))"
        long = self._code.bind(_LONG)
        after = deep if deep_first else []
        late = [] if deep_first else deep
        return [
            f"given = {self._given}",
            "if texts:",
            f"    {with_texts}",
            *indent(after),
            f"    if {json_texts}:",
            f"        texts = len(given) >> 7",
            *indent(indent([*late, *exits.match])),
            f"    texts -= 1",
            "else:",
            f"    value = {self._decoded(texts=False)}",
            *indent(after),
            "    unsure = must = False",
            f"    if {json}:",
            f"        if {doubtful}:",
            f"            {with_texts}",
            f"            if not ({json_texts}):",
            *indent(indent(indent(indent(exits.no_match)))),
            f"        if len(given) >= {long}:",
            f"            if unsure: texts = len(given) >> 7",
            *indent(indent(indent(late))),
            *indent(indent(exits.match)),
        ]

    def _short_texts(self, shape: Shape) -> str:
        """Return an expression: the texts of the numbers that rules look at are all short."""
        raw = self._code.later(("raw", shape), lambda: raw_decoder(shape))
        members = [".".join(("raw", *attributes)) for attributes in kept_texts(shape)]
        members[0] = members[0].replace("raw", f"(raw := {raw}(given))", 1)
        limit = self._code.bind(SHORT)
        return " and ".join(f"len({member}) < {limit}" for member in members)

    def _decoded(self, *, texts: bool) -> str:
        """Return an expression that decodes the body."""
        if texts not in self._decoders:
            shape = self._shape
            if shape is None:
                self._decoders[texts] = self._code.bind(msgspec.json.Decoder(msgspec.Raw).decode)
            elif texts:
                make = partial(decoder, shape, keep_text=True)
                self._decoders[texts] = self._code.later(("texts", shape), make)
            else:
                self._decoders[texts] = self._code.bind(decoder(shape, keep_text=False))
        return f"{self._decoders[texts]}({'given' if self.keeps_texts else self._given})"

    def decoded(self, body: str, json: str, string: str, exits: Exits) -> list[str]:
        """Test `json` on a body that has been decoded already, into `value`; `body` gives it."""
        deep = [f"body = {body}", *self._guards.refuse_deep("body")]
        lines = deep if string else []
        lines += [f"if {json}:", *indent([] if string else deep), *indent(exits.match)]
        return [
            "try:",
            *indent(lines),
            "except Exception:",
            *indent(exits.fallback),
            *exits.no_match,
        ]

    def strings(self, string: str, exits: Exits) -> list[str]:
        """If only plain strings are wanted: a body that matches is checked not to be JSON."""
        validate = self._code.bind(msgspec.json.Decoder(msgspec.Raw).decode)
        lines = [
            *self._guards.refuse_overflow("body"),
            f"{validate}({utf8('body')})",
            *self._guards.refuse_deep("body"),
        ]
        return [
            "try:",
            f"    if {string}:",
            *indent(indent(lines)),
            *self._except_not_json(exits),
            *indent(exits.match),
            "except Exception:",
            *indent(exits.fallback),
        ]

    def _looking(self, prefilter: Prefilter) -> str:
        """Return an expression: the body has nothing of what the prefilter searches for."""
        texts = (*prefilter.needles, BACKSLASH)
        return " and ".join(f"{self._bind_text(text)} not in body" for text in texts)

    def _bind_text(self, text: str) -> str:
        return self._code.bind(text.encode() if self._is_bytes else text)

    def _except_not_json(self, exits: Exits) -> list[str]:
        """The body is not JSON; unless a type could not hold it (ValidationError), it is of another
        type, or it has escapes that msgspec rejects although RFC 8259's grammar allows them."""
        error, backslash = self._code.bind(msgspec.DecodeError), self._bind_text(BACKSLASH)
        if exits.tells_formats:
            return [f"except {error}:", *indent(exits.fallback)]
        plain = (
            f"error.__class__ is {error} and body.__class__ is {self._kind} "
            f"and {backslash} not in body"
        )
        if self._is_view:
            plain = f"error.__class__ is {error} and {backslash} not in bytes(body)"
        return [
            f"except {error} as error:",
            f"    if not ({plain}):",
            *indent(indent(exits.fallback)),
        ]
