"""The error for rules that AWS would refuse."""

from __future__ import annotations

from collections.abc import Mapping

from filterpatterns.errors import PatternError, printable


class RuleError(PatternError):
    """Rules that AWS would refuse; the rule set is unchanged.

    `rules` has a PatternError for the name of each such rule; `errors` all of their mistakes, and
    the other attributes are those of the first. ``str()`` draws them all under the rules' names.
    """

    def __init__(self, rules: Mapping[str, PatternError]) -> None:
        super().__init__([error for refused in rules.values() for error in refused.errors])
        self.rules = dict(rules)

    def __str__(self) -> str:
        return "\n".join(
            f'rule "{printable(name)}": {refused}' for name, refused in self.rules.items()
        )

    def __reduce__(self) -> tuple[type[RuleError], tuple[dict[str, PatternError]]]:  # type: ignore[override]
        return type(self), (self.rules,)
