"""Matching by search, for events that spell one path in several ways: for a single conjunction."""

from __future__ import annotations

from typing import Any

from filterpatterns.matching.budget import Budget
from filterpatterns.matching.mask_tree import MaskTree
from filterpatterns.matching.match_tree import FieldTest, MatchNode
from filterpatterns.matching.places.holding import first_unsatisfied, holding_by_places, is_gathered


def search(root: MatchNode, value: Any, budget: Budget) -> FieldTest | None:
    """Search for the tests at and below a node, for a value, however it spells its paths. Return
    None if they are satisfied, else the first test that cannot be satisfied together with those
    before it.

    Raises:
        RecordError: the value combines so many spellings and arrays that the search was given up.
    """
    return first_unsatisfied(_tree(root), value, budget)


def is_known(root: MatchNode, value: Any, budget: Budget) -> bool:
    """Whether the verdict on a value took a search for the tests at and below a node, and no other
    tests."""
    return budget.gathered is not None and is_gathered(_tree(root), value, budget)


def satisfied(root: MatchNode, value: Any, budget: Budget) -> bool:
    """Whether `search` would return None; possible even for values for which `search` gives up.

    Raises:
        RecordError: as above.
    """
    return bool(holding_by_places(_tree(root), value, 1, budget))


def _tree(root: MatchNode) -> MaskTree:
    """The tree of a conjunction, or a part of it, alone."""
    placed: list[tuple[tuple[str, ...], FieldTest, int]] = []
    pending: list[tuple[tuple[str, ...], MatchNode]] = [((), root)]
    while pending:
        names, node = pending.pop()
        if node.test is not None:
            placed.append((names, node.test, 1))
        pending += (((*names, child.name), child) for child in node.children)
    return MaskTree(root.name, placed)


def walk(node: MatchNode, name: str) -> tuple[MatchNode, str | None] | None:
    """Return where a name with dots leads from a node: to a node, part of the way to a node, or
    nowhere."""
    while True:
        child = node.by_part.get(name.partition(".")[0])
        if child is None:
            return None
        if child.name == name:
            return child, None
        if child.name.startswith(name + "."):
            return node, name
        if not name.startswith(child.name + "."):
            return None
        node, name = child, name[len(child.name) + 1 :]
