"""What generated expressions ask of a value: the same for decoded structs and for dicts."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Protocol

from filterpatterns.matching.match_tree import FieldTest, MatchNode

Condition = Callable[[str], str]

Branch = tuple[str, str]
"""A condition on a value's class, which it calls `@`, and an expression. One holds at most."""


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

    def returned(self, node: MatchNode, expression: str) -> list[str]:
        """Statements of a function that tests what is at and below a node: give the expression, and
        if it has set `unsure`, say so."""
        ...

    def called(self, node: MatchNode, call: str) -> str:
        """An expression: a call of such a function, which sets `unsure` if that has."""
        ...

    def guard(self, holder: str, node: MatchNode) -> list[str]:
        """Expressions that raise Odd for an object that decoding did not make safe; else true."""
        ...

    def otherwise(self, expression: str) -> tuple[list[Branch], str]:
        """Branches and a default that give the expression, and raise Odd where decoded JSON has no
        such value."""
        ...

    def numbers(self, test: FieldTest, value: str) -> list[Branch]:
        """Branches for the classes of numbers."""
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
