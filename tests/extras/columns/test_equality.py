"""Texts compared in a column's buffers: the same as comparing them in Python."""

from __future__ import annotations

import random

import numpy as np
import pyarrow as pa
import pytest

from filterpatterns.integrations.arrow.equality import equal_text

# Characters beside letters in ASCII, some of which differ from others in the same bit as letters
ASCII = "aAbBzZ@[`{0\0"


def _lower(text: str) -> str:
    """Change ASCII letters only."""
    return text.encode().lower().decode()


def _rows(rng: random.Random, wanted: str) -> list[str | None]:
    def one_changed() -> str:
        return "".join(rng.choice(ASCII) if rng.random() < 0.05 else char for char in wanted)

    def other() -> str:
        return "".join(rng.choices(ASCII + "é", k=rng.randrange(30)))

    kinds = [lambda: wanted, wanted.swapcase, one_changed, other, lambda: None]
    return [rng.choice(kinds)() for _ in range(rng.randrange(1, 40))]


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.string_view()], ids=str)
@pytest.mark.parametrize("ignore_case", [False, True])
def test_texts_that_are_equal(kind: pa.DataType, ignore_case: bool) -> None:
    rng = random.Random(3)
    for _ in range(400):
        wanted = "".join(rng.choices(ASCII, k=rng.randrange(30)))
        texts = _rows(rng, wanted)
        first = rng.randrange(len(texts))
        array, texts = pa.array(texts, kind).slice(first), texts[first:]
        change = _lower if ignore_case else str
        expected = [text is not None and change(text) == change(wanted) for text in texts]
        some = np.array([row for row in range(len(texts)) if rng.random() < 0.5], np.int64)
        is_equal = equal_text(wanted, ignore_case=ignore_case)
        for rows in (None, some):
            found = is_equal(array, rows)
            numbers = range(len(texts)) if rows is None else rows.tolist()
            got = [
                bool(holds) and texts[row] is not None
                for holds, row in zip(found, numbers, strict=True)
            ]
            assert got == [expected[row] for row in numbers], (wanted, texts)
