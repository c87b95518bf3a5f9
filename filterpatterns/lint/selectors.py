"""Selectors of codes: a code, a prefix of codes, or `ALL`."""

from __future__ import annotations

from collections.abc import Iterable

ALL = "ALL"


def matches(code: str, selectors: Iterable[str]) -> bool:
    """Whether one of the selectors matches a code."""
    return longest(code, tuple(selectors)) > 0


def longest(code: str, selectors: tuple[str, ...]) -> int:
    """The length of the longest selector that matches a code; 0 if none does. `ALL` is the
    weakest."""
    return max(
        (1 if one == ALL else len(one) for one in selectors if one == ALL or code.startswith(one)),
        default=0,
    )
