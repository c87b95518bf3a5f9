"""Suppression comments in hostile files."""

from __future__ import annotations

import time

import pytest

from filterpatterns.lint.suppressions import Suppressions


@pytest.mark.parametrize(
    "text",
    [
        "# fp: ignore[ " * 20_000,
        "# fp: ignore\nx: |" + " " * 100_000 + "x\n",
        "# fp: ignore\nx: " + "|" * 300 + " " * 20_000 + "x\n",
        "# fp: ignore[FP105]\n" + "# x\n" * 20_000,
    ],
    ids=["unclosed lists", "spaces", "bars and spaces", "many lines"],
)
def test_no_text_takes_long(text: str) -> None:
    last = text.count("\n") + 1
    start = time.process_time()
    suppressions = Suppressions(text)
    for _ in range(1_000):
        suppressions.accepts("FP999", last, last)
    assert time.process_time() - start < 1, "linear: a tenth of that"
