"""The outcomes of the tests of a conjunction, and where their values are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

from msgspec import Struct, field

from filterpatterns.explain.model import Array, Found
from filterpatterns.explain.names import within
from filterpatterns.jsontext.python_values import SCALARS, plain_scalar
from filterpatterns.language.operators import Absent, Operator
from filterpatterns.language.wording import format_value, joined
from filterpatterns.matching.budget import Budget
from filterpatterns.matching.mask_tree import leaf_test
from filterpatterns.matching.match_tree import FieldTest

_MOST_INDEXES = 8
"""The number of nested arrays whose indexes are all shown."""

Place = tuple["Place", int | str] | str
"""The position of a value: an index in an array, or a name in an object, at a position; or words.
Formatted only if it is shown, since there may be many positions, and deep ones."""

_MOST_VALUES = 3
"""The number of values of a field that are kept if none satisfies it."""

_MOST_RULES = 5
"""The number of rules named in a sentence that lists them."""

_MOST_WHYS = 4
"""The number of reasons against one value that differ in more than the rule."""


class Outcome(Struct, frozen=True):
    """The outcome of a test. `rule` is the rule that matches, `words` say why there is no value."""

    satisfied: bool | None
    found: tuple[Found, ...] = ()
    values: int = 0
    rule: Operator | None = None
    words: str = ""


class Trace(Struct):
    """What the tests of a conjunction found, by their paths; and notes about the way there.

    `notes` are (words, hint) for a path that leads nowhere, `arrays` how an element was chosen.
    """

    outcomes: dict[str, Outcome] = field(default_factory=dict)
    notes: dict[str, tuple[str, str]] = field(default_factory=dict)
    arrays: dict[str, Array] = field(default_factory=dict)

    def failures(self, above: str) -> Iterator[str]:
        """Yield the failures below a path, in words."""
        for path, outcome in self.outcomes.items():
            if outcome.satisfied is False:
                yield f"{path.removeprefix(above + '.')}: {outcome.words}"


def below(path: str | None, name: str) -> str:
    """Return the path of a member of the value at a path; the path of a record is None."""
    return name if path is None else f"{path}.{name}"


def test_outcome(
    test: FieldTest, leaves: Iterable[tuple[Place, Any]], budget: Budget
) -> Outcome | None:
    """A test, for the leaves of its path: any of them may satisfy any rule. Return None if there
    are no leaves.

    Raises:
        RecordError: that takes more than is left of the record's budget.
    """
    tally = Tally(test, budget)
    for place, leaf in leaves:
        if tally.add(leaf):
            tally.note(place, leaf)
            if tally.is_satisfied:
                break
    return tally.outcome()


class Tally:
    """The outcome of a test, leaf by leaf.

    Until a leaf satisfies it (`is_satisfied`), leaves are counted, and the positions of some are
    noted.
    """

    __slots__ = ("_found", "_holds", "_rule", "_test", "_values", "is_satisfied")

    def __init__(self, test: FieldTest, budget: Budget) -> None:
        self._test = test
        self._holds = leaf_test(test, budget)
        self._found: list[Found] = []
        self._values = 0
        self._rule: Operator | None = None
        self.is_satisfied = False

    def add(self, leaf: Any) -> bool:
        """Count a leaf; return whether its position is to be noted.

        Raises:
            RecordError: that takes more than is left of the record's budget.
        """
        self._values += 1
        self.is_satisfied = self._holds(leaf)
        return self.is_satisfied or len(self._found) < _MOST_VALUES

    def note(self, place: Place, leaf: Any) -> None:
        """Note the position of the leaf that was counted last."""
        if not self.is_satisfied:
            self._found.append(Found(spelt(place), leaf, _why(self._test, leaf)))
            return
        plain = plain_scalar(leaf)
        rule = self._rule = next(rule for rule in self._test.rules if rule.holds(plain))
        unexpected = rule.why_unexpected(plain)
        why = f"{format_value(leaf)}: {unexpected}" if unexpected else format_value(leaf)
        self._found = [Found(spelt(place), leaf, why)]

    def outcome(self) -> Outcome | None:
        """Return the outcome; None if there are no leaves."""
        if not self._values:
            return None
        words = "" if self.is_satisfied else _why_not(self._test, self._found, self._values)
        found = tuple(self._found)
        return Outcome(self.is_satisfied, found, self._values, self._rule, words)


def _why(test: FieldTest, leaf: Any) -> str:
    """Return why one value satisfies none of the rules: `1 is not > 1; is not "q" or null`."""
    if not test.rules:
        return Absent().why_not(leaf)
    alike: dict[str, list[str]] = {}  # the beginnings of reasons, and the rules that they end in
    for rule in test.rules:
        why, words = rule.why_not(leaf), rule.words()
        if why.endswith(f" {words}"):
            alike.setdefault(why.removesuffix(words), []).append(words)
        else:
            alike[why] = []
    whys = [stem + joined(words, _MOST_RULES) for stem, words in alike.items()]
    value = f"{format_value(leaf)} "
    reasons = [whys[0], *(why.removeprefix(value) for why in whys[1:_MOST_WHYS])]
    if len(whys) > _MOST_WHYS:
        reasons.append(f"{len(whys) - _MOST_WHYS:,} more")
    return "; ".join(reasons)


def _why_not(test: FieldTest, found: list[Found], values: int) -> str:
    """Return in one sentence why no value satisfies a test."""
    if values > 1 and not test.rules:
        return f"{values:,} values exist, but must not"
    if values > 1:
        wanted = joined([rule.words() for rule in test.rules], _MOST_RULES)
        return f"none of {values:,} values satisfies {wanted}"
    if len(test.rules) < 2:
        return found[0].why
    return f"{format_value(found[0].value)} satisfies none of {len(test.rules):,} rules"


def indexed(array: Any, where: Place, seen: set[int] | None = None) -> Iterator[tuple[Place, Any]]:
    """Like `flatten`, each item with its position: in the array, or in a nested array. `seen` gets
    the identities of the array and of all nested arrays.

    What is around an array is kept as arrays and numbers, and a position is made when there is an
    item in the array: the garbage collector would visit tuples and iterators again and again.
    """
    seen = set() if seen is None else seen
    seen.add(id(array))
    items, start = sequence(array), 0
    outer: list[Any] = []
    indexes: list[int] = []
    places = [where]  # of these arrays and the current one, from the outermost on
    place: Place | None = where
    while True:
        for index in range(start, len(items)):
            item = items[index]
            kind = item.__class__  # faster than isinstance, which remains for subclasses
            if kind is not list and (kind in SCALARS or not isinstance(item, (list, tuple))):
                if place is None:
                    while len(places) <= len(outer):
                        places.append((places[-1], indexes[len(places) - 1]))
                    place = places[-1]
                yield (place, index), item
            elif id(item) not in seen:
                seen.add(id(item))
                outer.append(items)
                indexes.append(index)
                items, start, place = item if kind is list else sequence(item), 0, None
                break
        else:
            if not outer:
                return
            if len(places) > len(outer):
                places.pop()
            items, start, place = outer.pop(), indexes.pop() + 1, None


def sequence(array: Any) -> Any:
    """Return the items of an array so that they have indexes, whatever a subclass does."""
    kind = array.__class__
    return array if kind is list or kind is tuple else list(array)


def spelt(place: Place) -> str:
    """Return a position in words: `body.items[2]`, or `[2][0]` for an item of an array in an
    array."""
    steps: list[int | str] = []
    while not isinstance(place, str):
        place, step = place
        steps.append(step)
    steps.reverse()
    for is_index, group in groupby(steps, lambda step: isinstance(step, int)):
        if is_index:
            indexes = [f"[{index}]" for index in group]
            if len(indexes) > _MOST_INDEXES:
                indexes[2:-2] = ["[...]"]
            place += "".join(indexes)
            continue
        for name in group:
            place = within(place, str(name))
    return place
