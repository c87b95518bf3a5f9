"""Files as found in repositories, with and without patterns, checked with `fp check`.

Beside each file or folder NAME stands NAME.expected.json: the arguments, the exit status, the
findings by line, and how many patterns there are. In a folder `gitignore` stands for .gitignore,
which would leave the files out of this repository too.
"""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from random import Random

import pytest

from tests.unit.cli.test_program import fp

CORPUS = Path(__file__).parent / "corpus_check"
CASES = sorted(
    path.relative_to(CORPUS).as_posix().removesuffix(".expected.json")
    for path in CORPUS.glob("*/*.expected.json")
)


def test_each_file_of_the_corpus_is_a_case() -> None:
    paths = {path.relative_to(CORPUS).as_posix() for path in CORPUS.glob("*/*")}
    assert {path for path in paths if not path.endswith(".expected.json")} == set(CASES)
    assert len(CASES) >= 25


@pytest.mark.parametrize("name", CASES)
def test_the_patterns_in_each_file_are_found(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = json.loads((CORPUS / f"{name}.expected.json").read_text())
    if (CORPUS / name).is_dir():
        shutil.copytree(CORPUS / name, tmp_path, dirs_exist_ok=True)
        for path in [*tmp_path.rglob("gitignore")]:
            path.rename(path.with_name(".gitignore"))
        given = "."
    else:
        shutil.copy(CORPUS / name, tmp_path)
        given = Path(name).name
    monkeypatch.chdir(tmp_path)
    result = fp("check", "--output-format", "json", *expected["args"], given)
    rows = json.loads(result.stdout)
    found = [
        {"line": row["line"], "code": row["code"]}
        | ({"file": row["file"].removeprefix("./")} if given == "." else {})
        for row in rows
    ]
    assert found == expected["findings"]
    assert result.exit_code == expected["exit"], result.stderr
    assert sum(row["severity"] == "skipped" for row in rows) == expected["skipped"]
    counted = re.search(r"^(\d+) patterns? in", result.stderr, re.MULTILINE)
    assert counted is not None
    assert int(counted[1]) == expected["patterns"]


def _mutated(text: str, random: Random) -> str:
    """The text with a few pieces left out, doubled, moved or replaced."""
    for _ in range(random.randint(1, 3)):
        start, end = sorted(random.choices(range(len(text) + 1), k=2))
        end = min(end, start + random.choice((1, 5, 60)))
        pieces = ("", text[start:end] * 2, "\t", '"', "{", "]", "\n", ": ", "!Sub ", "é\0")
        text = text[:start] + random.choice(pieces) + text[end:]
    return text


@pytest.mark.parametrize("name", [name for name in CASES if (CORPUS / name).is_file()])
def test_broken_files_end_with_an_exit_status(name: str, tmp_path: Path) -> None:
    random = Random(Path(name).name)
    text = (CORPUS / name).read_text()
    for number in range(12):
        path = tmp_path / f"{number}-{Path(name).name}"
        path.write_text(_mutated(text, random))
        form = random.choice(("full", "sarif", "junit", "github", "json"))
        for args in ([], ["--search"]):
            result = fp("check", "--output-format", form, *args, path)
            assert result.exit_code in (0, 1, 2)
            assert result.exception is None or isinstance(result.exception, SystemExit)
