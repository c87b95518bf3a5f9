"""Writes the statements that search, decode and test a payload's text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Final

import msgspec

from filterpatterns.codegen.code import Code
from filterpatterns.codegen.emit import Exits, Guards, utf8
from filterpatterns.codegen.emitter import Emitter
from filterpatterns.codegen.prefilter import BACKSLASH, Prefilter
from filterpatterns.codegen.types import Shape, decoder, kept_texts, raw_decoder
from filterpatterns.jsontext.decoders import make_decoder
from filterpatterns.language.operators.numeric import SHORT

_PER_FAILURE = 192
"""After a body for which a float decided, the next ones are decoded with their texts at once, until
one for each so many characters has not matched. The longer bodies are, the more does a second
decode cost, and the less their texts; a shorter one is decoded twice."""


NO_BEGINNINGS: Final = frozenset("abcdeghijklmopqrsuvwxyzABCDEFGHJKLMOPQRSTUVWXYZ")
"""Letters with which no JSON begins."""


class PayloadCodegen:
    """Writes the statements that evaluate the variable `body`.

    `keeps_texts` says that the texts of numbers count: then there are two ways to decode, and the
    variable `texts` is for the statements to remember for how many records to take the second. What
    is tested often has numbers as texts at once, since two ways are twice the code.
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
        raw: Shape | None = None,
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
            raw: the raw shape, if all numbers that rules test are in one object, and their doubles
                decide; else None.
            checks_lengths: whether short texts of all numbers that rules look at settle what
                floats have decided, unless `must` is set.
            is_view: whether it is a view of such bytes, which are known to be UTF-8.
        """
        self._code = code
        self._guards = guards
        self._shape = shape
        self._prefilter = prefilter
        self._is_bytes = is_bytes
        self._is_costly = costly
        self._is_view = is_view
        self._kind = "bytes" if is_bytes else "str"
        self._checks_lengths = checks_lengths
        self._raw = raw
        has_numbers = shape is not None and shape.any_keeps_text()
        self.keeps_texts = has_numbers and not costly
        self._texts_at_once = has_numbers and costly
        is_plain = shape is not None and shape.is_plain
        self._given = "body" if is_bytes or is_plain else utf8("body")
        self._decoders: dict[bool, str] = {}

    def write(
        self,
        emit: Emitter,
        tests: tuple[str, str, str],
        string: str,
        exits: Exits,
        *,
        look: bool,
        is_own: bool,
    ) -> None:
        """Decode the body and do the first of `tests`; if it is not JSON, test `string` (if not
        empty). `is_own` says that nobody else has the body, so that it may cache its UTF-8.

        If the texts of numbers matter, the first has them as floats; the second is the same test
        with texts, for bodies for which a float decides, and the third that for the raw shape.
        """
        json = tests[0]
        given = "body" if is_own else self._given
        with emit.block("try:"):
            if look and self._prefilter is not None:
                # A body may be a dict, whose names "in" would search; decoding rejects a dict.
                emit(*self._guards.refuse(f"body.__class__ is not {self._kind}"))
                with emit.block(f"if {self._looking(self._prefilter)}:"):
                    emit(*exits.no_match)
            if exits.text:
                with emit.block(f"if body[:1] in {self._code.bind(self._no_beginnings())}:"):
                    emit(*exits.text)
            emit(*self._guards.refuse_overflow("body"))
            emit(*self._guards.refuse_long("body", costly=self._is_costly))
            if self._is_bytes and not self._is_view:
                emit("if not body.isascii(): str(body, 'utf-8')")
            deep = self._guards.refuse_deep("body")
            # A body nested too deeply is a plain string. If plain strings are dropped, so is a body
            # that fails.
            deep_first = bool(string) or exits.tells_formats
            if self._shape is not None and self.keeps_texts:
                emit(f"given = {given}")
                self._write_numbers(emit, self._shape, tests, deep, exits, deep_first=deep_first)
            else:
                emit(f"value = {self._decoder(texts=self._texts_at_once)}({given})")
                emit(*(deep if deep_first else ()))
                with emit.block(f"if {json}:"):
                    emit(*(() if deep_first else deep), *exits.match)
        with self._except_not_json(emit, exits):
            if string:
                with emit.block("try:"), emit.block(f"if {string}:"):
                    emit(*exits.match)
                exits.write_fallback(emit)
            emit(*exits.no_match)
        exits.write_fallback(emit)

    def _write_numbers(
        self,
        emit: Emitter,
        shape: Shape,
        tests: tuple[str, str, str],
        deep: Sequence[str],
        exits: Exits,
        *,
        deep_first: bool,
    ) -> None:
        """Decode `given` and test it: with numbers as floats, whose texts are checked if a float
        decided; or with their texts at once, until `texts` more bodies have not matched."""
        json, json_texts, json_raw = tests
        with_texts = f"value = {self._decoder(texts=True)}(given)"
        doubtful = f"must or not ({self._short_texts(shape)})" if self._checks_lengths else ""
        per_failure = self._code.bind(_PER_FAILURE)
        after, late = (deep, ()) if deep_first else ((), deep)
        with emit.block("if texts > 0:"):
            if self._raw is None:
                emit(with_texts, *after, f"found = {json_texts}")
            else:
                with emit.block("try:"):
                    emit(f"value = {self._raw_decoder(self._raw)}(given)", *after)
                    emit(f"found = {json_raw}")
                emit("except Exception: texts = 0")  # no number, or no short one
            with emit.block("if texts:"):
                with emit.block("if found:"):
                    emit(*late, *exits.match)
                emit("texts -= 1", *exits.no_match)
        emit(f"value = {self._decoder(texts=False)}(given)", *after, "unsure = must = False")
        with emit.block(f"if {json}:"):
            # A short body pays for a single look at its length.
            with emit.block(f"if len(given) >= {per_failure}:"):
                emit(f"if unsure: texts = len(given) // {per_failure}", *late)
            with emit.block(f"if unsure and ({doubtful}):" if doubtful else "if unsure:"):
                emit(with_texts)
                with emit.block(f"if not ({json_texts}):"):
                    emit(*exits.no_match)
            emit(*exits.match)

    def _raw_decoder(self, raw: Shape) -> str:
        return self._code.later(("raw shape", raw), lambda: make_decoder(raw.struct).decode)

    def _short_texts(self, shape: Shape) -> str:
        """Return an expression: the texts of the numbers that rules test are all short."""
        raw = self._code.later(("raw", shape), lambda: raw_decoder(shape))
        members = [".".join(("raw", *attributes)) for attributes in kept_texts(shape)]
        decoded = f"{raw}(given)" if len(members) == 1 else f"(raw := {raw}(given))"
        members[0] = members[0].replace("raw", decoded, 1)
        limit = self._code.bind(SHORT)
        return " and ".join(f"len({member}) < {limit}" for member in members)

    def _decoder(self, *, texts: bool) -> str:
        """Return the name of the function that decodes the body."""
        if texts not in self._decoders:
            shape = self._shape
            if shape is None:
                self._decoders[texts] = self._code.bind(msgspec.json.Decoder(msgspec.Raw).decode)
            elif texts:
                make = partial(decoder, shape, keep_text=True)
                self._decoders[texts] = self._code.later(("texts", shape), make)
            else:
                self._decoders[texts] = self._code.bind(decoder(shape, keep_text=False))
        return self._decoders[texts]

    def write_decoded(self, emit: Emitter, body: str, json: str, string: str, exits: Exits) -> None:
        """Test `json` on a body that is already decoded, into `value`; `body` is its text."""
        deep = [f"body = {body}", *self._guards.refuse_deep("body")]
        with emit.block("try:"):
            emit(*(deep if string else []))
            with emit.block(f"if {json}:"):
                emit(*([] if string else deep), *exits.match)
        exits.write_fallback(emit)
        emit(*exits.no_match)

    def write_strings(self, emit: Emitter, string: str, exits: Exits) -> None:
        """If only plain strings can match: check that a matching body is not JSON."""
        validate = self._code.bind(msgspec.json.Decoder(msgspec.Raw).decode)
        with emit.block("try:"), emit.block(f"if {string}:"):
            emit(*self._guards.refuse_overflow("body"))
            emit(f"{validate}({utf8('body')})")
            emit(*self._guards.refuse_deep("body"))
        with self._except_not_json(emit, exits):
            emit(*exits.match)
        exits.write_fallback(emit)

    def _looking(self, prefilter: Prefilter) -> str:
        """Return an expression: the body contains none of the texts of the prefilter."""
        texts = (*prefilter.needles, BACKSLASH)
        return " and ".join(f"{self._bind_text(text)} not in body" for text in texts)

    def _no_beginnings(self) -> frozenset[str] | frozenset[bytes]:
        """Return the letters with which no JSON begins: no decoder need be asked, whose exception
        costs a microsecond."""
        return frozenset(map(str.encode, NO_BEGINNINGS)) if self._is_bytes else NO_BEGINNINGS

    def _bind_text(self, text: str) -> str:
        return self._code.bind(text.encode() if self._is_bytes else text)

    @contextmanager
    def _except_not_json(self, emit: Emitter, exits: Exits) -> Iterator[None]:
        """The body is not JSON; unless a type could not hold it (ValidationError), it is of another
        type, or it has escapes that msgspec rejects although RFC 8259's grammar allows them."""
        error, backslash = self._code.bind(msgspec.DecodeError), self._bind_text(BACKSLASH)
        plain = (
            f"error.__class__ is {error} and body.__class__ is {self._kind} "
            f"and {backslash} not in body"
        )
        if self._is_view:
            plain = f"error.__class__ is {error} and {backslash} not in bytes(body)"
        with emit.block(f"except {error} as error:"):
            if exits.tells_formats:
                with emit.block(f"if {plain}:"):
                    emit(*(exits.misfit or exits.fallback))
                emit(*exits.fallback)
                yield
                return
            with emit.block(f"if not ({plain}):"):
                emit(*exits.fallback)
            yield
