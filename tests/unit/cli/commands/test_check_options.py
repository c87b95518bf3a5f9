"""The options of `fp check` for selection, exclusion and configuration; and `fp rule`."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml

from filterpatterns.cli.checking import files
from filterpatterns.delivery.sources import SOURCES
from filterpatterns.lint.catalog.catalog import CODES
from tests.unit.cli.test_program import ROOT, fp

OUTPUT_FORMATS = ("text", "full", "json", "github", "sarif", "junit")
STARS = '{"body": {"a": ["/x/*"], "b": ["y", "y"]}}\n'
WRONG = '{"body": {"a": "x"}}\n'


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.json").write_text(STARS)
    return tmp_path


def codes(*args: str) -> list[str]:
    result = fp("check", "--source", "sqs", *args)
    assert result.exit_code in (0, 1), result.stderr
    return [line.split(" ")[1] for line in result.stdout.splitlines()]


# --- select and ignore


@pytest.mark.parametrize(
    ("args", "found"),
    [
        ((), ["FP141", "FP115"]),
        (("--select", "FP0"), []),
        (("--select", "FP14"), ["FP141"]),
        (("--select", "fp141,FP115"), ["FP141", "FP115"]),
        (("--select", "FP1", "--ignore", "FP141"), ["FP115"]),
        (("--ignore", "FP1", "--select", "FP141"), ["FP141"]),
        (("--select", "ALL", "--ignore", "FP"), []),
        (("--ignore", "ALL"), []),
    ],
)
def test_the_longest_selector_decides(here: Path, args: tuple[str, ...], found: list[str]) -> None:
    assert codes(*args, "a.json") == found


def test_what_is_ignored_does_not_count(here: Path) -> None:
    (here / "wrong.json").write_text(WRONG)
    result = fp("check", "--ignore", "FP005", "wrong.json")
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == "1 pattern in 1 file: no problems found\n"


@pytest.mark.parametrize("option", ["--select", "--ignore"])
def test_unknown_codes_are_refused(here: Path, option: str) -> None:
    result = fp("check", option, "FP1O5", "a.json")
    assert result.exit_code == 2
    assert f"{option}: no code is or begins with 'FP1O5'; did you mean FP1" in result.stderr


# --- configuration


def test_the_nearest_configuration_applies(here: Path) -> None:
    (here / "pyproject.toml").write_text('[tool.filterpatterns]\nselect = ["FP115"]\n')
    (here / "in" / "deep").mkdir(parents=True)
    (here / "in" / "deep" / "a.json").write_text(STARS)
    assert codes("in/deep/a.json") == ["FP115"]
    (here / "in" / "pyproject.toml").write_text("[project]\nname = 'x'\n")  # none of ours
    assert codes("in/deep/a.json") == ["FP115"]
    (here / "in" / "filterpatterns.toml").write_text('ignore = ["FP115"]\n')
    assert codes("in/deep/a.json") == ["FP141"]
    assert codes("a.json") == ["FP115"]
    assert codes("--isolated", "a.json") == ["FP141", "FP115"]
    assert codes("--config", "in/filterpatterns.toml", "a.json") == ["FP141"]


def test_the_command_line_overrides_the_configuration(here: Path) -> None:
    (here / "filterpatterns.toml").write_text(
        'select = ["FP115"]\noutput-format = "json"\nsource = "kinesis"\nstrict = true\n'
    )
    result = fp("check", "--source", "sqs", "a.json")
    assert [row["code"] for row in json.loads(result.stdout)] == ["FP115"]
    assert result.exit_code == 1
    assert codes("--output-format", "text", "--select", "FP141", "a.json") == ["FP141"]
    assert codes("--output-format", "text", "--ignore", "FP115", "a.json") == []


@pytest.mark.parametrize("source", [*SOURCES, "auto"])
def test_a_configuration_may_name_any_source(here: Path, source: str) -> None:
    (here / "filterpatterns.toml").write_text(f'source = "{source}"\n')
    given = fp("check", "--isolated", "--source", source, "a.json")
    assert fp("check", "a.json").stdout == given.stdout


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("selct = []", "error: unknown setting 'selct'\n  hint: did you mean select?"),
        ("extend_exclude = []", "did you mean extend-exclude?"),
        ('select = "FP1"', "error: select: Expected `array | null`, got `str`"),
        ("max-filters = 0", "error: max-filters: must be at least 1"),
        ("x = 1\nselect = [}", "conf.toml:2:11: error: not TOML: Invalid value\n"),
        ('select = ["FP9"]', "conf.toml: select: no code is or begins with 'FP9'"),
        ('source = "sns"', "error: source: Invalid enum value 'sns'"),
        ("[per-file-ignores]\nx = 5", "error: per-file-ignores"),
    ],
)
def test_mistakes_in_a_configuration_are_reported(here: Path, text: str, words: str) -> None:
    (here / "conf.toml").write_text(text)
    result = fp("check", "--config", "conf.toml", "a.json")
    assert result.exit_code == 2
    assert words in result.stderr


def test_a_missing_configuration_is_reported(here: Path) -> None:
    result = fp("check", "--config", "nothing.toml", "a.json")
    assert (result.exit_code, result.stderr) == (
        2,
        "nothing.toml: error: no such file or directory\n",
    )
    assert fp("check", "--config", "a", "--isolated", "a.json").exit_code == 2


def test_search_skips_named_files_that_are_excluded(here: Path) -> None:
    (here / "legacy").mkdir()
    (here / "legacy" / "a.json").write_text(STARS)
    args = ("--exclude", "legacy", "legacy/a.json")
    assert codes(*args) == ["FP141", "FP115"]  # it was named
    assert codes("--search", *args) == []  # by pre-commit


def test_per_file_ignores_require_a_glob_and_a_code(here: Path) -> None:
    assert codes("--per-file-ignores", "*.json:FP141", "a.json") == ["FP115"]
    assert codes("--per-file-ignores", "*.json:FP141,FP115", "a.json") == []
    assert codes("--per-file-ignores", "b.json:FP1", "a.json") == ["FP141", "FP115"]
    result = fp("check", "--per-file-ignores", "FP141", "a.json")
    assert (result.exit_code, "expected GLOB:CODE" in result.stderr) == (2, True)


# --- what is checked


def test_an_inline_pattern(here: Path) -> None:
    result = fp("check", '{"body": {"a": "x"}}')
    assert result.exit_code == 1
    assert result.stdout.startswith("<pattern>:1:16: FP005 ")
    listed = fp("check", '{"Filters": [{"Pattern": "{\\"body\\": {\\"a\\": 5}}"}]}')
    assert listed.stdout.startswith("<pattern>:1:46: FP005 ")
    assert fp("check", "[]").exit_code == 1
    assert fp("check", "{").exit_code == 1


def test_a_file_name_may_look_like_a_pattern(here: Path) -> None:
    (here / "{{x}}.json").write_text(WRONG)
    assert fp("check", "{{x}}.json").stdout.startswith("{{x}}.json:1:16: FP005 ")


def test_large_files_are_scanned_but_not_parsed(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "_LARGEST_FOUND", 1000)
    monkeypatch.setattr(files, "_BLOCK", 100)
    for place in range(970, 1030):
        text = '{"a": "' + "x" * place + 'FilterCriteria"' + " " * 500 + "}"
        (here / "large.json").write_text(text)
        found = fp("check", "--search", "large.json")
        assert found.stdout.startswith("large.json:1:1: FP205 skipped: too large "), place
        assert found.exit_code == 0
    (here / "large.json").write_text('{"a": "' + "x" * 2000 + '"}')
    assert fp("check", "--search", "large.json").stdout == ""
    assert fp("check", "large.json").stderr.startswith("large.json: warning: no patterns found")


def test_a_template_of_a_template_is_an_error_if_it_was_named(here: Path) -> None:
    (here / "t.yaml").write_text("Filters: {{ a }} {{ b }}\n")
    result = fp("check", "t.yaml")
    assert result.exit_code == 2
    assert "hint: this looks like a template of Jinja, Helm or a similar engine" in result.stderr
    searched = fp("check", "--search", "t.yaml")
    assert (searched.exit_code, searched.stdout.split(" ")[1]) == (0, "FP204")


# --- formats


def test_full_shows_the_line_and_the_hint(here: Path) -> None:
    assert fp("check", "--output-format", "full", "a.json").stdout.splitlines()[:5] == [
        'a.json:1:17: FP141 the star in "/x/*" is a plain star: only a value with a star equals it',
        "  at line 1, column 17, body.a[0]",
        '  1 | {"body": {"a": ["/x/*"], "b": ["y", "y"]}}',
        "    |                 ^^^^^^",
        '  hint: write {"prefix": "/x/"}',
    ]


@pytest.mark.parametrize("strict", [True, False])
def test_junit(here: Path, strict: bool) -> None:
    (here / "wrong.json").write_text('{"body": {"a": [{"prefix": 5}]}}')
    (here / "fine.json").write_text('{"body": {"a": [1]}}')
    (here / "t.yaml").write_text("Filters: {{ a }} {{ b }}\n")
    args = ("--strict",) if strict else ()
    files = ("wrong.json", "a.json", "fine.json", "gone.json", "t.yaml")
    result = fp("check", "--search", "--output-format", "junit", *args, *files)
    root = ElementTree.fromstring(result.stdout)
    cases = [
        (case.get("classname"), case.get("name"), *(inside.tag for inside in case))
        for case in root.iter("testcase")
    ]
    warning = "failure" if strict else "skipped"
    assert cases == [
        ("fine.json", "no findings"),
        ("wrong.json", "FP009 line 1 column 28", "failure"),
        ("a.json", "FP141 line 1 column 17", warning),
        ("a.json", "FP115 line 1 column 37", warning),
        ("t.yaml", "FP204 line 1 column 10", "skipped"),
        ("gone.json", "reading", "error"),
    ]
    counts = {
        "tests": 6,
        "failures": 3 if strict else 1,
        "errors": 1,
        "skipped": 1 if strict else 3,
    }
    assert {name: int(root.get(name) or "") for name in counts} == counts


# --- fp rule


@pytest.mark.parametrize("code", CODES)
def test_the_page_of_each_code(code: str) -> None:
    result = fp("rule", code.lower())
    assert result.exit_code == 0
    assert result.stdout.startswith(f"# {code}: ")
    row = json.loads(fp("rule", "--json", code).stdout)
    assert row["markdown"] == result.stdout
    assert row["url"].startswith("https://docs.aws.amazon.com/")


def test_the_list_of_codes() -> None:
    rows = fp("rule", "--all").stdout.splitlines()
    assert [row.split()[0] for row in rows] == list(CODES)
    assert "FP112  warning  filters that were meant to apply together" in rows
    assert len(fp("rule", "--all", "--json").stdout.splitlines()) == len(CODES)


def test_an_unknown_code_is_refused() -> None:
    result = fp("rule", "FP1133")
    assert (result.exit_code, "did you mean FP113?" in result.stderr) == (2, True)
    assert fp("rule").exit_code == 2
    assert fp("rule", "--all", "FP112").exit_code == 2


def test_nothing_slow_is_imported_for_files_without_patterns(here: Path) -> None:
    (here / "package.json").write_text('{"name": "x"}')
    code = (
        "import sys; from filterpatterns.cli import main\n"
        "try: main(['check', '--search', 'package.json'])\n"
        "except SystemExit: pass\n"
        "print(sorted({'lark', 'yaml', 'rich', 'tree_sitter'} & sys.modules.keys()))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, cwd=here, env=_env()
    )
    assert run.stdout.decode().strip() == "[]"


def _env() -> dict[str, str]:
    return {"PYTHONPATH": str(ROOT)}


# --- the page for continuous integration


def _blocks(language: str) -> list[str]:
    page = (ROOT / "docs" / "how-to" / "ci.md").read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)


def test_the_settings_on_the_page_are_settings(here: Path) -> None:
    (block,) = _blocks("toml")
    (here / "pyproject.toml").write_text(block)
    result = fp("check", "a.json")
    assert result.exit_code == 1  # strict
    assert "hint: " in result.stdout  # full


def test_the_workflows_on_the_page_are_yaml() -> None:
    found = [yaml.safe_load(block) for block in _blocks("yaml")]
    assert len(found) == 7
    hook = found[3]["repos"][0]["hooks"][0]
    offered = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    assert hook["id"] in [one["id"] for one in offered]
    for command in re.findall(r"\bfp check (--[^|>\n]+)", "\n".join(_blocks("yaml"))):
        args = [arg for arg in command.split() if arg.startswith("--") or arg in OUTPUT_FORMATS]
        assert fp("check", *args, "gone.json").stderr.startswith("gone.json: error: no such file")


def test_the_hook_brings_what_terraform_needs() -> None:
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    extras = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert f"terraform = {json.dumps(hook['additional_dependencies'])}" in extras


def test_comments_on_the_page_accept_what_they_say(here: Path) -> None:
    block = next(block for block in _blocks("yaml") if "fp: ignore" in block)
    indented = "".join(f"          {line}\n" for line in block.splitlines())
    (here / "t.yaml").write_text(
        "Resources:\n  M:\n    Type: AWS::Lambda::EventSourceMapping\n    Properties:\n"
        "      EventSourceArn: arn:aws:sqs:eu-west-1:123456789012:q\n      FilterCriteria:\n"
        f"        Filters:\n{indented}"
    )
    result = fp("check", "t.yaml")
    assert (result.stdout, result.stderr) == ("", "2 patterns in 1 file: no problems found\n")
