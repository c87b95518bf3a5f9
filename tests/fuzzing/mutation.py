"""Mutation testing: does a test fail when a line of the package is wrong?

    cd tests
    python -m fuzzing.mutation operators/text.py tree.py --log survivors.jsonl --sample 200
    python -m fuzzing.mutation rulesets/finder.py --tests test_ruleset.py test_ruleset_agreement.py

Each mutant changes one thing in one module (a comparison, a number, `and`, `not`, a returned value,
a call's place) and lives in a process of its own, forked from one that has imported everything but
the package; nothing is written to the source. What the tests do not notice survives, and is logged:
somebody must look at it. (mutmut and cosmic-ray copy or change the tree; this fits in a page, and a
mutant costs a fork instead of a start of Python.)
"""

from __future__ import annotations

import argparse
import ast
import copy
import importlib.abc
import importlib.machinery
import importlib.util
import json
import os
import random
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path
from types import ModuleType

_TESTS = Path(__file__).parent.parent
_PACKAGE = _TESTS.parent / "filterpatterns"
_FILES = (
    *("test_values.py", "test_promises.py", "test_errors.py", "test_delivery.py"),
    *("test_criteria.py", "test_rules.py", "test_generated.py", "test_filter.py"),
)
"""The tests that say most of an engine in little time, the quickest first."""

_IMPORTS = ("pytest", "hypothesis", "lark", "msgspec", "yaml", "click.testing", "ipaddress", "json")
_SECONDS = 120

_COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
_ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
    ast.BitOr: ast.BitAnd,
}


def changes(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    """What may become of a node, with a word for it."""
    if isinstance(node, ast.Compare):
        for index, sign in enumerate(node.ops):
            if type(sign) in _COMPARISONS:
                other = copy.deepcopy(node)
                other.ops[index] = _COMPARISONS[type(sign)]()
                yield "comparison", other
    elif isinstance(node, ast.BoolOp):
        other_op = copy.deepcopy(node)
        other_op.op = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        yield "and/or", other_op
        for index in range(len(node.values)):
            fewer = copy.deepcopy(node)
            del fewer.values[index]
            yield "a part left out", fewer.values[0] if len(fewer.values) == 1 else fewer
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.Not, ast.USub)):
        yield "without not or minus", copy.deepcopy(node.operand)
    elif isinstance(node, ast.BinOp) and type(node.op) in _ARITHMETIC:
        sum_ = copy.deepcopy(node)
        sum_.op = _ARITHMETIC[type(node.op)]()
        yield "arithmetic", sum_
    elif isinstance(node, ast.Constant):
        yield from _other_constants(node)
    elif isinstance(node, (ast.Break, ast.Continue)):
        yield "loop", ast.Pass()
    elif isinstance(node, ast.IfExp):
        yield "always", copy.deepcopy(node.body)
        yield "never", copy.deepcopy(node.orelse)
    elif isinstance(node, ast.If):
        for truth in (True, False):
            decided = copy.deepcopy(node)
            decided.test = ast.Constant(truth)
            yield f"if {truth}", decided


def _other_constants(node: ast.Constant) -> Iterator[tuple[str, ast.AST]]:
    if isinstance(node.value, bool):
        yield "constant", ast.Constant(not node.value)
    elif isinstance(node.value, int):
        yield "constant", ast.Constant(node.value + 1)
    elif isinstance(node.value, str) and node.value:
        yield "constant", ast.Constant(node.value + "X")


class _Change(ast.NodeTransformer):
    """Puts one change in the place of one node, by their numbers."""

    def __init__(self, wanted: int) -> None:
        self._left = wanted
        self.said = ""
        self.line = 0

    def visit(self, node: ast.AST) -> ast.AST:
        if self.said or self._is_untested(node):
            return node
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            node.body = [self.visit(child) for child in node.body]  # not decorators and types
            return node
        if isinstance(node, ast.AnnAssign):
            node.value = None if node.value is None else self.visit(node.value)
            return node
        for said, other in changes(node):
            if self._left == 0:
                self.said, self.line = said, getattr(node, "lineno", 0)
                return ast.copy_location(other, node)
            self._left -= 1
        return super().generic_visit(node)

    def _is_untested(self, node: ast.AST) -> bool:
        """Docstrings, messages that are raised, annotations of types."""
        docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        words = isinstance(node, (ast.JoinedStr, ast.arg, ast.Import, ast.ImportFrom, ast.Raise))
        return docstring or words


def mutants(source: str) -> Iterator[tuple[int, str, ast.Module]]:
    """Each mutant of a module: its line, what was changed, and its tree."""
    number = 0
    while True:
        change = _Change(number)
        tree = change.visit(ast.parse(source))
        if not change.said:
            return
        assert isinstance(tree, ast.Module)
        yield change.line, change.said, ast.fix_missing_locations(tree)
        number += 1


class _Mutated(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports one module from a changed tree."""

    def __init__(self, name: str, path: Path, tree: ast.Module) -> None:
        self._name, self._path, self._tree = name, path, tree

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname != self._name:
            return None
        return importlib.util.spec_from_file_location(fullname, self._path, loader=self)  # type: ignore[arg-type]

    def exec_module(self, module: ModuleType) -> None:
        exec(compile(self._tree, str(self._path), "exec"), module.__dict__)


def _survives(name: str, path: Path, tree: ast.Module, tests: Sequence[str] = _FILES) -> bool:
    """Whether no test notices. In a child process, which ends with the answer."""
    child = os.fork()
    if child:
        _, status = os.waitpid(child, 0)
        return os.waitstatus_to_exitcode(status) == 0
    status = 1
    try:
        os.setsid()
        signal.alarm(_SECONDS)
        silent = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silent, 1)
        os.dup2(silent, 2)
        sys.meta_path.insert(0, _Mutated(name, path, tree))
        status = 0 if _tests_pass(tests) else 1
    finally:
        os._exit(status)


def _tests_pass(tests: Sequence[str]) -> bool:
    import pytest

    from tests.fuzzing import quick

    if not quick.agrees():
        return False
    plain = ["-x", "-q", "-p", "no:cacheprovider", "--assert=plain"]
    return pytest.main([*plain, *(str(_TESTS / name) for name in tests)]) == 0


def main() -> int:
    """Tries the mutants of the modules named on the command line."""
    parser = argparse.ArgumentParser(prog="python -m fuzzing.mutation", description=__doc__)
    parser.add_argument("modules", nargs="+", help="paths in the package: tree.py")
    parser.add_argument("--log", type=Path, help="a line of JSON for each survivor is added here")
    parser.add_argument("--sample", type=int, help="so many mutants of each module, at random")
    parser.add_argument(
        "--tests", nargs="+", default=_FILES, help="other files of tests than those"
    )
    arguments = parser.parse_args()
    for name in _IMPORTS:
        import_module(name)
    unchanged = _PACKAGE / "limits.py"
    tree = ast.parse(unchanged.read_text(encoding="utf-8"))
    if not _survives("filterpatterns.limits", unchanged, tree, arguments.tests):
        parser.error("the tests fail without any change")
    for given in arguments.modules:
        path = _PACKAGE / given
        name = "filterpatterns." + given.removesuffix(".py").replace("/", ".")
        found = list(mutants(path.read_text(encoding="utf-8")))
        if arguments.sample is not None and len(found) > arguments.sample:
            found = random.Random(0).sample(found, arguments.sample)
        start, survived = time.monotonic(), 0
        lines = path.read_text(encoding="utf-8").split("\n")
        for line, said, tree in found:
            if _survives(name, path, tree, arguments.tests):
                survived += 1
                entry = {"module": given, "line": line, "change": said, "code": lines[line - 1]}
                print(json.dumps(entry), flush=True)
                if arguments.log is not None:
                    with arguments.log.open("a", encoding="utf-8") as log:
                        log.write(json.dumps(entry) + "\n")
        took = time.monotonic() - start
        print(f"{given}: {len(found)} mutants, {survived} survived, {took:.0f} s", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
