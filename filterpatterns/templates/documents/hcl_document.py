"""Parses Terraform's HCL into nodes with positions.

tree-sitter does the parsing. Each body in its tree becomes an object. A block becomes a member
named after its type; its labels become nested objects. Literal expressions become their values,
references and calls are kept as such, and everything else is an `Unknown`.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache, partial
from importlib.util import find_spec
from typing import TYPE_CHECKING

from msgspec.structs import replace

from filterpatterns.errors import printable
from filterpatterns.language.nodes import Span
from filterpatterns.templates.documents.positions import hcl_pieces, hcl_value
from filterpatterns.templates.documents.values import (
    Call,
    Choice,
    Encoded,
    List,
    Literal,
    Object,
    Reference,
    TemplateValue,
    Text,
    Unknown,
    joined,
)
from filterpatterns.templates.errors import TemplateError, fail

if TYPE_CHECKING:
    from tree_sitter import Node as Tree
    from tree_sitter import Parser

_MAX_DEPTH = 200
"""Levels of nesting in a template, including its patterns: as many as a pattern may have."""

_SPACES = re.compile(r"(?<!\s)\s{64,}")
_MAX_SPACES = 16_000
"""Consecutive white space characters: parsing this many takes a second."""

_SHOWN = 20
_JSON_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_WRAPPERS = ("expression", "literal_value", "collection_value", "template_expr", "operation")
_OPEN_ENDED = ("=", ":", ",", "(", "[", "{", "?", ".")
"""After these, something is missing: the next token is not what was expected."""

_INSERTS = ("template_interpolation", "template_directive")

Wanted = Callable[[tuple[str, ...], int, int], bool]
"""Decides whether a block is read, from its type and labels, and where it begins and ends."""


def is_available() -> bool:
    """Whether the library that parses HCL is installed."""
    return find_spec("tree_sitter_hcl") is not None and find_spec("tree_sitter") is not None


def read(text: str, wanted: Wanted | None = None) -> Object:
    """The body of a `.tf` file, with only the blocks that are wanted.

    Raises:
        TemplateError: it is not HCL, is nested too deeply, or has a run of white space that is too
            long.
    """
    if not is_available():
        raise TemplateError(
            "to read Terraform's .tf files: pip install 'filterpatterns[terraform]'"
        )
    try:
        data = text.encode()
    except UnicodeEncodeError as error:
        fail("not HCL: half of a surrogate pair", text, error.start)
    _refuse_long_spaces(text)
    tree = _parser().parse(data)
    root = tree.root_node
    reader = _Reader(text, data)
    if root.has_error:
        reader.refuse(root)
    body = next((one for one in root.children if one.type == "body"), None)
    if body is None:
        return Object((), Span(0, 0))
    try:
        return reader.body(body, 0, wanted)
    except RecursionError:
        raise TemplateError("nested deeper than the caller's stack has room") from None


def squares_of_spaces(text: str) -> Iterator[tuple[int, int]]:
    """Where each long run of white space begins, and the sum of the squares of the lengths of all
    runs up to its end. Inside brackets the parser looks at the rest of a run again at each
    space."""
    total = 0
    for run in _SPACES.finditer(text):
        total += (run.end() - run.start()) ** 2
        yield run.start(), total


def _refuse_long_spaces(text: str) -> None:
    for start, squares in squares_of_spaces(text):
        if squares > _MAX_SPACES**2:
            fail("too much white space in a row: remove it", text, start)


@lru_cache(maxsize=1)
def _parser() -> Parser:
    import tree_sitter_hcl  # only needed for Terraform
    from tree_sitter import Language, Parser

    return Parser(Language(tree_sitter_hcl.language()))


class _Reader:
    def __init__(self, text: str, data: bytes) -> None:
        self._text = text
        # Byte offsets equal character offsets, unless some characters take several bytes.
        self._following = (
            [] if text.isascii() else [at for at, byte in enumerate(data) if byte & 0xC0 == 0x80]
        )

    def _offset(self, byte: int) -> int:
        return byte - bisect_left(self._following, byte) if self._following else byte

    def _span(self, tree: Tree) -> Span:
        return Span(self._offset(tree.start_byte), self._offset(tree.end_byte))

    def _written(self, tree: Tree) -> str:
        span = self._span(tree)
        return self._text[span.start : span.end]

    def refuse(self, root: Tree) -> None:
        """Report where a text stops being HCL.

        Raises:
            TemplateError: always.
        """
        pending = [root]
        while pending:
            tree = pending.pop()
            if tree.is_error or tree.is_missing:
                while tree.is_error and tree.children:  # valid up to here
                    tree = tree.children[-1]
                start = self._offset(tree.start_byte)
                if self._written(tree) in _OPEN_ENDED:
                    start = self._offset(tree.end_byte)
                    start += len(self._text[start:]) - len(self._text[start:].lstrip())
                rest = self._text[start : start + _SHOWN].split("\n")[0].rstrip()
                detail = f": found {printable(repr(rest))}" if rest else ": it ends too early"
                fail(f"not HCL{detail}", self._text, start)
            pending += reversed([one for one in tree.children if one.has_error or one.is_missing])
        fail("not HCL", self._text, 0)

    def body(self, tree: Tree, depth: int, wanted: Wanted | None = None) -> Object:
        """Return the attributes and blocks of a file or block."""
        members: list[tuple[Text, TemplateValue]] = []
        for part in tree.named_children:
            if part.type == "attribute":
                name, value = part.named_children[0], part.named_children[-1]
                members.append((self._name(name), self.value(value, depth + 1)))
            elif part.type == "block":
                names = [self._name(one) for one in part.named_children if _is_label(one)]
                labels = tuple(name.value for name in names)
                span = self._span(part)
                if wanted is None or wanted(labels, span.start, span.end):
                    members.append(self._block(part, names, depth + 1))
        return Object(tuple(members), self._span(tree))

    def _block(self, tree: Tree, names: list[Text], depth: int) -> tuple[Text, TemplateValue]:
        self._bound(tree, depth)
        inner = next((one for one in tree.named_children if one.type == "body"), None)
        members = () if inner is None else self.body(inner, depth).members
        node: TemplateValue = Object(members, self._span(tree))
        for name in reversed(names[1:]):
            node = Object(((name, node),), name.span)
        return names[0], node

    def value(self, tree: Tree, depth: int) -> TemplateValue:
        """The value of an expression, as far as it consists of literals."""
        self._bound(tree, depth)
        while tree.type in _WRAPPERS:
            children = [one for one in tree.named_children if one.type != "comment"]
            if children and children[0].type in ("variable_expr", "function_call"):
                return self._traversal(children, tree, depth)
            if len(children) != 1:
                return self._unknown(tree)
            tree = children[0]
        read = _READERS.get(tree.type)
        return self._unknown(tree) if read is None else read(self, tree, depth)

    def _traversal(self, parts: list[Tree], tree: Tree, depth: int) -> TemplateValue:
        """A variable or a call, with the attributes and indices after it."""
        first, *rest = parts
        if first.type == "function_call" and not rest:
            return self._call(first, depth)
        if first.type != "variable_expr":
            return self._unknown(tree)
        path = [self._written(first)]
        for part in rest:
            inner = part.named_children[0] if part.named_children else part
            if part.type == "get_attr":
                path.append(self._written(inner))
            elif part.type == "index":
                index = self._index(inner, depth)
                if index is None:
                    return self._unknown(tree)
                path.append(index)
            else:
                return self._unknown(tree)
        return Reference(tuple(path), self._squeezed(tree), self._span(tree))

    def _index(self, tree: Tree, depth: int) -> str | None:
        if tree.type == "legacy_index":
            return self._written(tree).lstrip(". \t\r\n")
        given = self.value(tree.named_children[0], depth + 1) if tree.named_children else None
        if isinstance(given, Text):
            return given.value
        return given.text if isinstance(given, Literal) else None

    def _call(self, tree: Tree, depth: int) -> TemplateValue:
        name = self._written(tree.named_children[0])
        given = [one for one in tree.named_children if one.type == "function_arguments"]
        parts = given[0].named_children if given else []
        values = tuple(self.value(one, depth + 1) for one in parts if one.type == "expression")
        if name == "jsonencode" and len(values) == 1:
            return Encoded(values[0], self._span(tree))
        spread = any(one.type == "ellipsis" for one in parts)
        return Call(name, values, spread, self._squeezed(tree), self._span(tree))

    def _tuple(self, tree: Tree, depth: int) -> TemplateValue:
        items = [one for one in tree.named_children if one.type == "expression"]
        return List(tuple(self.value(one, depth + 1) for one in items), self._span(tree))

    def _object(self, tree: Tree, depth: int) -> TemplateValue:
        members: list[tuple[Text, TemplateValue]] = []
        for element in tree.named_children:
            if element.type != "object_elem":
                continue
            key_tree, value = (one for one in element.named_children if one.type == "expression")
            key = self._key(key_tree, depth)
            if key is None:
                return self._unknown(key_tree)
            members.append((key, self.value(value, depth + 1)))
        return Object(tuple(members), self._span(tree))

    def _key(self, tree: Tree, depth: int) -> Text | None:
        """The name of an object's element. A name that is an expression is its own placeholder."""
        span = self._span(tree)
        node = self.value(tree, depth + 1)
        if isinstance(node, Text):
            return node
        if isinstance(node, Literal):
            return Text(node.text, span, "plain")
        if isinstance(node, Reference) and not self._written(tree).startswith("("):
            return Text(self._written(tree), span, "plain")
        return None

    def _name(self, tree: Tree) -> Text:
        node = self._string(tree, 0) if tree.type == "string_lit" else None
        span = self._span(tree)
        return node if isinstance(node, Text) else Text(self._written(tree), span, "plain")

    def _string(self, tree: Tree, depth: int) -> TemplateValue:
        """A quoted string. One that is a single interpolation has the value of that expression, of
        any type."""
        span = self._span(tree)
        inserts = [one for one in tree.named_children if one.type in _INSERTS]
        if not inserts:
            raw = self._text[span.start + 1 : max(span.end - 1, span.start + 1)]
            return Text(hcl_value(raw), span, "hcl")
        if len(inserts) == 1 and self._span(inserts[0]) == Span(span.start + 1, span.end - 1):
            return self._insert(inserts[0], depth)
        pieces = partial(hcl_pieces, self._text)
        return joined(self._parts(inserts, span.start + 1, span.end - 1, depth, pieces), span)

    def _parts(
        self,
        inserts: list[Tree],
        start: int,
        last: int,
        depth: int,
        pieces: Callable[[int, int], Iterable[tuple[str, int]]],
    ) -> list[TemplateValue]:
        """The texts between inserts, and these."""
        parts: list[TemplateValue] = []
        for insert in (*inserts, None):
            end = last if insert is None else self._span(insert).start
            parts.append(_text(list(pieces(start, end)), start, end))
            if insert is not None:
                parts.append(self._insert(insert, depth))
                start = self._span(insert).end
        return parts

    def _insert(self, tree: Tree, depth: int) -> TemplateValue:
        """The expression in `${...}`; `%{...}` is not evaluated."""
        inner = [one for one in tree.named_children if one.type == "expression"]
        if tree.type != "template_interpolation" or len(inner) != 1:
            return self._unknown(tree)
        node = self.value(inner[0], depth + 1)
        if isinstance(node, Unknown):
            return self._unknown(tree)
        if isinstance(node, (Reference, Call)):  # messages show it as it is written
            return replace(node, source=self._squeezed(tree), span=self._span(tree))
        return node

    def _heredoc(self, tree: Tree, depth: int) -> TemplateValue:
        """A heredoc; `<<-` removes the smallest indentation (Terraform language, "Strings and
        Templates")."""
        span = self._span(tree)
        names = [one for one in tree.named_children if one.type == "heredoc_identifier"]
        first = self._text.find("\n", self._offset(names[0].end_byte)) + 1
        last = self._text.rfind("\n", 0, self._offset(names[-1].start_byte)) + 1
        last = max(first, last)
        inserts = [one for one in tree.named_children if one.type in _INSERTS]
        indent = 0
        if self._text.startswith("<<-", span.start):
            lines = self._text[first:last].split("\n")
            indent = min((_indentation(line) for line in lines if line.strip()), default=0)
        pieces = partial(_heredoc_pieces, self._text, indent=indent)
        parts = self._parts(inserts, first, last, depth, pieces)
        return parts[0] if len(parts) == 1 else joined(parts, span)

    def _literal(self, tree: Tree, _depth: int) -> TemplateValue:
        written = re.sub(r"\s", "", self._written(tree))
        if written in ("true", "false", "null") or _JSON_NUMBER.fullmatch(written):
            return Literal(written, self._span(tree))
        return self._unknown(tree)

    def _conditional(self, tree: Tree, depth: int) -> TemplateValue:
        parts = [one for one in tree.named_children if one.type != "comment"]
        if len(parts) != 3:
            return self._unknown(tree)
        condition = self._squeezed(parts[0])
        first, second = (self.value(one, depth + 1) for one in parts[1:])
        return Choice(condition, (first, second), self._span(tree))

    def _squeezed(self, tree: Tree) -> str:
        return " ".join(self._written(tree).split())

    def _unknown(self, tree: Tree, _depth: int = 0) -> Unknown:
        return Unknown(self._squeezed(tree), self._span(tree))

    def _bound(self, tree: Tree, depth: int) -> None:
        if depth > _MAX_DEPTH:
            start = self._offset(tree.start_byte)
            fail(f"nested deeper than {_MAX_DEPTH} levels", self._text, start)


_READERS: dict[str, Callable[[_Reader, Tree, int], TemplateValue]] = {
    "string_lit": _Reader._string,  # noqa: SLF001 - the table of the class above
    "quoted_template": _Reader._string,  # noqa: SLF001
    "heredoc_template": _Reader._heredoc,  # noqa: SLF001
    "numeric_lit": _Reader._literal,  # noqa: SLF001
    "bool_lit": _Reader._literal,  # noqa: SLF001
    "null_lit": _Reader._literal,  # noqa: SLF001
    "unary_operation": _Reader._literal,  # noqa: SLF001
    "tuple": _Reader._tuple,  # noqa: SLF001
    "object": _Reader._object,  # noqa: SLF001
    "conditional": _Reader._conditional,  # noqa: SLF001
}


def _is_label(tree: Tree) -> bool:
    return tree.type in ("identifier", "string_lit")


def _indentation(line: str) -> int:
    return len(line) - len(line.lstrip(" \t"))


def _text(pieces: list[tuple[str, int]], start: int, end: int) -> Text:
    """A text whose characters begin at these offsets."""
    value = "".join(char for char, _ in pieces)
    return Text(value, Span(start, end), "hcl", (*(at for _, at in pieces), end))


def _heredoc_pieces(text: str, start: int, end: int, indent: int) -> Iterator[tuple[str, int]]:
    """The characters of a heredoc, without the CR of line ends, indentation, and doubled marks."""
    at = start
    while at < end:
        if indent and (at == 0 or text[at - 1] == "\n"):
            line_end = text.find("\n", at, end)
            line = text[at : end if line_end < 0 else line_end]
            if line.strip():
                at += indent
        char = text[at : at + 1]
        if char == "\r" and text.startswith("\n", at + 1):
            yield "\n", at
            at += 2
            continue
        yield char, at
        at += 2 if text.startswith(("$${", "%%{"), at) else 1
