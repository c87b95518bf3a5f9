"""Files ignored by .gitignore, compared with Git itself."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from filterpatterns.cli.checking.gitignore import IgnoreRules
from filterpatterns.cli.checking.searching import Exclusions, Search

NAMES = ("a", "b", "ab", "a.tf", "b.tf", "A", "a b", "[a]", "x-y", "a*")
FOLDERS = ("", "a/", "b/", "a/b/", "b/a/b/", "ab/")
PATHS = tuple(f"{folder}{name}" for folder in FOLDERS for name in NAMES)


def git(folder: Path, *args: str, stdin: bytes = b"") -> bytes:
    run = subprocess.run(
        ["git", "-C", str(folder), "-c", "core.excludesFile=", *args],
        input=stdin,
        capture_output=True,
        check=False,
    )
    assert run.returncode in (0, 1), run.stderr
    return run.stdout


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("repository")
    git(folder, "init", "-q")
    return folder


def ignored_by_git(folder: Path, paths: tuple[str, ...]) -> set[str]:
    out = git(
        folder, "check-ignore", "-z", "--no-index", "--stdin", stdin="\0".join(paths).encode()
    )
    return {path for path in out.decode().split("\0") if path}


LINES = st.lists(
    st.one_of(
        st.sampled_from(
            (
                *("a", "/a", "a/", "/a/", "a/b", "**/b", "a/**", "a/**/b", "*.tf", "/*.tf", "?"),
                *("!a.tf", "!b/", "[ab]", "[!a]", "[^a].tf", "[a-c]*", "\\[a\\]", "a\\*", "#a"),
                *("\\#a", "\\!a", "a b", "a ", "a\\ ", "**", "/**", "a**", "*/b", "b/*", "!b/a"),
                *(
                    "[[:alpha:]]",
                    "[[:upper:]]",
                    "[a",
                    "[]a]",
                    "a/*/b",
                    "**/a/**",
                    "",
                    "/",
                    "!",
                    "x-y",
                ),
            )
        ),
        st.text("ab*?/!.[]\\-^ ", max_size=6),
    ),
    max_size=4,
)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@example(lines=["*", "!*/", "!*.tf"])
@example(lines=["a/", "!a/b"])
@given(lines=LINES)
def test_ignored_files_are_those_that_git_ignores(repository: Path, lines: list[str]) -> None:
    (repository / ".gitignore").write_text("\n".join(lines) + "\n")
    rules = IgnoreRules(lines)
    assert {path for path in PATHS if _is_ignored(rules, path)} == ignored_by_git(repository, PATHS)


def _is_ignored(rules: IgnoreRules, path: str) -> bool:
    """Everything in an ignored folder is ignored, whatever the rules for its contents."""
    return rules.excludes(path)


def files(folder: Path, exclusions: Exclusions | None = None) -> list[str]:
    reported: list[str] = []
    search = Search(
        (".yaml", ".tf"),
        exclusions or Exclusions(root=str(folder)),
        on_error=lambda path, words: reported.append(f"{path}: {words}"),
        on_link=lambda path, words: reported.append(f"{path}: {words}"),
    )
    return [str(Path(path).relative_to(folder)) for path in search.files(str(folder))] + reported


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def test_ignore_files_in_subfolders_take_precedence(tmp_path: Path) -> None:
    tree = dict.fromkeys(("a.yaml", "b.yaml", "in/a.yaml", "in/b.yaml", "in/deep/a.yaml"), "")
    write(tmp_path, {**tree, ".gitignore": "a.yaml\n", "in/.gitignore": "!a.yaml\n/b.yaml\n"})
    assert files(tmp_path) == ["b.yaml", "in/a.yaml", "in/deep/a.yaml"]


def test_ignore_files_of_parent_folders_apply_up_to_the_repository(tmp_path: Path) -> None:
    tree = dict.fromkeys(("repo/app/a.yaml", "repo/app/b.yaml", "repo/app/c.yaml"), "")
    write(tmp_path, {**tree, ".gitignore": "c.yaml", "repo/.gitignore": "app/a.yaml"})
    assert files(tmp_path / "repo" / "app") == ["a.yaml", "b.yaml", "c.yaml"]  # no repository
    git(tmp_path / "repo", "init", "-q")
    assert files(tmp_path / "repo" / "app") == ["b.yaml", "c.yaml"]
    (tmp_path / "repo" / ".git" / "info" / "exclude").write_text("b.yaml\n")
    assert files(tmp_path / "repo" / "app") == ["c.yaml"]


def test_a_named_directory_is_searched_even_if_it_is_ignored(tmp_path: Path) -> None:
    write(tmp_path, {".gitignore": "cdk.out/\n", "cdk.out/a.yaml": ""})
    git(tmp_path, "init", "-q")
    assert files(tmp_path) == []
    assert files(tmp_path / "cdk.out") == ["a.yaml"]


def test_no_ignore_searches_ignored_files(tmp_path: Path) -> None:
    write(tmp_path, {".gitignore": "*.yaml", "a.yaml": "", "node_modules/x.yaml": ""})
    everything = Exclusions(root=str(tmp_path), respect_gitignore=False)
    assert files(tmp_path, everything) == ["a.yaml"]


def test_exclusions_are_globs_from_the_root(tmp_path: Path) -> None:
    tree = ("a/x.yaml", "a/b/x.yaml", "b/x.yaml", "b/y.yaml", "c/gen_1.yaml", "c/x.yaml")
    write(tmp_path, dict.fromkeys(tree, ""))
    globs = Exclusions(root=str(tmp_path), globs=("a/b", "b/*", "gen_*.yaml"))
    assert files(tmp_path, globs) == ["a/x.yaml", "c/x.yaml"]


def test_links_that_lead_out_are_reported_and_not_followed(tmp_path: Path) -> None:
    write(tmp_path, {"out/x.yaml": "", "out/folder/y.yaml": "", "in/z.yaml": ""})
    for name, target in {
        "x.yaml": "out/x.yaml",
        "folder": "out/folder",
        "same.yaml": "in/z.yaml",
    }.items():
        (tmp_path / "in" / name).symlink_to(tmp_path / target)
    (tmp_path / "in" / "nowhere.yaml").symlink_to(tmp_path / "in" / "nothing")
    words = "not followed: the link leads outside the directory"
    assert files(tmp_path / "in") == [
        "same.yaml",
        "z.yaml",
        f"{tmp_path}/in/folder: {words}",
        f"{tmp_path}/in/x.yaml: {words}",
    ]


@pytest.mark.parametrize(
    ("line", "path"),
    [
        ("*a" * 60 + "*b", "a" * 250),
        ("[a]*?" * 60 + "b", "a" * 250),
        ("**/*a/" * 12 + "z", "a/" * 200 + "b"),
        ("**/a/" * 12 + "*a" * 20 + "b", "a/" * 100 + "a" * 250),
    ],
)
def test_no_pattern_takes_long(line: str, path: str) -> None:
    start = time.process_time()
    assert IgnoreRules([line]).verdict(path, is_directory=False) is None
    assert time.process_time() - start < 1, "with plain backtracking: centuries"
