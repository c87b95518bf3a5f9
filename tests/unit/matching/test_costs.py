"""The costs of hostile patterns and events, counted in executed lines of Python, not in seconds.

A case of four times the size may run about four times as many lines. What runs in C (decoding,
searching a string) counts as one line; `python -m benchmarks.hostile` measures that too.
"""

from __future__ import annotations

import json
import random
import sys
import threading
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from types import FrameType
from typing import Any

import lark
import pytest

import filterpatterns
from filterpatterns import PatternError, RecordError
from filterpatterns.engine.filter import _compiled
from tests.support.helpers import everywhere
from tests.support.paths import in_body

_COUNTED = (str(Path(filterpatterns.__file__).parent), str(Path(lark.__file__).parent))
_GENERATED = "<filterpatterns "


@lru_cache(maxsize=4096)
def _is_counted(file: str) -> bool:
    return file.startswith((*_COUNTED, _GENERATED))


def lines_run(ask: Callable[[], Any]) -> int:
    """How many lines of the package, of its parser and of generated code run until it answers."""
    count = 0

    def trace(frame: FrameType, event: str, argument: Any) -> Any:
        return count_line(frame, event, argument) if _is_counted(frame.f_code.co_filename) else None

    def count_line(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal count
        count += 1
        return count_line

    def run() -> None:
        sys.settrace(trace)
        ask()

    # A thread has its own trace function: that of a debugger, or of coverage, is left alone.
    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return count


def assert_linear(ask: Callable[[int], Callable[[], Any]], small: int) -> None:
    """Of four times the size, it takes about four times as many lines: seven at most, since longer
    texts are looked at once more (are they too deep?). What is quadratic takes sixteen."""
    counts = []
    for size in (small, 4 * small):
        asked = ask(size)
        asked()  # what is made once, is made
        counts.append(lines_run(asked))
    assert counts[1] <= 7 * counts[0] + 1000, (small, counts)


# ------------------------------------------------------------------------------------ events

ONE_OF_MANY = '{"i": {"a": [1], "b": [2]}}'
ABSENT_FIRST = '{"i": {"a": [{"exists": false}], "b": [2]}}'
LEAF_AND_BELOW = '{"i": [5], "i.a": [1, {"exists": false}]}'
TWO_ARRAYS = '{"i": {"j": {"a": [1]}, "k": {"a": [2]}}}'
DOTTED = '{"i": {"a.b": [1], "c": [2]}}'

# a pattern, and an event with so many of something, none of which satisfies it
EVENTS: dict[str, tuple[str, Callable[[int], Any]]] = {
    "objects in an array": (ONE_OF_MANY, lambda n: {"i": [{"a": 1}] * n}),
    "different objects": (ONE_OF_MANY, lambda n: {"i": [{"a": 1, "b": k + 3} for k in range(n)]}),
    "absent first": (
        ABSENT_FIRST,
        lambda n: {"i": [{"b": 2, "c": k} for k in range(n)] + [{"a": 1}]},
    ),
    "absent first, in arrays below": (
        '{"i": {"a": {"b": [{"exists": false}]}, "c": [2]}}',
        lambda n: {"i": [{"a": [{"x": k}, 5], "c": 2} for k in range(n)] + [{"a": [{"b": 1}]}]},
    ),
    "leaves and objects": (LEAF_AND_BELOW, lambda n: {"i": [{"a": 2}, 4] * n}),
    "arrays of arrays": (ONE_OF_MANY, lambda n: {"i": [[[{"a": 1}]], [[{"b": 2}]]] * n}),
    "leaves in arrays of arrays": (LEAF_AND_BELOW, lambda n: {"i": [[4, {"a": 2}]] * n}),
    "scalars": ('{"i": ["x", 5, {"prefix": "y"}]}', lambda n: {"i": [4, "z", None, True] * n}),
    "scalars in deep arrays": ('{"i": [5]}', lambda n: {"i": _nested(n, 4)}),
    "objects in deep arrays": (ONE_OF_MANY, lambda n: {"i": _nested(n, {"a": 1})}),
    "a leaf in deep arrays": (LEAF_AND_BELOW, lambda n: {"i": _nested(n, [4, {"a": 2}])}),
    "two arrays below": (
        TWO_ARRAYS,
        lambda n: {"i": [{"j": [{"a": 1}] * 10, "k": [{"a": 1}] * 10}] * (n // 10)},
    ),
    "names": ('{"a": [1], "b": {"c": [2]}}', lambda n: {f"n{k}": k for k in range(n)}),
    "names with dots": (
        '{"a": {"b": {"c": [1]}}}',
        lambda n: {f"a.{k}": 1 for k in range(n)} | {"a.b": {"x": 1}},
    ),
    "dotted spellings in an array": (DOTTED, lambda n: {"i": [{"a": {"b": 1}}, {"a.b": 1}] * n}),
    "different dotted spellings": (
        DOTTED,
        lambda n: {"i": [{"a": {"b": 1, "x": k}, "c": k + 3} for k in range(n)]},
    ),
    "dotted spellings in many arrays": (
        '{"i": {"a.b": [1]}}',
        lambda n: {"i": [{"a": [{"b": [2]}]} for _ in range(n)]},
    ),
    "long numbers": ('{"i": [1, {"numeric": ["<", 5]}]}', lambda n: {"i": [10**40] * n}),
    "addresses": ('{"i": [{"cidr": "10.0.0.0/8"}]}', lambda n: {"i": ["11.0.0.1", "::1"] * n}),
}


def test_an_explanation_walks_arrays_in_arrays_once() -> None:
    counts = []
    for levels in (10, 100):
        pattern = '{"a":' * levels + "[1]" + "}" * levels
        event: Any = [{"a": 2} for _ in range(1000)]
        for _ in range(levels - 1):
            event = [{"a": event}]
        compiled = filterpatterns.compile(pattern, source="event")
        counts.append(lines_run(lambda: compiled.explain(event[0])))  # noqa: B023
    assert counts[1] <= 2 * counts[0]


def test_an_explanation_spells_only_the_places_that_it_shows() -> None:
    compiled = filterpatterns.compile('{"a": {"b": [1], "c": [1]}}', source="event")
    counts = []
    for levels in (20, 200):
        array: Any = [{"b": number, "c": 2} for number in range(2, 1000)]
        for _ in range(levels):
            array = [array, [{"b": 1}]]
        event = {"a": array, "a.b": 5}
        assert "a[0][0]" in str(compiled.explain(event))
        counts.append(lines_run(lambda: compiled.explain(event)))  # noqa: B023
    # The search takes four lines for an element and a level; spelling its place takes as many.
    assert counts[1] - counts[0] < 5 * 180 * 1000


def test_a_search_for_many_rules_compares_none_with_each_other() -> None:
    fields = [f"p{number}" for number in range(6)]
    cover = {"a": {"b": {name: [1] for name in fields}}}
    event: dict[str, Any] = {"a": {"b": [{name: 1} for name in fields[::2]]}}
    event["a.b"] = [{name: 1, "x": 1} for name in fields]

    def ask(size: int) -> Callable[[], Any]:
        rules = filterpatterns.RuleSet(
            {str(n): {"$or": [cover, {"n": [n]}]} for n in range(size)}, source="event"
        )
        return lambda: rules.matching(event)

    assert_linear(ask, 60)


def _nested(levels: int, value: Any) -> Any:
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize("name", EVENTS)
def test_the_cost_of_an_event_is_linear_in_its_size(name: str) -> None:
    pattern, event = EVENTS[name]
    compiled = filterpatterns.compile(pattern, source="event")
    body = filterpatterns.compile(in_body(pattern))

    def evaluated(size: int) -> Callable[[], Any]:
        record = json.loads(json.dumps(event(size)))  # no two objects are the same one
        return lambda: compiled._engine.evaluate(record)

    def generated(size: int) -> Callable[[], Any]:
        record = json.loads(json.dumps(event(size)))
        return lambda: compiled.matches(record)

    def decoded(size: int) -> Callable[[], Any]:
        record = {"body": json.dumps(event(size))}
        return lambda: body.matches(record)

    assert compiled.matches(event(100)) is False
    for way in (evaluated, generated, decoded):
        assert_linear(way, 150)


@pytest.mark.parametrize("name", EVENTS)
def test_the_cost_of_a_text_that_msgspec_rejects_is_linear(name: str) -> None:
    """Half a surrogate pair sends it to the plain parser."""
    pattern, event = EVENTS[name]
    body = filterpatterns.compile(in_body(pattern))

    def carefully(size: int) -> Callable[[], Any]:
        record = {"body": json.dumps({"half": "\ud800", **event(size)})}
        return lambda: body.matches(record)

    assert_linear(carefully, 100)


NOT_JSON: dict[str, str] = {
    "open arrays": "[",
    "open objects": '{"a":',
    "quotes": '"',
    "backslashes": "\\",
    "quotes and backslashes": '\\"',
    "open strings": '["',
    "zeros": "0",
    "digits": "9",
    "escapes": "\\u0061",
    "commas": ",",
}


@pytest.mark.parametrize("name", NOT_JSON)
@pytest.mark.parametrize("start", ["", '{"a": ', '{"a": "'])
def test_the_cost_of_a_text_that_is_not_json_is_linear(name: str, start: str) -> None:
    body = filterpatterns.compile('{"body": {"a": [1]}}')

    def evaluated(size: int) -> Callable[[], Any]:
        record = {"body": start + NOT_JSON[name] * size}
        return lambda: body.matches(record)

    assert_linear(evaluated, 2_000)


def _set_cover(spellings: int, elements: int, fields: int) -> tuple[str, dict[str, Any]]:
    """One path in several spellings, each of which leads to an array of its own: which element of
    each to choose, so that together they have all fields, is a set cover. There is none."""
    chance = random.Random(1)
    names = [f"p{number:02}" for number in range(fields)]
    pattern = {"a": {"b": {"c": {"d": {name: [1] for name in names}}}}}
    event: dict[str, Any] = {}
    ways = ("a/b/c/d", "a.b/c/d", "a/b.c/d", "a/b/c.d", "a.b.c/d", "a/b.c.d", "a.b/c.d", "a.b.c.d")
    for way in ways[:spellings]:
        array = [
            {name: 1 for name in names[:-2] if chance.random() < 0.45} for _ in range(elements)
        ]
        if way == ways[0]:  # the last two are never together
            for number, element in enumerate(array):
                element[names[-2 + number % 2]] = 1
        place = event
        *outer, last = way.split("/")
        for name in outer:
            place = place.setdefault(name, {})
        place[last] = array
    return json.dumps(pattern), event


def test_an_endless_search_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    for size in ((2, 20, 12), (3, 8, 8)):
        pattern, event = _set_cover(*size)
        assert not everywhere(pattern, json.dumps(event))
    pattern, event = _set_cover(8, 50, 20)
    compiled = filterpatterns.compile(pattern, source="event")
    with pytest.raises(RecordError, match="too many ways"):
        compiled.matches(event)
    # The same with a budget that is spent sooner.
    monkeypatch.setattr("filterpatterns.matching.budget.MAX_SEARCH_STEPS", 100_000)
    for ask in (compiled.matches, compiled._engine.evaluate, compiled.verdict):
        with pytest.raises(RecordError, match="too many ways"):
            ask(event)
    assert compiled.mask([event], on_error="drop") == [False]
    compiled = filterpatterns.compile(pattern, source="auto")
    with pytest.raises(RecordError) as caught:
        compiled.mask([{"a": 1}, event])
    assert caught.value.index == 1


# ------------------------------------------------------------------------------------ patterns


def _filled(start: str, item: str, end: str, size: int, between: str = ",") -> str:
    made, number = start, 0
    while len(made) + len(item) + len(end) + 6 < size:
        made += (between if number else "") + item.replace("#", str(number))
        number += 1
    return made + end


PATTERNS: dict[str, Callable[[int], str]] = {
    "strings": lambda size: _filled('{"a":[', '"s#"', "]}", size),
    "numbers": lambda size: _filled('{"a":[', "#.5", "]}", size),
    "one field, many rules": lambda size: _filled('{"a":[', '{"prefix":"s#"}', "]}", size),
    "excluded strings": lambda size: _filled('{"a":[{"anything-but":[', '"s#"', "]}]}", size),
    "excluded wildcards": lambda size: _filled(
        '{"a":[{"anything-but":{"wildcard":[', '"*#*"', "]}}]}", size
    ),
    "fields": lambda size: _filled("{", '"f#":[#]', "}", size),
    "optional fields": lambda size: _filled("{", '"f#":[{"exists":false},1]', "}", size),
    "alternatives": lambda size: _filled('{"$or":[', '{"f#":[#]}', "]}", size),
    "alternatives for one field": lambda size: _filled('{"$or":[', '{"a":[#]}', "]}", size),
    "repeated names": lambda size: _filled("{", '"a":[#]', "}", size),
    "wildcard": lambda size: '{"a":[{"wildcard":"' + "*a" * (size // 2 - 20) + '"}]}',
    "a long name": lambda size: '{"' + "x" * (size - 20) + '":[1]}',
    "a dotted name": lambda size: '{"' + "a." * (size // 2 - 20) + 'a":[1],"b":[2]}',
    "escapes": lambda size: '{"' + "\\u0061" * (size // 6 - 4) + '":[1]}',
    "spaces": lambda size: '{"a":' + " " * (size - 20) + "[1]}",
    "addresses": lambda size: _filled('{"a":[', '"10.0.0.#"', "]}", size),
    "long numbers": lambda size: _filled('{"a":[', "1" * 90, "]}", size),
    "one long number": lambda size: '{"a":[' + "1" * (size - 20) + "]}",
    "ignoring case": lambda size: '{"a":[{"equals-ignore-case":"' + "ß" * (size - 50) + '"}]}',
    "mistakes": lambda size: _filled('{"a":[', '{"prefix":#}', "]}", size),
    "mistakes in many fields": lambda size: _filled("{", '"f#":"x"', "}", size),
    "an open string": lambda size: '{"a":["' + 'x\\"' * (size // 3 - 10),
    "open objects": lambda size: '{"a":' * min(199, size // 5),
    "text after the pattern": lambda size: '{"a":[1]}' + " }" * (size // 2 - 20),
    "quotes": lambda size: '"' * size,
}


@pytest.mark.parametrize("name", PATTERNS)
def test_the_cost_of_a_pattern_is_linear_in_its_length(name: str) -> None:
    def compiled(size: int) -> Callable[[], Any]:
        pattern = PATTERNS[name](size)
        assert len(pattern) <= 4096

        def ask() -> None:
            _compiled.clear()
            try:
                made = filterpatterns.compile(pattern, source="event")
            except PatternError as error:
                str(error)
                return
            made.matches({"a": "b"})
            made.matches('{"a": "b"}')

        return ask

    assert_linear(compiled, 1_000)
