"""Searching before parsing: strings without which a JSON text cannot satisfy a conjunction.

A text without a backslash contains every string literally. So if the pattern requires "refunded"
somewhere and the text has neither `"refunded"` nor a backslash, it does not match and need not be
parsed: whether it is JSON does not matter for a record that is dropped in any case.
"""

from __future__ import annotations

from msgspec import Struct

from filterpatterns.language.operators.base import json_needle
from filterpatterns.matching.match_tree import FieldTest, MatchNode

BACKSLASH = "\\"
_MOST_NEEDLES = 2
"""Each absent needle costs a scan of the text, and parsing costs as much as two or three scans."""


class Prefilter(Struct, frozen=True):
    """A text that has none of the needles, and no backslash, cannot match.

    `selective` is set if the needles come from values, which are rarer than names, so that a search
    is worthwhile even for a single record. A batch measures. `is_plain` is set if every match
    without escapes contains one of the needles: none of them can only be written with a backslash.
    """

    needles: tuple[str, ...]
    selective: bool
    is_plain: bool

    def in_lines(self) -> tuple[bytes, ...] | None:
        r"""Return what to search for in the JSON text of a record, without which its payload cannot
        match, whether it is a string or already parsed. None if no search is worthwhile.

        The payload contains a needle literally, or with escapes: `\u00..` for ASCII, `\u....` for
        other characters, `\/` for a slash. If the payload is a string in the record, each of its
        characters is literal or has the same escapes, and quotes and backslashes have one more
        backslash. So a text without any such escape contains the needle, except for a quote at its
        end.
        """
        if not (self.selective and self.is_plain):
            return None
        wanted = [needle.removesuffix('"') for needle in self.needles]
        whole = "".join(wanted)
        wanted.append("\\u00" if whole.isascii() else "\\u")
        if "/" in whole:
            wanted.append("\\/")
        return tuple(map(str.encode, wanted))


def prefilter(nodes: tuple[MatchNode, ...]) -> Prefilter | None:
    """Return what to search for in a text that one of the trees should match; None if no search is
    worthwhile."""
    needles: dict[str, None] = {}
    selective = True
    for node in nodes:
        best: tuple[tuple[int, int], tuple[str, ...]] | None = None
        for test in node.tests():
            candidate = _test_needles(test)
            if candidate is not None and (best is None or candidate[0] > best[0]):
                best = candidate
        if best is None:
            return None
        selective = selective and best[0][0] > 0
        needles.update(dict.fromkeys(best[1]))
    is_plain = BACKSLASH not in needles
    needles.pop(BACKSLASH, None)  # searched for in any case
    if len(needles) > _MOST_NEEDLES:
        return None
    return Prefilter(tuple(needles), selective, is_plain)


def _test_needles(test: FieldTest) -> tuple[tuple[int, int], tuple[str, ...]] | None:
    """Return a test's needles (at least one must be there) and how rare they are likely to be."""
    if test.optional:
        return None
    needles = [rule.needle() for rule in test.rules]
    if len(needles) <= _MOST_NEEDLES and all(needles):
        texts = tuple(needle for needle in needles if needle is not None)
        shortest = min(len(text) if text != BACKSLASH else 100 for text in texts)
        if shortest > 2:
            return (2 if len(texts) == 1 else 1, shortest), texts
    # The path ends in this name, however the text splits it.
    name = test.path.rpartition(".")[2]
    if json_needle(name) == BACKSLASH:
        return (0, 100), (BACKSLASH,)
    return ((0, len(name)), (f'{name}"',)) if len(name) > 1 else None
