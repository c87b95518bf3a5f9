"""Tree -> Python expressions: the tests as code, over decoded structs or over dicts.

The text is made of names that are chosen here; every value, also member names, is bound.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import partial
from types import MethodType
from typing import Any, Protocol

from filterpatterns import interpreter
from filterpatterns.decoding import ABSENT, Shape, first_rank_is_optional, other_spellings
from filterpatterns.operators import Operator
from filterpatterns.operators.base import LEAF_TYPES
from filterpatterns.operators.equality import Equals, Exactly
from filterpatterns.tree import Node, Test

_DEEPEST = 8
"""Levels of a tree in one expression: CPython's parser takes 200 nested parentheses."""


class Odd(Exception):
    """A record that the generated code does not judge: raised by it, answered by the interpreter."""


_BUILTINS = {kind.__name__: kind for kind in (str, bool, list, dict, Exception, len)}


class Code:
    """Generated source, and the namespace that holds its values."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.namespace: dict[str, Any] = {"__builtins__": _BUILTINS, "__name__": __name__}
        self._names: dict[Any, str] = {}
        self._functions: dict[Any, str] = {}
        self._count = 0

    def bind(self, value: object) -> str:
        """A name for a value. Equal constants share one; `1` and `True` are not equal here."""
        key: Any = (type(value), value)
        if isinstance(value, MethodType):
            key = (MethodType, id(value.__self__), value.__name__)
        elif not isinstance(value, (str, int, float, frozenset)):
            key = (type(value), id(value))
        elif value == 0 or isinstance(value, frozenset):
            key = (type(value), repr(value))  # 0.0 and -0.0; {1} and {1.0}
        if key not in self._names:
            self._names[key] = self.name("k")
            self.namespace[self._names[key]] = value
        return self._names[key]

    def name(self, letter: str) -> str:
        """A name that nothing else has."""
        self._count += 1
        return f"{letter}{self._count}_"

    def function(self, key: Hashable, write: Callable[[str], list[str]]) -> str:
        """The name of a function of one parameter; `write` gives its lines for the parameter's name.

        It is written once for a key. Without that, a node below an array would be written for the
        array and for the object alone, at each level: twice, four times, eight times.
        """
        if key not in self._functions:
            parameter = self.name("v")
            lines = write(parameter)
            self._functions[key] = self.name("function")
            self.lines += ["", f"def {self._functions[key]}({parameter}):"]
            self.lines += [f"    {line}" for line in lines]
        return self._functions[key]


class Access(Protocol):
    """How generated code reads values: one way for decoded structs, one for dicts.

    Every expression mentions the value, and evaluates it, before anything else. `key` tells the
    ways apart.
    """

    key: Hashable

    def member(self, holder: str, child: Node) -> str:
        """An expression for a member of an object, ABSENT if there is none."""
        ...

    def inside(self, child: Node) -> Access:
        """The way to read values at the child."""
        ...

    def is_object(self, value: str) -> str:
        """An expression: the value is an object."""
        ...

    def guard(self, holder: str, node: Node) -> list[str]:
        """Expressions that raise Odd for an object that decoding did not make safe; else true."""
        ...

    def check(self, value: str) -> list[str]:
        """Expressions that raise Odd for a value that decoded JSON does not have; else true."""
        ...

    def array(self, node: Node, value: str, condition: Condition | None) -> str:
        """An expression: the value is an array with an object that satisfies the condition.

        None where choosing takes more than that: then the interpreter judges the array.
        """
        ...

    def leaves(self, node: Node, test: Test, value: str) -> str:
        """An expression: the value is an array whose scalars satisfy the test."""
        ...

    def leaves_and_elements(self, node: Node, value: str) -> str:
        """An expression: an array satisfies a node that has a test and more tests below."""
        ...


Condition = Callable[[str], str]


def below(code: Code, node: Node, access: Access, value: str, level: int = 0) -> str:
    """An expression: the tests at and below a node hold for the value there."""
    if not node.children:
        assert node.test is not None
        return _leaf(code, node, node.test, access, value)
    if level == _DEEPEST:
        function = code.function(
            ("node", node, access.key), lambda inner: [f"return {below(code, node, access, inner)}"]
        )
        return f"{function}({value})"
    is_object = access.is_object(value)
    inside = fields(code, node, access, value, level + 1)
    if node.test is not None:
        inside = inside if node.test.optional else "False"
        scalar = _leaf(code, node, node.test, access, value) if node.optional else "False"
        array = access.leaves_and_elements(node, value)
        rest = f"({array} if {value}.__class__ is list else {scalar})"
    else:
        ranked = first_rank_is_optional(node)
        array = access.array(
            node, value, None if ranked else lambda element: fields(code, node, access, element)
        )
        rest = f"({value}.__class__ is not list or {array})" if node.optional else array
    return f"({is_object} and {inside} or not {is_object} and {rest})"


def fields(code: Code, node: Node, access: Access, holder: str, level: int = 0) -> str:
    """An expression: the tests below a node hold for an object there."""
    parts = access.guard(holder, node)
    for child in node.children:
        value = code.name("v")
        expression = below(code, child, access.inside(child), value, level)
        # What comes first in the text is evaluated first: there the member is read.
        member = f"({value} := {access.member(holder, child)})"
        parts.append(expression.replace(value, member, 1))
    return "(" + " and ".join(parts) + ")" if parts else "True"


def _leaf(code: Code, node: Node, test: Test, access: Access, value: str) -> str:
    """An expression for a test; false, without raising, for whatever else decoding lets through."""
    parts = [rules(code, test, value)] if test.rules else []
    if test.optional:
        parts.insert(0, f"{value} is {code.bind(ABSENT)} or {access.is_object(value)}")
    parts.append(access.leaves(node, test, value))
    return "(" + " and ".join((*access.check(value), f"({' or '.join(parts)})")) + ")"


def rules(code: Code, test: Test, value: str) -> str:
    """An expression: a scalar satisfies any rule of a test."""
    strings = [text for text in map(_plain_string, test.rules) if text is not None]
    parts = []
    others = test.rules
    if len(strings) > 1:
        parts.append(f"{value}.__class__ is str and {value} in {code.bind(frozenset(strings))}")
        others = tuple(rule for rule in test.rules if _plain_string(rule) is None)
    parts += [rule.code(value, code.bind) for rule in others]
    return " or ".join(parts) or "False"


def _plain_string(rule: Operator) -> str | None:
    if isinstance(rule, Exactly):
        return rule.text
    if isinstance(rule, Equals) and isinstance(rule.value, str):
        return rule.value
    return None


class StructAccess:
    """Reading what `decoding.py` made: classes are known, and spellings were checked there."""

    def __init__(self, code: Code, shape: Shape) -> None:
        self._code = code
        self._shape = shape
        self.key: Hashable = shape

    def member(self, holder: str, child: Node) -> str:
        return f"{holder}.{self._shape.children[child.name].attribute}"

    def inside(self, child: Node) -> StructAccess:
        return StructAccess(self._code, self._shape.children[child.name])

    def is_object(self, value: str) -> str:
        return f"{value}.__class__ is {self._code.bind(self._shape.struct)}"

    def guard(self, holder: str, node: Node) -> list[str]:
        return []

    def check(self, value: str) -> list[str]:
        return []

    def array(self, node: Node, value: str, condition: Condition | None) -> str:
        if condition is None or not self._shape.takes_list:
            return "False"  # no list is decoded there

        def write(values: str) -> list[str]:
            element = self._code.name("v")
            return [
                f"for {element} in {values}:",
                f"    if {self.is_object(element)} and {condition(element)}:",
                "        return True",
                "return False",
            ]

        function = self._code.function(("array", node, self.key), write)
        return f"({value}.__class__ is list and {function}({value}))"

    def leaves(self, node: Node, test: Test, value: str) -> str:
        if not self._shape.takes_list:
            return "False"
        if len(test.rules) == 1 and not test.optional:
            text = _plain_string(test.rules[0])
            if text is not None:
                return f"{value}.__class__ is list and {self._code.bind(text)} in {value}"

        def write(values: str) -> list[str]:
            element = self._code.name("v")
            scalar = f"{element}.__class__ is not {self._code.bind(self._shape.struct)}"
            return [
                *(["found = False"] if test.optional else []),
                f"for {element} in {values}:",
                f"    if {rules(self._code, test, element)}:",
                "        return True",
                *([f"    found = found or {scalar}"] if test.optional else []),
                "return not found" if test.optional else "return False",
            ]

        function = self._code.function(("leaves", node, self.key), write)
        return f"{value}.__class__ is list and {function}({value})"

    def leaves_and_elements(self, node: Node, value: str) -> str:
        return "False"  # no list is decoded there


class DictAccess:
    """Reading dicts and lists that somebody else made: anything unusual is Odd."""

    def __init__(self, code: Code) -> None:
        self._code = code
        self.key: Hashable = dict

    def member(self, holder: str, child: Node) -> str:
        return f"{holder}.get({self._code.bind(child.name)}, {self._code.bind(ABSENT)})"

    def inside(self, child: Node) -> DictAccess:
        return self

    def is_object(self, value: str) -> str:
        return f"{value}.__class__ is dict"

    def guard(self, holder: str, node: Node) -> list[str]:
        names = [self._code.bind(name) for name in other_spellings(node)]
        if not names:
            return []
        spelt = " or ".join(f"{name} in {holder}" for name in names)
        return [f"(not ({spelt}) or {self._code.bind(_odd)}())"]

    def check(self, value: str) -> list[str]:
        known = self._code.bind(_DICT_TYPES)
        return [f"({value}.__class__ in {known} or {self._code.bind(_odd)}())"]

    def array(self, node: Node, value: str, condition: Condition | None) -> str:
        (known,) = self.check(value)
        if condition is None:
            judged = self._interpret(node, value)
            return f"({known} and {value}.__class__ is list and {judged})"

        def write(values: str) -> list[str]:
            element = self._code.name("v")
            return [
                f"for {element} in {values}:",
                f"    if {element}.__class__ is dict:",
                f"        if {condition(element)}:",
                "            return True",
                f"    elif {element}.__class__ not in {self._code.bind(LEAF_TYPES)}:",
                f"        {self._code.bind(_odd)}()",
                "return False",
            ]

        function = self._code.function(("array", node, self.key), write)
        return f"({known} and {value}.__class__ is list and {function}({value}))"

    def leaves(self, node: Node, test: Test, value: str) -> str:
        return f"{value}.__class__ is list and {self._interpret(node, value)}"

    def leaves_and_elements(self, node: Node, value: str) -> str:
        return self._interpret(node, value)

    def _interpret(self, node: Node, value: str) -> str:
        return f"{self._code.bind(partial(interpreter.holds, node))}({value})"


_DICT_TYPES = LEAF_TYPES | {dict, list, type(ABSENT)}


def _odd() -> None:
    raise Odd
