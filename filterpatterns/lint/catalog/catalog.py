"""The rule book: what each code means, an example of it, and how to mend it.

`python -m filterpatterns.lint.catalog` prints it as Markdown: `docs/rules.md` is that.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from filterpatterns.lint.catalog.entries import WIDTH, CatalogEntry, Example, Note
from filterpatterns.lint.catalog.errors import ERRORS
from filterpatterns.lint.catalog.warnings import NOTES, WARNINGS

__all__ = ["CATALOG", "NOTES", "CatalogEntry", "Example", "Note", "markdown"]

_ENTRIES = (*ERRORS, *WARNINGS)

CATALOG: Mapping[str, CatalogEntry] = MappingProxyType({rule.code: rule for rule in _ENTRIES})
"""The rules by their codes, in order: FP001 and on are errors, FP101 and on warnings."""


def markdown(rules: Iterable[CatalogEntry] = _ENTRIES) -> str:
    """The rule book as a Markdown document, with a section for each code."""
    rules = tuple(rules)
    lines = [
        "# Rules",
        "",
        _filled(
            "What `filterpatterns` and `fp` say about a pattern. An error (FP0..) is what AWS "
            "refuses; a warning (FP1..) what it accepts in silence, and what is likely meant "
            "otherwise: the mapping is there, and records are dropped. FP2.. is about templates. "
            "The codes are stable."
        ),
        "",
        "This page is what `python -m filterpatterns.lint.catalog` prints.",
        "",
        "| code | severity | about |",
        "| --- | --- | --- |",
        *(_row(rule.code, rule.severity, rule.title) for rule in rules),
        *(_row(note.code, note.severity, note.title) for note in NOTES),
    ]
    for rule in rules:
        lines += [
            "",
            f"## {rule.code}",
            "",
            f"*{rule.severity}*: **{rule.title}**",
            "",
            _filled(rule.meaning),
            "",
            f"Found in (source {rule.bad.source}, dialect {rule.bad.dialect}):",
            *_fenced(rule.bad),
            "",
            "Instead:",
            *_fenced(rule.good),
            "",
            _filled(f"See: {rule.basis}."),
        ]
    for note in NOTES:
        lines += ["", f"## {note.code}", "", f"*{note.severity}*: **{note.title}**", ""]
        lines.append(_filled(note.meaning))
    return "\n".join(lines) + "\n"


def _row(code: str, severity: str, title: str) -> str:
    return f"| [{code}](#{code.lower()}) | {severity} | {title} |"


def _filled(text: str) -> str:
    return textwrap.fill(text, WIDTH, break_long_words=False, break_on_hyphens=False)


def _fenced(example: Example) -> tuple[str, ...]:
    language = "json" if isinstance(example.pattern, str) else "python"
    return "", f"```{language}", example.rendered, "```"
