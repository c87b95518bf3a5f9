"""Shared parts of the checks."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from filterpatterns.language.conditions import Condition
from filterpatterns.language.diagnostics import Reporter, Where
from filterpatterns.language.operators import Operator

LintCheck = Callable[[Condition, str, Reporter], None]
"""Checks one condition of a pattern for a source, and reports doubtful ones."""


def rules_of(condition: Condition) -> Iterator[tuple[Operator, Where]]:
    """The rules of a condition, each with its position in the text and in words."""
    return ((rule, condition.at(index)) for index, rule in enumerate(condition.rules))
