"""Lines that are written like a record are records."""

from __future__ import annotations

import json
import random
from typing import Any

import msgspec
import pytest

import filterpatterns
from filterpatterns.codegen.record import PayloadDecoders
from filterpatterns.engine.layouts import RecordLayouts
from tests.support.seeds import each_seed


def _decoders() -> PayloadDecoders:
    generated = filterpatterns.compile({"body": {"k": ["refunded"]}})._engine.generated()
    assert generated is not None
    found = generated.payload_decoders()
    assert found is not None
    return found[0]


DECODERS = _decoders()
MARK = DECODERS.mark
LINE = (
    b'{"messageId":"5d-61","body":%b,"attributes":{"SenderId":"AIDA:a","Count":"1","x":[]},'
    b'"eventSource":"aws:sqs","labels":["a","b c"],"empty":{}}\n'
) % MARK
OTHER = LINE.replace(b'"1"', b'"10"')


def _layouts(*lines: bytes) -> RecordLayouts:
    """What has seen each of these lines in a block of its own."""
    layouts = RecordLayouts("body", MARK, bytes.split, bytes.translate)
    for line in lines:
        _others(layouts, line)
    return layouts


def _others(layouts: RecordLayouts, *lines: bytes) -> list[bytes]:
    text = b"".join(lines)
    others, number = layouts.others(text, len(lines))
    assert others.count(b"\n") == number
    layouts.learn(others, number, len(lines))
    return others.splitlines(keepends=True)


def _is_record(line: bytes) -> bool:
    """Whether a line is one record with the mark as its payload."""
    if line.count(MARK) != 1 or line.count(b"\n") != 1:
        return False
    try:
        str(line, "utf-8")
        rows: list[Any] = DECODERS.records(line)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return False
    return len(rows) == 1 and rows[0].payload == json.loads(MARK)


def test_lines_like_the_first_are_not_decoded() -> None:
    layouts = _layouts(LINE)
    assert _others(layouts, LINE, LINE.replace(b"5d-61", b"9/_0+"), LINE) == []
    assert _others(layouts, LINE, OTHER, LINE, LINE, OTHER) == [OTHER, OTHER]
    spaced = LINE.replace(b"5d-61", b"5d 61")
    assert _others(layouts, spaced, LINE, LINE) == [spaced]


def test_another_layout_is_learned_if_most_lines_have_it() -> None:
    layouts = _layouts(LINE, LINE)
    assert _others(layouts, LINE, OTHER, OTHER, OTHER) == [OTHER] * 3
    assert _others(layouts, LINE, OTHER, OTHER, OTHER) == [LINE]


def test_several_layouts_are_known_at_a_time() -> None:
    layouts = _layouts()
    lines = [LINE.replace(b"5d-61", b"5" * count) for count in range(1, 16)]
    assert _others(layouts, *lines, *lines) == lines * 2
    assert _others(layouts, *lines, OTHER, *lines) == [OTHER]
    assert _others(layouts, OTHER, OTHER, OTHER, *lines) == [OTHER] * 3
    assert _others(layouts, OTHER, *lines) == []
    assert _others(layouts, LINE.replace(b"5d-61", b"1"), *lines) == []


def test_no_more_than_some_layouts_are_kept() -> None:
    layouts = _layouts()
    for count in range(1, 400):
        line = LINE.replace(b"5d-61", b"5" * count)
        _others(layouts, line, line, line, LINE, LINE, LINE, LINE)
    assert len(layouts._known) <= 64


def test_lines_that_are_all_different_are_tried_less_and_less_often() -> None:
    layouts = _layouts()
    lines = [LINE.replace(b"5d-61", b"5" * count) for count in range(3, 300)]
    tried = sum(bool(layouts._known) for line in lines if _others(layouts, line))
    assert tried < 12
    assert _others(layouts, *[LINE] * 4) == [LINE] * 4
    for _ in range(300):
        _others(layouts, LINE)
    assert _others(layouts, *[LINE] * 4) == []


@pytest.mark.parametrize("size", [1, 2])
def test_no_other_line_has_the_layout(size: int) -> None:
    """Whatever bytes are replaced, at one place by any, or at two by those that mean something."""
    layouts = _layouts(LINE)
    values = [*range(256)] if size == 1 else [*b'"\\{}[]:, \t\r\n\x00\x7fx1-', 0x80, 0xFF]
    rng = random.Random(size)
    places = range(len(LINE)) if size == 1 else [rng.randrange(len(LINE)) for _ in range(8000)]
    plain = 0
    for place in places:
        for value in values if size == 1 else rng.sample(values, 5):
            line = bytearray(LINE)
            line[place] = value
            if size == 2:
                line[rng.randrange(len(LINE))] = rng.choice(values)
            changed = bytes(line)
            if (
                b'"body":' + MARK in changed
                and changed.count(MARK) == 1
                and not layouts.others(changed, 1)[1]
            ):
                plain += 1
                assert _is_record(changed), changed
    assert plain > 300


@pytest.mark.parametrize(
    "line",
    [
        LINE.replace(b'"1"', b"1"),  # 1 and 0 are numbers, 11 and 00 are not both
        LINE.replace(b'"1"', b"null"),
        LINE.replace(b'"1"', b"true"),
        LINE.replace(b'"1"', b"[-0]"),
        LINE.replace(b"5d-61", b"\\u00e9"),
        LINE.replace(b"5d-61", b'\\"'),
        LINE.replace(b"5d-61", "é".encode()),
        LINE.replace(MARK, b'"x"').replace(b'"empty":{}', b'"body":' + MARK),
        LINE.replace(b"5d-61", b"\x7f"),
        LINE.replace(b"empty", b"kind"),  # or body
        LINE.replace(b"empty", b"Elements"),  # or Messages
        LINE.replace(b"empty", b"entries"),  # or Records, which holds records
        LINE.replace(b"empty", b"rmqMessagesByQueu_"),
    ],
)
def test_only_lines_of_which_all_with_their_layout_are_records(line: bytes) -> None:
    assert _others(_layouts(line), line) == [line]


def test_short_names_of_other_objects_do_not_matter() -> None:
    line = LINE.replace(b"SenderId", b"Messages").replace(b'"x":[]', b'"body":"a"')
    assert _others(_layouts(line), line.replace(b"Messages", b"SenderId")) == []


def test_lines_that_only_end_like_the_others() -> None:
    layouts = _layouts(LINE)
    before = LINE.replace(b"\n", b"") + LINE
    assert _others(layouts, LINE, before) == [LINE, before]


@pytest.mark.parametrize(
    "imitation", [b'"kind":"\x7f0123456789abcdef"', b'"body":"\x7f0123456789abcdef"']
)
def test_a_line_that_imitates_a_mark(imitation: bytes) -> None:
    """There are as many marks as lines, but one has two and another none."""
    layouts = _layouts(LINE)
    like = LINE.replace(b'"body":' + MARK, imitation)
    double = LINE.replace(b'"empty":{}', b'"empty":{"body":%b}' % MARK)
    for lines in ([like, double], [double, like], [LINE, double, like, LINE]):
        others, _ = layouts.others(b"".join(lines), len(lines))
        assert like in others


@each_seed(20, thorough=200)
def test_what_is_left_are_all_lines_with_other_layouts(seed: int) -> None:
    rng = random.Random(seed)
    layouts = _layouts(LINE)
    for _ in range(20):
        lines = [
            line if rng.random() < 0.7 else line.replace(b"AIDA", b"A" * rng.randrange(9))
            for line in rng.choices(
                [LINE, OTHER, LINE.replace(b"5d-61", b"77-61")], k=rng.randrange(12)
            )
        ]
        others = _others(layouts, *lines)
        kept = iter(lines)
        assert all(line in kept for line in others)  # in their order
        assert all(map(_is_record, lines))
