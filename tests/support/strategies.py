"""Hypothesis strategies for valid patterns, for events, and for events that suit a pattern.

Names and values are few, so that they collide; a path is spelt with dots in a name or with nested
objects, at random. Nothing is written that JSON text could not carry (no infinities, no lone
surrogates).
"""

from __future__ import annotations

import ipaddress
from functools import cache
from typing import Any

from hypothesis import strategies as st

from tests.support.oracle import conjunctions, rule_holds

Items = list[tuple[tuple[str, ...], Any]]
"""Values, each with the segments of the path (the path split at its dots) where it is to stand."""

NOT_EXISTS = {"exists": False}
MAX_COMBINATIONS = 24

NAMES = ["a", "b", "c", "a.b", "b.c", "a.b.c", "", "é", "x y", "b c", 'q"q']
RELATED_PATHS = [
    *("a.a", "a.b", "a.c", "a.b c", "a.a", "a.b", "a.c", "a.b c", "a.b.a", "a.b.b", "a.b.c"),
    *("a.b c.a", "a.c.b", "a", "b.c", "a.", ".a", "a..b"),
]
"""Most share what arrays are on the way; a name with a space sorts otherwise than its segments."""

OPERATOR_NAMES = ["prefix", "exists"]
"""Names that a field may have only outside of `$or`."""

ADDRESSES = [
    *("10.0.0.1", "::ffff:a00:1", "::ffff:10.0.0.1", "0:0:0:0:0:FFFF:0A00:0001"),
    *("10.0.0.200", "10.1.2.3", "::1", "0:0:0:0:0:0:0:1", "2001:db8::1", "2001:DB8:0::1"),
]
STRINGS = [
    *("", "a", "b", "ab", "aB", "AB", "aab", "abab", "é", "É", "e\u0301", "ß", "SS", "straße"),
    *("STRASSE", "k", "K", "\u212a", "null", "true", "1", "*", "a*b", "a\\b", "10.0.0.01", "😀"),
    *ADDRESSES,
]
CASED = ["", "a", "aB", "AB", "é", "É", "ß", "SS", "straße", "STRASSE", "k", "K", "\u212a"]
EXACT_NUMBERS: list[int | float] = [
    *(0, 1, 300, -1, 9007199254740992),
    *(-0.0, 1.0, 1.5, 3e2, 0.1, -2.5, 9007199254740992.0),
]
NUMBERS: list[int | float] = [*EXACT_NUMBERS, 9007199254740993, 10**23, 1e23]
SCALARS: list[Any] = [None, True, False, *NUMBERS, *STRINGS]
BLOCKS = [
    *("10.0.0.0/24", "10.0.0.7/25", "10.0.0.0/8", "10.0.0.1/31", "0.0.0.0/0"),
    *("2001:db8::/32", "::/0", "::/127"),
]


@cache
def scalars() -> st.SearchStrategy[Any]:
    """Leaf values, of each JSON type about as often."""
    return st.one_of(
        st.sampled_from([None, True, False]),
        st.sampled_from(NUMBERS),
        st.sampled_from(STRINGS),
    )


def _weighted(*choices: tuple[int, st.SearchStrategy[Any]]) -> st.SearchStrategy[Any]:
    """One of the strategies, each as often as its weight says (`one_of` drops repeated ones)."""
    lots = [strategy for weight, strategy in choices for _ in range(weight)]
    return st.integers(0, len(lots) - 1).flatmap(lots.__getitem__)


# --- rules ----------------------------------------------------------------------------------------


def _operator(name: str, operands: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return operands.map(lambda operand: {name: operand})


def _one_or_list(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return values | st.lists(values, min_size=1, max_size=3)


@cache
def _wildcards() -> st.SearchStrategy[str]:
    """Valid wildcards: every `\\` escapes a `*` or a `\\`, and no `*` follows a `*`."""
    literals = st.lists(st.sampled_from(["a", "b", "B", "é", "\\*", "\\\\"]), max_size=2)
    runs = st.lists(literals.map("".join), min_size=1, max_size=4)

    def join(parts: list[str]) -> str:
        inner = [part for part in parts[1:-1] if part]
        return "*".join([parts[0], *inner, *parts[1:][-1:]])

    return runs.map(join)


@cache
def _bounds() -> st.SearchStrategy[list[Any]]:
    numbers = st.sampled_from(EXACT_NUMBERS)
    one = st.tuples(st.sampled_from(["=", "<", "<=", ">", ">="]), numbers)
    ranges = [(low, high) for low in EXACT_NUMBERS for high in EXACT_NUMBERS if low < high]
    two = st.builds(
        lambda lower, upper, limits: (lower, limits[0], upper, limits[1]),
        *(st.sampled_from([">", ">="]), st.sampled_from(["<", "<="]), st.sampled_from(ranges)),
    )
    return st.one_of(one, two).map(list)


@cache
def operands() -> dict[str, tuple[int, st.SearchStrategy[Any]]]:
    """The operators, each with how often it is drawn, and its operands."""
    strings = st.sampled_from(STRINGS)
    not_empty = st.sampled_from([text for text in STRINGS if text])
    cased = st.sampled_from(CASED)
    ignoring_case = _operator("equals-ignore-case", cased)
    affixes = strings | ignoring_case
    anything_but = st.one_of(
        _one_or_list(strings),
        _one_or_list(st.sampled_from(EXACT_NUMBERS)),
        _operator("prefix", _one_or_list(not_empty)),
        _operator("suffix", _one_or_list(not_empty)),
        _operator("equals-ignore-case", _one_or_list(cased)),
        _operator("wildcard", _one_or_list(_wildcards())),
    )
    return {
        "exists": (1, st.just(True)),
        "prefix": (2, affixes),
        "suffix": (2, affixes),
        "equals-ignore-case": (2, cased),
        "wildcard": (2, _wildcards()),
        "numeric": (2, _bounds()),
        "cidr": (2, st.sampled_from(BLOCKS)),
        "exactly": (1, strings),
        "anything-but": (3, anything_but),
    }


@cache
def rules() -> st.SearchStrategy[Any]:
    """One rule that requires a value: a value to equal, or any operator."""
    weighted = operands().items()
    return _weighted(
        (5, scalars()), *((weight, _operator(name, given)) for name, (weight, given) in weighted)
    )


@cache
def rule_lists() -> st.SearchStrategy[list[Any]]:
    """What a field is given: rules, or `exists: false` alone or beside others."""
    some = st.lists(rules(), min_size=1, max_size=3)
    absent = st.just([NOT_EXISTS])
    mixed = st.tuples(some, st.integers(0, 3)).map(
        lambda t: [*t[0][: t[1]], NOT_EXISTS, *t[0][t[1] :]]
    )
    return _weighted((14, some), (2, absent), (1, mixed))


@cache
def _plain_rule_lists() -> st.SearchStrategy[list[Any]]:
    """Rules of the simplest kinds, for patterns that are about paths and arrays."""
    lists: list[list[Any]] = [
        *([1], [1], [2], ["a"], ["a", 1], [2, 1], [{"exists": True}]),
        *([NOT_EXISTS], [NOT_EXISTS], [1, NOT_EXISTS]),
    ]
    return _weighted((4, st.sampled_from(lists)), (1, rule_lists()))


# --- patterns -------------------------------------------------------------------------------------


@cache
def _members(in_or: bool) -> st.SearchStrategy[list[str]]:
    names = [*NAMES, "a", "b", "$or"] + ([] if in_or else OPERATOR_NAMES)
    return st.lists(st.sampled_from(names), min_size=1, max_size=3, unique=True)


@cache
def _options(depth: int) -> st.SearchStrategy[list[dict[str, Any]]]:
    """What an `$or` is given."""
    return st.lists(_pattern_object(depth, True), min_size=2, max_size=3)


@st.composite
def _draw_pattern_object(draw: st.DrawFn, depth: int, in_or: bool) -> dict[str, Any]:
    node: dict[str, Any] = {}
    for name in draw(_members(in_or)):
        if name == "$or" and depth > 0:
            node[name] = draw(_options(depth - 1))
        elif depth > 0 and draw(_chance(3)):
            node[name] = draw(_pattern_object(depth - 1, in_or))
        else:
            node["a" if name == "$or" else name] = draw(rule_lists())
    return node


@cache
def _pattern_object(depth: int, in_or: bool) -> st.SearchStrategy[dict[str, Any]]:
    """An object of a pattern with at most `depth` levels below it."""
    return _draw_pattern_object(depth, in_or)


@st.composite
def _respelt_pattern(draw: st.DrawFn) -> dict[str, Any]:
    """A pattern of a few related paths, each with its own spelling, so that some are met twice."""
    pattern: dict[str, Any] = {}
    for path in draw(_related_paths()):
        _insert(draw, pattern, path.split("."), draw(_plain_rule_lists()))
    if draw(_chance(3)):
        fork = {"$or": draw(_options(1))}
        pattern = {**fork, **pattern} if draw(st.booleans()) else {**pattern, **fork}
    return pattern


@cache
def _related_paths() -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(RELATED_PATHS), min_size=2, max_size=5)


def _insert(draw: st.DrawFn, node: dict[str, Any], segments: list[str], value: Any) -> None:
    """Put the value at the path, nested or with dots in a name as drawn and as there is room."""
    while len(segments) > 1:
        count = draw(st.integers(1, len(segments)))
        if count == len(segments):
            break
        child = node.setdefault(".".join(segments[:count]), {})
        if not isinstance(child, dict):
            break
        node, segments = child, segments[count:]
    if not isinstance(node.get(".".join(segments)), dict):
        node[".".join(segments)] = value


def combinations(node: dict[str, Any]) -> int:
    """Count the conjunctions that the `$or`s of a pattern multiply out to."""
    count = 1
    for name, member in node.items():
        if name == "$or":
            count *= sum(combinations(option) for option in member)
        elif isinstance(member, dict):
            count *= combinations(member)
    return count


@cache
def patterns() -> st.SearchStrategy[dict[str, Any]]:
    """Valid patterns, with at most MAX_COMBINATIONS combinations."""
    flat = _pattern_object(0, False)
    deep = st.integers(1, 3).flatmap(lambda depth: _pattern_object(depth, False))
    tree = _weighted((1, flat), (2, deep), (2, _respelt_pattern()))
    return tree.filter(lambda pattern: combinations(pattern) <= MAX_COMBINATIONS)


# --- events ---------------------------------------------------------------------------------------


@cache
def _free_objects() -> st.SearchStrategy[dict[str, Any]]:
    names = st.sampled_from(NAMES)
    nodes = st.recursive(
        scalars(),
        lambda child: st.one_of(
            st.lists(child, max_size=3), st.dictionaries(names, child, max_size=3)
        ),
        max_leaves=8,
    )
    return st.dictionaries(names, nodes, max_size=4)


def events(pattern: dict[str, Any] | None = None) -> st.SearchStrategy[dict[str, Any]]:
    """Event objects: any, or mostly such as are made from what the pattern asks for."""
    if pattern is None:
        return _free_objects()
    suited = _suited_event(pattern)
    return _weighted((7, suited), (1, _free_objects()))


@cache
def pattern_event_pairs() -> st.SearchStrategy[tuple[dict[str, Any], dict[str, Any]]]:
    """A pattern and an event that often matches it."""
    suited = patterns().flatmap(lambda pattern: st.tuples(st.just(pattern), events(pattern)))
    return _weighted((3, suited), (1, tangled_pairs()))


@cache
def tangled_pairs() -> st.SearchStrategy[tuple[dict[str, Any], dict[str, Any]]]:
    """Plain rules for neighbouring fields, and arrays with elements that have some of the fields.

    These pairs are about array consistency, and about what is bound when a field must be absent.
    """
    names = st.sampled_from(["a", "b", "c", "b c", "b.a"])
    plain: list[list[Any]] = [[1], [2], [1, 2], [{"exists": True}], [1, NOT_EXISTS]]
    wanted = st.sampled_from([*plain, [NOT_EXISTS], [NOT_EXISTS], [NOT_EXISTS]])
    fields = st.dictionaries(names, wanted, min_size=2, max_size=4)
    values = st.sampled_from([1, 2, 1, 2, [1], [1, 2], [], {}, {"a": 1}, [{"a": 1}, 2]])
    elements = st.dictionaries(names, values, min_size=1, max_size=3)
    arrays = st.lists(elements, min_size=1, max_size=3)
    nested = st.lists(st.one_of(arrays, elements, arrays), min_size=1, max_size=2)
    trees = st.one_of(arrays, nested, elements, st.fixed_dictionaries({"b": arrays, "c": arrays}))
    return st.tuples(
        st.one_of(fields, fields.map(lambda node: {"b": node})).map(lambda node: {"a": node}),
        st.one_of(trees, trees.map(lambda node: {"b": node})).map(lambda node: {"a": node}),
    )


_NAME = st.sampled_from(NAMES)
_NO_LEAVES: st.SearchStrategy[Any] = st.sampled_from([{}, [], [[]], [{}]])
_CHANGES = st.sampled_from(["none", "none", "value", "drop", "copy", "copy"])
_DOTTED = st.sampled_from([1, 1, 1, 1, 2, 9])
"""How many segments of a path to put into one name."""


@st.composite
def _suited_event(draw: st.DrawFn, pattern: dict[str, Any]) -> dict[str, Any]:
    """An event that satisfies, or nearly, one combination of the pattern."""
    items: Items = []
    for path, alternatives in draw(st.sampled_from(conjunctions(pattern))).items():
        segments = tuple(path.split("."))
        rule = draw(st.sampled_from(alternatives))
        if rule != NOT_EXISTS:
            items.append((segments, draw(_near(rule) if draw(_chance(2)) else _satisfying(rule))))
        elif draw(st.booleans()):
            items.append((segments, draw(_NO_LEAVES | scalars())))
    if draw(st.booleans()):
        items = _perturbed(draw, items)
    if draw(_chance(4)):
        items.append((tuple(draw(_NAME).split(".")), draw(scalars())))
    return _build(draw, items)


@cache
def _chance(one_in: int) -> st.SearchStrategy[bool]:
    """True once in so many times (never, when shrunk)."""
    return st.integers(1, one_in).map(lambda number: number == one_in)


def _perturbed(draw: st.DrawFn, items: Items) -> Items:
    """The same items, but some are left out, some have another value, some are twice there."""
    result: Items = []
    for segments, value in items:
        change = draw(_CHANGES)
        if change == "value":
            value = draw(scalars())
        if change == "copy":
            result.append(((*segments[:-1], *draw(_NAME).split(".")), value))
        if change != "drop":
            result.append((segments, value))
    return result


def _build(draw: st.DrawFn, items: Items) -> dict[str, Any]:
    """An object with the items in it: names with dots or objects, with arrays here and there."""
    leaves: dict[str, list[Any]] = {}
    below: dict[str, Items] = {}
    for segments, value in draw(st.permutations(items)):
        count = min(draw(_DOTTED), len(segments))
        name, rest = ".".join(segments[:count]), segments[count:]
        if rest:
            below.setdefault(name, []).append((rest, value))
        else:
            leaves.setdefault(name, []).append(value)
    node: dict[str, Any] = {}
    for name in [*leaves, *(name for name in below if name not in leaves)]:
        children = list(leaves.get(name, []))
        if name in below and draw(_chance(2)):
            children.extend(_elements(draw, below[name]))
        elif name in below:
            children.append(_build(draw, below[name]))
        plain = len(children) == 1 and not draw(_chance(4))
        node[name] = children[0] if plain else _in_array(draw, children)
    return node


def _elements(draw: st.DrawFn, items: Items) -> list[Any]:
    """Objects for an array: one with the items (or two that share them out), and some like it."""
    elements: list[Items] = [items]
    if len(items) > 1 and draw(st.booleans()):
        middle = draw(st.integers(1, len(items) - 1))
        elements = [items[:middle], items[middle:]]
    for _ in range(draw(st.integers(0, 2))):
        elements.append(_perturbed(draw, items))
    return [_build(draw, element) for element in elements]


def _in_array(draw: st.DrawFn, children: list[Any]) -> list[Any]:
    """An array of the children, perhaps with a stray scalar, in any order, in arrays of its own."""
    if draw(_chance(3)):
        children = [*children, draw(scalars())]
    array = draw(st.permutations(children))
    if draw(_chance(4)):
        array = [[child] if draw(st.booleans()) else child for child in array]
    return [array] if draw(_chance(6)) else list(array)


# --- values for a rule ----------------------------------------------------------------------------


def _satisfying(rule: Any) -> st.SearchStrategy[Any]:
    """Values for which the rule holds."""
    pool = [value for value in SCALARS if rule_holds(rule, value)]
    made = _made_for(rule)
    if made is None:
        return st.sampled_from(pool) if pool else scalars()
    return st.one_of(made, st.sampled_from(pool)) if pool else made


@st.composite
def _near(draw: st.DrawFn, rule: Any) -> Any:
    """Values that are much like what the rule speaks of, whether or not it holds for them."""
    operand = rule
    while isinstance(operand, dict):
        (operand,) = operand.values()
    if isinstance(operand, list):
        operand = draw(st.sampled_from(operand))
    if isinstance(operand, bool) or operand is None:
        return draw(st.sampled_from([0, 1, "true", "false", "null", "", False, True, None]))
    if isinstance(operand, int | float):
        return draw(st.sampled_from([int(operand), float(operand), operand + 1, str(operand)]))
    if operand in ADDRESSES or operand in BLOCKS:
        return draw(st.sampled_from(ADDRESSES))
    texts = [operand.swapcase(), operand.upper(), operand.casefold(), operand + "a", "a" + operand]
    return draw(st.sampled_from([*texts, operand[1:], operand[:-1], operand]))


def _made_for(rule: Any) -> st.SearchStrategy[Any] | None:
    """Values made from the rule's operand; None if it is better to look among the usual ones."""
    if not isinstance(rule, dict):
        return st.just(rule)
    ((operator, operand),) = rule.items()
    if operator in ("prefix", "suffix"):
        ignoring = isinstance(operand, dict)
        text = _recased(operand["equals-ignore-case"]) if ignoring else st.just(operand)
        more = st.sampled_from(["", "b", "é"])
        pair = (text, more) if operator == "prefix" else (more, text)
        return st.tuples(*pair).map("".join)
    if operator == "equals-ignore-case":
        return _recased(operand)
    if operator == "wildcard":
        return _filled(operand)
    if operator == "cidr":
        return _addresses_in(operand)
    if operator == "numeric":
        middle = (float(operand[1]) + float(operand[-1])) / 2
        return st.just(middle) if rule_holds(rule, middle) else None
    return None


def _recased(text: str) -> st.SearchStrategy[str]:
    forms = [st.sampled_from(sorted({char.lower(), char.upper()})) for char in text]
    return st.tuples(*forms).map("".join)


def _filled(wildcard: str) -> st.SearchStrategy[str]:
    """The wildcard with something for each `*`."""
    parts: list[st.SearchStrategy[str]] = []
    characters = iter(wildcard)
    for character in characters:
        if character == "*":
            parts.append(st.sampled_from(["", "a", "é*"]))
        else:
            parts.append(st.just(next(characters) if character == "\\" else character))
    return st.tuples(*parts).map("".join)


def _addresses_in(block: str) -> st.SearchStrategy[str]:
    """The block's first and last address, in the short and in the long spelling."""
    network = ipaddress.ip_network(block, strict=False)
    ends = (network[0], network[-1])
    return st.sampled_from([*(str(end) for end in ends), *(end.exploded for end in ends)])
