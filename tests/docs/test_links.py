"""The links between the pages are valid, on the site and in the Markdown."""

from __future__ import annotations

import itertools
import re
from functools import cache
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from tests.docs.pages import DOCS, ROOT, page_name

PAGES = [*sorted(ROOT.glob("*.md")), *sorted(DOCS.rglob("*.md"))]


@cache
def _tokens(page: Path) -> list[Token]:
    return MarkdownIt().enable("table").parse(page.read_text(encoding="utf-8"))


@cache
def _links(page: Path) -> list[str]:
    children = [child for token in _tokens(page) for child in token.children or ()]
    found = [
        str(child.attrs[key]) for child in children for key in ("href", "src") & child.attrs.keys()
    ]
    return [link for link in found if "://" not in link and not link.startswith("mailto:")]


@cache
def _anchors(page: Path) -> set[str]:
    """The anchors of the sections of a page on GitHub and on the site."""
    tokens = _tokens(page)
    titles = [
        after.content for token, after in itertools.pairwise(tokens) if token.type == "heading_open"
    ]
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=page_name)
def test_links_lead_to_a_page_and_a_section(page: Path) -> None:
    for link in _links(page):
        path, _, anchor = link.partition("#")
        target = (page.parent / path) if path else page
        assert target.exists(), link
        if anchor:
            assert anchor in _anchors(target), link


def test_every_page_is_linked_from_another() -> None:
    linked = {
        (page.parent / link.partition("#")[0]).resolve() for page in PAGES for link in _links(page)
    }
    assert [
        page_name(page) for page in PAGES if page not in linked and page.name != "index.md"
    ] == ["README.md"]


@cache
def _tests() -> set[str]:
    return {path.relative_to(ROOT).as_posix() for path in (ROOT / "tests").rglob("*.py")}


@pytest.mark.parametrize("page", PAGES, ids=page_name)
def test_tests_named_on_a_page_exist(page: Path) -> None:
    for name in re.findall(r"`([\w/]*\btest_\w+\.py)`", page.read_text(encoding="utf-8")):
        assert any(f"/{test}".endswith(f"/{name}") for test in _tests()), name
