"""`fp run` up to the queue: what is refused before anything is received."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.cli.test_program import ROOT, fp

URL = ("--queue-url", "http://127.0.0.1:9/1/orders", "--region", "eu-west-1")
TEMPLATE = """
Resources:
  Orders:
    Type: AWS::Lambda::EventSourceMapping
    Properties:
      EventSourceArn: arn:aws:sqs:eu-west-1:1:q
      BatchSize: 20000
  Clicks:
    Type: AWS::Lambda::EventSourceMapping
    Properties:
      EventSourceArn: arn:aws:kinesis:eu-west-1:1:stream/clicks
  Pipe:
    Type: AWS::Pipes::Pipe
    Properties:
      Source: arn:aws:sqs:eu-west-1:1:q
      SourceParameters:
        FilterCriteria: {Filters: [{Pattern: '{"body": ["a"]}'}]}
"""


@pytest.fixture
def template(tmp_path: Path) -> str:
    file = tmp_path / "template.yaml"
    file.write_text(TEMPLATE)
    return str(file)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["{}", "--handler", "a:b"], "'--queue-url'"),
        (['{"body": ["a"]}', *URL], "what is to be called? --handler module:function"),
        (
            ['{"body": ["a"]}', *URL, "--handler", "a:b", "--command", "true"],
            "--handler and --command exclude each other",
        ),
        (['{"body": ["a"]}', *URL, "--dry-run", "--wait", "21"], "'--wait'"),
        (['{"body": ["a"]}', *URL, "--dry-run", "--concurrency", "0"], "'--concurrency'"),
        (['{"body": ["a"]}', *URL, "--handler", "app"], "a handler must be MODULE:FUNCTION"),
        (['{"body": ["a"]}', *URL, "--handler", "no_such:f"], "ModuleNotFoundError"),
        (['{"body": ["a"]}', *URL, "--invoke-url", "localhost:9000"], "not an http or https URL"),
        (['{"body": ["a"]}', *URL, "--command", " "], "the command is empty"),
        (
            ['{"body": ["a"]}', *URL, "--dry-run", "--batch-size", "0"],
            "--batch-size: must be between 1 and 10,000, found 0",
        ),
        (['{"body": 5}', *URL, "--dry-run"], "error FP005"),
    ],
)
def test_invalid_settings_are_refused(arguments: list[str], words: str) -> None:
    result = fp("run", *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert words in result.stderr


@pytest.mark.parametrize(
    ("name", "place", "words"),
    [
        ("Orders", ":7:18", "error: BatchSize: must be between 1 and 10,000, found 20,000"),
        ("Clicks", ":11", "error: Clicks is for kinesis; fp run is for SQS"),
        ("Pipe", ":17", "error: Pipe is a pipe, not an event source mapping"),
        ("Other", "", "error: has no mapping, pipe or rule 'Other'"),
    ],
)
def test_unusable_settings_of_a_template_are_refused(
    template: str, name: str, place: str, words: str
) -> None:
    result = fp("run", f"{template}#{name}", *URL, "--dry-run")
    assert result.exit_code == 2
    assert f"{template}{place}" in result.stderr
    assert words in result.stderr


def test_an_option_overrides_the_template(template: str) -> None:
    result = fp("run", f"{template}#Orders", *URL, "--dry-run", "--batch-size", "10")
    assert "BatchSize" not in result.stderr


def test_dropped_records_do_not_overwrite_the_pattern(template: str) -> None:
    result = fp("run", f"{template}#Orders", *URL, "--dry-run", "--batch-size", "10",
                "--dropped", template)  # fmt: skip
    assert result.exit_code == 2
    assert "--dropped would write to this file, which is read" in result.stderr
    assert Path(template).read_text() == TEMPLATE


def test_without_boto3_the_error_says_what_to_install() -> None:
    code = "import sys; sys.modules['boto3'] = None; from filterpatterns.cli import main; main()"
    arguments = ["run", '{"body": ["a"]}', *URL, "--dry-run"]
    result = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 2
    assert result.stderr == (
        "fp: error: SQS requires boto3\n  hint: pip install 'filterpatterns[aws]'\n"
    )


def test_without_boto3_the_library_accepts_a_client() -> None:
    code = (
        "import sys; sys.modules['boto3'] = sys.modules['botocore'] = None;"
        "from filterpatterns.integrations.sqs import Poller, QueueError;"
        "Poller('http://localhost/q', print, client=object())"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
