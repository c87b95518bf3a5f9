"""Helpers for the tests of errors, values and hostile input."""

from __future__ import annotations

import itertools
import json
import unicodedata
from collections.abc import Sequence
from typing import Any

import pytest

import filterpatterns
from filterpatterns import Diagnostic, PatternError
from filterpatterns.jsontext.numbers import JsonNumber, read_number
from tests.support.paths import batch_verdicts, in_body, sqs_record, text_of

OPENING, CLOSING = "⟦", "⟧"


def marked(text: str) -> tuple[str, int, int]:
    """A pattern without its ⟦marks⟧, and the offsets (from 0) of what stood between them."""
    start = text.index(OPENING)
    end = text.index(CLOSING) - 1
    return text.replace(OPENING, "").replace(CLOSING, ""), start, end


def line_and_column(text: str, offset: int) -> tuple[int, int]:
    """Where an offset is, counting from 1, as an editor counts."""
    before = text[:offset].split("\n")
    return len(before), len(before[-1]) + 1


def refused(pattern: Any, **options: Any) -> PatternError:
    """The error that compiling the pattern gives: a PatternError and nothing else."""
    with pytest.raises(PatternError) as caught:
        filterpatterns.compile(pattern, **options)
    assert type(caught.value) is PatternError
    return caught.value


def width(char: str) -> int:
    """How many columns of a terminal a character takes."""
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def underlined(drawing: str) -> list[str]:
    """The text above the carets in a drawing, by column as displayed on a terminal."""
    found = []
    lines = drawing.split("\n")
    for above, line in itertools.pairwise(lines):
        gutter, bar, carets = line.partition(" | ")
        if not bar or gutter.strip() or set(carets) - {" ", "^"} or "^" not in carets:
            continue
        start = len(gutter + bar) + carets.index("^")
        end = start + carets.count("^")
        assert carets.strip() == "^" * (end - start), "the carets stand together"
        column, displayed = 0, ""
        for char in above:
            if start <= column < end:
                displayed += char
            column += width(char)
        found.append(displayed)
    return found


def parsed(event: str) -> Any:
    """An event's JSON text as Python has it, numbers with their texts."""
    return json.loads(
        event,
        parse_float=read_number,
        parse_int=lambda text: JsonNumber(text) if text == "-0" or len(text) > 310 else int(text),
    )


def everywhere(pattern: str, event: str) -> bool:
    """The verdict on an event, upon which every path agrees: as a record, and as an SQS body."""
    return all_everywhere(pattern, [event])[0]


def all_everywhere(pattern: str, events: Sequence[str]) -> list[bool]:
    """The verdicts on events, upon which every path agrees: as records, and as SQS bodies."""
    record = filterpatterns.compile(pattern, source="event")
    body = filterpatterns.compile(in_body(pattern))
    in_bodies = [sqs_record(event) for event in events]
    found = {
        "event": batch_verdicts(record, [parsed(event) for event in events], events),
        "body": batch_verdicts(body, in_bodies, [text_of(record) for record in in_bodies]),
    }
    expected = found["event"]["evaluator"]
    assert disagreeing(found["event"], expected) == {}, (pattern, events, expected)
    assert disagreeing(found["body"], expected) == {}, (pattern, events, expected)
    return expected


def disagreeing(found: dict[str, list[bool]], expected: list[bool]) -> dict[str, list[bool]]:
    """The paths that gave other verdicts, and which."""
    return {path: verdicts for path, verdicts in found.items() if verdicts != expected}


def warned(pattern: Any, **options: Any) -> list[Diagnostic]:
    """The warnings of a pattern that compiles."""
    return list(filterpatterns.compile(pattern, **options).warnings)
