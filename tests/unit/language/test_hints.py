"""Mistakes from other query languages, and the hints for them."""

from __future__ import annotations

import json

import pytest

import filterpatterns
from filterpatterns import Diagnostic


def only(pattern: str) -> Diagnostic:
    (found,) = filterpatterns.check(pattern, source="event")
    return found


@pytest.mark.parametrize("sign", ["!=", "<>", "ne", "not"])
def test_not_equal_is_anything_but(sign: str) -> None:
    found = only(json.dumps({"a": [{"numeric": [sign, 5]}]}))
    assert (found.code, found.hint) == ("FP010", 'for "not equal" write {"anything-but": 5}')


def test_and_is_not_an_operator() -> None:
    found = only('{"detail": {"$and": [{"a": [1]}, {"b": [2]}]}}')
    assert (found.code, found.line, found.column) == ("FP007", 1, 13)
    assert found.message == "unknown operator $and: only $or exists"
    assert '{"a": [1], "b": [2]}' in (found.hint or "")
    assert only('{"$not": [{"a": [1]}]}').hint == (
        'exclude values in the field itself: "a": [{"anything-but": "x"}]'
    )


@pytest.mark.parametrize("pattern", ['{"$and": [{"prefix": "x"}]}', '{"$and": {"a": [1]}}'])
def test_a_field_may_have_the_name_of_an_operator(pattern: str) -> None:
    assert filterpatterns.check(pattern, source="event") == []


def test_anything_but_with_strings_and_wildcards_shows_the_form_that_works() -> None:
    found = only('{"a": [{"anything-but": ["x*y", {"wildcard": ["a*", "b*"]}]}]}')
    written = '{"anything-but": {"wildcard": ["x\\\\*y", "a*", "b*"]}}'
    assert (found.code, found.hint) == ("FP009", f"write all of them as wildcards: {written}")
    assert filterpatterns.check(f'{{"a": [{written}]}}', source="event") == []


def test_anything_but_with_numbers_and_wildcards_has_no_such_form() -> None:
    found = only('{"a": [{"anything-but": [1, {"wildcard": "a*"}]}]}')
    assert "wildcards" not in (found.hint or "")
