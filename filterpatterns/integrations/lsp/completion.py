"""What may be written at the cursor: operators, fields of records, rules."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, Final

from lsprotocol import types
from msgspec import Struct

from filterpatterns.delivery.fields import ANY_NAME, FIELDS, RecordField, fields_at
from filterpatterns.integrations.lsp.documents import Document, starts_of
from filterpatterns.integrations.lsp.hover import about_field, about_operator, source_of
from filterpatterns.integrations.lsp.places import Cursor, cursor_at
from filterpatterns.language.diagnostics import written_in
from filterpatterns.language.inputs import PatternText
from filterpatterns.language.operators import REFERENCES
from filterpatterns.lint.linter import default_dialect

_PAYLOADS: Final = frozenset(("body", "data", "value", "key", "dynamodb", "detail"))
"""Fields at the top that most often lead one level down."""

_NESTED: Final = {
    "prefix": ("equals-ignore-case",),
    "suffix": ("equals-ignore-case",),
    "anything-but": ("prefix", "suffix", "equals-ignore-case", "wildcard"),
}
"""Operators that the operands of others may have."""


class _Blank(Struct, frozen=True):
    """A place that the user fills in, and what is there until then."""

    default: str = ""


_Parts = tuple[str | _Blank, ...]


class _Choice(Struct, frozen=True):
    """Something that may be written."""

    label: str
    parts: _Parts
    kind: types.CompletionItemKind
    detail: str = ""
    documentation: str | None = None
    is_undocumented: bool = False


def complete(
    document: Document, position: types.Position, *, snippets: bool
) -> list[types.CompletionItem]:
    """What may be written at a position of the document.

    Args:
        document: it, with the patterns that are in it.
        position: the cursor's.
        snippets: whether the editor understands places to be filled in.
    """
    place = document.pattern_at(document.lines.offset(position))
    if place is None:
        return []
    mapping, pattern, offset = place
    cursor = cursor_at(pattern.text, offset)
    if cursor is None or not _is_json(document, pattern):
        return []
    source = source_of(document, mapping, pattern.text)
    dialect = mapping.dialect or document.settings.dialect or default_dialect(source or "")
    names_only = pattern.text[cursor.end :].lstrip()[:1] == ":"
    return [
        _item(document, pattern, cursor, one, number, snippets=snippets, name_only=names_only)
        for number, one in enumerate(_choices(cursor, source, dialect))
    ]


def _is_json(document: Document, pattern: PatternText) -> bool:
    """Whether the pattern is written as JSON, and not in the words of YAML or HCL."""
    return document.text[starts_of(pattern)[0] :][:1] in ("{", "[", "")


def _item(
    document: Document,
    pattern: PatternText,
    cursor: Cursor,
    choice: _Choice,
    number: int,
    *,
    snippets: bool,
    name_only: bool,
) -> types.CompletionItem:
    starts = starts_of(pattern)
    outer = document.text
    parts: _Parts = choice.parts
    if name_only and cursor.wants_name:
        parts = (json.dumps(choice.label),)
    text = "".join(_written(parts, pattern, outer, starts, snippets=snippets))
    return types.CompletionItem(
        label=choice.label,
        kind=choice.kind,
        detail=choice.detail or None,
        documentation=None
        if choice.documentation is None
        else types.MarkupContent(types.MarkupKind.Markdown, choice.documentation),
        tags=[types.CompletionItemTag.Deprecated] if choice.is_undocumented else None,
        sort_text=f"{number:04}",
        filter_text=_as_typed(choice.label, cursor, pattern, outer, starts),
        insert_text_format=types.InsertTextFormat.Snippet
        if snippets
        else types.InsertTextFormat.PlainText,
        text_edit=types.TextEdit(
            document.lines.range(starts[cursor.start], starts[cursor.end]), text
        ),
    )


def _written(
    parts: _Parts, pattern: PatternText, outer: str, starts: Any, *, snippets: bool
) -> Iterator[str]:
    """The parts as text, or as a snippet ("Snippet Syntax" in the specification)."""
    number = 0
    for part in parts:
        raw = part if isinstance(part, str) else part.default
        text = written_in(raw, pattern.text, outer, starts)
        if snippets:
            text = text.replace("\\", "\\\\").replace("$", "\\$").replace("}", "\\}")
            if isinstance(part, _Blank):
                number += 1
                text = f"${{{number}:{text}}}" if text else f"${number}"
        yield text


def _as_typed(label: str, cursor: Cursor, pattern: PatternText, outer: str, starts: Any) -> str:
    """The text by which the editor compares a choice with what has been typed."""
    quoted = json.dumps(label, ensure_ascii=False) if cursor.typed[:1] == '"' else label
    return written_in(quoted, pattern.text, outer, starts)


def _choices(cursor: Cursor, source: str | None, dialect: str) -> Iterator[_Choice]:
    if cursor.kind == "fields" and cursor.wants_name:
        yield from _fields(cursor.path, source)
    elif cursor.kind == "fields":
        yield from _VALUES
    elif cursor.kind == "rules" and not cursor.wants_name:
        yield from _operators(REFERENCES, dialect, with_braces=True)
    elif cursor.kind == "rule" and cursor.wants_name:
        yield from _operators(REFERENCES, dialect, with_braces=False)
    elif cursor.kind == "operand" and cursor.wants_name:
        yield from _operators(_NESTED.get(cursor.operator, ()), dialect, with_braces=False)
    elif cursor.kind == "alternatives":
        yield _ALTERNATIVE
    else:
        for text, kind in _WORDS.get(cursor.operator, ()):
            yield _Choice(text.strip('"'), (text,), kind)


_ANY = _Blank()
_STRUCT, _VALUE = types.CompletionItemKind.Struct, types.CompletionItemKind.Value
_VALUES: Final = (
    _Choice('["..."]', ('["', _ANY, '"]'), _VALUE, "equals one of these values"),
    _Choice("[{...}]", ("[{", _ANY, "}]"), _VALUE, "an operator"),
    _Choice("{...}", ("{", _ANY, "}"), _STRUCT, "fields one level down"),
)
"""What a field may lead to."""

_ALTERNATIVE: Final = _Choice("{...}", ('{"', _ANY, '": [', _ANY, "]}"), _STRUCT, "an alternative")
_OR: Final = _Choice(
    "$or",
    ('"$or": [{', _ANY, "}, {", _ANY, "}]"),
    types.CompletionItemKind.Keyword,
    "any of these objects must match",
)
_SIGN, _KEYWORD = types.CompletionItemKind.Operator, types.CompletionItemKind.Keyword
_WORDS: Final = {
    "numeric": tuple((f'"{sign}"', _SIGN) for sign in ("=", "<", "<=", ">", ">=")),
    "exists": (("true", _KEYWORD), ("false", _KEYWORD)),
}
"""Words in the operand of an operator."""


def _fields(path: tuple[str, ...], source: str | None) -> Iterator[_Choice]:
    names = tuple(name for part in path for name in part.split("."))
    for one in FIELDS if source is None else (source,):
        for field in fields_at(one, names):
            if field.name != ANY_NAME:
                yield _field(field, one, names)
    yield _OR


def _field(field: RecordField, source: str, above: tuple[str, ...]) -> _Choice:
    leads_down = bool(field.fields) or (not above and field.name in _PAYLOADS)
    opening, closing = "{}" if leads_down else "[]"
    return _Choice(
        field.name,
        (f"{json.dumps(field.name)}: {opening}", _ANY, closing),
        types.CompletionItemKind.Field,
        f"field of {source} records",
        about_field(source, (*above, field.name)),
    )


def _operators(names: Iterable[str], dialect: str, *, with_braces: bool) -> Iterator[_Choice]:
    for name in names:
        reference = REFERENCES[name]
        parts: _Parts = (f'"{name}": ', *_operand(reference.examples[0]))
        yield _Choice(
            name,
            ("{", *parts, "}") if with_braces else parts,
            types.CompletionItemKind.Operator,
            reference.title,
            about_operator(name),
            dialect not in reference.documented,
        )


def _operand(example: Any) -> _Parts:
    """An operand: the user replaces the example."""
    if isinstance(example, str):
        return '"', _Blank(json.dumps(example)[1:-1]), '"'
    if isinstance(example, list):
        blanks = [part for one in example for part in (", ", _Blank(json.dumps(one)))]
        return "[", *blanks[1:], "]"
    return (_Blank(json.dumps(example)),)
