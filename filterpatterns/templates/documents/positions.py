"""Maps each character of a pattern to its position in the template.

Patterns in templates are strings, quoted in several ways, or objects. Diagnostics need the offset
at which each character begins, and the offset at which the text ends.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from filterpatterns.language.nodes import Span
from filterpatterns.language.token_positions import character_starts
from filterpatterns.templates.documents.values import TemplateValue, Text, joined

_SPACES = " \t\r\n\x85\u2028\u2029"
"""The characters that YAML's line folding and the removal of indentation may change."""


def starts(text: Text, source: str) -> tuple[int, ...]:
    """The offsets at which the characters of a text begin in the source, and at which it ends."""
    if text.starts is not None:
        return text.starts
    span = text.span
    found = list(_STYLES[text.style](text, source[span.start : span.end]))
    if len(found) != len(text.value):  # unusual: point at the whole token
        found = [0] * len(text.value)
        return (*(span.start for _ in found), span.end)
    closing = (
        1 if text.style in ("json", "single", "double", "hcl") and span.end > span.start else 0
    )
    end = span.end - closing
    if not closing and found:
        end = span.start + found[-1] + 1
    return (*(span.start + offset for offset in found), end)


def _aligned(value: str, raw: str, first: int = 0, *, quote: str = "") -> Iterator[int]:
    """Offsets for a text that differs from its source only in white space (and doubled quotes).

    Exact for everything except white space, and for spaces within a line.
    """
    position = first
    index = 0
    while index < len(value):
        run = index
        while run < len(value) and value[run] in _SPACES:
            run += 1
        following = position
        while following < len(raw) and raw[following] in _SPACES:
            following += 1
        last = max(position, following - 1)
        yield from (min(position + step, last) for step in range(run - index))
        if run == len(value):
            return
        if following >= len(raw) or raw[following] != value[run]:
            return  # too few: the caller notices
        yield following
        position = following + 1
        if quote and value[run] == quote:
            position += 1
        index = run + 1


def _plain(text: Text, raw: str) -> Iterator[int]:
    return _aligned(text.value, raw)


def _single(text: Text, raw: str) -> Iterator[int]:
    return _aligned(text.value, raw, 1, quote="'")


def _block(text: Text, raw: str) -> Iterator[int]:
    """A YAML block scalar or a heredoc: the text begins on the line after the marker."""
    header = re.match(r"[^\r\n]*(?:\r\n|\r|\n)?", raw)
    return _aligned(text.value, raw, header.end() if header else 0)


_ESCAPE = re.compile(
    r"\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|(?:\r\n|[\r\n\x85\u2028\u2029])[ \t]*|.)"
    r"|[ \t]*(?:(?:\r\n|[\r\n\x85\u2028\u2029])[ \t]*)+|.",
    re.DOTALL,
)
_BREAKS = re.compile("\r\n|[\r\n\x85\u2028\u2029]")


def _double(text: Text, raw: str) -> Iterator[int]:
    """YAML's double-quoted strings: escapes and folded lines (YAML 1.1, 5.6 and 9.3.1)."""
    for match in _ESCAPE.finditer(raw, 1, len(raw) - 1):
        breaks = _BREAKS.findall(match[0])
        if not breaks:
            yield match.start()
        elif not match[0].startswith("\\"):  # an escaped line break adds nothing
            yield from (match.start() for _ in range(max(1, len(breaks) - 1)))


def _json(_text: Text, raw: str) -> Iterator[int]:
    return iter(character_starts(raw, 0)[:-1])


_HCL_CHARACTER = re.compile(
    r"\\u[0-9a-fA-F]{4}|\\U[0-9a-fA-F]{8}|\\.|\$\$(?=\{)|%%(?=\{)|.", re.DOTALL
)


def _hcl(_text: Text, raw: str) -> Iterator[int]:
    """Terraform's quoted strings: escapes such as `\\n`, and `$${` for `${` (Terraform language,
    "Strings and Templates")."""
    return (match.start() for match in _HCL_CHARACTER.finditer(raw, 1, len(raw) - 1))


def hcl_value(raw: str) -> str:
    """The value of a quoted HCL string without interpolation, from the text between its quotes."""
    if not any(mark in raw for mark in ("\\", "$${", "%%{")):
        return raw
    return "".join(char for char, _ in hcl_pieces(raw, 0, len(raw)))


def hcl_pieces(text: str, start: int, end: int) -> list[tuple[str, int]]:
    """The characters of a part of a quoted HCL string, and the offset at which each begins."""
    return [
        (_unescaped(match[0]), match.start()) for match in _HCL_CHARACTER.finditer(text, start, end)
    ]


def _unescaped(token: str) -> str:
    if token[0] != "\\" or len(token) == 1:
        return token[0]
    if token[1] in "uU" and len(token) > 2:
        number = int(token[2:], 16)
        return chr(number) if number < 0x110000 else "\ufffd"
    return {"n": "\n", "r": "\r", "t": "\t"}.get(token[1], token[1])


_STYLES: dict[str, Callable[[Text, str], Iterator[int]]] = {
    "json": _json,
    "plain": _plain,
    "single": _single,
    "double": _double,
    "block": _block,
    "heredoc": _block,
    "hcl": _hcl,
}


def located(text: Text, source: str) -> Text:
    """A text and the offsets of its characters, so that slices are cheap."""
    return Text(text.value, text.span, text.style, starts(text, source))


def part_of(text: Text, source: str, first: int, last: int) -> Text:
    """A slice of the characters of a text; the end is exclusive."""
    offsets = starts(text, source)
    span = Span(offsets[first], max(offsets[last], offsets[first]))
    return Text(text.value[first:last], span, text.style, offsets[first : last + 1])


def interpolated(
    node: Text,
    source: str,
    pattern: re.Pattern[str],
    value: Callable[[re.Match[str], Text], TemplateValue | None],
    *,
    alone: bool = False,
) -> TemplateValue:
    """A text with other values in the place of what a pattern matches; itself if there are none.

    `value` gets each match, and that part of the text; with None it stays as it is. With `alone`, a
    value that takes the place of the whole text is not a part of it.
    """
    text = located(node, source)
    parts: list[TemplateValue] = []
    end = 0
    for match in pattern.finditer(text.value):
        found = value(match, part_of(text, source, *match.span()))
        if found is not None:
            parts += (part_of(text, source, end, match.start()), found)
            end = match.end()
    if not end:
        return node
    parts.append(part_of(text, source, end, len(text.value)))
    whole = joined(parts, node.span)
    return whole.parts[0] if alone and len(whole.parts) == 1 else whole
