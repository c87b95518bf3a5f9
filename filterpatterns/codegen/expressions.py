"""Tree -> Python expressions: the tests as code, over decoded structs or over dicts.

The text consists of names that are chosen here; every value, including member names, is bound.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial

from msgspec.structs import replace

from filterpatterns.codegen.access import Access, Branch, Condition
from filterpatterns.codegen.code import Code, FallbackNeeded
from filterpatterns.codegen.emitter import Emitter
from filterpatterns.codegen.types import UNSET, Shape, first_rank_is_optional, other_spellings
from filterpatterns.language.operators import (
    AnythingBut,
    Exists,
    Operator,
    compares_addresses,
    reads_number_text,
)
from filterpatterns.language.operators.base import FEW, UNSURE, Kind, double_of
from filterpatterns.language.operators.equality import Equals, Exactly
from filterpatterns.matching import interpreter
from filterpatterns.matching.match_tree import FieldTest, MatchNode

_DEEPEST = 8
"""Levels of a tree in one expression: CPython's parser allows 200 nested parentheses."""


def below(code: Code, node: MatchNode, access: Access, read: str, level: int = 0) -> str:
    """Return an expression: the tests at and below a node hold for the value of `read`."""
    if level == _DEEPEST and node.children:
        function = code.function(
            ("node", node, access.key),
            lambda emit, value: access.write_return(emit, node, below(code, node, access, value)),
        )
        return access.called(node, f"{function}({read})")
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
    """Return an expression: the tests below a node hold for an object there."""
    parts = access.guard(holder, node)
    for child in sorted(node.children, key=_holds_often):
        member = access.member(holder, child)
        parts.append(below(code, child, access.inside(child), member, level))
    return "(" + " and ".join(parts) + ")" if parts else "True"


def _holds_often(node: MatchNode) -> int:
    """A sort key that puts first what is likely to fail: then nothing after it is evaluated."""
    if node.test is None or node.children:
        return 1 + min(_holds_often(child) for child in node.children)
    if node.test.optional or any(isinstance(rule, Exists) for rule in node.test.rules):
        return 6
    if any(isinstance(rule, AnythingBut) for rule in node.test.rules):
        return 4
    return 0 if all(map(plain_string, node.test.rules)) else 2


def _choose(
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
            condition = condition.replace("@", f"({kind} := ({value} := {read}).__class__)", 1)
        expression = f"{then} if {condition.replace('@', kind)} else {expression}"
    return f"({expression})"


def _scalar(code: Code, test: FieldTest, access: Access, value: str) -> tuple[list[Branch], str]:
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


_UNSURE = "unsure"
"""What functions return instead of True if a number decided whose text is not known."""


def _compares_numbers(node: MatchNode) -> bool:
    return any(reads_number_text(rule) for test in node.tests() for rule in test.rules)


@contextmanager
def _loop(
    emit: Emitter, values: str, element: str, condition: str, found: Sequence[str]
) -> Iterator[None]:
    """Write statements: run `found` if an element is an object that satisfies the condition.

    Getting the class of each element costs a quarter of the loop. So it runs without that, and if
    it fails because a scalar has no members, again with what the `with` statement writes before.
    """
    with emit.block("try:"):
        with emit.block(f"for {element} in {values}:"), emit.block(f"if {condition}:"):
            emit(*found)
        emit("return False")
    with emit.block("except AttributeError:"):
        emit("pass")
    with emit.block(f"for {element} in {values}:"):
        yield
        with emit.block(f"if {condition}:"):
            emit(*found)
    emit("return False")


class StructAccess:
    """Reads values of the types that `types.py` makes: classes are known, and spellings are checked
    by decoding."""

    def __init__(self, code: Code, shape: Shape, *, texts: bool = True) -> None:
        """`texts`: numbers with a fraction or an exponent are their texts, where the shape keeps
        them; else they are floats, and expressions set `unsure` if that is not enough."""
        self._code = code
        self._shape = shape
        self._texts = texts
        self.key: Hashable = (shape, texts)
        self.object_class = code.bind(shape.struct)

    def member(self, holder: str, child: MatchNode) -> str:
        return f"{holder}.{self._shape.children[child.name].attribute}"

    def inside(self, child: MatchNode) -> StructAccess:
        return StructAccess(self._code, self._shape.children[child.name], texts=self._texts)

    def guard(self, holder: str, node: MatchNode) -> list[str]:
        return []

    def write_return(self, emit: Emitter, node: MatchNode, expression: str) -> None:
        if not self._is_unsure(node):
            emit(f"return {expression}")
            return
        found = self._code.bind(_UNSURE)
        emit("unsure = False", f"return ({found} if unsure else True) if {expression} else False")

    def _is_unsure(self, node: MatchNode) -> bool:
        return not self._texts and _compares_numbers(node)

    def _found(self, node: MatchNode) -> tuple[list[str], list[str]]:
        """Return how a function that iterates over an array begins, and what it does at the first
        match."""
        if not self._is_unsure(node):
            return [], ["return True"]
        return ["unsure = False"], [f"return {self._code.bind(_UNSURE)} if unsure else True"]

    def called(self, node: MatchNode, call: str) -> str:
        if not self._is_unsure(node):
            return call
        found = self._code.name("v")
        return f"(({found} := {call}) and ({found} is True or {UNSURE}))"

    def numbers(self, test: FieldTest, value: str) -> list[Branch]:
        code = self._code
        number = rules(code, test, value, "number")
        kept = "bytes" if self._texts and self._shape.keeps_text else "float"
        if not any(map(reads_number_text, test.rules)):
            return [(f"@ is int or @ is {kept}", number)]
        if any(map(compares_addresses, test.rules)):
            number = f"({number} if {value} else {code.bind(_fall_back)}())"  # it may be written -0
        if not self._shape.keeps_text:
            return [("@ is int", number), ("@ is float", f"{code.bind(_fall_back)}()")]
        if not self._texts:
            return [("@ is float", rules(code, test, value, "double")), ("@ is int", number)]
        text, double = rules(code, test, value, "text"), double_of(value)
        # The first use of the double is evaluated first.
        text = text.replace(double, f"({double} := float({value}))", 1)
        return [("@ is bytes", text), ("@ is int", number)]

    def otherwise(self, expression: str) -> tuple[list[Branch], str]:
        return [], expression

    def array(self, node: MatchNode, value: str, condition: Condition | None) -> str:
        if condition is None or not self._shape.takes_list:
            return "False"  # no list is decoded there

        key = "array", node, self.key

        def write(emit: Emitter, values: str) -> None:
            element = self._code.name("v")
            array = self.called(node, f"{self._code.function(key, write)}({element})")
            start, found = self._found(node)
            emit(*start)
            loop = _loop(emit, values, element, condition(element), found)
            with loop, emit.block(f"if {element}.__class__ is not {self.object_class}:"):
                with emit.block(f"if {element}.__class__ is list and {array}:"):
                    emit(*found)
                emit("continue")

        return self.called(node, f"{self._code.function(key, write)}({value})")

    def leaves(self, node: MatchNode, test: FieldTest, value: str) -> str:
        if not self._shape.takes_list:
            return "False"
        if len(test.rules) == 1 and not test.optional and not self._shape.keeps_text:
            text = plain_string(test.rules[0])
            if text is not None:
                return f"{self._code.bind(text)} in {value}"

        def write(emit: Emitter, values: str) -> None:
            element = self._code.name("v")
            # An object in the array is not a leaf: it satisfies no rule.
            branches, default = _scalar(self._code, replace(test, optional=False), self, element)
            if self._shape.keeps_text:
                branches.append(("@ is list", f"{self._code.bind(_fall_back)}()"))
            holds = _choose(self._code, branches, ([], default), self._code.name("v"), element)
            scalar = f"{element}.__class__ is not {self.object_class}"
            start, hit = self._found(node)
            emit(*start, *(["found = False"] if test.optional else []))
            with emit.block(f"for {element} in {values}:"):
                with emit.block(f"if {holds}:"):
                    emit(*hit)
                if test.optional:
                    emit(f"found = found or {scalar}")
            emit("return not found" if test.optional else "return False")

        call = f"{self._code.function(('leaves', node, self.key), write)}({value})"
        return self.called(node, call)

    def leaves_and_elements(self, node: MatchNode, value: str) -> str:
        return "False"  # no list is decoded there


class DictAccess:
    """Reads dicts and lists from the caller: anything unusual raises FallbackNeeded."""

    def __init__(self, code: Code, *, costly: bool) -> None:
        """`costly`: all tests together are so expensive that arrays are left to the evaluator."""
        self._code = code
        self._costly = costly
        self.key: Hashable = dict
        self.object_class = "dict"

    def member(self, holder: str, child: MatchNode) -> str:
        return f"{holder}.get({self._code.bind(child.name)}, {self._code.bind(UNSET)})"

    def inside(self, child: MatchNode) -> DictAccess:
        return self

    def write_return(self, emit: Emitter, node: MatchNode, expression: str) -> None:
        emit(f"return {expression}")

    def called(self, node: MatchNode, call: str) -> str:
        return call

    def numbers(self, test: FieldTest, value: str) -> list[Branch]:
        return [("@ is int or @ is float", rules(self._code, test, value, "number"))]

    def guard(self, holder: str, node: MatchNode) -> list[str]:
        names = [self._code.bind(name) for name in other_spellings(node)]
        if not names:
            return []
        spelt = " or ".join(f"{name} in {holder}" for name in names)
        return [f"(not ({spelt}) or {self._code.bind(_fall_back)}())"]

    def otherwise(self, expression: str) -> tuple[list[Branch], str]:
        known = self._code.bind(_DICT_TYPES)
        return [(f"@ in {known}", expression)], f"{self._code.bind(_fall_back)}()"

    def array(self, node: MatchNode, value: str, condition: Condition | None) -> str:
        if condition is None or self._costly:
            return self._interpret(node, value)

        key = "array", node, self.key

        def write(emit: Emitter, values: str) -> None:
            element = self._code.name("v")
            array = f"{self._code.function(key, write)}({element})"
            scalar = f"{element}.__class__ in {self._code.bind(_SCALAR_TYPES)}"
            fall_back = f"{self._code.bind(_fall_back)}()"
            with _loop(emit, values, element, condition(element), ["return True"]):
                with emit.block(f"if {element}.__class__ is list:"):
                    emit(f"if {array}: return True", "continue")
                with emit.block(f"if {element}.__class__ is not dict:"):
                    emit(f"if {scalar}: continue", fall_back)

        return f"{self._code.function(key, write)}({value})"

    def leaves(self, node: MatchNode, test: FieldTest, value: str) -> str:
        return self._interpret(node, value)

    def leaves_and_elements(self, node: MatchNode, value: str) -> str:
        return self._interpret(node, value)

    def _interpret(self, node: MatchNode, value: str) -> str:
        if self._costly:
            return f"{self._code.bind(_fall_back)}()"
        return f"{self._code.bind(partial(interpreter.holds, node))}({value})"


_SCALAR_TYPES = frozenset((str, int, float, bool, type(None)))
_DICT_TYPES = _SCALAR_TYPES | {dict, list, type(UNSET)}


def _fall_back() -> None:
    raise FallbackNeeded
