"""A payload's text -> statements that look at it, decode it and test it."""

from __future__ import annotations

import msgspec

from filterpatterns.codegen.code import Code
from filterpatterns.codegen.emit import Exits, Guards, indent, utf8
from filterpatterns.codegen.prefilter import BACKSLASH, Prefilter
from filterpatterns.codegen.types import Shape, decoder

_SHORT = 400
"""A body with fewer characters is decoded quickly, compared with keeping the texts of numbers; a
batch measures which way is faster."""


class PayloadCodegen:
    """Writes the statements that evaluate the variable `body`.

    `compares_numbers` says that the texts of numbers count, and that there are two ways to decode;
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
        looks_again: bool,
        costly: bool,
        is_view: bool = False,
    ) -> None:
        """
        Args:
            code: where names are bound.
            guards: writes the checks before decoding.
            shape: what is decoded; None if only validity as JSON matters.
            prefilter: what can be searched for before decoding; None if nothing.
            is_bytes: whether `body` is bytes instead of a str.
            looks_again: whether numbers may be decoded as floats first, which takes more code.
            costly: whether what is decoded is tested so often that long texts are left alone.
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
        self._keeps_text = shape is not None and shape.any_keeps_text()
        self.compares_numbers = looks_again and self._keeps_text
        self._decoders: dict[bool, str] = {}

    def decode(
        self, json: str, string: str, exits: Exits, *, look: bool, texts: bool | None
    ) -> list[str]:
        """Decode the body and test `json`; if it is not JSON, test `string` (if not empty).

        `texts` says how numbers are decoded if their texts count: as texts; or as floats, and the
        body again with their texts if a float decided a match. None leaves it to the length of
        the body.
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
        if self.compares_numbers and texts is None:
            short = f"if len(body) < {self._code.bind(_SHORT)}:"
            lines += [short, *indent(self._as_floats(json, after, hit, exits))]
            lines += ["else:", *indent(self._at_once(json, after, hit, texts=True))]
        elif self.compares_numbers and not texts:
            lines += self._as_floats(json, after, hit, exits)
        else:
            lines += self._at_once(json, after, hit, texts=self._keeps_text)
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

    def _at_once(self, json: str, after: list[str], hit: list[str], *, texts: bool) -> list[str]:
        """Return statements: decode the body, then run `after`; and test it."""
        return [self._decoded(texts=texts), *after, f"if {json}:", *indent(hit)]

    def _as_floats(self, json: str, after: list[str], hit: list[str], exits: Exits) -> list[str]:
        """Return the same with numbers as floats; and if a float decided, again with their
        texts."""
        return [
            self._decoded(texts=False),
            *after,
            "unsure = False",
            f"if {json}:",
            "    if unsure:",
            f"        {self._decoded(texts=True)}",
            f"        if not ({json}):",
            *indent(indent(indent(exits.no_match))),
            *indent(hit),
        ]

    def _decoded(self, *, texts: bool) -> str:
        """Return a statement that decodes the body."""
        if texts not in self._decoders:
            decode = msgspec.json.Decoder(msgspec.Raw).decode
            if self._shape is not None:
                decode = decoder(self._shape, keep_text=texts)
            self._decoders[texts] = self._code.bind(decode)
        argument = "body" if self._is_bytes else utf8("body")
        return f"value = {self._decoders[texts]}({argument})"

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
