"""`fp check` from a user's perspective: its output, in every format, and its exit status."""

from __future__ import annotations

import errno
import json
import os
import pty
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from filterpatterns.cli.checking import files
from filterpatterns.cli.output import findings
from tests.unit.cli.test_program import ROOT, fp

TEMPLATES = Path(__file__).parents[2] / "templates" / "data"
WRONG = '{"body": {"a": "x"}}\n'
DOUBTFUL = '{"body": {"a": [1], "a": [2]}}\n'
RIGHT = '{"body": {"a": [1]}}\n'
OBJECT = "a field must be an array of rules or an object, found the number 16"
SHARED = "Fn::ImportValue SharedPattern is known only at deployment"
FP005 = 'a field must be an array of rules or an object, found the string "x"'


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory to work in, with the templates."""
    monkeypatch.chdir(tmp_path)
    for path in TEMPLATES.rglob("*"):
        if path.is_file():
            shutil.copy(path, tmp_path)
    return tmp_path


# --- findings and the exit status ---


def test_a_file_without_findings_exits_with_0(here: Path) -> None:
    result = fp("check", "pattern.json")
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == "1 pattern in 1 file: no problems found\n"


def test_an_error_has_its_position_in_the_template(here: Path) -> None:
    result = fp("check", "rules.yaml")
    assert result.exit_code == 1
    assert result.stdout == (
        "rules.yaml:11:17: FP005 a field must be an array of rules or an object, "
        "found the number 16\n"
        f"rules.yaml:29:21: FP201 skipped: {SHARED}\n"
    )
    assert result.stderr == "3 patterns in 1 file: 1 error, 1 skipped\n"


def test_a_finding_without_a_position_gets_that_of_its_pattern(here: Path) -> None:
    result = fp("check", "cloudformation.json")
    assert "cloudformation.json:24:25: FP103 the Pattern is an object" in result.stdout


def test_warnings_count_when_strict(here: Path) -> None:
    (here / "doubtful.json").write_text(DOUBTFUL)
    result = fp("check", "doubtful.json")
    assert result.exit_code == 0
    assert result.stdout.startswith("doubtful.json:1:11: FP101 ")
    assert result.stderr == "1 pattern in 1 file: 1 warning\n"
    assert fp("check", "--strict", "doubtful.json").exit_code == 1


def test_skipped_patterns_do_not_fail_even_when_strict(here: Path) -> None:
    assert fp("check", "--strict", "encrypted.json").exit_code == 0


def test_a_mapping_is_checked_with_its_file(here: Path) -> None:
    result = fp("check", "criteria.json#Orders")
    assert result.stderr.splitlines()[0] == (
        "criteria.json#Orders: error: no such file or directory; "
        "fp check takes the whole file: criteria.json"
    )


def test_an_unreadable_file_does_not_keep_the_others_from_being_checked(here: Path) -> None:
    result = fp("check", "broken.tf", "nothing.json", "criteria.json", "broken.template")
    assert result.exit_code == 2
    assert result.stdout == f"criteria.json:3:35: FP005 {FP005}\n"
    assert result.stderr == (
        "broken.tf:3:24: error: not HCL: found '}'\n"
        "nothing.json: error: no such file or directory\n"
        "broken.template:2:21: error: not JSON: expected a value, found }}}\n"
        "2 patterns in 1 file: 1 error, 3 files not read\n"
    )


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"\x00\xff\x01", "a binary file, not text"),
        (b"a\x00b", "a binary file, not text"),
        (b"\xff\xfe{\x00", "UTF-16 text: save it as UTF-8"),
        (b'{"body": "caf\xe9"}', "not UTF-8: invalid continuation byte at byte 14"),
    ],
)
def test_files_that_are_not_text_are_reported(here: Path, data: bytes, words: str) -> None:
    (here / "file.yaml").write_bytes(data)
    result = fp("check", "file.yaml")
    assert result.exit_code == 2
    assert result.stderr.splitlines()[0] == f"file.yaml: error: {words}"


def test_a_file_that_is_too_large_is_reported(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "_LARGEST_FILE", 1 << 20)
    monkeypatch.setattr(files, "_LARGEST_FOUND", 1 << 19)
    (here / "large.json").write_bytes(b" " * (1 << 20) + b"FilterCriteria")
    result = fp("check", "large.json")
    assert (result.exit_code, result.stderr.splitlines()[0]) == (
        2,
        "large.json: error: larger than 1 MB",
    )


def test_a_byte_order_mark_and_other_line_ends_do_not_shift_columns(here: Path) -> None:
    text = (here / "rules.yaml").read_bytes().replace(b"\n", b"\r\n")
    (here / "rules.yaml").write_bytes(b"\xef\xbb\xbf" + text)
    assert fp("check", "rules.yaml").stdout.startswith("rules.yaml:11:17: FP005 ")


def test_a_directory_without_patterns_is_reported(here: Path) -> None:
    (here / "empty").mkdir()
    (here / "empty" / "records.json").write_text('{"a": 1}')
    result = fp("check", "empty")
    assert (result.stdout, result.exit_code) == ("", 0)
    assert result.stderr == (
        "empty: warning: no patterns found\n0 patterns in 0 files: no problems found\n"
    )
    (here / "empty" / "pattern.json").write_text('{"body": {"a": [1]}}')
    assert "no patterns found" not in fp("check", "empty").stderr


def test_a_named_file_without_patterns_is_reported(here: Path) -> None:
    result = fp("check", "empty.yaml")
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr.startswith("empty.yaml: warning: no patterns found\n")
    assert "no patterns" not in fp("check", "--search", "empty.yaml").stderr


def test_a_broken_file_is_unreadable_if_it_was_named(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (here / "modules").mkdir()
    (here / "modules" / "b.tf").write_text('resource "x" {')
    (here / "modules" / "fine.tf").write_text('variable "x" {}\n')
    result = fp("check", "modules/b.tf", "modules/fine.tf")
    assert "modules/b.tf:1:15: error: not HCL" in result.stderr
    assert "modules/fine.tf: warning: no patterns found" in result.stderr
    assert result.exit_code == 2
    assert fp("check", "modules").exit_code == 0
    assert fp("check", "--search", "modules/b.tf").exit_code == 0
    # The Terraform library is not needed for files without patterns.
    monkeypatch.setattr(
        "filterpatterns.templates.documents.hcl_document.find_spec", lambda _name: None
    )
    assert fp("check", "modules/fine.tf").exit_code == 0


def test_standard_input(here: Path) -> None:
    result = fp("check", "-", stdin=(here / "mappings.json").read_bytes())
    assert result.exit_code == 0
    assert result.stdout.startswith(
        "<stdin>:17:9: FP202 skipped: the filters are encrypted with the KMS key arn:aws:kms:"
    )
    assert fp("check", "-", "-").exit_code == 2


# --- what the patterns are for ---


def test_the_source_of_the_template_precedes_the_option(here: Path) -> None:
    (here / "data.json").write_text('{"data": ["x"]}')
    assert fp("check", "data.json").exit_code == 0
    refused = fp("check", "--source", "kinesis", "data.json")
    assert refused.exit_code == 1
    assert refused.stdout.startswith("data.json:1:10: FP021 ")
    # the template knows better
    assert fp("check", "--source", "kinesis", "sam.yaml").exit_code == 0


def test_the_dialect(here: Path) -> None:
    (here / "wild.json").write_text('{"detail": {"a": [{"wildcard": "a*"}]}}')
    lambdas = fp("check", "--dialect", "lambda", "--source", "event", "wild.json")
    assert "FP105 wildcard is not documented for Lambda" in lambdas.stdout
    rules = fp("check", "--dialect", "eventbridge", "--source", "event", "wild.json")
    assert rules.stdout == ""


def test_the_number_of_filters(here: Path) -> None:
    filters = [{"Pattern": json.dumps({"body": {"a": [n]}})} for n in range(6)]
    (here / "six.json").write_text(json.dumps({"Filters": filters}))
    result = fp("check", "six.json")
    assert result.exit_code == 1
    assert "FP020 6 filters; AWS allows at most 5" in result.stdout
    assert fp("check", "--max-filters", "10", "six.json").exit_code == 0


# --- directories ---


def test_directories_are_searched(here: Path) -> None:
    for name, text in {
        "app/template.yaml": (here / "rules.yaml").read_text(),
        "app/cdk.out/Stack.template.json": (here / "cdk.template.json").read_text(),
        "app/cdk.out/manifest.json": '{"version": "36.0.0", "artifacts": {"a": ["b"]}}',
        "app/package.json": '{"name": "x", "version": "1.0.0"}',
        "app/tsconfig.json": '{"a": 1, // comment\n}',
        "app/chart.yaml": "{{ if .Values.x }}\na: [\n{{ end }}",
        "app/patterns/wrong.json": '{"body": {"a": [{"numeric": [1]}]}}',
        "app/patterns/orders-pattern.json": WRONG,
        "app/patterns/pattern.schema.json": '{"$schema": "x", "type": "object"}',
        "app/data.bin.json": "\0",
        "app/node_modules/x.json": WRONG,
        "app/.git/x.json": WRONG,
        "app/.venv/x.json": WRONG,
        "app/.hidden.json": WRONG,
        "app/notes.txt": WRONG,
        "app/z.tf": (here / "main.tf").read_text(),
    }.items():
        (here / name).parent.mkdir(parents=True, exist_ok=True)
        (here / name).write_text(text)
    result = fp("check", "app")
    assert result.exit_code == 1
    assert [line.split(" ")[0] for line in result.stdout.splitlines() if "FP201" not in line] == [
        "app/template.yaml:11:17:",
        "app/z.tf:22:21:",
        "app/z.tf:41:21:",
        "app/z.tf:50:63:",
        "app/patterns/wrong.json:1:30:",
    ]
    assert result.stderr == "17 patterns in 4 files: 5 errors, 3 skipped\n"


def test_broken_templates_that_a_search_finds_are_reported(here: Path) -> None:
    (here / "app").mkdir()
    shutil.copy(here / "broken.yaml", here / "app")
    (here / "app" / "other.yaml").write_text("a: [")
    result = fp("check", "app")
    assert result.exit_code == 2
    assert [line.split(": ")[1] for line in result.stderr.splitlines()[:-1]] == ["error"]


def test_a_file_is_checked_once(here: Path) -> None:
    result = fp("check", "criteria.json", "./criteria.json", "criteria.json")
    assert result.stderr == "2 patterns in 1 file: 1 error\n"


def test_an_unreadable_directory_is_reported(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "app" / "closed").mkdir(parents=True)
    scandir = os.scandir

    def closed(path: Any = ".") -> Any:  # permissions do not stop root, who may run the tests
        if os.fspath(path).endswith("closed"):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), os.fspath(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", closed)
    result = fp("check", "app")
    assert result.exit_code == 2
    assert "app/closed: error: permission denied" in result.stderr


def test_a_pipe_in_a_directory_is_not_waited_for(here: Path) -> None:
    (here / "app").mkdir()
    os.mkfifo(here / "app" / "pipe.json")
    assert fp("check", "app").exit_code == 0


# --- formats ---


def test_json(here: Path) -> None:
    result = fp("check", "--format", "json", "rules.yaml")
    assert result.exit_code == 1
    error, skipped = json.loads(result.stdout)
    assert error == {
        "file": "rules.yaml",
        "line": 11,
        "column": 17,
        "end_line": 11,
        "end_column": 19,
        "code": "FP005",
        "severity": "error",
        "message": "a field must be an array of rules or an object, found the number 16",
        "hint": "write [16]",
        "path": "detail.code",
        "filter_index": None,
        "mapping": "AsYaml",
    }
    assert (skipped["code"], skipped["severity"]) == ("FP201", "skipped")
    assert json.loads(fp("check", "--format", "json", "pattern.json").stdout) == []


def test_github(here: Path) -> None:
    (here / "50%,a:b.json").write_text(WRONG)
    result = fp("check", "--format", "github", "50%,a:b.json", "encrypted.json")
    error, notice = result.stdout.splitlines()
    assert error == (
        "::error file=50%25%2Ca%3Ab.json,line=1,endLine=1,col=16,endColumn=19,title=FP005::"
        f'{FP005}%0Ahint: write ["x"]'
    )
    assert notice.startswith("::notice file=encrypted.json,line=1,endLine=1,col=1,")


def test_sarif(here: Path) -> None:
    (here / "a b").mkdir()
    (here / "a b" / "é pattern.json").write_text(WRONG)
    uri = "a%20b/%C3%A9%20pattern.json"
    result = fp(
        *("check", "--format", "sarif", "a b/é pattern.json", "pipes.yaml", "encrypted.json")
    )
    log = json.loads(result.stdout)
    assert log["version"] == "2.1.0"
    [run] = log["runs"]
    assert run["columnKind"] == "unicodeCodePoints"
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["FP005", "FP105", "FP202"]
    assert all(rule["shortDescription"]["text"] != rule["id"] for rule in rules)
    assert all(rule["helpUri"].startswith("https://docs.aws.amazon.com/") for rule in rules)
    assert rules[0]["help"]["markdown"].startswith("# FP005: ")
    for found in run["results"]:
        assert rules[found["ruleIndex"]]["id"] == found["ruleId"]
    assert [found["level"] for found in run["results"]] == ["error", "warning", "note"]
    assert run["results"][0]["locations"] == [
        {
            "physicalLocation": {
                "artifactLocation": {"uri": uri},
                "region": {"startLine": 1, "startColumn": 16, "endLine": 1, "endColumn": 19},
            }
        }
    ]
    [where] = run["results"][1]["locations"]
    assert where["logicalLocations"] == [{"name": "FromTopic", "kind": "resource"}]
    empty = json.loads(fp("check", "--format", "sarif", "pattern.json").stdout)
    assert empty["runs"][0]["results"] == []


def test_absolute_names_are_uris_in_sarif(here: Path) -> None:
    (here / "x.json").write_text(WRONG)
    log = json.loads(fp("check", "--format", "sarif", here / "x.json").stdout)
    [found] = log["runs"][0]["results"]
    location = found["locations"][0]["physicalLocation"]["artifactLocation"]
    assert location == {"uri": (here / "x.json").as_uri()}


@pytest.mark.parametrize("form", list(findings.FORMATS))
def test_names_and_messages_cannot_break_the_output(here: Path, form: str) -> None:
    name = "a\x1b[31m\n::error::b.json"
    (here / name).write_text('{"a\\u001b\\n::error::c": 5}')
    out = fp("check", "--format", form, name).stdout
    assert "\x1b" not in out
    assert not [line for line in out.splitlines() if line.startswith("::error::")]


def test_a_terminal_sees_the_line_with_carets_and_the_hint(here: Path) -> None:
    assert on_terminal("check", "rules.yaml") == [
        f"rules.yaml:11:17: \x1b[31mFP005\x1b[0m {OBJECT}",
        "  at line 11, column 17, detail.code",
        "  11 |           code: 16",
        "     |                 ^^",
        "  hint: write [16]",
        f"rules.yaml:29:21: \x1b[36mFP201\x1b[0m skipped: {SHARED}",
        "  at line 29, column 21",
        "  29 |       EventPattern: !ImportValue SharedPattern",
        "     |                     ^^^^^^^^^^^^^^^^^^^^^^^^^^",
    ]
    assert on_terminal("check", "--color", "never", "rules.yaml")[0].startswith(
        "rules.yaml:11:17: FP005 "
    )
    assert "\x1b[31mFP005" in fp("check", "--color", "always", "rules.yaml").stdout


def on_terminal(*args: str) -> list[str]:
    """The output of the program on a terminal."""
    leader, follower = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "filterpatterns", *args],
        stdout=follower,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "TERM": "xterm", "NO_COLOR": "", "PYTHONPATH": str(ROOT)},
    ):
        os.close(follower)
        data = b""
        while True:
            try:
                more = os.read(leader, 4096)
            except OSError:  # Linux's way to say that the other end is closed
                break
            if not more:
                break
            data += more
    os.close(leader)
    return data.decode().replace("\r\n", "\n").splitlines()


# --- the rest ---


def test_every_fixture_ends_as_expected(here: Path) -> None:
    expected = {
        "anchors.yaml": 1,
        "broken.template": 2,
        "broken.tf": 2,
        "broken.yaml": 2,
        "cdk.template.json": 0,
        "cloudformation.json": 1,
        "criteria.json": 1,
        "empty.yaml": 0,
        "encrypted.json": 0,
        "main.tf": 1,
        "mappings.json": 0,
        "pattern.json": 0,
        "pipes.yaml": 0,
        "plan.json": 1,
        "rules.yaml": 1,
        "sam.yaml": 0,
        "serverless.yml": 1,
    }
    assert {name: fp("check", name).exit_code for name in sorted(os.listdir())} == expected


def test_the_hook_for_pre_commit() -> None:
    [hook] = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    assert hook["id"] == "fp-check"
    program, *args = hook["entry"].split()
    assert program == "fp"
    result = fp(*args, TEMPLATES / "sam.yaml", TEMPLATES / "broken" / "empty.yaml")
    assert result.exit_code == 0
    assert result.stderr == "9 patterns in 1 file: no problems found\n"


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.binary(max_size=60), suffix=st.sampled_from([".json", ".yaml", ".tf", ".template"]))
def test_no_file_makes_it_crash(tmp_path: Path, data: bytes, suffix: str) -> None:
    path = tmp_path / f"file{suffix}"
    path.write_bytes(data)
    for args in ([], ["--search"], ["--format", "sarif"]):
        result: Any = fp("check", *args, path)
        assert result.exit_code in (0, 1, 2)
        assert result.exception is None or isinstance(result.exception, SystemExit)
