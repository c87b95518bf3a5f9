"""The code blocks of the page about Spark run as shown."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from tests.docs.pages import page_name, pages_of
from tests.docs.running import run_page


@pytest.mark.parametrize("page", pages_of("spark"), ids=page_name)
def test_the_code_blocks_of_a_page_run(
    page: Path, spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    _change_directory(spark, tmp_path)
    run_page(page, tmp_path, "spark", names={"spark": spark})


def _change_directory(spark: SparkSession, folder: Path) -> None:
    """Let Spark, which runs in a process of its own, read and write in a folder."""
    files = spark._jvm.org.apache.hadoop.fs  # type: ignore[union-attr]
    local = files.FileSystem.get(spark._jsc.hadoopConfiguration())  # type: ignore[union-attr]
    local.setWorkingDirectory(files.Path(str(folder)))
