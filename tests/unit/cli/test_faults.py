"""Full disks, missing files and limits are reported."""

from __future__ import annotations

import errno
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.unit.cli.test_program import PATTERN, RECORDS, command_line, fp, lines

FULL = Path("/dev/full")

COMMANDS: dict[str, tuple[str, ...]] = {
    "test": ("test", PATTERN, "events.jsonl"),
    "test --json": ("test", "--json", PATTERN, "events.jsonl"),
    "filter": ("filter", "-v", PATTERN, "events.jsonl"),
    "filter -j 2": ("filter", "-j", "2", "-v", PATTERN, "events.jsonl"),
    "filter --compress": ("filter", "--compress", "gzip", "-v", PATTERN, "events.jsonl"),
    "filter --rejects": ("filter", "--rejects", "kept", "-v", PATTERN, "events.jsonl"),
    "filter -c": ("filter", "-c", PATTERN, "events.jsonl"),
    "explain": ("explain", PATTERN, "events.jsonl"),
    "stats": ("stats", PATTERN, "events.jsonl"),
    "route": ("route", "rules.json", "events.jsonl"),
    "check": ("check", "template.json"),
    "compile": ("compile", "--show-code", PATTERN),
}
"""Command lines that write to standard output."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("faults")
    (path / "events.jsonl").write_text(lines(*RECORDS) * 100)
    (path / "template.json").write_text('{"body": {"total": [{"numeric": [">", "1"]}]}}')
    (path / "rules.json").write_text(f'{{"orders": {PATTERN}}}')
    return path


def start(
    *arguments: str, folder: Path, stdout: int = subprocess.PIPE, shell: str = ""
) -> subprocess.CompletedProcess[bytes]:
    """Run the program in the folder; `shell` is what a shell does before, and to, it."""
    line = command_line(*arguments)
    return subprocess.run(
        ["sh", "-c", shell, "sh", *line] if shell else line,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("name", COMMANDS)
def test_a_full_disk_is_an_error(name: str, folder: Path) -> None:
    with FULL.open("wb") as full:
        done = start(*COMMANDS[name], folder=folder, stdout=full.fileno())
    message = done.stderr.decode()
    assert done.returncode == 2
    assert "fp: error: cannot write: No space left on device" in message
    assert "Traceback" not in message


@pytest.mark.parametrize("name", COMMANDS)
def test_a_closed_reader_is_not_an_error(name: str, folder: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = start(*COMMANDS[name], folder=folder, stdout=writer)
    os.close(writer)
    assert done.returncode == 141
    assert b"rror" not in done.stderr.replace(b"1 error", b"")


@pytest.mark.parametrize("name", COMMANDS)
def test_closed_output_does_not_crash(name: str, folder: Path) -> None:
    done = start(*COMMANDS[name], folder=folder, shell='exec "$@" >&-')
    assert b"Traceback" not in done.stderr
    assert done.returncode in (0, 1, 2)


def test_a_file_at_its_size_limit_is_not_left_partially_written(folder: Path) -> None:
    out = folder / "out.jsonl"
    limited = ("filter", "-v", "-o", str(out), PATTERN, "events.jsonl")
    done = start(*limited, folder=folder, shell='ulimit -f 8; exec "$@"')
    assert done.returncode == 2
    assert f"{out}: error: cannot write: file too large" in done.stderr.decode()
    assert not out.exists()
    assert not Path(f"{out}.part").exists()


@pytest.mark.parametrize("command", ["test", "filter", "filter -j 2"])
def test_a_missing_file_is_an_error_and_the_others_are_read(command: str, folder: Path) -> None:
    (folder / "empty").mkdir(exist_ok=True)
    done = start(*command.split(), PATTERN, "gone.jsonl", "events.jsonl", "empty", folder=folder)
    assert done.returncode == 2
    assert b"gone.jsonl: error: no such file or directory" in done.stderr
    assert b"empty: error: is a directory" in done.stderr
    assert done.stdout.count(b"\n") >= 100


@pytest.mark.parametrize("command", ["test", "filter"])
def test_a_file_without_permission_is_an_error(
    command: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = folder / "events.jsonl"
    really_open = open

    def refuse(name: Any, *args: Any, **kwargs: Any) -> Any:  # permissions do not stop root
        if name == str(path):
            raise PermissionError(errno.EACCES, "Permission denied")
        return really_open(name, *args, **kwargs)

    monkeypatch.setattr("builtins.open", refuse)
    result = fp(command, PATTERN, path)
    assert result.exit_code == 2
    assert f"{path}: error: permission denied" in result.stderr
