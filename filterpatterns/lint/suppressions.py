"""Comments in YAML and HCL that accept findings: `# fp: ignore[FP105]`."""

from __future__ import annotations

import re
from typing import Final

from filterpatterns.lint.selectors import ALL, matches

_COMMENT: Final = re.compile(
    r"(?:^|\s)(?:#|//)\s*fp:\s*ignore(?:\[(?P<codes>[^\]\n#/]*)\])?(?=\s|$)", re.IGNORECASE
)
_ONLY_A_COMMENT: Final = re.compile(r"\s*(?:#|//)")
_OPENS_A_BLOCK: Final = re.compile(r"(?:[|>][-+0-9]*(?:\s+#.*)?|<<[-~]?\s*\w+)$")
"""The marker after which, on the next line, the text of a YAML block scalar or a heredoc begins."""


class Suppressions:
    """The suppression comments of one text."""

    def __init__(self, text: str) -> None:
        self._lines: list[str] = []
        self._by_line: dict[int, tuple[str, ...]] = {}
        self._accepted: dict[tuple[str, int], bool] = {}  # many findings may be on one line
        self._opening: dict[int, bool] = {}
        if "fp:" not in text.lower() or text.lstrip()[:1] in ("{", "["):
            return  # JSON has no comments
        self._lines = text.split("\n")
        for number, line in enumerate(self._lines, 1):
            found = _COMMENT.search(line)
            if found is not None:
                given = found["codes"]
                codes = (ALL,) if given is None else tuple(re.split(r"[\s,]+", given.upper()))
                self._by_line[number] = tuple(code for code in codes if code)

    def accepts(self, code: str, line: int, first: int) -> bool:
        """Whether a comment accepts a finding.

        Args:
            code: the code of the finding.
            line: its line.
            first: the line on which the pattern's text begins: there are no comments inside a block
                of text, so a comment for it is above the block, or on the line that opens it.
        """
        if not self._by_line:
            return False
        if self._accepts(code, line):
            return True
        opening = first - 1
        return line >= first and self._opens(opening) and self._accepts(code, opening)

    def _opens(self, line: int) -> bool:
        """Whether a block of text begins after a line."""
        if line not in self._opening:
            text = self._lines[line - 1].rstrip() if 0 < line <= len(self._lines) else ""
            self._opening[line] = _OPENS_A_BLOCK.search(text) is not None
        return self._opening[line]

    def _accepts(self, code: str, line: int) -> bool:
        """Whether a comment on a line, or directly above it, is for a code."""
        if (code, line) not in self._accepted:
            found = [*self._by_line.get(line, ())]
            above = line - 1
            while above > 0 and _ONLY_A_COMMENT.match(self._lines[above - 1]):
                found += self._by_line.get(above, ())
                above -= 1
            self._accepted[code, line] = matches(code, found)
        return self._accepted[code, line]
