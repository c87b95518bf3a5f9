"""Conditions as they were written + the outcomes of their tests -> the tree of an explanation."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from msgspec import Struct, field

from filterpatterns.explain.model import ExplainedField, RuleOutcome
from filterpatterns.explain.outcomes import Outcome, Trace
from filterpatterns.language.conditions import AllOf, AnyOf, Condition
from filterpatterns.language.operators import Absent, AnythingBut, Equals
from filterpatterns.lint.engine_edges import is_disturbed, lost_alternatives
from filterpatterns.matching.combinations import Combination

_Note = TypeVar("_Note")

_OVERRULED = "the path occurs again further down: only its last rules count"

_LOST = (
    "AWS loses this alternative: alternative {} has the same fields, and shares a rule "
    "with it in each (FP125)"
)
_DISTURBED = "AWS's engine may miss it: a wildcard is next to a rule that ignores case (FP126)"


class _Written(Struct, eq=False):
    """A name, and what the pattern has there, while the members are collected."""

    members: dict[str, _Written] = field(default_factory=dict)
    condition: Condition | None = None
    either: list[AnyOf] = field(default_factory=list)


def nodes(conditions: AllOf, combination: Combination, trace: Trace) -> tuple[ExplainedField, ...]:
    """Return the tree of a pattern, for one of its `$or` combinations.

    `trace` has the outcome of each path in it; a path without an outcome was not evaluated.
    """
    return _Tree(combination, trace).members(_gathered(conditions, 0), ())


def _gathered(conditions: AllOf, depth: int) -> _Written:
    """Return the members of the object at that depth."""
    top = _Written()
    for condition in conditions:
        place = top
        for name in condition.names[depth:]:
            place = place.members.setdefault(name, _Written())
        if isinstance(condition, AnyOf):
            place.either.append(condition)
        else:
            place.condition = condition
    return top


class _Tree:
    def __init__(self, combination: Combination, trace: Trace) -> None:
        self._combination = combination
        self._outcomes = trace.outcomes
        self._notes = dict(trace.notes)
        self._arrays = dict(trace.arrays)

    def members(self, written: _Written, names: tuple[str, ...]) -> tuple[ExplainedField, ...]:
        """Return the nodes of an object's members; a `$or` comes after the fields."""
        fields = [self._field(name, one, (*names, name)) for name, one in written.members.items()]
        return (*fields, *(self._or(one) for one in written.either))

    def _field(self, name: str, written: _Written, names: tuple[str, ...]) -> ExplainedField:
        path = ".".join(names)
        if written.condition is not None:
            return self._leaf(name, path, written.condition)
        note = self._take(self._notes, path)
        array = self._take(self._arrays, path)
        children = self.members(written, names)
        words, hint = note or ("", "")
        return ExplainedField(
            name=name,
            path=path,
            satisfied=_all(child.satisfied for child in children),
            words=words,
            hint=hint,
            array=array,
            children=children,
        )

    def _or(self, either: AnyOf) -> ExplainedField:
        index = self._combination.choice(either)
        alternative = either.alternatives[index]
        children = self.members(_gathered(alternative, len(either.names)), either.names)
        satisfied = _all(child.satisfied for child in children)
        earlier = lost_alternatives(either).get(index) if satisfied else None
        return ExplainedField(
            name="$or",
            path=".".join(either.names),
            satisfied=satisfied,
            words=f"alternative {index + 1} of {len(either.alternatives)}",
            hint="" if earlier is None else _LOST.format(earlier + 1),
            children=children,
        )

    def _leaf(self, name: str, path: str, condition: Condition) -> ExplainedField:
        if self._combination.conditions[path] is not condition:
            return ExplainedField(
                name, path, None, words=_OVERRULED, rules=_rules(condition, Outcome(None))
            )
        outcome = self._outcomes.get(path, Outcome(None))
        words, hint = self._take(self._notes, path) or ("", "")
        if outcome.satisfied is False and not outcome.found and not hint:
            hint = _absence_hint(condition, outcome)
        if outcome.satisfied and not hint and is_disturbed(condition):
            hint = _DISTURBED
        return ExplainedField(
            name=name,
            path=path,
            satisfied=outcome.satisfied,
            words=words or outcome.words,
            hint=hint,
            rules=_rules(condition, outcome),
            found=outcome.found,
            values=outcome.values,
            array=self._take(self._arrays, path),
        )

    def _take(self, notes: dict[str, _Note], path: str) -> _Note | None:
        """Take the note for a path, or for a path above it that the pattern does not name."""
        if path not in notes:
            path = next((place for place in notes if path.startswith(place + ".")), path)
        return notes.pop(path, None)


def _all(verdicts: Iterable[bool | None]) -> bool | None:
    """Whether all match, of those that were evaluated."""
    looked = [verdict for verdict in verdicts if verdict is not None]
    return all(looked) if looked else None


def _rules(condition: Condition, outcome: Outcome) -> tuple[RuleOutcome, ...]:
    value = outcome.found[0].value if outcome.found else None
    rules = []
    for rule in condition.rules:
        satisfied = None if outcome.satisfied is not False else False
        if outcome.satisfied and outcome.found:
            satisfied = True if rule == outcome.rule else None
        elif outcome.satisfied:
            satisfied = True if isinstance(rule, Absent) else None
        fails = satisfied is False and outcome.found and not rule.holds(value)
        rules.append(RuleOutcome(rule.words(), satisfied, rule.why_not(value) if fails else ""))
    return tuple(rules)


def _absence_hint(condition: Condition, outcome: Outcome) -> str:
    """Return a hint about what is easily forgotten about missing fields."""
    if outcome.words.startswith("an object"):
        return "rules are for scalars: name a field in the object"
    for rule in condition.rules:
        if isinstance(rule, AnythingBut):
            return 'anything-but needs a value; add {"exists": false} to match a missing field'
        if isinstance(rule, Equals) and rule.value is None:
            return 'a missing field is not null; add {"exists": false} to match both'
    return ""
