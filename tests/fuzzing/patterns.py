"""Patterns from a fuzzer's choices: valid ones, as Python objects, each operator about as often."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from tests.fuzzing import words
from tests.fuzzing.draw import Draw
from tests.support import strategies

_MOST_COMBINATIONS = 24
_RANGES = [
    (low, high)
    for low in strategies.EXACT_NUMBERS
    for high in strategies.EXACT_NUMBERS
    if low < high
]


def pattern(draw: Draw) -> dict[str, Any]:
    """A pattern that AWS accepts."""
    made = _fields(draw, draw.below(4), in_or=False)
    return made if strategies.combinations(made) <= _MOST_COMBINATIONS else {"a": [1]}


def _fields(draw: Draw, depth: int, *, in_or: bool) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for _ in range(1 + draw.below(3)):
        if depth and draw.once_in(5):
            alternatives = range(2 + draw.below(2))
            made["$or"] = [_fields(draw, depth - 1, in_or=True) for _ in alternatives]
        elif depth and draw.below(2):
            made[_name(draw)] = _fields(draw, depth - 1, in_or=in_or)
        else:
            made[_name(draw)] = _rules(draw)
    return made


def _name(draw: Draw) -> str:
    name = draw.pick(words.HOSTILE if draw.once_in(16) else words.NAMES)
    return "a" if name == "$or" else name


def _rules(draw: Draw) -> list[Any]:
    rules = [_rule(draw) for _ in range(1 + draw.below(3))]
    if draw.once_in(4):
        rules[draw.below(len(rules))] = {"exists": False}
    return rules[:1] if draw.below(2) else rules


def _rule(draw: Draw) -> Any:
    return draw.pick(_RULES)(draw)


def _string(draw: Draw) -> str:
    return draw.pick(words.HOSTILE if draw.once_in(10) else words.STRINGS)


def _some(draw: Draw, one: Any) -> Any:
    """One, or a list of up to five: sets are used from four on."""
    return one(draw) if draw.below(2) else [one(draw) for _ in range(1 + draw.below(5))]


def _cased(draw: Draw) -> str:
    return _string(draw) if draw.once_in(4) else draw.pick(strategies.CASED)


def _affix(draw: Draw) -> Any:
    return {"equals-ignore-case": _cased(draw)} if draw.once_in(3) else _string(draw)


def _wildcard(draw: Draw) -> str:
    text = _string(draw) if draw.once_in(4) else ""
    made = text.replace("\\", "\\\\").replace("*", "\\*")
    for _ in range(draw.below(5)):
        piece = draw.pick(("*", "a", "b", "é", "\\*", "\\\\", "*", "ab"))
        if not (piece == "*" and made.endswith("*") and not made.endswith("\\*")):
            made += piece
    return made


def _numeric(draw: Draw) -> list[Any]:
    if draw.below(2):
        return [draw.pick(("=", "<", "<=", ">", ">=")), draw.pick(strategies.EXACT_NUMBERS)]
    low, high = draw.pick(_RANGES)
    return [draw.pick((">", ">=")), low, draw.pick(("<", "<=")), high]


def _anything_but(draw: Draw) -> Any:
    kind = draw.below(6)
    if kind == 0:
        return _some(draw, lambda draw: draw.pick(strategies.EXACT_NUMBERS))
    if kind == 1:
        return {"wildcard": _some(draw, _wildcard)}
    if kind == 2:
        return {"equals-ignore-case": _some(draw, _cased)}
    if kind == 3:
        return {draw.pick(("prefix", "suffix")): _some(draw, lambda draw: _string(draw) or "a")}
    return _some(draw, _string)


OPERANDS: dict[str, Callable[[Draw], Any]] = {
    "exists": lambda draw: True,
    "prefix": _affix,
    "suffix": _affix,
    "equals-ignore-case": _cased,
    "wildcard": _wildcard,
    "numeric": _numeric,
    "cidr": lambda draw: draw.pick(strategies.BLOCKS),
    "exactly": _string,
    "anything-but": _anything_but,
}


def _operator(name: str, draw: Draw) -> dict[str, Any]:
    return {name: OPERANDS[name](draw)}


_RULES: list[Callable[[Draw], Any]] = [
    lambda draw: draw.pick(words.SCALARS),
    lambda draw: draw.pick(words.SCALARS),
    _string,
    lambda draw: draw.pick(strategies.NUMBERS),
    *(partial(_operator, name) for name in (*OPERANDS, "anything-but")),
]
