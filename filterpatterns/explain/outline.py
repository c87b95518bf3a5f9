"""An explanation as an outline: lines with levels, for terminals and web pages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from msgspec import Struct

from filterpatterns.errors import printable
from filterpatterns.explain.model import (
    Array,
    Combination,
    ExplainedField,
    ExplanationData,
    FilterExplanation,
)
from filterpatterns.language.wording import format_value, joined, truncate

_MOST_RULES = 5
"""The number of rules of one field that are outlined, each with its reason."""

_MOST_FAILING = 6
"""The number of failing fields of a further `$or` combination that are reported."""

_MOST_NAME = 80
_DEEPEST = 40
"""The number of levels of fields. Deeper fields stay at the last level, so that the size of an
outline is linear in that of the pattern."""

Kind = Literal["verdict", "filter", "format", "field", "choice", "value", "note", "hint"]


class Line(Struct, frozen=True):
    """A line of an outline. What is below it has a higher `level`.

    `satisfied` is None for what was not evaluated, and for notes and hints. `name` is a field's.
    All texts are printable, and long values are truncated.
    """

    level: int
    kind: Kind
    words: str
    satisfied: bool | None = None
    name: str = ""


def outline(explanation: ExplanationData, *, every_filter: bool = False) -> Iterator[Line]:
    """Yield the lines of the explanation in reading order, the verdict first, at level 0.

    Args:
        explanation: what to outline.
        every_filter: outline all filters of a FilterCriteria in full, even if one of them matches.
    """
    verdict = "kept" if explanation.kept else f"dropped: {explanation.detail}"
    yield Line(0, "verdict", verdict, explanation.kept)
    if explanation.auto:
        yield Line(1, "note", f"treated as a record of {explanation.source}")
    if not explanation.filters:
        yield Line(1, "note", "there are no filters: every record is kept")
    count = len(explanation.filters)
    satisfied = [each for each in explanation.filters if each.satisfied]
    if explanation.kept:
        decisive = satisfied if explanation.all_needed else satisfied[:1]
    else:
        decisive = [each for each in explanation.filters if not each.satisfied]
    if count > 1 and explanation.all_needed:
        yield Line(1, "note", "all filters must match")
    for each in explanation.filters:
        full = every_filter or any(each is one for one in decisive)
        if count > 1:
            scope = f" ({each.scope})" if each.scope else ""
            words = f"filter {each.number} of {count}{scope}: "
            words += "matches" if each.satisfied else "does not match"
            if not full:
                words += _main_reason(each)
            yield Line(1, "filter", words, each.satisfied)
        if full:
            yield from _filter(each, 2 if count > 1 else 1)


def _main_reason(explained: FilterExplanation) -> str:
    """Return the first failure in the closest combination, for a filter that is not drawn."""
    failing = [] if explained.satisfied else _failing(explained.combinations[0])
    if not failing:
        return ""
    more = f" ({len(failing) - 1:,} more)" if len(failing) > 1 else ""
    return f": {printable(failing[0])}{more}"


def _filter(explained: FilterExplanation, level: int) -> Iterator[Line]:
    closest, *further = explained.combinations
    # If the $or matches and something else fails, no other alternative would help.
    elsewhere = closest.satisfied or all(
        node.satisfied for _, node in _iter_fields(closest.nodes) if node.name == "$or"
    )
    known = set(_failing(closest))
    wrong = _wrong_formats(closest)
    if wrong:
        # Then every alternative fails by a format: only those that fail by another format are
        # listed.
        further = [other for other in further if not known.issuperset(_wrong_formats(other))]
        elsewhere = not further
    formats = list(_formats(closest, level))
    first = all(other.formats == closest.formats for other in further)
    if first:
        yield from formats
    if not elsewhere:
        words = "no alternative of $or leads to a match; the closest:"
        yield Line(level, "note", words)
    if not first:
        yield from formats
    for depth, node in _iter_fields(closest.nodes):
        yield from _node(node, level + min(depth, _DEEPEST - 1))
    if elsewhere:
        return
    telling = list(_telling(closest, further))
    for other in telling:
        yield from _briefly(other, closest, level)
    others = explained.others + len(further) - len(telling)
    if others:
        more = f"{others:,} more choice{'' if others == 1 else 's'}"
        yield Line(level, "note", f"nor does any of {more}")


def _telling(closest: Combination, further: list[Combination]) -> Iterator[Combination]:
    """Yield the combinations of several `$or`s that add information.

    A combination is left out if its failures include all those of another combination, or if each
    of them was already listed for others.
    """
    failing = [set(_failing(closest))]
    for other in further:
        fails = set(_failing(other))
        if len(other.choices) > 1 and (
            fails <= set().union(*failing) or any(each < fails for each in failing)
        ):
            continue
        failing.append(fails)
        yield other


def _formats(combination: Combination, level: int) -> Iterator[Line]:
    for form in combination.formats:
        yield Line(level, "format", printable(form.words), form.satisfied)
        yield from _hint(form.hint, level + 1)


def _wrong_formats(combination: Combination) -> list[str]:
    return [form.words for form in combination.formats if not form.satisfied]


def _failing(combination: Combination) -> list[str]:
    """Return the failures in a combination, one line each."""
    return _wrong_formats(combination) + [
        f"{_name(node.path)}: {_reason(node)}"
        for _, node in _iter_fields(combination.nodes)
        if node.satisfied is False and node.rules
    ]


def _briefly(combination: Combination, closest: Combination, level: int) -> Iterator[Line]:
    """Outline a further combination: only its choices and failures that the closest one does not
    have."""
    known = set(_failing(closest))
    chosen = joined(
        [
            f"{_name(choice.path) + '.' if choice.path else ''}$or {choice.alternative} "
            f"of {choice.of}"
            for index, choice in enumerate(combination.choices)
            if choice not in closest.choices[index : index + 1]
        ],
        3,
        "and",
    )
    failing = [words for words in _failing(combination) if words not in known]
    ends = ":" if failing else ": the same"
    yield Line(level, "choice", f"with {chosen}{ends}", combination.satisfied)
    for words in failing[:_MOST_FAILING]:
        yield Line(level + 1, "value", printable(words), False)
    if len(failing) > _MOST_FAILING:
        yield Line(level + 1, "note", f"{len(failing) - _MOST_FAILING:,} more")


def _iter_fields(nodes: tuple[ExplainedField, ...]) -> Iterator[tuple[int, ExplainedField]]:
    """Yield the nodes and their descendants in reading order, each with its depth, from 0."""
    pending = [(0, node) for node in reversed(nodes)]
    while pending:
        level, node = pending.pop()
        yield level, node
        pending += [(level + 1, child) for child in reversed(node.children)]


def _node(node: ExplainedField, level: int) -> Iterator[Line]:
    words = _reason(node) if node.rules else printable(node.words)
    yield Line(level, "field", words, node.satisfied, _name(node.name))
    yield from _hint(node.hint, level + 1)
    if node.array is not None:
        yield from _array(node.array, level + 1)
    if node.satisfied is False:
        yield from _details(node, level + 1)


def _array(array: Array, level: int) -> Iterator[Line]:
    yield Line(level, "note", printable(array.words))
    for other in array.others:
        failing = printable("; ".join(other.failing))
        yield Line(level, "value", f"{truncate(other.where)}: {failing}", False)
    # The closest element is not among the others.
    more = array.elements - len(array.others) - 1
    if array.others and more > 0:
        yield Line(level, "note", f"{more:,} more elements")


def _reason(node: ExplainedField) -> str:
    """Return why a field matches or not, in one line."""
    wanted = joined([rule.words for rule in node.rules], _MOST_RULES)
    if node.satisfied is None:
        return printable(f"{node.words}; expected {wanted}" if node.words else f"expected {wanted}")
    if node.satisfied:
        holding = next((rule.words for rule in node.rules if rule.satisfied), wanted)
        if not node.found:
            return printable(f"{node.words or 'absent'} ({holding})")
        value = format_value(node.found[0].value)
        where = node.found[0].where
        place = f", {truncate(where)}" if where.endswith("]") else ""
        unexpected = node.found[0].why.removeprefix(value)  # why it matches unexpectedly
        words = f"{value}{place}" if value == holding else f"{value}{place} ({holding})"
        return printable(f"{words}{unexpected}" if unexpected.startswith(": ") else words)
    if not node.found:
        return printable(f"{node.words or 'absent'}; expected {wanted}")
    return printable(node.words)


def _details(node: ExplainedField, level: int) -> Iterator[Line]:
    """Outline values and rules of a field that fails, if a single line is not enough."""
    if node.values > 1:
        for found in node.found:
            yield Line(level, "value", f"{truncate(found.where)}: {found.why}", False)
        if node.values > len(node.found):
            yield Line(level, "note", f"{node.values - len(node.found):,} more values")
    reasons = [rule for rule in node.rules if rule.why]
    if node.values == 1 and len(reasons) > 1:
        for rule in reasons[:_MOST_RULES]:
            yield Line(level, "value", printable(f"{rule.words}: {rule.why}"), False)
        if len(reasons) > _MOST_RULES:
            yield Line(level, "note", f"{len(reasons) - _MOST_RULES:,} more rules")


def _name(name: str) -> str:
    return printable(truncate(name, _MOST_NAME)) if name else '""'


def _hint(hint: str, level: int) -> Iterator[Line]:
    if hint:
        yield Line(level, "hint", printable(hint))
