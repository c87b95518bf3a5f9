"""Finds the JSON in AWS CLI commands, CDK code, and (without its library) Terraform.

Code is neither run nor parsed as a language. Only JSON literals in places that are known to have a
pattern are read. For everything else, `cdk synth` is needed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from filterpatterns.jsontext import decoding
from filterpatterns.jsontext.structure import end_of_string
from filterpatterns.language import inputs
from filterpatterns.language.inputs import PatternText
from filterpatterns.language.python_patterns import fail
from filterpatterns.language.token_positions import character_starts
from filterpatterns.templates.documents import hcl_document

_NOT_LITERAL: Final = "the argument is not a JSON literal: its value is known only at run time"
_QUOTING: Final = "quote it as for a POSIX shell, or paste the JSON itself"
_INSTEAD: Final = {
    "CDK code": "run `cdk synth` and paste the template, or paste the pattern itself",
    "Terraform": "paste the output of `terraform show -json`, or use `fp playground`",
}

_OPTION = re.compile(
    r"--(filter-criteria|event-pattern|source-parameters)(?:[ \t]+|=|[ \t]*\\\r?\n[ \t]*)(?=['\"{])"
)
_CALL = re.compile(
    r"\bFilterCriteria\.filter\(|\bJSON\.stringify\(|\bjson\.dumps\("
    r"|\b(?:eventPattern:|event_pattern[ \t]*=)"
)
_AS_TEXT = re.compile(r'\{ ?"?pattern"?: ?(?=")')
_JSONENCODE = re.compile(r"\bjsonencode\(")
_OF_RULE = re.compile(r"\b(?:eventPattern:|event_pattern[ \t]*=|aws_cloudwatch_event_rule\b)")
_TOKEN = re.compile(r'(?P<quote>")|(?P<bracket>[\[\]{}()])|(?P<name>\w+)|[^"\[\]{}()\w]+')
_PYTHON_NAMES = {"True": "true", "False": "false", "None": "null"}


class Literal(Struct, frozen=True):
    """A text, with the offset in the whole text of each of its characters and of the end of the
    last one."""

    text: str
    starts: Sequence[int]


class Snippet(Struct, frozen=True):
    """The result for code: its kind, in words, and the JSON texts in it.

    `source` and `dialect` are known if the code says so.
    """

    kind: str
    whole: str
    literals: tuple[Literal, ...]
    source: str | None = None
    dialect: str | None = None

    def patterns(self) -> tuple[PatternText, ...]:
        """Return the patterns with their positions in the whole text.

        Raises:
            PatternError: a text cannot have patterns.
        """
        if any(decoding.parse(literal.text) is decoding.NOT_JSON for literal in self.literals):
            fail("FP001", _NOT_LITERAL, _INSTEAD.get(self.kind, _QUOTING))
        several = len(self.literals) > 1
        return tuple(
            self._placed(text, literal, index if several else text.filter_index)
            for index, literal in enumerate(self.literals)
            for text in inputs.patterns(literal.text)
        )

    def _placed(self, text: PatternText, literal: Literal, index: int | None) -> PatternText:
        if text.is_object:
            return text
        place = text.place()
        inner = range(len(text.text) + 1) if place is None else place[1]
        last = len(literal.starts) - 1
        starts = tuple(literal.starts[min(start, last)] for start in inner)
        return replace(text, outer=self.whole, starts=starts, filter_index=index)


def read(text: str) -> Snippet | None:
    """Find the JSON in an AWS CLI command, in CDK code, or, if its library is not installed, in
    Terraform; None if the text is none of these."""
    if text.lstrip().startswith(("{", "[")):
        return None
    option = _OPTION.search(text)
    if option is not None:
        dialect = {"event-pattern": "eventbridge", "source-parameters": "pipes"}.get(option[1])
        source = "event" if dialect == "eventbridge" else None
        literal = _argument(text, option.end())
        return Snippet("a command of the AWS CLI", text, (literal,), source, dialect)
    kind, call = "CDK code", _CALL
    if not hcl_document.is_available() and _JSONENCODE.search(text) is not None:
        kind, call = "Terraform", _JSONENCODE
    found = {
        match.start(): _read_literal(text, match.end(), is_hcl=call is _JSONENCODE)
        for match in call.finditer(text)
    }
    found |= dict(_strings(text))
    literals = tuple(literal for _, literal in sorted(found.items()) if literal is not None)
    if not literals:
        return None
    is_rule = _OF_RULE.search(text) is not None
    of_rule = ("event", "eventbridge") if is_rule else (None, None)
    return Snippet(kind, text, literals, *of_rule)


def _argument(text: str, start: int) -> Literal:
    """Return the argument of a shell's command line that begins there, without its quotes."""
    chars: list[str] = []
    starts: list[int] = []
    quote = ""
    place = start
    while place < len(text):
        char = text[place]
        if quote and char == quote:
            quote = ""
        elif not quote and char in "'\"":
            quote = char
        elif not quote and char.isspace():
            break
        else:
            is_escape = char == "\\" and (not quote or (quote == '"' and _escapes(text, place)))
            place += is_escape and place + 1 < len(text)
            chars.append(text[place])
            starts.append(place)
        place += 1
    return Literal("".join(chars), (*starts, place))


def _strings(text: str) -> Iterator[tuple[int, Literal]]:
    """Yield the contents of string literals that are patterns, each with the start of its
    object."""
    end = 0
    while (match := _AS_TEXT.search(text, end)) is not None:
        start = match.end()
        end = _end_of_string(text, start)
        token = text[start:end]
        value = decoding.parse(token)
        if isinstance(value, str):
            yield match.start(), Literal(value, character_starts(token, start))


def _end_of_string(text: str, start: int) -> int:
    """Return the end of the string that begins there, or of its quotation mark alone if the string
    is not closed on its line."""
    end = end_of_string(text, start + 1)
    is_closed = text.startswith('"', end) and "\n" not in text[start:end]
    return end + 1 if is_closed else start + 1


def _escapes(text: str, place: int) -> bool:
    return text[place + 1 : place + 2] in ("\\", '"', "$", "`")


def _read_literal(text: str, start: int, *, is_hcl: bool) -> Literal | None:
    """Return the JSON literal that begins there, up to its last bracket; None if none does.

    Python's constants are converted to JSON, and Terraform's `$${` is unescaped.
    """
    while start < len(text) and text[start].isspace():
        start += 1
    if text[start : start + 1] not in ("{", "["):
        return None
    parts: list[str] = []
    starts: list[int] = []
    depth = 0
    end = start
    while (token := _TOKEN.match(text, end)) is not None:
        start, end = token.span()
        if token["quote"]:
            end = _end_of_string(text, start)
        part = text[start:end]
        if token["name"]:
            part = _PYTHON_NAMES.get(part, part)
        elif is_hcl and end - start > 1 and token["quote"]:
            part = part.replace("$${", "${").replace("%%{", "%{")
        parts.append(part)
        starts += (min(start + index, end) for index in range(len(part)))
        if token["bracket"]:
            depth += 1 if part in "[{(" else -1
            if depth <= 0:
                break
    return Literal("".join(parts), (*starts, starts[-1] + 1))
