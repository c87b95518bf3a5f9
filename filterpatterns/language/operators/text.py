"""Strings: `prefix`, `suffix`, `equals-ignore-case`."""

from __future__ import annotations

import sys
from typing import Any, ClassVar

from filterpatterns.language import nodes
from filterpatterns.language.operators.base import (
    Bind,
    Kind,
    OperandError,
    OperatorBase,
    describe,
    json_needle,
    not_a_string,
    require_string,
)
from filterpatterns.language.operators.reference import (
    STRING,
    OperatorReference,
    for_all,
    only_member,
    string_or,
)
from filterpatterns.language.wording import format_value

_MARGIN = 100
"""The number of white space characters around a text that is still considered nearly right."""

_LAST_FOLDED = "\uffff"
"""The last character whose case AWS's engine can ignore."""

_NEVER = "AWS cannot ignore the case of characters beyond U+FFFF: the rule never matches"

QUOTE = '"'
"""AWS compares a string together with its quotes, which `prefix` and `suffix` may include."""

_OR_IGNORING_CASE = string_or(only_member({"equals-ignore-case": STRING}))
_DOCUMENTED = {"lambda": STRING, "pipes": _OR_IGNORING_CASE, "eventbridge": _OR_IGNORING_CASE}

Variants = tuple[tuple[str, str], ...]
"""A text ignoring case: for each character, its lower-case and its upper-case mapping."""


def variants(text: str) -> Variants:
    """The forms of each character (Unicode full mapping, no locale): `ß` is `ß` or `SS`."""
    return tuple((char.lower(), char.upper()) for char in text)


def never_ignores(text: str) -> bool:
    """Whether a rule that ignores case never matches: AWS's engine cannot express such
    characters."""
    return not text.isascii() and max(text) > _LAST_FOLDED


def matched_length(spelling: Variants, value: str) -> int:
    """Return how many characters at the start of the value match, or -1.

    A character's mappings never share a beginning unless they are equal, so that the first choice
    is the only choice and the cost is linear (a test covers all of Unicode).
    """
    position = 0
    for lower, upper in spelling:
        if value.startswith(lower, position):
            position += len(lower)
        elif value.startswith(upper, position):
            position += len(upper)
        else:
            return -1
    return position


class EqualsIgnoreCase(OperatorBase, frozen=True, gc=False):
    """Matches that string ignoring case; `spelling` is None if AWS cannot ignore its case."""

    reference: ClassVar = OperatorReference(
        "equals this text, ignoring case",
        "Matches a string that equals this text, ignoring case. AWS cannot ignore the case "
        "of characters beyond U+FFFF, such as emoji: a rule with one never matches.",
        ("paid",),
        STRING,
        for_all(STRING),
    )

    text: str
    spelling: Variants | None

    @classmethod
    def parse(cls, operand: nodes.Value) -> EqualsIgnoreCase:
        return cls.of(require_string("equals-ignore-case", operand))

    @classmethod
    def of(cls, text: str) -> EqualsIgnoreCase:
        return cls(text, None if never_ignores(text) else variants(text))

    @property
    def never_holds(self) -> bool:
        """Whether no string satisfies the rule on AWS."""
        return self.spelling is None

    def holds(self, value: Any) -> bool:
        if self.spelling is None or not isinstance(value, str):
            return False
        return matched_length(self.spelling, value) == len(value)

    def code(self, value: str, kind: Kind, bind: Bind) -> str:
        if kind != "string" or self.spelling is None:
            return "False"
        if self.text.isascii():
            return f"({value}.isascii() and {value}.lower() == {bind(self.text.lower())})"
        return f"{bind(self.holds)}({value})"

    def words(self) -> str:
        return f"equals-ignore-case {format_value(self.text)}"

    def why_not(self, value: Any) -> str:
        if not isinstance(value, str):
            return not_a_string("equals-ignore-case", value)
        if self.spelling is None:
            return _NEVER
        if len(value) <= len(self.text) + _MARGIN and self.holds(value.strip()):
            return f"{format_value(value)} has white space around it"
        return f"{format_value(value)} is not {format_value(self.text)}, even ignoring case"


class Prefix(OperatorBase, frozen=True, gc=False):
    """Matches strings with that beginning; `spelling` is None if case counts.

    The string is compared including the closing quote: `whole` is the string that matches by that
    quote.
    """

    reference: ClassVar = OperatorReference(
        "begins with this text",
        "Matches a string that begins with this text. "
        '`{"equals-ignore-case": "x"}` as operand ignores case.',
        ("order.", {"equals-ignore-case": "order."}),
        _OR_IGNORING_CASE,
        _DOCUMENTED,
    )

    text: str
    spelling: Variants | None = None
    never_holds: bool = False

    @classmethod
    def parse(cls, operand: nodes.Value) -> Prefix:
        text = _ignoring_case("prefix", operand)
        if text is None:
            return cls.parse_plain(operand)
        return cls(text, variants(text), never_ignores(text))

    @classmethod
    def parse_plain(cls, operand: nodes.Value) -> Prefix:
        return cls(require_string("prefix", operand))

    @property
    def whole(self) -> str | None:
        """Return the string that the prefix matches only together with its closing quote."""
        return self.text[:-1] if self.spelling is None and self.text.endswith(QUOTE) else None

    def holds(self, value: Any) -> bool:
        if self.never_holds or not isinstance(value, str):
            return False
        if self.spelling is None:
            return value.startswith(self.text) or value == self.whole
        return matched_length(self.spelling, value) >= 0

    def code(self, value: str, kind: Kind, bind: Bind) -> str:
        if kind != "string" or self.never_holds:
            return "False"
        if self.spelling is not None or self.whole is not None:
            return f"{bind(self.holds)}({value})"
        if not self.text or self.text[-1] == chr(sys.maxunicode):
            return f"{value}.startswith({bind(self.text)})"
        # Two comparisons cost a third of a method call in Python 3.11, and hardly more in 3.13.
        after = self.text[:-1] + chr(ord(self.text[-1]) + 1)
        return f"({bind(self.text)} <= {value} and {value} < {bind(after)})"

    def needle(self) -> str | None:
        if self.spelling is not None or not self.text:
            return None
        needle = json_needle(self.text if self.whole is None else self.whole)
        return needle if needle == "\\" else f'"{needle}'

    def words(self) -> str:
        return (
            f"prefix {format_value(self.text)}{'' if self.spelling is None else ', ignoring case'}"
        )

    def why_not(self, value: Any) -> str:
        if not isinstance(value, str):
            return not_a_string("prefix", value)
        if self.never_holds:
            return _NEVER
        words = f"{format_value(value)} does not begin with {format_value(self.text)}"
        if self.spelling is None and matched_length(variants(self.text), value) >= 0:
            return f"{words} (only the case differs)"
        if self.holds(value[: len(self.text) + _MARGIN].lstrip()):
            return f"{words}: there is white space before it"
        return words

    def why_unexpected(self, value: Any) -> str:
        """Return why the rule matches a string that does not seem to begin with the prefix."""
        return "AWS compares the closing quote as well" if value == self.whole else ""


class Suffix(OperatorBase, frozen=True, gc=False):
    """Matches strings with that end; `spelling`, for the reversed text, is None if case counts.

    The string is compared including the opening quote: `whole` is the string that matches by that
    quote.
    """

    reference: ClassVar = OperatorReference(
        "ends with this text",
        "Matches a string that ends with this text. "
        '`{"equals-ignore-case": "x"}` as operand ignores case.',
        (".csv", {"equals-ignore-case": ".csv"}),
        _OR_IGNORING_CASE,
        _DOCUMENTED,
    )

    text: str
    spelling: Variants | None = None
    never_holds: bool = False

    @classmethod
    def parse(cls, operand: nodes.Value) -> Suffix:
        text = _ignoring_case("suffix", operand)
        if text is None:
            return cls.parse_plain(operand)
        backwards = tuple((low[::-1], up[::-1]) for low, up in reversed(variants(text)))
        return cls(text, backwards, never_ignores(text))

    @classmethod
    def parse_plain(cls, operand: nodes.Value) -> Suffix:
        return cls(require_string("suffix", operand))

    @property
    def whole(self) -> str | None:
        """Return the string that the suffix matches only together with its opening quote."""
        return self.text[1:] if self.spelling is None and self.text.startswith(QUOTE) else None

    def holds(self, value: Any) -> bool:
        if self.never_holds or not isinstance(value, str):
            return False
        if self.spelling is None:
            return value.endswith(self.text) or value == self.whole
        longest = sum(max(len(lower), len(upper)) for lower, upper in self.spelling)
        tail = value[-longest:] if longest else ""
        return matched_length(self.spelling, tail[::-1]) >= 0

    def code(self, value: str, kind: Kind, bind: Bind) -> str:
        if kind != "string" or self.never_holds:
            return "False"
        if self.spelling is not None or self.whole is not None:
            return f"{bind(self.holds)}({value})"
        return f"{value}.endswith({bind(self.text)})"

    def needle(self) -> str | None:
        if self.spelling is not None or not self.text:
            return None
        needle = json_needle(self.text if self.whole is None else self.whole)
        return needle if needle == "\\" else f'{needle}"'

    def words(self) -> str:
        return (
            f"suffix {format_value(self.text)}{'' if self.spelling is None else ', ignoring case'}"
        )

    def why_not(self, value: Any) -> str:
        if not isinstance(value, str):
            return not_a_string("suffix", value)
        if self.never_holds:
            return _NEVER
        words = f"{format_value(value)} does not end with {format_value(self.text)}"
        tail = value[-len(self.text) - _MARGIN :]
        if self.spelling is None and tail.casefold().endswith(self.text.casefold()):
            return f"{words} (only the case differs)"
        if self.holds(tail.rstrip()):
            return f"{words}: there is white space after it"
        return words

    def why_unexpected(self, value: Any) -> str:
        """Return why the rule matches a string that does not seem to end with the suffix."""
        return "AWS compares the opening quote as well" if value == self.whole else ""


def _ignoring_case(name: str, operand: nodes.Value) -> str | None:
    """Return the string of `{"equals-ignore-case": string}`, or None if the operand is not an
    object."""
    if not isinstance(operand, nodes.Object):
        return None
    members = operand.members
    if len(members) != 1 or members[0][0].value != "equals-ignore-case":
        raise OperandError(
            "FP009",
            operand,
            f"{name} must be a string or an equals-ignore-case, found {describe(operand)}",
            f'write {{"{name}": "x"}} or {{"{name}": {{"equals-ignore-case": "x"}}}}',
        )
    return require_string("equals-ignore-case", members[0][1])
