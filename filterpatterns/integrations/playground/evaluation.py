"""Answers a request of the page, JSON to JSON, wherever it runs.

The same function is used in the server and in the browser. It imports only the core.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any, Final

import msgspec
from msgspec import Struct

from filterpatterns import __version__
from filterpatterns.delivery import reader
from filterpatterns.delivery.reader import Item
from filterpatterns.delivery.sources import SOURCES
from filterpatterns.engine import inference
from filterpatterns.engine.filter import Filter, compile_texts
from filterpatterns.engine.pipeline import Options
from filterpatterns.errors import Diagnostic, PatternError, RecordError, printable
from filterpatterns.explain.outline import outline
from filterpatterns.integrations.playground import patterns, places, snippets
from filterpatterns.language.wording import shorten, truncate
from filterpatterns.limits import MAX_FILTERS
from filterpatterns.lint.linter import DIALECTS
from filterpatterns.matching.verdict import Reason
from filterpatterns.stats.export import funnel_document
from filterpatterns.stats.statistics import Statistics

_MOST_ROWS: Final = 500
"""The number of records that have a row; all are counted."""

_MOST_DIAGNOSTICS: Final = 200
_LONGEST_WORDS: Final = 2000


class Request(Struct, frozen=True, forbid_unknown_fields=True):
    """A request of the page.

    `pattern` and `records` are the texts of the editors; without `records` only the pattern is
    checked. If `source` or `dialect` is empty, it is inferred from the pattern. `mapping` chooses
    one of a template's mappings. `selected` is the number of the record to explain, from 1; 0 means
    the first that is dropped, or else the first.
    """

    pattern: str
    records: str | None = None
    source: str = ""
    dialect: str = ""
    mapping: str = ""
    selected: int = 0


def evaluate(text: str) -> str:
    """Answer a request.

    Args:
        text: a `Request` as JSON.

    Returns:
        A JSON object. It always has `version`, `source`, `dialect`, `kind`, `mappings`, `mapping`
        and `diagnostics`. Positions (`from`, `to`) count UTF-16 code units, as JavaScript does.
        Without records it also has `snippets` and the pattern alone, `extracted`, if the pattern
        is valid; with records `rows`, `counts`, `explanation` and `funnels`.

    Raises:
        ValueError: the text is not a request.
    """
    request = msgspec.convert(json.loads(text), Request)
    if request.source and request.source not in (*SOURCES, "auto"):
        raise ValueError(f"unknown source {request.source[:40]!r}")
    if request.dialect and request.dialect not in DIALECTS:
        raise ValueError(f"unknown dialect {request.dialect[:40]!r}")
    return json.dumps(_answer(request))


def _answer(request: Request) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "version": __version__,
        "source": request.source or "auto",
        "dialect": request.dialect,
        "kind": "",
        "mappings": [],
        "mapping": "",
        "diagnostics": [],
    }
    compiled = None
    if request.pattern.strip():
        compiled = _pattern(request, answer)
    if request.records is None:
        if compiled is not None:
            texts, dialect = compiled.texts, answer["dialect"] or None
            answer["extracted"] = snippets.plain(texts, compiled.source)
            answer["snippets"] = snippets.snippets(texts, compiled.source, dialect)
    else:
        answer |= _records(request, request.records, compiled)
    return answer


def _pattern(request: Request, answer: dict[str, Any]) -> Filter | None:
    """Fill in everything about the pattern; return the filter if it is valid."""
    found = patterns.find(request.pattern, request.mapping)
    texts = [text.text for text in found.texts]
    source = request.source or found.source or ""
    if source not in (*SOURCES, "auto"):
        source = inference.source_of_patterns(texts) if texts else "auto"
    dialect = request.dialect or found.dialect
    answer.update(
        source=source,
        dialect=dialect or "",
        kind=found.kind,
        mappings=[printable(shorten(name, _LONGEST_WORDS)) for name in found.names],
        mapping=found.name,
    )
    diagnostics = found.check(source, dialect)
    compiled = None
    if found.is_usable:
        try:
            compiled = compile_texts(found.texts, source, Options(dialect, False, MAX_FILTERS))
        except PatternError as error:
            diagnostics += (each for each in error.errors if each not in diagnostics)
    whole = places.Places(request.pattern)
    answer["diagnostics"] = [_diagnostic(one, whole) for one in diagnostics[:_MOST_DIAGNOSTICS]]
    return compiled


def _diagnostic(diagnostic: Diagnostic, whole: places.Places) -> dict[str, Any]:
    start, end = whole.span(diagnostic)
    return {
        "code": diagnostic.code,
        "severity": diagnostic.severity,
        "message": shorten(diagnostic.message, _LONGEST_WORDS),
        "hint": shorten(diagnostic.hint or "", _LONGEST_WORDS),
        "path": shorten(diagnostic.path, _LONGEST_WORDS),
        "filter": None if diagnostic.filter_index is None else diagnostic.filter_index + 1,
        "line": diagnostic.line,
        "column": diagnostic.column,
        "from": start,
        "to": end,
    }


def _records(request: Request, text: str, compiled: Filter | None) -> dict[str, Any]:
    statistics = None if compiled is None else Statistics(compiled)
    rows: list[dict[str, Any]] = []
    counts = {"records": 0, "match": 0, "drop": 0, "error": 0}
    chosen: tuple[int, Item, str] | None = None
    whole = places.Places(text)
    for number, item in enumerate(_items(text), 1):
        row = _row(number, item, statistics, whole)
        result = row["result"]
        counts["records"] += 1
        if result is not None:
            counts[result] += 1
        if number <= _MOST_ROWS:
            rows.append(row)
        if result in ("match", "drop") and (
            chosen is None
            or number == request.selected
            or (not request.selected and result == "drop" and chosen[2] == "match")
        ):
            chosen = number, item, result
    answer: dict[str, Any] = {"rows": rows, "counts": counts, "explanation": None, "funnels": []}
    if compiled is not None and statistics is not None:
        if chosen is not None:
            answer["explanation"] = _explanation(compiled, *chosen[:2])
        answer["funnels"] = [funnel_document(funnel) for funnel in statistics.funnels()]
    return answer


def _items(text: str) -> Iterator[Item]:
    lines = io.BytesIO(text.encode("utf-8", "surrogatepass"))
    return reader.items(lines, "records")


def _row(
    number: int, item: Item, statistics: Statistics | None, whole: places.Places
) -> dict[str, Any]:
    row: dict[str, Any] = {
        "number": number,
        "id": None if item.id is None else printable(truncate(item.id)),
        "line": item.line,
        "result": None,
        "reason": "",
        "detail": "",
    }
    error = item.error
    if error is None and statistics is not None:
        try:
            reason, key = statistics.add(item.record)
        except RecordError as refusal:
            error = refusal.message
        else:
            row["result"] = "match" if reason is Reason.MATCH else "drop"
            row["reason"] = reason.slug
            row["detail"] = "" if reason is Reason.MATCH else reason.words(key)
    if error is not None:
        start, end = whole.at(item.line, item.column)
        row |= {"result": "error", "reason": "not-a-record", "from": start, "to": end}
        row["detail"] = shorten(printable(error), _LONGEST_WORDS)
    return row


def _explanation(compiled: Filter, number: int, item: Item) -> dict[str, Any]:
    try:
        explanation = compiled.explain(item.record)
    except RecordError as error:  # a filter needs more steps than its budget
        return {"number": number, "kept": None, "error": error.message, "lines": []}
    lines = [
        {
            "level": line.level,
            "kind": line.kind,
            "satisfied": line.satisfied,
            "name": line.name,
            "words": shorten(line.words, _LONGEST_WORDS),
        }
        for line in outline(explanation)
    ]
    return {"number": number, "kept": explanation.kept, "error": "", "lines": lines}
