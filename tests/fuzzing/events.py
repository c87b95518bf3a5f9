"""Events from a fuzzer's choices, which more or less fit a pattern, and their JSON text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tests.fuzzing import words
from tests.fuzzing.draw import Draw
from tests.support.oracle import conjunctions

Items = list[tuple[list[str], Any]]


def event(draw: Draw, pattern: Mapping[str, Any]) -> dict[str, Any]:
    """An event that satisfies, nearly satisfies, or has little to do with a pattern."""
    if draw.once_in(8):
        return _anything(draw, 3, as_object=True)
    items: Items = []
    for path, rules in draw.pick(conjunctions(dict(pattern))).items():
        if draw.once_in(12):
            continue
        for _ in range(2 if draw.once_in(6) else 1):
            items.append((path.split("."), _value(draw, draw.pick(rules))))
    if draw.once_in(4):
        items.append((draw.pick(words.NAMES).split("."), _anything(draw, 2)))
    return _build(draw, items)


def _build(draw: Draw, items: Items) -> dict[str, Any]:
    """An object with the items in it, names with dots or nested, with arrays here and there."""
    made: dict[str, Any] = {}
    groups: dict[str, Items] = {}
    for segments, value in items:
        count = 1 + (draw.below(len(segments)) if draw.once_in(5) else 0)
        name, rest = ".".join(segments[:count]), segments[count:]
        if rest:
            groups.setdefault(name, []).append((rest, value))
        elif name in made and draw.below(2):
            made[name] = [made[name], value]
        else:
            made[name] = value
    for name, group in groups.items():
        below: Any = _build(draw, group)
        if draw.once_in(3):
            elements = [below]
            elements += [
                _build(draw, [item for item in group if draw.below(2)])
                for _ in range(1 + draw.below(2))
            ]
            if draw.once_in(3):
                elements.append(draw.pick(words.SCALARS))
            if draw.once_in(4):
                elements = [elements[:1], elements[1:]]
            below = elements[::-1] if draw.below(2) else elements
        if name in made:
            below = [made[name], below]
        made[name] = below
    return made


def _anything(draw: Draw, depth: int, *, as_object: bool = False) -> Any:
    kind = 1 if as_object else draw.below(4)
    if kind == 1 and depth:
        names = (words.NAMES, words.NAMES, words.HOSTILE)
        return {
            draw.pick(draw.pick(names)): _anything(draw, depth - 1) for _ in range(draw.below(4))
        }
    if kind == 2 and depth:
        return [_anything(draw, depth - 1) for _ in range(draw.below(4))]
    return draw.pick(words.SCALARS)


def _value(draw: Draw, rule: Any) -> Any:
    """A value that the rule probably matches, or a similar one."""
    operand = rule
    while isinstance(operand, dict) and operand:
        operand = next(iter(operand.values()))
    if isinstance(operand, list) and operand:
        operand = draw.pick(operand)
    how = draw.below(12)
    if how == 0:
        return _anything(draw, 2)
    if how == 1:
        return [operand, draw.pick(words.SCALARS)]
    if isinstance(operand, bool) or operand is None:
        return operand if how < 9 else draw.pick((0, 1, "true", "null", "", {}, [], [[]], [{}]))
    if isinstance(operand, (int, float)):
        near = (operand, operand, float(operand), operand + 1, operand - 1, str(operand), -operand)
        return draw.pick(near)
    text = str(operand)
    if how < 6:
        return text.replace("\\*", "*").replace("\\\\", "\\") if "\\" in text else text
    near_texts = (
        *(text + "x", "x" + text, text[1:], text[:-1], text.swapcase(), text.upper()),
        *(text.replace("*", ""), text.replace("*", "xyz"), text.partition("/")[0]),
    )
    return draw.pick(near_texts)


def spelled(draw: Draw, value: Any, *, exact: bool = False) -> str:
    """The value as JSON text: plainly, or in ways that only RFC 8259 knows.

    Unless it is to be `exact`, some numbers become others that are hard to read.
    """
    plain = json.dumps(value)
    if not draw.once_in(4):
        return plain if draw.below(2) else _readable(value, plain)
    return _spell(draw, value, exact)


def _readable(value: Any, otherwise: str) -> str:
    text = json.dumps(value, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:
        return otherwise
    return text


def _spell(draw: Draw, value: Any, exact: bool) -> str:
    space = draw.pick(("", "", "", " ", "\n\t", "\r\n "))
    if isinstance(value, dict):
        names = {name: _spell(draw, name, exact) for name in value}
        members = [f"{names[name]}{space}:{_spell(draw, value[name], exact)}" for name in value]
        if members and draw.once_in(6):  # the last of repeated names counts
            members.insert(0, f"{next(iter(names.values()))}:[{draw.pick(words.NUMBER_TEXTS)}]")
        return "{" + space + f"{space},".join(members) + "}" + space
    if isinstance(value, list):
        return "[" + f",{space}".join(_spell(draw, item, exact) for item in value) + f"{space}]"
    if isinstance(value, str):
        return '"' + "".join(_spell_character(draw, char) for char in value) + '"'
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if is_number and not exact and draw.once_in(3):
        return draw.pick(words.NUMBER_TEXTS)
    return space + json.dumps(value) + space


def _spell_character(draw: Draw, char: str) -> str:
    if char.isalnum() and char.isascii() and not draw.once_in(6):
        return char
    if char == "/" and draw.below(2):
        return "\\/"
    units = char.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))
