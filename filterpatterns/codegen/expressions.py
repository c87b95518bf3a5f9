"""Converts trees to Python expressions: the tests as code, over decoded structs or dicts.

The source consists of names that are chosen here; every value, including member names, is bound.
"""

from __future__ import annotations

from functools import partial

from filterpatterns.codegen.access import Access, Branch
from filterpatterns.codegen.code import Code
from filterpatterns.codegen.types import UNSET, presences
from filterpatterns.language.operators import (
    AnythingBut,
    Exists,
    Operator,
)
from filterpatterns.language.operators.base import FEW, Kind
from filterpatterns.language.operators.equality import Equals, Exactly
from filterpatterns.matching.match_tree import FieldTest, MatchNode

_DEEPEST = 8
"""The number of levels of a tree in one expression: CPython's parser allows 200 nested
parentheses."""


def below(code: Code, node: MatchNode, access: Access, read: str, level: int = 0) -> str:
    """Return an expression: the tests at and below a node match the value of `read`."""
    if level == _DEEPEST and node.children:
        function = code.function(
            ("node", node, access.key),
            lambda emit, value: access.write_return(emit, node, below(code, node, access, value)),
        )
        return access.called(node, f"{function}({read})")
    value = read if read.isidentifier() else code.name("v")
    if not node.children:
        assert node.test is not None
        branches, default = scalar(code, node.test, access, value)
        branches.append(("@ is list", access.leaves(node, node.test, value)))
    elif node.test is None:
        branches, default = [], str(node.optional)
        inside = fields(code, node, access, value, level + 1)
        found = presences(node)
        ranks = None if found is None else [partial(fields, code, one, access) for one in found]
        array = access.array(node, value, partial(fields, code, node, access), ranks)
        branches = [(f"@ is {access.object_class}", inside), ("@ is list", array)]
    else:
        branches, default = [], "False"
        if node.optional:
            branches, default = scalar(code, node.test, access, value)
            branches = [branch for branch in branches if access.object_class not in branch[0]]
        inside = fields(code, node, access, value, level + 1) if node.test.optional else "False"
        branches += [
            (f"@ is {access.object_class}", inside),
            ("@ is list", access.leaves_and_elements(node, value)),
        ]
    return choose(code, branches, access.otherwise(default), value, read)


def fields(code: Code, node: MatchNode, access: Access, holder: str, level: int = 0) -> str:
    """Return an expression: the tests below a node match an object there."""
    parts = access.guard(holder, node)
    for child in sorted(node.children, key=_holds_often):
        member = access.member(holder, child)
        parts.append(below(code, child, access.inside(child), member, level))
    return f"({' and '.join(parts)})" if len(parts) > 1 else "".join(parts) or "True"


def _holds_often(node: MatchNode) -> int:
    """A sort key that puts first what is likely to fail, so that nothing after it is evaluated."""
    if node.test is None or node.children:
        return 1 + min(_holds_often(child) for child in node.children)
    if node.test.optional or any(isinstance(rule, Exists) for rule in node.test.rules):
        return 6
    if any(isinstance(rule, AnythingBut) for rule in node.test.rules):
        return 4
    return 0 if all(map(plain_string, node.test.rules)) else 2


def choose(
    code: Code,
    branches: list[Branch],
    otherwise: tuple[list[Branch], str],
    value: str,
    read: str,
) -> str:
    """Return an expression: read a value, get its class (once: it costs as much as a comparison),
    and evaluate the branch for the class."""
    last, default = otherwise
    usual = last[0][1] if last else default
    branches = [branch for branch in branches if branch[1] != usual] + last
    if not branches:
        return default
    kind = code.name("c")
    expression = default
    for index, (condition, then) in reversed(list(enumerate(branches))):
        if index == 0:  # the part that is evaluated first reads the value
            first = value if value == read else f"({value} := {read})"
            condition = condition.replace("@", f"({kind} := {first}.__class__)", 1)
        expression = f"{then} if {condition.replace('@', kind)} else {expression}"
    return f"({expression})"


def scalar(code: Code, test: FieldTest, access: Access, value: str) -> tuple[list[Branch], str]:
    """Return branches for a test: strings, numbers, values that are not leaves; the default is for
    other leaves."""
    string, other = rules(code, test, value, "string"), rules(code, test, value, "other")
    absent = code.bind(type(UNSET))
    return [
        ("@ is str", string),
        *access.numbers(test, value),
        (f"@ is {absent}", str(test.optional)),
        (f"@ is {access.object_class}", str(test.optional)),
    ], other


def rules(code: Code, test: FieldTest, value: str, kind: Kind) -> str:
    """Return an expression: a leaf of the kind satisfies any rule of a test."""
    texts = [text for text in map(plain_string, test.rules) if text is not None]
    others = test.rules
    parts = []
    if len(texts) > FEW and kind == "string":
        parts.append(f"{value} in {code.bind(frozenset(texts))}")
        others = tuple(rule for rule in test.rules if plain_string(rule) is None)
    parts += [rule.code(value, kind, code.bind) for rule in others]
    if "True" in parts:
        return "True"
    parts = [part for part in parts if part != "False"]
    return " or ".join(parts) or "False"


def plain_string(rule: Operator) -> str | None:
    """Return the string that a rule matches, if it is the only string."""
    if isinstance(rule, Exactly):
        return rule.text
    if isinstance(rule, Equals) and isinstance(rule.value, str):
        return rule.value
    return None
