"""What explanations cost: they share work with the verdict, and walk a record once more."""

from __future__ import annotations

import gc
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

import filterpatterns
from filterpatterns.explain import choice, searched
from filterpatterns.explain.outcomes import indexed, spelt
from filterpatterns.explain.searched import _runs
from filterpatterns.jsontext import decoding
from filterpatterns.jsontext.python_values import flatten
from filterpatterns.matching.lookup.column import Column
from filterpatterns.matching.match_tree import FieldTest
from filterpatterns.matching.places import holding
from tests.unit.matching.test_costs import lines_run

_TWO = '{"body": {"i": {"a": [1], "b": [2]}}}'
_DOTTED = '{"body": {"a": {"b": [1], "c": [1]}}}'


def _calls(monkeypatch: pytest.MonkeyPatch, module: Any, name: str) -> list[tuple[Any, ...]]:
    """Return a list that gets the arguments of each call of a function from now on."""
    function = getattr(module, name)
    calls: list[tuple[Any, ...]] = []

    def called(*arguments: Any) -> Any:
        calls.append(arguments)
        return function(*arguments)

    monkeypatch.setattr(module, name, called)
    return calls


def _in_arrays(levels: int, value: str, times: int) -> str:
    return ",".join(["[" * levels + value + "]" * levels] * times)


@pytest.mark.parametrize(
    "body",
    [
        '{"i": [' + _in_arrays(300, "", 10) + "]}",
        '{"i": [' + ",".join(['{"a": 1}'] * 500) + "]}",
        "[1, 2",
        '{"a": [{"b": 2}], "a.b": 5}',
    ],
)
@pytest.mark.parametrize("pattern", [_TWO, _DOTTED])
def test_an_explanation_parses_a_record_once(
    monkeypatch: pytest.MonkeyPatch, pattern: str, body: str
) -> None:
    parsed = _calls(monkeypatch, decoding, "parse")
    compiled = filterpatterns.compile(pattern)
    compiled.explain({"body": body})
    assert [text for (text,) in parsed] == [body]
    parsed.clear()
    record = json.dumps({"body": body})
    compiled.explain(record)
    assert [text for (text,) in parsed] == [record, body]


@pytest.mark.parametrize("b", [1, 2])
def test_an_explanation_gathers_a_record_with_several_spellings_once(
    monkeypatch: pytest.MonkeyPatch, b: int
) -> None:
    gathered = _calls(monkeypatch, holding, "gather")
    body = {"a": [{"b": b, "c": 1}, {"b": 3}], "a.b": 5}
    explanation = filterpatterns.compile(_DOTTED).explain({"body": json.dumps(body)})
    assert explanation.kept is (b == 1)
    assert len(gathered) == 1


_RULES = json.dumps(
    [{"anything-but": {"wildcard": ["a*", *(f"*a*{number}*z*" for number in range(50))]}}]
)


@pytest.mark.parametrize(
    ("pattern", "item"),
    [
        (f'{{"body": {{"i": {_RULES}}}}}', '"a#y"'),
        (f'{{"body": {{"i": {{"a": {_RULES}}}}}}}', '{"a": "a#y"}'),
        (f'{{"body": {{"i": {{"a": {_RULES}, "b": [1]}}}}}}', '{"a": "b#y", "b": 2}'),
        (f'{{"body": {{"i": {{"a": {_RULES}, "b": [1]}}}}}}', '{"a": "b#y", "i.b": #, "b": 2}'),
    ],
)
def test_an_explanation_looks_no_value_up_again(
    monkeypatch: pytest.MonkeyPatch, pattern: str, item: str
) -> None:
    looked_up = _calls(monkeypatch, Column, "passing")
    compiled = filterpatterns.compile(pattern)
    items = ",".join(item.replace("#", str(number)) for number in range(300))
    explanation = compiled.explain({"body": f'{{"i": [{items}]}}'})
    assert not explanation.kept
    assert sum(len(leaves) for _, leaves, *_ in looked_up) == 300


def test_an_explanation_weighs_a_test_once(monkeypatch: pytest.MonkeyPatch) -> None:
    items = [{"a": f"a{number}y"} for number in range(300)]
    compiled = filterpatterns.compile(f'{{"i": {{"a": {_RULES}}}}}', source="event")
    compiled.explain({"i": items})
    weighed = _calls(monkeypatch, FieldTest, "weight")
    assert not compiled.explain({"i": items}).kept
    assert len(weighed) < 10


def test_an_explanation_of_alternatives_looks_no_value_up_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    either = ",".join(f'{{"a": [{{"wildcard": "*a{number}*y*z"}}]}}' for number in range(100))
    compiled = filterpatterns.compile(f'{{"i": {{"$or": [{either}]}}}}', source="event")
    items = [{"a": f"a{number}y"} for number in range(1000)]
    looked_up = _calls(monkeypatch, Column, "passing")
    assert not compiled.explain({"i": items}).kept
    assert sum(len(leaves) for _, leaves, *_ in looked_up) == 1000


def test_positions_of_a_search_leave_the_garbage_collector_alone() -> None:
    array = json.loads(f"[{_in_arrays(900, '', 40)}]")
    assert _collections(iter(_runs("i", array) for _ in range(1))) <= 2


def test_arrays_with_leaves_and_elements_leave_little_garbage() -> None:
    compiled = filterpatterns.compile('{"i": [5], "i.a": [1]}', source="event")
    record = {"i": json.loads("[" + ",".join(["[4," * 900 + '{"a":2}' + "]" * 900] * 40) + "]")}
    assert not compiled._engine.evaluate(record)
    assert _collections(iter(compiled._engine.evaluate(record) for _ in range(1))) <= 5


def test_an_explanation_walks_a_large_array_once(monkeypatch: pytest.MonkeyPatch) -> None:
    walked = _calls(monkeypatch, choice, "indexed")
    compiled = filterpatterns.compile(_TWO)
    for items in (_in_arrays(300, "", 2), ",".join(["5"] * 300), ",".join(['{"a": 1}'] * 300)):
        walked.clear()
        explanation = compiled.explain({"body": f'{{"i": [{items}]}}'})
        assert not explanation.kept
        assert len(walked) == 1


def test_an_explanation_of_arrays_in_arrays_runs_few_more_lines_than_the_verdict() -> None:
    compiled = filterpatterns.compile(_TWO)
    record = {"body": '{"i": [' + _in_arrays(300, "", 20) + "]}"}
    compiled.explain(record)
    verdict = lines_run(lambda: compiled._engine.evaluate(record))
    assert lines_run(lambda: compiled.explain(record)) < 2.8 * verdict


def _collections(items: Iterator[Any]) -> int:
    """How often garbage is collected while items are yielded."""
    phases: list[str] = []

    def note(phase: str, info: dict[str, int]) -> None:
        phases.append(phase)

    thresholds, is_enabled = gc.get_threshold(), gc.isenabled()
    gc.collect()
    gc.callbacks.append(note)
    gc.set_threshold(700, 10, 10)
    gc.enable()
    try:
        for _ in items:
            pass
    finally:
        gc.callbacks.remove(note)
        gc.set_threshold(*thresholds)
        if not is_enabled:
            gc.disable()
    return phases.count("start")


def test_positions_leave_the_garbage_collector_alone() -> None:
    """An object for each array around, on each of many ways in, would be counted as one more that
    may be garbage."""
    array = json.loads(f"[{_in_arrays(900, '', 40)}]")
    assert _collections(indexed(array, "i")) <= 2


@pytest.mark.parametrize(
    "text",
    [
        "[[1, 2], 3, [[], [4, [5]]], 6]",
        "[]",
        "[[], [[]]]",
        "[[[[7]]], 8, [[9, {}], 10]]",
        '[1, [2, [3], 4], [[["x"]], 5]]',
    ],
)
def test_positions_say_where_an_item_is(text: str) -> None:
    array = json.loads(text)
    seen: set[int] = set()
    found = list(indexed(array, "i", seen))
    assert [item for _, item in found] == list(flatten(array))
    for place, item in found:
        at = array
        for index in re.findall(r"\d+", spelt(place)):
            at = at[int(index)]
        assert at is item
    assert len(seen) == text.count("[")


def test_an_array_that_is_met_again_adds_nothing() -> None:
    inner = [1]
    array: list[Any] = [inner, (inner, 2), inner]
    array.append(array)
    assert [(spelt(place), item) for place, item in indexed(array, "i")] == [
        ("i[0][0]", 1),
        ("i[1][1]", 2),
    ]


@pytest.mark.parametrize("value", [1, 2])
@pytest.mark.parametrize("pattern", ['{"i": [5], "i.a": [1]}', '{"i": [5], "i.a": [1], "z": [1]}'])
def test_arrays_beyond_a_number_are_not_told_apart(
    pattern: str, value: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    searched_values = _calls(monkeypatch, searched, "search")
    compiled = filterpatterns.compile(pattern, source="event")
    event = {"i": [[[[5, {"a": value}]]]], "z": 1}
    before = compiled.explain(event)
    assert len(searched_values) == 1
    monkeypatch.setattr(searched, "_MOST_ARRAYS", 3)
    after = compiled.explain(event)
    assert len(searched_values) == 1
    assert after.kept is before.kept is compiled.matches(event)
    assert "too many positions to explain" in str(after)
    without_rules_above = filterpatterns.compile('{"i": {"a": [1]}, "i.b": [1]}', source="event")
    assert "too many" not in str(without_rules_above.explain(event))


def test_an_explanation_blames_no_field_when_a_search_gave_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(searched, "_MOST_ARRAYS", 3)
    compiled = filterpatterns.compile('{"i": [5], "i.a": [1], "z": [1]}', source="event")
    words = "not evaluated: too many positions to explain"
    assert str(compiled.explain({"i": [[[[6, {"a": 1}]]]], "z": 1})).splitlines() == [
        "✗ dropped: no match",
        f"  · i: {words}; expected 5",
        f"  · i.a: {words}; expected 1",
        f"  · z: {words}; expected 1",
    ]
    kept = compiled.explain({"i": [[[[5, {"a": 1}]]]], "z": 1})
    assert [node.satisfied for node in kept.filters[0].combinations[0].nodes] == [True] * 3


def test_deep_arrays_with_leaves_and_objects_are_counted_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compiled = filterpatterns.compile('{"i": [5], "i.a": [1]}', source="event")

    def lines(count: int) -> int:
        event = json.loads('{"i": [' + "[4, " * 900 + '{"a": 2}' + "]" * 900 + "]}")
        event["i"] *= count
        event["i"] = json.loads(json.dumps(event["i"]))
        return lines_run(lambda: compiled.explain(event)) / count

    told_apart = lines(3)
    monkeypatch.setattr(searched, "_MOST_ARRAYS", 1_000)
    assert lines(3) < told_apart / 2
