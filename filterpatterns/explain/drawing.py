"""An explanation for people: the pattern as a tree, with a mark and the reason at each name."""

from __future__ import annotations

from msgspec import Struct

from filterpatterns.explain.model import ExplanationData
from filterpatterns.explain.outline import Line, outline

_INDENT = "  "


class Style(Struct, frozen=True):
    """The marks for what matches, what fails and what was not evaluated; and the colours, if
    any."""

    holds: str = "✓"
    fails: str = "✗"
    skipped: str = "·"
    color: bool = False

    def mark(self, satisfied: bool | None) -> str:
        """Return the mark of a verdict."""
        if satisfied is None:
            return self.paint(self.skipped, "2")
        return self.paint(self.holds, "32") if satisfied else self.paint(self.fails, "31")

    def paint(self, text: str, code: str) -> str:
        """Return a text in a colour (an SGR code), if there are colours."""
        return f"\x1b[{code}m{text}\x1b[0m" if self.color and text else text


UNICODE = Style()
ASCII = Style("+", "x", "-")


def draw(
    explanation: ExplanationData, style: Style = UNICODE, *, every_filter: bool = False
) -> str:
    """Return the explanation as lines, without a final line feed.

    Args:
        explanation: what to draw.
        style: marks and colours.
        every_filter: draw all filters of a FilterCriteria in full, even if one of them matches.
    """
    lines = outline(explanation, every_filter=every_filter)
    return "\n".join(_drawn(line, style) for line in lines)


def _drawn(line: Line, style: Style) -> str:
    indent = _INDENT * line.level
    if line.kind == "hint":
        return f"{indent}hint: {line.words}"
    words = style.paint(line.words, "1") if line.kind == "verdict" else line.words
    if line.name:
        words = f"{style.paint(line.name, '1')}: {words}" if words else style.paint(line.name, "1")
    return f"{indent}{style.mark(line.satisfied)} {words}"
