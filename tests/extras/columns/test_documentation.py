"""The code blocks of the pages about columns run as shown, with the real pyarrow, Polars and
DuckDB."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.pages import page_name, pages_of
from tests.docs.running import run_page


@pytest.mark.parametrize("page", pages_of("columns"), ids=page_name)
def test_the_code_blocks_of_a_page_run(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    run_page(page, tmp_path, "columns")
