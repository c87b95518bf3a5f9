"""The key under which an operator is filed, and the keys to look up for a value.

A key is found for every value that the operator matches. If it may also be found for others, the
operator is evaluated (`guarded`).
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Final, NamedTuple

from filterpatterns.language.operators import (
    Cidr,
    Equals,
    EqualsIgnoreCase,
    Exactly,
    Numeric,
    Operator,
    Prefix,
    Suffix,
    Wildcard,
)
from filterpatterns.language.operators.address import shared_digits
from filterpatterns.language.operators.equality import EqualsAddress, EqualsNumber

_GRAMS = (8, 4, 2, 1, 0)
"""A wildcard is filed under this many characters of a text in its middle. More characters are
rarer, but each number in use costs another pass over a value."""


class Family:
    """Which part of a value is looked up. Plain texts: hashing members of an Enum takes a Python
    call."""

    STRING: Final = "the whole string"
    PREFIX: Final = "its first characters"
    SUFFIX: Final = "its last characters"
    GRAM: Final = "any adjacent characters"
    FOLDED: Final = "the whole string, ignoring case"
    FOLDED_PREFIX: Final = "its first characters, ignoring case"
    FOLDED_SUFFIX: Final = "its last characters, ignoring case"
    ADDRESS: Final = "the first digits of an IP address or a number"
    BLOCK: Final = "the same, for blocks"
    NUMBER: Final = "the number, as a double"
    NUMBER_TEXT: Final = "the text of a number that is not comparable"
    CONSTANT: Final = "true, false or null"


class Key(NamedTuple):
    """Where an operator is filed: a table, identified by a family and a size, and a key in it.

    The size is a number of characters.
    """

    family: str
    size: Hashable
    value: Hashable
    guarded: bool = False


def fold(text: str) -> str:
    """Return one spelling for all that differ only in case. Others may fold to it as well.

    Each character's upper-case and lower-case mappings fold alike, and a concatenation folds to
    the concatenation of the folds (a test covers all of Unicode).
    """
    return text.upper().casefold()


def key_of(rule: Operator) -> Key | None:
    """Return the key of an operator; None if it matches nothing, or if there is no key for it.

    Ranges of numbers have no key: they are in `ranges.py`. Nor do `exists` and `anything-but`,
    but the rules that the latter excludes do.
    """
    if isinstance(rule, Equals) and not isinstance(rule.value, str):
        return Key(Family.CONSTANT, 0, rule.value)
    if isinstance(rule, (Equals, Exactly)):
        return Key(Family.STRING, 0, rule.value if isinstance(rule, Equals) else rule.text)
    if isinstance(rule, EqualsNumber):
        return _number(rule)
    if isinstance(rule, Numeric):
        return Key(Family.NUMBER, 0, rule.lower) if rule.lower == rule.upper else None
    if isinstance(rule, EqualsAddress):
        return Key(Family.ADDRESS, len(rule.digits), rule.digits)
    if isinstance(rule, Cidr):
        size = shared_digits(rule.first, rule.last)
        return Key(Family.BLOCK, size, rule.first[:size], guarded=True)
    return _text(rule)


def _number(rule: EqualsNumber) -> Key:
    if rule.double is not None:
        return Key(Family.NUMBER, 0, rule.double)
    return Key(Family.NUMBER_TEXT, 0, rule.text)


def _text(rule: Operator) -> Key | None:
    if isinstance(rule, EqualsIgnoreCase):
        if rule.never_holds:
            return None
        return Key(Family.FOLDED, 0, fold(rule.text), guarded=True)
    if isinstance(rule, (Prefix, Suffix)):
        prefix = isinstance(rule, Prefix)
        if rule.never_holds:
            return None
        if rule.spelling is None:
            text = rule.text if rule.whole is None else rule.whole
            family = Family.PREFIX if prefix else Family.SUFFIX
            return Key(family, len(text), text, guarded=rule.whole is not None)
        folded = fold(rule.text)
        family = Family.FOLDED_PREFIX if prefix else Family.FOLDED_SUFFIX
        return Key(family, len(folded), folded, guarded=True)
    return _wildcard(rule) if isinstance(rule, Wildcard) else None


def _wildcard(rule: Wildcard) -> Key:
    """The longest text between the stars is the one that a value is least likely to have."""
    if len(rule.parts) == 1:
        return Key(Family.STRING, 0, rule.parts[0])
    longest = max(rule.parts, key=len)
    if longest == rule.parts[0]:
        return Key(Family.PREFIX, len(longest), longest, guarded=True)
    if longest == rule.parts[-1]:
        return Key(Family.SUFFIX, len(longest), longest, guarded=True)
    size = next(size for size in _GRAMS if size <= len(longest))
    return Key(Family.GRAM, size, longest[:size], guarded=True)


def is_range(rule: Operator) -> bool:
    """Whether a rule is a range of more than one number."""
    return isinstance(rule, Numeric) and rule.lower != rule.upper
