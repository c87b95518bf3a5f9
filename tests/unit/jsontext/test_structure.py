"""Positions in JSON texts, also in those with more escapes than `re` should keep at a time."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filterpatterns.jsontext import decoding, layers, structure

_CHARS = st.sampled_from('ab\\"/[]{},: \t\n\b\u0041é😀')
_TEXTS = st.text(_CHARS, max_size=12)
_VALUES = st.recursive(
    _TEXTS | st.integers() | st.none(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXTS, inner, max_size=4),
    max_leaves=10,
)
_MANY = '"\\' * 1000
"""A value whose JSON has many escapes."""


def _spelled(value: Any, indent: int | None) -> str:
    return json.dumps(value, ensure_ascii=False, indent=indent)


@pytest.mark.parametrize("more", ["", _MANY])
@given(values=st.lists(_VALUES, min_size=1, max_size=4), indent=st.sampled_from([None, 1]))
def test_elements_and_members_are_found(more: str, values: list[Any], indent: int | None) -> None:
    held = [more, *values]
    text = _spelled(held, indent)
    assert [json.loads(part) for part in structure.elements(text)] == held
    named = {f"{number}{more}": value for number, value in enumerate(held)}
    found = structure.members(_spelled(named, indent))
    assert {name: json.loads(part) for name, part in found} == named


@pytest.mark.parametrize("more", ["", _MANY])
@given(value=_VALUES)
def test_a_text_on_one_line_means_the_same(more: str, value: Any) -> None:
    text = _spelled({"more": more, "value": value}, 2)
    line = structure.one_line(text)
    assert "\n" not in line
    assert json.loads(line) == json.loads(text)
    assert line == json.dumps(json.loads(text), ensure_ascii=False, separators=(",", ":"))


@pytest.mark.parametrize("more", ["", _MANY])
def test_several_texts_in_a_line_are_told_apart(more: str) -> None:
    texts = [_spelled({"a": f"{more}{{"}, None), _spelled([more], None)]
    assert structure.split(f"{texts[0]} {texts[1]}") == (texts, "")
    assert structure.split(f"{texts[0]} {texts[1][:-1]}") == (texts[:1], texts[1][:-1])
    assert structure.split(texts[0][:-2]) == ([], "")


@pytest.mark.parametrize("more", ["", _MANY])
def test_elements_are_on_the_lines_where_they_begin(more: str) -> None:
    text = _spelled({"x": more, "Records": [{"a": more}, {"b": 1}]}, 1)
    lines = [text[: text.index(f'"{name}"')].count("\n") for name in "ab"]
    assert list(structure.lines_of_elements(text, "Records", 2, 1)) == lines


@given(value=_VALUES)
def test_strings_and_brackets_keep_their_places_without_escapes(value: Any) -> None:
    text = _spelled(value, None)
    without = structure.without_escapes(text)
    assert "\\" not in without
    assert len(without) == len(text)
    wanted, found = structure.TOKENS.finditer(text), structure.TOKENS.finditer(without)
    assert [token.span() for token in found] == [token.span() for token in wanted]


_SIZE = 100_000
_ESCAPED = "\\\\" * _SIZE
_CLOSED = f'[{{"a":\n"{_ESCAPED}"}}]'
_OPEN = f'{{"a":[\n"{_ESCAPED}'
_DEEP = "[" * 200 + f'"{_ESCAPED}"' + "]" * 200

_ASKED: dict[str, Callable[[], Any]] = {
    "the error": lambda: structure.find_error(_OPEN),
    "several texts": lambda: structure.split(f"{_CLOSED} {_OPEN}"),
    "elements": lambda: structure.elements(_CLOSED),
    "members": lambda: structure.members(_CLOSED[1:-1]),
    "lines": lambda: structure.lines_of_elements(_CLOSED, None, 1, 1),
    "one line": lambda: structure.one_line(_CLOSED),
    "the depth": lambda: decoding.depth(_DEEP),
    "layers": lambda: layers.decode(_DEEP),
    "the plain parser": lambda: decoding.parse_without_recursion(_DEEP),
    "events": lambda: list(decoding.events(_CLOSED)),
}


@pytest.mark.parametrize("name", _ASKED)
def test_escapes_take_little_memory(name: str) -> None:
    """`re` keeps 150 bytes for each escape that one match goes through."""
    _ASKED[name]()
    tracemalloc.start()
    try:
        _ASKED[name]()
        assert tracemalloc.get_traced_memory()[1] < 10 * len(_ESCAPED)
    finally:
        tracemalloc.stop()
