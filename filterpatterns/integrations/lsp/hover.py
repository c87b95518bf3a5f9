"""Hover texts for operators, fields of records and `$or`."""

from __future__ import annotations

import json
from typing import Final

from lsprotocol import types

from filterpatterns.delivery.fields import field_at
from filterpatterns.delivery.sources import SOURCES
from filterpatterns.integrations.lsp.documents import Document, starts_of
from filterpatterns.integrations.lsp.places import Word, word_at, words
from filterpatterns.language.operators import REFERENCES
from filterpatterns.language.operators.reference import SERVICES
from filterpatterns.lint.catalog import entries
from filterpatterns.templates.mapping import Mapping

_PAGES: Final = {
    "sqs": entries.SQS,
    "kinesis": entries.KINESIS,
    "dynamodb": entries.DYNAMODB,
    "event": entries.PATTERNS,
}

_TELLING: Final = {
    "body": "sqs",
    "messageAttributes": "sqs",
    "dynamodb": "dynamodb",
    "partitionKey": "kinesis",
    "value": "kafka",
    "basicProperties": "mq",
    "detail": "event",
    "detail-type": "event",
}
"""Top-level fields that only records of one source have."""

_OR: Final = (
    "**$or**: any of these objects must match, in addition to the other fields\n\n"
    'At least two objects are required: `"$or": [{"a": [1]}, {"b": [2]}]`. `$or` may be used at '
    "any level, also inside another `$or`. All `$or` of a pattern may multiply to at most 1,000 "
    "combinations."
)


def source_of(document: Document, mapping: Mapping, text: str) -> str | None:
    """The source of a pattern; None if it is not known."""
    given = document.settings.source
    if mapping.source in SOURCES:
        return mapping.source
    if given in SOURCES:
        return given
    if mapping.kind == "rule":
        return "event"
    tops = {word.path[0] for word in words(text) if word.role == "field"}
    found = {_TELLING[name] for name in tops if name in _TELLING}
    return found.pop() if len(found) == 1 else None


def hover(document: Document, position: types.Position) -> types.Hover | None:
    """Return the hover text for the word at a position of the document."""
    place = document.pattern_at(document.lines.offset(position))
    if place is None:
        return None
    mapping, pattern, offset = place
    word = word_at(pattern.text, offset)
    if word is None:
        return None
    words_of = _about(word, source_of(document, mapping, pattern.text))
    if words_of is None:
        return None
    starts = starts_of(pattern)
    return types.Hover(
        types.MarkupContent(types.MarkupKind.Markdown, words_of),
        document.lines.range(starts[word.start], starts[min(word.end, len(starts) - 1)]),
    )


def _about(word: Word, source: str | None) -> str | None:
    if word.role == "or":
        return f"{_OR}\n\n{_see(entries.PATTERNS)}"
    if word.role == "operator":
        return about_operator(word.text)
    if word.role == "field":
        return about_field(source, word.path)
    return None


def about_operator(name: str) -> str | None:
    """A description of an operator, as Markdown; None if there is none of that name."""
    reference = REFERENCES.get(name)
    if reference is None:
        return None
    examples = ", ".join(
        f"`{json.dumps({name: one}, ensure_ascii=False)}`" for one in reference.examples
    )
    services = [SERVICES[one] for one in reference.documented]
    documented = f"Documented for {', '.join(services)}." if services else "Not documented by AWS."
    return "\n\n".join(
        (
            f"**{name}**: {reference.title}",
            reference.description,
            f"Examples: {examples}",
            documented,
            _see(entries.OPERATORS),
        )
    )


def about_field(source: str | None, path: tuple[str, ...]) -> str | None:
    """A description of a field of a source's records, as Markdown; None if nothing is known about
    it."""
    names = tuple(name for part in path for name in part.split("."))
    field = field_at(source, names)
    if source is None or field is None:
        return None
    title = f"**{'.'.join(names)}** ({source})"
    return "\n\n".join((title, field.description, _see(_PAGES.get(source, entries.FILTERING))))


def _see(page: str) -> str:
    return f"[{page}]({entries.PAGES[page]})"
