"""The house rules: allowed imports, maximum sizes, and names that were replaced."""

from __future__ import annotations

import ast
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

import filterpatterns

PACKAGE = Path(filterpatterns.__file__).parent

FLOORS = (
    "errors",
    "limits",
    "jsontext",
    "delivery",
    "language",
    "lint",
    "matching",
    "codegen",
    "explain",
    "engine",
    "templates",
    "stats",
    "testing",
    "integrations",
    "cli",
)
"""Each imports only from those before it. docs/explanation/design.md says what each is for."""

GONE = frozenset(
    (
        "Odd",
        "Judge",
        "PayloadJudge",
        "LineJudge",
        "judge",
        "ABSENT",
        "Situation",
        "Step",
        "Ends",
        "Piece",
        "Unit",
        "Work",
        "End",
        "Read",
        "every",
        "grow",
        "align",
        "told",
        "shown",
        "cut",
        "fault",
        "Fault",
        "lose",
        "_said_by_all",
        "_Looks",
        "_Shelf",
        "_Filed",
    )
)
"""Names that docs/explanation/design.md replaced."""

MADE = frozenset(("__pycache__", "node_modules", "venv", "build", "dist", "static"))
"""Files that tools create next to the sources."""

MODULES = sorted(PACKAGE.rglob("*.py"))


def _dotted(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


NAMES = {_dotted(path): path for path in MODULES}


def _imports(path: Path, *, lazy: bool) -> Iterator[str]:
    """The modules of the package that a module imports; `lazy`: also inside functions."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree) if lazy else tree.body:
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == PACKAGE.name:
            for alias in node.names:
                below = f"{node.module}.{alias.name}"
                yield below if below in NAMES else str(node.module)
        elif isinstance(node, ast.Import):
            yield from (each.name for each in node.names if each.name in NAMES)


def _floor(module: str) -> int:
    return FLOORS.index(module.split(".")[1])


@pytest.mark.parametrize("module", [name for name in NAMES if name.count(".")])
def test_a_package_imports_only_from_those_above_it(module: str) -> None:
    if module.endswith("__main__"):
        return
    for imported in _imports(NAMES[module], lazy=True):
        if imported.count("."):
            assert _floor(imported) <= _floor(module), f"{module} imports {imported}"


def test_modules_import_each_other_without_cycles() -> None:
    graph = {name: set(_imports(path, lazy=True)) - {name} for name, path in NAMES.items()}
    graph.pop(PACKAGE.name)  # it only exports, and imports when asked
    done: set[str] = set()

    def visit(name: str, trail: tuple[str, ...]) -> None:
        assert name not in trail, " -> ".join([*trail[trail.index(name) :], name])
        if name in done or name not in graph:
            return
        for imported in sorted(graph[name]):
            visit(imported, (*trail, name))
        done.add(name)

    for name in sorted(graph):
        visit(name, ())


def _is_made(path: Path) -> bool:
    """Whether it is hidden or created by a tool, and so not part of the layout."""
    return path.name.startswith(".") or path.name in MADE


def _folders(root: Path) -> Iterator[Path]:
    yield root
    for path in root.iterdir():
        if path.is_dir() and not _is_made(path):
            yield from _folders(path)


def test_folders_and_modules_stay_small() -> None:
    for folder in _folders(Path(__file__).parents[1]):
        entries = [each for each in folder.iterdir() if not _is_made(each)]
        most = 18 if folder == PACKAGE else 14
        assert len(entries) <= most, f"{folder}: more than {most} entries; group some in a folder"
    for path in MODULES:
        lines = path.read_text(encoding="utf-8").splitlines()
        assert len(lines) <= 400, f"{path}: {len(lines)} lines; divide it by topic"


_EVERYWHERE = [
    *MODULES,
    *(
        path
        for folder in ("tests", "benchmarks")
        for path in (PACKAGE.parent / folder).rglob("*.py")
    ),
]


@pytest.mark.parametrize("path", sorted(_EVERYWHERE), ids=_dotted)
def test_replaced_names_do_not_come_back(path: Path) -> None:
    with path.open("rb") as file:
        found = {
            token.string
            for token in tokenize.tokenize(file.readline)
            if token.type == tokenize.NAME and token.string in GONE
        }
    assert not found, f"use the names in docs/explanation/design.md instead of {found}"
