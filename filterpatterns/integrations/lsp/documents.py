"""Finds and checks the patterns in the text of a document."""

from __future__ import annotations

import os
from bisect import bisect_left
from collections.abc import Iterator
from typing import Final

from lsprotocol import types
from msgspec import Struct
from msgspec.structs import replace

from filterpatterns.errors import Diagnostic, Fix
from filterpatterns.integrations.lsp.positions import Lines
from filterpatterns.integrations.lsp.settings import Settings
from filterpatterns.language.inputs import PatternText
from filterpatterns.lint.catalog import catalog
from filterpatterns.lint.suppressions import Suppressions
from filterpatterns.templates import finding
from filterpatterns.templates.codes import INFERRED, LARGE, NO_SOURCE
from filterpatterns.templates.errors import Skipped, TemplateError
from filterpatterns.templates.mapping import Mapping
from filterpatterns.templates.mentions import mentions_patterns

NAME: Final = "filterpatterns"
"""The source named in diagnostics."""

LARGEST: Final = 1 << 20
"""Characters of a document that is checked: as many as CloudFormation accepts in bytes."""

_PATTERN_FILES: Final = (".pattern.json", ".patterns.json")
_PATTERN_NAMES: Final = ("pattern.json", "patterns.json")
_LANGUAGES: Final = ("filter-pattern", "filterpattern")
"""Names of languages in which the whole document is a pattern."""

_SEVERITIES: Final = {
    "error": types.DiagnosticSeverity.Error,
    "warning": types.DiagnosticSeverity.Warning,
    "skipped": types.DiagnosticSeverity.Information,
    "note": types.DiagnosticSeverity.Hint,
}

_MOST_FINDINGS: Final = 500
"""For one document: nobody reads more, and editors render each."""


class Found(Struct, frozen=True):
    """A finding about the text between two offsets of a document. `severity` is that of an error or
    warning, `skipped` or `note`."""

    severity: str
    code: str
    message: str
    start: int
    end: int
    hint: str | None = None
    fix: Fix | None = None

    @property
    def key(self) -> tuple[str, str]:
        """Its identity, independent of its position."""
        return self.code, self.message


class Document(Struct, frozen=True):
    """A document and, once it has been checked, its patterns and findings.

    `uri` is its address and `path` its path, if it is a file; files that it refers to are read
    relative to it. `is_named`: its name says that it has patterns.
    """

    uri: str
    path: str
    text: str
    lines: Lines
    version: int | None = None
    is_named: bool = False
    settings: Settings = Settings()
    mappings: tuple[Mapping, ...] = ()
    found: tuple[Found, ...] = ()

    def pattern_at(self, offset: int) -> tuple[Mapping, PatternText, int] | None:
        """The mapping, the pattern, and the offset in its text for an offset of the document."""
        for mapping in self.mappings:
            for text in (*mapping.texts, *mapping.alternatives):
                starts = starts_of(text)
                if starts[0] <= offset <= starts[-1]:
                    return mapping, text, bisect_left(starts, offset)
        return None


def starts_of(text: PatternText) -> tuple[int, ...] | range:
    """The offset in the document of each character of a pattern, and of the end of the last one."""
    place = text.place()
    return range(len(text.text) + 1) if place is None else tuple(place[1])


def is_named(path: str, language: str | None) -> bool:
    """Whether a document is a pattern, or has patterns, judging by its name alone."""
    name = os.path.basename(path).lower()
    return name in _PATTERN_NAMES or name.endswith(_PATTERN_FILES) or language in _LANGUAGES


def check(document: Document) -> Document:
    """Check the text in the editor, as `fp check` checks a file.

    Returns:
        The same document with its patterns and findings; without any if it is not relevant.
    """
    text = document.text
    if len(text) > LARGEST:
        if not document.is_named and not mentions_patterns(text):
            return document
        note = Skipped(LARGE, f"larger than {LARGEST >> 20} MB: use fp check", 1, 1)
        diagnostic = finding.as_diagnostic(note, text)
        return replace(document, found=(_of_diagnostic(document, diagnostic),))
    try:
        mappings = finding.patterns_in(text, document.path, searched=not document.is_named)
    except TemplateError as error:
        return replace(document, found=_broken(document, error))
    suppressions = Suppressions(text)
    found = []
    for mapping in mappings:
        for severity, diagnostic in _all_about(mapping, document):
            first = finding.place_of(mapping, diagnostic.filter_index)[0]
            code = diagnostic.code
            if not document.settings.reports(code):
                continue
            if not suppressions.accepts(code, diagnostic.line or 1, first):
                found.append(_of_diagnostic(document, diagnostic, severity))
    found.sort(key=lambda one: one.start)
    return replace(document, mappings=tuple(mappings), found=tuple(found[:_MOST_FINDINGS]))


def _all_about(mapping: Mapping, document: Document) -> Iterator[tuple[str, Diagnostic]]:
    """The findings about a mapping: severity and diagnostic."""
    settings = document.settings
    source = None if settings.source == "auto" else settings.source
    for one in mapping.check(
        source=source, dialect=settings.dialect, max_filters=settings.max_filters
    ):
        yield one.severity, finding.placed(one, mapping)
    for skipped in mapping.skipped:
        yield "skipped", finding.as_diagnostic(skipped, document.text)
    for note in mapping.notes:
        if note.code not in (INFERRED, NO_SOURCE) or source is None:
            yield "note", finding.as_diagnostic(note, document.text, is_note=True)


def _of_diagnostic(document: Document, given: Diagnostic, severity: str = "skipped") -> Found:
    lines = document.lines
    start = lines.offset_of(given.line or 1, given.column or 1)
    end = start
    if given.end_line is not None and given.end_column is not None:
        end = lines.offset_of(given.end_line, given.end_column)
    if end <= start:  # editors show nothing for an empty range, so extend it to the end of the line
        end = lines.end_of_line(start)
    return Found(severity, given.code, given.message, start, end, given.hint, given.fix)


def _broken(document: Document, error: TemplateError) -> tuple[Found, ...]:
    """Return the findings about an invalid text."""
    note = finding.generated_note(document.text)
    if note is not None:
        if not document.settings.reports(note.code):
            return ()
        return (_of_diagnostic(document, finding.as_diagnostic(note, document.text)),)
    start = document.lines.offset_of(error.line or 1, error.column or 1)
    return (Found("error", "", error.message, start, document.lines.end_of_line(start)),)


def published(document: Document) -> list[types.Diagnostic]:
    """The findings about a document in the form of the protocol."""
    return [as_lsp(document, one) for one in document.found]


def as_lsp(document: Document, found: Found) -> types.Diagnostic:
    """A diagnostic in the form of the protocol, with a link to the description of its code."""
    message = found.message if not found.hint else f"{found.message}\nhint: {found.hint}"
    link = types.CodeDescription(catalog.url(found.code)) if found.code else None
    return types.Diagnostic(
        range=document.lines.range(found.start, found.end),
        message=message,
        severity=_SEVERITIES[found.severity],
        code=found.code or None,
        code_description=link,
        source=NAME,
    )
