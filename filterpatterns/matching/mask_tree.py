"""The tests of many conjunctions as one tree: each test has the mask of those that have it.

A mask is an integer with a bit for each conjunction. Each part of a record is examined once, for
all of them together: an operation on masks replaces a thousand comparisons.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any

from filterpatterns.jsontext.python_values import comparable, hashes_safely
from filterpatterns.matching.budget import Budget
from filterpatterns.matching.lookup.answers import MOST_LEAVES
from filterpatterns.matching.lookup.column import Column
from filterpatterns.matching.match_tree import FieldTest, build_tree

Holding = Callable[[Sequence[Any], Budget], int]
"""Returns the conjunctions whose test at a node matches any of some leaves, as `plain_scalar`
returns them, within the record's budget."""

PlacedMask = tuple[tuple[str, ...], FieldTest, int]
"""The names that lead to a test, the test, and the conjunctions that have it."""

_FEW_RULES = 6
"""Up to this many rules of a node are evaluated one by one; beyond that, they are looked up by
value."""

_FEW_CHILDREN = 8


class MaskNode:
    """A place in records that any conjunction looks at.

    `bit` is a bit for the path of the tests here, 0 if there are none: in the order of the paths,
    from the lowest on. `tested` are the conjunctions with a test here, `required` those whose test
    here absence does not satisfy, `required_below` those that have such tests below.
    """

    __slots__ = (
        "absent",
        "bit",
        "by_part",
        "children",
        "has_dots",
        "holding",
        "name",
        "number",
        "required",
        "required_below",
        "tested",
        "tests",
    )

    def __init__(self, name: str, number: int) -> None:
        self.name = name
        self.number = number
        self.children: dict[str, MaskNode] = {}
        self.by_part: dict[str, MaskNode] = {}
        self.has_dots = False
        self.bit = self.tested = self.required = self.required_below = 0
        self.tests: list[tuple[FieldTest, int]] = []
        self.holding: Holding = self._first_holding
        self.absent = _NOTHING_ABSENT

    def _first_holding(self, leaves: Sequence[Any], budget: Budget) -> int:
        """Prepare the evaluation of the tests."""
        self.holding = _holding(self.tests)
        return self.holding(leaves, budget)

    def walk(self, name: str) -> tuple[MaskNode, str | None] | None:
        """Return where a name leads: to a node, part of the way to a node (the node above, and
        the part of its child's name spelled so far), or nowhere."""
        node = self
        while True:
            child = node.children.get(name)
            if child is not None:
                return child, None
            child = node.by_part.get(name.partition(".")[0])
            if child is None:
                return None
            if child.name.startswith(name + "."):
                return node, name
            if not name.startswith(child.name + "."):
                return None
            node, name = child, name[len(child.name) + 1 :]

    def is_other_spelling(self, name: str) -> bool:
        """Whether a name that no child has leads to, or towards, a path below."""
        return ("." in name or self.has_dots) and self.walk(name) is not None


class MaskTree:
    """The tests of conjunctions in a record's own fields, or in one payload.

    `required` has for the bit of each path the conjunctions that require a value there, `tests` its
    tests with their masks.
    """

    def __init__(self, name: str, placed: Iterable[PlacedMask]) -> None:
        same: dict[int, int] = {}  # masks are long, and most are equal
        placed = [(names, test, same.setdefault(mask, mask)) for names, test, mask in placed]
        self.tests: dict[int, list[tuple[FieldTest, int]]] = {}
        self.tested: dict[int, int] = {}
        self.required: dict[int, int] = {}
        by_path: dict[str, list[tuple[FieldTest, int]]] = {}
        for _, test, mask in placed:
            by_path.setdefault(test.path, []).append((test, mask))
        numbers = {path: number for number, path in enumerate(sorted(by_path))}
        skeleton = build_tree(name, ((names, test) for names, test, _ in placed))
        self.root = MaskNode(name, 0)
        order = [(skeleton, self.root)]
        for model, node in order:
            if model.test is not None:
                self._put(node, by_path[model.test.path], 1 << numbers[model.test.path])
            for number, below in enumerate(model.children):
                child = MaskNode(below.name, number)
                node.children[child.name] = node.by_part[child.name.partition(".")[0]] = child
                node.has_dots = node.has_dots or "." in child.name
                order.append((below, child))
        for _, node in reversed(order):
            if not node.children:
                continue
            needed = [
                _union(child.required, child.required_below) for child in node.children.values()
            ]
            node.absent = Absence(needed)
            node.required_below = node.absent.without(())

    def equals(self, other: MaskTree) -> bool:
        """Whether the other tree has the same tests of the same conjunctions."""
        return self.tests.keys() == other.tests.keys() and all(
            _described(tests) == _described(other.tests[bit]) for bit, tests in self.tests.items()
        )

    def _put(self, node: MaskNode, tests: list[tuple[FieldTest, int]], bit: int) -> None:
        """Return the tests of a path at its node."""
        node.bit = bit
        for test, mask in tests:
            node.tested = _union(node.tested, mask)
            if not test.optional:
                node.required = _union(node.required, mask)
        node.tests = tests
        self.tests[bit] = tests
        self.tested[bit] = node.tested
        self.required[bit] = node.required


class Absence:
    """Finds what is missing when only some of many things are present, without checking each of
    them."""

    __slots__ = ("_count", "_tree")

    def __init__(self, masks: Sequence[int]) -> None:
        """`masks` says for each thing which conjunctions fail without it."""
        self._count = len(masks)
        self._tree = list(masks)
        if self._count > _FEW_CHILDREN:
            # A segment tree: the masks come last; each node before has those of the two below it.
            self._tree = [*([0] * self._count), *masks]
            for node in range(self._count - 1, 0, -1):
                self._tree[node] = _union(self._tree[2 * node], self._tree[2 * node + 1])

    def without(self, there: Iterable[int]) -> int:
        """Return the conjunctions that fail, given the numbers of the things that are present."""
        failing = 0
        if len(self._tree) == self._count:
            present = set(there)
            for number, mask in enumerate(self._tree):
                if number not in present:
                    failing |= mask
            return failing
        start = 0
        for number in (*sorted(there), self._count):
            if start < number:
                failing |= self._between(start, number)
            start = number + 1
        return failing

    def _between(self, start: int, end: int) -> int:
        """Return the combined masks of neighbours."""
        together = 0
        start += self._count
        end += self._count
        while start < end:
            if start & 1:
                together |= self._tree[start]
                start += 1
            if end & 1:
                end -= 1
                together |= self._tree[end]
            start >>= 1
            end >>= 1
        return together


def _described(tests: list[tuple[FieldTest, int]]) -> list[tuple[Any, ...]]:
    return [(test.names, test.path, test.rules, test.optional, mask) for test, mask in tests]


def _union(mask: int, other: int) -> int:
    """Return both masks together: one of them if it is the union, since masks may be long."""
    both = mask | other
    return mask if both == mask else other if both == other else both


_NOTHING_ABSENT = Absence(())


def leaf_test(test: FieldTest, budget: Budget) -> Callable[[Any], bool]:
    """Return a function that reports whether a leaf satisfies any rule of a test, within the
    record's budget. It is for the leaves of one path."""
    known: tuple[FieldTest, Callable[[Any], bool]] | None = budget.known.get(id(test))
    if known is None:  # to weigh a test for each leaf would take longer than the leaf
        is_large = test.weight() > _FEW_RULES
        asked = _remembering(test, budget) if is_large else _asking(test)
        known = budget.known[id(test)] = test, asked
    return known[1]


def _asking(test: FieldTest) -> Callable[[Any], bool]:
    rules = [rule.holds for rule in test.rules]

    def holds(leaf: Any) -> bool:
        leaf = comparable(leaf)
        for rule in rules:  # noqa: SIM110 - a generator takes twice as long
            if rule(leaf):
                return True
        return False

    return holds


def _remembering(test: FieldTest, budget: Budget) -> Callable[[Any], bool]:
    """Return a function that asks only once for each of many equal leaves that fail, and about none
    for which the verdict has the answer."""
    known = None if budget.answers is None else budget.answers.about(test)
    holding = _lookup(test)
    failed: set[tuple[type, Any]] = set()

    def holds(leaf: Any) -> bool:
        leaf = comparable(leaf)
        if not hashes_safely(leaf):
            return bool(holding((leaf,), budget))
        held = None if known is None else known.holds(leaf)
        if held is not None:
            return held
        key = leaf.__class__, leaf
        if key in failed:
            return False
        held = bool(holding((leaf,), budget))
        if not held and len(failed) < MOST_LEAVES:
            failed.add(key)
        return held

    return holds


@lru_cache(maxsize=16)
def _lookup(test: FieldTest) -> Holding:
    return _holding([(test, 1)])


def _holding(tests: list[tuple[FieldTest, int]]) -> Holding:
    if sum(test.weight() for test, _ in tests) <= _FEW_RULES:
        rules = [(rule.holds, mask) for test, mask in tests for rule in test.rules]

        def ask(leaves: Sequence[Any], budget: Budget) -> int:
            held = 0
            for leaf in leaves:
                for holds, mask in rules:
                    if mask & ~held and holds(leaf):
                        held |= mask
            return held

        return ask
    return _LookedUp(tests)


class _LookedUp:
    """Like the other `Holding`, for many rules: the index is built when it is first needed."""

    __slots__ = ("_column", "_tests")

    def __init__(self, tests: list[tuple[FieldTest, int]]) -> None:
        self._tests = tests
        self._column: Column | None = None

    def __call__(self, leaves: Sequence[Any], budget: Budget) -> int:
        if self._column is None:
            column = Column()
            for test, mask in self._tests:
                column.add(test, mask)
            self._column = column
        answers = budget.answers
        if answers is None:
            return self._column.passing(leaves, False, budget)
        passed, left = answers.passing(self._tests, leaves)
        if left:
            others = self._column.passing(left, False, budget)
            answers.add(self._tests, left, others)
            passed |= others
        return passed
