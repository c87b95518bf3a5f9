"""Statistics of lines, counted together or one by one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from filterpatterns.cli.commands.stats import _document
from filterpatterns.cli.evaluation.record_loop import Tally
from filterpatterns.cli.io.lines import LineFilter, ReasonMatcher
from filterpatterns.matching.verdict import Reason
from filterpatterns.stats.statistics import Statistics


def count_lines(compiled: Any, lines: Sequence[str], *, is_quick: bool) -> tuple[Any, int]:
    """The statistics of lines, and how many of them were counted quickly."""
    statistics = Statistics(compiled)
    slow: list[Any] = []
    misfits: list[Any] = []
    matcher = ReasonMatcher(
        statistics.add,
        statistics.quick_lines(lambda *given: misfits.append(given)) if is_quick else None,
        lambda _record, verdict: slow.append(verdict),
    )
    counted = LineFilter(matcher, "file")
    given = [line.encode() + b"\n" for line in lines]
    chunks = [b"".join(given[start : start + 50]) for start in range(0, len(given), 50)] + [b""]
    counted.run(lambda _longest: chunks.pop(0))
    kept = len(counted.outcome.kept), len(counted.outcome.dropped) + len(misfits)
    assert all(verdict[0] not in (Reason.MATCH, Reason.NO_MATCH) for _, verdict in misfits)
    assert [verdict[0] is Reason.MATCH for verdict in slow].count(True) <= kept[0]
    return (kept, _document(Tally(), statistics.funnels())), sum(kept) - len(slow)
