"""Runs the code blocks of a page in order, in a temporary folder.

The output on a page is compared with the real output: the lines below a command, `text` below a
block of code, and in Python a literal after an expression (`orders.matches(record) # True`). Three
dots match anything within a line, and on a separate line any number of lines.
"""

from __future__ import annotations

import ast
import contextlib
import io
import json
import os
import re
import shlex
import subprocess
import sys
import tokenize
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import click
import yaml
from click.testing import CliRunner

from filterpatterns.cli.program import main
from tests.docs.pages import ROOT, Block, blocks, page_name

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_SHELL = re.compile(r"[|<>&;$*?~`(){}\[\]\n]")
_QUOTED = re.compile(r"'[^']*'")
_PROMPT = "$ "
_FP = re.compile(r"(?:^ *|[|&;] *)fp (\w+)([^|&;\n]*)", re.MULTILINE)


def run_page(
    page: Path,
    folder: Path,
    session: str | None = None,
    names: Mapping[str, Any] = MappingProxyType({}),
) -> None:
    """Run the blocks of a page that belong to this session; check the syntax of the others.

    Args:
        page: the Markdown file.
        folder: an empty folder, the working directory of the blocks.
        session: the nox session that the test runs in; None for the README's test command.
        names: the names that are defined for Python code.
    """
    (folder / "examples").symlink_to(ROOT / "examples")
    with contextlib.ExitStack() as cleanup:
        cleanup.enter_context(_imports_from(folder))
        run = _Run(folder, {"cleanup": cleanup, **names})
        for block in blocks(page):
            print(f"{page_name(page)}:{block.line}")  # the last one is where it failed
            if block.not_run is not None or block.session not in (None, session):
                check_syntax(block)
            else:
                run.block(block)


@contextlib.contextmanager
def _imports_from(folder: Path) -> Iterator[None]:
    """Let code import the modules in a folder, and unload them afterwards."""
    modules = set(sys.modules)
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))
        for name in sys.modules.keys() - modules:
            if str(getattr(sys.modules[name], "__file__", "")).startswith(str(folder)):
                del sys.modules[name]


class _Run:
    """The state shared by the blocks of a page: a folder, Python names, the last output."""

    def __init__(self, folder: Path, names: Mapping[str, Any]) -> None:
        self.folder = folder
        self.names: dict[str, Any] = {"__name__": "page", **names}
        self.output = ""
        self.status = 0
        programs = folder.parent / f"{folder.name}-programs"
        programs.mkdir()
        for name, module in {"fp": "filterpatterns", "pytest": "pytest", "python": ""}.items():
            program = programs / name
            option = f"-m {module}" if module else ""
            program.write_text(f'#!/bin/sh\nexec "{sys.executable}" {option} "$@"\n')
            program.chmod(0o755)
        plugin = "filterpatterns.integrations.pytest_plugin"
        self.settings = {
            "PATH": f"{programs}:{Path(sys.executable).parent}:{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "COLUMNS": "100",
            "NO_COLOR": "1",
            "PYTEST_ADDOPTS": f"--disable-plugin-autoload -p {plugin}",  # others start slowly
        }

    def block(self, block: Block) -> None:
        if block.file is not None:
            check_syntax(block)
            path = self.folder / block.file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.code, encoding="utf-8")
        elif block.language == "python":
            self.output = _run_python(block, self.names)
        elif block.language == "bash":
            self.shell(block.code)
            assert self.status == 0, self.output
        elif block.language == "console":
            for command, expected in _commands(block.code):
                self.command(command)
                compare(expected, self.output)
        elif block.language == "text":
            compare(block.code, self.output)
        else:
            check_syntax(block)

    def command(self, command: str) -> None:
        if command == "echo $?":
            self.output = f"{self.status}\n"
        elif command.startswith("fp ") and not _SHELL.search(_QUOTED.sub("", command)):
            # in this process: starting the program takes longer than running it
            result = CliRunner().invoke(
                main, shlex.split(command)[1:], env={"COLUMNS": "100"}, prog_name="fp"
            )
            if result.exception is not None and not isinstance(result.exception, SystemExit):
                raise result.exception
            self.output, self.status = result.output, result.exit_code
        else:
            self.shell(command)

    def shell(self, text: str) -> None:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", text],
            cwd=self.folder,
            env={**os.environ, **self.settings},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=120,
            check=False,
        )
        self.output, self.status = done.stdout.decode(), done.returncode


def _commands(text: str) -> Iterator[tuple[str, str]]:
    """Each command of a console session, with the output below it."""
    assert text.startswith(_PROMPT), "a session begins with a command"
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        lines = part.splitlines(keepends=True)
        end = 1
        while lines[end - 1].endswith("\\\n"):
            end += 1
        yield "".join(lines[:end]).replace("\\\n", "").strip(), "".join(lines[end:])


def compare(expected: str, output: str) -> None:
    """Fail unless the output is that on the page."""
    expected, output = (
        "".join(line.rstrip() + "\n" for line in text.strip("\n").splitlines())
        for text in (expected, output)
    )
    pattern = re.escape(expected)
    pattern = re.sub(r"^ *(?:\\ )*\\\.\\\.\\\.\\?\n", r"(?:.*\n)*", pattern, flags=re.MULTILINE)
    pattern = pattern.replace(r"\.\.\.", ".*")
    assert re.fullmatch(pattern, output), f"the page shows\n{expected}\nbut it is\n{output}"


def _run_python(block: Block, names: dict[str, Any]) -> str:
    """Run Python code, compare values with the comments after them, and return the printed
    output."""
    tree = ast.parse(block.code)
    comments = {
        token.start[0]: token.string.lstrip("# ")
        for token in tokenize.generate_tokens(io.StringIO(block.code).readline)
        if token.type == tokenize.COMMENT
    }
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        for statement in tree.body:
            if not isinstance(statement, ast.Expr):
                code = compile(ast.Module([statement], []), f"line {statement.lineno}", "exec")
                exec(code, names)
                continue
            value = eval(compile(ast.Expression(statement.value), "page", "eval"), names)
            comment = comments.get(statement.end_lineno or 0)
            if comment is not None:
                with contextlib.suppress(SyntaxError, ValueError):  # not a literal, but words
                    displayed = ast.literal_eval(comment)
                    assert value == displayed, (
                        f"line {statement.lineno}: {value!r}, not {displayed!r}"
                    )
    return printed.getvalue()


def check_syntax(block: Block) -> None:
    """Fail if a block that does not run is malformed, or calls `fp` with invalid arguments."""
    if block.language in ("bash", "console"):
        text = block.code
        if block.language == "console":
            text = "".join(command + "\n" for command, _ in _commands(block.code))
        subprocess.run(["bash", "-n", "-c", text], check=True, capture_output=True, timeout=60)
        check_options(text)
    elif block.language in _PARSERS:
        _PARSERS[block.language](block.code)


def check_options(text: str) -> None:
    """Fail if shell code uses a command or option that `fp` does not have."""
    context = click.Context(main, info_name="fp", **main.context_settings)
    for name, words in _FP.findall(text.replace("\\\n", "")):
        command = main.get_command(context, name)
        assert command is not None, f"there is no fp {name}"
        known = {each for one in command.params for each in (*one.opts, *one.secondary_opts)}
        known.add("--help")
        unknown = set(re.findall(r"(?<=\s)--[a-z-]+", _QUOTED.sub("", words))) - known
        assert not unknown, f"fp {name} has no {', '.join(unknown)}"


def _read_lines(text: str) -> None:
    try:
        json.loads(text)
    except ValueError:
        for line in text.splitlines():
            json.loads(line)


_PARSERS: dict[str, Callable[[str], object]] = {
    "python": ast.parse,
    "json": _read_lines,
    "yaml": lambda text: list(yaml.compose_all(text, yaml.SafeLoader)),  # tags are not known
    "toml": tomllib.loads,
}

LANGUAGES: Collection[str] = {*_PARSERS, "bash", "console", "text", "lua", "hcl"}
