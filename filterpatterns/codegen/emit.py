"""Parts of generated statements: how they end, and what sends a record to the evaluator."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from filterpatterns.codegen.code import Code, FallbackNeeded
from filterpatterns.codegen.emitter import Emitter
from filterpatterns.jsontext import decoding
from filterpatterns.limits import MAX_GENERATED_LENGTH


class Exits(Struct, frozen=True):
    """The statements at the end of every path through the code for one record.

    If `tells_formats` is set, a record whose payload has a different format than the pattern must
    not end in `no_match`: its verdict has a different reason. It ends in `misfit`, with its verdict
    in `verdict`, if that is easy to tell, or else in `fallback`; or in `text` if the payload does
    not even look like JSON.
    """

    match: tuple[str, ...]
    no_match: tuple[str, ...]
    fallback: tuple[str, ...]
    tells_formats: bool = False
    misfit: tuple[str, ...] = ()
    text: tuple[str, ...] = ()

    @staticmethod
    def of(match: Iterable[str], no_match: Iterable[str], slow: str) -> Exits:
        """Return the exits; `slow` is the name of the function that calls the evaluator."""
        match, no_match = tuple(match), tuple(no_match)
        emit = Emitter()
        with emit.block(f"if {slow}(record):"):
            emit(*match)
        emit(*no_match)
        return Exits(match, no_match, tuple(emit.lines))

    def write_fallback(self, emit: Emitter) -> None:
        """Write the end of a `try` statement: records that raise are left to the evaluator."""
        with emit.block("except Exception:"):
            emit(*self.fallback)


def utf8(text: str) -> str:
    """Return an expression: a text for msgspec, which would cache the UTF-8 of a str on the str, so
    that a batch of texts that are not ASCII would take twice its memory."""
    return f"{text} if {text}.isascii() else {text}.encode()"


def too_much_padding(raw: str, text: str) -> str:
    """Return an expression: base64 that `decode_lax_base64` decodes is longer than what it contains
    needs. `decode_base64` checks the same in a call, which takes 85 ns."""
    return f"(len({raw}) + 2) // 3 * 4 != len({text})"


class Guards:
    """Writes the statements that raise if only the evaluator can handle a record.

    `is_guarded` is set if the recursion limit lets decoders overflow the stack, so that texts are
    checked first.
    """

    def __init__(self, code: Code) -> None:
        self.is_guarded = decoding.decoders_overflow()
        self._code = code

    def refuse(self, condition: str) -> list[str]:
        """Raise if the condition holds."""
        return [f"if {condition}: raise {self._code.bind(FallbackNeeded)}"]

    def refuse_overflow(self, text: str) -> list[str]:
        """Raise if decoding the text would overflow the stack."""
        if not self.is_guarded:
            return []
        return self.refuse(f"{self._code.bind(decoding.overflows)}({text})")

    def refuse_long(self, text: str, *, costly: bool) -> list[str]:
        """Raise if the text is long and the tests of its decoded value are expensive."""
        if not costly:
            return []
        return self.refuse(f"len({text}) > {self._code.bind(MAX_GENERATED_LENGTH)}")

    def refuse_deep(self, text: str) -> list[str]:
        """Raise if the text is nested too deeply to count as JSON."""
        limit = self._code.bind(decoding.SHALLOW)
        too_deep = self._code.bind(decoding.is_too_deep)
        return self.refuse(f"len({text}) > {limit} and {too_deep}({text})")
