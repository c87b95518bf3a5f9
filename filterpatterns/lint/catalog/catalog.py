"""The catalog: what each code means, an example of it, and how to fix it.

`python -m filterpatterns.lint.catalog` prints it as Markdown: `docs/reference/rules.md`.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from types import MappingProxyType

from filterpatterns.lint.catalog.entries import FILTERING, PAGES, WIDTH, CatalogEntry, Example, Note
from filterpatterns.lint.catalog.errors import ERRORS
from filterpatterns.lint.catalog.intentions import INTENTIONS
from filterpatterns.lint.catalog.warnings import NOTES, WARNINGS

__all__ = [
    "CATALOG",
    "CODES",
    "NOTES",
    "CatalogEntry",
    "Example",
    "Note",
    "as_dict",
    "markdown",
    "page",
    "severity",
    "title",
    "url",
]

_ENTRIES = (*ERRORS, *WARNINGS, *INTENTIONS)

CATALOG: Mapping[str, CatalogEntry] = MappingProxyType({rule.code: rule for rule in _ENTRIES})
"""The entries by code, in order: FP001 and up are errors, FP101 and up are warnings."""

CODES: tuple[str, ...] = (*CATALOG, *(note.code for note in NOTES))
"""All codes, including those of notes on templates."""

_BY_CODE: Mapping[str, CatalogEntry | Note] = {**CATALOG, **{note.code: note for note in NOTES}}


def markdown() -> str:
    """Return the catalog as a Markdown document, with a section for each code."""
    lines = [
        "# Rules",
        "",
        _filled(
            "The findings of `filterpatterns` and `fp` about a pattern. Errors (FP0..): AWS "
            "refuses the pattern. Warnings (FP1..): AWS accepts it silently, but it is likely a "
            "mistake: the mapping is deployed, and records are dropped. FP2.. is about templates. "
            "The codes are stable."
        ),
        "",
        "This page is generated: `python -m filterpatterns.lint.catalog` prints it.",
        "",
        "| code | severity | about |",
        "| --- | --- | --- |",
        *(_row(entry.code, entry.severity, entry.title) for entry in _BY_CODE.values()),
    ]
    for entry in _BY_CODE.values():
        lines += ["", f"## {entry.code}", "", *_section(entry)]
    return "\n".join(lines) + "\n"


def page(code: str) -> str:
    """Return the section of one code as a Markdown page.

    Raises:
        KeyError: there is no such code.
    """
    entry = _BY_CODE[code]
    return "\n".join([f"# {code}: {entry.title}", "", *_section(entry)]) + "\n"


def title(code: str) -> str:
    """Return the title of a code.

    Raises:
        KeyError: there is no such code.
    """
    return _BY_CODE[code].title


def severity(code: str) -> str:
    """Return the severity of a code: `error`, `warning` or `skipped`.

    Raises:
        KeyError: there is no such code.
    """
    return _BY_CODE[code].severity


def as_dict(code: str) -> dict[str, str]:
    """Return the entry of a code for machines: `markdown` has the whole page.

    Raises:
        KeyError: there is no such code.
    """
    return {
        "code": code,
        "severity": severity(code),
        "title": title(code),
        "meaning": _BY_CODE[code].meaning,
        "url": url(code),
        "markdown": page(code),
    }


def url(code: str) -> str:
    """Return the page of AWS's documentation that a code is based on; if there is none, the page
    about filtering."""
    entry = _BY_CODE.get(code)
    basis = entry.basis if isinstance(entry, CatalogEntry) else FILTERING
    return PAGES.get(basis, PAGES[FILTERING])


def _section(entry: CatalogEntry | Note) -> list[str]:
    lines = [f"*{entry.severity}*: **{entry.title}**", "", _filled(entry.meaning)]
    if isinstance(entry, Note):
        return lines
    return [
        *lines,
        "",
        f"Found in (source {entry.bad.source}, dialect {entry.bad.dialect}):",
        *_fenced(entry.bad),
        "",
        "Instead:",
        *_fenced(entry.good),
        "",
        _filled(f"See: {entry.basis}."),
    ]


def _row(code: str, severity: str, title: str) -> str:
    return f"| [{code}](#{code.lower()}) | {severity} | {title} |"


def _filled(text: str) -> str:
    return textwrap.fill(text, WIDTH, break_long_words=False, break_on_hyphens=False)


def _fenced(example: Example) -> tuple[str, ...]:
    language = "json" if isinstance(example.pattern, str) else "python"
    if " ... " in example.rendered:  # abbreviated
        language = "text"
    return "", f"```{language}", example.rendered, "```"
