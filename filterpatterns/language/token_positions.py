"""Finds the positions of patterns in the text of a FilterCriteria, character by character."""

from __future__ import annotations

import json
import re
from functools import lru_cache

_MARKS = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{},]', re.DOTALL)
_FILTERS = (["Filters"], ["FilterCriteria", "Filters"])


@lru_cache(maxsize=1)
def pattern_tokens(text: str) -> dict[int, tuple[int, int]]:
    """Return where the patterns' tokens begin and end in the text of a FilterCriteria, by filter.

    The text is JSON, known to be a FilterCriteria. If a name is repeated, the last value counts.
    """
    found: dict[int, tuple[int, int]] = {}
    names: list[str | None] = []  # of the current member; None in an array
    is_name = False
    index = inside = 0  # the filter, and how many arrays and objects are open around it
    for mark in _MARKS.finditer(text):
        token = mark[0]
        if token == "{":
            names.append("")
            is_name = True
        elif token == "[":
            if names in _FILTERS:
                found, index, inside = {}, 0, len(names) + 1
            names.append(None)
            is_name = False
        elif token in "]}":
            names.pop()
        elif token == ",":
            is_name = names[-1] is not None
            index += len(names) == inside
        elif is_name:
            names[-1] = json.loads(token)
            is_name = False
        elif len(names) == inside + 1 and names[-1] == "Pattern" and names[:-2] in _FILTERS:
            found[index] = mark.span()
    return found


_CHARACTER = re.compile(r"\\u[dD][89abAB]..\\u[dD][c-fC-F]..|\\u....|\\.|.", re.DOTALL)


def character_starts(token: str, start: int) -> list[int]:
    """Return where each character of a JSON string begins in the text that contains its token, and
    where the last one ends."""
    starts = [start + match.start() for match in _CHARACTER.finditer(token, 1, len(token) - 1)]
    return [*starts, start + len(token) - 1]
