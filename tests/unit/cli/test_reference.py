"""The reference of the command line, and the completion of shells."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest

from filterpatterns.cli.program import main
from filterpatterns.cli.reference import markdown
from tests.unit.cli.test_program import ROOT, fp

CONTEXT = click.Context(main, info_name="fp")
COMMANDS = {name: main.get_command(CONTEXT, name) for name in main.list_commands(CONTEXT)}


def test_the_page_of_commands_is_current() -> None:
    page = (ROOT / "docs" / "reference" / "cli.md").read_text(encoding="utf-8")
    assert page == markdown(), "run: python -m filterpatterns.cli.reference > docs/reference/cli.md"


def test_the_page_is_what_the_module_prints() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "filterpatterns.cli.reference"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    assert run.stdout.decode().splitlines() == markdown().splitlines()


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_has_a_section_like_a_man_page(name: str) -> None:
    _, _, section = markdown().partition(f"\n## fp {name}\n")
    section = section.partition("\n## ")[0]
    titles = [line for line in section.splitlines() if line.startswith("#")]
    assert titles == [
        f"### {title}"
        for title in ("Synopsis", "Description", "Options", "Examples", "Exit status")
    ]
    assert f"\n    fp {name} " in section
    command = COMMANDS[name]
    assert command is not None
    for param in command.params:
        if isinstance(param, click.Option):
            assert all(name in section for name in param.opts)
            assert all(word in section for word in (param.help or "").split())


def test_the_page_has_the_parts_common_to_all_commands() -> None:
    page = markdown()
    for words in ("### Files", "### Environment", "**NO_COLOR**", "* [fp stats](#fp-stats): "):
        assert words in page
    assert "\b" not in page


def complete(*words: str) -> list[str]:
    """What the shell gets for the last word: the type, and the value, of each completion."""
    env = {"_FP_COMPLETE": "bash_complete", "COMP_WORDS": "\n".join(("fp", *words))}
    env["COMP_CWORD"] = str(len(words))
    return fp(env=env).stdout.split()


def test_commands_options_and_values_are_completed() -> None:
    assert complete("st") == ["plain,stats"]
    assert "plain,--junit" in complete("test", "--")
    assert complete("stats", "--source", "k") == ["plain,kinesis", "plain,kafka"]
    assert complete("completion", "") == ["plain,bash", "plain,zsh", "plain,fish"]


@pytest.mark.parametrize("name", ["test", "explain", "filter", "check", "compile", "stats"])
def test_arguments_are_completed_as_files(name: str) -> None:
    assert complete(name, "exam") == ["file,exam"]
    assert complete(name, "a.json", "exam") == ([] if name == "compile" else ["file,exam"])


def test_files_of_options_are_completed() -> None:
    assert complete("test", "--junit", "rep") == ["file,rep"]
    assert complete("stats", "--plot", "pic") == ["file,pic"]


def test_an_unknown_command_completes_nothing() -> None:
    assert complete("nope", "exam") == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_for_a_shell(shell: str) -> None:
    result = fp("completion", shell)
    assert f"_FP_COMPLETE={shell}_complete" in result.stdout
    assert result.exit_code == 0
    assert f"fp completion {shell}" in fp("completion", "--help").stdout


def test_the_script_works_in_bash(tmp_path: Path) -> None:
    program = tmp_path / "fp"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m filterpatterns "$@"\n')
    program.chmod(0o755)
    script = 'eval "$(fp completion bash)"; COMP_WORDS=(fp sta) COMP_CWORD=1; _fp_completion fp'
    bash = shutil.which("bash")
    assert bash is not None
    run = subprocess.run(
        [bash, "--norc", "-c", f'{script}; echo "${{COMPREPLY[@]}}"'],
        cwd=ROOT,
        env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"},
        capture_output=True,
        check=True,
    )
    assert run.stdout == b"stats\n"


def test_another_shell_is_refused() -> None:
    result = fp("completion", "tcsh")
    assert "'tcsh' is not one of" in result.stderr
    assert result.exit_code == 2
