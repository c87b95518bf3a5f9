"""A rule with a part that is only known at deployment, so that `fp check` can check the rest of the
pattern."""

from __future__ import annotations

from typing import Any

from filterpatterns.language.operators.base import Bind, Kind, Operator, OperatorBase


class UnknownRule(OperatorBase, frozen=True, eq=False):
    """A rule whose value is not known yet; no two are considered equal. `example` is a possible
    value, if one is known.

    Patterns with such rules are checked, but never compiled for records.
    """

    example: Operator | None = None

    def holds(self, value: Any) -> bool:
        return False

    def code(self, value: str, kind: Kind, bind: Bind) -> str:
        return "False"

    def words(self) -> str:
        return "a rule that is known only at deployment"

    def why_not(self, value: Any) -> str:
        return "the rule is known only at deployment"
