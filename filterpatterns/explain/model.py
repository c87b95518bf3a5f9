"""The parts of an explanation: immutable, printable, and bounded in size for any record."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

from msgspec import Struct

from filterpatterns.language.wording import format_value

_LONGEST = 1000
"""Characters of a string in `to_dict`; a longer string is truncated, and its length is given."""

_LARGEST_BITS = 1024
"""The range of a double; a larger integer is described in words."""


class _Part(Struct, frozen=True):
    def to_dict(self) -> dict[str, Any]:
        """For machines: a dict of what JSON has."""
        names = zip(self.__struct_encode_fields__, self.__struct_fields__, strict=True)
        return {name: _for_machines(getattr(self, field)) for name, field in names}


def _for_machines(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_for_machines(each) for each in value]
    return value.to_dict() if isinstance(value, _Part) else value


class Found(_Part, frozen=True):
    """A value at a field's path. `where` has the array elements: `body.items[2].sku`.

    `why` says why it satisfies none of the field's rules. If it satisfies a rule, `why` is the
    value; or the value, and the property of AWS's engine that makes it match unexpectedly.
    """

    where: str
    value: Any
    why: str

    def to_dict(self) -> dict[str, Any]:
        """All attributes under their own names; a string is truncated to 1,000 characters, and
        `length` is its full length (None for other values)."""
        value = _plain(self.value)
        length = len(value) if isinstance(value, str) else None
        shortened = value if length is None else value[:_LONGEST]
        return {"where": self.where, "value": shortened, "length": length, "why": self.why}


def _plain(value: Any) -> Any:
    """Return a leaf in a form that every JSON writer accepts."""
    if isinstance(value, str):
        return str.__str__(value)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int) and int.bit_length(value) <= _LARGEST_BITS:
        return int(value)
    if isinstance(value, float) and math.isfinite(value):
        return float(value)
    if isinstance(value, Decimal) and value.is_finite() and math.isfinite(float(value)):
        return float(value)
    return format_value(value)


class RuleOutcome(_Part, frozen=True, rename={"words": "rule"}):
    """A rule in words, whether it matches (None: another rule did), and why not."""

    words: str
    satisfied: bool | None
    why: str = ""


class Element(_Part, frozen=True):
    """An element of an array that was not chosen, and its failures."""

    where: str
    failing: tuple[str, ...]


class Array(_Part, frozen=True):
    """How an element was chosen from an array of objects.

    `chosen` is the path of the element in which the fields below were looked up: the first that
    satisfies them all, else the closest; None if no element has any of the fields. `others` are
    other elements that fail; there may be more: `elements` is the number of all.
    """

    where: str
    elements: int
    chosen: str | None
    words: str
    others: tuple[Element, ...] = ()


class ExplainedField(_Part, frozen=True):
    """A name of the pattern: a field with its rules, an object with its members, or a `$or`.

    `satisfied` is None for what was not evaluated. `words` is the reason; `values` is how many
    values the field has, of which `found` has the value that satisfies a rule, or the first
    few. A `$or` has the members of the alternative that was tried.
    """

    name: str
    path: str
    satisfied: bool | None
    words: str = ""
    hint: str = ""
    rules: tuple[RuleOutcome, ...] = ()
    found: tuple[Found, ...] = ()
    values: int = 0
    array: Array | None = None
    children: tuple[ExplainedField, ...] = ()


class Format(_Part, frozen=True):
    """The format evaluation of one payload.

    `found` and `wanted` are "json", "string", or for what was found also "unreadable" and
    "absent"; `step` is "filter", "metadata-only" or "drop".
    """

    key: str
    found: str
    wanted: tuple[str, ...]
    step: str
    words: str
    hint: str = ""

    @property
    def satisfied(self) -> bool:
        """Whether the filter can still match."""
        return self.step != "drop"

    def to_dict(self) -> dict[str, Any]:
        """All attributes under their own names, and `satisfied`."""
        return {
            "key": self.key,
            "found": self.found,
            "wanted": list(self.wanted),
            "step": self.step,
            "satisfied": self.satisfied,
            "words": self.words,
            "hint": self.hint,
        }


class Choice(_Part, frozen=True):
    """An alternative of a `$or`, counted from 1. `path` is the object that contains the `$or`."""

    path: str
    alternative: int
    of: int


class Combination(_Part, frozen=True):
    """A pattern with one alternative chosen for each `$or`; satisfied if all in it is."""

    satisfied: bool
    choices: tuple[Choice, ...]
    formats: tuple[Format, ...]
    nodes: tuple[ExplainedField, ...]


class FilterExplanation(_Part, frozen=True):
    """One pattern: satisfied if any of its `$or` combinations is.

    `combinations` has the combination that matches, or the closest combinations, closest first;
    `others` is how many more there are, none of which was needed; `scope` is the filter's, for a
    subscriber.
    """

    number: int
    satisfied: bool
    combinations: tuple[Combination, ...]
    others: int
    scope: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """`filter` (counted from 1), `scope`, `satisfied`, `combinations` and `others`."""
        return {
            "filter": self.number,
            "scope": self.scope,
            "satisfied": self.satisfied,
            "combinations": [each.to_dict() for each in self.combinations],
            "others": self.others,
        }


class ExplanationData(_Part, frozen=True):
    """The data of an `Explanation`.

    `source` is the source that the record was evaluated for (`auto`: it was detected from the
    record); `reason` and `detail` are those of `fp test --json`. Without filters every record is
    kept. `all_needed` means that all filters must match, as for a subscriber, not just any.
    """

    kept: bool
    source: str
    auto: bool
    reason: str
    detail: str
    filters: tuple[FilterExplanation, ...]
    all_needed: bool = False

    def to_dict(self) -> dict[str, Any]:
        """For machines: strings, numbers, booleans, None, lists and dicts, always with these keys.

        `kept`, `source`, `auto`, `reason`, `detail`, `all_needed` and `filters`; the classes
        of this module document the content of a filter, each at its own
        `to_dict`.
        """
        return {
            "kept": self.kept,
            "source": self.source,
            "auto": self.auto,
            "reason": self.reason,
            "detail": self.detail,
            "all_needed": self.all_needed,
            "filters": [each.to_dict() for each in self.filters],
        }
