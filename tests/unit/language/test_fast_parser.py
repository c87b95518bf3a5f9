"""The parser without positions returns the same tree as the one with positions, and refuses the
same texts."""

from __future__ import annotations

import json
import re
from typing import Any

from hypothesis import given

from filterpatterns.language import fast_parser, parser
from filterpatterns.language.conditions import check, iter_conditions
from filterpatterns.language.diagnostics import Reporter
from tests.support.paths import case_lines
from tests.support.strategies import patterns

_STRING = r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\""""
_NO_NUMBER = re.compile(rf"(value=(?:{_STRING}|None|True|False)), text=(?:{_STRING})")


def _without_places(tree: Any) -> str:
    """The tree in words; the text of a scalar counts only for numbers."""
    displayed = re.sub(r"Span\(start=\d+, end=\d+\)", "", repr(tree))
    return _NO_NUMBER.sub(r"\1", displayed)


def _agree(text: str) -> None:
    slow, quick = Reporter(text), Reporter(text)
    expected = parser.parse(text, slow)
    assert _without_places(fast_parser.parse(text, quick)) == _without_places(expected)
    assert quick.errors == slow.errors
    _agree_on_places(text, expected)


def _agree_on_places(text: str, expected: Any) -> None:
    """What is printed of a rule is the text at its place."""
    ignored = Reporter(text)
    placed = fast_parser.parse_placed(text, ignored)
    assert _without_places(placed) == _without_places(expected)
    if placed is not None:
        found = list(iter_conditions(check(placed, ignored)))
        wanted = list(iter_conditions(check(expected, ignored)))
        assert [(one.span, one.spans) for one in found] == [(one.span, one.spans) for one in wanted]


def test_on_the_case_files() -> None:
    for case in case_lines("pattern_syntax.jsonl"):
        _agree(case["pattern"])
    for case in list(case_lines("event_patterns.jsonl"))[::5]:
        _agree(case["pattern"])


def test_on_texts_at_the_edge_of_json() -> None:
    for text in (
        *('{"a": [1, 1.0, 1e2, -0, 1e400, 12345678901234567890, 0.1]}', '{"a": [NaN]}', "[1"),
        *('{"a": [Infinity]}', '\ufeff{"a": [1]}', '{"a": ["\\ud800", "\\u00e9\\n\\/"]}'),
        *('{"a": [1], "a": [{"prefix": "x", "prefix": "y"}]}', '{"$or": 5}', '{"$or": {"a": 1}}'),
        *('{"\\u0024or": [{"a": [1]}, {"b": [2]}]}', '{"a": [{"$or": [1]}]}', "5", '"x"', "null"),
        *('{"a": ["\t"]}', '{"a": [01]}', '{"a": [[{"x": [1, {"y": null}]}]]}', '{"a": [1]} x'),
        '{"a": [' + "1" * 500 + "]}",
    ):
        _agree(text)


@given(patterns())
def test_on_generated_patterns(pattern: dict[str, Any]) -> None:
    _agree(json.dumps(pattern))
    _agree(json.dumps(pattern, ensure_ascii=False, indent=1))
