"""Parses pattern texts into syntax trees. The only module that uses lark."""

from __future__ import annotations

import json
import re
import threading
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from filterpatterns.jsontext import decoding
from filterpatterns.language import nodes
from filterpatterns.language.diagnostics import Edit, Reporter, Where
from filterpatterns.language.nodes import Span
from filterpatterns.language.operators import OPERATOR_NAMES
from filterpatterns.limits import MAX_PATTERN_DEPTH, MAX_PATTERN_LENGTH

if TYPE_CHECKING:
    from lark import Lark
    from lark.exceptions import UnexpectedInput

_build_lock = threading.Lock()


def parse(text: str, report: Reporter) -> nodes.Pattern | None:
    """Return the syntax tree of a pattern's text; if it is not JSON, report the mistake and return
    None."""
    from lark.exceptions import UnexpectedInput

    with _build_lock:
        parser = _lark()
    try:
        tree: Any = parser.parse(_spell_out(text) if "\\u" in text else text)
    except UnexpectedInput as error:
        _report_syntax(error, text, report)
        return None
    return tree  # type: ignore[no-any-return]


def within_limits(text: str, report: Reporter, length: int) -> bool:
    """Whether a pattern's text is short and flat enough to be parsed; otherwise an error is
    reported.

    `length` is the number of known characters, without placeholders.
    """
    if length > MAX_PATTERN_LENGTH:
        report.error(
            "FP017",
            None,
            f"the pattern has {length:,} characters; AWS allows at most {MAX_PATTERN_LENGTH:,}",
            hint="leave out white space, or split the pattern into several filters",
        )
        return False
    if decoding.depth(text) > MAX_PATTERN_DEPTH:
        report.error(
            "FP018",
            None,
            f"the pattern is nested deeper than {MAX_PATTERN_DEPTH} levels",
            hint="join the names of nested single-member objects with dots: a.b.c",
        )
        return False
    return True


@lru_cache(maxsize=1)
def _lark() -> Lark:
    """Built once, for the first pattern, so that importing the package stays cheap."""
    from lark import Lark

    return Lark(
        _grammar_text(),
        parser="lalr",
        lexer="contextual",
        maybe_placeholders=False,
        transformer=_tree_builder(),
    )


def _grammar_text() -> str:
    from pathlib import Path  # most patterns never get here

    package = Path(__file__).parents[1]
    for folder in (package / "grammar", package.parent / "grammar"):  # wheel; checkout
        path = folder / "filter_pattern.lark"
        if path.is_file():
            return path.read_text(encoding="utf-8")
    raise FileNotFoundError("filter_pattern.lark is missing: this installation is incomplete")


_KEYWORDS = {"$or", *OPERATOR_NAMES}

_ESCAPED_NAME = re.compile(r'"[^"\\\x00-\x1f]*\\u(?:[^"\\\x00-\x1f]|\\.)*"(?=[ \t\n\r]*:)')


def _spell_out(text: str) -> str:
    """Return the text with plain letters in keywords that are written with \\u escapes.

    The lexer recognizes a keyword by its letters. Padding with spaces preserves positions.
    """

    def plain(match: re.Match[str]) -> str:
        token = match[0]
        try:
            name = json.loads(token)
        except ValueError:
            return token
        return f'"{name}"'.ljust(len(token)) if name in _KEYWORDS else token

    return _ESCAPED_NAME.sub(plain, text)


def _string(token: str) -> str:
    return token[1:-1] if "\\" not in token else json.loads(token)


def number(token: str) -> int | float:
    """Return the number of a JSON token."""
    if token.lstrip("-").isdigit():
        # Python refuses to parse integers of thousands of digits; a double cannot hold them anyway.
        return int(token) if len(token) <= 400 else float(token)
    return float(token)


def _span(token: Any) -> Span:
    return Span(token.start_pos, token.end_pos)


def _tree_builder() -> Any:  # noqa: C901 - a class, whose methods count
    """Return the transformer that lark calls at each reduction: the tree grows without recursion.

    A class inside a function, because its base class is lark's and lark is imported lazily.
    """
    from lark import Transformer

    def between(children: list[Any]) -> tuple[tuple[Any, ...], Span]:
        first, *items, last = children
        return tuple(items), Span(first.start_pos, last.end_pos)

    def operator(children: list[Any]) -> nodes.OperatorNode:
        name, operand = children
        return nodes.OperatorNode(_string(name), _span(name), operand)

    class TreeBuilder(Transformer[Any, Any]):
        def start(self, children: list[Any]) -> nodes.Pattern:
            pattern: nodes.Pattern = children[0]
            return pattern

        def fields(self, children: list[Any]) -> nodes.Fields:
            return nodes.Fields(*between(children))

        def field(self, children: list[Any]) -> nodes.Field:
            name, value = children
            return nodes.Field(_string(name), _span(name), value)

        def rules(self, children: list[Any]) -> nodes.Rules:
            return nodes.Rules(*between(children))

        def operation(self, children: list[Any]) -> nodes.Operation:
            return nodes.Operation(*between(children))

        def alternatives(self, children: list[Any]) -> nodes.Alternatives:
            return nodes.Alternatives(*between(children))

        def equality(self, children: list[Any]) -> nodes.Scalar:
            scalar: nodes.Scalar = children[0]
            return scalar

        def object(self, children: list[Any]) -> nodes.Object:
            return nodes.Object(*between(children))

        def pair(self, children: list[Any]) -> tuple[nodes.Scalar, nodes.Value]:
            name, value = children
            return nodes.Scalar(_string(name), str(name), _span(name)), value

        def array(self, children: list[Any]) -> nodes.Array:
            return nodes.Array(*between(children))

        def scalar(self, children: list[Any]) -> nodes.Scalar:
            token = children[0]
            value: nodes.JsonScalar
            if token.type == "STRING":
                value = _string(token)
            elif token.type == "NUMBER":
                value = number(token)
            else:
                value = {"true": True, "false": False, "null": None}[token]
            return nodes.Scalar(value, str(token), _span(token))

    # `or` is a Python keyword; the rules of all operators are built in the same way.
    setattr(TreeBuilder, "or", lambda self, children: nodes.Or(_span(children[0]), children[1]))
    for rule in (*OPERATOR_NAMES, "unknown_operator"):
        setattr(TreeBuilder, rule.replace("-", "_"), lambda self, children: operator(children))
    return TreeBuilder()


_SYNTAX_HINTS = (
    ("'", "JSON strings are written in double quotes"),
    ("/", "JSON has no comments"),
    ("#", "JSON has no comments"),
    ("+", "JSON numbers have no plus sign"),
    (".", "a JSON number has digits on both sides of its point: 0.5, 1.0"),
    ("\ufeff", "the pattern begins with a byte order mark: save the file as UTF-8 without a BOM"),
    ("\u201c", "a typographic quote: JSON strings are written in straight double quotes"),
    ("\u201d", "a typographic quote: JSON strings are written in straight double quotes"),
    ("\u2018", "a typographic quote: JSON strings are written in straight double quotes"),
    ("\u2019", "a typographic quote: JSON strings are written in straight double quotes"),
    ("T", "in JSON, true is lower case"),
    ("F", "in JSON, false is lower case"),
    ("N", "JSON has null, but no NaN or None"),
)


def _report_syntax(error: UnexpectedInput, text: str, report: Reporter) -> None:
    from lark.exceptions import UnexpectedToken

    position = error.pos_in_stream if error.pos_in_stream is not None else len(text)
    if isinstance(error, UnexpectedToken) and error.token.type == "$END":
        # lark reports the last token's position; the missing part belongs after it
        position = len(text.rstrip(" \t\n\r"))
        what = "the pattern is empty" if position == 0 else "the pattern ends too early"
        hint = (
            'a pattern is a JSON object: {"body": {"name": ["value"]}}'
            if position == 0
            else "a bracket, a brace or a value is missing at the end"
        )
        report.error("FP001", Where(Span(position, position + 1)), f"not JSON: {what}", hint=hint)
        return
    end = position + 1
    if isinstance(error, UnexpectedToken):
        end = max(end, error.token.end_pos or end)
    expected = error.expected if isinstance(error, UnexpectedToken) else set()
    what, hint = _explain_syntax(text, position, end, expected)
    edit = _mend_syntax(text, position, expected)
    report.error("FP001", Where(Span(position, end)), f"not JSON: {what}", hint=hint, edit=edit)


def _explain_syntax(text: str, position: int, end: int, expected: set[str]) -> tuple[str, str]:
    found = text[position]
    excerpt = text[position:end] if end - position <= 20 else text[position : position + 20] + "..."
    before = text[:position].rstrip(" \t\n\r")
    if found in "}]" and before.endswith(","):
        return f"a comma before {found!r}", "JSON has no trailing commas: remove it"
    if found in "}]" and before.endswith(":"):
        return f"a value is missing before {found!r}", 'write an array of rules: ["value"]'
    if found == '"':
        rest = text[position + 1 :]
        for offset, char in enumerate(rest):
            if char == '"' and (len(rest[:offset]) - len(rest[:offset].rstrip("\\"))) % 2 == 0:
                break
            if char < " ":
                return (
                    f"a string contains the control character U+{ord(char):04X}",
                    "write control characters as escapes: \\n, \\t, \\u0000",
                )
        else:
            return "a string is not closed", 'close it with "'
        if end == position + 1:
            return (
                "a string contains an escape that JSON does not have",
                'JSON has \\" \\\\ \\/ \\b \\f \\n \\r \\t and \\u with four hex digits',
            )
    if not before and found in "{[":
        return f"{found!r} is not allowed here", "a pattern is one JSON object"
    if _is_complete(before):
        return (
            "more text after the pattern",
            (
                "a pattern is one JSON object with nothing after it; write alternatives with $or, "
                "or as several Filters"
            ),
        )
    number_runs_on = text[position - 1 : position].isdigit() and found.isdigit()
    if (found in '{["-' or found.isalnum()) and not number_runs_on:
        if "COLON" in expected:
            return f"a colon is missing before {excerpt}", "write : between a name and its value"
        if "COMMA" in expected:
            return f"a comma is missing before {excerpt}", "write , between members and items"
    hint = next((hint for char, hint in _SYNTAX_HINTS if char == found), "")
    if number_runs_on:
        hint = "JSON numbers have no leading zeros"
    return f"unexpected {excerpt}", hint or "check the brackets, commas and quotes before it"


_QUOTES = "'\u2018\u2019\u201c\u201d"
_QUOTED = re.compile(f'[{_QUOTES}]([^"\\\\\n{_QUOTES}]*)[{_QUOTES}]')
_WORDS = {"True": "true", "TRUE": "true", "False": "false", "FALSE": "false", "None": "null"}


def _mend_syntax(text: str, position: int, expected: set[str]) -> Edit | None:
    """The edit that corrects common JSON mistakes; None for others."""
    found = text[position]
    before = len(text[:position].rstrip(" \t\n\r"))
    if found in "}]" and text[:before].endswith(","):
        return Edit("Remove the comma", Span(before - 1, before), "")
    quoted = _QUOTED.match(text, position)
    if quoted is not None:
        return Edit("Write double quotes", Span(*quoted.span()), f'"{quoted[1]}"')
    for word, right in _WORDS.items():
        if text.startswith(word, position):
            return Edit(f"Write {right}", Span(position, position + len(word)), right)
    if (found in '{["-' or found.isalnum()) and not _is_complete(text[:before]):
        for token, char in (("COLON", ":"), ("COMMA", ",")):
            if token in expected:
                return Edit(f"Write {char}", Span(before, before), char)
    return None


def _is_complete(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True
