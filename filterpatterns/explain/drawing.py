"""An explanation for people: the pattern as a tree, with a mark and the reason at each name."""

from __future__ import annotations

from collections.abc import Iterator

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
"""Rules of one field that are drawn, each with its reason."""

_MOST_FAILING = 6
"""Fields of a further `$or` combination that are reported to fail."""

_MOST_NAME = 80
_INDENT = "  "
_DEEPEST = 40
"""Levels that are indented: deeper levels stay there, so that drawing is linear in the pattern."""


class Style(Struct, frozen=True):
    """The marks for what matches, what fails and what was not evaluated; and the colours, if
    any."""

    holds: str = "✓"
    fails: str = "✗"
    skipped: str = "·"
    color: bool = False

    def mark(self, satisfied: bool | None) -> str:
        """Return the mark of a verdict."""
        if satisfied is None:
            return self.paint(self.skipped, "2")
        return self.paint(self.holds, "32") if satisfied else self.paint(self.fails, "31")

    def paint(self, text: str, code: str) -> str:
        """Return a text in a colour (an SGR code), if there are colours."""
        return f"\x1b[{code}m{text}\x1b[0m" if self.color and text else text


UNICODE = Style()
ASCII = Style("+", "x", "-")


def draw(
    explanation: ExplanationData, style: Style = UNICODE, *, every_filter: bool = False
) -> str:
    """Return the explanation as lines, without a final line feed.

    Args:
        explanation: what to draw.
        style: marks and colours.
        every_filter: draw all filters of a FilterCriteria in full, even if one of them matches.
    """
    return "\n".join(_lines(explanation, style, every_filter))


def _lines(explanation: ExplanationData, style: Style, every_filter: bool) -> Iterator[str]:
    verdict = "kept" if explanation.kept else f"dropped: {explanation.detail}"
    yield f"{style.mark(explanation.kept)} {style.paint(verdict, '1')}"
    if explanation.auto:
        yield f"{_INDENT}{style.skipped} treated as a record of {explanation.source}"
    if not explanation.filters:
        yield f"{_INDENT}{style.skipped} there are no filters: every record is kept"
    count = len(explanation.filters)
    satisfied = [each for each in explanation.filters if each.satisfied]
    if explanation.kept:
        decisive = satisfied if explanation.all_needed else satisfied[:1]
    else:
        decisive = [each for each in explanation.filters if not each.satisfied]
    if count > 1 and explanation.all_needed:
        yield f"{_INDENT}{style.skipped} all filters must match"
    for each in explanation.filters:
        full = every_filter or any(each is one for one in decisive)
        if count > 1:
            scope = f" ({each.scope})" if each.scope else ""
            words = f"filter {each.number} of {count}{scope}: "
            words += "matches" if each.satisfied else "does not match"
            if not full:
                words += _main_reason(each)
            yield f"{_INDENT}{style.mark(each.satisfied)} {words}"
        if full:
            for line in _filter(each, style):
                yield (_INDENT if count > 1 else "") + line


def _main_reason(explained: FilterExplanation) -> str:
    """Return the first failure in the closest combination, for a filter that is not drawn."""
    failing = [] if explained.satisfied else _failing(explained.combinations[0])
    if not failing:
        return ""
    more = f" ({len(failing) - 1:,} more)" if len(failing) > 1 else ""
    return f": {printable(failing[0])}{more}"


def _filter(explained: FilterExplanation, style: Style) -> Iterator[str]:
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
    formats = list(_formats(closest, style))
    first = all(other.formats == closest.formats for other in further)
    if first:
        yield from formats
    if not elsewhere:
        yield f"{_INDENT}{style.skipped} no alternative of $or leads to a match; the closest:"
    if not first:
        yield from formats
    for level, node in _iter_fields(closest.nodes):
        yield from _node(node, _INDENT * min(level, _DEEPEST), style)
    if elsewhere:
        return
    telling = list(_telling(closest, further))
    for other in telling:
        yield from _briefly(other, closest, style)
    others = explained.others + len(further) - len(telling)
    if others:
        more = f"{others:,} more choice{'' if others == 1 else 's'}"
        yield f"{_INDENT}{style.skipped} nor does any of {more}"


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


def _formats(combination: Combination, style: Style) -> Iterator[str]:
    for form in combination.formats:
        yield f"{_INDENT}{style.mark(form.satisfied)} {printable(form.words)}"
        yield from _hint(form.hint, _INDENT * 2)


def _wrong_formats(combination: Combination) -> list[str]:
    return [form.words for form in combination.formats if not form.satisfied]


def _failing(combination: Combination) -> list[str]:
    """Return the failures in a combination, one line each."""
    return _wrong_formats(combination) + [
        f"{_name(node.path)}: {_reason(node)}"
        for _, node in _iter_fields(combination.nodes)
        if node.satisfied is False and node.rules
    ]


def _briefly(combination: Combination, closest: Combination, style: Style) -> Iterator[str]:
    """Draw a further combination: only its choices and failures that the closest one does not
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
    yield f"{_INDENT}{style.mark(combination.satisfied)} with {chosen}{ends}"
    for words in failing[:_MOST_FAILING]:
        yield f"{_INDENT * 2}{style.mark(False)} {printable(words)}"
    if len(failing) > _MOST_FAILING:
        yield f"{_INDENT * 2}{style.skipped} {len(failing) - _MOST_FAILING:,} more"


def _iter_fields(nodes: tuple[ExplainedField, ...]) -> Iterator[tuple[int, ExplainedField]]:
    """Yield the nodes and their descendants in reading order, each with its level, from 1."""
    pending = [(1, node) for node in reversed(nodes)]
    while pending:
        level, node = pending.pop()
        yield level, node
        pending += [(level + 1, child) for child in reversed(node.children)]


def _node(node: ExplainedField, indent: str, style: Style) -> Iterator[str]:
    words = _reason(node) if node.rules else printable(node.words)
    head = style.paint(_name(node.name), "1")
    separator = ": " if words else ""
    yield f"{indent}{style.mark(node.satisfied)} {head}{separator}{words}"
    indent += _INDENT
    yield from _hint(node.hint, indent)
    if node.array is not None:
        yield from _array(node.array, indent, style)
    if node.satisfied is False:
        yield from _details(node, indent, style)


def _array(array: Array, indent: str, style: Style) -> Iterator[str]:
    yield f"{indent}{style.skipped} {printable(array.words)}"
    for other in array.others:
        failing = printable("; ".join(other.failing))
        yield f"{indent}{style.mark(False)} {truncate(other.where)}: {failing}"
    # The closest element is not among the others.
    more = array.elements - len(array.others) - 1
    if array.others and more > 0:
        yield f"{indent}{style.skipped} {more:,} more elements"


def _reason(node: ExplainedField) -> str:
    """Return why a field matches or not, in one line."""
    wanted = joined([rule.words for rule in node.rules], _MOST_RULES)
    if node.satisfied is None:
        return printable(f"{node.words}; wants {wanted}" if node.words else f"wants {wanted}")
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
        return printable(f"{node.words or 'absent'}; wants {wanted}")
    return printable(node.words)


def _details(node: ExplainedField, indent: str, style: Style) -> Iterator[str]:
    """Draw values and rules of a field that fails, if a single line is not enough."""
    if node.values > 1:
        for found in node.found:
            yield f"{indent}{style.mark(False)} {truncate(found.where)}: {found.why}"
        if node.values > len(node.found):
            yield f"{indent}{style.skipped} {node.values - len(node.found):,} more values"
    reasons = [rule for rule in node.rules if rule.why]
    if node.values == 1 and len(reasons) > 1:
        for rule in reasons[:_MOST_RULES]:
            yield f"{indent}{style.mark(False)} {printable(f'{rule.words}: {rule.why}')}"
        if len(reasons) > _MOST_RULES:
            yield f"{indent}{style.skipped} {len(reasons) - _MOST_RULES:,} more rules"


def _name(name: str) -> str:
    return printable(truncate(name, _MOST_NAME)) if name else '""'


def _hint(hint: str, indent: str) -> Iterator[str]:
    if hint:
        yield f"{indent}hint: {printable(hint)}"
