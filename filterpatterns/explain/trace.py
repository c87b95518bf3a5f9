"""The interpreter's walk for one conjunction, recording what it finds.

The verdicts are those of the interpreter or, if the search decides, of the search.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from filterpatterns.explain.choice import Choice, Chooser
from filterpatterns.explain.model import Array, Element
from filterpatterns.explain.names import Names, holds_json, within
from filterpatterns.explain.outcomes import (
    Outcome,
    Place,
    Trace,
    below,
    indexed,
    spelt,
    test_outcome,
)
from filterpatterns.explain.searched import is_too_much, trace_search
from filterpatterns.jsontext.python_values import is_object
from filterpatterns.language.wording import describe_value, kind, truncate
from filterpatterns.matching.budget import Budget
from filterpatterns.matching.interpreter import OtherSpelling
from filterpatterns.matching.match_tree import UNRANKED, FieldTest, MatchNode
from filterpatterns.matching.search import is_known

_INDEX_HINT = "the elements of an array are searched automatically: leave the index out"

_MISSING: Final[Any] = object()
"""A member that an object does not have."""

_MOST_FAILING = 4
"""The number of failing fields of such an element that are listed."""


def trace_into(
    trace: Trace,
    root: MatchNode,
    value: Any,
    names: Names,
    budget: Budget,
    around: Mapping[str, Any] | None = None,
    satisfied: bool | None = None,
) -> None:
    """Note what the tests at and below a node find in a value.

    `around` is the object around the value, for names that are not in it; `satisfied` says whether
    the tests are satisfied together, if that is known.

    Raises:
        RecordError: that takes more than is left of the record's budget.
    """
    chooser = Chooser(budget)
    walk = _Walk(names, chooser, budget)
    too_much = is_too_much(root, value)
    try:
        if too_much or is_known(root, value, budget):
            raise OtherSpelling  # as the verdict's walk did
        chooser.evaluate(root, value)  # raises if the walk cannot evaluate it
        # The paths of a record's own fields are their names; those of a payload begin with its key.
        walk.node(root, root.name or None, value, root.name, around)
    except (OtherSpelling, _BothKinds, RecursionError):
        walk = _Walk(names, chooser, budget)
        trace_search(walk.trace, root, value, budget, satisfied=satisfied, too_much=too_much)
    trace.outcomes |= walk.trace.outcomes
    trace.notes |= walk.trace.notes
    trace.arrays |= walk.trace.arrays


class _BothKinds(Exception):
    """A field with rules also has fields below it, and its value is an array."""


class _Walk:
    """Mirrors `interpreter.evaluate`; `brief` leaves out what only the chosen elements need."""

    def __init__(
        self, names: Names, chooser: Chooser, budget: Budget, *, brief: bool = False
    ) -> None:
        self.trace = Trace()
        self._budget = budget
        self._names = names
        self._chooser = chooser
        self._brief = brief

    def node(
        self,
        node: MatchNode,
        path: str | None,
        value: Any,
        where: str,
        above: Mapping[str, Any] | None,
    ) -> None:
        """Trace the tests at and below a node, for the value at its path; `where` is its
        position."""
        if is_object(value):
            if node.test is not None:
                self._no_value(node.test, kind(value))
            self._fields(node, path, value, where, above)
            return
        assert path is not None, "a record is an object"
        if isinstance(value, (list, tuple)):
            if node.test is None:
                self._elements(node, path, value, where, above)
            elif node.children:
                raise _BothKinds
            else:
                self._scalars(node.test, path, value, where)
        else:
            if node.test is not None:
                self._leaves(node.test, ((where, value),), value)
            if node.children:
                hint = "the content of a string is not searched" if holds_json(value) else ""
                self.trace.notes[path] = (f"{describe_value(value)}: it has no fields", hint)
                self._all_absent(node)

    def _fields(
        self,
        node: MatchNode,
        path: str | None,
        members: Mapping[str, Any],
        where: str,
        above: Mapping[str, Any] | None,
    ) -> None:
        for child in node.children:
            value = members.get(child.name, _MISSING)
            child_path = below(path, child.name)
            if value is not _MISSING:
                self.node(child, child_path, value, within(where, child.name), members)
                continue
            needed = child.required or (child.test is not None and not child.test.optional)
            if needed and not self._brief:
                hint = self._names.hint(child.name, members, above)
                self.trace.notes[child_path] = ("absent", hint)
            if child.test is not None:
                self._no_value(child.test, "absent")
            self._all_absent(child)

    def _all_absent(self, node: MatchNode) -> None:
        """Note the tests below a node that has no value."""
        pending = list(node.children)
        while pending:
            child = pending.pop()
            if child.test is not None:
                self._no_value(child.test, "absent")
            pending.extend(child.children)

    def _no_value(self, test: FieldTest, words: str) -> None:
        self.trace.outcomes[test.path] = Outcome(test.optional, words=words)

    def _scalars(self, test: FieldTest, path: str, array: Any, where: str) -> None:
        objects = 0

        def leaves() -> Iterator[tuple[Place, Any]]:
            nonlocal objects
            for place, item in indexed(array, where):
                if is_object(item):
                    objects += 1
                else:
                    yield place, item

        self._leaves(test, leaves(), array)
        if objects and not self.trace.outcomes[test.path].satisfied:
            are = "object in it is" if objects == 1 else "objects in it are"
            hint = f"{objects:,} {are} skipped: rules are for scalars"
            self.trace.notes[path] = ("", hint)

    def _leaves(self, test: FieldTest, leaves: Iterable[tuple[Place, Any]], value: Any) -> None:
        outcome = test_outcome(test, leaves, self._budget)
        if outcome is None:
            nothing = "an empty array" if not value else "an array without values"
            self._no_value(test, nothing)
        else:
            self.trace.outcomes[test.path] = outcome

    def _elements(
        self, node: MatchNode, path: str, array: Any, where: str, above: Mapping[str, Any] | None
    ) -> None:
        choice = self._chooser.choice(node, array)
        if choice.rank == UNRANKED:
            self._no_element(node, path, array, where, choice, above)
            return
        assert choice.best is not None, "an element has a rank"
        place, chosen = choice.best
        here = where + spelt(place)
        self._fields(node, path, chosen, here, above)
        if self._brief:
            return
        others = [
            self._failing(node, path, where + spelt(other), item) for other, item in choice.others
        ]
        # A test of that rank exists: the test whose field was found.
        needed = next(test.path for test in node.tests() if test.rank == choice.rank)
        words = f"{truncate(here)}, of {_elements_in(choice)}, satisfies them all"
        if choice.fails and choice.passed is not None:
            passed = truncate(where + spelt(choice.passed))
            words = (
                f"{passed} satisfies them all, but has no {needed}: "
                "if any element has it, an element that has it must be chosen"
            )
        elif choice.fails:
            words = (
                f"none of {_elements_in(choice)} satisfies them all; "
                f"the closest is {truncate(here)}"
            )
        found = tuple(others) if choice.fails else ()
        self.trace.arrays[path] = Array(where, choice.objects, here, words, found)

    def _failing(
        self, node: MatchNode, path: str, where: str, element: Mapping[str, Any]
    ) -> Element:
        walk = _Walk(self._names, self._chooser, self._budget, brief=True)
        walk._fields(node, path, element, where, None)
        failures = list(walk.trace.failures(path))
        more = len(failures) - _MOST_FAILING
        shown_failures = failures[:_MOST_FAILING]
        return Element(where, (*shown_failures, *([f"{more} more"] if more > 0 else [])))

    def _no_element(
        self,
        node: MatchNode,
        path: str,
        array: Any,
        where: str,
        choice: Choice,
        above: Mapping[str, Any] | None,
    ) -> None:
        """No element has a value for any test: each is satisfied by absence or not at all."""
        if choice.head is None:
            words = kind(array) if not array else "an array without objects"
            hint = _INDEX_HINT if any(_is_index(child) for child in node.children) else ""
            self.trace.notes[path] = (f"{words}: it has no fields", hint)
            self._all_absent(node)
            return
        place, first = choice.head
        self._fields(node, path, first, where + spelt(place), above)
        for child in filter(_is_index, node.children):
            self.trace.notes[below(path, child.name)] = ("absent", _INDEX_HINT)
        words = f"none of {_elements_in(choice)} has any of these fields"
        self.trace.arrays[path] = Array(where, choice.objects, None, words)


def _elements_in(choice: Choice) -> str:
    return f"{choice.objects:,} element{'' if choice.objects == 1 else 's'}"


def _is_index(node: MatchNode) -> bool:
    return node.name.partition(".")[0].isdecimal()
