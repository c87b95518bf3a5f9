"""A real Spark cluster on this machine: a master and a worker, to which the environment is shipped.

The environment is a virtual environment that takes its packages from the one of the tests.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
import tarfile
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyspark

import filterpatterns

SPARK = Path(pyspark.__file__).parent
SECONDS = 60

JOB = """
import sys
from pyspark.sql import SparkSession
import filterpatterns
from filterpatterns.integrations import spark as fp

spark = SparkSession.builder.getOrCreate()
rows = [('{"total": %d}' % n,) for n in range(1000)]
df = spark.createDataFrame(rows, "body string").repartition(3)
kept = fp.filter(df, {"body": {"total": [{"numeric": ["<", 10]}]}}).count()
workers = set(spark.sparkContext.parallelize(range(2), 2).map(lambda n: sys.executable).collect())
print("kept", kept, "with", *workers)
"""


@contextmanager
def _running(folder: Path, name: str, ready: str, *arguments: str) -> Iterator[str]:
    """A Spark daemon; returns the part of its log that tells that it is ready."""
    log = folder / f"{name}.log"
    command = [str(SPARK / "bin" / "spark-class"), *arguments]
    with log.open("w") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, env=_environment(folder))
    try:
        yield _wait_for(log, process, ready)
    finally:
        process.terminate()
        process.wait(SECONDS)


def _wait_for(log: Path, process: subprocess.Popen[bytes], ready: str) -> str:
    for _ in range(10 * SECONDS):
        found = re.search(ready, log.read_text())
        if found:
            return found[1]
        try:
            process.wait(0.1)
        except subprocess.TimeoutExpired:
            continue
        break
    raise AssertionError(log.read_text())


def _environment(folder: Path) -> dict[str, str]:
    return {
        **{name: value for name, value in os.environ.items() if "SPARK" not in name},
        "SPARK_HOME": str(SPARK),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_WORKER_DIR": str(folder / "work"),
    }


def _pack(folder: Path) -> Path:
    """Pack an environment that differs from this one in nothing but its place."""
    made = folder / "made"
    venv.create(made, symlinks=True)
    packages = next(made.glob("lib/python*/site-packages"))
    roots = (sysconfig.get_path("purelib"), str(Path(filterpatterns.__file__).parents[1]))
    (packages / "packages.pth").write_text("\n".join(roots))
    packed = folder / "env.tar.gz"
    with tarfile.open(packed, "w:gz", compresslevel=1) as archive:
        archive.add(made, ".")
    return packed


def test_the_environment_is_shipped_to_a_cluster(tmp_path: Path) -> None:
    job = tmp_path / "job.py"
    job.write_text(JOB)
    deploy = "org.apache.spark.deploy"
    here = ("--host", "127.0.0.1", "--port", "0", "--webui-port", "0")
    with (
        _running(
            tmp_path, "master", r"(spark://127\.0\.0\.1:\d+)", f"{deploy}.master.Master", *here
        ) as master,
        _running(
            tmp_path,
            "worker",
            "(Successfully registered) with master",
            f"{deploy}.worker.Worker",
            *(*here, "--cores", "1", "--memory", "1g", master),
        ),
    ):
        done = subprocess.run(
            [
                str(SPARK / "bin" / "spark-submit"),
                *("--master", master),
                *("--archives", f"{_pack(tmp_path)}#environment"),
                *("--conf", "spark.pyspark.python=./environment/bin/python"),
                *("--conf", f"spark.pyspark.driver.python={sys.executable}"),
                *("--conf", "spark.driver.host=127.0.0.1"),
                *("--conf", "spark.ui.enabled=false"),
                *("--executor-memory", "512m"),
                str(job),
            ],
            capture_output=True,
            text=True,
            timeout=2 * SECONDS,
            env=_environment(tmp_path),
            check=False,
        )
    assert done.returncode == 0, done.stderr
    found = re.search(r"kept (\d+) with (.*)", done.stdout)
    assert found, done.stdout
    assert found[1] == "10"
    assert found[2].endswith("environment/bin/python"), found[2]
