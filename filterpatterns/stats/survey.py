"""What records have at the paths of a pattern: types, examples, and neighbouring names.

Memory is bounded by the pattern: a few examples of values are kept, and some hundred names per
level.
"""

from __future__ import annotations

import difflib
import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Set
from typing import Any, Final

from msgspec import Struct, field

from filterpatterns.jsontext.python_values import is_object
from filterpatterns.language.operators.base import is_number
from filterpatterns.matching.match_tree import FieldTest, MatchNode, build_tree
from filterpatterns.matching.search import walk

OBJECT: Final = "object"
"""The kind of a value that is not a leaf; the other kinds are the JSON types of leaves."""

KINDS: Final = ("string", "number", "boolean", "null", OBJECT)

_EXAMPLES = 3
EXAMPLE_LENGTH: Final = 40
"""The number of characters of a string that are shown."""

_NAMES = 300
_NAME_LENGTH = 128
_NEAR = 3


class Occurrence(Struct, eq=False):
    """The values at one path, over all records whose payload could be read for it.

    `kinds` says in how many records each JSON type occurs there; one record may have several, in an
    array. `absent` counts those that have nothing there, `present` those that have a leaf (an
    object is neither). `examples` has a few values of each type, as JSON, truncated if they are
    long.
    """

    path: str
    present: int = 0
    absent: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[str]] = field(default_factory=dict)

    def add(self, leaves: list[Any], *, is_object: bool) -> None:
        """Count one record, with all leaves that it has at the path."""
        kinds: dict[str, None] = {}
        for leaf in leaves:
            kinds[_kind(leaf)] = None
            self.add_example(leaf)
        if is_object:
            kinds[OBJECT] = None
        self.kinds.update(kinds.keys())
        self.present += bool(leaves)
        self.absent += not kinds

    def add_example(self, leaf: Any) -> None:
        """Keep a leaf as an example, if there are few of its type."""
        kind = _kind(leaf)
        if len(self.examples.get(kind, ())) < _EXAMPLES:
            self.add_text(kind, _format_leaf(leaf))

    def add_text(self, kind: str, text: str) -> None:
        """Keep the text of an example, if there are few of its type."""
        examples = self.examples.setdefault(kind, [])
        if len(examples) < _EXAMPLES and text not in examples:
            examples.append(text)

    def has_all_examples(self, kind: str) -> bool:
        """Whether no more values of a JSON type become examples."""
        return len(self.examples.get(kind, ())) >= _EXAMPLES

    @staticmethod
    def kind_of(leaf: Any) -> str:
        """The JSON type of a leaf."""
        return _kind(leaf)


def _kind(leaf: Any) -> str:
    if isinstance(leaf, str):
        return "string"
    if leaf is None:
        return "null"
    return "number" if is_number(leaf) else "boolean"


def _format_leaf(leaf: Any) -> str:
    """Return a value as JSON, truncated if it is long."""
    if isinstance(leaf, str) and len(leaf) > EXAMPLE_LENGTH:
        leaf = leaf[:EXAMPLE_LENGTH] + "..."
    text = json.dumps(leaf, ensure_ascii=False)
    return text if len(text) <= 2 * EXAMPLE_LENGTH else text[:EXAMPLE_LENGTH] + "..."


class Survey:
    """The paths below one root, and what records have there.

    `root` is the tree of the paths; `located_tests` has a test of each, and the names that lead
    there. `objects` are the places whose names are noted.

    Args:
        name: the root's name in events: that of a payload, or "" for the record itself.
        tests: the names that lead to each path, and a test of the path; its rules do not matter.
    """

    def __init__(self, name: str, tests: Iterable[tuple[tuple[str, ...], FieldTest]]) -> None:
        distinct = {test.path: (names, test) for names, test in tests}
        self.located_tests = tuple(distinct.values())
        self.root = build_tree(name, self.located_tests)
        self.occurrences = {test.path: Occurrence(test.path) for test in self.root.tests()}
        self._names: dict[MatchNode, dict[str, None]] = {}
        self._ways = dict(_ways(self.root))
        self.objects = tuple(_with_children(self.root))

    def add(self, value: Any) -> dict[str, list[Any]]:
        """Count one record: the values that it has at each path."""
        leaves: dict[str, list[Any]] = {path: [] for path in self.occurrences}
        objects = set()
        pending: list[tuple[MatchNode, str | None, Any]] = [(self.root, None, value)]
        while pending:
            node, spelt, value = pending.pop()
            if is_object(value):
                if spelt is None:
                    if node.test is not None:
                        objects.add(node.test.path)
                    if node.children:
                        self.note(node, value)
                pending += _below(node, spelt, value)
            elif isinstance(value, (list, tuple)):
                pending += ((node, spelt, element) for element in reversed(value))
            elif node.test is not None and spelt is None:
                leaves[node.test.path].append(value)
        for path, occurrence in self.occurrences.items():
            occurrence.add(leaves[path], is_object=path in objects)
        return leaves

    def names(self, node: MatchNode) -> Set[str]:
        """The names that records have at a node, in order, as far as they have been noted."""
        return self._names.get(node, {}).keys()

    def is_full(self, node: MatchNode) -> bool:
        """Whether no more names are noted at a node, but for those of its children."""
        return len(self.names(node)) >= _NAMES

    def is_unseen(self, node: MatchNode) -> bool:
        """Whether there is a field below a node that no record has had yet: then the names there
        matter."""
        return any(not self.occurrences[test.path].kinds for test in node.tests())

    def progress(self) -> tuple[int, int]:
        """How many fields no record has had yet; and if there are any, how many names have been
        noted."""
        unseen = sum(not each.kinds for each in self.occurrences.values())
        return unseen, sum(map(len, self._names.values())) if unseen else 0

    def near(self, path: str) -> list[str]:
        """Return names similar to the one that leads to a path, if no record has that name there:
        at the first level where the way to the path ends."""
        for node, name in self._ways[path]:
            names = self._names.get(node)
            if not names:
                return []
            if not any(seen == name or f"{seen}.".startswith(f"{name}.") for seen in names):
                return _alike(name, names)
        return []

    def note(self, node: MatchNode, given: Collection[str]) -> None:
        """Note names that an object has at a node: those of its children, and some others."""
        names = self._names.setdefault(node, {})
        names.update((child.name, None) for child in node.children if child.name in given)
        if len(names) >= _NAMES or names.keys() >= set(given):
            return
        for name in given:
            if isinstance(name, str) and len(name) <= _NAME_LENGTH:
                names[name] = None
                if len(names) >= _NAMES:
                    return


def _below(
    node: MatchNode, spelt: str | None, value: Mapping[str, Any]
) -> Iterator[tuple[MatchNode, str | None, Any]]:
    """Yield where the members of an object lead, however each of them spells the way."""
    plain = spelt is None and not any("." in child.name for child in node.children)
    if plain and "." not in "".join(name for name in value if isinstance(name, str)):
        for child in node.children:
            if child.name in value:
                yield child, None, value[child.name]
        return
    for name, member in value.items():
        if isinstance(name, str):
            reached = walk(node, name if spelt is None else f"{spelt}.{name}")
            if reached is not None:
                yield *reached, member


def _with_children(root: MatchNode) -> Iterator[MatchNode]:
    pending = [root]
    while pending:
        node = pending.pop()
        if node.children:
            yield node
        pending += node.children


def _ways(root: MatchNode) -> Iterator[tuple[str, list[tuple[MatchNode, str]]]]:
    """Return each path, and the nodes on the way to it, each with the next name."""
    pending: list[tuple[MatchNode, list[tuple[MatchNode, str]]]] = [(root, [])]
    while pending:
        node, way = pending.pop()
        if node.test is not None:
            yield node.test.path, way
        pending += ((child, [*way, (node, child.name)]) for child in node.children)


def _alike(name: str, names: Iterable[str]) -> list[str]:
    """Return names that differ only in case, then those that look alike."""
    ordered: dict[str, list[str]] = {}
    for seen in sorted(names):
        ordered.setdefault(seen.casefold(), []).append(seen)
    wanted = name.casefold()
    close = difflib.get_close_matches(wanted[:_NAME_LENGTH], list(ordered), n=_NEAR)
    alike = [seen for folded in (wanted, *close) for seen in ordered.get(folded, ())]
    return list(dict.fromkeys(alike))[:_NEAR]
