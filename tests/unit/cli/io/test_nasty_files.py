"""Nasty files through every input and output, against an oracle that shares no code with the
package."""

from __future__ import annotations

from collections import Counter

from tests.support.file_runs import check
from tests.support.seeds import each_seed


@each_seed(12, thorough=48)
def test_the_output_for_nasty_files_agrees_with_the_oracle(seed: int) -> None:
    tally: Counter[str] = Counter()
    assert check(seed, tally) == []
    assert len(tally) == 11, "every way has been tried"
