"""Terraform's HCL -> nodes that know their places.

python-hcl2 parses; its tree becomes an object for each body, in which a block is a member named by
its type that holds its labels' objects, one in the other. What only Terraform can evaluate
(references, interpolations, functions other than `jsonencode`) becomes an `Unknown`.
"""

from __future__ import annotations

import re
from importlib.util import find_spec
from typing import Any

from filterpatterns.language.nodes import Span
from filterpatterns.templates.documents.positions import hcl_value
from filterpatterns.templates.documents.values import (
    Encoded,
    List,
    Literal,
    Object,
    TemplateValue,
    Text,
    Unknown,
)
from filterpatterns.templates.errors import TemplateError, fail, line_and_column

_MAX_DEPTH = 200
"""Levels of nesting; the same that a pattern may have, and a template with it."""

_JSON_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_HEREDOC = re.compile(r"<<(-?)[^\r\n]*\r?\n((?:.|\n)*?)[ \t]*[^\s]+\r?\n?\Z")
_INTERPOLATION = re.compile(r"(?<!\$)\$\{|(?<!%)%\{")


def is_available() -> bool:
    """Whether the library that reads HCL is installed."""
    return find_spec("hcl2") is not None


def read(text: str) -> Object:
    """The body of a `.tf` file.

    Raises:
        TemplateError: it is not HCL, or nested too deep.
    """
    try:
        import hcl2  # takes its time: only for those who have Terraform
    except ImportError:  # pragma: no cover
        raise TemplateError(
            "to read Terraform's .tf files: pip install 'filterpatterns[terraform]'"
        ) from None
    from lark.exceptions import LarkError

    try:
        tree = hcl2.parses_to_tree(text)
    except LarkError as error:
        line, column = getattr(error, "line", None), getattr(error, "column", None)
        if not isinstance(line, int) or line < 1:  # the end of the text
            line, column = line_and_column(text, len(text))
        found = getattr(error, "token", None)
        detail = f": found {str(found).splitlines()[0]!r}" if str(found or "").strip() else ""
        raise TemplateError(f"not HCL{detail}", line, column) from None
    return _Reader(text).body(tree.children[0], 0)


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text

    def body(self, tree: Any, depth: int) -> Object:
        """The attributes and blocks of a file or block."""
        members: list[tuple[Text, TemplateValue]] = []
        for part in tree.children:
            if _kind(part) == "attribute":
                name, _, value = part.children
                members.append((self._name(name), self.value(value, depth + 1)))
            elif _kind(part) == "block":
                members.append(self._block(part, depth + 1))
        return Object(tuple(members), self._span(tree))

    def _block(self, tree: Any, depth: int) -> tuple[Text, TemplateValue]:
        self._bound(tree, depth)
        heads = [one for one in tree.children if _kind(one) in ("identifier", "keyword", "string")]
        names = [self._name(head) for head in heads]
        inner = next(one for one in tree.children if _kind(one) == "body")
        node: TemplateValue = Object(self.body(inner, depth).members, self._span(tree))
        for name in reversed(names[1:]):
            node = Object(((name, node),), Span(name.span.start, node.span.end))
        return names[0], node

    def value(self, tree: Any, depth: int) -> TemplateValue:
        """The value of an expression, as far as it is written out."""
        self._bound(tree, depth)
        kind = _kind(tree)
        children = [one for one in _children(tree) if _kind(one) != "new_line_or_comment"]
        if kind == "expr_term":
            if len(children) == 3 and str(children[0]) == "(":
                return self.value(children[1], depth + 1)
            if len(children) == 1:
                return self.value(children[0], depth + 1)
        elif kind == "string":
            return self._string(tree)
        elif kind in ("heredoc_template", "heredoc_template_trim"):
            return self._heredoc(tree)
        elif kind in ("int_lit", "float_lit", "literal_value", "unary_op"):
            return self._literal(tree)
        elif kind == "tuple":
            items = [one for one in children if _is_value(one)]
            return List(tuple(self.value(one, depth + 1) for one in items), self._span(tree))
        elif kind == "object":
            return self._object(tree, depth)
        elif kind == "function_call" and str(_first_token(children[0])) == "jsonencode":
            given = [one for one in children if _kind(one) == "arguments"]
            values = [one for one in _children(given[0]) if _is_value(one)] if given else []
            if len(values) == 1:
                return Encoded(self.value(values[0], depth + 1), self._span(tree))
        return self._unknown(tree)

    def _object(self, tree: Any, depth: int) -> TemplateValue:
        members: list[tuple[Text, TemplateValue]] = []
        for element in tree.children:
            if _kind(element) != "object_elem":
                continue
            key_tree, _, value = element.children
            key = self._key(key_tree, depth)
            if key is None:
                return self._unknown(key_tree)
            members.append((key, self.value(value, depth + 1)))
        return Object(tuple(members), self._span(tree))

    def _key(self, tree: Any, depth: int) -> Text | None:
        """The name of an object's element; None for one that is an expression."""
        inner = tree.children[0]
        while _kind(inner) == "expr_term" and len(inner.children) == 1:
            inner = inner.children[0]
        if _kind(inner) in ("identifier", "keyword", "literal_value", "int_lit"):
            return self._name(inner)
        node = self.value(inner, depth + 1) if _kind(inner) == "string" else None
        return node if isinstance(node, Text) else None

    def _name(self, tree: Any) -> Text:
        node = self._string(tree) if _kind(tree) == "string" else None
        if isinstance(node, Text):
            return node
        span = self._span(tree)
        return Text(self._text[span.start : span.end], span, "plain")

    def _string(self, tree: Any) -> TemplateValue:
        span = self._span(tree)
        for part in tree.children:
            if _kind(part) == "string_part" and _is_tree(part.children[0]):
                return self._unknown(part)
        return Text(hcl_value(self._text[span.start + 1 : span.end - 1]), span, "hcl")

    def _heredoc(self, tree: Any) -> TemplateValue:
        """A heredoc; `<<-` takes the smallest indentation away (Terraform language, "Strings and
        Templates")."""
        span = self._span(tree)
        raw = self._text[span.start : span.end]
        match = _HEREDOC.match(raw)
        if match is None:
            return self._unknown(tree)
        found = _INTERPOLATION.search(raw, match.start(2), match.end(2))
        if found is not None:
            start = span.start + found.start()
            end = self._text.find("}", start)
            return Unknown(self._text[start : end + 1], Span(start, end + 1))
        lines = match[2].replace("\r\n", "\n").split("\n")
        if match[1]:
            indents = [len(line) - len(line.lstrip(" \t")) for line in lines if line.strip()]
            lines = [line[min(indents, default=0) :] if line.strip() else line for line in lines]
        value = "\n".join(lines).replace("$${", "${").replace("%%{", "%{")
        return Text(value, Span(span.start, span.start + match.end(2)), "heredoc")

    def _literal(self, tree: Any) -> TemplateValue:
        span = self._span(tree)
        written = re.sub(r"\s", "", self._text[span.start : span.end])
        if written in ("true", "false", "null") or _JSON_NUMBER.fullmatch(written):
            return Literal(written, span)
        return self._unknown(tree)

    def _unknown(self, tree: Any) -> Unknown:
        span = self._span(tree)
        return Unknown(" ".join(self._text[span.start : span.end].split()), span)

    def _span(self, tree: Any) -> Span:
        if not _is_tree(tree):
            return Span(tree.start_pos, tree.end_pos)
        meta = tree.meta
        return (
            Span(0, 0) if meta.empty else Span(meta.start_pos, min(meta.end_pos, len(self._text)))
        )

    def _bound(self, tree: Any, depth: int) -> None:
        if depth > _MAX_DEPTH:
            fail(f"nested deeper than {_MAX_DEPTH} levels", self._text, self._span(tree).start)


def _is_tree(part: Any) -> bool:
    return hasattr(part, "children")


def _kind(part: Any) -> str:
    """The name of a grammar rule, also in the releases that wrap it in a token."""
    return str(part.data) if _is_tree(part) else ""


def _is_value(part: Any) -> bool:
    return _is_tree(part) and _kind(part) != "new_line_or_comment"


def _children(part: Any) -> list[Any]:
    return list(part.children) if _is_tree(part) else []


def _first_token(tree: Any) -> Any:
    while _is_tree(tree) and tree.children:
        tree = tree.children[0]
    return tree
