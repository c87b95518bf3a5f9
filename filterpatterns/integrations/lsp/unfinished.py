"""Finds places in a document where something is being typed that cannot be parsed yet.

An incomplete key makes YAML, JSON and HCL invalid, and on an empty line there is nothing to find.
So the word at the cursor is replaced with a name, or a quote is added to the open string on its
line, and patterns are looked for in the resulting text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from filterpatterns.integrations.lsp.documents import LARGEST, Document, starts_of
from filterpatterns.integrations.lsp.places import Cursor, cursor_at
from filterpatterns.language.inputs import PatternText
from filterpatterns.templates import finding
from filterpatterns.templates.documents.hcl_document import squares_of_spaces
from filterpatterns.templates.errors import TemplateError
from filterpatterns.templates.mapping import Mapping

_NAME: Final = "being-written"
_LONGEST_WORD: Final = 256
_WORD_BEFORE: Final = re.compile(r"\"[<>=]{1,2}\Z|[\"']?(?:[\w$][\w.$/-]*)?\Z")
_WORD_AFTER: Final = re.compile(r"[\w.$/-]*")
_COLON: Final = re.compile(r"[ \t]*:(?=\s|\Z)")
_BLOCK: Final = re.compile(r" *(?:- +)*")
_FOLLOWED: Final = re.compile(r"\s*:\s*(?:null|0)\s*,")
_COMMENT: Final = re.compile(r"(?:^|\s)#")
_HCL_COMMENT: Final = re.compile(r"(?:^|\s)(?:#|//)|\*/\s*\Z")
_HCL_BEFORE: Final = re.compile(r"(?:(?<![$%])\{|[\[,:]|(?<![=!<>])=|\*/|^)[ \t]*\Z")
_HCL_AFTER: Final = re.compile(r"[ \t]+[\w\"]|[ \t]*(?:[,\]}:{#\r]|=(?![=>])|//|/\*|\Z)")
_STRING_OR_BRACKET: Final = re.compile(r"\"[^\"\\]*(?:\\.[^\"\\]*)*\"|([\[{(])|[\]})]")
_CLOSING: Final = {"[": "]", "{": "}}", "(": ")"}
_MOST_OPEN: Final = 50
_LONGEST_LEAD: Final = 2_000
_MOST_SPACES: Final = 10_000_000
"""The maximum of `squares_of_spaces` for HCL that is parsed several times: about 50 ms each
time."""

_UNESCAPED: Final = re.compile(r"\$\$\{|%%\{|([$%]\{|[{}])")


class Spot(Struct, frozen=True):
    """A place in a pattern where a word is being typed: from `start` to `end` in the document.

    `before` is inserted in front of it; `has_colon`: only the name is missing. `is_block`: it is on
    its own line in a pattern in YAML block style.
    """

    mapping: Mapping
    pattern: PatternText
    cursor: Cursor
    start: int
    end: int
    before: str = ""
    has_colon: bool = False
    is_block: bool = False


class _Line(Struct, frozen=True):
    """The line of the cursor: the text before the incomplete word, the start and end of the word in
    the document, and the text after it."""

    lead: str
    start: int
    end: int
    rest: str

    @property
    def is_block(self) -> bool:
        """Whether only indentation and list item markers precede the word."""
        return _BLOCK.fullmatch(self.lead) is not None

    @property
    def has_sign(self) -> bool:
        """Whether the separator between a name and its value follows."""
        return self.rest.lstrip()[:1] in (":", "=")

    @property
    def is_blank(self) -> bool:
        """Whether the line is empty."""
        return self.start == self.end and not self.lead.strip() and not self.rest.strip()


def is_json(document: Document) -> bool:
    """Whether a document is written as JSON."""
    return document.path.endswith(".json") or document.text.lstrip()[:1] in ("{", "[")


def is_hcl(document: Document) -> bool:
    """Whether a document is written in HCL."""
    return finding.is_hcl(document.text, document.path)


def spots(document: Document, offset: int) -> Iterator[Iterator[Spot]]:
    """The places in patterns that an offset of a document may be. Those returned together are
    alternatives: the first at which anything can be completed is used."""
    if len(document.text) > LARGEST:
        return
    line = _line(document.text, offset)
    if is_hcl(document):
        if _is_free_in_hcl(document.text, line) and not _is_slow(document.text):
            ways = ['"{}"'] if line.has_sign else ['"{}" = 0', '"{}"', '"{}",']
            closing = "" if line.rest.strip() else _closing(line.lead)
            if closing:  # unless they are closed on the lines below
                ways = [*ways, *(way + closing for way in ways[:2])]
            yield _tried(document, line, offset, ways)
    elif is_json(document):
        if document.mappings:
            return  # it can be parsed as it is
        ways = ['"{}"'] if line.has_sign else ['"{}": 0', '"{}"']
        yield _tried(document, line, offset, [*ways, *(f"{way}," for way in ways)])
    elif line.lead[-1:] == ":" or _COMMENT.search(line.lead):
        return  # a value comes after a space
    elif not line.is_block or _COLON.match(line.rest):
        yield _tried(document, line, offset, ["{}"])
    else:
        yield _tried(document, line, offset, ["{}: ", "{}"])
        if line.is_blank:
            yield _tried(document, line, offset, ["{}: ", "{}"], before="- ")


def is_inserted(text: str, start: int, end: int) -> bool:
    """Whether the end of a part of an HCL string is inside an expression, `${...}`."""
    depth = 0
    for match in _UNESCAPED.finditer(text, start, end):
        if match[1] == "}":
            depth = max(depth - 1, 0)
        elif match[1] is not None and (depth or match[1] != "{"):
            depth += 1
    return depth > 0


def closed(document: Document, offset: int) -> Document | None:
    """The document with the open string on the line of the cursor closed, if it then has a pattern
    there; up to the end of that line, all other offsets are unchanged."""
    text = document.text
    if len(text) > LARGEST or (is_hcl(document) and _is_slow(text)):
        return None
    start, end = _bounds(text, offset)
    line = re.sub(r"\\.", "", text[start:end])
    for quote in "'\"":
        if line.count(quote) % 2:
            whole = text[:end] + quote + text[end:]
            found = replace(document, text=whole, mappings=tuple(_mappings(document, whole)))
            place = found.pattern_at(offset)
            if place is not None and whole[: starts_of(place[1])[0]].endswith(quote):
                return found
    return None


def _bounds(text: str, offset: int) -> tuple[int, int]:
    """The start and end of the line of an offset."""
    start = max(text.rfind("\n", 0, offset), text.rfind("\r", 0, offset)) + 1
    ends = (text.find("\n", offset), text.find("\r", offset))
    return start, min((end for end in ends if end >= 0), default=len(text))


def _line(text: str, offset: int) -> _Line:
    first, last = _bounds(text, offset)
    before = _WORD_BEFORE.search(text, max(first, offset - _LONGEST_WORD), offset)
    start = offset if before is None else before.start()
    after = _WORD_AFTER.match(text, offset, last)
    end = offset if after is None else after.end()
    if start < end and text[start] in "\"'" and text[end : end + 1] == text[start]:
        end += 1
    return _Line(text[first:start], start, end, text[end:last])


def _tried(
    document: Document, line: _Line, offset: int, ways: list[str], *, before: str = ""
) -> Iterator[Spot]:
    """The places found by writing the name in each of several ways."""
    text = document.text
    for way in ways:
        whole = text[: line.start] + before + way.format(_NAME) + text[line.end :]
        place = _found(_mappings(document, whole), line.start + len(before))
        if place is None:
            continue
        mapping, pattern, cursor = place
        typed = text[line.start : offset]
        yield Spot(
            mapping,
            pattern,
            replace(cursor, typed=typed),
            line.start,
            line.end,
            before,
            line.has_sign,
            line.is_block,
        )


def _mappings(document: Document, text: str) -> list[Mapping]:
    try:
        return finding.patterns_in(text, document.path, searched=not document.is_named)
    except TemplateError:
        return []


def _found(mappings: list[Mapping], offset: int) -> tuple[Mapping, PatternText, Cursor] | None:
    """What is expected where the name was written, at an offset of the document."""
    for mapping in mappings:
        for pattern in (*mapping.texts, *mapping.alternatives):
            if not pattern.text.startswith("{"):
                continue
            starts = starts_of(pattern)
            for match in re.finditer(f'"{_NAME}"', pattern.text):
                if starts[match.start()] == offset:
                    cursor = cursor_at(pattern.text, match.start() + 1)
                    if cursor is None or not _is_free(pattern.text, match, cursor):
                        return None
                    return mapping, pattern, cursor
    return None


def _is_free(text: str, match: re.Match[str], cursor: Cursor) -> bool:
    """Whether a name is allowed there: a rule has one operator, and so does an object in an
    operand."""
    if not cursor.expects_name or cursor.kind == "fields":
        return True
    before = text[: match.start()].rstrip()
    if cursor.kind == "operand" and before[:-1].rstrip()[-1:] != ":":
        return False
    return before.endswith("{") and _FOLLOWED.match(text, match.end()) is None


def _is_free_in_hcl(text: str, line: _Line) -> bool:
    """Whether a member or an item is allowed at the word. The HCL grammar does not require a comma
    or new line between members, and treats new lines as spaces."""
    is_quoted = text[line.start : line.start + 1] == '"'
    word = text[line.start : line.end]
    if word[:1] == "'" or (not is_quoted and "." in word) or _HCL_AFTER.match(line.rest) is None:
        return False
    if _HCL_BEFORE.search(line.lead[-_LONGEST_WORD:]) is None:
        return False
    if line.lead.strip():
        return True
    before = text[: line.start].rstrip()
    last = before[before.rfind("\n") + 1 :][-_LONGEST_WORD:]
    return last[-1:] not in ("=", ":") or _HCL_COMMENT.search(last) is not None


def _closing(lead: str) -> str:
    """The closing brackets for those that are open at the end of a part of a line, for `format`;
    empty if there are too many, or if that part is too long."""
    is_open: list[str] = []
    if len(lead) > _LONGEST_LEAD:
        return ""
    for match in _STRING_OR_BRACKET.finditer(lead):
        if match[1] is not None:
            is_open.append(_CLOSING[match[1]])
        elif match[0][0] != '"' and is_open:
            is_open.pop()
    return "".join(reversed(is_open)) if len(is_open) <= _MOST_OPEN else ""


def _is_slow(text: str) -> bool:
    """Whether HCL has so many consecutive spaces that parsing it again takes noticeable time."""
    return any(squares > _MOST_SPACES for _, squares in squares_of_spaces(text))
