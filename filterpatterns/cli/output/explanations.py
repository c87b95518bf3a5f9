"""Writes explanations to a stream: with marks that it can represent, and colours on request."""

from __future__ import annotations

from typing import TextIO

from msgspec.structs import replace

from filterpatterns.cli.output.writers import takes
from filterpatterns.explain import Explanation
from filterpatterns.explain.drawing import ASCII, UNICODE, draw

_MARKS = UNICODE.holds + UNICODE.fails + UNICODE.skipped


def rendered(
    out: TextIO,
    explanation: Explanation,
    *,
    color: bool,
    every_filter: bool = False,
    indent: str = "",
) -> str:
    """Return an explanation for people, as lines that a stream can represent.

    Args:
        out: the stream; if its encoding lacks the marks, they are ASCII.
        explanation: what to write.
        color: whether to use colours.
        every_filter: show all filters of a FilterCriteria in full, even if one of them matches.
        indent: the beginning of each line.
    """
    style = replace(UNICODE if takes(out, _MARKS) else ASCII, color=color)
    lines = draw(explanation, style, every_filter=every_filter).split("\n")
    return "".join(f"{indent}{line}\n" for line in lines)
