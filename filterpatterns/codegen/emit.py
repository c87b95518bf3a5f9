"""Pieces of generated statements: how they end, and what sends a record to the interpreter."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from filterpatterns.codegen.expressions import Code, Odd
from filterpatterns.jsontext import decoding
from filterpatterns.limits import MAX_PAYLOAD_DEPTH


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


def utf8(text: str) -> str:
    """An expression: a text for msgspec, which would leave the UTF-8 that it makes of a str on the
    str: a batch of texts that are not ASCII would take twice its memory."""
    return f"{text} if {text}.isascii() else {text}.encode()"


class Guards:
    """Writes the statements that raise where only the interpreter knows what to do.

    `is_guarded` says that the recursion limit lets decoders overflow the stack, so that texts are
    looked at before.
    """

    def __init__(self, code: Code) -> None:
        self.is_guarded = decoding.decoders_overflow()
        self._code = code

    def refuse(self, condition: str) -> list[str]:
        """Raise if the condition holds."""
        return [f"if {condition}: raise {self._code.bind(Odd)}"]

    def refuse_overflow(self, text: str) -> list[str]:
        """Raise if decoding the text would overflow the stack."""
        if not self.is_guarded:
            return []
        return self.refuse(f"{self._code.bind(decoding.overflows)}({text})")

    def refuse_deep(self, text: str) -> list[str]:
        """Raise if the text is nested too deep to be JSON here."""
        limit = self._code.bind(2 * MAX_PAYLOAD_DEPTH)
        too_deep = self._code.bind(decoding.is_too_deep)
        return self.refuse(f"len({text}) > {limit} and {too_deep}({text})")
