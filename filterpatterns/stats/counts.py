"""The counts: one object for each part of a pattern."""

from __future__ import annotations

from collections import Counter

from msgspec import Struct, field

from filterpatterns.stats.survey import Occurrence


class RuleCount(Struct, eq=False):
    """A rule as written in the pattern, and how many records it would let through on its own."""

    text: str
    alone: int = 0


class FieldCount(Struct, eq=False):
    """A field of the pattern, and how many records would be kept if the filter had only that.

    `near` has similar names that records have instead, if none has the field.
    """

    path: str
    rules: tuple[RuleCount, ...]
    occurrence: Occurrence
    alone: int = 0
    near: tuple[str, ...] = ()


class AlternativeCount(Struct, eq=False):
    """An alternative of a `$or`, and how many records would be kept if the filter had only that."""

    members: tuple[FieldCount | OrCount, ...]
    alone: int = 0


class OrCount(Struct, eq=False):
    """A `$or`, and how many records would be kept if the filter had only that."""

    alternatives: tuple[AlternativeCount, ...]
    alone: int = 0


class Stage(Struct, eq=False):
    """A member of the pattern, and how many records are left after it."""

    member: FieldCount | OrCount
    left: int = 0


class Funnel(Struct, eq=False):
    """One filter (`index` counts from 0), for the records of one source.

    `left` is how many of the `records` pass the format evaluation; `wrong_format` says in words
    why the others do not; `ignored` is how many of those that pass have a payload of a format for
    which its part of the pattern counts as satisfied. `undecided` are records that this filter
    cannot evaluate, but that another filter keeps.
    """

    index: int
    source: str
    payload_keys: tuple[str, ...]
    stages: tuple[Stage, ...]
    records: int = 0
    left: int = 0
    ignored: int = 0
    undecided: int = 0
    wrong_format: Counter[str] = field(default_factory=Counter)

    @property
    def kept(self) -> int:
        """How many records the filter keeps: those that are left after the last stage."""
        return self.stages[-1].left if self.stages else self.left
