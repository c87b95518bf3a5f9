"""Checks of EventBridge rules: length, top level, wildcards."""

from __future__ import annotations

from collections.abc import Iterator

from filterpatterns.language.conditions import AllOf, Condition, iter_conditions
from filterpatterns.language.diagnostics import Reporter
from filterpatterns.language.hints import renamed
from filterpatterns.language.operators import AnythingBut, Wildcard
from filterpatterns.language.wording import respelled
from filterpatterns.lint.complexity import MAX_COMPLEXITY, Complexity, complexity

MAX_RULE_LENGTH = 2048
"""The number of characters of a rule's pattern, unless the quota was raised (EventBridge user
guide, "Amazon EventBridge quotas": event pattern size)."""

ENVELOPE = (
    *("version", "id", "detail-type", "source", "account", "time", "region", "resources"),
    *("detail", "replay-name"),
)
"""All top-level fields of an event (EventBridge user guide, "Event structure reference";
`replay-name` is in events replayed from an archive)."""

_TELLING = ("detail-type", "source", "detail", "replay-name")
"""Names that other events are unlikely to have in a different spelling."""

_CERTAIN = ("detail-type", "detail")
"""Names of which even a spelling with one typing error is unlikely to be a name of its own."""

_MEANT = {"details": "detail", "type": "detail-type", "accountid": "account"}


def too_long(text: str, report: Reporter) -> None:
    """FP121: a pattern that is longer than the quota."""
    if len(text) > MAX_RULE_LENGTH:
        report.warning(
            "FP121",
            None,
            f"{len(text):,} characters; a rule's pattern has at most {MAX_RULE_LENGTH:,} unless "
            "the quota was raised",
            hint="the API takes 4,096 after a quota increase; white space counts",
        )


def unknown_top_level(conditions: AllOf, report: Reporter, *, only_misspelled: bool) -> None:
    """FP122: a top-level field that no EventBridge event has.

    `only_misspelled`: the pattern may not be for EventBridge, so only misspelled names of the
    envelope are reported.
    """
    for condition in iter_conditions(conditions):
        first = condition.path.partition(".")[0]
        if first in ENVELOPE:
            continue
        misspelled = _misspelled(first)
        if only_misspelled and misspelled not in _TELLING:
            continue
        meant = misspelled or _near(first)
        report.warning(
            "FP122",
            condition,
            f'an EventBridge event has no "{first}" at its top level: only exists: false '
            "matches it",
            edit=renamed(condition.name_spans, 0, meant) if condition.names[0] == first else None,
            hint=f'did you mean "{meant}"?'
            if meant
            else f'the content of the event is below "detail": {{"detail": {{"{first}": ...}}}}',
        )


def _misspelled(name: str) -> str | None:
    """Return the name that a misspelled name means: `detailType`, `Source`, `details`."""
    bare = _bare(name)
    same = next((known for known in ENVELOPE if _bare(known) == bare), None)
    return same or (_MEANT.get(bare) if bare == "details" else respelled(name, _CERTAIN))


def _near(name: str) -> str | None:
    bare = _bare(name)
    if bare in _MEANT:
        return _MEANT[bare]
    import difflib  # only needed for typing errors

    close = difflib.get_close_matches(bare, [_bare(known) for known in ENVELOPE], n=1, cutoff=0.75)
    return _misspelled(close[0]) if close else None


def _bare(name: str) -> str:
    return "".join(char for char in name.casefold() if char.isalnum())


def complex_wildcards(conditions: AllOf, report: Reporter) -> None:
    """FP120: wildcards that EventBridge likely refuses as too complex."""
    for first, found in complexities(conditions):
        if found.figure > MAX_COMPLEXITY:
            at_least = "" if found.is_exact else "at least "
            report.warning(
                "FP120",
                first,
                f'the wildcards of "{first.path}" have a complexity of {at_least}{found.figure}: '
                f"above {MAX_COMPLEXITY} EventBridge likely refuses the rule as too complex",
                hint="use fewer stars, or prefix and suffix where possible, or several rules",
            )


def complexities(conditions: AllOf) -> Iterator[tuple[Condition, Complexity]]:
    """The complexity of each field with wildcards, with the first of its conditions. A pattern's
    complexity is that of its worst field."""
    fields: dict[str, list[Condition]] = {}
    for condition in iter_conditions(conditions):
        fields.setdefault(condition.path, []).append(condition)
    for members in fields.values():
        wildcards = list(_wildcards(members))
        if wildcards:
            yield members[0], complexity(wildcards)


def _wildcards(conditions: list[Condition]) -> Iterator[Wildcard]:
    """Return the wildcards of one field. A repeated rule counts once."""
    for rule in dict.fromkeys(rule for condition in conditions for rule in condition.rules):
        if isinstance(rule, Wildcard):
            yield rule
        elif isinstance(rule, AnythingBut):
            yield from dict.fromkeys(each for each in rule.rules if isinstance(each, Wildcard))
