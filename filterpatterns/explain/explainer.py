"""Why a record is kept or dropped.

The verdict is that of the reference (`matching/verdicts.py`); the tree shows its reasons: for each
`$or` combination the format evaluation, then the fields, walked as the interpreter walks them.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from typing import Any

from filterpatterns.delivery.envelopes import source_of
from filterpatterns.delivery.sources import FormatAction, PayloadFormat, source_named
from filterpatterns.errors import RecordError
from filterpatterns.explain import pattern
from filterpatterns.explain.explanation import Explanation
from filterpatterns.explain.formats import evaluated
from filterpatterns.explain.model import (
    Combination,
    FilterExplanation,
)
from filterpatterns.explain.names import Names
from filterpatterns.explain.outcomes import Outcome, Trace, test_outcome
from filterpatterns.explain.trace import trace_into
from filterpatterns.explain.writing import nodes
from filterpatterns.language.inputs import PatternText
from filterpatterns.matching.budget import Budget
from filterpatterns.matching.closeness import closest, first_holding
from filterpatterns.matching.interpreter import failing
from filterpatterns.matching.lookup.answers import Answers
from filterpatterns.matching.match_tree import Payload
from filterpatterns.matching.verdict import Payloads, Reason, Verdict, as_record, format_action

_MOST_COMBINATIONS = 5
"""How many of up to 1,000 `$or` combinations of a pattern are explained if none matches."""

_MOST_VISITS = 50_000
"""The number of tests and values that are evaluated to find out exactly which combination comes
closest. If there are more, evaluating all of them together selects the candidates."""

_UNJUDGED = sys.maxsize
"""The number of failing tests if the search gave up."""

_NOTHING = (0, 0)
"""The failures of a combination that matches: no format, no test."""

_SOMETHING = (0, 1)
"""Those of a combination that does not match, if it need not be compared with another."""


def explain(
    patterns: Sequence[PatternText],
    source: str,
    get_verdict: Callable[[Payloads], Verdict],
    record: Any,
) -> Explanation:
    """Explain the verdict on a record.

    Args:
        patterns: the texts of patterns that compile for the source.
        source: the name of the source, or "auto".
        get_verdict: returns the verdict on a record with these payloads.
        record: the record.

    Raises:
        RecordError: it is not a JSON object; or as for `get_verdict`; or the caller's stack has no
            room left.
    """
    members = as_record(record)
    name = source_of(members) if source == "auto" else source
    taken_for = source_named(name)
    payloads = Payloads(taken_for, taken_for.view(members))
    payloads.budget.answers = Answers()
    reason, key = get_verdict(payloads)
    payloads.budget = payloads.budget.renewed()
    kept = reason is Reason.MATCH
    # The verdict for each filter: a record is kept if one matches, or (scopes) if all do.
    holds = kept if len(patterns) == 1 or kept is bool(taken_for.scopes) else None
    try:
        filters = tuple(
            _explained(number, pattern.plan(each.text, name, each.scope), payloads, each, holds)
            for number, each in enumerate(patterns, 1)
        )
    except RecursionError:
        raise RecordError("the caller's stack has no room for an explanation") from None
    return Explanation(
        kept=kept,
        source=name,
        auto=source == "auto",
        reason=reason.slug,
        detail=reason.words(key),
        filters=filters,
        all_needed=bool(taken_for.scopes),
    )


def _explained(
    number: int, plan: pattern.Plan, payloads: Payloads, text: PatternText, holds: bool | None
) -> FilterExplanation:
    weighed: list[tuple[tuple[int, int], pattern.Planned]] = []
    count = plan.combinations.count
    places: Sequence[int] = range(count)
    most = 1 if count == 1 else max(1, _MOST_VISITS // _visits(plan, payloads))
    if count > most:
        first = None if holds is False else first_holding(plan.conjunctions, payloads)
        holds = first is not None
        places = closest(plan.conjunctions, payloads, most) if first is None else [first]
    for planned in map(plan.planned, places):
        if len(places) == 1 and holds is not None:  # there is nothing to compare
            weighed.append((_NOTHING if holds else _SOMETHING, planned))
            break
        fails = _failing(planned, payloads)
        weighed.append((fails, planned))
        if fails == _NOTHING:
            break
    weighed.sort(key=lambda each: each[0])  # stable: of equal ones, the first in the text
    satisfied = weighed[0][0] == _NOTHING
    described = weighed[: 1 if satisfied else _MOST_COMBINATIONS]
    return FilterExplanation(
        number=number,
        satisfied=satisfied,
        combinations=tuple(_combination(plan, one, fails, payloads) for fails, one in described),
        others=count - len(described),
        scope=text.scope,
    )


def _visits(plan: pattern.Plan, payloads: Payloads) -> int:
    """Estimate the cost of evaluating one combination: its tests, the record's values."""
    visits = 1 + plan.conjunctions.size() // plan.combinations.count
    pending: list[Any] = [payloads.view]
    for key in {each.payload for each in plan.conjunctions.tests if each.payload is not None}:
        read = payloads[key]
        if read is not None:
            pending.append(read[1])
    while pending and visits < _MOST_VISITS:
        value = pending.pop()
        if isinstance(value, (Mapping, list, tuple)):
            visits += len(value)
            inside = value.values() if isinstance(value, Mapping) else value
            pending += islice(inside, _MOST_VISITS)
    return visits


def _failing(planned: pattern.Planned, payloads: Payloads) -> tuple[int, int]:
    """Return how many payloads of a combination have the wrong format, and how many of its tests
    fail.

    The format counts first: if the closest combination fails by it, all do.
    """
    wrong = 0
    fails = sum(not test.optional for test in planned.unseen)
    filtered = []
    for key, wanted in planned.conjunction.payloads.items():
        read = payloads[key]
        follows = (
            FormatAction.DROP if read is None else format_action(payloads.source, wanted, read[0])
        )
        if read is None or follows is FormatAction.DROP:
            wrong += 1
            # None of its tests is evaluated, as if they all failed.
            fails += 0 if wanted.json is None else sum(1 for _ in wanted.json.tests())
        elif follows is FormatAction.FILTER:
            filtered.append((key, wanted, read))
    try:
        for key, wanted, (form, value) in filtered:
            if form is PayloadFormat.JSON and wanted.json is not None:
                fails += failing(wanted.json, value, payloads.budget)
            else:
                fails += not _on_string(key, wanted, value, payloads.budget).satisfied
        return wrong, fails + failing(planned.conjunction.metadata, payloads.view, payloads.budget)
    except RecordError:
        return wrong, _UNJUDGED


def _on_string(key: str, wanted: Payload, value: Any, budget: Budget) -> Outcome:
    """Note the outcome of the test of a plain string."""
    outcome = None
    if wanted.string is not None:
        outcome = test_outcome(wanted.string, ((key, value),), budget)
    assert outcome is not None, "one value was given"
    return outcome


def _combination(
    plan: pattern.Plan, planned: pattern.Planned, fails: tuple[int, int], payloads: Payloads
) -> Combination:
    combination = planned.combination
    conjunction = planned.conjunction
    trace = Trace()
    for test in planned.unseen:
        words = "absent: AWS adds it after filtering"
        trace.outcomes[test.path] = Outcome(test.optional, words=words)
    names = Names(payloads)
    formats = []
    satisfied = fails == _NOTHING
    # Of several parts, any may be the one that fails.
    parts = len(conjunction.payloads) + len(planned.unseen) + any(conjunction.metadata.tests())
    is_known = satisfied or (parts == 1 and fails[1] != _UNJUDGED)
    known = satisfied if is_known else None
    try:
        for key, wanted in conjunction.payloads.items():
            form = evaluated(key, wanted, payloads)
            formats.append(form)
            read = payloads[key]
            if form.step != "filter" or read is None:
                continue
            if read[0] is PayloadFormat.JSON and wanted.json is not None:
                trace_into(
                    trace, wanted.json, read[1], names, payloads.budget, payloads.view, known
                )
            elif wanted.string is not None:
                trace.outcomes[key] = _on_string(key, wanted, read[1], payloads.budget)
        trace_into(
            trace, conjunction.metadata, payloads.view, names, payloads.budget, satisfied=known
        )
    except RecordError as error:  # the verdict did not need this combination
        trace.notes[next(iter(combination.conditions))] = (error.message, "")
    return Combination(
        satisfied=satisfied,
        choices=pattern.choices(plan.conditions, combination),
        formats=tuple(formats),
        nodes=nodes(plan.conditions, combination, trace),
    )
