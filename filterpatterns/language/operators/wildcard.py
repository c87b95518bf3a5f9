"""Strings: `wildcard`."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from filterpatterns.language import nodes
from filterpatterns.language.operators.base import (
    Bind,
    Instead,
    Kind,
    OperandError,
    OperatorBase,
    json_needle,
    json_text,
    not_a_string,
    require_string,
)
from filterpatterns.language.operators.reference import STRING, OperatorReference
from filterpatterns.language.wording import format_value

_LONGEST_FOLDED = 10_000
"""A longer string is not compared again ignoring case just to explain why it fails."""

_PARTS = 3
"""This many parts take as long as a simple rule."""

_STARS = re.compile(r"\\.|\*+", re.DOTALL)


class Wildcard(OperatorBase, frozen=True, gc=False):
    """Matches strings that fit the wildcard: `parts` are the texts between the stars, in order."""

    reference: ClassVar = OperatorReference(
        "matches this wildcard",
        "Matches a string of this shape: `*` stands for any characters, or none. "
        r"`\*` is a star and `\\` a backslash; JSON doubles each backslash. Two stars in a row are "
        "an error.",
        ("*error*", "orders/*/new.csv"),
        {"type": "string", "pattern": r"^(?:[^*\\]|\\[*\\]|\*(?!\*))*$"},
        {"eventbridge": STRING},
    )

    text: str
    parts: tuple[str, ...]

    @classmethod
    def parse(cls, operand: nodes.Value) -> Wildcard:
        text = require_string("wildcard", operand)
        parts = [""]
        chars = iter(enumerate(text))
        for index, char in chars:
            if char == "*":
                if text[index + 1 : index + 2] == "*":
                    raise OperandError(
                        "FP012",
                        operand,
                        "a wildcard must not have two stars in a row",
                        r"write a single * for any run of characters, and \\* for a star itself",
                        Instead(json_text(_STARS.sub(_single_star, text)), "node"),
                    )
                parts.append("")
            elif char == "\\":
                _, escaped = next(chars, (0, ""))
                if escaped not in ("*", "\\"):
                    raise OperandError(
                        "FP012",
                        operand,
                        f"a wildcard cannot escape {escaped!r}"
                        if escaped
                        else "a wildcard must not end in a single backslash",
                        r"in a wildcard \* is a star and \\ a backslash; JSON doubles each "
                        r"backslash: \\* and \\\\",
                    )
                parts[-1] += escaped
            else:
                parts[-1] += char
        return cls(text, tuple(parts))

    def holds(self, value: Any) -> bool:
        """Linear: each part matches at its first position, and str.find is linear."""
        if not isinstance(value, str):
            return False
        parts = self.parts
        first, last = parts[0], parts[-1]
        if len(parts) == 1:
            return value == first
        if not value.startswith(first):
            return False
        position, end = len(first), len(value) - len(last)
        for part in parts[1:-1]:
            position = value.find(part, position, end)
            if position < 0:
                return False
            position += len(part)
        return position <= end and value.endswith(last)

    def code(self, value: str, kind: Kind, bind: Bind) -> str:
        if kind != "string":
            return "False"
        if len(self.parts) == 3 and not self.parts[0] and not self.parts[2]:
            return f"{bind(self.parts[1])} in {value}"
        return f"{bind(self.holds)}({value})"

    def needle(self) -> str | None:
        longest = max(self.parts, key=len)
        return json_needle(longest) if longest else None

    def weight(self) -> int:
        return max(1, len(self.parts) // _PARTS)

    def words(self) -> str:
        return f"wildcard {format_value(self.text)}"

    def why_not(self, value: Any) -> str:
        if not isinstance(value, str):
            return not_a_string("wildcard", value)
        words = f"{format_value(value)} does not match {format_value(self.text)}"
        folded = Wildcard(self.text, tuple(part.casefold() for part in self.parts))
        if len(value) <= _LONGEST_FOLDED and folded.holds(value.casefold()):
            return f"{words} (only the case differs)"
        return words


def _single_star(found: re.Match[str]) -> str:
    return "*" if found[0][0] == "*" else found[0]
