"""Checks for any input that raise `Finding`.

The evaluator has the last word on a record: `PATHS`, what `paths.verdicts` lists, and `peers.py`
must agree with it. A new way to a verdict is one more line in one of them.
"""

from __future__ import annotations

import collections
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import filterpatterns
from filterpatterns import Diagnostic, Filter, PatternError, Reason, RecordError
from filterpatterns.matching.verdict import as_record
from tests.fuzzing.findings import expect
from tests.fuzzing.peers import check_line, check_lines, rule_sets, takes_as_compile
from tests.support.paths import verdicts


class _Record(collections.UserDict[str, Any]):
    """A mapping that is not a dict."""


PATHS: Mapping[str, Callable[[Filter, Mapping[str, Any]], bool]] = {
    "verdict": lambda compiled, record: compiled.verdict(record)[0] is Reason.MATCH,
    "a read-only mapping": lambda compiled, record: compiled.matches(MappingProxyType(record)),
    "a mapping of another class": lambda compiled, record: compiled.matches(_Record(record)),
    "filter_event": lambda compiled, record: (
        compiled.filter_event({"Records": [record]}) is not None
        if compiled.source == "event"
        else compiled.matches(record)
    ),
    "one of many": lambda compiled, record: compiled.mask([record] * 3) == [True] * 3,
}
"""Ways to a verdict on a record that is a dict."""

_REFUSALS: Mapping[str, Callable[[Filter, Any], Any]] = {
    "matches": lambda compiled, given: compiled.matches(given),
    "mask": lambda compiled, given: compiled.mask([given]),
    "filter": lambda compiled, given: compiled.filter([given]),
    "partition": lambda compiled, given: compiled.partition([given]),
    "verdict": lambda compiled, given: compiled.verdict(given),
}


def check_record(compiled: Filter, record: Mapping[str, Any], text: str) -> bool | None:
    """The verdict on which every path agrees; None if all refuse the record."""
    try:
        expected = compiled._engine.evaluate(record)
    except RecordError:
        _refused(compiled, record, is_object=True)
        check_line(compiled, record, text, None)
        return None
    found = verdicts(compiled, record, text)
    found |= {name: path(compiled, record) for name, path in PATHS.items()}
    expect(set(found.values()) == {expected}, expected, found, record)
    check_line(compiled, record, text, expected)
    rule_sets(compiled).check(record, text, expected)
    return expected


def check_bytes(compiled: Filter, data: bytes) -> bool | None:
    """The same for a record that is a text, or is meant to be one."""
    try:
        record = as_record(data)
    except RecordError as error:
        expect(str(error).isprintable(), error)
        _refused(compiled, data, is_object=False)
        check_lines(compiled, data)
        return None
    try:
        expected = compiled._engine.evaluate(data)
    except RecordError:
        _refused(compiled, data, is_object=True)
        check_line(compiled, record, str(data, "utf-8"), None)
        return None
    found = {
        "as read": check_record(compiled, record, str(data, "utf-8")),
        "bytearray": compiled.matches(bytearray(data)),
        "memoryview": compiled.matches(memoryview(data)),
    }
    expect(set(found.values()) == {expected}, expected, found, data)
    return expected


def _refused(compiled: Filter, given: Any, *, is_object: bool) -> None:
    """Every path refuses the record, with a RecordError, or drops it where that is asked for."""
    for name, path in _REFUSALS.items():
        try:
            found = path(compiled, given)
        except RecordError as error:
            str(error)
            continue
        expect(False, f"{name} took what the evaluator refuses", found, given)
    expect(compiled.mask([given], on_error="drop") == [False], "mask", given)
    expect(compiled.filter([given], on_error="drop") == [], "filter", given)
    rule_sets(compiled).refuse(given, is_object=is_object)


def compiled_or_refused(pattern: Any, source: str, text: str | None) -> Filter | None:
    """The Filter; None for a pattern that is refused. `text` is what positions are in, if any."""
    reported = filterpatterns.check(pattern, source=source)
    errors = [each for each in reported if each.severity == "error"]
    for each in reported:
        diagnostic_is_sane(each, text)
    try:
        compiled = filterpatterns.compile(pattern, source=source)
    except PatternError as error:
        expect(bool(errors), "compile refuses what check takes", error)
        expect(error.message == error.errors[0].message and bool(str(error)), error)
        for each in error.errors:
            diagnostic_is_sane(each, text)
        takes_as_compile(pattern, source, error)
        return None
    takes_as_compile(pattern, source, None)
    expect(not errors, "compile takes what check refuses", errors, pattern)
    if source != "auto":
        missing = [each for each in compiled.warnings if each not in reported]
        expect(not missing, "check does not say what compile warns of", missing, pattern)
    return compiled


def diagnostic_is_sane(diagnostic: Diagnostic, text: str | None) -> None:
    """Its text is safe on a terminal, and its position is in the text."""
    drawn = str(diagnostic)
    expect(all(line.isprintable() for line in drawn.split("\n")), diagnostic)
    expect(drawn.startswith(f"{diagnostic.severity} {diagnostic.code}: "), diagnostic)
    place = diagnostic.line, diagnostic.column, diagnostic.end_line, diagnostic.end_column
    if None in place:
        expect(place == (None,) * 4, diagnostic)
        return
    start, end = place[:2], place[2:]
    expect((1, 1) <= start <= end, diagnostic)
    if text is not None:
        lines = text.split("\n")
        for line, column in (start, end):
            expect(line <= len(lines), diagnostic, text)
            expect(column <= len(lines[line - 1]) + 2, diagnostic, text)
