"""How generated code reads dicts and lists, from the caller or from JSON text."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from functools import partial

from filterpatterns.codegen.access import Branch, Condition
from filterpatterns.codegen.access.loops import (
    fall_back,
    first_object,
    first_ranked_object,
    flatten,
    in_array,
)
from filterpatterns.codegen.code import Code
from filterpatterns.codegen.emitter import Emitter
from filterpatterns.codegen.expressions import rules
from filterpatterns.codegen.types import UNSET, other_spellings
from filterpatterns.matching import interpreter
from filterpatterns.matching.match_tree import FieldTest, MatchNode

_SCALAR_TYPES = frozenset((str, int, float, bool, type(None)))
_DICT_TYPES = _SCALAR_TYPES | {dict, list, type(UNSET)}


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
        return [f"(not ({spelt}) or {self._code.bind(fall_back)}())"]

    def otherwise(self, expression: str) -> tuple[list[Branch], str]:
        known = self._code.bind(_DICT_TYPES)
        return [(f"@ in {known}", expression)], f"{self._code.bind(fall_back)}()"

    def array(
        self, node: MatchNode, value: str, condition: Condition, ranks: Sequence[Condition] | None
    ) -> str:
        if ranks is None or self._costly:
            return self._interpret(node, value)

        key = "array", node, self.key

        def write(emit: Emitter, values: str) -> None:
            element = self._code.name("v")
            function = self._code.function(key, write)
            scalar = f"{element}.__class__ in {self._code.bind(_SCALAR_TYPES)}"
            refused = f"{self._code.bind(fall_back)}()"
            if ranks:
                has = [rank(element) for rank in ranks]
                loop = first_ranked_object(
                    emit, values, element, condition(element), has, optional=node.optional
                )
                with loop:
                    with emit.block(f"if {element}.__class__ is not dict:"):
                        flat = self._code.bind(flatten)
                        emit(f"if {element}.__class__ is list: return {function}({flat}({values}))")
                        emit(f"if {scalar}: continue", refused)
                    emit(*self.guard(element, node))  # also of those that cannot be chosen
                emit("return found")
                return
            checked = condition(element)
            get = f"{self._code.bind(dict.get)}({element}, "  # others may have a `get` of their own
            unchecked = checked.replace(f"{element}.get(", get)
            with first_object(emit, values, element, checked, ["return True"], unchecked=unchecked):
                with emit.block(f"if {element}.__class__ is list:"):
                    emit(f"if {self._code.bind(in_array)}({function}, {element}): return True")
                    emit("continue")
                with emit.block(f"if {element}.__class__ is not dict:"):
                    emit(f"if {scalar}: continue", refused)

        return f"{self._code.function(key, write)}({value})"

    def leaves(self, node: MatchNode, test: FieldTest, value: str) -> str:
        return self._interpret(node, value)

    def leaves_and_elements(self, node: MatchNode, value: str) -> str:
        return self._interpret(node, value)

    def _interpret(self, node: MatchNode, value: str) -> str:
        if self._costly:
            return f"{self._code.bind(fall_back)}()"
        return f"{self._code.bind(partial(interpreter.holds, node))}({value})"
