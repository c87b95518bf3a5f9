"""Searching blocks of lines before decoding does not change the results."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

import filterpatterns
from filterpatterns.cli.io.lines import Counts, LineFilter, LineMatcher, Outcome
from filterpatterns.engine import line_search
from filterpatterns.engine.line_search import SCHEDULE, LineSearch
from filterpatterns.engine.tuning import Tuner
from tests.support.nasty_files import nasty_file
from tests.support.paths import searching
from tests.support.seeds import each_seed

PATTERN = {"body": {"k": ["x/ł", "refunded"]}}


def _run(matcher: LineMatcher, data: bytes, size: int) -> tuple[Outcome, Counts]:
    lines = data.splitlines(keepends=True) if b"\r" not in data else data.split(b"\n")
    if b"\r" in data:
        lines = [line + b"\n" for line in lines]
    found = LineFilter(matcher, "file", json_lines=True)
    blocks = [b"".join(lines[start : start + size]) for start in range(0, len(lines), size)] + [b""]
    found.run(lambda _longest: blocks.pop(0))
    return found.outcome, found.counts


def _same(pattern: Any, data: bytes, size: int) -> Outcome:
    compiled = filterpatterns.compile(pattern)
    searched = searching(compiled)
    assert searched is not None
    plain = LineMatcher(compiled, drops=False)
    plain.search = None
    wanted = _run(plain, data, size)
    assert _run(searched, data, size) == wanted
    return wanted[0]


def _spelled(rng: random.Random, text: str) -> str:
    """The inside of a JSON string, any of its characters escaped."""
    found = ""
    for char in text:
        plain = json.dumps(char, ensure_ascii=False)[1:-1]
        escaped = [f"\\u{ord(char):04x}", f"\\u{ord(char):04X}"]
        if char == "/":
            escaped.append("\\/")
        found += plain if rng.random() < 0.9 else rng.choice(escaped)
    return found


def _line(rng: random.Random) -> str:
    value = rng.choice(["refunded", "x/ł", "refund", "open", "paid", "re\\funded", 'x"/ł', "x/e"])
    key = rng.choice(["k", "k", "k", "n"])
    body = f'{{"a": [1, "é"], "{_spelled(rng, key)}": "{_spelled(rng, value)}"}}'
    body = rng.choice([body, body, body, body, body[:-1], value, f"[{body}]"])
    name = rng.choice([*["body"] * 40, "b\\u006fdy", "Body", "data"])
    line = f'{{"messageId": "1", "{name}": "{_spelled(rng, body)}"}}'
    draw = rng.random()
    if draw < 0.02:
        return rng.choice([line[:-1], "", " ", "{}", "5", line + line, f"[{line}]", " " + line])
    if draw < 0.03:
        return f'{{"messageId": "1", "body": {body if body[0] in "[{" else 5}}}'
    return line


@each_seed(20, thorough=200)
def test_a_search_finds_the_matching_lines(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """However a record spells it, and whatever stands around it."""
    rng = random.Random(seed)
    end = rng.choice(["\n", "\n", "\r\n"])
    first = '{"body": "{}"}'
    lines = [first, *(_line(rng) for _ in range(400))]
    pattern = rng.choice([PATTERN, {"body": {"k": [{"prefix": "refund"}, {"suffix": "/ł"}]}}])
    size = rng.choice([1, 3, 10])
    searches: list[bool] = []
    run = LineSearch.run

    def noted(search: LineSearch, block: bytes) -> Any:
        found = run(search, block)
        searches.append(found is not None)
        return found

    monkeypatch.setattr(LineSearch, "run", noted)
    outcome = _same(pattern, end.join([*lines, ""]).encode(), size)
    assert len(outcome.kept) > 30
    assert sum(searches) > len(searches) // 4


@each_seed(20, thorough=200)
def test_lines_that_are_not_records_have_the_same_result(seed: int) -> None:
    data = nasty_file(seed)
    lines = [
        line if n % 5 == 0 else json.dumps({"body": line.decode(errors="replace")}).encode()
        for n, line in enumerate([b'{"body": "{}"}', *data.split(b"\n")])
    ]
    _same({"body": {"k": ["x"]}}, b"\n".join(lines) + b"\n", 7)


def test_an_error_in_a_line_has_its_number() -> None:
    hit = json.dumps({"body": '{"k": "refunded"}'}) + "\n"
    deep = '{"body": "refunded", "n": ' + "[" * 1100 + "]" * 1100 + "}\n"
    text = [hit, hit.replace("refunded", "open") * 3, deep, "{broken}\n", hit]
    outcome = _same(PATTERN, "".join(text).encode(), 100)
    assert [problem.line for problem in outcome.problems] == [5, 6]
    assert outcome.kept == [hit.encode()] * 2


def test_two_records_in_a_line_are_two_records() -> None:
    """As many as there are lines, with the blank one."""
    hit = json.dumps({"body": '{"k": "refunded"}'})
    outcome = _same(PATTERN, f'{{"body": "{{}}"}}\n{hit} {hit}\n\n{hit}\n'.encode(), 4)
    assert outcome.kept == [f"{hit}\n".encode()] * 3


def test_a_line_nested_too_deep_is_not_a_record_even_if_the_search_fails() -> None:
    clean = json.dumps({"body": "{}", "n": "y" * 500}) + "\n"
    deep = '{"body": "open", "n": ' + "[" * 1100 + "]" * 1100 + "}\n"
    outcome = _same(PATTERN, (clean * 30 + deep + clean * 30).encode(), 61)
    assert [problem.line for problem in outcome.problems] == [31]


def test_lines_are_not_searched_for_texts_that_a_match_may_lack() -> None:
    for pattern in (
        {"body": {"k": [{"numeric": [">", 1]}]}},
        {"body": {"k": ['"']}},  # has an escape in any case
        {"body": {"k": ["refunded", 'a"b']}},
        {"body": {"k": [{"exists": False}, "x"]}},
        {"body": {"k": ["refunded"]}, "messageId": ["1"]},
        {"body": ["refunded"]},
    ):
        assert searching(filterpatterns.compile(pattern)) is None, pattern


def test_without_a_fast_library_there_is_no_search(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = filterpatterns.compile(PATTERN)._engine
    monkeypatch.setattr(line_search, "FAST_LIBRARY", None)
    assert line_search.of(engine) is None


@pytest.mark.parametrize("faster", [True, False])
def test_the_faster_way_is_taken(faster: bool) -> None:
    tuner = Tuner(SCHEDULE)
    asked = []
    for _ in range(100):
        plan = tuner.plan
        asked.append(plan.look)
        tuner.took(plan, 1.0 if plan.look is faster else 2.0, 1 << 16)
    assert asked[:4] == [True, False, True, False]
    assert asked[12:] == [faster] * 88
    tuner.took(tuner.plan, 1.0, 1 << 30)
    assert tuner.plan.look  # it is tried again
