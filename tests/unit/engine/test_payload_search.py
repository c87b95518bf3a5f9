"""Evaluating the payloads of blocks together does not change the results."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable
from itertools import permutations
from typing import Any

import pytest

import filterpatterns
from filterpatterns.cli.evaluation import counting, units
from filterpatterns.cli.io import lines
from filterpatterns.cli.io.slices import FileSlice
from filterpatterns.engine import payload_search
from filterpatterns.engine.line_search import SCHEDULE
from filterpatterns.engine.payload_search import Library, PayloadSearch
from tests.support.nasty_files import nasty_file
from tests.support.paths import THOROUGH, AlwaysSearch
from tests.support.seeds import each_seed

PATTERNS: dict[str, Any] = {
    "value": {"body": {"k": ["refunded"]}},
    "range": {"body": {"n": [{"numeric": [">", 5]}]}},
    "number": {"body": {"n": [300]}},
    "more than a range": {
        "body": {
            "n": [{"numeric": [">", 5]}],
            "k": [{"exists": False}],
            "a.b": [{"numeric": [">", 1]}],
        }
    },
    "in arrays": {"body": {"i": {"n": [{"numeric": [">=", 5]}], "m": [{"numeric": ["<", 5]}]}}},
    "either": {
        "body": {"$or": [{"n": [{"numeric": [">", 5]}]}, {"i": {"n": [{"numeric": ["=", 1]}]}}]}
    },
}


def _split(text: bytes, end: bytes, *, keepseparator: bool = False) -> list[bytes]:
    parts = text.split(end)
    return [part + end for part in parts[:-1]] + parts[-1:] if keepseparator else parts


SLOW_LIBRARY = Library(bytes, bytes.translate, _split)


@pytest.fixture(autouse=True)
def slow_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bytes have what a search needs, only slower."""
    monkeypatch.setattr(payload_search, "_fast_library", lambda: SLOW_LIBRARY)


class Runs:
    """The results of a search's runs."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.found: list[bool] = []
        run = PayloadSearch.run

        def noted(search: PayloadSearch, block: bytes) -> Any:
            found = run(search, block)
            self.found.append(found is not None)
            return found

        monkeypatch.setattr(PayloadSearch, "run", noted)


def _search(pattern: Any) -> PayloadSearch:
    found = payload_search.with_formats(filterpatterns.compile(pattern)._engine)
    assert found is not None
    found.tuner = AlwaysSearch(SCHEDULE)
    return found


class Blocks:
    """A stream of these blocks."""

    is_plain, problem, position, buffer_size = True, None, 0, 1

    def __init__(self, blocks: list[bytes]) -> None:
        self._blocks = [*blocks, b""]

    def read_block(self, _longest: Any) -> bytes:
        return self._blocks.pop(0)

    def __enter__(self) -> Blocks:
        return self

    def __exit__(self, *_: object) -> None:
        pass


def _counted(pattern: Any, blocks: list[bytes], search: PayloadSearch | None) -> Any:
    counter = counting._of_reasons(filterpatterns.compile(pattern), False)
    counter._matcher.search = search
    parts: list[Any] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(units, "open_unit", lambda _unit, _before_read: Blocks(blocks))
        end = counter.run(FileSlice("file", 0, 1), parts.append)
    reasons: dict[str, int] = {}
    for part in parts:
        for words, count in part.dropped.items():
            reasons[words] = reasons.get(words, 0) + count
    firsts = [part.first for part in parts if part.first is not None]
    problems = [problem for part in parts for problem in part.problems]
    return sum(part.matched for part in parts), list(reasons.items()), firsts[:1], problems, end


def _kept(pattern: Any, blocks: list[bytes], search: PayloadSearch | None) -> Any:
    matcher = lines.LineMatcher(filterpatterns.compile(pattern), drops=False)
    matcher.search = search
    found = lines.LineFilter(matcher, "file", json_lines=True)
    found.run(Blocks(blocks).read_block)
    return found.outcome, found.counts


def _same(pattern: Any, blocks: list[bytes]) -> Any:
    wanted = _counted(pattern, blocks, None)
    assert _counted(pattern, blocks, _search(pattern)) == wanted
    assert _kept(pattern, blocks, _search(pattern)) == _kept(pattern, blocks, None)
    return wanted


def _in_blocks(data: bytes, size: int) -> list[bytes]:
    """Blocks of so many lines."""
    found = [line + b"\n" for line in data.removesuffix(b"\n").split(b"\n")]
    return [b"".join(found[start : start + size]) for start in range(0, len(found), size)]


def _body(rng: random.Random) -> str:
    number = rng.choice([5, 6, -1, 5.5, 300, 3e2, 10**30, 37.807807921694092, True, None, "7"])
    body: dict[str, Any] = {"k": rng.choice(["refunded", "open", "é", "a b ", ""]), "n": number}
    if rng.random() < 0.3:
        body["i"] = [{"n": number, "m": 1}, {"m": number}, rng.choice([1, {}, [{"n": 9}]])]
    if rng.random() < 0.2:
        body["a"] = {"b": number}
    if rng.random() < 0.1:
        del body["k"]
    return json.dumps(
        body, ensure_ascii=rng.random() < 0.1, separators=rng.choice([(",", ":"), None])
    )


ODD_BODIES = [
    "{}",
    "hello",
    "refunded",
    "",
    " ",
    "[1]",
    "5",
    "true",
    "\ufeff{}",
    '"text"',
    "{}{}",
    "{},{}",
    '{},"x":{}',
    '{"n":9},"x":{"n":9}',
    '{"n":9}],"x":[{"n":9}',
    '{"a":1,',
    ":2}",
    '{"a":[{}',
    "{}]}",
    '{"a":"}',
    '{":1}',
    '{"n": 9',
    '{"n": 09}',
    '{"n": 1e999}',
    '{"n": "9}',
    '{"k": "a\\"refunded"}',
    '{"k": "refunde\\u0064"}',
    '{"k": "line\\nfeed"}',
    '{"k": "tab\there"}',
    '{\n"n": 9\n}',
    '{\t"n": 9}',
    '{"n": 9}\\',
    "{" + "}",
    "[" * 1100 + "]" * 1100,
    '{"n":' + "[" * 1100 + "]" * 1100 + "}",
    '{"n": 9, "n": 1}',
    '{"n ": 9}',
    '{"a.b": 9, "n": 9}',
    "\x00",
    "nothing",
    "False",
]
ODD_LINES = [
    "",
    " ",
    "5",
    "{}",
    "[]",
    "{broken",
    '{"body":"{\\"n\\":9}"',
    '{"body":"{"n":9}","attributes":{}}',
    '{\\"body":"{\\"n\\":9}","attributes":{}}',
    '{"body":"{\\"n\\":9}","attributes":{}',
    '{"body":"{\t}","attributes":{}}',
    '{"body":"{\\"n\\":9}","attributes":{}} {"body":"{\\"n\\":9}","attributes":{}}',
    '{"x":{"body":"{\\"n\\":9}","attributes":{}},"body":"{}","attributes":{}}',
    '{"x":{"body":"{\\"n\\":9}","attributes":{}},"body" :"hello"}',
    '{"x":{"body":"{\\"n\\":9}","attributes":{}}}',
    '{"body":"{\\"n\\":9}","attributes":{},"body":"{}"}',
    '{"body":"{}","body":"{\\"n\\":9}","attributes":{}}',
    '{"body":"hello","body":"{\\"n\\":9}","attributes":{}}',
    '{"body":{"n":9},"attributes":{}}',
    '{"body":5,"attributes":{}}',
    '{"body":null}',
    '{"Body":"{\\"n\\":9}","MessageId":"1"}',
    '{"b\\u006fdy":"{\\"n\\":9}","attributes":{}}',
    '{"attributes":{},"body":"{\\"n\\":9}"}',
    '{"Records":[{"body":"{\\"n\\":9}"}]}',
    '{"body":"{\\"n\\":9}","attributes":{"a":"x \\"y\\" z"}}',
    '{"body":"{\\"n\\":9}","attributes":' + "[" * 1100 + "]" * 1100 + "}",
    '"body":"',
    '","attributes":',
]


def _line(body: str, end: str = "\n") -> str:
    record = {"messageId": "1", "body": body, "attributes": {"a": "1"}}
    return json.dumps(record, separators=(",", ":"), ensure_ascii=False) + end


def _lines(rng: random.Random, odd: float) -> Iterable[str]:
    yield _line("{}")
    ids = rng.choice(["12", ["1", "2", "12", "a b", "-"], ["1", "", "é", '\\"', "\\u0031", "{}"]])
    for _ in range(300):
        draw = rng.random()
        line = _line(rng.choice(ODD_BODIES) if draw < odd else _body(rng))
        if draw < odd / 2:
            line = rng.choice(ODD_LINES) + "\n"
        yield line.replace('"messageId":"1"', f'"messageId":"{rng.choice(ids)}"')


@pytest.mark.parametrize("pattern", PATTERNS.values(), ids=PATTERNS.keys())
@each_seed(6, thorough=36)
def test_all_kinds_of_lines(seed: int, pattern: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = random.Random(seed)
    runs = Runs(monkeypatch)
    data = "".join(_lines(rng, rng.choice([0, 0.01, 0.1, 0.5]))).encode()
    if rng.random() < 0.2:
        data = data.replace(b"\n", b"\r\n")
    _same(pattern, _in_blocks(data, rng.choice([1, 3, 40, 1000])))
    _same(pattern, _in_blocks(data, 2))
    assert sum(runs.found) > 10


SEEN = [_line('{"k":"open","n":1}').encode(), _line("hello").encode()]
"""Blocks after which the order of these two reasons is known."""


@pytest.mark.properties
@pytest.mark.parametrize("pattern", [PATTERNS["value"], PATTERNS["range"]])
@pytest.mark.parametrize("first", [*ODD_LINES, *map(_line, ODD_BODIES)])
def test_one_odd_line_among_others(first: str, pattern: Any) -> None:
    """Also next to others that might make up for it."""
    plain, text = SEEN[0] * 3, SEEN[1]
    odd = [
        line.removesuffix("\n").encode() + b"\n" for line in [*ODD_LINES, *map(_line, ODD_BODIES)]
    ]
    given = first.removesuffix("\n").encode() + b"\n"
    _same(pattern, [*SEEN, plain + given + plain, plain + text + given, given, given + text])
    rng = random.Random(first)
    for second in odd if THOROUGH else rng.sample(odd, 8):
        third = rng.choice(odd)
        blocks = [given + second, plain + given + second + third + plain, text + second + given]
        _same(pattern, [*SEEN, *blocks])


@pytest.mark.parametrize(
    "bodies",
    [
        ['{"a":', "{}}", "{}{}"],
        ['{"a":[{}', "{}]}", "{}{}"],
        ['{"a":1,', "{}{}{}", ":2}"],
        ["{} ", "{}{}", ""],
        ["{", "{}{}", "}"],
    ],
)
def test_payloads_cannot_make_up_for_each_other(bodies: list[str]) -> None:
    for pattern in (PATTERNS["value"], PATTERNS["range"]):
        for order in permutations(bodies):
            block = "".join(map(_line, order)).encode()
            _same(pattern, [*SEEN, block, SEEN[0] + block + SEEN[0], SEEN[1] + block])


def test_lines_that_are_not_utf_8() -> None:
    """In a name, in the payload, in another value, and where the payload was."""
    line = _line('{"k":"open","n":1}').encode()
    for old, new in (
        (b'"k', b'"\xff'),
        (b"open", b"\xc3("),
        (b'"1"', b'"\xff"'),
        (b'"messageId":"1"', b'"body" :"\xff"'),
    ):
        found = _same(PATTERNS["range"], [*SEEN, line + line.replace(old, new) + line])
        assert len(found[3]) == 1
        assert "not UTF-8" in found[3][0].message


@each_seed(15, thorough=90)
def test_lines_that_are_not_records_have_the_same_result(seed: int) -> None:
    data = nasty_file(seed)
    found = [
        line if n % 5 == 0 else _line(line.decode(errors="replace"), "").encode()
        for n, line in enumerate([b'{"body": "{}"}', *data.split(b"\n")])
    ]
    for pattern in ({"body": {"k": ["xyz"]}}, PATTERNS["range"]):
        _same(pattern, _in_blocks(b"\n".join(found), 7))


LAYOUTS = {
    "compact": lambda body: json.dumps({"body": body, "x": 1}, separators=(",", ":")),
    "spaces": lambda body: json.dumps({"id": "1", "body": body, "x": 1}),
    "last": lambda body: json.dumps({"id": "1", "body": body}),
    "alone": lambda body: json.dumps({"body": body}, separators=(",", ":")),
}


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_payloads_are_found_wherever_they_are_in_a_line(
    layout: str, end: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = Runs(monkeypatch)
    bodies = [json.dumps({"k": "refunded" if n % 7 == 0 else "open", "n": n}) for n in range(70)]
    data = "".join(LAYOUTS[layout](body) + end for body in bodies)
    for pattern, count in ((PATTERNS["value"], 10), (PATTERNS["range"], 64)):
        found = _same(pattern, _in_blocks(data.encode(), 7))
        assert found[0] == count
        assert found[1] == [("no match", 70 - count)]
    assert all(runs.found)


def test_formats_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """All of one kind, and mixed; the reasons are in the order of the file."""
    runs = Runs(monkeypatch)
    text, json_text = _line("hello"), _line('{"k": "open", "n": 1}')
    json_words, text_words = "no match", "body is a plain string, but the pattern expects JSON"
    for pattern in (PATTERNS["value"], PATTERNS["range"]):
        found = _same(pattern, _in_blocks((text * 50).encode(), 7))
        assert found[1] == [(text_words, 50)]
        assert found[2] == [text]
        found = _same(pattern, _in_blocks((json_text * 50 + text * 60).encode(), 10))
        assert found[1] == [(json_words, 50), (text_words, 60)]
        found = _same(pattern, _in_blocks(((text + json_text) * 60).encode(), 7))
        assert found[1] == [(text_words, 60), (json_words, 60)]
        assert found[2] == [text]
    assert all(runs.found)


@pytest.mark.parametrize("body", ['{"k": "refunded', "{", "{} x", '{"k": 1} ', '{"k": 1}}', "[1"])
def test_payloads_that_only_look_like_json_are_counted(
    body: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = Runs(monkeypatch)
    other, hit = _line('{"k": "open", "n": 1}'), _line('{"k": "refunded", "n": 1}')
    data = (_line(body) * 3 + (other + _line(body) + _line("hello") + other + hit) * 60).encode()
    for pattern in (PATTERNS["value"], PATTERNS["range"]):
        reasons = dict(_same(pattern, _in_blocks(data, 10))[1])
        words = "body is not valid JSON, so it is a plain string, but the pattern expects JSON"
        assert reasons.get(words, 0) == (0 if body == '{"k": 1} ' else 63)
    assert any(runs.found)


def test_payloads_are_left_alone_if_more_than_json_decides() -> None:
    for pattern in (
        {"body": {"k": ["refunded"]}, "messageId": ["1"]},
        {"body": ["refunded"]},
        {"$or": [{"body": {"n": [1]}}, {"body": ["hello"]}]},
        {"messageId": ["1"]},
        {"body": {"k": [{"anything-but": "x"}]}},
        {"body": {"n": [{"numeric": [">", 1]}, "x"]}},
        {"body": {"n": [{"exists": False}]}},
    ):
        engine = filterpatterns.compile(pattern)._engine
        assert payload_search.with_formats(engine) is None, pattern
    for source in ("kinesis", "mq", "auto", "event"):
        key = "k" if source == "event" else "data"
        compiled = filterpatterns.compile({key: {"n": [{"numeric": [">", 1]}]}}, source=source)
        assert payload_search.with_formats(compiled._engine) is None, source
