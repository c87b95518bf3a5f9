"""Why a record is kept or dropped.

The verdict is the reference's (`evaluation.py`); the tree says how it comes about: for each `$or`
combination the format evaluation, then the fields, walked as the interpreter walks them.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any

from filterpatterns.criteria import PatternText
from filterpatterns.delivery import source_of
from filterpatterns.errors import RecordError
from filterpatterns.evaluation import Payloads, Reason, Verdict, as_record, step
from filterpatterns.explain import pattern
from filterpatterns.explain.formats import evaluated
from filterpatterns.explain.model import (
    Array,
    Choice,
    Combination,
    Element,
    Explanation,
    FilterExplanation,
    Format,
    Found,
    Node,
    Rule,
)
from filterpatterns.explain.names import Names
from filterpatterns.explain.outcomes import Outcome, Trace, judged
from filterpatterns.explain.trace import trace_into
from filterpatterns.explain.writing import nodes
from filterpatterns.interpreter import failing
from filterpatterns.sources import PayloadFormat, Step, source_named
from filterpatterns.tree import Payload

__all__ = [
    "Array",
    "Choice",
    "Combination",
    "Element",
    "Explanation",
    "FilterExplanation",
    "Format",
    "Found",
    "Node",
    "Rule",
    "explain",
]

_MOST_COMBINATIONS = 5
"""`$or` combinations of a pattern that are explained, of up to 1,000, if none holds."""

_UNJUDGED = sys.maxsize
"""Stands for the number of failing tests where the search gave up."""


def explain(
    patterns: Sequence[PatternText], source: str, judge: Callable[[Any], Verdict], record: Any
) -> Explanation:
    """Explain the verdict on a record.

    Args:
        patterns: the texts of patterns that compile for the source.
        source: the name of the source, or "auto".
        judge: gives the verdict on a record, and refuses what is none.
        record: the record.

    Raises:
        RecordError: as `judge`; or the caller's stack has no room left.
    """
    members = as_record(record)
    reason, key = judge(members)
    name = source_of(members) if source == "auto" else source
    taken_for = source_named(name)
    payloads = Payloads(taken_for, taken_for.view(members))
    try:
        filters = tuple(
            _explained(number, pattern.plan(text.text, name), payloads)
            for number, text in enumerate(patterns, 1)
        )
    except RecursionError:
        raise RecordError("the caller's stack has no room for an explanation") from None
    return Explanation(
        kept=reason is Reason.MATCH,
        source=name,
        auto=source == "auto",
        reason=reason.name.lower().replace("_", "-"),
        detail=reason.words(key),
        filters=filters,
    )


def _explained(number: int, plan: pattern.Plan, payloads: Payloads) -> FilterExplanation:
    weighed: list[tuple[int, pattern.Planned]] = []
    for planned in plan.combinations:
        fails = _failing(planned, payloads)
        weighed.append((fails, planned))
        if not fails:
            break
    weighed.sort(key=lambda each: each[0])  # stable: of equals the first in the text
    satisfied = not weighed[0][0]
    shown = weighed[: 1 if satisfied else _MOST_COMBINATIONS]
    return FilterExplanation(
        number=number,
        satisfied=satisfied,
        combinations=tuple(_combination(plan, one, not fails, payloads) for fails, one in shown),
        others=len(plan.combinations) - len(shown),
    )


def _failing(planned: pattern.Planned, payloads: Payloads) -> int:
    """How many of the tests of a combination fail; a payload of the wrong format counts more."""
    fails = sum(not test.optional for test in planned.unseen)
    try:
        for key, wanted in planned.conjunction.payloads.items():
            fails += _payload_failing(key, wanted, payloads)
        return fails + failing(planned.conjunction.metadata, payloads.view)
    except RecordError:
        return _UNJUDGED


def _payload_failing(key: str, wanted: Payload, payloads: Payloads) -> int:
    read = payloads[key]
    follows = Step.DROP if read is None else step(payloads.source, wanted, read[0])
    if read is None or follows is Step.DROP:
        tests = 0 if wanted.json is None else sum(1 for _ in wanted.json.tests())
        return tests + 2
    form, value = read
    if follows is Step.METADATA_ONLY:
        return 0
    if form is PayloadFormat.JSON and wanted.json is not None:
        return failing(wanted.json, value)
    return int(not _on_string(key, wanted, value).satisfied)


def _on_string(key: str, wanted: Payload, value: Any) -> Outcome:
    """What becomes of the test of a plain string."""
    outcome = None if wanted.string is None else judged(wanted.string, ((key, value),))
    assert outcome is not None, "one value was given"
    return outcome


def _combination(
    plan: pattern.Plan, planned: pattern.Planned, satisfied: bool, payloads: Payloads
) -> Combination:
    combination = planned.combination
    conjunction = planned.conjunction
    trace = Trace()
    for test in planned.unseen:
        words = "absent: AWS adds it after filtering"
        trace.outcomes[test.path] = Outcome(test.optional, words=words)
    names = Names(payloads)
    formats = []
    try:
        for key, wanted in conjunction.payloads.items():
            form = evaluated(key, wanted, payloads)
            formats.append(form)
            read = payloads[key]
            if form.step != "filter" or read is None:
                continue
            if read[0] is PayloadFormat.JSON and wanted.json is not None:
                trace_into(trace, wanted.json, read[1], names, payloads.view)
            elif wanted.string is not None:
                trace.outcomes[key] = _on_string(key, wanted, read[1])
        trace_into(trace, conjunction.metadata, payloads.view, names)
    except RecordError as error:  # the search gave up on a combination that no verdict needed
        trace.notes[next(iter(combination.conditions))] = (error.message, "")
    return Combination(
        satisfied=satisfied,
        choices=pattern.choices(plan.conditions, combination),
        formats=tuple(formats),
        nodes=nodes(plan.conditions, combination, trace),
    )
