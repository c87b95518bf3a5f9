"""Explanations for a stream: marks that it can write, colours if it is to have them."""

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
    """An explanation for people, as lines that a stream can take.

    Args:
        out: the stream; where its encoding does not have the marks, they are ASCII.
        explanation: what to write.
        color: whether the stream is to have colours.
        every_filter: all filters of a FilterCriteria in full, even if one of them holds.
        indent: what each line begins with.
    """
    style = replace(UNICODE if takes(out, _MARKS) else ASCII, color=color)
    lines = draw(explanation, style, every_filter=every_filter).split("\n")
    return "".join(f"{indent}{line}\n" for line in lines)
