"""Selectors of codes: a code, what codes begin with, or `ALL`."""

from __future__ import annotations

from collections.abc import Iterable

ALL = "ALL"


def matches(code: str, selectors: Iterable[str]) -> bool:
    """Whether one of the selectors is for a code."""
    return longest(code, tuple(selectors)) > 0


def longest(code: str, selectors: tuple[str, ...]) -> int:
    """The length of the longest selector that is for a code; 0 if none is. `ALL` is the weakest."""
    return max(
        (1 if one == ALL else len(one) for one in selectors if one == ALL or code.startswith(one)),
        default=0,
    )
