"""The search for payloads finds with stringzilla what it finds with plain bytes."""

from __future__ import annotations

import random

import pytest

import filterpatterns
from filterpatterns.engine import payload_search
from filterpatterns.engine.line_search import Found
from filterpatterns.engine.payload_search import PayloadSearch
from tests.unit.engine.test_payload_search import PATTERNS, SLOW_LIBRARY, _in_blocks, _lines


@pytest.mark.parametrize("pattern", PATTERNS.values(), ids=PATTERNS.keys())
@pytest.mark.parametrize("odd", [0, 0.01, 0.1, 0.5])
def test_blocks(odd: float, pattern: object) -> None:
    engine = filterpatterns.compile(pattern)._engine
    fast, slow = payload_search.with_formats(engine), payload_search.with_formats(engine)
    assert isinstance(fast, PayloadSearch)
    assert isinstance(slow, PayloadSearch)
    slow.library = SLOW_LIBRARY
    found: list[Found | None] = []
    for seed in range(20):
        data = "".join(_lines(random.Random(seed), odd)).encode()
        for block in _in_blocks(data, 1 + seed):
            found.append(fast.run(block))
            assert found[-1] == slow.run(block)
    assert any(found)
