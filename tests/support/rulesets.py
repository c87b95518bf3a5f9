"""Makes rule sets generate their code immediately."""

from __future__ import annotations

from filterpatterns import RuleSet


def settle(rules: RuleSet) -> None:
    """Have the next record take the generated code, as it would be after many records."""
    for version in rules._state.versions.values():
        version._straight.skip = version._straight.streak = 0


def is_served(rules: RuleSet, record: object) -> bool:
    """Whether generated code gave the names of a record."""
    settle(rules)
    rules.matching(record)
    return all(not version._straight.skip for version in rules._state.versions.values())
