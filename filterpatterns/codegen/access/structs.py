"""How generated code reads the structs that JSON text is decoded into."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from msgspec.structs import replace

from filterpatterns.codegen.access import Branch, Condition
from filterpatterns.codegen.access.loops import (
    fall_back,
    first_object,
    first_ranked_object,
    flatten,
)
from filterpatterns.codegen.code import Code
from filterpatterns.codegen.emitter import Emitter
from filterpatterns.codegen.expressions import choose, plain_string, rules, scalar
from filterpatterns.codegen.types import Shape
from filterpatterns.language.operators.base import UNSURE, Kind, double_of
from filterpatterns.language.operators.numeric import SHORT
from filterpatterns.matching.match_tree import FieldTest, MatchNode

_UNSURE = "unsure"
"""The result of functions instead of True if the text of a deciding number is not known."""


def _compares_numbers(node: MatchNode) -> bool:
    return any(rule.reads_number_text() for test in node.tests() for rule in test.rules)


class StructAccess:
    """Reads values of the types created by `types.py`: classes are known, and spellings are checked
    by decoding."""

    def __init__(self, code: Code, shape: Shape, *, texts: bool = True) -> None:
        """`texts`: numbers with a fraction or an exponent are their texts, if the shape keeps them;
        otherwise they are floats, and expressions set `unsure` if that is not sufficient."""
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
        if not any(rule.reads_number_text() for rule in test.rules):
            return [(f"@ is int or @ is {kept}", number)]
        if any(rule.compares_addresses() for rule in test.rules):
            number = f"({number} if {value} else {code.bind(fall_back)}())"  # it may be written -0
        if not self._shape.keeps_text:
            return [("@ is int", number), ("@ is float", f"{code.bind(fall_back)}()")]
        if not self._texts:
            return [("@ is float", rules(code, test, value, "double")), ("@ is int", number)]
        return [("@ is bytes", self._text_rules(test, value, "text")), ("@ is int", number)]

    def _text_rules(self, test: FieldTest, value: str, kind: Kind) -> str:
        """Return an expression: a number whose text is known satisfies any rule of a test."""
        double = double_of(value)
        # The first use of the double is evaluated first.
        return rules(self._code, test, value, kind).replace(
            double, f"({double} := float({value}))", 1
        )

    def otherwise(self, expression: str) -> tuple[list[Branch], str]:
        return [], expression

    def array(
        self, node: MatchNode, value: str, condition: Condition, ranks: Sequence[Condition] | None
    ) -> str:
        if ranks is None or not self._shape.takes_list:
            return "False"  # lists are not decoded there

        key = "array", node, self.key

        def write(emit: Emitter, values: str) -> None:
            element = self._code.name("v")
            start, found = self._found(node)
            emit(*start)
            function = self._code.function(key, write)
            if ranks:
                self._write_ranked(emit, node, function, values, condition, ranks)
                return
            array = self.called(node, f"{function}({element})")
            loop = first_object(emit, values, element, condition(element), found)
            with loop, emit.block(f"if {element}.__class__ is not {self.object_class}:"):
                with emit.block(f"if {element}.__class__ is list and {array}:"):
                    emit(*found)
                emit("continue")

        return self.called(node, f"{self._code.function(key, write)}({value})")

    def _write_ranked(
        self,
        emit: Emitter,
        node: MatchNode,
        function: str,
        values: str,
        condition: Condition,
        ranks: Sequence[Condition],
    ) -> None:
        element = self._code.name("v")
        has = [rank(element) for rank in ranks]
        loop = first_ranked_object(
            emit, values, element, condition(element), has, optional=node.optional
        )
        with loop, emit.block(f"if {element}.__class__ is not {self.object_class}:"):
            flat = self._code.bind(flatten)
            emit(f"if {element}.__class__ is list: return {function}({flat}({values}))")
            emit("continue")
        with emit.block("if found:"):
            emit(*self._found(node)[1])
        emit("return False")

    def leaves(self, node: MatchNode, test: FieldTest, value: str) -> str:
        if not self._shape.takes_list:
            return "False"
        # Where another alternative has tests below, arrays of arrays are decoded too.
        has_nested = self._shape.keeps_text or bool(self._shape.children)
        if len(test.rules) == 1 and not test.optional and not has_nested:
            text = plain_string(test.rules[0])
            if text is not None:
                return f"{self._code.bind(text)} in {value}"

        def write(emit: Emitter, values: str) -> None:
            element = self._code.name("v")
            # An object in the array is not a leaf: it satisfies no rule.
            branches, default = scalar(self._code, replace(test, optional=False), self, element)
            if has_nested:
                branches.append(("@ is list", f"{self._code.bind(fall_back)}()"))
            holds = choose(self._code, branches, ([], default), self._code.name("v"), element)
            is_leaf = f"{element}.__class__ is not {self.object_class}"
            start, hit = self._found(node)
            emit(*start, *(["found = False"] if test.optional else []))
            with emit.block(f"for {element} in {values}:"):
                with emit.block(f"if {holds}:"):
                    emit(*hit)
                if test.optional:
                    emit(f"found = found or {is_leaf}")
            emit("return not found" if test.optional else "return False")

        call = f"{self._code.function(('leaves', node, self.key), write)}({value})"
        return self.called(node, call)

    def leaves_and_elements(self, node: MatchNode, value: str) -> str:
        return "False"  # lists are not decoded there


class RawAccess(StructAccess):
    """Reads values of a `raw_shape`. Expressions raise an exception for a number of more than 15
    digits, and for what is no number."""

    def __init__(self, code: Code, shape: Shape) -> None:
        super().__init__(code, shape)
        self.key = shape, "raw"

    def inside(self, child: MatchNode) -> StructAccess:
        shape = self._shape.children[child.name]
        if shape.any_keeps_text():
            return RawAccess(self._code, shape)
        return StructAccess(self._code, shape, texts=False)

    def numbers(self, test: FieldTest, value: str) -> list[Branch]:
        holds = self._text_rules(test, value, "raw")
        is_short = f"len({value}) < {self._code.bind(SHORT - 1)}"  # an integer has no point
        decided = f"(({holds}) if {is_short} else {self._code.bind(fall_back)}())"
        return [(f"@ is {self.object_class}", decided)]
