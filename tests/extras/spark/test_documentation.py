"""The page about Spark does what it says."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from tests.docs.pages import page_name, pages_of
from tests.docs.running import run_page


@pytest.mark.parametrize("page", pages_of("spark"), ids=page_name)
def test_a_page_does_what_it_says(
    page: Path, spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    run_page(page, tmp_path, "spark", names={"spark": spark})
