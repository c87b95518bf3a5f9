"""Where in the template each character of a pattern begins.

The patterns of templates are strings in several ways of quoting, or objects. For each character
the reporter wants the offset at which it begins, and last where the text ends.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator

from filterpatterns.language.nodes import Span
from filterpatterns.language.token_positions import character_starts
from filterpatterns.templates.documents.values import (
    List,
    Literal,
    Object,
    TemplateValue,
    Text,
    Unknown,
)
from filterpatterns.templates.errors import Unresolved

MAX_TEXT = 1 << 20
"""Characters of a pattern that are written out; far beyond AWS's 4,096. YAML aliases may make an
object of a few lines larger than any memory."""

_SPACES = " \t\r\n\x85\u2028\u2029"
"""What YAML's line folding, and the removal of indentation, may change."""


def starts(text: Text, source: str) -> tuple[int, ...]:
    """The offsets at which the characters of a text begin in the source, and where it ends."""
    span = text.span
    found = list(_STYLES[text.style](text, source[span.start : span.end]))
    if len(found) != len(text.value):  # odd enough to point at the whole
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
    """Offsets for a text of which the source differs in white space only (and doubled quotes).

    Exact for everything that is no white space, and for spaces within a line.
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
            return  # too few: the caller sees it
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
    """A YAML block scalar or a heredoc: the text begins in the line after its mark."""
    header = re.match(r"[^\r\n]*(?:\r\n|\r|\n)?", raw)
    return _aligned(text.value, raw, header.end() if header else 0)


_ESCAPE = re.compile(
    r"\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|(?:\r\n|[\r\n\x85\u2028\u2029])[ \t]*|.)"
    r"|[ \t]*(?:(?:\r\n|[\r\n\x85\u2028\u2029])[ \t]*)+|.",
    re.DOTALL,
)
_BREAKS = re.compile("\r\n|[\r\n\x85\u2028\u2029]")


def _double(text: Text, raw: str) -> Iterator[int]:
    """YAML's double quotes: escapes, and lines that are folded (YAML 1.1, 5.6 and 9.3.1)."""
    for match in _ESCAPE.finditer(raw, 1, len(raw) - 1):
        breaks = _BREAKS.findall(match[0])
        if not breaks:
            yield match.start()
        elif not match[0].startswith("\\"):  # an escaped line break stands for nothing
            yield from (match.start() for _ in range(max(1, len(breaks) - 1)))


def _json(_text: Text, raw: str) -> Iterator[int]:
    return iter(character_starts(raw, 0)[:-1])


_HCL_CHARACTER = re.compile(
    r"\\u[0-9a-fA-F]{4}|\\U[0-9a-fA-F]{8}|\\.|\$\$(?=\{)|%%(?=\{)|.", re.DOTALL
)


def _hcl(_text: Text, raw: str) -> Iterator[int]:
    """Terraform's quoted strings: `\\n` and its like, `$${` for `${` (Terraform language,
    "Strings and Templates")."""
    return (match.start() for match in _HCL_CHARACTER.finditer(raw, 1, len(raw) - 1))


def hcl_value(raw: str) -> str:
    """The value of a quoted string of HCL without interpolation, from its inside."""
    return _HCL_CHARACTER.sub(lambda match: _unescaped(match[0]), raw)


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


class _Writer:
    """JSON text, and the place that each of its characters comes from."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.starts: list[int] = []
        self.end = 0

    def write(self, text: str, start: int, end: int) -> None:
        """Write what stands for the source from start to end."""
        self.parts.append(text)
        self.starts += [start] * len(text)
        self.end = end

    def close(self, text: str) -> None:
        """Write what ends, or follows, what was written last: so that this has its own end."""
        self.write(text, self.end, self.end)

    def text(self, text: Text, source: str) -> None:
        """Write a JSON string."""
        offsets = starts(text, source)
        self.write('"', text.span.start, offsets[0])
        for char, start, end in zip(text.value, offsets, offsets[1:], strict=False):
            self.write(json.dumps(char, ensure_ascii=False)[1:-1], start, end)
        self.write('"', offsets[-1], text.span.end)


Resolve = Callable[[TemplateValue], TemplateValue]
"""What a node stands for, by the rules of its template; raises Unresolved if that is not known."""


def written_out(node: TemplateValue, source: str, resolve: Resolve) -> tuple[str, tuple[int, ...]]:
    """A value as JSON text without white space, and where its characters come from.

    Raises:
        Unresolved: some part of it is known only when the template is deployed.
    """
    out = _Writer()
    # What is still to be written: nodes, and the characters that follow them. No recursion: YAML
    # nests as deep as it likes.
    pending: list[TemplateValue | str | tuple[str, Span]] = [node]
    while pending and len(out.starts) <= MAX_TEXT:
        step = pending.pop()
        if isinstance(step, str):
            out.close(step)
            continue
        if isinstance(step, tuple):
            mark, span = step
            out.end = span.end
            out.close(mark)
            continue
        step = resolve(step)
        if isinstance(step, Text):
            out.text(step, source)
        elif isinstance(step, Literal):
            out.write(step.text, step.span.start, step.span.end)
        elif isinstance(step, List):
            out.write("[", step.span.start, step.span.start + 1)
            pending.append(_end("]", step))
            for index, item in reversed(list(enumerate(step.items))):
                pending.append(item)
                if index:
                    pending.append(",")
        elif isinstance(step, Object):
            out.write("{", step.span.start, step.span.start + 1)
            pending.append(_end("}", step))
            for index, (name, value) in reversed(list(enumerate(step.members))):
                pending += [value, ":", name]
                if index:
                    pending.append(",")
        else:
            what = step.source if isinstance(step, Unknown) else "JSON text inside of JSON text"
            raise Unresolved(f"{what} is not looked into", step.span)
    return "".join(out.parts), (*out.starts, out.end)


def _end(mark: str, node: List | Object) -> str | tuple[str, Span]:
    """The closing bracket: behind the last child, or in an empty pair at the pair's end."""
    empty = not (node.items if isinstance(node, List) else node.members)
    return (mark, node.span) if empty else mark
