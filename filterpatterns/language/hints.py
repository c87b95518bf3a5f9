"""Hints about what to write instead of a mistake, in words and, if possible, as an edit."""

from __future__ import annotations

import json
import re

from msgspec import Struct

from filterpatterns.language import nodes
from filterpatterns.language.diagnostics import Edit, Reporter
from filterpatterns.language.nodes import Span
from filterpatterns.language.operators import OPERATORS
from filterpatterns.language.operators.base import OperandError, json_text
from filterpatterns.language.wording import truncate

_MEANT = {
    "not": "anything-but",
    "anything_but": "anything-but",
    "anythingbut": "anything-but",
    "contains": "wildcard",
    "like": "wildcard",
    "regex": "wildcard",
    "startswith": "prefix",
    "starts-with": "prefix",
    "endswith": "suffix",
    "ends-with": "suffix",
    "equals": "exactly",
    "ip": "cidr",
}

_SPECIAL = re.compile(r"[*\\]")

COMBINERS = {
    "$and": 'all fields of an object must match: write them side by side, {"a": [1], "b": [2]}',
    "$not": 'exclude values in the field itself: "a": [{"anything-but": "x"}]',
    "$nor": 'exclude values in each field: "a": [{"anything-but": "x"}], "b": [...]',
}
"""Operators that other query languages have besides `$or`, and what to write instead."""


class Hint(Struct, frozen=True):
    """What to write, in words, and as an edit."""

    words: str
    edit: Edit | None = None


def write(span: Span, text: str) -> Edit:
    """An edit whose title is the text that it writes."""
    return Edit(f"Write {truncate(text)}", span, text)


def ask_for_any_value(span: Span) -> Edit:
    """The hint for an empty array or object."""
    return write(span, '[{"exists": true}]')


def for_scalar(name: str, value: nodes.Scalar) -> Hint:
    """The hint for a field whose value is not in an array."""
    if name == "Filters":
        return Hint('for a FilterCriteria without filters, write {"Filters": []}')
    if isinstance(value.value, str) and value.value.lstrip().startswith("{"):
        words = "write the object itself, without quotes and backslashes around it"
        return Hint(words, without_quotes(value))
    text = f"[{value.text}]"
    return Hint(f"write {text}", Edit(f"Wrap in an array: {truncate(text)}", value.span, text))


def without_quotes(value: nodes.Scalar) -> Edit | None:
    """An edit that writes the object contained in a string; None if it has none."""
    text = str(value.value).strip()
    try:
        is_object = isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return None
    return Edit("Write the object itself", value.span, text) if is_object else None


def renamed(names: tuple[Span, ...], index: int, meant: str | None) -> Edit | None:
    """An edit that replaces one of the names that lead to a field."""
    if meant is None or index >= len(names):
        return None
    return write(names[index], json_text(meant))


def without_brackets(title: str, span: Span, report: Reporter) -> Edit | None:
    """An edit that replaces an array or an object with its content; None if it is empty."""
    inner = report.source(span)[1:-1].strip()
    return Edit(title, span, inner) if inner else None


def for_single_alternative(member: nodes.Or, report: Reporter) -> Edit | None:
    """The hint for a `$or` with one alternative, whose fields can be written without it."""
    value = member.value
    if not isinstance(value, nodes.Alternatives) or len(value.items) != 1:
        return None
    (only,) = value.items
    if not isinstance(only, nodes.Fields):
        return None
    inner = report.source(only.span)[1:-1].strip()
    whole = Span(member.name_span.start, value.span.end)
    return Edit("Leave out $or", whole, inner) if inner else None


def for_operators(item: nodes.Operation, report: Reporter) -> Edit | None:
    """The hint for several operators in one rule (write a rule for each), or none (any value)."""
    if not item.operators:
        return write(item.span, '{"exists": true}')
    texts = [
        report.source(Span(one.name_span.start, one.operand.span.end)) for one in item.operators
    ]
    rules = ", ".join(f"{{{text}}}" for text in texts)
    return Edit("Write one rule for each: any of them may match", item.span, rules)


def for_operand(
    error: OperandError, operator: nodes.OperatorNode, item: nodes.Operation
) -> Edit | None:
    """The hint of an operand's error."""
    instead = error.instead
    if instead is None:
        return None
    if instead.place == "rule":
        is_alone = len(item.operators) == 1 and error.node is operator.operand
        return write(item.span, instead.text) if is_alone else None
    span = {
        "node": error.node.span,
        "operand": operator.operand.span,
        "operator": Span(operator.name_span.start, operator.operand.span.end),
    }[instead.place]
    return write(span, instead.text)


def for_unknown_operator(operator: nodes.OperatorNode) -> Hint:
    """The hint for a name that is not an operator."""
    name = operator.name
    lower = name.lower()
    if lower == "pattern":
        return Hint('a FilterCriteria is written {"Filters": [{"Pattern": "..."}]}')
    if lower in OPERATORS:
        words = f'operators are written in lower case: "{lower}"'
        return Hint(words, write(operator.name_span, json_text(lower)))
    import difflib  # only needed for misspelled names

    near = difflib.get_close_matches(lower, OPERATORS, n=1)
    meant = _MEANT.get(lower) or (near[0] if near else None)
    if meant == "wildcard":
        words = 'a wildcard finds text inside: {"wildcard": "*text*"}'
        return Hint(words, _as_wildcard(lower, operator))
    if meant is not None:
        return Hint(f'did you mean "{meant}"?', write(operator.name_span, json_text(meant)))
    return Hint(
        f"the operators are {', '.join(OPERATORS)}; a field one level down is written without "
        f'the array: "{name}": [...] in an object'
    )


def _as_wildcard(name: str, operator: nodes.OperatorNode) -> Edit | None:
    if name not in _MEANT:  # misspelled
        return write(operator.name_span, '"wildcard"')
    operand = operator.operand
    if name != "contains" or not isinstance(operand, nodes.Scalar):
        return None
    if not isinstance(operand.value, str) or not operand.value:
        return None
    text = json_text(f"*{_SPECIAL.sub(_escaped, operand.value)}*")
    whole = Span(operator.name_span.start, operand.span.end)
    return write(whole, f'"wildcard": {text}')


def _escaped(found: re.Match[str]) -> str:
    return "\\" + found[0]
