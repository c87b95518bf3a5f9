"""Texts that memory does not suffice for are refused before they are decoded."""

from __future__ import annotations

import sys
import tracemalloc

import msgspec
import pytest

from filterpatterns.jsontext import memory
from filterpatterns.jsontext.decoding import parse
from filterpatterns.jsontext.memory import reserve

_TEXTS = {
    "objects": "[" + ", ".join(['{"x": {}}'] * 20_000) + "]",
    "arrays": "[" + ",".join(["[1]"] * 40_000) + "]",
    "values": "[" + ",".join(["1.5"] * 40_000) + "]",
    "names": "{" + ",".join(f'"{number}":{number}' for number in range(20_000)) + "}",
    "a string": '"' + "x" * 200_000 + '"',
    "towers": "[" + ",".join(["[" * 50 + "]" * 50] * 1_000) + "]",
}


@pytest.mark.parametrize("text", _TEXTS.values(), ids=_TEXTS)
def test_what_is_reserved_suffices(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    monkeypatch.setattr(memory, "_is_available", lambda size: bool(asked.append(size)))
    for given in (text, text.encode()):
        with pytest.raises(MemoryError):
            reserve(given)
    most, counted = asked[:2]
    assert asked == [most, counted] * 2
    tracemalloc.start()
    value = msgspec.json.decode(text)
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert value
    assert taken <= counted <= most


def test_a_text_is_refused_only_if_counting_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    text = '"' + "x" * 200_000 + '"'
    monkeypatch.setattr(memory, "_is_available", lambda size: size < 1_000_000)
    assert parse(text) == text[1:-1]
    with pytest.raises(MemoryError):
        parse(_TEXTS["objects"])


def test_more_than_there_can_be_is_not_available() -> None:
    assert memory._is_available(1 << 20)
    assert not memory._is_available(sys.maxsize)
