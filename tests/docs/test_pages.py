"""Every code block of the documentation runs as shown.

Blocks that need more than the README's test command installs run in a nox session: the tests in
`tests/extras/` (columns, spark, integration) run their pages with them.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.pages import DOCS, SESSIONS, blocks, page_name, pages
from tests.docs.running import LANGUAGES, check_options, run_page

PAGES = [page for page in pages() if blocks(page)]


@pytest.mark.parametrize("page", PAGES, ids=page_name)
def test_the_code_blocks_of_a_page_run(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    run_page(page, tmp_path)


@pytest.mark.parametrize("page", PAGES, ids=page_name)
def test_every_block_runs_somewhere_or_says_why_not(page: Path) -> None:
    for block in blocks(page):
        assert block.language in LANGUAGES, f"line {block.line}: what language is it?"
        assert block.session in {None, *SESSIONS}
        assert block.not_run is None or len(block.not_run.split()) > 1


def test_the_examples_of_commands_have_options_that_exist() -> None:
    text = (DOCS / "reference/cli.md").read_text(encoding="utf-8")
    assert text.count("    fp ") > 50
    check_options(text)


def test_only_a_few_blocks_do_not_run() -> None:
    found = [block for page in PAGES for block in blocks(page)]
    idle = [block for block in found if block.not_run is not None]
    assert len(idle) < len(found) / 5
