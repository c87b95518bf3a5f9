"""Records cannot choose numbers that a table takes for equal until it has compared them.

Python's hash of a large integer is what remains when it is divided by a known number. A record of
40,000 such integers, or of elements whose masks of fields have one hash, took seconds to minutes.
"""

from __future__ import annotations

import itertools
import json
import sys
from collections.abc import Callable
from typing import Any

import pytest

import filterpatterns
from filterpatterns import RuleSet
from filterpatterns.engine.rulesets.paths import Values
from filterpatterns.jsontext.python_values import hashes_safely, safe_key
from filterpatterns.matching import outcomes
from filterpatterns.matching.outcomes import Outcomes
from filterpatterns.matching.places import gathering, holding

_MODULUS = sys.hash_info.modulus
_WIDTH = _MODULUS.bit_length()
_NAMES = [f"f{number:03}" for number in range(4 * _WIDTH)]
_CHOSEN = [_NAMES[residue::_WIDTH] for residue in range(5)]
"""Names whose places among all names differ by a multiple of the width."""

_FIELDS = json.dumps({"i": {name: [1] for name in _NAMES}})


def _elements() -> list[dict[str, int]]:
    return [dict.fromkeys(names, 1) for names in itertools.product(*_CHOSEN)]


def test_masks_whose_hashes_are_equal_have_other_keys() -> None:
    masks = [
        sum(1 << place for place in places)
        for places in itertools.product(*(range(n, 4 * _WIDTH, _WIDTH) for n in range(5)))
    ]
    assert len({hash(mask) for mask in masks}) == 1
    keys = [safe_key(mask) for mask in masks]
    assert len(set(keys)) == len(masks)
    assert len({hash(key) for key in keys}) > len(masks) / 2
    assert [safe_key(mask) for mask in (0, 1, _MODULUS - 1)] == [0, 1, _MODULUS - 1]


@pytest.mark.parametrize("sign", [1, -1])
def test_large_integers_are_no_keys(sign: int) -> None:
    assert hashes_safely(sign * (_MODULUS - 1))
    assert not hashes_safely(sign * _MODULUS)
    assert not hashes_safely(sign * 7 * _MODULUS)


def _keyed(monkeypatch: pytest.MonkeyPatch, module: Any, name: str) -> set[int]:
    """The hashes of the keys that a module asks for from now on, if they are not small numbers."""
    function: Callable[[Any], Any] = getattr(module, name)
    hashes: set[int] = set()

    def called(value: Any) -> Any:
        key = function(value)
        if not isinstance(key, int):
            hashes.add(hash(key))
        return key

    monkeypatch.setattr(module, name, called)
    return hashes


def test_elements_with_colliding_fields_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    hashes = _keyed(monkeypatch, outcomes, "safe_key")
    compiled = filterpatterns.compile(_FIELDS, source="event")
    elements = _elements()
    assert compiled._engine.evaluate({"i": elements}) is False
    assert len(hashes) > len(elements) / 2
    assert compiled._engine.evaluate({"i": [*elements, dict.fromkeys(_NAMES, 1)]}) is True


@pytest.mark.parametrize("module", [gathering, holding, outcomes])
def test_so_are_those_of_a_record_with_several_spellings(
    monkeypatch: pytest.MonkeyPatch, module: Any
) -> None:
    hashes = _keyed(monkeypatch, module, "safe_key")
    compiled = filterpatterns.compile(_FIELDS, source="event")
    elements = _elements()
    assert compiled._engine.evaluate({"i": elements, "i.f000": 2}) is False
    assert len(hashes) >= (15 if module is gathering else len(elements) / 2)
    assert (
        compiled._engine.evaluate({"i": [*elements, dict.fromkeys(_NAMES[1:], 1)], "i.f000": 1})
        is True
    )


def test_a_set_of_outcomes_keeps_each() -> None:
    found = Outcomes()
    for number in range(1, 100):
        found.add(1 << _WIDTH * number, 1 << number)
        found.add(1 << _WIDTH * number, 1 << 200 + number)
    tested = {1 << _WIDTH * number: 1 << number | 1 << 200 + number for number in range(1, 100)}
    asked = (1 << 400) - 1
    held = sum(tested.values())
    assert found.best(tested, asked, asked) == (sum(tested), held)


@pytest.mark.parametrize("rules", ["[1]", json.dumps([_MODULUS * k for k in range(1000, 1040)])])
def test_colliding_integers_in_an_array_have_the_same_verdict(rules: str) -> None:
    pattern = f'{{"i": {rules}}}'
    compiled = filterpatterns.compile(pattern, source="event")
    rule_set = RuleSet({"a": pattern}, source="event")
    array = [_MODULUS * number for number in range(1, 300)] * 2
    for values in (array, [*array, json.loads(rules)[-1]]):
        event = {"i": values}
        wanted = values is not array
        assert compiled.matches(event) is wanted
        assert compiled._engine.evaluate(event) is wanted
        assert compiled.explain(event).kept is wanted
        assert bool(rule_set.matching(event)) is wanted


def test_a_rule_set_does_not_compare_large_integers() -> None:
    values = Values()
    values.arrays = True
    values.leaves["i"] = [*(_MODULUS * number for number in range(100)), *range(50), *range(50)]
    values.distinct()
    assert len(values.leaves["i"]) == 150 - 1
