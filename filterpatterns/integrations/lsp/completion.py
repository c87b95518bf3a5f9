"""Completion at the cursor: operators, fields of records, rules."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from lsprotocol import types
from msgspec import Struct

from filterpatterns.delivery.fields import ANY_NAME, FIELDS, RecordField, fields_at
from filterpatterns.delivery.sources import PAYLOAD_KEYS
from filterpatterns.integrations.lsp import unfinished
from filterpatterns.integrations.lsp.documents import Document, starts_of
from filterpatterns.integrations.lsp.hover import about_field, about_operator, source_of
from filterpatterns.integrations.lsp.places import Cursor, cursor_at
from filterpatterns.language.diagnostics import written_in
from filterpatterns.language.inputs import PatternText
from filterpatterns.language.operators import REFERENCES
from filterpatterns.lint.linter import default_dialect
from filterpatterns.templates.documents.yaml_document import written
from filterpatterns.templates.mapping import Mapping

_PAYLOADS: Final = frozenset(("detail", *(key for keys in PAYLOAD_KEYS.values() for key in keys)))
"""Top-level fields that usually lead one level down."""

_NESTED: Final = {
    "prefix": ("equals-ignore-case",),
    "suffix": ("equals-ignore-case",),
    "anything-but": ("prefix", "suffix", "equals-ignore-case", "wildcard"),
}
"""Operators that are allowed in the operands of others."""


class _Blank(Struct, frozen=True):
    """A placeholder that the user fills in, and its initial text."""

    default: str = ""


_Parts = tuple[str | _Blank, ...]


class _Choice(Struct, frozen=True):
    """A possible completion."""

    label: str
    parts: _Parts
    kind: types.CompletionItemKind
    detail: str = ""
    documentation: str | None = None
    is_undocumented: bool = False


class _Style(Struct, frozen=True):
    """How names and strings are written, and what separates a name from its value.

    `inside` is the text between braces and their contents; `is_block`: nothing follows a key in
    YAML block style.
    """

    name: Callable[[str], str]
    quoted: Callable[[str], str]
    sign: str = ":"
    inside: str = ""
    is_block: bool = False


_HCL_NAME: Final = re.compile(r"(?!(?:for|if|in|null|true|false)\Z)[A-Za-z_]\w*", re.ASCII)


def _name_in_hcl(name: str) -> str:
    """A name as HCL writes it: in quotes if it would otherwise be, or look like, something else."""
    return name if _HCL_NAME.fullmatch(name) else json.dumps(name)


_JSON: Final = _Style(json.dumps, json.dumps)
_HCL: Final = _Style(_name_in_hcl, json.dumps, " =", " ")
_YAML: Final = _Style(written, written)
_BLOCK: Final = _Style(written, written, is_block=True)


class _Target(Struct, frozen=True):
    """Where a completion is inserted: from `start` to `end` in the document, with `before` in front
    of it. `escaped` escapes a text for the string that contains the pattern."""

    start: int
    end: int
    typed: str
    style: _Style
    name_only: bool
    escaped: Callable[[str], str]
    before: str = ""


def complete(
    document: Document, position: types.Position, *, snippets: bool
) -> list[types.CompletionItem]:
    """Return the completions at a position of the document.

    Args:
        document: the document, with its patterns.
        position: the position of the cursor.
        snippets: whether the editor supports snippets with placeholders.
    """
    offset = document.lines.offset(position)
    place = document.pattern_at(offset)
    if place is None:
        unclosed = unfinished.closed(document, offset)
        place = None if unclosed is None else unclosed.pattern_at(offset)
        found = [] if unclosed is None else _in_json(unclosed, place, offset)
    else:
        found = _in_json(document, place, offset)
    if place is None or not _is_json(document, place[1]):
        found = _in_blocks(document, offset)
    return [
        _item(document, target, choice, number, snippets=snippets)
        for number, (target, choice) in enumerate(found)
    ]


_Found = list[tuple[_Target, _Choice]]


def _in_json(document: Document, place: tuple[Mapping, PatternText, int] | None, at: int) -> _Found:
    """The completions in a pattern that is written as JSON, at an offset of the document."""
    if place is None or not _is_json(document, place[1]):
        return []
    mapping, pattern, offset = place
    starts = starts_of(pattern)
    if unfinished.is_hcl(document) and unfinished.is_inserted(document.text, starts[0], at):
        return []
    cursor = cursor_at(pattern.text, offset)
    if cursor is None:
        return []
    target = _Target(
        starts[cursor.start],
        starts[cursor.end],
        cursor.typed,
        _JSON,
        cursor.expects_name and pattern.text[cursor.end :].lstrip()[:1] == ":",
        lambda text: written_in(text, pattern.text, document.text, starts),
    )
    return [(target, one) for one in _choices_for(document, mapping, pattern, cursor, _JSON)]


def _in_blocks(document: Document, offset: int) -> _Found:
    """The completions where a pattern is only found once there is a word at the cursor."""
    groups: list[_Found] = []
    for spots in unfinished.spots(document, offset):
        for spot in spots:
            style = _style_of(document, spot)
            target = _Target(
                spot.start,
                spot.end,
                spot.cursor.typed,
                style,
                spot.has_colon and spot.cursor.expects_name,
                str,
                spot.before,
            )
            found = [
                (target, one)
                for one in _choices_for(document, spot.mapping, spot.pattern, spot.cursor, style)
            ]
            if found:
                groups.append(found)
                break
        if groups and len(groups[0]) > 1:
            break  # fields are known here, so it is not an array
    return [one for group in reversed(groups) for one in group]


def _style_of(document: Document, spot: unfinished.Spot) -> _Style:
    if unfinished.is_hcl(document):
        return _HCL
    if unfinished.is_json(document):
        return _JSON
    return _BLOCK if spot.is_block else _YAML


def _is_json(document: Document, pattern: PatternText) -> bool:
    """Whether the pattern is written as JSON, and not in the syntax of YAML or HCL."""
    starts = starts_of(pattern)
    if document.text[starts[0] :][:1] not in ("{", "[", ""):
        return False
    # The last bracket of JSON generated from HCL has no position of its own.
    return not unfinished.is_hcl(document) or starts[-2:-1] != starts[-1:]


def _choices_for(
    document: Document, mapping: Mapping, pattern: PatternText, cursor: Cursor, style: _Style
) -> Iterator[_Choice]:
    source = source_of(document, mapping, pattern.text)
    dialect = mapping.dialect or document.settings.dialect or default_dialect(source or "")
    return _choices(cursor, source, dialect, style)


def _item(
    document: Document, target: _Target, choice: _Choice, number: int, *, snippets: bool
) -> types.CompletionItem:
    style = target.style
    parts = (style.name(choice.label),) if target.name_only else choice.parts
    text = "".join(_written((target.before, *parts), target.escaped, snippets=snippets))
    typed = choice.label  # the editor compares this with the existing text
    if target.typed[:1] == '"':
        typed = json.dumps(typed, ensure_ascii=False)
    elif target.typed[:1] == "'":
        typed = f"'{typed}'"
    return types.CompletionItem(
        label=choice.label,
        kind=choice.kind,
        detail=choice.detail or None,
        documentation=None
        if choice.documentation is None
        else types.MarkupContent(types.MarkupKind.Markdown, choice.documentation),
        tags=[types.CompletionItemTag.Deprecated] if choice.is_undocumented else None,
        sort_text=f"{number:04}",
        filter_text=target.escaped(typed),
        insert_text_format=types.InsertTextFormat.Snippet
        if snippets
        else types.InsertTextFormat.PlainText,
        text_edit=types.TextEdit(document.lines.range(target.start, target.end), text),
    )


def _written(parts: _Parts, escaped: Callable[[str], str], *, snippets: bool) -> Iterator[str]:
    """The parts as text, or as a snippet ("Snippet Syntax" in the specification)."""
    number = 0
    for part in parts:
        raw = part if isinstance(part, str) else part.default
        text = escaped(raw)
        if snippets:
            text = text.replace("\\", "\\\\").replace("$", "\\$").replace("}", "\\}")
            if isinstance(part, _Blank):
                number += 1
                text = f"${{{number}:{text}}}" if text else f"${number}"
        yield text


def _choices(cursor: Cursor, source: str | None, dialect: str, style: _Style) -> Iterator[_Choice]:
    if cursor.kind == "fields" and cursor.expects_name:
        yield from _fields(cursor.path, source, style)
    elif cursor.kind == "fields":
        yield from _VALUES
    elif cursor.kind == "rules" and not cursor.expects_name:
        yield from _operators(REFERENCES, dialect, style, with_braces=True)
    elif cursor.kind == "rule" and cursor.expects_name:
        yield from _operators(REFERENCES, dialect, style, with_braces=False)
    elif cursor.kind == "operand" and cursor.expects_name:
        yield from _operators(_NESTED.get(cursor.operator, ()), dialect, style, with_braces=False)
    elif cursor.kind == "alternatives":
        parts = ('{"', _ANY, f'"{style.sign} [', _ANY, "]}")
        yield _Choice("{...}", parts, _STRUCT, "alternative of $or")
    else:
        for text, kind in _WORDS.get(cursor.operator, ()):
            yield _Choice(text.strip('"'), (text,), kind)


_ANY = _Blank()
_STRUCT, _VALUE = types.CompletionItemKind.Struct, types.CompletionItemKind.Value
_VALUES: Final = (
    _Choice('["..."]', ('["', _ANY, '"]'), _VALUE, "array of values"),
    _Choice("[{...}]", ("[{", _ANY, "}]"), _VALUE, "array with an operator"),
    _Choice("{...}", ("{", _ANY, "}"), _STRUCT, "object with nested fields"),
)
"""The possible values of a field."""

_SIGN, _KEYWORD = types.CompletionItemKind.Operator, types.CompletionItemKind.Keyword
_WORDS: Final = {
    "numeric": tuple((f'"{sign}"', _SIGN) for sign in ("=", "<", "<=", ">", ">=")),
    "exists": (("true", _KEYWORD), ("false", _KEYWORD)),
}
"""Completions in the operand of an operator."""


def _fields(path: tuple[str, ...], source: str | None, style: _Style) -> Iterator[_Choice]:
    names = tuple(name for part in path for name in part.split("."))
    for one in FIELDS if source is None else (source,):
        for field in fields_at(one, names):
            if field.name != ANY_NAME:
                yield _field(field, one, names, style)
    yield _Choice(
        "$or",
        _member("$or", (" [{", _ANY, "}, {", _ANY, "}]"), style),
        _KEYWORD,
        "any of these objects must match",
    )


def _field(field: RecordField, source: str, above: tuple[str, ...], style: _Style) -> _Choice:
    leads_down = bool(field.fields) or (not above and field.name in _PAYLOADS)
    opening, closing = "{}" if leads_down else "[]"
    return _Choice(
        field.name,
        _member(field.name, (f" {opening}", _ANY, closing), style),
        types.CompletionItemKind.Field,
        f"field of {source} records",
        about_field(source, (*above, field.name)),
    )


def _member(name: str, value: _Parts, style: _Style) -> _Parts:
    """A field and its value; in block style, the value is on separate lines."""
    return (f"{style.name(name)}{style.sign}", *(() if style.is_block else value))


def _operators(
    names: Iterable[str], dialect: str, style: _Style, *, with_braces: bool
) -> Iterator[_Choice]:
    for name in names:
        reference = REFERENCES[name]
        parts = (f"{style.name(name)}{style.sign} ", *_operand(reference.examples[0], style))
        yield _Choice(
            name,
            ("{" + style.inside, *parts, style.inside + "}") if with_braces else parts,
            types.CompletionItemKind.Operator,
            reference.title,
            about_operator(name),
            dialect not in reference.documented,
        )


def _operand(example: Any, style: _Style) -> _Parts:
    """An operand, with an example that the user replaces."""
    if isinstance(example, str):
        quoted = style.quoted(example)
        if not quoted.startswith('"'):
            return (_Blank(quoted),)
        return '"', _Blank(quoted[1:-1]), '"'
    if isinstance(example, list):
        blanks = [part for one in example for part in (", ", _Blank(json.dumps(one)))]
        return "[", *blanks[1:], "]"
    return (_Blank(json.dumps(example)),)
