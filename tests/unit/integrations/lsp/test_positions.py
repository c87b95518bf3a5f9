"""Offsets and positions: compared with counting one by one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lsprotocol import types

from filterpatterns.integrations.lsp.positions import Lines

UNITS = {"utf-8": 1, "utf-16": 2, "utf-32": 4}
TEXTS = st.text(st.sampled_from('ab"é😀\r\n\u2028\x85\x0b\ud83d'), max_size=12)


def slow(text: str, offset: int, encoding: str) -> types.Position:
    """The position of an offset, by walking there."""
    line = units = 0
    for index, char in enumerate(text[:offset]):
        if char == "\n" or (char == "\r" and text[index + 1 : index + 2] != "\n"):
            line, units = line + 1, 0
        else:
            codec = encoding if encoding == "utf-8" else f"{encoding}-le"
            data = char.encode(codec, "surrogatepass")
            units += len(data) // UNITS[encoding]
    return types.Position(line, units)


@pytest.mark.parametrize("encoding", UNITS)
@given(text=TEXTS, data=st.data())
def test_positions_are_those_of_a_walk(encoding: str, text: str, data: st.DataObject) -> None:
    offset = data.draw(st.integers(0, len(text)))
    assert Lines(text, encoding).position(offset) == slow(text, offset, encoding)


@pytest.mark.parametrize("encoding", UNITS)
@given(text=TEXTS.filter(lambda text: "\ud83d" not in text), data=st.data())
def test_positions_convert_back_to_offsets(encoding: str, text: str, data: st.DataObject) -> None:
    offset = data.draw(st.integers(0, len(text)))
    if text[offset - 1 : offset] == "\r" and offset:
        return  # between a carriage return and a line feed nothing can be pointed at
    lines = Lines(text, encoding)
    assert lines.offset(lines.position(offset)) == offset


def test_a_position_beyond_a_line_is_its_end() -> None:
    lines = Lines("ab\r\ncd")
    assert lines.offset(types.Position(0, 99)) == 2
    assert lines.offset(types.Position(9, 0)) == 6
    assert lines.position(99) == types.Position(1, 2)


def test_half_of_a_character_is_the_place_before_it() -> None:
    assert Lines("😀x").offset(types.Position(0, 1)) == 0
    assert Lines("éx", "utf-8").offset(types.Position(0, 1)) == 0


def test_diagnostics_count_lines_by_line_feeds() -> None:
    lines = Lines("a\rb\nc")
    assert lines.offset_of(1, 3) == 2
    assert lines.offset_of(2, 1) == 4
    assert lines.position(lines.offset_of(1, 3)) == types.Position(1, 0)
    assert lines.offset_of(9, 1) == 5
