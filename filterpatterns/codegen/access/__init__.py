"""How generated expressions access values: one interface for decoded structs and dicts."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Protocol

from filterpatterns.codegen.emitter import Emitter
from filterpatterns.matching.match_tree import FieldTest, MatchNode

Condition = Callable[[str], str]

Branch = tuple[str, str]
"""A condition on a value's class (`@`), and an expression. At most one condition holds."""


class Access(Protocol):
    """How generated code reads objects: one implementation for decoded structs, one for dicts.

    `key` identifies the implementation; `object_class` is the name of the class of an object.
    """

    key: Hashable
    object_class: str

    def member(self, holder: str, child: MatchNode) -> str:
        """Return an expression for a member of an object; it is UNSET if there is no such
        member."""
        ...

    def inside(self, child: MatchNode) -> Access:
        """Return the access to objects at the child."""
        ...

    def write_return(self, emit: Emitter, node: MatchNode, expression: str) -> None:
        """Write the end of a function that tests the value at and below a node: return the
        expression's value, and whether it has set `unsure`."""
        ...

    def called(self, node: MatchNode, call: str) -> str:
        """Return an expression: a call of such a function, which sets `unsure` if the function
        did."""
        ...

    def guard(self, holder: str, node: MatchNode) -> list[str]:
        """Return expressions that raise FallbackNeeded for an object that decoding did not make
        safe, and are true otherwise."""
        ...

    def otherwise(self, expression: str) -> tuple[list[Branch], str]:
        """Return branches and a default with the expression, which raise FallbackNeeded if decoded
        JSON has no such value."""
        ...

    def numbers(self, test: FieldTest, value: str) -> list[Branch]:
        """Return branches for the classes of numbers."""
        ...

    def array(
        self, node: MatchNode, value: str, condition: Condition, ranks: Sequence[Condition] | None
    ) -> str:
        """Return an expression: an array has an object that satisfies the condition.

        An object that satisfies one of `ranks` can only be chosen if none satisfies an earlier one;
        one that satisfies none of them, if no other does. None if there are too many of these: then
        the evaluator evaluates the array.
        """
        ...

    def leaves(self, node: MatchNode, test: FieldTest, value: str) -> str:
        """Return an expression: an array has a scalar that satisfies the test, or no scalar if
        absence satisfies it."""
        ...

    def leaves_and_elements(self, node: MatchNode, value: str) -> str:
        """Return an expression: an array satisfies a node that has a test and more tests below."""
        ...
