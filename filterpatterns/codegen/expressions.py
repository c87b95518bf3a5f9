"""Tree -> Python expressions: the tests as code, over decoded structs or over dicts.

The text is made of names that are chosen here; every value, also member names, is bound.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import partial
from typing import Protocol

from msgspec.structs import replace

from filterpatterns.codegen.code import Code, FallbackNeeded
from filterpatterns.codegen.types import UNSET, Shape, first_rank_is_optional, other_spellings
from filterpatterns.language.operators import AnythingBut, Exists, Operator
from filterpatterns.language.operators.base import FEW, Kind
from filterpatterns.language.operators.equality import Equals, Exactly
from filterpatterns.matching import interpreter
from filterpatterns.matching.match_tree import FieldTest, MatchNode

_DEEPEST = 8
"""Levels of a tree in one expression: CPython's parser takes 200 nested parentheses."""


class Access(Protocol):
    """How generated code reads objects: one way for decoded structs, one for dicts.

    `key` tells the ways apart; `object_class` is the name of the class of an object.
    """

    key: Hashable
    object_class: str

    def member(self, holder: str, child: MatchNode) -> str:
        """An expression for a member of an object, ABSENT if there is none."""
        ...

    def inside(self, child: MatchNode) -> Access:
        """The way to read objects at the child."""
        ...

    def guard(self, holder: str, node: MatchNode) -> list[str]:
        """Expressions that raise Odd for an object that decoding did not make safe; else true."""
        ...

    def otherwise(self, expression: str) -> tuple[list[Branch], str]:
        """Branches and a default that give the expression, and raise Odd where decoded JSON has no
        such value."""
        ...

    def array(self, node: MatchNode, value: str, condition: Condition | None) -> str:
        """An expression: an array has an object that satisfies the condition.

        None where choosing takes more than that: then the interpreter judges the array.
        """
        ...

    def leaves(self, node: MatchNode, test: FieldTest, value: str) -> str:
        """An expression: an array has a scalar that satisfies the test, or none if that will do."""
        ...

    def leaves_and_elements(self, node: MatchNode, value: str) -> str:
        """An expression: an array satisfies a node that has a test and more tests below."""
        ...


Condition = Callable[[str], str]

Branch = tuple[str, str]
"""A condition on a value's class, which it calls `@`, and an expression. One holds at most."""


def below(code: Code, node: MatchNode, access: Access, read: str, level: int = 0) -> str:
    """An expression: the tests at and below a node hold for the value that `read` gives."""
    if level == _DEEPEST and node.children:
        function = code.function(
            ("node", node, access.key), lambda value: [f"return {below(code, node, access, value)}"]
        )
        return f"{function}({read})"
    value = code.name("v")
    if not node.children:
        assert node.test is not None
        branches, default = _scalar(code, node.test, access, value)
        branches.append(("@ is list", access.leaves(node, node.test, value)))
    elif node.test is None:
        branches, default = [], str(node.optional)
        inside = fields(code, node, access, value, level + 1)
        ranked = first_rank_is_optional(node)
        array = access.array(
            node, value, None if ranked else lambda element: fields(code, node, access, element)
        )
        branches = [(f"@ is {access.object_class}", inside), ("@ is list", array)]
    else:
        branches, default = [], "False"
        if node.optional:
            branches, default = _scalar(code, node.test, access, value)
            branches = [branch for branch in branches if access.object_class not in branch[0]]
        inside = fields(code, node, access, value, level + 1) if node.test.optional else "False"
        branches += [
            (f"@ is {access.object_class}", inside),
            ("@ is list", access.leaves_and_elements(node, value)),
        ]
    return _choose(code, branches, access.otherwise(default), value, read)


def fields(code: Code, node: MatchNode, access: Access, holder: str, level: int = 0) -> str:
    """An expression: the tests below a node hold for an object there."""
    parts = access.guard(holder, node)
    for child in sorted(node.children, key=_holds_often):
        member = access.member(holder, child)
        parts.append(below(code, child, access.inside(child), member, level))
    return "(" + " and ".join(parts) + ")" if parts else "True"


def _holds_often(node: MatchNode) -> int:
    """Sorts first what is likely to fail: then nothing after it is evaluated."""
    if node.test is None or node.children:
        return 1 + min(_holds_often(child) for child in node.children)
    if node.test.optional or any(isinstance(rule, Exists) for rule in node.test.rules):
        return 6
    if any(isinstance(rule, AnythingBut) for rule in node.test.rules):
        return 4
    return 0 if all(map(_plain_string, node.test.rules)) else 2


def _choose(
    code: Code,
    branches: list[Branch],
    otherwise: tuple[list[Branch], str],
    value: str,
    read: str,
) -> str:
    """An expression: read a value, ask for its class (once: it costs as much as a comparison), and
    do what the branch for the class says."""
    last, default = otherwise
    usual = last[0][1] if last else default
    branches = [branch for branch in branches if branch[1] != usual] + last
    if not branches:
        return default
    kind = code.name("c")
    expression = default
    for index, (condition, then) in reversed(list(enumerate(branches))):
        if index == 0:  # what is evaluated first, reads
            condition = condition.replace("@", f"({kind} := ({value} := {read}).__class__)", 1)
        expression = f"{then} if {condition.replace('@', kind)} else {expression}"
    return f"({expression})"


def _scalar(code: Code, test: FieldTest, access: Access, value: str) -> tuple[list[Branch], str]:
    """Branches for a test: strings, numbers, what is no leaf; the default is for other leaves."""
    string, number, other = (
        rules(code, test, value, kind) for kind in ("string", "number", "other")
    )
    absent = code.bind(type(UNSET))
    return [
        ("@ is str", string),
        ("@ is int or @ is float", number),
        (f"@ is {absent}", str(test.optional)),
        (f"@ is {access.object_class}", str(test.optional)),
    ], other


def rules(code: Code, test: FieldTest, value: str, kind: Kind) -> str:
    """An expression: a leaf of the kind satisfies any rule of a test."""
    texts = [text for text in map(_plain_string, test.rules) if text is not None]
    others = test.rules
    parts = []
    if len(texts) > FEW and kind == "string":
        parts.append(f"{value} in {code.bind(frozenset(texts))}")
        others = tuple(rule for rule in test.rules if _plain_string(rule) is None)
    parts += [rule.code(value, kind, code.bind) for rule in others]
    if "True" in parts:
        return "True"
    parts = [part for part in parts if part != "False"]
    return " or ".join(parts) or "False"


def _plain_string(rule: Operator) -> str | None:
    if isinstance(rule, Exactly):
        return rule.text
    if isinstance(rule, Equals) and isinstance(rule.value, str):
        return rule.value
    return None


def _loop(values: str, element: str, condition: str, check: list[str]) -> list[str]:
    """Statements: true if an element is an object that satisfies the condition.

    Asking each element for its class costs a quarter of the loop. So it runs without, and where
    that fails, because a scalar has no members, again with `check`.
    """
    return [
        "try:",
        f"    for {element} in {values}:",
        f"        if {condition}:",
        "            return True",
        "    return False",
        "except AttributeError:",
        "    pass",
        f"for {element} in {values}:",
        *(f"    {line}" for line in check),
        f"    if {condition}:",
        "        return True",
        "return False",
    ]


class StructAccess:
    """Reading what `decoding.py` made: classes are known, and spellings were checked there."""

    def __init__(self, code: Code, shape: Shape) -> None:
        self._code = code
        self._shape = shape
        self.key: Hashable = shape
        self.object_class = code.bind(shape.struct)

    def member(self, holder: str, child: MatchNode) -> str:
        return f"{holder}.{self._shape.children[child.name].attribute}"

    def inside(self, child: MatchNode) -> StructAccess:
        return StructAccess(self._code, self._shape.children[child.name])

    def guard(self, holder: str, node: MatchNode) -> list[str]:
        return []

    def otherwise(self, expression: str) -> tuple[list[Branch], str]:
        return [], expression

    def array(self, node: MatchNode, value: str, condition: Condition | None) -> str:
        if condition is None or not self._shape.takes_list:
            return "False"  # no list is decoded there

        key = "array", node, self.key

        def write(values: str) -> list[str]:
            element = self._code.name("v")
            array = f"{self._code.function(key, write)}({element})"
            check = [
                f"if {element}.__class__ is not {self.object_class}:",
                f"    if {element}.__class__ is list and {array}: return True",
                "    continue",
            ]
            return _loop(values, element, condition(element), check)

        return f"{self._code.function(key, write)}({value})"

    def leaves(self, node: MatchNode, test: FieldTest, value: str) -> str:
        if not self._shape.takes_list:
            return "False"
        if len(test.rules) == 1 and not test.optional:
            text = _plain_string(test.rules[0])
            if text is not None:
                return f"{self._code.bind(text)} in {value}"

        def write(values: str) -> list[str]:
            element = self._code.name("v")
            # An object in the array is no leaf: it satisfies no rule.
            branches, default = _scalar(self._code, replace(test, optional=False), self, element)
            holds = _choose(self._code, branches, ([], default), self._code.name("v"), element)
            scalar = f"{element}.__class__ is not {self.object_class}"
            return [
                *(["found = False"] if test.optional else []),
                f"for {element} in {values}:",
                f"    if {holds}:",
                "        return True",
                *([f"    found = found or {scalar}"] if test.optional else []),
                "return not found" if test.optional else "return False",
            ]

        return f"{self._code.function(('leaves', node, self.key), write)}({value})"

    def leaves_and_elements(self, node: MatchNode, value: str) -> str:
        return "False"  # no list is decoded there


class DictAccess:
    """Reading dicts and lists that somebody else made: anything unusual is Odd."""

    def __init__(self, code: Code) -> None:
        self._code = code
        self.key: Hashable = dict
        self.object_class = "dict"

    def member(self, holder: str, child: MatchNode) -> str:
        return f"{holder}.get({self._code.bind(child.name)}, {self._code.bind(UNSET)})"

    def inside(self, child: MatchNode) -> DictAccess:
        return self

    def guard(self, holder: str, node: MatchNode) -> list[str]:
        names = [self._code.bind(name) for name in other_spellings(node)]
        if not names:
            return []
        spelt = " or ".join(f"{name} in {holder}" for name in names)
        return [f"(not ({spelt}) or {self._code.bind(_odd)}())"]

    def otherwise(self, expression: str) -> tuple[list[Branch], str]:
        known = self._code.bind(_DICT_TYPES)
        return [(f"@ in {known}", expression)], f"{self._code.bind(_odd)}()"

    def array(self, node: MatchNode, value: str, condition: Condition | None) -> str:
        if condition is None:
            return self._interpret(node, value)

        key = "array", node, self.key

        def write(values: str) -> list[str]:
            element = self._code.name("v")
            array = f"{self._code.function(key, write)}({element})"
            scalar = f"{element}.__class__ in {self._code.bind(_SCALAR_TYPES)}"
            check = [
                f"if {element}.__class__ is list:",
                f"    if {array}: return True",
                "    continue",
                f"if {element}.__class__ is not dict:",
                f"    if {scalar}: continue",
                f"    {self._code.bind(_odd)}()",
            ]
            return _loop(values, element, condition(element), check)

        return f"{self._code.function(key, write)}({value})"

    def leaves(self, node: MatchNode, test: FieldTest, value: str) -> str:
        return self._interpret(node, value)

    def leaves_and_elements(self, node: MatchNode, value: str) -> str:
        return self._interpret(node, value)

    def _interpret(self, node: MatchNode, value: str) -> str:
        return f"{self._code.bind(partial(interpreter.holds, node))}({value})"


_SCALAR_TYPES = frozenset((str, int, float, bool, type(None)))
_DICT_TYPES = _SCALAR_TYPES | {dict, list, type(UNSET)}


def _odd() -> None:
    raise FallbackNeeded
