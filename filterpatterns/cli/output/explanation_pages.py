"""Explanations as one HTML file with the same trees as on the terminal, to attach to a ticket.

The file is self-contained and has no scripts: its Content-Security-Policy allows only its own
styles. All text is escaped.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from html import escape
from importlib.resources import files
from typing import Final

from filterpatterns import __version__
from filterpatterns.engine.filter import Filter
from filterpatterns.errors import printable
from filterpatterns.explain import Explanation
from filterpatterns.explain.outline import Line, outline
from filterpatterns.language.wording import shorten

_MARKS: Final = {True: "✓", False: "✗", None: "·"}
_STATES: Final = {True: " holds", False: " fails", None: ""}
_SPOKEN: Final = {True: "matches: ", False: "does not match: ", None: ""}
_LONGEST: Final = 20_000
"""The number of characters of a pattern that are shown."""

_STYLE: Final = """
body {
  max-width: 1000px;
  margin: 0 auto;
  padding: 24px 20px 40px;
  background: var(--paper);
  color: var(--ink);
  font: 15px/1.5 var(--sans);
}
h1 {
  font-size: 20px;
  margin: 0 0 4px;
}
h2 {
  margin: 28px 0 8px;
  font-size: 14px;
  overflow-wrap: anywhere;
}
.quiet {
  margin: 0 0 16px;
  color: var(--quiet);
  font-size: 13px;
}
pre {
  padding: 12px;
  border: 1px solid var(--rule);
  border-radius: 6px;
  background: var(--ground);
  font: 12.5px/1.5 var(--mono);
  white-space: pre-wrap;
  overflow-wrap: anywhere;
}
pre + pre {
  margin-top: 8px;
}
"""


def head(name: str, compiled: Filter) -> str:
    """Return the beginning of the page.

    Args:
        name: where the pattern was found.
        compiled: the filter, whose patterns are shown.
    """
    style = files("filterpatterns.cli.output").joinpath("tree.css").read_text("utf-8") + _STYLE
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    about = f"{printable(name)}, source {compiled.source}, filterpatterns {__version__}"
    title = f"fp explain {printable(name)}"
    patterns = "".join(f"<pre>{_text(text.text)}</pre>\n" for text in compiled.texts)
    return f"""\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{_text(title)}</title>
<style>{style}</style>
</head>
<body>
<h1>Why each record is kept or dropped</h1>
<p class="quiet">{_text(about)}</p>
<details><summary>The pattern</summary>
{patterns}</details>
"""


def section(title: str, explanation: Explanation, *, every_filter: bool = False) -> str:
    """Return a record's part of the page.

    Args:
        title: the record's number and id.
        explanation: why it is kept or dropped.
        every_filter: as for `outline`.
    """
    lines = list(outline(explanation, every_filter=every_filter))
    return f"<section>\n<h2>{_text(title)}</h2>\n{''.join(_tree(lines))}</section>\n"


def foot() -> str:
    """Return the end of the page."""
    return "</body>\n</html>\n"


def _tree(lines: list[Line]) -> Iterator[str]:
    """Yield the parts of nested lists, like those of the playground's `tree.js`."""
    yield '<ul class="tree">\n'
    open_levels: list[int] = []
    for line, follower in zip(lines, [*lines[1:], None], strict=True):
        while open_levels and open_levels[-1] >= line.level:
            yield _end(open_levels.pop())
        is_parent = follower is not None and follower.level > line.level
        is_summary = is_parent and line.level > 0
        tag = "summary" if is_summary else "div"
        yield "<li>" + ("<details open>" if is_summary else "")
        yield f'<{tag} class="line {line.kind}{_STATES[line.satisfied]}">{_content(line)}</{tag}>'
        if is_parent:
            yield "<ul>\n"
            open_levels.append(line.level)
        else:
            yield "</li>\n"
    while open_levels:
        yield _end(open_levels.pop())
    yield "</ul>\n"


def _end(level: int) -> str:
    return "</ul>" + ("</details>" if level > 0 else "") + "</li>\n"


def _content(line: Line) -> str:
    is_hint = line.kind == "hint"
    mark = "→" if is_hint else _MARKS[line.satisfied]
    spoken = "hint: " if is_hint else _SPOKEN[line.satisfied]
    hidden = f'<span class="hidden">{spoken}</span>' if spoken and line.kind != "verdict" else ""
    name = f'<span class="name">{_text(line.name)}</span>' if line.name else ""
    separator = ": " if name and line.words else ""
    return (
        f'<span class="mark" aria-hidden="true">{mark}</span><span class="text">{hidden}'
        f'{name}{separator}<span class="words">{_text(line.words)}</span></span>'
    )


def _text(text: str) -> str:
    """Escape a text for HTML; half a surrogate pair becomes an escape."""
    whole = shorten(text, _LONGEST).encode("utf-8", "backslashreplace").decode()
    return escape("".join(char if char in "\n\t" else printable(char) for char in whole))
