"""The code blocks of the documentation, with the HTML comments that control how they run.

    <!-- file: orders.json -->      the block is a file of that name, for the blocks below it
    <!-- with: columns -->          runs in the nox session of that name, which has what it needs
    <!-- not run: REASON -->        only checked for its syntax
    <!-- setup: python              a block that readers do not see
    ...
    -->

A block whose first line is a comment with a file name (`# template.yaml`) is also that file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from markdown_it import MarkdownIt
from msgspec import Struct

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
GENERATED = frozenset(("reference/cli.md", "reference/rules.md"))
"""Generated from the definitions of commands and codes, whose tests run the examples."""

SESSIONS = frozenset(("columns", "spark", "integration"))

_MARK = re.compile(r"<!-- (file|with|not run|setup): (.*?)(?: -->|\n(.*)-->)\s*", re.DOTALL)
_NAMED = re.compile(r"# ([\w./-]+\.[a-z]+)\n")


class Block(Struct, frozen=True):
    """A fenced code block of a page."""

    language: str
    code: str
    line: int
    file: str | None = None
    session: str | None = None
    """The session that runs it; None for the README's test command."""
    not_run: str | None = None


def pages() -> list[Path]:
    """Every page written by hand."""
    found = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")]
    found += sorted(DOCS.rglob("*.md"))
    return [page for page in found if page_name(page) not in GENERATED]


def pages_of(session: str) -> list[Path]:
    """The pages with blocks that run in a nox session."""
    return [page for page in pages() if any(block.session == session for block in blocks(page))]


def page_name(page: Path) -> str:
    """The name of a page in test ids."""
    return page.relative_to(DOCS if page.is_relative_to(DOCS) else ROOT).as_posix()


def blocks(page: Path) -> list[Block]:
    """The code blocks of a page, including those hidden in comments, in order."""
    return list(_blocks(MarkdownIt().enable("table"), page.read_text(encoding="utf-8")))


def _blocks(parser: MarkdownIt, text: str) -> Iterator[Block]:
    marks: dict[str, str] = {}
    for token in parser.parse(text):
        line = token.map[0] + 1 if token.map else 0
        if token.type == "html_block":
            for kind, value, hidden in _MARK.findall(token.content):
                if kind == "setup":
                    yield Block(value, hidden, line, session=marks.pop("with", None))
                else:
                    marks[kind] = value
        elif token.type == "fence":
            if not token.info.startswith("{"):  # a directive of Sphinx
                yield _block(token.info.strip(), token.content, line, marks)
            marks = {}
        elif marks and token.nesting == 0 and token.type != "inline":
            raise ValueError(f"line {line}: a mark without a code block below it")


def _block(language: str, code: str, line: int, marks: dict[str, str]) -> Block:
    named = _NAMED.match(code) if language != "console" else None
    file = marks.get("file", named[1] if named else None)
    return Block(language, code, line, file, marks.get("with"), marks.get("not run"))
